/* Property: a coordinate system is found wherever a file keeps it (extension, section, compression,
 * a second system, a look-up table), its description says what it is, and what is no system is
 * refused by name. */
#include "wcs_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "assert_near.h"

static void alternate_systems(void **unused)
{
    static const struct model galactic = {.projection = "CAR",
                                          .longitude = "GLON",
                                          .latitude = "GLAT",
                                          .reference = {33.0, 0.0},
                                          .step = 0.02,
                                          .rotation = 5.0};
    fitsfile *fits = create("two.fits");
    sks_wcs *wcs = NULL;
    int code = 0;

    (void)unused;
    put_image(fits, &tan_rotated, &code);
    put_system(fits, &tan_rotated, "", &code);
    put_system(fits, &galactic, "A", &code);
    finish(fits, code);
    check_file("two.fits", &tan_rotated, slope_tolerance(&tan_rotated));
    wcs = read_system("two.fits", 'A', true);
    assert_string_equal(sks_wcs_describe(wcs).frame, "galactic");
    check_system(wcs, "system A", &galactic, true, no_origin, slope_tolerance(&galactic));
    sks_wcs_destroy(wcs);
    wcs = NULL;
    assert_int_equal(sks_wcs_read("two.fits", 'B', true, &wcs), SKS_ERR_INPUT);
    assert_null(wcs);
    assert_non_null(strstr(sks_message(), "\"B\""));
    sks_clear();
}

static void extensions(void **unused)
{
    fitsfile *fits = create("many.fits");
    long size[2] = {10, 10};
    int code = 0;
    struct model other = tan_rotated;

    (void)unused;
    other.reference[0] = 20.0;
    fits_create_img(fits, SHORT_IMG, 0, NULL, &code);
    put_image(fits, &tan_rotated, &code);
    put_system(fits, &tan_rotated, "", &code);
    put_text(fits, "EXTNAME", "", "SCI", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "EXTNAME", "", "DQ", &code);
    put_image(fits, &other, &code);
    put_system(fits, &other, "", &code);
    put_text(fits, "EXTNAME", "", "OTHER", &code);
    finish(fits, code);
    check_file("many.fits", &tan_rotated, 1e-8); /* the first image */
    check_file("many.fits[1]", &tan_rotated, 1e-8);
    check_file("many.fits[SCI]", &tan_rotated, 1e-8);
    check_file("many.fits[3]", &other, 1e-8);
    check_file("many.fits[other]", &other, 1e-8);
}

/* Pixels count from the section's own first one. */
static void sections(void **unused)
{
    static const struct {
        const char *image;
        double origin[2], size[2];
    } cases[] = {
        {"frame.fits[11:60,21:90]", {10.0, 20.0}, {50.0, 70.0}},
        {"frame.fits[1:200,150:150]", {0.0, 149.0}, {200.0, 1.0}},
        {"frame.fits[*,31:40]", {0.0, 30.0}, {200.0, 10.0}},
    };
    const struct model *const models[] = {&tan_rotated, &tan_sip, &tpv_model};

    (void)unused;
    for (size_t k = 0; k < sizeof(models) / sizeof(*models); k++) {
        make_frame("frame.fits", models[k]);
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
            sks_wcs *wcs = read_system(cases[i].image, ' ', true);

            assert_true(sks_wcs_describe(wcs).size_x == cases[i].size[0]);
            assert_true(sks_wcs_describe(wcs).size_y == cases[i].size[1]);
            check_system(wcs, cases[i].image, models[k], true, cases[i].origin,
                         slope_tolerance(models[k]));
            sks_wcs_destroy(wcs);
        }
    }
}

static void compressed_files(void **unused)
{
    static const struct {
        const char *created, *read;
    } cases[] = {
        {"tiled.fits[compress]", "tiled.fits"},
        {"tiles.fits[compress G 20,20]", "tiles.fits[1]"},
        {"zipped.fits.gz", "zipped.fits.gz"},
        {"zip.fits.gz", "zip.fits"},
        {"cut.fits.gz", "cut.fits.gz[1:200,1:150]"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sks_wcs *wcs;

        make_frame(cases[i].created, &tan_sip);
        check_file(cases[i].read, &tan_sip, slope_tolerance(&tan_sip));
        wcs = read_system(cases[i].read, ' ', true);
        assert_true(sks_wcs_describe(wcs).size_x == SIZE_X);
        assert_true(sks_wcs_describe(wcs).size_y == SIZE_Y);
        sks_wcs_destroy(wcs);
    }
}

/* A look-up table, Greisen et al. (2006), A&A 446, 747 (Paper III), section 6: the coordinates are
 * interpolated linearly between the entries of an array, here one every 50 pixels. */
static void lookup_tables(void **unused)
{
    enum { K1 = 5, K2 = 4 };
    char *types[] = {"COORDS"};
    char *forms[] = {"40D"};
    long dimensions[3] = {2, K1, K2}, size[2] = {SIZE_X, SIZE_Y};
    double coords[K2][K1][2];
    const double pixel[] = {1.0, 1.0, 30.25, 70.5, 200.0, 150.0, 51.0, 1.0, 400.0, 20.0};
    double sky[10], back[10];
    fitsfile *fits = create("tab.fits");
    sks_wcs_worker *worker;
    sks_wcs *wcs;
    int code = 0;

    (void)unused;
    for (int k = 0; k < K2; k++)
        for (int j = 0; j < K1; j++) {
            coords[k][j][0] = 100.0 - j - 0.01 * j * j + 0.002 * k;
            coords[k][j][1] = 20.0 + k + 0.01 * k * k - 0.003 * j;
        }
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    for (int i = 1; i <= 2; i++) {
        char key[FLEN_KEYWORD];

        snprintf(key, sizeof(key), "CTYPE%d", i);
        put_text(fits, key, "", i == 1 ? "RA---TAB" : "DEC--TAB", &code);
        snprintf(key, sizeof(key), "PS%d_0", i);
        put_text(fits, key, "", "WCS-TAB", &code);
        snprintf(key, sizeof(key), "PS%d_1", i);
        put_text(fits, key, "", "COORDS", &code);
        put_number(fits, "", 1.0, &code, "CRPIX%d", i);
        put_number(fits, "", 1.0, &code, "CRVAL%d", i); /* pixel 1 is the array's entry 1 */
        put_number(fits, "", 0.02, &code, "CDELT%d", i);
        put_number(fits, "", 1.0, &code, "PV%d_1", i);
        put_number(fits, "", 1.0, &code, "PV%d_2", i);
        put_number(fits, "", i, &code, "PV%d_3", i);
    }
    fits_create_tbl(fits, BINARY_TBL, 1, 1, types, forms, NULL, "WCS-TAB", &code);
    fits_write_tdim(fits, 1, 3, dimensions, &code);
    fits_write_col(fits, TDOUBLE, 1, 1, 1, 2 * K1 * K2, coords, &code);
    finish(fits, code);

    wcs = read_system("tab.fits", ' ', true);
    assert_string_equal(sks_wcs_describe(wcs).longitude, "ra");
    assert_true(sks_wcs_describe(wcs).is_equatorial);
    assert_int_equal(sks_wcs_worker_create(wcs, 10, &worker), SKS_OK);
    assert_int_equal(sks_wcs_pix2sky(worker, 5, pixel, sky), 1); /* the last one is outside */
    for (int i = 0; i < 4; i++) {
        double u = (pixel[2 * i] - 1.0) * 0.02, v = (pixel[2 * i + 1] - 1.0) * 0.02;
        int j = (int)u, k = (int)v;

        u -= j;
        v -= k;
        for (int c = 0; c < 2; c++)
            assert_near(sky[2 * i + c],
                        (1 - v) * ((1 - u) * coords[k][j][c] + u * coords[k][j + 1][c]) +
                            v * ((1 - u) * coords[k + 1][j][c] + u * coords[k + 1][j + 1][c]),
                        1e-12);
    }
    assert_true(isnan(sky[8]) && isnan(sky[9]));
    assert_int_equal(sks_wcs_sky2pix(worker, 4, sky, back), 0);
    for (int i = 0; i < 8; i++)
        assert_near(back[i], pixel[i], 1e-6);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

static void descriptions(void **unused)
{
    static const struct {
        struct model model;
        double equinox; /* 0: none */
        const char *frame, *projection, *longitude, *latitude;
        bool is_equatorial;
    } cases[] = {
        {{.projection = "TAN", .radesys = "ICRS"}, 0, "ICRS", "TAN", "ra", "dec", true},
        {{.projection = "TAN-SIP", .a = SIP_A, .b = SIP_B},
         0,
         "ICRS",
         "TAN-SIP",
         "ra",
         "dec",
         true},
        {{.projection = "SIN"}, 2000.0, "FK5 equinox 2000", "SIN", "ra", "dec", true},
        {{.projection = "SIN"}, 1950.0, "FK4 equinox 1950", "SIN", "ra", "dec", true},
        {{.projection = "TPV", .a = TPV_LONGITUDE, .b = TPV_LATITUDE, .radesys = "FK5"},
         1975.0,
         "FK5 equinox 1975",
         "TPV",
         "ra",
         "dec",
         true},
        {{.projection = "AIT", .longitude = "GLON", .latitude = "GLAT"},
         0,
         "galactic",
         "AIT",
         "glon",
         "glat",
         false},
        {{.projection = "CAR", .longitude = "SLON", .latitude = "SLAT"},
         0,
         "supergalactic",
         "CAR",
         "slon",
         "slat",
         false},
        {{.projection = "CAR", .longitude = "ELON", .latitude = "ELAT", .is_reversed = true},
         2000.0,
         "ecliptic, FK5 equinox 2000",
         "CAR",
         "elon",
         "elat",
         false},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct model m = cases[i].model;
        fitsfile *fits = create("frame.fits");
        int code = 0;
        sks_wcs *wcs;
        sks_wcs_info info;

        m.step = 0.01;
        put_image(fits, &m, &code);
        put_system(fits, &m, "", &code);
        if (cases[i].equinox > 0)
            put_number(fits, "", cases[i].equinox, &code, "EQUINOX");
        finish(fits, code);
        wcs = read_system("frame.fits", ' ', true);
        info = sks_wcs_describe(wcs);
        assert_string_equal(info.frame, cases[i].frame);
        assert_string_equal(info.projection, cases[i].projection);
        assert_string_equal(info.longitude, cases[i].longitude);
        assert_string_equal(info.latitude, cases[i].latitude);
        assert_int_equal(info.is_equatorial, cases[i].is_equatorial);
        assert_true(info.size_x == SIZE_X && info.size_y == SIZE_Y);
        sks_wcs_destroy(wcs);
    }
}

static void check_refused(const char *image, sks_status expected, const char *says)
{
    sks_wcs *wcs = NULL;
    sks_status status = sks_wcs_read(image, ' ', true, &wcs);

    if (status != expected || strstr(sks_message(), says) == NULL)
        fail_msg("%s: status %d, \"%s\", expected \"%s\"", image, (int)status, sks_message(), says);
    assert_null(wcs);
    sks_clear();
}

/* Both rows of the matrix alike. */
static void make_singular(const char *path)
{
    fitsfile *fits = create(path);
    double element = 0.01;
    int code = 0;

    put_image(fits, &tan_rotated, &code);
    put_system(fits, &tan_rotated, "", &code);
    for (int i = 0; i < 4; i++) {
        char key[FLEN_KEYWORD];

        snprintf(key, sizeof(key), "CD%d_%d", 1 + i / 2, 1 + i % 2);
        fits_update_key(fits, TDOUBLE, key, &element, NULL, &code);
    }
    finish(fits, code);
}

static void what_is_no_system(void **unused)
{
    fitsfile *fits = create("plain.fits");
    long size[2] = {10, 10};
    int code = 0;

    (void)unused;
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "EXTNAME", "", "PLAIN", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "CTYPE1", "", "WAVE", &code);
    put_text(fits, "CTYPE2", "", "LINEAR", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "CTYPE1", "", "RA---XYZ", &code);
    put_text(fits, "CTYPE2", "", "DEC--XYZ", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "CTYPE1", "", "RA---TAN", &code);
    finish(fits, code);
    make_singular("singular.fits");
    check_refused("plain.fits", SKS_ERR_INPUT, "coordinate system");
    check_refused("plain.fits[1]", SKS_ERR_INPUT, "WAVE");
    check_refused("plain.fits[2]", SKS_ERR_INPUT, "plain.fits[2]");
    check_refused("plain.fits[3]", SKS_ERR_INPUT, "plain.fits[3]");
    check_refused("plain.fits[4]", SKS_ERR_INPUT, "plain.fits[4]");
    check_refused("singular.fits", SKS_ERR_INPUT, "is singular");
    check_refused("none.fits", SKS_ERR_IO, "No such file");
    check_refused("plain.fits[1:5,", SKS_ERR_INPUT, "plain.fits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alternate_systems), cmocka_unit_test(extensions),
        cmocka_unit_test(sections),          cmocka_unit_test(compressed_files),
        cmocka_unit_test(lookup_tables),     cmocka_unit_test(descriptions),
        cmocka_unit_test(what_is_no_system),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
