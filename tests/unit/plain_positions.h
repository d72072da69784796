/* Lists of positions as a plain line-by-line reader finds them, and the comparison of what
 * kernels/astro/positions.h finds with that. Lists are called "list.txt".
 *
 * Every function fails the cmocka test that calls it when something goes wrong. One thread. */
#ifndef SKYSCALE_TESTS_PLAIN_POSITIONS_H
#define SKYSCALE_TESTS_PLAIN_POSITIONS_H

#include "kernels/astro/positions.h"

#include <stdio.h>

enum { N_BLOCK_SIZES = 8, MAX_COLUMNS = 1001 };
extern const size_t block_sizes[N_BLOCK_SIZES]; /* positions in a block */

/* Into a folder of its own and out of it: cmocka's group set-up and tear-down. */
int make_folder(void **unused);
int remove_folder(void **unused);

/* Text that grows. */
struct text {
    FILE *stream;
    char *bytes;
    size_t size;
};

struct text *text_begin(struct text *text); /* an open stream into it */

void write_list(const void *bytes, size_t size);

struct row {
    double pair[2];
    char given[2][64];
    char *carried;
    size_t line; /* from 1 */
    bool is_bad;
};

struct rows {
    size_t n, room;
    struct row *row;
};

struct rows read_plainly(const sks_position_options *options, const char *bytes, size_t size);
void free_rows(struct rows *rows);

/* Reads all blocks, the last one first, and compares them. */
void check_list(sks_position_options options, const struct rows *expected);
/* Writes the list and does so for all sizes of blocks. */
void check_text(sks_position_options options, const char *bytes, size_t size);
void check_open_fails(sks_position_options options, sks_status expected, const char *says);

#endif
