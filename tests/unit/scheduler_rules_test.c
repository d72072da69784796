/* Property: every rule with a sequence fixed beforehand hands out the chunks of its publication,
 * derived by hand here; options are checked against the loop; what they cannot do without takes no
 * memory that grows with the number of chunks.
 *
 * n = 1000 tasks for P = 4 workers is the example of Chronopoulos et al. (2001), Proc. IEEE
 * CLUSTER, table 1, and of Eleliemy & Ciorba (2021), J. Comput. Sci. 51, 101284. */
#include "scheduler_run.h"

#include <math.h>
#include <string.h>

/* n_chunks of `size`, then one of what remains, if anything. */
static void expect_equal_chunks(const char *text, size_t n_tasks, unsigned n_workers, size_t size)
{
    struct loop_run r = start(text, n_tasks, n_workers);
    size_t begin = 0;

    for (; n_tasks - begin >= size; begin += size)
        expect(&r, 0, begin, begin + size);
    if (begin < n_tasks)
        expect(&r, n_workers - 1, begin, n_tasks);
    expect_none(&r, 0);
    stop(&r);
}

/* The first chunk only. */
static void expect_first(const char *text, size_t n_tasks, unsigned n_workers, size_t size)
{
    struct loop_run r = start(text, n_tasks, n_workers);

    expect(&r, 0, 0, size);
    stop(&r);
}

/* ceil(1000/4) = 250, ceil(1000/16) = 63, ceil(1000/80) = 13; 10 for 6: two each, one worker goes
 * without; 7 in 80 pieces: single tasks. */
static void test_equal_pieces(void **unused)
{
    (void)unused;
    expect_equal_chunks("paper-static", 1000, 4, 250);
    expect_equal_chunks("paper-static", 1001, 4, 251);
    expect_equal_chunks("paper-static", 10, 6, 2);
    expect_equal_chunks("pool-map", 1000, 4, 63);
    expect_equal_chunks("pool-map", 64, 4, 4);
    expect_equal_chunks("paper-guided", 1000, 4, 13);
    expect_equal_chunks("paper-guided", 7, 4, 1);
}

/* n = 1e6, P = 4, h = 1e-5 s, sd = 1e-3 s: sqrt(2) n h/sd = 14142.14, P sqrt(ln 4) = 4.70964;
 * 3002.81^(2/3) = 208.13, so 209. A quarter of the overhead divides it by 4^(2/3) = 2.5198: 82.60,
 * so 83. sd defaults to the mean. One worker, or tasks that take the same time: ceil(n/P). Free
 * claims: single tasks. */
static void test_fsc(void **unused)
{
    (void)unused;
    expect_first("fsc:overhead=1e-5,sd=1e-3", 1000000, 4, 209);
    expect_first("fsc:overhead=1e-5,mean=1e-3", 1000000, 4, 209);
    expect_first("fsc:overhead=2.5e-6", 1000000, 4, 83);
    expect_equal_chunks("fsc:overhead=1e-5", 5000, 4, 7); /* 15.0140^(2/3) = 6.09 */
    expect_equal_chunks("fsc", 1000, 1, 1000);
    expect_equal_chunks("fsc:sd=0", 1000, 3, 334);
    expect_equal_chunks("fsc:sd=0,overhead=0", 1000, 3, 334);
    expect_equal_chunks("fsc:overhead=0", 100, 3, 1);
    expect_equal_chunks("fsc:overhead=1e6,sd=1e-9", 1000, 3, 334);
}

/* t = 250: 0.55 + 250 x 0.693147/5.521461 = 31.93. t = 1, 2, 3: 1; 0.55 + 2; 0.55 + 3 x 0.630930 =
 * 2.44. */
static void test_mfsc(void **unused)
{
    (void)unused;
    expect_equal_chunks("mfsc", 1000, 4, 31);
    expect_equal_chunks("mfsc", 4, 4, 1);
    expect_equal_chunks("mfsc", 8, 4, 2);
    expect_equal_chunks("mfsc", 12, 4, 2);
}

/* n = 1000, P = 4: f = 125, N = ceil(2000/126) = 16, d = floor(124/15) = 8; twelve chunks from 125
 * to 37 make 972, and 28 are left. f = 90, l = 3: N = ceil(2000/93) = 22, d = floor(87/21) = 4; 17
 * chunks from 90 to 26 make 986. f = 10, l = 4, n = 60: N = ceil(120/14) = 9, floor(6/8) = 0, so
 * one less every ceil(8/6) = 2 chunks; 2 (10 + 9 + 8) = 54. */
static void test_trapezoid(void **unused)
{
    static const size_t n1000_p4[] = {125, 117, 109, 101, 93, 85, 77, 69, 61, 53, 45, 37, 28, 0};
    static const size_t f90_l3[] = {90, 86, 82, 78, 74, 70, 66, 62, 58, 54,
                                    50, 46, 42, 38, 34, 30, 26, 14, 0};
    static const size_t f10_l4[] = {10, 10, 9, 9, 8, 8, 6, 0};
    static const size_t f_too_large[] = {5, 0};
    static const size_t small[] = {1, 1, 1, 0};

    (void)unused;
    expect_sizes("trapezoid", 1000, 4, n1000_p4);
    expect_sizes("trapezoid:first=90,last=3", 1000, 4, f90_l3);
    expect_sizes("trapezoid:first=10,last=4", 60, 3, f10_l4);
    expect_sizes("trapezoid:first=100,last=7", 5, 3, f_too_large);
    expect_sizes("trapezoid", 3, 4, small);
    expect_sizes("trapezoid:last=9", 3, 4, small); /* cut to the first size, which was not given */
    expect_equal_chunks("trapezoid:first=7,last=7", 1000, 4, 7);
}

/* Means of four of 125 117 … 37 29 21 13 5: 113, 81, 49, 17; 972 in three batches, 28 are left.
 * n = 20, P = 3: f = 4, N = ceil(40/5) = 8, floor(3/7) = 0, so one less every ceil(7/3) = 3 chunks:
 * 4 4 4, 3 3 3 are the batches themselves. */
static void test_tfss(void **unused)
{
    static const size_t n1000_p4[] = {113, 113, 113, 113, 81, 81, 81, 81,
                                      49,  49,  49,  49,  17, 11, 0};
    static const size_t n20_p3[] = {4, 4, 4, 3, 3, 2, 0};

    (void)unused;
    expect_sizes("tfss", 1000, 4, n1000_p4);
    expect_sizes("tfss", 20, 3, n20_p3);
}

/* sd = mean, P = 4: R = 1000: b = 2/sqrt(1000) = 0.063246, x = 1 + 0.004 + 0.063246 sqrt(2.004) =
 * 1.093533, 250/x = 228.6. R = 84: b = 2/sqrt(84) = 0.218218, x = 2.047619 + 0.218218
 * sqrt(4.047619) = 2.486644, 21/x = 8.4. R = 48: b = 0.288675, x = 2.083333 + 0.288675 x 2.020726
 * = 2.666667, 12/x = 4.5. R = 28: b = 0.377964, x = 2.142857 + 0.377964 x 2.035401 = 2.912166, 7/x
 * = 2.4. R = 16: b = 1/2, x = 2.25 + 0.5 x 2.061553 = 3.280776, 4/x = 1.2. R = 8: b^2 = 1/2, x
 * = 2.5 + 1.5 = 4, 2/x = 0.5. */
static void test_fac(void **unused)
{
    static const size_t n1000_p4[] = {229, 229, 229, 229, 9, 9, 9, 9, 5, 5, 5, 5, 3, 3, 3,
                                      3,   2,   2,   2,   2, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    static const size_t k4[] = {229, 229, 229, 229, 9, 9, 9, 9, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 0};

    (void)unused;
    expect_sizes("fac", 1000, 4, n1000_p4);
    expect_sizes("fac:mean=7,sd=7", 1000, 4, n1000_p4);
    expect_sizes("fac:chunk=4", 1000, 4, k4);
    expect_equal_chunks("fac:sd=0", 1000, 3, 334);
}

/* R = 1000 500 248 124 60 28 12 4; with at least 10: 124 and 60 give 16, 60 - 6 x 10 = 0. Five
 * tasks for four workers: 1 1 1 1, then 1. */
static void test_fac2(void **unused)
{
    static const size_t n1000_p4[] = {125, 125, 125, 125, 63, 63, 63, 63, 31, 31, 31,
                                      31,  16,  16,  16,  16, 8,  8,  8,  8,  4,  4,
                                      4,   4,   2,   2,   2,  2,  1,  1,  1,  1,  0};
    static const size_t k10[] = {125, 125, 125, 125, 63, 63, 63, 63, 31, 31, 31, 31,
                                 16,  16,  16,  16,  10, 10, 10, 10, 10, 10, 0};

    (void)unused;
    expect_sizes("fac2", 1000, 4, n1000_p4);
    expect_sizes("fac2:chunk=10", 1000, 4, k10);
    expect_equal_chunks("fac2", 5, 4, 1);
}

/* Batches of fac2 for n = 64, P = 4: 8 x 4, 4 x 4, 2 x 4, 1 x 4, 1 x 4. Weights 1:3 twice, mean 2:
 * 1/2 and 3/2 of each, rounded to 1 and 2 of 1. Asked in turn the fourth batch ends after 1 2 1, so
 * worker 3 begins the fifth. Then worker 1 asks first, and twice. */
static void test_weighted(void **unused)
{
    static const size_t in_turn[] = {4, 12, 4, 12, 2, 6, 2, 6, 1, 3, 1, 3, 1, 2, 1, 2, 1, 1, 0};
    static const size_t equal[] = {8, 8, 8, 8, 4, 4, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    struct loop_run r;

    (void)unused;
    expect_sizes("weighted", 64, 4, equal);
    expect_sizes("weighted:weights=0.3:0.3:0.3", 64, 4, equal);
    expect_sizes("weighted:weights=1:3", 64, 4, in_turn);
    r = start("weighted:weights=1:3", 64, 4);
    expect(&r, 1, 0, 12);
    expect(&r, 1, 12, 24);
    expect(&r, 0, 24, 28);
    expect(&r, 3, 28, 32); /* 12 wanted, 4 left of this batch */
    expect(&r, 2, 32, 34);
    expect(&r, 3, 34, 40);
    stop(&r);
}

/* v = 1.3, v^2/2 = 0.845, v^2/4 = 0.4225. T = 250: 250.845 - 1.3 sqrt(500.4225) = 221.76; T =
 * 778/4: 195.345 - 1.3 sqrt(389.4225) = 169.69; T = 608/4: 152.845 - 1.3 sqrt(304.4225) = 130.16;
 * T = 477/4: 120.095 - 1.3 sqrt(238.9225) = 100.0008. Without spread it is guided. */
static void test_taper(void **unused)
{
    static const size_t first_four[] = {222, 170, 131, 101};
    static const size_t guided[] = {20, 16, 13, 11, 8, 7, 5, 4, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0};
    struct loop_run r = start("taper", 1000, 4);
    size_t begin = 0;

    (void)unused;
    for (size_t i = 0; i < 4; begin += first_four[i++])
        expect(&r, 0, begin, begin + first_four[i]);
    stop(&r);
    expect_sizes("taper:sd=0", 100, 5, guided);
    expect_sizes("taper:alpha=0", 100, 5, guided);
}

/* n = 1000, P = 4, B = 3: C = floor(1000/20) = 50, d = floor(4000/(5 x 24)) = 33; 50, 83, and of
 * the 468 left ceil(468/4). B = 2: 1000/16 = 62, 4000/(4 x 8) = 125; 752/4 = 188. n = 10: C = 0
 * acts as one task. */
static void test_fiss(void **unused)
{
    static const size_t b3[] = {50, 50, 50, 50, 83, 83, 83, 83, 117, 117, 117, 117, 0};
    static const size_t b2[] = {62, 62, 62, 62, 188, 188, 188, 188, 0};
    static const size_t n10[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    static const size_t n35[] = {1, 1, 1, 1, 2, 2, 2, 2, 6, 6, 6, 5, 0};

    (void)unused;
    expect_sizes("fiss", 1000, 4, b3);
    expect_sizes("fiss:stages=2", 1000, 4, b2);
    expect_sizes("fiss", 10, 4, n10);
    expect_sizes("fiss", 35, 4, n35); /* C = 1, d = floor(140/120) = 1 */
}

/* C = floor(1000/16) = 62: 62, 62 x 3/2 = 93, 62 x 7/4 = 108.5; 380 are left for the third batch.
 * X = 16, n = 200: C = 3: 3, 4.5, 5.25, 5.6, … so 3 x 4, 4 x 4, then 5. */
static void test_viss(void **unused)
{
    static const size_t x4[] = {62, 62, 62, 62, 93, 93, 93, 93, 108, 108, 108, 56, 0};
    struct loop_run r = start("viss:divisor=16", 200, 4);
    size_t begin = 0;

    (void)unused;
    expect_sizes("viss", 1000, 4, x4);
    for (size_t i = 0; i < 12; i++) {
        size_t size = i < 4 ? 3 : i < 8 ? 4 : 5;

        expect(&r, 0, begin, begin + size);
        begin += size;
    }
    stop(&r);
    expect_equal_chunks("viss", 3, 4, 1);
}

/* 20 000 chunks of 5 to 14 tasks: within the bounds, each size a tenth of the time (a deviation of
 * five standard deviations happens once in 1.7e6 seeds; the seed is fixed), neighbours unrelated.
 */
static void test_random_is_uniform(void **unused)
{
    enum { LEAST = 5, N_SIZES = 10, N_CHUNKS = 20000 };
    struct loop_run r = start("random:min=5,max=14", (size_t)1 << 40, 4);
    size_t n_of_size[N_SIZES] = {0};
    size_t n_last_greater = 0, last = 0;

    (void)unused;
    for (size_t i = 0; i < N_CHUNKS; i++) {
        sks_range tasks;
        size_t size;

        assert_true(r.scheduler->next(r.state, 0, &tasks));
        size = tasks.end - tasks.begin;
        assert_in_range(size, LEAST, LEAST + N_SIZES - 1);
        n_of_size[size - LEAST]++;
        n_last_greater += last > size;
        last = size;
    }
    for (size_t i = 0; i < N_SIZES; i++)
        assert_true(fabs((double)n_of_size[i] - 0.1 * N_CHUNKS) < 5 * sqrt(0.09 * N_CHUNKS));
    assert_true(fabs((double)n_last_greater - 0.45 * N_CHUNKS) < 5 * sqrt(0.25 * N_CHUNKS));
    stop(&r);
}

static void test_random_follows_its_seed(void **unused)
{
    static const char *const text[] = {"random:seed=7", "random:seed=7", "random:seed=8"};
    size_t begin[3][20];

    (void)unused;
    for (size_t k = 0; k < 3; k++) {
        struct loop_run r = start(text[k], (size_t)1 << 40, 64);

        for (size_t i = 0; i < 20; i++) {
            sks_range tasks;

            assert_true(r.scheduler->next(r.state, (unsigned)(k * i), &tasks));
            begin[k][i] = tasks.begin;
        }
        stop(&r);
    }
    assert_memory_equal(begin[0], begin[1], sizeof(begin[0]));
    assert_memory_not_equal(begin[0], begin[2], sizeof(begin[0]));
}

/* Default bounds n/(100 P) = 2 and n/(2P) = 125; one bound beyond the other's default. */
static void test_random_bounds(void **unused)
{
    struct loop_run r = start("random", 1000, 4);

    (void)unused;
    for (sks_range tasks; r.scheduler->next(r.state, 0, &tasks);)
        if (tasks.end < 1000)
            assert_in_range(tasks.end - tasks.begin, 2, 125);
    stop(&r);
    expect_equal_chunks("random:min=200", 1000, 4, 200);
    expect_equal_chunks("random:max=1", 1000, 4, 1);
    expect_equal_chunks("random", 10, 64, 1);
}

/* Loops whose chunks are too many to list: a few thousand bytes, and the first chunks right away.
 */
static void test_many_chunks_take_no_memory(void **unused)
{
    static const char *const text[] = {"fsc:overhead=0",           "random:min=1,max=1",
                                       "trapezoid:first=1,last=1", "trapezoid:first=3",
                                       "fac:sd=10,mean=1e-3",      "fac2",
                                       "taper:sd=10,mean=1e-3",    "viss:divisor=1000000"};

    (void)unused;
    for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
        struct loop_run r = start(text[i], 1000000000, 4);
        sks_range tasks;

        if (r.scheduler->state_size(&r.loop) > 100000)
            fail_msg("%s: %zu bytes", text[i], r.scheduler->state_size(&r.loop));
        assert_true(r.scheduler->next(r.state, 0, &tasks));
        assert_int_equal(tasks.begin, 0);
        stop(&r);
    }
}

static void test_options_that_do_not_fit_are_explained(void **unused)
{
    static const struct {
        const char *text;
        const char *hint;
    } wrong[] = {
        {"trapezoid:first=3,last=4", "last=4"},   {"random:min=9,max=8", "min=9"},
        {"fac:mean=1e-9,sd=1", "times the mean"}, {"taper:mean=1e-9,sd=1", "times the mean"},
        {"weighted:weights=1:0", "weights=1:0"},  {"weighted:weights=1::2", "weights"},
        {"weighted:weights=1:2:", "colon"},       {"weighted:weights=1;2", "weights=1;2"},
        {"weighted:weights=nan", "weights=nan"},  {"weighted:weights=1:x", "weights"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const sks_scheduler *scheduler;
        sks_loop loop = {.n_tasks = 100, .n_workers = 1};
        sks_values *options;
        void *state = NULL;

        sks_clear();
        assert_int_equal(sks_scheduler_parse(wrong[i].text, &scheduler, &options), SKS_OK);
        loop.options = options;
        assert_int_equal(sks_scheduler_start(scheduler, &loop, &state), SKS_ERR_USAGE);
        assert_null(state);
        if (strstr(sks_message(), wrong[i].hint) == NULL)
            fail_msg("%s: \"%s\" does not mention %s", wrong[i].text, sks_message(), wrong[i].hint);
        sks_values_destroy(options);
    }
    sks_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_pieces),
        cmocka_unit_test(test_fsc),
        cmocka_unit_test(test_mfsc),
        cmocka_unit_test(test_trapezoid),
        cmocka_unit_test(test_tfss),
        cmocka_unit_test(test_fac),
        cmocka_unit_test(test_fac2),
        cmocka_unit_test(test_weighted),
        cmocka_unit_test(test_taper),
        cmocka_unit_test(test_fiss),
        cmocka_unit_test(test_viss),
        cmocka_unit_test(test_random_is_uniform),
        cmocka_unit_test(test_random_follows_its_seed),
        cmocka_unit_test(test_random_bounds),
        cmocka_unit_test(test_many_chunks_take_no_memory),
        cmocka_unit_test(test_options_that_do_not_fit_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
