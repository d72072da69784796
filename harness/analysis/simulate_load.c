#include "harness/analysis/simulate_load.h"

#include "harness/measure/schedule_file.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sks_work_load_clear(sks_work_load *load)
{
    free(load->kernel);
    free(load->parameters);
    free(load->source);
    free(load->executor);
    free(load->scheduler);
    free(load->sums);
    sks_slow_downs_clear(&load->slow_downs);
    *load = (sks_work_load){0};
}

void sks_work_loads_free(sks_work_load *loads, size_t n)
{
    for (size_t i = 0; loads != NULL && i < n; i++)
        sks_work_load_clear(&loads[i]);
    free(loads);
}

double sks_work_load_total_s(const sks_work_load *load)
{
    return sks_range_cost_s(&load->costs, (sks_range){0, load->costs.n_tasks});
}

double sks_work_load_serial_s(const sks_work_load *load, unsigned n_workers)
{
    return load->startup_s + n_workers * load->startup_per_worker_s + load->prepare_s +
           load->finish_s;
}

/* ---- From samples. */

sks_status sks_cost_samples_begin(sks_cost_samples *samples)
{
    double *seconds = malloc((samples->n_tasks + 1) * sizeof(*seconds));

    if (seconds == NULL)
        return sks_fail_nomem("the costs of tasks");
    for (size_t i = 0; i < samples->n_tasks; i++)
        seconds[i] = NAN;
    samples->seconds[samples->n++] = seconds;
    return SKS_OK;
}

sks_status sks_cost_samples_add(sks_cost_samples *samples, sks_range tasks, double seconds)
{
    double *to = samples->seconds[samples->n - 1];

    if (tasks.begin >= tasks.end || tasks.end > samples->n_tasks)
        return sks_fail(SKS_ERR_INPUT, "a chunk of the tasks %zu to %zu, of %zu", tasks.begin,
                        tasks.end, samples->n_tasks);
    for (size_t i = tasks.begin; i < tasks.end; i++)
        to[i] = seconds / (double)(tasks.end - tasks.begin);
    return SKS_OK;
}

void sks_cost_samples_free(sks_cost_samples *samples)
{
    for (size_t s = 0; s < samples->n; s++)
        free(samples->seconds[s]);
    *samples = (sks_cost_samples){0};
}

static double median_cost(const sks_cost_samples *samples, size_t task)
{
    double seconds[SKS_MAX_COST_SAMPLES];

    for (size_t s = 0; s < samples->n; s++)
        seconds[s] = samples->seconds[s][task];
    gsl_sort(seconds, 1, samples->n);
    return gsl_stats_median_from_sorted_data(seconds, 1, samples->n);
}

/* What the costs are to add up to: the header says why it is not the sum of their medians. */
static double typical_total(const sks_cost_samples *samples)
{
    double totals[SKS_MAX_COST_SAMPLES] = {0};

    for (size_t s = 0; s < samples->n; s++)
        for (size_t i = 0; i < samples->n_tasks; i++)
            totals[s] += samples->seconds[s][i];
    gsl_sort(totals, 1, samples->n);
    return samples->with_least ? totals[0]
                               : gsl_stats_median_from_sorted_data(totals, 1, samples->n);
}

/* Mean, spread and longest of the costs that `sums` add up. */
static void describe_costs(sks_work_load *load)
{
    const size_t n = load->costs.n_tasks;
    double squares = 0;

    if (n == 0)
        return;
    load->mean_s = load->sums[n] / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double cost = load->sums[i + 1] - load->sums[i];

        squares += (cost - load->mean_s) * (cost - load->mean_s);
        load->longest_s = fmax(load->longest_s, cost);
    }
    load->sd_s = sqrt(squares / (double)n);
    if (load->sd_s < 1e-9 * load->mean_s) /* the rounding of the sums */
        load->sd_s = 0;
}

/* Gives the load an empty table for n_tasks tasks. */
static sks_status make_table(size_t n_tasks, sks_work_load *load)
{
    load->sums = calloc(n_tasks + 1, sizeof(*load->sums));
    if (load->sums == NULL)
        return sks_fail_nomem("the costs of tasks");
    load->costs = (sks_cost_sums){.n_tasks = n_tasks, .sum_s = load->sums};
    return SKS_OK;
}

sks_status sks_cost_samples_close(const sks_cost_samples *samples, const char *source,
                                  sks_work_load *load)
{
    sks_status status = make_table(samples->n_tasks, load);

    for (size_t i = 0; status == SKS_OK && i < samples->n_tasks; i++) {
        for (size_t s = 0; s < samples->n; s++)
            if (isnan(samples->seconds[s][i]))
                return sks_fail(SKS_ERR_INPUT, "%s: no chunk holds task %zu: the log was too small",
                                source, i);
        load->sums[i + 1] = load->sums[i] + median_cost(samples, i);
    }
    if (status == SKS_OK) {
        const double sum_of_medians = load->sums[samples->n_tasks];
        const double factor =
            sum_of_medians > 0 ? typical_total(samples) / sum_of_medians : 1; /* else all are 0 */

        for (size_t i = 0; i < samples->n_tasks; i++)
            load->sums[i + 1] *= factor;
        load->n_samples = samples->n;
        describe_costs(load);
    }
    return status;
}

/* ---- From a distribution. */

sks_status sks_work_load_draw(const sks_task_costs *costs, sks_work_load *load)
{
    sks_work_load l = {0};
    sks_status status = make_table(costs->n_tasks, &l);

    for (size_t i = 0; status == SKS_OK && i < costs->n_tasks; i++)
        l.sums[i + 1] = l.sums[i] + 1e-6 * sks_task_cost_us(costs, i);
    l.kernel = strdup(sks_cost_distribution_name[costs->distribution]);
    if (asprintf(&l.parameters, "tasks=%zu,mean=%.6g,cv=%.6g,seed=%llu", costs->n_tasks,
                 1e-6 * costs->mean_us, costs->spread, (unsigned long long)costs->seed) < 0)
        l.parameters = NULL;
    l.source = strdup("drawn from a distribution");
    if (status == SKS_OK && (l.kernel == NULL || l.parameters == NULL || l.source == NULL))
        status = sks_fail_nomem("the costs of tasks");
    if (status != SKS_OK) {
        sks_work_load_clear(&l);
        return status;
    }
    describe_costs(&l);
    *load = l;
    return SKS_OK;
}

/* ---- From a recorded schedule. */

static sks_status collect_schedule(const char *path, const sks_schedule *schedule,
                                   sks_work_load *load)
{
    sks_cost_samples samples = {.n_tasks = schedule->n_tasks};
    sks_status status = sks_cost_samples_begin(&samples);

    for (size_t i = 0; status == SKS_OK && i < schedule->n; i++) {
        const sks_schedule_chunk *c = &schedule->chunk[i];

        if (isnan(c->start_s) || isnan(c->end_s))
            status = sks_fail(SKS_ERR_INPUT, "%s: chunk %zu has no times", path, i + 1);
        else
            status = sks_cost_samples_add(&samples, c->tasks, fmax(0.0, c->end_s - c->start_s));
    }
    if (status == SKS_OK)
        status = sks_cost_samples_close(&samples, path, load);
    sks_cost_samples_free(&samples);
    return status;
}

sks_status sks_work_load_read(const char *schedule_path, sks_work_load *load)
{
    sks_schedule schedule = {0};
    sks_work_load l = {0};
    sks_status status = sks_schedule_read(schedule_path, &schedule);

    if (status != SKS_OK)
        return status;
    status = collect_schedule(schedule_path, &schedule, &l);
    /* "null, threads, guided:chunk=1": the kernel, and how it ran. */
    l.kernel = strndup(schedule.title, strcspn(schedule.title, ","));
    l.parameters = strdup("");
    if (asprintf(&l.source, "recorded in %s: %s, %u worker%s", schedule_path,
                 schedule.title[0] != '\0' ? schedule.title : "kernel not known",
                 schedule.n_workers, schedule.n_workers == 1 ? "" : "s") < 0)
        l.source = NULL;
    if (status == SKS_OK && (l.kernel == NULL || l.parameters == NULL || l.source == NULL))
        status = sks_fail_nomem("the costs of tasks");
    sks_schedule_clear(&schedule);
    if (status != SKS_OK) {
        sks_work_load_clear(&l);
        return status;
    }
    *load = l;
    return SKS_OK;
}
