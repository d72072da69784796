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

static sks_status check_point(const sks_series *series, const sks_point *point,
                              sks_simulation *simulation, bool with_least,
                              sks_simulation_check *check)
{
    sks_check_row row = {.n_workers = point->n_workers, .n_samples = point->n};
    sks_simulated result;
    sks_status status;

    simulation->n_workers = point->n_workers;
    status = sks_simulate(simulation, &result);
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
            status = check_point(series, &series->points[i], &simulation, with_least, check);
    sks_values_destroy(options);
    return status;
}

static sks_status summarise(const char *path, sks_simulation_check *check)
{
    double *errors = calloc(check->n + 1, sizeof(*errors));

    if (errors == NULL)
        return sks_fail_nomem("a comparison");
    for (size_t i = 0; i < check->n; i++)
        errors[i] = fabs(check->row[i].error);
    gsl_sort(errors, 1, check->n);
    check->median_error = check->n > 0 ? sks_median(errors, check->n) : NAN;
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

sks_status sks_simulation_check_to_json(const sks_simulation_check *check, json_t **json)
{
    json_t *rows = json_array(), *made;
    int failed = rows == NULL;

    for (size_t i = 0; !failed && i < check->n; i++) {
        const sks_check_row *r = &check->row[i];

        failed = json_array_append_new(
            rows, json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:f, s:f, s:f}", "kernel", r->kernel,
                            "parameters", r->parameters, "executor", r->executor, "scheduler",
                            r->scheduler, "workers", (int)r->n_workers, "samples",
                            (json_int_t)r->n_samples, "measured_s", r->measured_s, "simulated_s",
                            r->simulated_s, "error", r->error));
    }
    made = json_pack("{s:o, s:f}", "rows", rows, "median_absolute_error", check->median_error);
    if (failed || made == NULL) {
        json_decref(made);
        return sks_fail_nomem("JSON, or a name that is not UTF-8");
    }
    *json = made;
    return SKS_OK;
}
