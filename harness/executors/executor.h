/* The executor contract: how workers exist and talk.
 *
 * run() starts n_workers workers, binds each to its place and reads the binding back, opens its
 * counters, makes its scratch, releases all together, drives next / run / deliver / done until the
 * scheduler has nothing left, gathers the records, frees the scratches and joins. It leaves nothing
 * running, whatever happens.
 *
 * Order   for the caller nothing happens in any particular order but what the kernel contract says.
 * Death   of a worker (killed, out of memory, crash in a kernel): an executor whose workers are
 *         processes of their own gives the unfinished chunk to another one and notes an event; a
 *         task that has killed SKS_MAX_DEATHS workers fails the run with SKS_ERR_WORKER, which
 *         names it. Elsewhere the program dies, saying which kernel and tasks were being computed.
 * Errors  the failure of the lowest-numbered failing task; tasks below it are still run so that
 *         the same one is reported under every schedule. SKS_ERR_CANCELLED when *job->cancel
 *         becomes true: workers stop at the next task.
 * One worker on `threads` is the reference that every other combination is checked against.
 */
#ifndef SKYSCALE_EXECUTOR_H
#define SKYSCALE_EXECUTOR_H

#include "harness/machine/counters.h"
#include "harness/machine/topology.h"
#include "harness/measure/chunk_log.h"
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
    const char *binding;          /* the policy that made them, for ranks on other machines */
    const sks_place *places;      /* [n_workers] */
    const sks_counters *counters; /* NULL: none */
    sks_chunk_log *logs;          /* [n_workers], empty; NULL: nobody asks */
    void *results;                /* [n_tasks * result_size]; NULL when the kernel delivers */
    const sks_cancel_flag *cancel;
    /* How every rank or process of its own makes the kernel's state anew (mpi). */
    const sks_values *parameters;
} sks_job;

/* Something that happened to a run and did not end it. */
typedef struct sks_event {
    double time_s; /* since the release */
    unsigned worker;
    sks_range tasks; /* what was given to another worker; empty: nothing */
    char text[128];  /* "killed by signal 9 (Killed)" */
} sks_event;

enum { SKS_MAX_EVENTS_KEPT = 32, SKS_MAX_DEATHS = 3 };

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

/* What there is to say of the loop as a whole. */
typedef struct sks_loop_report {
    double ready_s;     /* from the call of run() to the release: starting the workers */
    double parallel_s;  /* from the release to the end of the last worker */
    double join_s;      /* from there to the return */
    char *machines;     /* JSON text, of workers on other hosts; the caller frees it; NULL: none */
    char decision[256]; /* what the scheduler explained; "": nothing */
    size_t n_happened;  /* events, of which the first SKS_MAX_EVENTS_KEPT are kept */
    sks_event happened[SKS_MAX_EVENTS_KEPT];
} sks_loop_report;

typedef struct sks_executor {
    const char *name;
    const char *summary;
    const char *citation;
    const char *(*unavailable)(void); /* NULL: usable; or its result is; else the reason */
    /* Workers are forked after prepare: the results have to lie in shared memory. */
    bool shares_memory;
    /* Its logs show neighbouring chunks of one worker as one: it sees tasks, not claims. */
    bool joins_chunks;
    /* How many workers somebody has started already, the most that can be had; 0, or NULL: as many
     * as asked for. */
    unsigned (*n_started)(void);
    /* SKS_ERR_USAGE when it cannot do what a configuration asks for (openmp has the compiler's
     * three schedules only). NULL: it can do everything. */
    sks_status (*check)(const sks_scheduler *scheduler, const sks_values *scheduler_options,
                        unsigned n_workers);
    sks_status (*run)(const sks_job *job, sks_loop_report *report, sks_worker_record *workers);
} sks_executor;

/* All executors; ends with NULL. */
extern const sks_executor *const sks_executor_table[];

/* For executors. Initialises the scheduler's state for the job's loop, in memory from `allocate` on
 * a SKS_CACHE_LINE boundary (which `release` frees when init fails), or, when they are NULL, on the
 * heap. */
sks_status sks_job_start_schedule(const sks_job *job, void *(*allocate)(size_t size_bytes),
                                  void (*release)(void *memory), void **schedule);
/* The same for a loop of n_tasks tasks, whatever the kernel has. */
sks_status sks_job_start_loop(const sks_job *job, size_t n_tasks,
                              void *(*allocate)(size_t size_bytes), void (*release)(void *memory),
                              void **schedule);
/* SKS_ERR_BUG, naming the scheduler and what it gave that is no piece of the loop (sks_is_piece): a
 * rule that breaks its promise must not make a kernel write over other memory. */
sks_status sks_job_refuse_piece(const sks_job *job, sks_range chunk, size_t n_tasks);
/* Puts what the scheduler has to say at the end into the report. */
void sks_job_explain(const sks_job *job, const void *schedule, sks_loop_report *report);
/* Adds an event to the report. */
void sks_report_event(sks_loop_report *report, double time_s, unsigned worker, sks_range tasks,
                      const char *text);

/* The executor's check, if it has one. */
sks_status sks_executor_check(const sks_executor *executor, const sks_scheduler *scheduler,
                              const sks_values *scheduler_options, unsigned n_workers);

/* By name; SKS_ERR_USAGE with the nearest name, or with the reason when it is unavailable. */
sks_status sks_executor_find(const char *name, const sks_executor **executor);

#endif
