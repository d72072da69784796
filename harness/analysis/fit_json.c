#include "harness/analysis/fit.h"

#include <math.h>

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

static json_t *point_json(const sks_point_fit *p)
{
    return json_pack("{s:i, s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
                     "workers", (int)p->n_workers, "is_oversubscribed", p->is_oversubscribed,
                     "is_used", p->is_used, "samples", (json_int_t)p->n_samples, "median_s",
                     number(p->median.value), "median_interval_s", interval(p->median.interval),
                     "median_coverage", number(p->coverage), "mad_s", number(p->mad), "speedup",
                     number(p->speedup.value), "speedup_interval", interval(p->speedup.interval),
                     "efficiency", number(p->efficiency.value), "efficiency_interval",
                     interval(p->efficiency.interval), "karp_flatt", number(p->karp_flatt),
                     "is_superlinear", p->is_superlinear);
}

static json_t *parameters_json(const sks_model_fit *m)
{
    json_t *array = json_array();

    if (array == NULL || !m->is_fitted)
        return array;
    for (size_t i = 0; i < m->model->n_parameters; i++) {
        const sks_model_parameter *p = &m->model->parameters[i];
        json_t *one =
            json_pack("{s:s, s:s, s:o, s:o, s:b}", "name", p->name, "unit", p->unit, "value",
                      number(m->parameter[i].value), "interval", interval(m->parameter[i].interval),
                      "is_on_bound", m->is_on_bound[i]);

        if (one == NULL || json_array_append_new(array, one) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *optimum_json(const sks_model_fit *m)
{
    if (m == NULL || !m->is_fitted)
        return json_null();
    return json_pack("{s:o, s:o, s:b, s:s}", "workers", number(m->optimum.value), "interval",
                     interval(m->optimum.interval), "is_unbounded", isinf(m->optimum.value) != 0,
                     "model", m->model->name);
}

static json_t *model_json(const sks_model_fit *m)
{
    return json_pack(
        "{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
        m->model->name, "formula", m->model->formula, "is_fitted", m->is_fitted, "reason",
        text_or_null(m->reason), "parameters", parameters_json(m), "serial_fraction",
        number(m->serial_fraction.value), "serial_fraction_interval",
        interval(m->serial_fraction.interval), "optimum", optimum_json(m), "is_exact", m->is_exact,
        "rss_relative", number(m->rss), "residual_rms_relative", number(m->residual_rms), "aicc",
        number(m->aicc), "aicc_reason", text_or_null(m->aicc_reason), "delta_aicc",
        number(m->delta_aicc), "akaike_weight", number(m->akaike_weight),
        "leave_one_out_rms_relative", number(m->leave_one_out_rms));
}

static json_t *points_json(const sks_fit *fit)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < fit->n_points; i++)
        if (json_array_append_new(array, point_json(&fit->points[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *models_json(const sks_fit *fit)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < fit->n_models; i++)
        if (json_array_append_new(array, model_json(&fit->models[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

sks_status sks_fit_to_json(const sks_fit *fit, json_t **json)
{
    const sks_series *s = fit->series;
    const char *preferred = fit->preferred != NULL ? fit->preferred->model->name : NULL;
    bool is_decided = fit->verdict == SKS_BEST || fit->verdict == SKS_ONLY_MODEL;
    json_t *made = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:o, s:f, s:I, s:I, s:b, s:I, s:I, s:o, s:o, s:s, s:s,"
        " s:o, s:o, s:o}",
        "kernel", s->kernel, "parameters", s->parameters, "executor", s->executor, "scheduler",
        s->scheduler, "binding", s->binding, "is_weak", s->is_weak, "base_workers",
        (int)fit->points[0].n_workers, "base_s", number(fit->points[0].median.value), "confidence",
        fit->options.confidence, "bootstrap_replicates", (json_int_t)fit->options.n_replicates,
        "bootstrap_seed", (json_int_t)fit->options.seed, "include_oversubscribed",
        fit->options.include_oversubscribed, "points_used", (json_int_t)fit->n_used,
        "points_left_out", (json_int_t)fit->n_left_out, "points", points_json(fit), "models",
        models_json(fit), "verdict", sks_verdict_name[fit->verdict], "verdict_text",
        fit->verdict_text, "best", text_or_null(is_decided ? preferred : NULL), "preferred",
        text_or_null(preferred), "optimum", optimum_json(fit->preferred));

    if (made == NULL)
        return sks_fail_nomem("JSON of a fit, or a name that is not UTF-8");
    *json = made;
    return SKS_OK;
}
