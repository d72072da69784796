#include "harness/analysis/simulate_check.h"

#include "harness/analysis/statistics.h"
#include "harness/sweep/store.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void sks_simulation_check_clear(sks_simulation_check *check)
{
    for (size_t i = 0; i < check->n; i++) {
        free(check->row[i].kernel);
        free(check->row[i].parameters);
        free(check->row[i].executor);
        free(check->row[i].scheduler);
    }
    free(check->row);
    free(check->by_workers);
    free(check->by_kernel);
    *check = (sks_simulation_check){0};
}

static const sks_work_load *find_load(const sks_work_load *loads, size_t n,
                                      const sks_series *series)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(loads[i].kernel, series->kernel) == 0 &&
            strcmp(loads[i].parameters, series->parameters) == 0 &&
            strcmp(loads[i].executor, series->executor) == 0)
            return &loads[i];
    return NULL;
}

static sks_status append(sks_simulation_check *check, const sks_series *series,
                         const sks_check_row *values)
{
    sks_check_row *grown = realloc(check->row, (check->n + 1) * sizeof(*grown));
    sks_check_row *row;

    if (grown == NULL)
        return sks_fail_nomem("a comparison");
    check->row = grown;
    row = &check->row[check->n++];
    *row = *values;
    row->kernel = strdup(series->kernel);
    row->parameters = strdup(series->parameters);
    row->executor = strdup(series->executor);
    row->scheduler = strdup(series->scheduler);
    if (row->kernel == NULL || row->parameters == NULL || row->executor == NULL ||
        row->scheduler == NULL)
        return sks_fail_nomem("a comparison");
    return SKS_OK;
}

/* Simulates with all workers slowed down alike. */
static sks_status simulate_slowed(sks_simulation *simulation, double slow_down,
                                  sks_simulated *result)
{
    double *speeds = calloc(simulation->n_workers, sizeof(*speeds));
    sks_status status = speeds != NULL ? SKS_OK : sks_fail_nomem("a simulation");

    for (unsigned w = 0; speeds != NULL && w < simulation->n_workers; w++)
        speeds[w] = 1 / slow_down;
    simulation->speeds = speeds;
    if (status == SKS_OK)
        status = sks_simulate(simulation, result);
    simulation->speeds = NULL;
    free(speeds);
    return status;
}

static sks_status check_point(const sks_series *series, const sks_point *point,
                              const sks_work_load *load, sks_simulation *simulation,
                              bool with_least, sks_simulation_check *check)
{
    sks_check_row row = {
        .n_workers = point->n_workers,
        .n_samples = point->n,
        .is_source =
            point->n_workers == load->n_workers && strcmp(series->scheduler, load->scheduler) == 0,
        .slow_down = sks_slow_down_factor(&load->slow_downs, point->n_workers, series->scheduler),
    };
    sks_simulated result;
    sks_status status;

    simulation->n_workers = point->n_workers;
    status = simulate_slowed(simulation, row.slow_down, &result);
    if (status != SKS_OK)
        return status;
    gsl_sort(point->seconds, 1, point->n);
    row.measured_s = with_least ? point->seconds[0] : sks_median(point->seconds, point->n);
    row.simulated_s = result.makespan_s;
    row.error = row.simulated_s / row.measured_s - 1;
    return append(check, series, &row);
}

static sks_status check_series(const sks_series *series, const sks_work_load *load,
                               const sks_claim_model *claims, bool with_least,
                               sks_simulation_check *check)
{
    const sks_scheduler *scheduler;
    sks_values *options = NULL;
    sks_simulation simulation = {.costs = &load->costs};
    sks_status status = sks_scheduler_parse(series->scheduler, &scheduler, &options);

    if (status == SKS_OK)
        status = sks_claim_model_apply(claims, scheduler, options, &simulation.claims);
    simulation.scheduler = scheduler;
    simulation.options = options;
    for (size_t i = 0; status == SKS_OK && i < series->n_points; i++)
        if (!series->points[i].is_oversubscribed)
            status = check_point(series, &series->points[i], load, &simulation, with_least, check);
    sks_values_destroy(options);
    return status;
}

static bool is_in_group(const sks_check_row *row, const sks_check_group *group)
{
    return !row->is_source && (group->kernel == NULL || strcmp(group->kernel, row->kernel) == 0) &&
           (group->n_workers == 0 || group->n_workers == row->n_workers);
}

/* Counts the rows and finds the median of their errors; errors[check->n] is for its use. */
static void fill_group(const sks_simulation_check *check, double *errors, sks_check_group *group)
{
    group->n = 0;
    for (size_t i = 0; i < check->n; i++)
        if (is_in_group(&check->row[i], group))
            errors[group->n++] = fabs(check->row[i].error);
    gsl_sort(errors, 1, group->n);
    group->median_error = group->n > 0 ? sks_median(errors, group->n) : NAN;
}

/* A group for each kernel, or for each worker count, that the rows have. groups[check->n]. */
static size_t make_groups(const sks_simulation_check *check, bool by_kernel, double *errors,
                          sks_check_group *groups)
{
    size_t n = 0;

    for (size_t i = 0; i < check->n; i++) {
        const sks_check_row *row = &check->row[i];
        size_t g = 0;

        while (g < n && !is_in_group(row, &groups[g]))
            g++;
        if (g < n || row->is_source)
            continue;
        groups[n] = (sks_check_group){.kernel = by_kernel ? row->kernel : NULL,
                                      .n_workers = by_kernel ? 0 : row->n_workers};
        fill_group(check, errors, &groups[n++]);
    }
    return n;
}

static int compare_workers(const void *a, const void *b)
{
    const unsigned x = ((const sks_check_group *)a)->n_workers;
    const unsigned y = ((const sks_check_group *)b)->n_workers;

    return (x > y) - (x < y);
}

static sks_status summarise(const char *path, sks_simulation_check *check)
{
    double *errors = calloc(check->n + 1, sizeof(*errors));
    sks_check_group all = {0};

    check->by_workers = calloc(check->n + 1, sizeof(*check->by_workers));
    check->by_kernel = calloc(check->n + 1, sizeof(*check->by_kernel));
    if (errors == NULL || check->by_workers == NULL || check->by_kernel == NULL) {
        free(errors);
        return sks_fail_nomem("a comparison");
    }
    fill_group(check, errors, &all);
    check->n_foretold = all.n;
    check->median_error = all.median_error;
    check->n_by_workers = make_groups(check, false, errors, check->by_workers);
    qsort(check->by_workers, check->n_by_workers, sizeof(*check->by_workers), compare_workers);
    check->n_by_kernel = make_groups(check, true, errors, check->by_kernel);
    free(errors);
    return check->n > 0
               ? SKS_OK
               : sks_fail(SKS_ERR_INPUT,
                          "%s: no measured point that a simulation can be held against", path);
}

sks_status sks_simulation_check_run(const char *path, const sks_work_load *loads, size_t n_loads,
                                    const sks_claim_model *claims, bool with_least,
                                    sks_simulation_check *check)
{
    sks_simulation_check c = {0};
    sks_store *store = NULL;
    sks_series *series = NULL;
    size_t n = 0;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_store_series(store, "parallel", &series, &n);
    sks_store_close(store);
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        const sks_work_load *load = find_load(loads, n_loads, &series[i]);

        if (load != NULL && !series[i].is_weak)
            status = check_series(&series[i], load, claims, with_least, &c);
    }
    sks_series_free(series, n);
    if (status == SKS_OK)
        status = summarise(path, &c);
    if (status != SKS_OK) {
        sks_simulation_check_clear(&c);
        return status;
    }
    *check = c;
    return SKS_OK;
}

/* NULL when out of memory. */
static json_t *groups_json(const sks_check_group *groups, size_t n)
{
    json_t *array = json_array();
    int failed = array == NULL;

    for (size_t i = 0; !failed && i < n; i++) {
        const sks_check_group *g = &groups[i];
        json_t *group = g->kernel != NULL ? json_pack("{s:s}", "kernel", g->kernel)
                                          : json_pack("{s:i}", "workers", (int)g->n_workers);

        failed =
            json_object_set_new(group, "points", json_integer((json_int_t)g->n)) != 0 ||
            json_object_set_new(group, "median_absolute_error", json_real(g->median_error)) != 0;
        failed = json_array_append_new(array, group) != 0 || failed;
    }
    if (!failed)
        return array;
    json_decref(array);
    return NULL;
}

sks_status sks_simulation_check_to_json(const sks_simulation_check *check, json_t **json)
{
    json_t *rows = json_array(), *made;
    int failed = rows == NULL;

    for (size_t i = 0; !failed && i < check->n; i++) {
        const sks_check_row *r = &check->row[i];

        failed = json_array_append_new(
            rows, json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:b, s:f, s:f, s:f, s:f}", "kernel",
                            r->kernel, "parameters", r->parameters, "executor", r->executor,
                            "scheduler", r->scheduler, "workers", (int)r->n_workers, "samples",
                            (json_int_t)r->n_samples, "is_source", r->is_source, "slow_down",
                            r->slow_down, "measured_s", r->measured_s, "simulated_s",
                            r->simulated_s, "error", r->error));
    }
    made = json_pack("{s:o, s:I, s:o, s:o, s:o}", "rows", rows, "foretold",
                     (json_int_t)check->n_foretold, "median_absolute_error",
                     isnan(check->median_error) ? json_null() : json_real(check->median_error),
                     "by_workers", groups_json(check->by_workers, check->n_by_workers), "by_kernel",
                     groups_json(check->by_kernel, check->n_by_kernel));
    if (failed || made == NULL) {
        json_decref(made);
        return sks_fail_nomem("JSON, or a name that is not UTF-8");
    }
    *json = made;
    return SKS_OK;
}
