#include "kernels/astro/sections.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_SIZE = 4 };

/* One axis. Section i begins at begin[i] and owns [cut[i], cut[i + 1]); the weights change from
 * section i - 1 to i within half[i] of cut[i]. */
struct axis {
    size_t frame, size; /* pixels */
    size_t n;
    size_t *begin, *cut;
    double *half;
};

struct sks_sections {
    struct axis x, y;
    unsigned subsample;
    float *row_weight; /* [n columns of sections][subsample * size], then those of y */
};

static sks_status make_axis(struct axis *a, size_t frame, size_t size, size_t step)
{
    a->frame = frame;
    a->size = size < frame ? size : frame;
    a->n = 1 + (frame - a->size + step - 1) / step;
    a->begin = calloc(a->n, sizeof(*a->begin));
    a->cut = calloc(a->n + 1, sizeof(*a->cut));
    a->half = calloc(a->n + 1, sizeof(*a->half));
    if (a->begin == NULL || a->cut == NULL || a->half == NULL)
        return sks_fail_nomem("the sections of a frame");
    for (size_t i = 0; i < a->n; i++)
        a->begin[i] = i + 1 < a->n ? i * step : frame - a->size;
    /* In the middle of what two neighbours share. */
    for (size_t i = 1; i < a->n; i++)
        a->cut[i] = (a->begin[i] + a->begin[i - 1] + a->size) / 2;
    a->cut[a->n] = frame;
    /* Half the overlap, but never past the middle between two cuts: weights stay positive. */
    for (size_t i = 1; i < a->n; i++) {
        size_t before = i > 1 ? a->cut[i] - a->cut[i - 1] : frame;
        size_t after = i + 1 < a->n ? a->cut[i + 1] - a->cut[i] : frame;
        double overlap = (double)(a->begin[i - 1] + a->size - a->begin[i]);

        a->half[i] = fmin(0.25 * overlap, 0.5 * (double)(before < after ? before : after));
    }
    return SKS_OK;
}

static void free_axis(struct axis *a)
{
    free(a->begin);
    free(a->cut);
    free(a->half);
}

/* How much of position x (pixels from the frame's first edge) has passed from section i - 1 to i.
 */
static double passed(const struct axis *a, size_t i, double x)
{
    double from_cut;

    if (i == 0)
        return 1;
    if (i == a->n)
        return 0;
    from_cut = x - (double)a->cut[i];
    if (from_cut <= -a->half[i])
        return 0;
    if (from_cut >= a->half[i])
        return 1;
    return 0.5 * (1 + sin(0.5 * M_PI * from_cut / a->half[i]));
}

/* Weight of section i at its sub-pixel k: all sections' add up to 1, as what has passed into one
 * has passed out of another. */
static double weight_at(const struct axis *a, size_t i, size_t k, unsigned subsample)
{
    double x = (double)a->begin[i] + ((double)k + 0.5) / subsample;

    return passed(a, i, x) - passed(a, i + 1, x);
}

static void fill_weights(const struct axis *a, unsigned subsample, float *weight)
{
    size_t width = subsample * a->size;

    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < width; k++)
            weight[i * width + k] = (float)weight_at(a, i, k, subsample);
}

sks_status sks_sections_create(size_t frame_nx, size_t frame_ny, size_t size, size_t step,
                               unsigned subsample, sks_sections **sections)
{
    const size_t limit = SIZE_MAX / 64; /* far from overflow in what follows */
    sks_sections *s;
    size_t n_weights;
    sks_status status;

    if (frame_nx == 0 || frame_ny == 0 || frame_nx > limit || frame_ny > limit)
        return sks_fail(SKS_ERR_USAGE, "a frame of %zu x %zu pixels cannot be cut into sections",
                        frame_nx, frame_ny);
    if (size < MIN_SIZE)
        return sks_fail(SKS_ERR_USAGE, "sections of %zu pixels: need at least %d", size, MIN_SIZE);
    if (step == 0 || step > size)
        return sks_fail(SKS_ERR_USAGE, "a step of %zu pixels between sections of %zu: need 1..%zu",
                        step, size, size);
    if (subsample == 0)
        return sks_fail(SKS_ERR_USAGE, "a sub-sampling of 0: need at least 1");
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return sks_fail_nomem("the sections of a frame");
    s->subsample = subsample;
    status = make_axis(&s->x, frame_nx, size, step);
    if (status == SKS_OK)
        status = make_axis(&s->y, frame_ny, size, step);
    if (status != SKS_OK)
        goto fail;
    n_weights = subsample * (s->x.n * s->x.size + s->y.n * s->y.size);
    s->row_weight = calloc(n_weights, sizeof(*s->row_weight));
    if (s->row_weight == NULL) {
        status = sks_fail_nomem("the weights of sections");
        goto fail;
    }
    fill_weights(&s->x, subsample, s->row_weight);
    fill_weights(&s->y, subsample, s->row_weight + subsample * s->x.n * s->x.size);
    *sections = s;
    return SKS_OK;

fail:
    sks_sections_destroy(s);
    return status;
}

void sks_sections_destroy(sks_sections *s)
{
    if (s == NULL)
        return;
    free_axis(&s->x);
    free_axis(&s->y);
    free(s->row_weight);
    free(s);
}

size_t sks_sections_count(const sks_sections *s)
{
    return s->x.n * s->y.n;
}

sks_section sks_sections_get(const sks_sections *s, size_t index)
{
    size_t i = index % s->x.n, j = index / s->x.n;

    return (sks_section){
        .x0 = s->x.begin[i],
        .y0 = s->y.begin[j],
        .nx = s->x.size,
        .ny = s->y.size,
        .psf_x = (double)(s->x.begin[i] + s->x.size / 2),
        .psf_y = (double)(s->y.begin[j] + s->y.size / 2),
        .inner_x0 = s->x.cut[i],
        .inner_x1 = s->x.cut[i + 1],
        .inner_y0 = s->y.cut[j],
        .inner_y1 = s->y.cut[j + 1],
    };
}

bool sks_sections_find(const sks_sections *s, double x, double y, size_t *index)
{
    for (size_t k = 0; k < sks_sections_count(s); k++) {
        sks_section section = sks_sections_get(s, k);

        if (fabs(section.psf_x - x) <= 0.5 && fabs(section.psf_y - y) <= 0.5) {
            *index = k;
            return true;
        }
    }
    return false;
}

void sks_sections_cut(const sks_sections *s, size_t index, const float *frame, float *data)
{
    sks_section section = sks_sections_get(s, index);

    for (size_t j = 0; j < section.ny; j++)
        memcpy(data + j * section.nx, frame + (section.y0 + j) * s->x.frame + section.x0,
               section.nx * sizeof(*data));
}

void sks_sections_paste(const sks_sections *s, size_t index, const float *image, float *product)
{
    sks_section section = sks_sections_get(s, index);
    size_t k = s->subsample, width = k * section.nx, product_width = k * s->x.frame;
    size_t n = k * (section.inner_x1 - section.inner_x0);

    for (size_t row = k * section.inner_y0; row < k * section.inner_y1; row++)
        memcpy(product + row * product_width + k * section.inner_x0,
               image + (row - k * section.y0) * width + k * (section.inner_x0 - section.x0),
               n * sizeof(*image));
}

void sks_sections_blend(const sks_sections *s, size_t index, const float *image, float *product)
{
    sks_section section = sks_sections_get(s, index);
    size_t k = s->subsample, width = k * section.nx, height = k * section.ny;
    size_t product_width = k * s->x.frame;
    const float *wx = s->row_weight + index % s->x.n * width;
    const float *wy = s->row_weight + s->x.n * width + index / s->x.n * height;

    for (size_t j = 0; j < height; j++) {
        float *to = product + (k * section.y0 + j) * product_width + k * section.x0;
        const float *from = image + j * width;

        if (wy[j] == 0)
            continue;
        for (size_t i = 0; i < width; i++)
            to[i] += wy[j] * wx[i] * from[i];
    }
}
