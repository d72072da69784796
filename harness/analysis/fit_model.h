/* One scaling model fitted to one set of points, with everything that says how far to believe it.
 *
 * Units    seconds, workers; residuals are relative to the measured time (0.01 is one per cent).
 * Threads  reentrant.
 * Sources  Burnham & Anderson (2002), Model Selection and Multimodel Inference, sec. 2.4 (AICc);
 *          Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (intervals).
 */
#ifndef SKYSCALE_FIT_MODEL_H
#define SKYSCALE_FIT_MODEL_H

#include "harness/analysis/model.h"
#include "harness/analysis/statistics.h"

/* What models are fitted to: one median per worker count, the same for all models. */
typedef struct sks_fit_points {
    size_t n;
    const double *n_workers;  /* [n], distinct */
    const double *seconds;    /* [n], medians, positive */
    size_t n_replicates;      /* 0: no intervals are claimed */
    const double *replicates; /* [n_replicates][n]: the medians of resampled samples */
    double confidence;
} sks_fit_points;

typedef struct sks_model_fit {
    const sks_model *model;
    bool is_fitted;
    char reason[128]; /* why not fitted; "" if it is. When false, all numbers below are NaN. */

    /* Intervals by percentile bootstrap over the samples within each worker count. They carry the
     * scatter of the samples, not the chance that the law itself is wrong. */
    sks_estimate parameter[SKS_MAX_MODEL_PARAMETERS];
    bool is_on_bound[SKS_MAX_MODEL_PARAMETERS]; /* exactly 0, or exactly the upper bound */
    sks_estimate serial_fraction;
    sks_estimate optimum; /* workers; infinite: more workers always help */

    /* As many points as parameters and through all of them: no residual is left to judge it by. A
     * parameter on its bound can keep a fit from its points; that fit is not exact. */
    bool is_exact;
    double rss;          /* sum of squared relative residuals */
    double residual_rms; /* sqrt(rss / n) */

    /* n ln(rss/n) + 2 k + 2 k (k + 1)/(n - k - 1), with k = parameters + 1 for the variance of the
     * residuals. n is the number of distinct worker counts, not of samples: repeating a run at one
     * N does not help to tell apart laws that differ in how T changes with N. NaN, and the reason,
     * when n <= k + 1. */
    double aicc;
    char aicc_reason[128];
    double delta_aicc;    /* against the least AICc of all models; set by sks_fit_series */
    double akaike_weight; /* set by sks_fit_series */

    /* The parameters fitted to each replicate that determines them, [n_replicates][parameters]:
     * what the intervals are made of. */
    size_t n_replicates;
    double *replicates;

    /* Root mean square relative error of predicting each worker count from all others; NaN when
     * the others do not determine the parameters. */
    double leave_one_out_rms;
} sks_model_fit;

/* A model that cannot be fitted is no failure: `is_fitted` and `reason` say so. SKS_ERR_NOMEM.
 * Clear the fit in any case. */
sks_status sks_fit_model(const sks_model *model, bool is_weak, const sks_fit_points *points,
                         sks_model_fit *fit);

void sks_model_fit_clear(sks_model_fit *fit); /* frees what it holds */

/* The values of the parameters, as `eval` takes them. */
void sks_model_fit_values(const sks_model_fit *fit, double p[SKS_MAX_MODEL_PARAMETERS]);

#endif
