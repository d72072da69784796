/* Reading tables of completeness tests: the counts per magnitude.
 *
 * Read are
 *   - the tables of the kernel `completeness`, text and FITS (columns mag_mid, inserted,
 * recovered);
 *   - text whose header line, with or without # before it, names the columns mag_mid, n_in (tried)
 *     and n_unique (recovered), whatever else there is;
 *   - the authors' tables: magnitude, then recovered/inserted as one word.
 * Columns of text are separated by blanks or tabs; units in brackets after a name are passed over.
 *
 * Errors   SKS_ERR_IO when the file cannot be read, SKS_ERR_INPUT, naming file and line, when it is
 *          no such table or its counts cannot be (more recovered than inserted, no stars at all)
 * Threads  one at a time: CFITSIO.
 */
#ifndef SKYSCALE_ASTRO_COMPLETENESS_TABLE_H
#define SKYSCALE_ASTRO_COMPLETENESS_TABLE_H

#include "common/status.h"
#include "kernels/astro/completeness_function.h"

/* The bins in the file's order; *bins is the caller's to free. */
sks_status sks_completeness_table_read(const char *path, sks_bin_count **bins, size_t *n_bins);

#endif
