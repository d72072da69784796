/* What the files of the fit share; for harness/analysis/fit*.c only. */
#ifndef SKYSCALE_FIT_PARTS_H
#define SKYSCALE_FIT_PARTS_H

#include "harness/analysis/fit.h"

/* The samples of one point in ascending order. */
typedef struct sks_ranked {
    size_t n;
    double *sorted;
    unsigned *round; /* [n], the round of each; NULL: not known */
} sks_ranked;

void sks_ranked_free(sks_ranked *ranked, size_t n); /* with the array; accepts NULL */

/* Fills fit->points and ranked (room for all points of the series) from fit->series. */
sks_status sks_fit_summarise(sks_fit *fit, sks_ranked *ranked);

/* Medians of resampled samples, [n_replicates][n_points]. Rounds are drawn with replacement, the
 * same ones for all points, so that what the points of a round share stays together; without known
 * rounds the samples of each point are drawn for themselves. */
sks_status sks_fit_resample(const sks_ranked *ranked, size_t n_points, size_t n_replicates,
                            uint64_t seed, double *medians);

/* Speedups and what follows from them, with the replicates as above. */
sks_status sks_fit_speedups(sks_fit *fit, const double *medians);

/* Compares the fitted models: AICc differences, weights, verdict and its text. */
void sks_fit_decide(sks_fit *fit);

/* Holds the measured serial fraction against the fitted one. */
void sks_fit_compare_serial(sks_fit *fit);

#endif
