/* Photometry: circles share the right area with pixels, the sky survives outliers and NaN, flux,
 * magnitude and error follow their formulae; IRAF's phot is reproduced. Matching makes the pairs
 * that its two rules ask for. */
#include "kernels/astro/photometry.h"

#include "kernels/astro/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/reference.h"

enum { N = 101 };

static void circle_area_is_exact(void **state)
{
    enum { FINE = 400 };

    (void)state;
    for (double r = 0.3; r < 4; r += 0.61) {
        double total = 0;

        for (int j = -6; j <= 6; j++)
            for (int i = -6; i <= 6; i++)
                total += sks_circle_pixel_area(r, i + 0.31, j - 0.17);
        assert_near(total, M_PI * r * r, 1e-12);
    }
    for (double dx = -3; dx <= 3; dx += 0.75) {
        double inside = 0;

        for (int j = 0; j < FINE; j++)
            for (int i = 0; i < FINE; i++)
                inside += hypot(dx + (i + 0.5) / FINE - 0.5, 0.4 + (j + 0.5) / FINE - 0.5) <= 2.2;
        assert_near(sks_circle_pixel_area(2.2, dx, 0.4), inside / (FINE * FINE), 1e-4);
    }
    assert_near(sks_circle_pixel_area(0.2, 0, 0), M_PI * 0.04, 1e-15);
    assert_near(sks_circle_pixel_area(10, 3, -2), 1, 1e-15);
    assert_near(sks_circle_pixel_area(1, 3, -2), 0, 0);
}

static sks_image *make_image(float level)
{
    sks_image *image = NULL;

    assert_int_equal(sks_image_create(N, N, &image), SKS_OK);
    for (size_t i = 0; i < N * N; i++)
        image->data[i] = level;
    return image;
}

static sks_phot measure(const sks_phot_options *options, const sks_image *image, double x, double y)
{
    sks_photometer *photometer = NULL;
    sks_view view = sks_image_view(image);
    sks_phot phot;

    if (sks_photometer_create(options, &photometer) != SKS_OK)
        fail_msg("%s", sks_message());
    sks_phot_measure(photometer, &view, x, y, &phot);
    sks_photometer_destroy(photometer);
    return phot;
}

/* IRAF's weights and the annulus, counted over the whole image. */
static void count_by_definition(const sks_image *image, const sks_phot_options *o, double x,
                                double y, double *sum, double *area, size_t *n_sky)
{
    *sum = *area = 0;
    *n_sky = 0;
    for (int j = 1; j <= N; j++) {
        for (int i = 1; i <= N; i++) {
            double r = hypot(i - x, j - y), w = fmin(1, fmax(0, o->aperture - r + 0.5));
            float d = image->data[(j - 1) * N + i - 1];

            if (w > 0) {
                *sum += w * (double)d;
                *area += w;
            }
            *n_sky += r > o->annulus && r <= o->annulus + o->dannulus && !isnan(d);
        }
    }
}

static void numbers_follow_the_formulae(void **state)
{
    static const double at[][2] = {{50, 50}, {51.25, 48.75}, {10.5, 90.125}, {3.5, 3.5}};
    sks_phot_options options = sks_phot_defaults();
    sks_image *image = make_image(10);

    (void)state;
    options.exposure = 60;
    for (int i = 0; i < N * N; i++)
        image->data[i] += (float)((i * 7919) % 101 - 50) * 0.02f;
    for (int k = 0; k < 4; k++)
        image->data[(int)at[k][1] * N + (int)at[k][0]] = 900;
    image->data[50 * N + 75] = NAN;
    for (int k = 0; k < 4; k++) {
        sks_phot p = measure(&options, image, at[k][0], at[k][1]);
        double sum, area, sigma2 = p.sky_sigma * p.sky_sigma;
        size_t n_sky;

        count_by_definition(image, &options, at[k][0], at[k][1], &sum, &area, &n_sky);
        assert_near(p.sum, sum, 1e-9 * sum);
        assert_near(p.area, area, 1e-12 * area);
        assert_int_equal(p.n_sky + p.n_rejected, n_sky);
        assert_near(p.sky, 10, 0.15);
        assert_near(p.sky_sigma, 0.02 * sqrt((101.0 * 101 - 1) / 12), 0.04);
        assert_near(p.flux, p.sum - p.area * p.sky, 1e-12 * sum);
        assert_near(p.mag, 21.757 - 2.5 * log10(p.flux / 60), 1e-12);
        assert_near(
            p.mag_error,
            1.0857 / p.flux *
                sqrt(area * sigma2 + p.flux / 13.99 + area * area * sigma2 / (double)p.n_sky),
            1e-12);
        assert_int_equal(p.aperture_code, SKS_PHOT_OK);
    }
    options.is_exact = true;
    assert_near(measure(&options, image, 51.3, 48.71).area, M_PI * 9, 1e-12);
    sks_image_destroy(image);
}

static void skies_survive_outliers(void **state)
{
    sks_phot_options options = sks_phot_defaults();
    sks_image *image = make_image(0);
    sks_phot median, mean, mode;
    double sum = 0;

    (void)state;
    /* Two values in turn, so that the mean is known; some pixels far off on one side. */
    for (int i = 0; i < N * N; i++)
        image->data[i] = (i / N + i % N) % 2 == 0 ? 4 : 6;
    for (int i = 0; i < N * N; i += 37)
        image->data[i] = 5000;
    median = measure(&options, image, 50, 50);
    options.sky = SKS_SKY_MEAN;
    mean = measure(&options, image, 50, 50);
    options.sky = SKS_SKY_MODE;
    mode = measure(&options, image, 50, 50);
    assert_true(median.n_rejected > 20);
    assert_int_equal(mean.n_rejected, median.n_rejected);
    assert_near(mean.sky, 5, 0.05);
    assert_near(mean.sky_sigma, 1, 0.01);
    assert_near(mean.sky_skew, 0, 0.5);
    assert_true(median.sky >= 4 && median.sky <= 6);
    assert_true(mode.sky <= fmax(mean.sky, 3 * median.sky - 2 * mean.sky) + 1e-5);
    /* Without rejection the mean is that of all pixels of the annulus. */
    options.sky = SKS_SKY_MEAN;
    options.n_passes = 0;
    mean = measure(&options, image, 50, 50);
    for (int j = 1; j <= N; j++)
        for (int i = 1; i <= N; i++)
            if (hypot(i - 50, j - 50) > 20 && hypot(i - 50, j - 50) <= 30)
                sum += (double)image->data[(j - 1) * N + i - 1];
    assert_near(mean.sky, sum / (double)mean.n_sky, 1e-6 * mean.sky);
    assert_int_equal(mean.n_rejected, 0);
    sks_image_destroy(image);
}

static void stars_without_a_measure_have_none(void **state)
{
    sks_phot_options options = sks_phot_defaults();
    sks_image *image = make_image(1);
    sks_phot p = measure(&options, image, 3.4, 50);

    (void)state;
    assert_int_equal(p.aperture_code, SKS_PHOT_OFF_IMAGE);
    assert_true(isnan(p.mag) && p.flux == 0 && p.area == 0);
    p = measure(&options, image, 50, N - 2.4);
    assert_int_equal(p.aperture_code, SKS_PHOT_OFF_IMAGE);
    p = measure(&options, image, -500, 1e9);
    assert_int_equal(p.sky_code, SKS_SKY_NO_PIXELS);
    assert_true(isnan(p.sky));
    p = measure(&options, image, 50, 50); /* flux 0 */
    assert_true(isnan(p.mag) && isnan(p.mag_error));
    assert_near(p.sky, 1, 0);
    image->data[50 * N + 50] = NAN;
    p = measure(&options, image, 50, 50);
    assert_int_equal(p.aperture_code, SKS_PHOT_BAD_PIXELS);
    assert_true(isnan(p.flux));
    sks_image_destroy(image);
}

static void senseless_options_are_refused(void **state)
{
    sks_phot_options bad[5];
    sks_photometer *photometer = NULL;

    (void)state;
    for (int i = 0; i < 5; i++)
        bad[i] = sks_phot_defaults();
    bad[0].aperture = -1;
    bad[1].gain = -13.99;
    bad[2].dannulus = 0;
    bad[3].exposure = NAN;
    bad[4].reject_low = -3;
    for (int i = 0; i < 5; i++) {
        sks_clear();
        assert_int_equal(sks_photometer_create(&bad[i], &photometer), SKS_ERR_USAGE);
        assert_null(photometer);
    }
    sks_clear();
}

static void pairs_follow_the_rules(void **state)
{
    const sks_star inserted[] = {
        {10, 10, 20}, {10.5, 10, 20.2}, {30, 30, 18}, {50, 50, 22}, {70, 70, 19}};
    const sks_star found[] = {
        {10.1, 10, 20.1}, {31, 29, 18.5}, {50, 50, 22.6}, {70.2, 70, 19.2}, {71.1, 70, 19}};
    const sks_star before[] = {{70.3, 70.1, 19.1}};
    sks_match_options options = {.xy = 1, .mag = 0.5};
    long match[5];

    (void)state;
    assert_int_equal(sks_match(&options, inserted, 5, found, 5, before, 1, match), SKS_OK);
    /* Both of the first two claim the same star; limits are included; 0.6 mag is too much. */
    assert_int_equal(match[0], 0);
    assert_int_equal(match[1], 0);
    assert_int_equal(match[2], 1);
    assert_int_equal(match[3], SKS_NO_MATCH);
    assert_int_equal(match[4], 3);
    options.is_strict = true;
    assert_int_equal(sks_match(&options, inserted, 5, found, 5, before, 1, match), SKS_OK);
    assert_int_equal(match[0], 0);
    assert_int_equal(match[1], SKS_NO_MATCH);
    assert_int_equal(match[2], 1);
    assert_int_equal(match[3], SKS_NO_MATCH);
    assert_int_equal(match[4], SKS_NO_MATCH); /* it was there before */
    assert_int_equal(sks_match(&options, inserted, 5, found, 5, NULL, 0, match), SKS_OK);
    assert_int_equal(match[4], 3);
    assert_true(sks_match_is_candidate(&options, inserted, 5, 51, 49));
    assert_false(sks_match_is_candidate(&options, inserted, 5, 51.1, 50));
}

static sks_image *read_frame(const char *name)
{
    sks_image *image = NULL;

    if (sks_image_read(name, &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

static void assert_printed(double actual, double printed)
{
    /* Half a unit of the third digit after the point, and single precision's doubt about it. */
    if (isnan(printed))
        assert_true(isnan(actual));
    else
        assert_near(actual, printed, 0.0005 + 0.0001);
}

static void compare_table(const char *name, sks_view view)
{
    sks_phot_options options = sks_phot_defaults();
    sks_photometer *photometer = NULL;
    struct reference_table table;

    options.exposure = 60;
    assert_true(reference_read(name, &table));
    assert_int_equal(sks_photometer_create(&options, &photometer), SKS_OK);
    for (size_t i = 0; i < table.n_rows; i++) {
        const double *r = table.row[i];
        sks_phot p;

        sks_phot_measure(photometer, &view, r[1], r[2], &p);
        assert_near(p.sum, r[4], 1e-5 * fabs(r[4]));
        assert_near(p.area, r[5], 1e-5 * r[5]);
        /* A difference of two numbers: to their rounding. */
        assert_near(p.flux, r[6], 1e-5 * fmax(fabs(r[6]), 0.1 * fabs(r[4])));
        assert_near(p.sky, r[7], 1e-5 * fmax(1, fabs(r[7])));
        if (r[8] > 1e-3) /* below, the original's own rounding */
            assert_near(p.sky_sigma, r[8], 1e-5 * r[8]);
        assert_int_equal(p.n_sky, (size_t)r[10]);
        assert_int_equal(p.n_rejected, (size_t)r[11]);
        if (p.flux > 1e-3 * fabs(p.sum) || isnan(r[13])) {
            assert_printed(p.mag, r[13]);
            assert_printed(p.mag_error, r[14]);
        }
        assert_int_equal(p.sky_code, (int)r[15]);
        assert_int_equal(p.aperture_code, (int)r[17]);
    }
    sks_photometer_destroy(photometer);
    free(table.row);
}

/* IRAF 2.17 phot on its own daofind's lists: the same sky pixels survive for every star. */
static void phot_is_reproduced(void **state)
{
    sks_image *frame, *section;
    char name[4200];

    (void)state;
    if (!reference_is_there())
        skip();
    frame = read_frame(reference_path("data/m71_f555w_pc1.fits"));
    snprintf(name, sizeof(name), "%s[200:711,200:711]", reference_path("data/m71_f555w_pc1.fits"));
    section = read_frame(name);
    compare_table("reference/m71_phot_section.tsv", sks_image_view(section));
    compare_table("reference/m71_phot_section_inplace.tsv",
                  sks_image_part(frame, 200, 200, 512, 512));
    compare_table("reference/m71_phot_full.tsv", sks_image_view(frame));
    sks_image_destroy(section);
    sks_image_destroy(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circle_area_is_exact),
        cmocka_unit_test(numbers_follow_the_formulae),
        cmocka_unit_test(skies_survive_outliers),
        cmocka_unit_test(stars_without_a_measure_have_none),
        cmocka_unit_test(senseless_options_are_refused),
        cmocka_unit_test(pairs_follow_the_rules),
        cmocka_unit_test(phot_is_reproduced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed != 0 ? failed : reference_exit();
}
