#include "harness/present/against_workers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* From here on worker counts are spread by their logarithm. */
enum { LOG_FROM_WORKERS = 33 };

/* With more series than this bands would hide each other, the wide ones of single runs first. */
enum { MOST_ENTRIES_WITH_BANDS = 8, MOST_ENTRIES_WITH_RUNS = 2 };

sks_status sks_against_reserve(sks_against *a, size_t n_items, size_t n_points, size_t n_curves)
{
    a->items = calloc(n_items + 1, sizeof(*a->items));
    a->points = calloc(n_points + 1, sizeof(*a->points));
    a->curves = calloc(n_curves + 1, sizeof(*a->curves));
    if (a->items == NULL || a->points == NULL || a->curves == NULL)
        return sks_fail_nomem("a figure");
    return SKS_OK;
}

void sks_against_clear(sks_against *a)
{
    for (size_t i = 0; a->panel_titles != NULL && i < a->n_items; i++)
        free(a->panel_titles[i]);
    free(a->panel_titles);
    free(a->items);
    free(a->points);
    free(a->curves);
}

/* What the CSV files are written from. */
struct content {
    const sks_against *data;
    const sks_layout *layout;
};

static void write_points(const void *context, FILE *file)
{
    const struct content *c = context;
    const char *q = c->data->quantity;

    fprintf(file,
            "panel,entry,n_workers,is_oversubscribed,n_samples,%s,%s_low,%s_high,kernel,series\n",
            q, q, q);
    for (size_t i = 0; i < c->data->n_points; i++) {
        const sks_measured *p = &c->data->points[i];

        fprintf(file, "%zu,%zu,%u,%d,%zu,", c->layout->panel[p->item], c->layout->entry[p->item],
                p->n_workers, p->is_oversubscribed, p->n_samples);
        sks_csv_number(file, p->y.value, ',');
        sks_csv_number(file, p->y.interval.low, ',');
        sks_csv_number(file, p->y.interval.high, ',');
        sks_csv_text(file, c->data->items[p->item].series->kernel, ',');
        sks_csv_text(file, c->layout->label[p->item], '\n');
    }
}

static void write_curves(const void *context, FILE *file)
{
    const struct content *c = context;
    const char *q = c->data->quantity;

    fprintf(file,
            "panel,entry,n_workers,is_extrapolated,%s,%s_low,%s_high,run_low,run_high,model\n", q,
            q, q);
    for (size_t i = 0; i < c->data->n_curves; i++) {
        const sks_modelled *m = &c->data->curves[i];

        fprintf(file, "%zu,%zu,%.9g,%d,", c->layout->panel[m->item], c->layout->entry[m->item],
                m->n_workers, m->is_extrapolated);
        sks_csv_number(file, m->y.value, ',');
        sks_csv_number(file, m->y.interval.low, ',');
        sks_csv_number(file, m->y.interval.high, ',');
        sks_csv_number(file, m->run.low, ',');
        sks_csv_number(file, m->run.high, ',');
        sks_csv_text(file, m->model, '\n');
    }
}

/* What the axes of one panel have to hold. */
struct ranges {
    double min_workers, max_workers;
    double low, high;  /* of the quantity; NaN for none */
    double first_over; /* least oversubscribed worker count; infinite for none */
    double last_full;  /* greatest count below it that is not */
};

static void hold(struct ranges *r, double value)
{
    if (!isfinite(value))
        return;
    r->low = fmin(r->low, value); /* of NaN and a number fmin gives the number */
    r->high = fmax(r->high, value);
}

static struct ranges find_ranges(const struct content *c, size_t panel)
{
    struct ranges r = {
        .min_workers = INFINITY, .max_workers = 1, .low = NAN, .high = NAN, .first_over = INFINITY};

    for (size_t i = 0; i < c->data->n_points; i++) {
        const sks_measured *p = &c->data->points[i];

        if (c->layout->panel[p->item] != panel)
            continue;
        r.min_workers = fmin(r.min_workers, p->n_workers);
        r.max_workers = fmax(r.max_workers, p->n_workers);
        hold(&r, p->y.value);
        hold(&r, p->y.interval.low);
        hold(&r, p->y.interval.high);
        if (p->is_oversubscribed)
            r.first_over = fmin(r.first_over, p->n_workers);
    }
    for (size_t i = 0; i < c->data->n_points; i++) {
        const sks_measured *p = &c->data->points[i];

        if (c->layout->panel[p->item] == panel && !p->is_oversubscribed &&
            p->n_workers < r.first_over)
            r.last_full = fmax(r.last_full, p->n_workers);
    }
    return r;
}

static bool is_wide(const sks_against *a)
{
    for (size_t i = 0; i < a->n_points; i++)
        if (a->points[i].n_workers >= LOG_FROM_WORKERS)
            return true;
    return false;
}

static void set_panel(const struct content *c, size_t panel, bool is_log, sks_gnuplot *plot)
{
    const sks_against *a = c->data;
    struct ranges r = find_ranges(c, panel);
    double from = 0, to = a->guide == SKS_GUIDE_ONE ? fmax(1, r.high) : r.high;

    to *= 1.15;
    if (is_log) {
        from = (a->guide == SKS_GUIDE_IDEAL ? fmin(1, r.low) : r.low) / 1.6;
        to = r.high * 1.6;
    } else if (a->is_centred) {
        to = 1.2 * fmax(fabs(r.low), fabs(r.high));
        from = -to;
    }
    if (!(to > from)) /* nothing but zeros */
        to = from + 1;
    sks_gnuplot_number_i(plot, "min_workers", panel, r.min_workers);
    sks_gnuplot_number_i(plot, "max_workers", panel, r.max_workers);
    sks_gnuplot_number_i(plot, "y_from", panel, from);
    sks_gnuplot_number_i(plot, "y_to", panel, to);
    sks_gnuplot_number_i(plot, "first_over", panel, isinf(r.first_over) ? NAN : r.first_over);
    sks_gnuplot_number_i(plot, "last_full", panel, r.last_full);
}

/* Whether any row of the curves has a band of its law, or of single runs. */
static bool has_bands(const struct content *c, bool of_runs)
{
    const sks_against *a = c->data;

    if (c->layout->n_entries > (of_runs ? MOST_ENTRIES_WITH_RUNS : MOST_ENTRIES_WITH_BANDS))
        return false;
    for (size_t i = 0; i < a->n_curves; i++)
        if (sks_interval_is_known(of_runs ? a->curves[i].run : a->curves[i].y.interval))
            return true;
    return false;
}

/* The remark of the figure, then what all such figures have in common. */
static void set_remark(const struct content *c, sks_gnuplot *plot)
{
    const sks_against *a = c->data;
    bool has_bars = false, is_crowded = false, has_laws = has_bands(c, false);
    const char *parts[4];
    char text[512] = "", intervals[64];
    size_t n_parts = 0;

    for (size_t i = 0; i < a->n_points; i++) {
        has_bars |= sks_interval_is_known(a->points[i].y.interval);
        is_crowded |= a->points[i].is_oversubscribed;
    }
    snprintf(intervals, sizeof(intervals), "%s%s%s: %g %% intervals", has_bars ? "bars" : "",
             has_bars && has_laws ? " and " : "", has_laws ? "bands" : "", 100 * a->confidence);
    if (a->remark[0] != '\0')
        parts[n_parts++] = a->remark;
    if (has_bars || has_laws)
        parts[n_parts++] = intervals;
    if (has_bands(c, true))
        parts[n_parts++] = "pale bands: of single runs";
    if (is_crowded)
        parts[n_parts++] = "hollow, grey: more workers than places";
    for (size_t i = 0, at = 0; i < n_parts && at < sizeof(text); i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i > 0 ? ";  " : "", parts[i]);
    sks_gnuplot_text(plot, "remark", text);
}

static void set_variables(const struct content *c, sks_gnuplot *plot)
{
    static const char *const guides[] = {"none", "zero", "one", "ideal"};
    const sks_against *a = c->data;
    bool is_log_x = is_wide(a), is_log_y = a->is_log_y || (a->guide == SKS_GUIDE_IDEAL && is_log_x);

    sks_layout_set(c->layout, plot);
    sks_gnuplot_text(plot, "quantity", a->quantity);
    sks_gnuplot_text(plot, "y_title", a->y_title);
    sks_gnuplot_text(plot, "guide", guides[a->guide]);
    set_remark(c, plot);
    sks_gnuplot_number(plot, "base", a->base);
    sks_gnuplot_number(plot, "has_lines", a->has_lines);
    sks_gnuplot_number(plot, "has_laws", a->n_curves > 0);
    sks_gnuplot_number(plot, "has_bands", has_bands(c, false));
    sks_gnuplot_number(plot, "has_runs", has_bands(c, true));
    sks_gnuplot_number(plot, "is_log_x", is_log_x);
    sks_gnuplot_number(plot, "is_log_y", is_log_y);
    for (size_t p = 1; p <= c->layout->n_panels; p++)
        set_panel(c, p, is_log_y, plot);
}

/* A panel for each executor of what was one panel before. */
static sks_status split_panels(sks_against *a)
{
    a->panel_titles = calloc(a->n_items + 1, sizeof(*a->panel_titles));
    if (a->panel_titles == NULL)
        return sks_fail_nomem("a figure");
    for (size_t i = 0; i < a->n_items; i++) {
        if (asprintf(&a->panel_titles[i], "%s, %s", a->items[i].panel,
                     a->items[i].series->executor) < 0) {
            a->panel_titles[i] = NULL;
            return sks_fail_nomem("a figure");
        }
        a->items[i].panel = a->panel_titles[i];
    }
    return SKS_OK;
}

/* Clear the layout in any case. */
static sks_status arrange(sks_against *a, sks_layout *layout)
{
    sks_status status = sks_layout_arrange(a->items, a->n_items, a->with_kernel, layout);

    if (status == SKS_OK && layout->n_entries > SKS_MOST_ENTRIES) {
        sks_layout_clear(layout);
        *layout = (sks_layout){0};
        status = split_panels(a);
        if (status == SKS_OK)
            status = sks_layout_arrange(a->items, a->n_items, a->with_kernel, layout);
    }
    if (status == SKS_OK)
        status = sks_figure_check_grid(a->figure, layout->n_entries, layout->n_panels);
    return status;
}

sks_status sks_against_write(sks_against *a, const char *directory, sks_gnuplot *plot)
{
    sks_layout layout;
    const struct content content = {a, &layout};
    sks_status status = arrange(a, &layout);

    if (status == SKS_OK)
        status = sks_figure_csv(directory, "points", write_points, &content, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "curves", write_curves, &content, plot);
    if (status == SKS_OK)
        set_variables(&content, plot);
    sks_layout_clear(&layout);
    return status;
}
