/* Property: streams give the published Philox words, are reproducible and independent of each
 * other, and uniform, normal and Poisson numbers have the distributions they claim. Seeds are
 * fixed, so every number here is the same on every run; the limits are those of a test at the 0.1 %
 * level. */
#include "kernels/astro/philox.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { N = 200000 };

/* Random123's own known answers, tests/kat_vectors: "philox4x32 10". */
static void published_words(void **unused)
{
    sks_philox zero = sks_philox_stream(0, 0, 0);
    sks_philox pi = {.key = {0xa4093822, 0x299f31d0},
                     .counter = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}};
    static const uint32_t zero_words[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    static const uint32_t pi_words[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};

    (void)unused;
    for (int i = 3; i >= 0; i--) { /* a block is used from its end */
        assert_int_equal(sks_philox_word(&zero), zero_words[i]);
        assert_int_equal(sks_philox_word(&pi), pi_words[i]);
    }
}

static void streams_are_named_by_all_three(void **unused)
{
    sks_philox a = sks_philox_stream(7, 1, 1000000007);
    sks_philox again = sks_philox_stream(7, 1, 1000000007);
    sks_philox others[] = {sks_philox_stream(8, 1, 1000000007),
                           sks_philox_stream(7 + (1ULL << 32), 1, 1000000007),
                           sks_philox_stream(7, 2, 1000000007), sks_philox_stream(7, 1, 1000000008),
                           sks_philox_stream(7, 1, 1000000007 + (1ULL << 32))};

    (void)unused;
    for (int i = 0; i < 100; i++) {
        uint32_t word = sks_philox_word(&a);

        assert_int_equal(sks_philox_word(&again), word);
        for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
            assert_int_not_equal(sks_philox_word(&others[k]), word);
    }
}

/* Pearson's statistic against a threshold for its degrees of freedom, by Wilson & Hilferty (1931)
 * at 3.09 standard deviations. */
static void assert_fits(const double *seen, const double *expected, size_t n_bins)
{
    double dof = (double)n_bins - 1, sum = 0;
    double w = 1 - 2 / (9 * dof) + 3.09 * sqrt(2 / (9 * dof));

    for (size_t i = 0; i < n_bins; i++)
        sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
    assert_true(sum < dof * w * w * w);
}

static void uniform_is_flat(void **unused)
{
    sks_philox random = sks_philox_stream(1, 0, 0);
    double seen[64] = {0}, expected[64];

    (void)unused;
    for (int i = 0; i < N; i++) {
        double u = sks_philox_uniform(&random);

        assert_true(u >= 0 && u < 1);
        seen[(int)(u * 64)]++;
    }
    for (int i = 0; i < 64; i++)
        expected[i] = N / 64.0;
    assert_fits(seen, expected, 64);
}

static void normal_is_normal(void **unused)
{
    sks_philox random = sks_philox_stream(2, 0, 0);
    double seen[18] = {0}, expected[18];

    (void)unused;
    for (int i = 0; i < N; i++) {
        double bin = floor(sks_philox_normal(&random) * 2) + 9; /* half a sigma each, open ends */

        seen[(int)fmin(fmax(bin, 0), 17)]++;
    }
    for (int i = 0; i < 18; i++) {
        double low = i == 0 ? -INFINITY : (i - 9) / 2.0;
        double high = i == 17 ? INFINITY : (i - 8) / 2.0;

        expected[i] = N * 0.5 * (erfc(low / sqrt(2)) - erfc(high / sqrt(2)));
    }
    assert_fits(seen, expected, 18);
}

static void poisson_with_mean(double mean, uint64_t stream)
{
    sks_philox random = sks_philox_stream(3, 0, stream);
    long low = lround(fmax(0, floor(mean - 3 * sqrt(mean))));
    long n_bins = lround(floor(mean + 3 * sqrt(mean))) + 1 - low;
    double *seen = calloc((size_t)n_bins, sizeof(*seen));
    double *expected = calloc((size_t)n_bins, sizeof(*expected));
    double inside = 0, total = 0;

    assert_non_null(seen);
    assert_non_null(expected);
    for (int i = 0; i < N; i++) {
        double k = sks_philox_poisson(&random, mean);

        assert_true(k >= 0 && k == floor(k));
        total += k;
        if (k >= low && k < low + n_bins) {
            seen[(long)k - low]++;
            inside++;
        }
    }
    for (long i = 0; i < n_bins; i++)
        expected[i] = exp((double)(low + i) * log(mean) - mean - lgamma((double)(low + i) + 1));
    {
        double sum = 0;

        for (long i = 0; i < n_bins; i++)
            sum += expected[i];
        for (long i = 0; i < n_bins; i++)
            expected[i] *= inside / sum;
        assert_true(fabs(inside / N - sum) < 3.3 * sqrt(sum * (1 - sum) / N));
    }
    assert_fits(seen, expected, (size_t)n_bins);
    assert_true(fabs(total / N - mean) < 3.3 * sqrt(mean / N));
    free(seen);
    free(expected);
}

static void poisson_is_poisson(void **unused)
{
    static const double means[] = {0.5, 3, 9.99, 10.01, 70, 3000};

    (void)unused;
    for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++)
        poisson_with_mean(means[i], i);
}

static void poisson_at_the_ends(void **unused)
{
    sks_philox random = sks_philox_stream(4, 0, 0);

    (void)unused;
    assert_true(sks_philox_poisson(&random, 0) == 0);
    assert_true(sks_philox_poisson(&random, 1e-300) == 0);
    for (int i = 0; i < 1000; i++) {
        double k = sks_philox_poisson(&random, 1e12);

        assert_true(fabs(k - 1e12) < 6e6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_words),    cmocka_unit_test(streams_are_named_by_all_three),
        cmocka_unit_test(uniform_is_flat),    cmocka_unit_test(normal_is_normal),
        cmocka_unit_test(poisson_is_poisson), cmocka_unit_test(poisson_at_the_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
