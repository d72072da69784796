/* Forked workers fed by messages: chunks and at the end a STOP mark through one pipe, results back
 * through another. The style of the paper's Process/Queue recipe, and of
 * everything that passes messages: the parent owns the scheduler, asks it on behalf of whichever
 * worker has answered, and puts the results in place.
 *
 * What the measuring itself needs (records, chunk logs, the gate) lies in shared memory; tasks and
 * results do not.
 *
 * Deaths    A worker's outstanding chunk is known. Its successor is given what of that is undone,
 *           task by task, and then what the scheduler says.
 */
#include "harness/executors/lines.h"
#include "harness/executors/team.h"
#include "harness/executors/waiting.h"

#include <poll.h>
#include <stdlib.h>

/* What the parent knows of a worker. */
struct desk {
    sks_range given; /* the outstanding order: what of it is undone */
    sks_range lost;  /* of a predecessor's chunk: what is still to be given, task by task */
    sks_range claim; /* what the scheduler said last */
    double done_s;   /* when it finished its last chunk */
    char *result;    /* one task's, on its way to `deliver` */
};

struct queue {
    const sks_job *job;
    sks_job remote; /* as the workers see it */
    sks_lines lines;
    sks_team team;
    void *schedule;
    struct desk *desk;  /* [n_workers] */
    struct pollfd *fds; /* [n_workers] */
    size_t n_done;      /* tasks */
    bool is_open;       /* workers may be given orders */
    bool is_ending;     /* whoever ends now is not missed */
};

/* ---- Orders. */

static bool is_empty(sks_range tasks)
{
    return tasks.begin == tasks.end;
}

static sks_status give_order(struct queue *q, unsigned number)
{
    const sks_scheduler *scheduler = q->job->scheduler;
    struct desk *desk = &q->desk[number];
    sks_range order = {0, 0}; /* STOP */

    if (!is_empty(desk->lost)) {
        order = (sks_range){desk->lost.begin, desk->lost.begin + 1};
        desk->lost.begin++;
    } else if (!*q->job->cancel && scheduler->next(q->schedule, number, &order)) {
        if (!sks_is_piece(order, q->team.crew->n_tasks))
            return sks_job_refuse_piece(q->job, order, q->team.crew->n_tasks);
        desk->claim = order;
    }
    desk->given = order;
    return sks_line_order(&q->lines.line[number], order);
}

static void report_done(struct queue *q, unsigned number, double seconds)
{
    const sks_scheduler *scheduler = q->job->scheduler;
    struct desk *desk = &q->desk[number];
    double now_s;

    if (scheduler->done == NULL || !is_empty(desk->lost))
        return;
    now_s = sks_now_s();
    scheduler->done(q->schedule, number, desk->claim,
                    scheduler->times_claims ? now_s - desk->done_s : seconds);
    desk->done_s = now_s;
}

/* ---- Answers. */

/* Context of sks_line_hear. */
struct hearing {
    struct queue *queue;
    unsigned number;
};

static char *place_bytes(void *context, const sks_answer *answer)
{
    const struct hearing *h = context;
    const struct queue *q = h->queue;

    if (answer->word == SKS_RESULT)
        return q->desk[h->number].result;
    return (char *)q->job->results + answer->tasks.begin * q->lines.result_size;
}

static void deliver(struct queue *q, unsigned number, size_t task)
{
    sks_crew *crew = q->team.crew;
    sks_status status = SKS_OK;

    if (!*q->job->cancel && task < atomic_load_explicit(&crew->first_failed, memory_order_relaxed))
        status = q->job->kernel->deliver(q->job->state, task, q->desk[number].result);
    if (status != SKS_OK)
        sks_worker_fail(crew->helper, status, task);
}

/* Everything worker `number` has said by now; *is_cut when it will say nothing more. */
static sks_status hear(struct queue *q, unsigned number, bool *is_cut)
{
    struct hearing context = {q, number};
    sks_line *line = &q->lines.line[number];
    sks_status status = SKS_OK;

    while (status == SKS_OK && sks_line_hear(line, place_bytes, &context, is_cut)) {
        const sks_answer *answer = &line->heard;

        if (answer->word == SKS_RESULT) {
            deliver(q, number, answer->tasks.begin);
            q->desk[number].given.begin = answer->tasks.end;
            q->n_done++;
            continue;
        }
        if (q->job->kernel->deliver == NULL)
            q->n_done += answer->tasks.end - answer->tasks.begin;
        report_done(q, number, answer->seconds);
        status = give_order(q, number);
    }
    return status;
}

/* ---- Births and deaths. */

static void live(sks_worker *worker, void *unused)
{
    (void)unused;
    sks_worker_live(worker);
}

static sks_status fork_worker(struct queue *q, unsigned number)
{
    sks_line *line = &q->lines.line[number];
    sks_status status = sks_line_open(line);

    if (status != SKS_OK)
        return status;
    q->team.crew->worker[number].result = NULL; /* a predecessor's was in its own memory */
    status = sks_team_fork(&q->team, number, live, NULL);
    if (status == SKS_OK)
        sks_line_begin(line);
    if (status == SKS_OK && q->is_open)
        status = give_order(q, number);
    return status;
}

static sks_status bury(struct queue *q, unsigned number)
{
    const sks_worker *worker = &q->team.crew->worker[number];
    sks_range computing = {worker->current.begin, worker->current.end};
    struct desk *desk = &q->desk[number];
    sks_parting parting;
    sks_status status;
    char text[64];

    sks_line_close(&q->lines.line[number]);
    sks_team_has_ended(&q->team, number, true, &parting, text);
    if (parting == SKS_IN_ORDER || q->is_ending)
        return SKS_OK;
    if (is_empty(desk->lost))
        desk->lost = desk->given;
    else
        desk->lost.begin = desk->given.begin;
    if (q->job->kernel->deliver != NULL && !is_empty(computing))
        computing.end = computing.begin + 1; /* such kernels are asked for one task at a time */
    status = sks_team_mourn(&q->team, number, text, computing, desk->lost);
    if (status != SKS_OK || parting == SKS_AFTER_LOOP)
        return status;
    return fork_worker(q, number);
}

/* ---- The loop. */

/* One look at everything, or as soon as there is something to see. */
static sks_status attend(struct queue *q, int patience_ms)
{
    const unsigned n = q->job->n_workers;
    sks_status status = SKS_OK;

    for (unsigned i = 0; i < n; i++)
        q->fds[i] = (struct pollfd){.fd = q->lines.line[i].answer[0], .events = POLLIN};
    if (poll(q->fds, n, patience_ms) < 0)
        for (unsigned i = 0; i < n; i++)
            q->fds[i].revents = 0;
    q->is_ending |= sks_team_is_stopping(&q->team);
    for (unsigned i = 0; status == SKS_OK && i < n; i++) {
        bool is_cut = false;

        if (q->fds[i].revents != 0)
            status = hear(q, i, &is_cut);
        if (status == SKS_OK && is_cut)
            status = bury(q, i);
    }
    return status;
}

static sks_status start(struct queue *q)
{
    sks_crew *crew = q->team.crew;
    const unsigned n = q->job->n_workers;
    sks_wait wait = sks_wait_begin();
    sks_status status = SKS_OK;

    for (unsigned i = 0; status == SKS_OK && i < n; i++)
        status = fork_worker(q, i);
    while (status == SKS_OK && !q->is_ending &&
           atomic_load_explicit(&crew->n_ready, memory_order_acquire) < n) {
        sks_wait_a_little(&wait, true, SKS_LONGEST_START_PAUSE_S);
        status = attend(q, 0);
    }
    status = sks_crew_open(crew, n, status);
    q->is_open = status == SKS_OK;
    q->is_ending |= !q->is_open;
    for (unsigned i = 0; status == SKS_OK && i < n; i++) {
        q->desk[i].done_s = sks_now_s();
        status = give_order(q, i);
    }
    return status;
}

/* Leaves no worker alive. */
static sks_status run_loop(struct queue *q)
{
    const sks_crew *crew = q->team.crew;
    sks_status status = start(q), attended = SKS_OK;

    while (q->team.n_alive > 0 && attended == SKS_OK)
        attended = attend(q, sks_team_patience_ms(&q->team));
    sks_team_kill(&q->team);
    if (status == SKS_OK)
        status = attended;
    if (status == SKS_OK)
        status = sks_crew_failure(crew);
    if (status == SKS_OK && q->n_done != crew->n_tasks)
        status = sks_fail(SKS_ERR_BUG, "scheduler %s: %zu of %zu tasks were computed",
                          q->job->scheduler->name, q->n_done, crew->n_tasks);
    return status;
}

/* ---- The whole. */

static sks_status prepare(struct queue *q)
{
    const unsigned n = q->job->n_workers;
    const bool delivers = q->job->kernel->deliver != NULL;

    q->desk = calloc(n, sizeof(*q->desk));
    q->fds = calloc(n, sizeof(*q->fds));
    q->lines.line = calloc(n, sizeof(*q->lines.line));
    if (q->desk == NULL || q->fds == NULL || q->lines.line == NULL)
        return sks_fail_nomem("workers");
    for (unsigned i = 0; i < n; i++)
        q->lines.line[i] = (sks_line){.order = {-1, -1}, .answer = {-1, -1}};
    q->lines.job = q->job;
    q->lines.result_size = q->team.crew->result_size;
    for (unsigned i = 0; delivers && i < n; i++) {
        q->desk[i].result = aligned_alloc(64, (q->lines.result_size + 63) / 64 * 64);
        if (q->desk[i].result == NULL)
            return sks_fail_nomem("results on their way");
    }
    q->team.crew->deliver = sks_lines_deliver;
    return SKS_OK;
}

static void destroy(struct queue *q)
{
    sks_team_destroy(&q->team);
    for (unsigned i = 0; q->lines.line != NULL && i < q->job->n_workers; i++)
        sks_line_close(&q->lines.line[i]);
    for (unsigned i = 0; q->desk != NULL && i < q->job->n_workers; i++)
        free(q->desk[i].result);
    free(q->lines.line);
    free(q->desk);
    free(q->fds);
    free(q->schedule);
}

static sks_status run(const sks_job *job, sks_loop_report *report, sks_worker_record *records)
{
    struct queue q = {.job = job, .remote = *job};
    sks_status status = sks_job_start_schedule(job, NULL, NULL, &q.schedule);

    q.remote.scheduler = &sks_lines_scheduler;
    if (status == SKS_OK)
        status = sks_team_create(&q.remote, &q.lines, report, &q.team);
    if (status == SKS_OK) /* an end of each of two pipes, and a handle */
        status = sks_team_allow_files(&q.team, "queue", 3);
    if (status == SKS_OK)
        status = prepare(&q);
    if (status == SKS_OK)
        status = run_loop(&q);
    if (status == SKS_OK) {
        q.team.crew->job = job; /* the records speak of the real scheduler */
        q.team.crew->schedule = q.schedule;
        sks_team_fill_records(&q.team, records);
        sks_job_explain(job, q.schedule, report);
    }
    destroy(&q);
    return status;
}

const sks_executor sks_executor_queue = {
    .name = "queue",
    .summary = "forked workers fed through pipes: the paper's Process/Queue, and they may die",
    .citation = "Singh, Browne & Butler 2013, Astronomy and Computing 2, 1: Process and Queue",
    .run = run,
};
