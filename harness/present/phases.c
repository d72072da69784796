/* Where the time of runs goes: start-up, prepare, parallel and finish stacked, against workers; a
 * panel for each series. The bars are medians of each phase; the mark is the median of the total
 * with its interval, from which their sum may differ a little: medians do not add up.
 *
 * phases.csv  one row for each worker count
 */
#include "harness/present/layout.h"
#include "harness/present/quantities.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STARTUP, PREPARE, PARALLEL, FINISH, TOTAL, N_TIMES };
static const char *const times[N_TIMES] = {"startup", "prepare", "parallel", "finish", "total"};

struct content {
    const sks_figure_input *input;
    sks_quantity time[N_TIMES];
    char **title;    /* [time[TOTAL].n] */
    double *highest; /* [time[TOTAL].n], s, what each panel has to hold */
};

/* The kernel, what tells the series from all others, and its campaign. */
static sks_status make_titles(struct content *c)
{
    const sks_quantity *q = &c->time[TOTAL];
    sks_layout_item *items = calloc(q->n + 1, sizeof(*items));
    sks_layout layout = {0};
    sks_status status = SKS_OK;

    c->title = calloc(q->n + 1, sizeof(*c->title));
    c->highest = calloc(q->n + 1, sizeof(*c->highest));
    if (items == NULL || c->title == NULL || c->highest == NULL)
        status = sks_fail_nomem("a figure");
    for (size_t i = 0; status == SKS_OK && i < q->n; i++)
        items[i] = (sks_layout_item){&q->series[i], q->sources[i], q->series[i].kernel};
    if (status == SKS_OK)
        status = sks_layout_arrange(items, q->n, false, &layout);
    for (size_t i = 0; status == SKS_OK && i < q->n; i++)
        if (asprintf(&c->title[i], "%s: %s", q->series[i].kernel, layout.label[i]) < 0) {
            c->title[i] = NULL;
            status = sks_fail_nomem("a figure");
        }
    sks_layout_clear(&layout);
    free(items);
    return status;
}

static void write_row(struct content *c, size_t i, size_t j, FILE *file)
{
    sks_series *series = &c->time[TOTAL].series[i];
    sks_point *point = &series->points[j];
    sks_estimate total = sks_point_median(point, c->input->confidence);
    double sum = 0;

    fprintf(file, "%zu,%zu,%u,%d,%zu,", i + 1, j + 1, point->n_workers, point->is_oversubscribed,
            point->n);
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
    sks_csv_text(file, c->title[i], '\n');
    c->highest[i] = fmax(fmax(c->highest[i], sum), fmax(total.value, total.interval.high));
}

static void write_phases(const void *context, FILE *file)
{
    struct content *c = *(struct content *const *)context;

    fprintf(file, "panel,position,n_workers,is_oversubscribed,n_samples,startup_s,prepare_s,"
                  "parallel_s,finish_s,total_s,total_low_s,total_high_s,series\n");
    for (size_t i = 0; i < c->time[TOTAL].n; i++)
        for (size_t j = 0; j < c->time[TOTAL].series[i].n_points; j++)
            write_row(c, i, j, file);
}

/* gnuplot's list of tics that are not numbers' places: '"1" 1, "2" 2, "4" 3'. */
static sks_status set_tics(const sks_series *series, size_t panel, sks_gnuplot *plot)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return sks_fail_nomem("a figure");
    for (size_t j = 0; j < series->n_points; j++)
        fprintf(out, "%s\"%u%s\" %zu", j > 0 ? ", " : "", series->points[j].n_workers,
                series->points[j].is_oversubscribed ? "*" : "", j + 1);
    if (fclose(out) != 0) {
        free(text);
        return sks_fail_nomem("a figure");
    }
    sks_gnuplot_text_i(plot, "tics", panel, text);
    free(text);
    return SKS_OK;
}

static sks_status set_variables(const struct content *c, sks_gnuplot *plot)
{
    const sks_quantity *q = &c->time[TOTAL];
    sks_status status = SKS_OK;
    bool is_crowded = false, has_intervals = false;
    double highest = 0;

    for (size_t i = 0; status == SKS_OK && i < q->n; i++) {
        const sks_series *series = &q->series[i];

        for (size_t j = 0; j < series->n_points; j++) {
            is_crowded |= series->points[j].is_oversubscribed;
            has_intervals |= series->points[j].n >= sks_median_min_n(c->input->confidence);
        }
        highest = fmax(highest, c->highest[i]);
        sks_gnuplot_text_i(plot, "panel_title", i + 1, c->title[i]);
        sks_gnuplot_number_i(plot, "n_positions", i + 1, (double)series->n_points);
        sks_gnuplot_number_i(plot, "highest_s", i + 1, c->highest[i]);
        status = set_tics(series, i + 1, plot);
    }
    sks_gnuplot_number(plot, "n_panels", (double)q->n);
    sks_figure_time_unit(highest, plot);
    sks_gnuplot_number(plot, "interval_percent", has_intervals ? 100 * c->input->confidence : 0);
    sks_gnuplot_number(plot, "is_crowded", is_crowded);
    return status;
}

static void content_clear(struct content *c)
{
    for (size_t i = 0; c->title != NULL && i < c->time[TOTAL].n; i++)
        free(c->title[i]);
    free(c->title);
    free(c->highest);
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
        status = make_titles(&c);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "phases", write_phases, &content, plot);
    if (status == SKS_OK)
        status = set_variables(&c, plot);
    content_clear(&c);
    return status;
}

const sks_figure sks_figure_phases = {
    .name = "phases",
    .summary = "start-up, prepare, parallel and finish stacked, against workers",
    .needs = "samples",
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "phases.gp",
    .main_data = "phases.csv",
    .write = phases_write,
};
