#include "harness/analysis/fit.h"

#include "harness/analysis/fit_parts.h"

#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

const sks_fit_options sks_fit_defaults = {.oversubscribed = SKS_OVERSUBSCRIBED_LEAVE_OUT,
                                          .confidence = 0.95,
                                          .n_replicates = 1000,
                                          .seed = 1};

/* The columns of the points in the fits, of all replicates. None (0 replicates) when one of those
 * points has too few samples for an interval. */
static sks_status take_replicates(const sks_fit *fit, const double *medians, sks_fit_points *points,
                                  double **replicates)
{
    size_t min_n = sks_median_min_n(fit->options.confidence);
    size_t n_replicates = fit->options.n_replicates, k = 0;
    double *r;

    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used && fit->points[i].n_samples < min_n)
            return SKS_OK;
    r = malloc((n_replicates * fit->n_used + 1) * sizeof(*r));
    if (r == NULL)
        return sks_fail_nomem("bootstrap replicates");
    for (size_t b = 0; b < n_replicates; b++)
        for (size_t i = 0; i < fit->n_points; i++)
            if (fit->points[i].is_used)
                r[k++] = medians[b * fit->n_points + i];
    *replicates = r;
    points->replicates = r;
    points->n_replicates = n_replicates;
    return SKS_OK;
}

static sks_status fit_models(sks_fit *fit, const double *medians)
{
    double *values = malloc((2 * fit->n_used + 1) * sizeof(*values));
    double *replicates = NULL;
    sks_fit_points points = {.n = fit->n_used, .confidence = fit->options.confidence};
    sks_status status;
    size_t column = 0;

    if (values == NULL)
        return sks_fail_nomem("medians");
    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used) {
            values[column] = fit->points[i].median.value;
            values[fit->n_used + column++] = (double)fit->points[i].n_workers;
        }
    points.seconds = values;
    points.n_workers = values + fit->n_used;
    status = take_replicates(fit, medians, &points, &replicates);
    for (size_t i = 0; status == SKS_OK && i < fit->n_models; i++)
        status = sks_fit_model(sks_model_table[i], fit->series->is_weak, &points, &fit->models[i]);
    free(replicates);
    free(values);
    return status;
}

/* How single runs scatter about the median of their worker count. */
static sks_status find_scatter(sks_fit *fit, const sks_ranked *ranked)
{
    size_t n = 0, k = 0;
    double *ratios;

    for (size_t i = 0; i < fit->n_points; i++)
        n += fit->points[i].is_used ? ranked[i].n : 0;
    if (n == 0)
        return SKS_OK;
    ratios = malloc(n * sizeof(*ratios));
    if (ratios == NULL)
        return sks_fail_nomem("samples");
    for (size_t i = 0; i < fit->n_points; i++)
        for (size_t j = 0; fit->points[i].is_used && j < ranked[i].n; j++)
            ratios[k++] = ranked[i].sorted[j] / fit->points[i].median.value;
    gsl_sort(ratios, 1, n);
    for (size_t i = 0; i < SKS_N_SCATTER; i++)
        fit->scatter[i] = sks_quantile(ratios, n, ((double)i + 0.5) / SKS_N_SCATTER);
    free(ratios);
    return SKS_OK;
}

/* Chooses the points of the fit, oversubscribed ones or the others or both, and fits them. */
static sks_status fit_part(sks_fit *fit, const sks_ranked *ranked, const double *medians,
                           bool with_free, bool with_oversubscribed)
{
    sks_status status;

    for (size_t i = 0; i < fit->n_points; i++) {
        sks_point_fit *point = &fit->points[i];

        point->is_used = point->is_oversubscribed ? with_oversubscribed : with_free;
        fit->n_used += point->is_used;
        fit->n_left_out += !point->is_used;
    }
    while (sks_model_table[fit->n_models] != NULL)
        fit->n_models++;
    fit->models = calloc(fit->n_models, sizeof(*fit->models));
    if (fit->models == NULL)
        return sks_fail_nomem("fit");
    status = fit_models(fit, medians);
    if (status == SKS_OK)
        status = find_scatter(fit, ranked);
    if (status != SKS_OK)
        return status;
    sks_fit_decide(fit);
    sks_fit_compare_serial(fit);
    return SKS_OK;
}

/* Fits the oversubscribed points alone. Too few of them for any law are no failure. */
static sks_status fit_apart(sks_fit *fit, const sks_ranked *ranked, const double *medians)
{
    sks_fit *apart;
    sks_status status;
    size_t n = 0;

    for (size_t i = 0; i < fit->n_points; i++)
        n += fit->points[i].is_oversubscribed;
    if (n < 2)
        return SKS_OK;
    apart = calloc(1, sizeof(*apart));
    if (apart == NULL)
        return sks_fail_nomem("fit");
    *apart = (sks_fit){.series = fit->series,
                       .options = fit->options,
                       .measured_serial = sks_no_estimate,
                       .n_points = fit->n_points,
                       .points = malloc((fit->n_points + 1) * sizeof(*apart->points))};
    fit->apart = apart;
    if (apart->points == NULL)
        return sks_fail_nomem("fit");
    memcpy(apart->points, fit->points, fit->n_points * sizeof(*apart->points));
    status = fit_part(apart, ranked, medians, false, true);
    return status;
}

sks_status sks_fit_series(const sks_series *series, const sks_fit_options *options, sks_fit *fit)
{
    sks_fit made = {.series = series, .options = *options, .measured_serial = sks_no_estimate};
    sks_ranked *ranked = calloc(series->n_points + 1, sizeof(*ranked));
    double *medians = malloc((options->n_replicates * series->n_points + 1) * sizeof(*medians));
    sks_status status;

    made.points = calloc(series->n_points + 1, sizeof(*made.points));
    if (ranked == NULL || medians == NULL || made.points == NULL) {
        status = sks_fail_nomem("fit");
        goto end;
    }
    status = sks_fit_summarise(&made, ranked);
    if (status == SKS_OK)
        status =
            sks_fit_resample(ranked, made.n_points, options->n_replicates, options->seed, medians);
    if (status == SKS_OK)
        status = sks_fit_speedups(&made, medians);
    if (status == SKS_OK)
        status = fit_part(&made, ranked, medians, true,
                          options->oversubscribed == SKS_OVERSUBSCRIBED_INCLUDE);
    if (status == SKS_OK && options->oversubscribed == SKS_OVERSUBSCRIBED_APART)
        status = fit_apart(&made, ranked, medians);

end:
    sks_ranked_free(ranked, series->n_points);
    free(medians);
    if (status == SKS_OK)
        *fit = made;
    else
        sks_fit_clear(&made);
    return status;
}

void sks_fit_clear(sks_fit *fit)
{
    for (size_t i = 0; fit->models != NULL && i < fit->n_models; i++)
        sks_model_fit_clear(&fit->models[i]);
    free(fit->models);
    free(fit->points);
    if (fit->apart != NULL)
        sks_fit_clear(fit->apart);
    free(fit->apart);
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
