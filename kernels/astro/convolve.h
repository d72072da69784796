/* Blurring a sub-sampled image onto the pixels of a detector, and the transpose, by FFT.
 *
 *     y = B P f        y[n] = sum over the block of pixel n of (P * f)
 *
 * f lives on sub-pixels, `subsample` x `subsample` of them per pixel; P is the PSF (convolved with
 * an intrinsic correlation function, if there is one), of unit volume; B adds the sub-pixels of a
 * block, or takes its first one. The convolution is circular on an array of array_nx x array_ny
 * pixels:
 *   SKS_BOUNDARY_WRAP  the array is the data (or the PSF, where that is larger): what leaves at one
 *                      edge comes back at the other. f is zero outside the data.
 *   SKS_BOUNDARY_PAD   half a PSF of guard pixels is added on each axis, and f may be anything
 *                      there: light from just outside the data has a place to come from, and no
 *                      edge sees the opposite one (Bertero & Boccacci 2005, A&A 437, 369).
 *
 * How it is computed. Sub-pixels of one position in their pixel form a plane, at the resolution of
 * the data, and y is the sum over the planes of plain convolutions, y = sum_p K_p * f_p, where K_p
 * holds every subsample-th value of the PSF summed over a block: small transforms in place of large
 * ones. Where subsample is even two planes make one layer, the real and the imaginary part of
 * complex numbers (which is how neighbours in a row of sub-pixels lie in memory anyway), and share
 * one complex transform; else every plane is a layer. A layer is still in the cache when it is used
 * next. sks_convolver_place() tells where a sub-pixel is; most work does not care.
 *
 * A convolver (geometry and plans) is made once and shared; a blur (one PSF's spectra, scratch) is
 * one worker's own.
 *
 * Units    counts per pixel in, counts per (sub-)pixel out; positions in an image are x fastest
 * Threads  create and destroy of a convolver may be called from any thread (FFTW's planner is
 *          behind a lock); a convolver is read-only afterwards; a blur belongs to one thread
 * Source   Frigo & Johnson 2005, Proc. IEEE 93, 216 (FFTW)
 */
#ifndef SKYSCALE_CONVOLVE_H
#define SKYSCALE_CONVOLVE_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum sks_precision {
    SKS_PRECISION_SINGLE, /* images and data hold float */
    SKS_PRECISION_DOUBLE, /* images and data hold double */
} sks_precision;

typedef enum sks_boundary { SKS_BOUNDARY_WRAP, SKS_BOUNDARY_PAD } sks_boundary;

/* How long FFTW may look for a fast plan. Only ESTIMATE gives the same plan, hence the same last
 * bits, in every process; the others time their candidates, and repeat their choice only with the
 * wisdom of an earlier one. */
typedef enum sks_plan_effort {
    SKS_PLAN_ESTIMATE,
    SKS_PLAN_MEASURE,
    SKS_PLAN_PATIENT,
} sks_plan_effort;

typedef struct sks_convolver_options {
    size_t nx, ny;         /* data, pixels */
    size_t psf_nx, psf_ny; /* the largest PSF that will be given, sub-pixels */
    unsigned subsample;    /* 1-8 sub-pixels per pixel and axis */
    bool takes_first;      /* B takes the first sub-pixel of a block instead of adding them */
    sks_boundary boundary;
    sks_precision precision;
    sks_plan_effort effort;
} sks_convolver_options;

/* What a convolver's arrays look like. "Real" is float or double, by precision. */
typedef struct sks_convolver_grid {
    unsigned subsample;
    size_t nx, ny;             /* data, pixels */
    size_t array_nx, array_ny; /* array, pixels */
    size_t live_nx, live_ny;   /* its corner, pixels, where f may differ from zero */
    size_t n_planes;           /* subsample^2 */
    size_t planes_per_layer;   /* 1 or 2 */
    size_t n_layers;
    size_t row_len;   /* reals from one row of a layer to the next */
    size_t layer_len; /* reals from one layer to the next (>= row_len * array_ny) */
    size_t data_len;  /* reals of the data's array (>= array_nx * array_ny) */
    size_t real_size; /* bytes of one real */
    sks_precision precision;
    bool takes_first;
    bool has_guard; /* f may differ from zero outside the data */
} sks_convolver_grid;

typedef struct sks_convolver sks_convolver;
typedef struct sks_blur sks_blur;

/* Errors   SKS_ERR_USAGE for empty data or a sub-sampling outside 1-8; SKS_ERR_NOMEM */
sks_status sks_convolver_create(const sks_convolver_options *options, sks_convolver **convolver);
void sks_convolver_destroy(sks_convolver *convolver); /* accepts NULL */
const sks_convolver_grid *sks_convolver_grid_of(const sks_convolver *convolver);

/* FFTW's wisdom of both precisions, kept in one text file. Loading wisdom of another FFTW or
 * processor does no harm: it is not used. Load before convolvers are created.
 * Errors   SKS_ERR_IO; SKS_ERR_INPUT for a file that holds no wisdom */
sks_status sks_convolver_load_wisdom(const char *path);
sks_status sks_convolver_save_wisdom(const char *path);

/* Where sub-pixel (x, y) of the array is among the reals of an image in layers. Data are in rows of
 * array_nx. */
size_t sks_convolver_place(const sks_convolver_grid *grid, size_t x, size_t y);

/* Memory for an image in layers, or for data on the array, zeroed and aligned for the plans. Freed
 * with free(). NULL when there is none. */
void *sks_convolver_alloc_planes(const sks_convolver *convolver);
void *sks_convolver_alloc_data(const sks_convolver *convolver);

sks_status sks_blur_create(const sks_convolver *convolver, sks_blur **blur);
void sks_blur_destroy(sks_blur *blur); /* accepts NULL */

/* Intrinsic correlation function: an image of sub-pixels, or a Gaussian, or none (all zero). Its
 * volume does not matter. */
typedef struct sks_icf {
    const float *image; /* NULL: Gaussian */
    size_t nx, ny;
    double sigma_x, sigma_y; /* of the Gaussian, sub-pixels; both zero: no ICF */
} sks_icf;

/* Gives the blur its PSF: psf[ny][nx] in sub-pixels, its largest pixel the centre, any volume.
 * `icf` may be NULL.
 * Errors   SKS_ERR_INPUT for a PSF that holds a NaN, is larger than the array or has no positive
 *          volume; the same for the ICF. The blur then keeps no PSF. */
sks_status sks_blur_set_psf(sks_blur *blur, const float *psf, size_t nx, size_t ny,
                            const sks_icf *icf);

bool sks_blur_has_icf(const sks_blur *blur);

/* Volume over peak of the autocorrelation of P, in sub-pixels. */
double sks_blur_autocorrelation_volume(const sks_blur *blur);

/* y = B P f at once, or layer by layer while each is warm: layer 0, 1, ..., end. f is not changed.
 */
void sks_blur_forward(sks_blur *blur, const void *image, void *data);
void sks_blur_forward_layer(sks_blur *blur, size_t layer, const void *f_layer);
void sks_blur_forward_end(sks_blur *blur, void *data);

/* g = P^T B^T r, the same way: begin, then any layers in any order. r is not changed. */
void sks_blur_adjoint(sks_blur *blur, const void *data, void *image);
void sks_blur_adjoint_begin(sks_blur *blur, const void *data);
void sks_blur_adjoint_layer(sks_blur *blur, size_t layer, void *g_layer);

/* h = (P^2)^T B^T w, P^2 being the squared kernel. */
void sks_blur_adjoint_squared(sks_blur *blur, const void *data, void *image);

/* Between an image in rows (subsample * nx by subsample * ny, the data alone) and one in layers,
 * which gets `guard` where it is live outside the data. With `visible` the image is convolved with
 * the ICF on the way out. */
void sks_blur_load_image(sks_blur *blur, const float *rows, double guard, void *image);
void sks_blur_store_image(sks_blur *blur, const void *image, bool visible, float *rows);

#endif
