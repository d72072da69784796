/* Property: `deconvolve` takes frames of any size; what is not known is NaN, what is dark stays
 * dark, and what makes no sense is refused with nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/deconvolve_scene.h"

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
        cmocka_unit_test(any_size_works),          cmocka_unit_test(unknown_stays_unknown),
        cmocka_unit_test(dark_sections_stay_dark), cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(bad_data_are_refused),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
