#include "harness/analysis/fit_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Relative residuals below this are rounding, far finer than any clock: without a floor, two
 * models that both pass through noise-free points would be told apart by their rounding. */
static const double rms_floor = 1e-12;

/* A fit through its points leaves some rounding; one held back by a bound leaves far more. */
static const double exact_rms = 1e-9;

static double relative_error(const sks_model *model, const double *p, double n_workers,
                             double seconds)
{
    return (model->eval(p, n_workers) - seconds) / seconds;
}

static double sum_of_squares(const sks_model *model, const double *p, const sks_fit_points *points)
{
    double sum = 0.0;

    for (size_t i = 0; i < points->n; i++) {
        double e = relative_error(model, p, points->n_workers[i], points->seconds[i]);

        sum += e * e;
    }
    return sum;
}

static void judge(const sks_model *model, const sks_fit_points *points, sks_model_fit *fit)
{
    double n = (double)points->n;
    double k = (double)model->n_parameters + 1.0;
    double floor_rss = n * rms_floor * rms_floor;

    if (n <= k + 1.0) {
        snprintf(fit->aicc_reason, sizeof(fit->aicc_reason),
                 "%zu worker counts, AICc of %zu parameters needs %zu", points->n,
                 model->n_parameters, model->n_parameters + 3);
        return;
    }
    fit->aicc =
        n * log(fmax(fit->rss, floor_rss) / n) + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
}

/* Predicts each point from all others. `workers` and `seconds` have room for n - 1 values. */
static double leave_one_out(const sks_model *model, const sks_fit_points *points, double *workers,
                            double *seconds)
{
    double sum = 0.0;

    for (size_t left_out = 0; left_out < points->n; left_out++) {
        double p[SKS_MAX_MODEL_PARAMETERS];
        double e;
        size_t n = 0;

        for (size_t i = 0; i < points->n; i++)
            if (i != left_out) {
                workers[n] = points->n_workers[i];
                seconds[n++] = points->seconds[i];
            }
        if (!model->fit(workers, seconds, n, p))
            return NAN;
        e = relative_error(model, p, points->n_workers[left_out], points->seconds[left_out]);
        sum += e * e;
    }
    return sqrt(sum / (double)points->n);
}

/* What the bootstrap follows: the parameters, then these two. */
enum { SERIAL = SKS_MAX_MODEL_PARAMETERS, OPTIMUM, N_TRACKED };

static void derive(const sks_model *model, const double *p, double *tracked)
{
    memcpy(tracked, p, model->n_parameters * sizeof(*p));
    tracked[SERIAL] = model->serial_fraction(p);
    tracked[OPTIMUM] = model->optimum(p);
}

static sks_estimate *tracked_estimate(sks_model_fit *fit, size_t i)
{
    return i == SERIAL ? &fit->serial_fraction : i == OPTIMUM ? &fit->optimum : &fit->parameter[i];
}

/* Refits every replicate. */
static void refit(const sks_model *model, const sks_fit_points *points, sks_model_fit *fit)
{
    double *p = fit->replicates;

    for (size_t b = 0; b < points->n_replicates; b++)
        if (model->fit(points->n_workers, points->replicates + b * points->n, points->n, p))
            p += model->n_parameters;
    fit->n_replicates = (size_t)(p - fit->replicates) / model->n_parameters;
}

/* Intervals from the refitted replicates; `values` has room for N_TRACKED columns of them. */
static void find_intervals(const sks_model *model, double confidence, double *values,
                           sks_model_fit *fit)
{
    size_t n = fit->n_replicates;

    for (size_t b = 0; b < n; b++) {
        double tracked[N_TRACKED];

        derive(model, fit->replicates + b * model->n_parameters, tracked);
        for (size_t i = 0; i < N_TRACKED; i++)
            if (i < model->n_parameters || i >= SERIAL)
                values[i * n + b] = tracked[i];
    }
    for (size_t i = 0; i < N_TRACKED; i++)
        if (i < model->n_parameters || i >= SERIAL)
            tracked_estimate(fit, i)->interval =
                sks_percentile_interval(values + i * n, n, confidence);
}

static void set_estimates(const sks_model *model, const double *p, sks_model_fit *fit)
{
    double tracked[N_TRACKED];

    derive(model, p, tracked);
    for (size_t i = 0; i < model->n_parameters; i++) {
        fit->parameter[i].value = p[i];
        fit->is_on_bound[i] = p[i] == 0.0 || p[i] == model->parameters[i].max;
    }
    fit->serial_fraction.value = tracked[SERIAL];
    fit->optimum.value = tracked[OPTIMUM];
}

static void clear_fit(const sks_model *model, sks_model_fit *fit)
{
    *fit = (sks_model_fit){.model = model,
                           .serial_fraction = sks_no_estimate,
                           .optimum = sks_no_estimate,
                           .rss = NAN,
                           .residual_rms = NAN,
                           .aicc = NAN,
                           .delta_aicc = NAN,
                           .akaike_weight = NAN,
                           .leave_one_out_rms = NAN};
    for (size_t i = 0; i < SKS_MAX_MODEL_PARAMETERS; i++)
        fit->parameter[i] = sks_no_estimate;
}

static void refuse(sks_model_fit *fit, const char *reason)
{
    snprintf(fit->reason, sizeof(fit->reason), "%s", reason);
    snprintf(fit->aicc_reason, sizeof(fit->aicc_reason), "not fitted");
}

sks_status sks_fit_model(const sks_model *model, bool is_weak, const sks_fit_points *points,
                         sks_model_fit *fit)
{
    const char *unsuited = sks_model_unsuited(model, is_weak);
    double p[SKS_MAX_MODEL_PARAMETERS];
    double *work;

    clear_fit(model, fit);
    if (unsuited != NULL) {
        refuse(fit, unsuited);
        return SKS_OK;
    }
    if (points->n < model->n_parameters) {
        char reason[sizeof(fit->reason)];

        snprintf(reason, sizeof(reason), "too few points: %zu parameters, %zu worker count%s",
                 model->n_parameters, points->n, points->n == 1 ? "" : "s");
        refuse(fit, reason);
        return SKS_OK;
    }
    if (!model->fit(points->n_workers, points->seconds, points->n, p)) {
        refuse(fit, "the points do not determine its parameters");
        return SKS_OK;
    }
    work = malloc((2 * points->n + N_TRACKED * points->n_replicates) * sizeof(*work));
    fit->replicates =
        malloc((points->n_replicates * model->n_parameters + 1) * sizeof(*fit->replicates));
    if (work == NULL || fit->replicates == NULL) {
        free(work);
        return sks_fail_nomem("bootstrap of a model"); /* the caller clears the fit */
    }
    fit->is_fitted = true;
    set_estimates(model, p, fit);
    fit->rss = sum_of_squares(model, p, points);
    fit->residual_rms = sqrt(fit->rss / (double)points->n);
    fit->is_exact = points->n == model->n_parameters && fit->residual_rms < exact_rms;
    judge(model, points, fit);
    fit->leave_one_out_rms = leave_one_out(model, points, work, work + points->n);
    refit(model, points, fit);
    find_intervals(model, points->confidence, work + 2 * points->n, fit);
    free(work);
    return SKS_OK;
}

void sks_model_fit_clear(sks_model_fit *fit)
{
    free(fit->replicates);
    fit->replicates = NULL;
    fit->n_replicates = 0;
}

void sks_model_fit_values(const sks_model_fit *fit, double p[SKS_MAX_MODEL_PARAMETERS])
{
    for (size_t i = 0; i < SKS_MAX_MODEL_PARAMETERS; i++)
        p[i] = fit->parameter[i].value;
}
