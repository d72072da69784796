/* What `detect` and `completeness` share: the parameters of detection and photometry, by the names
 * that IRAF's users know, and the image. The defaults are those of the paper's M71 run. */
#ifndef SKYSCALE_STAR_OPTIONS_H
#define SKYSCALE_STAR_OPTIONS_H

#include "common/param.h"
#include "kernels/astro/detect.h"
#include "kernels/astro/photometry.h"

#include <stdio.h>

extern const char *const sks_star_sky_rules[]; /* median, mode, mean */

#define SKS_STAR_REAL(name_, unit_, low_, high_, default_, help_)                                  \
    {                                                                                              \
        .name = (name_), .type = SKS_REAL, .unit = (unit_), .min = (low_), .max = (high_),         \
        .default_text = (default_), .help = (help_)                                                \
    }

#define SKS_STAR_PARAMS                                                                            \
    {.name = "image",                                                                              \
     .type = SKS_INPUT,                                                                            \
     .is_required = true,                                                                          \
     .help = "FITS image: FILE, FILE[EXT], FILE[x1:x2,y1:y2]"},                                    \
        {.name = "mask",                                                                           \
         .type = SKS_INPUT,                                                                        \
         .help = "data-quality image of the same frame; marked pixels are left out"},              \
        {.name = "mask-bits",                                                                      \
         .type = SKS_INT,                                                                          \
         .min = 1,                                                                                 \
         .max = 2147483647,                                                                        \
         .default_text = "2147483647",                                                             \
         .help = "the bits of the mask that count, added up"},                                     \
        SKS_STAR_REAL("fwhm", "px", 0, 100, "1.8", "full width at half maximum of the stars"),     \
        SKS_STAR_REAL("sigma", "DN", 0, 1e9, "0.8", "standard deviation of the background"),       \
        SKS_STAR_REAL("threshold", "sigma", 0, 1e9, "4", "detection threshold"),                   \
        SKS_STAR_REAL("nsigma", "sigma", 0, 100, "1.5",                                            \
                      "where the detection's Gaussian is cut, in its own sigma"),                  \
        SKS_STAR_REAL("readnoise", "e-", 0, 1e9, "9.98", "read noise"),                            \
        SKS_STAR_REAL("gain", "e-/DN", 0, 1e9, "13.99", "electrons per DN"),                       \
        SKS_STAR_REAL("sharplo", NULL, -1e9, 1e9, "0.2", "least sharpness of a star"),             \
        SKS_STAR_REAL("sharphi", NULL, -1e9, 1e9, "1", "greatest sharpness of a star"),            \
        SKS_STAR_REAL("roundlo", NULL, -1e9, 1e9, "-1", "least roundness of a star"),              \
        SKS_STAR_REAL("roundhi", NULL, -1e9, 1e9, "1", "greatest roundness of a star"),            \
        SKS_STAR_REAL("datamin", "DN", -1e30, 1e30, NULL, "pixels below are left out"),            \
        SKS_STAR_REAL("datamax", "DN", -1e30, 1e30, NULL, "pixels above are left out"),            \
        SKS_STAR_REAL("aperture", "px", 0, 1000, "3", "radius of the aperture"),                   \
        {.name = "exact",                                                                          \
         .type = SKS_FLAG,                                                                         \
         .default_text = "no",                                                                     \
         .help = "exact overlap of aperture and pixels instead of IRAF's weights"},                \
        SKS_STAR_REAL("annulus", "px", 0, 1000, "20", "inner radius of the sky annulus"),          \
        SKS_STAR_REAL("dannulus", "px", 0, 1000, "10", "width of the sky annulus"),                \
        {.name = "sky",                                                                            \
         .type = SKS_CHOICE,                                                                       \
         .choices = sks_star_sky_rules,                                                            \
         .default_text = "median",                                                                 \
         .help = "the sky's value in the annulus, after rejection of outliers"},                   \
        SKS_STAR_REAL("skyreject", "sigma", 0, 100, "3",                                           \
                      "outliers of the sky are farther out; 0 keeps all"),                         \
        SKS_STAR_REAL("zeropoint", "mag", -100, 100, "21.757", "magnitude of 1 DN per second"),    \
        SKS_STAR_REAL("exposure", "s", 0, 1e12, NULL,                                              \
                      "exposure time; default: EXPTIME of the header, or 1 without")

/* The image and the part of it that was asked for. With surroundings, what lies around a section in
 * its frame becomes the view's margins; the caller destroys *image. */
sks_status sks_star_image(const sks_values *values, bool has_surroundings, sks_image **image,
                          sks_view *view);

sks_detect_options sks_star_detect_options(const sks_values *values);

/* The exposure time comes from the image when it was not given. */
sks_phot_options sks_star_phot_options(const sks_values *values, const sks_image *image);

/* SKS_ERR_USAGE when the options make no sense; for views of nx columns. */
sks_status sks_star_check(const sks_detect_options *detect, const sks_phot_options *phot,
                          size_t nx);

/* Lines for a product's header that say how stars were found and measured. */
void sks_star_describe(const sks_detect_options *detect, const sks_phot_options *phot, FILE *to);

/* A coordinate as it stands in lists, with three decimals. Stars are measured at the positions that
 * are written, so that anyone can repeat the photometry from the list. */
double sks_star_listed(double coordinate);

#endif
