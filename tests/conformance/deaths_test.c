/* Property: a worker that dies costs a run of `processes` or `queue` nothing but time, wherever and
 * however it happens: random workers killed at random moments (200 runs), in a task, in the
 * scheduler with or without its lock, before the start; the digest is the right one, each task is
 * delivered once, the event is in the record, no process and nothing in /dev/shm is left; also
 * when a recorded schedule is executed. A task that kills every worker ends the run with an error
 * that names it, as do more workers than there may be open files for.
 *
 * The random moments come from a seed that is printed; SKYSCALE_TEST_SEED repeats one. */
#include "harness/measure/clock.h"
#include "harness/measure/run.h"
#include "harness/measure/schedule_file.h"
#include "harness/measure/shared_memory.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_RUNS = 40 };
#else
enum { N_RUNS = 200 };
#endif
enum { N_TASKS = 150, TASK_US = 200 };

static sks_topology *topology;
static const sks_executor *executors[2];

/* ---- A kernel of known result, some of whose tasks may be deadly. */

static enum { BY_KILL, BY_ABORT, BY_EXIT } way;
static size_t deadly_task;
static bool dies_in_scratch;
static unsigned task_us;
/* In shared memory: how many are still to die, and how often each task was delivered. */
static struct {
    atomic_int n_to_die;
    unsigned n_delivered[N_TASKS];
} * shared;

static uint64_t delivered[N_TASKS];
static uint64_t sum;

static void die(void)
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

static sks_status prepare(const sks_values *values, void **state)
{
    (void)values;
    memset(delivered, 0, sizeof(delivered));
    memset(shared->n_delivered, 0, sizeof(shared->n_delivered));
    *state = &sum;
    return SKS_OK;
}

static size_t task_count(const void *state)
{
    (void)state;
    return N_TASKS;
}

static size_t result_size(const void *state)
{
    (void)state;
    return sizeof(uint64_t);
}

static sks_status scratch(const void *state, void **made)
{
    (void)state;
    *made = NULL;
    if (dies_in_scratch)
        die();
    return SKS_OK;
}

static uint64_t value_of(size_t task)
{
    return (task + 1) * 0x9e3779b97f4a7c15u;
}

static sks_status run_tasks(const void *state, void *made, sks_range tasks, void *results)
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

static sks_status deliver(void *state, size_t task, const void *result)
{
    (void)state;
    delivered[task] = *(const uint64_t *)result;
    shared->n_delivered[task]++;
    return SKS_OK;
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
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

static sks_status digest(const void *state, sks_digest *made)
{
    (void)state;
    snprintf(made->hex, sizeof(made->hex), "%032llx", (unsigned long long)sum);
    return SKS_OK;
}

static sks_work work(const void *state)
{
    (void)state;
    return (sks_work){0, 0};
}

static void teardown(void *state)
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

/* ---- A scheduler in which workers die: behind a lock, or having claimed what nobody knows of. */

struct deadly_state {
    _Alignas(SKS_CACHE_LINE) atomic_flag lock;
    atomic_size_t next;
    size_t n_tasks;
};
static bool dies_locked;

static char schedule_path[64];

static size_t deadly_size(const sks_loop *loop)
{
    (void)loop;
    return sizeof(struct deadly_state);
}

static sks_status deadly_init(void *state, const sks_loop *loop)
{
    struct deadly_state *s = state;

    atomic_flag_clear(&s->lock);
    atomic_init(&s->next, 0);
    s->n_tasks = loop->n_tasks;
    return SKS_OK;
}

static bool deadly_next(void *state, unsigned worker, sks_range *tasks)
{
    struct deadly_state *s = state;
    size_t begin;

    (void)worker;
    while (atomic_flag_test_and_set(&s->lock))
        ;
    begin = s->next++;
    if (begin == 20 && dies_locked)
        die();
    atomic_flag_clear(&s->lock);
    if (begin == 20 && !dies_locked)
        die();
    *tasks = (sks_range){begin, begin + 1};
    return begin < s->n_tasks;
}

static const sks_scheduler deadly_scheduler = {
    .name = "deadly", .state_size = deadly_size, .init = deadly_init, .next = deadly_next};

/* ---- Running. */

static sks_status run(const sks_kernel *kernel, const sks_executor *executor,
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

static const char *right_digest(void)
{
    static char hex[33];
    uint64_t right = 0;

    for (size_t i = 0; i < N_TASKS; i++)
        right = right * 31 + value_of(i);
    snprintf(hex, sizeof(hex), "%032llx", (unsigned long long)right);
    return hex;
}

static void assert_nobody_left(void)
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
static size_t must_survive(const sks_kernel *kernel, const sks_executor *executor,
                           const sks_scheduler *scheduler, unsigned n_workers, size_t n_events)
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

static void must_fail(const sks_kernel *kernel, const sks_executor *executor,
                      const sks_scheduler *scheduler, unsigned n_workers, const char *expected)
{
    sks_record record;
    sks_status status = run(kernel, executor, scheduler, n_workers, &record);

    if (status != SKS_ERR_WORKER || strstr(sks_message(), expected) == NULL)
        fail_msg("%s, %s, %s, %u workers: status %d, \"%s\", expected \"%s\"", kernel->name,
                 executor->name, scheduler->name, n_workers, (int)status, sks_message(), expected);
    assert_int_equal(record.n_tasks, 0);
    assert_nobody_left();
}

static int forget(void **unused)
{
    (void)unused;
    way = BY_KILL;
    deadly_task = SIZE_MAX;
    dies_in_scratch = dies_locked = false;
    task_us = 0;
    atomic_store(&shared->n_to_die, 0);
    return 0;
}

/* Calls `check` with every executor that survives deaths, kernel, some schedulers and numbers. */
static void for_all(void (*check)(const sks_kernel *, const sks_executor *, const sks_scheduler *,
                                  unsigned))
{
    for (int e = 0; e < 2; e++)
        for (int k = 0; k < 2; k++)
            for (size_t s = 0; s < 3 && sks_scheduler_table[s] != NULL; s++)
                for (unsigned n = 1; n <= 3; n += 2)
                    check(&kernels[k], executors[e], sks_scheduler_table[s], n);
}

/* ---- The tests. */

static void dies_twice(const sks_kernel *kernel, const sks_executor *executor,
                       const sks_scheduler *scheduler, unsigned n_workers)
{
    atomic_store(&shared->n_to_die, 2);
    must_survive(kernel, executor, scheduler, n_workers, 2);
}

static void a_task_may_kill_two(void **unused)
{
    (void)unused;
    deadly_task = 17;
    for_all(dies_twice);
    assert_nobody_left();
}

static void dies_always(const sks_kernel *kernel, const sks_executor *executor,
                        const sks_scheduler *scheduler, unsigned n_workers)
{
    char expected[64];

    snprintf(expected, sizeof(expected), "%s: task 17 has cost 3 workers", kernel->name);
    atomic_store(&shared->n_to_die, 1000);
    must_fail(kernel, executor, scheduler, n_workers, expected);
}

static void a_task_that_kills_three_is_named(void **unused)
{
    (void)unused;
    for (way = BY_KILL; way <= BY_EXIT; way++) {
        deadly_task = 17;
        for_all(dies_always);
    }
}

static void dies_while_made_ready(const sks_kernel *kernel, const sks_executor *executor,
                                  const sks_scheduler *scheduler, unsigned n_workers)
{
    atomic_store(&shared->n_to_die, 1);
    must_survive(kernel, executor, scheduler, n_workers, 1);
    atomic_store(&shared->n_to_die, 1000);
    must_fail(kernel, executor, scheduler, n_workers, "before it began a task");
}

static void deaths_before_the_start(void **unused)
{
    (void)unused;
    dies_in_scratch = true;
    for_all(dies_while_made_ready);
}

/* Only where workers ask the scheduler themselves. */
static void deaths_in_the_scheduler(void **unused)
{
    (void)unused;
    for (int k = 0; k < 2; k++)
        for (unsigned n = 1; n <= 3; n++) {
            dies_locked = false;
            atomic_store(&shared->n_to_die, 1);
            must_survive(&kernels[k], executors[0], &deadly_scheduler, n, 1);
            dies_locked = true; /* the others hang: a second event */
            atomic_store(&shared->n_to_die, 1);
            must_survive(&kernels[k], executors[0], &deadly_scheduler, n, 2);
        }
    assert_nobody_left();
}

/* ---- A recorded schedule. */

static bool replay_next(void *state, unsigned worker, sks_range *tasks)
{
    const bool is_any = sks_scheduler_replay.next(state, worker, tasks);

    if (is_any && tasks->begin == 60) /* given, and not begun */
        die();
    return is_any;
}

static void must_survive_replay(const sks_kernel *kernel, const sks_executor *executor,
                                const sks_scheduler *scheduler)
{
    must_survive(kernel, executor, scheduler, 3, 1);
    assert_nobody_left();
}

/* In `processes` the scheduler itself loses a chunk; in `queue`, where the parent asks it, a worker
 * dies with the first task of one. */
static void deaths_in_a_replay(void **unused)
{
    sks_scheduler deadly = sks_scheduler_replay;
    FILE *file = fopen(schedule_path, "we");

    (void)unused;
    assert_non_null(file);
    fprintf(file, "# skyscale schedule 1\n# tasks %d\n# workers 3\n", N_TASKS);
    for (int begin = 0; begin < N_TASKS; begin += 10)
        fprintf(file, "%d %d %d\n", begin / 10 % 3, begin, begin + 10);
    assert_int_equal(fclose(file), 0);
    deadly.next = replay_next;
    for (int k = 0; k < 2; k++) {
        atomic_store(&shared->n_to_die, 1);
        must_survive_replay(&kernels[k], executors[0], &deadly);
        deadly_task = 60;
        for (int e = 0; e < 2; e++) {
            atomic_store(&shared->n_to_die, 1);
            must_survive_replay(&kernels[k], executors[e], &sks_scheduler_replay);
        }
        deadly_task = SIZE_MAX;
    }
    unlink(schedule_path);
}

/* ---- Open files. */

static void many_workers_and_few_files(void **unused)
{
    struct rlimit before, few;

    (void)unused;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){.rlim_cur = 70, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    must_survive(&kernels[0], executors[1], sks_scheduler_table[0], 32, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(few.rlim_cur, 70);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void too_many_workers(void **unused)
{
    pid_t pid = fork();
    int status;

    (void)unused;
    if (pid == 0) { /* a hard limit does not rise again */
        const struct rlimit few = {70, 70};
        sks_record record;

        if (setrlimit(RLIMIT_NOFILE, &few) != 0 ||
            run(&kernels[0], executors[1], sks_scheduler_table[0], 32, &record) != SKS_ERR_USAGE ||
            strstr(sks_message(), "need 160 open files, the limit is 70") == NULL)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- Random deaths. */

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % n;
}

/* The children of the test, but for the caller. */
static unsigned find_workers(pid_t parent, pid_t *workers, unsigned max)
{
    char path[64];
    unsigned n = 0;
    FILE *file;
    int pid;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    file = fopen(path, "re");
    while (file != NULL && n < max && fscanf(file, "%d", &pid) == 1)
        if (pid != getpid())
            workers[n++] = pid;
    if (file != NULL)
        fclose(file);
    return n;
}

/* A process that after a random time kills one worker at random. */
static pid_t start_killer(void)
{
    const struct timespec pause = {.tv_nsec = 1000 * (long)random_below(25000)};
    const unsigned choice = random_below(1000);
    const int number = random_below(4) == 0 ? SIGTERM : SIGKILL;
    const pid_t parent = getpid();
    pid_t workers[16], pid = fork();
    unsigned n;

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    nanosleep(&pause, NULL);
    n = find_workers(parent, workers, 16);
    if (n > 0)
        kill(workers[choice % n], number);
    _exit(0);
}

static void random_workers_killed_at_random_times(void **unused)
{
    const char *given = getenv("SKYSCALE_TEST_SEED");
    unsigned n_schedulers = 0, n_hit = 0;

    (void)unused;
    random_state = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("SKYSCALE_TEST_SEED=%llu\n", (unsigned long long)random_state);
    while (sks_scheduler_table[n_schedulers] != NULL)
        n_schedulers++;
    task_us = TASK_US;
    for (unsigned i = 0; i < N_RUNS; i++) {
        const sks_scheduler *scheduler = sks_scheduler_table[random_below(n_schedulers)];
        pid_t killer = start_killer();

        n_hit += must_survive(&kernels[i / 2 % 2], executors[i % 2], scheduler, 1 + random_below(4),
                              SIZE_MAX) > 0;
        kill(killer, SIGKILL);
        assert_int_equal(waitpid(killer, NULL, 0), killer);
        assert_nobody_left();
    }
    print_message("%u of %d runs lost a worker\n", n_hit, N_RUNS);
    assert_true(n_hit > N_RUNS / 10);
}

static int set_up(void **unused)
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

static int tear_down(void **unused)
{
    (void)unused;
    sks_topology_destroy(topology);
    sks_shared_free(shared);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_task_may_kill_two, forget),
        cmocka_unit_test_setup(a_task_that_kills_three_is_named, forget),
        cmocka_unit_test_setup(deaths_before_the_start, forget),
        cmocka_unit_test_setup(deaths_in_the_scheduler, forget),
        cmocka_unit_test_setup(deaths_in_a_replay, forget),
        cmocka_unit_test_setup(many_workers_and_few_files, forget),
        cmocka_unit_test_setup(too_many_workers, forget),
        cmocka_unit_test_setup(random_workers_killed_at_random_times, forget),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
