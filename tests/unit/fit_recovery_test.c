/* Property: of campaigns whose truth is known, with noise, outliers and drift, 95 % intervals hold
 * the truth in 90 to 99 % of cases, and the law behind the data is the one that is named. */
#include "tests/unit/synthetic_campaign.h"

#include "harness/analysis/fit.h"

/* Sanitizers slow the arithmetic down tenfold: fewer campaigns, and as much more tolerance. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_CAMPAIGNS = 60, LEAST = 50, MOST = 60, LEAST_RIGHT = 50 };
#else
enum { N_CAMPAIGNS = 500, LEAST = 450, MOST = 495, LEAST_RIGHT = 450 };
#endif

static const unsigned workers[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};
enum { N_WORKERS = sizeof(workers) / sizeof(workers[0]), N_ROUNDS = 15 };

/* 2 % noise, 2 % drift, and every twentieth sample disturbed. */
static const disturbance usual = {.sigma = 0.02, .drift = 0.02, .outliers = 0.05};

/* One set of true parameters for each model, away from all bounds, such that the models differ by
 * more than the noise. */
static const struct truth {
    const char *model;
    double p[SKS_MAX_MODEL_PARAMETERS];
    double optimum, serial_fraction;
} truths[] = {
    {"amdahl", {0.1, 0.9}, INFINITY, 0.1},
    {"log", {0.05, 1.2, 0.1}, 12.0, 0.05 / 1.25},
    {"usl", {2.0, 0.1, 0.01}, 9.486832980505138, 0.1}, /* sqrt(0.9/0.01) */
    {"gustafson", {3.0, 0.2}, INFINITY, 0.2},
};
enum { N_TRUTHS = sizeof(truths) / sizeof(truths[0]) };

static bool covers(sks_interval interval, double truth)
{
    return interval.low <= truth && truth <= interval.high;
}

static const sks_model_fit *fit_of(const sks_fit *fit, const sks_model *model)
{
    for (size_t i = 0; i < fit->n_models; i++)
        if (fit->models[i].model == model)
            return &fit->models[i];
    return NULL;
}

typedef struct tally {
    size_t parameter[SKS_MAX_MODEL_PARAMETERS], serial, optimum; /* intervals that hold it */
    size_t law, one_run; /* so do the bands, at 1.5 times the range */
    size_t right;        /* named as best */
} tally;

static void count(const struct truth *truth, const sks_model *model, const sks_fit *fit,
                  uint64_t seed, tally *t)
{
    const sks_model_fit *m = fit_of(fit, model);
    double n_workers = 48.0, time = model->eval(truth->p, n_workers);
    sks_prediction prediction;
    sks_random random;

    assert_true(m->is_fitted);
    for (size_t k = 0; k < model->n_parameters; k++) {
        assert_true(m->parameter[k].value >= 0.0);
        assert_true(m->parameter[k].value <= model->parameters[k].max);
        t->parameter[k] += covers(m->parameter[k].interval, truth->p[k]);
    }
    t->serial += covers(m->serial_fraction.interval, truth->serial_fraction);
    t->optimum += covers(m->optimum.interval, truth->optimum);
    t->right += fit->preferred == m && fit->verdict != SKS_NOT_TOLD_APART;

    assert_int_equal(sks_fit_predict(fit, m, &n_workers, 1, &prediction), SKS_OK);
    t->law += covers(prediction.seconds.interval, time);
    sks_random_init(&random, seed, 4242);
    time *= exp(usual.drift * (gsl_rng_uniform(&random.gsl) - 0.5));
    time *= gsl_ran_lognormal(&random.gsl, 0.0, usual.sigma);
    if (gsl_rng_uniform(&random.gsl) < usual.outliers)
        time *= gsl_ran_flat(&random.gsl, 1.2, 3.0);
    t->one_run += covers(prediction.one_run, time);
}

static void known_truths_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRUTHS; i++) {
        const sks_model *model = NULL;
        tally t = {0};

        assert_int_equal(sks_model_find(truths[i].model, &model), SKS_OK);
        for (uint64_t seed = 0; seed < N_CAMPAIGNS; seed++) {
            sks_series *series =
                synthetic_campaign(model, truths[i].p, workers, N_WORKERS, N_ROUNDS, usual, seed);
            sks_fit_options options = sks_fit_defaults;
            sks_fit fit = {0};

            options.seed = seed;
            assert_int_equal(sks_fit_series(series, &options, &fit), SKS_OK);
            count(&truths[i], model, &fit, seed, &t);
            sks_fit_clear(&fit);
            sks_series_free(series, 1);
        }
        for (size_t k = 0; k < model->n_parameters; k++)
            assert_in_range(t.parameter[k], LEAST, MOST);
        assert_in_range(t.serial, LEAST, MOST);
        if (isfinite(truths[i].optimum))
            assert_in_range(t.optimum, LEAST, MOST);
        else
            assert_int_equal(t.optimum, N_CAMPAIGNS);
        assert_in_range(t.law, LEAST, MOST);
        assert_in_range(t.one_run, LEAST, MOST);
        assert_in_range(t.right, LEAST_RIGHT, N_CAMPAIGNS);
    }
}

/* Of one to three worker counts nothing is said about models, whatever the samples. */
static void three_worker_counts_are_too_few(void **state)
{
    const sks_model *model = NULL;

    (void)state;
    assert_int_equal(sks_model_find("log", &model), SKS_OK);
    for (size_t n = 1; n < SKS_MIN_DISTINCT_N; n++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            sks_series *series =
                synthetic_campaign(model, truths[1].p, workers, n, N_ROUNDS, usual, seed);
            sks_fit fit = {0};

            assert_int_equal(sks_fit_series(series, &sks_fit_defaults, &fit), SKS_OK);
            assert_int_equal(fit.verdict, SKS_TOO_FEW_POINTS);
            assert_non_null(strstr(fit.verdict_text, "too few points to tell"));
            sks_fit_clear(&fit);
            sks_series_free(series, 1);
        }
}

static double width(sks_interval interval)
{
    return interval.high - interval.low;
}

/* Where the machine's speed wanders by 30 % and the noise is 1 %, the speedup is known to about
 * the noise if the rounds are known, and to about the drift if they are not. */
static void drift_shared_by_a_round_cancels(void **state)
{
    static const disturbance drifting = {.sigma = 0.01, .drift = 0.3};
    const sks_model *model = NULL;

    (void)state;
    assert_int_equal(sks_model_find("amdahl", &model), SKS_OK);
    for (uint64_t seed = 0; seed < 10; seed++) {
        sks_series *series =
            synthetic_campaign(model, truths[0].p, workers, N_WORKERS, N_ROUNDS, drifting, seed);
        sks_fit with = {0}, without = {0};

        assert_int_equal(sks_fit_series(series, &sks_fit_defaults, &with), SKS_OK);
        for (size_t i = 0; i < series->n_points; i++) {
            free(series->points[i].rounds);
            series->points[i].rounds = NULL;
        }
        assert_int_equal(sks_fit_series(series, &sks_fit_defaults, &without), SKS_OK);
        for (size_t i = 1; i < N_WORKERS; i++)
            assert_true(width(with.points[i].speedup.interval) <
                        0.5 * width(without.points[i].speedup.interval));
        assert_true(width(with.models[0].serial_fraction.interval) <
                    0.5 * width(without.models[0].serial_fraction.interval));
        sks_fit_clear(&with);
        sks_fit_clear(&without);
        sks_series_free(series, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_truths_are_found),
        cmocka_unit_test(three_worker_counts_are_too_few),
        cmocka_unit_test(drift_shared_by_a_round_cancels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
