/* Task costs from runs made for the purpose: one worker, a chunk for each task. */
#include "harness/analysis/simulate_load.h"

#include "harness/measure/run.h"
#include "harness/sweep/plan_parts.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy whose products nobody asked for go nowhere. */
static sks_status without_products(const sks_values *parameters, sks_values **copy)
{
    sks_values *values = NULL;
    sks_status status = sks_values_copy(parameters, &values);

    if (status != SKS_OK)
        return status;
    for (const sks_param *p = sks_values_table(values); status == SKS_OK && p->name != NULL; p++)
        if (p->type == SKS_OUTPUT && (p->is_required || p->default_text != NULL) &&
            !sks_values_was_given(values, p->name))
            status = sks_values_set(values, p->name, "/dev/null", p->name);
    if (status != SKS_OK) {
        sks_values_destroy(values);
        return status;
    }
    *copy = values;
    return SKS_OK;
}

/* What is kept of the runs. */
struct runs {
    sks_cost_samples samples;
    double startup_s[SKS_MAX_COST_SAMPLES], prepare_s[SKS_MAX_COST_SAMPLES],
        finish_s[SKS_MAX_COST_SAMPLES];
};

static sks_status keep_run(const sks_record *record, struct runs *runs)
{
    const size_t i = runs->samples.n;
    const sks_chunk_log *log = &record->logs[0];
    sks_status status;

    runs->samples.n_tasks = record->n_tasks;
    runs->startup_s[i] = record->phases.startup_s;
    runs->prepare_s[i] = record->phases.prepare_s;
    runs->finish_s[i] = record->phases.finish_s;
    status = sks_cost_samples_begin(&runs->samples);
    for (size_t k = 0; status == SKS_OK && k < log->n; k++)
        status =
            sks_cost_samples_add(&runs->samples, log->chunk[k].tasks,
                                 1e-9 * (double)(log->chunk[k].end_ns - log->chunk[k].start_ns));
    return status;
}

static sks_status make_runs(const sks_configuration *configuration, unsigned n_runs,
                            struct runs *runs)
{
    sks_topology *topology = NULL;
    sks_status status = sks_topology_load(NULL, &topology);

    for (unsigned i = 0; status == SKS_OK && i < n_runs; i++) {
        sks_record record;

        status = sks_run(configuration, topology, &record);
        if (status != SKS_OK)
            break;
        status = keep_run(&record, runs);
        sks_record_clear(&record);
    }
    sks_topology_destroy(topology);
    return status;
}

static double median(double *x, size_t n)
{
    gsl_sort(x, 1, n);
    return gsl_stats_median_from_sorted_data(x, 1, n);
}

static sks_status describe_runs(const sks_kernel *kernel, const sks_values *parameters,
                                struct runs *runs, sks_work_load *load)
{
    const size_t n = runs->samples.n;
    sks_status status = sks_cost_samples_close(&runs->samples, kernel->name, load);

    load->startup_s = median(runs->startup_s, n);
    load->prepare_s = median(runs->prepare_s, n);
    load->finish_s = median(runs->finish_s, n);
    load->kernel = strdup(kernel->name);
    if (status == SKS_OK)
        status = sks_plan_values_text(parameters, NULL, &load->parameters);
    if (asprintf(&load->source, "median of %zu run%s with one worker on this machine", n,
                 n == 1 ? "" : "s") < 0)
        load->source = NULL;
    if (status == SKS_OK && (load->kernel == NULL || load->source == NULL))
        status = sks_fail_nomem("the costs of tasks");
    return status;
}

sks_status sks_work_load_run(const sks_kernel *kernel, const sks_values *parameters,
                             unsigned n_runs, sks_work_load *load)
{
    struct runs runs = {0};
    sks_work_load l = {0};
    sks_values *placed = NULL, *options = NULL;
    sks_configuration c = {
        .kernel = kernel,
        .executor = sks_executor_table[0],
        .n_workers = 1,
        .binding = "cores",
        .skips_digest = true,
        .log_capacity = SIZE_MAX,
    };
    sks_status status = without_products(parameters, &placed);

    c.parameters = placed;
    if (status == SKS_OK)
        status = sks_scheduler_parse("dynamic:chunk=1", &c.scheduler, &options);
    c.scheduler_options = options;
    if (status == SKS_OK)
        status =
            make_runs(&c, n_runs < SKS_MAX_COST_SAMPLES ? n_runs : SKS_MAX_COST_SAMPLES, &runs);
    if (status == SKS_OK)
        status = describe_runs(kernel, parameters, &runs, &l);
    sks_cost_samples_free(&runs.samples);
    sks_values_destroy(options);
    sks_values_destroy(placed);
    if (status != SKS_OK) {
        sks_work_load_clear(&l);
        return status;
    }
    *load = l;
    return SKS_OK;
}
