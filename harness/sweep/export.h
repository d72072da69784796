/* A campaign as one file for other programs. docs/campaign-database.md names the columns; they are
 * only ever added to.
 *
 *   CSV      a row per sample. It carries all that fit, compare and plot need: sks_import makes the
 *            database again, without the chunks.
 *   JSON     everything.
 *   Extra-P  the times of all runs in its text format, a region per series.
 *   gnuplot  medians with intervals, a data set per series.
 *
 * Errors   as the store's; whether `out` took it all is the caller's to check.
 * Threads  as the store's.
 */
#ifndef SKYSCALE_EXPORT_H
#define SKYSCALE_EXPORT_H

#include "harness/sweep/store.h"

#include <stdio.h>

/* RFC 4180 quoting; lines end in a line feed. What is missing is an empty cell. Samples that are
 * flagged as disturbed are left out when asked for. */
sks_status sks_export_csv(sks_store *store, bool drops_disturbed, FILE *out);

/* {"campaign": {…}, "inputs": [{…}], "samples": [{…, "workers": [{…}], …}]}; missing is null. */
sks_status sks_export_json(sks_store *store, bool drops_disturbed, FILE *out);

/* Series as sks_store_series gives them; `metric` names their time ("total_s"). Extra-P wants every
 * region measured at every point: the points are the worker counts that all series have, and a
 * comment says which were left out. So are series of one worker count, when there are others.
 * SKS_ERR_INPUT when no count is common to all. */
sks_status sks_export_extrap(const sks_series *series, size_t n, const char *metric, FILE *out);

/* `confidence` is that of the intervals of the medians. */
sks_status sks_export_gnuplot(const sks_series *series, size_t n, const char *metric,
                              double confidence, FILE *out);

#endif
