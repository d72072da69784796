/* POSIX threads over shared memory: the default, and with one worker the reference for all others.
 *
 * The scheduler's state lives on the heap. Workers bind themselves, open counters and make their
 * scratch, then wait at a gate that opens for all at once. */
#include "harness/executors/executor.h"
#include "harness/measure/clock.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* What one worker tells the others and the caller; in cache lines of its own. */
struct worker {
    _Alignas(SKS_CACHE_LINE) struct crew *crew;
    unsigned number;
    pthread_t thread;
    void *scratch;
    void *result; /* one task's, for kernels that deliver */
    uint64_t first_tick, start_tick, end_tick, busy_ticks;
    size_t n_chunks, n_tasks;
    long switches;
    sks_status status;
    size_t failed_task;
    char message[SKS_MESSAGE_SIZE];
};

struct crew {
    const sks_job *job;
    void *schedule;
    size_t result_size;
    sks_worker_record *records;
    struct worker *worker;

    /* Workers add themselves when ready, the caller reads; release/acquire, so that the caller
     * sees their failures. */
    atomic_uint n_ready;
    /* The caller writes once, workers read: 0 wait, 1 go, 2 go home. Release/acquire: what the
     * caller did before opening is seen behind the gate. */
    atomic_int gate;
    double release_s;
    uint64_t release_tick;
    double
        tick_s; /* length of a tick, from the time the start took: good to a per cent or better */
    /* The lowest task that failed; SIZE_MAX while none has. Written by failing workers, read by all
     * before each task. Relaxed: a worker that learns late runs a task whose result is not used. */
    _Alignas(SKS_CACHE_LINE) atomic_size_t first_failed;
};

static long involuntary_switches(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : -1;
}

static void record_failure(struct worker *w, sks_status status, size_t task)
{
    size_t lowest = atomic_load_explicit(&w->crew->first_failed, memory_order_relaxed);

    if (w->status == SKS_OK || task < w->failed_task) {
        w->status = status;
        w->failed_task = task;
        memcpy(w->message, sks_message(), sizeof(w->message));
    }
    sks_clear();
    while (task < lowest &&
           !atomic_compare_exchange_weak_explicit(&w->crew->first_failed, &lowest, task,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

/* Tasks above the lowest failing one are not needed any more; those below are, so that the failure
 * reported is the same under every schedule. */
static bool is_wanted(const struct worker *w, size_t task)
{
    return task < atomic_load_explicit(&w->crew->first_failed, memory_order_relaxed) &&
           !*w->crew->job->cancel;
}

static void run_and_deliver(struct worker *w, sks_range chunk)
{
    const sks_job *job = w->crew->job;

    for (size_t task = chunk.begin; task < chunk.end && is_wanted(w, task); task++) {
        sks_status status =
            job->kernel->run(job->state, w->scratch, (sks_range){task, task + 1}, w->result);

        if (status == SKS_OK)
            status = job->kernel->deliver(job->state, task, w->result);
        if (status != SKS_OK)
            record_failure(w, status, task);
    }
}

static void run_chunk(struct worker *w, sks_range chunk)
{
    const sks_job *job = w->crew->job;
    char *results = job->results;
    sks_status status;

    if (!is_wanted(w, chunk.begin))
        return;
    status = job->kernel->run(job->state, w->scratch, chunk,
                              results + chunk.begin * w->crew->result_size);
    if (status != SKS_OK)
        record_failure(w, status, chunk.begin);
}

static void work(struct worker *w)
{
    const sks_job *job = w->crew->job;
    const sks_scheduler *scheduler = job->scheduler;
    void (*compute)(struct worker *, sks_range) =
        job->kernel->deliver != NULL ? run_and_deliver : run_chunk;
    uint64_t busy = 0;
    sks_range chunk;

    w->start_tick = sks_ticks();
    while (scheduler->next(w->crew->schedule, w->number, &chunk)) {
        uint64_t before = sks_ticks();
        uint64_t after;

        compute(w, chunk);
        after = sks_ticks();
        busy += after - before;
        w->n_chunks++;
        w->n_tasks += chunk.end - chunk.begin;
        if (scheduler->done != NULL)
            scheduler->done(w->crew->schedule, w->number, chunk,
                            w->crew->tick_s * (double)(after - before));
    }
    w->end_tick = sks_ticks();
    w->busy_ticks = busy;
}

/* Spins, since a sleeping thread takes microseconds to wake; gives way when it takes long, since
 * there may be more workers than processors. */
static int wait_at_gate(struct crew *crew)
{
    int gate;

    for (unsigned i = 0; (gate = atomic_load_explicit(&crew->gate, memory_order_acquire)) == 0; i++)
        if (i % 64 == 63)
            sched_yield();
    return gate;
}

static sks_status make_ready(struct worker *w)
{
    const sks_job *job = w->crew->job;

    sks_bind(job->topology, &job->places[w->number], &w->crew->records[w->number].got);
    if (job->kernel->deliver != NULL) {
        /* From this thread and after binding, so that its memory is near. */
        w->result = aligned_alloc(64, (w->crew->result_size + 63) / 64 * 64);
        if (w->result == NULL)
            return sks_fail_nomem("a worker's result");
    }
    return job->kernel->scratch != NULL ? job->kernel->scratch(job->state, &w->scratch) : SKS_OK;
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;
    const sks_job *job = w->crew->job;
    sks_counter_session *session = NULL;
    sks_status status = make_ready(w);

    if (status != SKS_OK)
        record_failure(w, status, 0);
    else if (job->counters != NULL)
        session = sks_counters_ready(job->counters);
    w->switches = involuntary_switches();
    atomic_fetch_add_explicit(&w->crew->n_ready, 1, memory_order_release);
    if (wait_at_gate(w->crew) == 1) {
        sks_counters_start(job->counters, session);
        work(w);
    }
    if (job->counters != NULL)
        sks_counters_stop(job->counters, session, w->crew->records[w->number].counts);
    if (w->switches >= 0)
        w->switches = involuntary_switches() - w->switches;
    if (w->scratch != NULL && job->kernel->scratch_free != NULL)
        job->kernel->scratch_free(w->scratch);
    free(w->result);
    return NULL;
}

/* Ticks to seconds: the rate of the run itself. */
static void fill_records(struct crew *crew, double end_s, uint64_t end_tick)
{
    double per_tick = (end_s - crew->release_s) / (double)(end_tick - crew->release_tick);
    uint64_t last_tick = crew->release_tick;

    for (unsigned i = 0; i < crew->job->n_workers; i++)
        if (crew->worker[i].end_tick > last_tick)
            last_tick = crew->worker[i].end_tick;
    for (unsigned i = 0; i < crew->job->n_workers; i++) {
        const struct worker *w = &crew->worker[i];
        sks_worker_record *r = &crew->records[i];

        r->n_chunks = w->n_chunks;
        r->n_tasks = w->n_tasks;
        r->start_s = per_tick * (double)(int64_t)(w->start_tick - crew->release_tick);
        r->end_s = per_tick * (double)(w->end_tick - crew->release_tick);
        r->busy_s = per_tick * (double)w->busy_ticks;
        r->scheduling_s = per_tick * (double)(w->end_tick - w->start_tick - w->busy_ticks);
        r->idle_s =
            per_tick * (double)(last_tick - crew->release_tick - (w->end_tick - w->start_tick));
        r->involuntary_switches = w->switches;
        if (crew->job->scheduler->stats != NULL)
            crew->job->scheduler->stats(crew->schedule, i, &r->steals);
    }
}

static sks_status first_failure(const struct crew *crew)
{
    const struct worker *first = NULL;

    for (unsigned i = 0; i < crew->job->n_workers; i++) {
        const struct worker *w = &crew->worker[i];

        if (w->status != SKS_OK && (first == NULL || w->failed_task < first->failed_task))
            first = w;
    }
    if (first != NULL)
        return sks_fail(first->status, "%s", first->message);
    if (*crew->job->cancel)
        return sks_fail(SKS_ERR_CANCELLED, "interrupted");
    return SKS_OK;
}

/* Starts the threads; the ones that exist are to be joined even after a failure. */
static sks_status start_threads(struct crew *crew, unsigned *n_started)
{
    pthread_attr_t attributes;
    sks_status status = SKS_OK;

    pthread_attr_init(&attributes);
    for (*n_started = 0; *n_started < crew->job->n_workers; ++*n_started) {
        struct worker *w = &crew->worker[*n_started];
        int code = pthread_create(&w->thread, &attributes, worker_main, w);

        if (code != 0) {
            status = sks_fail(SKS_ERR_IO, "cannot start worker %u of %u: %s", *n_started + 1,
                              crew->job->n_workers, strerror(code));
            break;
        }
    }
    pthread_attr_destroy(&attributes);
    return status;
}

static void open_gate(struct crew *crew, unsigned n_started, sks_status status, double begin_s,
                      uint64_t begin_tick)
{
    for (unsigned i = 0; atomic_load_explicit(&crew->n_ready, memory_order_acquire) < n_started;
         i++)
        sched_yield();
    for (unsigned i = 0; i < n_started; i++)
        if (crew->worker[i].status != SKS_OK)
            status = crew->worker[i].status;
    crew->release_s = sks_now_s();
    crew->release_tick = sks_ticks();
    crew->tick_s = (crew->release_s - begin_s) / (double)(crew->release_tick - begin_tick);
    atomic_store_explicit(&crew->gate, status == SKS_OK ? 1 : 2, memory_order_release);
}

static sks_status run(const sks_job *job, sks_loop_times *times, sks_worker_record *workers)
{
    double begin_s = sks_now_s();
    uint64_t begin_tick = sks_ticks();
    double end_s, last_end_s = 0.0;
    struct crew crew = {.job = job, .records = workers};
    sks_loop loop = {
        .n_tasks = job->kernel->task_count(job->state),
        .n_workers = job->n_workers,
        .options = job->scheduler_options,
    };
    unsigned n_started = 0;
    sks_status status;

    atomic_init(&crew.first_failed, SIZE_MAX);
    crew.result_size = job->kernel->result_size(job->state);
    crew.worker = aligned_alloc(SKS_CACHE_LINE, job->n_workers * sizeof(*crew.worker));
    if (crew.worker == NULL)
        return sks_fail_nomem("workers");
    memset(crew.worker, 0, job->n_workers * sizeof(*crew.worker));
    for (unsigned i = 0; i < job->n_workers; i++) {
        crew.worker[i].crew = &crew;
        crew.worker[i].number = i;
        workers[i].asked = job->places[i];
    }
    status = sks_scheduler_start(job->scheduler, &loop, &crew.schedule);
    if (status == SKS_OK) {
        status = start_threads(&crew, &n_started);
        open_gate(&crew, n_started, status, begin_s, begin_tick);
        for (unsigned i = 0; i < n_started; i++)
            pthread_join(crew.worker[i].thread, NULL);
    }
    if (status == SKS_OK)
        status = first_failure(&crew);
    if (status == SKS_OK) {
        end_s = sks_now_s();
        fill_records(&crew, end_s, sks_ticks());
        for (unsigned i = 0; i < job->n_workers; i++)
            if (workers[i].end_s > last_end_s)
                last_end_s = workers[i].end_s;
        times->ready_s = crew.release_s - begin_s;
        times->parallel_s = last_end_s;
        times->join_s = end_s - crew.release_s - last_end_s;
    }
    free(crew.schedule);
    free(crew.worker);
    return status;
}

const sks_executor sks_executor_threads = {
    .name = "threads",
    .summary = "POSIX threads that share scheduler state and results",
    .citation = "IEEE Std 1003.1-2017, pthreads",
    .run = run,
};
