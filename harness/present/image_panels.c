#include "harness/present/image_panels.h"

#include "harness/analysis/statistics.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels drawn along the longer side; what the screen and the print can show. */
enum { MOST_PIXELS = 800 };

static const double softening = 30, bright = 0.999, sky_sigmas = 2;

/* Pixels of the part in the order of their value. */
static sks_status sorted_values(const sks_image_panel *p, double **values, size_t *n)
{
    double *v = malloc(p->size[0] * p->size[1] * sizeof(*v) + 1);
    size_t count = 0;

    if (v == NULL)
        return sks_fail_nomem("an image");
    for (size_t y = p->from[1]; y < p->from[1] + p->size[1]; y++)
        for (size_t x = p->from[0]; x < p->from[0] + p->size[0]; x++) {
            float value = p->image->data[y * p->image->nx + x];

            if (!isnan(value))
                v[count++] = value;
        }
    if (count == 0) {
        free(v);
        return sks_fail(SKS_ERR_INPUT, "%s: nothing to draw: no pixel there has a value", p->title);
    }
    gsl_sort(v, 1, count);
    *values = v;
    *n = count;
    return SKS_OK;
}

struct stretch {
    double low, high;
};

static sks_status find_stretch(const sks_image_panel *p, struct stretch *stretch)
{
    double *values = NULL, *work = NULL;
    double median, sigma;
    size_t n = 0;
    sks_status status = sorted_values(p, &values, &n);

    if (status != SKS_OK)
        return status;
    work = malloc(n * sizeof(*work));
    if (work == NULL) {
        free(values);
        return sks_fail_nomem("an image");
    }
    median = sks_median(values, n);
    sigma = 1.4826 * sks_mad(values, n, work); /* of a normal distribution */
    stretch->low = fmax(values[0], median - sky_sigmas * sigma);
    stretch->high = sks_quantile(values, n, bright);
    if (!(stretch->high > stretch->low))
        stretch->high = values[n - 1];
    if (!(stretch->high > stretch->low)) /* all pixels are the same */
        stretch->high = stretch->low + 1;
    free(values);
    free(work);
    return SKS_OK;
}

static double stretched(const struct stretch *s, double value)
{
    double v = (value - s->low) / (s->high - s->low);

    return asinh(softening * fmin(fmax(v, 0), 1)) / asinh(softening);
}

static double unstretched(const struct stretch *s, double shade)
{
    return s->low + (s->high - s->low) * sinh(shade * asinh(softening)) / softening;
}

/* Pixels of the image per pixel drawn. */
static size_t block_of(const sks_image_panel *p)
{
    size_t longest = p->size[0] > p->size[1] ? p->size[0] : p->size[1];

    return (longest + MOST_PIXELS - 1) / MOST_PIXELS;
}

/* The mean of the pixels of a block that have a value; NaN for none. */
static double block_mean(const sks_image_panel *p, size_t x0, size_t y0, size_t block)
{
    double sum = 0;
    size_t n = 0;

    for (size_t y = y0; y < y0 + block && y < p->from[1] + p->size[1]; y++)
        for (size_t x = x0; x < x0 + block && x < p->from[0] + p->size[0]; x++) {
            float value = p->image->data[y * p->image->nx + x];

            if (!isnan(value)) {
                sum += value;
                n++;
            }
        }
    return n > 0 ? sum / (double)n : (double)NAN;
}

/* Pixels drawn along an axis. */
static size_t drawn_along(const sks_image_panel *p, int axis)
{
    return (p->size[axis] + block_of(p) - 1) / block_of(p);
}

static size_t n_drawn(const sks_image_panel *p)
{
    return drawn_along(p, 0) * drawn_along(p, 1);
}

/* A single row or column has no extent that gnuplot could draw. */
static sks_status check_extent(const sks_image_panel *p)
{
    if (drawn_along(p, 0) < 2 || drawn_along(p, 1) < 2)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: %zu x %zu pixels make no picture, need two rows and columns of at "
                        "least 1/%d of the longer side",
                        p->title, p->size[0], p->size[1], MOST_PIXELS);
    return SKS_OK;
}

struct content {
    const sks_image_panel *panels;
    const struct stretch *stretch;
    size_t n;
};

/* The axes' coordinate of the pixel corner `i` of the image. */
static double axis_of(const sks_image_panel *p, int axis, double i)
{
    return p->origin[axis] + i / p->scale;
}

static void write_panel(const struct content *c, size_t i, FILE *file)
{
    const sks_image_panel *p = &c->panels[i];
    size_t block = block_of(p);

    for (size_t y = p->from[1]; y < p->from[1] + p->size[1]; y += block)
        for (size_t x = p->from[0]; x < p->from[0] + p->size[0]; x += block) {
            double value = block_mean(p, x, y, block), half = (double)block / 2;

            fprintf(file, "%zu,", i + 1);
            sks_csv_number(file, axis_of(p, 0, (double)x + half), ',');
            sks_csv_number(file, axis_of(p, 1, (double)y + half), ',');
            sks_csv_number(file, value, ',');
            sks_csv_number(file, isnan(value) ? value : stretched(&c->stretch[i], value), '\n');
        }
}

static void write_pixels(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "panel,x,y,value,shade\n");
    for (size_t i = 0; i < c->n; i++)
        write_panel(c, i, file);
}

/* Five marks with three digits or more; only what is very large is written with an exponent. */
static void set_shades(const struct stretch *s, size_t panel, sks_gnuplot *plot)
{
    char text[256];
    size_t at = 0;

    for (int k = 0; k <= 4; k++) {
        double value = unstretched(s, k / 4.0);
        bool is_long = fabs(value) >= 1000 && fabs(value) < 1e6;

        at += (size_t)snprintf(text + at, sizeof(text) - at,
                               is_long ? "%s\"%.0f\" %g" : "%s\"%.3g\" %g", k > 0 ? ", " : "",
                               value, k / 4.0);
    }
    sks_gnuplot_text_i(plot, "shades", panel, text);
}

static void set_panel(const struct content *c, size_t i, sks_gnuplot *plot)
{
    const sks_image_panel *p = &c->panels[i];
    static const char *const names[2][2] = {{"x_from", "x_to"}, {"y_from", "y_to"}};
    static const char *const sides[4] = {"mark_x_from", "mark_x_to", "mark_y_from", "mark_y_to"};
    char unit[SKS_CARD_SIZE] = "", label[SKS_CARD_SIZE + 16] = "pixel value";

    for (int axis = 0; axis < 2; axis++) {
        double from = (double)p->from[axis], to = from + (double)p->size[axis];

        sks_gnuplot_number_i(plot, names[axis][0], i + 1, axis_of(p, axis, from));
        sks_gnuplot_number_i(plot, names[axis][1], i + 1, axis_of(p, axis, to));
    }
    for (int k = 0; k < 4; k++)
        sks_gnuplot_number_i(plot, sides[k], i + 1, p->has_mark ? p->mark[k] : (double)NAN);
    if (sks_image_text(p->image, "BUNIT", unit, sizeof(unit)) && unit[0] != '\0')
        snprintf(label, sizeof(label), "pixel value (%s)", unit);
    sks_gnuplot_text_i(plot, "panel_title", i + 1, p->title);
    sks_gnuplot_text_i(plot, "value_title", i + 1, label);
    set_shades(&c->stretch[i], i + 1, plot);
}

sks_status sks_image_panels_write(const sks_image_panel *panels, size_t n, const char *remark,
                                  const char *directory, sks_gnuplot *plot)
{
    struct stretch *stretch = calloc(n + 1, sizeof(*stretch));
    const struct content content = {panels, stretch, n};
    sks_status status = stretch != NULL ? SKS_OK : sks_fail_nomem("a figure");

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = check_extent(&panels[i]);
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = find_stretch(&panels[i], &stretch[i]);
    if (status == SKS_OK)
        status = sks_figure_csv(directory, "pixels", write_pixels, &content, plot);
    if (status == SKS_OK) {
        sks_gnuplot_number(plot, "n_panels", (double)n);
        sks_gnuplot_text(plot, "remark", remark);
        for (size_t i = 0, row = 0; i < n; i++) {
            set_panel(&content, i, plot);
            sks_gnuplot_number_i(plot, "first_row", i + 1, (double)row);
            row += n_drawn(&panels[i]);
            sks_gnuplot_number_i(plot, "last_row", i + 1, (double)row - 1);
        }
    }
    free(stretch);
    return status;
}
