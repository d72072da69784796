/* Simulated speedup against workers: a panel for each work load, a line for each rule, the ideal
 * line and the clairvoyant bound; from what `skyscale simulate --json` prints.
 *
 * points.csv  one row for each rule and worker count
 * bounds.csv  the bound at each worker count
 */
#include "harness/present/figure.h"
#include "harness/present/layout.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PANELS = 64 };

struct content {
    const json_t *load[MAX_PANELS]; /* of all files, in their order */
    const char *name[MAX_PANELS];   /* of the file each is from */
    size_t n;
    json_t *labels; /* scheduler -> number of its entry, from 1 */
    json_t **roots; /* [n_files], what owns all that */
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* NaN where there is no number. */
static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static sks_status add_labels(const json_t *load, json_t *labels)
{
    const json_t *schedulers = json_object_get(load, "schedulers");
    const json_t *rule;
    size_t i;

    json_array_foreach(schedulers, i, rule)
    {
        const char *name = text_of(rule, "scheduler");
        const json_int_t number = (json_int_t)json_object_size(labels) + 1;

        if (json_object_get(labels, name) == NULL &&
            json_object_set_new(labels, name, json_integer(number)) != 0)
            return sks_fail_nomem("a figure");
    }
    return SKS_OK;
}

static sks_status read_file(const char *path, const char *name, json_t **root, struct content *c)
{
    json_error_t error;
    const json_t *loads, *load;
    size_t i;
    sks_status status = SKS_OK;

    *root = json_load_file(path, 0, &error);
    if (*root == NULL)
        return sks_fail(SKS_ERR_INPUT, "%s:%d: %s", path, error.line, error.text);
    loads = json_object_get(*root, "loads");
    if (!json_is_array(loads) || !json_is_true(json_object_get(*root, "is_simulated")))
        return sks_fail(SKS_ERR_INPUT, "%s: not from skyscale simulate --json", path);
    json_array_foreach(loads, i, load)
    {
        if (c->n == MAX_PANELS)
            return sks_fail(SKS_ERR_INPUT, "%s: more than %d work loads together", path,
                            MAX_PANELS);
        c->load[c->n] = load;
        c->name[c->n++] = name;
        status = add_labels(load, c->labels);
        if (status != SKS_OK)
            break;
    }
    return status;
}

static void write_points(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "panel,entry,n_workers,time_s,speedup,efficiency,scheduler,rule\n");
    for (size_t p = 0; p < c->n; p++) {
        const json_t *rule, *point;
        size_t r, i;

        json_array_foreach(json_object_get(c->load[p], "schedulers"), r, rule)
        {
            const char *name = text_of(rule, "scheduler");

            json_array_foreach(json_object_get(rule, "points"), i, point)
            {
                if (json_object_get(point, "failure") != NULL)
                    continue;
                fprintf(file, "%zu,%lld,%.0f,", p + 1,
                        (long long)json_integer_value(json_object_get(c->labels, name)),
                        number_of(point, "workers"));
                sks_csv_number(file, number_of(point, "time_s"), ',');
                sks_csv_number(file, number_of(point, "speedup"), ',');
                sks_csv_number(file, number_of(point, "efficiency"), ',');
                sks_csv_text(file, name, ',');
                sks_csv_text(file, text_of(point, "rule"), '\n');
            }
        }
    }
}

static void write_bounds(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "panel,n_workers,speedup\n");
    for (size_t p = 0; p < c->n; p++) {
        const json_t *best;
        size_t i;

        json_array_foreach(json_object_get(c->load[p], "best"), i, best)
        {
            fprintf(file, "%zu,%.0f,", p + 1, number_of(best, "workers"));
            sks_csv_number(file, number_of(c->load[p], "base_s") / number_of(best, "bound_s"),
                           '\n');
        }
    }
}

/* `parameters`: those that tell the load from others of its kernel. */
static void set_panel(const struct content *c, size_t p, const char *parameters, bool with_name,
                      sks_gnuplot *plot)
{
    const json_t *load = json_object_get(c->load[p], "load");
    const json_t *rule, *point;
    double max_workers = 1, max_speedup = 1, min_speedup = 1;
    char title[256];
    size_t r, i;

    json_array_foreach(json_object_get(c->load[p], "schedulers"), r, rule)
    {
        json_array_foreach(json_object_get(rule, "points"), i, point)
        {
            max_workers = fmax(max_workers, number_of(point, "workers"));
            max_speedup = fmax(max_speedup, number_of(point, "speedup"));
            min_speedup = fmin(min_speedup, number_of(point, "speedup"));
        }
    }
    snprintf(title, sizeof(title), "%s%s%s%s%s", text_of(load, "kernel"),
             parameters[0] != '\0' ? ", " : "", parameters, with_name ? ": " : "",
             with_name ? c->name[p] : "");
    sks_gnuplot_text_i(plot, "panel_title", p + 1, title);
    sks_gnuplot_number_i(plot, "max_workers", p + 1, max_workers);
    sks_gnuplot_number_i(plot, "max_speedup", p + 1, max_speedup);
    sks_gnuplot_number_i(plot, "min_speedup", p + 1, min_speedup);
}

/* The loads as series without a scheduler, arranged by their kernels: labels are what differs in
 * the parameters. */
static sks_status set_panels(const struct content *c, bool with_name, sks_gnuplot *plot)
{
    sks_series *series = calloc(c->n + 1, sizeof(*series));
    sks_layout_item *items = calloc(c->n + 1, sizeof(*items));
    sks_layout layout = {0};
    sks_status status = series != NULL && items != NULL ? SKS_OK : sks_fail_nomem("a figure");

    for (size_t p = 0; status == SKS_OK && p < c->n; p++) {
        const json_t *load = json_object_get(c->load[p], "load");

        series[p] = (sks_series){.kernel = strdup(text_of(load, "kernel")),
                                 .parameters = strdup(text_of(load, "parameters")),
                                 .executor = strdup(""),
                                 .scheduler = strdup(""),
                                 .binding = strdup("")};
        items[p] = (sks_layout_item){&series[p], "", series[p].kernel};
        if (series[p].kernel == NULL || series[p].parameters == NULL ||
            series[p].executor == NULL || series[p].scheduler == NULL || series[p].binding == NULL)
            status = sks_fail_nomem("a figure");
    }
    if (status == SKS_OK)
        status = sks_layout_arrange(items, c->n, false, &layout);
    for (size_t p = 0; status == SKS_OK && p < c->n; p++)
        set_panel(c, p, layout.label[p], with_name, plot);
    sks_layout_clear(&layout);
    sks_series_free(series, c->n);
    free(items);
    return status;
}

static void set_variables(const struct content *c, sks_gnuplot *plot)
{
    const char *name;
    json_t *number;

    sks_gnuplot_number(plot, "n_panels", (double)c->n);
    sks_gnuplot_number(plot, "n_entries", (double)json_object_size(c->labels));
    json_object_foreach(c->labels, name, number)
        sks_gnuplot_text_i(plot, "label", (size_t)json_integer_value(number), name);
}

static sks_status simulation_write(const sks_figure_input *input, const char *directory,
                                   sks_gnuplot *plot)
{
    struct content c = {.labels = json_object(), .roots = calloc(input->n_files, sizeof(*c.roots))};
    sks_status status = c.labels != NULL && c.roots != NULL ? SKS_OK : sks_fail_nomem("a figure");

    for (size_t f = 0; status == SKS_OK && f < input->n_files; f++)
        status = read_file(input->files[f], input->names[f], &c.roots[f], &c);
    if (status == SKS_OK && json_object_size(c.labels) == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no simulated point", input->files[0]);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "points", write_points, &c, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "bounds", write_bounds, &c, plot);
    if (status == SKS_OK)
        status = set_panels(&c, input->n_files > 1, plot);
    if (status == SKS_OK)
        set_variables(&c, plot);
    for (size_t f = 0; c.roots != NULL && f < input->n_files; f++)
        json_decref(c.roots[f]);
    free(c.roots);
    json_decref(c.labels);
    return status;
}

const sks_figure sks_figure_simulation = {
    .name = "simulation",
    .summary = "simulated speedup against workers, with ideal line and clairvoyant bound",
    .needs = "what skyscale simulate --json prints",
    .reads = SKS_FIGURE_OF_FILES,
    .template = "simulation.gp",
    .main_data = "points.csv",
    .write = simulation_write,
};
