/* How much light the aperture misses, from the PSF itself.
 *
 * A star without noise or neighbours is put on an empty field and measured as all stars are, sky
 * annulus and its share of the wings included; the mean over 3 × 3 places of the image and 4 × 4
 * positions within the pixel is taken. Nothing in the image enters but the places. */
#include "kernels/parts/completeness.h"

#include <math.h>
#include <stdlib.h>

enum { N_PLACES = 3, N_PHASES = 4 };

struct field {
    sks_photometer *photometer;
    sks_psf_scratch *scratch;
    float *stamp;
    size_t side;   /* odd */
    double centre; /* the middle pixel */
};

static void field_close(struct field *f)
{
    sks_photometer_destroy(f->photometer);
    sks_psf_scratch_destroy(f->scratch);
    free(f->stamp);
}

static sks_status field_open(const sks_completeness *c, struct field *f)
{
    double outer = c->phot.annulus + c->phot.dannulus;
    double reach = fmax(fmax(outer, c->phot.aperture), sks_psf_describe(c->psf)->radius);
    size_t half = (size_t)ceil(reach) + 2;
    sks_status status;

    *f = (struct field){.side = 2 * half + 1, .centre = (double)half + 1};
    if (f->side > SKS_PSF_MAX_SIDE)
        return sks_fail(SKS_ERR_USAGE,
                        "aperture-correction auto: aperture, annulus or PSF reach "
                        "%g px, too far to be computed; give a value",
                        reach);
    f->stamp = malloc(f->side * f->side * sizeof(*f->stamp));
    if (f->stamp == NULL)
        return sks_fail_nomem("the aperture correction");
    status = sks_photometer_create(&c->phot, &f->photometer);
    if (status == SKS_OK)
        status = sks_psf_scratch_create(c->psf, &f->scratch);
    if (status != SKS_OK)
        field_close(f);
    return status;
}

/* The error in magnitude of the PSF's own star, for a star at (x, y) of the PSF's coordinates, set
 * off from a pixel's centre by (dx, dy). */
static double mag_error(const sks_completeness *c, struct field *f, double x, double y, double dx,
                        double dy)
{
    const sks_view view = {.data = f->stamp, .nx = f->side, .ny = f->side, .pitch = f->side};
    sks_phot phot;

    sks_psf_stamp(c->psf, f->scratch, x, y, 1 - f->centre - dx, 1 - f->centre - dy, 1, f->side,
                  f->side, f->stamp);
    sks_phot_measure(f->photometer, &view, f->centre + dx, f->centre + dy, &phot);
    return phot.mag - sks_psf_describe(c->psf)->mag;
}

/* The middle of the i-th of n equal parts of 0 … 1. */
static double middle_of(int i, int n)
{
    return (i + 0.5) / n;
}

sks_status sks_completeness_correction(const sks_completeness *c, double *correction)
{
    struct field f;
    double sum = 0;
    sks_status status = field_open(c, &f);

    if (status != SKS_OK)
        return status;
    for (int i = 0; i < N_PLACES * N_PLACES; i++) {
        double x = 0.5 + middle_of(i % N_PLACES, N_PLACES) * (double)c->view.nx;
        double y = 0.5 + middle_of(i / N_PLACES, N_PLACES) * (double)c->view.ny;

        for (int k = 0; k < N_PHASES * N_PHASES; k++)
            sum += mag_error(c, &f, x + c->add.psf_x0, y + c->add.psf_y0,
                             middle_of(k % N_PHASES, N_PHASES) - 0.5,
                             middle_of(k / N_PHASES, N_PHASES) - 0.5);
    }
    field_close(&f);
    if (!isfinite(sum))
        return sks_fail(SKS_ERR_INPUT, "aperture-correction auto: the PSF's star has no flux in "
                                       "the aperture");
    *correction = -sum / (N_PLACES * N_PLACES * N_PHASES * N_PHASES);
    return SKS_OK;
}
