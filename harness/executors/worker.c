#include "harness/executors/worker.h"

#include "harness/executors/fatal.h"
#include "harness/executors/waiting.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static long involuntary_switches(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : -1;
}

void sks_worker_fail(sks_worker *w, sks_status status, size_t task)
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
static bool is_wanted(const sks_worker *w, size_t task)
{
    return task < atomic_load_explicit(&w->crew->first_failed, memory_order_relaxed) &&
           !*w->crew->job->cancel;
}

static sks_status deliver_to_kernel(sks_worker *w, size_t task, const void *result)
{
    const sks_job *job = w->crew->job;

    return job->kernel->deliver(job->state, task, result);
}

void sks_worker_mark(sks_worker *w)
{
    unsigned char *is_done = w->crew->is_done;

    for (unsigned i = 0; is_done != NULL && i < w->n_unmarked; i++) {
        const sks_range tasks = {w->unmarked[i].begin, w->unmarked[i].end};

        if (tasks.end - tasks.begin == 1) /* common, and a call would take longer */
            is_done[tasks.begin] = 1;
        else
            memset(is_done + tasks.begin, 1, tasks.end - tasks.begin);
    }
    w->n_unmarked = 0;
}

/* The worker may be killed at any point: a range counts when it is whole. */
static void note_done(sks_worker *w, sks_range tasks)
{
    unsigned n = w->n_unmarked;

    if (w->crew->is_done == NULL)
        return;
    if (n > 0 && w->unmarked[n - 1].end == tasks.begin) {
        w->unmarked[n - 1].end = tasks.end;
        return;
    }
    if (n == SKS_UNMARKED) {
        sks_worker_mark(w);
        n = 0;
    }
    w->unmarked[n].begin = tasks.begin;
    w->unmarked[n].end = tasks.end;
    w->n_unmarked = n + 1;
}

static void run_and_deliver(sks_worker *w, sks_range chunk)
{
    const sks_job *job = w->crew->job;

    for (size_t task = chunk.begin; task < chunk.end && is_wanted(w, task); task++) {
        sks_status status;

        w->current.begin = task;
        status = job->kernel->run(job->state, w->scratch, (sks_range){task, task + 1}, w->result);
        if (status == SKS_OK)
            status = w->crew->deliver(w, task, w->result);
        if (status != SKS_OK)
            sks_worker_fail(w, status, task);
        else
            note_done(w, (sks_range){task, task + 1});
    }
}

static void run_chunk(sks_worker *w, sks_range chunk)
{
    const sks_job *job = w->crew->job;
    char *results = job->results;
    sks_status status;

    if (!is_wanted(w, chunk.begin))
        return;
    status = job->kernel->run(job->state, w->scratch, chunk,
                              results + chunk.begin * w->crew->result_size);
    if (status != SKS_OK)
        sks_worker_fail(w, status, chunk.begin);
    else
        note_done(w, chunk);
}

static void log_chunk(sks_worker *w, sks_range chunk, uint64_t before, uint64_t after)
{
    const sks_scheduler *scheduler = w->crew->job->scheduler;
    sks_scheduler_stats stats = {0};
    bool is_stolen = false;

    if (scheduler->stats != NULL) {
        scheduler->stats(w->crew->schedule, w->number, &stats);
        is_stolen = stats.steals_won > w->n_steals;
        w->n_steals = stats.steals_won;
    }
    sks_chunk_log_add(w->log, chunk, before, after, is_stolen);
}

/* Computes tasks, with all that is recorded of them; the ticks of their begin and end. */
static void compute(sks_worker *w, sks_range tasks, uint64_t *before, uint64_t *after)
{
    w->current.begin = tasks.begin;
    w->current.end = tasks.end;
    *before = sks_ticks();
    if (w->crew->job->kernel->deliver != NULL)
        run_and_deliver(w, tasks);
    else
        run_chunk(w, tasks);
    *after = sks_ticks();
    w->current.begin = tasks.end;
    w->busy_ticks += *after - *before;
    w->n_chunks++;
    w->n_tasks += tasks.end - tasks.begin;
    if (w->log != NULL)
        log_chunk(w, tasks, *before, *after);
}

static void report_done(sks_worker *w, sks_range chunk, uint64_t before, uint64_t after)
{
    const sks_scheduler *scheduler = w->crew->job->scheduler;

    if (scheduler->done != NULL) {
        uint64_t since = scheduler->times_claims ? w->done_tick : before;

        scheduler->done(w->crew->schedule, w->number, chunk,
                        w->crew->tick_s * (double)(after - since));
        w->done_tick = after;
    }
}

void sks_worker_compute(sks_worker *w, sks_range chunk)
{
    uint64_t before, after;

    compute(w, chunk, &before, &after);
    report_done(w, chunk, before, after);
}

static void compute_lost(sks_worker *w)
{
    const sks_range lost = {w->lost.begin, w->lost.end};
    uint64_t begin = sks_ticks(), before, after = begin;

    if (lost.begin == lost.end)
        return;
    for (size_t task = lost.begin; task < lost.end; task++) {
        if (w->crew->is_done == NULL || !w->crew->is_done[task])
            compute(w, (sks_range){task, task + 1}, &before, &after);
        w->lost.begin = task + 1;
    }
    report_done(w, lost, begin, after);
}

/* The piece that the loop's task `number` belongs to. */
static const sks_piece *find_piece(const sks_crew *crew, size_t number)
{
    size_t low = 0, high = crew->n_left;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (crew->left[middle].first <= number)
            low = middle;
        else
            high = middle;
    }
    return &crew->left[low];
}

/* The tasks that the numbers of `chunk` stand for. */
static void compute_left(sks_worker *w, sks_range chunk)
{
    const sks_piece *piece = find_piece(w->crew, chunk.begin);
    uint64_t begin = sks_ticks(), before, after = begin;

    for (size_t from = chunk.begin; from < chunk.end; piece++) {
        size_t begin_task = piece->tasks.begin + (from - piece->first);
        size_t n = piece->tasks.end - begin_task;

        if (n > chunk.end - from)
            n = chunk.end - from;
        compute(w, (sks_range){begin_task, begin_task + n}, &before, &after);
        from += n;
    }
    report_done(w, chunk, begin, after);
}

/* How many tasks the schedule is of: in a further round those that are left. */
static size_t schedule_size(const sks_crew *crew)
{
    const sks_piece *last;

    if (crew->left == NULL)
        return crew->n_tasks;
    last = &crew->left[crew->n_left - 1];
    return last->first + (last->tasks.end - last->tasks.begin);
}

static void loop(sks_worker *w)
{
    const sks_scheduler *scheduler = w->crew->job->scheduler;
    const sks_cancel_flag *cancel = w->crew->job->cancel;
    const size_t n_tasks = schedule_size(w->crew);
    sks_range chunk;

    compute_lost(w);
    while (!*cancel && scheduler->next(w->crew->schedule, w->number, &chunk)) {
        if (!sks_is_piece(chunk, n_tasks)) {
            sks_worker_fail(w, sks_job_refuse_piece(w->crew->job, chunk, n_tasks), 0);
            return;
        }
        if (w->crew->left == NULL)
            sks_worker_compute(w, chunk);
        else
            compute_left(w, chunk);
    }
}

static void loop_timed(sks_worker *w)
{
    w->done_tick = sks_ticks();
    if (w->start_tick == 0) /* else it continues a dead worker's work */
        w->start_tick = w->done_tick;
    w->stage = SKS_LOOPING;
    w->crew->loop(w);
    w->end_tick = sks_ticks();
    if (!*w->crew->job->cancel)
        w->stage = SKS_LOOP_LEFT;
}

/* Spins, since a sleeping thread takes microseconds to wake; gives way when it takes long, since
 * there may be more workers than processors. */
static int wait_at_gate(sks_crew *crew)
{
    int gate;

    for (unsigned i = 0; (gate = atomic_load_explicit(&crew->gate, memory_order_acquire)) == 0; i++)
        if (i % 64 == 63)
            sched_yield();
    return gate;
}

static sks_status make_ready(sks_worker *w, void **own_result)
{
    const sks_job *job = w->crew->job;

    sks_bind(job->topology, &job->places[w->number], &w->got);
    if (w->log != NULL && w->log->n == 0) /* a predecessor's chunks stay */
        sks_chunk_log_touch(w->log);
    if (job->kernel->deliver != NULL && w->result == NULL) {
        /* From this thread and after binding, so that its memory is near. */
        *own_result = w->result = aligned_alloc(64, (w->crew->result_size + 63) / 64 * 64);
        if (w->result == NULL)
            return sks_fail_nomem("a worker's result");
    }
    return job->kernel->scratch != NULL ? job->kernel->scratch(job->state, &w->scratch) : SKS_OK;
}

static void live(sks_worker *w, bool is_leader)
{
    const sks_job *job = w->crew->job;
    sks_counter_session *session = NULL;
    void *own_result = NULL;
    sks_status status;

    sks_fatal_enter(w);
    status = make_ready(w, &own_result);
    if (status != SKS_OK)
        sks_worker_fail(w, status, 0);
    else if (job->counters != NULL)
        session = sks_counters_ready(job->counters);
    atomic_fetch_add_explicit(&w->crew->n_ready, 1, memory_order_release);
    if (is_leader) {
        sks_crew_release(w->crew, job->n_workers, SKS_OK);
        sks_clear(); /* a failure is kept where it happened */
    }
    if (wait_at_gate(w->crew) == 1) {
        /* Not before: giving way to those who are still making ready counts as a switch. */
        w->switches = involuntary_switches();
        sks_counters_start(job->counters, session);
        loop_timed(w);
        if (w->switches >= 0)
            w->switches = involuntary_switches() - w->switches;
    }
    if (job->counters != NULL)
        sks_counters_stop(job->counters, session, w->counts);
    if (w->scratch != NULL && job->kernel->scratch_free != NULL)
        job->kernel->scratch_free(w->scratch);
    free(own_result);
    sks_fatal_leave();
}

void sks_worker_live(sks_worker *w)
{
    live(w, false);
}

void sks_worker_lead(sks_worker *w)
{
    live(w, true);
}

void sks_crew_init(sks_crew *crew, const sks_job *job, void *schedule, sks_worker *workers)
{
    crew->job = job;
    crew->schedule = schedule;
    crew->n_tasks = job->kernel->task_count(job->state);
    crew->result_size = job->kernel->result_size(job->state);
    crew->worker = workers;
    crew->deliver = deliver_to_kernel;
    crew->loop = loop;
    crew->begin_s = sks_now_s();
    crew->begin_tick = sks_ticks();
    atomic_init(&crew->n_ready, 0);
    atomic_init(&crew->gate, 0);
    atomic_init(&crew->first_failed, SIZE_MAX);
    for (unsigned i = 0; i < job->n_workers; i++) {
        workers[i].crew = crew;
        workers[i].number = i;
        workers[i].log = job->logs != NULL ? &job->logs[i] : NULL;
    }
}

/* Threads that are kept are ready sooner, and are not worth sleeping for. */
#define KEPT_THREADS_S 0.5e-3

sks_status sks_crew_release(sks_crew *crew, unsigned n_started, sks_status status)
{
    sks_wait wait = sks_wait_begin();

    while (atomic_load_explicit(&crew->n_ready, memory_order_acquire) < n_started)
        sks_wait_a_little(&wait, sks_now_s() - wait.begin_s > KEPT_THREADS_S,
                          SKS_LONGEST_START_PAUSE_S);
    return sks_crew_open(crew, n_started, status);
}

sks_status sks_crew_open(sks_crew *crew, unsigned n_started, sks_status status)
{
    for (unsigned i = 0; status == SKS_OK && i < n_started; i++)
        if (crew->worker[i].status != SKS_OK)
            status = sks_fail(crew->worker[i].status, "%s", crew->worker[i].message);
    if (crew->release_tick == 0) {
        crew->release_s = sks_now_s();
        crew->release_tick = sks_ticks();
        crew->tick_s =
            (crew->release_s - crew->begin_s) / (double)(crew->release_tick - crew->begin_tick);
    }
    atomic_store_explicit(&crew->gate, status == SKS_OK ? 1 : 2, memory_order_release);
    return status;
}

sks_status sks_crew_failure(const sks_crew *crew)
{
    const sks_worker *first =
        crew->helper != NULL && crew->helper->status != SKS_OK ? crew->helper : NULL;

    for (unsigned i = 0; i < crew->job->n_workers; i++) {
        const sks_worker *w = &crew->worker[i];

        if (w->status != SKS_OK && (first == NULL || w->failed_task < first->failed_task))
            first = w;
    }
    if (first != NULL)
        return sks_fail(first->status, "%s", first->message);
    if (*crew->job->cancel)
        return sks_fail(SKS_ERR_CANCELLED, "interrupted");
    return SKS_OK;
}

sks_status sks_crew_check_tasks(const sks_crew *crew)
{
    size_t n = 0;

    for (unsigned i = 0; i < crew->job->n_workers; i++)
        n += crew->worker[i].n_tasks;
    if (n != crew->n_tasks)
        return sks_fail(SKS_ERR_BUG, "scheduler %s gave %zu tasks to the workers, in a loop of %zu",
                        crew->job->scheduler->name, n, crew->n_tasks);
    return SKS_OK;
}

static void ticks_to_ns(sks_chunk_log *log, uint64_t release_tick, double per_tick)
{
    for (size_t i = 0; i < log->n; i++) {
        sks_chunk *c = &log->chunk[i];

        c->start_ns = (int64_t)(1e9 * per_tick * (double)(c->start_ns - (int64_t)release_tick));
        c->end_ns = (int64_t)(1e9 * per_tick * (double)(c->end_ns - (int64_t)release_tick));
    }
}

static void fill_record(const sks_crew *crew, unsigned i, double per_tick, sks_worker_record *r)
{
    const sks_worker *w = &crew->worker[i];
    const sks_job *job = crew->job;

    r->asked = job->places[i];
    r->got = w->got;
    r->n_chunks = w->n_chunks;
    r->n_tasks = w->n_tasks;
    r->start_s = per_tick * (double)(int64_t)(w->start_tick - crew->release_tick);
    r->end_s = per_tick * (double)(w->end_tick - crew->release_tick);
    r->busy_s = per_tick * (double)w->busy_ticks;
    r->scheduling_s = per_tick * (double)(w->end_tick - w->start_tick - w->busy_ticks);
    r->involuntary_switches = w->switches;
    memcpy(r->counts, w->counts, sizeof(r->counts));
    if (job->scheduler->stats != NULL)
        job->scheduler->stats(crew->schedule, i, &r->steals);
    if (w->log != NULL)
        ticks_to_ns(w->log, crew->release_tick, per_tick);
}

/* Ticks to seconds: the rate of the run itself. */
void sks_crew_fill_records(const sks_crew *crew, sks_loop_report *report,
                           sks_worker_record *records)
{
    const unsigned n = crew->job->n_workers;
    const double end_s = sks_now_s();
    const double per_tick = (end_s - crew->release_s) / (double)(sks_ticks() - crew->release_tick);
    double last_end_s = 0.0;

    for (unsigned i = 0; i < n; i++) {
        fill_record(crew, i, per_tick, &records[i]);
        if (records[i].end_s > last_end_s)
            last_end_s = records[i].end_s;
    }
    for (unsigned i = 0; i < n; i++)
        records[i].idle_s = last_end_s - (records[i].end_s - records[i].start_s);
    report->ready_s = crew->release_s - crew->begin_s;
    report->parallel_s = last_end_s;
    report->join_s = end_s - crew->release_s - last_end_s;
}
