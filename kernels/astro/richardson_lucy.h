/* Richardson-Lucy deconvolution, sub-sampled, with a noise floor, damping and acceleration.
 *
 *     f <- f  A^T(w q) / A^T(w),   A = B P (convolve.h),   w = 1 where there are data
 *     q = (d + c) / (y + c),       y = A f
 *
 * climbs to the image of largest likelihood under Poisson noise: it keeps f positive and, without a
 * floor, the total flux. Where no data see a sub-pixel, it stays as it is; light from outside the
 * data is taken up by the guard of a padded boundary (Bertero & Boccacci 2005, A&A 437, 369).
 *
 * Noise floor   readout noise as that many electrons more in data and model, c = noise^2/adu
 *               counts (Snyder, Hammoud & White 1993, JOSA A 10, 1014).
 * Damping       where data and model agree within `damping` standard deviations they are left
 *               alone, so that noise is not fitted (White 1994, in The Restoration of HST Images
 *               and Spectra II, 104): q - 1 is multiplied by U^9 (10 - 9 U), U = min(1, -2/T^2
 *               [D ln(Y/D) - Y + D]) for the electrons D, Y of data and model.
 * Acceleration  every step starts from x_k + a (x_k - x_(k-1)), a from the last two changes (Biggs
 *               & Andrews 1997, Applied Optics 36, 1766, "vector acceleration", first order).
 *
 * Source   Richardson 1972, JOSA 62, 55; Lucy 1974, AJ 79, 745
 * Threads  one sks_richardson_lucy per worker; any number of them on one convolver
 */
#ifndef SKYSCALE_RICHARDSON_LUCY_H
#define SKYSCALE_RICHARDSON_LUCY_H

#include "common/status.h"
#include "kernels/astro/convolve.h"
#include "kernels/astro/deconvolution.h"

#include <stdbool.h>

typedef struct sks_richardson_lucy_params {
    double noise;       /* readout noise, electrons */
    double adu;         /* electrons per count */
    double model_error; /* part of the noise: what the PSF does not explain, relative */
    bool hidden;        /* result is the hidden image, not the visible one (ICF * f) */
    double aim;         /* stop at this chi-square per pixel with weight; 0: only at the limit */
    unsigned max_iterations;
    double damping; /* standard deviations; 0: none */
    bool accelerated;
} sks_richardson_lucy_params;

typedef struct sks_richardson_lucy sks_richardson_lucy;

/* WFPC2-like: noise 5 electrons, adu 7, aim 1, 100 iterations, no damping, accelerated. */
sks_richardson_lucy_params sks_richardson_lucy_defaults(void);

/* Errors   SKS_ERR_USAGE naming the parameter that is out of range */
sks_status sks_richardson_lucy_check(const sks_richardson_lucy_params *params);

sks_status sks_richardson_lucy_create(const sks_convolver *convolver, sks_richardson_lucy **rl);
void sks_richardson_lucy_destroy(sks_richardson_lucy *rl); /* accepts NULL */

/* Deconvolves one section, as sks_mem_solve does. The first image is input->guess, else
 * input->model, else flat at the mean of the data. The image returned is the last whose chi-square
 * has been found: it is what `outcome` says.
 *
 * Errors   SKS_ERR_USAGE; SKS_ERR_INPUT for a PSF or ICF that is none, for data without one usable
 *          pixel or without a positive mean, for a first image that holds a NaN */
sks_status sks_richardson_lucy_solve(sks_richardson_lucy *rl,
                                     const sks_richardson_lucy_params *params,
                                     const sks_deconvolution_input *input,
                                     sks_deconvolution_log log, void *context, float *image,
                                     sks_deconvolution_outcome *outcome);

#endif
