/* Property: a worker that dies costs a run of `processes` or `queue` nothing but time, wherever and
 * however it happens: in a task, in the scheduler with or without its lock, before the start; the
 * digest is the right one, each task is delivered once, the event is in the record, no process and
 * nothing in /dev/shm is left; also when a recorded schedule is executed. A task that kills every
 * worker ends the run with an error that names it, as do more workers than there may be open files
 * for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/conformance/mortal_kernel.h"

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

/* ---- Deaths in tasks, and before. */

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

/* ---- A scheduler in which workers die: behind a lock, or having claimed what nobody knows of. */

struct deadly_state {
    _Alignas(SKS_CACHE_LINE) atomic_flag lock;
    atomic_size_t next;
    size_t n_tasks;
};
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
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
