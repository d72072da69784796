/* Property: `skyscale run pix2sky` and `sky2pix` on a million positions write the same bytes under
 * every scheduler, with 1 to 8 workers, and from standard input; the numbers in them are those of
 * the closed formulae; what one run writes another one reads.
 *
 * The environment variable SKYSCALE names the program. */
#include <fitsio.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

#include "tests/cli/spawn.h"

/* A sanitizer makes everything several times slower; what is looked for is the same. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_POSITIONS = 100000 };
#else
enum { N_POSITIONS = 1000000 };
#endif
enum { N_FEW = 5000, STRIDE = N_POSITIONS / N_FEW, FAILED = 1, USAGE = 2, MAX_TERMS = 16 };

static const char *program;
static char folder[] = "/tmp/skyscale-transform-XXXXXX";

/* The positions of list.txt. */
static double position(size_t i, int k)
{
    return k == 0 ? 0.5 + 0.7990021 * (double)(i % 1000)
                  : 0.5 + (double)(i / 1000) * 800.0 * 1000 / N_POSITIONS;
}

static void run(const char *arguments)
{
    int status = spawn(program, arguments, NULL, "out", "err");

    if (status != 0) {
        char *text = spawn_read_file("err", NULL);

        print_error("skyscale %s\n%s", arguments, text);
        free(text);
        fail_msg("exit status %d", status);
    }
}

/* XXH3-128 of a file as xxh128sum prints it. */
static void digest_of(const char *name, char hex[33])
{
    XXH128_canonical_t canonical;
    size_t size;
    char *bytes = spawn_read_file(name, &size);

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
    for (int i = 0; i < 16; i++)
        sprintf(hex + 2 * i, "%02x", canonical.digest[i]);
    free(bytes);
}

/* "digest HEX" in the summary. */
static void digest_said(const char *name, char hex[33])
{
    char *text = spawn_read_file(name, NULL);
    const char *said = strstr(text, "digest ");

    if (said == NULL || sscanf(said, "digest %32[0-9a-f]", hex) != 1)
        fail_msg("no digest in \"%s\"", text);
    free(text);
}

/* The next line of text as a string; NULL at the end. */
static char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");

    return line != NULL && (line[0] != '\0' || *rest != NULL) ? line : NULL;
}

/* The next row: the comments before it are skipped. */
static char *next_row(char **rest)
{
    char *line;

    while ((line = next_line(rest)) != NULL && line[0] == '#')
        ;
    return line;
}

static void check_near(const char *what, size_t row, double value, double expected,
                       double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s, row %zu: %.12f, expected %.12f", what, row, value, expected);
}

/* ---- The frame's own formulae: gnomonic projection and SIP (Shupe et al. 2005, ASP 347, 491). */

static struct {
    double crpix[2], crval[2], cd[2][2];
    struct {
        int p, q;
        double value;
    } term[2][MAX_TERMS];
    int n_terms[2];
} frame;

static void read_frame(void)
{
    fitsfile *fits;
    int code = 0, n_cards = 0;

    fits_open_file(&fits, "frame.fits", READONLY, &code);
    fits_get_hdrspace(fits, &n_cards, NULL, &code);
    for (int i = 0; i < 2; i++) {
        char key[FLEN_KEYWORD];

        snprintf(key, sizeof(key), "CRPIX%d", i + 1);
        fits_read_key(fits, TDOUBLE, key, &frame.crpix[i], NULL, &code);
        snprintf(key, sizeof(key), "CRVAL%d", i + 1);
        fits_read_key(fits, TDOUBLE, key, &frame.crval[i], NULL, &code);
        for (int j = 0; j < 2; j++) {
            snprintf(key, sizeof(key), "CD%d_%d", i + 1, j + 1);
            fits_read_key(fits, TDOUBLE, key, &frame.cd[i][j], NULL, &code);
        }
    }
    for (int k = 1; k <= n_cards; k++) {
        char key[FLEN_KEYWORD], value[FLEN_VALUE];
        char letter;
        int p, q;

        fits_read_keyn(fits, k, key, value, NULL, &code);
        if (sscanf(key, "%c_%1d_%1d", &letter, &p, &q) == 3 && (letter == 'A' || letter == 'B')) {
            int axis = letter == 'B';

            assert_true(frame.n_terms[axis] < MAX_TERMS);
            frame.term[axis][frame.n_terms[axis]].p = p;
            frame.term[axis][frame.n_terms[axis]].q = q;
            frame.term[axis][frame.n_terms[axis]++].value = strtod(value, NULL);
        }
    }
    fits_close_file(fits, &code);
    assert_int_equal(code, 0);
    assert_true(frame.n_terms[0] > 3 && frame.n_terms[1] > 3);
}

static void expect_sky(const double pixel[2], double sky[2])
{
    const double degree = 3.14159265358979323846 / 180.0;
    double u[2], d[2] = {0.0, 0.0}, plane[2], depth, delta = frame.crval[1] * degree;

    for (int i = 0; i < 2; i++)
        u[i] = pixel[i] - frame.crpix[i];
    for (int i = 0; i < 2; i++)
        for (int t = 0; t < frame.n_terms[i]; t++)
            d[i] += frame.term[i][t].value * pow(u[0], frame.term[i][t].p) *
                    pow(u[1], frame.term[i][t].q);
    for (int i = 0; i < 2; i++)
        plane[i] = (frame.cd[i][0] * (u[0] + d[0]) + frame.cd[i][1] * (u[1] + d[1])) * degree;
    depth = cos(delta) - plane[1] * sin(delta);
    sky[0] = frame.crval[0] + atan2(plane[0], depth) / degree;
    sky[1] = atan2(plane[1] * cos(delta) + sin(delta), hypot(depth, plane[0])) / degree;
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

/* ---- A few positions, in all the ways. */

/* Names columns differently, and in another order. */
static void columns_and_carry(void **unused)
{
    char *text, *rest, *row;
    int n = 0;

    (void)unused;
    run("run pix2sky --image frame.fits --coords few.txt --columns 4,2 --carry -o carried.txt");
    run("run pix2sky --image frame.fits --coords few.txt --columns 4,2 -o bare.txt");
    text = rest = spawn_read_file("carried.txt", NULL);
    while ((row = next_row(&rest)) != NULL) {
        char name[32], note[32], x[32], y[32];
        double ra, dec,
            pixel[2] = {position(STRIDE * (size_t)n, 0), position(STRIDE * (size_t)n, 1)};
        double sky[2];
        char expected_name[32];

        if (sscanf(row, "%31s %31s %31s %31s %lf %lf", x, y, name, note, &ra, &dec) != 6)
            fail_msg("row \"%s\"", row);
        snprintf(expected_name, sizeof(expected_name), "star-%d", n);
        assert_string_equal(name, expected_name);
        assert_string_equal(note, "a;b");
        for (int k = 0; k < 2; k++) {
            check_near("given", (size_t)n, strtod(k == 0 ? x : y, NULL), pixel[k], 5.1e-7);
            pixel[k] = strtod(k == 0 ? x : y, NULL);
        }
        expect_sky(pixel, sky);
        check_near("ra", (size_t)n, ra, sky[0], 0.51e-9);
        check_near("dec", (size_t)n, dec, sky[1], 0.51e-9);
        n++;
    }
    assert_int_equal(n, N_FEW);
    free(text);
    text = rest = spawn_read_file("bare.txt", NULL);
    assert_null(strstr(text, "star"));
    free(text);
}

/* Line ends and the last newline make no difference. */
static void line_ends(void **unused)
{
    char *text = spawn_read_file("few.txt", NULL);
    FILE *crlf = fopen("crlf.txt", "wb");
    char expected[33], got[33];

    (void)unused;
    assert_non_null(crlf);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n' && c[1] == '\0')
            break;
        if (*c == '\n')
            putc('\r', crlf);
        putc(*c == ' ' && c[1] != ' ' ? ',' : *c, crlf);
    }
    assert_int_equal(fclose(crlf), 0);
    free(text);
    run("run pix2sky --image frame.fits --coords few.txt --columns 4,2 -o few-lf.txt");
    run("run pix2sky --image frame.fits --coords crlf.txt --columns 4,2 -o few-crlf.txt");
    digest_of("few-lf.txt", expected);
    digest_of("few-crlf.txt", got);
    assert_string_equal(got, expected);
}

static void sexagesimal_out_and_in(void **unused)
{
    char *text, *rest, *row;
    int n = 0;

    (void)unused;
    run("run pix2sky --image frame.fits --coords few.txt --columns 4,2 --sky sexagesimal "
        "--decimals 9 -o angles.txt");
    text = rest = spawn_read_file("angles.txt", NULL);
    while ((row = next_row(&rest)) != NULL) {
        unsigned h, m, degrees, minutes;
        double x, y, s, seconds, sky[2], pixel[2];
        char sign;

        if (sscanf(row, "%lf %lf %2u:%2u:%lf %c%2u:%2u:%lf", &x, &y, &h, &m, &s, &sign, &degrees,
                   &minutes, &seconds) != 9)
            fail_msg("row \"%s\"", row);
        assert_true(h < 24 && m < 60 && s < 60 && minutes < 60 && seconds < 60);
        pixel[0] = x;
        pixel[1] = y;
        expect_sky(pixel, sky);
        /* 9 decimals of a second of time, 8 of a second of arc. */
        check_near("ra", (size_t)n, 15.0 * (h + m / 60.0 + s / 3600.0), sky[0], 3e-12);
        check_near("dec", (size_t)n,
                   (sign == '-' ? -1.0 : 1.0) * (degrees + minutes / 60.0 + seconds / 3600.0),
                   sky[1], 2e-12);
        n++;
    }
    assert_int_equal(n, N_FEW);
    free(text);

    run("run sky2pix --image frame.fits --coords angles.txt --columns 3,4 -o pixels.txt");
    text = rest = spawn_read_file("pixels.txt", NULL);
    for (n = 0; (row = next_row(&rest)) != NULL; n++) {
        double x, y;

        if (sscanf(row, "%*s %*s %lf %lf", &x, &y) != 2)
            fail_msg("row \"%s\"", row);
        check_near("x", (size_t)n, x, position(STRIDE * (size_t)n, 0), 2e-6);
        check_near("y", (size_t)n, y, position(STRIDE * (size_t)n, 1), 2e-6);
    }
    assert_int_equal(n, N_FEW);
    free(text);
}

/* Sky positions are repeated as they were written, or shortened without becoming something else. */
static void angles_as_given(void **unused)
{
    static const struct {
        const char *given, *shown;
    } cases[] = {
        {"10.5 41.25", "10.5 41.25"},
        {"0:42:00 +41:15:00", "0:42:00 +41:15:00"},
        {"0h42m00s 41d15m00s", "0h42m00s 41d15m00s"},
        {"10d30m00s 41:15", "10d30m00s 41:15"},
        {"00:42:00.0000000000 +41:15:00.0000000000", "00:42:00.00000 +41:15:00.00000"},
        {"00h42m00.0000000000s -00d15m00.0000000000s", "00:42:00.00000 -00:15:00.00000"},
        {"-00:42:00.0000000000 -41:15:00.0000000000", "-00:42:00.00000 -41:15:00.00000"},
        {"10d30m00.0000000000s 41.25000000000000000", "10.500000000 41.250000000"},
        {"12345:00:00.0000000000 0", "185175.000000000 0"},
        {"1.05000000000000000000e1 4125e-2", "10.500000000 4125e-2"},
    };
    FILE *list = fopen("angles.txt", "w");
    char *text, *rest;

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        fprintf(list, "%s\n", cases[i].given);
    assert_int_equal(fclose(list), 0);
    run("run sky2pix --image all.fits --coords angles.txt -o shown.txt");
    text = rest = spawn_read_file("shown.txt", NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *row = next_row(&rest);
        char first[64], second[64], shown[160];

        assert_non_null(row);
        assert_int_equal(sscanf(row, "%63s %63s", first, second), 2);
        snprintf(shown, sizeof(shown), "%s %s", first, second);
        assert_string_equal(shown, cases[i].shown);
    }
    assert_null(next_row(&rest));
    free(text);
}

/* The units of letters and colons: three ways to write one position. */
static void units_of_angles(void **unused)
{
    static const char list[] =
        "10.5 41.25\n0:42 41:15\n0h42m 41d15m\n10d30m 41:15:00\n0.7h 41.25\n";
    FILE *file = fopen("units.txt", "w");
    char *text, *rest, *row;
    double first[2] = {NAN, NAN};
    int n = 0;

    (void)unused;
    fputs(list, file);
    assert_int_equal(fclose(file), 0);
    run("run sky2pix --image all.fits --coords units.txt -o units-out.txt --decimals 9");
    text = rest = spawn_read_file("units-out.txt", NULL);
    for (; (row = next_row(&rest)) != NULL; n++) {
        double pixel[2];

        assert_int_equal(sscanf(row, "%*s %*s %lf %lf", &pixel[0], &pixel[1]), 2);
        if (n == 0)
            memcpy(first, pixel, sizeof(first));
        for (int k = 0; k < 2; k++)
            check_near("pixel", (size_t)n, pixel[k], first[k], 1.1e-9);
    }
    assert_int_equal(n, 5);
    free(text);
    /* A latitude in hours is a mistake. */
    file = fopen("units.txt", "w");
    fputs("10.5 2h45m\n", file);
    fclose(file);
    assert_int_equal(spawn(program, "run sky2pix --image all.fits --coords units.txt -o none.txt",
                           NULL, NULL, "err"),
                     FAILED);
    assert_int_not_equal(access("none.txt", F_OK), 0);
}

static void tables_out_and_in(void **unused)
{
    double column[4][N_FEW];
    char *names[] = {"X", "Y", "RA", "DEC"};
    fitsfile *fits;
    long n_rows = 0;
    int code = 0, any, number;
    size_t size;
    char *text, *rest, *row;
    size_t n = 0;

    (void)unused;
    run("run pix2sky --image frame.fits --coords few.txt --columns 4,2 -o table.fits -w 3");
    fits_open_table(&fits, "table.fits[POSITIONS]", READONLY, &code);
    fits_get_num_rows(fits, &n_rows, &code);
    assert_int_equal(n_rows, N_FEW);
    for (int k = 0; k < 4; k++) {
        fits_get_colnum(fits, CASESEN, names[k], &number, &code);
        assert_int_equal(number, k + 1);
        fits_read_col(fits, TDOUBLE, number, 1, 1, N_FEW, NULL, column[k], &any, &code);
    }
    fits_close_file(fits, &code);
    assert_int_equal(code, 0);
    free(spawn_read_file("table.fits", &size));
    assert_int_equal(size % 2880, 0);
    for (size_t i = 0; i < N_FEW; i++) {
        double pixel[2] = {column[0][i], column[1][i]}, sky[2];

        for (int k = 0; k < 2; k++)
            check_near("pixel", i, pixel[k], position(STRIDE * i, k), 5.1e-7);
        expect_sky(pixel, sky);
        for (int k = 0; k < 2; k++)
            check_near("sky", i, column[2 + k][i], sky[k], 1e-12);
    }
    /* In again, by name; full precision has been kept. */
    run("run sky2pix --image frame.fits --coords table.fits --columns RA,DEC -o pixels.txt "
        "--decimals 9");
    text = rest = spawn_read_file("pixels.txt", NULL);
    for (; (row = next_row(&rest)) != NULL; n++) {
        double value[2];

        assert_int_equal(sscanf(row, "%*s %*s %lf %lf", &value[0], &value[1]), 2);
        check_near("x", n, value[0], column[0][n], 2e-8);
        check_near("y", n, value[1], column[1][n], 2e-8);
    }
    assert_int_equal(n, N_FEW);
    free(text);
}

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

/* ---- The record. */

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

static void make_lists(void)
{
    FILE *list = fopen("list.txt", "w"), *few = fopen("few.txt", "w");

    assert_true(list != NULL && few != NULL);
    for (size_t i = 0; i < N_POSITIONS; i++)
        fprintf(list, "%.6f %.6f\n", position(i, 0), position(i, 1));
    fprintf(few, "# name y note x\n");
    for (size_t i = 0; i < N_FEW; i++)
        fprintf(few, "star-%zu %.6f a;b %.6f # seen\n", i, position(STRIDE * i, 1),
                position(STRIDE * i, 0));
    assert_int_equal(fclose(list) | fclose(few), 0);
}

static int make_inputs(void **unused)
{
    (void)unused;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    make_lists();
    run("synth wfpc2 --size 800 --stars 0 -o frame.fits");
    run("synth wcs --projection AIT -o all.fits");
    read_frame();
    return 0;
}

static int remove_inputs(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_however_computed),
        cmocka_unit_test(numbers_are_right),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(columns_and_carry),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(sexagesimal_out_and_in),
        cmocka_unit_test(angles_as_given),
        cmocka_unit_test(units_of_angles),
        cmocka_unit_test(tables_out_and_in),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(positions_off_the_sky),
        cmocka_unit_test(record_as_json),
        cmocka_unit_test(quiet),
    };

    program = getenv("SKYSCALE");
    if (program == NULL) {
        printf("skipped: SKYSCALE does not name the program\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
