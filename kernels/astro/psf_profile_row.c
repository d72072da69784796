/* The analytic part of a PSF along a row of points.
 *
 * Most of a row lies so far out that a Moffat function is taken at the pixel's middle: one plain
 * loop. Its power -5/2 or -3/2 is that of the reciprocal root, found by Newton's method from an
 * estimate out of the number's bits, for a vector unit multiplies many times faster than it divides
 * and takes roots. Far out the function is below 1e-4 of its height: what the estimate leaves, 3e-6
 * of the value, is nothing. Near the centre the points of one pixel fill the vector, in double
 * precision.
 *
 * Source   Kadlec 2010, "Improving the fast inverse square root"; Lomont 2003, "Fast inverse square
 *          root"
 */
#include "kernels/astro/psf_model.h"
#include "kernels/astro/simd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { UNIT = SKS_PSF_ROW_UNIT };

void sks_psf_moffat_init(const sks_psf *psf, struct sks_psf_moffat *m)
{
    const double *par = psf->info.par;
    double b = par[3], p1p2 = par[0] * par[1], height = psf->info.height * (b - 1) / p1p2;
    bool is_25 = psf->function == SKS_PSF_MOFFAT25 && b == 2.5;
    double a = is_25 ? 0.3195079 : 0.5874011;

    *m = (struct sks_psf_moffat){0};
    if (!is_25 && !(psf->function == SKS_PSF_MOFFAT15 && b == 1.5))
        return;
    m->is_used = true;
    m->is_25 = is_25;
    m->axx = a / (par[0] * par[0]);
    m->axy = a * par[2];
    m->ayy = a / (par[1] * par[1]);
    m->height = (float)height;
    m->den_max = (float)fmin(is_25 ? 1e4 : 5e6, pow(1 / (sks_psf_profile_limit(1) * p1p2), 1 / b));
    for (int set = 0; set < SKS_PSF_POINT_SETS; set++) {
        int n = set + 2;

        m->den_near[set] = pow(1 / (sks_psf_profile_limit(n) * p1p2), 1 / b);
        for (int k = 0; k < n * n; k++) {
            sks_psf_profile_point(n, k, &m->x[set][k], &m->y[set][k], &m->weight[set][k]);
            m->weight[set][k] *= height;
        }
    }
}

/* x^(-1/2) for normal x > 0, to 7e-7: the estimate and the first step, whose constants share its
 * error out evenly, are Kadlec's. */
static inline __attribute__((always_inline)) float reciprocal_root(float x)
{
    int32_t bits;
    float y;

    memcpy(&bits, &x, sizeof(bits));
    bits = 0x5f1ffff9 - (bits >> 1);
    memcpy(&y, &bits, sizeof(y));
    y = y * 0.703952253f * (2.38924456f - x * y * y);
    return y * (1.5f - 0.5f * x * y * y);
}

/* The value at the pixels' middles. */
SKS_SIMD
static void far_row(const struct sks_psf_moffat *m, double dx0, double step, double dy,
                    size_t n_units, float *restrict out)
{
    const float base = (float)(1 + m->ayy * dy * dy), slope = (float)(m->axy * dy);
    const float axx = (float)m->axx, height = m->height, den_max = m->den_max;
    const float x0 = (float)dx0, h = (float)step;
    const int n = (int)n_units * UNIT;

    if (m->is_25) {
        for (int i = 0; i < n; i++) {
            float x = x0 + h * (float)i;
            float den = base + x * (slope + axx * x);
            float root = reciprocal_root(den), square = root * root;

            out[i] = den > den_max ? 0 : height * (square * square * root);
        }
    } else {
        for (int i = 0; i < n; i++) {
            float x = x0 + h * (float)i;
            float den = base + x * (slope + axx * x);
            float root = reciprocal_root(den);

            out[i] = den > den_max ? 0 : height * (root * root * root);
        }
    }
}

/* The average over a set of points; the terms are added in pairs, always the same ones. */
static inline __attribute__((always_inline)) double average(const struct sks_psf_moffat *m, int set,
                                                            int n_points, double dx, double dy)
{
    const double *px = m->x[set], *py = m->y[set], *weight = m->weight[set];
    const double axx = m->axx, axy = m->axy, ayy = m->ayy;
    double term[SKS_PSF_MAX_POINTS];

    for (int k = 0; k < n_points; k++) {
        double x = dx + px[k], y = dy + py[k];
        double den = 1 + x * (axx * x + axy * y) + ayy * y * y;

        term[k] = weight[k] / (m->is_25 ? den * den * sqrt(den) : den * sqrt(den));
    }
    for (int half = n_points / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            term[k] += term[k + half];
    return term[0];
}

/* Overwrites the pixels of [begin, end) that are averaged over more than one point. */
SKS_SIMD
static void near_row(const struct sks_psf_moffat *m, double dx0, double step, double dy,
                     size_t begin, size_t end, float *out)
{
    for (size_t i = begin; i < end; i++) {
        double dx = dx0 + (double)i * step;
        double den = 1 + dx * (m->axx * dx + m->axy * dy) + m->ayy * dy * dy;

        if (den <= m->den_near[1])
            out[i] = (float)average(m, den <= m->den_near[2] ? 2 : 1, 16, dx, dy);
        else if (den <= m->den_near[0])
            out[i] = (float)average(m, 0, 4, dx, dy);
    }
}

/* The pixels [*begin, *end) of n that may be averaged over more than one point. */
static void near_extent(const struct sks_psf_moffat *m, double dx0, double step, double dy,
                        size_t n, size_t *begin, size_t *end)
{
    double a = m->axx, b = m->axy * dy;
    double c = 1 + m->ayy * dy * dy - m->den_near[0] * (1 + 1e-5);
    double d = b * b - 4 * a * c;
    double low, high;

    *begin = *end = 0;
    if (d < 0)
        return;
    low = floor(((-b - sqrt(d)) / (2 * a) - dx0) / step) - 1;
    high = ceil(((-b + sqrt(d)) / (2 * a) - dx0) / step) + 2;
    if (high <= 0 || low >= (double)n)
        return;
    *begin = low < 0 ? 0 : (size_t)low;
    *end = high > (double)n ? n : (size_t)high;
}

static void moffat_row(const struct sks_psf_moffat *m, double dx0, double step, double dy, size_t n,
                       float *out)
{
    size_t begin, end;

    far_row(m, dx0, step, dy, sks_psf_row_units(n), out);
    near_extent(m, dx0, step, dy, n, &begin, &end);
    if (begin < end)
        near_row(m, dx0, step, dy, begin, end, out);
}

void sks_psf_profile_row(const sks_psf *psf, const struct sks_psf_moffat *m, const double *axis,
                         double dx0, double step, double dy, size_t n, float *out)
{
    const double *par = psf->info.par;

    if (m->is_used) {
        moffat_row(m, dx0, step, dy, n, out);
    } else if (sks_psf_is_separable(psf->function)) {
        double factor = psf->info.height * sks_psf_profile_norm(psf->function, par) *
                        sks_psf_profile_axis(psf->function, par[1], dy);

        for (size_t i = 0; i < n; i++)
            out[i] = (float)(factor * axis[i]);
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = (float)(psf->info.height *
                             sks_psf_profile(psf->function, par, dx0 + (double)i * step, dy));
    }
}
