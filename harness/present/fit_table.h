/* Fits of many series as text: for each kernel a table of speedups, one of serial fractions, one
 * for each scaling model, what can be concluded, and what is predicted.
 *
 * Lines are at most 100 columns wide where the names allow it. Units stand in the heads; what a
 * mark means is explained underneath.
 */
#ifndef SKYSCALE_FIT_TABLE_H
#define SKYSCALE_FIT_TABLE_H

#include "harness/analysis/fit.h"

#include <stdio.h>

typedef struct sks_fit_table_options {
    const char *time_name; /* which time was analysed: "total time" */
    const double *predict; /* [n_predict], the worker counts to predict */
    size_t n_predict;
} sks_fit_table_options;

/* fits[n], n >= 1. Whether `out` took it all is the caller's to check. SKS_ERR_NOMEM. */
sks_status sks_fit_table_print(const sks_fit *fits, size_t n, const sks_fit_table_options *options,
                               FILE *out);

#endif
