/* Point-spread functions: the DN that a star puts into a pixel.
 *
 * The value at offset (dx, dy) = pixel - star, in native pixels, is that of one whole native pixel
 * centred there, whatever the sampling: sampling at K points per pixel gives the K × K interleaved
 * images that one would see with the star moved by 1/K pixel. It is zero outside the model's
 * radius, and belongs to a star of the model's own magnitude: one of magnitude m is
 * 10^(0.4 (mag - m)) times as bright.
 *
 * DAOPHOT model (Stetson 1987, PASP 99, 191; Stetson 1992, ASP Conf. 25, 297), as IRAF writes it:
 *     PSF = PSFHEIGH A(dx,dy) + sum_k p_k(u,v) T_k(dx,dy)
 *     u = (X-1)/PSFX - 1,  v = (Y-1)/PSFY - 1  for a star at (X, Y) of the chip
 *     p = 1; u, v; 1.5 u^2 - 0.5, u v, 1.5 v^2 - 0.5   (VARORDER -1, 0, 1, 2: 0, 1, 3, 6 tables)
 * A is one of six analytic functions averaged over the pixel, T_k a table at half-pixel steps
 * between which one interpolates bicubically. With FEXPAND five more tables multiply powers of the
 * fraction of a pixel by which the offset differs from a whole number.
 *
 * Ownership  sks_psf_read and its like give a model to be destroyed; a model never changes.
 * Threads    a model may be shared; a scratch belongs to one thread.
 */
#ifndef SKYSCALE_ASTRO_PSF_H
#define SKYSCALE_ASTRO_PSF_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_psf sks_psf;
typedef struct sks_psf_scratch sks_psf_scratch;

/* What a model is, for listings and HISTORY. */
typedef struct sks_psf_info {
    const char *function; /* "moffat25", …, "gauss", "moffat", "stamp" */
    double radius;        /* px; zero at and beyond */
    double mag;           /* magnitude at which the model is scaled by 1 */
    double height;        /* of the analytic part */
    double par[5];        /* PAR1 … PAR5 */
    double psf_x, psf_y;  /* centre of the spatial polynomial */
    int var_order;        /* -1 … 2 */
    bool fexpand;
    size_t table_size; /* the tables' side; 0 without */
    size_t n_tables;   /* or stamps of a grid */
} sks_psf_info;

/* A PSF image of IRAF's DAOPHOT. SKS_ERR_INPUT when the file is none. */
sks_status sks_psf_read(const char *name, sks_psf **psf);

/* Round models of unit flux, averaged over the pixel: a Gaussian; a Moffat function
 * (1 + r^2/a^2)^-beta with beta > 1. fwhm and radius in pixels; mag is that of a flux of 1 DN. */
sks_status sks_psf_gauss(double fwhm, double radius, double mag, sks_psf **psf);
sks_status sks_psf_moffat(double fwhm, double beta, double radius, double mag, sks_psf **psf);

/* A picture of a PSF with `sampling` samples per pixel, its centre at sample (n/2 + 1, m/2 + 1)
 * (whole numbers), scaled to unit flux. A sample is the light in its 1/sampling of a pixel; a
 * native pixel is the sum over its area. A cube is a grid of stamps over the chip, x fastest:
 * GRIDNX × GRIDNY of them, the first for a star at (GRIDX0, GRIDY0), steps GRIDDX, GRIDDY;
 * between them one interpolates linearly, outside the nearest edge counts. */
sks_status sks_psf_read_stamp(const char *name, unsigned sampling, double mag, sks_psf **psf);

/* The sampling that a file's keyword SAMPLING states, as `skyscale synth` writes it; 0 for a file
 * without one or with keyword FUNCTION, a DAOPHOT model. SKS_ERR_INPUT when it is no whole number
 * from 1 to 64. */
sks_status sks_psf_stamp_sampling(const char *name, unsigned *sampling);

/* The same from memory: samples[grid[1]][grid[0]][ny][nx], copied. SKS_ERR_USAGE for sizes that are
 * no pictures, SKS_ERR_INPUT for pictures without light. */
typedef struct sks_psf_stamps {
    const float *samples;
    size_t nx, ny;
    unsigned sampling; /* samples per pixel, 1 … 64 */
    size_t grid[2];    /* stamps in x and y; {1, 1}: the same everywhere */
    double grid_first[2], grid_step[2];
} sks_psf_stamps;

sks_status sks_psf_from_stamps(const sks_psf_stamps *stamps, double mag, sks_psf **psf);

void sks_psf_destroy(sks_psf *psf); /* accepts NULL */

const sks_psf_info *sks_psf_describe(const sks_psf *psf);

/* One value in double precision, straight from the definition: the measure for the fast way. */
double sks_psf_value(const sks_psf *psf, double x, double y, double dx, double dy);

/* Working memory for one thread: about 1 MB for a DAOPHOT model. */
sks_status sks_psf_scratch_create(const sks_psf *psf, sks_psf_scratch **scratch);
void sks_psf_scratch_destroy(sks_psf_scratch *scratch); /* accepts NULL */

/* The PSF of a star at (x, y) of the chip on a grid of nx × ny points:
 * stamp[j * nx + i] is the value at (dx0 + i / subsample, dy0 + j / subsample).
 * Single precision: within 3e-7 of the peak of sks_psf_value. At most SKS_PSF_MAX_SIDE columns. */
enum { SKS_PSF_MAX_SIDE = 4096 };
void sks_psf_stamp(const sks_psf *psf, sks_psf_scratch *scratch, double x, double y, double dx0,
                   double dy0, unsigned subsample, size_t nx, size_t ny, float *stamp);

/* A star at (x, y) of the chip and its grid of points, the first at offset (dx0, dy0). */
typedef struct sks_psf_grid {
    double x, y;
    double dx0, dy0;
    size_t nx, ny; /* at most SKS_PSF_MAX_SIDE columns */
} sks_psf_grid;

/* Takes columns [begin, end) of row `row` of grid `star`; value[0] is that of column `begin`. The
 * values are followed by zeros up to a multiple of SKS_PSF_ROW_UNIT. */
enum { SKS_PSF_ROW_UNIT = 16 };
typedef void sks_psf_take_row(void *context, size_t star, size_t row, size_t begin, size_t end,
                              const float *value);

/* The same numbers as sks_psf_stamp, row by row and for many stars, which is faster than stamp by
 * stamp. Rows of one star come in order, those of different ones in turns, always in the same order
 * for the same stars; rows outside the radius do not come. */
void sks_psf_rows(const sks_psf *psf, sks_psf_scratch *scratch, const sks_psf_grid *grids,
                  size_t n_stars, unsigned subsample, sks_psf_take_row *take, void *context);

/* The columns [*begin, *end) of a row at offset dy in which dx0 + i lies inside `radius`, at most
 * nx; empty: begin == end. */
void sks_psf_row_extent(double radius, double dx0, double step, double dy, size_t nx, size_t *begin,
                        size_t *end);

#endif
