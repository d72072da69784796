#include "harness/present/quantities.h"

#include "harness/sweep/store.h"

#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

/* Appends series[n] and takes them over; on failure they are still the caller's. */
static sks_status append(const char *source, sks_series *series, size_t n, sks_quantity *q)
{
    sks_series *all = realloc(q->series, (q->n + n + 1) * sizeof(*all));
    const char **sources;

    if (all == NULL)
        return sks_fail_nomem("the series");
    q->series = all;
    sources = realloc(q->sources, (q->n + n + 1) * sizeof(*sources));
    if (sources == NULL)
        return sks_fail_nomem("the series");
    q->sources = sources;
    for (size_t i = 0; i < n; i++) {
        all[q->n] = series[i];
        sources[q->n++] = source;
    }
    free(series);
    return SKS_OK;
}

/* Points and series that have nothing left go, as they do where the fits come from. */
static void drop_disturbed(sks_series *series, size_t *n)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < *n; i++) {
        sks_series *s = &series[i];
        size_t n_points = 0;

        sks_series_drop_disturbed(s);
        for (size_t j = 0; j < s->n_points; j++)
            if (s->points[j].n > 0)
                s->points[n_points++] = s->points[j];
            else
                sks_point_clear(&s->points[j]);
        s->n_points = n_points;
        if (n_points > 0)
            series[n_kept++] = *s;
        else
            sks_series_clear(s);
    }
    *n = n_kept;
}

sks_status sks_quantity_read(const sks_figure_input *input, const char *name,
                             sks_quantity *quantity)
{
    sks_status status = SKS_OK;

    *quantity = (sks_quantity){0};
    for (size_t i = 0; status == SKS_OK && i < input->n_files; i++) {
        sks_store *store = NULL;
        sks_series *series = NULL;
        size_t n = 0;

        status = sks_store_open_read(input->files[i], &store);
        if (status == SKS_OK)
            status = sks_store_series(store, name, &series, &n);
        sks_store_close(store);
        if (status != SKS_OK)
            break;
        n = sks_selection_keep(&input->selection, series, n);
        if (input->drops_disturbed)
            drop_disturbed(series, &n);
        status = append(input->names[i], series, n, quantity);
        if (status != SKS_OK)
            sks_series_free(series, n);
    }
    return status;
}

void sks_quantity_clear(sks_quantity *quantity)
{
    sks_series_free(quantity->series, quantity->n);
    free(quantity->sources);
}

sks_estimate sks_point_median(sks_point *point, double confidence)
{
    if (point->n == 0)
        return sks_no_estimate;
    gsl_sort(point->seconds, 1, point->n);
    return (sks_estimate){sks_median(point->seconds, point->n),
                          sks_median_interval(point->seconds, point->n, confidence, NULL)};
}

static bool is_same(const sks_series *a, const sks_series *b)
{
    return a->is_weak == b->is_weak && strcmp(a->kernel, b->kernel) == 0 &&
           strcmp(a->all_parameters, b->all_parameters) == 0 &&
           strcmp(a->executor, b->executor) == 0 && strcmp(a->scheduler, b->scheduler) == 0 &&
           strcmp(a->binding, b->binding) == 0;
}

sks_point *sks_quantity_point(const sks_quantity *quantity, const char *source,
                              const sks_series *series, unsigned n_workers)
{
    for (size_t i = 0; i < quantity->n; i++) {
        sks_series *s = &quantity->series[i];

        if (quantity->sources[i] != source || !is_same(s, series))
            continue;
        for (size_t j = 0; j < s->n_points; j++)
            if (s->points[j].n_workers == n_workers)
                return &s->points[j];
    }
    return NULL;
}
