/* Property: a program whose kernel crashes in a thread, OpenMP's included, dies by that signal,
 * after one line that names the signal, the kernel, the task and the worker; also when the worker's
 * stack is used up. A signal that hits another thread is followed by what the workers were at. */
#include "harness/executors/fatal.h"
#include "harness/measure/run.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { N_TASKS = 40 };

static int way; /* a signal, or 0: use up the stack */
static bool is_for_main;
static pthread_t main_thread;
static const char *executor_name;
static int nothing;

static sks_status prepare(const sks_values *values, void **state)
{
    (void)values;
    *state = &nothing;
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
    return 1;
}

/* Until there is no more. The volatile array keeps it from becoming a loop. */
static int use_stack(int depth)
{
    volatile char much[4096];

    much[depth % 4096] = (char)depth;
    return depth < 0 ? much[0] : use_stack(depth + 1) + much[depth % 4096];
}

static sks_status run_tasks(const void *state, void *scratch, sks_range tasks, void *results)
{
    (void)state;
    (void)scratch;
    memset(results, 1, tasks.end - tasks.begin);
    if (tasks.begin <= 23 && 23 < tasks.end) {
        if (is_for_main)
            pthread_kill(main_thread, way);
        else if (way != 0)
            raise(way);
        else
            memset(results, use_stack(0), 1);
        while (is_for_main)
            pause();
    }
    return SKS_OK;
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    (void)state;
    (void)results;
    (void)notes;
    return SKS_OK;
}

static sks_status digest(const void *state, sks_digest *made)
{
    (void)state;
    snprintf(made->hex, sizeof(made->hex), "%032d", 0);
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

static const sks_kernel kernel = {.name = "crashing",
                                  .prepare = prepare,
                                  .task_count = task_count,
                                  .result_size = result_size,
                                  .run = run_tasks,
                                  .finish = finish,
                                  .digest = digest,
                                  .work = work,
                                  .teardown = teardown};

/* In a process of its own, with standard error into a pipe. */
static void crash(void)
{
    const struct rlimit no_core = {0, 0};
    sks_topology *topology;
    sks_values *none;
    sks_record record;
    sks_configuration configuration = {
        .kernel = &kernel, .n_workers = 2, .binding = "none", .scheduler = sks_scheduler_table[0]};

    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

    for (int i = 0; i < 5; i++)
        signal(numbers[i], SIG_DFL); /* cmocka's handlers */
    setrlimit(RLIMIT_CORE, &no_core);
    sks_fatal_install();
    main_thread = pthread_self();
    if (sks_topology_load(NULL, &topology) != SKS_OK || sks_values_create(NULL, &none) != SKS_OK ||
        sks_values_create(configuration.scheduler->params,
                          (sks_values **)&configuration.scheduler_options) != SKS_OK ||
        sks_executor_find(executor_name, &configuration.executor) != SKS_OK)
        _exit(3);
    configuration.parameters = none;
    sks_run(&configuration, topology, &record);
    _exit(4);
}

static void check(int number, int expected, const char *name, const char *where)
{
    char text[1024] = "";
    size_t n = 0;
    int ends[2], status;
    pid_t child;

    way = number;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        crash();
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + n, sizeof(text) - 1 - n)) > 0;)
        n += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != expected)
        fail_msg("signal %d: status %x", number, status);
    if (strncmp(text, "skyscale: ", 10) != 0 || strstr(text, name) == NULL ||
        strstr(text, where) == NULL)
        fail_msg("signal %d: \"%s\"", number, text);
}

static void check_all(const char *where)
{
    check(SIGSEGV, SIGSEGV, "SIGSEGV", where);
    check(SIGBUS, SIGBUS, "SIGBUS", where);
    check(SIGFPE, SIGFPE, "SIGFPE", where);
    check(SIGILL, SIGILL, "SIGILL", where);
    check(SIGABRT, SIGABRT, "SIGABRT", where);
    check(0, SIGSEGV, "SIGSEGV", where);
}

static void the_last_line_names_the_task(void **unused)
{
    const sks_executor *openmp;

    (void)unused;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    print_message("skipped: a sanitizer handles these signals\n");
    skip();
#endif
    executor_name = "threads";
    /* `static`, two workers: the second half is worker 1's one chunk. */
    check_all(" in kernel crashing, one of the tasks 20 to 39, worker 1\n");
    executor_name = "openmp"; /* computes task by task */
    if (sks_executor_find(executor_name, &openmp) == SKS_OK) {
        check_all(" in kernel crashing, task 23, worker 1\n");
        is_for_main = true;
        check(SIGSEGV, SIGSEGV, "SIGSEGV", " outside the workers of kernel crashing, who were at:");
        check(SIGSEGV, SIGSEGV, "SIGSEGV", ", task 23, worker 1\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_line_names_the_task)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
