/* An aligned text table: cells are added row by row, the heads first; the widths follow from what
 * is in them.
 *
 * A cell may have several lines ("1.95\n1.93..1.97"). The first column is aligned left, the others
 * right. A table wider than the page continues below, its first column repeated.
 *
 * Errors   an allocation that fails is remembered and reported by sks_table_print.
 * Threads  none: one thread per table.
 */
#ifndef SKYSCALE_TABLE_H
#define SKYSCALE_TABLE_H

#include "common/status.h"

#include <stddef.h>
#include <stdio.h>

typedef struct sks_table sks_table;

sks_status sks_table_create(size_t n_columns, sks_table **table);
void sks_table_destroy(sks_table *table); /* accepts NULL */

/* The next cell; after n_columns of them the next row begins. UTF-8. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sks_table_cell(sks_table *table, const char *format, ...);

/* A line of text across the table, before the next row: only after a row that is complete. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sks_table_heading(sks_table *table, const char *format, ...);

/* Prints in at most `width` columns (or more, where a single column needs it). The last row must be
 * complete. Whether `out` took it all is the caller's to check. */
sks_status sks_table_print(const sks_table *table, FILE *out, size_t width);

#endif
