#include "harness/present/fit_table.h"

#include "harness/present/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 100 };

/* The fits of one kernel, printed together. */
typedef struct section {
    size_t n;
    const sks_fit **fits;
    char **labels;
    const char *time_name;
    const char *unit; /* of times */
    double factor;    /* from seconds to that unit */
    FILE *out;
} section;

static void choose_unit(section *s)
{
    double least = INFINITY;

    for (size_t i = 0; i < s->n; i++)
        least = fmin(least, s->fits[i]->points[0].median.value);
    if (least >= 1.0) {
        s->unit = "s";
        s->factor = 1.0;
    } else if (least >= 1e-3) {
        s->unit = "ms";
        s->factor = 1e3;
    } else {
        s->unit = "us";
        s->factor = 1e6;
    }
}

/* Decimals that show `digits` significant digits of `value`. */
static int decimals(double value, int digits)
{
    int magnitude = value != 0.0 ? (int)floor(log10(fabs(value))) : 0;

    return magnitude >= digits ? 0 : digits - 1 - magnitude;
}

/* "1.93..1.97" to three digits of the upper end, or to as many decimals as given (>= 0); ">= 12"
 * when there is no upper end; "" when none is claimed. */
static const char *interval_text(sks_interval interval, int places, char *text, size_t size)
{
    if (!sks_interval_is_known(interval) || isinf(interval.low)) {
        text[0] = '\0';
        return text;
    }
    if (places < 0)
        places = decimals(isinf(interval.high) ? interval.low : interval.high, 3);
    if (places > 6)
        snprintf(text, size, "%.2e..%.2e", interval.low, interval.high);
    else if (isinf(interval.high))
        snprintf(text, size, ">= %.*f", places, interval.low);
    else
        snprintf(text, size, "%.*f..%.*f", places, interval.low, places, interval.high);
    return text;
}

static void estimate_cell(sks_table *table, sks_estimate e, double factor, const char *mark)
{
    char interval[64];

    if (isnan(e.value))
        sks_table_cell(table, "-");
    else
        sks_table_cell(
            table, "%.4g%s\n%s", e.value * factor, mark,
            interval_text((sks_interval){e.interval.low * factor, e.interval.high * factor}, -1,
                          interval, sizeof(interval)));
}

static void optimum_cell(sks_table *table, sks_estimate e)
{
    char interval[64];

    if (isinf(e.value))
        sks_table_cell(table, "no limit\n%s",
                       interval_text(e.interval, -1, interval, sizeof(interval)));
    else
        estimate_cell(table, e, 1.0, "");
}

/* ---- speedups ---- */

static const sks_point_fit *point_at(const sks_fit *fit, unsigned n_workers)
{
    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].n_workers == n_workers)
            return &fit->points[i];
    return NULL;
}

/* The least worker count above `after` in any series; 0 for none. */
static unsigned next_workers(const section *s, unsigned after)
{
    unsigned least = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->fits[i]->n_points; j++) {
            unsigned n = s->fits[i]->points[j].n_workers;

            if (n > after && (least == 0 || n < least))
                least = n;
        }
    return least;
}

/* Oversubscribed in every series that has it (all) or in at least one. */
static bool is_oversubscribed(const section *s, unsigned n_workers, bool all)
{
    for (size_t i = 0; i < s->n; i++) {
        const sks_point_fit *p = point_at(s->fits[i], n_workers);

        if (p != NULL && p->is_oversubscribed != all)
            return !all;
    }
    return all;
}

static bool have_one_base(const section *s)
{
    for (size_t i = 1; i < s->n; i++)
        if (s->fits[i]->points[0].n_workers != s->fits[0]->points[0].n_workers)
            return false;
    return true;
}

/* The worker counts that have a column: not the base, when it is the same for all. */
static unsigned next_column(const section *s, unsigned after)
{
    unsigned base = s->fits[0]->points[0].n_workers;
    unsigned n = next_workers(s, after);

    return n == base && have_one_base(s) ? next_workers(s, n) : n;
}

static void speedup_heads(const section *s, sks_table *table)
{
    sks_table_cell(table, "workers");
    if (have_one_base(s))
        sks_table_cell(table, "T(%u) [%s]", s->fits[0]->points[0].n_workers, s->unit);
    else
        sks_table_cell(table, "T(base) [%s]", s->unit);
    for (unsigned n = next_column(s, 0); n > 0; n = next_column(s, n))
        sks_table_cell(table, "%u%s", n, is_oversubscribed(s, n, true) ? "*" : "");
}

static void speedup_cell(const section *s, sks_table *table, const sks_fit *fit, unsigned n)
{
    const sks_point_fit *p = point_at(fit, n);
    char interval[64];
    int places = p != NULL && p->speedup.value >= 10.0 ? 1 : 2;

    if (p == NULL)
        sks_table_cell(table, "-");
    else if (p == &fit->points[0])
        sks_table_cell(table, "1");
    else
        sks_table_cell(table, "%.*f%s%s\n%s", places, p->speedup.value,
                       p->is_oversubscribed && !is_oversubscribed(s, n, true) ? "*" : "",
                       p->is_superlinear ? "^" : "",
                       interval_text(p->speedup.interval, places, interval, sizeof(interval)));
}

static void speedup_remarks(const section *s)
{
    bool some_oversubscribed = false, some_superlinear = false, some_used = false;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->fits[i]->n_points; j++) {
            const sks_point_fit *p = &s->fits[i]->points[j];

            some_oversubscribed |= p->is_oversubscribed;
            some_used |= p->is_oversubscribed && p->is_used;
            some_superlinear |= p->is_superlinear;
        }
    if (some_oversubscribed)
        fprintf(s->out, "* oversubscribed: more workers than places to run; %s the fits\n",
                some_used ? "included in" : "left out of");
    if (some_superlinear)
        fprintf(s->out, "^ faster than in proportion to the workers (superlinear)\n");
}

static void print_speedup_title(const section *s)
{
    char base[32] = "base";

    if (have_one_base(s))
        snprintf(base, sizeof(base), "%u", s->fits[0]->points[0].n_workers);
    fprintf(s->out, "%speedup %sT(%s)/T(N) of the median %s, %g %% intervals underneath\n",
            s->fits[0]->series->is_weak ? "Scaled s" : "S", s->fits[0]->series->is_weak ? "N " : "",
            base, s->time_name, 100.0 * s->fits[0]->options.confidence);
    if (!have_one_base(s))
        fprintf(s->out, "base: the smallest worker count of each series, where the speedup is 1\n");
    fputc('\n', s->out);
}

static sks_status print_speedups(const section *s)
{
    size_t n_columns = 2;
    sks_table *table;
    sks_status status;

    for (unsigned n = next_column(s, 0); n > 0; n = next_column(s, n))
        n_columns++;
    status = sks_table_create(n_columns, &table);
    if (status != SKS_OK)
        return status;
    print_speedup_title(s);
    speedup_heads(s, table);
    for (size_t i = 0; i < s->n; i++) {
        sks_table_cell(table, "%s", s->labels[i]);
        estimate_cell(table, s->fits[i]->points[0].median, s->factor, "");
        for (unsigned n = next_column(s, 0); n > 0; n = next_column(s, n))
            speedup_cell(s, table, s->fits[i], n);
    }
    status = sks_table_print(table, s->out, PAGE);
    sks_table_destroy(table);
    speedup_remarks(s);
    fputc('\n', s->out);
    return status;
}

/* ---- models ---- */

static bool is_time(const sks_model_parameter *parameter)
{
    return strcmp(parameter->unit, "s") == 0;
}

static void model_heads(const section *s, const sks_model *model, sks_table *table)
{
    sks_table_cell(table, "series");
    for (size_t k = 0; k < model->n_parameters; k++)
        if (is_time(&model->parameters[k]))
            sks_table_cell(table, "%s [%s]", model->parameters[k].name, s->unit);
        else
            sks_table_cell(table, "%s", model->parameters[k].name);
    sks_table_cell(table, "best N");
    sks_table_cell(table, "rms [%%]");
    sks_table_cell(table, "LOO [%%]");
    sks_table_cell(table, "AICc");
}

static void number_cell(sks_table *table, double value, int places)
{
    if (isnan(value))
        sks_table_cell(table, "-");
    else
        sks_table_cell(table, "%.*f", places, value);
}

static void model_row(const section *s, const char *label, const sks_model_fit *m, sks_table *table)
{
    sks_table_cell(table, "%s", label);
    for (size_t k = 0; k < m->model->n_parameters; k++)
        estimate_cell(table, m->parameter[k], is_time(&m->model->parameters[k]) ? s->factor : 1.0,
                      m->is_on_bound[k] ? "|" : "");
    if (m->is_fitted)
        optimum_cell(table, m->optimum);
    else
        sks_table_cell(table, "-");
    if (m->is_exact)
        sks_table_cell(table, "exact");
    else
        number_cell(table, 100.0 * m->residual_rms, 2);
    number_cell(table, 100.0 * m->leave_one_out_rms, 2);
    number_cell(table, m->aicc, 1);
}

/* Each distinct reason once: `reason` picks it from a fit of the model, "" for none. */
static void print_reasons(const section *s, size_t model, const char *prefix,
                          const char *(*reason)(const sks_model_fit *))
{
    for (size_t i = 0; i < s->n; i++) {
        const char *text = reason(&s->fits[i]->models[model]);
        bool is_new = text[0] != '\0';

        for (size_t j = 0; j < i; j++)
            is_new = is_new && strcmp(reason(&s->fits[j]->models[model]), text) != 0;
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

static sks_status print_model(const section *s, size_t m)
{
    const sks_model *model = s->fits[0]->models[m].model;
    size_t n_fitted = 0;
    sks_table *table;
    sks_status status;

    for (size_t i = 0; i < s->n; i++)
        n_fitted += s->fits[i]->models[m].is_fitted;
    if (n_fitted == 0) {
        fprintf(s->out, "%s: %s\n", model->name, model->formula);
        print_reasons(s, m, "not fitted: ", fit_reason);
        fputc('\n', s->out);
        return SKS_OK;
    }
    status = sks_table_create(model->n_parameters + 5, &table);
    if (status != SKS_OK)
        return status;
    fprintf(s->out, "%s: %s\n", model->name, model->formula);
    model_heads(s, model, table);
    for (size_t i = 0; i < s->n; i++)
        model_row(s, s->labels[i], &s->fits[i]->models[m], table);
    status = sks_table_print(table, s->out, PAGE);
    sks_table_destroy(table);
    print_reasons(s, m, "not fitted: ", fit_reason);
    print_reasons(s, m, "no AICc: ", aicc_reason);
    fputc('\n', s->out);
    return status;
}

static void print_model_remarks(const section *s)
{
    bool some_bound = false, some_exact = false;

    for (size_t i = 0; i < s->n; i++)
        for (size_t m = 0; m < s->fits[i]->n_models; m++) {
            const sks_model_fit *fit = &s->fits[i]->models[m];

            some_exact |= fit->is_exact;
            for (size_t k = 0; k < SKS_MAX_MODEL_PARAMETERS; k++)
                some_bound |= fit->is_on_bound[k];
        }
    fprintf(s->out, "best N: the number of workers with the least time, as far as the law holds\n"
                    "rms: of the relative residuals; LOO: of predicting each N from all others\n");
    if (some_exact)
        fprintf(s->out, "exact: as many points as parameters, no residual is left to judge by\n");
    if (some_bound)
        fprintf(s->out, "| at the end of its range: the term is absent, or the law does not fit\n");
    fputc('\n', s->out);
}

/* ---- conclusions ---- */

static void conclusion_row(const sks_fit *fit, const char *label, sks_table *table)
{
    const sks_model_fit *m = fit->preferred;

    sks_table_cell(table, "%s", label);
    sks_table_cell(table, "%zu of %zu", fit->n_used, fit->n_points);
    sks_table_cell(table, "%s", m != NULL ? m->model->name : "-");
    if (m != NULL) {
        estimate_cell(table, m->serial_fraction, 1.0, "");
        optimum_cell(table, m->optimum);
    } else {
        sks_table_cell(table, "-");
        sks_table_cell(table, "-");
    }
    sks_table_cell(table, "%s", sks_verdict_name[fit->verdict]);
}

/* The verdicts in words: once, when they are the same for all. */
static void print_verdicts(const section *s)
{
    bool is_same = true;

    for (size_t i = 1; i < s->n; i++)
        is_same = is_same && strcmp(s->fits[i]->verdict_text, s->fits[0]->verdict_text) == 0;
    fputc('\n', s->out);
    for (size_t i = 0; i < (is_same ? 1 : s->n); i++)
        fprintf(s->out, "%s%s%s\n", is_same ? "" : s->labels[i], is_same ? "" : ": ",
                s->fits[i]->verdict_text);
}

static sks_status print_conclusions(const section *s)
{
    sks_table *table;
    sks_status status = sks_table_create(6, &table);

    if (status != SKS_OK)
        return status;
    fprintf(s->out, "Conclusion\n\n");
    sks_table_cell(table, "series");
    sks_table_cell(table, "points");
    sks_table_cell(table, "model");
    sks_table_cell(table, "serial fraction");
    sks_table_cell(table, "best N");
    sks_table_cell(table, "verdict");
    for (size_t i = 0; i < s->n; i++)
        conclusion_row(s->fits[i], s->labels[i], table);
    status = sks_table_print(table, s->out, PAGE);
    sks_table_destroy(table);
    print_verdicts(s);
    return status;
}

/* ---- sections ---- */

/* What all series of the section share, which the labels leave out. */
static void print_heading(const section *s)
{
    const sks_series *first = s->fits[0]->series;
    bool same_executor = true, same_binding = true, same_parameters = true;

    for (size_t i = 1; i < s->n; i++) {
        const sks_series *other = s->fits[i]->series;

        same_executor &= strcmp(other->executor, first->executor) == 0;
        same_binding &= strcmp(other->binding, first->binding) == 0;
        same_parameters &= strcmp(other->parameters, first->parameters) == 0;
    }
    fprintf(s->out, "%s", first->kernel);
    if (same_executor)
        fprintf(s->out, ", executor %s", first->executor);
    if (same_binding)
        fprintf(s->out, ", binding %s", first->binding);
    fputc('\n', s->out);
    if (same_parameters && first->parameters[0] != '\0')
        fprintf(s->out, "%s\n", first->parameters);
    fputc('\n', s->out);
}

static sks_status print_section(section *s)
{
    sks_status status;

    choose_unit(s);
    print_heading(s);
    status = print_speedups(s);
    for (size_t m = 0; status == SKS_OK && m < s->fits[0]->n_models; m++)
        status = print_model(s, m);
    if (status == SKS_OK) {
        print_model_remarks(s);
        status = print_conclusions(s);
    }
    return status;
}

static void section_clear(section *s)
{
    for (size_t i = 0; s->labels != NULL && i < s->n; i++)
        free(s->labels[i]);
    free(s->labels);
    free(s->fits);
}

/* The fits of the same kernel, and of the same kind of scaling, as fits[first]. */
static sks_status section_of(const sks_fit *fits, size_t n, size_t first, section *s)
{
    const sks_series **series = calloc(n, sizeof(*series));
    sks_status status = SKS_OK;

    s->fits = calloc(n, sizeof(*s->fits));
    s->labels = calloc(n, sizeof(*s->labels));
    if (series == NULL || s->fits == NULL || s->labels == NULL) {
        free(series);
        return sks_fail_nomem("table of fits");
    }
    for (size_t i = first; i < n; i++)
        if (strcmp(fits[i].series->kernel, fits[first].series->kernel) == 0 &&
            fits[i].series->is_weak == fits[first].series->is_weak) {
            series[s->n] = fits[i].series;
            s->fits[s->n++] = &fits[i];
        }
    for (size_t i = 0; status == SKS_OK && i < s->n; i++)
        status = sks_series_label(series, s->n, i, false, &s->labels[i]);
    free(series);
    return status;
}

static bool was_printed(const sks_fit *fits, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(fits[j].series->kernel, fits[i].series->kernel) == 0 &&
            fits[j].series->is_weak == fits[i].series->is_weak)
            return true;
    return false;
}

sks_status sks_fit_table_print(const sks_fit *fits, size_t n, const char *time_name, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        section s = {.time_name = time_name, .out = out};
        sks_status status;

        if (was_printed(fits, i))
            continue;
        if (i > 0)
            fputs("\n\n", out);
        status = section_of(fits, n, i, &s);
        if (status == SKS_OK)
            status = print_section(&s);
        section_clear(&s);
        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}
