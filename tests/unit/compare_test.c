/* Property: comparisons find the difference that is there and no other, at the stated rates; their
 * intervals cover the truth; configurations are matched with what is the same work and nothing
 * else; the self-check and the checklist answer from the data. */
#include "harness/analysis/bootstrap.h"
#include "harness/analysis/compare.h"
#include "harness/analysis/match.h"
#include "harness/analysis/rules.h"
#include "harness/analysis/self_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

/* A sanitizer makes each trial some ten times slower; the rates are the release build's to show. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TRIALS = 50 };
#else
enum { TRIALS = 500 };
#endif

/* 95 % of the trials, but for chance (three standard deviations) and what is known to be lacking or
 * too much: the bootstrap is exact for large samples only. */
static void assert_covers(size_t covered, size_t trials, double slack)
{
    double n = (double)trials, away = 3.0 * sqrt(0.95 * 0.05 * n) + slack * n;

    assert_near((double)covered, 0.95 * n, away);
}

enum { MAX_POINTS = 8, MAX_SAMPLES = 100 };

/* A campaign made up: one series for each configuration. */
typedef struct made_campaign {
    size_t n;
    sks_series series[MAX_POINTS];
    sks_point points[MAX_POINTS];
    double seconds[MAX_POINTS][MAX_SAMPLES];
    unsigned rounds[MAX_POINTS][MAX_SAMPLES];
} made_campaign;

static const char *const scheduler_names[MAX_POINTS] = {"static", "dynamic", "guided", "fac",
                                                        "fac2",   "tss",     "rnd",    "stealing"};

/* Lognormal noise about median[i]; what a round has in common has `common` noise. */
static void make_campaign(made_campaign *c, size_t n_points, size_t n_samples, const double *median,
                          double noise, double common, uint64_t stream)
{
    sks_random random;

    sks_random_init(&random, 77, stream);
    c->n = n_points;
    for (size_t k = 0; k < n_samples; k++) {
        double shared = gsl_ran_lognormal(&random.gsl, 0.0, common);

        for (size_t i = 0; i < n_points; i++) {
            c->seconds[i][k] = median[i] * shared * gsl_ran_lognormal(&random.gsl, 0.0, noise);
            c->rounds[i][k] = (unsigned)k + 1;
        }
    }
    for (size_t i = 0; i < n_points; i++) {
        c->points[i] = (sks_point){
            .n_workers = 2, .n = n_samples, .seconds = c->seconds[i], .rounds = c->rounds[i]};
        c->series[i] = (sks_series){.kernel = "synthetic",
                                    .parameters = "tasks=100",
                                    .all_parameters = "{\"tasks\": 100, \"seed\": 1}",
                                    .executor = "threads",
                                    .scheduler = (char *)scheduler_names[i],
                                    .binding = "none",
                                    .n_points = 1,
                                    .points = &c->points[i]};
    }
}

static void compare_campaigns(const made_campaign *a, const made_campaign *b,
                              const sks_compare_options *options, sks_compare_result *result,
                              sks_matches *matches)
{
    const sks_match_source sources[2] = {{"a.db", a->series, a->n, NULL},
                                         {"b.db", b->series, b->n, NULL}};

    assert_int_equal(sks_match_campaigns(sources, 2, matches), SKS_OK);
    assert_int_equal(sks_compare(matches->matches, matches->n, matches->n_groups, options, result),
                     SKS_OK);
}

static const double ones[MAX_POINTS] = {1, 2, 3, 4, 5, 6, 7, 8};

/* Quick options: the verdicts do not depend on the bootstrap. */
static sks_compare_options quick(double threshold)
{
    sks_compare_options options = sks_compare_defaults;

    options.threshold = threshold;
    options.n_replicates = 200;
    return options;
}

static size_t n_called(const sks_compare_result *result)
{
    size_t n = 0;

    for (size_t g = 0; g < result->n_groups; g++)
        n += result->groups[g].count[SKS_FASTER] + result->groups[g].count[SKS_SLOWER];
    return n;
}

/* 500 pairs of campaigns of five configurations from the same distribution, without any threshold:
 * not more than 5 % may contain a "faster" or "slower" (+ three deviations: these are trials). */
static void the_same_is_seldom_called_different(void **state)
{
    const sks_compare_options options = quick(0.0);
    size_t called = 0, called_beyond = 0;

    (void)state;
    for (size_t t = 0; t < TRIALS; t++) {
        made_campaign a, b;
        sks_compare_result result;
        sks_matches matches;

        make_campaign(&a, 5, 15, ones, 0.01, 0.0, 2 * t);
        make_campaign(&b, 5, 15, ones, 0.01, 0.0, 2 * t + 1);
        compare_campaigns(&a, &b, &options, &result, &matches);
        called += n_called(&result) > 0;
        for (size_t i = 0; i < result.n; i++)
            called_beyond += result.comparisons[i].change != SKS_NO_DIFFERENCE_SHOWN &&
                             sks_is_beyond(result.comparisons[i].ratio.value, 0.02);
        sks_compare_clear(&result);
        sks_matches_clear(&matches);
    }
    assert_in_range(called, 0, TRIALS * 5 / 100);
    assert_int_equal(called_beyond, 0);
}

/* A true difference of 3 % in one of five configurations, 1 % noise, threshold 2 %. */
static void three_per_cent_are_found(void **state)
{
    const double slower[MAX_POINTS] = {1, 2, 3 * 1.03, 4, 5};
    const sks_compare_options options = quick(0.02);
    size_t found = 0, wrong = 0;

    (void)state;
    for (size_t t = 0; t < TRIALS; t++) {
        made_campaign a, b;
        sks_compare_result result;
        sks_matches matches;

        make_campaign(&a, 5, 15, ones, 0.01, 0.0, 2 * t);
        make_campaign(&b, 5, 15, slower, 0.01, 0.0, 2 * t + 1);
        compare_campaigns(&a, &b, &options, &result, &matches);
        for (size_t i = 0; i < result.n; i++) {
            bool is_it = strcmp(result.comparisons[i].match->base_series->scheduler, "guided") == 0;

            found += is_it && result.comparisons[i].change == SKS_SLOWER;
            wrong += !is_it && result.comparisons[i].change != SKS_NO_DIFFERENCE_SHOWN;
        }
        sks_compare_clear(&result);
        sks_matches_clear(&matches);
    }
    assert_in_range(found, TRIALS * 90 / 100, TRIALS);
    assert_in_range(wrong, 0, TRIALS / 100);
}

/* Rounds that differ by 20 % hide 3 % from a test that does not pair them. */
static void pairing_by_rounds_sees_through_common_noise(void **state)
{
    const double slower[MAX_POINTS] = {1, 1.03};
    const sks_compare_options options = quick(0.02);
    size_t paired = 0, apart = 0, covered = 0;

    (void)state;
    for (size_t t = 0; t < TRIALS; t++) {
        made_campaign c;
        sks_match match;
        sks_compare_result result;

        make_campaign(&c, 2, 15, slower, 0.005, 0.2, t);
        match = (sks_match){.base_series = &c.series[0],
                            .new_series = &c.series[1],
                            .base = &c.points[0],
                            .new = &c.points[1],
                            .shares_rounds = true,
                            .label = "one"};
        assert_int_equal(sks_compare(&match, 1, 1, &options, &result), SKS_OK);
        assert_true(result.comparisons[0].is_paired);
        paired += result.comparisons[0].change == SKS_SLOWER;
        covered += result.comparisons[0].shift.interval.low <= 1.03 &&
                   1.03 <= result.comparisons[0].shift.interval.high;
        sks_compare_clear(&result);
        match.shares_rounds = false;
        assert_int_equal(sks_compare(&match, 1, 1, &options, &result), SKS_OK);
        apart += result.comparisons[0].change == SKS_SLOWER;
        sks_compare_clear(&result);
    }
    assert_in_range(paired, TRIALS * 90 / 100, TRIALS);
    assert_in_range(apart, 0, TRIALS * 10 / 100);
    assert_covers(covered, TRIALS, 0.01);
}

/* 95 % intervals of the ratio and of the geometric mean, both ways. */
static void intervals_cover_the_truth(void **state)
{
    const double new[MAX_POINTS] = {1.1, 2.2, 3.3, 4.4};
    sks_compare_options options = quick(0.02);
    size_t ratio = 0, mean = 0, means = 0, paired_mean = 0;

    (void)state;
    options.n_replicates = 1000;
    for (size_t t = 0; t < TRIALS; t++) {
        made_campaign a, b;
        sks_compare_result result;
        sks_matches matches;

        make_campaign(&a, 4, 25, ones, 0.02, 0.01, 2 * t);
        make_campaign(&b, 4, 25, new, 0.03, 0.01, 2 * t + 1);
        compare_campaigns(&a, &b, &options, &result, &matches);
        for (size_t i = 0; i < result.n; i++)
            ratio += result.comparisons[i].ratio.interval.low <= 1.1 &&
                     1.1 <= result.comparisons[i].ratio.interval.high;
        means += result.n;
        mean += result.groups[0].geometric_mean.interval.low <= 1.1 &&
                1.1 <= result.groups[0].geometric_mean.interval.high;
        sks_compare_clear(&result);
        for (size_t i = 0; i < matches.n; i++) { /* the same samples, as if from one campaign */
            matches.matches[i].shares_rounds = true;
        }
        assert_int_equal(sks_compare(matches.matches, matches.n, 1, &options, &result), SKS_OK);
        paired_mean += result.groups[0].geometric_mean.interval.low <= 1.1 &&
                       1.1 <= result.groups[0].geometric_mean.interval.high;
        sks_compare_clear(&result);
        sks_matches_clear(&matches);
    }
    assert_covers(ratio, means, 0.02);
    assert_covers(mean, TRIALS, 0.03);
    assert_covers(paired_mean, TRIALS, 0.03);
}

/* Paired rounds with much in common, few of them: the ratio of medians takes few values then. Each
 * comparison has its interval, the summary too, and they cover the truth. */
static void paired_intervals_are_there_and_cover_the_truth(void **state)
{
    const double new[MAX_POINTS] = {1, 1.1};
    const size_t n_rounds[2] = {6, 9};
    sks_compare_options options = quick(0.02);

    (void)state;
    options.n_replicates = 400;
    for (size_t k = 0; k < 2; k++) {
        size_t ratio = 0, mean = 0;

        for (size_t t = 0; t < TRIALS; t++) {
            made_campaign c;
            sks_match match = {.shares_rounds = true, .label = "one"};
            sks_compare_result result;
            sks_interval i, g;

            make_campaign(&c, 2, n_rounds[k], new, 0.05, 0.1, 1000 * k + t);
            match.base_series = &c.series[0];
            match.new_series = &c.series[1];
            match.base = &c.points[0];
            match.new = &c.points[1];
            assert_int_equal(sks_compare(&match, 1, 1, &options, &result), SKS_OK);
            i = result.comparisons[0].ratio.interval;
            g = result.groups[0].geometric_mean.interval;
            assert_true(sks_interval_is_known(i) && sks_interval_is_known(g));
            ratio += i.low <= 1.1 && 1.1 <= i.high;
            mean += g.low <= 1.1 && 1.1 <= g.high;
            sks_compare_clear(&result);
        }
        assert_covers(ratio, TRIALS, 0.02);
        assert_covers(mean, TRIALS, 0.02);
    }
}

/* Drawing each of three blocks with its known weights gives the medians done by hand. */
static void blocks_are_drawn_whole(void **state)
{
    const double x[6] = {1, 2, 3, 10, 20, 30};
    const unsigned round[6] = {0, 1, 2, 0, 1, 2};
    const uint16_t drawn[3][3] = {{1, 1, 1}, {3, 0, 0}, {0, 1, 2}};
    uint16_t weight[3 * SKS_LANES] = {0};
    const sks_resampling r = {.n_replicates = 3, .n_rounds = 3, .n_blocks = 3, .weight = weight};
    double *medians, *left_out;

    (void)state;
    for (size_t b = 0; b < 3; b++)
        for (size_t i = 0; i < 3; i++)
            weight[sks_weight_index(&r, b, i)] = drawn[b][i];
    assert_int_equal(sks_resampled_medians(&r, x, round, 6, &medians, &left_out), SKS_OK);
    assert_near(medians[0], 6.5, 0.0);   /* 1 2 3 10 20 30 */
    assert_near(medians[1], 5.5, 0.0);   /* 1 1 1 10 10 10 */
    assert_near(medians[2], 11.5, 0.0);  /* 2 3 3 20 30 30 */
    assert_near(left_out[0], 11.5, 0.0); /* 2 3 20 30 */
    assert_near(left_out[1], 6.5, 0.0);
    assert_near(left_out[2], 6.0, 0.0); /* 1 2 10 20 */
    free(medians);
    free(left_out);
}

static void resamplings_draw_as_many_blocks_as_there_are(void **state)
{
    sks_resampling r, again;

    (void)state;
    assert_int_equal(sks_resampling_create(1300, 50, 1, 0, &r), SKS_OK);
    assert_int_equal(r.n_blocks, SKS_MAX_BLOCKS);
    for (size_t b = 0; b < 50; b++) {
        size_t drawn = 0;

        for (size_t i = 0; i < r.n_blocks; i++)
            drawn += r.weight[sks_weight_index(&r, b, i)];
        assert_int_equal(drawn, r.n_blocks);
    }
    assert_int_equal(sks_resampling_create(1300, 50, 1, 0, &again), SKS_OK);
    assert_memory_equal(r.weight, again.weight, 2 * SKS_LANES * r.n_blocks * sizeof(*r.weight));
    sks_resampling_clear(&r);
    sks_resampling_clear(&again);
}

static double *sorted_medians(sks_resampling *r, const double *x, size_t n)
{
    unsigned round[40];
    double *medians, *left_out;

    for (size_t i = 0; i < n; i++)
        round[i] = (unsigned)i;
    assert_int_equal(sks_resampled_medians(r, x, round, n, &medians, &left_out), SKS_OK);
    gsl_sort(medians, 1, r->n_replicates);
    free(left_out);
    sks_resampling_clear(r);
    return medians;
}

/* The greatest distance between the distribution functions of a[n] and b[n]. */
static double distance_between(const double *a, const double *b, size_t n)
{
    double greatest = 0.0;

    for (size_t i = 0, j = 0; i < n && j < n;) {
        double x = a[i] < b[j] ? a[i] : b[j];

        while (i < n && a[i] == x)
            i++;
        while (j < n && b[j] == x)
            j++;
        greatest = fmax(greatest, fabs((double)i - (double)j) / (double)n);
    }
    return greatest;
}

/* Powers of 1.3: every pair of ranks has another mean, so that each pair's frequency counts. The
 * two-sample Kolmogorov-Smirnov distance exceeds 1.95 sqrt(2/n) once in a thousand times. */
static void ranks_are_drawn_as_if_samples_were(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 6, 7, 16, 40};
    const size_t n_replicates = 50000;
    double x[40];

    (void)state;
    for (size_t i = 0; i < 40; i++)
        x[i] = pow(1.3, (double)i);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
        sks_resampling by_rank, by_weight;
        double *a, *b;

        assert_int_equal(sks_resampling_create_ranks(sizes[k], n_replicates, 3, 0, &by_rank),
                         SKS_OK);
        assert_int_equal(sks_resampling_create(sizes[k], n_replicates, 3, 1, &by_weight), SKS_OK);
        a = sorted_medians(&by_rank, x, sizes[k]);
        b = sorted_medians(&by_weight, x, sizes[k]);
        assert_near(distance_between(a, b, n_replicates), 0.0,
                    1.95 * sqrt(2.0 / (double)n_replicates));
        free(a);
        free(b);
    }
}

static void exchanging_base_and_new_only_turns_the_answer_round(void **state)
{
    const double slower[MAX_POINTS] = {1.2, 2, 3 / 1.3};
    const sks_compare_options options = quick(0.02);
    made_campaign a, b;
    sks_compare_result there, back;
    sks_matches matches_there, matches_back;

    (void)state;
    make_campaign(&a, 3, 12, ones, 0.01, 0.0, 1);
    make_campaign(&b, 3, 12, slower, 0.01, 0.0, 2);
    compare_campaigns(&a, &b, &options, &there, &matches_there);
    compare_campaigns(&b, &a, &options, &back, &matches_back);
    for (size_t i = 0; i < 3; i++) {
        const sks_comparison *x = &there.comparisons[i], *y = &back.comparisons[i];

        assert_string_equal(x->match->label, y->match->label);
        assert_near(x->ratio.value * y->ratio.value, 1.0, 1e-12);
        assert_near(x->shift.value * y->shift.value, 1.0, 1e-12);
        assert_near(x->p, y->p, 1e-12);
        assert_near(x->cliffs_delta, -y->cliffs_delta, 0.0);
    }
    assert_string_equal(there.comparisons[0].match->base_series->scheduler, "guided");
    assert_int_equal(there.comparisons[0].change, SKS_FASTER);
    assert_int_equal(back.comparisons[0].change, SKS_SLOWER);
    assert_int_equal(there.comparisons[1].change, SKS_SLOWER);
    assert_int_equal(there.comparisons[2].change, SKS_NO_DIFFERENCE_SHOWN);
    sks_compare_clear(&there);
    sks_compare_clear(&back);
    sks_matches_clear(&matches_there);
    sks_matches_clear(&matches_back);
}

/* Three against three cannot be significant, whatever they are; 1 % with 0.1 % noise is sure, and
 * too small to matter. */
static void verdicts_say_what_they_cannot_tell(void **state)
{
    const double twice[1] = {2.0}, hundredth[1] = {1.01};
    const sks_compare_options options = quick(0.02);
    made_campaign a, b;
    sks_compare_result result;
    sks_matches matches;

    (void)state;
    make_campaign(&a, 1, 3, ones, 0.01, 0.0, 1);
    make_campaign(&b, 1, 3, twice, 0.01, 0.0, 2);
    compare_campaigns(&a, &b, &options, &result, &matches);
    assert_int_equal(result.comparisons[0].change, SKS_TOO_FEW_SAMPLES);
    assert_int_equal(sks_compare_needed(&result, false), 4); /* 2/C(8, 4) < 5 % <= 2/C(6, 3) */
    assert_int_equal(sks_compare_needed(&result, true), 6);
    assert_false(sks_interval_is_known(result.comparisons[0].ratio.interval));
    assert_false(sks_interval_is_known(result.groups[0].geometric_mean.interval));
    sks_compare_clear(&result);
    sks_matches_clear(&matches);
    make_campaign(&a, 1, 20, ones, 0.001, 0.0, 1);
    make_campaign(&b, 1, 20, hundredth, 0.001, 0.0, 2);
    compare_campaigns(&a, &b, &options, &result, &matches);
    assert_int_equal(result.comparisons[0].change, SKS_NO_DIFFERENCE_SHOWN);
    assert_true(result.comparisons[0].is_below_threshold);
    assert_true(result.comparisons[0].p_holm < 1e-6);
    sks_compare_clear(&result);
    sks_matches_clear(&matches);
    b.seconds[0][3] = 0.0;
    assert_int_equal(sks_match_campaigns((sks_match_source[]){{"a.db", a.series, 1, NULL},
                                                              {"b.db", b.series, 1, NULL}},
                                         2, &matches),
                     SKS_OK);
    sks_clear();
    assert_int_equal(sks_compare(matches.matches, 1, 1, &options, &result), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "a sample of 0 s"));
    sks_clear();
    sks_matches_clear(&matches);
}

static void only_common_rounds_are_paired(void **state)
{
    const sks_compare_options options = quick(0.02);
    made_campaign c;
    sks_match match;
    sks_compare_result result;

    (void)state;
    make_campaign(&c, 2, 20, ones, 0.01, 0.0, 1);
    c.points[1].n = 15; /* stopped earlier, and one round failed */
    c.rounds[1][14] = 16;
    match = (sks_match){.base_series = &c.series[0],
                        .new_series = &c.series[1],
                        .base = &c.points[0],
                        .new = &c.points[1],
                        .shares_rounds = true,
                        .label = "one"};
    assert_int_equal(sks_compare(&match, 1, 1, &options, &result), SKS_OK);
    assert_true(result.comparisons[0].is_paired);
    assert_int_equal(result.comparisons[0].n_base, 15);
    assert_int_equal(result.comparisons[0].n_new, 15);
    assert_int_equal(result.comparisons[0].n_unpaired, 5);
    sks_compare_clear(&result);
    c.points[1].n = 8; /* pairs would leave out most of the base */
    assert_int_equal(sks_compare(&match, 1, 1, &options, &result), SKS_OK);
    assert_false(result.comparisons[0].is_paired);
    assert_int_equal(result.comparisons[0].n_base, 20);
    sks_compare_clear(&result);
}

/* Two campaigns whose configurations 0 are to match or not. */
static bool do_match(const char *base_parameters, const char *base_text, const char *new_parameters,
                     const char *new_text, const json_t *base_inputs, const json_t *new_inputs)
{
    made_campaign a, b;
    sks_match_source sources[2] = {{"a.db", a.series, 1, base_inputs},
                                   {"b.db", b.series, 1, new_inputs}};
    const json_t *changed;
    sks_matches matches;
    bool is_matched;

    make_campaign(&a, 1, 6, ones, 0.01, 0.0, 1);
    make_campaign(&b, 1, 6, ones, 0.01, 0.0, 2);
    a.series[0].all_parameters = (char *)base_parameters;
    a.series[0].parameters = (char *)base_text;
    b.series[0].all_parameters = (char *)new_parameters;
    b.series[0].parameters = (char *)new_text;
    assert_int_equal(sks_match_campaigns(sources, 2, &matches), SKS_OK);
    is_matched = matches.n == 1;
    assert_int_equal(matches.n_unmatched, is_matched ? 0 : 2);
    changed = json_array_get(matches.changed_inputs, 0); /* of `here` and `there`: x.txt */
    assert_int_equal(json_array_size(changed), base_inputs != NULL ? 1 : 0);
    if (base_inputs != NULL)
        assert_string_equal(json_string_value(json_array_get(changed, 0)), "x.txt");
    sks_matches_clear(&matches);
    return is_matched;
}

static void configurations_match_when_the_work_is_the_same(void **state)
{
    json_t *here = json_pack("{s:s, s:s}", "/a/m71.fits", "d1", "x.txt", "d2");
    json_t *there = json_pack("{s:s, s:s}", "/b/m71.fits", "d1", "x.txt", "d3");

    (void)state;
    assert_true(do_match("{\"n\": 1, \"m\": 2}", "n=1", "{\"m\": 2, \"n\": 1}", "n=1", NULL, NULL));
    assert_false(do_match("{\"n\": 1}", "n=1", "{\"n\": 2}", "n=2", NULL, NULL));
    /* a parameter that one version does not have: no matter at its default, but when set */
    assert_true(do_match("{\"n\": 1}", "n=1", "{\"n\": 1, \"extra\": 3}", "n=1", NULL, NULL));
    assert_false(
        do_match("{\"n\": 1}", "n=1", "{\"n\": 1, \"extra\": 4}", "n=1,extra=4", NULL, NULL));
    /* a file elsewhere with the same contents, and one of the same name with others */
    assert_true(do_match("{\"image\": \"/a/m71.fits\"}", "image=/a/m71.fits",
                         "{\"image\": \"/b/m71.fits\"}", "image=/b/m71.fits", here, there));
    assert_false(do_match("{\"image\": \"x.txt\"}", "image=x.txt", "{\"image\": \"x.txt\"}",
                          "image=x.txt", here, there));
    assert_false(do_match("{\"image\": \"/a/m71.fits\"}", "image=/a/m71.fits",
                          "{\"image\": \"/b/m71.fits\"}", "image=/b/m71.fits", NULL, NULL));
    json_decref(here);
    json_decref(there);
}

static void what_only_one_side_has_is_listed(void **state)
{
    made_campaign a, b;
    const sks_match_source sources[2] = {{"a.db", a.series, 3, NULL},
                                         {"b.db", b.series + 1, 3, NULL}};
    sks_matches matches;

    (void)state;
    make_campaign(&a, 4, 6, ones, 0.01, 0.0, 1);
    make_campaign(&b, 4, 6, ones, 0.01, 0.0, 2);
    a.points[1].n_workers = 3;
    assert_int_equal(sks_match_campaigns(sources, 2, &matches), SKS_OK);
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "guided, 2 workers");
    assert_int_equal(matches.n_unmatched, 4);
    assert_string_equal(matches.unmatched[0].where, "a.db");
    assert_string_equal(matches.unmatched[3].where, "b.db");
    sks_matches_clear(&matches);
}

static void campaigns_are_compared_by_any_dimension(void **state)
{
    made_campaign c;
    const sks_match_source source = {"c.db", c.series, 4, NULL};
    sks_matches matches;

    (void)state;
    make_campaign(&c, 4, 6, ones, 0.01, 0.0, 1);
    c.series[3].scheduler = "dynamic";
    c.series[3].binding = "compact";
    assert_int_equal(sks_match_by(&source, "scheduler", NULL, &matches), SKS_OK);
    assert_string_equal(matches.base_name, "static");
    assert_int_equal(matches.n_groups, 2);
    assert_int_equal(matches.n, 2);
    assert_true(matches.matches[0].shares_rounds);
    assert_string_equal(matches.matches[0].work, ""); /* one kernel, nothing set */
    assert_string_equal(matches.matches[0].choice, "none, 2 workers");
    assert_int_equal(matches.n_unmatched, 1); /* "dynamic" bound otherwise has no "static" */
    assert_string_equal(matches.group_names[matches.unmatched[0].group], "dynamic");
    sks_matches_clear(&matches);
    assert_int_equal(sks_match_by(&source, "scheduler", "dynamic", &matches), SKS_OK);
    assert_string_equal(matches.base_name, "dynamic");
    sks_matches_clear(&matches);
    assert_int_equal(sks_match_by(&source, "binding", NULL, &matches), SKS_OK);
    assert_string_equal(matches.group_names[0], "compact");
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "dynamic, 2 workers");
    sks_matches_clear(&matches);
    c.series[1].scheduler = "static";
    c.points[1].n_workers = 8;
    assert_int_equal(sks_match_by(&source, "workers", NULL, &matches), SKS_OK);
    assert_string_equal(matches.group_names[0], "8");
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "static, none");
    sks_matches_clear(&matches);
    c.series[1] = c.series[0];
    c.series[1].all_parameters = "{\"tasks\": 100, \"seed\": 2}";
    c.series[1].parameters = "tasks=100,seed=2";
    assert_int_equal(sks_match_by(&source, "seed", "2", &matches), SKS_OK);
    assert_string_equal(matches.base_name, "2");
    assert_string_equal(matches.group_names[0], "1");
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "static, none, 2 workers");
    sks_matches_clear(&matches);
}

static void must_refuse(const sks_match_source *source, const char *by, const char *base,
                        const char *cause)
{
    sks_matches matches;

    sks_clear();
    assert_int_equal(sks_match_by(source, by, base, &matches), SKS_ERR_USAGE);
    if (strstr(sks_message(), cause) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", sks_message(), cause);
    sks_clear();
}

static void nonsense_is_refused_with_the_nearest_name(void **state)
{
    made_campaign c;
    const sks_match_source source = {"c.db", c.series, 3, NULL};

    (void)state;
    make_campaign(&c, 3, 6, ones, 0.01, 0.0, 1);
    must_refuse(&source, "schedulers", NULL, "did you mean \"scheduler\"?");
    must_refuse(&source, "task", NULL, "did you mean \"tasks\"?");
    must_refuse(&source, "zzzzzzzz", NULL, "need scheduler, executor");
    must_refuse(&source, "binding", NULL, "all configurations have none");
    must_refuse(&source, "scheduler", "dynamik", "did you mean \"dynamic\"?");
}

static void self_check_alarms_as_often_as_asked_for(void **state)
{
    const sks_compare_options options = sks_compare_defaults;
    size_t n = 0, alarms = 0, halves = 0, drift_halves = 0, campaigns = 0, changes = 0;
    sks_self_check check;
    char text[512];

    (void)state;
    for (uint64_t t = 0; t < 20; t++) {
        made_campaign c;

        make_campaign(&c, 8, 40, ones, 0.01, 0.0, t);
        assert_int_equal(sks_self_check_run(c.series, 8, &options, &check), SKS_OK);
        assert_int_equal(check.interleaved.n, 8 * SKS_SELF_CHECK_SPLITS);
        assert_int_equal(check.halves.n, 8);
        n += check.interleaved.n;
        alarms += check.interleaved.n_alarms;
        halves += check.halves.n_alarms;
        campaigns += check.n_campaigns_called;
        changes += sks_self_check_found_change(&check, &options);
        for (size_t i = 0; i < 8; i++) /* 3 % slower in the second half */
            for (size_t k = 20; k < 40; k++)
                c.seconds[i][k] *= 1.03;
        assert_int_equal(sks_self_check_run(c.series, 8, &options, &check), SKS_OK);
        drift_halves += check.halves.n_called;
        assert_true(sks_self_check_found_change(&check, &options));
    }
    assert_in_range(alarms, n / 100, n * 7 / 100);
    assert_in_range(halves, 0, 18); /* 5 % of 160 are 8, the deviation is 3 */
    assert_in_range(drift_halves, 140, 160);
    assert_int_equal(campaigns, 0);
    assert_in_range(changes, 0, 3); /* one of 20 by chance */
    sks_self_check_text(&check, &options, text, sizeof(text));
    assert_non_null(strstr(text, "A/A self-check: the same under two names"));
    assert_non_null(strstr(text, "more than by chance: the machine changed meanwhile"));
}

static void self_check_says_when_it_cannot_be_made(void **state)
{
    made_campaign c;
    sks_self_check check;
    char text[512];

    (void)state;
    make_campaign(&c, 2, 7, ones, 0.01, 0.0, 1);
    assert_int_equal(sks_self_check_run(c.series, 2, &sks_compare_defaults, &check), SKS_OK);
    assert_int_equal(check.n_left_out, 2);
    assert_true(isnan(check.rate));
    sks_self_check_text(&check, &sks_compare_defaults, text, sizeof(text));
    assert_non_null(strstr(text, "not possible, no configuration has the 8 samples"));
}

static void states_are_compared_apart(void **state)
{
    const sks_compare_options options = quick(0.02);
    made_campaign c;
    sks_latency latencies[2][40];
    sks_states states[2];
    sks_match match;
    sks_state_selection selection;
    sks_compare_result result;

    (void)state;
    make_campaign(&c, 2, 40, (double[]){1.0, 1.0}, 0.002, 0.0, 1);
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 40; k++) {
            bool is_far = k % 2 == 1;

            latencies[i][k] = is_far ? (sks_latency){6e-7, 6e-7} : (sks_latency){6e-8, 6e-8};
            c.seconds[i][k] *= is_far && i == 1 ? 1.5 : 1.0; /* new suffers from distance */
        }
        c.points[i].latencies = latencies[i];
    }
    assert_int_equal(sks_states_find(c.series, 2, &states[0]), SKS_OK);
    assert_true(states[0].are_two);
    states[1] = states[0];
    match = (sks_match){.base_series = &c.series[0],
                        .new_series = &c.series[1],
                        .base = &c.points[0],
                        .new = &c.points[1],
                        .shares_rounds = true,
                        .label = "one"};
    assert_int_equal(
        sks_compare_in_state(&match, 1, 1, states, SKS_STATE_NEAR, &options, &selection, &result),
        SKS_OK);
    assert_int_equal(result.comparisons[0].n_base, 20);
    assert_int_equal(result.comparisons[0].change, SKS_NO_DIFFERENCE_SHOWN);
    sks_compare_clear(&result);
    sks_state_selection_clear(&selection);
    assert_int_equal(
        sks_compare_in_state(&match, 1, 1, states, SKS_STATE_FAR, &options, &selection, &result),
        SKS_OK);
    assert_near(result.comparisons[0].ratio.value, 1.5, 0.01);
    assert_int_equal(result.comparisons[0].change, SKS_SLOWER);
    sks_compare_clear(&result);
    sks_state_selection_clear(&selection);
}

static void rules_are_answered_from_the_data(void **state)
{
    made_campaign c;
    sks_diagnosis_counts counts;
    sks_facts facts = {.settings = json_pack("{s:{s:[]}, s:s, s:s, s:s}", "machine", "warnings",
                                             "sweep", "campaign: x", "seed", "1", "version", "0.1"),
                       .inputs = json_object(),
                       .n_planned = 3,
                       .n_good = 30,
                       .greatest_skew = NAN};
    sks_rules_input input = {&facts, c.series, 3, 0.95, &counts};
    sks_rule_answer answers[SKS_N_RULES];
    json_t *json;

    (void)state;
    make_campaign(&c, 3, 10, ones, 0.01, 0.0, 1);
    assert_int_equal(sks_diagnose_all(c.series, 3, 0.05, &counts), SKS_OK);
    sks_rules_answer(&input, answers);
    for (int i = 0; i < SKS_N_RULES; i++) {
        bool is_about_scaling = i == 0 || i == 10;

        assert_int_equal(answers[i].answer,
                         is_about_scaling ? SKS_RULE_NOT_APPLICABLE : SKS_RULE_YES);
        assert_true(answers[i].reason[0] != '\0');
    }
    c.points[1].n_workers = 4; /* the first two become one series, of 2 and of 4 workers */
    c.series[0].n_points = 2;
    c.points[0].n = 5;
    facts.n_without = 1;
    facts.is_simulated = true;
    json_object_del(facts.settings, "machine");
    assert_int_equal(sks_diagnose_all(c.series, 3, 0.05, &counts), SKS_OK);
    sks_rules_answer(&input, answers);
    assert_int_equal(answers[0].answer, SKS_RULE_YES);
    assert_non_null(strstr(answers[0].reason, "one worker in 0 of 1 series; its median, 1"));
    assert_int_equal(answers[1].answer, SKS_RULE_NO);
    assert_non_null(strstr(answers[1].reason, "1 of 3 planned"));
    assert_int_equal(answers[4].answer, SKS_RULE_NO);
    assert_non_null(strstr(answers[4].reason, "1 of 4 configurations have fewer than the 6"));
    assert_int_equal(answers[8].answer, SKS_RULE_NO);
    assert_int_equal(answers[9].answer, SKS_RULE_NO);
    json = sks_rules_json(answers);
    assert_int_equal(json_array_size(json), SKS_N_RULES);
    json_decref(json);
    sks_facts_clear(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_seldom_called_different),
        cmocka_unit_test(three_per_cent_are_found),
        cmocka_unit_test(pairing_by_rounds_sees_through_common_noise),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(paired_intervals_are_there_and_cover_the_truth),
        cmocka_unit_test(blocks_are_drawn_whole),
        cmocka_unit_test(resamplings_draw_as_many_blocks_as_there_are),
        cmocka_unit_test(ranks_are_drawn_as_if_samples_were),
        cmocka_unit_test(exchanging_base_and_new_only_turns_the_answer_round),
        cmocka_unit_test(verdicts_say_what_they_cannot_tell),
        cmocka_unit_test(only_common_rounds_are_paired),
        cmocka_unit_test(configurations_match_when_the_work_is_the_same),
        cmocka_unit_test(what_only_one_side_has_is_listed),
        cmocka_unit_test(campaigns_are_compared_by_any_dimension),
        cmocka_unit_test(nonsense_is_refused_with_the_nearest_name),
        cmocka_unit_test(self_check_alarms_as_often_as_asked_for),
        cmocka_unit_test(self_check_says_when_it_cannot_be_made),
        cmocka_unit_test(states_are_compared_apart),
        cmocka_unit_test(rules_are_answered_from_the_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
