/* Property: positions may be written in many ways, columns in any order, line ends, sexagesimal
 * angles with or without units, FITS tables; `skyscale run pix2sky` and `sky2pix` read what they
 * write, and repeat what they were given without making something else of it.
 *
 * The environment variable SKYSCALE names the program. */
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

enum { FAILED = 1 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_carry),      cmocka_unit_test(line_ends),
        cmocka_unit_test(sexagesimal_out_and_in), cmocka_unit_test(angles_as_given),
        cmocka_unit_test(units_of_angles),        cmocka_unit_test(tables_out_and_in),
    };

    return find_program() ? cmocka_run_group_tests(tests, make_inputs, remove_inputs) : 77;
}
