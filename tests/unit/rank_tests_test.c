/* Property: rank tests and the estimates that go with them equal values recorded from R 4.2.2
 * (wilcox.test; with ties, enumeration of all permutations in R) on published data sets, and pairs
 * counted one by one. */
#include "harness/analysis/rank_tests.h"

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
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST = 300 };

static const double *sorted(const double *x, size_t n)
{
    static double copies[2][MOST];
    static unsigned turn;
    double *copy = copies[turn++ % 2];

    assert_true(n <= MOST);
    memcpy(copy, x, n * sizeof(*x));
    gsl_sort(copy, 1, n);
    return copy;
}

static sks_rank_test signed_rank(const double *d, size_t n)
{
    sks_rank_test test;

    assert_int_equal(sks_signed_rank_test(d, n, 0.95, &test), SKS_OK);
    return test;
}

static sks_rank_test rank_sum(const double *x, size_t n_x, const double *y, size_t n_y)
{
    sks_rank_test test;

    x = sorted(x, n_x);
    y = sorted(y, n_y);
    assert_int_equal(sks_rank_sum_test(x, n_x, y, n_y, 0.95, &test), SKS_OK);
    return test;
}

/* wilcox.test(x, y, paired = TRUE, conf.int = TRUE): V = 40, one-sided p = 0.01953 */
static void signed_rank_is_exact(void **state)
{
    double d[9];
    sks_rank_test test;

    (void)state;
    for (size_t i = 0; i < 9; i++)
        d[i] = depression_before[i] - depression_after[i];
    test = signed_rank(d, 9);
    assert_near(test.statistic, 40.0, 0.0);
    assert_true(test.is_exact);
    assert_near(test.p, 0.0390625, 1e-15);
    assert_near(test.least_p, 2.0 / 512.0, 1e-15);
    assert_near(test.shift.value, 0.46, 1e-12);
    assert_near(test.shift.interval.low, 0.01, 1e-12);
    assert_near(test.shift.interval.high, 0.786, 1e-12);
}

/* Of Student's ten differences one is zero and two are tied: p by enumerating all 2^9 signs. */
static void signed_rank_knows_ties_and_zeros(void **state)
{
    double d[10];
    sks_rank_test test;

    (void)state;
    for (size_t i = 0; i < 10; i++)
        d[i] = sleep_2[i] - sleep_1[i];
    d[5] = sleep_2[5] - sleep_1[5]; /* 4.4 - 3.4 is 1 but for rounding */
    for (size_t i = 0; i < 10; i++)
        d[i] = round(10.0 * d[i]) / 10.0;
    test = signed_rank(d, 10);
    assert_int_equal(test.n, 9);
    assert_near(test.statistic, 45.0, 0.0);
    assert_near(test.p, 0.00390625, 1e-15);
    memset(d, 0, sizeof(d));
    test = signed_rank(d, 10);
    assert_int_equal(test.n, 0);
    assert_near(test.p, 1.0, 0.0);
    assert_near(test.shift.value, 0.0, 0.0);
    assert_false(sks_interval_is_known(test.shift.interval));
}

/* wilcox.test(faithful$waiting - 70, exact = FALSE) */
static void many_signed_ranks_are_nearly_normal(void **state)
{
    double d[COUNT(faithful_waiting)];
    sks_rank_test test;

    (void)state;
    for (size_t i = 0; i < COUNT(d); i++)
        d[i] = faithful_waiting[i] - 70.0;
    test = signed_rank(d, COUNT(d));
    assert_false(test.is_exact);
    assert_near(test.statistic, 18906.0, 0.0);
    assert_near(test.p, 0.487014747137303, 1e-12);
}

/* wilcox.test(x, y, conf.int = TRUE): W = 35, p = 0.2544 */
static void rank_sum_is_exact(void **state)
{
    sks_rank_test test = rank_sum(permeability_term, 10, permeability_early, 5);

    (void)state;
    assert_near(test.statistic, 35.0, 0.0);
    assert_true(test.is_exact);
    assert_near(test.p, 0.254412254412254, 1e-14);
    assert_near(test.least_p, 2.0 / 3003.0, 1e-15);
    assert_near(test.shift.value, 0.305, 1e-12);
    assert_near(test.shift.interval.low, -0.15, 1e-12);
    assert_near(test.shift.interval.high, 0.76, 1e-12);
    test = rank_sum(permeability_early, 5, permeability_term, 10);
    assert_near(test.statistic, 15.0, 0.0);
    assert_near(test.p, 0.254412254412254, 1e-14);
    assert_near(test.shift.value, -0.305, 1e-12);
}

/* All 184756 ways to deal out the twenty values of `sleep`. */
static void rank_sum_knows_ties(void **state)
{
    sks_rank_test test = rank_sum(sleep_1, 10, sleep_2, 10);

    (void)state;
    assert_near(test.statistic, 25.5, 0.0);
    assert_true(test.is_exact);
    assert_near(test.p, 0.0658165364047717, 1e-13);
}

/* wilcox.test(a, b, exact = FALSE) of two halves of the Nile's flow, sorted; many ties. The p value
 * for May and August (26 and 26, ties) by R's normal approximation is 0.0001208; the exact one lies
 * near it. */
static void many_rank_sums_are_nearly_normal(void **state)
{
    sks_rank_test test = rank_sum(nile, 50, nile + 50, 50);

    (void)state;
    assert_false(test.is_exact);
    assert_near(test.statistic, 1777, 0.0);
    assert_near(test.p, 0.000283589640613705, 1e-12);
    test = rank_sum(ozone_may, 26, ozone_august, 26);
    assert_near(test.statistic, 127.5, 0.0);
    assert_near(test.p, 0.000120807830768774, 6e-5);
}

static void too_few_values_claim_no_interval(void **state)
{
    sks_rank_test test = signed_rank(depression_before, 5);

    (void)state;
    assert_near(test.least_p, 0.0625, 1e-15);
    assert_false(sks_interval_is_known(test.shift.interval));
    test = rank_sum(sleep_1, 3, sleep_2, 3);
    assert_near(test.least_p, 0.1, 1e-12);
    assert_false(sks_interval_is_known(test.shift.interval));
    assert_true(sks_interval_is_known(signed_rank(depression_before, 6).shift.interval));
}

static void order_statistics_of_pairs_are_those_of_the_list(void **state)
{
    static double pairs[COUNT(rivers_miles) * COUNT(nile)];
    const double *x = sorted(rivers_miles, COUNT(rivers_miles)), *y = sorted(nile, COUNT(nile));
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(rivers_miles); i++)
        for (size_t j = i; j < COUNT(rivers_miles); j++)
            pairs[n++] = 0.5 * (x[i] + x[j]);
    gsl_sort(pairs, 1, n);
    for (size_t k = 1; k <= n; k += 97)
        assert_near(sks_walsh_average(x, COUNT(rivers_miles), k), pairs[k - 1], 0.0);
    assert_near(sks_walsh_average(x, COUNT(rivers_miles), n), pairs[n - 1], 0.0);
    n = 0;
    for (size_t i = 0; i < COUNT(rivers_miles); i++)
        for (size_t j = 0; j < COUNT(nile); j++)
            pairs[n++] = x[i] - y[j];
    gsl_sort(pairs, 1, n);
    for (size_t k = 1; k <= n; k += 97)
        assert_near(sks_pair_difference(x, COUNT(rivers_miles), y, COUNT(nile), k), pairs[k - 1],
                    0.0);
}

static void cliffs_delta_counts_pairs(void **state)
{
    const double low[3] = {1, 2, 3}, high[2] = {4, 5}, mixed[4] = {1, 2, 2, 3};

    (void)state;
    assert_near(sks_cliffs_delta(high, 2, low, 3), 1.0, 0.0);
    assert_near(sks_cliffs_delta(low, 3, high, 2), -1.0, 0.0);
    assert_near(sks_cliffs_delta(low, 3, low, 3), 0.0, 0.0);
    /* above, of 12: 0, 1, 3; below: 3, 1, 0 */
    assert_near(sks_cliffs_delta(low, 3, mixed, 4), 0.0, 0.0);
    /* mixed over {2}: one above, one below of four */
    assert_near(sks_cliffs_delta(mixed, 4, low + 1, 1), 0.0, 0.0);
    assert_near(sks_cliffs_delta(mixed, 4, low, 1), 0.75, 0.0);
}

/* At 95 % a true null is refuted in at most 5 % of cases, exact or not. */
static void tests_keep_their_level(void **state)
{
    enum { TRIALS = 2000 };
    static const size_t sizes[] = {8, 15, 40, 80};

    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++) {
        size_t n = sizes[s], paired = 0, apart = 0;

        for (size_t t = 0; t < TRIALS; t++) {
            double d[80], x[80], y[80];
            sks_random random;

            sks_random_init(&random, 11, t);
            for (size_t i = 0; i < n; i++) {
                d[i] = gsl_ran_gaussian(&random.gsl, 1.0);
                x[i] = gsl_ran_gaussian(&random.gsl, 1.0);
                y[i] = gsl_ran_gaussian(&random.gsl, 1.0);
            }
            paired += signed_rank(d, n).p < 0.05;
            apart += rank_sum(x, n, y, n).p < 0.05;
        }
        /* 5 % and three standard deviations of the binomial distribution */
        assert_in_range(paired, TRIALS * 3 / 100, TRIALS * 5 / 100 + 30);
        assert_in_range(apart, TRIALS * 3 / 100, TRIALS * 5 / 100 + 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_rank_is_exact),
        cmocka_unit_test(signed_rank_knows_ties_and_zeros),
        cmocka_unit_test(many_signed_ranks_are_nearly_normal),
        cmocka_unit_test(rank_sum_is_exact),
        cmocka_unit_test(rank_sum_knows_ties),
        cmocka_unit_test(many_rank_sums_are_nearly_normal),
        cmocka_unit_test(too_few_values_claim_no_interval),
        cmocka_unit_test(order_statistics_of_pairs_are_those_of_the_list),
        cmocka_unit_test(cliffs_delta_counts_pairs),
        cmocka_unit_test(tests_keep_their_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
