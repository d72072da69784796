/* Property: what is wrong with an image, a PSF, a list or a command is said in one line, and costs
 * nothing that was there before: detect, completeness, synth and command. See bad_case.h. */
#include "tests/cli/bad_case.h"

#include <fitsio.h>
#include <math.h>
#include <sys/resource.h>

static void bad_images(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run detect --image nan.fits -o out.txt", FAILED, "nan.fits", "has a value")},
        {CASE("run completeness --image nan.fits --psf psf.fits -o out.txt", FAILED, "nan.fits",
              "has a value")},
        {CASE("synth stars --image nan.fits --psf psf.fits --list list.txt -o out.fits", FAILED,
              "nan.fits", "has a value")},
        {CASE("run detect --image frame.fits[10:9,1:5] -o out.txt", USAGE, "10:9", "1:64")},
        {CASE("run detect --image frame.fits[0:0,0:0] -o out.txt", USAGE, "0:0", "1:64")},
        {CASE("run detect --image frame.fits[70:80,1:5] -o out.txt", USAGE, "70:80", "1:64")},
        {CASE("run completeness --image frame.fits[1:5,60:70] --psf psf.fits -o out.txt", USAGE,
              "60:70", "1:64")},
        {CASE("run detect --image text.txt -o out.txt", FAILED, "text.txt")},
        {CASE("run detect --image frame.fits --mask small.fits -o out.txt", FAILED, "small.fits",
              "64 x 64")},
        {CASE("run detect --image frame.fits --mask list.txt -o out.txt", FAILED, "list.txt")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_psfs(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run completeness --image frame.fits --psf frame.fits -o out.txt", FAILED,
              "frame.fits: is no DAOPHOT PSF", "FUNCTION")},
        {CASE("run completeness --image frame.fits --psf text.txt -o out.txt", FAILED, "text.txt")},
        {CASE("run completeness --image frame.fits --psf none.fits -o out.txt", FAILED,
              "none.fits")},
        {CASE("run completeness --image frame.fits -o out.txt", USAGE, "psf")},
        {CASE("run completeness --image frame.fits --psf-model gauss:0 -o out.txt", USAGE, "FWHM")},
        {CASE("run completeness --image frame.fits --psf-model gauss:2:1e6 -o out.txt", USAGE,
              "PSF radius 1e+06")},
        {CASE("synth psf --psf frame.fits --at 1,1 -o out.fits", FAILED, "frame.fits")},
        {CASE("synth psf --psf psf.fits --at 1 -o out.fits", USAGE, "\"1\"")},
        {CASE("synth stars --image frame.fits --psf frame.fits --list list.txt -o out.fits", FAILED,
              "frame.fits: is no DAOPHOT PSF")},
        {CASE("synth stars --image frame.fits --psf psf.fits --list text.txt -o out.fits", FAILED,
              "text.txt:1")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_numbers(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run detect --image frame.fits --gain -3 -o out.txt", USAGE, "--gain", "-3")},
        {CASE("run detect --image frame.fits --gain 0 -o out.txt", USAGE, "gain 0")},
        {CASE("run detect --image frame.fits --fwhm 0 -o out.txt", USAGE, "FWHM 0")},
        {CASE("run detect --image frame.fits --sigma nan -o out.txt", USAGE, "--sigma", "nan")},
        {CASE("run detect --image frame.fits --dannulus 0 -o out.txt", USAGE, "annulus")},
        {CASE("run completeness --image frame.fits --psf psf.fits --gain -1 -o out.txt", USAGE,
              "--gain", "-1")},
        {CASE("run completeness --image frame.fits --psf psf.fits --mag 26:16:0.5 -o out.txt",
              USAGE, "26:16", "upside down")},
        {CASE("run completeness --image frame.fits --psf psf.fits --mag 16:26:0 -o out.txt", USAGE,
              "16:26", "steps of 0")},
        {CASE("run completeness --image frame.fits --psf psf.fits --stars 0 -o out.txt", USAGE,
              "--stars", "0")},
        {CASE("synth m71 --size 64 --brightest 20 --faintest 10 -o out.fits", USAGE, "--faintest")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

/* Nothing that is read is written over, whatever name it goes by. */
static void inputs_are_no_outputs(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run detect --image frame.fits -o frame.fits", USAGE, "image and output")},
        {CASE("run detect --image frame.fits[1:32,1:32] -o ./frame.fits", USAGE,
              "image and output")},
        {CASE("run detect --image frame.fits --mask small.fits -o small.fits", USAGE,
              "mask and output")},
        {CASE("run completeness --image frame.fits --psf psf.fits -o psf.fits", USAGE,
              "psf and output")},
        {CASE("run completeness --image frame.fits --psf psf.fits -o a.txt --stars-list a.txt",
              USAGE, "output and stars-list")},
        {CASE("run deconvolve --image frame.fits --psf psf.fits -o frame.fits", USAGE,
              "image and output")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o list.txt", USAGE,
              "coords and output")},
        {CASE("run command --command true --inputs list.txt -o list.txt", USAGE,
              "inputs and output")},
        {CASE("synth stars --image frame.fits --psf psf.fits --list list.txt -o frame.fits", USAGE,
              "frame.fits")},
        {CASE("synth m71 --size 64 -o x.fits --psf x.fits", USAGE, "x.fits")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_commands(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run command --command nosuchprogram --inputs list.txt -o out.txt", FAILED,
              "\"nosuchprogram\"", "PATH")},
        {CASE("run command --command ./text.txt --inputs list.txt -o out.txt", FAILED, "./text.txt",
              "Permission denied")},
        {CASE("run command --command true --inputs none.txt -o out.txt", FAILED, "none.txt")},
        {CASE("run command --command true --inputs list.txt -o nofolder/out.txt", FAILED,
              "nofolder/out.txt")},
        {CASE("run command --command echo --inputs list.txt -o /dev/full", FAILED, "No space")},
        {CASE("run command --command true", USAGE, "inputs")},
        {CASE("run command --inputs list.txt", USAGE, "command")},
        /* It hangs, and so does what it starts. */
        {CASE("run command --command ./hang --timeout 0.2 --inputs one.txt -o /dev/null", FAILED,
              "1 of 1 commands failed", "no end after 0.2")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

/* However much a command prints, memory stays what it is for one that prints a line. */
static void endless_output_is_bounded(void **unused)
{
    enum { MARGIN_KIB = 16 << 10 };
    struct rusage small, large;
    struct outcome o;

    (void)unused;
    run("run command --command echo --inputs one.txt -q -o /dev/null", NULL, NULL, &o);
    assert_int_equal(o.status, 0);
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &small), 0);
    run("run command --command ./print --inputs one.txt -q -o /dev/null", NULL, NULL, &o);
    assert_int_equal(o.status, 0);
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &large), 0);
    assert_true(large.ru_maxrss < small.ru_maxrss + MARGIN_KIB);
}

/* Nothing is wrong with that: most of the stars' light misses the image. */
static void a_psf_larger_than_the_section(void **unused)
{
    struct outcome o;

    (void)unused;
    run("run completeness --image frame.fits[1:12,1:9] --psf-model gauss:2:60 --iterations 2 -q",
        NULL, NULL, &o);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "12 x 9 pixels, 2 iterations of 50 stars"));
}

static void write_image(const char *name, long size, float value)
{
    long n[2] = {size, size};
    float *pixels = malloc((size_t)(size * size) * sizeof(*pixels));
    fitsfile *file;
    int fits = 0;

    assert_non_null(pixels);
    for (long i = 0; i < size * size; i++)
        pixels[i] = value;
    fits_create_file(&file, name, &fits);
    fits_create_img(file, FLOAT_IMG, 2, n, &fits);
    fits_write_img(file, TFLOAT, 1, size * size, pixels, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    free(pixels);
}

static int make_inputs(void **unused)
{
    struct outcome o;

    (void)unused;
    if (enter_folder() != 0)
        return 1;
    run("synth m71 --size 64 -o frame.fits --psf psf.fits", NULL, NULL, &o);
    if (o.status != 0)
        fail_msg("%s", o.err);
    write_image("nan.fits", 64, NAN);
    write_image("small.fits", 32, 0);
    write_text("text.txt", "no numbers here\n");
    write_text("list.txt", "10 20 18\n30 40 19\n");
    write_text("one.txt", "1\n");
    write_text("hang", "#!/bin/sh\nsleep 1000 & sleep 1000\n");
    write_text("print", "#!/bin/sh\nhead -c 200000000 /dev/zero\n");
    return chmod("hang", 0755) != 0 || chmod("print", 0755) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_images),
        cmocka_unit_test(bad_psfs),
        cmocka_unit_test(bad_numbers),
        cmocka_unit_test(inputs_are_no_outputs),
        cmocka_unit_test(bad_commands),
        cmocka_unit_test(endless_output_is_bounded),
        cmocka_unit_test(a_psf_larger_than_the_section),
    };

    return RUN_CASES(tests, make_inputs);
}
