/* Property: every scene makes the same bytes from the same parameters, and its data are what its
 * truth says: stars where and as bright as listed, noise of the size the header implies, positions
 * on the frame, headers that WCSLIB reads as the projection asked for. */
#include "kernels/astro/scene.h"
#include "kernels/astro/wcs.h"
#include "kernels/parts/product.h"

#include <fitsio.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/skyscale-scene-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *p = path[next++ % 4];

    snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
    return p;
}

/* Makes a scene from "key=value,…" into a file of that name. */
static sks_status make(const char *scene_name, const char *file, const char *options)
{
    const sks_scene *scene;
    sks_values *values;
    sks_status status;

    sks_clear();
    assert_int_equal(sks_scene_find(scene_name, &scene), SKS_OK);
    assert_int_equal(sks_values_create(scene->params, &values), SKS_OK);
    assert_int_equal(sks_values_set(values, "output", in_folder(file), "output"), SKS_OK);
    if (options[0] != '\0')
        assert_int_equal(sks_values_set_list(values, options, "options"), SKS_OK);
    status = scene->make(values, NULL);
    sks_values_destroy(values);
    return status;
}

static sks_digest digest_of(const char *file)
{
    sks_digest digest = {{0}};

    assert_int_equal(sks_file_digest(in_folder(file), &digest), SKS_OK);
    return digest;
}

static float *read_pixels(const char *file, long n_pixels)
{
    float *pixels = malloc((size_t)n_pixels * sizeof(*pixels));
    fitsfile *fits;
    int error = 0;

    assert_non_null(pixels);
    fits_open_diskfile(&fits, in_folder(file), READONLY, &error);
    fits_read_img(fits, TFLOAT, 1, n_pixels, NULL, pixels, NULL, &error);
    fits_close_file(fits, &error);
    assert_int_equal(error, 0);
    return pixels;
}

static void table_is_complete(void **unused)
{
    (void)unused;
    for (size_t i = 0; sks_scene_table[i] != NULL; i++) {
        const sks_scene *scene = sks_scene_table[i], *found;
        sks_values *values;

        assert_non_null(scene->summary);
        assert_non_null(scene->make);
        assert_int_equal(sks_scene_find(scene->name, &found), SKS_OK);
        assert_ptr_equal(found, scene); /* names are unique */
        assert_int_equal(sks_values_create(scene->params, &values), SKS_OK);
        for (const sks_param *p = scene->params; p->name != NULL; p++)
            (void)sks_values_has(values, p->name); /* a default outside its range would abort */
        sks_values_destroy(values);
    }
}

static void unknown_scene_is_a_usage_error(void **unused)
{
    const sks_scene *scene;

    (void)unused;
    sks_clear();
    assert_int_equal(sks_scene_find("wfcp2", &scene), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "\"wfpc2\""));
}

static void frame_is_reproducible(void **unused)
{
    sks_digest first, again, other;

    (void)unused;
    assert_int_equal(make("wfpc2", "a.fits", "size=200,stars=500"), SKS_OK);
    first = digest_of("a.fits");
    assert_int_equal(make("wfpc2", "a.fits", "size=200,stars=500"), SKS_OK);
    again = digest_of("a.fits");
    assert_int_equal(make("wfpc2", "a.fits", "size=200,stars=500,seed=2"), SKS_OK);
    other = digest_of("a.fits");
    assert_string_equal(first.hex, again.hex);
    assert_string_not_equal(first.hex, other.hex);
}

static void header_says_what_it_is(void **unused)
{
    fitsfile *fits;
    int error = 0;
    double crpix = 0, exposure = 0, gain = 0, cd[2] = {0};
    long order = 0;
    char instrument[FLEN_VALUE] = "", ctype[FLEN_VALUE] = "", value[FLEN_VALUE];

    (void)unused;
    assert_int_equal(make("wfpc2", "h.fits", "size=1600,stars=10,exptime=40"), SKS_OK);
    fits_open_diskfile(&fits, in_folder("h.fits"), READONLY, &error);
    fits_read_key_str(fits, "INSTRUME", instrument, NULL, &error);
    fits_read_key_str(fits, "CTYPE1", ctype, NULL, &error);
    fits_read_key_dbl(fits, "CRPIX2", &crpix, NULL, &error);
    fits_read_key_dbl(fits, "EXPTIME", &exposure, NULL, &error);
    fits_read_key_dbl(fits, "ATODGAIN", &gain, NULL, &error);
    fits_read_key_dbl(fits, "CD1_1", &cd[0], NULL, &error);
    fits_read_key_dbl(fits, "CD2_1", &cd[1], NULL, &error);
    fits_read_key_lng(fits, "A_ORDER", &order, NULL, &error);
    assert_int_equal(error, 0);
    assert_string_equal(instrument, "WFPC2");
    assert_string_equal(ctype, "RA---TAN-SIP");
    assert_true(crpix == 850);
    assert_true(exposure == 40);
    assert_true(gain == 13.99);
    assert_true(fabs(hypot(cd[0], cd[1]) * 3600 - 0.0455) < 1e-9);
    assert_int_equal(order, 3);
    assert_int_equal(fits_read_key_str(fits, "AP_ORDER", value, NULL, &error), KEY_NO_EXIST);
    error = 0;
    fits_close_file(fits, &error);
}

static void corners_are_distorted_by_some_pixels(void **unused)
{
    sks_wcs *with, *without;
    sks_wcs_worker *a, *b;
    double pair[2] = {1, 1};

    (void)unused;
    assert_int_equal(make("wfpc2", "d.fits", "stars=0"), SKS_OK);
    assert_int_equal(sks_wcs_read(in_folder("d.fits"), ' ', true, &with), SKS_OK);
    assert_int_equal(sks_wcs_read(in_folder("d.fits"), ' ', false, &without), SKS_OK);
    assert_int_equal(sks_wcs_worker_create(with, 1, &a), SKS_OK);
    assert_int_equal(sks_wcs_worker_create(without, 1, &b), SKS_OK);
    assert_int_equal(sks_wcs_pix2sky(a, 1, pair, pair), 0);
    assert_int_equal(sks_wcs_sky2pix(b, 1, pair, pair), 0);
    assert_in_range((long)(10 * hypot(pair[0] - 1, pair[1] - 1)), 20, 100);
    sks_wcs_worker_destroy(a);
    sks_wcs_worker_destroy(b);
    sks_wcs_destroy(with);
    sks_wcs_destroy(without);
}

/* Of an empty frame: mean = sky, variance = (sky gain + read noise^2) / gain^2. The limits are 5
 * standard errors of the mean and of the variance of a normal sample. */
static void noise_has_its_size(void **unused)
{
    const long n = 256L * 256;
    double sum = 0, squares = 0, mean, variance,
           expected = (20 * 13.99 + 9.98 * 9.98) / 13.99 / 13.99;
    float *pixels;

    (void)unused;
    assert_int_equal(make("wfpc2", "n.fits", "size=256,stars=0,sky=20"), SKS_OK);
    pixels = read_pixels("n.fits", n);
    for (long i = 0; i < n; i++)
        sum += pixels[i];
    mean = sum / (double)n;
    for (long i = 0; i < n; i++)
        squares += (pixels[i] - mean) * (pixels[i] - mean);
    variance = squares / (double)(n - 1);
    assert_true(fabs(mean - 20) < 5 * sqrt(expected / (double)n));
    assert_true(fabs(variance - expected) < 5 * expected * sqrt(2 / (double)n));
    free(pixels);
}

/* One star of known magnitude, no sky: its light and centroid in a box of 31 pixels are those of
 * the list, within noise (2 % of the light), what is outside the box (2 %) and the difference
 * between centroid and centre that the truncation leaves. */
static void star_is_where_the_list_says(void **unused)
{
    const long size = 400;
    double x = 0, y = 0, mag = 0, flux = 0, mx = 0, my = 0, expected;
    float *pixels;
    FILE *truth;
    char options[200], line[100];

    (void)unused;
    snprintf(options, sizeof(options),
             "size=400,stars=1,sky=0,brightest=18,faintest=18.001,seed=11,truth=%s",
             in_folder("s.txt"));
    assert_int_equal(make("wfpc2", "s.fits", options), SKS_OK);
    truth = fopen(in_folder("s.txt"), "r");
    assert_non_null(truth);
    while (fgets(line, sizeof(line), truth) != NULL)
        if (line[0] != '#')
            assert_int_equal(sscanf(line, "%lf %lf %lf", &x, &y, &mag), 3);
    fclose(truth);
    assert_true(x > 20 && x < (double)size - 20 && y > 20 && y < (double)size - 20);
    pixels = read_pixels("s.fits", size * size);
    for (long j = lround(y) - 15; j <= lround(y) + 15; j++)
        for (long i = lround(x) - 15; i <= lround(x) + 15; i++) {
            double value = pixels[(j - 1) * size + i - 1];

            flux += value;
            if (labs(i - lround(x)) > 4 || labs(j - lround(y)) > 4)
                continue; /* far from the star the noise's lever is long */
            mx += value * (double)(i - lround(x));
            my += value * (double)(j - lround(y));
        }
    expected = 60 * pow(10, -0.4 * (mag - 21.757));
    assert_true(fabs(flux / expected - 1) < 0.04);
    assert_true(fabs((double)lround(x) + mx / flux - x) < 0.1);
    assert_true(fabs((double)lround(y) + my / flux - y) < 0.1);
    free(pixels);
}

/* King's density falls from the middle outwards; every star is on the frame. */
static void stars_crowd_the_middle(void **unused)
{
    double x, y, mag;
    int n = 0, inner = 0, faint = 0;
    char options[200], line[100];
    FILE *truth;

    (void)unused;
    snprintf(options, sizeof(options), "size=300,stars=2000,truth=%s", in_folder("k.txt"));
    assert_int_equal(make("wfpc2", "k.fits", options), SKS_OK);
    truth = fopen(in_folder("k.txt"), "r");
    assert_non_null(truth);
    while (fgets(line, sizeof(line), truth) != NULL) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%lf %lf %lf", &x, &y, &mag), 3);
        assert_true(x >= 0.5 && x <= 300.5 && y >= 0.5 && y <= 300.5);
        assert_true(mag >= 16 && mag <= 25);
        n++;
        inner += hypot(x - 150.5, y - 150.5) < 75;
        faint += mag > 20.5;
    }
    fclose(truth);
    assert_int_equal(n, 2000);
    assert_true(inner > 900);  /* evenly spread it were 393 */
    assert_true(faint > 1500); /* 0.15 dex a magnitude puts 83 % into the fainter half */
}

/* The pairs of a list; returns how many. */
static size_t read_pairs(const char *file, double (*pairs)[2], size_t room)
{
    FILE *list = fopen(in_folder(file), "r");
    char line[200];
    size_t n = 0;

    assert_non_null(list);
    while (fgets(line, sizeof(line), list) != NULL) {
        if (line[0] == '#')
            continue;
        assert_true(n < room);
        assert_int_equal(sscanf(line, "%lf %lf", &pairs[n][0], &pairs[n][1]), 2);
        n++;
    }
    fclose(list);
    return n;
}

static void lists_belong_to_each_other(void **unused)
{
    static double pixel[6000][2], sky[6000][2], few[100][2];
    char options[200];
    sks_wcs *wcs;
    sks_wcs_worker *worker;
    double low = INFINITY, high = 0;

    (void)unused;
    assert_int_equal(make("wfpc2", "p.fits", "size=128,stars=0"), SKS_OK);
    snprintf(options, sizeof(options), "image=%s,random=6000,seed=5", in_folder("p.fits"));
    assert_int_equal(make("positions", "p.txt", options), SKS_OK);
    snprintf(options, sizeof(options), "image=%s,random=6000,seed=5,sky=yes", in_folder("p.fits"));
    assert_int_equal(make("positions", "q.txt", options), SKS_OK);
    snprintf(options, sizeof(options), "image=%s,random=100,seed=5", in_folder("p.fits"));
    assert_int_equal(make("positions", "r.txt", options), SKS_OK);
    assert_int_equal(read_pairs("p.txt", pixel, 6000), 6000);
    assert_int_equal(read_pairs("q.txt", sky, 6000), 6000);
    assert_int_equal(read_pairs("r.txt", few, 100), 100);
    assert_memory_equal(pixel, few, sizeof(few)); /* a prefix of the longer list */
    assert_int_equal(sks_wcs_read(in_folder("p.fits"), ' ', true, &wcs), SKS_OK);
    assert_int_equal(sks_wcs_worker_create(wcs, 6000, &worker), SKS_OK);
    for (int i = 0; i < 6000; i++) {
        low = fmin(low, fmin(pixel[i][0], pixel[i][1]));
        high = fmax(high, fmax(pixel[i][0], pixel[i][1]));
    }
    assert_true(low >= 0.5 && low < 0.6 && high <= 128.5 && high > 128.4);
    assert_int_equal(sks_wcs_pix2sky(worker, 6000, pixel[0], pixel[0]), 0);
    for (int i = 0; i < 6000; i++)
        for (int k = 0; k < 2; k++) /* nine decimals were written */
            assert_true(fabs(pixel[i][k] - sky[i][k]) < 0.6e-9);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

static void projections_are_what_was_asked_for(void **unused)
{
    const sks_scene *scene;
    const sks_param *p;
    static const char *const axes[] = {"lonlat", "latlon", "cube"};

    (void)unused;
    assert_int_equal(sks_scene_find("wcs", &scene), SKS_OK);
    for (p = scene->params; strcmp(p->name, "projection") != 0; p++)
        ;
    for (size_t i = 0; p->choices[i] != NULL; i++)
        for (size_t k = 0; k < 3; k++) {
            char options[100];
            sks_wcs *wcs;
            sks_wcs_info info;

            snprintf(options, sizeof(options), "projection=%s,axes=%s", p->choices[i], axes[k]);
            if (k == 2 && strcmp(p->choices[i], "TAN-SIP") == 0) {
                assert_int_equal(make("wcs", "w.fits", options), SKS_ERR_USAGE);
                continue;
            }
            assert_int_equal(make("wcs", "w.fits", options), SKS_OK);
            if (strcmp(p->choices[i], "none") == 0 || strcmp(p->choices[i], "linear") == 0) {
                assert_int_equal(sks_wcs_read(in_folder("w.fits"), ' ', true, &wcs), SKS_ERR_INPUT);
                continue;
            }
            assert_int_equal(sks_wcs_read(in_folder("w.fits"), ' ', true, &wcs), SKS_OK);
            info = sks_wcs_describe(wcs);
            assert_string_equal(info.projection, p->choices[i]);
            assert_true(info.size_x > info.size_y); /* x is the longer side, wherever it stands */
            assert_true(info.is_equatorial);
            sks_wcs_destroy(wcs);
        }
    assert_int_equal(make("wcs", "w.fits", "system=galactic"), SKS_OK);
}

static void a_failure_leaves_nothing(void **unused)
{
    (void)unused;
    assert_int_equal(make("wfpc2", "x.fits", "brightest=20,faintest=20"), SKS_ERR_USAGE);
    assert_int_equal(make("wfpc2", "x.fits", "size=64,truth=/nonexistent/truth"), SKS_ERR_IO);
    assert_int_equal(make("wfpc2", "x.fits", "size=64,truth=/dev/full"), SKS_ERR_IO);
    assert_int_equal(make("positions", "x.fits", "image=/nonexistent.fits"), SKS_ERR_IO);
    assert_int_not_equal(access(in_folder("x.fits"), F_OK), 0);
}

static bool stop_at_once(void *calls, double fraction)
{
    assert_true(fraction >= 0 && fraction <= 1);
    return ++*(int *)calls < 3;
}

static void stops_when_asked(void **unused)
{
    int calls = 0;
    const sks_watch watch = {.tick = stop_at_once, .context = &calls};
    const sks_scene *scene;
    sks_values *values;

    (void)unused;
    sks_clear();
    assert_int_equal(sks_scene_find("wfpc2", &scene), SKS_OK);
    assert_int_equal(sks_values_create(scene->params, &values), SKS_OK);
    assert_int_equal(sks_values_set(values, "output", in_folder("c.fits"), ""), SKS_OK);
    assert_int_equal(scene->make(values, &watch), SKS_ERR_CANCELLED);
    assert_int_equal(calls, 3);
    assert_int_not_equal(access(in_folder("c.fits"), F_OK), 0);
    sks_values_destroy(values);
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **unused)
{
    char command[100];

    (void)unused;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_complete),
        cmocka_unit_test(unknown_scene_is_a_usage_error),
        cmocka_unit_test(frame_is_reproducible),
        cmocka_unit_test(header_says_what_it_is),
        cmocka_unit_test(corners_are_distorted_by_some_pixels),
        cmocka_unit_test(noise_has_its_size),
        cmocka_unit_test(star_is_where_the_list_says),
        cmocka_unit_test(stars_crowd_the_middle),
        cmocka_unit_test(lists_belong_to_each_other),
        cmocka_unit_test(projections_are_what_was_asked_for),
        cmocka_unit_test(a_failure_leaves_nothing),
        cmocka_unit_test(stops_when_asked),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
