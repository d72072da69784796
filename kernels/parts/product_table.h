/* A product that is a table of numbers: text with a comment header, or a FITS binary table.
 *
 * Text   comment lines ("# …"), the last of them the columns' names and units, then rows of fixed
 *        width, numbers right-justified, columns set apart by a blank; NaN is "nan".
 * Table  one extension; the comments stand in COMMENT cards.
 *
 * Errors   SKS_ERR_IO, SKS_ERR_NOMEM.
 * Threads  tables are made through CFITSIO: one thread at a time.
 */
#ifndef SKYSCALE_PRODUCT_TABLE_H
#define SKYSCALE_PRODUCT_TABLE_H

#include "kernels/parts/product.h"

typedef struct sks_product_column {
    const char *name;
    const char *unit; /* as FITS spells it; NULL: none */
    char form;        /* FITS: 'J' whole number (never NaN), 'E' single, 'D' double precision */
    int width;        /* of the text, 7 to 40 */
    int decimals;
} sks_product_column;

typedef struct sks_product_table {
    const char *name; /* of the extension */
    const sks_product_column *columns;
    size_t n_columns;
    size_t n_rows;
    const double *values; /* [n_rows * n_columns], row by row */
    const char *comments; /* lines, each ended by '\n' */
} sks_product_table;

/* The choices of a parameter "format" and what they mean for a product of this name: a FITS table
 * if asked for, or by "auto" when the name ends in .fits or .fit. */
extern const char *const sks_product_table_formats[]; /* auto, text, fits */
bool sks_product_table_is_fits(int format, const char *path);

/* The whole product's bytes; the caller frees them. */
sks_status sks_product_table_encode(const sks_product_table *table, bool is_fits, void **bytes,
                                    size_t *size);

/* Writes it from the product's beginning. */
sks_status sks_product_table_write(const sks_product_table *table, bool is_fits,
                                   sks_product *product);

/* SKS_ERR_BUG when the product does not begin with just this table. */
sks_status sks_product_table_verify(const sks_product_table *table, bool is_fits,
                                    const sks_product *product);

#endif
