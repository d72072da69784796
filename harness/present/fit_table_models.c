/* The tables of the models' parameters and of their predictions. */
#include "harness/present/fit_table_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_time(const sks_model_parameter *parameter)
{
    return strcmp(parameter->unit, "s") == 0;
}

static void model_heads(const sks_fit_section *s, const sks_model *model, sks_table *table)
{
    sks_table_cell(table, "series");
    for (size_t k = 0; k < model->n_parameters; k++)
        if (is_time(&model->parameters[k]))
            sks_table_cell(table, "%s [%s]", model->parameters[k].name, s->unit);
        else
            sks_table_cell(table, "%s", model->parameters[k].name);
    sks_table_cell(table, "best N");
    sks_table_cell(table, "rms [%%]\nLOO [%%]");
    sks_table_cell(table, "AICc\nweight");
}

/* How far the model is from its points, and from points it has not seen. */
static void residual_cell(sks_table *table, const sks_model_fit *m)
{
    char left_out[32] = "-";

    if (!isnan(m->leave_one_out_rms))
        snprintf(left_out, sizeof(left_out), "%.2f", 100.0 * m->leave_one_out_rms);
    if (!m->is_fitted)
        sks_table_cell(table, "-");
    else if (m->is_exact)
        sks_table_cell(table, "exact\n%s", left_out);
    else
        sks_table_cell(table, "%.2f\n%s", 100.0 * m->residual_rms, left_out);
}

static void model_row(const sks_fit_section *s, const char *label, const sks_fit *fit,
                      const sks_model_fit *m, sks_table *table)
{
    sks_table_cell(table, "%s", label);
    for (size_t k = 0; k < m->model->n_parameters; k++)
        sks_estimate_cell(table, m->parameter[k],
                          is_time(&m->model->parameters[k]) ? s->factor : 1.0,
                          m->is_on_bound[k] ? "|" : "");
    if (m->is_fitted)
        sks_optimum_cell(table, fit, m);
    else
        sks_table_cell(table, "-");
    residual_cell(table, m);
    if (isnan(m->aicc))
        sks_table_cell(table, "-");
    else
        sks_table_cell(table, "%.1f\n%.2f", m->aicc, m->akaike_weight);
}

/* Each distinct reason once: `reason` picks it from a fit of the model, "" for none. */
static void print_reasons(const sks_fit_section *s, size_t model, const char *prefix,
                          const char *(*reason)(const sks_model_fit *))
{
    for (size_t i = 0; i < s->n_rows; i++) {
        const char *text = reason(&s->rows[i]->models[model]);
        bool is_new = text[0] != '\0';

        for (size_t j = 0; j < i; j++)
            is_new = is_new && strcmp(reason(&s->rows[j]->models[model]), text) != 0;
        if (is_new)
            fprintf(s->out, "- %s%s\n", prefix, text);
    }
}

static const char *fit_reason(const sks_model_fit *m)
{
    return m->reason;
}

static const char *aicc_reason(const sks_model_fit *m)
{
    return m->is_fitted ? m->aicc_reason : "";
}

sks_status sks_fit_print_model(const sks_fit_section *s, size_t m)
{
    const sks_model *model = s->rows[0]->models[m].model;
    size_t n_fitted = 0;
    sks_table *table;
    sks_status status;

    for (size_t i = 0; i < s->n_rows; i++)
        n_fitted += s->rows[i]->models[m].is_fitted;
    if (n_fitted == 0) {
        fprintf(s->out, "%s: %s\n", model->name, model->formula);
        print_reasons(s, m, "not fitted: ", fit_reason);
        fputc('\n', s->out);
        return SKS_OK;
    }
    status = sks_table_create(model->n_parameters + 4, &table);
    if (status != SKS_OK)
        return status;
    fprintf(s->out, "%s: %s\n", model->name, model->formula);
    model_heads(s, model, table);
    for (size_t i = 0; i < s->n_rows; i++)
        model_row(s, s->row_labels[i], s->rows[i], &s->rows[i]->models[m], table);
    status = sks_table_print(table, s->out, SKS_FIT_PAGE);
    sks_table_destroy(table);
    print_reasons(s, m, "not fitted: ", fit_reason);
    print_reasons(s, m, "no AICc: ", aicc_reason);
    fputc('\n', s->out);
    return status;
}

void sks_fit_print_model_remarks(const sks_fit_section *s)
{
    bool some_bound = false, some_exact = false, some_outside = false;

    for (size_t i = 0; i < s->n_rows; i++)
        for (size_t m = 0; m < s->rows[i]->n_models; m++) {
            const sks_model_fit *fit = &s->rows[i]->models[m];

            some_exact |= fit->is_exact;
            some_outside |= sks_fit_is_extrapolated(s->rows[i], fit->optimum.value);
            for (size_t k = 0; k < SKS_MAX_MODEL_PARAMETERS; k++)
                some_bound |= fit->is_on_bound[k];
        }
    fprintf(s->out, "best N: the number of workers with the least time, as far as the law holds\n"
                    "rms: of the relative residuals; LOO: of predicting each N from all others\n"
                    "AICc: the least is best, by 2 at least; weight: the Akaike weight\n");
    if (some_outside)
        fprintf(s->out,
                "+ outside the worker counts of the fit; ! beyond %g times their greatest: a "
                "guess\n",
                SKS_FAR_FACTOR);
    if (some_exact)
        fprintf(s->out, "exact: as many points as parameters, no residual is left to judge by\n");
    if (some_bound)
        fprintf(s->out, "| at the end of its range: the term is absent, or the law does not fit\n");
    fputc('\n', s->out);
}

/* ---- predictions ---- */

/* The models worth hearing: all that cannot be told apart, else the preferred one. */
static bool is_predicting(const sks_fit *fit, const sks_model_fit *m)
{
    return m == fit->preferred ||
           (fit->verdict == SKS_NOT_TOLD_APART && m->delta_aicc < SKS_DELTA_AICC);
}

static void prediction_row(const sks_fit_section *s, const char *label, const sks_model_fit *m,
                           const sks_prediction *p, sks_table *table)
{
    char text[64];

    sks_table_cell(table, "%s", label);
    sks_table_cell(table, "%s", m->model->name);
    sks_table_cell(table, "%.0f%s", p->n_workers, p->is_far ? "!" : p->is_extrapolated ? "+" : "");
    sks_estimate_cell(table, p->seconds, s->factor, "");
    sks_table_cell(
        table, "%s",
        sks_interval_text((sks_interval){p->one_run.low * s->factor, p->one_run.high * s->factor},
                          -1, text, sizeof(text)));
    sks_estimate_cell(table, p->speedup, 1.0, "");
}

static sks_status predict_rows(const sks_fit_section *s, size_t i, sks_prediction *predictions,
                               sks_table *table)
{
    const sks_fit *fit = s->rows[i];
    size_t n = s->options->n_predict;

    for (size_t m = 0; m < fit->n_models; m++) {
        sks_status status;

        if (!is_predicting(fit, &fit->models[m]))
            continue;
        status = sks_fit_predict(fit, &fit->models[m], s->options->predict, n, predictions);
        if (status != SKS_OK)
            return status;
        for (size_t k = 0; k < n; k++)
            prediction_row(s, s->row_labels[i], &fit->models[m], &predictions[k], table);
    }
    return SKS_OK;
}

static void print_prediction_remarks(const sks_fit_section *s)
{
    fprintf(s->out,
            "time: the median, and its %g %% interval; one run: where one further run falls\n"
            "The bands hold if the law goes on as it was measured.\n"
            "+ outside the worker counts of the fit; ! beyond %g times their greatest: a guess\n\n",
            100.0 * s->fits[0]->options.confidence, SKS_FAR_FACTOR);
}

sks_status sks_fit_print_predictions(const sks_fit_section *s)
{
    sks_prediction *predictions;
    sks_table *table;
    sks_status status;

    if (s->options->n_predict == 0)
        return SKS_OK;
    status = sks_table_create(6, &table);
    if (status != SKS_OK)
        return status;
    predictions = calloc(s->options->n_predict, sizeof(*predictions));
    if (predictions == NULL)
        status = sks_fail_nomem("predictions");
    sks_table_cell(table, "series");
    sks_table_cell(table, "model");
    sks_table_cell(table, "N");
    sks_table_cell(table, "time [%s]", s->unit);
    sks_table_cell(table, "one run [%s]", s->unit);
    sks_table_cell(table, "speedup");
    for (size_t i = 0; status == SKS_OK && i < s->n_rows; i++)
        status = predict_rows(s, i, predictions, table);
    if (status == SKS_OK) {
        fprintf(s->out, "\nPrediction of the %s\n\n", s->options->time_name);
        status = sks_table_print(table, s->out, SKS_FIT_PAGE);
        print_prediction_remarks(s);
    }
    free(predictions);
    sks_table_destroy(table);
    return status;
}
