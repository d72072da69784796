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

/* Real transforms of one plane. `n_x` varies fastest in memory, FFTW names the slowest first. */
static bool make_plans(const sks_convolver_grid *g, unsigned flags, void *plans[2])
{
    size_t n_spectrum = (g->array_nx / 2 + 1) * g->array_ny;
    REAL *plane = sks_aligned_block(g->plane_len * sizeof(REAL));
    FFT(complex) *spectrum = sks_aligned_block(n_spectrum * sizeof(*spectrum));
    int nx = (int)g->array_nx, ny = (int)g->array_ny;

    if (plane != NULL && spectrum != NULL) {
        plans[0] = FFT(plan_dft_r2c_2d)(ny, nx, plane, spectrum, flags);
        plans[1] = FFT(plan_dft_c2r_2d)(ny, nx, spectrum, plane, flags | FFTW_DESTROY_INPUT);
    }
    free(plane);
    free(spectrum);
    return plans[0] != NULL && plans[1] != NULL;
}

static void destroy_plans(void *plans[2])
{
    for (int i = 0; i < 2; i++)
        if (plans[i] != NULL)
            FFT(destroy_plan)(plans[i]);
}

/* FFTW's r2c leaves its input alone, but its signature does not say so. */
static void to_spectrum(const sks_blur *b, const void *plane, void *spectrum)
{
    FFT(execute_dft_r2c)(b->convolver->plans[0], (REAL *)(uintptr_t)plane, spectrum);
}

static void to_plane(const sks_blur *b, void *spectrum, void *plane)
{
    FFT(execute_dft_c2r)(b->convolver->plans[1], spectrum, plane);
}

/* sum = k f, or sum += k f: n complex numbers as pairs of reals. */
SKS_SIMD
static void multiply(size_t n, const REAL *restrict k, const REAL *restrict f, REAL *restrict sum)
{
    for (size_t i = 0; i < n; i++) {
        sum[2 * i] = k[2 * i] * f[2 * i] - k[2 * i + 1] * f[2 * i + 1];
        sum[2 * i + 1] = k[2 * i] * f[2 * i + 1] + k[2 * i + 1] * f[2 * i];
    }
}

SKS_SIMD
static void multiply_add(size_t n, const REAL *restrict k, const REAL *restrict f,
                         REAL *restrict sum)
{
    for (size_t i = 0; i < n; i++) {
        sum[2 * i] += k[2 * i] * f[2 * i] - k[2 * i + 1] * f[2 * i + 1];
        sum[2 * i + 1] += k[2 * i] * f[2 * i + 1] + k[2 * i + 1] * f[2 * i];
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

static void forward_plane(sks_blur *b, size_t plane, const void *f_plane)
{
    const REAL *kernel = (const REAL *)b->kernel + plane * b->spectrum_len;

    to_spectrum(b, f_plane, b->work);
    if (plane == 0)
        multiply(b->n_spectrum, kernel, b->work, b->sum);
    else
        multiply_add(b->n_spectrum, kernel, b->work, b->sum);
}

static void adjoint_plane(sks_blur *b, const void *kernels, size_t plane, void *g_plane)
{
    const REAL *kernel = (const REAL *)kernels + plane * b->spectrum_len;

    multiply_conj(b->n_spectrum, kernel, b->sum, b->work);
    to_plane(b, b->work, g_plane);
}

/* K_p for each plane: box[] holds, at sub-pixel k, the sum of the kernel over the block that
 * begins at k. Divided by the number of pixels, since FFTW's transforms are not normalised. */
static sks_status make_kernels(sks_blur *b, const double *box, void *kernels)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t s = g->subsample, width = s * g->array_nx, height = s * g->array_ny;
    double norm = 1.0 / ((double)g->array_nx * (double)g->array_ny);
    REAL *plane = sks_aligned_block(g->plane_len * sizeof(REAL));

    if (plane == NULL)
        return sks_fail_nomem("the planes of a PSF");
    for (size_t p = 0; p < g->n_planes; p++) {
        for (size_t j = 0; j < g->array_ny; j++) {
            const double *row = box + (s * j + height - p / s) % height * width;

            for (size_t i = 0; i < g->array_nx; i++)
                plane[j * g->array_nx + i] = (REAL)(row[(s * i + width - p % s) % width] * norm);
        }
        to_spectrum(b, plane, (REAL *)kernels + p * b->spectrum_len);
    }
    free(plane);
    return SKS_OK;
}

static void load_image(const sks_convolver_grid *g, const float *image, double guard, void *live)
{
    size_t s = g->subsample, width = s * g->nx;
    REAL *planes = live;

    memset(planes, 0, g->n_planes * g->plane_len * sizeof(REAL));
    for (size_t p = 0; p < g->n_planes; p++)
        for (size_t j = 0; j < g->live_ny; j++) {
            REAL *row = planes + p * g->plane_len + j * g->array_nx;
            const float *from = image + (s * j + p / s) * width + p % s;

            for (size_t i = 0; i < g->live_nx; i++)
                row[i] = j < g->ny && i < g->nx ? (REAL)from[s * i] : (REAL)guard;
        }
}

/* The whole array in rows. */
static void interleave(const sks_convolver_grid *g, const void *planes, double *array)
{
    size_t s = g->subsample, width = s * g->array_nx;

    for (size_t p = 0; p < g->n_planes; p++)
        for (size_t j = 0; j < g->array_ny; j++) {
            const REAL *row = (const REAL *)planes + p * g->plane_len + j * g->array_nx;
            double *to = array + (s * j + p / s) * width + p % s;

            for (size_t i = 0; i < g->array_nx; i++)
                to[s * i] = row[i];
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
    .to_spectrum = to_spectrum,
    .to_plane = to_plane,
    .forward_plane = forward_plane,
    .adjoint_plane = adjoint_plane,
    .make_kernels = make_kernels,
    .load_image = load_image,
    .interleave = interleave,
    .load_wisdom = load_wisdom,
    .save_wisdom = save_wisdom,
};
