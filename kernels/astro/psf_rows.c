/* The PSFs of many stars row by row, with less work than the definition for the same numbers.
 *
 * The tables enter linearly, so they are combined first; at steps of a whole or half pixel the
 * offsets' fractions are the same all over the grid, so the bicubic's weights are computed once and
 * both passes are plain sums of shifted rows. A table row is combined, interpolated in x and kept
 * while the next two to four rows of the grid need it. The tables do not fit into the nearest cache
 * (1.5 MB for the paper's PSFs): the rows of a group of stars are made side by side, so that each
 * table row is fetched once for all of them. Other steps and models go point by point. */
#include "kernels/astro/psf_model.h"
#include "kernels/astro/simd.h"

#include <math.h>
#include <string.h>

enum { MAX_MIX = SKS_PSF_MAX_MIX, N_TAPS = 4, UNIT = SKS_PSF_ROW_UNIT };

/* What all stars of one call have in common. */
struct job {
    const sks_psf *psf;
    sks_psf_scratch *s;
    unsigned subsample;
    double step;
    long stride; /* table samples per step: 2 or 1 */
    sks_psf_take_row *take;
    void *context;
};

struct star {
    const sks_psf_grid *grid;
    size_t idx;                /* among the caller's */
    size_t begin, end;         /* columns inside the radius in some row */
    size_t row_begin, row_end; /* rows inside it */
    long tx0, ty0;             /* the first tap of column 0 and row 0 */
    long tap_end;              /* table rows [ty0 + row_begin stride, tap_end) are needed */
    float p[MAX_MIX];          /* weights of the tables */
    float wx[N_TAPS];          /* weights of the interpolation */
    float wy[N_TAPS];
    float *ring; /* N_TAPS rows interpolated in x, from column `begin` on */
};

/* The weights of the bicubic's four neighbours at fraction d from the second: Keys' cubic with
 * a = -1/2, which is what DAOPHOT's form (c1, c2, c3) comes to. */
static void cubic_weights(double at, float w[N_TAPS])
{
    double d = at - floor(at);

    w[0] = (float)(d * (-0.5 + d * (1 - 0.5 * d)));
    w[1] = (float)(1 + d * d * (-2.5 + 1.5 * d));
    w[2] = (float)(d * (0.5 + d * (2 - 1.5 * d)));
    w[3] = (float)(d * d * (-0.5 + 0.5 * d));
}

static void star_init(const struct job *job, const sks_psf_grid *grid, size_t idx, float *ring,
                      struct star *star)
{
    const sks_psf *psf = job->psf;
    double tx = psf->sampling * grid->dx0 + psf->centre[0];
    double ty = psf->sampling * grid->dy0 + psf->centre[1];
    struct sks_psf_mix m;

    *star = (struct star){.grid = grid, .idx = idx, .ring = ring};
    sks_psf_row_extent(psf->info.radius, grid->dx0, job->step, 0, grid->nx, &star->begin,
                       &star->end);
    sks_psf_row_extent(psf->info.radius, grid->dy0, job->step, 0, grid->ny, &star->row_begin,
                       &star->row_end);
    sks_psf_mix_at(psf, grid->x, grid->y, &m);
    for (size_t k = 0; k < m.n; k++)
        star->p[k] = (float)m.weight[k];
    cubic_weights(tx, star->wx);
    cubic_weights(ty, star->wy);
    star->tx0 = (long)floor(tx) - 1;
    star->ty0 = (long)floor(ty) - 1;
    star->tap_end = star->ty0 + ((long)star->row_end - 1) * job->stride + N_TAPS;
}

/* One table row of all tables: out[c] = sum of weight_k table_k[c] for [begin, end) half-columns in
 * whole units, both parities. The sums are written out so that each element is loaded and stored
 * once. */
SKS_SIMD
static void combine_row(const float *restrict tables, size_t half, size_t n_tables,
                        const float p[MAX_MIX], size_t begin_unit, size_t n_units,
                        float *restrict out)
{
    const float p0 = p[0], p1 = p[1], p2 = p[2], p3 = p[3], p4 = p[4], p5 = p[5];
    const size_t n = n_units * UNIT, pitch = 2 * half;

    for (size_t parity = 0; parity < 2; parity++) {
        const float *t = tables + parity * half + begin_unit * UNIT;
        float *o = out + parity * half + begin_unit * UNIT;

        if (n_tables == 1)
            for (size_t c = 0; c < n; c++)
                o[c] = p0 * t[c];
        else if (n_tables == 3)
            for (size_t c = 0; c < n; c++)
                o[c] = p0 * t[c] + p1 * t[pitch + c] + p2 * t[2 * pitch + c];
        else
            for (size_t c = 0; c < n; c++)
                o[c] = (p0 * t[c] + p1 * t[pitch + c]) +
                       (p2 * t[2 * pitch + c] + p3 * t[3 * pitch + c]) +
                       (p4 * t[4 * pitch + c] + p5 * t[5 * pitch + c]);
    }
}

SKS_SIMD
static void interpolate_x(const float *restrict a, const float *restrict b, const float *restrict c,
                          const float *restrict d, const float w[N_TAPS], size_t n_units,
                          float *restrict out)
{
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];

    for (size_t i = 0; i < n_units * UNIT; i++)
        out[i] = (w0 * a[i] + w1 * b[i]) + (w2 * c[i] + w3 * d[i]);
}

/* The last pass, with the analytic part added. */
SKS_SIMD
static void interpolate_y(const float *const tap[N_TAPS], const float w[N_TAPS],
                          const float *restrict profile, size_t n_units, float *restrict out)
{
    const float *a = tap[0], *b = tap[1], *c = tap[2], *d = tap[3];
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];

    for (size_t i = 0; i < n_units * UNIT; i++)
        out[i] = ((w0 * a[i] + w1 * b[i]) + (w2 * c[i] + w3 * d[i])) + profile[i];
}

static size_t clip(double column, size_t begin, size_t end)
{
    return column < (double)begin ? begin : column > (double)end ? end : (size_t)column;
}

static float *ring_row(const struct job *job, const struct star *star, long table_row)
{
    return star->ring + (size_t)table_row % N_TAPS * job->s->ring_pitch;
}

/* A table row, interpolated in x for the columns in which any row of the grid can need it: those
 * rows lie within one pixel of it. */
static void prepare_row(const struct job *job, const struct star *star, long table_row)
{
    const sks_psf *psf = job->psf;
    sks_psf_scratch *s = job->s;
    double dx0 = star->grid->dx0, reach = s->reach[table_row];
    size_t begin = clip((-reach - dx0) * job->subsample - 1, star->begin, star->end);
    size_t end = clip((reach - dx0) * job->subsample + 2, star->begin, star->end);
    float *ring = ring_row(job, star, table_row) + (begin - star->begin);
    long tap = star->tx0 + (long)begin * job->stride;
    size_t h0 = (size_t)tap / 2, unit = h0 / UNIT, n_units = sks_psf_row_units(end - begin);
    size_t h1;

    if (begin >= end)
        return;
    h1 = (size_t)(tap + (long)(end - begin - 1) * job->stride + N_TAPS - 1) / 2 + 1;
    combine_row(sks_psf_table_row(psf, 0, (size_t)table_row), psf->half, psf->n_spatial, star->p,
                unit, sks_psf_row_units(h1) - unit, s->row);
    if (job->stride == 2) {
        const float *even = s->row + h0, *odd = s->row + psf->half + h0;

        if (tap % 2 == 0)
            interpolate_x(even, odd, even + 1, odd + 1, star->wx, n_units, ring);
        else
            interpolate_x(odd, even + 1, odd + 1, even + 2, star->wx, n_units, ring);
    } else {
        const float *t = s->flat + tap;

        for (size_t h = h0; h < h1; h++) {
            s->flat[2 * h] = s->row[h];
            s->flat[2 * h + 1] = s->row[psf->half + h];
        }
        interpolate_x(t, t + 1, t + 2, t + 3, star->wx, n_units, ring);
    }
}

/* Hands on `n` values after filling their last unit with zeros. */
static void give_row(const struct job *job, size_t idx, size_t row, size_t begin, size_t end)
{
    size_t n = end - begin, n_padded = sks_psf_row_units(n) * UNIT;

    memset(job->s->value + n, 0, (n_padded - n) * sizeof(*job->s->value));
    job->take(job->context, idx, row, begin, end, job->s->value);
}

/* Row `row` of the grid, whose four table rows have been prepared. */
static void fast_row(const struct job *job, const struct star *star, size_t row)
{
    const sks_psf_grid *grid = star->grid;
    sks_psf_scratch *s = job->s;
    double dy = grid->dy0 + (double)row * job->step;
    long first = star->ty0 + (long)row * job->stride;
    const float *tap[N_TAPS];
    size_t begin, end;

    sks_psf_row_extent(job->psf->info.radius, grid->dx0, job->step, dy, grid->nx, &begin, &end);
    if (begin == end)
        return;
    sks_psf_profile_row(job->psf, &s->moffat, s->axis + begin,
                        grid->dx0 + (double)begin * job->step, job->step, dy, end - begin,
                        s->profile);
    for (long k = 0; k < N_TAPS; k++)
        tap[k] = ring_row(job, star, first + k) + (begin - star->begin);
    interpolate_y(tap, star->wy, s->profile, sks_psf_row_units(end - begin), s->value);
    give_row(job, star->idx, row, begin, end);
}

static void fill_axis(const struct job *job, const sks_psf_grid *grid)
{
    const sks_psf *psf = job->psf;

    if (sks_psf_is_separable(psf->function))
        for (size_t i = 0; i < grid->nx; i++)
            job->s->axis[i] = sks_psf_profile_axis(psf->function, psf->info.par[0],
                                                   grid->dx0 + (double)i * job->step);
}

static void fast_group(const struct job *job, const sks_psf_grid *grids, size_t first_idx,
                       size_t n_stars)
{
    struct star star[SKS_PSF_GROUP];
    long first = (long)job->psf->n, last = 0;

    for (size_t i = 0; i < n_stars; i++) {
        size_t ring_size = N_TAPS * job->s->ring_pitch;

        star_init(job, &grids[first_idx + i], first_idx + i, job->s->ring + i * ring_size,
                  &star[i]);
        if (star[i].begin == star[i].end || star[i].row_begin == star[i].row_end) {
            star[i].tap_end = 0; /* has no rows */
            continue;
        }
        fill_axis(job, star[i].grid);
        if (star[i].ty0 + (long)star[i].row_begin * job->stride < first)
            first = star[i].ty0 + (long)star[i].row_begin * job->stride;
        if (star[i].tap_end > last)
            last = star[i].tap_end;
    }
    for (long r = first; r < last; r++)
        for (size_t i = 0; i < n_stars; i++) {
            long tap = r - star[i].ty0 - (long)star[i].row_begin * job->stride;

            if (tap < 0 || r >= star[i].tap_end)
                continue;
            prepare_row(job, &star[i], r);
            if (tap >= N_TAPS - 1 && (tap - (N_TAPS - 1)) % job->stride == 0)
                fast_row(job, &star[i],
                         star[i].row_begin + (size_t)((tap - (N_TAPS - 1)) / job->stride));
        }
}

static void general_rows(const struct job *job, const sks_psf_grid *grid, size_t idx)
{
    const sks_psf *psf = job->psf;
    sks_psf_scratch *s = job->s;

    if (psf->tables != NULL)
        sks_psf_combine(psf, grid->x, grid->y, s->combined);
    fill_axis(job, grid);
    for (size_t row = 0; row < grid->ny; row++) {
        double dy = grid->dy0 + (double)row * job->step, dx;
        size_t begin, end;

        sks_psf_row_extent(psf->info.radius, grid->dx0, job->step, dy, grid->nx, &begin, &end);
        if (begin == end)
            continue;
        dx = grid->dx0 + (double)begin * job->step;
        memset(s->value, 0, (end - begin) * sizeof(*s->value));
        if (psf->tables != NULL)
            sks_psf_general_row(psf, s->combined, grid->dx0, job->step, dy, begin, end, s->value);
        if (psf->function != SKS_PSF_NO_FUNCTION) {
            sks_psf_profile_row(psf, &s->moffat, s->axis + begin, dx, job->step, dy, end - begin,
                                s->profile);
            for (size_t i = 0; i < end - begin; i++)
                s->value[i] += s->profile[i];
        }
        give_row(job, idx, row, begin, end);
    }
}

void sks_psf_rows(const sks_psf *psf, sks_psf_scratch *scratch, const sks_psf_grid *grids,
                  size_t n_stars, unsigned subsample, sks_psf_take_row *take, void *context)
{
    const struct job job = {.psf = psf,
                            .s = scratch,
                            .subsample = subsample,
                            .step = 1.0 / subsample,
                            .stride = 2 / (long)subsample,
                            .take = take,
                            .context = context};
    bool is_fast = psf->tables != NULL && psf->function != SKS_PSF_NO_FUNCTION &&
                   psf->n_expand == 0 && subsample <= 2;
    /* A separable profile's factors are kept for one star at a time. */
    size_t group = sks_psf_is_separable(psf->function) ? 1 : SKS_PSF_GROUP;

    for (size_t i = 0; is_fast && i < n_stars; i += group)
        fast_group(&job, grids, i, n_stars - i < group ? n_stars - i : group);
    for (size_t i = 0; !is_fast && i < n_stars; i++)
        general_rows(&job, &grids[i], i);
}
