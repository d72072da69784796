/* Property: comparisons find the difference that is there and no other, at the stated rates; their
 * intervals cover the truth; only what was measured together is paired; states are compared
 * apart. */
#include "harness/analysis/compare.h"
#include "harness/analysis/match.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/made_campaign.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_seldom_called_different),
        cmocka_unit_test(three_per_cent_are_found),
        cmocka_unit_test(pairing_by_rounds_sees_through_common_noise),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(paired_intervals_are_there_and_cover_the_truth),
        cmocka_unit_test(exchanging_base_and_new_only_turns_the_answer_round),
        cmocka_unit_test(verdicts_say_what_they_cannot_tell),
        cmocka_unit_test(only_common_rounds_are_paired),
        cmocka_unit_test(states_are_compared_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
