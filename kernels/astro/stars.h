/* Adding artificial stars to an image: the rule of IRAF's addstar.
 *
 * A star at (x, y) of magnitude m puts 10^(0.4 (mag - m)) PSF(dx, dy) into the pixels
 * int(x-R)+1 … int(x+R) inside the image with dx^2 + dy^2 < R^2, R the PSF's radius and mag its
 * magnitude. With noise, every pixel gets in addition sqrt(max(0, v / gain)) times a normal number
 * for each star, v that star's light in it; there is no read noise and no sky noise. Here the
 * stars' light and variances are summed first and one normal number is drawn per pixel: a sum of
 * normal numbers is one with the summed variance, so the images have the same distribution, at
 * the price of one draw for all the stars that overlap there.
 *
 * Random numbers are Philox 4x32-10, named by (seed, iteration, pixel or star).
 *
 * Source   IRAF help page noao.digiphot.daophot.addstar
 * Threads  an adder belongs to one thread; the PSF may be shared and must outlive it.
 */
#ifndef SKYSCALE_ASTRO_STARS_H
#define SKYSCALE_ASTRO_STARS_H

#include "kernels/astro/psf.h"

#include <stdint.h>

typedef struct sks_star {
    double x, y; /* pixels of the image, (1, 1) the first pixel's centre */
    double mag;
} sks_star;

typedef struct sks_star_options {
    bool has_noise;
    double gain; /* electrons per DN; > 0 */
    /* Where the PSF takes the image's first pixel to be: (0, 0) uses the image's own coordinates,
     * as the paper did on a section, the section's x0 and y0 those of the chip. */
    double psf_x0, psf_y0;
    uint64_t seed;
} sks_star_options;

typedef struct sks_star_adder sks_star_adder;

/* For images of nx × ny pixels. SKS_ERR_USAGE for a gain that is not above 0. */
sks_status sks_star_adder_create(const sks_psf *psf, const sks_star_options *options, size_t nx,
                                 size_t ny, sks_star_adder **adder);
void sks_star_adder_destroy(sks_star_adder *adder); /* accepts NULL */

/* Adds the stars to data[ny * nx]. The noise is that of `iteration`. */
void sks_stars_add(sks_star_adder *adder, uint64_t iteration, const sks_star *stars, size_t n_stars,
                   float *data);

/* The stars of an iteration, uniform in x from 1 to nx, y from 1 to ny and magnitude: x = 1 +
 * u1 (nx - 1), y = 1 + u2 (ny - 1), mag = low + u3 (high - low). */
void sks_stars_random(uint64_t seed, uint64_t iteration, size_t nx, size_t ny, double mag_low,
                      double mag_high, size_t n_stars, sks_star *stars);

#endif
