#include "harness/analysis/statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

const sks_interval sks_no_interval = {NAN, NAN};
const sks_estimate sks_no_estimate = {NAN, {NAN, NAN}};

bool sks_interval_is_known(sks_interval interval)
{
    return !isnan(interval.low) && !isnan(interval.high);
}

double sks_median(const double *sorted, size_t n)
{
    return gsl_stats_median_from_sorted_data(sorted, 1, n);
}

double sks_quantile(const double *sorted, size_t n, double p)
{
    return gsl_stats_quantile_from_sorted_data(sorted, 1, n, p);
}

double sks_mad(const double *x, size_t n, double *work)
{
    return gsl_stats_mad0(x, 1, n, work);
}

size_t sks_median_min_n(double confidence)
{
    /* [min, max] misses the median when all n lie on one side: probability 2 (1/2)^n. */
    return (size_t)ceil(1.0 + log2(1.0 / (1.0 - confidence)));
}

sks_interval sks_median_interval(const double *sorted, size_t n, double confidence,
                                 double *achieved)
{
    size_t lo = 1, hi = (n + 1) / 2; /* the greatest k that will do lies in [lo, hi] */
    double tail;

    if (achieved != NULL)
        *achieved = NAN;
    if (n < sks_median_min_n(confidence))
        return sks_no_interval;
    while (lo < hi) {
        size_t k = lo + (hi - lo + 1) / 2;

        if (1.0 - 2.0 * gsl_cdf_binomial_P((unsigned)(k - 1), 0.5, (unsigned)n) >= confidence)
            lo = k;
        else
            hi = k - 1;
    }
    tail = gsl_cdf_binomial_P((unsigned)(lo - 1), 0.5, (unsigned)n);
    if (achieved != NULL)
        *achieved = 1.0 - 2.0 * tail;
    return (sks_interval){sorted[lo - 1], sorted[n - lo]};
}

/* The index that a uniform number in [0, 1] stands for. */
static size_t index_of(double uniform, size_t n)
{
    size_t i = (size_t)(uniform * (double)n);

    return i < n ? i : n - 1;
}

double sks_resampled_median(const double *sorted, size_t n, sks_random *random)
{
    size_t k = (n + 1) / 2;
    double below = gsl_ran_beta(&random->gsl, (double)k, (double)(n + 1 - k));
    double above;

    if (n % 2 == 1)
        return sorted[index_of(below, n)];
    /* The next one up is the least of the n - k uniform numbers above `below`. */
    above = 1.0 - (1.0 - below) * pow(gsl_rng_uniform_pos(&random->gsl), 1.0 / (double)(n - k));
    return 0.5 * (sorted[index_of(below, n)] + sorted[index_of(above, n)]);
}

/* Replicates of rank floor((n + 1) p), counted from below and from above. Selects them: sorting
 * the replicates would be half of the time that a fit takes. */
static sks_interval between_ranks(double *replicates, size_t n, double p_low, double p_high)
{
    double low = floor((double)(n + 1) * p_low);
    double high = floor((double)(n + 1) * (1.0 - p_high));

    if (!(low >= 1.0 && high >= 1.0 && low + high <= (double)n + 1.0))
        return sks_no_interval;
    return (sks_interval){gsl_stats_select(replicates, 1, n, (size_t)low - 1),
                          gsl_stats_select(replicates, 1, n, n - (size_t)high)};
}

sks_interval sks_percentile_interval(double *replicates, size_t n, double confidence)
{
    double tail = 0.5 * (1.0 - confidence);

    return between_ranks(replicates, n, tail, 1.0 - tail);
}

/* Efron & Tibshirani, eq. 14.15. */
static double acceleration(const double *jackknife, size_t n)
{
    double mean = gsl_stats_mean(jackknife, 1, n);
    double squares = 0.0, cubes = 0.0;

    for (size_t i = 0; i < n; i++) {
        double d = mean - jackknife[i];

        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0.0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
}

sks_interval sks_bca_interval(double *replicates, size_t n, double estimate,
                              const double *jackknife, size_t n_jackknife, double confidence)
{
    double a = acceleration(jackknife, n_jackknife);
    double below = 0.0, z0;
    double p[2];

    for (size_t i = 0; i < n; i++)
        below += replicates[i] < estimate ? 1.0 : replicates[i] == estimate ? 0.5 : 0.0;
    if (!(below > 0.0 && below < (double)n))
        return sks_no_interval;
    z0 = gsl_cdf_ugaussian_Pinv(below / (double)n);
    for (int side = 0; side < 2; side++) {
        double tail = 0.5 * (1.0 - confidence);
        double z = z0 + gsl_cdf_ugaussian_Pinv(side == 0 ? tail : 1.0 - tail);

        p[side] = gsl_cdf_ugaussian_P(z0 + z / (1.0 - a * z));
    }
    return between_ranks(replicates, n, p[0], p[1]);
}

sks_status sks_holm(const double *p, size_t n, double *adjusted)
{
    size_t *order = malloc((n + 1) * sizeof(*order));
    double *result = calloc(n + 1, sizeof(*result));
    double greatest = 0.0;
    size_t n_known = 0, rank = 0;

    if (order == NULL || result == NULL) {
        free(order);
        free(result);
        return sks_fail_nomem("p values");
    }
    for (size_t i = 0; i < n; i++) {
        n_known += !isnan(p[i]);
        result[i] = isnan(p[i]) ? INFINITY : p[i]; /* NaN has no place in an order */
    }
    gsl_sort_index(order, result, 1, n);
    for (size_t i = 0; i < n_known; i++, rank++) {
        greatest = fmax(greatest, fmin(1.0, (double)(n_known - rank) * p[order[i]]));
        result[order[i]] = greatest;
    }
    for (size_t i = 0; i < n; i++)
        adjusted[i] = isinf(result[i]) ? NAN : result[i];
    free(order);
    free(result);
    return SKS_OK;
}

double sks_lag1_autocorrelation(const double *x, size_t n)
{
    double mean, squares = 0.0, products = 0.0;

    if (n < 3)
        return NAN;
    mean = gsl_stats_mean(x, 1, n);
    for (size_t i = 0; i < n; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
        if (i + 1 < n)
            products += (x[i] - mean) * (x[i + 1] - mean);
    }
    return squares > 0.0 ? products / squares : NAN;
}
