/* The part of a convolution that depends on the precision, included by convolve_single.c and
 * convolve_double.c, each with its REAL, FFT(name), FFTW's name for it, and PRECISION, the table to
 * define.
 */
#include "kernels/astro/convolve_state.h"
#include "kernels/astro/simd.h"

#include <fftw3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FFTW names the axis that varies slowest first. */
static bool make_plans(const sks_convolver_grid *g, unsigned flags, void *plans[N_PLANS])
{
    int nx = (int)g->array_nx, ny = (int)g->array_ny, pitch = (int)(g->row_len / 2);
    const FFT(iodim) pair[2] = {{ny, pitch, pitch}, {nx, 1, 1}};
    REAL *image = sks_aligned_block(g->layer_len * sizeof(REAL));
    REAL *spectrum = sks_aligned_block((2 * g->array_ny + g->layer_len) * sizeof(REAL));
    bool is_paired = g->planes_per_layer == 2;

    if (image != NULL && spectrum != NULL) {
        plans[TO_SPECTRUM] = FFT(plan_dft_r2c_2d)(ny, nx, image, (void *)spectrum, flags);
        plans[FROM_SPECTRUM] =
            FFT(plan_dft_c2r_2d)(ny, nx, (void *)spectrum, image, flags | FFTW_DESTROY_INPUT);
        if (is_paired) {
            plans[PAIR_TO_SPECTRUM] = FFT(plan_guru_dft)(2, pair, 0, NULL, (void *)image,
                                                         (void *)spectrum, FFTW_FORWARD, flags);
            plans[PAIR_FROM_SPECTRUM] =
                FFT(plan_guru_dft)(2, pair, 0, NULL, (void *)spectrum, (void *)image, FFTW_BACKWARD,
                                   flags | FFTW_DESTROY_INPUT);
        }
    }
    free(image);
    free(spectrum);
    for (int i = 0; i < (is_paired ? N_PLANS : PAIR_TO_SPECTRUM); i++)
        if (plans[i] == NULL)
            return false;
    return true;
}

static void destroy_plans(void *plans[N_PLANS])
{
    for (int i = 0; i < N_PLANS; i++)
        if (plans[i] != NULL)
            FFT(destroy_plan)(plans[i]);
}

/* FFTW leaves the input of these two alone, but its signatures do not say so. */
static void data_to_spectrum(const sks_blur *b, const void *data, void *spectrum)
{
    FFT(execute_dft_r2c)(b->convolver->plans[TO_SPECTRUM], (REAL *)(uintptr_t)data, spectrum);
}

static void pair_to_spectrum(const sks_blur *b, const void *layer, void *spectrum)
{
    FFT(execute_dft)(b->convolver->plans[PAIR_TO_SPECTRUM], (void *)(uintptr_t)layer, spectrum);
}

static void spectrum_to_data(const sks_blur *b, void *spectrum, void *data)
{
    FFT(execute_dft_c2r)(b->convolver->plans[FROM_SPECTRUM], spectrum, data);
}

static void spectrum_to_pair(const sks_blur *b, void *spectrum, void *layer)
{
    FFT(execute_dft)(b->convolver->plans[PAIR_FROM_SPECTRUM], spectrum, layer);
}

/* ---- products of spectra: n complex numbers, pairs of reals ---- */

/* sum (+)= k f. */
SKS_SIMD
static void multiply(size_t n, const REAL *restrict k, const REAL *restrict f, bool adds,
                     REAL *restrict sum)
{
    REAL keep = adds ? 1 : 0;

    for (size_t i = 0; i < n; i++) {
        REAL re = k[2 * i] * f[2 * i] - k[2 * i + 1] * f[2 * i + 1];
        REAL im = k[2 * i] * f[2 * i + 1] + k[2 * i + 1] * f[2 * i];

        sum[2 * i] = keep * sum[2 * i] + re;
        sum[2 * i + 1] = keep * sum[2 * i + 1] + im;
    }
}

/* out = conj(k) f, the transform of a correlation with k. */
SKS_SIMD
static void multiply_conj(size_t n, const REAL *restrict k, const REAL *restrict f,
                          REAL *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = k[2 * i] * f[2 * i] + k[2 * i + 1] * f[2 * i + 1];
        out[2 * i + 1] = k[2 * i] * f[2 * i + 1] - k[2 * i + 1] * f[2 * i];
    }
}

/* Two real planes as one complex z = f0 + i f1, with spectra F = (Z(k) + conj Z(-k)) / 2 and
 * (Z(k) - conj Z(-k)) / 2i. With a = (K0 - i K1) / 2 and b = (K0 + i K1) / 2
 *     K0 F0 + K1 F1           = a Z(k) + b conj Z(-k)
 *     conj(K0) R + i conj(K1) R = 2 conj(a) R                  at k
 *                               = 2 b(k) conj R(k)             at -k
 * so that neither a plane's own spectrum nor more than half of k is ever needed. */

/* sum (+)= a z + b conj(m). */
SKS_SIMD
static void multiply_pair(size_t n, const REAL *restrict a, const REAL *restrict b,
                          const REAL *restrict z, const REAL *restrict m, bool adds,
                          REAL *restrict sum)
{
    REAL keep = adds ? 1 : 0;

    for (size_t i = 0; i < n; i++) {
        REAL re = a[2 * i] * z[2 * i] - a[2 * i + 1] * z[2 * i + 1] + b[2 * i] * m[2 * i] +
                  b[2 * i + 1] * m[2 * i + 1];
        REAL im = a[2 * i] * z[2 * i + 1] + a[2 * i + 1] * z[2 * i] + b[2 * i + 1] * m[2 * i] -
                  b[2 * i] * m[2 * i + 1];

        sum[2 * i] = keep * sum[2 * i] + re;
        sum[2 * i + 1] = keep * sum[2 * i + 1] + im;
    }
}

/* z = 2 conj(a) r, m = 2 b conj(r). */
SKS_SIMD
static void multiply_conj_pair(size_t n, const REAL *restrict a, const REAL *restrict b,
                               const REAL *restrict r, REAL *restrict z, REAL *restrict m)
{
    for (size_t i = 0; i < n; i++) {
        REAL re = 2 * r[2 * i], im = 2 * r[2 * i + 1];

        z[2 * i] = a[2 * i] * re + a[2 * i + 1] * im;
        z[2 * i + 1] = a[2 * i] * im - a[2 * i + 1] * re;
        m[2 * i] = b[2 * i] * re + b[2 * i + 1] * im;
        m[2 * i + 1] = b[2 * i + 1] * re - b[2 * i] * im;
    }
}

/* to[i] = from[n - i] for i = begin .. end - 1. */
SKS_SIMD
static void reverse(size_t n, size_t begin, size_t end, const REAL *restrict from,
                    REAL *restrict to)
{
    for (size_t i = begin; i < end; i++) {
        to[2 * i] = from[2 * (n - i)];
        to[2 * i + 1] = from[2 * (n - i) + 1];
    }
}

/* ---- layers ---- */

/* The kernels of layer `layer`, two of them for a pair. */
static const REAL *kernels_of(const sks_blur *b, const void *kernels, size_t layer)
{
    return (const REAL *)kernels + layer * b->convolver->grid.planes_per_layer * b->spectrum_len;
}

static void forward_pair(sks_blur *b, size_t layer, const void *f_layer)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t nx = g->array_nx, ny = g->array_ny, half = nx / 2 + 1, pitch = g->row_len;
    const REAL *k = kernels_of(b, b->kernel, layer);
    REAL *spectrum = b->work, *mirror = b->mirror, *sum = b->sum;

    pair_to_spectrum(b, f_layer, spectrum);
    for (size_t j = 0; j < ny; j++) {
        const REAL *opposite = spectrum + (ny - j) % ny * pitch;
        size_t at = 2 * j * half;

        mirror[0] = opposite[0];
        mirror[1] = opposite[1];
        reverse(nx, 1, half, opposite, mirror);
        multiply_pair(half, k + at, k + b->spectrum_len + at, spectrum + j * pitch, mirror,
                      layer > 0, sum + at);
    }
}

static void adjoint_pair(sks_blur *b, const void *kernels, size_t layer, void *g_layer)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t nx = g->array_nx, ny = g->array_ny, half = nx / 2 + 1, pitch = g->row_len;
    const REAL *k = kernels_of(b, kernels, layer);
    REAL *spectrum = b->work, *mirror = b->mirror;
    const REAL *r = b->sum;

    for (size_t j = 0; j < ny; j++) {
        size_t at = 2 * j * half;

        multiply_conj_pair(half, k + at, k + b->spectrum_len + at, r + at, spectrum + j * pitch,
                           mirror);
        /* What the half of a row does not hold: nx / 2 + 1 .. nx - 1. */
        reverse(nx, half, nx, mirror, spectrum + (ny - j) % ny * pitch);
    }
    spectrum_to_pair(b, spectrum, g_layer);
}

static void forward_layer(sks_blur *b, size_t layer, const void *f_layer)
{
    if (b->convolver->grid.planes_per_layer == 2) {
        forward_pair(b, layer, f_layer);
        return;
    }
    data_to_spectrum(b, f_layer, b->work);
    multiply(b->n_spectrum, kernels_of(b, b->kernel, layer), b->work, layer > 0, b->sum);
}

static void adjoint_layer(sks_blur *b, const void *kernels, size_t layer, void *g_layer)
{
    if (b->convolver->grid.planes_per_layer == 2) {
        adjoint_pair(b, kernels, layer, g_layer);
        return;
    }
    multiply_conj(b->n_spectrum, kernels_of(b, kernels, layer), b->sum, b->work);
    spectrum_to_data(b, b->work, g_layer);
}

/* ---- kernels ---- */

/* K0 and K1 become a and b. */
static void combine_pair(size_t n, REAL *k0, REAL *k1)
{
    for (size_t i = 0; i < n; i++) {
        REAL re0 = k0[2 * i], im0 = k0[2 * i + 1], re1 = k1[2 * i], im1 = k1[2 * i + 1];

        k0[2 * i] = (re0 + im1) / 2;
        k0[2 * i + 1] = (im0 - re1) / 2;
        k1[2 * i] = (re0 - im1) / 2;
        k1[2 * i + 1] = (im0 + re1) / 2;
    }
}

/* K_p for each plane: box[] holds, at sub-pixel k, the sum of the kernel over the block that
 * begins at k. Divided by the number of pixels, since FFTW's transforms are not normalised. */
static sks_status make_kernels(sks_blur *b, const double *box, void *kernels)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t s = g->subsample, width = s * g->array_nx, height = s * g->array_ny;
    double norm = 1.0 / ((double)g->array_nx * (double)g->array_ny);
    REAL *plane = sks_aligned_block(g->data_len * sizeof(REAL));

    if (plane == NULL)
        return sks_fail_nomem("the planes of a PSF");
    for (size_t p = 0; p < g->n_planes; p++) {
        REAL *kernel = (REAL *)kernels + p * b->spectrum_len;

        for (size_t j = 0; j < g->array_ny; j++) {
            const double *row = box + (s * j + height - p / s) % height * width;

            /* Only the first value may come from the row's other end. */
            plane[j * g->array_nx] = (REAL)(row[(width - p % s) % width] * norm);
            for (size_t i = 1; i < g->array_nx; i++)
                plane[j * g->array_nx + i] = (REAL)(row[s * i - p % s] * norm);
        }
        data_to_spectrum(b, plane, kernel);
        if (g->planes_per_layer == 2 && p % 2 == 1)
            combine_pair(b->n_spectrum, kernel - b->spectrum_len, kernel);
    }
    free(plane);
    return SKS_OK;
}

/* ---- images ---- */

static void load_image(const sks_convolver_grid *g, const float *rows, double guard, void *live)
{
    size_t s = g->subsample;
    REAL *image = live;

    memset(image, 0, g->n_layers * g->layer_len * sizeof(REAL));
    for (size_t y = 0; y < s * g->live_ny; y++)
        for (size_t x = 0; x < s * g->live_nx; x++)
            image[sks_convolver_place(g, x, y)] =
                x < s * g->nx && y < s * g->ny ? (REAL)rows[y * s * g->nx + x] : (REAL)guard;
}

/* The whole array in rows. */
static void interleave(const sks_convolver_grid *g, const void *image, double *array)
{
    size_t s = g->subsample, pack = g->planes_per_layer;

    for (size_t p = 0; p < g->n_planes; p++)
        for (size_t j = 0; j < g->array_ny; j++) {
            const REAL *row =
                (const REAL *)image + p / pack * g->layer_len + j * g->row_len + p % pack;
            double *to = array + (s * j + p / s) * s * g->array_nx + p % s;

            for (size_t i = 0; i < g->array_nx; i++)
                to[s * i] = row[pack * i];
        }
}

static int load_wisdom(const char *text)
{
    return FFT(import_wisdom_from_string)(text);
}

static char *save_wisdom(void)
{
    return FFT(export_wisdom_to_string)();
}

const sks_convolve_precision PRECISION = {
    .make_plans = make_plans,
    .destroy_plans = destroy_plans,
    .data_to_spectrum = data_to_spectrum,
    .spectrum_to_data = spectrum_to_data,
    .forward_layer = forward_layer,
    .adjoint_layer = adjoint_layer,
    .make_kernels = make_kernels,
    .load_image = load_image,
    .interleave = interleave,
    .load_wisdom = load_wisdom,
    .save_wisdom = save_wisdom,
};
