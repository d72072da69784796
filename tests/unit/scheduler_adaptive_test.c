/* Property: adaptive rules hand out what their publications' formulas say for the times reported,
 * derived by hand here; they find the speeds of a machine whose workers are not alike; and auto
 * picks the rule that was the quickest, saying so. */
#include "scheduler_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The worker's next chunk has to be this one; it takes so many seconds a task, reported at once. */
static void compute(struct loop_run *r, unsigned worker, size_t begin, size_t end, double task_s)
{
    expect(r, worker, begin, end);
    r->scheduler->done(r->state, worker, (sks_range){begin, end}, task_s * (double)(end - begin));
}

/* Batches of 1000 tasks on P = 2 end at 500, 750, 875. In the first all weights are 1: chunks of
 * 250.
 *
 * Worker 0 does 250 tasks a second, worker 1 125. Second batch: w = 2 (250, 125) / 375 = 4/3, 2/3;
 * chunks ceil(4/3 * 125) = 167 and ceil(2/3 * 125) = 84, of which 83 are left.
 *
 * Worker 1 then does 250 a second. Its second chunk counting twice, it has done 250 + 2 * 83 in
 * 2 + 2 * 83/250 s: 156.156 tasks a second; worker 0 still 250. w_0 = 500/406.156 = 1.23105, w_1 =
 * 0.76895. Third batch, 125 tasks: ceil(1.23105 * 62.5 = 76.94) = 77, and 48 of ceil(48.06) are
 * left.
 */
static void test_awf_by_batches(void **unused)
{
    static const char *const rules[] = {"awf-b", "awf-d"};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct loop_run r = start(rules[i], 1000, 2);

        compute(&r, 0, 0, 250, 1.0 / 250);
        compute(&r, 1, 250, 500, 1.0 / 125);
        compute(&r, 0, 500, 667, 1.0 / 250);
        compute(&r, 1, 667, 750, 1.0 / 250);
        compute(&r, 0, 750, 827, 1.0 / 250);
        compute(&r, 1, 827, 875, 1.0 / 250);
        stop(&r);
    }
}

/* Within a batch weights stay: worker 0 comes back for ceil(250/2) tasks with weight 1, although by
 * then worker 1 is known to be slower (its own first claim in the batch was before that). */
static void test_awf_weights_last_for_a_batch(void **unused)
{
    struct loop_run r = start("awf-b", 1000, 2);

    (void)unused;
    compute(&r, 0, 0, 250, 1.0 / 250);
    expect(&r, 1, 250, 500); /* not reported yet */
    compute(&r, 0, 500, 625, 1.0 / 250);
    r.scheduler->done(r.state, 1, (sks_range){250, 500}, 2.0);
    compute(&r, 0, 625, 750, 1.0 / 250);
    /* In the next batch, of 125: 4/3 of 62.5, and 2/3 */
    compute(&r, 0, 750, 834, 1.0 / 250);
    compute(&r, 1, 834, 875, 1.0 / 125);
    stop(&r);
}

/* Chunks are w R / (2P), R being what is left at each: 1000/4, 750/4; then, only worker 0 having
 * reported, 562/4 with weight 1; then with 4/3 and 2/3, 2/3 * 421/4 = 70.2 and 4/3 * 350/4 = 116.7.
 */
static void test_awf_by_chunks(void **unused)
{
    static const char *const rules[] = {"awf-c", "awf-e"};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct loop_run r = start(rules[i], 1000, 2);

        expect(&r, 0, 0, 250);
        expect(&r, 1, 250, 438);
        r.scheduler->done(r.state, 0, (sks_range){0, 250}, 1.0);
        expect(&r, 0, 438, 579);
        r.scheduler->done(r.state, 1, (sks_range){250, 438}, 188.0 / 125);
        expect(&r, 1, 579, 650);
        r.scheduler->done(r.state, 0, (sks_range){438, 579}, 141.0 / 250);
        expect(&r, 0, 650, 767);
        stop(&r);
    }
}

/* Two steps of 202 tasks. In the first, weights are 1 throughout: batches of 101 51 25 13 6 3 2 1
 * in halves, rounded up. Worker 0 does 100 tasks a second, worker 1 33.3: in the second step w =
 * 3/2 and 1/2; of its first batch worker 1 gets ceil(101/4), worker 0 the other 75 of ceil(101 *
 * 3/4); of the batch of 51 worker 0 gets ceil(51 * 3/4) = 39. */
static void test_awf_by_steps(void **unused)
{
    static const size_t first_step[] = {51, 50, 26, 25, 13, 12, 7, 6, 3, 3, 2, 1, 1, 1, 1};
    static const double task_s[] = {0.01, 0.03};
    struct loop_run r = start("awf:steps=2", 404, 2);
    size_t begin = 0;

    (void)unused;
    for (size_t i = 0; i < sizeof(first_step) / sizeof(*first_step); begin += first_step[i++])
        compute(&r, i % 2, begin, begin + first_step[i], task_s[i % 2]);
    assert_int_equal(begin, 202);
    compute(&r, 1, 202, 228, task_s[1]);
    compute(&r, 0, 228, 303, task_s[0]);
    compute(&r, 0, 303, 342, task_s[0]);
    stop(&r);
}

/* `chunk` is the least size, whatever the batch. */
static void test_awf_least_chunk(void **unused)
{
    struct loop_run r = start("awf-b:chunk=30", 100, 2);

    (void)unused;
    compute(&r, 0, 0, 30, 0.1);
    compute(&r, 1, 30, 60, 0.1);
    compute(&r, 0, 60, 90, 0.1);
    compute(&r, 1, 90, 100, 0.1);
    expect_none(&r, 0);
    expect_none(&r, 1);
    stop(&r);
}

/* n = 100, P = 4: an even share has 25 tasks, a worker's three probes 1 each, the largest chunk 13.
 *
 * Workers 0, 1, 2 need 1, 1 and 10 s: mu = 4, sigma^2 = (9 + 9 + 36)/2 = 27. Worker 3 needs twice
 * as long: mu = 8, sigma^2 = 108. D = 3 * 27/4 + 108/8 = 33.75, 1/T = 3/4 + 1/8 = 7/8.
 *
 *     R     T R        sqrt(D^2 + 4 D T R)   D + 2 T R - sqrt   worker   K
 *     88    100.5714   121.3102              113.5827           3        7.099  -> 8
 *     80     91.4286   116.1119              100.4952           0        12.56  -> 13
 *     67     76.5714   107.1270               79.7659           1        9.971  -> 10
 *     57     65.1429    99.6663               64.3694           2        8.046  -> 9
 */
static void test_af(void **unused)
{
    static const double probe_s[] = {1.0, 1.0, 10.0};
    struct loop_run r = start("af:chunk=1", 100, 4);
    size_t begin = 0;

    (void)unused;
    for (unsigned i = 0; i < 12; i++, begin++)
        compute(&r, i % 4, begin, begin + 1, (i % 4 == 3 ? 2.0 : 1.0) * probe_s[i / 4]);
    expect(&r, 3, 12, 20);
    expect(&r, 0, 20, 33);
    expect(&r, 1, 33, 43);
    expect(&r, 2, 43, 52);
    stop(&r);
}

/* Chunk times of equal tasks tell the variance of a task, not of the chunk: chunks of k tasks that
 * took k, k and 10 k seconds have the means of the probes above, and k times their variance. n =
 * 6400 on P = 1: the probes have 6400/64 = 100 tasks. mu = 4, sigma^2 = 100 * 54/2 = 2700; D = 675,
 * T = 4, R = 6100, T R = 24400: (675 + 48800 - sqrt(675^2 + 4 * 675 * 24400 = 66335625)) / 8 =
 * 5166.3, which the limit of half the share cuts to 3200; then R = 2900: T R = 11600, (675 + 23200
 * - sqrt(31775625)) / 8 = 2279.7. */
static void test_af_variance_from_chunks(void **unused)
{
    struct loop_run r = start("af", 6400, 1);

    (void)unused;
    compute(&r, 0, 0, 100, 1.0);
    compute(&r, 0, 100, 200, 1.0);
    compute(&r, 0, 200, 300, 10.0);
    expect(&r, 0, 300, 3500);
    expect(&r, 0, 3500, 5780);
    stop(&r);
}

/* The end is not handed out task by task: with nothing but `af`, no chunk but the last has less
 * than a hundredth of a share. */
static void test_af_never_ends_in_single_tasks(void **unused)
{
    struct loop_run r = start("af", 100000, 4);
    uint64_t x = 1;
    sks_range tasks;

    (void)unused;
    for (unsigned w = 0; r.scheduler->next(r.state, w, &tasks); w = (w + 1) % 4) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        assert_true(tasks.end - tasks.begin >= 250 || tasks.end == 100000);
        r.scheduler->done(r.state, w, tasks, 1e-12 * (double)(x >> 33)); /* most erratic */
    }
    assert_int_equal(tasks.end, 100000);
    stop(&r);
}

/* mu = sigma = 1 s, h = 0.5 s, P = 4, n = 1000: a = 2, b = 16 ln 16 = 44.3614, c1 = 0.721348, c2 =
 * 1.808149. At the start nothing is finished, n = m = 1000 and t = 250.
 *
 *     r      q        v          ln d      s         w        size
 *     1000   250      0.849296   8.01093   18.5466   5.3377   194.40 -> 195
 *      805   201.25   0.819384   7.68743   17.7378   5.2617   195.48 -> 196
 *      609   152.25   0.774370   7.26840   16.6902   5.1512   196.93 -> 197
 *      412   103      0.698962   6.68112   15.2220   4.9678   199.04 -> 200
 *
 * At 200 s worker 0 has finished: m = 805, and by estimate the others have done
 * 200 (196/196.5 + 197/197.5 + 200/200.5) of that, n = 206.514 < r = 212; t = 53:
 *
 *      212    53       0.544363   5.70259   19.9229   4.5631    32.27 -> 33
 *
 * At 210 s worker 2 has, too: m = 608, n = 608 - 210 (196/196.5 + 200/200.5) - 10 * 33/33.5 =
 * 179.207 > r = 179; t = 44.8018:
 *
 *      179    44.75    0.502180   5.46063   17.9951   4.4389    27.22 -> 28
 */
static void test_bold(void **unused)
{
    struct loop_run r = start("bold:mean=1,sd=1,overhead=0.5", 1000, 4);

    (void)unused;
    expect(&r, 0, 0, 195);
    expect(&r, 1, 195, 391);
    expect(&r, 2, 391, 588);
    expect(&r, 3, 588, 788);
    r.scheduler->done(r.state, 0, (sks_range){0, 195}, 200.0);
    expect(&r, 0, 788, 821);
    r.scheduler->done(r.state, 2, (sks_range){391, 588}, 210.0);
    expect(&r, 2, 821, 849);
    stop(&r);
}

/* At its limits: claims that cost more than the tasks, and tasks that do not vary, give even
 * shares; claims that cost nothing give single tasks; below, b = 0.08 ln 0.16 ... is negative: 0.16
 * = 8 a, a = 0.02, b = -0.293213, v = 1.001174, s = 0.200765, w = ln(b v ln q) does not exist and
 * is ln ln 250 = 1.70864: 244.25. */
static void test_bold_at_its_limits(void **unused)
{
    static const struct {
        const char *text;
        size_t first;
    } limits[] = {{"bold:mean=1,sd=1,overhead=1e4", 250},
                  {"bold:mean=1,sd=0,overhead=0.5", 250},
                  {"bold:mean=1,sd=1,overhead=0", 1},
                  {"bold:mean=1,sd=0.1,overhead=0.5", 245},
                  {"bold:mean=1,sd=1,overhead=0,chunk=7", 7}};

    (void)unused;
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct loop_run r = start(limits[i].text, 1000, 4);

        expect(&r, 2, 0, limits[i].first);
        stop(&r);
    }
}

enum { MAX_WORKERS = 4 };

/* The whole loop on workers of different speeds, whoever is free first asking next. Tasks done by
 * each, and when each was through. */
static void run_on(struct loop_run *r, const double *task_s, double *n_done, double *end_s)
{
    bool is_through[MAX_WORKERS] = {false};

    for (unsigned w = 0; w < r->loop.n_workers; w++)
        n_done[w] = end_s[w] = 0.0;
    for (;;) {
        unsigned first = r->loop.n_workers;
        sks_range tasks;
        double seconds;

        for (unsigned w = 0; w < r->loop.n_workers; w++)
            if (!is_through[w] && (first == r->loop.n_workers || end_s[w] < end_s[first]))
                first = w;
        if (first == r->loop.n_workers)
            return;
        if (!r->scheduler->next(r->state, first, &tasks)) {
            is_through[first] = true;
            continue;
        }
        seconds = task_s[first] * (double)(tasks.end - tasks.begin);
        r->scheduler->done(r->state, first, tasks, seconds);
        end_s[first] += seconds;
        n_done[first] += (double)(tasks.end - tasks.begin);
    }
}

/* On a machine with one worker twice as fast as the other, and on one of four speeds, the tasks
 * divide as the speeds do, and the ends are within 2 % of each other. (No worker's share may be
 * below half the even one, which is what factoring gives it before it knows.) */
static void test_speeds_are_found(void **unused)
{
    static const char *const rules[] = {"awf", "awf-b", "awf-c", "awf-d", "awf-e", "af"};
    static const double two[] = {1e-6, 2e-6};
    static const double four[] = {1e-6, 2e-6, 2.5e-6, 3e-6};

    (void)unused;
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        for (unsigned n_workers = 2; n_workers <= MAX_WORKERS; n_workers += 2) {
            const double *task_s = n_workers == 2 ? two : four;
            struct loop_run r = start(rules[i], 100000, n_workers);
            double n_done[MAX_WORKERS], end_s[MAX_WORKERS];
            double speed = 0.0;

            for (unsigned w = 0; w < n_workers; w++)
                speed += 1.0 / task_s[w];
            run_on(&r, task_s, n_done, end_s);
            for (unsigned w = 0; w < n_workers; w++) {
                double share = 1e5 / task_s[w] / speed;

                if (fabs(n_done[w] - share) > 0.02 * share ||
                    fabs(end_s[w] - end_s[0]) > 0.02 * end_s[0])
                    fail_msg("%s: worker %u did %g tasks for %g, until %g s", rules[i], w,
                             n_done[w], share, end_s[w]);
            }
            stop(&r);
        }
}

/* The weights at the end of the run on workers of 1 and 2 us are 4/3 and 2/3. */
static void test_awf_explains_its_weights(void **unused)
{
    static const double two[] = {1e-6, 2e-6};
    struct loop_run r = start("awf-c", 100000, 2);
    double n_done[MAX_WORKERS], end_s[MAX_WORKERS];
    char text[128];

    (void)unused;
    run_on(&r, two, n_done, end_s);
    r.scheduler->explain(r.state, text, sizeof(text));
    assert_string_equal(text, "weights 0.67 … 1.33");
    stop(&r);
}

/* Which rules are told the claims' time. */
static void test_who_times_claims(void **unused)
{
    static const struct {
        const char *name;
        bool times_claims;
    } rules[] = {{"awf", false},  {"awf-b", false}, {"awf-c", false}, {"awf-d", true},
                 {"awf-e", true}, {"af", false},    {"bold", true},   {"auto", true}};

    (void)unused;
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        const sks_scheduler *scheduler;

        assert_int_equal(sks_scheduler_find(rules[i].name, &scheduler), SKS_OK);
        assert_non_null(scheduler->done);
        assert_true(scheduler->times_claims == rules[i].times_claims);
    }
}

/* Runs auto with two candidates A, B over 1600 tasks on two workers in turn: four trials, A B B A,
 * of 200 tasks, and 800 for the one picked. A task takes a_s in A's trials, b_s in B's and 1 s in
 * the rest. The ranges of the rest go to `rest`; how many. */
static size_t run_auto(struct loop_run *r, const double *trial_s, sks_range *rest, size_t n_max)
{
    size_t n = 0;
    bool is_through[2] = {false, false};

    for (unsigned w = 0; !is_through[0] || !is_through[1]; w = 1 - w) {
        sks_range tasks;

        if (!r->scheduler->next(r->state, w, &tasks)) {
            is_through[w] = true;
            continue;
        }
        assert_true(tasks.begin >= 800 || tasks.begin / 200 == (tasks.end - 1) / 200);
        if (tasks.begin >= 800 && n < n_max)
            rest[n++] = tasks;
        r->scheduler->done(r->state, w, tasks,
                           (tasks.begin < 800 ? trial_s[tasks.begin / 200] : 1.0) *
                               (double)(tasks.end - tasks.begin));
    }
    return n;
}

static void expect_text(const struct loop_run *r, const char *expected)
{
    char text[256];

    r->scheduler->explain(r->state, text, sizeof(text));
    assert_string_equal(text, expected);
}

#define TWO_CANDIDATES "auto:candidates=dynamic:chunk=5/static,share=0.5,rounds=2"

static void test_auto_picks_the_quickest(void **unused)
{
    static const double a_is_better[] = {1e-3, 2e-3, 2e-3, 1e-3};
    static const double b_is_better[] = {3e-3, 2e-3, 2e-3, 3e-3};
    sks_range rest[256];
    struct loop_run r = start(TWO_CANDIDATES, 1600, 2);

    (void)unused;
    assert_int_equal(run_auto(&r, a_is_better, rest, 256), 160);
    assert_int_equal(rest[0].begin, 800);
    assert_int_equal(rest[0].end, 805);
    expect_text(&r, "picked dynamic: 1e+06 ns a task against 2e+06 static");
    stop(&r);

    r = start(TWO_CANDIDATES, 1600, 2);
    assert_int_equal(run_auto(&r, b_is_better, rest, 256), 2);
    expect_text(&r, "picked static: 2e+06 ns a task against 3e+06 dynamic");
    stop(&r);
}

/* A task's cost grows from trial to trial: A has 1 and 4, B 2 and 3, and neither is better. With 1
 * and 3.9, A is by 0.05, but the rounds' differences are 1 and -0.9: too close. */
static void test_auto_is_not_misled_by_drift(void **unused)
{
    static const double growing[] = {1e-3, 2e-3, 3e-3, 3.9e-3};
    sks_range rest[256];
    struct loop_run r = start(TWO_CANDIDATES, 1600, 2);

    (void)unused;
    run_auto(&r, growing, rest, 256);
    expect_text(&r, "picked dynamic: 2.45e+06 ns a task against 2.5e+06 static; static is too "
                    "close to tell");
    stop(&r);
}

/* An imbalance is a cost: under static in trials of 200 tasks the workers need 100 and 200 s for
 * theirs, and the first waits for as long as it worked: 2 s a task; at work alone they are for 1.5
 * s. Under dynamic both are busy to the end. */
static void test_auto_counts_idle_time(void **unused)
{
    static const double two[] = {1.0, 2.0};
    struct loop_run r = start(TWO_CANDIDATES, 1600, 2);
    double n_done[MAX_WORKERS], end_s[MAX_WORKERS];
    char text[256];
    double dynamic_ns, static_ns;

    (void)unused;
    run_on(&r, two, n_done, end_s);
    r.scheduler->explain(r.state, text, sizeof(text));
    if (sscanf(text, "picked dynamic: %lg ns a task against %lg static", &dynamic_ns, &static_ns) !=
        2)
        fail_msg("\"%s\"", text);
    assert_true(dynamic_ns > 1e9 && dynamic_ns < 1.4e9);
    assert_true(static_ns > 1.9e9);
    stop(&r);
}

static void test_auto_without_trials(void **unused)
{
    static const struct {
        const char *text;
        size_t n_tasks;
        unsigned n_workers;
        const char *explanation;
    } loops[] = {
        {"auto", 400, 4, "picked fac2 untried: trials would have too few tasks"},
        {"auto:share=0", 1000000, 4, "picked fac2 untried: trials would have too few tasks"},
        {"auto:candidates=guided", 100000, 4, "picked guided untried: it is the only candidate"},
        {"auto", 10000000, 1025, "picked fac2 untried: too many workers for trials"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
        struct loop_run r = start(loops[i].text, loops[i].n_tasks, loops[i].n_workers);

        expect_text(&r, loops[i].explanation);
        stop(&r);
    }
}

static void test_wrong_candidates_are_explained(void **unused)
{
    static const struct {
        const char *text;
        const char *hint;
    } wrong[] = {{"auto:candidates=static/guidd", "\"guided\""},
                 {"auto:candidates=static/auto", "itself"},
                 {"auto:candidates=static//guided", "unknown scheduler \"\""},
                 {"auto:candidates=dynamic:chunk=0", "chunk"},
                 {"auto:candidates=a/a/a/a/a/a/a/a/a", "unknown scheduler \"a\""},
                 {"auto:candidates=fac2/fac2/fac2/fac2/fac2/fac2/fac2/fac2/fac2", "more than 8"}};

    (void)unused;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        sks_loop loop = {.n_tasks = 1000, .n_workers = 2};
        const sks_scheduler *scheduler;
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
        cmocka_unit_test(test_awf_by_batches),
        cmocka_unit_test(test_awf_weights_last_for_a_batch),
        cmocka_unit_test(test_awf_by_chunks),
        cmocka_unit_test(test_awf_by_steps),
        cmocka_unit_test(test_awf_least_chunk),
        cmocka_unit_test(test_af),
        cmocka_unit_test(test_af_variance_from_chunks),
        cmocka_unit_test(test_af_never_ends_in_single_tasks),
        cmocka_unit_test(test_bold),
        cmocka_unit_test(test_bold_at_its_limits),
        cmocka_unit_test(test_speeds_are_found),
        cmocka_unit_test(test_awf_explains_its_weights),
        cmocka_unit_test(test_who_times_claims),
        cmocka_unit_test(test_auto_picks_the_quickest),
        cmocka_unit_test(test_auto_is_not_misled_by_drift),
        cmocka_unit_test(test_auto_counts_idle_time),
        cmocka_unit_test(test_auto_without_trials),
        cmocka_unit_test(test_wrong_candidates_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
