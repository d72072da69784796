/* Property: a fit says what its points allow and no more: which points it used, what cannot be
 * told, and why; and its JSON holds what scripts rely on. */
#include "harness/analysis/fit.h"

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

typedef double law(double n_workers);

static double amdahl_law(double n)
{
    return 0.1 + 0.9 / n;
}

static double log_law(double n)
{
    return 0.02 + 1.0 / n + 0.1 * log(n);
}

static double usl_law(double n)
{
    return (1.0 + 0.05 * (n - 1.0) + 0.01 * n * (n - 1.0)) / n;
}

static double weak_law(double n)
{
    return 2.0 * n / (0.1 + 0.9 * n);
}

static double superlinear_law(double n)
{
    return 1.0 / pow(n, 1.3);
}

/* Samples of the law at 1 … n_points workers with lognormal noise; those above n_cores workers are
 * oversubscribed and take half as long again. */
static sks_series *make_series(law *t, size_t n_points, unsigned n_cores, size_t n_samples,
                               double sigma, uint64_t seed)
{
    sks_series *s = calloc(1, sizeof(*s));
    sks_random random;

    sks_random_init(&random, seed, 12345);
    assert_non_null(s);
    s->kernel = strdup("synthetic");
    s->parameters = strdup("delay=1");
    s->executor = strdup("threads");
    s->scheduler = strdup("dynamic:chunk=4");
    s->binding = strdup("cores");
    s->n_points = n_points;
    s->points = calloc(n_points + 1, sizeof(*s->points));
    assert_non_null(s->points);
    for (size_t i = 0; i < n_points; i++) {
        unsigned n = (unsigned)i + 1;

        s->points[i] =
            (sks_point){.n_workers = n, .is_oversubscribed = n > n_cores, .n = n_samples};
        s->points[i].seconds = calloc(n_samples + 1, sizeof(double));
        assert_non_null(s->points[i].seconds);
        for (size_t j = 0; j < n_samples; j++)
            s->points[i].seconds[j] =
                t(n) * (n > n_cores ? 1.5 : 1.0) * gsl_ran_lognormal(&random.gsl, 0.0, sigma);
    }
    return s;
}

static sks_fit fit_series(const sks_series *series)
{
    sks_fit fit = {0};

    assert_int_equal(sks_fit_series(series, &sks_fit_defaults, &fit), SKS_OK);
    return fit;
}

static const sks_model_fit *model_named(const sks_fit *fit, const char *name)
{
    for (size_t i = 0; i < fit->n_models; i++)
        if (strcmp(fit->models[i].model->name, name) == 0)
            return &fit->models[i];
    fail_msg("no model %s", name);
    return NULL;
}

static void speedups_are_ratios_of_medians(void **state)
{
    sks_series *s = make_series(amdahl_law, 4, 4, 3, 0.0, 1);
    sks_fit fit;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        s->points[3].seconds[i] = (double[]){9.0, 0.5, 0.1}[i]; /* median 0.5, mean far off */
    fit = fit_series(s);
    assert_int_equal(fit.n_points, 4);
    assert_near(fit.points[0].speedup.value, 1.0, 0.0);
    assert_near(fit.points[1].speedup.value, 1.0 / 0.55, 1e-14);
    assert_near(fit.points[3].speedup.value, 2.0, 1e-14);
    assert_near(fit.points[3].efficiency.value, 0.5, 1e-14);
    /* (1/2 - 1/4)/(1 - 1/4) */
    assert_near(fit.points[3].karp_flatt.value, 1.0 / 3.0, 1e-14);
    assert_true(isnan(fit.points[0].karp_flatt.value));
    assert_near(fit.points[3].mad, 0.4, 1e-14);
    /* three samples: no interval anywhere */
    assert_false(sks_interval_is_known(fit.points[3].median.interval));
    assert_false(sks_interval_is_known(fit.points[3].speedup.interval));
    assert_false(sks_interval_is_known(model_named(&fit, "amdahl")->parameter[0].interval));
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void without_one_worker_the_base_is_the_smallest(void **state)
{
    sks_series *s = make_series(amdahl_law, 6, 6, 7, 0.0, 1);
    sks_fit fit;

    (void)state;
    s->points[0].n = 0; /* no samples at N = 1: the point does not exist */
    fit = fit_series(s);
    assert_int_equal(fit.n_points, 5);
    assert_int_equal(fit.points[0].n_workers, 2);
    assert_near(fit.points[2].speedup.value, amdahl_law(2) / amdahl_law(4), 1e-14);
    assert_near(fit.points[2].efficiency.value, amdahl_law(2) / amdahl_law(4) / 2.0, 1e-14);
    assert_true(isnan(fit.points[2].karp_flatt.value));
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void oversubscribed_points_are_left_out_unless_asked_for(void **state)
{
    sks_series *s = make_series(amdahl_law, 8, 5, 7, 0.0, 1);
    sks_fit_options options = sks_fit_defaults;
    sks_fit fit = fit_series(s);

    (void)state;
    assert_int_equal(fit.n_used, 5);
    assert_int_equal(fit.n_left_out, 3);
    assert_true(fit.points[4].is_used);
    assert_false(fit.points[5].is_used);
    assert_near(fit.points[5].speedup.value, 1.0 / (1.5 * amdahl_law(6)), 1e-13);
    assert_near(model_named(&fit, "amdahl")->parameter[0].value, 0.1, 1e-12);
    sks_fit_clear(&fit);

    options.oversubscribed = SKS_OVERSUBSCRIBED_INCLUDE;
    assert_int_equal(sks_fit_series(s, &options, &fit), SKS_OK);
    assert_int_equal(fit.n_used, 8);
    assert_int_equal(fit.n_left_out, 0);
    assert_true(model_named(&fit, "amdahl")->parameter[0].value > 0.11);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

/* What each number of worker counts allows, from one to eight. */
static void too_few_points_are_said_to_be_too_few(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 8; n++) {
        sks_series *s = make_series(amdahl_law, n, 8, 9, 0.01, n);
        sks_fit fit = fit_series(s);
        const sks_model_fit *amdahl = model_named(&fit, "amdahl"), *usl = model_named(&fit, "usl");

        assert_int_equal(amdahl->is_fitted, n >= 2);
        assert_int_equal(amdahl->is_exact, n == 2);
        assert_int_equal(usl->is_fitted, n >= 3);
        assert_true(!usl->is_exact || n == 3);
        assert_int_equal(!isnan(amdahl->aicc), n >= 5); /* k = 3: n > k + 1 */
        assert_int_equal(!isnan(usl->aicc), n >= 6);    /* k = 4 */
        assert_int_equal(!isnan(amdahl->leave_one_out_rms), n >= 3);
        assert_int_equal(fit.verdict == SKS_TOO_FEW_POINTS, n < 6);
        if (n < 2)
            assert_non_null(strstr(amdahl->reason, "too few points"));
        if (n < 6) {
            assert_non_null(strstr(fit.verdict_text, "too few points"));
            assert_non_null(strstr(usl->aicc_reason, n < 3 ? "not fitted" : "needs 6"));
        }
        assert_int_equal(fit.preferred == NULL, n < 2);
        sks_fit_clear(&fit);
        sks_series_free(s, 1);
    }
}

static void an_exact_fit_goes_through_its_points(void **state)
{
    sks_series *s = make_series(log_law, 3, 3, 7, 0.0, 3);
    sks_fit fit = fit_series(s);

    (void)state;
    assert_true(model_named(&fit, "log")->is_exact);
    assert_near(model_named(&fit, "log")->parameter[2].value, 0.1, 1e-12);
    assert_false(model_named(&fit, "amdahl")->is_exact);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);

    /* two points and two parameters, but more workers are slower: held back by T_P >= 0 */
    s = make_series(amdahl_law, 2, 2, 7, 0.0, 3);
    for (size_t j = 0; j < 7; j++)
        s->points[1].seconds[j] = 1.5;
    fit = fit_series(s);
    assert_false(model_named(&fit, "amdahl")->is_exact);
    assert_true(model_named(&fit, "amdahl")->is_on_bound[1]);
    assert_true(model_named(&fit, "amdahl")->residual_rms > 0.1);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

/* AICc written out for one case: n ln(rss/n) + 2k + 2k(k+1)/(n-k-1) with n = 8, k = 3. */
static void aicc_is_the_published_formula(void **state)
{
    sks_series *s = make_series(amdahl_law, 8, 8, 9, 0.02, 4);
    sks_fit fit = fit_series(s);
    const sks_model_fit *m = model_named(&fit, "amdahl");
    double rss = 0.0, weights = 0.0;

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        double n = (double)(i + 1), t = fit.points[i].median.value;

        rss += pow((m->parameter[0].value + m->parameter[1].value / n) / t - 1.0, 2.0);
    }
    assert_near(m->rss, rss, 1e-15);
    assert_near(m->aicc, 8.0 * log(rss / 8.0) + 6.0 + 24.0 / 4.0, 1e-9);
    for (size_t i = 0; i < fit.n_models; i++)
        if (!isnan(fit.models[i].akaike_weight))
            weights += fit.models[i].akaike_weight;
    assert_near(weights, 1.0, 1e-12);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

/* Over 100 campaigns each, at 12 worker counts and 1 % noise: the right law is named in at least
 * 90, and Amdahl's law, which the others contain, is not refused for them. */
static void laws_that_differ_are_told_apart(void **state)
{
    static const struct {
        law *t;
        const char *name;
        int at_least;
    } cases[] = {{log_law, "log", 90}, {usl_law, "usl", 90}, {amdahl_law, "amdahl", 85}};

    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        int right = 0;

        for (uint64_t seed = 0; seed < 100; seed++) {
            sks_series *s = make_series(cases[c].t, 12, 12, 9, 0.01, seed);
            sks_fit_options options = sks_fit_defaults;
            sks_fit fit;

            options.n_replicates = 100;
            assert_int_equal(sks_fit_series(s, &options, &fit), SKS_OK);
            right +=
                fit.verdict == SKS_BEST && strcmp(fit.preferred->model->name, cases[c].name) == 0;
            sks_fit_clear(&fit);
            sks_series_free(s, 1);
        }
        assert_in_range(right, cases[c].at_least, 100);
    }
}

/* At ten worker counts and 20 % noise laws are often not told apart; the verdict then names at
 * least two and never calls one of them best when another is within the limit. */
static void laws_that_do_not_differ_are_not_told_apart(void **state)
{
    int undecided = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        sks_series *s = make_series(log_law, 10, 10, 7, 0.2, seed);
        sks_fit fit = fit_series(s);
        int n_near = 0;

        for (size_t i = 0; i < fit.n_models; i++)
            n_near += fit.models[i].delta_aicc < SKS_DELTA_AICC;
        assert_int_equal(fit.verdict, n_near > 1 ? SKS_NOT_TOLD_APART : SKS_BEST);
        if (fit.verdict == SKS_NOT_TOLD_APART) {
            undecided++;
            assert_non_null(strstr(fit.verdict_text, "cannot be told apart"));
            assert_near(fit.preferred->delta_aicc, 0.0, 0.0);
        }
        sks_fit_clear(&fit);
        sks_series_free(s, 1);
    }
    assert_true(undecided > 5);
}

/* Noise-free points lie on Amdahl's law and so on the laws that contain it: the simplest wins. */
static void the_simplest_of_equals_is_best(void **state)
{
    sks_series *s = make_series(amdahl_law, 8, 8, 7, 0.0, 1);
    sks_fit fit = fit_series(s);

    (void)state;
    assert_int_equal(fit.verdict, SKS_BEST);
    assert_string_equal(fit.preferred->model->name, "amdahl");
    assert_true(isinf(fit.preferred->optimum.value));
    assert_true(model_named(&fit, "log")->is_on_bound[2]);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void weak_and_strong_models_keep_apart(void **state)
{
    sks_series *s = make_series(weak_law, 6, 6, 7, 0.0, 1);
    sks_fit fit = fit_series(s);

    (void)state;
    assert_false(model_named(&fit, "gustafson")->is_fitted);
    assert_non_null(strstr(model_named(&fit, "gustafson")->reason, "needs weak scaling"));
    sks_fit_clear(&fit);

    s->is_weak = true;
    fit = fit_series(s);
    assert_int_equal(fit.verdict, SKS_ONLY_MODEL);
    assert_string_equal(fit.preferred->model->name, "gustafson");
    assert_near(fit.preferred->parameter[0].value, 2.0, 1e-12);
    assert_near(fit.preferred->parameter[1].value, 0.1, 1e-12);
    assert_near(fit.points[3].speedup.value, 0.1 + 0.9 * 4.0, 1e-12);
    assert_near(fit.points[3].efficiency.value, (0.1 + 0.9 * 4.0) / 4.0, 1e-12);
    assert_non_null(strstr(model_named(&fit, "amdahl")->reason, "needs strong scaling"));
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void superlinear_points_and_bounds_are_flagged(void **state)
{
    sks_series *s = make_series(superlinear_law, 6, 6, 9, 0.01, 1);
    sks_fit fit = fit_series(s);

    (void)state;
    assert_false(fit.points[0].is_superlinear);
    for (size_t i = 1; i < 6; i++)
        assert_true(fit.points[i].is_superlinear);
    assert_non_null(strstr(fit.verdict_text, "5 points are superlinear"));
    assert_true(model_named(&fit, "amdahl")->is_on_bound[0]);
    assert_false(model_named(&fit, "amdahl")->is_on_bound[1]);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void intervals_repeat_with_the_seed(void **state)
{
    sks_series *s = make_series(usl_law, 8, 8, 9, 0.02, 6);
    sks_fit_options other = sks_fit_defaults;
    sks_fit a = fit_series(s), b = fit_series(s), c;

    (void)state;
    other.seed = 2;
    assert_int_equal(sks_fit_series(s, &other, &c), SKS_OK);
    assert_true(model_named(&a, "usl")->parameter[2].interval.low ==
                model_named(&b, "usl")->parameter[2].interval.low);
    assert_true(a.points[3].speedup.interval.high == b.points[3].speedup.interval.high);
    assert_true(model_named(&a, "usl")->parameter[2].interval.low !=
                model_named(&c, "usl")->parameter[2].interval.low);
    sks_fit_clear(&a);
    sks_fit_clear(&b);
    sks_fit_clear(&c);
    sks_series_free(s, 1);
}

static void times_that_cannot_be_are_refused(void **state)
{
    static const double bad[] = {0.0, -1.0, NAN, INFINITY};
    sks_fit fit = {0};
    sks_series *s;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        s = make_series(amdahl_law, 3, 3, 7, 0.0, 1);
        s->points[1].seconds[2] = bad[i];
        sks_clear();
        assert_int_equal(sks_fit_series(s, &sks_fit_defaults, &fit), SKS_ERR_INPUT);
        assert_non_null(strstr(sks_message(), "2 workers"));
        assert_null(fit.points);
        sks_series_free(s, 1);
    }
    s = make_series(amdahl_law, 0, 1, 7, 0.0, 1);
    sks_clear();
    assert_int_equal(sks_fit_series(s, &sks_fit_defaults, &fit), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "no samples"));
    sks_clear();
    sks_series_free(s, 1);
}

static void only_oversubscribed_points_give_no_fit_and_no_failure(void **state)
{
    sks_series *s = make_series(amdahl_law, 3, 0, 7, 0.01, 1);
    sks_fit fit = fit_series(s);

    (void)state;
    assert_int_equal(fit.n_used, 0);
    assert_int_equal(fit.n_left_out, 3);
    assert_null(fit.preferred);
    assert_int_equal(fit.verdict, SKS_TOO_FEW_POINTS);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void json_holds_what_scripts_rely_on(void **state)
{
    static const char *const keys[] = {
        "kernel",       "parameters", "executor",    "scheduler",       "binding",     "is_weak",
        "base_workers", "base_s",     "points_used", "points_left_out", "points",      "models",
        "verdict",      "best",       "preferred",   "optimum",         "verdict_text"};
    static const char *const model_keys[] = {"name",
                                             "formula",
                                             "is_fitted",
                                             "reason",
                                             "parameters",
                                             "serial_fraction",
                                             "aicc",
                                             "optimum",
                                             "delta_aicc",
                                             "is_exact",
                                             "rss_relative",
                                             "aicc_reason",
                                             "serial_fraction_interval",
                                             "akaike_weight",
                                             "residual_rms_relative",
                                             "leave_one_out_rms_relative"};
    sks_series *s = make_series(log_law, 12, 10, 9, 0.005, 1);
    sks_fit fit = fit_series(s);
    json_t *json = NULL, *model, *parameter, *optimum;

    (void)state;
    assert_int_equal(sks_fit_to_json(&fit, NULL, 0, &json), SKS_OK);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_non_null(json_object_get(json, keys[i]));
    assert_string_equal(json_string_value(json_object_get(json, "best")), "log");
    assert_int_equal(json_integer_value(json_object_get(json, "points_used")), 10);
    assert_int_equal(json_integer_value(json_object_get(json, "points_left_out")), 2);
    assert_int_equal(json_array_size(json_object_get(json, "points")), 12);
    model = json_array_get(json_object_get(json, "models"), 1);
    for (size_t i = 0; i < sizeof(model_keys) / sizeof(model_keys[0]); i++)
        assert_non_null(json_object_get(model, model_keys[i]));
    parameter = json_array_get(json_object_get(model, "parameters"), 2);
    assert_string_equal(json_string_value(json_object_get(parameter, "name")), "K");
    assert_near(json_real_value(json_object_get(parameter, "value")), 0.1, 0.01);
    assert_int_equal(json_array_size(json_object_get(parameter, "interval")), 2);
    optimum = json_object_get(json, "optimum");
    assert_near(json_real_value(json_object_get(optimum, "workers")), 10.0, 1.0);
    assert_true(json_is_false(json_object_get(optimum, "is_unbounded")));
    /* Amdahl's optimum is not a number in JSON */
    optimum = json_object_get(json_array_get(json_object_get(json, "models"), 0), "optimum");
    assert_true(json_is_null(json_object_get(optimum, "workers")));
    assert_true(json_is_true(json_object_get(optimum, "is_unbounded")));
    json_decref(json);
    sks_fit_clear(&fit);
    sks_series_free(s, 1);
}

static void labels_show_only_what_differs(void **state)
{
    sks_series *s = make_series(amdahl_law, 1, 1, 1, 0.0, 1);
    sks_series *t = make_series(amdahl_law, 1, 1, 1, 0.0, 1);
    const sks_series *both[] = {s, t};
    char *label = NULL;

    (void)state;
    assert_int_equal(sks_series_label(both, 2, 0, true, &label), SKS_OK);
    assert_string_equal(label, "dynamic:chunk=4");
    free(label);
    free(t->executor);
    t->executor = strdup("processes");
    assert_int_equal(sks_series_label(both, 2, 1, true, &label), SKS_OK);
    assert_string_equal(label, "dynamic:chunk=4, processes");
    free(label);
    free(t->kernel);
    t->kernel = strdup("null");
    assert_int_equal(sks_series_label(both, 2, 1, true, &label), SKS_OK);
    assert_string_equal(label, "null, dynamic:chunk=4, processes");
    free(label);
    free(s->parameters);
    free(t->parameters);
    s->parameters = strdup("a=1,delay=2,z=3");
    t->parameters = strdup("a=1,delay=22,z=3");
    assert_int_equal(sks_series_label(both, 2, 0, false, &label), SKS_OK);
    assert_string_equal(label, "dynamic:chunk=4, threads, delay=2");
    free(label);
    t->is_weak = true;
    assert_int_equal(sks_series_label(both, 2, 1, false, &label), SKS_OK);
    assert_string_equal(label, "dynamic:chunk=4, processes, weak scaling, delay=22");
    free(label);
    sks_series_free(s, 1);
    sks_series_free(t, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speedups_are_ratios_of_medians),
        cmocka_unit_test(without_one_worker_the_base_is_the_smallest),
        cmocka_unit_test(oversubscribed_points_are_left_out_unless_asked_for),
        cmocka_unit_test(too_few_points_are_said_to_be_too_few),
        cmocka_unit_test(an_exact_fit_goes_through_its_points),
        cmocka_unit_test(aicc_is_the_published_formula),
        cmocka_unit_test(laws_that_differ_are_told_apart),
        cmocka_unit_test(laws_that_do_not_differ_are_not_told_apart),
        cmocka_unit_test(the_simplest_of_equals_is_best),
        cmocka_unit_test(weak_and_strong_models_keep_apart),
        cmocka_unit_test(superlinear_points_and_bounds_are_flagged),
        cmocka_unit_test(intervals_repeat_with_the_seed),
        cmocka_unit_test(times_that_cannot_be_are_refused),
        cmocka_unit_test(only_oversubscribed_points_give_no_fit_and_no_failure),
        cmocka_unit_test(json_holds_what_scripts_rely_on),
        cmocka_unit_test(labels_show_only_what_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
