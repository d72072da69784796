/* Property: what `deconvolve` writes is where its WCS says, the same for a section alone as in the
 * whole, with the residual and the work that its log tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/deconvolve_scene.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_section_is_the_same_in_the_whole),
        cmocka_unit_test(work_is_what_the_algorithm_moves_and_transforms),
        cmocka_unit_test(wcs_is_that_of_the_sub_pixels),
        cmocka_unit_test(first_sub_pixel_is_the_middle),
        cmocka_unit_test(residual_is_what_the_log_says),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
