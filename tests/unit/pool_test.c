/* Property: every worker of a loop is called once, on a thread of its own, whatever the pool did
 * before, whether its threads are still looking out for work or asleep, and in a forked child. */
#include "harness/executors/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 9 };

struct loop {
    unsigned n_workers;
    unsigned n_calls[MOST]; /* each written by its worker alone; read after the loop */
    pthread_t thread[MOST];
    atomic_uint n_inside;
};

/* All meet inside: none of them is called after another has returned. */
static void meet(void *argument, unsigned worker)
{
    struct loop *l = argument;

    l->n_calls[worker]++;
    l->thread[worker] = pthread_self();
    atomic_fetch_add(&l->n_inside, 1);
    while (atomic_load(&l->n_inside) < l->n_workers)
        usleep(1);
}

static void check_loop(unsigned n_workers)
{
    struct loop l = {.n_workers = n_workers};

    assert_int_equal(sks_pool_run(n_workers, meet, &l), 0);
    for (unsigned w = 0; w < MOST; w++)
        assert_int_equal(l.n_calls[w], w < n_workers);
    assert_true(pthread_equal(l.thread[0], pthread_self()));
    for (unsigned w = 0; w < n_workers; w++)
        for (unsigned v = 0; v < w; v++)
            assert_false(pthread_equal(l.thread[v], l.thread[w]));
}

static void loops(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        check_loop(1 + i * 7 % MOST);
        if (i % 50 == 0)
            usleep(2000); /* long enough to fall asleep */
    }
}

/* The child's pool begins empty: it has none of the parent's threads. */
static void forked(void **state)
{
    pid_t child;
    int status;

    (void)state;
#if defined(__SANITIZE_THREAD__)
    printf("skipped: the thread sanitizer allows no threads in a forked child\n");
    skip();
#endif
    check_loop(3);
    child = fork();
    if (child == 0) {
        check_loop(4);
        _exit(7);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    check_loop(4);
}

static void count(void *argument, unsigned worker)
{
    (void)worker;
    atomic_fetch_add((atomic_uint *)argument, 1);
}

static void *caller(void *n_calls)
{
    for (int i = 0; i < 200; i++)
        if (sks_pool_run(3, count, n_calls) != 0)
            return NULL;
    return n_calls;
}

/* Callers wait for each other. */
static void several_callers(void **state)
{
    atomic_uint n_calls = 0;
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, caller, &n_calls), 0);
    for (int i = 0; i < 3; i++) {
        void *result;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &n_calls);
    }
    assert_int_equal(n_calls, 3 * 200 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops),
        cmocka_unit_test(forked),
        cmocka_unit_test(several_callers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
