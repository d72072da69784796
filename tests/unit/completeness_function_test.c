/* Wilson's intervals are those worked out by hand, the fitted completeness function gives back the
 * parameters its counts were made with, with errors that are those of repeated fits, and says so
 * when there is nothing to fit. */
#include "kernels/astro/completeness_function.h"

#include "kernels/astro/philox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

enum { N_BINS = 20 };

static void wilson_by_hand(void **state)
{
    double low, high;

    (void)state;
    /* n = 10, k = 8, z = 2: middle (0.8 + 0.2)/1.4 = 5/7, half width
     * 2/1.4 sqrt(0.016 + 0.01) = 0.230349. */
    sks_wilson_interval(8, 10, 2, &low, &high);
    assert_near(low, 5.0 / 7 - 2 / 1.4 * sqrt(0.026), 1e-15);
    assert_near(high, 5.0 / 7 + 2 / 1.4 * sqrt(0.026), 1e-15);
    /* Nothing of n: from 0 to z^2/(n + z^2); all of n: the mirror image. */
    sks_wilson_interval(0, 12, 2, &low, &high);
    assert_near(low, 0, 0);
    assert_near(high, 4.0 / 16, 1e-15);
    sks_wilson_interval(12, 12, 2, &low, &high);
    assert_near(low, 12.0 / 16, 1e-15);
    assert_near(high, 1, 0);
    sks_wilson_interval(0, 0, 2, &low, &high);
    assert_true(isnan(low) && isnan(high));
}

static double fleming(double plateau, double a, double half, double m)
{
    double t = a * (m - half);

    return plateau / 2 * (1 - t / sqrt(1 + t * t));
}

static void exact_counts(sks_bin_count *bins, double n, double plateau, double a, double half)
{
    for (int i = 0; i < N_BINS; i++) {
        double m = 16.25 + 0.5 * i;

        bins[i] = (sks_bin_count){.mag = m, .n = n, .k = n * fleming(plateau, a, half, m)};
    }
}

static void exact_counts_give_their_parameters(void **state)
{
    static const double steepness[] = {0.7, 1.6, 4};
    static const double plateaus[] = {1, 0.94, 0.6};
    sks_bin_count bins[N_BINS];
    sks_completeness_fit fit;
    double mag, error;

    (void)state;
    for (int s = 0; s < 3; s++) {
        for (int p = 0; p < 3; p++) {
            double level = 0.4 * plateaus[p];

            exact_counts(bins, 2500, plateaus[p], steepness[s], 22.4);
            sks_completeness_fit_counts(bins, N_BINS, &fit);
            assert_true(fit.is_fitted);
            assert_near(fit.mag_half, 22.4, 1e-4);
            assert_near(fit.steepness, steepness[s], 1e-4);
            assert_near(fit.plateau, plateaus[p], 1e-5);
            assert_int_equal(fit.has_plateau, p > 0);
            assert_near(fit.deviance, 0, 1e-3);
            sks_completeness_limit(&fit, level, &mag, &error);
            assert_near(sks_completeness_at(&fit, mag), level, 1e-9);
            assert_near(fleming(plateaus[p], steepness[s], 22.4, mag), level, 1e-4);
            assert_true(error > 0 && error < 0.2);
        }
    }
    sks_completeness_limit(&fit, 0.9, &mag, &error); /* above the plateau of 0.6 */
    assert_true(isnan(mag) && isnan(error));
}

/* The limits of many noisy fits scatter as their errors say: the sum of the normalised squares has
 * mean n and standard deviation sqrt(2 n). */
static void errors_are_those_of_repeated_fits(void **state)
{
    enum { N_FITS = 200, N_STARS = 250 };
    double sum2 = 0, sum = 0;

    (void)state;
    for (uint64_t f = 0; f < N_FITS; f++) {
        sks_philox random = sks_philox_stream(3, 9, f);
        sks_bin_count bins[N_BINS];
        sks_completeness_fit fit;
        double mag, error, truth = 22.4;

        exact_counts(bins, N_STARS, 1, 1.6, truth);
        for (int i = 0; i < N_BINS; i++) {
            double p = bins[i].k / N_STARS;

            bins[i].k = 0;
            for (int star = 0; star < N_STARS; star++)
                bins[i].k += sks_philox_uniform(&random) < p;
        }
        sks_completeness_fit_counts(bins, N_BINS, &fit);
        assert_true(fit.is_fitted);
        sks_completeness_limit(&fit, 0.5, &mag, &error);
        sum += (mag - truth) / error;
        sum2 += (mag - truth) / error * (mag - truth) / error;
    }
    assert_near(sum / N_FITS, 0, 4 / sqrt(N_FITS));
    /* Errors are never scaled down, so the sum may be somewhat small but not large. */
    assert_true(sum2 < N_FITS + 4 * sqrt(2.0 * N_FITS));
    assert_true(sum2 > 0.6 * N_FITS);
}

static void what_cannot_be_fitted_says_why(void **state)
{
    sks_bin_count bins[N_BINS];
    sks_completeness_fit fit;
    double mag, error;

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        for (int i = 0; i < N_BINS; i++)
            bins[i] = (sks_bin_count){.mag = i,
                                      .n = kind == 3 && i > 1 ? 0 : 10,
                                      .k = kind == 0   ? 0
                                           : kind == 1 ? 10
                                           : kind == 2 ? (i < 8 ? 10 : 0)
                                                       : (i < 2 ? 5 : 0)};
        sks_completeness_fit_counts(bins, N_BINS, &fit);
        assert_false(fit.is_fitted);
        assert_non_null(fit.reason);
        sks_completeness_limit(&fit, 0.5, &mag, &error);
        assert_true(isnan(mag) && isnan(error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_by_hand),
        cmocka_unit_test(exact_counts_give_their_parameters),
        cmocka_unit_test(errors_are_those_of_repeated_fits),
        cmocka_unit_test(what_cannot_be_fitted_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
