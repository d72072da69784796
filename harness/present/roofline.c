/* Where runs lie below the roof: rate of computing against arithmetic intensity. Operations and
 * bytes are those that were counted, else those that the kernel declares, which the figure says, in
 * the time of the parallel phase; counted bytes are cache lines that missed the last cache. A
 * colour and a marker for each series, a point for each worker count, joined from the fewest to the
 * most workers; along the dotted lines the same number of bytes per second is moved. The roof is
 * drawn where both of the machine's peaks are given, and never guessed.
 *
 * points.csv  one row for each configuration of which both are known
 *
 * Source  Williams, Waterman & Patterson (2009), Commun. ACM 52, 65, fig. 1 (axes and roofs).
 */
#include "harness/present/layout.h"
#include "harness/present/quantities.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEEDS                                                                                      \
    "operations (the counter PAPI_DP_OPS or PAPI_FP_OPS, or a kernel that declares them) and "     \
    "bytes "                                                                                       \
    "(cache-misses or PAPI_L3_TCM, or a kernel that declares them)"

enum { CACHE_LINE = 64, MOST_SOURCES = 3 }; /* bytes; of all processors with those events but few */

/* Where the two quantities come from, the best source first; `unit` is what one of it stands for,
 * `title` what it is called where it is drawn.
 */
static const struct source {
    const char *name;
    double unit;
    const char *title;
} sources[2][MOST_SOURCES] = {
    {{"counter:PAPI_DP_OPS", 1, "PAPI_DP_OPS"},
     {"counter:PAPI_FP_OPS", 1, "PAPI_FP_OPS"},
     {"flops", 1, NULL}},
    {{"counter:cache-misses", CACHE_LINE, "cache-misses"},
     {"counter:PAPI_L3_TCM", CACHE_LINE, "PAPI_L3_TCM"},
     {"bytes", 1, NULL}},
};
enum { FLOPS, BYTES };

struct placement {
    size_t item;
    const sks_point *point;
    const char *counter[2]; /* which counted its flops and bytes; NULL: the kernel declares them */
    double intensity;       /* flop/byte */
    sks_estimate rate;      /* flop/s */
};

struct content {
    const sks_figure_input *input;
    sks_quantity seconds;
    sks_quantity work[2][MOST_SOURCES]; /* flops and bytes, of each source */
    sks_layout_item *items;
    size_t n_items;
    struct placement *points;
    size_t n_points;
    sks_layout layout;
};

/* Flops or bytes of the configuration, by the best source that knows them; NaN for none. */
static double work_of(struct content *c, int which, size_t i, unsigned n_workers,
                      const char **counter)
{
    for (size_t k = 0; k < MOST_SOURCES && sources[which][k].name != NULL; k++) {
        sks_point *point = sks_quantity_point(&c->work[which][k], c->seconds.sources[i],
                                              &c->seconds.series[i], n_workers);
        double value = point != NULL ? sks_point_median(point, c->input->confidence).value : NAN;

        *counter = sources[which][k].title;
        if (value > 0)
            return value * sources[which][k].unit;
    }
    return NAN;
}

/* The point's rate and intensity; false where its work is not known. */
static bool place(struct content *c, size_t i, sks_point *point, struct placement *placed)
{
    double flops = work_of(c, FLOPS, i, point->n_workers, &placed->counter[FLOPS]);
    double bytes = work_of(c, BYTES, i, point->n_workers, &placed->counter[BYTES]);
    sks_estimate seconds = sks_point_median(point, c->input->confidence);

    if (isnan(flops) || isnan(bytes) || !(seconds.value > 0))
        return false;
    placed->point = point;
    placed->intensity = flops / bytes;
    placed->rate = (sks_estimate){flops / seconds.value,
                                  {flops / seconds.interval.high, flops / seconds.interval.low}};
    return true;
}

static sks_status read_work(struct content *c)
{
    sks_status status = SKS_OK;

    for (int which = FLOPS; which <= BYTES; which++)
        for (size_t k = 0; status == SKS_OK && k < MOST_SOURCES; k++)
            if (sources[which][k].name != NULL)
                status = sks_quantity_read(c->input, sources[which][k].name, &c->work[which][k]);
    return status;
}

static sks_status fill(struct content *c)
{
    sks_status status;
    size_t n = 0;

    for (size_t i = 0; i < c->seconds.n; i++)
        n += c->seconds.series[i].n_points;
    c->items = calloc(c->seconds.n + 1, sizeof(*c->items));
    c->points = calloc(n + 1, sizeof(*c->points));
    if (c->items == NULL || c->points == NULL)
        return sks_fail_nomem("a figure");
    for (size_t i = 0; i < c->seconds.n; i++) {
        sks_series *series = &c->seconds.series[i];
        size_t n_before = c->n_points;

        for (size_t j = 0; j < series->n_points; j++) {
            c->points[c->n_points].item = c->n_items;
            c->n_points += place(c, i, &series->points[j], &c->points[c->n_points]);
        }
        if (c->n_points > n_before)
            c->items[c->n_items++] =
                (sks_layout_item){series, c->seconds.sources[i], "rate of computing"};
    }
    if (c->n_points == 0)
        return sks_fail(SKS_ERR_INPUT, "no data for the figure \"roofline\": it needs " NEEDS);
    status = sks_layout_arrange(c->items, c->n_items, true, &c->layout);
    return status == SKS_OK ? sks_figure_check_grid("roofline", c->layout.n_entries, 1) : status;
}

static void write_points(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "entry,n_workers,is_oversubscribed,is_last,flop_per_byte,flop_per_s,"
                  "flop_per_s_low,flop_per_s_high,flops_from,bytes_from,kernel,series\n");
    for (size_t i = 0; i < c->n_points; i++) {
        const struct placement *p = &c->points[i];

        fprintf(file, "%zu,%u,%d,%d,", c->layout.entry[p->item], p->point->n_workers,
                p->point->is_oversubscribed, i + 1 == c->n_points || p[1].item != p->item);
        sks_csv_number(file, p->intensity, ',');
        sks_csv_number(file, p->rate.value, ',');
        sks_csv_number(file, p->rate.interval.low, ',');
        sks_csv_number(file, p->rate.interval.high, ',');
        for (int which = FLOPS; which <= BYTES; which++)
            sks_csv_text(file, p->counter[which] != NULL ? p->counter[which] : "declared", ',');
        sks_csv_text(file, c->items[p->item].series->kernel, ',');
        sks_csv_text(file, c->layout.label[p->item], '\n');
    }
}

/* "counted (cache-misses)", "declared by the kernel, not counted", or that there are both. */
static void describe_source(const struct content *c, int which, char *text, size_t size)
{
    const char *counter = NULL;
    size_t n_declared = 0;

    for (size_t i = 0; i < c->n_points; i++) {
        n_declared += c->points[i].counter[which] == NULL;
        counter = c->points[i].counter[which] != NULL ? c->points[i].counter[which] : counter;
    }
    if (n_declared == c->n_points)
        snprintf(text, size, "declared by the kernel, not counted%s",
                 which == BYTES ? " (flop/byte: at most)" : "");
    else if (n_declared == 0)
        snprintf(text, size, "counted (%s)", counter);
    else
        snprintf(text, size, "of some counted (%s), of others declared by the kernel", counter);
}

/* Where the numbers are from, and why there is no roof. */
static void set_remark(const struct content *c, sks_gnuplot *plot)
{
    const sks_figure_input *input = c->input;
    const bool has_roof = input->peak_flop_per_s > 0 && input->peak_byte_per_s > 0;
    char flops[128], bytes[128], text[512];

    describe_source(c, FLOPS, flops, sizeof(flops));
    describe_source(c, BYTES, bytes, sizeof(bytes));
    if (strncmp(flops, bytes, strlen(flops)) == 0)
        snprintf(text, sizeof(text), "flops and bytes: %s;  ", bytes);
    else
        snprintf(text, sizeof(text), "flops: %s;  bytes: %s;  ", flops, bytes);
    sks_gnuplot_text(plot, "origin", text);
    sks_gnuplot_number(plot, "peak_flop_per_s", has_roof ? input->peak_flop_per_s : 0);
    sks_gnuplot_number(plot, "peak_byte_per_s", has_roof ? input->peak_byte_per_s : 0);
}

/* The kernel of all series, which labels then do not name; "" where there are several. */
static const char *one_kernel(const struct content *c)
{
    for (size_t i = 1; i < c->n_items; i++)
        if (strcmp(c->items[i].series->kernel, c->items[0].series->kernel) != 0)
            return "";
    return c->items[0].series->kernel;
}

static void set_variables(const struct content *c, sks_gnuplot *plot)
{
    double x[2] = {INFINITY, 0}, y[2] = {INFINITY, 0};
    bool is_crowded = false, has_intervals = false;

    for (size_t i = 0; i < c->n_points; i++) {
        const struct placement *p = &c->points[i];

        x[0] = fmin(x[0], p->intensity);
        x[1] = fmax(x[1], p->intensity);
        y[0] = fmin(fmin(y[0], p->rate.value), p->rate.interval.low);
        y[1] = fmax(fmax(y[1], p->rate.value), p->rate.interval.high);
        is_crowded |= p->point->is_oversubscribed;
        has_intervals |= sks_interval_is_known(p->rate.interval);
    }
    sks_layout_set(&c->layout, plot);
    sks_gnuplot_text(plot, "panel_title_1", one_kernel(c));
    set_remark(c, plot);
    sks_gnuplot_number(plot, "x_low", x[0]);
    sks_gnuplot_number(plot, "x_high", x[1]);
    sks_gnuplot_number(plot, "y_low", y[0]);
    sks_gnuplot_number(plot, "y_high", y[1]);
    sks_gnuplot_number(plot, "interval_percent", has_intervals ? 100 * c->input->confidence : 0);
    sks_gnuplot_number(plot, "is_crowded", is_crowded);
}

static sks_status roofline_write(const sks_figure_input *input, const char *directory,
                                 sks_gnuplot *plot)
{
    struct content c = {.input = input};
    sks_status status = sks_quantity_read(input, "parallel", &c.seconds);

    if (status == SKS_OK)
        status = read_work(&c);
    if (status == SKS_OK)
        status = fill(&c);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "points", write_points, &c, plot);
    if (status == SKS_OK)
        set_variables(&c, plot);
    sks_layout_clear(&c.layout);
    free(c.items);
    free(c.points);
    sks_quantity_clear(&c.seconds);
    for (int which = FLOPS; which <= BYTES; which++)
        for (size_t k = 0; k < MOST_SOURCES; k++)
            sks_quantity_clear(&c.work[which][k]);
    return status;
}

const sks_figure sks_figure_roofline = {
    .name = "roofline",
    .summary = "flop/s against flop/byte, by what was counted or what kernels declare",
    .needs = NEEDS,
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "roofline.gp",
    .main_data = "points.csv",
    .write = roofline_write,
};
