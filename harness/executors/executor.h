/* The executor contract: how workers exist and talk.
 *
 * run() starts n_workers workers, binds each to its place and reads the binding back, opens its
 * counters, makes its scratch, releases all together, drives next / run / deliver / done until the
 * scheduler has nothing left, gathers the records, frees the scratches and joins. It leaves nothing
 * running, whatever happens.
 *
 * Order   for the caller nothing happens in any particular order but what the kernel contract says.
 * Errors  the failure of the lowest-numbered failing task; tasks below it are still run so that
 *         the same one is reported under every schedule. SKS_ERR_CANCELLED when *job->cancel
 *         becomes true: workers stop at the next task.
 * One worker on `threads` is the reference that every other combination is checked against.
 */
#ifndef SKYSCALE_EXECUTOR_H
#define SKYSCALE_EXECUTOR_H

#include "harness/machine/counters.h"
#include "harness/machine/topology.h"
#include "kernels/kernel.h"
#include "schedulers/scheduler.h"

#include <stdint.h>

typedef struct sks_job {
    const sks_kernel *kernel;
    void *state; /* the kernel's, after prepare */
    const sks_scheduler *scheduler;
    const sks_values *scheduler_options;
    unsigned n_workers;
    const sks_topology *topology;
    const sks_place *places;      /* [n_workers] */
    const sks_counters *counters; /* NULL: none */
    void *results;                /* [n_tasks * result_size]; NULL when the kernel delivers */
    const sks_cancel_flag *cancel;
} sks_job;

/* What one worker did. Times in seconds on the monotonic clock, relative to the release. */
typedef struct sks_worker_record {
    sks_place asked;
    sks_place got;
    size_t n_chunks;
    size_t n_tasks;
    double start_s;            /* when it began its first call of next() */
    double end_s;              /* when next() had nothing left */
    double busy_s;             /* in the kernel */
    double scheduling_s;       /* from start to end, not in the kernel */
    double idle_s;             /* before its start and after its end, until the last worker's end */
    long involuntary_switches; /* -1: not known */
    sks_scheduler_stats steals;
    sks_count counts[SKS_MAX_EVENTS]; /* [sks_counters_n] */
} sks_worker_record;

typedef struct sks_loop_times {
    double ready_s;    /* from the call of run() to the release: starting the workers */
    double parallel_s; /* from the release to the end of the last worker */
    double join_s;     /* from there to the return */
} sks_loop_times;

typedef struct sks_executor {
    const char *name;
    const char *summary;
    const char *citation;
    const char *(*unavailable)(void); /* NULL result: usable; else the reason in a sentence */
    sks_status (*run)(const sks_job *job, sks_loop_times *times, sks_worker_record *workers);
} sks_executor;

/* All executors; ends with NULL. */
extern const sks_executor *const sks_executor_table[];

/* By name; SKS_ERR_USAGE with the nearest name, or with the reason when it is unavailable. */
sks_status sks_executor_find(const char *name, const sks_executor **executor);

#endif
