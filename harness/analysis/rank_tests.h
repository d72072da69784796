/* Tests that two sets of timings differ, by rank: no distribution is assumed and one wild sample
 * weighs no more than one rank. With the test comes the Hodges-Lehmann estimate of the shift.
 *
 * Exact     up to SKS_EXACT_RANKS values in all, ties included (the permutation distribution given
 *           the ties); above it the normal approximation with corrections for ties and continuity.
 *           Intervals of the shift invert the test as it is without ties.
 * Units     those of the data. For times, pass logarithms: the shift is then that of a ratio, and
 *           exchanging the two sides only changes its sign.
 * Threads   reentrant.
 * Sources   Hollander, Wolfe & Chicken (2014), Nonparametric Statistical Methods, 3rd ed., ch. 3
 *           and 4; Hodges & Lehmann (1963), Ann. Math. Stat. 34, 598; Cliff (1993), Psychological
 *           Bulletin 114, 494. Results as R's wilcox.test(conf.int = TRUE) where that is exact.
 */
#ifndef SKYSCALE_RANK_TESTS_H
#define SKYSCALE_RANK_TESTS_H

#include "harness/analysis/statistics.h"

enum { SKS_EXACT_RANKS = 60 };

typedef struct sks_rank_test {
    size_t n;           /* values ranked; differences of exactly zero are not among them */
    double statistic;   /* signed rank: sum of the ranks of positive differences (R's V);
                           rank sum: pairs with x > y, ties counted half (R's W, Mann-Whitney's U) */
    bool is_exact;      /* p is */
    double p;           /* two-sided */
    double least_p;     /* the smallest p that this many values could have given */
    sks_estimate shift; /* signed rank: pseudomedian of the differences; rank sum: of x over y */
} sks_rank_test;

/* Wilcoxon's signed rank test that n paired differences lie about zero. n >= 1, any order.
 * SKS_ERR_NOMEM. */
sks_status sks_signed_rank_test(const double *difference, size_t n, double confidence,
                                sks_rank_test *test);

/* Wilcoxon's rank sum test (Mann and Whitney's) that neither of x and y tends to be greater. Both
 * sorted, none empty. SKS_ERR_NOMEM. */
sks_status sks_rank_sum_test(const double *x, size_t n_x, const double *y, size_t n_y,
                             double confidence, sks_rank_test *test);

/* Its p alone, without the shift, which takes most of the time. */
sks_status sks_rank_sum_p(const double *x, size_t n_x, const double *y, size_t n_y, double *p);

/* The smallest two-sided p that samples of these sizes can give, 2/2^n and 2/C(n_x + n_y, n_x). */
double sks_signed_rank_least_p(size_t n);
double sks_rank_sum_least_p(size_t n_x, size_t n_y);

/* Cliff's delta: P(x > y) - P(x < y) over all pairs, from -1 to 1. Both sorted, none empty. */
double sks_cliffs_delta(const double *x, size_t n_x, const double *y, size_t n_y);

/* The k-th smallest, k from 1, of the n (n + 1)/2 means (x_i + x_j)/2, i <= j (Walsh averages), and
 * of the n_x n_y differences x_i - y_j: by bisection over the doubles, counting in linear time, so
 * that the pairs are never written down. All sorted. */
double sks_walsh_average(const double *x, size_t n, uint64_t k);
double sks_pair_difference(const double *x, size_t n_x, const double *y, size_t n_y, uint64_t k);

#endif
