/* Property: what is simulated is what would happen: makespans that can be worked out by hand or by
 * a plain list of workers come out, claims queue where there is one place for them, reports carry
 * the virtual seconds, every scheduler hands out each task once and those with fixed chunks the
 * live ones; the same seed gives the same numbers; block sums of random costs have the maximum that
 * theory gives, and adaptive rules win that back; studies find the better chunk and keep to the
 * bound; costs have the shape of medians over samples and the total of a typical one, and refuse
 * gaps; slow-downs are medians over rules, leave out the one that is asked for, and reach costs,
 * bound and base of a study. */
#include "harness/analysis/simulate_study.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

static const sks_claim_costs free_claims = {0};

/* One loop of the rule `text`. */
static sks_simulated simulate(const char *text, const sks_cost_sums *costs, unsigned n_workers,
                              const sks_claim_costs *claims)
{
    sks_simulation s = {.n_workers = n_workers, .costs = costs, .claims = *claims};
    sks_simulated result;
    sks_values *options;

    if (sks_scheduler_parse(text, &s.scheduler, &options) != SKS_OK)
        fail_msg("%s: %s", text, sks_message());
    s.options = options;
    if (sks_simulate(&s, &result) != SKS_OK)
        fail_msg("%s: %s", text, sks_message());
    sks_values_destroy(options);
    return result;
}

static sks_work_load drawn(sks_cost_distribution distribution, size_t n_tasks, double cv,
                           uint64_t seed)
{
    sks_task_costs costs;
    sks_work_load load;

    assert_int_equal(sks_task_costs_init(distribution, n_tasks, 1e6, cv, seed, &costs), SKS_OK);
    assert_int_equal(sks_work_load_draw(&costs, &load), SKS_OK);
    return load;
}

static void test_equal_tasks_take_what_they_must(void **unused)
{
    const sks_cost_sums costs = {.n_tasks = 1000, .equal_s = 1};

    (void)unused;
    assert_near(simulate("static", &costs, 7, &free_claims).makespan_s, 143, 1e-12);
    assert_near(simulate("dynamic", &costs, 7, &free_claims).makespan_s, 143, 1e-12);
    assert_near(simulate("dynamic:chunk=100", &costs, 7, &free_claims).makespan_s, 200, 1e-12);
    assert_near(simulate("guided", &costs, 1, &free_claims).makespan_s, 1000, 1e-12);
    /* 3 of 7 workers have two chunks. */
    assert_near(simulate("dynamic:chunk=100", &costs, 7, &free_claims).imbalance,
                200.0 * 7 / 1000 - 1, 1e-12);
}

/* The same loop by trying all workers for each chunk. */
static double list_makespan(const sks_cost_sums *costs, unsigned n_workers, size_t chunk)
{
    double *free_s = calloc(n_workers, sizeof(*free_s));
    double last_s = 0;

    assert_non_null(free_s);
    for (size_t begin = 0; begin < costs->n_tasks; begin += chunk) {
        const size_t end = begin + chunk < costs->n_tasks ? begin + chunk : costs->n_tasks;
        unsigned first = 0;

        for (unsigned w = 1; w < n_workers; w++)
            first = free_s[w] < free_s[first] ? w : first;
        free_s[first] += sks_range_cost_s(costs, (sks_range){begin, end});
        last_s = fmax(last_s, free_s[first]);
    }
    free(free_s);
    return last_s;
}

static void test_whoever_is_free_first_gets_the_next_chunk(void **unused)
{
    static const unsigned n_workers[] = {1, 2, 5, 16, 17, 300};
    sks_work_load load = drawn(SKS_COST_LOGNORMAL, 2000, 2, 3);

    (void)unused;
    for (size_t i = 0; i < sizeof(n_workers) / sizeof(n_workers[0]); i++) {
        assert_near(simulate("dynamic", &load.costs, n_workers[i], &free_claims).makespan_s,
                    list_makespan(&load.costs, n_workers[i], 1), 1e-9);
        assert_near(simulate("dynamic:chunk=7", &load.costs, n_workers[i], &free_claims).makespan_s,
                    list_makespan(&load.costs, n_workers[i], 7), 1e-9);
    }
    sks_work_load_clear(&load);
}

/* One place serves one claim at a time: up to the knee N workers are N times as fast, beyond it the
 * place decides alone. */
static void test_a_central_queue_has_a_knee(void **unused)
{
    const sks_cost_sums costs = {.n_tasks = 20000, .equal_s = 1};
    const sks_claim_costs line = {.transfer_s = 0.01, .service_s = 0.01};
    const sks_claim_costs coordinator = {
        .has_coordinator = true, .latency_s = 0.25, .service_s = 0.01};

    (void)unused;
    assert_near(simulate("dynamic", &costs, 10, &line).makespan_s, 20000 * 1.01 / 10, 1e-2 * 2020);
    assert_near(simulate("dynamic", &costs, 500, &line).makespan_s, 20000 * 0.01, 0.06 * 200);
    assert_near(simulate("dynamic", &costs, 10, &coordinator).makespan_s, 20000 * 1.51 / 10,
                1e-2 * 3020);
    assert_near(simulate("dynamic", &costs, 500, &coordinator).makespan_s, 20000 * 0.01,
                0.06 * 200);
    /* No queue where workers have places of their own; through a coordinator they have none. */
    assert_near(simulate("static:chunk=1", &costs, 500, &line).makespan_s, 40, 1e-9);
    assert_true(simulate("static:chunk=1", &costs, 500, &coordinator).makespan_s > 190);
    /* One worker that nobody disturbs keeps the place at hand. */
    assert_near(simulate("dynamic", &costs, 1, &line).makespan_s, 20000.01, 1e-6);
}

/* A rule that remembers what it is told. */
static double told_s[4];
static unsigned n_told;
static size_t next_task;

static size_t tell_size(const sks_loop *loop)
{
    (void)loop;
    return SKS_CACHE_LINE;
}

static sks_status tell_init(void *state, const sks_loop *loop)
{
    (void)state;
    (void)loop;
    n_told = 0;
    next_task = 0;
    return SKS_OK;
}

static bool tell_next(void *state, unsigned worker, sks_range *tasks)
{
    (void)state;
    (void)worker;
    *tasks = (sks_range){next_task, next_task + 2};
    next_task += 2;
    return next_task <= 4;
}

static void tell_done(void *state, unsigned worker, sks_range tasks, double seconds)
{
    (void)state;
    (void)worker;
    (void)tasks;
    told_s[n_told++] = seconds;
}

static void test_reports_carry_virtual_seconds(void **unused)
{
    const sks_cost_sums costs = {.n_tasks = 4, .equal_s = 3};
    const double speed = 0.5;
    sks_scheduler rule = {.name = "told",
                          .state_size = tell_size,
                          .init = tell_init,
                          .next = tell_next,
                          .done = tell_done};
    sks_simulation s = {.scheduler = &rule,
                        .n_workers = 1,
                        .costs = &costs,
                        .speeds = &speed,
                        .claims = {.own_s = 0.25}};
    sks_simulated result;

    (void)unused;
    assert_int_equal(sks_simulate(&s, &result), SKS_OK);
    assert_int_equal(n_told, 2);
    assert_near(told_s[0], 12, 1e-12);
    assert_near(told_s[1], 12, 1e-12);
    assert_near(result.makespan_s, 24 + 3 * 0.25, 1e-12);
    assert_near(result.claiming_s, 0.75, 1e-12);
    rule.times_claims = true;
    assert_int_equal(sks_simulate(&s, &result), SKS_OK);
    assert_near(told_s[1], 12.25, 1e-12);
}

/* ---- All schedulers. */

struct seen {
    unsigned char *times; /* each task was handed out */
    sks_range *chunk;     /* in the order of claims */
    size_t n, capacity;
};

static void see(void *context, unsigned worker, sks_range tasks, double start_s, double end_s)
{
    struct seen *seen = context;

    (void)worker;
    assert_true(start_s <= end_s && seen->n < seen->capacity);
    seen->chunk[seen->n++] = tasks;
    for (size_t i = tasks.begin; i < tasks.end; i++)
        seen->times[i]++;
}

/* The chunks that a live loop of one thread gets, in turn for all workers. */
static void check_live_chunks(const sks_scheduler *scheduler, const sks_loop *loop,
                              const struct seen *seen)
{
    void *state;
    sks_range tasks;

    assert_int_equal(sks_scheduler_start(scheduler, loop, &state), SKS_OK);
    for (size_t i = 0; i < seen->n; i++) {
        assert_true(scheduler->next(state, (unsigned)(i % loop->n_workers), &tasks));
        if (tasks.begin != seen->chunk[i].begin || tasks.end != seen->chunk[i].end)
            fail_msg("%s: chunk %zu is not the live one", scheduler->name, i);
    }
    assert_false(scheduler->next(state, 0, &tasks));
    free(state);
}

static void check_scheduler(const sks_scheduler *scheduler, const sks_work_load *load,
                            unsigned n_workers)
{
    const size_t n = load->costs.n_tasks;
    struct seen seen = {calloc(n, 1), calloc(n, sizeof(sks_range)), 0, n};
    double speeds[300];
    sks_values *options;
    sks_simulation s = {.scheduler = scheduler,
                        .n_workers = n_workers,
                        .costs = &load->costs,
                        .speeds = speeds,
                        .claims = {.own_s = 0.1, .transfer_s = 0.2, .service_s = 0.2, .theft_s = 1},
                        .noise = 0.3,
                        .seed = 5,
                        .observe = see,
                        .context = &seen};
    sks_simulated first, again;

    assert_int_equal(sks_values_create(scheduler->params, &options), SKS_OK);
    s.options = options;
    for (unsigned w = 0; w < n_workers; w++)
        speeds[w] = w % 3 == 0 ? 0.5 : 1;
    if (sks_simulate(&s, &first) != SKS_OK)
        fail_msg("%s, %u workers: %s", scheduler->name, n_workers, sks_message());
    assert_int_equal(seen.n, first.n_chunks);
    for (size_t i = 0; i < n; i++)
        if (seen.times[i] != 1)
            fail_msg("%s, %u workers: task %zu was handed out %u times", scheduler->name, n_workers,
                     i, seen.times[i]);
    if (scheduler->fixed == SKS_FIXED_CHUNKS)
        check_live_chunks(scheduler,
                          &(sks_loop){.n_tasks = n, .n_workers = n_workers, .options = options},
                          &seen);
    s.observe = NULL;
    assert_int_equal(sks_simulate(&s, &again), SKS_OK);
    assert_true(again.makespan_s == first.makespan_s && again.busy_s == first.busy_s);
    s.seed = 6;
    assert_int_equal(sks_simulate(&s, &again), SKS_OK);
    assert_true(again.busy_s != first.busy_s); /* the makespan may hang on claims alone */
    sks_values_destroy(options);
    free(seen.times);
    free(seen.chunk);
}

static void test_every_scheduler_lives_under_the_clock(void **unused)
{
    static const unsigned n_workers[] = {1, 2, 7, 64, 300};
    sks_work_load load = drawn(SKS_COST_BIMODAL, 5003, 0.9, 2);

    (void)unused;
    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++)
        for (size_t i = 0; i < sizeof(n_workers) / sizeof(n_workers[0]); i++)
            check_scheduler(sks_scheduler_table[s], &load, n_workers[i]);
    sks_work_load_clear(&load);
}

/* The mean factor of noise is 1, and independent tasks average it out. */
static void test_noise_has_the_spread_asked_for(void **unused)
{
    const sks_cost_sums costs = {.n_tasks = 20000, .equal_s = 1};
    sks_simulation s = {.n_workers = 20000, .costs = &costs, .noise = 0.5, .seed = 3};
    sks_simulated fine, coarse;
    sks_values *options;

    (void)unused;
    assert_int_equal(sks_scheduler_parse("static", &s.scheduler, &options), SKS_OK);
    s.options = options;
    assert_int_equal(sks_simulate(&s, &fine), SKS_OK);
    assert_near(fine.busy_s / 20000, 1, 4 * 0.5 / sqrt(20000));
    s.n_workers = 2; /* each sum of 10000 is within 4 standard errors */
    assert_int_equal(sks_simulate(&s, &coarse), SKS_OK);
    assert_near(coarse.makespan_s, 10000, 4 * 0.5 * sqrt(10000));
    assert_true(coarse.makespan_s != 10000);
    sks_values_destroy(options);
}

/* ---- Theory: the largest of N block sums. */

/* E[max of N standard normal numbers], by the trapezoid rule over the density of the maximum. */
static double expected_max(unsigned n)
{
    const double step = 1e-3;
    double sum = 0;

    for (double x = -8; x <= 8; x += step)
        sum += x * n * gsl_ran_ugaussian_pdf(x) * pow(gsl_cdf_ugaussian_P(x), n - 1.0) * step;
    return sum;
}

static void test_adaptive_rules_win_back_what_theory_says_static_loses(void **unused)
{
    enum { N_TASKS = 12800, N_WORKERS = 32, N_SEEDS = 40 };
    static const char *const adaptive[] = {"awf-b", "awf-c", "awf-d", "awf-e", "af"};
    const double cv = 1;
    const double theory = 1 + cv * sqrt((double)N_WORKERS / N_TASKS) * expected_max(N_WORKERS);
    double blocks = 0, others[5] = {0};

    (void)unused;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        sks_work_load load = drawn(SKS_COST_LOGNORMAL, N_TASKS, cv, seed);
        const double ideal = sks_work_load_total_s(&load) / N_WORKERS;

        blocks += simulate("static", &load.costs, N_WORKERS, &free_claims).makespan_s / ideal;
        for (int r = 0; r < 5; r++)
            others[r] +=
                simulate(adaptive[r], &load.costs, N_WORKERS, &free_claims).makespan_s / ideal;
        sks_work_load_clear(&load);
    }
    /* Standard error of the mean of 40 maxima, and the skewness that sums of 400 have left. */
    assert_near(blocks / N_SEEDS, theory, 0.1 * (theory - 1));
    for (int r = 0; r < 5; r++)
        if (others[r] / N_SEEDS - 1 > 0.35 * (theory - 1))
            fail_msg("%s: %.4f times the ideal, static %.4f, theory %.4f", adaptive[r],
                     others[r] / N_SEEDS, blocks / N_SEEDS, theory);
}

/* ---- Speeds and claims as written. */

static void test_speeds_are_as_written(void **unused)
{
    sks_speeds speeds;
    double speed[8];

    (void)unused;
    assert_int_equal(sks_speeds_parse("1,1,0.5", "--speeds", &speeds), SKS_OK);
    sks_speeds_fill(&speeds, 6, speed);
    assert_true(speed[1] == 1 && speed[2] == 0.5 && speed[5] == 0.5);
    assert_int_equal(sks_speeds_parse("slow:part=0.25,speed=0.4", "--speeds", &speeds), SKS_OK);
    sks_speeds_fill(&speeds, 8, speed);
    assert_true(speed[3] == 0.4 && speed[7] == 0.4 && speed[0] == 1 && speed[4] == 1);
    /* Two cores, three workers: the first and the third share a core. */
    assert_int_equal(sks_speeds_parse("smt:cores=2,speed=0.6", "--speeds", &speeds), SKS_OK);
    sks_speeds_fill(&speeds, 3, speed);
    assert_true(speed[0] == 0.6 && speed[1] == 1 && speed[2] == 0.6);
    sks_speeds_fill(&speeds, 5, speed);
    assert_true(speed[1] == 0.6 && speed[3] == 0.6 && speed[4] == 1);
    assert_int_equal(sks_speeds_parse("1,0", "--speeds", &speeds), SKS_ERR_USAGE);
    sks_clear();
    assert_int_equal(sks_speeds_parse("slow:part=0.5", "--speeds", &speeds), SKS_ERR_USAGE);
    sks_clear();
}

static void test_claims_are_as_written(void **unused)
{
    sks_claim_model model;
    sks_claim_costs costs;

    (void)unused;
    assert_int_equal(sks_claim_model_parse("memory:own=1e-8,transfer=5e-8", "--claims", &model),
                     SKS_OK);
    assert_int_equal(sks_claim_model_measure(&model, false), SKS_OK);
    assert_int_equal(sks_claim_model_apply(&model, sks_scheduler_table[0], NULL, &costs), SKS_OK);
    assert_true(costs.own_s == 1e-8 && costs.transfer_s == 5e-8 && costs.service_s == 5e-8);
    assert_near(costs.theft_s, 1.5e-7, 1e-20);
    assert_int_equal(
        sks_claim_model_parse("coordinator:latency=1e-5,service=2e-6,own=0", "--claims", &model),
        SKS_OK);
    assert_true(model.has_coordinator && model.latency_s == 1e-5 && model.service_s == 2e-6);
    assert_int_equal(sks_claim_model_parse("coordinator:latency=1e-5", "--claims", &model),
                     SKS_ERR_USAGE);
    sks_clear();
    assert_int_equal(sks_claim_model_parse("memory:latency=1", "--claims", &model), SKS_ERR_USAGE);
    sks_clear();
    assert_int_equal(sks_claim_model_parse("mem", "--claims", &model), SKS_ERR_USAGE);
    sks_clear();
}

/* ---- Studies. */

static void test_a_study_finds_the_chunk_and_keeps_to_the_bound(void **unused)
{
    static const unsigned n_workers[] = {1, 2, 4, 8, 16};
    static const char *const texts[] = {"dynamic", "static", "trapezoid:first=3,last=4"};
    sks_work_load load = drawn(SKS_COST_RANDOM, 4096, 0.2, 1);
    sks_study_options options = {
        .n_workers = n_workers, .n = 5, .n_rules = 3, .seed = 1, .searches_chunks = true};
    sks_study_rule *rules = calloc(3, sizeof(*rules));
    sks_claim_model claims;
    sks_study study;

    (void)unused;
    assert_non_null(rules);
    /* A claim costs as much as two tasks. */
    assert_int_equal(sks_claim_model_parse("memory:own=0,transfer=2,service=2", "", &claims),
                     SKS_OK);
    assert_int_equal(sks_claim_model_measure(&claims, false), SKS_OK);
    for (int r = 0; r < 3; r++)
        assert_int_equal(sks_study_rule_make(texts[r], &claims, &rules[r]), SKS_OK);
    options.rules = rules;
    assert_int_equal(sks_study_run(&load, &options, &study), SKS_OK);
    for (size_t i = 0; i < 5; i++) {
        const sks_study_point *dynamic = sks_study_at(&study, 0, i);

        assert_true(dynamic->time_s >= study.bound_s[i] * (1 - 1e-12));
        assert_true(sks_study_at(&study, 1, i)->time_s >= study.bound_s[i] * (1 - 1e-12));
        assert_near(dynamic->speedup * dynamic->time_s, study.base_s, 1e-9 * study.base_s);
        if (i > 0)
            assert_non_null(strstr(dynamic->rule, "chunk="));
        assert_non_null(sks_study_at(&study, 2, i)->failure);
        assert_true(study.best[i] < 2);
    }
    assert_true(study.fits[0].n_points == 5 && study.fits[2].n_points == 0);
    sks_study_clear(&study);
    sks_study_rules_free(rules, 3);
    sks_work_load_clear(&load);
}

/* ---- Costs from chunks. */

/* Each sample is interrupted in another task: no median shows it, yet no sample is without. */
static void test_costs_add_up_to_the_total_of_a_typical_sample(void **with_least)
{
    static const double interruption_s[] = {9, 5, 18}; /* of the 36 s that the tasks take */
    sks_cost_samples samples = {.n_tasks = 8, .with_least = *with_least != NULL};
    const double total_s = samples.with_least ? 36 + 5 : 36 + 9;
    sks_work_load load = {0};

    for (size_t s = 0; s < 3; s++) {
        assert_int_equal(sks_cost_samples_begin(&samples), SKS_OK);
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(
                sks_cost_samples_add(&samples, (sks_range){i, i + 1},
                                     (double)(i + 1) + (i == 2 * s ? interruption_s[s] : 0)),
                SKS_OK);
    }
    assert_int_equal(sks_cost_samples_close(&samples, "here", &load), SKS_OK);
    assert_near(sks_work_load_total_s(&load), total_s, 1e-12);
    for (size_t i = 0; i < 8; i++)
        assert_near(sks_range_cost_s(&load.costs, (sks_range){i, i + 1}),
                    (double)(i + 1) * total_s / 36, 1e-12);
    assert_near(load.mean_s, total_s / 8, 1e-12);
    assert_near(load.longest_s, 8 * total_s / 36, 1e-12);
    sks_work_load_clear(&load);
    sks_cost_samples_free(&samples);
}

static void test_costs_are_medians_over_samples(void **unused)
{
    sks_cost_samples samples = {.n_tasks = 4};
    sks_work_load load = {0};

    (void)unused;
    for (int s = 0; s < 3; s++) {
        assert_int_equal(sks_cost_samples_begin(&samples), SKS_OK);
        assert_int_equal(sks_cost_samples_add(&samples, (sks_range){0, 2}, s == 1 ? 100 : 2 + s),
                         SKS_OK);
        assert_int_equal(sks_cost_samples_add(&samples, (sks_range){2, 4}, 6), SKS_OK);
    }
    assert_int_equal(sks_cost_samples_close(&samples, "here", &load), SKS_OK);
    assert_near(sks_work_load_total_s(&load), 2 * 2 + 2 * 3, 1e-12);
    assert_near(load.longest_s, 3, 1e-12);
    assert_near(load.sd_s, 0.5, 1e-12);
    sks_work_load_clear(&load);
    assert_int_equal(sks_cost_samples_add(&samples, (sks_range){3, 5}, 6), SKS_ERR_INPUT);
    sks_clear();
    assert_int_equal(sks_cost_samples_begin(&samples), SKS_OK);
    assert_int_equal(sks_cost_samples_add(&samples, (sks_range){0, 3}, 1), SKS_OK);
    assert_int_equal(sks_cost_samples_close(&samples, "here", &load), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "task 3"));
    sks_clear();
    sks_work_load_clear(&load);
    sks_cost_samples_free(&samples);
}

/* ---- Slow-downs. */

static void add_ratio(sks_slow_downs *s, unsigned n_workers, const char *scheduler, double ratio)
{
    assert_int_equal(sks_slow_downs_add(s, n_workers, scheduler, ratio), SKS_OK);
}

static sks_slow_downs three_rules(void)
{
    sks_slow_downs s = {0};

    add_ratio(&s, 8, "static", 3);
    add_ratio(&s, 2, "static", 1.5);
    add_ratio(&s, 2, "dynamic", 1.1);
    add_ratio(&s, 2, "guided:chunk=2", 1.3);
    add_ratio(&s, 1, "static", 1);
    return s;
}

static void test_slow_downs_are_medians_over_rules(void **unused)
{
    const sks_slow_downs none = {0};
    sks_slow_downs s = three_rules();

    (void)unused;
    assert_near(sks_slow_down_factor(&s, 1, NULL), 1, 1e-15);
    assert_near(sks_slow_down_factor(&s, 2, NULL), 1.3, 1e-15);
    /* A rule does not foretell itself, unless there is no other. */
    assert_near(sks_slow_down_factor(&s, 2, "dynamic"), 1.4, 1e-15);
    assert_near(sks_slow_down_factor(&s, 2, "static"), 1.2, 1e-15);
    assert_near(sks_slow_down_factor(&s, 2, "guided"), 1.3, 1e-15);
    assert_near(sks_slow_down_factor(&s, 8, "static"), 3, 1e-15);
    /* Between the counts on a line, beyond them as at the last. */
    assert_near(sks_slow_down_factor(&s, 5, NULL), 0.5 * (1.3 + 3), 1e-15);
    assert_near(sks_slow_down_factor(&s, 5, "dynamic"), 0.5 * (1.4 + 3), 1e-15);
    assert_near(sks_slow_down_factor(&s, 1000, NULL), 3, 1e-15);
    assert_near(sks_slow_down_factor(&none, 7, NULL), 1, 1e-15);
    assert_int_equal(sks_slow_down_count_end(&s, 0), 1);
    assert_int_equal(sks_slow_down_count_end(&s, 1), 4);
    sks_slow_downs_clear(&s);
}

static void test_slow_downs_before_the_first_count_are_as_there(void **unused)
{
    sks_slow_downs s = {0};

    (void)unused;
    add_ratio(&s, 4, "static", 1);
    add_ratio(&s, 8, "static", 2);
    assert_near(sks_slow_down_factor(&s, 1, NULL), 1, 1e-15);
    assert_near(sks_slow_down_factor(&s, 6, NULL), 1.5, 1e-15);
    sks_slow_downs_clear(&s);
}

static void test_a_study_slows_tasks_and_bound_but_not_its_base(void **unused)
{
    static const unsigned n_workers[] = {1, 2, 5, 16};
    static const double factor[] = {1, 1.3, 0.5 * (1.3 + 3), 3};
    sks_work_load load = drawn(SKS_COST_CONSTANT, 1600, 0, 1);
    sks_study_options options = {.n_workers = n_workers, .n = 4, .n_rules = 1, .seed = 1};
    sks_study_rule *rule = calloc(1, sizeof(*rule));
    sks_claim_model claims;
    sks_study study;

    (void)unused;
    assert_non_null(rule);
    load.slow_downs = three_rules();
    assert_int_equal(sks_claim_model_parse("memory:own=0,transfer=0,service=0", "", &claims),
                     SKS_OK);
    assert_int_equal(sks_claim_model_measure(&claims, false), SKS_OK);
    assert_int_equal(sks_study_rule_make("static", &claims, rule), SKS_OK);
    options.rules = rule;
    assert_int_equal(sks_study_run(&load, &options, &study), SKS_OK);
    assert_near(study.base_s, 1600, 1e-9);
    for (size_t i = 0; i < 4; i++) {
        const sks_study_point *p = sks_study_at(&study, 0, i);

        assert_near(p->slow_down, factor[i], 1e-12);
        assert_near(p->time_s, factor[i] * 1600 / n_workers[i], 1e-8);
        assert_near(study.bound_s[i], p->time_s, 1e-8);
        assert_near(p->speedup, n_workers[i] / factor[i], 1e-9);
    }
    sks_study_clear(&study);
    sks_study_rules_free(rule, 1);
    sks_work_load_clear(&load);
}

int main(void)
{
    static bool with_least = true;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_tasks_take_what_they_must),
        cmocka_unit_test(test_whoever_is_free_first_gets_the_next_chunk),
        cmocka_unit_test(test_a_central_queue_has_a_knee),
        cmocka_unit_test(test_reports_carry_virtual_seconds),
        cmocka_unit_test(test_every_scheduler_lives_under_the_clock),
        cmocka_unit_test(test_noise_has_the_spread_asked_for),
        cmocka_unit_test(test_adaptive_rules_win_back_what_theory_says_static_loses),
        cmocka_unit_test(test_speeds_are_as_written),
        cmocka_unit_test(test_claims_are_as_written),
        cmocka_unit_test(test_a_study_finds_the_chunk_and_keeps_to_the_bound),
        cmocka_unit_test(test_costs_are_medians_over_samples),
        cmocka_unit_test(test_costs_add_up_to_the_total_of_a_typical_sample),
        cmocka_unit_test_prestate(test_costs_add_up_to_the_total_of_a_typical_sample, &with_least),
        cmocka_unit_test(test_slow_downs_are_medians_over_rules),
        cmocka_unit_test(test_slow_downs_before_the_first_count_are_as_there),
        cmocka_unit_test(test_a_study_slows_tasks_and_bound_but_not_its_base),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
