/* MPI ranks: this process coordinates (it owns the scheduler and places or delivers the results),
 * the others compute; on one machine or many.
 *
 * Every rank makes the kernel's state itself from the parameters, in the same folder: inputs have
 * to be reachable under the same names everywhere. A worker asks for its next chunk by handing in
 * the results of the last one, so a claim costs a round trip: chunks should take well over 50 us.
 *
 * Times     are the coordinator's: a chunk ends when its last result arrives and began as much
 *           earlier as the worker has been busy with it. Clocks of other hosts do not matter.
 * Deaths    MPI ends all processes when one dies. What the coordinator notices before that, it
 *           says: which rank, and which tasks.
 *
 * Source    the paper's Parallel Python is such a job server; self-scheduling by a coordinator as
 *           in Cariño & Banicescu (2008), Cluster Comput. 11, 225.
 */
#include "harness/executors/mpi_message.h"
#include "harness/executors/mpi_world.h"
#include "harness/executors/waiting.h"
#include "harness/executors/worker.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRACE_S 0.5 /* for workers to end their chunk when the user asks to stop */

#define LONGEST_PAUSE_S 0.5e-3 /* in waiting for a message, where somebody else needs the core */

/* What the coordinator knows of a worker. */
struct peer {
    char host[SKS_MPI_HOST_SIZE];
    int pid;
    bool is_here; /* on this host, so that it can be watched and ended */
    bool is_busy; /* has a chunk */
    bool is_over; /* its report has come */
    sks_range chunk;
    uint64_t sent_tick;
    double busy_s; /* of the chunk so far */
};

struct coordinator {
    const sks_job *job;
    sks_crew crew;
    sks_worker *workers;
    struct peer *peer; /* [n_workers] */
    char host[SKS_MPI_HOST_SIZE];
    unsigned n_ready, n_over;
    bool is_crowded;  /* this process and its workers here share processors, or may do so */
    bool is_halted;   /* the kernel is stopped, and all know it */
    bool is_told;     /* of every message: all workers are here */
    json_t *machines; /* of workers on other hosts */
};

/* ---- The job's text. */

static sks_status parameters_to_json(const sks_values *values, json_t **object)
{
    json_t *o = json_object();

    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++) {
        const char *text =
            sks_values_has(values, p->name) ? sks_values_text(values, p->name) : NULL;

        if (text == NULL)
            continue;
        if (p->type == SKS_INPUT && strcmp(text, "-") == 0) {
            json_decref(o);
            return sks_fail(SKS_ERR_USAGE,
                            "%s: executor mpi cannot read standard input, which one rank only has: "
                            "give a file",
                            p->name);
        }
        if (json_object_set_new(o, p->name, json_string(text)) != 0) {
            json_decref(o);
            return sks_fail(SKS_ERR_USAGE, "%s: executor mpi needs texts in UTF-8", p->name);
        }
    }
    *object = o;
    return SKS_OK;
}

static json_t *events_to_json(const sks_counters *counters)
{
    json_t *text;
    char *list = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&list, &size);

    for (size_t i = 0; stream != NULL && counters != NULL && i < sks_counters_n(counters); i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", sks_counters_event(counters, i));
    if (stream != NULL)
        fclose(stream);
    text = json_string(list != NULL ? list : "");
    free(list);
    return text;
}

static sks_status send_job(const json_t *job, unsigned worker)
{
    const sks_mpi_head head = {.kind = SKS_MPI_JOB};
    char *text = json_dumps(job, JSON_COMPACT);
    const size_t length = text != NULL ? strlen(text) : 0;
    char *message = malloc(sizeof(head) + length);
    sks_status status = SKS_ERR_NOMEM;

    if (message != NULL && text != NULL) {
        memcpy(message, &head, sizeof(head));
        memcpy(message + sizeof(head), text, length);
        status = sks_mpi_send((int)worker + 1, message, sizeof(head) + length, "sending the job");
    } else {
        status = sks_fail_nomem("the job");
    }
    free(message);
    free(text);
    return status;
}

/* All at once, and before the jobs, whose sending may wait for the other side. */
static sks_status wake_all(unsigned n_workers)
{
    const sks_mpi_head head = {.kind = SKS_MPI_WAKE};
    sks_status status = SKS_OK;

    for (unsigned w = 0; status == SKS_OK && w < n_workers; w++)
        status = sks_mpi_send((int)w + 1, &head, sizeof(head), "waking");
    return status;
}

static sks_status send_jobs(const struct coordinator *c)
{
    const sks_job *j = c->job;
    char folder[PATH_MAX];
    json_t *parameters = NULL, *job;
    sks_status status = parameters_to_json(j->parameters, &parameters);

    if (status != SKS_OK)
        return status;
    if (getcwd(folder, sizeof(folder)) == NULL) {
        json_decref(parameters);
        return sks_fail(SKS_ERR_IO, "the working folder: %s", strerror(errno));
    }
    job = json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:o, s:o}", "kernel", j->kernel->name,
                    "folder", folder, "host", c->host, "pid", (int)getpid(), "workers",
                    (int)j->n_workers, "binding", j->binding != NULL ? j->binding : "none",
                    "counter_source", "auto", "events", events_to_json(j->counters), "parameters",
                    parameters);
    status = wake_all(j->n_workers);
    for (unsigned w = 0; status == SKS_OK && w < j->n_workers; w++)
        status = send_job(job, w);
    json_decref(job);
    return status;
}

/* ---- Messages from workers. */

/* One task's result, and behind it what its kernel has packed. */
static sks_status place_packed(struct coordinator *c, size_t task, const char *data,
                               size_t size_bytes)
{
    const size_t size = c->crew.result_size;
    char *result = (char *)c->job->results + task * size;

    memcpy(result, data, size);
    return c->job->kernel->unpack(c->job->state, task, result, data + size, size_bytes - size);
}

static void place_results(struct coordinator *c, unsigned number, const sks_mpi_result *r,
                          size_t size_bytes)
{
    const sks_job *job = c->job;
    const char *results = (const char *)(r + 1);
    const size_t size = c->crew.result_size;
    const sks_range tasks = r->head.tasks;
    sks_worker *w = &c->workers[number];
    sks_status status = SKS_OK;

    if (job->kernel->unpack != NULL) {
        status = place_packed(c, tasks.begin, results, size_bytes);
        if (status != SKS_OK)
            sks_worker_fail(w, status, tasks.begin);
    } else if (job->kernel->deliver == NULL) {
        memcpy((char *)job->results + tasks.begin * size, results, size_bytes);
    }
    for (size_t task = tasks.begin; job->kernel->deliver != NULL && task < tasks.end;
         task++, results += size) {
        if (task >= atomic_load_explicit(&c->crew.first_failed, memory_order_relaxed))
            continue;
        status = job->kernel->deliver(job->state, task, results);
        if (status != SKS_OK)
            sks_worker_fail(w, status, task);
    }
}

static bool is_wanted(const struct coordinator *c, size_t task)
{
    return task < atomic_load_explicit(&c->crew.first_failed, memory_order_relaxed) &&
           !*c->job->cancel;
}

/* ---- A kernel that ends early: what no worker computes is noted here. */

static bool is_stopped(const struct coordinator *c)
{
    const sks_kernel *kernel = c->job->kernel;

    return kernel->is_stopped != NULL && kernel->is_stopped(c->job->state);
}

static void pass_over(struct coordinator *c, sks_range tasks)
{
    char *results = c->job->results;

    if (tasks.begin < tasks.end &&
        c->job->kernel->run(c->job->state, NULL, tasks,
                            results + tasks.begin * c->crew.result_size) != SKS_OK)
        sks_clear(); /* interrupted, as the run's end will say */
}

static sks_status halt_others(struct coordinator *c)
{
    const sks_mpi_head head = {.kind = SKS_MPI_HALT};
    sks_status status = SKS_OK;

    for (unsigned w = 0; status == SKS_OK && w < c->job->n_workers; w++)
        if (c->peer[w].is_busy)
            status = sks_mpi_send((int)w + 1, &head, sizeof(head), "stopping");
    c->is_halted = true;
    return status;
}

/* ---- Chunks. */

/* The next chunk for a worker, or the end. */
static sks_status give(struct coordinator *c, unsigned number)
{
    const sks_scheduler *scheduler = c->job->scheduler;
    struct peer *p = &c->peer[number];
    sks_mpi_head head = {.kind = SKS_MPI_STOP};
    sks_worker *w = &c->workers[number];

    while (!*c->job->cancel && scheduler->next(c->crew.schedule, number, &head.tasks))
        if (!sks_is_piece(head.tasks, c->crew.n_tasks)) {
            return sks_job_refuse_piece(c->job, head.tasks, c->crew.n_tasks);
        } else if (is_stopped(c)) {
            pass_over(c, head.tasks);
        } else if (is_wanted(c, head.tasks.begin)) {
            head.kind = SKS_MPI_CHUNK;
            break;
        }
    p->is_busy = head.kind == SKS_MPI_CHUNK;
    p->chunk = head.tasks;
    p->busy_s = 0;
    p->sent_tick = sks_ticks();
    if (!p->is_busy)
        w->end_tick = p->sent_tick;
    return sks_mpi_send((int)number + 1, &head, sizeof(head), "sending a chunk");
}

/* A chunk is complete: its record, as the worker's own would be. */
static void record_chunk(struct coordinator *c, unsigned number)
{
    const sks_scheduler *scheduler = c->job->scheduler;
    struct peer *p = &c->peer[number];
    sks_worker *w = &c->workers[number];
    const uint64_t now = sks_ticks();
    uint64_t busy = (uint64_t)(p->busy_s / c->crew.tick_s);

    if (busy > now - p->sent_tick) /* rounding */
        busy = now - p->sent_tick;
    w->busy_ticks += busy;
    w->n_chunks++;
    w->n_tasks += p->chunk.end - p->chunk.begin;
    if (w->log != NULL) {
        sks_scheduler_stats stats = {0};

        if (scheduler->stats != NULL)
            scheduler->stats(c->crew.schedule, number, &stats);
        sks_chunk_log_add(w->log, p->chunk, now - busy, now, stats.steals_won > w->n_steals);
        w->n_steals = stats.steals_won;
    }
    if (scheduler->done != NULL)
        scheduler->done(c->crew.schedule, number, p->chunk,
                        scheduler->times_claims ? c->crew.tick_s * (double)(now - w->done_tick)
                                                : p->busy_s);
    w->done_tick = now;
}

static sks_status take_result(struct coordinator *c, unsigned number, const sks_mpi_result *r,
                              size_t size_bytes)
{
    const size_t expected = (r->head.tasks.end - r->head.tasks.begin) * c->crew.result_size;
    struct peer *p = &c->peer[number];

    size_bytes -= sizeof(*r);
    if (r->status == SKS_OK &&
        (c->job->kernel->unpack != NULL ? size_bytes < expected : size_bytes != expected))
        return sks_fail(SKS_ERR_BUG, "MPI: results of %zu bytes, not %zu", size_bytes, expected);
    p->busy_s += r->busy_s;
    if (r->is_last && r->status == SKS_OK) /* more than nothing only after a halt */
        pass_over(c, (sks_range){r->head.tasks.end, p->chunk.end});
    if (r->status != SKS_OK) {
        sks_set_message("%s", r->message);
        sks_worker_fail(&c->workers[number], r->status, r->failed_task);
    } else if (r->head.tasks.begin < r->head.tasks.end) {
        place_results(c, number, r, size_bytes);
    }
    if (is_stopped(c) && !c->is_halted) {
        const sks_status halted = halt_others(c);

        if (halted != SKS_OK)
            return halted;
    }
    if (!r->is_last)
        return SKS_OK;
    record_chunk(c, number);
    return give(c, number);
}

static sks_status take_ready(struct coordinator *c, unsigned number, const sks_mpi_ready *ready)
{
    struct peer *p = &c->peer[number];
    sks_worker *w = &c->workers[number];
    sks_status status = ready->status;

    memcpy(p->host, ready->host, sizeof(p->host));
    p->pid = ready->pid;
    p->is_here = strcmp(p->host, c->host) == 0;
    w->got = ready->got;
    c->n_ready++;
    if (status != SKS_OK)
        sks_set_message("%s%s%s", p->is_here ? "" : p->host, p->is_here ? "" : ": ",
                        ready->message);
    else if (ready->n_tasks != c->crew.n_tasks || ready->result_size != c->crew.result_size)
        status =
            sks_fail(SKS_ERR_INPUT,
                     "rank %u on %s sees %zu tasks where this one sees %zu: are its inputs the "
                     "same?",
                     number + 1, p->host, ready->n_tasks, c->crew.n_tasks);
    if (status != SKS_OK)
        sks_worker_fail(w, status, 0);
    if (ready->machine_size > 0)
        json_array_append_new(
            c->machines,
            json_pack("{s:i, s:s, s:o}", "worker", (int)number, "host", p->host, "machine",
                      json_loadb((const char *)(ready + 1), ready->machine_size, 0, NULL)));
    return p->is_here ? sks_mpi_know((int)number + 1, p->pid) : SKS_OK;
}

static void take_report(struct coordinator *c, unsigned number, const sks_mpi_report *report)
{
    sks_worker *w = &c->workers[number];

    w->switches = report->switches;
    memcpy(w->counts, report->counts, sizeof(w->counts));
    c->peer[number].is_over = true;
    c->n_over++;
}

static sks_status handle(struct coordinator *c, int from, const sks_mpi_head *head,
                         size_t size_bytes)
{
    const unsigned number = (unsigned)from - 1;

    if (from < 1 || number >= c->job->n_workers)
        return sks_fail(SKS_ERR_BUG, "MPI: a message from rank %d", from);
    switch (head->kind) {
    case SKS_MPI_READY:
        return take_ready(c, number, (const void *)head);
    case SKS_MPI_RESULT:
        return take_result(c, number, (const void *)head, size_bytes);
    case SKS_MPI_END:
        take_report(c, number, (const void *)head);
        return SKS_OK;
    default:
        return sks_fail(SKS_ERR_BUG, "MPI: a message of kind %d", (int)head->kind);
    }
}

/* ---- Waiting. */

/* A worker on this host that is not there any more. */
static sks_status check_alive(const struct coordinator *c)
{
    for (unsigned w = 0; w < c->job->n_workers; w++) {
        const struct peer *p = &c->peer[w];

        if (!p->is_here || p->is_over || kill(p->pid, 0) == 0 || errno != ESRCH)
            continue;
        if (*c->job->cancel)
            return sks_fail(SKS_ERR_CANCELLED, "interrupted");
        if (p->is_busy)
            return sks_fail(SKS_ERR_WORKER,
                            "kernel %s: rank %u (process %d) died in tasks %zu to "
                            "%zu",
                            c->job->kernel->name, w + 1, p->pid, p->chunk.begin, p->chunk.end - 1);
        return sks_fail(SKS_ERR_WORKER, "kernel %s: rank %u (process %d) died",
                        c->job->kernel->name, w + 1, p->pid);
    }
    return SKS_OK;
}

/* Handles one message if there is one. */
static sks_status look(struct coordinator *c, bool *is_there)
{
    size_t size_bytes = 0;
    int from = 0;
    void *message;
    sks_status status =
        sks_mpi_check(sks_mpi()->probe(is_there, &from, &size_bytes), "waiting for workers");

    if (status != SKS_OK || !*is_there)
        return status;
    message = malloc(size_bytes + 1);
    if (message == NULL)
        return sks_fail_nomem("a message");
    status = sks_mpi_check(sks_mpi()->receive(from, message, size_bytes), "receiving");
    if (status == SKS_OK)
        status = handle(c, from, message, size_bytes);
    free(message);
    return status;
}

/* Until *count reaches n_workers. Gives way to the workers, who may need this core. */
static sks_status wait_until_all(struct coordinator *c, const unsigned *count)
{
    sks_wait wait = sks_wait_begin();
    double cancelled_s = 0, watched_s = wait.begin_s;

    while (*count < c->job->n_workers) {
        double now_s;
        bool is_there;
        sks_status status = look(c, &is_there);

        if (status != SKS_OK)
            return status;
        if (is_there) {
            wait = sks_wait_begin();
            continue;
        }
        sks_mpi_wait(&wait, c->is_crowded, c->is_told, LONGEST_PAUSE_S);
        now_s = sks_now_s();
        if (now_s - watched_s > 0.05) {
            watched_s = now_s;
            status = check_alive(c);
            if (status != SKS_OK)
                return status;
            if (*c->job->cancel && cancelled_s == 0)
                cancelled_s = watched_s;
            if (cancelled_s > 0 && watched_s - cancelled_s > GRACE_S)
                return sks_fail(SKS_ERR_CANCELLED, "interrupted");
        }
    }
    return SKS_OK;
}

/* ---- The run. */

/* Workers in the middle of a task cannot hear: they are ended. Without them no further run is
 * possible, and MPI would end this process too: the program is about to end anyway. */
static void end_peers(const struct coordinator *c)
{
    for (unsigned w = 0; w < c->job->n_workers; w++)
        if (c->peer[w].is_here && !c->peer[w].is_over)
            kill(c->peer[w].pid, SIGKILL);
    sks_mpi_give_up();
}

static sks_status stop_all(struct coordinator *c)
{
    const sks_mpi_head head = {.kind = SKS_MPI_STOP};
    sks_status status = SKS_OK;

    for (unsigned w = 0; status == SKS_OK && w < c->job->n_workers; w++)
        status = sks_mpi_send((int)w + 1, &head, sizeof(head), "stopping");
    return status == SKS_OK ? wait_until_all(c, &c->n_over) : status;
}

/* Whether this process needs a processor that a worker has; while they make ready, of whom nobody
 * knows where they are, it gives way in any case. */
static void see_who_is_here(struct coordinator *c)
{
    unsigned n_here = 0;

    for (unsigned w = 0; w < c->job->n_workers; w++)
        n_here += c->peer[w].is_here;
    c->is_crowded = (long)n_here + 1 > sysconf(_SC_NPROCESSORS_ONLN);
    c->is_told = n_here == c->job->n_workers;
}

static sks_status run_loop(struct coordinator *c, sks_loop_report *report,
                           sks_worker_record *records)
{
    const unsigned n = c->job->n_workers;
    sks_status status = send_jobs(c);
    bool is_released;

    if (status == SKS_OK)
        status = wait_until_all(c, &c->n_ready);
    if (status != SKS_OK)
        return status;
    see_who_is_here(c);
    is_released = sks_crew_open(&c->crew, n, SKS_OK) == SKS_OK;
    if (!is_released) {
        status = stop_all(c);
        return status == SKS_OK ? sks_crew_failure(&c->crew) : status;
    }
    for (unsigned w = 0; status == SKS_OK && w < n; w++) {
        c->workers[w].start_tick = c->workers[w].done_tick = sks_ticks();
        status = give(c, w);
    }
    if (status == SKS_OK)
        status = wait_until_all(c, &c->n_over);
    if (status == SKS_OK)
        status = sks_crew_failure(&c->crew);
    if (status == SKS_OK)
        sks_crew_fill_records(&c->crew, report, records);
    return status;
}

/* Kernel failures leave the workers in good order; anything else does not. */
static bool is_broken(const struct coordinator *c)
{
    return c->n_over < c->job->n_workers && (c->n_ready > 0 || c->n_over > 0);
}

static sks_status run_with(struct coordinator *c, sks_loop_report *report,
                           sks_worker_record *records)
{
    const sks_job *job = c->job;
    void *schedule = NULL;
    sks_status status = sks_job_start_schedule(job, NULL, NULL, &schedule);

    if (status != SKS_OK)
        return status;
    sks_crew_init(&c->crew, job, schedule, c->workers);
    gethostname(c->host, sizeof(c->host) - 1);
    status = sks_mpi_gather(job->n_workers);
    if (status == SKS_OK) {
        sks_mpi_listen(true);
        status = run_loop(c, report, records);
        sks_mpi_listen(false);
        if (is_broken(c))
            end_peers(c);
    }
    if (status == SKS_OK) {
        sks_job_explain(job, schedule, report);
        if (json_array_size(c->machines) > 0)
            report->machines = json_dumps(c->machines, JSON_COMPACT);
    }
    free(schedule);
    return status;
}

static sks_status run(const sks_job *job, sks_loop_report *report, sks_worker_record *records)
{
    const size_t workers_size = job->n_workers * sizeof(sks_worker);
    struct coordinator c = {
        .job = job,
        .workers = aligned_alloc(SKS_CACHE_LINE, workers_size),
        .peer = calloc(job->n_workers, sizeof(*c.peer)),
        .machines = json_array(),
        .is_crowded = true,
    };
    sks_status status = SKS_ERR_NOMEM;

    if (c.workers == NULL || c.peer == NULL || c.machines == NULL)
        status = sks_fail_nomem("workers");
    else {
        memset(c.workers, 0, workers_size);
        status = run_with(&c, report, records);
    }
    json_decref(c.machines);
    free(c.peer);
    free(c.workers);
    return status;
}

static sks_status check(const sks_scheduler *scheduler, const sks_values *options,
                        unsigned n_workers)
{
    const unsigned n_launched = sks_mpi_n_launched();

    (void)scheduler, (void)options;
    if (n_launched > 0 && n_workers > n_launched)
        return sks_fail(SKS_ERR_USAGE,
                        "executor mpi: %u workers, but %u processes were launched: one "
                        "coordinates, so launch %u",
                        n_workers, n_launched + 1, n_workers + 1);
    return SKS_OK;
}

const sks_executor sks_executor_mpi = {
    .name = "mpi",
    .summary = "MPI ranks on one machine or many; rank 0 hands out the chunks",
    .citation = "MPI: A Message-Passing Interface Standard, version 3.1",
    .unavailable = sks_mpi_unavailable,
    .n_started = sks_mpi_n_launched,
    .check = check,
    .run = run,
};
