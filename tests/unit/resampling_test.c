/* Property: resamplings draw whole blocks, as many as there are, the same for the same seed; and
 * the short way through ranks draws as the long one through weights does. */
#include "harness/analysis/bootstrap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

#include <gsl/gsl_sort.h>
#include <stdlib.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_drawn_whole),
        cmocka_unit_test(resamplings_draw_as_many_blocks_as_there_are),
        cmocka_unit_test(ranks_are_drawn_as_if_samples_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
