#include "harness/analysis/simulate_claims.h"

#include "harness/measure/clock.h"
#include "harness/measure/run.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_PROBES = 9,     /* of the latency */
    MAX_PROBES = 100, /* that may be tried */
    N_RUNS = 7,       /* of each measurement, the least of which counts */
    N_EMPTY = 20000,  /* tasks of next to nothing */
    N_STEPS = 300,    /* in each of them: some tenths of a microsecond */
    N_VIRTUAL = 64,   /* workers of the loop that one thread plays */
    N_CLAIMS = 20000, /* least number of claims to time */
    N_LOOP_TASKS = 50000,
};

static const sks_param memory_params[] = {
    {.name = "own", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3},
    {.name = "transfer", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3},
    {.name = "service", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3},
    {.name = "theft", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3},
    {0},
};

static const sks_param coordinator_params[] = {
    {.name = "latency", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3, .is_required = true},
    {.name = "service", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3, .is_required = true},
    {.name = "own", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e3},
    {0},
};

static double real_or_nan(const sks_values *values, const char *name)
{
    return sks_values_has(values, name) ? sks_values_real(values, name) : NAN;
}

static void read_model(const sks_values *values, sks_claim_model *m)
{
    m->own_s = real_or_nan(values, "own");
    m->service_s = real_or_nan(values, "service");
    m->transfer_s = m->theft_s = m->latency_s = NAN;
    if (m->has_coordinator) {
        m->latency_s = sks_values_real(values, "latency");
        return;
    }
    m->transfer_s = real_or_nan(values, "transfer");
    m->theft_s = real_or_nan(values, "theft");
}

sks_status sks_claim_model_parse(const char *text, const char *where, sks_claim_model *model)
{
    const size_t length = strcspn(text, ":");
    sks_claim_model m = {.harness_s = NAN};
    sks_values *values = NULL;
    sks_status status;

    m.has_coordinator =
        length == strlen("coordinator") && strncmp(text, "coordinator", length) == 0;
    if (!m.has_coordinator && (length != strlen("memory") || strncmp(text, "memory", length) != 0))
        return sks_fail(SKS_ERR_USAGE,
                        "%s: \"%s\" is none of: memory[:own=S,transfer=S,service=S,theft=S], "
                        "coordinator:latency=S,service=S[,own=S]",
                        where, text);
    status = sks_values_create(m.has_coordinator ? coordinator_params : memory_params, &values);
    if (status == SKS_OK && text[length] == ':')
        status = sks_values_set_list(values, text + length + 1, where);
    if (status == SKS_OK)
        status = sks_values_complete(values, "--claims ");
    if (status == SKS_OK) {
        read_model(values, &m);
        *model = m;
    }
    sks_values_destroy(values);
    return status;
}

/* ---- Measuring: a kernel of almost empty tasks, through a live executor with one worker. */

static sks_status empty_prepare(const sks_values *values, void **state)
{
    static char nothing;

    (void)values;
    *state = &nothing;
    return SKS_OK;
}

static size_t empty_task_count(const void *state)
{
    (void)state;
    return N_EMPTY;
}

static size_t empty_result_size(const void *state)
{
    (void)state;
    return 1;
}

/* A chain of dependent steps: next to nothing to do, the processor would work on one claim while it
 * is still busy with another, which it cannot when there are tasks between them. */
static sks_status empty_run(const void *state, void *scratch, sks_range tasks, void *results)
{
    uint64_t x = tasks.begin;

    (void)state;
    (void)scratch;
    for (size_t i = 0; i < (tasks.end - tasks.begin) * N_STEPS; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    memcpy(results, &x, 1); /* so that no step can be left out */
    return SKS_OK;
}

static sks_status empty_finish(void *state, const void *results, sks_notes *notes)
{
    (void)state;
    (void)results;
    (void)notes;
    return SKS_OK;
}

static sks_work empty_work(const void *state)
{
    (void)state;
    return (sks_work){0, 0};
}

static void empty_teardown(void *state)
{
    (void)state;
}

static const sks_kernel empty_kernel = {
    .name = "empty",
    .prepare = empty_prepare,
    .task_count = empty_task_count,
    .result_size = empty_result_size,
    .run = empty_run,
    .finish = empty_finish,
    .work = empty_work,
    .teardown = empty_teardown,
};

/* Time per chunk that a worker spends outside the kernel, of the rule's next() too. */
static sks_status measure_dispatch(const sks_scheduler *scheduler, const sks_values *options,
                                   const sks_topology *topology, bool with_log, double *seconds)
{
    sks_values *none = NULL;
    sks_configuration c = {
        .kernel = &empty_kernel,
        .executor = sks_executor_table[0], /* the one every other is checked against */
        .scheduler = scheduler,
        .scheduler_options = options,
        .n_workers = 1,
        .binding = "cores",
        .skips_digest = true,
        .log_capacity = with_log ? SIZE_MAX : 0,
    };
    double least = INFINITY;
    sks_status status = sks_values_create(NULL, &none);

    c.parameters = none;
    for (int i = 0; status == SKS_OK && i < N_RUNS; i++) {
        sks_record record;

        status = sks_run(&c, topology, &record);
        if (status != SKS_OK)
            break;
        least = fmin(least, record.overhead_per_chunk_s);
        sks_record_clear(&record);
    }
    sks_values_destroy(none);
    if (status == SKS_OK)
        *seconds = least;
    return status;
}

/* One thread plays all workers of a loop, in turn; adds the claims it made. */
/* Not to its end when a rule hands out more chunks than there are tasks. */
static void play_loop(const sks_scheduler *scheduler, void *state, size_t *n_claims)
{
    bool is_over[N_VIRTUAL] = {false};
    const size_t most = *n_claims + N_LOOP_TASKS + N_VIRTUAL;

    for (unsigned n_over = 0; n_over < N_VIRTUAL && *n_claims <= most;)
        for (unsigned w = 0; w < N_VIRTUAL; w++) {
            sks_range tasks;

            if (is_over[w])
                continue;
            ++*n_claims;
            if (!scheduler->next(state, w, &tasks)) {
                is_over[w] = true;
                n_over++;
            } else if (scheduler->done != NULL) {
                scheduler->done(state, w, tasks, 1e-6 * (double)(tasks.end - tasks.begin));
            }
        }
}

/* Time of next() and done() together: that of all claims by their number, in the quickest of some
 * series of loops. */
static sks_status measure_next(const sks_scheduler *scheduler, const sks_values *options,
                               double *seconds)
{
    const sks_loop loop = {.n_tasks = N_LOOP_TASKS, .n_workers = N_VIRTUAL, .options = options};
    double least = INFINITY;

    for (int i = 0; i < N_RUNS; i++) {
        size_t n_claims = 0;
        double spent_s = 0;

        while (n_claims < N_CLAIMS) {
            void *state;
            double begin_s;
            sks_status status = sks_scheduler_start(scheduler, &loop, &state);

            if (status != SKS_OK)
                return status;
            begin_s = sks_now_s();
            play_loop(scheduler, state, &n_claims);
            spent_s += sks_now_s() - begin_s;
            free(state);
        }
        least = fmin(least, spent_s / (double)n_claims);
    }
    *seconds = least;
    return SKS_OK;
}

/* What comes on top of next() and done() for each chunk. */
static sks_status measure_harness(const sks_topology *topology, bool with_log, double *seconds)
{
    const sks_scheduler *scheduler;
    sks_values *options = NULL;
    double dispatch_s = 0, next_s = 0;
    /* Chunks of one task, or there would not be enough of them with one worker. */
    sks_status status = sks_scheduler_parse("dynamic", &scheduler, &options);

    if (status == SKS_OK)
        status = measure_dispatch(scheduler, options, topology, with_log, &dispatch_s);
    if (status == SKS_OK)
        status = measure_next(scheduler, options, &next_s);
    sks_values_destroy(options);
    if (status == SKS_OK)
        *seconds = fmax(0.0, dispatch_s - next_s);
    return status;
}

/* A probe fails while other programs keep the two cores busy: then others are made. */
static sks_status measure_transfer(const sks_topology *topology, double *seconds)
{
    double latency_s[N_PROBES];
    size_t n = 0;
    sks_place places[2] = {{-1, -1, -1, -1}, {-1, -1, -1, -1}};
    bool is_oversubscribed = false;
    sks_status status = sks_place_workers(topology, "cores", 2, places, &is_oversubscribed);

    if (status != SKS_OK)
        return status;
    for (int i = 0; i < MAX_PROBES && n < N_PROBES && !is_oversubscribed; i++) {
        latency_s[n] = sks_core_latency(places[0].pu, places[1].pu);
        n += !isnan(latency_s[n]);
    }
    if (n == 0)
        return sks_fail(SKS_ERR_USAGE,
                        "the latency from core to core cannot be measured: %s; give it: "
                        "--claims memory:transfer=SECONDS",
                        is_oversubscribed ? "there is one core" : "the machine is too busy");
    gsl_sort(latency_s, 1, n);
    *seconds = gsl_stats_median_from_sorted_data(latency_s, 1, n);
    return SKS_OK;
}

sks_status sks_claim_model_measure(sks_claim_model *model, bool with_log)
{
    sks_claim_model m = *model;
    sks_topology *topology = NULL;
    sks_status status = SKS_OK;

    m.is_own_measured = isnan(m.own_s);
    m.is_transfer_measured = !m.has_coordinator && isnan(m.transfer_s);
    if (m.is_own_measured || m.is_transfer_measured)
        status = sks_topology_load(NULL, &topology);
    if (status == SKS_OK && m.is_own_measured)
        status = measure_harness(topology, with_log, &m.harness_s);
    if (status == SKS_OK && m.is_transfer_measured)
        status = measure_transfer(topology, &m.transfer_s);
    sks_topology_destroy(topology);
    if (status != SKS_OK)
        return status;
    if (isnan(m.service_s))
        m.service_s = m.transfer_s;
    if (isnan(m.theft_s))
        m.theft_s = 3 * m.transfer_s;
    *model = m;
    return SKS_OK;
}

sks_status sks_claim_model_apply(const sks_claim_model *model, const sks_scheduler *scheduler,
                                 const sks_values *options, sks_claim_costs *costs)
{
    double own_s = model->own_s;

    if (isnan(own_s)) {
        sks_status status = measure_next(scheduler, options, &own_s);

        if (status != SKS_OK)
            return status;
        own_s += model->harness_s;
    }
    *costs = (sks_claim_costs){
        .has_coordinator = model->has_coordinator,
        .own_s = own_s,
        .service_s = model->service_s,
    };
    if (model->has_coordinator) {
        costs->latency_s = model->latency_s;
    } else {
        costs->transfer_s = model->transfer_s;
        costs->theft_s = model->theft_s;
    }
    return SKS_OK;
}
