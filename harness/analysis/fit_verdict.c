/* Which model the points speak for, and when they do not. */
#include "harness/analysis/fit_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const sks_verdict_name[] = {"too-few-points", "not-told-apart", "best", "only-model"};

/* Differences to the least AICc, and the weights; returns the model that has it, NULL for none. */
static sks_model_fit *rank_models(sks_fit *fit, size_t *n_judged)
{
    sks_model_fit *least = NULL;
    double sum = 0.0;

    *n_judged = 0;
    for (size_t i = 0; i < fit->n_models; i++) {
        sks_model_fit *m = &fit->models[i];

        if (isnan(m->aicc))
            continue;
        ++*n_judged;
        if (least == NULL || m->aicc < least->aicc)
            least = m;
    }
    for (size_t i = 0; least != NULL && i < fit->n_models; i++) {
        fit->models[i].delta_aicc = fit->models[i].aicc - least->aicc;
        if (!isnan(fit->models[i].aicc))
            sum += exp(-0.5 * fit->models[i].delta_aicc);
    }
    for (size_t i = 0; least != NULL && i < fit->n_models; i++)
        fit->models[i].akaike_weight = exp(-0.5 * fit->models[i].delta_aicc) / sum;
    return least;
}

/* "amdahl, log": those within SKS_DELTA_AICC of the least; returns how many. */
static size_t name_rivals(const sks_fit *fit, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < fit->n_models; i++)
        if (fit->models[i].delta_aicc < SKS_DELTA_AICC) {
            size_t length = strlen(text);

            snprintf(text + length, size - length, "%s%s", n > 0 ? ", " : "",
                     fit->models[i].model->name);
            n++;
        }
    return n;
}

/* Which points the fit has used, where it has not used all. */
static const char *which_points(const sks_fit *fit)
{
    if (fit->n_left_out == 0)
        return "";
    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used)
            return fit->points[i].is_oversubscribed ? " with oversubscription"
                                                    : " without oversubscription";
    return " without oversubscription";
}

static void too_few_points(sks_fit *fit, size_t n_suited)
{
    size_t needed = SKS_MIN_DISTINCT_N;

    fit->verdict = SKS_TOO_FEW_POINTS;
    for (size_t i = 0; i < fit->n_models; i++)
        if (sks_model_unsuited(fit->models[i].model, fit->series->is_weak) == NULL) {
            if (fit->models[i].is_fitted && fit->preferred == NULL)
                fit->preferred = &fit->models[i];
            /* parameters and variance, and one more than AICc's n = k + 1 */
            if (n_suited > 1 && fit->models[i].model->n_parameters + 3 > needed)
                needed = fit->models[i].model->n_parameters + 3;
        }
    snprintf(fit->verdict_text, sizeof(fit->verdict_text),
             "too few points to tell: %zu worker count%s%s, %zu are needed", fit->n_used,
             fit->n_used == 1 ? "" : "s", which_points(fit), needed);
}

/* AICc and prediction may disagree: a reader should know. A model whose further terms vanished
 * predicts the same as the one without them, but for rounding. */
static void add_prediction(const sks_fit *fit, const sks_model_fit *best, char *text, size_t size)
{
    static const double worth_telling = 0.95;
    const sks_model_fit *sharpest = best;
    size_t length = strlen(text);

    for (size_t i = 0; i < fit->n_models; i++)
        if (fit->models[i].leave_one_out_rms < sharpest->leave_one_out_rms)
            sharpest = &fit->models[i];
    if (sharpest->leave_one_out_rms < worth_telling * best->leave_one_out_rms)
        snprintf(text + length, size - length,
                 "; %s predicts left-out points better (%.2g %% against %.2g %%)",
                 sharpest->model->name, 100.0 * sharpest->leave_one_out_rms,
                 100.0 * best->leave_one_out_rms);
}

/* The best of laws that all forbid what was seen is no law of it. */
static void add_superlinear(const sks_fit *fit, char *text, size_t size)
{
    size_t n = 0, length = strlen(text);

    for (size_t i = 0; i < fit->n_points; i++)
        n += fit->points[i].is_used && fit->points[i].is_superlinear;
    if (n > 0)
        snprintf(text + length, size - length,
                 "; %zu point%s superlinear, which none of the laws can be", n,
                 n == 1 ? " is" : "s are");
}

void sks_fit_decide(sks_fit *fit)
{
    size_t n_judged, n_suited = 0;
    sks_model_fit *least = rank_models(fit, &n_judged);
    char rivals[128];

    for (size_t i = 0; i < fit->n_models; i++)
        n_suited += sks_model_unsuited(fit->models[i].model, fit->series->is_weak) == NULL;
    if (fit->n_used < SKS_MIN_DISTINCT_N || (n_judged < 2 && n_suited > 1)) {
        too_few_points(fit, n_suited);
        return;
    }
    if (n_suited == 1) {
        fit->verdict = SKS_ONLY_MODEL;
        for (size_t i = 0; i < fit->n_models; i++)
            if (fit->models[i].is_fitted)
                fit->preferred = &fit->models[i];
        snprintf(fit->verdict_text, sizeof(fit->verdict_text), "the only model for %s scaling",
                 fit->series->is_weak ? "weak" : "strong");
        return;
    }
    fit->preferred = least;
    if (name_rivals(fit, rivals, sizeof(rivals)) > 1) {
        fit->verdict = SKS_NOT_TOLD_APART;
        snprintf(fit->verdict_text, sizeof(fit->verdict_text),
                 "%s cannot be told apart (AICc within %g)", rivals, SKS_DELTA_AICC);
    } else {
        fit->verdict = SKS_BEST;
        snprintf(fit->verdict_text, sizeof(fit->verdict_text), "%s is best (Akaike weight %.2f)",
                 least->model->name, least->akaike_weight);
        add_prediction(fit, least, fit->verdict_text, sizeof(fit->verdict_text));
    }
    add_superlinear(fit, fit->verdict_text, sizeof(fit->verdict_text));
}
