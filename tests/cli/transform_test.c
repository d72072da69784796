/* Property: `skyscale run pix2sky` and `sky2pix` on a million positions write the same bytes under
 * every scheduler, with 1 to 8 workers, and from standard input; the numbers in them are those of
 * the closed formulae; what one run writes another one reads; and what could not be mapped is
 * counted in the run's record.
 *
 * The environment variable SKYSCALE names the program. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/cli/transform_case.h"

enum { FAILED = 1, USAGE = 2 };

/* "digest HEX" in the summary. */
static void digest_said(const char *name, char hex[33])
{
    char *text = spawn_read_file(name, NULL);
    const char *said = strstr(text, "digest ");

    if (said == NULL || sscanf(said, "digest %32[0-9a-f]", hex) != 1)
        fail_msg("no digest in \"%s\"", text);
    free(text);
}

/* ---- A million positions. */

static void same_bytes_however_computed(void **unused)
{
    static const char *const schedulers[] = {"static", "dynamic", "guided", "stealing"};
    char first[33] = "", said[33], file[33];

    (void)unused;
    for (size_t s = 0; s < sizeof(schedulers) / sizeof(*schedulers); s++)
        for (int n = 1; n <= 8; n++) {
            char arguments[256];

            snprintf(arguments, sizeof(arguments),
                     "run pix2sky --image frame.fits --coords list.txt -o sky.txt -s %s -w %d",
                     schedulers[s], n);
            run(arguments);
            digest_of("sky.txt", file);
            digest_said("err", said);
            assert_string_equal(said, file);
            if (first[0] == '\0')
                strcpy(first, file);
            if (strcmp(file, first) != 0)
                fail_msg("%s with %d workers: digest %s, before it was %s", schedulers[s], n, file,
                         first);
        }
    /* From standard input, to standard output: nothing but the product there. */
    assert_int_equal(
        spawn(program, "run pix2sky --image frame.fits --coords - -w 2", "list.txt", "out", "err"),
        0);
    digest_of("out", file);
    assert_string_equal(file, first);
    digest_said("err", said);
    assert_string_equal(said, first);
}

/* After same_bytes_however_computed. */
static void numbers_are_right(void **unused)
{
    char *text = spawn_read_file("sky.txt", NULL), *rest = text, *row;
    size_t n = 0;

    (void)unused;
    while ((row = next_row(&rest)) != NULL) {
        double value[4], pixel[2] = {position(n, 0), position(n, 1)}, sky[2];

        if (n % 97 == 0) {
            assert_int_equal(
                sscanf(row, "%lf %lf %lf %lf", &value[0], &value[1], &value[2], &value[3]), 4);
            for (int k = 0; k < 2; k++)
                check_near("pixel", n, value[k], pixel[k], 5.1e-7); /* 6 decimals in the list */
            expect_sky(value, sky);
            for (int k = 0; k < 2; k++)
                check_near("sky", n, value[2 + k], sky[k], 0.51e-9); /* 9 decimals in the product */
        }
        n++;
    }
    assert_int_equal(n, N_POSITIONS);
    free(text);
}

/* Degrees with 12 decimals are 1e-7 pixel at most. */
static void there_and_back(void **unused)
{
    char *text, *rest, *row;
    char first[33] = "", file[33];
    size_t n = 0;

    (void)unused;
    run("run pix2sky --image frame.fits --coords list.txt -o sky12.txt --decimals 12");
    for (int workers = 1; workers <= 2; workers++) {
        char arguments[256];

        snprintf(
            arguments, sizeof(arguments),
            "run sky2pix --image frame.fits --coords sky12.txt --columns 3,4 -o back.txt -w %d",
            workers);
        run(arguments);
        digest_of("back.txt", file);
        if (first[0] == '\0')
            strcpy(first, file);
        assert_string_equal(file, first);
    }
    text = rest = spawn_read_file("back.txt", NULL);
    while ((row = next_row(&rest)) != NULL) {
        double value[4];

        assert_int_equal(sscanf(row, "%lf %lf %lf %lf", &value[0], &value[1], &value[2], &value[3]),
                         4);
        for (int k = 0; k < 2; k++)
            check_near("back", n, value[2 + k], position(n, k), 1.1e-6); /* 6 decimals, twice */
        n++;
    }
    assert_int_equal(n, N_POSITIONS);
    free(text);
    remove("sky12.txt");
    remove("back.txt");
}

/* ---- What a run says of itself. */

/* The product object of a run's record, and a number in it. */
static double note(const json_t *record, const char *name)
{
    const json_t *value = json_object_get(json_object_get(record, "product"), name);

    if (!json_is_number(value))
        fail_msg("no number product.%s", name);
    return json_number_value(value);
}

static json_t *parse_record(void)
{
    char *text = spawn_read_file("out", NULL);
    json_error_t error;
    json_t *record = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    if (record == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    free(text);
    return record;
}

static void bad_lines(void **unused)
{
    static const char list[] = "1 2\nthree four\n# comment\n5 6\n7\n\n8 9 10\n1e400 2\nnan 3\n";
    static const bool is_nan[] = {false, true, false, true, false, true, true};
    FILE *file = fopen("bad.txt", "w");
    char *text, *rest, *row;
    json_t *record;
    int n = 0;

    (void)unused;
    fputs(list, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(spawn(program,
                           "run pix2sky --image frame.fits --coords bad.txt -o bad-sky.txt", NULL,
                           "out", "err"),
                     FAILED);
    text = spawn_read_file("err", NULL);
    assert_non_null(strstr(text, "bad.txt:2: not two numbers: \"three four\""));
    free(text);
    assert_int_not_equal(access("bad-sky.txt", F_OK), 0);

    run("run pix2sky --image frame.fits --coords bad.txt -o bad-sky.txt --on-bad-line nan --json");
    record = parse_record();
    assert_true(note(record, "positions") == 7);
    assert_true(note(record, "bad_lines") == 3);
    assert_true(note(record, "not_mapped") == 1); /* the line that says nan */
    json_decref(record);
    text = rest = spawn_read_file("bad-sky.txt", NULL);
    for (; (row = next_row(&rest)) != NULL; n++) {
        double value[2];

        if (sscanf(row, "%*s %*s %lf %lf", &value[0], &value[1]) != 2)
            fail_msg("row \"%s\"", row);
        assert_int_equal(isnan(value[0]), is_nan[n]);
        assert_int_equal(isnan(value[1]), is_nan[n]);
    }
    assert_int_equal(n, 7);
    free(text);
}

/* Off the sky there is nan, counted. */
static void positions_off_the_sky(void **unused)
{
    json_t *record;
    char *text;

    (void)unused;
    run("run pix2sky --image all.fits --random 2000 -o random.txt --json");
    record = parse_record();
    assert_true(note(record, "positions") == 2000);
    assert_true(note(record, "not_mapped") > 200 && note(record, "not_mapped") < 800);
    text = spawn_read_file("random.txt", NULL);
    {
        int n = 0;

        for (const char *c = text; (c = strstr(c, "nan")) != NULL; c++)
            n++;
        assert_int_equal(n, 2 * (int)note(record, "not_mapped"));
    }
    free(text);
    json_decref(record);
}

static void check_keys(const json_t *object, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (json_object_get(object, *keys) == NULL)
            fail_msg("no \"%s\" in the record", *keys);
}

static void record_as_json(void **unused)
{
    static const char *const keys[] = {"kernel",
                                       "parameters",
                                       "executor",
                                       "scheduler",
                                       "workers",
                                       "binding",
                                       "tasks",
                                       "chunks",
                                       "phases",
                                       "imbalance",
                                       "overhead_ns_per_chunk",
                                       "counters",
                                       "digest",
                                       "product",
                                       "machine",
                                       NULL};
    static const char *const phase_names[] = {"startup_s", "prepare_s", "parallel_s",
                                              "finish_s",  "total_s",   NULL};
    const json_t *phases;
    json_t *record;
    double sum = 0.0;
    char file[33], *text;

    (void)unused;
    run("run pix2sky --image frame.fits --coords list.txt -o sky.txt -w 3 -s guided --json");
    record = parse_record();
    check_keys(record, keys);
    phases = json_object_get(record, "phases");
    check_keys(phases, phase_names);
    for (int i = 0; i < 4; i++)
        sum += json_number_value(json_object_get(phases, phase_names[i]));
    check_near("phases", 0, sum, json_number_value(json_object_get(phases, "total_s")), 1e-6);
    assert_string_equal(json_string_value(json_object_get(record, "kernel")), "pix2sky");
    assert_string_equal(json_string_value(json_object_get(record, "scheduler")), "guided");
    assert_string_equal(json_string_value(json_object_get(record, "executor")), "threads");
    assert_int_equal(json_integer_value(json_object_get(record, "workers")), 3);
    assert_true(json_integer_value(json_object_get(record, "tasks")) >=
                json_integer_value(json_object_get(record, "chunks")));
    assert_true(json_is_object(json_object_get(record, "counters")));
    assert_true(json_is_object(json_object_get(record, "machine")));
    digest_of("sky.txt", file);
    assert_string_equal(json_string_value(json_object_get(record, "digest")), file);
    assert_true(note(record, "positions") == N_POSITIONS);
    json_decref(record);
    text = spawn_read_file("err", NULL);
    assert_string_equal(text, "");
    free(text);
    /* Both on standard output would be a mixture. */
    assert_int_equal(spawn(program, "run pix2sky --image frame.fits --coords list.txt --json", NULL,
                           "out", "err"),
                     USAGE);
    text = spawn_read_file("out", NULL);
    assert_string_equal(text, "");
    free(text);
}

/* With --quiet nothing is said; without, one summary on standard error. */
static void quiet(void **unused)
{
    char *text;

    (void)unused;
    assert_int_equal(
        spawn(program, "run pix2sky --image frame.fits --random 10 -q", NULL, "out", "err"), 0);
    text = spawn_read_file("err", NULL);
    assert_string_equal(text, "");
    free(text);
    text = spawn_read_file("out", NULL);
    assert_int_equal(strncmp(text, "# pix2sky: frame ", 17), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_however_computed),
        cmocka_unit_test(numbers_are_right),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(positions_off_the_sky),
        cmocka_unit_test(record_as_json),
        cmocka_unit_test(quiet),
    };

    return find_program() ? cmocka_run_group_tests(tests, make_inputs, remove_inputs) : 77;
}
