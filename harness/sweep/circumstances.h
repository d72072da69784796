/* Under what circumstances the samples of a campaign were taken, as tables that a report shows:
 * {table: [row, …]}, each row an array of texts, numbers and nulls.
 *
 *   "inputs"      path, digest, size in bytes
 *   "counters"    event, source, quality, values of that quality, a reason or null
 *   "disturbances"  reasons of a sample ("steal time; start skew"), samples
 *   "disturbed"   configuration (kernel, parameters, executor, scheduler, binding, workers), round,
 *                 started at, reasons; the first SKS_MOST_DISTURBED in the order of measurement
 *   "failures"    message, runs
 *   "decisions"   scheduler, what it decided by itself, samples
 *
 * Good samples only, but for "failures". Text that is not UTF-8 is null.
 */
#ifndef SKYSCALE_CIRCUMSTANCES_H
#define SKYSCALE_CIRCUMSTANCES_H

#include "harness/sweep/store.h"

#include <jansson.h>

enum { SKS_MOST_DISTURBED = 200 };

/* A new reference in *tables. Errors as the store's. */
sks_status sks_circumstances_read(sks_store *store, json_t **tables);

#endif
