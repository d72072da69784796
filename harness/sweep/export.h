/* A campaign as one file for other programs: CSV with a row per sample, or JSON with everything.
 * docs/campaign-database.md names the columns; they are only ever added to.
 *
 * Errors   as the store's; whether `out` took it all is the caller's to check.
 * Threads  as the store's.
 */
#ifndef SKYSCALE_EXPORT_H
#define SKYSCALE_EXPORT_H

#include "harness/sweep/store.h"

#include <stdio.h>

/* RFC 4180 quoting; lines end in a line feed. What is missing is an empty cell. */
sks_status sks_export_csv(sks_store *store, FILE *out);

/* {"campaign": {…}, "inputs": [{…}], "samples": [{…, "workers": [{…}], …}]}; missing is null. */
sks_status sks_export_json(sks_store *store, FILE *out);

#endif
