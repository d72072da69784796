/* A small star field of known truth for the deconvolution tests: Gaussian stars on a flat sky, with
 * the noise of a CCD. */
#ifndef SKYSCALE_TESTS_STAR_FIELD_H
#define SKYSCALE_TESTS_STAR_FIELD_H

#include "kernels/astro/deconvolution.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define STAR_FIELD_NOISE 5.0 /* electrons */
#define STAR_FIELD_ADU 7.0   /* electrons per count */
#define STAR_FIELD_SKY 20.0  /* counts per pixel */
#define STAR_FIELD_SIGMA 1.3 /* of the PSF, pixels */

enum { STAR_FIELD_N = 4, STAR_FIELD_PSF = 11 }; /* PSF side, pixels */

struct star_field {
    size_t nx, ny;
    unsigned subsample;
    float *data, *psf;
    struct {
        double x, y, flux; /* 0-based pixels, counts */
    } star[STAR_FIELD_N];
    sks_deconvolution_input input;
};

/* A fixed sequence of normal numbers (Box & Muller 1958) from uniform ones (Steele, Lea & Flood
 * 2014, "splitmix"). */
static inline double star_field_normal(uint64_t *state)
{
    double u[2];

    for (int i = 0; i < 2; i++) {
        uint64_t z = (*state += 0x9e3779b97f4a7c15u);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        u[i] = ((double)(z >> 11) + 0.5) * 0x1p-53;
    }
    return sqrt(-2 * log(u[0])) * cos(2 * M_PI * u[1]);
}

/* The light of a Gaussian between two points of one axis. */
static inline double star_field_share(double from, double to)
{
    return 0.5 *
           (erf(to / (STAR_FIELD_SIGMA * M_SQRT2)) - erf(from / (STAR_FIELD_SIGMA * M_SQRT2)));
}

static inline struct star_field star_field_make(size_t nx, size_t ny, unsigned subsample)
{
    static const double place[STAR_FIELD_N][3] = {
        {0.30, 0.25, 9000}, {0.72, 0.31, 30000}, {0.40, 0.75, 15000}, {0.78, 0.80, 60000}};
    struct star_field f = {.nx = nx, .ny = ny, .subsample = subsample};
    size_t side = subsample * STAR_FIELD_PSF | 1;
    uint64_t state = 7;

    f.data = calloc(nx * ny, sizeof(*f.data));
    f.psf = calloc(side * side, sizeof(*f.psf));
    /* Stars in the middle of a sub-pixel, which is where the PSF is: B P of one sub-pixel is then
     * the star in native pixels. */
    for (size_t i = 0; i < STAR_FIELD_N; i++) {
        f.star[i].x = (floor(place[i][0] * (double)nx) + 0.5 / subsample) - 0.5;
        f.star[i].y = (floor(place[i][1] * (double)ny) + 0.5 / subsample) - 0.5;
        f.star[i].flux = place[i][2];
    }
    for (size_t k = 0; k < nx * ny; k++) {
        double v = STAR_FIELD_SKY, x = (double)(k % nx), y = (double)(k / nx), sigma;

        for (size_t i = 0; i < STAR_FIELD_N; i++)
            v += f.star[i].flux * star_field_share(x - f.star[i].x - 0.5, x - f.star[i].x + 0.5) *
                 star_field_share(y - f.star[i].y - 0.5, y - f.star[i].y + 0.5);
        sigma = sqrt(pow(STAR_FIELD_NOISE / STAR_FIELD_ADU, 2) + v / STAR_FIELD_ADU);
        f.data[k] = (float)(v + sigma * star_field_normal(&state));
    }
    /* Light in one sub-pixel. */
    for (size_t k = 0; k < side * side; k++) {
        double step = 1.0 / subsample, half = (double)(side / 2);
        double x = ((double)(k % side) - half) * step, y = ((double)(k / side) - half) * step;

        f.psf[k] = (float)(star_field_share(x - step / 2, x + step / 2) *
                           star_field_share(y - step / 2, y + step / 2));
    }
    f.input =
        (sks_deconvolution_input){.data = f.data, .psf = f.psf, .psf_nx = side, .psf_ny = side};
    return f;
}

static inline void star_field_free(struct star_field *f)
{
    free(f->data);
    free(f->psf);
}

static inline sks_convolver_options star_field_options(const struct star_field *f,
                                                       sks_boundary boundary)
{
    return (sks_convolver_options){
        .nx = f->nx,
        .ny = f->ny,
        .psf_nx = f->input.psf_nx,
        .psf_ny = f->input.psf_ny,
        .subsample = f->subsample,
        .boundary = boundary,
    };
}

/* Flux of star i in a deconvolved image: what is within 7 pixels, less the sky. (Sharpened stars
 * have rings: a narrower circle sees up to 2 % more or less.) */
static inline double star_field_flux(const struct star_field *f, const float *image, size_t i)
{
    double sum = 0, s = f->subsample;

    for (size_t k = 0; k < f->subsample * f->nx * f->subsample * f->ny; k++) {
        double x = ((double)(k % (f->subsample * f->nx)) + 0.5) / s - 0.5 - f->star[i].x;
        double y = ((double)(k / (f->subsample * f->nx)) + 0.5) / s - 0.5 - f->star[i].y;

        if (x * x + y * y <= 49)
            sum += (double)image[k] - STAR_FIELD_SKY / (s * s);
    }
    return sum;
}

#endif
