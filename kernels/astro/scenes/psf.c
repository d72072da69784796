/* The image of a PSF at one place, as IRAF's seepsf makes it: a point-spread function to look at,
 * or to give to a program that takes pictures.
 *
 * Pixel i, counted from 0, holds the value at offset (i - N/2) / K from the star (N/2 a whole
 * number), N pixels a side and K to a native pixel; each is the light of one native pixel, whatever
 * K, scaled as the model is (header keyword PSFMAG). The default N holds all whole pixels inside
 * the model's radius R: K (2 int(R)) + 1. That is seepsf's grid of 2 int(R) + 1 points and, for
 * dimension 4 int(R) + 1, of half its step. */
#include "kernels/astro/scene.h"
#include "kernels/astro/scenes/frame.h"
#include "kernels/parts/psf_option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct picture {
    double x, y; /* place on the chip, px */
    unsigned subsample;
    size_t size;
};

static sks_status read_place(const char *text, double *x, double *y)
{
    const char *comma = strchr(text, ',');
    char first[64];

    if (comma != NULL && comma - text < (ptrdiff_t)sizeof(first)) {
        snprintf(first, sizeof(first), "%.*s", (int)(comma - text), text);
        if (sks_parse_real(first, x) && sks_parse_real(comma + 1, y))
            return SKS_OK;
    }
    return sks_fail(SKS_ERR_USAGE, "at \"%s\": need two numbers, X,Y", text);
}

static sks_status read_parameters(const sks_values *values, const sks_psf *psf, struct picture *p)
{
    /* A radius may be any number; the limit below is meant for what a person asks for. */
    size_t reach = (size_t)fmin(sks_psf_describe(psf)->radius, SKS_PSF_MAX_SIDE);
    sks_status status = read_place(sks_values_text(values, "at"), &p->x, &p->y);

    p->subsample = (unsigned)sks_values_int(values, "subsample");
    p->size = 2 * reach * p->subsample + 1;
    if (sks_values_has(values, "size"))
        p->size = (size_t)sks_values_int(values, "size");
    if (status == SKS_OK && p->size > SKS_PSF_MAX_SIDE)
        return sks_fail(SKS_ERR_USAGE, "a PSF of %zu x %zu samples: need at most %d a side",
                        p->size, p->size, SKS_PSF_MAX_SIDE);
    return status;
}

static void write_header(sks_frame *frame, const sks_values *values, const sks_psf *psf,
                         const struct picture *p)
{
    const sks_psf_info *info = sks_psf_describe(psf);
    double centre = (double)(p->size / 2 + 1);
    const char *file = sks_values_text(values, "psf");

    sks_frame_key_real(frame, "CRPIX1", centre, "the star's pixel");
    sks_frame_key_real(frame, "CRPIX2", centre, "the star's pixel");
    sks_frame_key_real(frame, "CRVAL1", 0, "[px] offset there");
    sks_frame_key_real(frame, "CRVAL2", 0, "[px] offset there");
    sks_frame_key_real(frame, "CDELT1", 1.0 / p->subsample, "[px] native pixels per pixel");
    sks_frame_key_real(frame, "CDELT2", 1.0 / p->subsample, "[px] native pixels per pixel");
    sks_frame_key_text(frame, "FUNCTION", info->function, "model");
    sks_frame_key_real(frame, "PSFRAD", info->radius, "[px] zero at and beyond");
    sks_frame_key_real(frame, "PSFMAG", info->mag, "magnitude of a star as bright as this");
    sks_frame_key_real(frame, "XSTAR", p->x, "[px] the star's place on the chip");
    sks_frame_key_real(frame, "YSTAR", p->y, "[px] the star's place on the chip");
    sks_frame_history(frame, "skyscale synth psf: %s at %.9g,%.9g, %u samples per pixel",
                      file != NULL ? file : sks_values_text(values, "psf-model"), p->x, p->y,
                      p->subsample);
}

static sks_status evaluate(const sks_psf *psf, const struct picture *p, float *pixels)
{
    double first = -(double)(p->size / 2) / p->subsample;
    sks_psf_scratch *scratch = NULL;
    sks_status status = sks_psf_scratch_create(psf, &scratch);

    if (status == SKS_OK)
        sks_psf_stamp(psf, scratch, p->x, p->y, first, first, p->subsample, p->size, p->size,
                      pixels);
    sks_psf_scratch_destroy(scratch);
    return status;
}

static sks_status psf_make(const sks_values *values, const sks_watch *watch)
{
    struct picture p;
    sks_psf *psf = NULL;
    sks_frame *frame = NULL;
    float *pixels = NULL;
    sks_status status = sks_psf_from_values(values, sks_values_real(values, "psf-mag"), &psf);

    if (status == SKS_OK)
        status = read_parameters(values, psf, &p);
    if (status == SKS_OK)
        status = sks_frame_create(sks_values_text(values, "output"), -32, 2,
                                  (long[]){(long)p.size, (long)p.size}, &frame);
    if (status != SKS_OK)
        goto out;
    pixels = malloc(p.size * p.size * sizeof(*pixels));
    status = pixels != NULL ? evaluate(psf, &p, pixels) : sks_fail_nomem("a PSF's image");
    if (status == SKS_OK)
        status = sks_watch_tick(watch, 1);
    if (status != SKS_OK)
        goto out;
    write_header(frame, values, psf, &p);
    status = sks_frame_pixels(frame, pixels);
    if (status == SKS_OK)
        status = sks_frame_commit(frame);
out:
    free(pixels);
    sks_frame_destroy(frame);
    sks_psf_destroy(psf);
    return status;
}

static const sks_param psf_params[] = {
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .is_required = true,
     .help = "the PSF's image, FITS; - is standard output"},
    SKS_PSF_PARAMS,
    {.name = "psf-mag",
     .type = SKS_REAL,
     .unit = "mag",
     .default_text = "25",
     .min = -100,
     .max = 100,
     .help = "of a flux of 1 DN, for PSFs that do not come with a magnitude of their own"},
    {.name = "at",
     .type = SKS_TEXT,
     .unit = "px",
     .is_required = true,
     .help = "X,Y: the star's place on the chip"},
    {.name = "subsample",
     .type = SKS_INT,
     .unit = "1/px",
     .default_text = "1",
     .min = 1,
     .max = 64,
     .help = "pixels of the image to one of the chip"},
    {.name = "size",
     .type = SKS_INT,
     .unit = "px",
     .min = 1,
     .max = SKS_PSF_MAX_SIDE,
     .help = "length of each side; default: the whole PSF, its centre in the middle"},
    {.name = NULL},
};

const sks_scene sks_scene_psf = {
    .name = "psf",
    .summary = "the image of a PSF at one place, sampled as finely as wanted",
    .citation = "IRAF help page noao.digiphot.daophot.seepsf; Stetson (1987), PASP 99, 191",
    .params = psf_params,
    .make = psf_make,
};
