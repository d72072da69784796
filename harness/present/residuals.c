/* What the scaling models leave unexplained: (measured - fitted)/measured time against workers, a
 * panel for each model, a colour and a marker for each series. A pattern shared by neighbouring
 * worker counts is a law that does not hold; values within their intervals are noise.
 */
#include "harness/present/against_workers.h"

#define NEEDS "samples at more worker counts than a model has parameters: three or more"

/* With the interval of the median, to which the law stays fixed. */
static sks_estimate residual(const sks_fit *fit, const sks_model_fit *model, size_t j)
{
    const sks_point_fit *p = &fit->points[j];
    double value = sks_fit_residual(fit, model, j);
    double fitted = p->median.value * (1 - value);

    return (sks_estimate){100 * value,
                          {100 * (1 - fitted / p->median.interval.low),
                           100 * (1 - fitted / p->median.interval.high)}};
}

/* A law with a parameter for every point leaves nothing but what a bound keeps it from. */
static bool is_telling(const sks_fit *fit, const sks_model_fit *model)
{
    return model->is_fitted && fit->n_used > model->model->n_parameters;
}

static void add_model(const sks_figure_input *input, size_t i, size_t m, sks_against *a)
{
    const sks_fit *fit = &input->fits[i];
    const sks_model_fit *model = &fit->models[m];

    a->items[a->n_items] = (sks_layout_item){fit->series, input->sources[i], model->model->name};
    for (size_t j = 0; j < fit->n_points; j++)
        if (fit->points[j].is_used)
            a->points[a->n_points++] = (sks_measured){
                .item = a->n_items,
                .n_workers = fit->points[j].n_workers,
                .is_oversubscribed = fit->points[j].is_oversubscribed,
                .n_samples = fit->points[j].n_samples,
                .y = residual(fit, model, j),
            };
    a->n_items++;
}

static sks_status residuals_write(const sks_figure_input *input, const char *directory,
                                  sks_gnuplot *plot)
{
    sks_against a = {.figure = "residuals",
                     .quantity = "residual",
                     .y_title = "residual, of the measured time (%)",
                     .remark = "each panel a model;  residual: measured − fitted",
                     .guide = SKS_GUIDE_ZERO,
                     .with_kernel = true,
                     .has_lines = true,
                     .is_centred = true};
    size_t n_points = 0, n_models = input->n > 0 ? input->fits[0].n_models : 0;
    sks_status status;

    for (size_t i = 0; i < input->n; i++)
        n_points += input->fits[i].n_points;
    status = sks_against_reserve(&a, input->n * n_models, n_points * n_models, 0);
    for (size_t m = 0; status == SKS_OK && m < n_models; m++)
        for (size_t i = 0; i < input->n; i++)
            if (is_telling(&input->fits[i], &input->fits[i].models[m]))
                add_model(input, i, m, &a);
    if (status == SKS_OK && a.n_points == 0)
        status = sks_fail(SKS_ERR_INPUT, "no data for the figure \"residuals\": it needs " NEEDS);
    if (status == SKS_OK) {
        a.confidence = input->fits[0].options.confidence;
        status = sks_against_write(&a, directory, plot);
    }
    sks_against_clear(&a);
    return status;
}

const sks_figure sks_figure_residuals = {
    .name = "residuals",
    .summary = "what each scaling model leaves unexplained, against workers",
    .needs = NEEDS,
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "workers.gp",
    .main_data = "points.csv",
    .write = residuals_write,
};
