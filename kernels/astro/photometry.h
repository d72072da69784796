/* Aperture photometry: the rule of IRAF's phot.
 *
 * The sum over a circle of radius R about (x, y): either with IRAF's weights
 * min(1, max(0, R - r + 0.5)) for a pixel at distance r, the position rounded to single precision
 * (5 digits after the point at 100 px) as in the original, or with the exact area of the pixel
 * inside the circle and the position as it is. A circle that crosses the image's edge has no flux.
 *
 * The sky comes from the pixels with annulus < r <= annulus + dannulus inside the image, sorted,
 * with outliers removed pass by pass, k sigma from its median (or mean):
 *   median  the mean of the values in the middle, 2.5 % of all on either side of the median, which
 *           evens out the steps of digitised data
 *   mode    3 median - 2 mean, or the mean where that is below the median (Stetson 1987)
 *   mean    of what is left
 * All sums are double; what the original holds in single precision and compares (median, limits)
 * is single here too, since those comparisons decide which pixels remain.
 *
 *   flux = sum - area sky     mag = zero point - 2.5 log10(flux) + 2.5 log10(exposure)
 *   error = 1.0857/flux sqrt(area sigma^2 + flux/gain + area^2 sigma^2/n_sky)
 *
 * NaN pixels are left out of the sky; one in the aperture takes the flux away.
 *
 * Source   IRAF help pages noao.digiphot.apphot.phot, fitskypars; Stetson 1987, PASP 99, 191
 * Threads  a photometer belongs to one thread; pixels may be shared
 */
#ifndef SKYSCALE_ASTRO_PHOTOMETRY_H
#define SKYSCALE_ASTRO_PHOTOMETRY_H

#include "kernels/astro/image.h"

typedef enum sks_sky_rule { SKS_SKY_MEDIAN, SKS_SKY_MODE, SKS_SKY_MEAN } sks_sky_rule;

typedef struct sks_phot_options {
    double aperture;          /* radius, px */
    bool is_exact;            /* exact overlap of circle and pixel, rather than IRAF's weights */
    double annulus, dannulus; /* inner radius and width, px */
    sks_sky_rule sky;
    unsigned n_passes;              /* of rejection, at most */
    double reject_low, reject_high; /* in sigma; 0: none on that side */
    double gain;                    /* electrons per DN */
    double zero_point;              /* magnitude of 1 DN/s */
    double exposure;                /* s */
} sks_phot_options;

/* The parameters of the paper's M71 run, exposure 1 s. */
sks_phot_options sks_phot_defaults(void);

/* IRAF's numbers. */
enum {
    SKS_PHOT_OK = 0,
    SKS_SKY_NO_PIXELS = 201,  /* no sky area in the image */
    SKS_SKY_TOO_FEW = 204,    /* none left after rejection */
    SKS_PHOT_OFF_IMAGE = 301, /* the aperture crosses the edge */
    SKS_PHOT_NO_SKY = 303,
    SKS_PHOT_BAD_PIXELS = 305,
};

typedef struct sks_phot {
    double sum;  /* DN in the aperture */
    double area; /* px */
    double flux; /* sum - area sky, DN */
    double sky, sky_sigma, sky_skew;
    size_t n_sky, n_rejected;
    double mag, mag_error; /* NaN: none; no error of 100 mag or more */
    int sky_code, aperture_code;
} sks_phot;

typedef struct sks_photometer sks_photometer;

/* SKS_ERR_USAGE for options that make no sense. */
sks_status sks_photometer_create(const sks_phot_options *options, sks_photometer **photometer);
void sks_photometer_destroy(sks_photometer *photometer); /* accepts NULL */

/* One star at (x, y) of the view; what lies outside the view is not used. */
void sks_phot_measure(sks_photometer *photometer, const sks_view *view, double x, double y,
                      sks_phot *phot);

/* The area that the unit square about (dx, dy) shares with a circle of radius r about (0, 0). */
double sks_circle_pixel_area(double r, double dx, double dy);

#endif
