/* What the deconvolution methods (mem.h, richardson_lucy.h) share: their input, their log, their
 * outcome.
 *
 * A method is created for a convolver, one per worker, and solves any number of sections of that
 * geometry one after the other. All images are rows of float, x fastest: data in counts (DN) per
 * pixel, the result in counts per sub-pixel. A data pixel that is not finite is one that was not
 * measured: it has no weight.
 */
#ifndef SKYSCALE_DECONVOLUTION_H
#define SKYSCALE_DECONVOLUTION_H

#include "kernels/astro/convolve.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_deconvolution_input {
    const float *data; /* [ny][nx] of the convolver's grid */
    const float *psf;  /* [psf_ny][psf_nx] sub-pixels */
    size_t psf_nx, psf_ny;
    const sks_icf *icf; /* NULL: none */
    const float *model; /* [subsample * ny][subsample * nx]; NULL: flat */
    const float *guess; /* first image, the same size; NULL: the model */
} sks_deconvolution_input;

/* One iteration. What a method does not know is NaN. */
typedef struct sks_deconvolution_step {
    unsigned iteration;       /* 1, 2, ... */
    unsigned inner_iteration; /* since the multipliers were last renewed */
    bool renewed_model, renewed_alpha, renewed_beta;
    bool is_me_solution;
    double conjugacy;   /* share of the last direction taken out of the new one */
    double chi_square;  /* sum of (y - d)^2 / variance */
    double per_datum;   /* the same per pixel with weight */
    double total_power; /* sum of the image, counts; MEM: without the guard */
    double max, min;    /* counts per sub-pixel */
    double step;        /* share of the full step that was taken; acceleration for RL */
    double gradient;    /* |grad J| / |1| */
    double test;        /* 1 - cosine between the gradients of entropy and chi-square */
    double alpha, a_sp, beta;
    unsigned n_convolutions; /* so far */
} sks_deconvolution_step;

typedef void (*sks_deconvolution_log)(void *context, const sks_deconvolution_step *step);

typedef enum sks_deconvolution_end {
    SKS_END_CONVERGED,       /* what was aimed at has been reached */
    SKS_END_ITERATION_LIMIT, /* not reached in the iterations allowed */
    SKS_END_NO_WEIGHT,       /* MEM: alpha went to zero, the data are fitted better than aimed at */
    SKS_END_SETTLED = 4,     /* MEM: all but the aim, which the PSF does not allow */
} sks_deconvolution_end;

typedef struct sks_deconvolution_outcome {
    sks_deconvolution_end end;
    bool has_converged; /* or settled */
    bool is_me_solution;
    size_t n_data; /* pixels with weight */
    double target; /* of chi-square: that aimed at, or settled for */
    double wanted_power;
    sks_deconvolution_step last; /* iteration 0 when none was needed */
} sks_deconvolution_outcome;

/* "converged", "iteration limit", "no weight", "settled". */
const char *sks_deconvolution_end_name(sks_deconvolution_end end);

#endif
