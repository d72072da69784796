/* Which way to share the loop is fastest: schedulers and executors against each other at every
 * worker count, as in the paper's comparison of Pool/Map, Process/Queue and Parallel Python. A
 * panel for each kernel, a row for each scheme, a colour and a marker for each worker count; the
 * fastest scheme at the greatest worker count comes first.
 *
 * schemes.csv  one row for each configuration
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, sec. 5 (what is compared).
 */
#include "harness/present/layout.h"
#include "harness/present/quantities.h"

#include <math.h>
#include <stdlib.h>

#define NEEDS "two schedulers or executors of the same kernel"

/* An axis of time that has to hold more than this is logarithmic. */
#define MOST_LINEAR 8.0

struct content {
    const sks_figure_input *input;
    sks_layout layout; /* its panels; its entries are the schemes */
    size_t *row;       /* [input->n], in the panel, from 1 */
    unsigned *workers; /* [n_workers], increasing: the legend's entries */
    size_t n_workers;
};

static int compare_unsigned(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

static sks_status find_workers(struct content *c)
{
    size_t n = 0, n_distinct = 0;

    for (size_t i = 0; i < c->input->n; i++)
        n += c->input->fits[i].n_points;
    c->workers = calloc(n + 1, sizeof(*c->workers));
    if (c->workers == NULL)
        return sks_fail_nomem("a figure");
    n = 0;
    for (size_t i = 0; i < c->input->n; i++)
        for (size_t j = 0; j < c->input->fits[i].n_points; j++)
            c->workers[n++] = c->input->fits[i].points[j].n_workers;
    qsort(c->workers, n, sizeof(*c->workers), compare_unsigned);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || c->workers[i] != c->workers[i - 1])
            c->workers[n_distinct++] = c->workers[i];
    c->n_workers = n_distinct;
    return SKS_OK;
}

static size_t entry_of(const struct content *c, unsigned n_workers)
{
    size_t i = 0;

    while (c->workers[i] != n_workers)
        i++;
    return i + 1;
}

/* Whether fit i comes before fit j: measured with more workers, or faster with as many. */
static bool is_before(const sks_figure_input *input, size_t i, size_t j)
{
    const sks_fit *a = &input->fits[i], *b = &input->fits[j];
    const sks_point_fit *p = &a->points[a->n_points - 1], *q = &b->points[b->n_points - 1];

    if (p->n_workers != q->n_workers)
        return p->n_workers > q->n_workers;
    return p->median.value < q->median.value || (p->median.value == q->median.value && i < j);
}

static size_t n_rows(const struct content *c, size_t panel)
{
    size_t n = 0;

    for (size_t i = 0; i < c->layout.n; i++)
        n += c->layout.panel[i] == panel;
    return n;
}

static sks_status arrange(const sks_layout_item *items, struct content *c)
{
    sks_status status = sks_layout_arrange(items, c->input->n, false, &c->layout);
    bool is_compared = false;

    if (status != SKS_OK)
        return status;
    c->row = calloc(c->input->n + 1, sizeof(*c->row));
    if (c->row == NULL)
        return sks_fail_nomem("a figure");
    for (size_t i = 0; i < c->input->n; i++) {
        c->row[i] = 1;
        for (size_t j = 0; j < c->input->n; j++)
            c->row[i] += c->layout.panel[j] == c->layout.panel[i] && is_before(c->input, j, i);
        is_compared |= c->row[i] > 1;
    }
    if (!is_compared)
        return sks_fail(SKS_ERR_INPUT, "no data for the figure \"schemes\": it needs " NEEDS);
    return find_workers(c);
}

static sks_status set_columns(const struct content *c, sks_gnuplot *plot)
{
    size_t *rows = calloc(c->layout.n_panels + 1, sizeof(*rows));
    sks_status status;

    if (rows == NULL)
        return sks_fail_nomem("a figure");
    for (size_t p = 0; p < c->layout.n_panels; p++)
        rows[p] = n_rows(c, p + 1);
    status = sks_figure_set_columns("schemes", rows, c->layout.n_panels,
                                    sks_layout_longest(&c->layout), plot);
    free(rows);
    return status;
}

static void write_schemes(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "panel,row,entry,n_workers,is_oversubscribed,n_samples,median_s,low_s,high_s,"
                  "kernel,scheme\n");
    for (size_t i = 0; i < c->input->n; i++)
        for (size_t j = 0; j < c->input->fits[i].n_points; j++) {
            const sks_point_fit *p = &c->input->fits[i].points[j];

            fprintf(file, "%zu,%zu,%zu,%u,%d,%zu,", c->layout.panel[i], c->row[i],
                    entry_of(c, p->n_workers), p->n_workers, p->is_oversubscribed, p->n_samples);
            sks_csv_number(file, p->median.value, ',');
            sks_csv_number(file, p->median.interval.low, ',');
            sks_csv_number(file, p->median.interval.high, ',');
            sks_csv_text(file, c->input->fits[i].series->kernel, ',');
            sks_csv_text(file, c->layout.label[i], '\n');
        }
}

static void set_panel(const struct content *c, size_t panel, sks_gnuplot *plot)
{
    double low = INFINITY, high = 0;
    char name[32];

    snprintf(name, sizeof(name), "row_%zu", panel);
    for (size_t i = 0; i < c->input->n; i++) {
        const sks_fit *fit = &c->input->fits[i];

        if (c->layout.panel[i] != panel)
            continue;
        sks_gnuplot_text_i(plot, name, c->row[i], c->layout.label[i]);
        for (size_t j = 0; j < fit->n_points; j++) {
            const sks_estimate *y = &fit->points[j].median;

            low = fmin(low, fmin(y->value, y->interval.low));
            high = fmax(high, fmax(y->value, y->interval.high));
        }
    }
    sks_gnuplot_number_i(plot, "n_rows", panel, (double)n_rows(c, panel));
    sks_gnuplot_number_i(plot, "is_log", panel, high > MOST_LINEAR * low);
    sks_gnuplot_number_i(plot, "low_s", panel, low);
    sks_gnuplot_number_i(plot, "high_s", panel, high);
}

static void set_variables(const struct content *c, sks_gnuplot *plot)
{
    bool is_crowded = false, has_intervals = false;
    double high = 0;

    sks_layout_set(&c->layout, plot);
    for (size_t p = 1; p <= c->layout.n_panels; p++)
        set_panel(c, p, plot);
    /* The legend is of worker counts, in place of the schemes, which are the rows. */
    sks_gnuplot_number(plot, "n_entries", (double)c->n_workers);
    for (size_t e = 0; e < c->n_workers; e++) {
        char text[32];

        snprintf(text, sizeof(text), "%u worker%s", c->workers[e], c->workers[e] == 1 ? "" : "s");
        sks_gnuplot_text_i(plot, "label", e + 1, text);
    }
    for (size_t i = 0; i < c->input->n; i++)
        for (size_t j = 0; j < c->input->fits[i].n_points; j++) {
            const sks_point_fit *p = &c->input->fits[i].points[j];

            is_crowded |= p->is_oversubscribed;
            has_intervals |= sks_interval_is_known(p->median.interval);
            high = fmax(high, p->median.value);
        }
    sks_figure_time_unit(high, plot);
    sks_gnuplot_text(plot, "time_name", c->input->time_name);
    sks_gnuplot_number(plot, "is_crowded", is_crowded);
    sks_gnuplot_number(plot, "interval_percent",
                       has_intervals ? 100 * c->input->fits[0].options.confidence : 0);
}

static sks_status schemes_write(const sks_figure_input *input, const char *directory,
                                sks_gnuplot *plot)
{
    struct content c = {.input = input};
    sks_layout_item *items = calloc(input->n + 1, sizeof(*items));
    sks_status status = items != NULL ? SKS_OK : sks_fail_nomem("a figure");

    for (size_t i = 0; status == SKS_OK && i < input->n; i++)
        items[i] = (sks_layout_item){input->fits[i].series, input->sources[i],
                                     input->fits[i].series->kernel};
    if (status == SKS_OK)
        status = arrange(items, &c);
    if (status == SKS_OK)
        status = set_columns(&c, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "schemes", write_schemes, &c, plot);
    if (status == SKS_OK)
        set_variables(&c, plot);
    sks_layout_clear(&c.layout);
    free(c.row);
    free(c.workers);
    free(items);
    return status;
}

const sks_figure sks_figure_schemes = {
    .name = "schemes",
    .summary = "times of all schedulers and executors against each other, at every worker count",
    .needs = NEEDS,
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "schemes.gp",
    .main_data = "schemes.csv",
    .write = schemes_write,
};
