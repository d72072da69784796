/* A scene of known truth which the PSF explains, and runs of the kernel `deconvolve` on it, with
 * sections small enough that there are many. */
#ifndef SKYSCALE_TEST_DECONVOLVE_SCENE_H
#define SKYSCALE_TEST_DECONVOLVE_SCENE_H

#include "kernels/astro/image.h"
#include "kernels/astro/philox.h"
#include "kernels/astro/psf.h"
#include "tests/unit/assert_near.h"
#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"

extern const sks_kernel sks_kernel_deconvolve;
static const sks_kernel *const deconvolve = &sks_kernel_deconvolve;

enum { NX = 102, NY = 77, SUBSAMPLE = 2, N_STARS = 5, ON_CUT = 2, MAX_PARAMETERS = 64 };
#define SKY 40.0
#define NOISE 5.0 /* electrons */
#define GAIN 7.0  /* electrons per DN */
#define PSF "gauss:2.4:8"

/* Sub-pixels of the whole frame, 0-based; the third lies on the cut between four sections. */
static const struct {
    size_t x, y;
    double flux;
} stars[N_STARS] = {
    {40, 40, 9000}, {150, 35, 20000}, {72, 73, 30000}, {160, 110, 12000}, {30, 120, 5000}};

/* What the star in sub-pixel (x, y) gives the pixel (i, j): the sum over its sub-pixels of the PSF,
 * as blksum has it. */
static inline double light(const sks_psf *psf, size_t x, size_t y, size_t i, size_t j)
{
    double sum = 0;

    for (size_t b = 0; b < SUBSAMPLE; b++)
        for (size_t a = 0; a < SUBSAMPLE; a++)
            sum += sks_psf_value(psf, 1, 1, ((double)(SUBSAMPLE * i + a) - (double)x) / SUBSAMPLE,
                                 ((double)(SUBSAMPLE * j + b) - (double)y) / SUBSAMPLE);
    return sum / (SUBSAMPLE * SUBSAMPLE);
}

static inline void give_wcs(sks_image *image)
{
    static const char *const cards[] = {
        "CTYPE1  = 'RA---TAN'", "CTYPE2  = 'DEC--TAN'", "CRPIX1  = 50.5",   "CRPIX2  = 30.25",
        "CRVAL1  = 298.0",      "CRVAL2  = 18.0",       "CD1_1   = -1E-05", "CD1_2   = 0.0",
        "CD2_1   = 0.0",        "CD2_2   = 1E-05",      "BUNIT   = 'DN'",
    };
    size_t n = sizeof(cards) / sizeof(cards[0]);

    free(image->header);
    image->header = malloc(n * SKS_CARD_SIZE + 1);
    assert_non_null(image->header);
    for (size_t i = 0; i < n; i++)
        snprintf(image->header + i * SKS_CARD_SIZE, SKS_CARD_SIZE + 1, "%-80s", cards[i]);
    image->n_cards = n;
}

/* The frame: its first nx × ny pixels, those of the first n_blank columns without a value. */
static inline const char *write_frame(const char *name, size_t nx, size_t ny, size_t n_blank)
{
    const char *path = scratch_file(name);
    sks_philox random = sks_philox_stream(5, 1, 0);
    sks_image *image = NULL;
    sks_psf *psf = NULL;

    assert_int_equal(sks_image_create(nx, ny, &image), SKS_OK);
    assert_int_equal(sks_psf_gauss(2.4, 8, 0, &psf), SKS_OK);
    for (size_t k = 0; k < nx * ny; k++) {
        double v = SKY, variance;

        for (size_t s = 0; s < N_STARS; s++)
            v += stars[s].flux * light(psf, stars[s].x, stars[s].y, k % nx, k / nx);
        variance = NOISE * NOISE / (GAIN * GAIN) + v / GAIN;
        image->data[k] = (float)(v + sqrt(variance) * sks_philox_normal(&random));
        if (k % nx < n_blank)
            image->data[k] = NAN;
    }
    give_wcs(image);
    assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
    sks_psf_destroy(psf);
    sks_image_destroy(image);
    return path;
}

static inline const char *frame(void)
{
    const char *path = scratch_file("frame.fits");

    return access(path, R_OK) == 0 ? path : write_frame("frame.fits", NX, NY, 0);
}

/* Runs on `image` with small sections and, after them, `more`: name, text, …, NULL. */
static inline sks_status deconvolve_to(const char *image, const char *output, const char *scheduler,
                                       unsigned n_workers, const char *const *more,
                                       sks_record *record)
{
    static const char *const fixed[] = {"noise", "5",    "gain", "7",       "psf-model",
                                        PSF,     "step", "24",   "section", "48"};
    const char *parameters[MAX_PARAMETERS + 1] = {"image", image, "output", output};
    size_t n = 4;

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        parameters[n++] = fixed[i];
    for (size_t i = 0; more[i] != NULL; i++) {
        assert_true(n < MAX_PARAMETERS);
        parameters[n++] = more[i];
    }
    return run_kernel(deconvolve, scheduler, n_workers, parameters, record);
}

static inline double note(const sks_record *record, const char *name)
{
    for (size_t i = 0; i < record->notes.n; i++)
        if (strcmp(record->notes.note[i].name, name) == 0)
            return record->notes.note[i].value;
    fail_msg("no note %s", name);
    return NAN;
}

static inline sks_image *read_back(const char *name)
{
    sks_image *image = NULL;

    if (sks_image_read(scratch_file(name), &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

/* The product of a run with these further parameters, which must end well. */
static inline sks_image *product(const char *image, const char *const *more, size_t n_sections)
{
    sks_record record;

    if (deconvolve_to(image, scratch_file("out.fits"), "dynamic", 2, more, &record) != SKS_OK)
        fail_msg("%s", sks_message());
    assert_near(note(&record, "sections"), (double)n_sections, 0);
    assert_near(note(&record, "converged"), (double)n_sections, 0);
    sks_record_clear(&record);
    return read_back("out.fits");
}

static inline double total(const sks_image *image)
{
    double sum = 0;

    for (size_t i = 0; i < image->nx * image->ny; i++)
        sum += (double)image->data[i];
    return sum;
}

#endif
