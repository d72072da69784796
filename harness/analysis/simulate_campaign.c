/* Task costs, slow-downs and serial phases from a campaign that recorded its chunks. */
#include "harness/analysis/simulate_load.h"

#include "harness/analysis/statistics.h"
#include "harness/sweep/store.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Samples coming in, in their order. */
struct collector {
    sks_cost_samples samples;
    int64_t sample; /* the one coming in; -1: none yet */
};

static sks_status take_chunk(void *context, int64_t sample, sks_range tasks, double seconds)
{
    struct collector *c = context;

    if (sample != c->sample) {
        if (c->samples.n == SKS_MAX_COST_SAMPLES)
            return SKS_OK; /* enough */
        sks_status status = sks_cost_samples_begin(&c->samples);

        if (status != SKS_OK)
            return status;
        c->sample = sample;
    }
    return sks_cost_samples_add(&c->samples, tasks, fmax(0.0, seconds));
}

/* Whether it is the kernel with the parameters and the executor that the costs are from. */
static bool is_of_same_work(const sks_series *series, const sks_logged *logged)
{
    return !series->is_weak && strcmp(series->kernel, logged->kernel) == 0 &&
           strcmp(series->all_parameters, logged->all_parameters) == 0 &&
           strcmp(series->executor, logged->executor) == 0;
}

/* The series that a configuration belongs to; NULL: none. */
static const sks_series *find_series(const sks_series *series, size_t n, const sks_logged *logged)
{
    for (size_t i = 0; i < n; i++)
        if (is_of_same_work(&series[i], logged) &&
            strcmp(series[i].scheduler, logged->scheduler) == 0)
            return &series[i];
    return NULL;
}

static double median_of(sks_point *point)
{
    gsl_sort(point->seconds, 1, point->n);
    return sks_median(point->seconds, point->n);
}

/* Of one phase: its median with the fewest workers, and how it grows with them. */
static sks_status read_phase(sks_store *store, const char *phase, const sks_logged *logged,
                             double *at_first, double *intercept, double *slope)
{
    sks_series *all = NULL;
    size_t n = 0, n_points = 0;
    double x[64], y[64], unused;
    const sks_series *series;
    sks_status status = sks_store_series(store, phase, &all, &n);

    if (status != SKS_OK)
        return status;
    *at_first = *intercept = *slope = 0;
    series = find_series(all, n, logged);
    for (size_t i = 0; series != NULL && i < series->n_points && n_points < 64; i++)
        if (i == 0 || !series->points[i].is_oversubscribed) {
            x[n_points] = series->points[i].n_workers;
            y[n_points++] = median_of(&series->points[i]);
        }
    if (n_points > 0)
        *at_first = *intercept = y[0];
    if (n_points > 1) {
        gsl_fit_linear(x, 1, y, 1, n_points, intercept, slope, &unused, &unused, &unused, &unused);
        if (*slope < 0 || *intercept < 0) { /* within the noise: the same for all */
            *slope = 0;
            *intercept = y[0];
        }
    }
    sks_series_free(all, n);
    return SKS_OK;
}

static sks_status read_phases(sks_store *store, const sks_logged *logged, sks_work_load *load)
{
    double unused;
    sks_status status = read_phase(store, "startup", logged, &unused, &load->startup_s,
                                   &load->startup_per_worker_s);

    if (status == SKS_OK)
        status = read_phase(store, "prepare", logged, &load->prepare_s, &unused, &unused);
    if (status == SKS_OK)
        status = read_phase(store, "finish", logged, &load->finish_s, &unused, &unused);
    return status;
}

/* ---- How much longer tasks take with other worker counts. */

/* Busy time of all workers together; NaN: the series has no such worker count. */
static double busy_s(const sks_series *series, unsigned n_workers, bool with_least)
{
    for (size_t i = 0; i < series->n_points; i++) {
        sks_point *point = &series->points[i];

        if (point->n_workers == n_workers) {
            const double median_s = median_of(point); /* sorts them */

            return n_workers * (with_least ? point->seconds[0] : median_s);
        }
    }
    return NAN;
}

/* One rule's ratios to the worker count that the costs are from. */
static sks_status add_ratios(const sks_series *series, const sks_logged *logged, bool with_least,
                             sks_slow_downs *slow_downs)
{
    const double base_s = busy_s(series, logged->n_workers, with_least);
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && base_s > 0 && i < series->n_points; i++) {
        const unsigned n = series->points[i].n_workers;
        const double ratio = busy_s(series, n, with_least) / base_s;

        if (!series->points[i].is_oversubscribed && ratio > 0)
            status = sks_slow_downs_add(slow_downs, n, series->scheduler, ratio);
    }
    return status;
}

static sks_status read_slow_downs(sks_store *store, const sks_logged *logged, bool with_least,
                                  sks_slow_downs *slow_downs)
{
    sks_series *series = NULL;
    size_t n = 0;
    sks_status status = sks_store_series(store, "core", &series, &n);

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        if (is_of_same_work(&series[i], logged))
            status = add_ratios(&series[i], logged, with_least, slow_downs);
    sks_series_free(series, n);
    return status;
}

/* ---- All of it. */

static sks_status read_load(sks_store *store, const char *path, const sks_logged *logged,
                            bool with_least, sks_work_load *load)
{
    struct collector c = {.samples = {.n_tasks = logged->n_tasks, .with_least = with_least},
                          .sample = -1};
    sks_work_load l = {0};
    sks_status status = sks_store_each_chunk(store, logged, take_chunk, &c);

    if (status == SKS_OK)
        status = sks_cost_samples_close(&c.samples, path, &l);
    if (status == SKS_OK)
        status = read_phases(store, logged, &l);
    if (status == SKS_OK)
        status = read_slow_downs(store, logged, with_least, &l.slow_downs);
    l.kernel = strdup(logged->kernel);
    l.parameters = strdup(logged->parameters);
    l.executor = strdup(logged->executor);
    l.scheduler = strdup(logged->scheduler);
    l.n_workers = logged->n_workers;
    if (asprintf(&l.source, "median of %zu sample%s in %s: %s, %s, %u worker%s", c.samples.n,
                 c.samples.n == 1 ? "" : "s", path, logged->executor, logged->scheduler,
                 logged->n_workers, logged->n_workers == 1 ? "" : "s") < 0)
        l.source = NULL;
    if (status == SKS_OK && (l.kernel == NULL || l.parameters == NULL || l.executor == NULL ||
                             l.scheduler == NULL || l.source == NULL))
        status = sks_fail_nomem("the costs of tasks");
    sks_cost_samples_free(&c.samples);
    if (status != SKS_OK) {
        sks_work_load_clear(&l);
        return status;
    }
    *load = l;
    return SKS_OK;
}

sks_status sks_work_loads_of_campaign(const char *path, bool with_least, sks_work_load **loads,
                                      size_t *n)
{
    sks_store *store = NULL;
    sks_logged *logged = NULL;
    sks_work_load *made = NULL;
    size_t n_logged = 0;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_store_logged(store, &logged, &n_logged);
    if (status == SKS_OK && n_logged == 0)
        status = sks_fail(SKS_ERR_INPUT,
                          "%s: no chunks are recorded, so what tasks cost is not known; sweep with "
                          "\"record: chunks\"",
                          path);
    if (status == SKS_OK && (made = calloc(n_logged, sizeof(*made))) == NULL)
        status = sks_fail_nomem("the costs of tasks");
    for (size_t i = 0; status == SKS_OK && i < n_logged; i++)
        status = read_load(store, path, &logged[i], with_least, &made[i]);
    sks_store_close(store);
    sks_logged_free(logged, n_logged);
    if (status != SKS_OK) {
        sks_work_loads_free(made, n_logged);
        return status;
    }
    *loads = made;
    *n = n_logged;
    return SKS_OK;
}
