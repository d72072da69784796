/* The life of one worker, the same for every executor whose workers ask the scheduler themselves:
 * bind, open counters, make the scratch, wait for the release, then next / run / deliver / done
 * until nothing is left.
 *
 * A crew is what the workers of one loop share, a worker what is one's own. Both lie where all
 * workers see them at the same address: on the heap for threads, in shared memory (with the
 * scheduler's state and the results) for forked processes. Neither may hold anything that only one
 * process can see, but for a worker's `scratch` and `result`.
 *
 * Use   sks_crew_init, then sks_worker_live on each worker's own thread or process, meanwhile
 *       sks_crew_release by the caller, then the caller waits for their end in its own way, then
 *       sks_crew_failure, and sks_crew_fill_records when there is none.
 */
#ifndef SKYSCALE_WORKER_H
#define SKYSCALE_WORKER_H

#include "harness/executors/executor.h"
#include "harness/measure/clock.h"

#include <stdatomic.h>

typedef struct sks_worker sks_worker;

/* A piece of what a further round has to do: the loop's numbers from `first` on are these tasks. */
typedef struct sks_piece {
    size_t first;
    sks_range tasks;
} sks_piece;

typedef struct sks_crew {
    const sks_job *job;
    void *schedule; /* the scheduler's state */
    size_t n_tasks;
    size_t result_size;
    sks_worker *worker; /* [job->n_workers] */
    /* One more, not in the loop: failures of what the executor does on behalf of the workers. NULL:
     * it does nothing of that kind. */
    sks_worker *helper;
    /* What the loop is about when only some tasks are left, because workers died; NULL: all of the
     * kernel's. In order, without gaps between the numbers. */
    size_t n_left;
    const sks_piece *left;
    /* Where one task's result goes when the kernel delivers; at first sks_crew_init's choice, the
     * kernel's own deliver. */
    sks_status (*deliver)(sks_worker *worker, size_t task, const void *result);
    /* What a worker does between release and end; at first next / run / deliver / done. */
    void (*loop)(sks_worker *worker);
    void *context; /* for `deliver`; at the same address for all workers */
    /* [n_tasks], 1 when a task is done; NULL: nobody asks. Written by the worker of the task, a few
     * chunks later (sks_worker.unmarked), read by whoever mourns a worker, after its death. */
    unsigned char *is_done;

    /* Workers add themselves when ready, the caller reads; release/acquire, so that the caller
     * sees their failures. */
    atomic_uint n_ready;
    /* The caller writes once, workers read: 0 wait, 1 go, 2 go home. Release/acquire: what the
     * caller did before opening is seen behind the gate. */
    atomic_int gate;
    double begin_s, release_s;
    uint64_t begin_tick, release_tick;
    double tick_s; /* from the time the start took: good to a per cent or better */
    /* The lowest task that failed; SIZE_MAX while none has. Written by failing workers, read by all
     * before each task. Relaxed: a worker that learns late runs a task whose result is not used. */
    _Alignas(SKS_CACHE_LINE) atomic_size_t first_failed;
} sks_crew;

/* Marks of finished chunks are written so many at once: neighbouring tasks are often done by
 * different workers at the same time, and each mark by itself would fetch a line from another. */
enum { SKS_UNMARKED = 16 };

/* How far a worker has come. */
typedef enum sks_stage {
    SKS_MAKING_READY,
    SKS_LOOPING,   /* asks the scheduler, computes */
    SKS_LOOP_LEFT, /* nothing was left for it: gives back what it holds */
    SKS_GONE,      /* ended in order; for executors whose workers may die */
} sks_stage;

/* In cache lines of its own. */
struct sks_worker {
    _Alignas(SKS_CACHE_LINE) sks_crew *crew;
    unsigned number;
    void *scratch;
    /* One task's, for kernels that deliver: the worker's own, unless the executor has put memory of
     * its choice here before the worker's birth. */
    void *result;
    sks_chunk_log *log;
    volatile sks_stage stage; /* written by the worker, read by who mourns it */
    /* What is being computed: the chunk, or what is left of it when tasks are run one by one; empty
     * between chunks. Written by the worker, read by who mourns it or reports its crash. */
    volatile sks_range current;
    /* What a dead predecessor of the same number left of its chunk: computed first, one task at a
     * time, so that a task that kills is found out; those done already are passed over. Set before
     * the worker's birth; it shrinks as they are done. */
    volatile sks_range lost;
    /* What is done and not yet marked so; chunks that follow one another are one. Written by the
     * worker, read by who mourns it. */
    volatile sks_range unmarked[SKS_UNMARKED];
    volatile unsigned n_unmarked;
    uint64_t start_tick, end_tick, done_tick, busy_ticks;
    size_t n_chunks, n_tasks, n_steals;
    long switches;
    sks_place got;
    sks_status status;
    size_t failed_task;
    char message[SKS_MESSAGE_SIZE];
    sks_count counts[SKS_MAX_EVENTS];
};

/* In waiting for workers to be ready (waiting.h): those that are new need the processor more than
 * the caller, and giving way to them all the time would look as if the run was disturbed. */
#define SKS_LONGEST_START_PAUSE_S 0.5e-3

/* Initialises both in the caller's (zeroed) memory; `schedule` is initialised already. */
void sks_crew_init(sks_crew *crew, const sks_job *job, void *schedule, sks_worker *workers);

/* Everything between birth and death of worker `worker`. */
void sks_worker_live(sks_worker *worker);
/* The same for one that also releases the crew, instead of a caller who does: it waits until all
 * workers are ready. Failures are found in sks_crew_failure. */
void sks_worker_lead(sks_worker *worker);

/* Parts of it. Computes one chunk, with all that is recorded of it. */
void sks_worker_compute(sks_worker *worker, sks_range chunk);
/* Marks in crew->is_done, where that is, what the worker has not marked yet; for the worker itself
 * and, after its death, for who mourns it. */
void sks_worker_mark(sks_worker *worker);
/* Notes a failure of `task` with the calling thread's message, which it clears. */
void sks_worker_fail(sks_worker *worker, sks_status status, size_t task);

/* Waits until n_started workers are ready and lets them go, or, when `status` or one of them has
 * failed, home. Returns that status, with the message set. */
sks_status sks_crew_release(sks_crew *crew, unsigned n_started, sks_status status);
/* The same without the waiting, for executors that have to do something meanwhile. The loop's time
 * begins with the first call. */
sks_status sks_crew_open(sks_crew *crew, unsigned n_started, sks_status status);

/* After the last worker's end: the failure of the lowest task, or of the request to stop. */
sks_status sks_crew_failure(const sks_crew *crew);

/* After a loop without failure in which no worker died: SKS_ERR_BUG when the tasks that were
 * computed are fewer or more than there are. */
sks_status sks_crew_check_tasks(const sks_crew *crew);

/* After the last worker's end: records, times and logs in seconds and nanoseconds. */
void sks_crew_fill_records(const sks_crew *crew, sks_loop_report *report,
                           sks_worker_record *records);

#endif
