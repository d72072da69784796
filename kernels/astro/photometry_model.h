/* The inside of a photometer, shared by photometry.c (apertures) and sky.c. */
#ifndef SKYSCALE_ASTRO_PHOTOMETRY_MODEL_H
#define SKYSCALE_ASTRO_PHOTOMETRY_MODEL_H

#include "kernels/astro/photometry.h"

#include <stdint.h>

struct sks_photometer {
    sks_phot_options options;
    size_t room;
    float *sky;       /* values in the annulus, sorted in the end */
    uint32_t *key[2]; /* for sorting */
};

/* Sets the sky's part of `phot`. */
void sks_measure_sky(sks_photometer *p, const sks_view *v, double x, double y, sks_phot *phot);

#endif
