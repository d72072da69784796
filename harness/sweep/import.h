/* A campaign made again from its CSV export, so that tables and figures can be checked by whoever
 * has the CSV alone.
 *
 * All of the export but the chunks comes back; fit, compare and plot give the same numbers. Columns
 * that are not there (a CSV of an older version, or one made by hand) are missing values; needed
 * are kernel, parameters, executor, scheduler, n_workers, binding, round and total_s. Columns that
 * are not known are passed over.
 *
 * Errors   "NAME:LINE: cause"; SKS_ERR_INPUT for what stands in the file, SKS_ERR_USAGE when the
 *          database holds a campaign already. On failure the database is as it was.
 * Threads  as the store's.
 */
#ifndef SKYSCALE_IMPORT_H
#define SKYSCALE_IMPORT_H

#include "harness/sweep/store.h"

#include <stdio.h>

/* `store` was opened for writing; `name` names `in` in messages. */
sks_status sks_import_csv(sks_store *store, FILE *in, const char *name, size_t *n_samples);

#endif
