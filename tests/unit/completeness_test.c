/* The kernel `completeness` recovers bright stars and not the faintest, its table is what the list
 * of inserted stars adds up to, an aperture correction takes the magnitude offset away, the strict
 * rule does not credit stars that were there before, and nothing depends on workers or schedulers.
 */
#include "kernels/astro/completeness_function.h"
#include "kernels/astro/detect.h"
#include "kernels/astro/photometry.h"
#include "schedulers/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"
#include "tests/unit/star_table.h"

extern const sks_kernel sks_kernel_completeness, sks_kernel_detect;
static const sks_kernel *const completeness = &sks_kernel_completeness;

enum { NX = 110, NY = 90, N_OLD = 40, MAX_PARAMETERS = 60 };
enum { MID, INSERTED, RECOVERED, FRACTION, LOW, HIGH, OFFSET, SCATTER, FOUND, WAS_THERE };
enum { L_X = 2, L_Y, L_MAG, L_FATE, L_FOUND_X, L_FOUND_Y, L_FOUND_MAG, L_WAS_THERE };

static sks_star old_stars[N_OLD];

static const char *empty_frame(void)
{
    const char *path = scratch_file("empty.fits");

    if (access(path, R_OK) != 0)
        frame_write(path, NX, NY, 10, 0.3, NULL, 0);
    return path;
}

/* With stars of magnitude 17 in it. */
static const char *crowded_frame(void)
{
    const char *path = scratch_file("crowded.fits");

    for (int i = 0; i < N_OLD; i++)
        old_stars[i] = (sks_star){8.3 + 13 * (i % 8), 9.6 + 18 * (i / 8), 17};
    if (access(path, R_OK) != 0)
        frame_write(path, NX, NY, 10, 0.3, old_stars, N_OLD);
    return path;
}

/* Runs with the parameters in `more` (name, value, …, NULL) besides those that suit the frames. */
static sks_status count_with(const char *image, const char *const *more, const char *scheduler,
                             unsigned n_workers, sks_record *record)
{
    const char *parameters[MAX_PARAMETERS] = {
        "image",     image,
        "psf-model", "gauss:1.8:9",
        "sigma",     "0.3",
        "gain",      "1",
        "readnoise", "0",
        "zeropoint", "25",
        "output",    scratch_file("table.txt"),
    };
    size_t n = 14;

    for (size_t i = 0; more[i] != NULL; i++)
        parameters[n++] = more[i];
    return run_kernel(completeness, scheduler, n_workers, parameters, record);
}

static struct star_table count_of(const char *image, const char *const *more)
{
    sks_record record;

    assert_int_equal(count_with(image, more, "dynamic", 2, &record), SKS_OK);
    sks_record_clear(&record);
    return table_read(scratch_file("table.txt"));
}

static void bright_stars_are_recovered(void **state)
{
    const char *const more[] = {"mag",        "14:28:0.5", "stars",      "1",
                                "iterations", "2000",      "stars-list", scratch_file("list.txt"),
                                NULL};
    struct star_table t = count_of(empty_frame(), more),
                      list = table_read(scratch_file("list.txt"));
    size_t n_bright = 0, n_faint = 0;

    (void)state;
    assert_int_equal(t.n_rows, 28);
    assert_int_equal(list.n_rows, 2000);
    for (size_t i = 0; i < list.n_rows; i++) {
        const double *s = list.row[i];
        bool is_inside = s[L_X] > 6 && s[L_X] < NX - 5 && s[L_Y] > 6 && s[L_Y] < NY - 5;

        if (s[L_MAG] < 18 && is_inside) {
            n_bright++;
            assert_int_equal((int)s[L_FATE], 2);
            assert_near(s[L_FOUND_X], s[L_X], 0.3);
            assert_near(s[L_FOUND_Y], s[L_Y], 0.3);
            assert_near(s[L_FOUND_MAG], s[L_MAG], 0.25);
        }
        if (s[L_MAG] > 26) { /* 0.4 DN in all: no peak reaches 4 sigma */
            n_faint++;
            assert_int_equal((int)s[L_FATE], 0);
        }
    }
    assert_true(n_bright > 300 && n_faint > 200);
    table_free(&t);
    table_free(&list);
}

static void table_is_what_the_list_adds_up_to(void **state)
{
    const char *const more[] = {"mag",        "15:25:0.5", "iterations", "20",
                                "confidence", "0.9545",    "stars-list", scratch_file("list.txt"),
                                NULL};
    struct star_table t = count_of(crowded_frame(), more);
    struct star_table list = table_read(scratch_file("list.txt"));

    (void)state;
    assert_int_equal(list.n_rows, 20 * 50);
    for (size_t b = 0; b < t.n_rows; b++) {
        double n = 0, k = 0, found = 0, was = 0, sum = 0, low, high;

        for (size_t i = 0; i < list.n_rows; i++) {
            const double *s = list.row[i];

            if (floor((s[L_MAG] - 15) / 0.5) != (double)b)
                continue;
            n++;
            k += s[L_FATE] == 2;
            found += s[L_FATE] > 0;
            was += s[L_WAS_THERE];
            if (s[L_FATE] == 2) {
                sum += s[L_FOUND_MAG] - s[L_MAG];
                assert_true(fabs(s[L_FOUND_X] - s[L_X]) < 1.001);
                assert_true(fabs(s[L_FOUND_MAG] - s[L_MAG]) < 0.5002);
            }
        }
        sks_wilson_interval(k, n, 2, &low, &high); /* 95.45 % is two sigma */
        assert_near(t.row[b][MID], 15.25 + 0.5 * (double)b, 1e-9);
        assert_near(t.row[b][INSERTED], n, 0);
        assert_near(t.row[b][RECOVERED], k, 0);
        assert_near(t.row[b][FRACTION], k / n, 6e-6);
        assert_near(t.row[b][LOW], low, 2e-5);
        assert_near(t.row[b][HIGH], high, 2e-5);
        assert_near(t.row[b][FOUND], found, 0);
        assert_near(t.row[b][WAS_THERE], was, 0);
        if (k > 0)
            assert_near(t.row[b][OFFSET], sum / k, 2e-4);
        else
            assert_true(isnan(t.row[b][OFFSET]));
    }
    assert_non_null(strstr(t.header, "# limit 50 %:"));
    table_free(&t);
    table_free(&list);
}

static void digest_depends_on_seed_alone(void **state)
{
    const char *const one[] = {"iterations", "16", "seed", "1", "mag", "16:24:1", NULL};
    const char *const two[] = {"iterations", "16", "seed", "2", "mag", "16:24:1", NULL};
    sks_record first, again;

    (void)state;
    assert_int_equal(count_with(crowded_frame(), one, "static", 1, &first), SKS_OK);
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++) {
        for (unsigned n = 1; n <= 8; n++) {
            assert_int_equal(
                count_with(crowded_frame(), one, sks_scheduler_table[i]->name, n, &again), SKS_OK);
            assert_string_equal(again.digest.hex, first.digest.hex);
            sks_record_clear(&again);
        }
    }
    assert_int_equal(count_with(crowded_frame(), two, "static", 1, &again), SKS_OK);
    assert_string_not_equal(again.digest.hex, first.digest.hex);
    sks_record_clear(&first);
    sks_record_clear(&again);
}

/* A 1.2 px aperture misses a third of the light: uncorrected, the stars' magnitudes are that much
 * too faint; corrected, right on average. */
static void correction_takes_the_offset_away(void **state)
{
    const char *const none[] = {"mag",   "14:16:2", "aperture",   "1.2", "match-mag", "3",
                                "stars", "2",       "iterations", "500", NULL};
    const char *const computed[] = {
        "mag",   "14:16:2", "aperture",   "1.2", "match-mag",           "3",
        "stars", "2",       "iterations", "500", "aperture-correction", "auto",
        NULL};
    const char *const given[] = {
        "mag",   "14:16:2", "aperture",   "1.2", "match-mag",           "3",
        "stars", "2",       "iterations", "500", "aperture-correction", "-0.25",
        NULL};
    struct star_table plain = count_of(empty_frame(), none);
    struct star_table t;
    double correction;

    (void)state;
    assert_true(plain.row[0][OFFSET] > 0.2);
    assert_non_null(strstr(plain.header, "aperture correction: none (0 mag)"));
    t = count_of(empty_frame(), computed);
    assert_near(t.row[0][OFFSET], 0, 0.03);
    assert_int_equal(sscanf(strstr(t.header, "aperture correction:"),
                            "aperture correction: %lf mag, computed", &correction),
                     1);
    assert_near(correction, -plain.row[0][OFFSET], 0.03);
    table_free(&t);
    t = count_of(empty_frame(), given);
    assert_non_null(strstr(t.header, "aperture correction: -0.2500 mag, as given"));
    table_free(&t);
    table_free(&plain);
}

/* Stars too faint to be found, with a limit in magnitude that lets anything pass: by the authors'
 * rule those that happen to fall on an old star are recovered, by the strict rule none is. */
static void strict_rule_ignores_what_was_there(void **state)
{
    const char *authors[] = {"mag",   "28:30:2", "match-mag", "50",   "iterations", "100",
                             "match", "authors", "noise",     "none", NULL};
    struct star_table t = count_of(crowded_frame(), authors);

    (void)state;
    /* 40 places of 4 square pixels in 9900, 5000 stars. */
    assert_near(t.row[0][RECOVERED], 5000 * 160.0 / 9900, 4 * sqrt(81));
    assert_near(t.row[0][WAS_THERE], t.row[0][RECOVERED], 0);
    table_free(&t);
    authors[7] = "strict";
    t = count_of(crowded_frame(), authors);
    assert_near(t.row[0][RECOVERED], 0, 0);
    assert_non_null(strstr(t.header, "no completeness function could be fitted"));
    table_free(&t);
}

static void bins_have_iterations_of_their_own(void **state)
{
    const char *const more[] = {"mag", "16:26:2", "mode", "per-bin", "iterations",
                                "3",   "stars",   "7",    NULL};
    sks_record record;
    struct star_table t;

    (void)state;
    assert_int_equal(count_with(empty_frame(), more, "dynamic", 2, &record), SKS_OK);
    assert_int_equal(record.n_tasks, 5 * 3);
    sks_record_clear(&record);
    t = table_read(scratch_file("table.txt"));
    assert_int_equal(t.n_rows, 5);
    for (size_t i = 0; i < t.n_rows; i++)
        assert_near(t.row[i][INSERTED], 21, 0);
    table_free(&t);
}

static void defaults_are_those_of_the_paper(void **state)
{
    const sks_kernel *const kernels[] = {&sks_kernel_completeness, &sks_kernel_detect};
    sks_detect_options d = sks_detect_defaults();
    sks_phot_options p = sks_phot_defaults();
    const struct {
        const char *name;
        double value;
    } expected[] = {
        {"fwhm", d.fwhm},
        {"sigma", d.sigma},
        {"threshold", d.threshold},
        {"nsigma", d.nsigma},
        {"gain", d.gain},
        {"readnoise", d.read_noise},
        {"sharplo", d.sharp_low},
        {"sharphi", d.sharp_high},
        {"roundlo", d.round_low},
        {"roundhi", d.round_high},
        {"aperture", p.aperture},
        {"annulus", p.annulus},
        {"dannulus", p.dannulus},
        {"zeropoint", p.zero_point},
        {"skyreject", p.reject_low},
    };

    (void)state;
    for (int k = 0; k < 2; k++) {
        sks_values *values = NULL;

        assert_int_equal(sks_values_create(kernels[k]->params, &values), SKS_OK);
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
            assert_near(sks_values_real(values, expected[i].name), expected[i].value, 0);
        assert_int_equal(sks_values_choice(values, "sky"), p.sky);
        sks_values_destroy(values);
    }
}

static void refuse(const char *name, const char *value, sks_status expected, const char *says)
{
    const char *const more[] = {name, value, NULL};
    sks_record record;

    unlink(scratch_file("table.txt"));
    assert_int_equal(count_with(empty_frame(), more, "dynamic", 1, &record), expected);
    assert_non_null(strstr(sks_message(), says));
    assert_int_not_equal(access(scratch_file("table.txt"), F_OK), 0);
    sks_clear();
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    refuse("mag", "26:16:0.5", SKS_ERR_USAGE, "upside down");
    refuse("mag", "16:26:0.3", SKS_ERR_USAGE, "whole number");
    refuse("mag", "16:26", SKS_ERR_USAGE, "MIN:MAX:STEP");
    refuse("mag", "16:26:nan", SKS_ERR_USAGE, "MIN:MAX:STEP");
    refuse("gain", "0", SKS_ERR_USAGE, "gain");
    refuse("psf", "some.fits", SKS_ERR_USAGE, "exclude");
    refuse("psf-model", "gauss", SKS_ERR_USAGE, "gauss:FWHM");
    refuse("psf-model", "moffat:2", SKS_ERR_USAGE, "gauss:FWHM");
    refuse("psf-model", "gauss:2:3:4", SKS_ERR_USAGE, "gauss:FWHM");
    refuse("psf-model", "gauss:-2", SKS_ERR_USAGE, "FWHM");
    refuse("aperture-correction", "some", SKS_ERR_USAGE, "aperture-correction");
    refuse("stars-list", scratch_file("table.txt"), SKS_ERR_USAGE, "same file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bright_stars_are_recovered),
        cmocka_unit_test(table_is_what_the_list_adds_up_to),
        cmocka_unit_test(digest_depends_on_seed_alone),
        cmocka_unit_test(correction_takes_the_offset_away),
        cmocka_unit_test(strict_rule_ignores_what_was_there),
        cmocka_unit_test(bins_have_iterations_of_their_own),
        cmocka_unit_test(defaults_are_those_of_the_paper),
        cmocka_unit_test(bad_input_is_refused),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
