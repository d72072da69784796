/* Completeness against magnitude, as in Figure 3a of the paper: the counts of one table or several
 * with Wilson's intervals, the function fitted to each, and where it falls to 90 and to 50 %.
 *
 * points.csv  one row for each magnitude bin with stars in it
 * curves.csv  the fitted function of each table over all magnitudes
 * limits.csv  the magnitudes at which it is 0.9 and 0.5, with their standard errors
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, fig. 3a (what is plotted);
 *         kernels/astro/completeness_function.h for intervals and function.
 */
#include "harness/present/figure.h"

#include "kernels/astro/completeness_table.h"
#include "kernels/astro/normal.h"

#include <math.h>
#include <stdlib.h>

enum { CURVE_POINTS = 400, N_LIMITS = 2 };

static const double levels[N_LIMITS] = {0.9, 0.5};

struct curve {
    sks_bin_count *bins; /* [n_bins] */
    size_t n_bins;
    sks_completeness_fit fit;
};

struct content {
    struct curve *curves; /* [n] */
    size_t n;
    double z; /* of the intervals */
    double mag_min, mag_max;
};

static sks_status read_curves(const sks_figure_input *input, struct content *c)
{
    c->curves = calloc(input->n_files, sizeof(*c->curves));
    if (c->curves == NULL)
        return sks_fail_nomem("a figure");
    c->n = input->n_files;
    c->z = sks_normal_quantile((1 - input->confidence) / 2);
    c->mag_min = INFINITY;
    c->mag_max = -INFINITY;
    for (size_t i = 0; i < c->n; i++) {
        struct curve *curve = &c->curves[i];
        sks_status status =
            sks_completeness_table_read(input->files[i], &curve->bins, &curve->n_bins);

        if (status != SKS_OK)
            return status;
        sks_completeness_fit_counts(curve->bins, curve->n_bins, &curve->fit);
        for (size_t b = 0; b < curve->n_bins; b++) {
            c->mag_min = fmin(c->mag_min, curve->bins[b].mag);
            c->mag_max = fmax(c->mag_max, curve->bins[b].mag);
        }
    }
    return SKS_OK;
}

static void write_points(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "entry,mag,inserted,recovered,completeness,low,high\n");
    for (size_t i = 0; i < c->n; i++)
        for (size_t b = 0; b < c->curves[i].n_bins; b++) {
            const sks_bin_count *bin = &c->curves[i].bins[b];
            double low, high;

            if (!(bin->n > 0))
                continue;
            sks_wilson_interval(bin->k, bin->n, c->z, &low, &high);
            fprintf(file, "%zu,", i + 1);
            sks_csv_number(file, bin->mag, ',');
            sks_csv_number(file, bin->n, ',');
            sks_csv_number(file, bin->k, ',');
            sks_csv_number(file, bin->k / bin->n, ',');
            sks_csv_number(file, low, ',');
            sks_csv_number(file, high, '\n');
        }
}

static void write_curves(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "entry,mag,completeness\n");
    for (size_t i = 0; i < c->n; i++)
        for (int k = 0; c->curves[i].fit.is_fitted && k <= CURVE_POINTS; k++) {
            double mag = c->mag_min + (c->mag_max - c->mag_min) * k / CURVE_POINTS;

            fprintf(file, "%zu,%.9g,%.9g\n", i + 1, mag,
                    sks_completeness_at(&c->curves[i].fit, mag));
        }
}

static void write_limits(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "entry,level,mag,error\n");
    for (size_t i = 0; i < c->n; i++)
        for (int l = 0; l < N_LIMITS; l++) {
            double mag, error;

            sks_completeness_limit(&c->curves[i].fit, levels[l], &mag, &error);
            fprintf(file, "%zu,%g,", i + 1, levels[l]);
            sks_csv_number(file, mag, ',');
            sks_csv_number(file, error, '\n');
        }
}

/* The limits' texts are made here because a missing one is said in words. */
static void describe_limits(const sks_completeness_fit *fit, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (int l = 0; l < N_LIMITS && n < size; l++) {
        double mag, error;
        const char *separator = l > 0 ? ", " : "";

        sks_completeness_limit(fit, levels[l], &mag, &error);
        if (isnan(mag))
            n +=
                (size_t)snprintf(text + n, size - n, "%snever %.0f %%", separator, 100 * levels[l]);
        else
            n += (size_t)snprintf(text + n, size - n, "%s%.0f %% at %.2f ± %.2f mag", separator,
                                  100 * levels[l], mag, error);
    }
}

static void set_variables(const sks_figure_input *input, const struct content *c, sks_gnuplot *plot)
{
    sks_gnuplot_number(plot, "n_entries", (double)c->n);
    sks_gnuplot_number(plot, "interval_percent", 100 * input->confidence);
    sks_gnuplot_number(plot, "mag_min", c->mag_min);
    sks_gnuplot_number(plot, "mag_max", c->mag_max);
    for (size_t i = 0; i < c->n; i++) {
        const sks_completeness_fit *fit = &c->curves[i].fit;
        char text[128];

        describe_limits(fit, text, sizeof(text));
        sks_gnuplot_text_i(plot, "label", i + 1, input->names[i]);
        sks_gnuplot_text_i(plot, "limits_text", i + 1, fit->is_fitted ? text : "no function fits");
    }
}

static sks_status completeness_write(const sks_figure_input *input, const char *directory,
                                     sks_gnuplot *plot)
{
    struct content c = {0};
    sks_status status = read_curves(input, &c);

    if (status == SKS_OK)
        status = sks_figure_csv(directory, "points", write_points, &c, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "curves", write_curves, &c, plot);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "limits", write_limits, &c, plot);
    if (status == SKS_OK)
        set_variables(input, &c, plot);
    for (size_t i = 0; i < c.n; i++)
        free(c.curves[i].bins);
    free(c.curves);
    return status;
}

const sks_figure sks_figure_completeness = {
    .name = "completeness",
    .summary = "completeness against magnitude, with intervals, fitted functions and limits",
    .needs = "tables of the kernel completeness, or others with counts per magnitude",
    .reads = SKS_FIGURE_OF_FILES,
    .template = "completeness.gp",
    .main_data = "points.csv",
    .write = completeness_write,
};
