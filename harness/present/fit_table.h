/* Fits of many series as text: for each kernel a table of speedups, a table for each scaling
 * model, and what can be concluded.
 *
 * Lines are at most 100 columns wide where the names allow it. Units stand in the heads; what a
 * mark means is explained underneath.
 */
#ifndef SKYSCALE_FIT_TABLE_H
#define SKYSCALE_FIT_TABLE_H

#include "harness/analysis/fit.h"

#include <stdio.h>

/* `time_name` says which time was analysed: "total time". fits[n], n >= 1. Whether `out` took it
 * all is the caller's to check. SKS_ERR_NOMEM. */
sks_status sks_fit_table_print(const sks_fit *fits, size_t n, const char *time_name, FILE *out);

#endif
