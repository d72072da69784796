/* The parameters by which kernels are told a PSF: a file of IRAF's DAOPHOT, a picture of the PSF,
 * or a simple function. */
#ifndef SKYSCALE_PSF_OPTION_H
#define SKYSCALE_PSF_OPTION_H

#include "common/param.h"
#include "kernels/astro/psf.h"

#define SKS_PSF_PARAMS                                                                             \
    {.name = "psf",                                                                                \
     .type = SKS_INPUT,                                                                            \
     .help = "PSF image of IRAF's DAOPHOT, or a picture of the PSF (see psf-sampling)"},           \
        {.name = "psf-sampling",                                                                   \
         .type = SKS_INT,                                                                          \
         .min = 1,                                                                                 \
         .max = 64,                                                                                \
         .unit = "1/px",                                                                           \
         .help = "the file is a picture with so many samples per pixel; default: its keyword "     \
                 "SAMPLING"},                                                                      \
    {                                                                                              \
        .name = "psf-model", .type = SKS_TEXT,                                                     \
        .help = "instead of a file: gauss:FWHM[:RADIUS] or moffat:FWHM:BETA[:RADIUS], px"          \
    }

/* Reads or makes the PSF. `mag` is the magnitude of a flux of 1 DN, for PSFs that do not come with
 * a magnitude of their own. SKS_ERR_USAGE when none or two are asked for. */
sks_status sks_psf_from_values(const sks_values *values, double mag, sks_psf **psf);

#endif
