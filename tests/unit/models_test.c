/* Property: every scaling model recovers the parameters that made its data, and no parameter ever
 * leaves its range. */
#include "harness/analysis/linear_fit.h"
#include "harness/analysis/model.h"
#include "harness/analysis/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

static const double workers[] = {1, 2, 3, 4, 6, 8, 12, 16};
enum { N_POINTS = sizeof(workers) / sizeof(workers[0]) };

/* One set of true parameters for each model, away from all bounds. */
static const struct truth {
    const char *model;
    double p[SKS_MAX_MODEL_PARAMETERS];
    double optimum;
    double serial_fraction;
} truths[] = {
    {"amdahl", {0.1, 0.9}, INFINITY, 0.1},
    {"log", {0.05, 1.2, 0.1}, 12.0, 0.05 / 1.25},
    {"usl", {2.0, 0.1, 0.01}, 9.486832980505138, 0.1}, /* sqrt(0.9/0.01) = sqrt(90) */
    {"gustafson", {3.0, 0.2}, INFINITY, 0.2},
};
enum { N_TRUTHS = sizeof(truths) / sizeof(truths[0]) };

static const sks_model *model_of(const struct truth *truth)
{
    const sks_model *model = NULL;

    assert_int_equal(sks_model_find(truth->model, &model), SKS_OK);
    return model;
}

static void every_model_has_a_truth(void **state)
{
    (void)state;
    for (size_t i = 0; sks_model_table[i] != NULL; i++) {
        const sks_model *m = sks_model_table[i];
        bool found = false;

        for (size_t t = 0; t < N_TRUTHS; t++)
            found = found || strcmp(truths[t].model, m->name) == 0;
        if (!found)
            fail_msg("model %s has no truth in this test", m->name);
        assert_non_null(m->summary);
        assert_non_null(m->citation);
        assert_in_range(m->n_parameters, 1, SKS_MAX_MODEL_PARAMETERS);
    }
}

static void formulae_give_values_worked_out_by_hand(void **state)
{
    const sks_model *m;

    (void)state;
    m = model_of(&truths[0]);
    assert_near(m->eval(truths[0].p, 3), 0.1 + 0.3, 1e-15);
    m = model_of(&truths[1]);
    assert_near(m->eval(truths[1].p, 1), 1.25, 1e-15); /* no overhead at N = 1 */
    assert_near(m->eval(truths[1].p, 4), 0.05 + 0.3 + 0.1386294361119891, 1e-15);
    m = model_of(&truths[2]);
    /* 2 (1 + 0.1 * 3 + 0.01 * 12) / 4 */
    assert_near(m->eval(truths[2].p, 4), 0.71, 1e-15);
    m = model_of(&truths[3]);
    /* scaled speedup N T(1)/T(N) = 0.2 + 0.8 * 4 = 3.4 */
    assert_near(4.0 * 3.0 / m->eval(truths[3].p, 4), 3.4, 1e-14);
}

static void exact_data_give_back_the_parameters(void **state)
{
    (void)state;
    for (size_t t = 0; t < N_TRUTHS; t++) {
        const sks_model *m = model_of(&truths[t]);
        double seconds[N_POINTS], p[SKS_MAX_MODEL_PARAMETERS];

        for (size_t i = 0; i < N_POINTS; i++)
            seconds[i] = m->eval(truths[t].p, workers[i]);
        assert_true(m->fit(workers, seconds, N_POINTS, p));
        for (size_t k = 0; k < m->n_parameters; k++)
            assert_near(p[k], truths[t].p[k], 1e-12 * truths[t].p[0]);
        if (isinf(truths[t].optimum))
            assert_true(isinf(m->optimum(p)));
        else
            assert_near(m->optimum(p), truths[t].optimum, 1e-9);
        assert_near(m->serial_fraction(p), truths[t].serial_fraction, 1e-11);
        /* as many points as parameters are enough, one less is not */
        assert_true(m->fit(workers, seconds, m->n_parameters, p));
        assert_false(m->fit(workers, seconds, m->n_parameters - 1, p));
    }
}

/* The optimum is where T is least (weak models: N/T greatest), on a grid finer than asserted. */
static void the_optimum_is_the_minimum(void **state)
{
    (void)state;
    for (size_t t = 0; t < N_TRUTHS; t++) {
        const sks_model *m = model_of(&truths[t]);
        double optimum = m->optimum(truths[t].p);

        if (m->is_weak || isinf(optimum))
            continue;
        assert_true(m->eval(truths[t].p, optimum) < m->eval(truths[t].p, optimum * 1.01));
        assert_true(m->eval(truths[t].p, optimum) < m->eval(truths[t].p, optimum * 0.99));
    }
}

/* Pure laws at the edge of the others' range: what is not there comes out as exactly zero, and
 * "more workers always help" or "one is best" follows from it. */
static void absent_terms_are_exactly_zero(void **state)
{
    const sks_model *amdahl = model_of(&truths[0]), *log_model = model_of(&truths[1]);
    const sks_model *usl = model_of(&truths[2]);
    double perfect[N_POINTS], constant[N_POINTS], superlinear[N_POINTS], slower[N_POINTS];
    double p[SKS_MAX_MODEL_PARAMETERS];

    (void)state;
    for (size_t i = 0; i < N_POINTS; i++) {
        perfect[i] = 6.0 / workers[i];
        constant[i] = 6.0;
        superlinear[i] = 6.0 / pow(workers[i], 1.2);
        slower[i] = 6.0 * (1.0 + 0.1 * (workers[i] - 1.0));
    }
    assert_true(amdahl->fit(workers, perfect, N_POINTS, p));
    assert_true(p[0] == 0.0 && fabs(p[1] - 6.0) < 1e-12);
    assert_true(amdahl->fit(workers, constant, N_POINTS, p));
    assert_true(p[1] == 0.0 && amdahl->optimum(p) == 1.0);
    assert_true(amdahl->fit(workers, superlinear, N_POINTS, p));
    assert_true(p[0] == 0.0);
    assert_true(log_model->fit(workers, perfect, N_POINTS, p));
    assert_true(p[0] == 0.0 && p[2] == 0.0 && isinf(log_model->optimum(p)));
    assert_true(usl->fit(workers, constant, N_POINTS, p));
    assert_true(p[1] == 1.0 && p[2] == 0.0 && usl->optimum(p) == 1.0);
    assert_true(usl->fit(workers, slower, N_POINTS, p));
    assert_true(p[1] == 1.0 && fabs(p[2] - 0.1) < 1e-12 && usl->optimum(p) == 1.0);
    assert_true(usl->fit(workers, superlinear, N_POINTS, p));
    assert_true(p[1] == 0.0 && p[2] == 0.0 && isinf(usl->optimum(p)));
}

/* The conditions of Kuhn and Tucker: at the minimum of the squares under p >= 0 the gradient is
 * zero for coefficients that are positive and not negative for those that are zero. */
static void log_row(double n_workers, double seconds, double *row)
{
    row[0] = 1.0 / seconds;
    row[1] = 1.0 / (n_workers * seconds);
    row[2] = log(n_workers) / seconds;
}

static void constrained_fits_meet_the_optimality_conditions(void **state)
{
    size_t n_on_bound = 0;

    (void)state;
    for (uint64_t trial = 0; trial < 300; trial++) {
        double seconds[N_POINTS], p[3], gradient[3] = {0};
        sks_random random;

        sks_random_init(&random, 5, trial);
        for (size_t i = 0; i < N_POINTS; i++)
            seconds[i] = (0.02 + 1.0 / workers[i]) * gsl_ran_lognormal(&random.gsl, 0.0, 0.3);
        assert_true(sks_linear_fit(log_row, 3, workers, seconds, N_POINTS, p));
        for (size_t i = 0; i < N_POINTS; i++) {
            double row[3], residual = -1.0;

            log_row(workers[i], seconds[i], row);
            for (size_t k = 0; k < 3; k++)
                residual += row[k] * p[k];
            for (size_t k = 0; k < 3; k++)
                gradient[k] += residual * row[k];
        }
        for (size_t k = 0; k < 3; k++) {
            assert_true(p[k] >= 0.0);
            n_on_bound += p[k] == 0.0;
            if (p[k] > 0.0)
                assert_near(gradient[k], 0.0, 1e-8);
            else
                assert_true(gradient[k] >= -1e-8);
        }
    }
    assert_true(n_on_bound > 30); /* or the trial would not have tried the constraint */
}

static void unknown_names_get_the_nearest(void **state)
{
    const sks_model *model = NULL;

    (void)state;
    sks_clear();
    assert_int_equal(sks_model_find("amdal", &model), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "did you mean \"amdahl\""));
    assert_null(model);
    sks_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_has_a_truth),
        cmocka_unit_test(formulae_give_values_worked_out_by_hand),
        cmocka_unit_test(exact_data_give_back_the_parameters),
        cmocka_unit_test(the_optimum_is_the_minimum),
        cmocka_unit_test(absent_terms_are_exactly_zero),
        cmocka_unit_test(constrained_fits_meet_the_optimality_conditions),
        cmocka_unit_test(unknown_names_get_the_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
