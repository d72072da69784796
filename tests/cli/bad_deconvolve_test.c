/* Property: whatever is wrong with what `deconvolve` is given, it says so in one line that names
 * the cause and leaves nothing behind. See bad_case.h. */
#include "tests/cli/bad_case.h"

#include <fitsio.h>
#include <math.h>

#define RUN "run deconvolve -o out.fits --log log.txt --residual residual.fits "
#define GOOD RUN "--image frame.fits --psf-model gauss:2:8 "

static void bad_images(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE(RUN "--image nan.fits --psf-model gauss:2:8", FAILED, "nan.fits", "has a value")},
        {CASE(RUN "--image dark.fits --psf-model gauss:2:8", FAILED, "section 32,32",
              "add up to -")},
        {CASE(RUN "--image frame.fits[5:4,1:9] --psf-model gauss:2:8", USAGE, "5:4", "1:64")},
        {CASE(RUN "--image frame.fits[0:0,0:0] --psf-model gauss:2:8", USAGE, "0:0", "1:64")},
        {CASE(RUN "--image frame.fits[70:80,1:5] --psf-model gauss:2:8", USAGE, "70:80", "1:64")},
        {CASE(RUN "--image text.txt --psf-model gauss:2:8", FAILED, "text.txt")},
        {CASE(GOOD "--datamin 1e9", FAILED, "frame.fits", "not one pixel")},
        {CASE(GOOD "--mask dark.fits --mask-bits 3", FAILED, "dark.fits", "needs integers")},
        {CASE(GOOD "--model frame.fits", FAILED, "frame.fits", "need 128 x 128")},
        {CASE(GOOD "--icf nan.fits", FAILED, "nan.fits", "has a value")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_psfs(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE(RUN "--image frame.fits", USAGE, "psf")},
        {CASE(RUN "--image frame.fits --psf frame.fits", FAILED, "frame.fits: is no DAOPHOT PSF",
              "FUNCTION")},
        {CASE(RUN "--image frame.fits --psf text.txt", FAILED, "text.txt")},
        {CASE(RUN "--image frame.fits --psf none.fits", FAILED, "none.fits")},
        {CASE(RUN "--image frame.fits --psf nan.fits --psf-sampling 2", FAILED, "nan.fits")},
        {CASE(RUN "--image frame.fits --psf-model gauss:2:40 --section 64", USAGE, "81 pixels wide",
              "section of 64")},
        {CASE(RUN "--image frame.fits --psf-model gauss:2:8 --section 16", USAGE, "17 pixels wide",
              "section of 16")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_numbers(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE(GOOD "--gain -1", USAGE, "--gain", "-1")},
        {CASE(GOOD "--gain 0", USAGE, "--gain", "0")},
        {CASE(GOOD "--noise -3", USAGE, "--noise", "-3")},
        {CASE(GOOD "--model-error -1", USAGE, "--model-error", "-1")},
        {CASE(GOOD "--section 0", USAGE, "--section", "0")},
        {CASE(GOOD "--step 0", USAGE, "--step", "0")},
        {CASE(GOOD "--section 32 --step 33", USAGE, "step 33", "gaps")},
        {CASE(GOOD "--subsample 5", USAGE, "--subsample", "5")},
        {CASE(GOOD "--aim 0", USAGE, "aim 0")},
        {CASE(GOOD "--max-iterations 0", USAGE, "--max-iterations", "0")},
        {CASE(GOOD "--total-power -1", USAGE, "--total-power", "-1")},
        {CASE(GOOD "--settle maybe", USAGE, "--settle", "maybe")},
        {CASE(GOOD "--method me", USAGE, "--method", "me")},
        {CASE(GOOD "--method rl --poisson", USAGE, "poisson is for mem")},
        {CASE(GOOD "--only 5,5", USAGE, "nearest has that of 32,32")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void write_image(const char *name, float value)
{
    enum { SIDE = 64 };
    long n[2] = {SIDE, SIDE};
    float pixels[SIDE * SIDE];
    fitsfile *file;
    int fits = 0;

    for (size_t i = 0; i < SIDE * SIDE; i++)
        pixels[i] = value;
    fits_create_file(&file, name, &fits);
    fits_create_img(file, FLOAT_IMG, 2, n, &fits);
    fits_write_img(file, TFLOAT, 1, SIDE * SIDE, pixels, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
}

static int make_inputs(void **unused)
{
    struct outcome o;

    (void)unused;
    if (enter_folder() != 0)
        return 1;
    run("synth m71 --size 64 -o frame.fits", NULL, NULL, &o);
    if (o.status != 0)
        fail_msg("%s", o.err);
    write_image("nan.fits", NAN);
    write_image("dark.fits", -3);
    write_text("text.txt", "no numbers here\n");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_images),
        cmocka_unit_test(bad_psfs),
        cmocka_unit_test(bad_numbers),
    };

    return RUN_CASES(tests, make_inputs);
}
