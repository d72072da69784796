/* Rows of transformed positions as they stand in the product: text of fixed width, or the rows of a
 * FITS binary table. The input position comes first, then the other columns where they are
 * carried, then the result.
 *
 * Text   numbers right-justified. An input number is repeated as it was written; where that has
 *        more than SKS_GIVEN_WIDTH characters it is rounded to fit. All rows of a list have the
 *        same length but for what is carried.
 * Table  four double-precision columns.
 *
 * Errors  only the header can fail: SKS_ERR_NOMEM, SKS_ERR_BUG where CFITSIO refuses to make it.
 * Threads all but the header's text is the caller's memory: blocks may be written at once.
 */
#ifndef SKYSCALE_POSITION_ROWS_H
#define SKYSCALE_POSITION_ROWS_H

#include "kernels/astro/positions.h"
#include "kernels/astro/wcs.h"

enum { SKS_GIVEN_WIDTH = 16 };

typedef struct sks_rows {
    bool is_table;
    bool is_to_sky;      /* the results are sky positions, the inputs pixels */
    bool is_sexagesimal; /* sky results */
    bool is_equatorial;
    int decimals;    /* of the result; of the seconds of a right ascension when sexagesimal */
    int width[2];    /* of the result's two columns */
    size_t row_size; /* bytes of one row, without what is carried */
} sks_rows;

/* decimals < 0: 9 for degrees, 6 for pixels and for seconds. */
sks_rows sks_rows_format(const sks_wcs_info *info, bool is_table, bool is_to_sky,
                         bool is_sexagesimal, int decimals);

/* What comes before the first row: comment lines, or the header of the table with `n_rows`.
 * The caller frees *text. */
sks_status sks_rows_header(const sks_rows *rows, const char *title, const sks_wcs_info *info,
                           bool has_distortion, uint64_t n_rows, char **text, size_t *size);

/* Bytes that have to follow the last row of a product of `size` bytes so far. */
size_t sks_rows_padding(const sks_rows *rows, uint64_t size);

/* Writes the rows of a block with its results [2 * n]; returns the position after them. */
char *sks_rows_write(const sks_rows *rows, const sks_positions *positions,
                     const sks_position_block *block, const double *result, char *to);

#endif
