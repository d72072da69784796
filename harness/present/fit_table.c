#include "harness/present/fit_table.h"

#include "harness/present/fit_table_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void choose_unit(sks_fit_section *s)
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

/* ---- conclusions ---- */

static void conclusion_row(const sks_fit *fit, const char *label, sks_table *table)
{
    const sks_model_fit *m = fit->preferred;

    sks_table_cell(table, "%s", label);
    sks_table_cell(table, "%zu of %zu", fit->n_used, fit->n_points);
    sks_table_cell(table, "%s", m != NULL ? m->model->name : "-");
    if (m != NULL) {
        sks_estimate_cell(table, m->serial_fraction, 1.0, "");
        sks_optimum_cell(table, fit, m);
    } else {
        sks_table_cell(table, "-");
        sks_table_cell(table, "-");
    }
    sks_table_cell(table, "%s", sks_verdict_name[fit->verdict]);
}

/* The verdicts in words: once, when they are the same for all. */
static void print_verdicts(const sks_fit_section *s)
{
    bool is_same = true;

    for (size_t i = 1; i < s->n_rows; i++)
        is_same = is_same && strcmp(s->rows[i]->verdict_text, s->rows[0]->verdict_text) == 0;
    fputc('\n', s->out);
    if (is_same)
        fprintf(s->out, "%s\n", s->rows[0]->verdict_text);
    for (size_t i = 0; !is_same && i < s->n_rows; i++)
        sks_wrapped_line(s->out, s->row_labels[i], s->rows[i]->verdict_text);
}

static sks_status print_conclusions(const sks_fit_section *s)
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
    for (size_t i = 0; i < s->n_rows; i++)
        conclusion_row(s->rows[i], s->row_labels[i], table);
    status = sks_table_print(table, s->out, SKS_FIT_PAGE);
    sks_table_destroy(table);
    print_verdicts(s);
    return status;
}

/* ---- sections ---- */

/* What all series of the section share, which the labels leave out. */
static void print_heading(const sks_fit_section *s)
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

static sks_status print_section(sks_fit_section *s)
{
    sks_status status;

    choose_unit(s);
    print_heading(s);
    status = sks_fit_print_speedups(s);
    if (status == SKS_OK)
        status = sks_fit_print_serial(s);
    for (size_t m = 0; status == SKS_OK && m < s->fits[0]->n_models; m++)
        status = sks_fit_print_model(s, m);
    if (status != SKS_OK)
        return status;
    sks_fit_print_model_remarks(s);
    status = print_conclusions(s);
    if (status == SKS_OK)
        status = sks_fit_print_predictions(s);
    return status;
}

static void section_clear(sks_fit_section *s)
{
    for (size_t i = 0; s->labels != NULL && i < s->n; i++)
        free(s->labels[i]);
    for (size_t i = 0; s->row_labels != NULL && i < s->n_rows; i++)
        free(s->row_labels[i]);
    free(s->labels);
    free(s->row_labels);
    free(s->fits);
    free(s->rows);
}

static bool belong_together(const sks_fit *a, const sks_fit *b)
{
    return strcmp(a->series->kernel, b->series->kernel) == 0 &&
           a->series->is_weak == b->series->is_weak;
}

static sks_status add_row(sks_fit_section *s, const sks_fit *fit, const char *label,
                          const char *more)
{
    char *text;

    if (asprintf(&text, "%s%s", label, more) < 0)
        return sks_fail_nomem("table of fits");
    s->rows[s->n_rows] = fit;
    s->row_labels[s->n_rows++] = text;
    return SKS_OK;
}

static sks_status label_section(sks_fit_section *s, const sks_series *const *series)
{
    for (size_t i = 0; i < s->n; i++) {
        sks_status status = sks_series_label(series, s->n, i, false, &s->labels[i]);

        if (status == SKS_OK)
            status = add_row(s, s->fits[i], s->labels[i], "");
        if (status == SKS_OK && s->fits[i]->apart != NULL)
            status = add_row(s, s->fits[i]->apart, s->labels[i], ", oversubscribed");
        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}

/* The fits of the same kernel, and of the same kind of scaling, as fits[first]. */
static sks_status section_of(const sks_fit *fits, size_t n, size_t first, sks_fit_section *s)
{
    const sks_series **series = calloc(n, sizeof(*series));
    sks_status status;

    s->fits = calloc(n, sizeof(*s->fits));
    s->labels = calloc(n, sizeof(*s->labels));
    s->rows = calloc(2 * n, sizeof(*s->rows));
    s->row_labels = calloc(2 * n, sizeof(*s->row_labels));
    if (series == NULL || s->fits == NULL || s->labels == NULL || s->rows == NULL ||
        s->row_labels == NULL) {
        free(series);
        return sks_fail_nomem("table of fits");
    }
    for (size_t i = first; i < n; i++)
        if (belong_together(&fits[i], &fits[first])) {
            series[s->n] = fits[i].series;
            s->fits[s->n++] = &fits[i];
        }
    status = label_section(s, series);
    free(series);
    return status;
}

static bool was_printed(const sks_fit *fits, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (belong_together(&fits[j], &fits[i]))
            return true;
    return false;
}

sks_status sks_fit_table_print(const sks_fit *fits, size_t n, const sks_fit_table_options *options,
                               FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        sks_fit_section s = {.options = options, .out = out};
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
