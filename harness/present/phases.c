/* Where the time of runs goes: start-up, prepare, parallel and finish stacked, for every worker
 * count of every series; a panel for each kernel. The bars are medians of each phase; the mark is
 * the median of the total with its interval, from which their sum may differ a little: medians do
 * not add up.
 *
 * phases.csv  one row for each bar
 */
#include "harness/present/layout.h"
#include "harness/present/quantities.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STARTUP, PREPARE, PARALLEL, FINISH, TOTAL, N_TIMES };
static const char *const times[N_TIMES] = {"startup", "prepare", "parallel", "finish", "total"};

#define GAP 0.5 /* between the bars of two series, in bars */

/* A panel's extent. */
struct panel {
    double next;      /* where the next bar goes, in bars from the top */
    double highest_s; /* what its axis has to hold */
    size_t n_bars, n_groups;
};

struct content {
    const sks_figure_input *input;
    sks_quantity time[N_TIMES];
    sks_layout_item *items; /* [time[TOTAL].n] */
    sks_layout layout;
    double *first;       /* [time[TOTAL].n], where the series' bars begin */
    struct panel *panel; /* [layout.n_panels + 1], from 1 */
};

/* A panel for each kernel, in it the bars of one series below those of another. */
static sks_status arrange(struct content *c)
{
    const sks_quantity *q = &c->time[TOTAL];
    sks_status status;

    c->items = calloc(q->n + 1, sizeof(*c->items));
    c->first = calloc(q->n + 1, sizeof(*c->first));
    if (c->items == NULL || c->first == NULL)
        return sks_fail_nomem("a figure");
    for (size_t i = 0; i < q->n; i++)
        c->items[i] = (sks_layout_item){&q->series[i], q->sources[i], q->series[i].kernel};
    status = sks_layout_arrange(c->items, q->n, false, &c->layout);
    if (status != SKS_OK)
        return status;
    c->panel = calloc(c->layout.n_panels + 1, sizeof(*c->panel));
    if (c->panel == NULL)
        return sks_fail_nomem("a figure");
    for (size_t i = 0; i < q->n; i++) {
        struct panel *p = &c->panel[c->layout.panel[i]];

        c->first[i] = p->next;
        p->next += (double)q->series[i].n_points + GAP;
    }
    return SKS_OK;
}

static sks_status set_columns(const struct content *c, sks_gnuplot *plot)
{
    size_t *rows = calloc(c->layout.n_panels + 1, sizeof(*rows));
    sks_status status;

    if (rows == NULL)
        return sks_fail_nomem("a figure");
    for (size_t p = 0; p < c->layout.n_panels; p++)
        rows[p] = (size_t)c->panel[p + 1].next;
    status = sks_figure_set_columns("phases", rows, c->layout.n_panels,
                                    sks_layout_longest(&c->layout), plot);
    free(rows);
    return status;
}

static void write_bar(struct content *c, size_t i, size_t j, FILE *file)
{
    sks_series *series = &c->time[TOTAL].series[i];
    struct panel *panel = &c->panel[c->layout.panel[i]];
    sks_point *point = &series->points[j];
    sks_estimate total = sks_point_median(point, c->input->confidence);
    double sum = 0;

    fprintf(file, "%zu,%g,%u,%d,%zu,", c->layout.panel[i], c->first[i] + (double)j,
            point->n_workers, point->is_oversubscribed, point->n);
    for (int t = 0; t < TOTAL; t++) {
        sks_point *same =
            sks_quantity_point(&c->time[t], c->time[TOTAL].sources[i], series, point->n_workers);
        double median =
            same != NULL ? sks_point_median(same, c->input->confidence).value : (double)NAN;

        sks_csv_number(file, median, ',');
        sum += isnan(median) ? 0 : median;
    }
    sks_csv_number(file, total.value, ',');
    sks_csv_number(file, total.interval.low, ',');
    sks_csv_number(file, total.interval.high, ',');
    sks_csv_text(file, series->kernel, ',');
    sks_csv_text(file, c->layout.label[i], '\n');
    panel->highest_s = fmax(fmax(panel->highest_s, sum), fmax(total.value, total.interval.high));
}

static void write_phases(const void *context, FILE *file)
{
    struct content *c = *(struct content *const *)context;

    fprintf(file, "panel,row,n_workers,is_oversubscribed,n_samples,startup_s,prepare_s,parallel_s,"
                  "finish_s,total_s,total_low_s,total_high_s,kernel,series\n");
    for (size_t i = 0; i < c->time[TOTAL].n; i++)
        for (size_t j = 0; j < c->time[TOTAL].series[i].n_points; j++)
            write_bar(c, i, j, file);
}

/* What stands before the bars: worker counts, and the series in the middle of its own. */
static void set_names(struct content *c, size_t i, sks_gnuplot *plot)
{
    const sks_series *series = &c->time[TOTAL].series[i];
    const size_t panel = c->layout.panel[i];
    struct panel *p = &c->panel[panel];
    char name[48], text[16];

    for (size_t j = 0; j < series->n_points; j++) {
        snprintf(name, sizeof(name), "bar_at_%zu", panel);
        sks_gnuplot_number_i(plot, name, ++p->n_bars, c->first[i] + (double)j);
        snprintf(name, sizeof(name), "bar_%zu", panel);
        snprintf(text, sizeof(text), "%u%s", series->points[j].n_workers,
                 series->points[j].is_oversubscribed ? "*" : "");
        sks_gnuplot_text_i(plot, name, p->n_bars, text);
    }
    snprintf(name, sizeof(name), "group_at_%zu", panel);
    sks_gnuplot_number_i(plot, name, ++p->n_groups,
                         c->first[i] + ((double)series->n_points - 1) / 2);
    snprintf(name, sizeof(name), "group_%zu", panel);
    sks_gnuplot_text_i(plot, name, p->n_groups, c->layout.label[i]);
}

static void set_variables(struct content *c, sks_gnuplot *plot)
{
    const sks_quantity *q = &c->time[TOTAL];
    bool is_crowded = false, has_intervals = false;
    double highest = 0;

    for (size_t i = 0; i < q->n; i++) {
        set_names(c, i, plot);
        for (size_t j = 0; j < q->series[i].n_points; j++) {
            is_crowded |= q->series[i].points[j].is_oversubscribed;
            has_intervals |= q->series[i].points[j].n >= sks_median_min_n(c->input->confidence);
        }
    }
    sks_layout_set(&c->layout, plot);
    for (size_t p = 1; p <= c->layout.n_panels; p++) {
        highest = fmax(highest, c->panel[p].highest_s);
        sks_gnuplot_number_i(plot, "n_bars", p, (double)c->panel[p].n_bars);
        sks_gnuplot_number_i(plot, "n_groups", p, (double)c->panel[p].n_groups);
        sks_gnuplot_number_i(plot, "n_rows", p, c->panel[p].next - GAP);
        sks_gnuplot_number_i(plot, "highest_s", p, c->panel[p].highest_s);
    }
    sks_figure_time_unit(highest, plot);
    sks_gnuplot_number(plot, "interval_percent", has_intervals ? 100 * c->input->confidence : 0);
    sks_gnuplot_number(plot, "is_crowded", is_crowded);
}

static void content_clear(struct content *c)
{
    sks_layout_clear(&c->layout);
    free(c->items);
    free(c->first);
    free(c->panel);
    for (int t = 0; t < N_TIMES; t++)
        sks_quantity_clear(&c->time[t]);
}

static sks_status phases_write(const sks_figure_input *input, const char *directory,
                               sks_gnuplot *plot)
{
    struct content c = {.input = input}, *content = &c;
    sks_status status = SKS_OK;

    for (int t = 0; status == SKS_OK && t < N_TIMES; t++)
        status = sks_quantity_read(input, times[t], &c.time[t]);
    if (status == SKS_OK && c.time[TOTAL].n == 0)
        status = sks_fail(SKS_ERR_INPUT, "no data for the figure \"phases\": it needs samples with "
                                         "their times");
    if (status == SKS_OK)
        status = arrange(&c);
    if (status == SKS_OK)
        status = set_columns(&c, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "phases", write_phases, &content, plot);
    if (status == SKS_OK)
        set_variables(&c, plot);
    content_clear(&c);
    return status;
}

const sks_figure sks_figure_phases = {
    .name = "phases",
    .summary = "start-up, prepare, parallel and finish stacked, for every worker count",
    .needs = "samples",
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "phases.gp",
    .main_data = "phases.csv",
    .write = phases_write,
};
