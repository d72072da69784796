/* A kernel of known result whose tasks may be deadly, and what a run with it has to come to.
 * Include after <cmocka.h>. Workers are processes: what they and the test both see is in shared
 * memory. */
#ifndef SKYSCALE_TESTS_MORTAL_KERNEL_H
#define SKYSCALE_TESTS_MORTAL_KERNEL_H

#include "harness/measure/clock.h"
#include "harness/measure/run.h"
#include "harness/measure/schedule_file.h"
#include "harness/measure/shared_memory.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_TASKS = 150 };

static sks_topology *topology;
static const sks_executor *executors[2]; /* those that survive deaths: processes, queue */

/* ---- The kernel. */

static enum { BY_KILL, BY_ABORT, BY_EXIT } way;
static size_t deadly_task;
static bool dies_in_scratch, dies_locked; /* the latter in a scheduler, if it does */
static unsigned task_us;
/* In shared memory: how many are still to die, and how often each task was delivered. */
static struct {
    atomic_int n_to_die;
    unsigned n_delivered[N_TASKS];
} * shared;

static uint64_t delivered[N_TASKS];
static uint64_t sum;

static inline void die(void)
{
    if (atomic_fetch_sub(&shared->n_to_die, 1) <= 0)
        return;
    if (way == BY_KILL)
        kill(getpid(), SIGKILL);
    else if (way == BY_ABORT)
        abort();
    else
        _exit(0);
}

static inline sks_status prepare(const sks_values *values, void **state)
{
    (void)values;
    memset(delivered, 0, sizeof(delivered));
    memset(shared->n_delivered, 0, sizeof(shared->n_delivered));
    *state = &sum;
    return SKS_OK;
}

static inline size_t task_count(const void *state)
{
    (void)state;
    return N_TASKS;
}

static inline size_t result_size(const void *state)
{
    (void)state;
    return sizeof(uint64_t);
}

static inline sks_status scratch(const void *state, void **made)
{
    (void)state;
    *made = NULL;
    if (dies_in_scratch)
        die();
    return SKS_OK;
}

static inline uint64_t value_of(size_t task)
{
    return (task + 1) * 0x9e3779b97f4a7c15u;
}

static inline sks_status run_tasks(const void *state, void *made, sks_range tasks, void *results)
{
    uint64_t *result = results;

    (void)state;
    (void)made;
    for (size_t task = tasks.begin; task < tasks.end; task++) {
        double end_s = sks_now_s() + 1e-6 * task_us;

        if (task == deadly_task)
            die();
        while (sks_now_s() < end_s)
            ;
        *result++ = value_of(task);
    }
    return SKS_OK;
}

static inline sks_status deliver(void *state, size_t task, const void *result)
{
    (void)state;
    delivered[task] = *(const uint64_t *)result;
    shared->n_delivered[task]++;
    return SKS_OK;
}

static inline sks_status finish(void *state, const void *results, sks_notes *notes)
{
    const uint64_t *result = results != NULL ? results : delivered;

    (void)state;
    (void)notes;
    sum = 0;
    for (size_t i = 0; i < N_TASKS; i++) {
        sum = sum * 31 + result[i];
        if (results == NULL && shared->n_delivered[i] != 1)
            return sks_fail(SKS_ERR_BUG, "task %zu was delivered %u times", i,
                            shared->n_delivered[i]);
    }
    return SKS_OK;
}

static inline sks_status digest(const void *state, sks_digest *made)
{
    (void)state;
    snprintf(made->hex, sizeof(made->hex), "%032llx", (unsigned long long)sum);
    return SKS_OK;
}

static inline sks_work work(const void *state)
{
    (void)state;
    return (sks_work){0, 0};
}

static inline void teardown(void *state)
{
    (void)state;
}

static const sks_kernel kernels[2] = {
    {.name = "mortal",
     .prepare = prepare,
     .task_count = task_count,
     .result_size = result_size,
     .scratch = scratch,
     .run = run_tasks,
     .finish = finish,
     .digest = digest,
     .work = work,
     .teardown = teardown},
    {.name = "mortal-delivering",
     .prepare = prepare,
     .task_count = task_count,
     .result_size = result_size,
     .scratch = scratch,
     .run = run_tasks,
     .deliver = deliver,
     .finish = finish,
     .digest = digest,
     .work = work,
     .teardown = teardown},
};

/* ---- Running. */

static char schedule_path[64]; /* what the scheduler `replay` is given */

static inline sks_status run(const sks_kernel *kernel, const sks_executor *executor,
                             const sks_scheduler *scheduler, unsigned n_workers, sks_record *record)
{
    sks_values *parameters, *options;
    sks_configuration configuration = {.kernel = kernel,
                                       .executor = executor,
                                       .scheduler = scheduler,
                                       .n_workers = n_workers,
                                       .binding = "none",
                                       .log_capacity = 10};
    sks_status status;

    sks_clear();
    assert_int_equal(sks_values_create(NULL, &parameters), SKS_OK);
    assert_int_equal(sks_values_create(scheduler->params, &options), SKS_OK);
    if (scheduler->params == sks_scheduler_replay.params)
        assert_int_equal(sks_values_set(options, "file", schedule_path, "file"), SKS_OK);
    configuration.parameters = parameters;
    configuration.scheduler_options = options;
    status = sks_run(&configuration, topology, record);
    sks_values_destroy(options);
    sks_values_destroy(parameters);
    return status;
}

static inline const char *right_digest(void)
{
    static char hex[33];
    uint64_t right = 0;

    for (size_t i = 0; i < N_TASKS; i++)
        right = right * 31 + value_of(i);
    snprintf(hex, sizeof(hex), "%032llx", (unsigned long long)right);
    return hex;
}

static inline void assert_nobody_left(void)
{
    DIR *folder = opendir("/dev/shm");

    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    for (struct dirent *d; folder != NULL && (d = readdir(folder)) != NULL;)
        assert_null(strstr(d->d_name, "skyscale"));
    if (folder != NULL)
        closedir(folder);
}

/* The run succeeds, with so many events (SIZE_MAX: any number). */
static inline size_t must_survive(const sks_kernel *kernel, const sks_executor *executor,
                                  const sks_scheduler *scheduler, unsigned n_workers,
                                  size_t n_events)
{
    sks_record record;
    size_t n_happened;

    if (run(kernel, executor, scheduler, n_workers, &record) != SKS_OK)
        fail_msg("%s, %s, %s, %u workers: %s", kernel->name, executor->name, scheduler->name,
                 n_workers, sks_message());
    assert_string_equal(record.digest.hex, right_digest());
    n_happened = record.n_happened;
    if (n_events != SIZE_MAX && n_happened != n_events)
        fail_msg("%s, %s, %u workers: %zu events, expected %zu, the first \"%s\"", executor->name,
                 scheduler->name, n_workers, n_happened, n_events, record.happened[0].text);
    sks_record_clear(&record);
    return n_happened;
}

static inline void must_fail(const sks_kernel *kernel, const sks_executor *executor,
                             const sks_scheduler *scheduler, unsigned n_workers,
                             const char *expected)
{
    sks_record record;
    sks_status status = run(kernel, executor, scheduler, n_workers, &record);

    if (status != SKS_ERR_WORKER || strstr(sks_message(), expected) == NULL)
        fail_msg("%s, %s, %s, %u workers: status %d, \"%s\", expected \"%s\"", kernel->name,
                 executor->name, scheduler->name, n_workers, (int)status, sks_message(), expected);
    assert_int_equal(record.n_tasks, 0);
    assert_nobody_left();
}

static inline int forget(void **unused)
{
    (void)unused;
    way = BY_KILL;
    deadly_task = SIZE_MAX;
    dies_in_scratch = dies_locked = false;
    task_us = 0;
    atomic_store(&shared->n_to_die, 0);
    return 0;
}

/* ---- Around the tests. */

static inline int set_up(void **unused)
{
    static const char *const names[] = {"processes", "queue"};
    const struct rlimit none = {0, 0};

    (void)unused;
    setrlimit(RLIMIT_CORE, &none);
    snprintf(schedule_path, sizeof(schedule_path), "/tmp/skyscale-deaths-%d.txt", (int)getpid());
    for (int e = 0; e < 2; e++)
        if (sks_executor_find(names[e], &executors[e]) != SKS_OK)
            return 1;
    shared = sks_shared_alloc(sizeof(*shared));
    return shared == NULL || sks_topology_load(NULL, &topology) != SKS_OK;
}

static inline int tear_down(void **unused)
{
    (void)unused;
    sks_topology_destroy(topology);
    sks_shared_free(shared);
    return 0;
}

#endif
