/* The PSF of one star over a rectangle, the working memory for that, and which points are inside
 * the radius. */
#include "kernels/astro/psf_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_TAPS = 4, UNIT = SKS_PSF_ROW_UNIT };

/* Grid rows that need a table row lie within one pixel of it. */
static void fill_reach(const sks_psf *psf, double *reach)
{
    for (size_t row = 0; row < psf->n; row++) {
        double away = fmax(fabs(((double)row - psf->centre[1]) / psf->sampling) - 1, 0);
        double r2 = psf->info.radius * psf->info.radius - away * away;

        reach[row] = r2 > 0 ? sqrt(r2) : 0;
    }
}

sks_status sks_psf_scratch_create(const sks_psf *psf, sks_psf_scratch **scratch)
{
    sks_psf_scratch *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return sks_fail_nomem("PSF evaluation");
    /* Columns inside the radius are no more than the table's; vectors read and write whole units
     * beyond the last one. An odd number of units keeps the rows off each other's cache sets. */
    s->ring_pitch = (sks_psf_row_units(psf->n + 2 * UNIT) | 1) * UNIT;
    s->combined = malloc((psf->n * psf->n + 1) * sizeof(*s->combined));
    s->reach = malloc((psf->n + 1) * sizeof(*s->reach));
    s->row = calloc(psf->pitch + 2 * UNIT, sizeof(*s->row));
    s->flat = calloc(psf->pitch + 2 * UNIT, sizeof(*s->flat));
    s->ring = calloc(SKS_PSF_GROUP * N_TAPS * s->ring_pitch, sizeof(*s->ring));
    s->profile = calloc(SKS_PSF_MAX_SIDE + UNIT, sizeof(*s->profile));
    s->value = calloc(SKS_PSF_MAX_SIDE + UNIT, sizeof(*s->value));
    s->axis = calloc(SKS_PSF_MAX_SIDE, sizeof(*s->axis));
    if (s->combined == NULL || s->reach == NULL || s->row == NULL || s->flat == NULL ||
        s->ring == NULL || s->profile == NULL || s->value == NULL || s->axis == NULL) {
        sks_psf_scratch_destroy(s);
        return sks_fail_nomem("PSF evaluation");
    }
    sks_psf_moffat_init(psf, &s->moffat);
    if (psf->tables != NULL)
        fill_reach(psf, s->reach);
    *scratch = s;
    return SKS_OK;
}

void sks_psf_scratch_destroy(sks_psf_scratch *scratch)
{
    if (scratch == NULL)
        return;
    free(scratch->combined);
    free(scratch->reach);
    free(scratch->row);
    free(scratch->flat);
    free(scratch->ring);
    free(scratch->profile);
    free(scratch->value);
    free(scratch->axis);
    free(scratch);
}

static bool is_inside(double radius, double dx, double dy)
{
    return dx * dx + dy * dy < radius * radius;
}

static long clip(double column, size_t nx)
{
    return column < 0 ? 0 : column > (double)nx ? (long)nx : (long)column;
}

void sks_psf_row_extent(double radius, double dx0, double step, double dy, size_t nx, size_t *begin,
                        size_t *end)
{
    double r2 = radius * radius - dy * dy;
    double half = r2 > 0 ? sqrt(r2) : 0;
    long b = clip((-half - dx0) / step - 1, nx);
    long e = clip((half - dx0) / step + 2, nx);

    while (b < e && !is_inside(radius, dx0 + (double)b * step, dy))
        b++;
    while (e > b && !is_inside(radius, dx0 + (double)(e - 1) * step, dy))
        e--;
    *begin = (size_t)b;
    *end = (size_t)e;
}

struct stamp {
    size_t nx;
    float *values;
};

static void keep_row(void *context, size_t star, size_t row, size_t begin, size_t end,
                     const float *value)
{
    const struct stamp *stamp = context;

    (void)star;
    memcpy(stamp->values + row * stamp->nx + begin, value, (end - begin) * sizeof(*value));
}

void sks_psf_stamp(const sks_psf *psf, sks_psf_scratch *scratch, double x, double y, double dx0,
                   double dy0, unsigned subsample, size_t nx, size_t ny, float *stamp)
{
    const sks_psf_grid grid = {x, y, dx0, dy0, nx, ny};
    struct stamp to = {nx, stamp};

    memset(stamp, 0, nx * ny * sizeof(*stamp));
    sks_psf_rows(psf, scratch, &grid, 1, subsample, keep_row, &to);
}
