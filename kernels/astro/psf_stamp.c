/* Evaluating PSF models over a stamp, with less work than the definition for the same numbers.
 *
 * The tables are combined once per star (they enter linearly), and at steps of a whole or half
 * pixel the offsets' fractions are the same all over the stamp, so the bicubic's weights are
 * computed once and both passes are plain sums of shifted rows. A table row is combined,
 * interpolated in x and kept while the next two to four rows of the stamp need it. Other steps go
 * point by point through the combined tables. */
#include "kernels/astro/psf_model.h"
#include "kernels/astro/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MIX = SKS_PSF_MAX_MIX, N_TAPS = 4 };

struct sks_psf_scratch {
    double *combined; /* n * n: the tables combined, for the general way */
    float *row;       /* one combined table row, even columns then odd ones */
    float *flat;      /* the same in natural order */
    float *ring;      /* N_TAPS rows interpolated in x, SKS_PSF_MAX_SIDE each */
    double *axis;     /* SKS_PSF_MAX_SIDE: a separable profile's factors in x */
};

/* The weights of the bicubic's four neighbours at fraction d from the second: Keys' cubic with
 * a = -1/2, which is what DAOPHOT's form (c1, c2, c3) comes to. */
static void cubic_weights(double d, double w[N_TAPS])
{
    w[0] = d * (-0.5 + d * (1 - 0.5 * d));
    w[1] = 1 + d * d * (-2.5 + 1.5 * d);
    w[2] = d * (0.5 + d * (2 - 1.5 * d));
    w[3] = d * d * (-0.5 + 0.5 * d);
}

sks_status sks_psf_scratch_create(const sks_psf *psf, sks_psf_scratch **scratch)
{
    sks_psf_scratch *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return sks_fail_nomem("PSF evaluation");
    s->combined = malloc((psf->n * psf->n + 1) * sizeof(*s->combined));
    s->row = calloc(psf->pitch + 1, sizeof(*s->row));
    s->flat = calloc(psf->pitch + 1, sizeof(*s->flat));
    s->ring = calloc((size_t)N_TAPS * SKS_PSF_MAX_SIDE, sizeof(*s->ring));
    s->axis = calloc(SKS_PSF_MAX_SIDE, sizeof(*s->axis));
    if (s->combined == NULL || s->row == NULL || s->flat == NULL || s->ring == NULL ||
        s->axis == NULL) {
        sks_psf_scratch_destroy(s);
        return sks_fail_nomem("PSF evaluation");
    }
    *scratch = s;
    return SKS_OK;
}

void sks_psf_scratch_destroy(sks_psf_scratch *scratch)
{
    if (scratch == NULL)
        return;
    free(scratch->combined);
    free(scratch->row);
    free(scratch->flat);
    free(scratch->ring);
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

/* out[c] = sum of weight_k table_k[c]; the sums are written out so that each element is loaded and
 * stored once. */
SKS_SIMD
static void combine_part(const float *const t[MAX_MIX], const float p[MAX_MIX], size_t n_tables,
                         size_t begin, size_t end, float *restrict out)
{
    switch (n_tables) {
    case 1:
        for (size_t c = begin; c < end; c++)
            out[c] = p[0] * t[0][c];
        break;
    case 3:
        for (size_t c = begin; c < end; c++)
            out[c] = p[0] * t[0][c] + p[1] * t[1][c] + p[2] * t[2][c];
        break;
    default:
        for (size_t c = begin; c < end; c++)
            out[c] = (p[0] * t[0][c] + p[1] * t[1][c]) + (p[2] * t[2][c] + p[3] * t[3][c]) +
                     (p[4] * t[4][c] + p[5] * t[5][c]);
        break;
    }
}

/* One stamp's constants for the fast way. */
struct fast {
    const sks_psf *psf;
    sks_psf_scratch *s;
    float p[MAX_MIX]; /* weights of the tables */
    float wx[N_TAPS]; /* weights of the interpolation */
    float wy[N_TAPS];
    long tx0, ty0; /* the first tap of column 0 and row 0 */
    long stride;   /* table samples per step: 2 or 1 */
    double dx0, dy0, step;
    size_t nx, begin, end; /* columns, and those of them inside the radius in some row */
};

/* Combines table row `row` over the half-columns [begin, end), both parities. */
static void combine_row(const struct fast *f, size_t row, size_t begin, size_t end)
{
    const sks_psf *psf = f->psf;

    for (size_t parity = 0; parity < 2; parity++) {
        const float *t[MAX_MIX] = {NULL};

        for (size_t k = 0; k < psf->n_spatial; k++)
            t[k] = sks_psf_table_row(psf, k, row) + parity * psf->half;
        combine_part(t, f->p, psf->n_spatial, begin, end, f->s->row + parity * psf->half);
    }
}

SKS_SIMD
static void interpolate_row(const float *restrict a, const float *restrict b,
                            const float *restrict c, const float *restrict d, const float w[N_TAPS],
                            size_t n, float *restrict out)
{
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];

    for (size_t i = 0; i < n; i++)
        out[i] = (w0 * a[i] + w1 * b[i]) + (w2 * c[i] + w3 * d[i]);
}

/* Table row `row`, interpolated in x for the columns in which any stamp row can need it: those
 * rows lie within one pixel of it. */
static void prepare_row(const struct fast *f, size_t row)
{
    const sks_psf *psf = f->psf;
    double away = fmax(fabs(((double)row - psf->centre[1]) / psf->sampling) - 1, 0);
    double r2 = psf->info.radius * psf->info.radius - away * away;
    double reach = r2 > 0 ? sqrt(r2) : 0;
    float *ring = f->s->ring + (row % N_TAPS) * SKS_PSF_MAX_SIDE;
    size_t begin = (size_t)clip((-reach - f->dx0) / f->step - 1, f->nx);
    size_t end = (size_t)clip((reach - f->dx0) / f->step + 2, f->nx);
    size_t h0, h1;
    long tap;

    begin = begin > f->begin ? begin : f->begin;
    end = end < f->end ? end : f->end;
    if (begin >= end)
        return;
    tap = f->tx0 + (long)begin * f->stride;
    h0 = (size_t)tap / 2;
    h1 = (size_t)(tap + (long)(end - begin - 1) * f->stride + N_TAPS - 1) / 2 + 1;
    combine_row(f, row, h0, h1);
    if (f->stride == 2) {
        const float *even = f->s->row + h0;
        const float *odd = f->s->row + psf->half + h0;

        if (tap % 2 == 0)
            interpolate_row(even, odd, even + 1, odd + 1, f->wx, end - begin, ring + begin);
        else
            interpolate_row(odd, even + 1, odd + 1, even + 2, f->wx, end - begin, ring + begin);
    } else {
        const float *t = f->s->flat + tap;

        for (size_t h = h0; h < h1; h++) {
            f->s->flat[2 * h] = f->s->row[h];
            f->s->flat[2 * h + 1] = f->s->row[psf->half + h];
        }
        interpolate_row(t, t + 1, t + 2, t + 3, f->wx, end - begin, ring + begin);
    }
}

/* The Moffat functions far from the centre, where IRAF takes the value at the pixel's middle. */
struct far_moffat {
    float height, axx, axy, ayy; /* of 1 + axx dx^2 + axy dx dy + ayy dy^2 */
    float den_max;               /* beyond: zero */
    double den_near;             /* within: more points per pixel */
    bool is_25;
};

static bool far_moffat_init(const sks_psf *psf, struct far_moffat *m)
{
    const double *par = psf->info.par;
    double b = par[3], p1p2 = par[0] * par[1];
    double a = b == 2.5 ? 0.3195079 : 0.5874011;

    if (!(psf->function == SKS_PSF_MOFFAT25 && b == 2.5) &&
        !(psf->function == SKS_PSF_MOFFAT15 && b == 1.5))
        return false;
    m->is_25 = b == 2.5;
    m->height = (float)(psf->info.height * (b - 1) / p1p2);
    m->axx = (float)(a / (par[0] * par[0]));
    m->axy = (float)(a * par[2]);
    m->ayy = (float)(a / (par[1] * par[1]));
    m->den_max = (float)fmin(m->is_25 ? 1e4 : 5e6, pow(1e10 / p1p2, 1 / b));
    m->den_near = pow(1e4 / p1p2, 1 / b);
    return true;
}

/* Built with -fno-math-errno, or sqrtf keeps the loops out of vector registers. */
SKS_SIMD
static void add_far(const struct far_moffat *m, double dx0, double step, double dy, size_t begin,
                    size_t end, float *restrict out)
{
    const int first = (int)begin, last = (int)end;
    const float y = (float)dy, base = 1 + m->ayy * y * y, slope = m->axy * y, axx = m->axx;
    const float x0 = (float)dx0, h = (float)step, height = m->height, den_max = m->den_max;

    if (m->is_25) {
        for (int i = first; i < last; i++) {
            float x = x0 + h * (float)i;
            float den = base + x * (slope + axx * x);
            float value = height / (den * den * sqrtf(den));

            out[i] += den > den_max ? 0 : value;
        }
    } else {
        for (int i = first; i < last; i++) {
            float x = x0 + h * (float)i;
            float den = base + x * (slope + axx * x);
            float value = height / (den * sqrtf(den));

            out[i] += den > den_max ? 0 : value;
        }
    }
}

/* The columns of a row in which the pixel is averaged over more than one point, and one more on
 * either side. */
static void near_extent(const struct far_moffat *m, double dx0, double step, double dy,
                        size_t begin, size_t end, size_t *near_begin, size_t *near_end)
{
    double a = (double)m->axx, b = (double)m->axy * dy;
    double c = 1 + (double)m->ayy * dy * dy - m->den_near * (1 + 1e-5);
    double d = b * b - 4 * a * c;
    double low, high;

    *near_begin = *near_end = begin;
    if (d < 0)
        return;
    low = floor(((-b - sqrt(d)) / (2 * a) - dx0) / step) - 1;
    high = ceil(((-b + sqrt(d)) / (2 * a) - dx0) / step) + 2;
    if (high <= (double)begin || low >= (double)end)
        return;
    *near_begin = low < (double)begin ? begin : (size_t)low;
    *near_end = high > (double)end ? end : (size_t)high;
}

static void add_profile_row(const sks_psf *psf, const sks_psf_scratch *s,
                            const struct far_moffat *far, double dx0, double step, double dy,
                            size_t begin, size_t end, float *out)
{
    const double *par = psf->info.par;
    size_t near_begin = begin, near_end = end;

    if (psf->function == SKS_PSF_NO_FUNCTION)
        return;
    if (sks_psf_is_separable(psf->function)) {
        double factor = psf->info.height * sks_psf_profile_norm(psf->function, par) *
                        sks_psf_profile_axis(psf->function, par[1], dy);

        for (size_t i = begin; i < end; i++)
            out[i] += (float)(factor * s->axis[i]);
        return;
    }
    if (far != NULL) {
        near_extent(far, dx0, step, dy, begin, end, &near_begin, &near_end);
        add_far(far, dx0, step, dy, begin, near_begin, out);
        add_far(far, dx0, step, dy, near_end, end, out);
    }
    for (size_t i = near_begin; i < near_end; i++)
        out[i] += (float)(psf->info.height *
                          sks_psf_profile(psf->function, par, dx0 + (double)i * step, dy));
}

static void fast_init(struct fast *f, double x, double y)
{
    struct sks_psf_mix m;
    double w[N_TAPS];
    double tx = f->psf->sampling * f->dx0 + f->psf->centre[0];
    double ty = f->psf->sampling * f->dy0 + f->psf->centre[1];

    sks_psf_mix_at(f->psf, x, y, &m);
    for (size_t k = 0; k < m.n; k++)
        f->p[k] = (float)m.weight[k];
    cubic_weights(tx - floor(tx), w);
    for (int k = 0; k < N_TAPS; k++)
        f->wx[k] = (float)w[k];
    cubic_weights(ty - floor(ty), w);
    for (int k = 0; k < N_TAPS; k++)
        f->wy[k] = (float)w[k];
    f->tx0 = (long)floor(tx) - 1;
    f->ty0 = (long)floor(ty) - 1;
}

/* The tables' part of stamp row j, columns [begin, end). *next_row is the first table row that has
 * not been prepared. */
static void fast_row(const struct fast *f, size_t j, size_t begin, size_t end, long *next_row,
                     float *restrict out)
{
    long first = f->ty0 + (long)j * f->stride;
    const float *taps[N_TAPS];

    if (*next_row < first)
        *next_row = first;
    for (; *next_row < first + N_TAPS; ++*next_row)
        prepare_row(f, (size_t)*next_row);
    for (long k = 0; k < N_TAPS; k++)
        taps[k] = f->s->ring + ((size_t)(first + k) % N_TAPS) * SKS_PSF_MAX_SIDE + begin;
    interpolate_row(taps[0], taps[1], taps[2], taps[3], f->wy, end - begin, out + begin);
}

void sks_psf_stamp(const sks_psf *psf, sks_psf_scratch *scratch, double x, double y, double dx0,
                   double dy0, unsigned subsample, size_t nx, size_t ny, float *stamp)
{
    struct fast f = {.psf = psf, .s = scratch, .dx0 = dx0, .dy0 = dy0, .nx = nx};
    struct far_moffat far;
    bool has_far = far_moffat_init(psf, &far);
    bool has_tables = psf->tables != NULL;
    bool is_fast =
        has_tables && psf->function != SKS_PSF_NO_FUNCTION && psf->n_expand == 0 && subsample <= 2;
    long next_row = 0;

    f.step = 1.0 / subsample;
    f.stride = 2 / (long)subsample;
    sks_psf_row_extent(psf->info.radius, dx0, f.step, 0, nx, &f.begin, &f.end);
    if (is_fast)
        fast_init(&f, x, y);
    else if (has_tables)
        sks_psf_combine(psf, x, y, scratch->combined);
    if (sks_psf_is_separable(psf->function))
        for (size_t i = 0; i < nx; i++)
            scratch->axis[i] =
                sks_psf_profile_axis(psf->function, psf->info.par[0], dx0 + (double)i * f.step);
    for (size_t j = 0; j < ny; j++) {
        double dy = dy0 + (double)j * f.step;
        float *row = stamp + j * nx;
        size_t begin, end;

        memset(row, 0, nx * sizeof(*row));
        sks_psf_row_extent(psf->info.radius, dx0, f.step, dy, nx, &begin, &end);
        if (begin == end)
            continue;
        if (is_fast)
            fast_row(&f, j, begin, end, &next_row, row);
        else if (has_tables)
            sks_psf_general_row(psf, scratch->combined, dx0, f.step, dy, begin, end, row);
        add_profile_row(psf, scratch, has_far ? &far : NULL, dx0, f.step, dy, begin, end, row);
    }
}
