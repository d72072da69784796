/* The kernel `deconvolve` on a scene of known truth, which the PSF explains: stars and the whole
 * keep their flux, sections meet without seams, the product's pixels are where its WCS says, what
 * is not known is NaN, the product is the same for every schedule and number of workers, any size
 * of frame works, and what makes no sense is refused with nothing left behind. */
#include "kernels/astro/image.h"
#include "kernels/astro/philox.h"
#include "kernels/astro/psf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
static double light(const sks_psf *psf, size_t x, size_t y, size_t i, size_t j)
{
    double sum = 0;

    for (size_t b = 0; b < SUBSAMPLE; b++)
        for (size_t a = 0; a < SUBSAMPLE; a++)
            sum += sks_psf_value(psf, 1, 1, ((double)(SUBSAMPLE * i + a) - (double)x) / SUBSAMPLE,
                                 ((double)(SUBSAMPLE * j + b) - (double)y) / SUBSAMPLE);
    return sum / (SUBSAMPLE * SUBSAMPLE);
}

static void give_wcs(sks_image *image)
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
static const char *write_frame(const char *name, size_t nx, size_t ny, size_t n_blank)
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

static const char *frame(void)
{
    const char *path = scratch_file("frame.fits");

    return access(path, R_OK) == 0 ? path : write_frame("frame.fits", NX, NY, 0);
}

/* Runs on `image` with small sections and, after them, `more`: name, text, …, NULL. */
static sks_status deconvolve_to(const char *image, const char *output, const char *scheduler,
                                unsigned n_workers, const char *const *more, sks_record *record)
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

static double note(const sks_record *record, const char *name)
{
    for (size_t i = 0; i < record->notes.n; i++)
        if (strcmp(record->notes.note[i].name, name) == 0)
            return record->notes.note[i].value;
    fail_msg("no note %s", name);
    return NAN;
}

static sks_image *read_back(const char *name)
{
    sks_image *image = NULL;

    if (sks_image_read(scratch_file(name), &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

/* The product of a run with these further parameters, which must end well. */
static sks_image *product(const char *image, const char *const *more, size_t n_sections)
{
    sks_record record;

    if (deconvolve_to(image, scratch_file("out.fits"), "dynamic", 2, more, &record) != SKS_OK)
        fail_msg("%s", sks_message());
    assert_near(note(&record, "sections"), (double)n_sections, 0);
    assert_near(note(&record, "converged"), (double)n_sections, 0);
    sks_record_clear(&record);
    return read_back("out.fits");
}

static double total(const sks_image *image)
{
    double sum = 0;

    for (size_t i = 0; i < image->nx * image->ny; i++)
        sum += (double)image->data[i];
    return sum;
}

/* ---- truth ---- */

/* Flux of star i within 7 pixels; the sky is the median of a ring around them. Rings of sharpened
 * stars lie inside. */
static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static double star_flux(const sks_image *image, size_t i)
{
    enum { MAX_RING = 4000 };
    float ring[MAX_RING];
    size_t n_ring = 0, n_star = 0;
    double sum = 0;

    for (size_t k = 0; k < image->nx * image->ny; k++) {
        double r = hypot((double)(k % image->nx) - (double)stars[i].x,
                         (double)(k / image->nx) - (double)stars[i].y);

        if (r <= 14) {
            sum += (double)image->data[k];
            n_star++;
        } else if (r <= 22 && n_ring < MAX_RING) {
            ring[n_ring++] = image->data[k];
        }
    }
    qsort(ring, n_ring, sizeof(ring[0]), by_value);
    return sum - (double)n_star * (double)ring[n_ring / 2];
}

static void check_stars(const sks_image *image, double tolerance, double on_cut)
{
    for (size_t i = 0; i < N_STARS; i++)
        assert_near(star_flux(image, i), stars[i].flux,
                    (i == ON_CUT ? on_cut : tolerance) * stars[i].flux);
}

/* Inner squares put a star on the cut together from four solutions. Richardson-Lucy stops where the
 * data are explained, before faint stars have all their light. */
static void stars_keep_their_flux(void **state)
{
    static const struct {
        const char *more[5];
        double tolerance, on_cut;
    } ways[] = {
        {{NULL}, 0.02, 0.04},
        {{"paste", "smooth", NULL}, 0.02, 0.02},
        {{"paste", "smooth", "precision", "double", NULL}, 0.02, 0.02},
        {{"method", "rl", "paste", "smooth", NULL}, 0.07, 0.02},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        sks_image *image = product(frame(), ways[i].more, 12);

        check_stars(image, ways[i].tolerance, ways[i].on_cut);
        sks_image_destroy(image);
    }
}

/* Richardson-Lucy keeps a section's flux by itself, maximum entropy is told to. With padding some
 * goes to the guard, and the weights, which come from noisy data, make it 1/gain per pixel less.
 * Sections put together share light near their cuts. */
static void flux_is_kept(void **state)
{
    static const struct {
        const char *more[9];
        size_t n_sections;
        double tolerance;
    } ways[] = {
        {{"section", "102", "method", "rl", NULL}, 1, 1e-3},
        {{"section", "102", "method", "rl", "boundary", "wrap", NULL}, 1, 1e-4},
        {{"section", "102", "boundary", "wrap", "power-tolerance", "0.0005", NULL}, 1, 6e-4},
        {{"method", "rl", NULL}, 12, 2e-3},
        {{"paste", "smooth", "boundary", "wrap", "power-tolerance", "0.0005", NULL}, 12, 2e-3},
        {{NULL}, 12, 5e-3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        sks_image *data, *image = product(frame(), ways[i].more, ways[i].n_sections);

        data = read_back("frame.fits");
        assert_near(total(image) / total(data), 1, ways[i].tolerance);
        sks_image_destroy(image);
        sks_image_destroy(data);
    }
}

static bool is_sky(size_t x, size_t y)
{
    for (size_t i = 0; i < N_STARS; i++)
        if (hypot((double)x - (double)stars[i].x, (double)y - (double)stars[i].y) <= 16)
            return false;
    return true;
}

/* Of the steps from column x - 1 to x, in rows of sky: their mean and root mean square. */
static void steps_at(const sks_image *image, size_t x, double *mean, double *rms)
{
    double sum = 0, sum2 = 0;
    size_t n = 0;

    for (size_t y = 0; y < image->ny; y++) {
        const float *pixel = image->data + y * image->nx + x;
        double step = (double)pixel[0] - (double)pixel[-1];

        if (!is_sky(x, y))
            continue;
        sum += step;
        sum2 += step * step;
        n++;
    }
    assert_true(n > 50);
    *mean = sum / (double)n;
    *rms = sqrt(sum2 / (double)n);
}

/* At the cuts the sky goes on as it does elsewhere: no step on average beyond a fifth of the data's
 * noise, no more scatter than at the other columns. */
static void seams_are_below_the_noise(void **state)
{
    static const char *const smooth[] = {"paste", "smooth", NULL};
    static const size_t cuts[] = {36, 60, 75}; /* pixels: sections begin at 0, 24, 48, 54 */
    double noise = sqrt(NOISE * NOISE / (GAIN * GAIN) + SKY / GAIN) / (SUBSAMPLE * SUBSAMPLE);
    sks_image *image = product(frame(), smooth, 12);
    double mean, rms, typical = 0;

    (void)state;
    for (size_t x = 1; x < image->nx; x++) {
        steps_at(image, x, &mean, &rms);
        typical += rms / (double)(image->nx - 1);
    }
    for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
        steps_at(image, SUBSAMPLE * cuts[c], &mean, &rms);
        assert_true(fabs(mean) < 0.2 * noise);
        assert_true(rms < 1.3 * typical);
    }
    sks_image_destroy(image);
}

/* ---- pixels ---- */

static void one_section_is_the_same_in_the_whole(void **state)
{
    static const char *const inner[] = {NULL};
    static const char *const only[] = {"only", "48,48", NULL};
    sks_image *whole = product(frame(), inner, 12), *section = product(frame(), only, 1);

    (void)state;
    assert_int_equal(section->nx, 2 * 48);
    assert_int_equal(section->ny, 2 * 48);
    /* The section begins at pixel 24; its inner square is 36 ... 60, 36 ... 50. */
    for (size_t y = 2 * 36; y < 2 * 50; y++)
        assert_memory_equal(whole->data + y * whole->nx + 2 * 36,
                            section->data + (y - 2 * 24) * section->nx + 2 * (36 - 24),
                            2 * 24 * sizeof(float));
    sks_image_destroy(whole);
    sks_image_destroy(section);
}

/* By hand: every real is 4 bytes; the section is read and gives its sub-pixels. A convolution of
 * the 48 pixels with the PSF's guard around them is 2 x 2 + 1 transforms. */
static void work_is_what_the_algorithm_moves_and_transforms(void **state)
{
    static const char *const only[] = {"only", "48,48", NULL};
    sks_record record;
    double transforms;

    (void)state;
    assert_int_equal(deconvolve_to(frame(), scratch_file("work.fits"), "static", 1, only, &record),
                     SKS_OK);
    assert_near(record.work.bytes, 4.0 * 48 * 48 * (1 + SUBSAMPLE * SUBSAMPLE), 0);
    transforms = note(&record, "convolutions") * (SUBSAMPLE * SUBSAMPLE + 1);
    assert_true(transforms > 0);
    assert_true(record.work.flops >= transforms * 2.5 * 48 * 48 * log2(48 * 48));
    assert_true(record.work.flops <= transforms * 2.5 * 96 * 96 * log2(96 * 96));
    sks_record_clear(&record);
}

static void check_crpix(const sks_image *image, double x, double y)
{
    double value;

    assert_true(sks_image_real(image, "CRPIX1", &value));
    assert_near(value, x, 1e-9);
    assert_true(sks_image_real(image, "CRPIX2", &value));
    assert_near(value, y, 1e-9);
}

/* CRPIX (50.5, 30.25): sub-pixel 2 x - 0.5, or 2 x - 1 when the first one is in the middle. */
static void wcs_is_that_of_the_sub_pixels(void **state)
{
    static const char *const all[] = {NULL}, *const first[] = {"blksum", "no", NULL};
    static const char *const only[] = {"only", "48,48", NULL};
    static const char *const three[] = {"subsample", "3", "only", "24,24", NULL};
    sks_image *image = product(frame(), all, 12);
    double value;

    (void)state;
    check_crpix(image, 100.5, 60);
    assert_true(sks_image_real(image, "CD1_1", &value));
    assert_near(value, -0.5e-5, 1e-12);
    sks_image_destroy(image);
    image = product(frame(), first, 12);
    check_crpix(image, 100, 59.5);
    sks_image_destroy(image);
    image = product(frame(), only, 1);
    check_crpix(image, 100.5 - 48, 60 - 48);
    sks_image_destroy(image);
    image = product(frame(), three, 1);
    check_crpix(image, 3 * 50.5 - 1, 3 * 30.25 - 1);
    sks_image_destroy(image);
}

/* Without blksum the PSF has the pixel in it; a star is then where it is when sub-pixel 2 i is the
 * middle of pixel i. */
static void first_sub_pixel_is_the_middle(void **state)
{
    static const char *const more[] = {"blksum", "no", "only", "24,24", NULL};
    const char *path = scratch_file("star.fits");
    sks_image *image = NULL;
    sks_psf *psf = NULL;
    size_t peak = 0;

    (void)state;
    assert_int_equal(sks_image_create(48, 48, &image), SKS_OK);
    assert_int_equal(sks_psf_gauss(2.4, 8, 0, &psf), SKS_OK);
    for (size_t k = 0; k < 48 * 48; k++) /* at (20.5, 17) */
        image->data[k] = (float)(SKY + 1e4 * sks_psf_value(psf, 1, 1, (double)(k % 48 + 1) - 20.5,
                                                           (double)(k / 48 + 1) - 17));
    assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
    sks_image_destroy(image);
    sks_psf_destroy(psf);
    image = product(path, more, 1);
    for (size_t k = 0; k < image->nx * image->ny; k++)
        peak = image->data[k] > image->data[peak] ? k : peak;
    assert_int_equal(peak % image->nx + 1, 2 * 20.5 - 1);
    assert_int_equal(peak / image->nx + 1, 2 * 17 - 1);
    sks_image_destroy(image);
}

/* The numbers of a log's first row. */
static void read_log(const char *path, double *column, int n)
{
    FILE *file = fopen(path, "r");
    char line[1024];
    char *at = line, *end;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL && line[0] == '#')
        continue;
    fclose(file);
    for (int c = 0; c < n; c++, at = end) {
        column[c] = strtod(at, &end);
        assert_true(end != at);
    }
}

/* Richardson-Lucy's last chi-square is that of its image; maximum entropy carries the blurred image
 * along, which drifts a little from the image where that is cut off at zero. */
static void check_residual(const char *sigma, const char *hidden)
{
    enum { N = 48, N_COLUMNS = 13 };
    char log[600], path[600], section[600];
    const char *const more[] = {"method", "rl",       "boundary",  "wrap", "only",
                                "48,48",  "residual", path,        "log",  log,
                                "hidden", hidden,     "icf-sigma", sigma,  NULL};
    sks_image *residual, *data = NULL;
    double chi_square = 0, column[N_COLUMNS];

    snprintf(log, sizeof(log), "%s", scratch_file("log.txt"));
    snprintf(path, sizeof(path), "%s", scratch_file("residual.fits"));
    snprintf(section, sizeof(section), "%s[25:72,25:72]", frame());
    sks_image_destroy(product(frame(), more, 1));
    residual = read_back("residual.fits");
    assert_int_equal(sks_image_read(section, &data), SKS_OK);
    assert_int_equal(residual->nx, N);
    assert_int_equal(residual->ny, N);
    check_crpix(residual, 50.5 - 24, 30.25 - 24);
    for (size_t i = 0; i < N * N; i++)
        chi_square += (double)residual->data[i] * (double)residual->data[i] /
                      (NOISE * NOISE / (GAIN * GAIN) + fabs((double)data->data[i]) / GAIN);
    read_log(log, column, N_COLUMNS);
    assert_near(column[0], 48, 0); /* PSF */
    assert_near(column[2], 25, 0); /* first pixel */
    assert_near(column[6], 1, 0);  /* converged */
    assert_near(column[11], N * N, 0);
    assert_near(chi_square, column[12], 1e-3 * column[12]);
    sks_image_destroy(data);
    sks_image_destroy(residual);
}

static void residual_is_what_the_log_says(void **state)
{
    (void)state;
    check_residual("0", "no");
    check_residual("0.5", "no");
    check_residual("0.5", "yes");
}

/* ---- frames ---- */

/* Smaller than a section, odd, narrow, not a whole number of steps; three sub-pixels. */
static void any_size_works(void **state)
{
    static const struct {
        size_t nx, ny, n_sections;
        const char *subsample;
    } cases[] = {
        {48, 48, 1, "2"}, {31, 29, 1, "2"}, {31, 70, 2, "1"}, {73, 49, 6, "3"}, {20, 17, 1, "4"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int smooth = 0; smooth < 2; smooth++) {
            const char *more[] = {"subsample",
                                  cases[i].subsample,
                                  "paste",
                                  smooth ? "smooth" : "inner",
                                  "max-iterations",
                                  "4",
                                  NULL};
            const char *path = write_frame("odd.fits", cases[i].nx, cases[i].ny, 0);
            size_t k = (size_t)strtoul(cases[i].subsample, NULL, 10);
            sks_record record;
            sks_image *image;

            if (deconvolve_to(path, scratch_file("odd-out.fits"), "dynamic", 2, more, &record) !=
                SKS_OK)
                fail_msg("%s", sks_message());
            assert_near(note(&record, "sections"), (double)cases[i].n_sections, 0);
            sks_record_clear(&record);
            image = read_back("odd-out.fits");
            assert_int_equal(image->nx, k * cases[i].nx);
            assert_int_equal(image->ny, k * cases[i].ny);
            assert_int_equal(image->n_blank, 0);
            sks_image_destroy(image);
        }
}

/* Sections 0 and 4 lie in the first 48 columns. Their inner squares end at 36. */
static void unknown_stays_unknown(void **state)
{
    static const char *const more[] = {"max-iterations", "4", NULL};
    const char *path = write_frame("blank.fits", NX, NY, 50);
    sks_record record;
    sks_image *image;

    (void)state;
    if (deconvolve_to(path, scratch_file("out.fits"), "dynamic", 2, more, &record) != SKS_OK)
        fail_msg("%s", sks_message());
    assert_near(note(&record, "without_data"), 3, 0);
    sks_record_clear(&record);
    image = read_back("out.fits");
    for (size_t k = 0; k < image->nx * image->ny; k++)
        assert_int_equal(isnan(image->data[k]), k % image->nx < 2 * 36);
    sks_image_destroy(image);
}

/* The same columns hold zeros, not NaN: an image of zeros is all that fits, and the rest goes on.
 * The section between light and none is solved as ever. */
static void dark_sections_stay_dark(void **state)
{
    static const char *const methods[] = {"mem", "rl"};
    char residual[600];

    (void)state;
    snprintf(residual, sizeof(residual), "%s", scratch_file("residual.fits"));
    for (size_t m = 0; m < 2; m++) {
        const char *more[] = {"max-iterations", "4",      "method", methods[m],
                              "residual",       residual, NULL};
        const char *path = write_frame("blank.fits", NX, NY, 50);
        sks_image *image = read_back("blank.fits");
        sks_record record;

        for (size_t k = 0; k < NX * NY; k++)
            if (isnan(image->data[k]))
                image->data[k] = 0;
        assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
        sks_image_destroy(image);
        if (deconvolve_to(path, scratch_file("out.fits"), "dynamic", 2, more, &record) != SKS_OK)
            fail_msg("%s", sks_message());
        assert_near(note(&record, "without_light"), 3, 0);
        assert_near(note(&record, "without_data"), 0, 0);
        sks_record_clear(&record);
        image = read_back("out.fits");
        assert_int_equal(image->n_blank, 0);
        for (size_t k = 0; k < image->nx * image->ny; k++)
            assert_int_equal(image->data[k] == 0, k % image->nx < 2 * 36);
        sks_image_destroy(image);
        image = read_back("residual.fits");
        for (size_t k = 0; k < image->nx * image->ny; k++)
            if (k % image->nx < 36)
                assert_true(image->data[k] == 0);
        sks_image_destroy(image);
    }
}

/* ---- the same product always ---- */

static void schedules_give_the_same(void **state)
{
    static const char *const methods[] = {"mem", "rl"}, *const pastes[] = {"inner", "smooth"};
    static const char *const schedulers[] = {"static", "dynamic", "guided", "stealing"};
    char path[600];

    (void)state;
    snprintf(path, sizeof(path), "%s", frame());
    for (size_t m = 0; m < 2; m++) {
        const char *more[] = {"method",         methods[m], "paste", pastes[m],
                              "max-iterations", "6",        NULL};
        sks_digest first = {0};

        for (unsigned n = 1; n <= 8; n++)
            for (size_t s = 0; s < sizeof(schedulers) / sizeof(schedulers[0]); s++) {
                sks_record record;

                if (deconvolve_to(path, scratch_file("same.fits"), schedulers[s], n, more,
                                  &record) != SKS_OK)
                    fail_msg("%s", sks_message());
                if (first.hex[0] == '\0')
                    first = record.digest;
                assert_string_equal(record.digest.hex, first.hex);
                sks_record_clear(&record);
            }
    }
}

/* Wisdom is made once and then used: the same bits from then on. */
static void wisdom_is_kept(void **state)
{
    char wisdom[600];
    const char *const more[] = {"wisdom", wisdom, "max-iterations", "6", NULL};
    sks_record made, used;

    (void)state;
    snprintf(wisdom, sizeof(wisdom), "%s", scratch_file("wisdom"));
    assert_int_equal(deconvolve_to(frame(), scratch_file("out.fits"), "dynamic", 2, more, &made),
                     SKS_OK);
    assert_int_equal(access(wisdom, R_OK), 0);
    assert_int_equal(deconvolve_to(frame(), scratch_file("out.fits"), "dynamic", 1, more, &used),
                     SKS_OK);
    assert_string_equal(made.digest.hex, used.digest.hex);
    sks_record_clear(&made);
    sks_record_clear(&used);
}

/* ---- bad input ---- */

static void nonsense_is_refused(void **state)
{
    static const struct {
        const char *section; /* of the frame */
        const char *more[5];
        sks_status status;
        const char *cause; /* in the message */
    } cases[] = {
        {"[1:48,1:48]", {"section", "16", "step", "8", NULL}, SKS_ERR_USAGE, "17 pixels wide"},
        {"[1:48,1:48]", {"step", "49", NULL}, SKS_ERR_USAGE, "gaps"},
        {"[1:48,1:48]", {"only", "7,7", NULL}, SKS_ERR_USAGE, "nearest has that of 24,24"},
        {"[1:48,1:48]", {"only", "7", NULL}, SKS_ERR_USAGE, "X,Y"},
        {"[1:48,1:48]", {"only", "24,24,24", NULL}, SKS_ERR_USAGE, "X,Y"},
        {"[1:48,1:48]", {"damping", "0.5", NULL}, SKS_ERR_USAGE, "damping"},
        {"[1:48,1:48]", {"psf-model", "gauss:0", NULL}, SKS_ERR_USAGE, "FWHM"},
        {"[1:48,1:48]", {"datamin", "1e9", NULL}, SKS_ERR_INPUT, "not one pixel"},
        {"[1:48,1:48]", {"wisdom", "/nowhere/wisdom", NULL}, SKS_ERR_IO, "/nowhere/wisdom"},
        {"[48:1,1:48]", {NULL}, SKS_ERR_USAGE, "first <= last"},
        {"[1:200,1:48]", {NULL}, SKS_ERR_USAGE, "within"},
        {"[1:48,200:210]", {NULL}, SKS_ERR_USAGE, "within"},
    };
    char image[600];
    const char *output;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sks_record record;
        sks_status status;

        snprintf(image, sizeof(image), "%s%s", frame(), cases[i].section);
        output = scratch_file("refused.fits");
        sks_clear();
        status = deconvolve_to(image, output, "dynamic", 2, cases[i].more, &record);
        if (status != cases[i].status || strstr(sks_message(), cases[i].cause) == NULL)
            fail_msg("case %zu: status %d, \"%s\"", i, (int)status, sks_message());
        assert_true(strchr(sks_message(), '\n') == NULL);
        assert_int_not_equal(access(output, F_OK), 0);
    }
}

static void bad_data_are_refused(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const rl[] = {"method", "rl", NULL};
    const char *psf[] = {"image", NULL, "psf", NULL, "output", NULL, NULL};
    const char *output = scratch_file("refused.fits");
    sks_image *image = NULL;
    char path[600];
    sks_record record;

    (void)state;
    snprintf(path, sizeof(path), "%s", scratch_file("bad.fits"));
    assert_int_equal(sks_image_create(30, 30, &image), SKS_OK);
    for (size_t i = 0; i < 900; i++)
        image->data[i] = -3;
    assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
    assert_int_equal(deconvolve_to(path, output, "dynamic", 1, none, &record), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "section 15,15"));
    assert_int_equal(deconvolve_to(path, output, "dynamic", 1, rl, &record), SKS_ERR_INPUT);
    for (size_t i = 0; i < 900; i++)
        image->data[i] = NAN;
    assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
    assert_int_equal(deconvolve_to(path, output, "dynamic", 1, none, &record), SKS_ERR_INPUT);
    psf[1] = psf[3] = frame();
    psf[5] = output;
    assert_int_equal(run_kernel(deconvolve, "dynamic", 1, psf, &record), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "no DAOPHOT PSF"));
    assert_int_not_equal(access(output, F_OK), 0);
    sks_image_destroy(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_keep_their_flux),
        cmocka_unit_test(flux_is_kept),
        cmocka_unit_test(seams_are_below_the_noise),
        cmocka_unit_test(one_section_is_the_same_in_the_whole),
        cmocka_unit_test(work_is_what_the_algorithm_moves_and_transforms),
        cmocka_unit_test(wcs_is_that_of_the_sub_pixels),
        cmocka_unit_test(first_sub_pixel_is_the_middle),
        cmocka_unit_test(residual_is_what_the_log_says),
        cmocka_unit_test(any_size_works),
        cmocka_unit_test(unknown_stays_unknown),
        cmocka_unit_test(dark_sections_stay_dark),
        cmocka_unit_test(schedules_give_the_same),
        cmocka_unit_test(wisdom_is_kept),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(bad_data_are_refused),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
