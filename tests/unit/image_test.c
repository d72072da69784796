/* Images keep their pixels, header and place on the chip through sections, masks, files and other
 * pixel grids; what is no image is refused. */
#include "kernels/astro/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/mask_file.h"
#include "tests/unit/scratch_file.h"

#include <fitsio.h>
#include <string.h>

enum { NX = 40, NY = 30 };

static void write_double(fitsfile *file, const char *keyword, double value, int *fits)
{
    fits_write_key(file, TDOUBLE, keyword, &value, "of the test", fits);
}

/* A frame whose pixel (x, y) holds 1000 y + x, with a TAN-SIP header. */
static const char *write_frame(const char *name)
{
    const char *path = scratch_file(name);
    float data[NX * NY];
    long size[2] = {NX, NY};
    fitsfile *file;
    char ctype[] = "RA---TAN-SIP";
    int order = 2, fits = 0;

    for (int i = 0; i < NX * NY; i++)
        data[i] = (float)(1000 * (i / NX + 1) + i % NX + 1);
    data[NX * 4 + 6] = NAN; /* (7, 5) */
    data[NX * 4 + 7] = INFINITY;
    unlink(path);
    fits_create_diskfile(&file, path, &fits);
    fits_create_img(file, FLOAT_IMG, 2, size, &fits);
    fits_write_key(file, TSTRING, "CTYPE1", ctype, NULL, &fits);
    write_double(file, "CRPIX1", 20.25, &fits);
    write_double(file, "CRPIX2", 11.5, &fits);
    write_double(file, "CRPIX1A", 1, &fits);
    write_double(file, "CD1_1", -1e-5, &fits);
    write_double(file, "CD1_2", 2e-6, &fits);
    write_double(file, "CD2_1", 1e-6, &fits);
    write_double(file, "CD2_2", 1.1e-5, &fits);
    fits_write_key(file, TINT, "A_ORDER", &order, NULL, &fits);
    write_double(file, "A_2_0", 3e-4, &fits);
    write_double(file, "A_1_1", -2e-4, &fits);
    write_double(file, "B_0_2", 1e-4, &fits);
    write_double(file, "EXPTIME", 60, &fits);
    fits_write_img(file, TFLOAT, 1, NX * NY, data, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    return path;
}

static sks_image *read_image(const char *name)
{
    sks_image *image = NULL;

    sks_clear();
    if (sks_image_read(name, &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

static void assert_refused(const char *name, sks_status status, const char *word)
{
    sks_image *image = NULL;

    sks_clear();
    assert_int_equal(sks_image_read(name, &image), status);
    assert_null(image);
    assert_non_null(strstr(sks_message(), word));
    sks_clear();
}

static double keyword(const sks_image *image, const char *name)
{
    double value = NAN;

    assert_true(sks_image_real(image, name, &value));
    return value;
}

static void sections_know_their_place(void **state)
{
    char name[1200];
    sks_image *image;

    (void)state;
    snprintf(name, sizeof(name), "%s[5:12,3:9]", write_frame("frame.fits"));
    image = read_image(name);
    assert_int_equal(image->nx, 8);
    assert_int_equal(image->ny, 7);
    assert_near(image->x0, 4, 0);
    assert_near(image->y0, 2, 0);
    assert_near((double)image->data[0], 3005, 0);
    assert_near((double)image->data[8 * 7 - 1], 9012, 0);
    assert_int_equal(image->n_blank, 2);
    assert_true(isnan(image->data[2 * 8 + 2]));
    assert_true(isnan(image->data[2 * 8 + 3]));
    assert_near(keyword(image, "CRPIX1"), 16.25, 1e-12);
    assert_near(keyword(image, "CRPIX2"), 9.5, 1e-12);
    assert_near(keyword(image, "CRPIX1A"), -3, 1e-12);
    assert_near(keyword(image, "CD1_1"), -1e-5, 1e-18);
    assert_near(keyword(image, "EXPTIME"), 60, 0);
    /* A section of the section, through a file, is still at its place on the chip. */
    assert_int_equal(sks_image_write(image, NULL, 0, scratch_file("section.fits")), SKS_OK);
    sks_image_destroy(image);
    snprintf(name, sizeof(name), "%s[2:3, *]", scratch_file("section.fits"));
    image = read_image(name);
    assert_near(image->x0, 5, 0);
    assert_near(image->y0, 2, 0);
    assert_near((double)image->data[0], 3006, 0);
    assert_near(keyword(image, "CRPIX1"), 15.25, 1e-12);
    sks_image_destroy(image);
}

static void scaled_integers_and_blanks(void **state)
{
    const char *path = scratch_file("scaled.fits");
    short data[6] = {0, 1, -5, 100, -32768, 7};
    long size[2] = {3, 2}, blank = -32768;
    sks_image *image;
    fitsfile *file;
    int fits = 0;

    (void)state;
    unlink(path);
    fits_create_diskfile(&file, path, &fits);
    fits_create_img(file, SHORT_IMG, 2, size, &fits);
    fits_write_img(file, TSHORT, 1, 6, data, &fits);
    write_double(file, "BSCALE", 0.5, &fits);
    write_double(file, "BZERO", 10, &fits);
    fits_write_key(file, TLONG, "BLANK", &blank, NULL, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    image = read_image(path);
    assert_near((double)image->data[0], 10, 0);
    assert_near((double)image->data[2], 7.5, 0);
    assert_near((double)image->data[3], 60, 0);
    assert_true(isnan(image->data[4]));
    assert_int_equal(image->n_blank, 1);
    sks_image_destroy(image);
}

/* Intermediate world coordinates of pixel (x, y) from the header: CD (p - CRPIX + SIP). */
static void world(const sks_image *image, double x, double y, double w[2])
{
    double u = x - keyword(image, "CRPIX1"), v = y - keyword(image, "CRPIX2");
    double f = u + keyword(image, "A_2_0") * u * u + keyword(image, "A_1_1") * u * v;
    double g = v + keyword(image, "B_0_2") * v * v;

    w[0] = keyword(image, "CD1_1") * f + keyword(image, "CD1_2") * g;
    w[1] = keyword(image, "CD2_1") * f + keyword(image, "CD2_2") * g;
}

static void regridding_keeps_the_sky(void **state)
{
    sks_image *image = read_image(write_frame("frame.fits"));
    sks_image *fine = NULL, *back;
    const char *history[] = {"deconvolved by the test, a text that is longer than one record of "
                             "the header can be and therefore is continued"};
    double shift_x = 2 * (0.5 - 5) + 0.5, shift_y = 2 * (0.5 - 3) + 0.5;

    (void)state;
    assert_int_equal(sks_image_regrid(image, 2 * 8, 2 * 7, 2, shift_x, shift_y, &fine), SKS_OK);
    assert_int_equal(sks_image_write(fine, history, 1, scratch_file("fine.fits")), SKS_OK);
    back = read_image(scratch_file("fine.fits"));
    assert_int_equal(back->nx, 16);
    for (double x = 5; x < 12; x += 1.7) {
        for (double y = 3; y < 9; y += 1.3) {
            double w[2], fine_w[2];

            world(image, x, y, w);
            world(back, 2 * x + shift_x, 2 * y + shift_y, fine_w);
            assert_near(fine_w[0], w[0], 1e-16);
            assert_near(fine_w[1], w[1], 1e-16);
        }
    }
    /* The first 2 × 2 block covers pixel (5, 3): sub-pixel 1.5 is its centre. */
    assert_near(2 * 5 + shift_x, 1.5, 0);
    assert_near(keyword(back, "LTM1_1"), 2, 0);
    assert_near(keyword(back, "LTV1"), shift_x, 1e-12);
    assert_non_null(strstr(back->header, "HISTORY deconvolved by the test"));
    sks_image_destroy(back);
    sks_image_destroy(fine);
    sks_image_destroy(image);
}

static void pixels_survive_a_file(void **state)
{
    sks_image *image = NULL, *back;
    void *bytes[2] = {NULL, NULL};
    size_t size[2] = {0, 0};

    (void)state;
    assert_int_equal(sks_image_create(33, 17, &image), SKS_OK);
    for (size_t i = 0; i < 33 * 17; i++)
        image->data[i] = (float)i * 0.1f - 7;
    image->data[5] = NAN;
    for (int i = 0; i < 2; i++)
        assert_int_equal(sks_image_encode(image, NULL, 0, &bytes[i], &size[i]), SKS_OK);
    assert_int_equal(size[0], size[1]);
    assert_int_equal(size[0] % 2880, 0);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    assert_int_equal(sks_image_write(image, NULL, 0, scratch_file("plain.fits")), SKS_OK);
    back = read_image(scratch_file("plain.fits"));
    assert_memory_equal(back->data + 6, image->data + 6, (33 * 17 - 6) * sizeof(float));
    assert_true(isnan(back->data[5]));
    for (int i = 0; i < 2; i++)
        free(bytes[i]);
    sks_image_destroy(back);
    sks_image_destroy(image);
}

static void quality_bits_blank_pixels(void **state)
{
    char name[1200];
    sks_image *dq = NULL, *image;

    (void)state;
    write_frame("frame.fits");
    assert_int_equal(sks_image_create(NX, NY, &dq), SKS_OK);
    dq->data[NX * 9 + 9] = 4;  /* (10, 10) */
    dq->data[NX * 9 + 10] = 3; /* other bits */
    write_mask(dq, scratch_file("dq.fits"));
    sks_image_destroy(dq);
    /* The mask of the whole frame goes with a section of it. */
    snprintf(name, sizeof(name), "%s[8:20,8:15]", scratch_file("frame.fits"));
    image = read_image(name);
    assert_int_equal(sks_image_mask(image, scratch_file("dq.fits"), 4), SKS_OK);
    assert_int_equal(image->n_blank, 1);
    assert_true(isnan(image->data[2 * 13 + 2]));
    assert_false(isnan(image->data[2 * 13 + 3]));
    snprintf(name, sizeof(name), "%s[1:5,1:5]", scratch_file("frame.fits"));
    sks_clear();
    assert_int_equal(sks_image_mask(image, scratch_file("section.fits"), 4), SKS_ERR_INPUT);
    sks_clear();
    sks_image_destroy(image);
}

/* Scaled integers may be fractions as well. */
static void quality_is_integers(void **state)
{
    const char *frame = write_frame("frame.fits"), *path = scratch_file("scaled.fits");
    sks_image *image = read_image(frame), *dq = NULL;
    double half = 0.5;
    fitsfile *file;
    int fits = 0;

    (void)state;
    assert_int_equal(sks_image_create(NX, NY, &dq), SKS_OK);
    write_mask(dq, path);
    sks_image_destroy(dq);
    assert_int_equal(sks_image_mask(image, path, 1), SKS_OK);
    fits_open_diskfile(&file, path, READWRITE, &fits);
    fits_update_key(file, TDOUBLE, "BSCALE", &half, NULL, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    assert_int_equal(sks_image_mask(image, path, 1), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "scaled.fits: the pixels are real numbers"));
    sks_clear();
    assert_int_equal(sks_image_mask(image, scratch_file("frame.fits"), 1), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "needs integers"));
    sks_clear();
    sks_image_destroy(image);
}

static void what_is_no_image_is_refused(void **state)
{
    const char *frame = write_frame("frame.fits");
    char name[1200];
    sks_image *blank = NULL;
    FILE *text;

    (void)state;
    static const char *const sections[] = {"[0:5,1:5]", "[1:41,1:5]", "[9:3,1:5]",
                                           "[1:5]",     "[1:5,1:31]", "[1:5,1:5,1:1]"};
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", frame, sections[i]);
        assert_refused(name, SKS_ERR_USAGE, "section");
    }
    assert_refused(scratch_file("missing.fits"), SKS_ERR_IO, "missing.fits");
    text = fopen(scratch_file("text.fits"), "w");
    assert_non_null(text);
    fputs("this is no FITS file\n", text);
    fclose(text);
    assert_refused(scratch_file("text.fits"), SKS_ERR_INPUT, "text.fits");
    assert_int_equal(sks_image_create(5, 5, &blank), SKS_OK);
    for (int i = 0; i < 25; i++)
        blank->data[i] = NAN;
    assert_int_equal(sks_image_write(blank, NULL, 0, scratch_file("blank.fits")), SKS_OK);
    sks_image_destroy(blank);
    assert_refused(scratch_file("blank.fits"), SKS_ERR_INPUT, "has a value");
    assert_int_equal(truncate(scratch_file("frame.fits"), 2880 + 1000), 0);
    assert_refused(scratch_file("frame.fits"), SKS_ERR_INPUT, "frame.fits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_know_their_place),   cmocka_unit_test(scaled_integers_and_blanks),
        cmocka_unit_test(regridding_keeps_the_sky),    cmocka_unit_test(pixels_survive_a_file),
        cmocka_unit_test(quality_bits_blank_pixels),   cmocka_unit_test(quality_is_integers),
        cmocka_unit_test(what_is_no_image_is_refused),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
