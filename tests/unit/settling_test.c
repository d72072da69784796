/* Property: warm-up that outlasts the warm-up rounds is found, slow or fast, as far as it reaches;
 * settled samples are left alone, but for a small share of false alarms. */
#include "harness/analysis/random.h"
#include "harness/sweep/settling.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { N = 30 };

static size_t count(const double *seconds, size_t n)
{
    double work[N];

    return sks_count_settling(seconds, n, 3, work);
}

/* Times around 1 s with 1 % noise. */
static void fill(sks_random *random, double *seconds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        seconds[i] = 1 + 0.01 * gsl_ran_gaussian(&random->gsl, 1);
}

static void found_as_far_as_it_reaches(void **state)
{
    double seconds[N];
    sks_random random;

    (void)state;
    sks_random_init(&random, 1, 0);
    fill(&random, seconds, N);
    for (size_t i = 0; i < 4; i++)
        seconds[i] = 2 - 0.2 * (double)i;
    assert_int_equal(count(seconds, N), 4);
    for (size_t i = 0; i < 4; i++)
        seconds[i] = 0.5; /* before the clock fell */
    assert_int_equal(count(seconds, N), 4);
    seconds[0] = 1; /* the first one inside ends it */
    assert_int_equal(count(seconds, N), 0);
}

static void too_few_to_judge(void **state)
{
    static const double seconds[11] = {9, 1, 1.1, 0.9, 1, 1.1, 0.9, 1, 1.1, 0.9, 1};

    (void)state;
    assert_int_equal(count(seconds, 0), 0);
    assert_int_equal(count(seconds, 11), 0);
}

static void switched_off(void **state)
{
    double seconds[N], work[N];
    sks_random random;

    (void)state;
    sks_random_init(&random, 2, 0);
    fill(&random, seconds, N);
    seconds[0] = 100;
    assert_int_equal(sks_count_settling(seconds, N, INFINITY, work), 0);
}

static void few_false_alarms(void **state)
{
    enum { N_TRIALS = 2000 };
    int n_alarms = 0;
    sks_random random;

    (void)state;
    sks_random_init(&random, 3, 0);
    for (int trial = 0; trial < N_TRIALS; trial++) {
        double seconds[N];

        fill(&random, seconds, N);
        n_alarms += count(seconds, N) > 0;
    }
    print_message("%d false alarms in %d\n", n_alarms, N_TRIALS);
    assert_true(n_alarms <= N_TRIALS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_as_far_as_it_reaches),
        cmocka_unit_test(too_few_to_judge),
        cmocka_unit_test(switched_off),
        cmocka_unit_test(few_false_alarms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
