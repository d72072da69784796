#include "harness/present/recorded.h"

#include "harness/present/against_workers.h"
#include "harness/present/quantities.h"

/* A logarithmic axis has no place for zero, which is what a clock too coarse gives. */
static bool has_place(const sks_recorded *what, const sks_point *point, double value)
{
    return point->n_workers >= what->least_workers && (!what->is_log || value > 0);
}

static sks_estimate in_unit(const sks_recorded *what, sks_estimate y)
{
    return (sks_estimate){y.value / what->unit,
                          {y.interval.low / what->unit, y.interval.high / what->unit}};
}

static void add_series(const sks_recorded *what, const sks_figure_input *input,
                       const sks_quantity *q, size_t i, sks_against *a)
{
    sks_series *series = &q->series[i];
    size_t n_before = a->n_points;

    for (size_t j = 0; j < series->n_points; j++) {
        sks_point *point = &series->points[j];
        sks_estimate y = in_unit(what, sks_point_median(point, input->confidence));

        if (has_place(what, point, y.value))
            a->points[a->n_points++] = (sks_measured){
                .item = a->n_items,
                .n_workers = point->n_workers,
                .is_oversubscribed = point->is_oversubscribed,
                .n_samples = point->n,
                .y = y,
            };
    }
    if (a->n_points > n_before)
        a->items[a->n_items++] = (sks_layout_item){series, q->sources[i], series->kernel};
}

sks_status sks_recorded_write(const sks_recorded *what, const sks_figure_input *input,
                              const char *directory, sks_gnuplot *plot)
{
    sks_against a = {.figure = what->figure,
                     .quantity = what->quantity,
                     .y_title = what->y_title,
                     .remark = "points: medians",
                     .confidence = input->confidence,
                     .has_lines = true,
                     .is_log_y = what->is_log};
    sks_quantity q;
    size_t n_points = 0;
    sks_status status = sks_quantity_read(input, what->quantity, &q);

    for (size_t i = 0; i < q.n; i++)
        n_points += q.series[i].n_points;
    if (status == SKS_OK)
        status = sks_against_reserve(&a, q.n, n_points, 0);
    for (size_t i = 0; status == SKS_OK && i < q.n; i++)
        add_series(what, input, &q, i, &a);
    if (status == SKS_OK && a.n_points == 0)
        status = sks_fail(SKS_ERR_INPUT, "no data for the figure \"%s\": it needs %s", what->figure,
                          what->needs);
    if (status == SKS_OK)
        status = sks_against_write(&a, directory, plot);
    sks_against_clear(&a);
    sks_quantity_clear(&q);
    return status;
}
