#include "harness/analysis/trend.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sorts x[n] and returns how many pairs stood the wrong way round (x_i > x_j for i < j). */
static uint64_t sort_counting(double *x, size_t n, double *work)
{
    size_t half = n / 2, i = 0, j = half, k = 0;
    uint64_t inversions;

    if (n < 2)
        return 0;
    inversions = sort_counting(x, half, work) + sort_counting(x + half, n - half, work);
    memcpy(work, x, n * sizeof(*x));
    while (i < half || j < n)
        if (j == n || (i < half && work[i] <= work[j])) {
            x[k++] = work[i++];
        } else {
            inversions += half - i;
            x[k++] = work[j++];
        }
    return inversions;
}

typedef struct ties {
    double pairs;    /* sum of t (t - 1)/2 over groups of t equal values */
    double variance; /* sum of t (t - 1) (2 t + 5) */
} ties;

static ties count_ties(const double *sorted, size_t n)
{
    ties sums = {0.0, 0.0};

    for (size_t i = 0, end; i < n; i = end) {
        double t;

        end = i + 1;
        while (end < n && sorted[end] == sorted[i])
            end++;
        t = (double)(end - i);
        sums.pairs += 0.5 * t * (t - 1.0);
        sums.variance += t * (t - 1.0) * (2.0 * t + 5.0);
    }
    return sums;
}

sks_status sks_mann_kendall(const double *x, size_t n, sks_trend *trend)
{
    double *sorted = malloc((2 * n + 1) * sizeof(*sorted));
    double pairs = 0.5 * (double)n * ((double)n - 1.0);
    double m = (double)n, s, variance;
    sks_trend made = {.statistic = 0.0, .correlation = NAN, .p = NAN};
    uint64_t inversions;
    ties tied;

    if (sorted == NULL)
        return sks_fail_nomem("samples");
    memcpy(sorted, x, n * sizeof(*x));
    inversions = sort_counting(sorted, n, sorted + n);
    tied = count_ties(sorted, n);
    free(sorted);
    s = pairs - tied.pairs - 2.0 * (double)inversions;
    variance = (m * (m - 1.0) * (2.0 * m + 5.0) - tied.variance) / 18.0;
    made.statistic = s;
    if (n >= 4 && variance > 0.0) {
        double z = fmax(0.0, fabs(s) - 1.0) / sqrt(variance);

        made.correlation = s / sqrt(pairs * (pairs - tied.pairs));
        made.p = fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q(z));
    }
    *trend = made;
    return SKS_OK;
}

sks_status sks_spearman(const double *x, size_t n, sks_trend *trend)
{
    size_t *order = malloc((n + 1) * sizeof(*order));
    double *rank = malloc((2 * n + 1) * sizeof(*rank));
    double *time = rank + n;
    sks_trend made = {.statistic = NAN, .correlation = NAN, .p = NAN};

    if (order == NULL || rank == NULL) {
        free(order);
        free(rank);
        return sks_fail_nomem("ranks");
    }
    gsl_sort_index(order, x, 1, n);
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && x[order[end]] == x[order[i]])
            end++;
        for (size_t j = i; j < end; j++)
            rank[order[j]] = 0.5 * (double)(i + 1 + end);
    }
    for (size_t i = 0; i < n; i++)
        time[i] = (double)(i + 1);
    if (n >= 4 && x[order[0]] < x[order[n - 1]]) {
        double rho = gsl_stats_correlation(time, 1, rank, 1, n);
        double t = rho * sqrt(((double)n - 2.0) / fmax(0.0, 1.0 - rho * rho));

        made = (sks_trend){rho, rho, 2.0 * gsl_cdf_tdist_Q(fabs(t), (double)n - 2.0)};
    }
    free(order);
    free(rank);
    *trend = made;
    return SKS_OK;
}
