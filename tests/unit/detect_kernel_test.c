/* The kernel `detect` lists the stars of a frame with their positions and magnitudes; its list
 * depends neither on strips, workers or schedulers nor on being text or a FITS table; sections keep
 * their surroundings when told to, and the chip's coordinates; bad input is refused. */
#include "schedulers/scheduler.h"

#include <fitsio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/mask_file.h"
#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"
#include "tests/unit/star_table.h"

extern const sks_kernel sks_kernel_detect;
static const sks_kernel *const detect = &sks_kernel_detect;

enum { NX = 150, NY = 120, N_STARS = 12, X = 1, Y = 2, FLUX = 9, MAG = 15, APERTURE_CODE = 18 };

/* In the order of the list: rows from below. */
static const sks_star stars[N_STARS] = {
    {30.2, 1.9, 15},    {75.3, 14.8, 16},  {120.7, 15.1, 17}, {60, 40, 15.5},
    {62.4, 48.3, 14.5}, {20.5, 56.5, 18},  {140.1, 70.9, 17}, {99.5, 72.2, 16.5},
    {50.8, 88.4, 17.5}, {110.3, 90.1, 16}, {10.9, 101.7, 15}, {133.6, 111.2, 16.2},
};

static const char *frame(void)
{
    const char *path = scratch_file("frame.fits");

    if (access(path, R_OK) != 0)
        frame_write(path, NX, NY, 10, 0.3, stars, N_STARS);
    return path;
}

/* Runs on `image` with one more parameter; the digest goes to *digest. */
static void list(const char *image, const char *name, const char *value, const char *output,
                 const char *scheduler, unsigned n_workers, sks_digest *digest)
{
    const char *const parameters[] = {"image",  image,       "sigma", "0.6",       "gain",
                                      "1",      "readnoise", "0",     "zeropoint", "25",
                                      "output", output,      name,    value,       NULL};
    sks_record record;

    assert_int_equal(run_kernel(detect, scheduler, n_workers, parameters, &record), SKS_OK);
    *digest = record.digest;
    sks_record_clear(&record);
}

static struct star_table list_of(const char *image, const char *name, const char *value)
{
    sks_digest digest;

    list(image, name, value, scratch_file("list.txt"), "dynamic", 2, &digest);
    return table_read(scratch_file("list.txt"));
}

static void stars_are_listed(void **state)
{
    struct star_table t = list_of(frame(), "rows", "8");

    (void)state;
    assert_int_equal(t.n_rows, N_STARS);
    for (size_t i = 0; i < N_STARS; i++) {
        assert_int_equal((int)t.row[i][0], i + 1);
        /* Marginal fits to undersampled stars are biased by up to 0.15 px. */
        assert_near(t.row[i][X], stars[i].x, 0.2);
        assert_near(t.row[i][Y], stars[i].y, i == 0 ? 0.3 : 0.2);
        if (i == 0) { /* its aperture crosses the edge */
            assert_int_equal((int)t.row[i][APERTURE_CODE], 301);
            assert_true(isnan(t.row[i][MAG]));
        } else {
            assert_int_equal((int)t.row[i][APERTURE_CODE], 0);
            assert_near(t.row[i][MAG], stars[i].mag, 0.02);
            assert_near(25 - 2.5 * log10(t.row[i][FLUX]), t.row[i][MAG], 1e-4);
        }
    }
    table_free(&t);
}

static void list_depends_on_nothing_but_the_frame(void **state)
{
    static const char *const rows[] = {"1", "2", "8", "37", "1000"};
    sks_digest first, again;

    (void)state;
    list(frame(), "rows", "8", scratch_file("list.txt"), "static", 1, &first);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        list(frame(), "rows", rows[i], scratch_file("list.txt"), "dynamic", 3, &again);
        assert_string_equal(again.hex, first.hex);
    }
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++) {
        for (unsigned n = 1; n <= 8; n++) {
            list(frame(), "rows", "4", scratch_file("list.txt"), sks_scheduler_table[i]->name, n,
                 &again);
            assert_string_equal(again.hex, first.hex);
        }
    }
}

static void table_and_text_say_the_same(void **state)
{
    struct star_table t = list_of(frame(), "rows", "8");
    const char *path = scratch_file("list.fits");
    sks_digest digest;
    fitsfile *file = NULL;
    int fits = 0, any;
    long n_rows = 0;

    (void)state;
    list(frame(), "rows", "8", path, "dynamic", 2, &digest);
    fits_open_table(&file, path, READONLY, &fits);
    fits_get_num_rows(file, &n_rows, &fits);
    assert_int_equal(fits, 0);
    assert_int_equal(n_rows, t.n_rows);
    for (int c = 0; c < 19; c++) {
        double nothing = NAN, column[N_STARS];

        fits_read_col(file, TDOUBLE, c + 1, 1, 1, n_rows, &nothing, column, &any, &fits);
        for (long i = 0; i < n_rows; i++) {
            double text = t.row[i][c];

            assert_true((isnan(column[i]) && isnan(text)) ||
                        fabs(column[i] - text) <= 6e-4 + 1e-6 * fabs(text));
        }
    }
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    table_free(&t);
}

static void section_name(char *name, size_t size, const char *section)
{
    snprintf(name, size, "%s%s", frame(), section);
}

/* The section's lower edge, y = 41, cuts through the star at (60, 40): its light on the edge's row
 * is a star only if the row below is unknown. */
static void sections_have_surroundings(void **state)
{
    char name[1200];
    struct star_table real, repeated, chip;

    (void)state;
    section_name(name, sizeof(name), "[21:140,41:110]");
    real = list_of(name, "edge", "real");
    repeated = list_of(name, "edge", "repeat");
    chip = list_of(name, "coordinates", "chip");
    assert_non_null(strstr(real.header, "120 x 70 pixels"));
    assert_int_equal(real.n_rows, chip.n_rows);
    for (size_t i = 0; i < real.n_rows; i++) {
        assert_near(chip.row[i][X] - real.row[i][X], 20, 1e-9);
        assert_near(chip.row[i][Y] - real.row[i][Y], 40, 1e-9);
    }
    /* Far from the edge nothing differs. */
    for (size_t i = 0; i < real.n_rows; i++) {
        bool is_found = false;

        if (real.row[i][X] < 5 || real.row[i][X] > 116 || real.row[i][Y] < 5 || real.row[i][Y] > 66)
            continue;
        for (size_t j = 0; j < repeated.n_rows; j++)
            is_found |= memcmp(real.row[i] + 1, repeated.row[j] + 1, 8 * sizeof(double)) == 0;
        assert_true(is_found);
    }
    assert_true(real.n_rows != repeated.n_rows ||
                memcmp(real.row[0], repeated.row[0], 8 * sizeof(double)) != 0);
    table_free(&real);
    table_free(&repeated);
    table_free(&chip);
}

/* A section copied into a file of its own gives the list of the repeated edge. */
static void repeated_edge_is_a_copy(void **state)
{
    char name[1200];
    const char *copy = scratch_file("copy.fits");
    sks_image *image = NULL;
    sks_digest by_section, by_copy;

    (void)state;
    section_name(name, sizeof(name), "[21:140,41:110]");
    assert_int_equal(sks_image_read(name, &image), SKS_OK);
    assert_int_equal(sks_image_write(image, NULL, 0, copy), SKS_OK);
    sks_image_destroy(image);
    list(name, "edge", "repeat", scratch_file("list.txt"), "dynamic", 2, &by_section);
    list(copy, "edge", "real", scratch_file("list.txt"), "dynamic", 2, &by_copy);
    assert_string_equal(by_section.hex, by_copy.hex);
}

static void masked_stars_are_left_out(void **state)
{
    struct star_table all = list_of(frame(), "mask-bits", "5"), part;
    sks_image *mask = NULL;
    char mask_path[1024];

    (void)state;
    snprintf(mask_path, sizeof(mask_path), "%s", scratch_file("mask.fits"));
    assert_int_equal(sks_image_create(NX, NY, &mask), SKS_OK);
    for (int y = 45; y <= 52; y++)
        for (int x = 59; x <= 66; x++)
            mask->data[(y - 1) * NX + x - 1] = 2; /* the star at (62.4, 48.3) */
    write_mask(mask, mask_path);
    sks_image_destroy(mask);
    part = list_of(frame(), "mask", mask_path);
    assert_int_equal(part.n_rows, all.n_rows - 1);
    for (size_t i = 0; i < part.n_rows; i++)
        assert_true(fabs(part.row[i][X] - 62.4) > 3 || fabs(part.row[i][Y] - 48.3) > 3);
    table_free(&all);
    table_free(&part);
}

static void refuse(const char *image, const char *name, const char *value, sks_status expected,
                   const char *says)
{
    const char *const parameters[] = {"image", image, "output", scratch_file("none.txt"),
                                      name,    value, NULL};
    sks_record record;

    assert_int_equal(run_kernel(detect, "dynamic", 1, parameters, &record), expected);
    assert_non_null(strstr(sks_message(), says));
    assert_int_not_equal(access(scratch_file("none.txt"), F_OK), 0);
    sks_clear();
}

static void bad_input_is_refused(void **state)
{
    char name[1200];

    (void)state;
    refuse(scratch_file("absent.fits"), "rows", "8", SKS_ERR_IO, "absent.fits");
    refuse(frame(), "gain", "0", SKS_ERR_USAGE, "gain");
    refuse(frame(), "fwhm", "0", SKS_ERR_USAGE, "FWHM");
    refuse(frame(), "sharplo", "2", SKS_ERR_USAGE, "upside down");
    refuse(frame(), "aperture", "0", SKS_ERR_USAGE, "aperture");
    refuse(frame(), "mask", frame(), SKS_ERR_INPUT, "mask needs integers");
    section_name(name, sizeof(name), "[100:400,1:20]");
    refuse(name, "rows", "8", SKS_ERR_USAGE, "section");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_are_listed),
        cmocka_unit_test(list_depends_on_nothing_but_the_frame),
        cmocka_unit_test(table_and_text_say_the_same),
        cmocka_unit_test(sections_have_surroundings),
        cmocka_unit_test(repeated_edge_is_a_copy),
        cmocka_unit_test(masked_stars_are_left_out),
        cmocka_unit_test(bad_input_is_refused),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
