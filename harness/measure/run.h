/* One timed execution of a configuration, and its record.
 *
 *   start-up  making the workers: threads or processes, binding, counters, scratch
 *   prepare   the kernel's serial part before the loop
 *   parallel  from the release of the workers to the end of the last one
 *   finish    joining the workers, and the kernel's serial part after the loop
 *   total     the four together, on the monotonic clock
 * verify and digest come after and are not timed.
 */
#ifndef SKYSCALE_RUN_H
#define SKYSCALE_RUN_H

#include "harness/executors/executor.h"
#include "harness/executors/recipes.h"
#include "harness/measure/noise.h"
#include "harness/measure/rule_check.h"

/* One point of a sweep. Everything is borrowed. */
typedef struct sks_configuration {
    const sks_kernel *kernel;
    const sks_values *parameters;
    const sks_executor *executor;
    const sks_recipe *recipe; /* by whose name executor and scheduler were chosen; NULL: none */
    const sks_scheduler *scheduler;
    const sks_values *scheduler_options;
    unsigned n_workers;
    const char *binding;        /* a policy */
    const char *events;         /* "cycles,instructions"; NULL or "": no counters */
    const char *counter_source; /* "auto", "papi", "perf"; NULL: "auto" */
    bool probes_latency;        /* core to core, before and after: some milliseconds, not timed */
    bool skips_digest; /* nobody will look at it: reading a large product again takes time */
    size_t
        log_capacity; /* chunks to log per worker; 0: no log; SIZE_MAX: as many as there may be */
} sks_configuration;

typedef struct sks_phases {
    double startup_s, prepare_s, parallel_s, finish_s, total_s;
} sks_phases;

typedef struct sks_record {
    sks_phases phases;
    size_t n_tasks;
    size_t n_chunks;
    unsigned n_workers;
    bool is_oversubscribed;
    bool is_simulated_binding;
    double imbalance;            /* max / mean - 1 of the workers' busy time; NaN: no time */
    double overhead_per_chunk_s; /* scheduling time per chunk; NaN: no chunk */
    double start_skew_s;         /* latest start - earliest start */
    sks_noise noise;             /* what disturbed the run */
    size_t n_events;
    const char *events[SKS_MAX_EVENTS]; /* names; live as long as the record */
    const char *event_sources[SKS_MAX_EVENTS];
    sks_count counts[SKS_MAX_EVENTS]; /* sums over the workers; unavailable if any worker's is */
    sks_notes notes;                  /* of the kernel */
    sks_digest digest;                /* "" when skipped */
    sks_work work;
    sks_worker_record *workers; /* [n_workers] */
    sks_chunk_log *logs;        /* [n_workers]; NULL: not asked for */
    sks_rule_check rule;        /* whether they are what the scheduler's name promises */
    char *machines;             /* of workers on other hosts, JSON text; NULL: none */
    char decision[256];         /* what the scheduler decided by itself; "": nothing */
    size_t n_happened;          /* events, of which the first SKS_MAX_EVENTS_KEPT are kept */
    sks_event happened[SKS_MAX_EVENTS_KEPT];
    void *owned; /* what the texts above live in */
} sks_record;

/* Runs, verifies and fills *record, which the caller frees with sks_record_clear. On failure there
 * is no product and *record is empty. */
sks_status sks_run(const sks_configuration *configuration, const sks_topology *topology,
                   sks_record *record);
void sks_record_clear(sks_record *record);

#endif
