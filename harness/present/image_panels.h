/* Figures of images: a panel for each, in shades of grey with an asinh stretch. Drawn by images.gp.
 *
 * pixels.csv  one row for each pixel drawn; an image of more pixels than the page has is drawn by
 *             the means of blocks
 *
 * Stretch   asinh(f v) / asinh(f) of v = (pixel - low)/(high - low), f = 30: linear near the sky,
 *           logarithmic for stars; low is 2 sigma (of the scatter about the median) below the
 *           median, high the brightest thousandth.
 * Source    Lupton, Gunn & Szalay (1999), AJ 118, 1406 (asinh magnitudes); Lupton et al. (2004),
 *           PASP 116, 133 (images).
 */
#ifndef SKYSCALE_IMAGE_PANELS_H
#define SKYSCALE_IMAGE_PANELS_H

#include "harness/present/figure.h"
#include "kernels/astro/image.h"

typedef struct sks_image_panel {
    const sks_image *image;
    const char *title;
    size_t from[2],
        size[2];      /* the part that is drawn, in pixels of `image` from 0; columns, rows */
    double scale;     /* of the axes: pixels of `image` per pixel of the axes */
    double origin[2]; /* the axes' coordinate of the lower left corner of pixel (0, 0) */
    bool has_mark;
    double mark[4]; /* a rectangle in the axes' pixels: x from, to, y from, to */
} sks_image_panel;

/* Writes the data into `directory` and sets the template's variables. SKS_ERR_INPUT: a part without
 * any pixel that has a value. */
sks_status sks_image_panels_write(const sks_image_panel *panels, size_t n, const char *remark,
                                  const char *directory, sks_gnuplot *plot);

#endif
