/* Forked workers that ask the scheduler themselves: its state, the crew and the results lie in
 * shared mappings, the input is copied on write.
 *
 * Results   of kernels that deliver travel through sks_outbox: the parent, which has nothing else
 *           to do, delivers them, since a worker would change its own copy of the kernel's state.
 * Deaths    What a dead worker was computing is known (sks_worker.current): a successor with its
 *           number does that first and then goes on asking. What it had been given and not yet
 *           begun, killed within next(), shows at the end as tasks that are not done: a further
 *           round, with a scheduler's state of its own, is about them. A death within next() may
 *           also leave the state half changed, so that the others wait for ever: when after a death
 *           nobody computes and nothing moves for STUCK_S, they are ended and a further round is
 *           about the rest.
 */
#include "harness/executors/outbox.h"
#include "harness/executors/team.h"
#include "harness/executors/waiting.h"
#include "harness/measure/shared_memory.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define STUCK_S 0.3

struct processes {
    const sks_job *job;
    sks_team team;
    void *schedule;
    sks_outbox *outbox; /* NULL: the kernel does not deliver */
    /* [n_tasks]; written by the workers, in shared memory; by the parent when it delivers. */
    unsigned char *is_done;
    sks_piece *left; /* of a further round */
    sks_job rest;    /* the job with another rule for it, where the job's own refuses */
    sks_values *rest_options;
    struct pollfd *fds; /* [n_workers + 1], the last one the outbox's */
    bool is_ending;     /* whoever ends now is not missed */

    /* Of this round. */
    size_t n_deaths;
    size_t n_chunks_seen; /* the last time that something moved */
    double moved_s;
};

/* ---- Results. */

static sks_status send_result(sks_worker *worker, size_t task, const void *result)
{
    (void)result; /* it is in the slot */
    worker->result = sks_outbox_send(worker->crew->context, worker->number, task);
    return SKS_OK;
}

static void take_results(struct processes *p, unsigned number)
{
    sks_crew *crew = p->team.crew;
    const void *result;
    size_t task;

    for (; sks_outbox_look(p->outbox, number, &task, &result); sks_outbox_drop(p->outbox, number)) {
        sks_status status = SKS_OK;

        if (!p->is_done[task] && !*p->job->cancel &&
            task < atomic_load_explicit(&crew->first_failed, memory_order_relaxed))
            status = p->job->kernel->deliver(p->job->state, task, result);
        if (status != SKS_OK)
            sks_worker_fail(crew->helper, status, task);
        p->is_done[task] = 1;
    }
}

static void take_all_results(struct processes *p)
{
    for (unsigned i = 0; p->outbox != NULL && i < p->job->n_workers; i++)
        take_results(p, i);
}

/* ---- Births and deaths. */

static void live(sks_worker *worker, void *unused)
{
    (void)unused;
    sks_worker_live(worker);
}

static sks_status fork_worker(struct processes *p, unsigned number)
{
    if (p->outbox != NULL)
        p->team.crew->worker[number].result = sks_outbox_slot(p->outbox, number);
    return sks_team_fork(&p->team, number, live, NULL);
}

/* What worker `number`, which is dead, was computing, and what of its chunk is not done. */
static void inspect(const struct processes *p, unsigned number, sks_range *computing,
                    sks_range *undone)
{
    sks_worker *worker = &p->team.crew->worker[number];
    const sks_range lost = {worker->lost.begin, worker->lost.end};

    *computing = (sks_range){worker->current.begin, worker->current.end};
    *undone = lost.begin < lost.end ? lost : *computing;
    sks_worker_mark(worker);
    while (undone->begin < undone->end && p->is_done[undone->begin])
        undone->begin++;
    while (undone->begin < undone->end && p->is_done[undone->end - 1])
        undone->end--;
    if (p->outbox != NULL && computing->begin < computing->end)
        computing->end = computing->begin + 1; /* such kernels are asked for one task at a time */
}

/* If worker `number` has ended: takes what it leaves, and sees to a successor. */
static sks_status bury(struct processes *p, unsigned number)
{
    sks_worker *worker = &p->team.crew->worker[number];
    sks_range computing, undone;
    sks_parting parting;
    sks_status status;
    char text[64];

    if (!sks_team_has_ended(&p->team, number, false, &parting, text))
        return SKS_OK;
    if (p->outbox != NULL)
        take_results(p, number);
    if (parting == SKS_IN_ORDER || p->is_ending)
        return SKS_OK;
    p->n_deaths++;
    inspect(p, number, &computing, &undone);
    status = sks_team_mourn(&p->team, number, text, computing, undone);
    if (status != SKS_OK || parting == SKS_AFTER_LOOP)
        return status;
    worker->lost.begin = undone.begin;
    worker->lost.end = undone.end;
    return fork_worker(p, number);
}

/* After a death, whether all that are left hang in the scheduler. */
static bool is_stuck(struct processes *p)
{
    const double now_s = sks_now_s();
    size_t n_chunks = 0;
    bool moves = p->n_deaths == 0;

    for (unsigned i = 0; !moves && i < p->job->n_workers; i++) {
        const sks_worker *w = &p->team.crew->worker[i];

        n_chunks += w->n_chunks;
        moves = p->team.member[i].pid != 0 &&
                (w->stage != SKS_LOOPING || w->current.begin < w->current.end);
    }
    if (moves || n_chunks != p->n_chunks_seen) {
        p->n_chunks_seen = n_chunks;
        p->moved_s = now_s;
    }
    return p->team.n_alive > 0 && now_s - p->moved_s > STUCK_S;
}

static void end_stuck(struct processes *p)
{
    const double release_s = p->team.crew->release_s;

    sks_report_event(p->team.report, sks_now_s() - release_s, 0, (sks_range){0, 0},
                     "and the others wait for the scheduler in vain: what is left begins anew");
    sks_team_kill(&p->team);
    take_all_results(p);
}

/* ---- One round. */

/* Sleeps until a worker has ended or a result has come, or for so long. */
static void wait_for_news(struct processes *p, int patience_ms)
{
    const unsigned n = p->job->n_workers;

    for (unsigned i = 0; i < n; i++)
        p->fds[i] = (struct pollfd){.fd = p->team.member[i].pid != 0 ? p->team.member[i].pidfd : -1,
                                    .events = POLLIN};
    p->fds[n] = (struct pollfd){.fd = -1, .events = POLLIN};
    if (p->outbox != NULL) {
        p->fds[n].fd = sks_outbox_fd(p->outbox);
        if (!sks_outbox_expect(p->outbox))
            patience_ms = 0;
    }
    if (poll(p->fds, n + 1, patience_ms) < 0) /* a signal: look at everything */
        for (unsigned i = 0; i < n; i++)
            p->fds[i].revents = POLLIN;
    if (p->outbox != NULL)
        sks_outbox_awake(p->outbox);
}

/* One look at everything. */
static sks_status attend(struct processes *p, int patience_ms)
{
    sks_status status = SKS_OK;

    wait_for_news(p, patience_ms);
    p->is_ending |= sks_team_is_stopping(&p->team);
    take_all_results(p);
    for (unsigned i = 0; status == SKS_OK && i < p->job->n_workers; i++)
        if (p->fds[i].revents != 0 || p->fds[i].fd < 0)
            status = bury(p, i);
    return status;
}

static sks_status start_round(struct processes *p)
{
    sks_crew *crew = p->team.crew;
    sks_wait wait = sks_wait_begin();
    sks_status status = SKS_OK;

    for (unsigned i = 0; status == SKS_OK && i < p->job->n_workers; i++)
        status = fork_worker(p, i);
    while (status == SKS_OK && !p->is_ending &&
           atomic_load_explicit(&crew->n_ready, memory_order_acquire) < p->job->n_workers) {
        sks_wait_a_little(&wait, true, SKS_LONGEST_START_PAUSE_S);
        status = attend(p, 0);
    }
    status = sks_crew_open(crew, p->job->n_workers, status);
    if (status != SKS_OK)
        p->is_ending = true;
    return status;
}

/* Leaves no worker alive. */
static sks_status run_round(struct processes *p)
{
    sks_status status = start_round(p), attended = SKS_OK;

    p->moved_s = sks_now_s();
    while (p->team.n_alive > 0 && attended == SKS_OK) {
        attended = attend(p, sks_team_patience_ms(&p->team));
        if (is_stuck(p))
            end_stuck(p);
    }
    sks_team_kill(&p->team);
    for (unsigned i = 0; i < p->job->n_workers; i++)
        sks_worker_mark(&p->team.crew->worker[i]);
    return status != SKS_OK ? status : attended;
}

/* ---- Further rounds. */

static size_t find_left(const struct processes *p, sks_piece *piece, size_t *n_pieces)
{
    const size_t n_tasks = p->team.crew->n_tasks;
    const unsigned char *is_done = p->is_done;
    size_t n_left = 0;

    *n_pieces = 0;
    for (size_t begin = 0, end; begin < n_tasks; begin = end) {
        for (end = begin + 1; end < n_tasks && is_done[end] == is_done[begin]; end++)
            ;
        if (is_done[begin])
            continue;
        if (piece != NULL)
            piece[*n_pieces] = (sks_piece){.first = n_left, .tasks = {begin, end}};
        ++*n_pieces;
        n_left += end - begin;
    }
    return n_left;
}

/* A rule may be about the whole loop and nothing else, as a recorded schedule is: what is left is
 * then handed out task by task. */
static sks_status start_rest(struct processes *p, size_t n_left, void **schedule)
{
    sks_status status =
        sks_job_start_loop(p->team.crew->job, n_left, sks_shared_alloc, sks_shared_free, schedule);

    if (status != SKS_ERR_USAGE || p->rest.scheduler != NULL)
        return status;
    sks_clear();
    p->rest = *p->job;
    status = sks_scheduler_parse("dynamic", &p->rest.scheduler, &p->rest_options);
    if (status != SKS_OK)
        return status;
    p->rest.scheduler_options = p->rest_options;
    p->team.crew->job = &p->rest;
    return sks_job_start_loop(&p->rest, n_left, sks_shared_alloc, sks_shared_free, schedule);
}

/* A loop of n_left tasks, with its own state of the scheduler. */
static sks_status prepare_round(struct processes *p, size_t n_left, size_t n_pieces)
{
    sks_crew *crew = p->team.crew;
    void *schedule;
    sks_status status;

    free(p->left);
    p->left = calloc(n_pieces, sizeof(*p->left));
    if (p->left == NULL)
        return sks_fail_nomem("what dead workers left");
    find_left(p, p->left, &n_pieces);
    status = start_rest(p, n_left, &schedule);
    if (status != SKS_OK)
        return status;
    sks_shared_free(p->schedule);
    p->schedule = crew->schedule = schedule;
    crew->left = p->left;
    crew->n_left = n_pieces;
    atomic_store(&crew->n_ready, 0);
    atomic_store(&crew->gate, 0);
    for (unsigned i = 0; i < p->job->n_workers; i++)
        crew->worker[i].lost.begin = crew->worker[i].lost.end = 0;
    p->n_deaths = 0;
    return SKS_OK;
}

static bool has_failed(const struct processes *p)
{
    return *p->job->cancel ||
           atomic_load_explicit(&p->team.crew->first_failed, memory_order_relaxed) != SIZE_MAX;
}

static sks_status run_rounds(struct processes *p)
{
    size_t before = SIZE_MAX, n_left, n_pieces;
    sks_status status = run_round(p);

    while (status == SKS_OK && !has_failed(p) && (n_left = find_left(p, NULL, &n_pieces)) > 0) {
        if (p->n_deaths == 0 || n_left >= before)
            return sks_fail(SKS_ERR_BUG, "scheduler %s: %zu tasks were given to nobody",
                            p->job->scheduler->name, n_left);
        before = n_left;
        status = prepare_round(p, n_left, n_pieces);
        if (status == SKS_OK)
            status = run_round(p);
    }
    if (status == SKS_OK)
        status = sks_crew_failure(p->team.crew);
    if (status == SKS_OK && before == SIZE_MAX && p->n_deaths == 0)
        status = sks_crew_check_tasks(p->team.crew);
    return status;
}

/* ---- The whole. */

static sks_status prepare_results(struct processes *p)
{
    const sks_kernel *kernel = p->job->kernel;
    sks_crew *crew = p->team.crew;
    sks_status status;

    if (kernel->deliver == NULL) {
        p->is_done = crew->is_done = sks_shared_alloc(crew->n_tasks);
        return p->is_done != NULL ? SKS_OK : sks_fail_nomem("marks of finished tasks");
    }
    p->is_done = calloc(crew->n_tasks + 1, 1);
    if (p->is_done == NULL)
        return sks_fail_nomem("marks of finished tasks");
    status = sks_outbox_create(p->job->n_workers, crew->result_size, &p->outbox);
    crew->context = p->outbox;
    crew->deliver = send_result;
    return status;
}

static void destroy(struct processes *p)
{
    const bool shares_marks = p->job->kernel->deliver == NULL;

    sks_team_destroy(&p->team);
    sks_outbox_destroy(p->outbox);
    if (shares_marks)
        sks_shared_free(p->is_done);
    else
        free(p->is_done);
    sks_shared_free(p->schedule);
    sks_values_destroy(p->rest_options);
    free(p->left);
    free(p->fds);
}

static sks_status run(const sks_job *job, sks_loop_report *report, sks_worker_record *records)
{
    struct processes p = {.job = job};
    sks_status status = sks_job_start_schedule(job, sks_shared_alloc, sks_shared_free, &p.schedule);

    if (status == SKS_OK)
        status = sks_team_create(job, p.schedule, report, &p.team);
    if (status == SKS_OK)
        status = prepare_results(&p);
    if (status == SKS_OK && (p.fds = calloc(job->n_workers + 1, sizeof(*p.fds))) == NULL)
        status = sks_fail_nomem("workers");
    if (status == SKS_OK)
        status = run_rounds(&p);
    if (status == SKS_OK) {
        sks_team_fill_records(&p.team, records);
        sks_job_explain(p.team.crew->job, p.schedule, report);
    }
    destroy(&p);
    return status;
}

const sks_executor sks_executor_processes = {
    .name = "processes",
    .summary = "forked workers that share scheduler state and results, and may die",
    .citation = "IEEE Std 1003.1-2017, fork; mmap(2), MAP_SHARED",
    .shares_memory = true,
    .run = run,
};
