#include "harness/executors/mpi_worker.h"

#include "harness/executors/fatal.h"
#include "harness/executors/mpi_message.h"
#include "harness/executors/mpi_world.h"
#include "harness/executors/waiting.h"
#include "harness/machine/describe.h"
#include "harness/measure/clock.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Results are sent in pieces of about this size. */
enum { PIECE_SIZE = 4 << 20 };

#define LONGEST_PAUSE_S 0.5e-3    /* within a job, where others need the processor */
#define LONGEST_IDLE_PAUSE_S 5e-3 /* between jobs, where the coordinator cannot wake us */

/* Where it can: a message is there when its signal is, but for what a network keeps to itself. */
enum { N_LOOKS_BEFORE_SLEEP = 40 };

/* One job. */
struct server {
    const sks_kernel *kernel;
    sks_values *parameters;
    sks_counters *counters;
    sks_counter_session *session;
    void *state, *scratch;
    size_t result_size;
    size_t piece; /* tasks */
    char *buffer; /* a sks_mpi_result and the results of a piece */
    long switches;
    char host[SKS_MPI_HOST_SIZE];
    /* What the report of a crash wants to know (fatal.h). */
    sks_job job;
    sks_crew crew;
    sks_worker self;
};

static long involuntary_switches(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : -1;
}

/* ---- Waiting. */

/* More processes than processors: who waits gives way. */
static bool is_crowded;
/* The coordinator is on this host: it needs a processor too, and it can wake this process. */
static bool is_near;

/* Between jobs there may be nothing to do for long, while others measure: every look, not to speak
 * of a whole millisecond's, would disturb them. The second is for a coordinator that is not there
 * any more. */
static void wait_for_message(sks_wait *wait, bool is_idle)
{
    if (is_idle && is_near && wait->n_looks > N_LOOKS_BEFORE_SLEEP) {
        sks_mpi_sleep(1.0);
        *wait = sks_wait_begin();
    } else if (is_idle) {
        sks_mpi_wait(wait, true, false, LONGEST_IDLE_PAUSE_S);
    } else {
        sks_mpi_wait(wait, is_crowded, is_near, LONGEST_PAUSE_S);
    }
}

/* Waits until the coordinator has sent something. */
static sks_status await_message(bool is_idle, size_t *size_bytes)
{
    sks_wait wait = sks_wait_begin();

    for (;;) {
        bool is_there;
        int from;
        sks_status status =
            sks_mpi_check(sks_mpi()->probe(&is_there, &from, size_bytes), "waiting");

        if (status != SKS_OK || is_there)
            return status;
        if (sks_cancel != 0)
            return sks_fail(SKS_ERR_CANCELLED, "interrupted");
        wait_for_message(&wait, is_idle);
    }
}

/* The next message from the coordinator; the caller frees it. It listens no longer than it waits:
 * programs that a kernel starts inherit which signals are blocked. */
static sks_status take(bool is_idle, void **message, size_t *size_bytes)
{
    sks_status status;
    void *data;

    sks_mpi_listen(true);
    status = await_message(is_idle, size_bytes);
    sks_mpi_listen(false);
    if (status != SKS_OK)
        return status;
    data = malloc(*size_bytes + 1);
    if (data == NULL)
        return sks_fail_nomem("a message");
    status = sks_mpi_check(sks_mpi()->receive(0, data, *size_bytes), "receiving");
    if (status != SKS_OK) {
        free(data);
        return status;
    }
    ((char *)data)[*size_bytes] = '\0';
    *message = data;
    return SKS_OK;
}

/* ---- A job. */

static const char *text_of(const json_t *job, const char *name)
{
    const char *text = json_string_value(json_object_get(job, name));

    return text != NULL ? text : "";
}

static sks_status set_parameters(const json_t *job, struct server *s)
{
    json_t *parameters = json_object_get(job, "parameters"), *value;
    sks_status status = sks_values_create(s->kernel->params, &s->parameters);
    const char *name;

    json_object_foreach(parameters, name, value) if (status == SKS_OK) status =
        sks_values_set(s->parameters, name, json_string_value(value), name);
    return status;
}

/* Workers of one host share its places out among themselves. */
static void bind(const json_t *job, sks_place *got)
{
    sks_topology *topology = NULL;
    sks_place *places;
    bool is_oversubscribed;
    int number, n;

    sks_mpi()->neighbours((int)json_integer_value(json_object_get(job, "workers")), &number, &n);
    /* Of all processors, not of those it may use: a launcher binds. */
    is_crowded = n + is_near > sysconf(_SC_NPROCESSORS_ONLN);
    places = calloc((size_t)n + 1, sizeof(*places));
    *got = (sks_place){-1, -1, -1, -1};
    if (places != NULL && sks_topology_load(NULL, &topology) == SKS_OK &&
        sks_place_workers(topology, text_of(job, "binding"), (unsigned)n, places,
                          &is_oversubscribed) == SKS_OK)
        sks_bind(topology, &places[number], got);
    sks_topology_destroy(topology);
    free(places);
    sks_clear();
}

static sks_status make_state(const json_t *job, struct server *s, sks_place *got)
{
    sks_status status = SKS_OK;

    gethostname(s->host, sizeof(s->host) - 1);
    is_near = strcmp(s->host, text_of(job, "host")) == 0; /* by the answer to this */
    if (is_near && sks_mpi_know(0, (int)json_integer_value(json_object_get(job, "pid"))) != SKS_OK)
        return SKS_ERR_NOMEM;
    if (chdir(text_of(job, "folder")) != 0)
        return sks_fail(SKS_ERR_IO, "%s: %s", text_of(job, "folder"), strerror(errno));
    bind(job, got);
    status = sks_kernel_find(text_of(job, "kernel"), &s->kernel);
    if (status == SKS_OK)
        status = set_parameters(job, s);
    if (status == SKS_OK)
        status = s->kernel->prepare(s->parameters, &s->state);
    if (status == SKS_OK && s->kernel->scratch != NULL)
        status = s->kernel->scratch(s->state, &s->scratch);
    if (status == SKS_OK && text_of(job, "events")[0] != '\0')
        status =
            sks_counters_open(text_of(job, "events"), text_of(job, "counter_source"), &s->counters);
    if (status != SKS_OK)
        return status;
    s->result_size = s->kernel->result_size(s->state);
    s->piece = SIZE_MAX;
    if (s->kernel->pack != NULL || s->result_size >= PIECE_SIZE)
        s->piece = 1;
    else if (s->result_size > 0)
        s->piece = PIECE_SIZE / s->result_size;
    /* Results begin on a boundary as the kernel contract wants it. */
    s->buffer = aligned_alloc(64, 64 * 1024 + (s->result_size < PIECE_SIZE
                                                   ? 2 * (size_t)PIECE_SIZE
                                                   : (s->result_size + 63) / 64 * 64));
    return s->buffer != NULL ? SKS_OK : sks_fail_nomem("results");
}

static void clear(struct server *s)
{
    if (s->scratch != NULL && s->kernel->scratch_free != NULL)
        s->kernel->scratch_free(s->scratch);
    if (s->kernel != NULL)
        s->kernel->teardown(s->state); /* an unfinished product vanishes: it is not ours */
    sks_counters_close(s->counters);
    sks_values_destroy(s->parameters);
    free(s->buffer);
    *s = (struct server){0};
}

/* This machine, when it is another than the coordinator's. */
static char *describe(const char *host, const char *coordinator)
{
    sks_topology *topology = NULL;
    json_t *machine = NULL;
    char *text = NULL;

    if (strcmp(host, coordinator) == 0)
        return NULL;
    if (sks_topology_load(NULL, &topology) == SKS_OK &&
        sks_machine_describe(topology, &machine) == SKS_OK)
        text = json_dumps(machine, JSON_COMPACT);
    json_decref(machine);
    sks_topology_destroy(topology);
    sks_clear();
    return text;
}

static sks_status send_ready(const json_t *job, const struct server *s, sks_status status,
                             const sks_place *got)
{
    sks_mpi_ready ready = {
        .head.kind = SKS_MPI_READY, .status = status, .got = *got, .pid = getpid()};
    char *machine, *message;

    memcpy(ready.message, sks_message(), sizeof(ready.message));
    sks_clear();
    if (status == SKS_OK) {
        ready.n_tasks = s->kernel->task_count(s->state);
        ready.result_size = s->result_size;
    }
    memcpy(ready.host, s->host, sizeof(ready.host));
    machine = describe(ready.host, text_of(job, "host"));
    ready.machine_size = machine != NULL ? strlen(machine) : 0;
    message = malloc(sizeof(ready) + ready.machine_size);
    status = SKS_ERR_NOMEM;
    if (message != NULL) {
        memcpy(message, &ready, sizeof(ready));
        if (machine != NULL)
            memcpy(message + sizeof(ready), machine, ready.machine_size);
        status = sks_mpi_send(0, message, sizeof(ready) + ready.machine_size, "answering");
    }
    free(message);
    free(machine);
    return status;
}

/* ---- Its tasks. */

static void run_piece(struct server *s, sks_range tasks, char *results, sks_mpi_result *result)
{
    const double begin_s = sks_now_s();

    result->head = (sks_mpi_head){SKS_MPI_RESULT, tasks};
    result->status = SKS_OK;
    s->self.current.begin = tasks.begin;
    s->self.current.end = tasks.end;
    if (s->kernel->deliver == NULL)
        result->status = s->kernel->run(s->state, s->scratch, tasks, results);
    result->failed_task = tasks.begin;
    for (size_t task = tasks.begin;
         s->kernel->deliver != NULL && task < tasks.end && result->status == SKS_OK; task++) {
        s->self.current.begin = task;
        result->status = s->kernel->run(s->state, s->scratch, (sks_range){task, task + 1},
                                        results + (task - tasks.begin) * s->result_size);
        result->failed_task = task;
    }
    s->self.current.begin = tasks.end;
    result->busy_s = sks_now_s() - begin_s;
    if (result->status != SKS_OK) {
        memcpy(result->message, sks_message(), sizeof(result->message));
        sks_clear();
    }
}

/* One task's result, and behind it what the kernel packs. */
static sks_status send_packed(const struct server *s, const sks_mpi_result *result)
{
    const size_t n_bytes = sizeof(*result) + s->result_size;
    size_t n_packed = 0;
    void *packed = NULL;
    char *message = NULL;
    sks_status status =
        s->kernel->pack(s->state, result->head.tasks.begin, result + 1, &packed, &n_packed);

    if (status == SKS_OK && (message = malloc(n_bytes + n_packed)) == NULL)
        status = sks_fail_nomem("a result");
    if (status == SKS_OK) {
        memcpy(message, result, n_bytes);
        memcpy(message + n_bytes, packed, n_packed);
        status = sks_mpi_send(0, message, n_bytes + n_packed, "sending");
    }
    free(message);
    free(packed);
    return status;
}

/* Whether the coordinator wants no more of this chunk. Asked between the tasks of kernels that may
 * be stopped; nothing else can have come meanwhile. */
static sks_status look_for_halt(const struct server *s, bool *is_halted)
{
    bool is_there = false;
    sks_mpi_head *head = NULL;
    size_t size_bytes;
    int from;
    sks_status status = SKS_OK;

    /* MPI finds a message in the look after the one that fetches it. */
    for (int i = 0; status == SKS_OK && !is_there && i < 2 && s->kernel->is_stopped != NULL; i++)
        status = sks_mpi_check(sks_mpi()->probe(&is_there, &from, &size_bytes), "looking");
    if (status != SKS_OK || !is_there)
        return status;
    status = take(false, (void **)&head, &size_bytes);
    if (status == SKS_OK)
        *is_halted = head->kind == SKS_MPI_HALT;
    free(head);
    return status;
}

static sks_status compute(struct server *s, sks_range chunk)
{
    enum { HEAD_ROOM = 64 * 1024 }; /* results keep their alignment behind the head */
    sks_mpi_result *result = (void *)(s->buffer + HEAD_ROOM - sizeof(*result));
    sks_status status = SKS_OK;
    bool is_over = false, is_halted = false;

    for (size_t begin = chunk.begin; status == SKS_OK && !is_over;) {
        const size_t end = chunk.end - begin > s->piece ? begin + s->piece : chunk.end;
        size_t n_bytes;

        memset(result, 0, sizeof(*result));
        status = look_for_halt(s, &is_halted);
        if (status != SKS_OK)
            return status;
        if (is_halted) {
            *result = (sks_mpi_result){.head = {SKS_MPI_RESULT, {begin, begin}}, .is_last = true};
            return sks_mpi_send(0, result, sizeof(*result), "sending");
        }
        run_piece(s, (sks_range){begin, end}, s->buffer + HEAD_ROOM, result);
        is_over = result->is_last = end == chunk.end || result->status != SKS_OK;
        n_bytes = result->status == SKS_OK ? (end - begin) * s->result_size : 0;
        if (s->kernel->pack != NULL && result->status == SKS_OK)
            status = send_packed(s, result);
        else
            status = sks_mpi_send(0, result, sizeof(*result) + n_bytes, "sending");
        begin = end;
    }
    return status;
}

static sks_status send_report(struct server *s)
{
    sks_mpi_report report = {.head.kind = SKS_MPI_END, .switches = -1};

    if (s->counters != NULL)
        sks_counters_stop(s->counters, s->session, report.counts);
    if (s->switches >= 0)
        report.switches = involuntary_switches() - s->switches;
    return sks_mpi_send(0, &report, sizeof(report), "reporting");
}

static void introduce(struct server *s)
{
    s->job.kernel = s->kernel;
    s->job.n_workers = 1;
    s->crew.job = &s->job;
    s->crew.worker = &s->self;
    s->self.crew = &s->crew;
    s->self.number = (unsigned)sks_mpi_rank() - 1;
    if (s->kernel != NULL)
        sks_fatal_enter(&s->self);
}

/* From the job's announcement to its end. */
static sks_status do_job(const char *text)
{
    struct server s = {0};
    json_t *job = json_loads(text, 0, NULL);
    sks_place got;
    sks_status made = job != NULL ? make_state(job, &s, &got)
                                  : sks_fail(SKS_ERR_BUG, "MPI: the job's text is damaged");
    sks_status status = send_ready(job, &s, made, &got);
    bool is_over = false;

    if (made == SKS_OK && s.counters != NULL) {
        s.session = sks_counters_ready(s.counters);
        sks_counters_start(s.counters, s.session);
    }
    introduce(&s);
    s.switches = involuntary_switches();
    while (status == SKS_OK && !is_over) {
        sks_mpi_head *head = NULL;
        size_t size_bytes;

        status = take(false, (void **)&head, &size_bytes);
        if (status != SKS_OK)
            break;
        if (head->kind == SKS_MPI_CHUNK)
            status = compute(&s, head->tasks);
        else
            is_over = head->kind != SKS_MPI_HALT; /* which came after the chunk's end */
        free(head);
    }
    if (status == SKS_OK)
        status = send_report(&s);
    sks_fatal_leave();
    clear(&s);
    json_decref(job);
    return status;
}

sks_status sks_mpi_serve(void)
{
    bool is_idle = true, is_over = false;
    sigset_t end;
    sks_status status;

    /* MPI's threads, which inherit the mask, leave this signal to this one. */
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    status = sks_mpi_start();
    pthread_sigmask(SIG_UNBLOCK, &end, NULL);
    signal(SIGINT, SIG_IGN); /* the terminal's goes to all: the coordinator deals with it */
    while (status == SKS_OK && !is_over) {
        sks_mpi_head *head = NULL;
        size_t size_bytes;

        status = take(is_idle, (void **)&head, &size_bytes);
        if (status != SKS_OK)
            break;
        if (head->kind == SKS_MPI_JOB)
            status = do_job((const char *)(head + 1));
        is_over = head->kind == SKS_MPI_QUIT;
        is_idle = head->kind != SKS_MPI_WAKE;
        free(head);
    }
    return status;
}
