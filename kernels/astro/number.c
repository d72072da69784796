#include "kernels/astro/number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { MAX_EXACT_POWER = 22, MAX_TOKEN = 1100 };

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

static inline bool is_digit(char c)
{
    return (unsigned)(c - '0') < 10;
}

static inline bool ends_number(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == ',' || c == '\r' || c == '\0' || c == '#' ||
           c == '\v' || c == '\f';
}

/* The rare cases, through the C library: many digits, large exponents. A number of more than
 * MAX_TOKEN characters is refused. */
static const char *read_slowly(const char *text, const char *end, double *value)
{
    char copy[MAX_TOKEN + 1];
    char *parsed;
    size_t n = (size_t)(end - text);

    if (n > MAX_TOKEN)
        return NULL;
    memcpy(copy, text, n);
    copy[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (copy[i] == 'd' || copy[i] == 'D')
            copy[i] = 'e';
    *value = strtod(copy, &parsed);
    return *parsed == '\0' && isfinite(*value) ? end : NULL;
}

static const char *read_nan(const char *text, double *value)
{
    if ((text[0] | 32) != 'n' || (text[1] | 32) != 'a' || (text[2] | 32) != 'n' ||
        !ends_number(text[3]))
        return NULL;
    *value = NAN;
    return text + 3;
}

/* Reads the exponent after 'e' or 'd'; NULL when there is no digit. */
static const char *read_exponent(const char *p, int *exponent)
{
    bool is_negative = *p == '-';
    int e = 0;

    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p); p++)
        if (e < 10000)
            e = 10 * e + (*p - '0');
    *exponent = is_negative ? -e : e;
    return p;
}

/* A number whose end is not checked: shared by plain numbers and the fields of sexagesimal ones,
 * which have no exponent ("12d34m": degrees).
 *
 * With at most 19 digits the digits fit in 64 bits; when that integer is below 2^53 and the power
 * of ten at most 10^22, both are exact as doubles and one multiplication or division rounds once:
 * Clinger (1990), PLDI '90, 92. */
static inline const char *read_prefix(const char *text, bool takes_exponent, double *value)
{
    const char *p = text;
    bool is_negative = *p == '-';
    const char *digits;
    uint64_t mantissa = 0;
    ptrdiff_t n_digits, n_decimals = 0;
    int exponent = 0;

    if (*p == '-' || *p == '+')
        p++;
    digits = p;
    for (; is_digit(*p); p++)
        mantissa = 10 * mantissa + (uint64_t)(*p - '0');
    n_digits = p - digits;
    if (*p == '.') {
        const char *point = p++;

        for (; is_digit(*p); p++)
            mantissa = 10 * mantissa + (uint64_t)(*p - '0');
        n_decimals = p - point - 1;
        n_digits += n_decimals;
    }
    if (n_digits == 0)
        return NULL;
    if (takes_exponent && ((*p | 32) == 'e' || (*p | 32) == 'd')) {
        p = read_exponent(p + 1, &exponent);
        if (p == NULL)
            return NULL;
    }
    exponent -= (int)(n_decimals < 100000 ? n_decimals : 100000);
    if (n_digits <= 19 && mantissa <= (1ull << 53) && exponent >= -MAX_EXACT_POWER &&
        exponent <= MAX_EXACT_POWER) {
        double x = (double)mantissa;

        x = exponent < 0 ? x / power_of_ten[-exponent] : x * power_of_ten[exponent];
        *value = is_negative ? -x : x;
        return p;
    }
    return read_slowly(text, p, value);
}

const char *sks_number_read(const char *text, double *value)
{
    const char *end = read_prefix(text, true, value);

    if (end == NULL)
        return read_nan(text, value);
    return ends_number(*end) ? end : NULL;
}

/* The fields of a sexagesimal number; `p` is behind the first one. NULL when it is none. */
static const char *read_fields(const char *first, const char *p, sks_angle_form form,
                               double field[3])
{
    const char *start = first;

    for (int n = 0;; n++) {
        if (form == SKS_ANGLE_COLONS) {
            if (ends_number(*p))
                return n > 0 ? p : NULL;
            if (*p++ != ':')
                return NULL;
        } else {
            if (ends_number(*p))
                return p;
            if (n > 0 && (*p | 32) != (n == 1 ? 'm' : 's'))
                return NULL;
            if (ends_number(*++p))
                return p;
        }
        /* Another field follows: the one before was a whole number. */
        if (n == 2 || !is_digit(*p) || memchr(start, '.', (size_t)(p - start)) != NULL)
            return NULL;
        start = p;
        p = read_prefix(p, false, &field[n + 1]);
        if (p == NULL || field[n + 1] >= 60.0)
            return NULL;
    }
}

const char *sks_angle_read(const char *text, double *value, sks_angle_form *form)
{
    double field[3] = {0.0, 0.0, 0.0};
    const char *p = read_prefix(text, true, value);

    *form = SKS_ANGLE_PLAIN;
    if (p != NULL && ends_number(*p))
        return p;
    p = read_prefix(text, false, &field[0]);
    if (p == NULL)
        return read_nan(text, value);
    if (*p == ':')
        *form = SKS_ANGLE_COLONS;
    else if ((*p | 32) == 'h')
        *form = SKS_ANGLE_HOURS;
    else if ((*p | 32) == 'd')
        *form = SKS_ANGLE_DEGREES;
    else
        return NULL;
    p = read_fields(text, p, *form, field);
    if (p == NULL)
        return NULL;
    *value = copysign(fabs(field[0]) + field[1] / 60.0 + field[2] / 3600.0, field[0]);
    return p;
}

/* Eight decimal digits, leading zeros included; independent steps, so that they overlap. */
static inline void put_eight(char *to, uint32_t u)
{
    uint32_t high = u / 10000, low = u % 10000;

    memcpy(to, digit_pairs + 2 * (high / 100), 2);
    memcpy(to + 2, digit_pairs + 2 * (high % 100), 2);
    memcpy(to + 4, digit_pairs + 2 * (low / 100), 2);
    memcpy(to + 6, digit_pairs + 2 * (low % 100), 2);
}

/* Writes the last `n` decimal digits of u, leading zeros included, ending before `end`. */
static inline void put_digits(char *end, uint64_t u, int n)
{
    uint32_t rest;

    for (; n >= 8; n -= 8) {
        end -= 8;
        put_eight(end, (uint32_t)(u % 100000000));
        u /= 100000000;
    }
    rest = (uint32_t)u;
    for (; n >= 2; n -= 2) {
        end -= 2;
        memcpy(end, digit_pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (n == 1)
        end[-1] = (char)('0' + rest % 10);
}

static inline int count_digits(uint64_t u)
{
    int n = 1;

    for (; u >= 10000; u /= 10000)
        n += 4;
    return n + (u >= 10) + (u >= 100) + (u >= 1000);
}

/* magnitude * 10^decimals rounded to an integer, ties to even, as if computed without error. The
 * product is off by at most half a unit in its last place; only where the fraction is that close
 * to one half does it matter, and there the error is had exactly from a fused multiply-add
 * (Dekker's product). False where 53 bits are too few for that. */
static inline bool scale_exactly(double magnitude, int decimals, uint64_t *scaled)
{
    double power = power_of_ten[decimals];
    double product = magnitude * power;
    double above_half;
    uint64_t u;

    if (!(product < 0x1p51))
        return false;
    u = (uint64_t)product;
    above_half = product - (double)u - 0.5;
    if (fabs(above_half) <= product * 0x1p-52)
        above_half += fma(magnitude, power, -product);
    if (above_half > 0.0 || (above_half == 0.0 && (u & 1) != 0))
        u++;
    *scaled = u;
    return true;
}

static char *put_padded(char *to, const char *text, int length, int width)
{
    memset(to, ' ', (size_t)(width - length));
    memcpy(to + width - length, text, (size_t)length);
    return to + width;
}

/* Large values, NaN: through the C library, with as many digits as fit. */
static char *write_slowly(char *to, double value, int width, int decimals)
{
    char text[400];
    int length;

    if (isnan(value))
        return put_padded(to, "nan", 3, width);
    length = snprintf(text, sizeof(text), "%.*f", decimals, value);
    for (int digits = width; length > width && digits >= 0; digits--)
        length = snprintf(text, sizeof(text), "%.*e", digits, value);
    return put_padded(to, text, length <= width ? length : width, width);
}

char *sks_number_write(char *to, double value, int width, int decimals)
{
    bool is_negative = signbit(value) != 0;
    int n_integer, length;
    uint64_t scaled, integer, fraction;
    uint64_t power;
    char *end;

    if (!scale_exactly(fabs(value), decimals, &scaled))
        return write_slowly(to, value, width, decimals);
    power = (uint64_t)power_of_ten[decimals];
    integer = (uint64_t)fabs(value);
    fraction = scaled - integer * power;
    if (fraction >= power) { /* rounded up to the next integer */
        fraction -= power;
        integer++;
    }
    n_integer = count_digits(integer);
    length = is_negative + n_integer + (decimals > 0) + decimals;
    if (length > width)
        return write_slowly(to, value, width, decimals);

    memset(to, ' ', (size_t)width);
    end = to + width;
    put_digits(end, fraction, decimals);
    end -= decimals;
    if (decimals > 0)
        *--end = '.';
    put_digits(end, integer, n_integer);
    if (is_negative)
        end[-n_integer - 1] = '-';
    return to + width;
}

char *sks_sexagesimal_write(char *to, double value, int width, int decimals, int modulus,
                            bool is_signed)
{
    bool is_negative = signbit(value) != 0;
    double magnitude = fabs(value);
    double whole = floor(magnitude);
    uint64_t power = (uint64_t)power_of_ten[decimals];
    uint64_t degrees, rest;
    char text[40];
    int n_degrees, length = 0;

    if (isnan(value))
        return put_padded(to, "nan", 3, width);
    if (!(magnitude < 999.0))
        return sks_number_write(to, value, width, decimals);
    degrees = (uint64_t)whole;
    /* The fraction of a degree is exact; one rounding to the last digit printed. */
    rest = (uint64_t)llrint((magnitude - whole) * 3600.0 * (double)power);
    if (rest >= 3600 * power) {
        rest -= 3600 * power;
        degrees++;
    }
    if (modulus > 0 && degrees >= (uint64_t)modulus)
        degrees -= (uint64_t)modulus;

    if (is_signed || value < 0.0)
        text[length++] = is_negative ? '-' : '+';
    n_degrees = degrees >= 100 ? count_digits(degrees) : 2;
    put_digits(text + length + n_degrees, degrees, n_degrees);
    length += n_degrees;
    text[length++] = ':';
    put_digits(text + length + 2, rest / (60 * power), 2);
    length += 2;
    text[length++] = ':';
    rest %= 60 * power;
    put_digits(text + length + 2, rest / power, 2);
    length += 2;
    if (decimals > 0) {
        text[length++] = '.';
        put_digits(text + length + decimals, rest % power, decimals);
        length += decimals;
    }
    return put_padded(to, text, length, width);
}
