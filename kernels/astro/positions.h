/* Lists of positions, read block by block: from text, from two columns of a FITS table, or made at
 * random. Rows keep their order and have known numbers, so blocks can be read by any worker in any
 * order and memory stays bounded for lists larger than memory.
 *
 * Text   one position a line, columns separated by blanks or commas; '#' begins a comment; empty
 *        lines count for nothing; line ends LF or CRLF, the last one may be missing. "-" is
 *        standard input. A block holds the lines that begin in `block` * 16 bytes of the file.
 * Table  `coords` is a FITS file (CFITSIO name, "cat.fits[SRC]"); a block is `block` rows. Values
 *        are taken as they are, undefined ones as NaN.
 * Random uniform over the pixel area of an image, [0.5, size + 0.5), from the counter-based
 *        generator Philox4x32-10 (Salmon et al. 2011, SC'11) keyed by seed and row.
 *
 * Threads  a source is read-only once open; each worker has its own reader.
 */
#ifndef SKYSCALE_POSITIONS_H
#define SKYSCALE_POSITIONS_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKS_MAX_LINE = 65536 }; /* bytes of one line of text */

typedef struct sks_positions sks_positions;
typedef struct sks_position_reader sks_position_reader;

typedef struct sks_position_options {
    const char *coords;   /* file; NULL: random */
    const char *columns;  /* "1,2" or names in a table; NULL: the first two */
    size_t block;         /* nominal number of rows in a block */
    bool are_angles;      /* sky positions: sexagesimal is understood */
    bool is_equatorial;   /* a sexagesimal longitude is in hours */
    bool keeps_bad_lines; /* a line without two numbers is a pair of NaN, not a failure */
    bool carries;         /* keep the text of the other columns (text only) */
    uint64_t n_random;
    uint64_t seed;
    double size_x, size_y; /* of the image */
} sks_position_options;

/* A piece of the list's own text; length 0: the row had none. */
typedef struct sks_span {
    const char *text;
    size_t length;
} sks_span;

typedef struct sks_position_block {
    size_t n;              /* rows */
    const double *pair;    /* [2 * n]; degrees or pixels */
    const sks_span *given; /* [2 * n] the two numbers as they stand in the text; NULL: no text */
    const sks_span
        *other;   /* [n] the other columns, from the first to the last; NULL: not carried */
    size_t n_bad; /* lines that were not two numbers */
} sks_position_block;

/* Opens and, for text, counts the rows of every block. SKS_ERR_IO, SKS_ERR_INPUT (an empty list, a
 * column that does not exist), SKS_ERR_USAGE. */
sks_status sks_positions_open(const sks_position_options *options, sks_positions **positions);
void sks_positions_close(sks_positions *positions); /* accepts NULL */

bool sks_positions_are_random(const sks_positions *positions);
size_t sks_positions_n_blocks(const sks_positions *positions);
uint64_t sks_positions_n_rows(const sks_positions *positions);
size_t sks_positions_max_rows(const sks_positions *positions); /* of any block */

/* Rows before a block, and bytes of carried text before it (each row's with one leading blank per
 * column); block == n_blocks gives the totals. */
uint64_t sks_positions_first_row(const sks_positions *positions, size_t block);
uint64_t sks_positions_carried_bytes(const sks_positions *positions, size_t block);

sks_status sks_position_reader_create(const sks_positions *positions, sks_position_reader **reader);
void sks_position_reader_destroy(sks_position_reader *reader); /* accepts NULL */

/* Reads one block; its arrays are valid until the next call. SKS_ERR_INPUT names file and line. */
sks_status sks_position_reader_read(sks_position_reader *reader, size_t block,
                                    sks_position_block *result);

/* Copies the columns of `other` that are not the two positions, each with one leading blank. */
char *sks_positions_write_carried(const sks_positions *positions, sks_span other, char *to);

#endif
