/* Property: what a fit says beyond its medians follows from its samples: predictions and their
 * bands, the serial part measured and fitted, oversubscribed points apart, disturbed samples left
 * out. */
#include "tests/unit/synthetic_campaign.h"

#include "harness/analysis/fit.h"
#include "tests/unit/assert_near.h"

static const unsigned workers[] = {1, 2, 3, 4, 5, 6, 7, 8};
enum { N_WORKERS = sizeof(workers) / sizeof(workers[0]), N_ROUNDS = 11 };

static const double amdahl_truth[] = {0.1, 0.9, 0.0};
static const double log_truth[] = {0.05, 1.2, 0.1};
static const disturbance quiet = {.sigma = 0.005};

static const sks_model *model_named(const char *name)
{
    const sks_model *model = NULL;

    assert_int_equal(sks_model_find(name, &model), SKS_OK);
    return model;
}

static sks_series *campaign(const char *model, const double *p, disturbance how)
{
    return synthetic_campaign(model_named(model), p, workers, N_WORKERS, N_ROUNDS, how, 3);
}

static sks_fit fit_with(const sks_series *series, sks_oversubscribed oversubscribed)
{
    sks_fit_options options = sks_fit_defaults;
    sks_fit fit = {0};

    options.oversubscribed = oversubscribed;
    assert_int_equal(sks_fit_series(series, &options, &fit), SKS_OK);
    return fit;
}

static sks_fit fit_series(const sks_series *series)
{
    return fit_with(series, SKS_OVERSUBSCRIBED_LEAVE_OUT);
}

/* The same time outside the parallel phase in every sample. */
static void set_serial(sks_series *series, double seconds)
{
    for (size_t i = 0; i < series->n_points; i++) {
        sks_point *p = &series->points[i];

        free(p->serial_seconds);
        p->serial_seconds = calloc(p->n, sizeof(*p->serial_seconds));
        assert_non_null(p->serial_seconds);
        for (size_t j = 0; j < p->n; j++)
            p->serial_seconds[j] = seconds;
    }
}

static void predictions_follow_the_law_and_say_how_far_they_go(void **state)
{
    static const double at[] = {1.0, 4.5, 8.0, 12.0, 16.0, 17.0};
    static const bool is_extrapolated[] = {false, false, false, true, true, true};
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit fit = fit_series(series);
    const sks_model_fit *m = fit.preferred;
    sks_prediction p[6];

    (void)state;
    assert_string_equal(m->model->name, "amdahl");
    assert_int_equal(sks_fit_greatest(&fit), 8);
    assert_int_equal(sks_fit_predict(&fit, m, at, 6, p), SKS_OK);
    for (size_t i = 0; i < 6; i++) {
        double time = m->parameter[0].value + m->parameter[1].value / at[i];

        assert_near(p[i].seconds.value, time, 1e-15);
        assert_near(p[i].speedup.value, fit.points[0].median.value / time, 1e-12);
        assert_true(p[i].seconds.interval.low <= time && time <= p[i].seconds.interval.high);
        /* one run scatters more than the median does */
        assert_true(p[i].one_run.low < p[i].seconds.interval.low);
        assert_true(p[i].one_run.high > p[i].seconds.interval.high);
        assert_int_equal(p[i].is_extrapolated, is_extrapolated[i]);
        assert_int_equal(p[i].is_far, at[i] > 16.0);
        assert_true(p[i].speedup.interval.low <= p[i].speedup.interval.high);
    }
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

static void residuals_are_relative_to_the_median(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit fit = fit_series(series);
    const sks_model_fit *m = &fit.models[0];
    double rss = 0.0;

    (void)state;
    for (size_t i = 0; i < fit.n_points; i++) {
        double median = fit.points[i].median.value;
        double fitted = m->parameter[0].value + m->parameter[1].value / workers[i];

        assert_near(sks_fit_residual(&fit, m, i), (median - fitted) / median, 1e-14);
        rss += pow(sks_fit_residual(&fit, m, i), 2.0);
    }
    assert_near(rss, m->rss, 1e-15);
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

/* Three samples: no interval for any parameter, so no bands either, but the law all the same. */
static void without_intervals_there_are_no_bands(void **state)
{
    sks_series *series =
        synthetic_campaign(model_named("amdahl"), amdahl_truth, workers, N_WORKERS, 3, quiet, 1);
    sks_fit fit = fit_series(series);
    double at = 16.0;
    sks_prediction p;

    (void)state;
    assert_int_equal(sks_fit_predict(&fit, fit.preferred, &at, 1, &p), SKS_OK);
    assert_true(p.seconds.value > 0.0);
    assert_false(sks_interval_is_known(p.seconds.interval));
    assert_false(sks_interval_is_known(p.one_run));
    assert_false(sks_interval_is_known(p.speedup.interval));
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

/* K that may be 0: more workers may always help, and only the lower end of the optimum is known. */
static void an_optimum_without_limit_has_a_lower_end(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit fit = fit_series(series);
    const sks_model_fit *log_fit = &fit.models[1];

    (void)state;
    assert_string_equal(log_fit->model->name, "log");
    assert_true(isinf(log_fit->optimum.interval.high));
    assert_true(log_fit->optimum.interval.low > 8.0);
    assert_true(log_fit->optimum.interval.low < 1e6);
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

static void a_serial_part_that_agrees_needs_no_remark(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit fit;

    (void)state;
    set_serial(series, 0.1); /* of T(1) = 1, as the law has it */
    fit = fit_series(series);
    assert_near(fit.measured_serial.value, 0.1, 0.001);
    assert_true(fit.measured_serial.interval.low <= fit.measured_serial.value);
    assert_true(fit.measured_serial.value <= fit.measured_serial.interval.high);
    assert_near(fit.points[3].serial.value, 0.1, 0.0);
    assert_string_equal(fit.serial_remark, "");
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

static void a_serial_part_that_disagrees_is_remarked_upon(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit fit;

    (void)state;
    set_serial(series, 0.02);
    fit = fit_series(series);
    assert_non_null(strstr(fit.serial_remark, "greater serial fraction fitted (amdahl, "));
    assert_non_null(strstr(fit.serial_remark, "(0.020)"));
    assert_non_null(strstr(fit.serial_remark, "Karp-Flatt metric stays at 0."));
    sks_fit_clear(&fit);
    sks_series_free(series, 1);

    /* an overhead that grows: the log law's T_S agrees with the phases, and is not remarked upon */
    series = campaign("log", log_truth, quiet);
    set_serial(series, 0.05);
    fit = fit_series(series);
    assert_string_equal(fit.preferred->model->name, "log");
    assert_string_equal(fit.serial_remark, "");
    sks_fit_clear(&fit);
    set_serial(series, 0.2);
    fit = fit_series(series);
    assert_non_null(strstr(fit.serial_remark, "smaller serial fraction fitted (log"));
    assert_non_null(strstr(fit.serial_remark, "Karp-Flatt metric rises from"));
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

/* Four cores; beyond them each run takes twice as long as the law has it. */
static void oversubscribed_points_are_fitted_apart(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit fit;

    (void)state;
    for (size_t i = 4; i < N_WORKERS; i++) {
        series->points[i].is_oversubscribed = true;
        for (size_t j = 0; j < series->points[i].n; j++)
            series->points[i].seconds[j] *= 2.0;
    }
    fit = fit_with(series, SKS_OVERSUBSCRIBED_APART);
    assert_int_equal(fit.n_used, 4);
    assert_int_equal(fit.n_left_out, 4);
    assert_non_null(fit.apart);
    assert_int_equal(fit.apart->n_used, 4);
    assert_int_equal(fit.apart->n_left_out, 4);
    assert_non_null(strstr(fit.verdict_text, "4 worker counts without oversubscription"));
    assert_non_null(strstr(fit.apart->verdict_text, "4 worker counts with oversubscription"));
    assert_near(fit.models[0].parameter[0].value, 0.1, 0.01);
    assert_near(fit.apart->models[0].parameter[0].value, 0.2, 0.05);
    for (size_t i = 0; i < N_WORKERS; i++)
        assert_true(fit.points[i].is_used != fit.apart->points[i].is_used);
    sks_fit_clear(&fit);

    fit = fit_series(series);
    assert_null(fit.apart);
    sks_fit_clear(&fit);
    fit = fit_with(series, SKS_OVERSUBSCRIBED_INCLUDE);
    assert_null(fit.apart);
    assert_int_equal(fit.n_used, 8);
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

static void disturbed_samples_are_counted_or_left_out(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_point *point = &series->points[2];
    sks_fit fit;
    double median;

    (void)state;
    set_serial(series, 0.1);
    point->is_disturbed = calloc(point->n, sizeof(bool));
    assert_non_null(point->is_disturbed);
    for (size_t j = 0; j < point->n; j += 2) { /* six of eleven: they have the median */
        point->is_disturbed[j] = true;
        point->seconds[j] *= 10.0;
    }
    fit = fit_series(series);
    assert_int_equal(fit.points[2].n_disturbed, 6);
    assert_true(fit.points[2].median.value > 3.0);
    sks_fit_clear(&fit);

    assert_int_equal(sks_series_drop_disturbed(series), 6);
    assert_int_equal(point->n, 5);
    assert_int_equal(point->rounds[4], 9);
    assert_near(point->serial_seconds[4], 0.1, 0.0);
    fit = fit_series(series);
    median = fit.points[2].median.value;
    assert_near(median, 0.4, 0.02);
    assert_int_equal(fit.points[2].n_samples, 5);
    assert_int_equal(fit.points[2].n_disturbed, 0);
    assert_int_equal(fit.points[2].n_dropped, 6);
    assert_int_equal(sks_series_drop_disturbed(series), 0);
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

/* Points of one campaign may have stopped at different rounds: the bootstrap takes what is there,
 * and its intervals stay about as wide. */
static void rounds_may_be_missing(void **state)
{
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    sks_fit whole = fit_series(series), part;

    (void)state;
    for (size_t i = 0; i < N_WORKERS; i += 2)
        series->points[i].n = 8; /* the last three rounds are not there */
    part = fit_series(series);
    for (size_t i = 1; i < N_WORKERS; i++) {
        sks_interval a = whole.points[i].speedup.interval, b = part.points[i].speedup.interval;

        assert_true(sks_interval_is_known(b));
        assert_in_range(1000.0 * (b.high - b.low) / (a.high - a.low), 300, 3000);
    }
    sks_fit_clear(&whole);
    sks_fit_clear(&part);
    sks_series_free(series, 1);
}

static const json_t *item(const json_t *object, const char *name)
{
    const json_t *found = json_object_get(object, name);

    assert_non_null(found);
    return found;
}

static void json_holds_predictions_residuals_and_both_parts(void **state)
{
    static const double at[] = {4.0, 100.0};
    sks_series *series = campaign("amdahl", amdahl_truth, quiet);
    json_t *json = NULL;
    const json_t *model, *prediction;
    sks_fit fit;

    (void)state;
    set_serial(series, 0.1);
    series->points[6].is_oversubscribed = series->points[7].is_oversubscribed = true;
    fit = fit_with(series, SKS_OVERSUBSCRIBED_APART);
    assert_int_equal(sks_fit_to_json(&fit, at, 2, &json), SKS_OK);
    assert_near(json_real_value(item(json, "measured_serial_fraction")), 0.1, 0.001);
    assert_int_equal(json_array_size(item(json, "measured_serial_fraction_interval")), 2);
    assert_true(json_is_null(item(json, "serial_remark")));
    assert_string_equal(json_string_value(item(json, "oversubscribed")), "apart");
    assert_int_equal(json_integer_value(item(item(json, "oversubscribed_fit"), "points_used")), 2);
    model = json_array_get(item(json, "models"), 0);
    assert_int_equal(json_array_size(item(model, "residuals_relative")), 8);
    assert_int_equal(json_array_size(item(model, "predictions")), 2);
    prediction = json_array_get(item(model, "predictions"), 1);
    assert_near(json_real_value(item(prediction, "workers")), 100.0, 0.0);
    assert_near(json_real_value(item(prediction, "seconds")), 0.109, 0.002);
    assert_true(json_is_true(item(prediction, "is_extrapolated")));
    assert_true(json_is_true(item(prediction, "is_far")));
    assert_int_equal(json_array_size(item(prediction, "one_run_interval")), 2);
    /* Gustafson's law is not for strong scaling: nothing is predicted */
    model = json_array_get(item(json, "models"), 3);
    assert_int_equal(json_array_size(item(model, "predictions")), 0);
    json_decref(json);
    sks_fit_clear(&fit);
    sks_series_free(series, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_follow_the_law_and_say_how_far_they_go),
        cmocka_unit_test(residuals_are_relative_to_the_median),
        cmocka_unit_test(without_intervals_there_are_no_bands),
        cmocka_unit_test(an_optimum_without_limit_has_a_lower_end),
        cmocka_unit_test(a_serial_part_that_agrees_needs_no_remark),
        cmocka_unit_test(a_serial_part_that_disagrees_is_remarked_upon),
        cmocka_unit_test(oversubscribed_points_are_fitted_apart),
        cmocka_unit_test(disturbed_samples_are_counted_or_left_out),
        cmocka_unit_test(rounds_may_be_missing),
        cmocka_unit_test(json_holds_predictions_residuals_and_both_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
