/* Property: sexagesimal text is read as the angle it says, in hours or degrees, and junk is
 * refused; what is written holds minutes and seconds below 60 and comes back as the value it was
 * made from. */
#include "kernels/astro/number.h"
#include "kernels/astro/philox.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 20130604 };

static unsigned below(sks_philox *random, unsigned n)
{
    return sks_philox_word(random) % n;
}

static void check_angle(const char *text, double expected, sks_angle_form form)
{
    double value = 0.0;
    sks_angle_form got;
    const char *end = sks_angle_read(text, &value, &got);

    if (end != text + strcspn(text, " ,#\n"))
        fail_msg("\"%s\" was not read", text);
    /* Three terms of a sum, each rounded: two units in the last place. */
    if (!(fabs(value - expected) <= 4.5e-16 * fabs(expected)) ||
        signbit(value) != signbit(expected) || got != form)
        fail_msg("\"%s\" was read as %.17g, expected %.17g", text, value, expected);
}

static void reads_sexagesimal(void **unused)
{
    static const char *const bad[] = {
        "12:60:00",  "12:00:60",     "12:59.9:00", "12.5:30",    "12:",    "12:34:",
        ":12:34",    "12:34:56:",    "12:34:5:6",  "12:-34",     "12:+34", "12: 34",
        "12:34e1",   "12:3e1:00",    "1e1:30:00",  "12::34",     "12h60m", "12h34s",
        "12m",       "12s",          "12h34m56x",  "12h34:56",   "12:34m", "12d34h",
        "12h34m60s", "12.5h30m",     "12h30.5m1s", "h",          "-",      "--12:00:00",
        "12:34:nan", "12:34:56.7.8", "12h34m56s7", "12h34m5e1s", "12hh",   "12d34d",
        "12:61",     "12h34m56sx"};

    (void)unused;
    check_angle("12:34:56.7", 12 + 34 / 60.0 + 56.7 / 3600.0, SKS_ANGLE_COLONS);
    check_angle("-12:34:56.7 x", -(12 + 34 / 60.0 + 56.7 / 3600.0), SKS_ANGLE_COLONS);
    check_angle("+12:34.5,", 12 + 34.5 / 60.0, SKS_ANGLE_COLONS);
    check_angle("12:34", 12 + 34 / 60.0, SKS_ANGLE_COLONS);
    check_angle("12h34m56.7s", 12 + 34 / 60.0 + 56.7 / 3600.0, SKS_ANGLE_HOURS);
    check_angle("12H34M56.7S#", 12 + 34 / 60.0 + 56.7 / 3600.0, SKS_ANGLE_HOURS);
    check_angle("12h34m56.7", 12 + 34 / 60.0 + 56.7 / 3600.0, SKS_ANGLE_HOURS);
    check_angle("12h34.5m", 12 + 34.5 / 60.0, SKS_ANGLE_HOURS);
    check_angle("12h", 12.0, SKS_ANGLE_HOURS);
    check_angle("12.5h", 12.5, SKS_ANGLE_HOURS);
    check_angle("-12d34m56.7s", -(12 + 34 / 60.0 + 56.7 / 3600.0), SKS_ANGLE_DEGREES);
    check_angle("12D34M\n", 12 + 34 / 60.0, SKS_ANGLE_DEGREES);
    check_angle("3d05m", 3 + 5 / 60.0, SKS_ANGLE_DEGREES);
    check_angle("-0:00:30", -30 / 3600.0, SKS_ANGLE_COLONS);
    check_angle("-00:00:30", -30 / 3600.0, SKS_ANGLE_COLONS);
    check_angle("-00:00:00", -0.0, SKS_ANGLE_COLONS);
    check_angle("359:59:59.9999999999", 360.0 - 1e-10 / 3600.0, SKS_ANGLE_COLONS);
    check_angle("1d3", 1000.0, SKS_ANGLE_PLAIN);
    check_angle("-1.5e1", -15.0, SKS_ANGLE_PLAIN);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        double value;
        sks_angle_form form;

        if (sks_angle_read(bad[i], &value, &form) != NULL)
            fail_msg("\"%s\" was read as the angle %g", bad[i], value);
    }
}

static void check_sexagesimal(const char *expected, double value, int decimals, int modulus,
                              bool is_signed)
{
    char text[64];
    int width = 11 + decimals;
    char *end;

    memset(text, '?', sizeof(text));
    end = sks_sexagesimal_write(text, value, width, decimals, modulus, is_signed);
    if (end != text + width || *end != '?')
        fail_msg("%.17g: more or less than %d characters were written", value, width);
    *end = '\0';
    if (strcmp(text + strspn(text, " "), expected) != 0)
        fail_msg("%.17g was written as \"%s\", expected \"%s\"", value, text, expected);
}

static void writes_sexagesimal(void **unused)
{
    (void)unused;
    check_sexagesimal("00:00:00.000", 0.0, 3, 24, false);
    check_sexagesimal("+12:30:00", 12.5, 0, 0, true);
    check_sexagesimal("-12:30:00.0", -12.5, 1, 0, true);
    check_sexagesimal("-00:00:30.00", -30 / 3600.0, 2, 0, true);
    check_sexagesimal("-00:00:30.00", -30 / 3600.0, 2, 0, false);
    check_sexagesimal("00:01:00", 59.99999 / 3600.0, 0, 24, false);
    check_sexagesimal("00:00:59.99999", 59.99999 / 3600.0, 5, 24, false);
    check_sexagesimal("00:01:00.0000", 59.99999 / 3600.0, 4, 24, false);
    check_sexagesimal("13:00:00.000", 13.0 - 1e-9, 3, 24, false);
    check_sexagesimal("00:00:00.000", 24.0 - 1e-9, 3, 24, false);
    check_sexagesimal("23:59:59.999", 24.0 - 1e-3 / 3600.0, 3, 24, false);
    check_sexagesimal("00:00:00.000", 360.0 - 1e-9, 3, 360, false);
    check_sexagesimal("359:59:59.999", 360.0 - 1e-3 / 3600.0, 3, 360, false);
    check_sexagesimal("+90:00:00.00", 90.0, 2, 0, true);
    check_sexagesimal("-90:00:00.00", -90.0 + 1e-9, 2, 0, true);
    check_sexagesimal("00:00:00.123456789012", 0.123456789012 / 3600.0, 12, 24, false);
    check_sexagesimal("nan", NAN, 3, 24, false);
    check_sexagesimal("-998:59:59.0", -(999.0 - 1.0 / 3600.0), 1, 0, true);
    /* Has no place there: a plain number. */
    check_sexagesimal("12345.500", 12345.5, 3, 0, false);
    check_sexagesimal("-999.9999999", -999.9999999, 7, 0, true);
    check_sexagesimal("1.0000000e+300", 1e300, 3, 0, true);
}

/* Written and read, a value is off by half of the last digit at most; no field reaches 60. */
static void sexagesimal_comes_back(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 9, 0);
    char text[64];

    (void)unused;
    for (int i = 0; i < 1000000; i++) {
        bool is_hours = below(&random, 2) == 0;
        bool is_signed = below(&random, 2) == 0;
        double full = is_hours ? 24.0 : 360.0;
        int modulus = is_signed ? 0 : (int)full;
        int decimals = (int)below(&random, 13);
        double value = is_signed ? 180.0 * sks_philox_uniform(&random) - 90.0
                                 : full * sks_philox_uniform(&random);
        /* Half of them whole seconds and a hair less. */
        double near =
            below(&random, 2) == 0
                ? value
                : (rint(value * 3600.0) - pow(10.0, -(double)below(&random, 13))) / 3600.0;
        double back, error, tolerance = (0.5000001 * pow(10.0, -decimals)) / 3600.0 + 2e-13;
        unsigned minutes, seconds;
        sks_angle_form form;
        char *end = sks_sexagesimal_write(text, near, 24, decimals, modulus, is_signed);
        const char *first;

        *end = '\0';
        first = text + strspn(text, " ");
        assert_ptr_equal(sks_angle_read(first, &back, &form), end);
        assert_int_equal(form, SKS_ANGLE_COLONS);
        assert_int_equal(sscanf(strchr(first, ':'), ":%2u:%2u", &minutes, &seconds), 2);
        error = fabs(back - near);
        if (modulus > 0 && error > 1.0)
            error = fabs(error - full);
        if (minutes >= 60 || seconds >= 60 || !(error <= tolerance) ||
            (modulus > 0 && !(back < full)))
            fail_msg("%.17g was written as \"%s\"", near, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sexagesimal),
        cmocka_unit_test(writes_sexagesimal),
        cmocka_unit_test(sexagesimal_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
