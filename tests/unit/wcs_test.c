/* Property: positions through a header's coordinate system are those of the closed forms of
 * Calabretta & Greisen (2002), whatever the projection, the distortion and the order of the axes;
 * the inverse comes back to the pixel; what lies off the sphere is NaN and counted; many workers
 * get the same bits. */
#include "wcs_model.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assert_near.h"

static void projections(void **unused)
{
    static const struct model models[] = {
        {.projection = "TAN", .reference = {150.25, 62.5}, .step = 0.01, .rotation = 30.0},
        {.projection = "TAN", .reference = {0.0, -89.9}, .step = 0.01, .has_steps = true},
        {.projection = "TAN", .reference = {33.0, 90.0}, .step = 0.02, .rotation = -70.0},
        {.projection = "TAN", .reference = {210.0, 10.0}, .step = 0.1, .longitude_pole = 150.0},
        {.projection = "SIN", .reference = {150.25, 62.5}, .step = 0.05, .rotation = 30.0},
        {.projection = "SIN", .reference = {40.0, -20.0}, .step = 0.6, .rotation = 30.0},
        {.projection = "ZEA", .reference = {33.0, -72.5}, .step = 0.2, .rotation = 30.0},
        {.projection = "ZEA", .reference = {300.0, 40.0}, .step = 1.1, .has_steps = true},
        {.projection = "CAR", .reference = {266.4, 0.0}, .step = 0.05, .rotation = 30.0},
        {.projection = "CAR", .reference = {266.4, 25.0}, .step = 0.3, .has_steps = true},
        {.projection = "CAR", .reference = {80.0, 0.0}, .step = 2.1, .has_steps = true},
        {.projection = "AIT", .reference = {120.0, 0.0}, .step = 1.5, .has_steps = true},
        {.projection = "AIT", .reference = {120.0, 30.0}, .step = 0.9, .rotation = 15.0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        make_frame("frame.fits", &models[i]);
        check_file("frame.fits", &models[i], slope_tolerance(&models[i]));
    }
}

/* Off the sphere there are some in the all-sky frames: the comparison above is not empty. */
static void off_the_sphere(void **unused)
{
    static const struct model all_sky = {
        .projection = "AIT", .reference = {120.0, 0.0}, .step = 1.8, .has_steps = true};
    double corner[6] = {1.0, 1.0, 90.25, 70.5, NAN, 5.0};
    double beyond[6] = {10.0, 90.5, NAN, 0.0, 120.0, -0.0};
    double result[6];
    sks_wcs_worker *worker;
    sks_wcs *wcs;

    (void)unused;
    make_frame("sky.fits", &all_sky);
    wcs = read_system("sky.fits", ' ', true);
    assert_int_equal(sks_wcs_worker_create(wcs, 10, &worker), SKS_OK);
    assert_int_equal(sks_wcs_pix2sky(worker, 3, corner, result), 2);
    assert_true(isnan(result[0]) && isnan(result[1]) && isnan(result[4]) && isnan(result[5]));
    assert_near(result[2], 120.0, SKY_TOLERANCE);
    assert_near(result[3], 0.0, SKY_TOLERANCE);
    assert_int_equal(sks_wcs_sky2pix(worker, 3, beyond, result), 2);
    assert_true(isnan(result[0]) && isnan(result[1]) && isnan(result[2]) && isnan(result[3]));
    assert_near(result[4], 90.25, 1e-9);
    assert_near(result[5], 70.5, 1e-9);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

/* At 10 degrees one unit in the last place is 1.8e-15 degrees or 6e-12 of these pixels. */
static void distortion_sip(void **unused)
{
    struct model with_inverse = tan_sip;
    static const struct term ap[MAX_TERMS] = {
        {2, 0, -2.1e-5}, {1, 1, 1.3e-5}, {0, 2, -0.7e-5}, {1, 0, 1e-7}};
    static const struct term bp[MAX_TERMS] = {
        {2, 0, 0.9e-5}, {1, 1, -1.9e-5}, {0, 2, 2.6e-5}, {0, 1, 1e-7}};

    (void)unused;
    make_frame("sip.fits", &tan_sip);
    check_file("sip.fits", &tan_sip, slope_tolerance(&tan_sip));
    /* A rough inverse in the header is where the iteration begins, not where it ends. */
    memcpy(with_inverse.ap, ap, sizeof(ap));
    memcpy(with_inverse.bp, bp, sizeof(bp));
    make_frame("sip-inverse.fits", &with_inverse);
    check_file("sip-inverse.fits", &with_inverse, slope_tolerance(&with_inverse));
}

/* Without an inverse in the header, to 1e-9 pixel. Near longitude and latitude 0 a unit in the last
 * place is 1e-17 degrees and less, so the degrees in between do not hide the iteration's error. */
static void sip_is_inverted_by_iteration(void **unused)
{
    static const struct model near_zero = {.projection = "TAN-SIP",
                                           .reference = {0.06, 0.02},
                                           .step = 2e-4,
                                           .rotation = 10.0,
                                           .a = SIP_A,
                                           .b = SIP_B};
    static double pixel[2 * MAX_PIXELS], sky[2 * MAX_PIXELS], back[2 * MAX_PIXELS];
    size_t n = make_pixels(pixel);
    sks_wcs_worker *worker;
    sks_wcs *wcs;

    (void)unused;
    make_frame("zero.fits", &near_zero);
    wcs = read_system("zero.fits", ' ', true);
    assert_int_equal(sks_wcs_worker_create(wcs, n, &worker), SKS_OK);
    for (size_t i = 0; i < n; i++) {
        expect_sky(&near_zero, true, pixel + 2 * i, sky + 2 * i);
        assert_true(sky[2 * i] < 1.0);
    }
    assert_int_equal(sks_wcs_sky2pix(worker, n, sky, back), 0);
    for (size_t i = 0; i < 2 * n; i++)
        assert_near(back[i], pixel[i], 1e-9);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

static void distortion_tpv(void **unused)
{
    (void)unused;
    make_frame("tpv.fits", &tpv_model);
    check_file("tpv.fits", &tpv_model, slope_tolerance(&tpv_model));
}

static void distortion_left_out(void **unused)
{
    const struct model *const models[] = {&tan_sip, &tpv_model};

    (void)unused;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        sks_wcs *wcs;

        make_frame("frame.fits", models[i]);
        wcs = read_system("frame.fits", ' ', false);
        check_system(wcs, models[i]->projection, models[i], false, no_origin,
                     slope_tolerance(models[i]));
        sks_wcs_destroy(wcs);
    }
}

static void axes_anywhere(void **unused)
{
    static const struct model bases[] = {
        {.projection = "TAN", .reference = {150.25, 62.5}, .step = 0.01, .rotation = 30.0},
        {.projection = "CAR", .reference = {266.4, 25.0}, .step = 0.3, .has_steps = true},
        {.projection = "TPV",
         .reference = {10.5, 41.25},
         .step = 4e-3,
         .rotation = 30.0,
         .a = TPV_LONGITUDE,
         .b = TPV_LATITUDE},
        {.projection = "TAN-SIP",
         .reference = {10.5, 41.25},
         .step = 3e-4,
         .rotation = 20.0,
         .a = SIP_A,
         .b = SIP_B},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++)
        for (int k = 1; k < 4; k++) {
            struct model m = bases[i];

            m.is_reversed = (k & 1) != 0;
            m.is_cube = (k & 2) != 0;
            if (m.is_cube && strstr(m.projection, "-SIP") != NULL)
                continue; /* SIP belongs to the axes 1 and 2 */
            make_frame("frame.fits", &m);
            check_file("frame.fits", &m, slope_tolerance(&m));
        }
}

/* ---- Many workers at once, and any capacity: the same bits. */

enum { N_THREADS = 4, N_POSITIONS = 20000 };

struct job {
    const sks_wcs *wcs;
    size_t capacity;
    double *sky, *pixel; /* [2 * N_POSITIONS] */
    bool has_failed;
};

static void *transform(void *argument)
{
    struct job *job = argument;
    sks_wcs_worker *worker;

    if (sks_wcs_worker_create(job->wcs, job->capacity, &worker) != SKS_OK) {
        job->has_failed = true;
        return NULL;
    }
    for (size_t i = 0; i < N_POSITIONS; i++) {
        job->sky[2 * i] = 1.0 + (double)(i % 200) + 0.001 * (double)(i % 17);
        job->sky[2 * i + 1] = 1.0 + (double)(i / 200) + 0.003 * (double)(i % 19);
    }
    sks_wcs_pix2sky(worker, N_POSITIONS, job->sky, job->sky); /* in place */
    sks_wcs_sky2pix(worker, N_POSITIONS, job->sky, job->pixel);
    sks_wcs_worker_destroy(worker);
    return NULL;
}

static struct job make_job(const sks_wcs *wcs, size_t capacity)
{
    struct job job = {.wcs = wcs,
                      .capacity = capacity,
                      .sky = malloc(2 * N_POSITIONS * sizeof(double)),
                      .pixel = malloc(2 * N_POSITIONS * sizeof(double))};

    assert_non_null(job.sky);
    assert_non_null(job.pixel);
    return job;
}

static void check_threads(const sks_wcs *wcs)
{
    struct job alone = make_job(wcs, N_POSITIONS);
    struct job jobs[N_THREADS];
    pthread_t thread[N_THREADS];

    transform(&alone);
    for (int t = 0; t < N_THREADS; t++) {
        jobs[t] = make_job(wcs, (size_t[]){1, 7, 1024, N_POSITIONS}[t]);
        assert_int_equal(pthread_create(&thread[t], NULL, transform, &jobs[t]), 0);
    }
    for (int t = 0; t < N_THREADS; t++) {
        pthread_join(thread[t], NULL);
        assert_false(jobs[t].has_failed);
        assert_memory_equal(jobs[t].sky, alone.sky, 2 * N_POSITIONS * sizeof(double));
        assert_memory_equal(jobs[t].pixel, alone.pixel, 2 * N_POSITIONS * sizeof(double));
        free(jobs[t].sky);
        free(jobs[t].pixel);
    }
    free(alone.sky);
    free(alone.pixel);
}

static void many_threads(void **unused)
{
    static const struct model all_sky = {
        .projection = "AIT", .reference = {120.0, 30.0}, .step = 1.8, .has_steps = true};
    const struct model *const models[] = {&tan_rotated, &tan_sip, &tpv_model, &all_sky};

    (void)unused;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        sks_wcs *wcs;

        make_frame("frame.fits", models[i]);
        wcs = read_system("frame.fits", ' ', true);
        check_threads(wcs);
        sks_wcs_destroy(wcs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections),    cmocka_unit_test(off_the_sphere),
        cmocka_unit_test(distortion_sip), cmocka_unit_test(sip_is_inverted_by_iteration),
        cmocka_unit_test(distortion_tpv), cmocka_unit_test(distortion_left_out),
        cmocka_unit_test(axes_anywhere),  cmocka_unit_test(many_threads),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
