/* Speedup against workers, as in Figure 1 of the paper: one panel for each kernel, a colour and a
 * marker for each scheduler, with intervals, the ideal line and the fitted laws.
 *
 * points.csv  one row for each measured worker count
 * curves.csv  the preferred law of each series, on a grid over the measured range
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, fig. 1 (what is plotted);
 *         Okabe & Ito (2008), "Color Universal Design" (the template's colours).
 */
#include "harness/present/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 200 };

/* Which panel and which legend entry each fit belongs to; numbers from 1, as gnuplot counts. */
struct layout {
    size_t *panel; /* [n] */
    size_t *entry; /* [n] */
    char **label;  /* [n], of each fit */
    size_t n_panels, n_entries;
};

static void layout_clear(struct layout *layout, size_t n)
{
    for (size_t i = 0; layout->label != NULL && i < n; i++)
        free(layout->label[i]);
    free(layout->panel);
    free(layout->entry);
    free(layout->label);
}

/* With several campaigns a label ends with the name of its own. */
static sks_status add_source(const sks_figure_input *input, size_t i, char **label)
{
    bool is_alone = true;
    char *longer;

    for (size_t j = 0; j < input->n; j++)
        is_alone = is_alone && strcmp(input->sources[j], input->sources[i]) == 0;
    if (is_alone)
        return SKS_OK;
    if (asprintf(&longer, "%s, %s", *label, input->sources[i]) < 0)
        return sks_fail_nomem("label");
    free(*label);
    *label = longer;
    return SKS_OK;
}

/* Labels the fits of one panel: what tells them apart among themselves. */
static sks_status label_panel(const sks_figure_input *input, size_t panel, struct layout *layout)
{
    const sks_series **series = calloc(input->n, sizeof(*series));
    sks_status status = SKS_OK;
    size_t n = 0, k = 0;

    if (series == NULL)
        return sks_fail_nomem("labels");
    for (size_t i = 0; i < input->n; i++)
        if (layout->panel[i] == panel)
            series[n++] = input->fits[i].series;
    for (size_t i = 0; status == SKS_OK && i < input->n; i++)
        if (layout->panel[i] == panel) {
            status = sks_series_label(series, n, k++, false, &layout->label[i]);
            if (status == SKS_OK)
                status = add_source(input, i, &layout->label[i]);
        }
    free(series);
    return status;
}

static sks_status arrange(const sks_figure_input *input, struct layout *layout)
{
    sks_status status = SKS_OK;

    layout->panel = calloc(input->n, sizeof(*layout->panel));
    layout->entry = calloc(input->n, sizeof(*layout->entry));
    layout->label = calloc(input->n, sizeof(*layout->label));
    if (layout->panel == NULL || layout->entry == NULL || layout->label == NULL)
        return sks_fail_nomem("layout of a figure");
    for (size_t i = 0; i < input->n; i++) {
        for (size_t j = 0; j < i && layout->panel[i] == 0; j++)
            if (strcmp(input->fits[j].series->kernel, input->fits[i].series->kernel) == 0)
                layout->panel[i] = layout->panel[j];
        if (layout->panel[i] == 0)
            layout->panel[i] = ++layout->n_panels;
    }
    for (size_t p = 1; status == SKS_OK && p <= layout->n_panels; p++)
        status = label_panel(input, p, layout);
    for (size_t i = 0; status == SKS_OK && i < input->n; i++) {
        for (size_t j = 0; j < i && layout->entry[i] == 0; j++)
            if (strcmp(layout->label[j], layout->label[i]) == 0)
                layout->entry[i] = layout->entry[j];
        if (layout->entry[i] == 0)
            layout->entry[i] = ++layout->n_entries;
    }
    return status;
}

/* What the CSV files are written from. */
struct content {
    const sks_figure_input *input;
    const struct layout *layout;
};

static void write_points(const void *context, FILE *file)
{
    const sks_figure_input *input = ((const struct content *)context)->input;
    const struct layout *layout = ((const struct content *)context)->layout;

    fprintf(file, "panel,entry,n_workers,is_oversubscribed,is_in_fit,n_samples,median_s,"
                  "median_low_s,median_high_s,speedup,speedup_low,speedup_high,efficiency,kernel,"
                  "series\n");
    for (size_t i = 0; i < input->n; i++)
        for (size_t j = 0; j < input->fits[i].n_points; j++) {
            const sks_point_fit *p = &input->fits[i].points[j];

            fprintf(file, "%zu,%zu,%u,%d,%d,%zu,", layout->panel[i], layout->entry[i], p->n_workers,
                    p->is_oversubscribed, p->is_used, p->n_samples);
            sks_csv_number(file, p->median.value, ',');
            sks_csv_number(file, p->median.interval.low, ',');
            sks_csv_number(file, p->median.interval.high, ',');
            sks_csv_number(file, p->speedup.value, ',');
            sks_csv_number(file, p->speedup.interval.low, ',');
            sks_csv_number(file, p->speedup.interval.high, ',');
            sks_csv_number(file, p->efficiency.value, ',');
            sks_csv_text(file, input->fits[i].series->kernel, ',');
            sks_csv_text(file, layout->label[i], '\n');
        }
}

static double fitted_speedup(const sks_fit *fit, double n_workers)
{
    const sks_model_fit *m = fit->preferred;
    double p[SKS_MAX_MODEL_PARAMETERS] = {0};
    double base = fit->points[0].median.value;
    double scale = fit->series->is_weak ? n_workers / (double)fit->points[0].n_workers : 1.0;

    for (size_t k = 0; k < m->model->n_parameters; k++)
        p[k] = m->parameter[k].value;
    return scale * base / m->model->eval(p, n_workers);
}

/* The largest worker count, of all points or of those in the fit. */
static double last_workers(const sks_fit *fit, bool only_used)
{
    double last = fit->points[0].n_workers;

    for (size_t j = 0; j < fit->n_points; j++)
        if (fit->points[j].is_used || !only_used)
            last = fit->points[j].n_workers;
    return last;
}

static void write_curves(const void *context, FILE *file)
{
    const sks_figure_input *input = ((const struct content *)context)->input;
    const struct layout *layout = ((const struct content *)context)->layout;

    fprintf(file, "panel,entry,n_workers,speedup,is_extrapolated,model\n");
    for (size_t i = 0; i < input->n; i++) {
        const sks_fit *fit = &input->fits[i];
        double begin = fit->points[0].n_workers, fitted = last_workers(fit, true);
        double end = last_workers(fit, false);

        if (fit->preferred == NULL)
            continue;
        /* The two parts share the point where the first ends, or there would be a gap. */
        for (int part = 0; part < 2; part++) {
            double from = part == 0 ? begin : fitted, to = part == 0 ? fitted : end;

            for (int k = 0; from < to && k <= CURVE_POINTS; k++) {
                double n = from + (to - from) * k / CURVE_POINTS;

                fprintf(file, "%zu,%zu,%.9g,%.9g,%d,%s\n", layout->panel[i], layout->entry[i], n,
                        fitted_speedup(fit, n), part, fit->preferred->model->name);
            }
        }
    }
}

/* What the axes of one panel have to hold. */
struct ranges {
    double max_workers, max_speedup;
    double first_over; /* least oversubscribed worker count; infinite for none */
    double last_full;  /* greatest count below it that is not */
};

static void add_ranges(const sks_fit *fit, struct ranges *r)
{
    for (size_t j = 0; j < fit->n_points; j++) {
        const sks_point_fit *p = &fit->points[j];
        double n = (double)p->n_workers;

        r->max_workers = fmax(r->max_workers, n);
        r->max_speedup = fmax(r->max_speedup, fmax(p->speedup.value, p->speedup.interval.high));
        if (p->is_oversubscribed)
            r->first_over = fmin(r->first_over, n);
    }
    for (size_t j = 0; j < fit->n_points; j++)
        if (!fit->points[j].is_oversubscribed && fit->points[j].n_workers < r->first_over)
            r->last_full = fmax(r->last_full, fit->points[j].n_workers);
}

static void set_panel(const sks_figure_input *input, const struct layout *layout, size_t panel,
                      sks_gnuplot *plot)
{
    struct ranges r = {.max_workers = 1.0, .max_speedup = 1.0, .first_over = INFINITY};
    const char *kernel = "";

    for (size_t i = 0; i < input->n; i++)
        if (layout->panel[i] == panel) {
            kernel = input->fits[i].series->kernel;
            add_ranges(&input->fits[i], &r);
        }
    sks_gnuplot_text_i(plot, "panel_title", panel, kernel);
    sks_gnuplot_number_i(plot, "max_workers", panel, r.max_workers);
    sks_gnuplot_number_i(plot, "max_speedup", panel, r.max_speedup);
    sks_gnuplot_number_i(plot, "first_over", panel, isinf(r.first_over) ? NAN : r.first_over);
    sks_gnuplot_number_i(plot, "last_full", panel, r.last_full);
}

/* The worker count speedups are relative to: 0 when the series do not agree. */
static double common_base(const sks_figure_input *input)
{
    unsigned base = input->fits[0].points[0].n_workers;

    for (size_t i = 1; i < input->n; i++)
        if (input->fits[i].points[0].n_workers != base)
            return 0.0;
    return base;
}

static bool is_any_weak(const sks_figure_input *input)
{
    for (size_t i = 0; i < input->n; i++)
        if (input->fits[i].series->is_weak)
            return true;
    return false;
}

static void set_legend(const sks_figure_input *input, const struct layout *layout,
                       sks_gnuplot *plot)
{
    const char *model = NULL;
    bool is_one_model = true, has_intervals = false;

    for (size_t e = 1; e <= layout->n_entries; e++)
        for (size_t i = 0; i < input->n; i++)
            if (layout->entry[i] == e) {
                sks_gnuplot_text_i(plot, "label", e, layout->label[i]);
                break;
            }
    for (size_t i = 0; i < input->n; i++) {
        const sks_fit *fit = &input->fits[i];

        for (size_t j = 1; j < fit->n_points; j++)
            has_intervals |= sks_interval_is_known(fit->points[j].speedup.interval);
        if (fit->preferred == NULL)
            continue;
        is_one_model =
            is_one_model && (model == NULL || strcmp(model, fit->preferred->model->name) == 0);
        model = fit->preferred->model->name;
    }
    sks_gnuplot_text(plot, "model", model == NULL ? "" : is_one_model ? model : "best law");
    sks_gnuplot_number(plot, "interval_percent",
                       has_intervals ? 100.0 * input->fits[0].options.confidence : 0.0);
}

static bool has_two_worker_counts(const sks_figure_input *input)
{
    for (size_t i = 0; i < input->n; i++)
        if (input->fits[i].n_points >= 2)
            return true;
    return false;
}

static sks_status speedup_write(const sks_figure_input *input, const char *directory,
                                sks_gnuplot *plot)
{
    struct layout layout = {0};
    const struct content content = {input, &layout};
    sks_status status;

    if (!has_two_worker_counts(input))
        return sks_fail(SKS_ERR_INPUT,
                        "no data for the figure \"speedup\": it needs samples at two worker counts "
                        "or more");
    status = arrange(input, &layout);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "points", write_points, &content, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "curves", write_curves, &content, plot);
    if (status == SKS_OK) {
        sks_gnuplot_number(plot, "n_panels", (double)layout.n_panels);
        sks_gnuplot_number(plot, "n_entries", (double)layout.n_entries);
        sks_gnuplot_text(plot, "time_name", input->time_name);
        sks_gnuplot_number(plot, "base", common_base(input));
        sks_gnuplot_number(plot, "is_weak", is_any_weak(input));
        for (size_t p = 1; p <= layout.n_panels; p++)
            set_panel(input, &layout, p, plot);
        set_legend(input, &layout, plot);
    }
    layout_clear(&layout, input->n);
    return status;
}

const sks_figure sks_figure_speedup = {
    .name = "speedup",
    .summary = "speedup against workers, with intervals, ideal line and fitted laws",
    .needs = "samples at two worker counts or more",
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "speedup.gp",
    .main_data = "points.csv",
    .write = speedup_write,
};
