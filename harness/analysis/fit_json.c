#include "harness/analysis/fit.h"

#include <math.h>
#include <stdlib.h>

/* Every helper returns a new reference, or NULL when out of memory; json_pack's "o" steals it and
 * fails on NULL, so that one check at the end is enough. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval(sks_interval i)
{
    if (!sks_interval_is_known(i))
        return json_null();
    return json_pack("[o, o]", number(i.low), number(i.high));
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

/* Appends to an array of which nothing is left when out of memory; NULL then. */
static json_t *appended(json_t *array, json_t *item)
{
    if (array != NULL && json_array_append_new(array, item) == 0)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *point_json(const sks_point_fit *p)
{
    return json_pack(
        "{s:i, s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
        " s:b}",
        "workers", (int)p->n_workers, "is_oversubscribed", p->is_oversubscribed, "is_used",
        p->is_used, "samples", (json_int_t)p->n_samples, "disturbed", (json_int_t)p->n_disturbed,
        "dropped", (json_int_t)p->n_dropped, "median_s", number(p->median.value),
        "median_interval_s", interval(p->median.interval), "median_coverage", number(p->coverage),
        "mad_s", number(p->mad), "speedup", number(p->speedup.value), "speedup_interval",
        interval(p->speedup.interval), "efficiency", number(p->efficiency.value),
        "efficiency_interval", interval(p->efficiency.interval), "karp_flatt",
        number(p->karp_flatt.value), "karp_flatt_interval", interval(p->karp_flatt.interval),
        "serial_s", number(p->serial.value), "serial_interval_s", interval(p->serial.interval),
        "is_superlinear", p->is_superlinear);
}

static json_t *parameters_json(const sks_model_fit *m)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && m->is_fitted && i < m->model->n_parameters; i++) {
        const sks_model_parameter *p = &m->model->parameters[i];
        json_t *one =
            json_pack("{s:s, s:s, s:o, s:o, s:b}", "name", p->name, "unit", p->unit, "value",
                      number(m->parameter[i].value), "interval", interval(m->parameter[i].interval),
                      "is_on_bound", m->is_on_bound[i]);

        array = appended(array, one);
    }
    return array;
}

static json_t *optimum_json(const sks_fit *fit, const sks_model_fit *m)
{
    if (m == NULL || !m->is_fitted)
        return json_null();
    return json_pack("{s:o, s:o, s:b, s:b, s:b, s:s}", "workers", number(m->optimum.value),
                     "interval", interval(m->optimum.interval), "is_unbounded",
                     isinf(m->optimum.value) != 0, "is_extrapolated",
                     sks_fit_is_extrapolated(fit, m->optimum.value), "is_far",
                     sks_fit_is_far(fit, m->optimum.value), "model", m->model->name);
}

/* One for each point, in the order of "points". */
static json_t *residuals_json(const sks_fit *fit, const sks_model_fit *m)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && m->is_fitted && i < fit->n_points; i++)
        array = appended(array, number(sks_fit_residual(fit, m, i)));
    return array;
}

static json_t *prediction_json(const sks_prediction *p)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "workers", number(p->n_workers),
                     "seconds", number(p->seconds.value), "seconds_interval",
                     interval(p->seconds.interval), "one_run_interval", interval(p->one_run),
                     "speedup", number(p->speedup.value), "speedup_interval",
                     interval(p->speedup.interval), "is_extrapolated", p->is_extrapolated, "is_far",
                     p->is_far);
}

/* What --predict asked for. */
typedef struct request {
    const double *n_workers;
    size_t n;
} request;

static json_t *predictions_json(const sks_fit *fit, const sks_model_fit *m, request predict)
{
    sks_prediction *predictions = calloc(predict.n + 1, sizeof(*predictions));
    json_t *array = predictions != NULL ? json_array() : NULL;

    if (array != NULL && m->is_fitted &&
        sks_fit_predict(fit, m, predict.n_workers, predict.n, predictions) != SKS_OK) {
        json_decref(array);
        array = NULL;
    }
    for (size_t i = 0; array != NULL && m->is_fitted && i < predict.n; i++)
        array = appended(array, prediction_json(&predictions[i]));
    free(predictions);
    return array;
}

static json_t *model_json(const sks_fit *fit, const sks_model_fit *m, request predict)
{
    return json_pack(
        "{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
        " s:o}",
        "name", m->model->name, "formula", m->model->formula, "is_fitted", m->is_fitted, "reason",
        text_or_null(m->reason), "parameters", parameters_json(m), "serial_fraction",
        number(m->serial_fraction.value), "serial_fraction_interval",
        interval(m->serial_fraction.interval), "optimum", optimum_json(fit, m), "is_exact",
        m->is_exact, "rss_relative", number(m->rss), "residual_rms_relative",
        number(m->residual_rms), "residuals_relative", residuals_json(fit, m), "aicc",
        number(m->aicc), "aicc_reason", text_or_null(m->aicc_reason), "delta_aicc",
        number(m->delta_aicc), "akaike_weight", number(m->akaike_weight),
        "leave_one_out_rms_relative", number(m->leave_one_out_rms), "bootstrap_fits",
        json_integer((json_int_t)m->n_replicates), "predictions",
        predictions_json(fit, m, predict));
}

static json_t *points_json(const sks_fit *fit)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < fit->n_points; i++)
        array = appended(array, point_json(&fit->points[i]));
    return array;
}

static json_t *models_json(const sks_fit *fit, request predict)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < fit->n_models; i++)
        array = appended(array, model_json(fit, &fit->models[i], predict));
    return array;
}

/* What follows from one choice of points: the models and the verdict. */
static json_t *part_json(const sks_fit *fit, request predict)
{
    const char *preferred = fit->preferred != NULL ? fit->preferred->model->name : NULL;
    bool is_decided = fit->verdict == SKS_BEST || fit->verdict == SKS_ONLY_MODEL;

    return json_pack("{s:I, s:I, s:o, s:s, s:s, s:o, s:o, s:o}", "points_used",
                     (json_int_t)fit->n_used, "points_left_out", (json_int_t)fit->n_left_out,
                     "models", models_json(fit, predict), "verdict", sks_verdict_name[fit->verdict],
                     "verdict_text", fit->verdict_text, "best",
                     text_or_null(is_decided ? preferred : NULL), "preferred",
                     text_or_null(preferred), "optimum", optimum_json(fit, fit->preferred));
}

static json_t *apart_json(const sks_fit *fit, request predict)
{
    return fit->apart != NULL ? part_json(fit->apart, predict) : json_null();
}

sks_status sks_fit_to_json(const sks_fit *fit, const double *predict, size_t n_predict,
                           json_t **json)
{
    static const char *const oversubscribed[] = {"leave-out", "apart", "include"};
    const sks_series *s = fit->series;
    const request asked = {predict, n_predict};
    json_t *part = part_json(fit, asked);
    json_t *made = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:o, s:f, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o}",
        "kernel", s->kernel, "parameters", s->parameters, "executor", s->executor, "scheduler",
        s->scheduler, "binding", s->binding, "is_weak", s->is_weak, "base_workers",
        (int)fit->points[0].n_workers, "base_s", number(fit->points[0].median.value), "confidence",
        fit->options.confidence, "bootstrap_replicates", (json_int_t)fit->options.n_replicates,
        "bootstrap_seed", (json_int_t)fit->options.seed, "oversubscribed",
        oversubscribed[fit->options.oversubscribed], "points", points_json(fit),
        "measured_serial_fraction", number(fit->measured_serial.value),
        "measured_serial_fraction_interval", interval(fit->measured_serial.interval),
        "serial_remark", text_or_null(fit->serial_remark), "oversubscribed_fit",
        apart_json(fit, asked));

    if (part == NULL || made == NULL || json_object_update(made, part) != 0) {
        json_decref(part);
        json_decref(made);
        return sks_fail_nomem("JSON of a fit, or a name that is not UTF-8");
    }
    json_decref(part);
    *json = made;
    return SKS_OK;
}
