/* Frames with a known coordinate system: a `model` is written into a FITS header with CFITSIO, and
 * what is expected of a pixel is computed from the same model, in long double and without WCSLIB.
 * Equation and section numbers are those of Calabretta & Greisen (2002), A&A 395, 1077, "Paper II".
 *
 * Every function fails the cmocka test that calls it when something goes wrong. One thread. */
#ifndef SKYSCALE_TESTS_WCS_MODEL_H
#define SKYSCALE_TESTS_WCS_MODEL_H

#include "kernels/astro/wcs.h"

#include <fitsio.h>

/* Degrees. WCSLIB's own arithmetic: some dozen roundings of numbers up to 360, whose unit in the
 * last place is 5.7e-14. */
#define SKY_TOLERANCE 2e-12

enum { SIZE_X = 200, SIZE_Y = 150, MAX_TERMS = 8 };

enum { MAX_PIXELS = 2000 }; /* of make_pixels */

struct term {
    int p, q; /* SIP: of u^p v^q; TPV: p is the number of the coefficient */
    double value;
};

struct model {
    const char *projection;
    const char *longitude, *latitude; /* "RA", "DEC"; NULL: these */
    const char *radesys;
    double reference[2];                    /* of longitude and latitude, degrees */
    double step;                            /* degrees per pixel */
    double rotation;                        /* degrees */
    double longitude_pole;                  /* degrees; 0: the default */
    struct term a[MAX_TERMS], b[MAX_TERMS]; /* SIP, or TPV of the two axes; ends with value 0 */
    struct term ap[MAX_TERMS], bp[MAX_TERMS];
    bool is_reversed; /* latitude on the first axis */
    bool is_cube;     /* celestial axes 2 and 3 of three */
    bool has_steps;   /* CDELT and PC instead of CD */
};

#define SIP_A                                                                                      \
    {                                                                                              \
        {2, 0, 2.1e-5}, {1, 1, -1.3e-5}, {0, 2, 0.7e-5}, {3, 0, -4.1e-8}, {1, 2, 2.2e-8},          \
    }
#define SIP_B                                                                                      \
    {                                                                                              \
        {2, 0, -0.9e-5}, {1, 1, 1.9e-5}, {0, 2, -2.6e-5}, {2, 1, 3.0e-8}, {0, 3, -1.7e-8},         \
    }

#define TPV_LONGITUDE                                                                              \
    {                                                                                              \
        {0, 0, 1.2e-4}, {1, 0, 1.001}, {2, 0, -2e-4}, {3, 0, 1e-4}, {4, 0, 3e-3}, {5, 0, -2e-3},   \
            {7, 0, 4e-3}, {10, 0, 1e-3},                                                           \
    }
#define TPV_LATITUDE                                                                               \
    {                                                                                              \
        {0, 0, -0.7e-4}, {1, 0, 0.9995}, {2, 0, 3e-4}, {4, 0, -1e-3}, {6, 0, 2e-3}, {8, 0, -3e-3}, \
            {9, 0, 2e-3},                                                                          \
    }

extern const struct model tan_rotated, tan_sip, tpv_model;

/* Into a folder of its own and out of it: cmocka's group set-up and tear-down. */
int make_folder(void **unused);
int remove_folder(void **unused);

/* Degrees; NaN off the sphere. */
void expect_sky(const struct model *m, bool with_distortion, const double pixel[2], double sky[2]);

/* ---- Files. *code is CFITSIO's status, inherited. */
fitsfile *create(const char *path);
void finish(fitsfile *fits, int code); /* closes it */
void put_text(fitsfile *fits, const char *key, const char *alternate, const char *value, int *code);
void put_number(fitsfile *fits, const char *alternate, double value, int *code, const char *format,
                ...);
/* The keywords of a model's system, "" or "A" being its letter. */
void put_system(fitsfile *fits, const struct model *m, const char *alternate, int *code);
void put_image(fitsfile *fits, const struct model *m, int *code);
void make_frame(const char *path, const struct model *m); /* all of it */

/* ---- Comparison. */
sks_wcs *read_system(const char *image, char alternate, bool with_distortion);
/* Pixels all over the image and some way beyond, on no particular places of a pixel. */
size_t make_pixels(double *pixel);
/* Both directions against the model; pixels of the file are those of the model less the origin. */
void check_system(const sks_wcs *wcs, const char *what, const struct model *m, bool with_distortion,
                  const double origin[2], double pixel_tolerance);
void check_file(const char *image, const struct model *m, double pixel_tolerance);
/* A pixel from a sky position: an error of it by SKY_TOLERANCE, seen through the largest slope
 * there is in these frames (SIN near its limb, AIT near its edge). */
double slope_tolerance(const struct model *m);

extern const double no_origin[2];

#endif
