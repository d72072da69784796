#include "harness/measure/run.h"

#include "harness/measure/clock.h"
#include "harness/measure/shared_memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sks_status open_counters(const sks_configuration *configuration, sks_counters **counters)
{
    const char *source =
        configuration->counter_source != NULL ? configuration->counter_source : "auto";

    *counters = NULL;
    if (configuration->events == NULL || configuration->events[0] == '\0')
        return SKS_OK;
    return sks_counters_open(configuration->events, source, counters);
}

/* The names of events and sources outlive the counters: copies in one block. */
static sks_status copy_event_names(const sks_counters *counters, sks_record *record)
{
    size_t n = counters != NULL ? sks_counters_n(counters) : 0;
    size_t size = 0;
    char *to;

    for (size_t i = 0; i < n; i++)
        size +=
            strlen(sks_counters_event(counters, i)) + strlen(sks_counters_source(counters, i)) + 2;
    if (n == 0)
        return SKS_OK;
    to = record->owned = malloc(size);
    if (to == NULL)
        return sks_fail_nomem("event names");
    for (size_t i = 0; i < n; i++) {
        record->events[i] = to;
        to = stpcpy(to, sks_counters_event(counters, i)) + 1;
        record->event_sources[i] = to;
        to = stpcpy(to, sks_counters_source(counters, i)) + 1;
    }
    record->n_events = n;
    return SKS_OK;
}

/* The sum over the workers is only as good as the worst of them. */
static void sum_counts(sks_record *record)
{
    for (size_t e = 0; e < record->n_events; e++) {
        sks_count sum = {.quality = SKS_EXACT};

        for (unsigned w = 0; w < record->n_workers; w++) {
            const sks_count *count = &record->workers[w].counts[e];

            if (count->quality > sum.quality) {
                sum.quality = count->quality;
                memcpy(sum.reason, count->reason, sizeof(sum.reason));
            }
            sum.value += count->value;
        }
        if (sum.quality >= SKS_IMPLAUSIBLE)
            sum.value = NAN;
        record->counts[e] = sum;
    }
}

static void summarise_workers(sks_record *record)
{
    double most = 0.0, busy = 0.0, scheduling = 0.0;
    double first = INFINITY, last = -INFINITY;

    for (unsigned i = 0; i < record->n_workers; i++) {
        const sks_worker_record *w = &record->workers[i];

        record->n_chunks += w->n_chunks;
        busy += w->busy_s;
        scheduling += w->scheduling_s;
        most = fmax(most, w->busy_s);
        first = fmin(first, w->start_s);
        last = fmax(last, w->start_s);
    }
    record->imbalance = busy > 0.0 ? most * record->n_workers / busy - 1.0 : NAN;
    record->overhead_per_chunk_s =
        record->n_chunks > 0 ? scheduling / (double)record->n_chunks : NAN;
    record->start_skew_s = last - first;
    sum_counts(record);
}

static double probe_latency(const sks_configuration *configuration, const sks_place *places)
{
    if (!configuration->probes_latency || configuration->n_workers < 2 || places[0].pu < 0 ||
        places[1].pu < 0 || places[0].pu == places[1].pu)
        return NAN;
    return sks_core_latency(places[0].pu, places[1].pu);
}

/* A shared mapping where workers are processes of their own, the heap elsewhere. */
static sks_status allocate_results(const sks_configuration *configuration, size_t n_tasks,
                                   size_t result_size, void **results)
{
    size_t size_bytes;

    if (result_size > 0 && n_tasks > (SIZE_MAX - 128) / result_size)
        return sks_fail_nomem("the results");
    size_bytes = (n_tasks * result_size + 63) / 64 * 64 + 64;
    *results = configuration->executor->shares_memory ? sks_shared_alloc(size_bytes)
                                                      : aligned_alloc(64, size_bytes);
    return *results != NULL ? SKS_OK : sks_fail_nomem("the results");
}

static void free_results(const sks_configuration *configuration, void *results)
{
    if (configuration->executor->shares_memory)
        sks_shared_free(results);
    else
        free(results);
}

static sks_status create_logs(const sks_configuration *configuration, sks_record *record,
                              sks_job *job)
{
    const size_t wanted = configuration->log_capacity;
    sks_status status;

    if (wanted == 0)
        return SKS_OK;
    status = sks_chunk_logs_create(
        record->n_workers, wanted < record->n_tasks ? wanted : record->n_tasks, &record->logs);
    job->logs = record->logs;
    return status;
}

static void keep_report(const sks_loop_report *report, sks_record *record)
{
    record->machines = report->machines;
    memcpy(record->decision, report->decision, sizeof(record->decision));
    record->n_happened = report->n_happened;
    memcpy(record->happened, report->happened, sizeof(record->happened));
}

/* The timed part: prepare, loop, finish. */
static sks_status run_timed(const sks_configuration *configuration, sks_job *job,
                            sks_record *record)
{
    const sks_kernel *kernel = configuration->kernel;
    sks_loop_report report = {0};
    double begin = sks_now_s(), prepared, looped, end;
    sks_status status = kernel->prepare(configuration->parameters, &job->state);

    if (status != SKS_OK)
        return status;
    prepared = sks_now_s();
    record->n_tasks = kernel->task_count(job->state);
    if (kernel->deliver == NULL)
        status = allocate_results(configuration, record->n_tasks, kernel->result_size(job->state),
                                  &job->results);
    if (status == SKS_OK)
        status = create_logs(configuration, record, job);
    if (status == SKS_OK)
        status = configuration->executor->run(job, &report, record->workers);
    if (status != SKS_OK)
        return status;
    looped = sks_now_s();
    status = kernel->finish(job->state, job->results, &record->notes);
    if (status != SKS_OK)
        return status;
    end = sks_now_s();
    record->phases = (sks_phases){
        .prepare_s = prepared - begin,
        .startup_s = (looped - prepared) - report.parallel_s - report.join_s,
        .parallel_s = report.parallel_s,
        .finish_s = report.join_s + (end - looped),
        .total_s = end - begin,
    };
    keep_report(&report, record);
    return SKS_OK;
}

static sks_status check_rule(const sks_configuration *configuration, sks_record *record)
{
    const sks_loop loop = {
        .n_tasks = record->n_tasks,
        .n_workers = record->n_workers,
        .options = configuration->scheduler_options,
    };

    if (record->n_happened > 0) {
        snprintf(
            record->rule.text, sizeof(record->rule.text),
            "workers died: what they had begun is in no log, and was handed out again in other "
            "pieces than the rule's");
        return SKS_OK;
    }
    return sks_rule_check_logs(configuration->scheduler, &loop, record->logs,
                               configuration->executor->joins_chunks, &record->rule);
}

static sks_status check_and_identify(const sks_configuration *configuration, const void *state,
                                     sks_record *record)
{
    const sks_kernel *kernel = configuration->kernel;
    sks_status status = kernel->verify != NULL ? kernel->verify(state) : SKS_OK;

    if (status == SKS_OK && !configuration->skips_digest)
        status = kernel->digest(state, &record->digest);
    record->work = kernel->work(state);
    return status;
}

sks_status sks_run(const sks_configuration *configuration, const sks_topology *topology,
                   sks_record *record)
{
    unsigned n = configuration->n_workers;
    sks_record r = {.n_workers = n, .is_simulated_binding = sks_topology_is_simulated(topology)};
    sks_place *places = calloc(n, sizeof(*places));
    sks_counters *counters = NULL;
    sks_noise_mark mark;
    double latency;
    sks_job job = {
        .kernel = configuration->kernel,
        .scheduler = configuration->scheduler,
        .scheduler_options = configuration->scheduler_options,
        .n_workers = n,
        .topology = topology,
        .places = places,
        .cancel = &sks_cancel,
        .parameters = configuration->parameters,
        .binding = configuration->binding,
    };
    sks_status status;

    *record = (sks_record){0};
    r.workers = calloc(n, sizeof(*r.workers));
    if (places == NULL || r.workers == NULL) {
        status = sks_fail_nomem("workers");
        goto out;
    }
    status = sks_values_check_files(configuration->parameters);
    if (status != SKS_OK)
        goto out;
    status = sks_executor_check(configuration->executor, configuration->scheduler,
                                configuration->scheduler_options, n);
    if (status == SKS_OK)
        status =
            sks_place_workers(topology, configuration->binding, n, places, &r.is_oversubscribed);
    if (status == SKS_OK)
        status = open_counters(configuration, &counters);
    if (status == SKS_OK)
        status = copy_event_names(counters, &r);
    if (status != SKS_OK)
        goto out;
    job.counters = counters;

    latency = probe_latency(configuration, places);
    sks_noise_begin(&mark);
    status = run_timed(configuration, &job, &r);
    sks_noise_end(&mark, &r.noise);
    r.noise.latency_before_s = latency;
    if (status == SKS_OK) {
        r.noise.latency_after_s = probe_latency(configuration, places);
        summarise_workers(&r);
        status = check_rule(configuration, &r);
    }
    if (status == SKS_OK)
        status = check_and_identify(configuration, job.state, &r);
out:
    configuration->kernel->teardown(job.state);
    free_results(configuration, job.results);
    sks_counters_close(counters);
    free(places);
    if (status != SKS_OK) {
        sks_record_clear(&r);
        return status;
    }
    *record = r;
    return SKS_OK;
}

void sks_record_clear(sks_record *record)
{
    free(record->workers);
    sks_chunk_logs_destroy(record->logs);
    free(record->machines);
    free(record->owned);
    *record = (sks_record){0};
}
