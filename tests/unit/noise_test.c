/* Property: what disturbed a run is read as finite numbers, or NaN where the system does not tell;
 * the core-to-core probe ends whatever units it is given. */
#include "harness/measure/noise.h"

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void quantities_are_finite_and_not_negative(void **state)
{
    sks_noise_mark mark;
    sks_noise noise;

    (void)state;
    sks_noise_begin(&mark);
    sks_noise_end(&mark, &noise);
    assert_true(noise.involuntary_switches >= 0);
    assert_true(noise.major_faults >= 0);
    assert_true(isnan(noise.steal_s) || noise.steal_s >= 0);
    assert_true(isnan(noise.other_load_s) || noise.other_load_s >= 0);
    assert_true(isnan(noise.frequency_hz) || noise.frequency_hz > 1e6);
    assert_true(isnan(noise.latency_before_s) && isnan(noise.latency_after_s));
}

/* With marks set by hand: the machine was busy for a thousand seconds longer than this process. */
static void own_work_is_not_the_load_of_others(void **state)
{
    sks_noise_mark mark;
    sks_noise noise;

    (void)state;
    sks_noise_begin(&mark);
    if (isnan(mark.busy_s))
        skip();
    mark.busy_s -= 1500;
    mark.own_s -= 500;
    mark.steal_s -= 7;
    sks_noise_end(&mark, &noise);
    assert_true(noise.other_load_s >= 999 && noise.other_load_s < 1e4);
    assert_true(noise.steal_s > 6.9);

    /* Rounding of the system's ticks does not make the others' time negative. */
    mark.own_s -= 1e6;
    sks_noise_end(&mark, &noise);
    assert_true(noise.other_load_s == 0);
}

/* The first two units this process may use; false when there is only one. */
static bool two_units(int *a, int *b)
{
    cpu_set_t set;
    int n = 0;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return false;
    for (int unit = 0; unit < CPU_SETSIZE && n < 2; unit++)
        if (CPU_ISSET(unit, &set))
            *(n++ == 0 ? a : b) = unit;
    return n == 2;
}

static void latency_of_two_units(void **state)
{
    double best_s = INFINITY;
    int a = -1, b = -1;

    (void)state;
    if (!two_units(&a, &b))
        skip();
    /* On a machine that is busy with something else the partner may not get its turn in time. */
    for (int i = 0; i < 50; i++)
        best_s = fmin(best_s, sks_core_latency(a, b));
    assert_true(isinf(best_s) || (best_s > 1e-10 && best_s < 1e-3));
}

static void latency_of_what_cannot_be_used_is_nan(void **state)
{
    (void)state;
    assert_true(isnan(sks_core_latency(0, 0)));
    assert_true(isnan(sks_core_latency(-1, 0)));
    assert_true(isnan(sks_core_latency(0, -1)));
    assert_true(isnan(sks_core_latency(0, CPU_SETSIZE)));
    assert_true(isnan(sks_core_latency(CPU_SETSIZE - 1, CPU_SETSIZE - 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_are_finite_and_not_negative),
        cmocka_unit_test(own_work_is_not_the_load_of_others),
        cmocka_unit_test(latency_of_two_units),
        cmocka_unit_test(latency_of_what_cannot_be_used_is_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
