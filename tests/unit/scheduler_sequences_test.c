/* Property: the chunks handed out are those of the published rule, derived by hand here; wrong
 * names and options are refused with what would have worked. */
#include "scheduler_run.h"
#include "schedulers/sequence.h"

#include <string.h>

static void expect_steals(struct loop_run *r, unsigned worker, size_t tried, size_t won)
{
    sks_scheduler_stats stats;

    r->scheduler->stats(r->state, worker, &stats);
    assert_int_equal(stats.steals_tried, tried);
    assert_int_equal(stats.steals_won, won);
}

/* floor(10 w/4) = 0 2 5 7 10; floor(3 w/5) = 0 0 1 1 2 3. */
static void test_static_block(void **unused)
{
    struct loop_run r = start("static", 10, 4);

    (void)unused;
    expect(&r, 3, 7, 10);
    expect(&r, 0, 0, 2);
    expect(&r, 1, 2, 5);
    expect(&r, 2, 5, 7);
    for (unsigned w = 0; w < 4; w++)
        expect_none(&r, w);
    stop(&r);

    r = start("static", 3, 5);
    expect_none(&r, 0);
    expect(&r, 1, 0, 1);
    expect_none(&r, 2);
    expect(&r, 3, 1, 2);
    expect(&r, 4, 2, 3);
    stop(&r);
}

/* n = 2^63 - 1, P = 2^16: n w does not fit 64 bits. floor(n/P) = 2^47 - 1, floor(2n/P) = 2^48 - 1,
 * floor(n (P-1)/P) = n - 2^47. */
static void test_static_block_of_the_longest_loop(void **unused)
{
    const size_t n = SIZE_MAX / 2;
    struct loop_run r = start("static", n, 65536);

    (void)unused;
    expect(&r, 1, ((size_t)1 << 47) - 1, ((size_t)1 << 48) - 1);
    expect(&r, 65535, n - ((size_t)1 << 47), n);
    expect(&r, 0, 0, ((size_t)1 << 47) - 1);
    stop(&r);
}

/* Chunks 0 … 5 of two tasks, the last of one: 0 and 3, 1 and 4, 2 and 5. */
static void test_static_cyclic(void **unused)
{
    struct loop_run r = start("static:chunk=2", 11, 3);

    (void)unused;
    expect(&r, 2, 4, 6);
    expect(&r, 2, 10, 11);
    expect_none(&r, 2);
    expect(&r, 0, 0, 2);
    expect(&r, 1, 2, 4);
    expect(&r, 1, 8, 10);
    expect(&r, 0, 6, 8);
    expect_none(&r, 0);
    expect_none(&r, 1);
    stop(&r);
}

static void test_dynamic(void **unused)
{
    static const size_t ones[] = {1, 1, 1, 1, 1, 0};
    static const size_t fours[] = {4, 4, 2, 0};

    (void)unused;
    expect_sizes("dynamic", 5, 2, ones);
    expect_sizes("dynamic:chunk=4", 10, 2, fours);
}

/* ceil(R/P) until nothing is left. n = 1000, P = 4: R = 1000 750 562 421 315 236 177 132 99 74 55
 * 41 30 22 16 12 9 6 4 3 2 1. n = 100, P = 5 (Polychronopoulos & Kuck's own example): R = 100 80 64
 * 51 40 32 25 20 16 12 9 7 5 4 3 2 1. With k = 80 in the first loop: from R = 315 on ceil(R/P)
 * < 80. */
static void test_guided(void **unused)
{
    static const size_t n1000_p4[] = {250, 188, 141, 106, 79, 59, 45, 33, 25, 19, 14, 11,
                                      8,   6,   4,   3,   3,  2,  1,  1,  1,  1,  0};
    static const size_t n100_p5[] = {20, 16, 13, 11, 8, 7, 5, 4, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0};
    static const size_t n1000_p4_k80[] = {250, 188, 141, 106, 80, 80, 80, 75, 0};
    static const size_t n9_p1[] = {9, 0};

    (void)unused;
    expect_sizes("guided", 1000, 4, n1000_p4);
    expect_sizes("guided", 100, 5, n100_p5);
    expect_sizes("guided:chunk=80", 1000, 4, n1000_p4_k80);
    expect_sizes("guided", 9, 1, n9_p1);
}

/* While R > P each chunk leaves at most R (1 - 1/P), which takes less than P ln(n/P) + 1 of them
 * from n to P; at most P of one task follow. For n = 1e9, P = 65536 that is 696 839 in all. The
 * sizes go from ceil(n/P) = 15 259 down, so there are no more runs of equal ones, of 24 bytes; then
 * the index of 4098 numbers. */
static void test_guided_memory_is_bounded(void **unused)
{
    struct loop_run r = start("guided", 1000000000, 65536);
    size_t n_chunks = 0;

    (void)unused;
    for (sks_range tasks; r.scheduler->next(r.state, 0, &tasks); n_chunks++)
        continue;
    assert_true(n_chunks <= 696839);
    assert_true(r.scheduler->state_size(&r.loop) <= 15259 * 24 + 4098 * 8 + 4 * SKS_CACHE_LINE);
    stop(&r);
}

/* Chunks of 5; of 0, which act as 1; none, which act as one; more than are left, twice; then one
 * that is too large. */
static sks_batch odd_rule(void *rule, size_t n_left)
{
    static const sks_batch batch[] = {{5, 2}, {0, 2}, {5, 0}, {7, 3}, {30, SIZE_MAX}};
    unsigned *n_calls = rule;

    assert_true(n_left > 0);
    assert_true(*n_calls < sizeof(batch) / sizeof(*batch));
    return batch[(*n_calls)++];
}

static void test_sequence_keeps_a_rule_within_the_loop(void **unused)
{
    static const size_t sizes[] = {5, 5, 1, 1, 5, 7, 7, 7, 30, 30, 2};
    const sks_loop loop = {.n_tasks = 100, .n_workers = 1};
    unsigned n_calls = 0;
    size_t size_bytes = sks_sequence_size(&loop, odd_rule, &n_calls);
    void *state = aligned_alloc(SKS_CACHE_LINE, size_bytes);
    size_t begin = 0;
    sks_range tasks;

    (void)unused;
    assert_non_null(state);
    assert_int_equal(n_calls, 5);
    n_calls = 0;
    assert_int_equal(sks_sequence_init(state, &loop, odd_rule, &n_calls), SKS_OK);
    assert_int_equal(n_calls, 5);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); begin += sizes[i++]) {
        assert_true(sks_sequence_next(state, 0, &tasks));
        assert_int_equal(tasks.begin, begin);
        assert_int_equal(tasks.end, begin + sizes[i]);
    }
    assert_int_equal(begin, 100);
    assert_false(sks_sequence_next(state, 0, &tasks));
    free(state);
}

static void test_stealing_alone(void **unused)
{
    static const size_t threes[] = {3, 3, 2, 0};

    (void)unused;
    expect_sizes("stealing:chunk=3", 8, 1, threes);
}

/* Worker 0 has [0, 5), worker 1 [5, 10). When 0 is through, 1 still has all of its range: the
 * upper, larger half of it is [7, 10), of which 0 gets 7 and keeps [8, 10). When 1 is through with
 * 5 and 6, it finds [8, 10) there and gets 9. */
static void test_stealing_takes_the_upper_half(void **unused)
{
    struct loop_run r = start("stealing", 10, 2);

    (void)unused;
    for (size_t i = 0; i < 5; i++)
        expect(&r, 0, i, i + 1);
    expect_steals(&r, 0, 0, 0);
    expect(&r, 0, 7, 8);
    expect_steals(&r, 0, 1, 1);
    expect(&r, 1, 5, 6);
    expect(&r, 1, 6, 7);
    expect(&r, 1, 9, 10);
    expect_steals(&r, 1, 1, 1);
    expect(&r, 0, 8, 9);
    expect_none(&r, 0);
    expect_none(&r, 1);
    expect_steals(&r, 0, 1, 1);
    expect_steals(&r, 1, 1, 1);
    stop(&r);
}

/* [0, 10) and [10, 20) in chunks of 3: worker 1 takes its own, then [5, 10) of the other's, which
 * goes on with [0, 5). */
static void test_stealing_in_chunks(void **unused)
{
    struct loop_run r = start("stealing:chunk=3", 20, 2);

    (void)unused;
    expect(&r, 1, 10, 13);
    expect(&r, 1, 13, 16);
    expect(&r, 1, 16, 19);
    expect(&r, 1, 19, 20);
    expect(&r, 1, 5, 8);
    expect(&r, 0, 0, 3);
    expect(&r, 1, 8, 10);
    expect(&r, 1, 4, 5); /* the upper half of [3, 5) */
    expect(&r, 0, 3, 4);
    expect_none(&r, 0);
    expect_none(&r, 1);
    stop(&r);
}

/* Two tasks each. Worker 0 goes on with the victim it robbed last, then with the next one; a single
 * task is worth stealing. */
static void test_stealing_goes_round(void **unused)
{
    static const size_t order[] = {0, 1, 3, 2, 5, 4, 7, 6};
    struct loop_run r = start("stealing", 8, 4);

    (void)unused;
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        expect(&r, 0, order[i], order[i] + 1);
    for (unsigned w = 0; w < 4; w++)
        expect_none(&r, w);
    expect_steals(&r, 0, 6, 6);
    stop(&r);
}

/* Ten tasks each; 0 and 1 compute theirs. 0 then finds nothing at 1 and robs 2, of [25, 30); 1 robs
 * 2 as well, of [22, 25), and keeps [23, 25). Next time 0 begins with 2, who has [20, 22), although
 * 1 has work again. */
static void test_stealing_returns_to_the_last_victim(void **unused)
{
    struct loop_run r = start("stealing", 30, 3);

    (void)unused;
    for (size_t i = 0; i < 10; i++) {
        expect(&r, 0, i, i + 1);
        expect(&r, 1, 10 + i, 11 + i);
    }
    for (size_t i = 25; i < 30; i++)
        expect(&r, 0, i, i + 1);
    expect(&r, 1, 22, 23);
    expect(&r, 0, 21, 22);
    expect_steals(&r, 0, 2, 2);
    stop(&r);
}

/* 2^32 + 9 tasks do not fit 32 bits one by one, but in units of two. */
static void test_stealing_counts_in_units(void **unused)
{
    const size_t two_32 = (size_t)1 << 32;
    struct loop_run r = start("stealing", two_32 + 9, 1);

    (void)unused;
    expect(&r, 0, 0, 2);
    stop(&r);
    r = start("stealing:chunk=3", two_32 + 9, 1);
    expect(&r, 0, 0, 4);
    stop(&r);
    r = start("stealing:chunk=4294967296", two_32 + 9, 1);
    expect(&r, 0, 0, two_32);
    expect(&r, 0, two_32, two_32 + 9);
    expect_none(&r, 0);
    stop(&r);
    r = start("stealing:chunk=3", two_32 - 1, 1); /* the longest loop in units of one task */
    expect(&r, 0, 0, 3);
    stop(&r);
}

/* Nobody is sent home as long as there are tasks, whoever has computed how much. */
static void test_none_idle_while_tasks_are_left(void **unused)
{
    static const char *const rule[] = {"dynamic:chunk=3", "guided", "stealing", "stealing:chunk=5"};
    enum { N_WORKERS = 7, N_TASKS = 500 };
    uint64_t x = 1;

    (void)unused;
    for (size_t i = 0; i < sizeof(rule) / sizeof(*rule); i++) {
        struct loop_run r = start(rule[i], N_TASKS, N_WORKERS);
        size_t n_left = N_TASKS;

        while (n_left > 0) {
            sks_range tasks;

            x = x * 6364136223846793005u + 1442695040888963407u;
            assert_true(r.scheduler->next(r.state, (unsigned)((x >> 33) % N_WORKERS), &tasks));
            assert_true(tasks.end - tasks.begin <= n_left);
            n_left -= tasks.end - tasks.begin;
        }
        for (unsigned w = 0; w < N_WORKERS; w++)
            expect_none(&r, w);
        stop(&r);
    }
}

static void test_wrong_requests_are_explained(void **unused)
{
    static const struct {
        const char *text;
        const char *hint;
    } wrong[] = {
        {"guidd", "\"guided\""},      {"guidd:chunk=2", "\"guided\""},
        {"", "unknown scheduler"},    {"dynamic:chunk=0", "chunk"},
        {"guided:chunk=-1", "chunk"}, {"stealing:chunk=1e3x", "chunk"},
        {"static:chunk=0", "chunk"},  {"dynamic:chunk=9000000000000001", "chunk"},
        {"static:chunck=4", "chunk"}, {"guided:chunk", "chunk"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const sks_scheduler *scheduler = NULL;
        sks_values *options = NULL;

        sks_clear();
        assert_int_equal(sks_scheduler_parse(wrong[i].text, &scheduler, &options), SKS_ERR_USAGE);
        assert_null(scheduler);
        assert_null(options);
        if (strstr(sks_message(), wrong[i].hint) == NULL)
            fail_msg("%s: \"%s\" does not mention %s", wrong[i].text, sks_message(), wrong[i].hint);
    }
    sks_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static_block),
        cmocka_unit_test(test_static_block_of_the_longest_loop),
        cmocka_unit_test(test_static_cyclic),
        cmocka_unit_test(test_dynamic),
        cmocka_unit_test(test_guided),
        cmocka_unit_test(test_guided_memory_is_bounded),
        cmocka_unit_test(test_sequence_keeps_a_rule_within_the_loop),
        cmocka_unit_test(test_stealing_alone),
        cmocka_unit_test(test_stealing_takes_the_upper_half),
        cmocka_unit_test(test_stealing_in_chunks),
        cmocka_unit_test(test_stealing_goes_round),
        cmocka_unit_test(test_stealing_returns_to_the_last_victim),
        cmocka_unit_test(test_stealing_counts_in_units),
        cmocka_unit_test(test_none_idle_while_tasks_are_left),
        cmocka_unit_test(test_wrong_requests_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
