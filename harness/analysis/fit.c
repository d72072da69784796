#include "harness/analysis/fit.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const sks_fit_options sks_fit_defaults = {
    .include_oversubscribed = false, .confidence = 0.95, .n_replicates = 1000, .seed = 1};

const char *const sks_verdict_name[] = {"too-few-points", "not-told-apart", "best", "only-model"};

/* The samples of a point, sorted; parallel to sks_fit.points. */
typedef struct samples {
    size_t n;
    double *sorted;
} samples;

static void samples_free(samples *s, size_t n)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        free(s[i].sorted);
    free(s);
}

static sks_status check_point(const sks_series *series, const sks_point *point)
{
    for (size_t i = 0; i < point->n; i++)
        if (!(isfinite(point->seconds[i]) && point->seconds[i] > 0.0))
            return sks_fail(SKS_ERR_INPUT,
                            "%s, %s, %u workers: a sample of %g s cannot be analysed",
                            series->kernel, series->scheduler, point->n_workers, point->seconds[i]);
    return SKS_OK;
}

/* Median, its interval and spread of one point. `work` has room for its samples. */
static sks_status summarise(const sks_series *series, const sks_point *point,
                            const sks_fit_options *options, samples *s, sks_point_fit *out)
{
    sks_status status = check_point(series, point);
    double *sorted, *work;

    if (status != SKS_OK)
        return status;
    sorted = malloc(point->n * sizeof(*sorted));
    work = malloc(point->n * sizeof(*work));
    if (sorted == NULL || work == NULL) {
        free(sorted);
        free(work);
        return sks_fail_nomem("samples");
    }
    memcpy(sorted, point->seconds, point->n * sizeof(*sorted));
    gsl_sort(sorted, 1, point->n);
    *out = (sks_point_fit){
        .n_workers = point->n_workers,
        .is_oversubscribed = point->is_oversubscribed,
        .is_used = options->include_oversubscribed || !point->is_oversubscribed,
        .n_samples = point->n,
        .median.value = sks_median(sorted, point->n),
        .mad = sks_mad(sorted, point->n, work),
        .karp_flatt = NAN,
    };
    out->median.interval =
        sks_median_interval(sorted, point->n, options->confidence, &out->coverage);
    free(work);
    *s = (samples){point->n, sorted};
    return SKS_OK;
}

static sks_estimate scaled(sks_estimate e, double factor)
{
    return (sks_estimate){e.value * factor, {e.interval.low * factor, e.interval.high * factor}};
}

/* Speedup, efficiency and what follows from them, against the first point. */
static sks_status compare_to_base(const sks_fit *fit, const samples *base, const samples *s,
                                  sks_point_fit *point)
{
    double more = (double)point->n_workers / (double)fit->points[0].n_workers;
    double n = (double)point->n_workers;
    bool is_weak = fit->series->is_weak;
    sks_estimate ratio = {1.0, sks_no_interval};

    if (s != base) {
        sks_status status =
            sks_median_ratio(base->sorted, base->n, s->sorted, s->n, fit->options.confidence,
                             fit->options.n_replicates, fit->options.seed, &ratio);

        if (status != SKS_OK)
            return status;
    }
    point->speedup = is_weak ? scaled(ratio, more) : ratio;
    point->efficiency = is_weak ? ratio : scaled(ratio, 1.0 / more);
    if (s != base) {
        bool has_interval = sks_interval_is_known(point->speedup.interval);

        point->is_superlinear =
            (has_interval ? point->speedup.interval.low : point->speedup.value) > more;
        if (!is_weak && fit->points[0].n_workers == 1)
            point->karp_flatt = (1.0 / point->speedup.value - 1.0 / n) / (1.0 - 1.0 / n);
    }
    return SKS_OK;
}

/* A median of resampled samples for every replicate and used point: [n_replicates][n_used]. None
 * (0 replicates) when a used point has too few samples for an interval. */
static sks_status resample(const sks_fit *fit, const samples *s, sks_fit_points *points,
                           double **replicates)
{
    size_t min_n = sks_median_min_n(fit->options.confidence);
    double *r;
    size_t column = 0;

    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used && s[i].n < min_n)
            return SKS_OK;
    r = malloc((fit->options.n_replicates * fit->n_used + 1) * sizeof(*r));
    if (r == NULL)
        return sks_fail_nomem("bootstrap replicates");
    for (size_t i = 0; i < fit->n_points; i++) {
        sks_random random;

        if (!fit->points[i].is_used)
            continue;
        sks_random_init(&random, fit->options.seed, fit->points[i].n_workers);
        for (size_t b = 0; b < fit->options.n_replicates; b++)
            r[b * fit->n_used + column] = sks_resampled_median(s[i].sorted, s[i].n, &random);
        column++;
    }
    *replicates = r;
    points->replicates = r;
    points->n_replicates = fit->options.n_replicates;
    return SKS_OK;
}

static sks_status fit_models(sks_fit *fit, const samples *s)
{
    double *medians = malloc((2 * fit->n_used + 1) * sizeof(*medians));
    double *replicates = NULL;
    sks_fit_points points = {.n = fit->n_used, .confidence = fit->options.confidence};
    sks_status status = SKS_OK;
    size_t column = 0;

    if (medians == NULL)
        return sks_fail_nomem("medians");
    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used) {
            medians[column] = fit->points[i].median.value;
            medians[fit->n_used + column++] = (double)fit->points[i].n_workers;
        }
    points.seconds = medians;
    points.n_workers = medians + fit->n_used;
    status = resample(fit, s, &points, &replicates);
    for (size_t i = 0; status == SKS_OK && i < fit->n_models; i++)
        status = sks_fit_model(sks_model_table[i], fit->series->is_weak, &points, &fit->models[i]);
    free(replicates);
    free(medians);
    return status;
}

/* Differences to the least AICc, and the weights; returns the model that has it, NULL for none. */
static sks_model_fit *rank_models(sks_fit *fit, size_t *n_judged)
{
    sks_model_fit *least = NULL;
    double sum = 0.0;

    *n_judged = 0;
    for (size_t i = 0; i < fit->n_models; i++) {
        sks_model_fit *m = &fit->models[i];

        if (isnan(m->aicc))
            continue;
        ++*n_judged;
        if (least == NULL || m->aicc < least->aicc)
            least = m;
    }
    for (size_t i = 0; least != NULL && i < fit->n_models; i++) {
        fit->models[i].delta_aicc = fit->models[i].aicc - least->aicc;
        if (!isnan(fit->models[i].aicc))
            sum += exp(-0.5 * fit->models[i].delta_aicc);
    }
    for (size_t i = 0; least != NULL && i < fit->n_models; i++)
        fit->models[i].akaike_weight = exp(-0.5 * fit->models[i].delta_aicc) / sum;
    return least;
}

/* "amdahl, log": those within SKS_DELTA_AICC of the least; returns how many. */
static size_t name_rivals(const sks_fit *fit, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < fit->n_models; i++)
        if (fit->models[i].delta_aicc < SKS_DELTA_AICC) {
            size_t length = strlen(text);

            snprintf(text + length, size - length, "%s%s", n > 0 ? ", " : "",
                     fit->models[i].model->name);
            n++;
        }
    return n;
}

static void too_few_points(sks_fit *fit, size_t n_suited)
{
    size_t needed = SKS_MIN_DISTINCT_N;

    fit->verdict = SKS_TOO_FEW_POINTS;
    for (size_t i = 0; i < fit->n_models; i++)
        if (sks_model_unsuited(fit->models[i].model, fit->series->is_weak) == NULL) {
            if (fit->models[i].is_fitted && fit->preferred == NULL)
                fit->preferred = &fit->models[i];
            /* parameters and variance, and one more than AICc's n = k + 1 */
            if (n_suited > 1 && fit->models[i].model->n_parameters + 3 > needed)
                needed = fit->models[i].model->n_parameters + 3;
        }
    snprintf(fit->verdict_text, sizeof(fit->verdict_text),
             "too few points to tell: %zu worker count%s%s, %zu are needed", fit->n_used,
             fit->n_used == 1 ? "" : "s", fit->n_left_out > 0 ? " without oversubscription" : "",
             needed);
}

/* AICc and prediction may disagree: a reader should know. */
static void add_prediction(const sks_fit *fit, const sks_model_fit *best, char *text, size_t size)
{
    const sks_model_fit *sharpest = best;
    size_t length = strlen(text);

    for (size_t i = 0; i < fit->n_models; i++)
        if (fit->models[i].leave_one_out_rms < sharpest->leave_one_out_rms)
            sharpest = &fit->models[i];
    if (sharpest != best)
        snprintf(text + length, size - length,
                 "; %s predicts left-out points better (%.2g %% against %.2g %%)",
                 sharpest->model->name, 100.0 * sharpest->leave_one_out_rms,
                 100.0 * best->leave_one_out_rms);
}

static void decide(sks_fit *fit)
{
    size_t n_judged, n_suited = 0;
    sks_model_fit *least = rank_models(fit, &n_judged);
    char rivals[128];

    for (size_t i = 0; i < fit->n_models; i++)
        n_suited += sks_model_unsuited(fit->models[i].model, fit->series->is_weak) == NULL;
    if (fit->n_used < SKS_MIN_DISTINCT_N || (n_judged < 2 && n_suited > 1)) {
        too_few_points(fit, n_suited);
        return;
    }
    if (n_suited == 1) {
        fit->verdict = SKS_ONLY_MODEL;
        for (size_t i = 0; i < fit->n_models; i++)
            if (fit->models[i].is_fitted)
                fit->preferred = &fit->models[i];
        snprintf(fit->verdict_text, sizeof(fit->verdict_text), "the only model for %s scaling",
                 fit->series->is_weak ? "weak" : "strong");
        return;
    }
    fit->preferred = least;
    if (name_rivals(fit, rivals, sizeof(rivals)) > 1) {
        fit->verdict = SKS_NOT_TOLD_APART;
        snprintf(fit->verdict_text, sizeof(fit->verdict_text),
                 "%s cannot be told apart (AICc within %g)", rivals, SKS_DELTA_AICC);
    } else {
        fit->verdict = SKS_BEST;
        snprintf(fit->verdict_text, sizeof(fit->verdict_text), "%s is best (Akaike weight %.2f)",
                 least->model->name, least->akaike_weight);
        add_prediction(fit, least, fit->verdict_text, sizeof(fit->verdict_text));
    }
}

static sks_status fill_points(sks_fit *fit, samples *s)
{
    const sks_series *series = fit->series;
    sks_status status;

    for (size_t i = 0; i < series->n_points; i++) {
        size_t n = fit->n_points;

        if (series->points[i].n == 0)
            continue;
        status = summarise(series, &series->points[i], &fit->options, &s[n], &fit->points[n]);
        if (status != SKS_OK)
            return status;
        fit->n_points++;
        fit->n_used += fit->points[n].is_used;
        fit->n_left_out += !fit->points[n].is_used;
    }
    if (fit->n_points == 0)
        return sks_fail(SKS_ERR_INPUT, "%s, %s: no samples", series->kernel, series->scheduler);
    for (size_t i = 0; i < fit->n_points; i++) {
        status = compare_to_base(fit, &s[0], &s[i], &fit->points[i]);
        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}

sks_status sks_fit_series(const sks_series *series, const sks_fit_options *options, sks_fit *fit)
{
    sks_fit made = {.series = series, .options = *options};
    samples *s = calloc(series->n_points + 1, sizeof(*s));
    sks_status status;

    while (sks_model_table[made.n_models] != NULL)
        made.n_models++;
    made.points = calloc(series->n_points + 1, sizeof(*made.points));
    made.models = calloc(made.n_models, sizeof(*made.models));
    if (s == NULL || made.points == NULL || made.models == NULL) {
        status = sks_fail_nomem("fit");
        goto end;
    }
    status = fill_points(&made, s);
    if (status == SKS_OK)
        status = fit_models(&made, s);
    if (status == SKS_OK)
        decide(&made);

end:
    samples_free(s, series->n_points);
    if (status == SKS_OK)
        *fit = made;
    else
        sks_fit_clear(&made);
    return status;
}

void sks_fit_clear(sks_fit *fit)
{
    free(fit->points);
    free(fit->models);
    *fit = (sks_fit){0};
}

sks_status sks_fit_all(const sks_series *series, size_t n, const sks_fit_options *options,
                       sks_fit **fits)
{
    sks_fit *made = calloc(n + 1, sizeof(*made));

    if (made == NULL)
        return sks_fail_nomem("fits");
    for (size_t i = 0; i < n; i++) {
        sks_status status = sks_fit_series(&series[i], options, &made[i]);

        if (status != SKS_OK) {
            sks_fits_free(made, n);
            return status;
        }
    }
    *fits = made;
    return SKS_OK;
}

void sks_fits_free(sks_fit *fits, size_t n)
{
    if (fits == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        sks_fit_clear(&fits[i]);
    free(fits);
}
