/* Property: numbers read from text are what strtod gives, bit for bit, and numbers written are what
 * printf prints, byte for byte; junk is refused.
 *
 * Texts and values are made at random from a fixed seed, in the shapes that are hard: many digits,
 * halfway between two doubles, denormal, exactly halfway between two decimals. */
#include "kernels/astro/number.h"
#include "kernels/astro/philox.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 20130604, MAX_TEXT = 1400 };

static unsigned below(sks_philox *random, unsigned n)
{
    return sks_philox_word(random) % n;
}

static uint64_t random_bits(sks_philox *random)
{
    uint64_t high = sks_philox_word(random);

    return high << 32 | sks_philox_word(random);
}

/* Any finite double: signs, exponents and digits alike. */
static double random_double(sks_philox *random)
{
    for (;;) {
        uint64_t bits = random_bits(random);
        double value;

        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value))
            return value;
    }
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

/* What sks_number_read has to say of `text`, through strtod: the length read, 0 when refused. */
static size_t read_by_strtod(const char *text, double *value)
{
    char copy[MAX_TEXT];
    size_t sign = strspn(text, "+-") > 0;
    size_t n = sign + strspn(text + sign, "0123456789");
    size_t n_digits = n - sign;

    if (strncasecmp(text, "nan", 3) == 0 && (text[3] == '\0' || strchr(" \n\t,\r#\v\f", text[3]))) {
        *value = NAN;
        return 3;
    }
    if (text[n] == '.') {
        size_t decimals = strspn(text + n + 1, "0123456789");

        n_digits += decimals;
        n += 1 + decimals;
    }
    if (n_digits == 0)
        return 0;
    if (text[n] != '\0' && strchr("eEdD", text[n]) != NULL) {
        n++;
        n += text[n] == '+' || text[n] == '-';
        if (strspn(text + n, "0123456789") == 0)
            return 0;
        n += strspn(text + n, "0123456789");
    }
    if (text[n] != '\0' && strchr(" \n\t,\r#\v\f", text[n]) == NULL)
        return 0;
    memcpy(copy, text, n);
    copy[n] = '\0';
    for (char *c = copy; *c != '\0'; c++)
        if (*c == 'd' || *c == 'D')
            *c = 'e';
    *value = strtod(copy, NULL);
    return isfinite(*value) ? n : 0;
}

/* Fails unless sks_number_read and sks_angle_read do with `text` what strtod does. */
static void check_read(const char *text)
{
    double expected = 0.0, value = 0.0, angle = 0.0;
    size_t length = read_by_strtod(text, &expected);
    const char *end = sks_number_read(text, &value);
    sks_angle_form form;

    if (length == 0) {
        if (end != NULL)
            fail_msg("\"%s\" was read as %.17g", text, value);
        return;
    }
    if (end != text + length || !(same_bits(value, expected) || isnan(expected)))
        fail_msg("\"%s\" was read as %.17g, strtod says %.17g", text, end != NULL ? value : NAN,
                 expected);
    if (sks_angle_read(text, &angle, &form) != end || form != SKS_ANGLE_PLAIN ||
        !(same_bits(angle, expected) || isnan(expected)))
        fail_msg("\"%s\" was not read as the angle %.17g", text, expected);
}

static char *put_random_digits(sks_philox *random, char *to, unsigned n)
{
    static const char *const kinds[] = {"0123456789", "0000000009", "9999999990"};
    const char *digits = kinds[below(random, 8) < 6 ? 0 : 1 + below(random, 2)];

    for (unsigned i = 0; i < n; i++)
        *to++ = digits[below(random, 10)];
    return to;
}

static char *put_zeros(char *to, unsigned n)
{
    memset(to, '0', n);
    return to + n;
}

static unsigned random_length(sks_philox *random)
{
    switch (below(random, 16)) {
    case 0:
        return 15 + below(random, 10); /* about 2^53 and 2^64 */
    case 1:
        return below(random, 40);
    case 2:
        return below(random, 8) == 0 ? below(random, 320) : 19;
    default:
        return below(random, 10);
    }
}

/* A decimal number of any shape, and something behind it. */
static void make_decimal(sks_philox *random, char *text)
{
    static const char ends[] = " \n\t,\r#\v\f";
    unsigned sign = below(random, 6);
    char *to = text;

    if (sign < 2)
        *to++ = sign == 0 ? '-' : '+';
    if (below(random, 8) == 0)
        to = put_zeros(to, below(random, 4));
    to = put_random_digits(random, to, random_length(random));
    if (below(random, 4) != 0) {
        *to++ = '.';
        if (below(random, 8) == 0)
            to = put_zeros(to, below(random, 41));
        to = put_random_digits(random, to, random_length(random));
    }
    if (below(random, 4) == 0) {
        *to++ = "eEdD"[below(random, 4)];
        if (below(random, 3) != 0)
            *to++ = "+-"[below(random, 2)];
        to += sprintf(to, "%u", below(random, below(random, 2) == 0 ? 30 : 400));
    }
    *to++ = ends[below(random, sizeof(ends))];
    *to = '\0';
}

static void reads_any_decimal(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 1, 0);
    char text[MAX_TEXT];

    (void)unused;
    for (int i = 0; i < 3000000; i++) {
        make_decimal(&random, text);
        check_read(text);
    }
}

/* What printf prints of any double, shortened or in full, comes back as strtod has it. */
static void reads_what_printf_prints(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 2, 0);
    char text[MAX_TEXT];

    (void)unused;
    for (int i = 0; i < 300000; i++) {
        double value = random_double(&random);

        snprintf(text, sizeof(text), "%.*e", 10 + (int)below(&random, 12), value);
        check_read(text);
        snprintf(text, sizeof(text), "%.*f", (int)below(&random, 20), ldexp(value, -900));
        check_read(text);
    }
}

/* Exactly halfway between two doubles the even one is right; a digit more or less, its neighbour.
 * long double holds 64 bits on x86, and on other machines at least the double, which then is only a
 * less interesting text. */
static void reads_halfway_cases(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 3, 0);
    char text[MAX_TEXT];

    (void)unused;
    for (int i = 0; i < 150000; i++) {
        uint64_t mantissa = 1ull << 52 | random_bits(&random) >> 12;
        int exponent = (int)below(&random, 150) - 100;
        long double half = ldexpl((long double)(2 * mantissa + 1), exponent);
        char *last;

        snprintf(text, sizeof(text), "%.110Lf", half);
        check_read(text);
        last = text + strlen(text);
        strcpy(last, "1");
        check_read(text);
        *last = '\0';
        while (*--last == '0' || *last == '.')
            ;
        --*last;
        check_read(text);
    }
    for (uint64_t u = (1ull << 53) - 1000; u < (1ull << 53) + 1000; u++)
        for (int scale = -24; scale <= 24; scale++) {
            snprintf(text, sizeof(text), "%llue%d", (unsigned long long)u, scale);
            check_read(text);
        }
}

static void reads_the_smallest_and_largest(void **unused)
{
    static const char *const texts[] = {
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "2."
        "225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523"
        "908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253"
        "552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323"
        "962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433"
        "037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360"
        "284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128"
        "079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894"
        "721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037"
        "86162277173854562306587467901408672332763671875e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "-1.7976931348623159e308",
        "1e-400",
        "0e99999",
        "0.0e-99999",
        "1e309",
        "1e99999",
        "123456789012345678901234567890e290",
        "9007199254740993",
        "9007199254740992.99999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "1844674407370955161.5",
    };
    sks_philox random = sks_philox_stream(SEED, 4, 0);
    char text[MAX_TEXT];

    (void)unused;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        check_read(texts[i]);
    for (int i = 0; i < 20000; i++) { /* denormals */
        uint64_t bits = random_bits(&random) >> (12 + below(&random, 50));
        double value;

        memcpy(&value, &bits, sizeof(value));
        snprintf(text, sizeof(text), "%.*e", (int)below(&random, 25), value);
        check_read(text);
    }
}

static void accepts_and_refuses(void **unused)
{
    static const char *const good[] = {
        "1",   "+1",  "-1",    "5.", ".5",  "-.5",  "+.5",    "007", "1d3", "1D-3",  "1.5E2",
        "1,2", "1#c", "1\r\n", "-0", "nan", "NaN,", "NAN\t1", "1\v", "1\f", "1.e+1", "1 x"};
    static const char *const bad[] = {
        "",    " ",    " 1",   "abc",   "1e",       "1e+",   "1d",    "--1", "+-1",  "1.2.3",
        ".",   "-.",   "+",    "e5",    ".e5",      "0x10",  "1_000", "inf", "-inf", "infinity",
        "nam", "nanx", "-nan", "1e400", "-1e+4000", "1;2",   "12:30", "1h",  "1m",   "1..2",
        "1-2", "1e5x", "1e5.", "1e5e5", "\xff",     "1\xb0", "d5",    "n",   "na",   "1'"};

    (void)unused;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        double value;

        assert_non_null(sks_number_read(good[i], &value));
        check_read(good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        double value;

        if (sks_number_read(bad[i], &value) != NULL)
            fail_msg("\"%s\" was read as %g", bad[i], value);
    }
}

/* Random strings of the characters that numbers are made of: nothing beyond the grammar. */
static void refuses_what_strtod_would_not_take_whole(void **unused)
{
    static const char alphabet[] = "0123456789012345..+-eEdDnNaA: ,#";
    sks_philox random = sks_philox_stream(SEED, 5, 0);
    char text[16];

    (void)unused;
    for (int i = 0; i < 2000000; i++) {
        unsigned n = below(&random, sizeof(text));

        for (unsigned k = 0; k < n; k++)
            text[k] = alphabet[below(&random, sizeof(alphabet) - 1)];
        text[n] = '\0';
        check_read(text);
    }
}

/* As printf does where that fits. */
static void check_write(double value, int width, int decimals)
{
    char expected[400];
    char text[64];
    char *end;
    int length = snprintf(expected, sizeof(expected), "%*.*f", width, decimals, value);

    if (length > width)
        return;
    memset(text, '?', sizeof(text));
    end = sks_number_write(text, value, width, decimals);
    if (end != text + width || *end != '?')
        fail_msg("%.17g: more or less than %d characters were written", value, width);
    *end = '\0';
    if (strcmp(text, expected) != 0)
        fail_msg("%.17g with %d decimals: \"%s\", printf says \"%s\"", value, decimals, text,
                 expected);
}

static void check_write_around(double value, int width, int decimals)
{
    check_write(value, width, decimals);
    check_write(nextafter(value, INFINITY), width, decimals);
    check_write(nextafter(value, -INFINITY), width, decimals);
    check_write(-value, width, decimals);
}

static void writes_as_printf(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 6, 0);

    (void)unused;
    for (int i = 0; i < 1000000; i++) {
        double scale = ldexp(1.0, (int)below(&random, 60) - 12);
        double value = (2.0 * sks_philox_uniform(&random) - 1.0) * scale;

        check_write(value, 30, (int)below(&random, 16));
        check_write(360.0 * sks_philox_uniform(&random), 14, 9);
    }
    for (int i = 0; i < 200000; i++)
        check_write(random_double(&random), 40, (int)below(&random, 16));
}

/* k + m/2^j: printed with fewer decimals than it has, some of these are exactly halfway, where the
 * even digit is right. */
static void writes_ties_to_even(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 7, 0);

    (void)unused;
    for (int decimals = 0; decimals <= 15; decimals++)
        for (int i = 0; i < 20000; i++) {
            unsigned n = below(&random, 1u << below(&random, 24));
            double value = ldexp(2.0 * n + 1.0, -(decimals + 1)); /* n odd halves of 10^-decimals */

            check_write_around(value, 40, decimals);
            check_write_around((n + 0.5) * pow(10.0, -decimals), 40, decimals);
        }
    check_write(0.5, 7, 0);
    check_write(1.5, 7, 0);
    check_write(2.5, 7, 0);
    check_write(0.125, 10, 2);
    check_write(0.375, 10, 2);
}

static void writes_carries_and_zeros(void **unused)
{
    (void)unused;
    for (int decimals = 0; decimals <= 15; decimals++) {
        double unit = pow(10.0, -decimals);

        for (double nines = 9.0; nines < 1e14; nines = 10.0 * nines + 9.0) {
            check_write_around(nines + 1.0 - 0.5 * unit, 40, decimals);
            check_write_around(nines + 1.0 - 0.25 * unit, 40, decimals);
            check_write_around(nines + 0.9999999999, 40, decimals);
        }
        check_write_around(0.5 * unit, 40, decimals);
        check_write_around(0.0, 40, decimals);
        check_write(-0.0, 40, decimals);
        check_write(-0.1 * unit, 40, decimals);
        check_write(DBL_TRUE_MIN, 40, decimals);
        for (int bit = 40; bit < 64; bit++) /* about where 53 bits do not do any more */
            check_write_around(ldexp(1.0, bit) * unit, 40, decimals);
    }
}

static void write_to(char text[64], double value, int width, int decimals)
{
    *sks_number_write(text, value, width, decimals) = '\0';
}

/* What does not fit keeps its value: in exponential notation, never cut. */
static void writes_what_does_not_fit(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 8, 0);
    char text[64];

    (void)unused;
    write_to(text, NAN, 12, 3);
    assert_string_equal(text, "         nan");
    write_to(text, -NAN, 7, 3);
    assert_string_equal(text, "    nan");
    write_to(text, 1e300, 12, 3);
    assert_string_equal(text, "1.00000e+300");
    write_to(text, -1e300, 7, 3);
    assert_string_equal(text, "-1e+300");
    write_to(text, 123456.789, 7, 3);
    assert_string_equal(text, "1.2e+05");
    write_to(text, 1e15, 16, 9);
    assert_string_equal(text, "1.0000000000e+15");
    for (int i = 0; i < 200000; i++) {
        double value = random_double(&random), back;
        int width = 7 + (int)below(&random, 30);
        int decimals = (int)below(&random, 16);
        int digits;
        char expected[400];

        if (snprintf(expected, sizeof(expected), "%.*f", decimals, value) <= width ||
            fabs(value) > 1e308) /* rounded to two digits it could be too large to be read */
            continue;
        write_to(text, value, width, decimals);
        for (digits = width; snprintf(expected, sizeof(expected), "%.*e", digits, value) > width;)
            digits--;
        assert_string_equal(text + strspn(text, " "), expected);
        assert_int_equal(strlen(text), width);
        assert_ptr_equal(sks_number_read(text + strspn(text, " "), &back), text + width);
        assert_true(digits > 0 ? fabs(back - value) <= 0.06 * fabs(value)
                               : fabs(back - value) <= 0.5001 * fabs(value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_any_decimal),
        cmocka_unit_test(reads_what_printf_prints),
        cmocka_unit_test(reads_halfway_cases),
        cmocka_unit_test(reads_the_smallest_and_largest),
        cmocka_unit_test(accepts_and_refuses),
        cmocka_unit_test(refuses_what_strtod_would_not_take_whole),
        cmocka_unit_test(writes_as_printf),
        cmocka_unit_test(writes_ties_to_even),
        cmocka_unit_test(writes_carries_and_zeros),
        cmocka_unit_test(writes_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
