/* Property: tests for drift, normality and two peaks equal values recorded from R 4.2.2 (cor.test,
 * shapiro.test, package diptest 0.76) on published data sets, and find on synthetic series what was
 * put into them, and nothing in series without it. */
#include "harness/analysis/diagnosis.h"
#include "harness/analysis/dip.h"
#include "harness/analysis/random.h"
#include "harness/analysis/states.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/r_data.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST = 6000 };

static const double *sorted(const double *x, size_t n)
{
    static double copy[MOST];

    assert_true(n <= MOST);
    memcpy(copy, x, n * sizeof(*x));
    gsl_sort(copy, 1, n);
    return copy;
}

/* cor.test(seq_along(Nile), Nile, method = "kendall", exact = FALSE, continuity = TRUE) and
 * "spearman" */
static void the_nile_falls(void **state)
{
    sks_trend trend;

    (void)state;
    assert_int_equal(sks_mann_kendall(nile, 100, &trend), SKS_OK);
    assert_near(trend.statistic, -1387.0, 0.0);
    assert_near(trend.correlation, -0.280741334724613, 1e-14);
    assert_near(trend.p, 3.65826292166434e-05, 1e-16);
    assert_int_equal(sks_spearman(nile, 100, &trend), SKS_OK);
    assert_near(trend.correlation, -0.437449930079709, 1e-14);
    assert_near(trend.p, 5.33919305332999e-06, 1e-17);
}

static void what_does_not_change_has_no_trend(void **state)
{
    const double same[5] = {2, 2, 2, 2, 2}, three[3] = {1, 2, 3};
    sks_trend trend;

    (void)state;
    assert_int_equal(sks_mann_kendall(same, 5, &trend), SKS_OK);
    assert_true(isnan(trend.p));
    assert_int_equal(sks_spearman(same, 5, &trend), SKS_OK);
    assert_true(isnan(trend.p));
    assert_int_equal(sks_mann_kendall(three, 3, &trend), SKS_OK);
    assert_true(isnan(trend.p));
    assert_near(trend.statistic, 3.0, 0.0);
}

/* shapiro.test */
static void normality_is_tested_as_r_does(void **state)
{
    static const double women[15] = {58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72};
    static const double weights[11] = {148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236};
    static const double three[3] = {1, 2, 4}, four[4] = {1.83, 0.50, 1.62, 2.48};
    static const struct {
        const double *x;
        size_t n;
        double w, p;
    } table[] = {
        {rivers_miles, 141, 0.666624194236353, 1.86904144574189e-16},
        {faithful_waiting, 272, 0.922146695242166, 1.01523927286482e-10},
        {nile, 100, 0.973434999402609, 0.0407244745877105},
        {women, 15, 0.963593490365408, 0.754533305439111},
        {weights, 11, 0.788814694835387, 0.00670381405650293},
        {sleep_1, 10, 0.925806028936641, 0.407928796429989},
        {four, 4, 0.956093881188404, 0.754330149449346},
        {three, 3, 0.964285714285714, 0.636886845028963},
    };
    sks_normality got;

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(sks_shapiro_wilk(sorted(table[i].x, table[i].n), table[i].n, &got),
                         SKS_OK);
        assert_near(got.w, table[i].w, 1e-7);
        assert_near(got.p, table[i].p, 1e-5 * table[i].p);
    }
    assert_int_equal(sks_shapiro_wilk(women, 2, &got), SKS_OK);
    assert_true(isnan(got.p));
}

/* dip.test of `faithful$waiting` (p = 0.0018), `Nile` (0.90) and `statfaculty` (0.087) */
static void the_dip_is_that_of_r(void **state)
{
    static const double faculty[63] = {
        30, 33, 35, 36, 37, 37, 39, 39, 39, 39, 39, 40, 40, 40, 40, 41, 42, 43, 43, 43, 44,
        44, 45, 45, 46, 46, 47, 47, 48, 48, 48, 49, 50, 50, 51, 52, 52, 53, 53, 53, 53, 53,
        54, 54, 57, 57, 59, 60, 60, 60, 61, 61, 61, 61, 62, 62, 62, 62, 63, 66, 70, 72, 72};
    static const double apart[6] = {1, 1.1, 1.2, 9, 9.1, 9.2}, same[4] = {1, 1, 1, 1};
    double dip;

    (void)state;
    assert_int_equal(sks_dip(sorted(faithful_waiting, 272), 272, &dip), SKS_OK);
    assert_near(dip, 0.041436887254902, 1e-14);
    assert_near(sks_dip_p(dip, 272), 0.0018, 0.0002);
    assert_int_equal(sks_dip(sorted(nile, 100), 100, &dip), SKS_OK);
    assert_near(dip, 0.0272727272727273, 1e-14);
    assert_true(sks_dip_p(dip, 100) > 0.5);
    assert_int_equal(sks_dip(faculty, 63, &dip), SKS_OK);
    assert_near(dip, 0.0595238095238095, 1e-14);
    assert_near(sks_dip_p(dip, 63), 0.087, 0.003);
    assert_int_equal(sks_dip(apart, 6, &dip), SKS_OK);
    assert_true(sks_dip_p(dip, 6) < 0.01);
    assert_int_equal(sks_dip(same, 4, &dip), SKS_OK);
    assert_near(dip, 0.125, 0.0);
    assert_true(isnan(sks_dip_p(dip, 4)));
}

/* 1 % lognormal noise about a second, drifting by `drift` in all, in every other of two states. */
static sks_point make_point(size_t n, double drift, double second_state, uint64_t stream)
{
    sks_point point = {.n_workers = 2, .n = n};
    sks_random random;

    point.seconds = malloc(n * sizeof(*point.seconds));
    point.latencies = malloc(n * sizeof(*point.latencies));
    assert_non_null(point.seconds);
    assert_non_null(point.latencies);
    sks_random_init(&random, 5, stream);
    for (size_t i = 0; i < n; i++) {
        bool is_far = second_state != 1.0 && gsl_rng_uniform(&random.gsl) < 0.4;
        double latency = is_far ? 600e-9 : 60e-9;

        point.seconds[i] = gsl_ran_lognormal(&random.gsl, 0.0, 0.01) *
                           (1.0 + drift * (double)i / (double)n) * (is_far ? second_state : 1.0);
        point.latencies[i].before_s = latency * gsl_ran_lognormal(&random.gsl, 0.0, 0.1);
        point.latencies[i].after_s = latency * gsl_ran_lognormal(&random.gsl, 0.0, 0.1);
    }
    return point;
}

static sks_series series_of(sks_point *point)
{
    return (sks_series){.kernel = "null",
                        .parameters = "",
                        .executor = "threads",
                        .scheduler = "static",
                        .binding = "none",
                        .n_points = 1,
                        .points = point};
}

/* How many of 200 configurations show what, at 5 % over all of them. */
static sks_diagnosis_counts diagnose_many(size_t n, double drift, double second_state)
{
    enum { MANY = 200 };
    sks_point points[MANY];
    sks_series series[MANY];
    sks_diagnosis_counts counts;

    for (size_t i = 0; i < MANY; i++) {
        points[i] = make_point(n, drift, second_state, i);
        series[i] = series_of(&points[i]);
    }
    assert_int_equal(sks_diagnose_all(series, MANY, 0.05, &counts), SKS_OK);
    for (size_t i = 0; i < MANY; i++)
        sks_point_clear(&points[i]);
    return counts;
}

static void drift_is_found_where_it_is(void **state)
{
    sks_diagnosis_counts none = diagnose_many(30, 0.0, 1.0), some = diagnose_many(30, 0.06, 1.0);

    (void)state;
    assert_int_equal(none.n, 200);
    assert_in_range(none.n_drift, 0, 2);
    assert_in_range(none.n_dependent, 0, 20);
    assert_in_range(none.n_refuted, 0, 2);
    assert_in_range(some.n_drift, 190, 200);
    assert_in_range(some.n_dependent, 150, 200);
    assert_near(some.greatest_drift, 0.03, 0.02); /* half of it lies between the halves' middles */
}

static void two_peaks_are_found_where_they_are(void **state)
{
    sks_diagnosis_counts none = diagnose_many(60, 0.0, 1.0), some = diagnose_many(60, 0.0, 1.3);

    (void)state;
    assert_in_range(none.n_two, 0, 2);
    assert_in_range(some.n_two, 190, 200);
    assert_in_range(some.n_refuted, 190, 200);
    assert_int_equal(none.n_few, 0);
    assert_int_equal(diagnose_many(5, 0.0, 1.0).n_few, 200);
}

static void near_and_far_are_told_apart(void **state)
{
    sks_point point = make_point(400, 0.0, 1.3, 1), near, far, changed;
    sks_series series = series_of(&point);
    sks_states states;

    (void)state;
    point.latencies[0] = (sks_latency){60e-9, 600e-9};
    point.latencies[1] = (sks_latency){60e-9, NAN};
    assert_int_equal(sks_states_find(&series, 1, &states), SKS_OK);
    assert_int_equal(states.n_known, 799);
    assert_true(states.are_two);
    assert_near(states.near_s, 60e-9, 3e-9);
    assert_near(states.far_s, 600e-9, 30e-9);
    assert_near(states.far_part, 0.4, 0.08);
    assert_int_equal(sks_state_of(&states, &point.latencies[0]), SKS_STATE_CHANGED);
    assert_int_equal(sks_state_of(&states, &point.latencies[1]), SKS_STATE_UNKNOWN);
    assert_int_equal(sks_state_select(&states, &point, SKS_STATE_NEAR, &near), SKS_OK);
    assert_int_equal(sks_state_select(&states, &point, SKS_STATE_FAR, &far), SKS_OK);
    assert_int_equal(sks_state_select(&states, &point, SKS_STATE_CHANGED, &changed), SKS_OK);
    assert_int_equal(near.n + far.n + changed.n, 399);
    assert_int_equal(changed.n, 1);
    for (size_t i = 0; i < near.n; i++)
        assert_true(near.seconds[i] < 1.15);
    for (size_t i = 0; i < far.n; i++)
        assert_true(far.seconds[i] > 1.15);
    point.n_workers = 1; /* is neither near nor far */
    assert_int_equal(sks_state_keep(&states, SKS_STATE_FAR, &series), SKS_OK);
    assert_int_equal(point.n, 400);
    point.n_workers = 2;
    assert_int_equal(sks_state_keep(&states, SKS_STATE_FAR, &series), SKS_OK);
    assert_int_equal(point.n, far.n);
    for (size_t i = 0; i < far.n; i++) {
        assert_true(point.seconds[i] == far.seconds[i]);
        assert_int_equal(sks_state_of(&states, &point.latencies[i]), SKS_STATE_FAR);
    }
    sks_point_clear(&near);
    sks_point_clear(&far);
    sks_point_clear(&changed);
    sks_point_clear(&point);
}

/* One broad peak, a few wild values, or none measured: no two states. */
static void one_state_is_not_cut_in_two(void **state)
{
    sks_point point = make_point(400, 0.0, 1.0, 2);
    sks_series series = series_of(&point);
    sks_states states;
    sks_random random;

    (void)state;
    assert_int_equal(sks_states_find(&series, 1, &states), SKS_OK);
    assert_false(states.are_two);
    assert_true(isnan(states.threshold_s));
    for (size_t i = 0; i < 10; i++)
        point.latencies[i].after_s = 5e-6;
    assert_int_equal(sks_states_find(&series, 1, &states), SKS_OK);
    assert_false(states.are_two);
    sks_random_init(&random, 9, 9);
    for (size_t i = 0; i < 400; i++)
        point.latencies[i].before_s = point.latencies[i].after_s =
            60e-9 * gsl_ran_lognormal(&random.gsl, 0.0, 1.5);
    assert_int_equal(sks_states_find(&series, 1, &states), SKS_OK);
    assert_false(states.are_two);
    free(point.latencies);
    point.latencies = NULL;
    assert_int_equal(sks_states_find(&series, 1, &states), SKS_OK);
    assert_int_equal(states.n_known, 0);
    assert_false(states.are_two);
    sks_point_clear(&point);
}

static void many_samples_are_thinned_for_the_normality_test(void **state)
{
    sks_point point = make_point(6000, 0.0, 1.0, 3);
    sks_diagnosis d;

    (void)state;
    assert_int_equal(sks_diagnose(&point, &d), SKS_OK);
    assert_false(isnan(d.normality.p));
    assert_near(d.tail, exp(1.645 * 0.01), 0.001);
    sks_point_clear(&point);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nile_falls),
        cmocka_unit_test(what_does_not_change_has_no_trend),
        cmocka_unit_test(normality_is_tested_as_r_does),
        cmocka_unit_test(the_dip_is_that_of_r),
        cmocka_unit_test(drift_is_found_where_it_is),
        cmocka_unit_test(two_peaks_are_found_where_they_are),
        cmocka_unit_test(near_and_far_are_told_apart),
        cmocka_unit_test(one_state_is_not_cut_in_two),
        cmocka_unit_test(many_samples_are_thinned_for_the_normality_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
