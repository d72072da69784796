/* Robust statistics of repeated timings: medians, quantiles, intervals that assume no distribution,
 * and the bootstrap.
 *
 * "sorted" arguments are in ascending order and hold no NaN; sort with gsl_sort(x, 1, n).
 * Units    those of the data.
 * Threads  reentrant.
 * Sources  Hahn & Meeker (1991), Statistical Intervals, ch. 5 (order-statistic intervals);
 *          Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 and 14;
 *          Hoefler & Belli (2015), SC'15, "Scientific benchmarking of parallel computing systems".
 */
#ifndef SKYSCALE_STATISTICS_H
#define SKYSCALE_STATISTICS_H

#include "common/status.h"
#include "harness/analysis/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both NaN: none is claimed. `high` may be infinite. */
typedef struct sks_interval {
    double low;
    double high;
} sks_interval;

typedef struct sks_estimate {
    double value;
    sks_interval interval;
} sks_estimate;

extern const sks_interval sks_no_interval;
extern const sks_estimate sks_no_estimate; /* value and interval NaN */
bool sks_interval_is_known(sks_interval interval);

/* n >= 1. Quantiles interpolate linearly between order statistics (R's type 7). */
double sks_median(const double *sorted, size_t n);
double sks_quantile(const double *sorted, size_t n, double p);

/* Median absolute deviation from the median, not scaled to a normal distribution's sigma; any
 * order, n >= 1, work[n]. */
double sks_mad(const double *x, size_t n, double *work);

/* The order-statistic interval of the median, [x_(k), x_(n+1-k)] with the largest k for which the
 * binomial probability of containing the median is at least `confidence`; that probability goes to
 * *achieved (may be NULL). None, and NaN, below sks_median_min_n(confidence) samples. */
sks_interval sks_median_interval(const double *sorted, size_t n, double confidence,
                                 double *achieved);

/* The least number of samples with such an interval: 6 for 0.95. Bootstrap intervals claim
 * nothing below it either: resampling so few values understates how far they may lie off. */
size_t sks_median_min_n(double confidence);

/* The median of n values drawn with replacement from sorted[n], without drawing n values: the
 * k-th smallest of n uniform numbers follows the beta distribution (k, n+1-k). */
double sks_resampled_median(const double *sorted, size_t n, sks_random *random);

/* Interval between the tails of bootstrap replicates, by rank, so that infinite replicates are
 * allowed. Reorders the replicates. None below 2/(1-confidence) replicates. */
sks_interval sks_percentile_interval(double *replicates, size_t n, double confidence);

/* As above, corrected for bias and for acceleration (BCa); jackknife[n_jackknife] holds the
 * statistic with one sample left out each. None when all replicates lie on one side of `estimate`.
 */
sks_interval sks_bca_interval(double *replicates, size_t n, double estimate,
                              const double *jackknife, size_t n_jackknife, double confidence);

/* Holm's step-down adjustment: adjusted[i] is the smallest family-wise error rate at which p[i]
 * is rejected. NaN stays NaN and does not count. `adjusted` may be `p`. Source: Holm (1979),
 * Scand. J. Statist. 6, 65; equal to R's p.adjust(method = "holm"). SKS_ERR_NOMEM. */
sks_status sks_holm(const double *p, size_t n, double *adjusted);

/* Correlation of each value with the next; n in the order of measurement. NaN below three values or
 * when all are the same. For independent values it lies within +-1.96/sqrt(n) in 95 % of cases.
 * Source: Box & Jenkins (1976), Time Series Analysis, sec. 2.1.5; R's acf()$acf[2]. */
double sks_lag1_autocorrelation(const double *x, size_t n);

#endif
