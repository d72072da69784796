/* The celestial coordinate system of a FITS image: pixel <-> sky through WCSLIB, distortions
 * included (SIP, TPV, TPD, TNX, ZPX and whatever else WCSLIB knows; -TAB tables too).
 *
 * Pixels    FITS convention: the centre of the first pixel is (1, 1). x runs along the first of the
 *           two celestial pixel axes of the image, y along the second, wherever they are among its
 *           axes; an axis that is not celestial stays at its reference pixel.
 * Sky       degrees, longitude in [0, 360), in the frame of the header: nothing is converted.
 * Pairs     arrays of n pairs, interleaved: x0 y0 x1 y1 …; longitude first, then latitude.
 * Threads   sks_wcs is read-only once made. Each worker has a sks_wcs_worker of its own, since
 *           WCSLIB's structures keep intermediate results.
 * Source    Greisen & Calabretta (2002), A&A 395, 1061; Calabretta & Greisen (2002), A&A 395,
 *           1077; Shupe et al. (2005), ASP 347, 491 (SIP).
 */
#ifndef SKYSCALE_WCS_H
#define SKYSCALE_WCS_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_wcs sks_wcs;
typedef struct sks_wcs_worker sks_wcs_worker;

/* What a reader of the positions has to know; texts live as long as the sks_wcs. */
typedef struct sks_wcs_info {
    const char *longitude;  /* "ra", "glon", … */
    const char *latitude;   /* "dec", "glat", … */
    const char *frame;      /* "ICRS", "FK5 equinox 2000", "galactic", … */
    const char *projection; /* "TAN-SIP", "AIT", … */
    bool is_equatorial;     /* longitude is a right ascension, in hours when sexagesimal */
    double size_x, size_y;  /* the image, pixels; 0 when the header does not say */
} sks_wcs_info;

/* Reads the header of `image`, a CFITSIO file name with all its extensions (HDU by number or name,
 * sections, compressed files). When no HDU is named and the primary one has no image, the first
 * image extension is taken. `alternate`: ' ' for the primary system, 'A' … 'Z' for another.
 * Without `with_distortion` distortions of the header are left out.
 * SKS_ERR_IO: the file cannot be read. SKS_ERR_INPUT: not FITS, truncated, no celestial system. */
sks_status sks_wcs_read(const char *image, char alternate, bool with_distortion, sks_wcs **wcs);
void sks_wcs_destroy(sks_wcs *wcs); /* accepts NULL */

sks_wcs_info sks_wcs_describe(const sks_wcs *wcs);

/* For blocks of up to `capacity` positions at a time; more are done piece by piece. */
sks_status sks_wcs_worker_create(const sks_wcs *wcs, size_t capacity, sks_wcs_worker **worker);
void sks_wcs_worker_destroy(sks_wcs_worker *worker); /* accepts NULL */

/* Transforms n pairs; from and to may be the same array. A position that the projection cannot
 * map, NaN among them, becomes a pair of NaN and is counted in the result. */
size_t sks_wcs_pix2sky(sks_wcs_worker *worker, size_t n, const double *pixel, double *sky);
size_t sks_wcs_sky2pix(sks_wcs_worker *worker, size_t n, const double *sky, double *pixel);

#endif
