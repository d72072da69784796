/* Added stars follow addstar's rule pixel by pixel, their noise has the right statistics and
 * depends on nothing but seed, iteration and pixel; IRAF's addstar is reproduced. */
#include "kernels/astro/stars.h"

#include "kernels/astro/image.h"
#include "kernels/astro/normal.h"
#include "kernels/astro/philox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/reference.h"

enum { NX = 70, NY = 50, N_REFERENCE_STARS = 50, SECTION = 512 };

static const sks_star some_stars[] = {
    {20.3, 30.7, 18}, {21, 30, 20},  {1, 1, 17},       {70, 25.5, 16},
    {-3, 12, 17},     {400, 30, 10}, {35.5, 49.9, 19},
};
enum { N_STARS = sizeof(some_stars) / sizeof(some_stars[0]) };

static void add(const sks_psf *psf, const sks_star_options *options, uint64_t iteration,
                const sks_star *stars, size_t n, size_t nx, size_t ny, float *data)
{
    sks_star_adder *adder = NULL;

    assert_int_equal(sks_star_adder_create(psf, options, nx, ny, &adder), SKS_OK);
    sks_stars_add(adder, iteration, stars, n, data);
    sks_star_adder_destroy(adder);
}

/* The rule, word by word. */
static double rule_value(const sks_psf *psf, const sks_star *stars, size_t n, double x, double y)
{
    const sks_psf_info *info = sks_psf_describe(psf);
    double r = info->radius, sum = 0;

    for (size_t i = 0; i < n; i++) {
        const sks_star *s = &stars[i];

        if (x >= trunc(s->x - r) + 1 && x <= trunc(s->x + r) && y >= trunc(s->y - r) + 1 &&
            y <= trunc(s->y + r))
            sum += pow(10, 0.4 * (info->mag - s->mag)) *
                   sks_psf_value(psf, s->x, s->y, x - s->x, y - s->y);
    }
    return sum;
}

static void light_follows_the_rule(void **state)
{
    const sks_star_options options = {.gain = 1};
    static float data[NX * NY];
    sks_psf *psf = NULL;

    (void)state;
    assert_int_equal(sks_psf_moffat(2.2, 2.5, 9.5, 24, &psf), SKS_OK);
    for (int i = 0; i < NX * NY; i++)
        data[i] = 3;
    add(psf, &options, 0, some_stars, N_STARS, NX, NY, data);
    for (int y = 1; y <= NY; y++) {
        for (int x = 1; x <= NX; x++) {
            double expected = 3 + rule_value(psf, some_stars, N_STARS, x, y);

            assert_near((double)data[(y - 1) * NX + x - 1], expected, 1e-6 * (expected + 10));
        }
    }
    sks_psf_destroy(psf);
}

static void noise_is_named_by_seed_and_iteration(void **state)
{
    sks_star_options options = {.has_noise = true, .gain = 14, .seed = 5};
    static float data[4][NX * NY];
    sks_star_adder *adder = NULL;
    sks_psf *psf = NULL;

    (void)state;
    memset(data, 0, sizeof(data));
    assert_int_equal(sks_psf_gauss(2, 12, 24, &psf), SKS_OK);
    add(psf, &options, 7, some_stars, N_STARS, NX, NY, data[0]);
    /* The same from an adder that has done other things before. */
    assert_int_equal(sks_star_adder_create(psf, &options, NX, NY, &adder), SKS_OK);
    sks_stars_add(adder, 8, some_stars, N_STARS, data[1]);
    sks_stars_add(adder, 7, some_stars, N_STARS, data[2]);
    sks_star_adder_destroy(adder);
    options.seed = 6;
    add(psf, &options, 7, some_stars, N_STARS, NX, NY, data[3]);
    assert_memory_equal(data[0], data[2], sizeof(data[0]));
    assert_memory_not_equal(data[0], data[1], sizeof(data[0]));
    assert_memory_not_equal(data[0], data[3], sizeof(data[0]));
    options.gain = 0;
    sks_clear();
    assert_int_equal(sks_star_adder_create(psf, &options, NX, NY, &adder), SKS_ERR_USAGE);
    sks_clear();
    sks_psf_destroy(psf);
}

/* (noisy - quiet)/sqrt(v/gain) over many iterations: mean 0, variance 1, no skew, kurtosis 3;
 * v the sum of the stars' light where it counts. */
static void noise_is_normal(void **state)
{
    const sks_star stars[] = {{30, 25, 14}, {33, 25, 14.2}};
    sks_star_options options = {.gain = 14, .seed = 11};
    static float quiet[NX * NY], noisy[NX * NY];
    double m[5] = {0};
    sks_psf *psf = NULL;

    (void)state;
    assert_int_equal(sks_psf_gauss(4, 12, 24, &psf), SKS_OK);
    add(psf, &options, 0, stars, 2, NX, NY, quiet);
    options.has_noise = true;
    for (uint64_t iteration = 0; iteration < 400; iteration++) {
        memset(noisy, 0, sizeof(noisy));
        add(psf, &options, iteration, stars, 2, NX, NY, noisy);
        for (int i = 0; i < NX * NY; i++) {
            double z;

            if (quiet[i] == 0)
                assert_true(noisy[i] == 0);
            if (quiet[i] < 1)
                continue;
            z = ((double)noisy[i] - (double)quiet[i]) / sqrt((double)quiet[i] / options.gain);
            for (int k = 0; k <= 4; k++)
                m[k] += pow(z, k);
        }
    }
    assert_true(m[0] > 30000);
    /* Five standard errors of each moment. */
    assert_near(m[1] / m[0], 0, 5 * sqrt(1 / m[0]));
    assert_near(m[2] / m[0], 1, 5 * sqrt(2 / m[0]));
    assert_near(m[3] / m[0], 0, 5 * sqrt(15 / m[0]));
    assert_near(m[4] / m[0], 3, 5 * sqrt(96 / m[0]));
    sks_psf_destroy(psf);
}

/* Groups are Philox words through the quantile: the words are Random123's. */
static void normal_groups_are_philox_quantiles(void **state)
{
    static sks_normal_table table;
    float z[SKS_NORMAL_GROUP];
    sks_philox stream = sks_philox_stream(12345678901234567ull, 3, 1ull << 40);

    (void)state;
    for (double p = 1e-9; p <= 0.5; p *= 1.7)
        assert_near(0.5 * erfc(sks_normal_quantile(p) / sqrt(2)), p, 1e-13 * p + 1e-18);
    sks_normal_table_init(&table);
    for (uint32_t group = 0; group < 40; group++) {
        sks_normal_group(&table, 12345678901234567ull, 3, 1ull << 40, group, z);
        for (int block = 0; block < SKS_NORMAL_GROUP / 4; block++) {
            for (int w = 3; w >= 0; w--) { /* a stream hands out a block's words from the last */
                uint32_t word = sks_philox_word(&stream);
                double p = ((double)(word & 0x7fffffff) + 0.5) * 0x1p-32;
                double expected = (word >> 31 ? -1 : 1) * sks_normal_quantile(p);

                assert_near((double)z[w * (SKS_NORMAL_GROUP / 4) + block], expected, 3e-6);
            }
        }
    }
    assert_near((double)table.c0[0], sks_normal_quantile(0x1p-33), 1e-5);
}

static void random_lists_fill_their_ranges(void **state)
{
    enum { N = 20000 };
    static sks_star stars[N], again[N];
    double sum[3] = {0};

    (void)state;
    sks_stars_random(3, 4, 512, 300, 16, 26, N, stars);
    sks_stars_random(3, 4, 512, 300, 16, 26, 10, again);
    assert_memory_equal(stars, again, 10 * sizeof(stars[0]));
    sks_stars_random(3, 5, 512, 300, 16, 26, 10, again);
    assert_memory_not_equal(stars, again, 10 * sizeof(stars[0]));
    for (int i = 0; i < N; i++) {
        assert_true(stars[i].x >= 1 && stars[i].x <= 512);
        assert_true(stars[i].y >= 1 && stars[i].y <= 300);
        assert_true(stars[i].mag >= 16 && stars[i].mag <= 26);
        sum[0] += stars[i].x;
        sum[1] += stars[i].y;
        sum[2] += stars[i].mag;
    }
    /* Five standard errors of a uniform mean. */
    assert_near(sum[0] / N, 256.5, 5 * 511 / sqrt(12.0 * N));
    assert_near(sum[1] / N, 150.5, 5 * 299 / sqrt(12.0 * N));
    assert_near(sum[2] / N, 21, 5 * 10 / sqrt(12.0 * N));
}

static sks_image *read_reference(const char *name)
{
    sks_image *image = NULL;

    if (sks_image_read(reference_path(name), &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

/* IRAF 2.17 addstar: without noise to 2e-5 of the peak with the PSF at the section's and at the
 * chip's coordinates; with it, the same scatter per unit of noise. */
static void addstar_is_reproduced(void **state)
{
    static const struct {
        const char *name;
        double offset, tolerance;
    } cases[] = {
        {"reference/m71_addstar_noiseless_on_zero.fits.gz", 0, 2e-5},
        {"reference/m71_addstar_on_section.fits.gz", 0, 2e-5},
        {"reference/m71_addstar_on_section_chippsf.fits.gz", 199, 2e-5},
    };
    static float data[SECTION * SECTION];
    sks_star stars[N_REFERENCE_STARS];
    struct reference_table list;
    sks_image *noisy;
    sks_psf *psf = NULL;
    double n = 0, sum = 0, sum2 = 0;

    (void)state;
    if (!reference_is_there())
        skip();
    assert_true(reference_read("reference/m71_addstar_stars.tsv", &list));
    assert_int_equal(list.n_rows, N_REFERENCE_STARS);
    for (int i = 0; i < N_REFERENCE_STARS; i++)
        stars[i] = (sks_star){list.row[i][1], list.row[i][2], list.row[i][3]};
    free(list.row);
    assert_int_equal(sks_psf_read(reference_path("data/m71_f555w_pc1.psf.fits"), &psf), SKS_OK);
    for (size_t k = 3; k-- > 0;) {
        sks_star_options options = {
            .gain = 1, .psf_x0 = cases[k].offset, .psf_y0 = cases[k].offset};
        sks_image *expected = read_reference(cases[k].name);
        double peak = 0;

        memset(data, 0, sizeof(data));
        add(psf, &options, 0, stars, N_REFERENCE_STARS, SECTION, SECTION, data);
        for (int i = 0; i < SECTION * SECTION; i++)
            peak = fmax(peak, (double)expected->data[i]);
        for (int i = 0; i < SECTION * SECTION; i++)
            assert_near((double)data[i], (double)expected->data[i], cases[k].tolerance * peak);
        sks_image_destroy(expected);
    }
    /* `data` is now the noiseless image on zero. */
    noisy = read_reference("reference/m71_addstar_poisson_on_zero.fits.gz");
    for (int i = 0; i < SECTION * SECTION; i++) {
        if (data[i] > 0.1f) {
            double z = ((double)noisy->data[i] - (double)data[i]) / sqrt((double)data[i] / 13.99);

            n++;
            sum += z;
            sum2 += z * z;
        }
    }
    /* The original's normal numbers are an approximation with a standard deviation of 0.995. */
    assert_near(sum / n, 0, 0.02);
    assert_near(sqrt(sum2 / n), 0.995, 0.01);
    sks_image_destroy(noisy);
    sks_psf_destroy(psf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_follows_the_rule),
        cmocka_unit_test(noise_is_named_by_seed_and_iteration),
        cmocka_unit_test(noise_is_normal),
        cmocka_unit_test(normal_groups_are_philox_quantiles),
        cmocka_unit_test(random_lists_fill_their_ranges),
        cmocka_unit_test(addstar_is_reproduced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed != 0 ? failed : reference_exit();
}
