/* Sections put together, and what is written: image, residual, log. */
#include "kernels/parts/deconvolve.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HISTORY = 16, TEXT_SIZE = 512 };

struct history {
    size_t n;
    char text[MAX_HISTORY][TEXT_SIZE];
};

static const sks_product_column columns[] = {
    {"psf_x", "pix", 'D', 9, 1},
    {"psf_y", "pix", 'D', 9, 1},
    {"x_first", "pix", 'J', 7, 0},
    {"y_first", "pix", 'J', 7, 0},
    {"nx", "pix", 'J', 7, 0},
    {"ny", "pix", 'J', 7, 0},
    {"converged", NULL, 'J', 9, 0},
    {"end", NULL, 'J', 7, 0},
    {"me_solution", NULL, 'J', 11, 0},
    {"iterations", NULL, 'J', 10, 0},
    {"convolutions", NULL, 'J', 12, 0},
    {"n_data", NULL, 'J', 7, 0},
    {"chi_square", NULL, 'D', 15, 4},
    {"chi_square_per_datum", NULL, 'D', 20, 5},
    {"target", NULL, 'D', 13, 3},
    {"power", "adu", 'D', 15, 4},
    {"wanted_power", "adu", 'D', 15, 4},
    {"max", "adu", 'D', 14, 5},
    {"min", "adu", 'D', 14, 5},
    {"gradient", NULL, 'D', 10, 6},
    {"test", NULL, 'D', 10, 6},
    {"alpha", NULL, 'D', 14, 7},
    {"beta", NULL, 'D', 14, 7},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const sks_deconvolve_result *result_of(const sks_deconvolve *d, const char *results,
                                              size_t task)
{
    const void *result = results + task * sks_deconvolve_result_size(d);

    return result;
}

static bool has_converged(const sks_deconvolve_record *r)
{
    return r->end == SKS_END_CONVERGED || r->end == SKS_END_SETTLED;
}

/* ---- putting together ---- */

/* The part of a section into a whole one. */
static void widen(const sks_deconvolve_part *p, size_t scale, const float *from, size_t width,
                  float *to)
{
    size_t n = scale * (p->x1 - p->x0);

    for (size_t j = scale * p->y0; j < scale * p->y1; j++, from += n)
        memcpy(to + j * scale * width + scale * p->x0, from, n * sizeof(*to));
}

/* A layer of what the sections give: their images, or their residuals. */
struct layer {
    const sks_sections *sections; /* on its pixels */
    size_t scale;                 /* its pixels per pixel of the frame */
    size_t offset;                /* in a result's values, per pixel of the part */
};

/* All sections put together into `to`, which starts as zeros, in order. */
static sks_status put_together(const sks_deconvolve *d, const char *results,
                               const struct layer *layer, float *to)
{
    sks_section first = sks_sections_get(d->sections, 0);
    size_t scale = layer->scale;
    float *whole = calloc(scale * scale * first.nx * first.ny, sizeof(*whole));

    if (whole == NULL)
        return sks_fail_nomem("a section");
    for (size_t task = 0; task < sks_deconvolve_n_tasks(d); task++) {
        size_t section = sks_deconvolve_section(d, task);
        sks_deconvolve_part part = sks_deconvolve_part_of(d, section);
        size_t n = (part.x1 - part.x0) * (part.y1 - part.y0);
        const float *from = result_of(d, results, task)->value + layer->offset * n;

        if (d->has_only) {
            memcpy(to, from, scale * scale * n * sizeof(*to));
            continue;
        }
        if (d->is_smooth) /* what is left of the last one has no weight, but it could be NaN */
            memset(whole, 0, scale * scale * first.nx * first.ny * sizeof(*whole));
        widen(&part, scale, from, first.nx, whole);
        if (d->is_smooth)
            sks_sections_blend(layer->sections, section, whole, to);
        else
            sks_sections_paste(layer->sections, section, whole, to);
    }
    free(whole);
    return SKS_OK;
}

/* The frame's pixel at which the product begins, and its size: the frame's or a section's. */
static sks_section extent(const sks_deconvolve *d)
{
    if (d->has_only)
        return sks_sections_get(d->sections, d->only);
    return (sks_section){.nx = d->image->nx, .ny = d->image->ny};
}

/* An image for the product, with the WCS of its pixels. Without blksum a block's first sub-pixel
 * lies in the middle of the pixel. */
static sks_status make_image(const sks_deconvolve *d, size_t scale, sks_image **image)
{
    sks_section e = extent(d);
    double x1 = (double)e.x0 + 1, y1 = (double)e.y0 + 1, k = (double)scale;
    bool is_centred = scale > 1 && d->takes_first;
    double shift_x = is_centred ? 1 - k * x1 : k * (0.5 - x1) + 0.5;
    double shift_y = is_centred ? 1 - k * y1 : k * (0.5 - y1) + 0.5;

    return sks_image_regrid(d->image, scale * e.nx, scale * e.ny, k, shift_x, shift_y, image);
}

/* ---- what was done ---- */

__attribute__((format(printf, 2, 3))) static void tell(struct history *h, const char *format, ...)
{
    va_list list;

    if (h->n == MAX_HISTORY)
        return;
    va_start(list, format);
    vsnprintf(h->text[h->n++], TEXT_SIZE, format, list);
    va_end(list);
}

static void tell_method(const sks_deconvolve *d, struct history *h)
{
    const sks_mem_params *m = &d->mem;

    if (d->is_rl)
        tell(h,
             "method rl, noise %g e-, gain %g e-/DN, model error %g, aim %g, damping %g, "
             "accelerated %s",
             d->rl.noise, d->rl.adu, d->rl.model_error, d->rl.aim, d->rl.damping,
             d->rl.accelerated ? "yes" : "no");
    else
        tell(h,
             "method mem, noise %g e-, gain %g e-/DN, poisson %s, aim %g, total power %g (to %g), "
             "m_update %u, method %d, damping %g, model error %g",
             m->noise, m->adu, m->poisson ? "yes" : "no", m->aim, m->tp, m->tol[2], m->m_update,
             (int)m->method, m->damping, m->model_error);
    tell(h, "at most %u iterations, %s precision", m->max_iterations,
         d->precision == SKS_PRECISION_DOUBLE ? "double" : "single");
    if (d->icf.image != NULL)
        tell(h, "ICF of %zu x %zu sub-pixels, %s image", d->icf.nx, d->icf.ny,
             m->hidden ? "hidden" : "visible");
    else if (d->has_icf)
        tell(h, "Gaussian ICF of sigma %g sub-pixels, %s image", d->icf.sigma_x,
             m->hidden ? "hidden" : "visible");
    if (d->model != NULL)
        tell(h, "model given");
}

static void tell_all(const sks_deconvolve *d, const char *results, struct history *h)
{
    sks_section section = sks_sections_get(d->sections, 0);
    size_t n = sks_deconvolve_n_tasks(d), n_converged = 0, n_settled = 0;
    double x, y;

    for (size_t task = 0; task < n; task++) {
        const sks_deconvolve_record *r = &result_of(d, results, task)->record;

        n_converged += has_converged(r);
        n_settled += r->end == SKS_END_SETTLED;
    }
    tell(h, "skyscale deconvolve: %u x %u sub-pixels per pixel, in DN per sub-pixel", d->subsample,
         d->subsample);
    tell(h, "PSF %s, radius %g px, %s", d->psf_name, d->psf_radius,
         d->takes_first ? "its first sub-pixel of a block is a pixel"
                        : "summed over a pixel's sub-pixels");
    if (d->has_only) {
        sks_deconvolve_psf_at(d, d->only, &x, &y);
        tell(h, "one section of %zu x %zu px, with the PSF of %g,%g", section.nx, section.ny, x, y);
    } else {
        tell(h, "%zu sections of %zu x %zu px, step %zu px, put together by %s", n, section.nx,
             section.ny, d->step, d->is_smooth ? "smooth weights" : "inner squares");
    }
    tell(h, "boundary %s", d->boundary == SKS_BOUNDARY_WRAP ? "wrap" : "pad");
    tell_method(d, h);
    tell(h, "%zu of %zu sections converged, %zu of them short of the aim", n_converged, n,
         n_settled);
}

/* ---- writing ---- */

static sks_status encode(const sks_image *image, const struct history *h, void **bytes,
                         size_t *size)
{
    const char *lines[MAX_HISTORY];

    for (size_t i = 0; i < h->n; i++)
        lines[i] = h->text[i];
    return sks_image_encode(image, lines, h->n, bytes, size);
}

static double flux_of(const float *data, size_t n)
{
    double flux = 0;

    for (size_t i = 0; i < n; i++)
        flux += isfinite(data[i]) ? (double)data[i] : 0;
    return flux;
}

static sks_status write_image(sks_deconvolve *d, const char *results, const struct history *h)
{
    struct layer layer = {d->sections, d->subsample, 0};
    sks_image *image = NULL;
    sks_status status = make_image(d, d->subsample, &image);

    if (status == SKS_OK)
        status = put_together(d, results, &layer, image->data);
    if (status == SKS_OK) {
        d->flux = flux_of(image->data, image->nx * image->ny);
        status = encode(image, h, &d->bytes, &d->n_bytes);
    }
    if (status == SKS_OK)
        status = sks_product_write(d->product, d->bytes, d->n_bytes, 0);
    sks_image_destroy(image);
    return status;
}

static sks_status write_residual(const sks_deconvolve *d, const char *results,
                                 const struct history *h)
{
    struct layer layer = {d->pixels, 1, (size_t)d->subsample * d->subsample};
    sks_image *image = NULL;
    void *bytes = NULL;
    size_t size = 0;
    sks_status status = make_image(d, 1, &image);

    if (status == SKS_OK)
        status = put_together(d, results, &layer, image->data);
    if (status == SKS_OK)
        status = encode(image, h, &bytes, &size);
    if (status == SKS_OK)
        status = sks_product_write(d->residual, bytes, size, 0);
    free(bytes);
    sks_image_destroy(image);
    return status;
}

static void fill_row(const sks_deconvolve *d, size_t section, const sks_deconvolve_record *r,
                     double *row)
{
    sks_section s = sks_sections_get(d->sections, section);
    double x, y;

    sks_deconvolve_psf_at(d, section, &x, &y);
    memcpy(row,
           (double[N_COLUMNS]){x,
                               y,
                               (double)(s.x0 + 1),
                               (double)(s.y0 + 1),
                               (double)s.nx,
                               (double)s.ny,
                               has_converged(r),
                               r->end,
                               r->is_me_solution,
                               r->iterations,
                               r->convolutions,
                               (double)r->n_data,
                               r->chi_square,
                               r->chi_square / (double)r->n_data,
                               r->target,
                               r->power,
                               r->wanted_power,
                               r->max,
                               r->min,
                               r->gradient,
                               r->test,
                               r->alpha,
                               r->beta},
           N_COLUMNS * sizeof(*row));
}

static sks_status write_log(const sks_deconvolve *d, const char *results, const struct history *h)
{
    size_t n = sks_deconvolve_n_tasks(d), size;
    double *values = malloc(n * N_COLUMNS * sizeof(*values));
    char *comments = NULL;
    FILE *to = open_memstream(&comments, &size);
    sks_status status = SKS_OK;

    if (values == NULL || to == NULL)
        status = sks_fail_nomem("the log");
    for (size_t i = 0; status == SKS_OK && i < h->n; i++)
        fprintf(to, "%s\n", h->text[i]);
    if (status == SKS_OK)
        fprintf(to,
                "end: %d converged, %d iteration limit, %d no weight (the data are fitted "
                "better than aimed at), %d no data, %d settled (converged, but "
                "for the aim: the PSF explains the data no better), %d no light (all data are 0, "
                "and so is the image)\n",
                SKS_END_CONVERGED, SKS_END_ITERATION_LIMIT, SKS_END_NO_WEIGHT,
                SKS_DECONVOLVE_NO_DATA, SKS_END_SETTLED, SKS_DECONVOLVE_NO_LIGHT);
    if (to != NULL && fclose(to) != 0 && status == SKS_OK)
        status = sks_fail_nomem("the log");
    if (status == SKS_OK) {
        sks_product_table table = {
            .name = "SECTIONS",
            .columns = columns,
            .n_columns = N_COLUMNS,
            .n_rows = n,
            .values = values,
            .comments = comments,
        };

        for (size_t task = 0; task < n; task++)
            fill_row(d, sks_deconvolve_section(d, task), &result_of(d, results, task)->record,
                     values + task * N_COLUMNS);
        status = sks_product_table_write(&table, d->log_is_fits, d->log);
    }
    free(values);
    free(comments);
    return status;
}

static void add_notes(sks_deconvolve *d, const char *results, sks_notes *notes)
{
    size_t n = sks_deconvolve_n_tasks(d), n_converged = 0, n_settled = 0, n_without_data = 0;
    size_t n_without_light = 0;
    double iterations = 0;

    d->n_convolutions = 0;
    for (size_t task = 0; task < n; task++) {
        const sks_deconvolve_record *r = &result_of(d, results, task)->record;

        n_converged += has_converged(r);
        n_settled += r->end == SKS_END_SETTLED;
        n_without_data += r->end == SKS_DECONVOLVE_NO_DATA;
        n_without_light += r->end == SKS_DECONVOLVE_NO_LIGHT;
        iterations += r->iterations;
        d->n_convolutions += r->convolutions;
    }
    sks_notes_add(notes, "sections", (double)n);
    sks_notes_add(notes, "converged", (double)n_converged);
    sks_notes_add(notes, "settled", (double)n_settled);
    sks_notes_add(notes, "without_data", (double)n_without_data);
    sks_notes_add(notes, "without_light", (double)n_without_light);
    sks_notes_add(notes, "iterations", iterations);
    sks_notes_add(notes, "convolutions", d->n_convolutions);
    sks_notes_add(notes, "flux_dn", d->flux);
    sks_notes_add(notes, "data_flux_dn", d->data_flux);
}

/* Of the pixels that the product covers. */
static double find_data_flux(const sks_deconvolve *d)
{
    sks_section e = extent(d);
    double flux = 0;

    for (size_t j = 0; j < e.ny; j++)
        flux += flux_of(d->image->data + (e.y0 + j) * d->image->nx + e.x0, e.nx);
    return flux;
}

sks_status sks_deconvolve_finish(sks_deconvolve *d, const void *results, sks_notes *notes)
{
    struct history h = {0};
    sks_status status;

    tell_all(d, results, &h);
    memcpy(d->sample, results, sks_deconvolve_result_size(d));
    status = write_image(d, results, &h);
    if (status == SKS_OK && d->residual != NULL)
        status = write_residual(d, results, &h);
    if (status == SKS_OK && d->log != NULL)
        status = write_log(d, results, &h);
    if (status == SKS_OK && d->residual != NULL)
        status = sks_product_commit(d->residual);
    if (status == SKS_OK && d->log != NULL)
        status = sks_product_commit(d->log);
    if (status == SKS_OK)
        status = sks_product_commit(d->product);
    if (status == SKS_OK) {
        d->data_flux = find_data_flux(d);
        add_notes(d, results, notes);
    }
    return status;
}

/* ---- verification ---- */

/* Sections of nothing but 1, put together as the run's were, give 1 everywhere. */
static sks_status verify_cover(const sks_deconvolve *d)
{
    size_t size = sks_deconvolve_result_size(d), n = d->image->nx * d->image->ny;
    struct layer layer = {d->pixels, 1, 0};
    sks_status status = SKS_OK;
    float *frame, *ones;

    if (d->has_only)
        return SKS_OK;
    frame = calloc(n, sizeof(*frame));
    ones = malloc(sks_deconvolve_n_tasks(d) * size);
    if (frame == NULL || ones == NULL)
        status = sks_fail_nomem("verifying");
    for (size_t i = 0; status == SKS_OK && i < sks_deconvolve_n_tasks(d) * size / sizeof(*ones);
         i++)
        ones[i] = 1;
    if (status == SKS_OK)
        status = put_together(d, (const char *)ones, &layer, frame);
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        if (!(fabs((double)frame[i] - 1) <= 1e-5))
            status = sks_fail(SKS_ERR_BUG, "verification: pixel (%zu, %zu) has the weight %g",
                              i % d->image->nx + 1, i / d->image->nx + 1, (double)frame[i]);
    free(frame);
    free(ones);
    return status;
}

static sks_status verify_bytes(const sks_deconvolve *d)
{
    void *read = malloc(d->n_bytes);
    sks_status status = read != NULL ? sks_product_read(d->product, read, d->n_bytes, 0)
                                     : sks_fail_nomem("verifying");

    if (status == SKS_OK && memcmp(read, d->bytes, d->n_bytes) != 0)
        status = sks_fail(SKS_ERR_BUG, "verification: the product is not what was written");
    free(read);
    return status;
}

sks_status sks_deconvolve_verify(const sks_deconvolve *d)
{
    sks_status status = SKS_OK;

    if (!isfinite(d->flux))
        status = sks_fail(SKS_ERR_BUG, "verification: the image's flux is %g", d->flux);
    if (status == SKS_OK)
        status = verify_cover(d);
    if (status == SKS_OK)
        status = verify_bytes(d);
    return status;
}
