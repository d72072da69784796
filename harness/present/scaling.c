#include "harness/present/scaling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 120, CURVE_ROWS = 2 * (CURVE_POINTS + 1) };

/* ---- Points. */

static void add_points(sks_against *a, size_t item, const sks_fit *fit, bool is_efficiency)
{
    for (size_t j = 0; j < fit->n_points; j++) {
        const sks_point_fit *p = &fit->points[j];

        a->points[a->n_points++] = (sks_measured){
            .item = item,
            .n_workers = p->n_workers,
            .is_oversubscribed = p->is_oversubscribed,
            .n_samples = p->n_samples,
            .y = is_efficiency ? p->efficiency : p->speedup,
        };
    }
}

/* ---- Laws. */

/* Speedup N T(base) / (base T(N)) of weak scaling and T(base)/T(N) of strong scaling both give the
 * efficiency when divided by N / base. */
static sks_estimate scaled(sks_estimate y, double factor)
{
    return (sks_estimate){factor * y.value, {factor * y.interval.low, factor * y.interval.high}};
}

/* A row of the curve from what was predicted there. */
static sks_modelled curve_row(const sks_fit *fit, size_t item, bool is_efficiency, bool is_beyond,
                              const sks_prediction *p)
{
    double base = fit->points[0].n_workers;
    double factor = is_efficiency ? base / p->n_workers : 1;
    /* speedup x time is the same for the median and for a single run */
    double work = p->speedup.value * p->seconds.value;

    return (sks_modelled){
        .item = item,
        .n_workers = p->n_workers,
        .is_extrapolated = is_beyond,
        .model = fit->preferred->model->name,
        .y = scaled(p->speedup, factor),
        .run = {factor * work / p->one_run.high, factor * work / p->one_run.low},
    };
}

/* A law with as many parameters as there are worker counts goes through all of them whatever they
 * are: it says nothing, and its band no more. */
static bool is_telling(const sks_fit *fit)
{
    return fit->preferred != NULL && fit->n_used > fit->preferred->model->n_parameters;
}

/* The preferred law on a grid: over the worker counts of the fit, then beyond them. */
static sks_status add_law(sks_against *a, size_t item, const sks_fit *fit, bool is_efficiency)
{
    double begin = fit->points[0].n_workers, fitted = sks_fit_greatest(fit);
    double end = fit->points[fit->n_points - 1].n_workers;
    sks_prediction at[CURVE_POINTS + 1];
    double n_workers[CURVE_POINTS + 1];

    if (!is_telling(fit))
        return SKS_OK;
    /* The two parts share the point where the first ends, or there would be a gap. */
    for (int part = 0; part < 2; part++) {
        double from = part == 0 ? begin : fitted, to = part == 0 ? fitted : end;
        sks_status status;

        if (!(from < to))
            continue;
        for (int k = 0; k <= CURVE_POINTS; k++)
            n_workers[k] = from * pow(to / from, (double)k / CURVE_POINTS);
        status = sks_fit_predict(fit, fit->preferred, n_workers, CURVE_POINTS + 1, at);
        if (status != SKS_OK)
            return status;
        for (int k = 0; k <= CURVE_POINTS; k++)
            a->curves[a->n_curves++] = curve_row(fit, item, is_efficiency, part == 1, &at[k]);
    }
    return SKS_OK;
}

/* ---- Texts. */

/* The worker count speedups are relative to: 0 when the series do not agree. */
static unsigned common_base(const sks_figure_input *input)
{
    unsigned base = input->fits[0].points[0].n_workers;

    for (size_t i = 1; i < input->n; i++)
        if (input->fits[i].points[0].n_workers != base)
            return 0;
    return base;
}

static bool is_any_weak(const sks_figure_input *input)
{
    for (size_t i = 0; i < input->n; i++)
        if (input->fits[i].series->is_weak)
            return true;
    return false;
}

static void title(const sks_figure_input *input, bool is_efficiency, char *text, size_t size)
{
    unsigned base = common_base(input);
    bool is_weak = is_any_weak(input);
    char name[16] = "base", least[16] = "";

    if (base > 0)
        snprintf(name, sizeof(name), "%u", base);
    if (base > 1)
        snprintf(least, sizeof(least), "%u ", base);
    else if (base == 0)
        snprintf(least, sizeof(least), "base ");
    if (is_efficiency)
        snprintf(text, size,
                 is_weak ? "efficiency T(%s)/T(N), %s" : "efficiency %sT(%s)/(N T(N)), %s",
                 is_weak ? name : least, is_weak ? input->time_name : name, input->time_name);
    else
        snprintf(text, size, "%s T(%s)/T(N), %s", is_weak ? "scaled speedup N" : "speedup", name,
                 input->time_name);
}

/* What the lines are: "lines: fitted amdahl (dashed: beyond the fit)"; or why there are none. */
static void describe_laws(const sks_figure_input *input, const sks_against *a, char *text,
                          size_t size)
{
    size_t n_telling = 0;

    const char *model = NULL;
    bool is_one_model = true, is_beyond = false;

    for (size_t i = 0; i < input->n; i++)
        n_telling += is_telling(&input->fits[i]);
    for (size_t i = 0; i < a->n_curves; i++) {
        is_one_model = is_one_model && (model == NULL || strcmp(model, a->curves[i].model) == 0);
        model = a->curves[i].model;
        is_beyond |= a->curves[i].is_extrapolated;
    }
    if (model == NULL)
        snprintf(text, size, ";  no law: too few worker counts to fit one to");
    else
        snprintf(text, size, ";  lines: fitted %s%s%s", is_one_model ? model : "laws",
                 is_beyond ? " (dashed: beyond the fit)" : "",
                 n_telling < input->n ? ", where there are enough worker counts" : "");
}

/* ---- The figure. */

static sks_status fill(const sks_figure_input *input, bool is_efficiency, sks_against *a)
{
    size_t n_points = 0;
    sks_status status;

    for (size_t i = 0; i < input->n; i++)
        n_points += input->fits[i].n_points;
    status = sks_against_reserve(a, input->n, n_points, input->n * CURVE_ROWS);
    for (size_t i = 0; status == SKS_OK && i < input->n; i++) {
        const sks_fit *fit = &input->fits[i];

        a->items[a->n_items++] =
            (sks_layout_item){fit->series, input->sources[i], fit->series->kernel};
        add_points(a, i, fit, is_efficiency);
        status = add_law(a, i, fit, is_efficiency);
    }
    return status;
}

static bool has_two_worker_counts(const sks_figure_input *input)
{
    for (size_t i = 0; i < input->n; i++)
        if (input->fits[i].n_points >= 2)
            return true;
    return false;
}

sks_status sks_scaling_write(const sks_figure_input *input, bool is_efficiency,
                             const char *directory, sks_gnuplot *plot)
{
    char y_title[160], laws[160], remark[256];
    sks_against a = {.figure = is_efficiency ? "efficiency" : "speedup",
                     .quantity = is_efficiency ? "efficiency" : "speedup",
                     .y_title = y_title,
                     .remark = remark,
                     .guide = is_efficiency ? SKS_GUIDE_ONE : SKS_GUIDE_IDEAL};
    sks_status status;

    if (!has_two_worker_counts(input))
        return sks_fail(SKS_ERR_INPUT,
                        "no data for the figure \"%s\": it needs samples at two worker counts or "
                        "more",
                        a.quantity);
    status = fill(input, is_efficiency, &a);
    if (status == SKS_OK) {
        a.confidence = input->fits[0].options.confidence;
        a.base = common_base(input) > 0 ? common_base(input) : 1;
        title(input, is_efficiency, y_title, sizeof(y_title));
        describe_laws(input, &a, laws, sizeof(laws));
        snprintf(remark, sizeof(remark), "dotted: ideal%s", laws);
        status = sks_against_write(&a, directory, plot);
    }
    sks_against_clear(&a);
    return status;
}
