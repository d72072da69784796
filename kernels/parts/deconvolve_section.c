/* One section: its data and PSF, the solution, the residual. */
#include "kernels/parts/deconvolve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sks_deconvolve_worker {
    sks_mem *mem;
    sks_richardson_lucy *rl;
    sks_psf_scratch *psf;
    float *stamp; /* the PSF, [psf_side][psf_side] */
    float *data;  /* [ny][nx] of a section */
    float *model; /* in sub-pixels; NULL without */
    float *image; /* in sub-pixels */
    /* For the residual, or NULL. */
    sks_blur *blur;
    void *planes, *fit;
};

size_t sks_deconvolve_n_tasks(const sks_deconvolve *d)
{
    return d->has_only ? 1 : sks_sections_count(d->sections);
}

size_t sks_deconvolve_section(const sks_deconvolve *d, size_t task)
{
    return d->has_only ? d->only : task;
}

size_t sks_deconvolve_result_size(const sks_deconvolve *d)
{
    size_t per_pixel = (size_t)d->subsample * d->subsample + (d->residual != NULL);
    size_t size = sizeof(sks_deconvolve_result) + d->max_part * per_pixel * sizeof(float);

    return (size + 63) / 64 * 64;
}

/* How far beyond its inner square a section is used. Smooth weights end a quarter of the overlap
 * from the section's edge, which is half as far as the square begins; a pixel more for rounding. */
static size_t unused(bool is_smooth, size_t to_inner)
{
    if (!is_smooth)
        return to_inner;
    return to_inner / 2 > 0 ? to_inner / 2 - 1 : 0;
}

sks_deconvolve_part sks_deconvolve_part_of(const sks_deconvolve *d, size_t section)
{
    sks_section s = sks_sections_get(d->sections, section);

    if (d->has_only)
        return (sks_deconvolve_part){0, s.nx, 0, s.ny};
    return (sks_deconvolve_part){
        .x0 = unused(d->is_smooth, s.inner_x0 - s.x0),
        .x1 = s.nx - unused(d->is_smooth, s.x0 + s.nx - s.inner_x1),
        .y0 = unused(d->is_smooth, s.inner_y0 - s.y0),
        .y1 = s.ny - unused(d->is_smooth, s.y0 + s.ny - s.inner_y1),
    };
}

void sks_deconvolve_psf_at(const sks_deconvolve *d, size_t section, double *x, double *y)
{
    sks_section s = sks_sections_get(d->sections, section);

    *x = d->image->x0 + s.psf_x;
    *y = d->image->y0 + s.psf_y;
}

void sks_deconvolve_worker_destroy(sks_deconvolve_worker *s)
{
    if (s == NULL)
        return;
    sks_mem_destroy(s->mem);
    sks_richardson_lucy_destroy(s->rl);
    sks_psf_scratch_destroy(s->psf);
    sks_blur_destroy(s->blur);
    free(s->stamp);
    free(s->data);
    free(s->model);
    free(s->image);
    free(s->planes);
    free(s->fit);
    free(s);
}

sks_status sks_deconvolve_worker_create(const sks_deconvolve *d, sks_deconvolve_worker **worker)
{
    sks_section section = sks_sections_get(d->sections, 0);
    size_t n_data = section.nx * section.ny, n_image = d->subsample * d->subsample * n_data;
    bool has_residual = d->residual != NULL;
    sks_deconvolve_worker *s = calloc(1, sizeof(*s));
    sks_status status = SKS_OK;

    if (s == NULL)
        return sks_fail_nomem("a worker");
    s->stamp = malloc(d->psf_side * d->psf_side * sizeof(*s->stamp));
    s->data = malloc(n_data * sizeof(*s->data));
    s->image = malloc(n_image * sizeof(*s->image));
    s->model = d->model != NULL ? malloc(n_image * sizeof(*s->model)) : NULL;
    s->planes = has_residual ? sks_convolver_alloc_planes(d->convolver) : NULL;
    s->fit = has_residual ? sks_convolver_alloc_data(d->convolver) : NULL;
    if (s->stamp == NULL || s->data == NULL || s->image == NULL ||
        (d->model != NULL && s->model == NULL) ||
        (has_residual && (s->planes == NULL || s->fit == NULL)))
        status = sks_fail_nomem("a worker");
    if (status == SKS_OK)
        status = sks_psf_scratch_create(d->psf, &s->psf);
    if (status == SKS_OK && has_residual)
        status = sks_blur_create(d->convolver, &s->blur);
    if (status == SKS_OK)
        status = d->is_rl ? sks_richardson_lucy_create(d->convolver, &s->rl)
                          : sks_mem_create(d->convolver, &s->mem);
    if (status != SKS_OK) {
        sks_deconvolve_worker_destroy(s);
        return status;
    }
    *worker = s;
    return SKS_OK;
}

/* What there is to solve a section from. */
struct content {
    size_t n_known; /* pixels with a value */
    bool has_light; /* one of them is not 0 */
};

/* The section's data, PSF and model. */
static struct content fill(const sks_deconvolve *d, sks_deconvolve_worker *s, size_t section)
{
    sks_section at = sks_sections_get(d->sections, section);
    double radius = (double)((d->psf_side - 1) / (2 * d->subsample)), x, y;
    struct content content = {0};

    sks_sections_cut(d->sections, section, d->image->data, s->data);
    for (size_t i = 0; i < at.nx * at.ny; i++) {
        content.n_known += isfinite(s->data[i]);
        content.has_light |= isfinite(s->data[i]) && s->data[i] != 0;
    }
    sks_deconvolve_psf_at(d, section, &x, &y);
    sks_psf_stamp(d->psf, s->psf, x, y, -radius, -radius, d->subsample, d->psf_side, d->psf_side,
                  s->stamp);
    if (d->model != NULL)
        for (size_t j = 0; j < d->subsample * at.ny; j++)
            memcpy(s->model + j * d->subsample * at.nx,
                   d->model + (d->subsample * at.y0 + j) * d->subsample * d->image->nx +
                       d->subsample * at.x0,
                   d->subsample * at.nx * sizeof(*s->model));
    return content;
}

static sks_deconvolve_record record_of(const sks_deconvolution_outcome *o)
{
    return (sks_deconvolve_record){
        .chi_square = o->last.chi_square,
        .target = o->target,
        .power = o->last.total_power,
        .wanted_power = o->wanted_power,
        .max = o->last.max,
        .min = o->last.min,
        .gradient = o->last.gradient,
        .test = o->last.test,
        .alpha = o->last.alpha,
        .beta = o->last.beta,
        .end = (uint32_t)o->end,
        .is_me_solution = o->is_me_solution,
        .iterations = o->last.iteration,
        .convolutions = o->last.n_convolutions,
        .n_data = o->n_data,
    };
}

/* Of a section with nothing to solve: neither the data nor a number say how bright it is. */
static sks_deconvolve_record record_without_solution(const struct content *content)
{
    double value = content->n_known > 0 ? 0 : NAN; /* of what the image of zeros has */

    return (sks_deconvolve_record){
        .chi_square = value,
        .target = NAN,
        .power = value,
        .wanted_power = value,
        .max = value,
        .min = value,
        .gradient = NAN,
        .test = NAN,
        .alpha = NAN,
        .beta = NAN,
        .end = content->n_known > 0 ? SKS_DECONVOLVE_NO_LIGHT : SKS_DECONVOLVE_NO_DATA,
        .n_data = content->n_known,
    };
}

static bool is_power_given(const sks_deconvolve *d)
{
    return !d->is_rl && d->mem.tp > 0;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* The part's rows of an array of `width` times `scale` columns. */
static float *copy_part(const sks_deconvolve_part *p, size_t scale, const float *from, size_t width,
                        float *to)
{
    size_t n = scale * (p->x1 - p->x0);

    for (size_t j = scale * p->y0; j < scale * p->y1; j++, to += n)
        memcpy(to, from + j * scale * width + scale * p->x0, n * sizeof(*to));
    return to;
}

/* Light per sub-pixel where the image ends: none in an array that is circular, else a flat sky, the
 * median of the data. */
static double guard_of(const sks_deconvolve *d, const float *data, float *sorted, size_t n)
{
    size_t n_finite = 0;

    if (d->boundary == SKS_BOUNDARY_WRAP)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(data[i]))
            sorted[n_finite++] = data[i];
    qsort(sorted, n_finite, sizeof(*sorted), by_value);
    return (double)sorted[n_finite / 2] / (d->subsample * d->subsample);
}

/* data -= B P image. The blur has no ICF: the visible image has it in it already, of the hidden one
 * it is asked to add it. */
static sks_status subtract_fit(const sks_deconvolve *d, sks_deconvolve_worker *s,
                               const sks_section *at)
{
    const sks_convolver_grid *g = sks_convolver_grid_of(d->convolver);
    const sks_icf *icf = d->has_icf && d->mem.hidden ? &d->icf : NULL;
    sks_status status = sks_blur_set_psf(s->blur, s->stamp, d->psf_side, d->psf_side, icf);
    const float *single = s->fit;
    const double *twofold = s->fit;

    if (status != SKS_OK)
        return status;
    sks_blur_load_image(s->blur, s->image, guard_of(d, s->data, s->fit, at->nx * at->ny),
                        s->planes);
    sks_blur_forward(s->blur, s->planes, s->fit);
    for (size_t j = 0; j < at->ny; j++)
        for (size_t i = 0; i < at->nx; i++) {
            size_t k = j * g->array_nx + i;
            double fit = g->precision == SKS_PRECISION_DOUBLE ? twofold[k] : (double)single[k];

            s->data[j * at->nx + i] = (float)((double)s->data[j * at->nx + i] - fit);
        }
    return SKS_OK;
}

static sks_status solve(const sks_deconvolve *d, sks_deconvolve_worker *s,
                        sks_deconvolution_outcome *outcome)
{
    sks_deconvolution_input input = {
        .data = s->data,
        .psf = s->stamp,
        .psf_nx = d->psf_side,
        .psf_ny = d->psf_side,
        .icf = d->has_icf ? &d->icf : NULL,
        .model = s->model,
    };

    return d->is_rl
               ? sks_richardson_lucy_solve(s->rl, &d->rl, &input, NULL, NULL, s->image, outcome)
               : sks_mem_solve(s->mem, &d->mem, &input, NULL, NULL, s->image, outcome);
}

/* What went wrong, with the section it went wrong in. */
static sks_status name_section(const sks_deconvolve *d, size_t section, sks_status status)
{
    char cause[SKS_MESSAGE_SIZE];
    double x, y;

    if (status == SKS_ERR_NOMEM || status == SKS_ERR_CANCELLED)
        return status;
    snprintf(cause, sizeof(cause), "%s", sks_message());
    sks_clear();
    sks_deconvolve_psf_at(d, section, &x, &y);
    return sks_fail(status, "section %g,%g: %s", x, y, cause);
}

sks_status sks_deconvolve_run(const sks_deconvolve *d, sks_deconvolve_worker *s, size_t section,
                              sks_deconvolve_result *result)
{
    sks_section at = sks_sections_get(d->sections, section);
    sks_deconvolve_part part = sks_deconvolve_part_of(d, section);
    size_t n_image = d->subsample * d->subsample * at.nx * at.ny;
    sks_deconvolution_outcome outcome;
    sks_status status = SKS_OK;
    struct content content;
    float *to = result->value;

    memset(result, 0, sks_deconvolve_result_size(d)); /* results may be compared as bytes */
    content = fill(d, s, section);
    if (content.has_light || (content.n_known > 0 && is_power_given(d))) {
        status = solve(d, s, &outcome);
        if (status != SKS_OK)
            return name_section(d, section, status);
        result->record = record_of(&outcome);
        if (d->residual != NULL)
            status = subtract_fit(d, s, &at);
        if (status != SKS_OK)
            return name_section(d, section, status);
    } else { /* the data stay as they are: the residual of an image of zeros */
        result->record = record_without_solution(&content);
        for (size_t i = 0; i < n_image; i++)
            s->image[i] = content.n_known > 0 ? 0 : NAN;
    }
    to = copy_part(&part, d->subsample, s->image, at.nx, to);
    if (d->residual != NULL)
        copy_part(&part, 1, s->data, at.nx, to);
    return SKS_OK;
}
