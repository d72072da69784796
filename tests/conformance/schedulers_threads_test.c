/* Property: every scheduler of the table covers the loop exactly once when real threads ask all at
 * once, in loops long and short. Made for the thread sanitizer; on its own it would catch a task
 * handed out twice or never.
 *
 * The same threads run many loops, so that all of them are awake when a loop starts. */
#include "schedulers/scheduler.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_THREADS = 8 };

struct team {
    const sks_scheduler *scheduler;
    sks_loop loop;
    void *state;
    unsigned n_rounds;
    pthread_barrier_t barrier;
    atomic_uchar *n_times; /* how often each task was handed out */
    atomic_size_t n_wrong; /* bad ranges, and true after false */
};

struct member {
    struct team *team;
    unsigned number;
    pthread_t thread;
};

static void work_one_loop(struct team *t, unsigned worker)
{
    sks_range tasks = {0, 0};

    while (t->scheduler->next(t->state, worker, &tasks)) {
        if (tasks.begin >= tasks.end || tasks.end > t->loop.n_tasks) {
            atomic_fetch_add(&t->n_wrong, 1);
            continue;
        }
        for (size_t i = tasks.begin; i < tasks.end; i++)
            atomic_fetch_add_explicit(&t->n_times[i], 1, memory_order_relaxed);
        /* Now and then a worker falls behind, so that others come for its share. */
        if (tasks.begin % 64 == worker)
            sched_yield();
        if (t->scheduler->done != NULL)
            t->scheduler->done(t->state, worker, tasks, 1e-6);
    }
    if (t->scheduler->next(t->state, worker, &tasks))
        atomic_fetch_add(&t->n_wrong, 1);
}

/* One thread, between two barriers: every task once, then all as at the start. */
static void check_and_begin_again(struct team *t)
{
    for (size_t i = 0; i < t->loop.n_tasks; i++) {
        if (atomic_load_explicit(&t->n_times[i], memory_order_relaxed) != 1)
            atomic_fetch_add(&t->n_wrong, 1);
        atomic_store_explicit(&t->n_times[i], 0, memory_order_relaxed);
    }
    if (t->scheduler->stats != NULL)
        for (unsigned w = 0; w < t->loop.n_workers; w++) {
            sks_scheduler_stats stats;

            t->scheduler->stats(t->state, w, &stats);
            if (stats.steals_won > stats.steals_tried)
                atomic_fetch_add(&t->n_wrong, 1);
        }
    if (t->scheduler->init(t->state, &t->loop) != SKS_OK)
        atomic_fetch_add(&t->n_wrong, 1);
}

static void *member_main(void *argument)
{
    struct member *m = argument;

    for (unsigned round = 0; round < m->team->n_rounds; round++) {
        pthread_barrier_wait(&m->team->barrier);
        work_one_loop(m->team, m->number);
        pthread_barrier_wait(&m->team->barrier);
        if (m->number == 0)
            check_and_begin_again(m->team);
    }
    return NULL;
}

static void run_team(const char *text, size_t n_tasks, unsigned n_threads, unsigned n_rounds)
{
    struct team t = {.n_rounds = n_rounds};
    struct member members[MAX_THREADS];
    sks_values *options;

    assert_int_equal(sks_scheduler_parse(text, &t.scheduler, &options), SKS_OK);
    t.loop = (sks_loop){.n_tasks = n_tasks, .n_workers = n_threads, .options = options};
    assert_int_equal(sks_scheduler_start(t.scheduler, &t.loop, &t.state), SKS_OK);
    t.n_times = calloc(n_tasks, sizeof(*t.n_times));
    assert_non_null(t.n_times);
    assert_int_equal(pthread_barrier_init(&t.barrier, NULL, n_threads), 0);
    for (unsigned w = 0; w < n_threads; w++) {
        members[w] = (struct member){.team = &t, .number = w};
        assert_int_equal(pthread_create(&members[w].thread, NULL, member_main, &members[w]), 0);
    }
    for (unsigned w = 0; w < n_threads; w++)
        pthread_join(members[w].thread, NULL);
    if (atomic_load(&t.n_wrong) > 0)
        fail_msg("%s: %zu tasks, %u threads: %zu faults in %u loops", text, n_tasks, n_threads,
                 (size_t)atomic_load(&t.n_wrong), n_rounds);
    pthread_barrier_destroy(&t.barrier);
    free(t.n_times);
    free(t.state);
    sks_values_destroy(options);
}

static void run_all(const char *option, size_t n_tasks, unsigned n_rounds)
{
    static const unsigned n_threads[] = {2, 3, MAX_THREADS};

    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++)
        for (size_t i = 0; i < sizeof(n_threads) / sizeof(*n_threads); i++) {
            const sks_param *p = sks_scheduler_table[s]->params;
            char text[64];

            while (option != NULL && p != NULL && p->name != NULL &&
                   strncmp(option, p->name, strlen(p->name)) != 0)
                p++;
            if (option != NULL && (p == NULL || p->name == NULL))
                continue; /* a rule without this option */
            snprintf(text, sizeof(text), "%s%s%s", sks_scheduler_table[s]->name,
                     option != NULL ? ":" : "", option != NULL ? option : "");
            run_team(text, n_tasks, n_threads[i], n_rounds);
        }
}

static void test_long_loops(void **unused)
{
    (void)unused;
    run_all(NULL, 30011, 5);
    run_all("chunk=3", 30011, 5);
}

/* Most of a short loop is its end, where ranges are stolen and workers have to notice that nothing
 * is left. */
static void test_short_loops(void **unused)
{
    (void)unused;
    run_all(NULL, 1, 200);
    run_all(NULL, 61, 500);
    run_all("chunk=2", 61, 500);
    run_all("amount=chunk", 61, 500);
    run_all("victim=nearest", 61, 200);
    run_all("victim=random", 61, 200);
    run_all("reserve=1", 61, 500);
    run_all("reserve=65536", 611, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_loops),
        cmocka_unit_test(test_short_loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
