/* Property: the rules that steal take from the victim that was asked for, the amount that was asked
 * for, and never what its owner keeps; an owner keeps no more than its bound. */
#include "scheduler_run.h"

#include <stdio.h>
#include <string.h>

/* As start(), with the workers' positions. */
static struct loop_run start_at(const char *text, size_t n_tasks, unsigned n_workers,
                                const unsigned *position)
{
    struct loop_run r = start(text, n_tasks, n_workers);

    r.loop.position = position;
    assert_int_equal(r.scheduler->init(r.state, &r.loop), SKS_OK);
    return r;
}

static void expect_steals(struct loop_run *r, unsigned worker, size_t tried, size_t won)
{
    sks_scheduler_stats stats;

    r->scheduler->stats(r->state, worker, &stats);
    assert_int_equal(stats.steals_tried, tried);
    assert_int_equal(stats.steals_won, won);
}

/* Gives the worker tasks until it hears false; how many. */
static size_t drain(struct loop_run *r, unsigned worker)
{
    size_t n = 0;

    for (sks_range tasks; r->scheduler->next(r->state, worker, &tasks);)
        n += tasks.end - tasks.begin;
    return n;
}

/* [0, 10) and [10, 20): worker 1 computes its own, then comes for the last three tasks of the
 * other's rest, each time. */
static void test_amount_chunk(void **unused)
{
    struct loop_run r = start("stealing:amount=chunk,chunk=3", 20, 2);

    (void)unused;
    expect(&r, 0, 0, 3);
    expect(&r, 1, 10, 13);
    expect(&r, 1, 13, 16);
    expect(&r, 1, 16, 19);
    expect(&r, 1, 19, 20);
    expect(&r, 1, 7, 10);
    expect(&r, 1, 4, 7);
    expect_steals(&r, 1, 2, 2);
    expect(&r, 0, 3, 4);
    expect_none(&r, 0);
    expect_none(&r, 1);
    stop(&r);
}

/* Worker 0 has 1024 tasks, 128 times 4 P: its first claim moves min(reserve, 128) of them out of
 * reach. All others go to worker 1, the kept ones remain for worker 0. */
static void test_thieves_leave_the_reserve(void **unused)
{
    static const struct {
        const char *text;
        size_t n_kept;
    } kinds[] = {{"stealing:reserve=1", 1},
                 {"stealing:reserve=4", 4},
                 {"stealing", 16},
                 {"stealing:reserve=1000", 128},
                 {"stealing:chunk=2", 2 * 16},
                 {"stealing:chunk=2,reserve=1000", 2 * 64}};

    (void)unused;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct loop_run r = start(kinds[i].text, 2048, 2);
        sks_range tasks;

        assert_true(r.scheduler->next(r.state, 0, &tasks));
        assert_int_equal(drain(&r, 1), 2048 - kinds[i].n_kept);
        assert_int_equal(drain(&r, 0) + tasks.end - tasks.begin, kinds[i].n_kept);
        stop(&r);
    }
}

/* However far the owner has come, it keeps at most 1/(4 P) of what it and the thieves could still
 * take, or one chunk. */
static void test_the_reserve_shrinks_with_the_range(void **unused)
{
    (void)unused;
    for (size_t n_taken = 1; n_taken < 300; n_taken++) {
        struct loop_run r = start("stealing", 600, 2);
        size_t n_kept;

        for (size_t i = 0; i < n_taken; i++)
            expect(&r, 0, i, i + 1);
        drain(&r, 1);
        n_kept = drain(&r, 0);
        assert_true(n_kept <= (300 - n_taken + n_kept) / 8);
        stop(&r);
    }
}

/* Workers 0 … 4 at 10, 0, 11, 4, 20, two tasks each. Worker 0 finds 2 at distance 1, 3 at 6, then
 * 1 and 4 at 10, of which the higher position comes first. From 4, on the edge, it goes 2 0 3 1. */
static void test_the_nearest_come_first(void **unused)
{
    static const unsigned position[] = {10, 0, 11, 4, 20};
    static const unsigned from_0[] = {0, 2, 3, 4, 1};
    static const unsigned from_4[] = {4, 2, 0, 3, 1};
    static const char *const rules[] = {"stealing:victim=nearest", "deque:victim=nearest"};

    (void)unused;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) {
            const unsigned *order = k == 0 ? from_0 : from_4;
            struct loop_run r = start_at(rules[i], 10, 5, position);
            sks_range tasks;

            for (size_t w = 0; w < 5; w++)
                for (size_t j = 0; j < 2; j++) {
                    assert_true(r.scheduler->next(r.state, order[0], &tasks));
                    assert_int_equal(tasks.begin / 2, order[w]);
                }
            expect_none(&r, order[0]);
            stop(&r);
        }
}

/* Without positions the workers' numbers are taken: from 2 of 5 the order is 3 1 4 0. */
static void test_nearest_without_positions(void **unused)
{
    static const unsigned order[] = {2, 3, 1, 4, 0};
    struct loop_run r = start("deque:victim=nearest", 5, 5);

    (void)unused;
    for (size_t i = 0; i < 5; i++)
        expect(&r, 2, order[i], order[i] + 1);
    expect_none(&r, 2);
    stop(&r);
}

/* The tasks in the order in which worker 0 alone gets them. */
static void solo_order(const char *text, size_t *order, size_t n)
{
    struct loop_run r = start(text, n, (unsigned)n);
    sks_range tasks;

    for (size_t i = 0; i < n; i++) {
        assert_true(r.scheduler->next(r.state, 0, &tasks));
        order[i] = tasks.begin;
    }
    expect_none(&r, 0);
    stop(&r);
}

/* The same seed gives the same victims, another one others; and every victim is first now and then.
 */
static void test_random_victims_follow_the_seed(void **unused)
{
    enum { N = 40 };
    size_t a[N], b[N], c[N];
    bool was_first[8] = {false};

    (void)unused;
    solo_order("stealing:victim=random,seed=5", a, N);
    solo_order("stealing:victim=random,seed=5", b, N);
    solo_order("stealing:victim=random,seed=6", c, N);
    assert_memory_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, c, sizeof(a));
    for (int seed = 0; seed < 100; seed++) {
        char text[64];

        snprintf(text, sizeof(text), "deque:victim=random,seed=%d", seed);
        solo_order(text, a, 8);
        was_first[a[1]] = true;
    }
    for (size_t i = 1; i < 8; i++)
        assert_true(was_first[i]);
}

/* Blocks [0, 5) and [5, 10) in chunks of 2: [0, 2) [2, 4) [4, 5) and [5, 7) [7, 9) [9, 10). Owners
 * go from the low end; a thief comes for one chunk from the high end, each time. */
static void test_deque(void **unused)
{
    struct loop_run r = start("deque:chunk=2", 10, 2);

    (void)unused;
    expect(&r, 1, 5, 7);
    expect(&r, 1, 7, 9);
    expect(&r, 0, 0, 2);
    expect(&r, 1, 9, 10);
    expect_steals(&r, 1, 0, 0);
    expect(&r, 1, 4, 5);
    expect_steals(&r, 1, 1, 1);
    expect(&r, 0, 2, 4);
    expect_none(&r, 0);
    expect_none(&r, 1);
    expect_steals(&r, 0, 0, 0);
    stop(&r);
}

/* Nothing is kept back: as long as there are tasks, everyone gets one. */
static void test_deque_sends_nobody_home_early(void **unused)
{
    enum { N_WORKERS = 7, N_TASKS = 500 };
    struct loop_run r = start("deque", N_TASKS, N_WORKERS);
    uint64_t x = 1;

    (void)unused;
    for (size_t n_left = N_TASKS; n_left > 0; n_left--) {
        sks_range tasks;

        x = x * 6364136223846793005u + 1442695040888963407u;
        assert_true(r.scheduler->next(r.state, (unsigned)((x >> 33) % N_WORKERS), &tasks));
    }
    for (unsigned w = 0; w < N_WORKERS; w++)
        expect_none(&r, w);
    stop(&r);
}

/* n = 2^63 - 1 in single tasks: indices do not fit 32 bits, and the state does not grow with n. */
static void test_deque_of_the_longest_loop(void **unused)
{
    const size_t n = SIZE_MAX / 2;
    struct loop_run r = start("deque", n, 2);

    (void)unused;
    expect(&r, 0, 0, 1);
    expect(&r, 1, n / 2, n / 2 + 1);
    expect(&r, 1, n / 2 + 1, n / 2 + 2);
    assert_true(r.scheduler->state_size(&r.loop) < 2048);
    stop(&r);
    r = start("deque:chunk=9000000000000000", n, 1);
    expect(&r, 0, 0, 9000000000000000);
    assert_int_equal(drain(&r, 0), n - 9000000000000000);
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amount_chunk),
        cmocka_unit_test(test_thieves_leave_the_reserve),
        cmocka_unit_test(test_the_reserve_shrinks_with_the_range),
        cmocka_unit_test(test_the_nearest_come_first),
        cmocka_unit_test(test_nearest_without_positions),
        cmocka_unit_test(test_random_victims_follow_the_seed),
        cmocka_unit_test(test_deque),
        cmocka_unit_test(test_deque_sends_nobody_home_early),
        cmocka_unit_test(test_deque_of_the_longest_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
