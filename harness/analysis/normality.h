/* Shapiro and Wilk's test that values are normally distributed.
 *
 * Threads   reentrant.
 * Source    Royston (1995), Applied Statistics 44, 547 (algorithm AS R94, for uncensored data);
 *           equal to R's shapiro.test.
 */
#ifndef SKYSCALE_NORMALITY_H
#define SKYSCALE_NORMALITY_H

#include "common/status.h"

#include <stddef.h>

enum { SKS_SHAPIRO_MIN = 3, SKS_SHAPIRO_MAX = 5000 }; /* the range of Royston's approximation */

typedef struct sks_normality {
    double w; /* 1: exactly normal quantiles; NaN when the test cannot be made */
    double p; /* of so small a W from a normal distribution */
} sks_normality;

/* Of sorted[n]. Both NaN outside the range above and when all values are equal. SKS_ERR_NOMEM. */
sks_status sks_shapiro_wilk(const double *sorted, size_t n, sks_normality *normality);

#endif
