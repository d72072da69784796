/* What a fitted law says of other worker counts, with bands from its bootstrap. */
#include "harness/analysis/fit_parts.h"

#include <math.h>
#include <stdlib.h>

double sks_fit_residual(const sks_fit *fit, const sks_model_fit *model, size_t i)
{
    const sks_point_fit *point = &fit->points[i];
    double p[SKS_MAX_MODEL_PARAMETERS];

    sks_model_fit_values(model, p);
    return 1.0 - model->model->eval(p, (double)point->n_workers) / point->median.value;
}

unsigned sks_fit_greatest(const sks_fit *fit)
{
    unsigned greatest = 0;

    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used)
            greatest = fit->points[i].n_workers;
    return greatest;
}

/* The smallest one; infinite for none. */
static double least_used(const sks_fit *fit)
{
    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used)
            return (double)fit->points[i].n_workers;
    return INFINITY;
}

bool sks_fit_is_extrapolated(const sks_fit *fit, double n_workers)
{
    return isfinite(n_workers) &&
           (n_workers < least_used(fit) || n_workers > (double)sks_fit_greatest(fit));
}

bool sks_fit_is_far(const sks_fit *fit, double n_workers)
{
    return isfinite(n_workers) && n_workers > SKS_FAR_FACTOR * (double)sks_fit_greatest(fit);
}

/* The bands at one worker count; `work` has room for the replicates. */
static void find_bands(const sks_fit *fit, const sks_model_fit *m, double *work,
                       sks_prediction *out)
{
    double confidence = fit->options.confidence;
    sks_random random;

    for (size_t b = 0; b < m->n_replicates; b++)
        work[b] = m->model->eval(m->replicates + b * m->model->n_parameters, out->n_workers);
    out->seconds.interval = sks_percentile_interval(work, m->n_replicates, confidence);
    /* A run scatters about the law wherever the law itself may be: both at once. */
    sks_random_init(&random, fit->options.seed, 0);
    for (size_t b = 0; b < m->n_replicates; b++)
        work[b] *= fit->scatter[gsl_rng_uniform_int(&random.gsl, SKS_N_SCATTER)];
    out->one_run = sks_percentile_interval(work, m->n_replicates, confidence);
}

static sks_estimate speedup_of(const sks_fit *fit, double n_workers, sks_estimate seconds)
{
    double base = fit->points[0].median.value;

    if (fit->series->is_weak)
        base *= n_workers / (double)fit->points[0].n_workers;
    return (sks_estimate){base / seconds.value,
                          {base / seconds.interval.high, base / seconds.interval.low}};
}

sks_status sks_fit_predict(const sks_fit *fit, const sks_model_fit *model, const double *n_workers,
                           size_t n, sks_prediction *predictions)
{
    double *work = malloc((model->n_replicates + 1) * sizeof(*work));
    double p[SKS_MAX_MODEL_PARAMETERS];

    if (work == NULL)
        return sks_fail_nomem("predictions");
    sks_model_fit_values(model, p);
    for (size_t i = 0; i < n; i++) {
        sks_prediction *out = &predictions[i];

        *out = (sks_prediction){
            .n_workers = n_workers[i],
            .seconds = {model->model->eval(p, n_workers[i]), sks_no_interval},
            .one_run = sks_no_interval,
            .is_extrapolated = sks_fit_is_extrapolated(fit, n_workers[i]),
            .is_far = sks_fit_is_far(fit, n_workers[i]),
        };
        find_bands(fit, model, work, out);
        out->speedup = speedup_of(fit, n_workers[i], out->seconds);
    }
    free(work);
    return SKS_OK;
}
