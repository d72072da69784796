/* Comma-separated values: cells written, and records read back.
 *
 * As RFC 4180 has it: cells with a comma, quote or line end stand in quotes, quotes are doubled.
 * Written lines end in a line feed; read ones may end in CR LF too. Texts are bytes, UTF-8 goes
 * through as it is.
 *
 * Errors   "NAME:LINE: cause", SKS_ERR_INPUT for what stands in the file.
 * Threads  one reader per thread.
 * Source   RFC 4180, https://www.rfc-editor.org/rfc/rfc4180
 */
#ifndef SKYSCALE_CSV_H
#define SKYSCALE_CSV_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void sks_csv_put_text(const char *text, size_t size, FILE *out);

void sks_csv_put_int(int64_t value, FILE *out);

/* Reads back as the same number: 15 digits where they do, else 17. Finite numbers only. Serves JSON
 * too. */
void sks_csv_put_real(double value, FILE *out);

/* No record of ours is nearly as large; a missing quote must not fill the memory. */
enum { SKS_CSV_MAX_RECORD_BYTES = 256 << 20 };

typedef struct sks_csv {
    const char *name;   /* for messages */
    unsigned long line; /* in which the present record begins, from 1 */
    size_t n;
    const char **cell; /* [n], each ended by '\0'; until the next record is read */
    struct sks_csv_reader *reader;
} sks_csv;

/* Reads from `in`, which stays the caller's; `name` is borrowed. A byte order mark is passed
 * over. */
sks_status sks_csv_open(FILE *in, const char *name, sks_csv *csv);
sks_status sks_csv_next(sks_csv *csv, bool *has_record);
void sks_csv_close(sks_csv *csv); /* accepts one that is all zero */

#endif
