/* Campaigns with a known truth: a law, and what real machines add to it.
 *
 * A sample of round r at N workers is  T(N) exp(drift(r) + noise),  now and then times an outlier:
 *
 *   drift     linear over the campaign, from -drift/2 to +drift/2, and the same for all samples of
 *             a round: the machine gets slower while it is measured
 *   noise     normal with standard deviation `sigma`
 *   outliers  a fraction of the samples is longer by a factor of 1.2 to 3: what else ran
 *
 * The median of drift and noise is 0, so that T(N) is the median that the analysis looks for (but
 * for the outliers, which move it by far less than it can be measured).
 */
#ifndef SKYSCALE_TEST_SYNTHETIC_CAMPAIGN_H
#define SKYSCALE_TEST_SYNTHETIC_CAMPAIGN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/analysis/model.h"
#include "harness/analysis/random.h"
#include "harness/analysis/series.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

typedef struct disturbance {
    double sigma;
    double drift;
    double outliers; /* fraction of the samples */
} disturbance;

/* Samples of model(p) in `n_rounds` rounds at each of workers[n]. */
static inline sks_series *synthetic_campaign(const sks_model *model, const double *p,
                                             const unsigned *workers, size_t n, size_t n_rounds,
                                             disturbance how, uint64_t seed)
{
    sks_series *s = calloc(1, sizeof(*s));
    sks_random random;

    sks_random_init(&random, seed, 7777);
    assert_non_null(s);
    s->kernel = strdup("synthetic");
    s->parameters = strdup("");
    s->executor = strdup("threads");
    s->scheduler = strdup("static");
    s->binding = strdup("cores");
    s->is_weak = model->is_weak;
    s->n_points = n;
    s->points = calloc(n, sizeof(*s->points));
    assert_non_null(s->points);
    for (size_t i = 0; i < n; i++) {
        sks_point *point = &s->points[i];

        *point = (sks_point){.n_workers = workers[i],
                             .n = n_rounds,
                             .seconds = calloc(n_rounds, sizeof(double)),
                             .rounds = calloc(n_rounds, sizeof(unsigned))};
        assert_non_null(point->seconds);
        assert_non_null(point->rounds);
        for (size_t r = 0; r < n_rounds; r++) {
            double drift = how.drift * ((double)r / (double)(n_rounds - 1) - 0.5);
            double factor = exp(drift) * gsl_ran_lognormal(&random.gsl, 0.0, how.sigma);

            if (gsl_rng_uniform(&random.gsl) < how.outliers)
                factor *= gsl_ran_flat(&random.gsl, 1.2, 3.0);
            point->rounds[r] = (unsigned)r;
            point->seconds[r] = model->eval(p, workers[i]) * factor;
        }
    }
    return s;
}

#endif
