/* Images: two-dimensional, single precision, with the header they came with.
 *
 * Positions are FITS pixels: the centre of the first pixel is (1, 1), x along a row. Pixel (x, y)
 * is data[(y - 1) * nx + (x - 1)]. A pixel without a value (BLANK, infinite, marked by a
 * data-quality mask) is NaN.
 *
 * A section keeps in mind where it lies: pixel (x, y) of the section is pixel (x + x0, y + y0) of
 * the chip. A file that was itself cut from a chip says so by LTV1, LTV2 (the convention of IRAF's
 * "physical" coordinates), and those are counted in.
 *
 * Ownership  an image owns its pixels and header.
 * Errors     SKS_ERR_IO, SKS_ERR_INPUT, SKS_ERR_USAGE, SKS_ERR_NOMEM; outputs untouched.
 * Threads    reading and writing go through CFITSIO: one thread at a time; an image that no one
 *            changes may be read by all.
 */
#ifndef SKYSCALE_ASTRO_IMAGE_H
#define SKYSCALE_ASTRO_IMAGE_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { SKS_CARD_SIZE = 80 };

typedef struct sks_image {
    size_t nx, ny;  /* columns, rows */
    float *data;    /* nx * ny, row by row */
    size_t n_blank; /* pixels that are NaN */
    double x0, y0;  /* offset on the chip, pixels */
    char *header;   /* n_cards * SKS_CARD_SIZE characters and a NUL; no END */
    size_t n_cards;
    size_t first[2]; /* the section's first pixel in the file's frame, 1-based */
    size_t frame[2]; /* columns and rows of the file's frame */
} sks_image;

/* Pixels inside a larger array: what a function that works on a part of a frame is given. The
 * margins say how many real pixels there are beyond each edge (0: none, the edge is the edge). */
typedef struct sks_view {
    const float *data; /* pixel (1, 1) of the view */
    size_t nx, ny;
    size_t pitch; /* floats from one row to the next */
    size_t left, right, below, above;
} sks_view;

/* The whole image; the part [x_first, x_first + nx) × [y_first, y_first + ny), 1-based, of it with
 * its surroundings as margins. The part must lie inside. */
sks_view sks_image_view(const sks_image *image);
sks_view sks_image_part(const sks_image *image, size_t x_first, size_t y_first, size_t nx,
                        size_t ny);

/* Reads an image through CFITSIO: `name` is an extended file name (extension by number or name,
 * compressed files and images, BSCALE and BZERO applied), with a section [x1:x2,y1:y2] if it ends
 * in one ("*" for a whole axis; axes beyond the second need a single index). Without an extension
 * the first image of the file is taken. An image without a single value is refused. */
sks_status sks_image_read(const char *name, sks_image **image);

/* A new image of nx × ny zeros without header. */
sks_status sks_image_create(size_t nx, size_t ny, sks_image **image);

void sks_image_destroy(sks_image *image); /* accepts NULL */

/* Sets to NaN where the data-quality image `name` has any of `bits`. That image has the size of
 * `image` or of the frame that `image` is a section of, and integers for pixels. */
sks_status sks_image_mask(sks_image *image, const char *name, long bits);

/* A header keyword as a number; as text without quotes and trailing blanks. False when it is not
 * there or not of that kind. */
bool sks_image_real(const sks_image *image, const char *keyword, double *value);
bool sks_image_text(const sks_image *image, const char *keyword, char *text, size_t size);

/* A new image of nx × ny zeros on another pixel grid, with the header and its WCS carried over.
 * Pixel x of `from` is at  X = scale x + shift_x  in the new one (y alike), so
 *     CRPIX' = scale CRPIX + shift      CDi_j' = CDi_j / scale      CDELTi' = CDELTi / scale
 *     A_i_j' = A_i_j scale^(1-i-j)      (SIP, also B, AP, BP: u' = scale u, f' = scale f)
 *     LTV' = scale LTV + shift          LTMi_i' = scale LTMi_i
 * PCi_j, CROTA and PVi_m act on scaled coordinates and stay; alternates (CRPIX1A …) are treated
 * alike. Blocks of k × k sub-pixels from pixel (x1, y1) on: scale k, shift k (0.5 - x1) + 0.5. */
sks_status sks_image_regrid(const sks_image *from, size_t nx, size_t ny, double scale,
                            double shift_x, double shift_y, sks_image **image);

/* The image as the bytes of a FITS file (32-bit floats), with its header and one HISTORY record
 * per text, long ones continued. The caller frees `bytes`. */
sks_status sks_image_encode(const sks_image *image, const char *const *history, size_t n_history,
                            void **bytes, size_t *size);

/* The same into a file, which appears when it is complete; "-" is standard output. */
sks_status sks_image_write(const sks_image *image, const char *const *history, size_t n_history,
                           const char *path);

#endif
