/* Tests for drift: does a quantity change with the order of measurement?
 *
 * Threads   reentrant.
 * Sources   Mann (1945), Econometrica 13, 245; Kendall (1975), Rank Correlation Methods, 4th ed.;
 *           Knight (1966), J. Am. Stat. Assoc. 61, 436 (counting by merging, in n log n);
 *           Press et al. (2007), Numerical Recipes, 3rd ed., sec. 14.6.1 (Spearman).
 */
#ifndef SKYSCALE_TREND_H
#define SKYSCALE_TREND_H

#include "common/status.h"

#include <stddef.h>

typedef struct sks_trend {
    double statistic;   /* Mann-Kendall: S, later greater minus later smaller; Spearman: rho */
    double correlation; /* Kendall's tau-b with the order; Spearman's rho */
    double p;           /* two-sided; NaN below 4 values or when all are equal */
} sks_trend;

/* Mann and Kendall's test of x[n] in the order of measurement: normal approximation with
 * corrections for ties and continuity. Equal to R's cor.test(1:n, x, method = "kendall",
 * exact = FALSE, continuity = TRUE). SKS_ERR_NOMEM. */
sks_status sks_mann_kendall(const double *x, size_t n, sks_trend *trend);

/* Spearman's rank correlation with the order; p by Student's t with n - 2 degrees of freedom. As
 * R's cor.test(1:n, x, method = "spearman", exact = FALSE). SKS_ERR_NOMEM. */
sks_status sks_spearman(const double *x, size_t n, sks_trend *trend);

#endif
