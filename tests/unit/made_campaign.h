/* A campaign made up: one series for each configuration, each at one worker count, with lognormal
 * noise of known width. */
#ifndef SKYSCALE_TEST_MADE_CAMPAIGN_H
#define SKYSCALE_TEST_MADE_CAMPAIGN_H

#include "harness/analysis/random.h"
#include "harness/analysis/series.h"

#include <gsl/gsl_randist.h>

enum { MAX_POINTS = 8, MAX_SAMPLES = 100 };

typedef struct made_campaign {
    size_t n;
    sks_series series[MAX_POINTS];
    sks_point points[MAX_POINTS];
    double seconds[MAX_POINTS][MAX_SAMPLES];
    unsigned rounds[MAX_POINTS][MAX_SAMPLES];
} made_campaign;

static const char *const scheduler_names[MAX_POINTS] = {"static", "dynamic", "guided", "fac",
                                                        "fac2",   "tss",     "rnd",    "stealing"};

/* Lognormal noise about median[i]; what a round has in common has `common` noise. */
static inline void make_campaign(made_campaign *c, size_t n_points, size_t n_samples,
                                 const double *median, double noise, double common, uint64_t stream)
{
    sks_random random;

    sks_random_init(&random, 77, stream);
    c->n = n_points;
    for (size_t k = 0; k < n_samples; k++) {
        double shared = gsl_ran_lognormal(&random.gsl, 0.0, common);

        for (size_t i = 0; i < n_points; i++) {
            c->seconds[i][k] = median[i] * shared * gsl_ran_lognormal(&random.gsl, 0.0, noise);
            c->rounds[i][k] = (unsigned)k + 1;
        }
    }
    for (size_t i = 0; i < n_points; i++) {
        c->points[i] = (sks_point){
            .n_workers = 2, .n = n_samples, .seconds = c->seconds[i], .rounds = c->rounds[i]};
        c->series[i] = (sks_series){.kernel = "synthetic",
                                    .parameters = "tasks=100",
                                    .all_parameters = "{\"tasks\": 100, \"seed\": 1}",
                                    .executor = "threads",
                                    .scheduler = (char *)scheduler_names[i],
                                    .binding = "none",
                                    .n_points = 1,
                                    .points = &c->points[i]};
    }
}

/* Medians in seconds. */
static const double ones[MAX_POINTS] = {1, 2, 3, 4, 5, 6, 7, 8};

#endif
