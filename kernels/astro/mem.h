/* Maximum entropy deconvolution, as the STSDAS task `mem` (N. Wu's program) defines it.
 *
 * Maximises for Lagrange multipliers alpha and beta
 *     J = S - (alpha/2) E - beta F
 *     S = sum f - m - f ln(f/m)     entropy of the image f relative to the model m
 *     E = sum (y - d)^2 / v         chi-square of y = B P f against the data d
 *     F = sum f                     total power
 * and raises alpha until E meets its target aim * N and F the total power. The variance is that of
 * CCD data, v = (noise/adu)^2 + |d|/adu, or with `poisson` the likelihood of counts is used: then
 * data are counts themselves (adu 1) and `noise` and `adu` have no effect.
 *
 * Source   Cornwell & Evans 1985, A&A 143, 77; Wu 1994, in The Restoration of HST Images and
 *          Spectra II, 58. Parameter names and defaults are the task's.
 *
 * Differences from the task. Pixels without a measurement have no weight. With a padded boundary
 * the image extends into the guard pixels, and the total power is that of the light which falls on
 * pixels with data, F = sum c f with c = P^T B^T 1, where the task takes all of f: a star near the
 * edge gives some of its light to pixels outside, others outside give some to those inside, and
 * only so does the condition hold for the true image. With `expected_variance` v is that of the
 * blurred image, (noise/adu)^2 + y/adu, renewed in every outer step once chi-square has been met:
 * |d| from noisy data gives pixels that came out low more weight, which costs 1/adu per pixel. With
 * `settles` a section whose chi-square stops falling above its target (by less than an eighth of
 * the distance in three outer steps) gets the chi-square it has for target, and converges to that.
 * A `model_error` adds (model_error y)^2 to v. Of the task's known defects none is copied: with
 * method 3 the conjugate product sees the data area only, the Poisson "error" is right for any
 * sub-sampling.
 *
 * Threads  one sks_mem per worker; any number of them on one convolver
 */
#ifndef SKYSCALE_MEM_H
#define SKYSCALE_MEM_H

#include "common/status.h"
#include "kernels/astro/convolve.h"
#include "kernels/astro/deconvolution.h"

typedef enum sks_mem_method {
    SKS_MEM_DEFAULT,            /* CONJUGATE, or ACCURATE_NEWTON with poisson */
    SKS_MEM_APPROXIMATE_NEWTON, /* diagonal Hessian */
    SKS_MEM_CONJUGATE,          /* the same, made conjugate to the last step */
    SKS_MEM_ACCURATE_NEWTON,    /* full Hessian, linear system solved iteratively */
} sks_mem_method;

typedef enum sks_mem_search {
    SKS_MEM_NO_SEARCH = 1, /* full steps */
    SKS_MEM_INTERPOLATE,   /* zero of the gradient along the step by interpolation */
    SKS_MEM_NEWTON_SEARCH, /* then refined by Newton's method */
} sks_mem_search;

typedef struct sks_mem_params {
    double noise; /* readout noise, electrons */
    double adu;   /* electrons per count */
    bool poisson;
    double model_error;      /* part of the noise: what the PSF does not explain, relative */
    bool expected_variance;  /* v of the blurred image once that fits, not of the noisy data */
    double tp;               /* total power, counts; 0: that of the data */
    bool hidden;             /* result is the hidden image, not the visible one (ICF * f) */
    double aim;              /* chi-square aimed at, per pixel with weight */
    bool settles;            /* for the chi-square that is reached, where it stops falling */
    unsigned max_iterations; /* at most 21 more are done to end on a solution */
    unsigned m_update;       /* outer steps between updates of the model */
    sks_mem_method method;
    unsigned cj_on; /* inner iteration from which CONJUGATE is so */
    sks_mem_search opt;
    double damping;      /* 1..100, weight of the Hessian's diagonal */
    double alpha, beta;  /* multipliers that belong to the guess */
    double a_sp, a_rate; /* speed of alpha, and the factor that reduces it */
    double b_sp;         /* speed of beta */
    double tol[4];       /* solution, chi-square, total power, linear system */
} sks_mem_params;

typedef struct sks_mem sks_mem;

/* The task's defaults. */
sks_mem_params sks_mem_defaults(void);

/* Errors   SKS_ERR_USAGE naming the parameter that is out of range */
sks_status sks_mem_check(const sks_mem_params *params);

sks_status sks_mem_create(const sks_convolver *convolver, sks_mem **mem);
void sks_mem_destroy(sks_mem *mem); /* accepts NULL */

/* Deconvolves one section. image[subsample * ny][subsample * nx] is the hidden or visible image;
 * `log`, when not NULL, is called after every iteration. Not converging is no error: `outcome`
 * says so.
 *
 * Errors   SKS_ERR_USAGE for parameters (sks_mem_check); SKS_ERR_INPUT for a PSF or ICF that is
 *          none, for data without one usable pixel, for a total power, model or guess that is not
 *          positive */
sks_status sks_mem_solve(sks_mem *mem, const sks_mem_params *params,
                         const sks_deconvolution_input *input, sks_deconvolution_log log,
                         void *context, float *image, sks_deconvolution_outcome *outcome);

#endif
