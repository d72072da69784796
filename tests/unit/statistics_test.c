/* Property: medians, quantiles and intervals equal values derived by hand from their definitions,
 * and the bootstrap draws what its definition says it draws. */
#include "harness/analysis/statistics.h"

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

static const double ten[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static void quantiles_follow_type_7(void **state)
{
    (void)state;
    assert_near(sks_median(ten, 10), 5.5, 0.0);
    assert_near(sks_median(ten, 9), 5.0, 0.0);
    assert_near(sks_median(ten, 1), 1.0, 0.0);
    /* h = (n - 1) p = 2.25: a quarter of the way from the third to the fourth */
    assert_near(sks_quantile(ten, 10, 0.25), 3.25, 1e-15);
    assert_near(sks_quantile(ten, 10, 0.0), 1.0, 0.0);
    assert_near(sks_quantile(ten, 10, 1.0), 10.0, 0.0);
}

static void mad_is_the_median_of_deviations(void **state)
{
    /* median 2, deviations 1 1 0 0 2 4 7, sorted 0 0 1 1 2 4 7 */
    const double x[7] = {1, 1, 2, 2, 4, 6, 9};
    double work[7];

    (void)state;
    assert_near(sks_mad(x, 7, work), 1.0, 0.0);
}

/* The tails of the binomial (n, 1/2), summed by hand as fractions of 2^n. */
static void median_intervals_match_the_binomial_table(void **state)
{
    static const struct {
        size_t n, k;
        double missed; /* of 2^n, both tails */
    } table[] = {
        {6, 1, 2 * 1},                                     /* 96.9 % */
        {7, 1, 2 * 1},                                     /* 98.4 % */
        {8, 1, 2 * 1},                                     /* k = 2 would cover 93.0 % */
        {9, 2, 2 * (1 + 9)},                               /* 96.1 % */
        {10, 2, 2 * (1 + 10)},                             /* 97.9 % */
        {12, 3, 2 * (1 + 12 + 66)},                        /* 96.1 % */
        {15, 4, 2 * (1 + 15 + 105 + 455)},                 /* 96.5 % */
        {20, 6, 2 * (1 + 20 + 190 + 1140 + 4845 + 15504)}, /* 95.9 % */
    };
    double x[20];

    (void)state;
    for (size_t i = 0; i < 20; i++)
        x[i] = (double)(i + 1);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        double achieved;
        sks_interval interval = sks_median_interval(x, table[i].n, 0.95, &achieved);

        assert_near(interval.low, (double)table[i].k, 0.0);
        assert_near(interval.high, (double)(table[i].n + 1 - table[i].k), 0.0);
        assert_near(achieved, 1.0 - ldexp(table[i].missed, -(int)table[i].n), 1e-12);
    }
}

static void no_interval_is_claimed_from_too_few_samples(void **state)
{
    double achieved = 0.0;

    (void)state;
    assert_int_equal(sks_median_min_n(0.95), 6);
    assert_int_equal(sks_median_min_n(0.99), 8);
    assert_int_equal(sks_median_min_n(0.5), 2);
    for (size_t n = 1; n < 6; n++) {
        assert_false(sks_interval_is_known(sks_median_interval(ten, n, 0.95, &achieved)));
        assert_true(isnan(achieved));
    }
    assert_true(sks_interval_is_known(sks_median_interval(ten, 6, 0.95, NULL)));
}

/* Known answer of the generator itself: Philox4x32-10 of counter 0 and key 0, from the kat_vectors
 * file of the Random123 distribution. */
static void random_numbers_are_philox(void **state)
{
    sks_random random;

    (void)state;
    sks_random_init(&random, 0, 0);
    assert_int_equal(gsl_rng_get(&random.gsl), 0xe169c58d6627e8d5UL);
}

static void random_numbers_depend_on_seed_stream_and_position(void **state)
{
    sks_random a, b;
    unsigned long first, second;

    (void)state;
    sks_random_init(&a, 7, 3);
    first = gsl_rng_get(&a.gsl);
    second = gsl_rng_get(&a.gsl);
    assert_int_not_equal(first, second);
    sks_random_init(&b, 7, 3);
    b.counter = 1;
    assert_int_equal(gsl_rng_get(&b.gsl), second);
    sks_random_init(&b, 7, 4);
    assert_int_not_equal(gsl_rng_get(&b.gsl), first);
    sks_random_init(&b, 8, 3);
    assert_int_not_equal(gsl_rng_get(&b.gsl), first);
}

/* The median of every one of the n^n equally likely draws from x[n] = 0, 1, 10, 100, …, counted by
 * value; at most 16 values differ. */
static size_t enumerate_medians(const double *x, size_t n, double *value, double *probability)
{
    size_t n_draws = 1, n_values = 0;

    for (size_t i = 0; i < n; i++)
        n_draws *= n;
    for (size_t d = 0; d < n_draws; d++) {
        double drawn[5], m;
        size_t v = 0, rest = d;

        for (size_t i = 0; i < n; i++, rest /= n)
            drawn[i] = x[rest % n];
        gsl_sort(drawn, 1, n);
        m = sks_median(drawn, n);
        while (v < n_values && value[v] != m)
            v++;
        if (v == n_values) {
            value[n_values] = m;
            probability[n_values++] = 0.0;
        }
        probability[v] += 1.0 / (double)n_draws;
    }
    return n_values;
}

/* Frequencies within five standard deviations of the exact probabilities. */
static void resampled_medians_have_the_exact_distribution(void **state)
{
    enum { DRAWS = 200000 };
    static const double x[5] = {0, 1, 10, 100, 1000};

    (void)state;
    for (size_t n = 1; n <= 5; n++) {
        double value[16], probability[16];
        size_t n_values = enumerate_medians(x, n, value, probability);
        size_t count[16] = {0}, known = 0;
        sks_random random;

        sks_random_init(&random, 1, n);
        for (size_t i = 0; i < DRAWS; i++) {
            double m = sks_resampled_median(x, n, &random);

            for (size_t v = 0; v < n_values; v++)
                if (m == value[v]) {
                    count[v]++;
                    known++;
                }
        }
        assert_int_equal(known, DRAWS);
        for (size_t v = 0; v < n_values; v++) {
            double p = probability[v];

            assert_near((double)count[v] / DRAWS, p,
                        1e-12 + 5.0 * sqrt(fabs(p * (1.0 - p)) / DRAWS));
        }
    }
}

static void percentile_intervals_go_by_rank(void **state)
{
    double r[999];
    sks_interval interval;

    (void)state;
    for (size_t i = 0; i < 999; i++)
        r[i] = (double)(999 - i);
    interval = sks_percentile_interval(r, 999, 0.95); /* ranks 25 and 975 of 1 … 999 */
    assert_near(interval.low, 25.0, 0.0);
    assert_near(interval.high, 975.0, 0.0);
    for (size_t i = 900; i < 999; i++)
        r[i] = INFINITY;
    interval = sks_percentile_interval(r, 999, 0.95);
    assert_near(interval.low, 25.0, 0.0);
    assert_true(isinf(interval.high));
    assert_false(sks_interval_is_known(sks_percentile_interval(r, 10, 0.95)));
}

static void bca_without_bias_is_the_percentile_interval(void **state)
{
    const double symmetric[4] = {-2, -1, 1, 2};
    const double skewed[4] = {0, 0, 0, 3};
    double r[1999];
    sks_interval plain, bca, moved;

    (void)state;
    for (size_t i = 0; i < 1999; i++)
        r[i] = (double)i - 999.0;
    plain = sks_percentile_interval(r, 1999, 0.9);
    bca = sks_bca_interval(r, 1999, 0.0, symmetric, 4, 0.9);
    assert_near(bca.low, plain.low, 1.0);
    assert_near(bca.high, plain.high, 1.0);
    /* estimate above the middle of the replicates: they are biased low, the interval moves up */
    moved = sks_bca_interval(r, 1999, 200.0, symmetric, 4, 0.9);
    assert_true(moved.low > bca.low && moved.high > bca.high);
    /* mean - x_i = 3/4, 3/4, 3/4, -9/4: cubes -81/8, squares 27/4, a = -(81/8)/(6 (27/4)^1.5) */
    moved = sks_bca_interval(r, 1999, 0.0, skewed, 4, 0.9);
    assert_true(moved.low < bca.low && moved.high < bca.high);
    assert_false(sks_interval_is_known(sks_bca_interval(r, 1999, -1e9, symmetric, 4, 0.9)));
}

/* R 4.2.2: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.2), "holm") */
static void holm_adjusts_as_r_does(void **state)
{
    const double p[6] = {0.01, 0.04, NAN, 0.03, 0.005, 0.2};
    const double expected[6] = {0.04, 0.09, NAN, 0.09, 0.025, 0.2};
    double adjusted[6];

    (void)state;
    assert_int_equal(sks_holm(p, 6, adjusted), SKS_OK);
    for (size_t i = 0; i < 6; i++)
        if (isnan(expected[i]))
            assert_true(isnan(adjusted[i]));
        else
            assert_near(adjusted[i], expected[i], 1e-15);
}

/* R 4.2.2: acf(lh, plot = FALSE)$acf[2], the luteinizing hormone series of Diggle (1990) */
static void autocorrelation_is_that_of_r(void **state)
{
    static const double lh[48] = {2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7,
                                  2.2, 1.8, 3.2, 3.2, 2.7, 2.2, 2.2, 1.9, 1.9, 1.8, 2.7, 3.0,
                                  2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3, 2.6, 2.4, 1.8, 1.7,
                                  1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6, 2.1, 3.4, 3.0, 2.9};

    (void)state;
    assert_near(sks_lag1_autocorrelation(lh, 48), 0.575524475524475, 1e-12);
    assert_true(isnan(sks_lag1_autocorrelation(lh, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_follow_type_7),
        cmocka_unit_test(mad_is_the_median_of_deviations),
        cmocka_unit_test(median_intervals_match_the_binomial_table),
        cmocka_unit_test(no_interval_is_claimed_from_too_few_samples),
        cmocka_unit_test(random_numbers_are_philox),
        cmocka_unit_test(random_numbers_depend_on_seed_stream_and_position),
        cmocka_unit_test(resampled_medians_have_the_exact_distribution),
        cmocka_unit_test(percentile_intervals_go_by_rank),
        cmocka_unit_test(bca_without_bias_is_the_percentile_interval),
        cmocka_unit_test(holm_adjusts_as_r_does),
        cmocka_unit_test(autocorrelation_is_that_of_r),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
