/* What is known of each worker count by itself, and against the base. */
#include "harness/analysis/fit_parts.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

void sks_ranked_free(sks_ranked *ranked, size_t n)
{
    for (size_t i = 0; ranked != NULL && i < n; i++) {
        free(ranked[i].sorted);
        free(ranked[i].round);
    }
    free(ranked);
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

static sks_status rank_samples(const sks_point *point, sks_ranked *ranked)
{
    size_t *order = malloc((point->n + 1) * sizeof(*order));

    ranked->n = point->n;
    ranked->sorted = malloc((point->n + 1) * sizeof(*ranked->sorted));
    if (point->rounds != NULL)
        ranked->round = malloc((point->n + 1) * sizeof(*ranked->round));
    if (order == NULL || ranked->sorted == NULL ||
        (point->rounds != NULL && ranked->round == NULL)) {
        free(order);
        return sks_fail_nomem("samples");
    }
    gsl_sort_index(order, point->seconds, 1, point->n);
    for (size_t i = 0; i < point->n; i++) {
        ranked->sorted[i] = point->seconds[order[i]];
        if (point->rounds != NULL)
            ranked->round[i] = point->rounds[order[i]];
    }
    free(order);
    return SKS_OK;
}

/* The median of x[n] with its order-statistic interval. Sorts x. */
static sks_estimate median_of(double *x, size_t n, double confidence)
{
    gsl_sort(x, 1, n);
    return (sks_estimate){sks_median(x, n), sks_median_interval(x, n, confidence, NULL)};
}

/* The serial part of each sample: in seconds, and at one worker as a fraction of the run. */
static void summarise_serial(const sks_point *point, double *work, sks_fit *fit, sks_point_fit *out)
{
    double confidence = fit->options.confidence;

    if (point->serial_seconds == NULL)
        return;
    for (size_t i = 0; i < point->n; i++)
        work[i] = point->serial_seconds[i];
    out->serial = median_of(work, point->n, confidence);
    if (point->n_workers != 1 || fit->series->is_weak)
        return;
    for (size_t i = 0; i < point->n; i++)
        work[i] = point->serial_seconds[i] / point->seconds[i];
    fit->measured_serial = median_of(work, point->n, confidence);
}

static sks_status summarise(const sks_point *point, sks_fit *fit, sks_ranked *ranked,
                            sks_point_fit *out)
{
    double *work;
    sks_status status = check_point(fit->series, point);

    if (status == SKS_OK)
        status = rank_samples(point, ranked);
    if (status != SKS_OK)
        return status;
    work = malloc((point->n + 1) * sizeof(*work));
    if (work == NULL)
        return sks_fail_nomem("samples");
    *out = (sks_point_fit){
        .n_workers = point->n_workers,
        .is_oversubscribed = point->is_oversubscribed,
        .n_samples = point->n,
        .n_dropped = point->n_dropped,
        .median.value = sks_median(ranked->sorted, point->n),
        .mad = sks_mad(ranked->sorted, point->n, work),
        .karp_flatt = sks_no_estimate,
        .serial = sks_no_estimate,
    };
    for (size_t i = 0; point->is_disturbed != NULL && i < point->n; i++)
        out->n_disturbed += point->is_disturbed[i];
    out->median.interval =
        sks_median_interval(ranked->sorted, point->n, fit->options.confidence, &out->coverage);
    summarise_serial(point, work, fit, out);
    free(work);
    return SKS_OK;
}

sks_status sks_fit_summarise(sks_fit *fit, sks_ranked *ranked)
{
    const sks_series *series = fit->series;

    for (size_t i = 0; i < series->n_points; i++) {
        sks_status status;

        if (series->points[i].n == 0)
            continue;
        status =
            summarise(&series->points[i], fit, &ranked[fit->n_points], &fit->points[fit->n_points]);
        fit->n_points++; /* also after a failure: it may hold memory */
        if (status != SKS_OK)
            return status;
    }
    if (fit->n_points == 0)
        return sks_fail(SKS_ERR_INPUT, "%s, %s: no samples", series->kernel, series->scheduler);
    return SKS_OK;
}

/* ---- against the base ---- */

static sks_estimate scaled(sks_estimate e, double factor)
{
    return (sks_estimate){e.value * factor, {e.interval.low * factor, e.interval.high * factor}};
}

static double karp_flatt(double speedup, double n)
{
    return (1.0 / speedup - 1.0 / n) / (1.0 - 1.0 / n);
}

/* T(base)/T(N) with its interval; `work` has room for the replicates. */
static sks_estimate ratio_to_base(const sks_fit *fit, const double *medians, size_t i, double *work)
{
    size_t min_n = sks_median_min_n(fit->options.confidence);
    size_t n_replicates = fit->options.n_replicates;
    sks_estimate ratio = {fit->points[0].median.value / fit->points[i].median.value,
                          sks_no_interval};

    if (i == 0 || fit->points[0].n_samples < min_n || fit->points[i].n_samples < min_n)
        return ratio;
    for (size_t b = 0; b < n_replicates; b++)
        work[b] = medians[b * fit->n_points] / medians[b * fit->n_points + i];
    ratio.interval = sks_percentile_interval(work, n_replicates, fit->options.confidence);
    return ratio;
}

static void compare_to_base(const sks_fit *fit, sks_estimate ratio, sks_point_fit *point)
{
    double n = (double)point->n_workers, more = n / (double)fit->points[0].n_workers;
    bool is_weak = fit->series->is_weak;

    point->speedup = is_weak ? scaled(ratio, more) : ratio;
    point->efficiency = is_weak ? ratio : scaled(ratio, 1.0 / more);
    if (more == 1.0)
        return;
    point->is_superlinear = (sks_interval_is_known(ratio.interval) ? point->speedup.interval.low
                                                                   : point->speedup.value) > more;
    if (!is_weak && fit->points[0].n_workers == 1)
        point->karp_flatt = (sks_estimate){karp_flatt(point->speedup.value, n),
                                           {karp_flatt(point->speedup.interval.high, n),
                                            karp_flatt(point->speedup.interval.low, n)}};
}

sks_status sks_fit_speedups(sks_fit *fit, const double *medians)
{
    double *work = malloc((fit->options.n_replicates + 1) * sizeof(*work));

    if (work == NULL)
        return sks_fail_nomem("bootstrap replicates");
    for (size_t i = 0; i < fit->n_points; i++)
        compare_to_base(fit, ratio_to_base(fit, medians, i, work), &fit->points[i]);
    free(work);
    return SKS_OK;
}
