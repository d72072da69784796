/* Detection: H is the least-squares height of a Gaussian, strips of rows give the list of the
 * whole, stars are found where they are, pixels without value do no harm; IRAF's daofind is
 * reproduced. */
#include "kernels/astro/detect.h"

#include "kernels/astro/stars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/reference.h"

enum { NX = 120, NY = 90, N_STARS = 60 };

/* A field of stars on a noisy sky. */
static sks_image *make_field(sks_star stars[N_STARS])
{
    sks_star_options options = {.has_noise = true, .gain = 10, .seed = 2};
    sks_star_adder *adder = NULL;
    sks_image *image = NULL;
    sks_psf *psf = NULL;

    assert_int_equal(sks_image_create(NX, NY, &image), SKS_OK);
    assert_int_equal(sks_psf_gauss(2, 10, 25, &psf), SKS_OK);
    assert_int_equal(sks_star_adder_create(psf, &options, NX, NY, &adder), SKS_OK);
    sks_stars_random(1, 0, NX, NY, 14, 18, N_STARS, stars);
    sks_stars_add(adder, 0, stars, N_STARS, image->data);
    sks_star_adder_destroy(adder);
    sks_psf_destroy(psf);
    for (size_t i = 0; i < NX * NY; i++) /* a repeatable ripple of about 1 DN */
        image->data[i] += 100 + (float)(sin(12.9898 * (double)i) * cos(78.233 * (double)(i % 977)));
    return image;
}

static sks_detect_options field_options(void)
{
    sks_detect_options options = sks_detect_defaults();

    options.fwhm = 2;
    options.sigma = 1;
    return options;
}

static void find(const sks_detect_options *options, const sks_view *view, size_t n_rows,
                 sks_detections *list)
{
    sks_finder *finder = NULL;

    if (sks_finder_create(options, view->nx, n_rows, &finder) != SKS_OK)
        fail_msg("%s", sks_message());
    for (size_t row = 0; row < view->ny; row += n_rows) {
        size_t end = row + n_rows < view->ny ? row + n_rows : view->ny;

        assert_int_equal(sks_detect(finder, view, row, end, list), SKS_OK);
    }
    sks_finder_destroy(finder);
}

/* The relative error for the paper's parameters, worked out by hand from the 13 used pixels. */
static void the_kernel_is_the_lowered_gaussian(void **state)
{
    sks_detect_options options = sks_detect_defaults();
    sks_finder *finder = NULL;
    double s2 = 2 * pow(0.42467 * 1.8, 2), g1 = exp(-1 / s2), g2 = exp(-2 / s2), g4 = exp(-4 / s2);
    double sum = 1 + 4 * (g1 + g2 + g4), sum2 = 1 + 4 * (g1 * g1 + g2 * g2 + g4 * g4);

    (void)state;
    assert_int_equal(sks_finder_create(&options, 10, 10, &finder), SKS_OK);
    assert_near(sks_finder_relerr(finder), 1 / sqrt(sum2 - sum * sum / 13), 1e-12);
    assert_near(sks_finder_relerr(finder), 1.06227, 5e-6);
    assert_near(sks_finder_threshold(finder), 3.39926, 5e-6);
    sks_finder_destroy(finder);
}

/* Height of Gaussian + constant by least squares over the used pixels that have a value. */
static double fitted_height(const sks_image *image, const sks_detect_options *o, long x, long y)
{
    double s = 0.42467 * o->fwhm, n = 0, sg = 0, sgg = 0, sd = 0, sgd = 0;

    for (long j = -2; j <= 2; j++) {
        for (long i = -2; i <= 2; i++) {
            double r2 = (double)(i * i + j * j), g = exp(-r2 / (2 * s * s)), d;
            long px = x + i < 0 ? 0 : x + i >= NX ? NX - 1 : x + i;
            long py = y + j < 0 ? 0 : y + j >= NY ? NY - 1 : y + j;

            d = (double)image->data[py * NX + px];
            if (sqrt(r2) > 2.001 || isnan(d))
                continue;
            n++;
            sg += g;
            sgg += g * g;
            sd += d;
            sgd += g * d;
        }
    }
    return (sgd - sg * sd / n) / (sgg - sg * sg / n);
}

static void the_map_is_a_least_squares_height(void **state)
{
    sks_detect_options options = field_options();
    static float map[NX * NY], part[NX * NY];
    sks_star stars[N_STARS];
    sks_image *image = make_field(stars);
    sks_finder *finder = NULL;
    sks_view view;

    (void)state;
    image->data[40 * NX + 30] = NAN;
    image->data[0] = NAN;
    view = sks_image_view(image);
    assert_int_equal(sks_finder_create(&options, NX, NY, &finder), SKS_OK);
    sks_detect_map(finder, &view, 0, NY, map);
    for (long y = 0; y < NY; y++)
        for (long x = 0; x < NX; x++) {
            double height = fitted_height(image, &options, x, y);

            assert_near((double)map[y * NX + x], height, 2e-6 * (fabs(height) + 300));
        }
    sks_detect_map(finder, &view, 37, 45, part);
    assert_memory_equal(part, map + 37 * NX, 8 * NX * sizeof(*map));
    sks_finder_destroy(finder);
    sks_image_destroy(image);
}

static void strips_give_the_list_of_the_whole(void **state)
{
    static const size_t cuts[] = {1, 2, 3, 7, 16, 45, 89};
    sks_detect_options options = field_options();
    sks_star stars[N_STARS];
    sks_image *image = make_field(stars);
    sks_view view = sks_image_view(image);
    sks_detections whole = {0};

    (void)state;
    image->data[33 * NX + 50] = NAN;
    find(&options, &view, NY, &whole);
    assert_true(whole.n > N_STARS / 2);
    for (size_t k = 0; k < sizeof(cuts) / sizeof(cuts[0]); k++) {
        sks_detections strips = {0};

        find(&options, &view, cuts[k], &strips);
        assert_int_equal(strips.n, whole.n);
        assert_memory_equal(strips.star, whole.star, whole.n * sizeof(*whole.star));
        sks_detections_free(&strips);
    }
    sks_detections_free(&whole);
    sks_image_destroy(image);
}

static void stars_are_found_where_they_are(void **state)
{
    static const double at[][2] = {{30, 40}, {30.5, 40.5}, {50.3, 20.8}, {77.1, 63.9}};
    sks_detect_options options = field_options();
    sks_star_options star_options = {.gain = 1};
    sks_psf *psf = NULL;

    (void)state;
    assert_int_equal(sks_psf_gauss(2, 12, 25, &psf), SKS_OK);
    for (size_t k = 0; k < sizeof(at) / sizeof(at[0]); k++) {
        sks_star star = {at[k][0], at[k][1], 17};
        sks_star_adder *adder = NULL;
        sks_detections list = {0};
        sks_image *image = NULL;
        sks_view view;

        assert_int_equal(sks_image_create(NX, NY, &image), SKS_OK);
        assert_int_equal(sks_star_adder_create(psf, &star_options, NX, NY, &adder), SKS_OK);
        for (size_t i = 0; i < NX * NY; i++)
            image->data[i] = 50;
        sks_stars_add(adder, 0, &star, 1, image->data);
        view = sks_image_view(image);
        find(&options, &view, 10, &list);
        assert_int_equal(list.n, 1);
        /* The fit is linearised about the pixel's centre: 0.1 px off half a pixel away. */
        assert_near(list.star[0].x, star.x, 0.12);
        assert_near(list.star[0].y, star.y, 0.12);
        if (k == 0) { /* off the pixel's centre the samples of a round star are not symmetric */
            assert_near(list.star[0].sround, 0, 1e-3);
            assert_near(list.star[0].ground, 0, 1e-3);
        }
        sks_detections_free(&list);
        sks_star_adder_destroy(adder);
        sks_image_destroy(image);
    }
    sks_psf_destroy(psf);
}

static void empty_and_blank_skies_have_no_stars(void **state)
{
    sks_detect_options options = field_options();
    sks_detections list = {0};
    sks_image *image = NULL;
    sks_view view;

    (void)state;
    assert_int_equal(sks_image_create(NX, NY, &image), SKS_OK);
    view = sks_image_view(image);
    find(&options, &view, 13, &list);
    assert_int_equal(list.n, 0);
    for (size_t i = 0; i < NX * NY; i++)
        image->data[i] = i % 3 == 0 ? 7 : NAN;
    find(&options, &view, 13, &list);
    assert_int_equal(list.n, 0);
    sks_image_destroy(image);
    /* An image smaller than the box. */
    assert_int_equal(sks_image_create(1, 2, &image), SKS_OK);
    image->data[0] = 100;
    view = sks_image_view(image);
    find(&options, &view, 1, &list);
    sks_detections_free(&list);
    sks_image_destroy(image);
}

static void data_limits_take_saturated_stars_away(void **state)
{
    sks_detect_options options = field_options();
    sks_star stars[N_STARS];
    sks_image *image = make_field(stars);
    sks_view view = sks_image_view(image);
    sks_detections all = {0}, limited = {0};

    (void)state;
    find(&options, &view, NY, &all);
    options.data_max = 1000;
    find(&options, &view, NY, &limited);
    assert_true(limited.n < all.n);
    for (size_t i = 0; i < limited.n; i++) {
        long x = lround(limited.star[i].x), y = lround(limited.star[i].y);

        assert_true(image->data[(y - 1) * NX + x - 1] <= 1000 || limited.star[i].height < 1000);
    }
    sks_detections_free(&all);
    sks_detections_free(&limited);
    sks_image_destroy(image);
}

static void senseless_options_are_refused(void **state)
{
    sks_detect_options bad[6];
    sks_finder *finder = NULL;

    (void)state;
    for (int i = 0; i < 6; i++)
        bad[i] = sks_detect_defaults();
    bad[0].fwhm = 0;
    bad[1].gain = -3;
    bad[2].sharp_low = 2;
    bad[3].fwhm = 1e6;
    bad[4].sigma = NAN;
    bad[5].read_noise = -1;
    for (int i = 0; i < 6; i++) {
        sks_clear();
        assert_int_equal(sks_finder_create(&bad[i], 10, 10, &finder), SKS_ERR_USAGE);
        assert_null(finder);
    }
    sks_clear();
}

static sks_image *read_frame(const char *name)
{
    sks_image *image = NULL;

    if (sks_image_read(name, &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

static void compare_list(const char *name, sks_view view)
{
    /* One unit of the last printed digit, and the rounding of what is printed. */
    const double unit = 0.001 + 1e-6;
    sks_detect_options options = sks_detect_defaults();
    struct reference_table table;
    sks_detections list = {0};

    assert_true(reference_read(name, &table));
    find(&options, &view, 64, &list);
    assert_int_equal(list.n, table.n_rows);
    for (size_t i = 0; i < list.n; i++) {
        assert_near(list.star[i].x, table.row[i][1], unit);
        assert_near(list.star[i].y, table.row[i][2], unit);
        assert_near(list.star[i].mag, table.row[i][3], unit);
        assert_near(list.star[i].sharpness, table.row[i][4], unit);
        assert_near(list.star[i].sround, table.row[i][5], unit);
        assert_near(list.star[i].ground, table.row[i][6], unit);
    }
    sks_detections_free(&list);
    free(table.row);
}

/* IRAF 2.17 daofind on M71: a section by itself, the section in its surroundings, the frame; and
 * its density enhancement map to the rounding of single precision. */
static void daofind_is_reproduced(void **state)
{
    static float map[512 * 512];
    sks_detect_options options = sks_detect_defaults();
    sks_image *frame, *section, *expected;
    sks_finder *finder = NULL;
    sks_view view;
    char name[4200];

    (void)state;
    if (!reference_is_there())
        skip();
    frame = read_frame(reference_path("data/m71_f555w_pc1.fits"));
    snprintf(name, sizeof(name), "%s[200:711,200:711]", reference_path("data/m71_f555w_pc1.fits"));
    section = read_frame(name);
    compare_list("reference/m71_daofind_section.tsv", sks_image_view(section));
    compare_list("reference/m71_daofind_section_inplace.tsv",
                 sks_image_part(frame, 200, 200, 512, 512));
    compare_list("reference/m71_daofind_full.tsv", sks_image_view(frame));
    expected = read_frame(reference_path("reference/m71_daofind_density.fits.gz"));
    view = sks_image_view(section);
    assert_int_equal(sks_finder_create(&options, 512, 512, &finder), SKS_OK);
    sks_detect_map(finder, &view, 0, 512, map);
    for (size_t i = 0; i < 512 * 512; i++)
        assert_near((double)map[i], (double)expected->data[i], 2e-3);
    sks_finder_destroy(finder);
    sks_image_destroy(expected);
    sks_image_destroy(section);
    sks_image_destroy(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_the_lowered_gaussian),
        cmocka_unit_test(the_map_is_a_least_squares_height),
        cmocka_unit_test(strips_give_the_list_of_the_whole),
        cmocka_unit_test(stars_are_found_where_they_are),
        cmocka_unit_test(empty_and_blank_skies_have_no_stars),
        cmocka_unit_test(data_limits_take_saturated_stars_away),
        cmocka_unit_test(senseless_options_are_refused),
        cmocka_unit_test(daofind_is_reproduced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed != 0 ? failed : reference_exit();
}
