/* Property: synthetic tasks cost what was asked (mean, spread, shape of every distribution), the
 * work done is counted step by step, and the digest depends neither on how the tasks are cut, nor
 * on workers, scheduler or calibration. Seeds are fixed; statistical limits are 4 standard errors.
 */
#include "kernels/parts/synthetic_cost.h"
#include "kernels/parts/synthetic_load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/run_kernel.h"

enum { N = 200000 };

extern const sks_kernel sks_kernel_synthetic;
static const sks_kernel *const synthetic = &sks_kernel_synthetic;

static sks_task_costs costs_of(sks_cost_distribution distribution, size_t n, double spread)
{
    sks_task_costs costs;

    sks_clear();
    assert_int_equal(sks_task_costs_init(distribution, n, 50, spread, 7, &costs), SKS_OK);
    return costs;
}

struct moments {
    double mean, deviation, kurtosis; /* kurtosis of the normal: 3 */
};

static struct moments measure(const sks_task_costs *costs, double (*of)(double))
{
    double sum = 0, squares = 0, fourths = 0, mean;

    for (size_t i = 0; i < costs->n_tasks; i++)
        sum += of(sks_task_cost_us(costs, i));
    mean = sum / (double)costs->n_tasks;
    for (size_t i = 0; i < costs->n_tasks; i++) {
        double d = of(sks_task_cost_us(costs, i)) - mean;

        squares += d * d;
        fourths += d * d * d * d;
    }
    squares /= (double)costs->n_tasks;
    return (struct moments){mean, sqrt(squares),
                            fourths / (double)costs->n_tasks / (squares * squares)};
}

static double itself(double x)
{
    return x;
}

/* The standard error of a standard deviation is sqrt((kurtosis - 1) / 4n). */
static void assert_moments(const sks_task_costs *costs, double spread)
{
    struct moments m = measure(costs, itself);
    double error = spread / sqrt((double)costs->n_tasks);

    assert_true(fabs(m.mean / 50 - 1) < 4 * error + 1e-12);
    assert_true(fabs(m.deviation / (50 * spread) - 1) <
                4 * sqrt((m.kurtosis - 1) / 4 / (double)costs->n_tasks) + 1e-4);
}

static void random_costs_have_mean_and_spread(void **unused)
{
    static const double spreads[] = {0.01, 0.25, 0.5, 0.577};

    (void)unused;
    for (size_t i = 0; i < sizeof(spreads) / sizeof(spreads[0]); i++)
        for (int d = SKS_COST_RANDOM; d <= SKS_COST_BIMODAL; d++) {
            sks_task_costs costs = costs_of((sks_cost_distribution)d, N, spreads[i]);

            assert_moments(&costs, spreads[i]);
        }
}

static void lines_have_them_exactly(void **unused)
{
    static const size_t numbers[] = {1, 2, 3, 1000};

    (void)unused;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        double n = (double)numbers[i];
        sks_task_costs up = costs_of(SKS_COST_INCREASING, numbers[i], 0.5);
        sks_task_costs down = costs_of(SKS_COST_DECREASING, numbers[i], 0.5);
        sks_task_costs flat = costs_of(SKS_COST_CONSTANT, numbers[i], 0.5);
        struct moments m = measure(&up, itself);

        assert_true(fabs(m.mean - 50) < 1e-9);
        assert_true(fabs(m.deviation - 25 * sqrt(1 - 1 / (n * n))) < 1e-9);
        for (size_t task = 0; task < numbers[i]; task++) {
            assert_true(sks_task_cost_us(&flat, task) == 50);
            assert_true(fabs(sks_task_cost_us(&up, task) -
                             sks_task_cost_us(&down, numbers[i] - 1 - task)) < 1e-9);
            if (task > 0)
                assert_true(sks_task_cost_us(&up, task) > sks_task_cost_us(&up, task - 1));
        }
    }
}

static double logarithm(double x)
{
    return log(x);
}

static void shapes_are_what_their_names_say(void **unused)
{
    const double spread = 0.5, width = sqrt(log(1.25));
    sks_task_costs uniform = costs_of(SKS_COST_RANDOM, N, spread);
    sks_task_costs normal = costs_of(SKS_COST_NORMAL, N, 0.2);
    sks_task_costs lognormal = costs_of(SKS_COST_LOGNORMAL, N, spread);
    sks_task_costs bimodal = costs_of(SKS_COST_BIMODAL, N, spread);
    struct moments m;
    size_t n_low = 0;

    (void)unused;
    m = measure(&uniform, itself);
    assert_true(fabs(m.kurtosis - 1.8) < 0.01);
    m = measure(&normal, itself); /* cut off five standard deviations away */
    assert_true(fabs(m.kurtosis - 3) < 4 * sqrt(24.0 / N));
    m = measure(&lognormal, logarithm);
    assert_true(fabs(m.mean - (log(50) - 0.5 * width * width)) < 4 * width / sqrt(N));
    assert_true(fabs(m.kurtosis - 3) < 4 * sqrt(24.0 / N));
    for (size_t i = 0; i < N; i++) {
        double cost = sks_task_cost_us(&bimodal, i);

        assert_true(cost == 25 || cost == 75);
        n_low += cost == 25;
    }
    assert_true(fabs((double)n_low - N / 2.0) < 4 * 0.5 * sqrt(N));
}

static void costs_are_never_negative(void **unused)
{
    (void)unused;
    for (int d = SKS_COST_CONSTANT; d <= SKS_COST_BIMODAL; d++) {
        sks_task_costs costs = costs_of((sks_cost_distribution)d, N, sqrt(1.0 / 3));

        for (size_t i = 0; i < N; i++) {
            double cost = sks_task_cost_us(&costs, i);

            assert_true(cost >= 0 && isfinite(cost));
            if (d != SKS_COST_LOGNORMAL)
                assert_true(cost <= 100 + 1e-9);
        }
    }
}

static void impossible_spreads_are_refused(void **unused)
{
    sks_task_costs costs;

    (void)unused;
    for (int d = SKS_COST_CONSTANT; d <= SKS_COST_BIMODAL; d++) {
        bool has_limit = d != SKS_COST_CONSTANT && d != SKS_COST_LOGNORMAL;
        double spread = d == SKS_COST_BIMODAL ? 1.01 : 0.58;

        sks_clear();
        assert_int_equal(sks_task_costs_init((sks_cost_distribution)d, 10, 50, spread, 1, &costs),
                         has_limit ? SKS_ERR_USAGE : SKS_OK);
        if (has_limit)
            assert_non_null(strstr(sks_message(), sks_cost_distribution_name[d]));
    }
    sks_clear();
}

static void every_step_is_counted(void **unused)
{
    static const uint64_t n_steps[] = {0, 1, 12345, (1 << 18) + 1, 1 << 20};

    (void)unused;
    for (int mode = SKS_LOAD_SPIN; mode <= SKS_LOAD_MEMORY; mode++) {
        sks_load *load;

        assert_int_equal(sks_load_create((sks_load_mode)mode, 8 * 1009, &load), SKS_OK);
        for (size_t i = 0; i < sizeof(n_steps) / sizeof(n_steps[0]); i++)
            assert_int_equal(sks_load_work(load, n_steps[i]), n_steps[i]);
        sks_cancel = 1;
        assert_int_equal(sks_load_work(load, UINT64_C(1) << 60), 0);
        sks_cancel = 0;
        sks_load_destroy(load);
    }
}

static void calibration_holds_for_the_process(void **unused)
{
    double first, again, other;

    (void)unused;
    assert_int_equal(sks_load_calibrate(SKS_LOAD_SPIN, 0, &first), SKS_OK);
    assert_int_equal(sks_load_calibrate(SKS_LOAD_MEMORY, 4096, &other), SKS_OK);
    assert_int_equal(sks_load_calibrate(SKS_LOAD_SPIN, 4096, &again), SKS_OK);
    assert_true(first > 0 && other > 0 && isfinite(first) && isfinite(other));
    assert_true(first == again);
}

/* The digest when the tasks are run in pieces of `chunk`, last piece first. */
static void digest_in_pieces(size_t chunk, const char *const *parameters, sks_digest *digest)
{
    sks_values *values = kernel_values(synthetic, parameters);
    sks_notes notes = {0};
    void *state, *scratch;
    size_t n, size;
    char *results;

    assert_int_equal(synthetic->prepare(values, &state), SKS_OK);
    n = synthetic->task_count(state);
    size = synthetic->result_size(state);
    results = malloc(n * size + 1);
    assert_non_null(results);
    assert_int_equal(synthetic->scratch(state, &scratch), SKS_OK);
    for (size_t end = n; end > 0;) {
        size_t begin = end > chunk ? end - chunk : 0;

        assert_int_equal(
            synthetic->run(state, scratch, (sks_range){begin, end}, results + begin * size),
            SKS_OK);
        end = begin;
    }
    assert_int_equal(synthetic->finish(state, results, &notes), SKS_OK);
    assert_int_equal(synthetic->verify(state), SKS_OK);
    assert_int_equal(synthetic->digest(state, digest), SKS_OK);
    synthetic->scratch_free(scratch);
    synthetic->teardown(state);
    free(results);
    sks_values_destroy(values);
}

static void the_digest_does_not_depend_on_the_cut(void **unused)
{
    static const char *const ways[][13] = {
        {"tasks", "1000", "cost", "1", "distribution", "normal", NULL},
        {"tasks", "1000", "cost", "1", "distribution", "normal", "steps-per-us", "3.7", NULL},
        {"tasks", "1000", "cost", "1", "distribution", "normal", "mode", "memory", "bytes", "4096",
         NULL},
    };
    static const char *const others[][13] = {
        {"tasks", "1000", "cost", "1", "distribution", "normal", "seed", "2", NULL},
        {"tasks", "1000", "cost", "1", "distribution", "random", NULL},
        {"tasks", "999", "cost", "1", "distribution", "normal", NULL},
    };
    sks_digest first, digest;

    (void)unused;
    digest_in_pieces(1000, ways[0], &first);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        for (size_t chunk = 1; chunk < 1000; chunk = 7 * chunk + 3) {
            digest_in_pieces(chunk, ways[i], &digest);
            assert_string_equal(digest.hex, first.hex);
        }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        digest_in_pieces(100, others[i], &digest);
        assert_string_not_equal(digest.hex, first.hex);
    }
}

static void the_digest_does_not_depend_on_the_schedule(void **unused)
{
    static const char *const parameters[] = {"tasks",     "500",    "cost", "2", "distribution",
                                             "lognormal", "spread", "2",    NULL};
    sks_digest first = {""};

    (void)unused;
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++)
        for (unsigned n = 1; n <= 4; n++) {
            sks_record record;

            assert_int_equal(
                run_kernel(synthetic, sks_scheduler_table[i]->name, n, parameters, &record),
                SKS_OK);
            if (first.hex[0] == '\0')
                first = record.digest;
            assert_string_equal(record.digest.hex, first.hex);
            sks_record_clear(&record);
        }
}

static void work_is_what_was_asked(void **unused)
{
    static const char *const spin[] = {"tasks", "50", "cost", "100", "steps-per-us", "10", NULL};
    static const char *const memory[] = {"tasks",        "50",   "cost", "100",
                                         "steps-per-us", "10",   "mode", "memory",
                                         "bytes",        "4096", NULL};
    static const char *const none[] = {"tasks", "0", NULL};
    sks_record record;

    (void)unused;
    assert_int_equal(run_kernel(synthetic, "dynamic", 2, spin, &record), SKS_OK);
    assert_true(record.work.flops == 2.0 * 50 * 1000 && record.work.bytes == 0);
    assert_string_equal(record.notes.note[0].name, "cost_s");
    assert_true(fabs(record.notes.note[0].value - 50e-4) < 1e-12);
    sks_record_clear(&record);
    assert_int_equal(run_kernel(synthetic, "dynamic", 2, memory, &record), SKS_OK);
    assert_true(record.work.flops == 0 && record.work.bytes == 8.0 * 50 * 1000);
    sks_record_clear(&record);
    assert_int_equal(run_kernel(synthetic, "static", 2, none, &record), SKS_OK);
    assert_int_equal(record.n_tasks, 0);
    sks_record_clear(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_costs_have_mean_and_spread),
        cmocka_unit_test(lines_have_them_exactly),
        cmocka_unit_test(shapes_are_what_their_names_say),
        cmocka_unit_test(costs_are_never_negative),
        cmocka_unit_test(impossible_spreads_are_refused),
        cmocka_unit_test(every_step_is_counted),
        cmocka_unit_test(calibration_holds_for_the_process),
        cmocka_unit_test(the_digest_does_not_depend_on_the_cut),
        cmocka_unit_test(the_digest_does_not_depend_on_the_schedule),
        cmocka_unit_test(work_is_what_was_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
