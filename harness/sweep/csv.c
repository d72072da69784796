#include "harness/sweep/csv.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void sks_csv_put_text(const char *text, size_t size, FILE *out)
{
    const char *const end = text + size;

    if (memchr(text, ',', size) == NULL && memchr(text, '"', size) == NULL &&
        memchr(text, '\n', size) == NULL && memchr(text, '\r', size) == NULL) {
        fwrite(text, 1, size, out);
        return;
    }
    putc_unlocked('"', out);
    while (text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        const char *stop = quote != NULL ? quote + 1 : end;

        fwrite(text, 1, (size_t)(stop - text), out);
        if (quote != NULL)
            putc_unlocked('"', out);
        text = stop;
    }
    putc_unlocked('"', out);
}

void sks_csv_put_int(int64_t value, FILE *out)
{
    char text[24];
    char *at = text + sizeof(text);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    *--at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    fputs_unlocked(at, out);
}

/* As printf's %.15g where that reads back, else %.17g. */
static void put_any_real(double value, FILE *out)
{
    char text[32];

    snprintf(text, sizeof(text), "%.15g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof(text), "%.17g", value);
    fputs_unlocked(text, out);
}

#if LDBL_MANT_DIG >= 64
static const long double powers_of_ten[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                            1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                            1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                            1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
#endif

/* 17 digits n and a place such that value is read back from n * 10^(place - 16); false when that
 * cannot be had this way. The power of ten is exact in the 64 bits of a long double, so that n is
 * off by at most 1/2 + 10^17 / 2^64 = 0.506 units, while everything within 10^16 / 2^54 = 0.555
 * units is read as the value. */
static bool split_digits(double value, uint64_t *n, int *place)
{
#if LDBL_MANT_DIG >= 64
    const long double largest = 99999999999999999.0L;
    long double scaled;
    int p;

    if (!(value >= 1e-10 && value < 1e16))
        return false;
    p = 0;
    if (value >= 1)
        while (value >= (double)powers_of_ten[p + 1])
            p++;
    else
        while ((long double)value * powers_of_ten[-p] < 1)
            p--;
    scaled = (long double)value * powers_of_ten[16 - p];
    if (scaled < 1e16L || scaled > largest)
        return false;
    *n = (uint64_t)llrintl(scaled);
    *place = p;
    return true;
#else
    (void)value;
    (void)n;
    (void)place;
    return false;
#endif
}

/* d.ddd…e-07, or without the exponent where it is small. */
static void put_digits(uint64_t n, int place, FILE *out)
{
    char digits[17], text[40];
    char *to = text;
    int n_digits = 17;

    for (int i = 17; i-- > 0; n /= 10)
        digits[i] = (char)('0' + n % 10);
    while (n_digits > 1 && digits[n_digits - 1] == '0')
        n_digits--;
    if (place < -4) {
        *to++ = digits[0];
        if (n_digits > 1)
            *to++ = '.';
        to = mempcpy(to, digits + 1, (size_t)n_digits - 1);
        to = stpcpy(to, "e-");
        *to++ = (char)('0' + -place / 10);
        *to++ = (char)('0' + -place % 10);
    } else if (place < 0) {
        to = stpcpy(to, "0.");
        for (int i = -1; i > place; i--)
            *to++ = '0';
        to = mempcpy(to, digits, (size_t)n_digits);
    } else {
        for (int i = 0; i <= place || i < n_digits; i++) {
            if (i == place + 1)
                *to++ = '.';
            *to++ = i < n_digits ? digits[i] : '0';
        }
    }
    *to = '\0';
    fputs_unlocked(text, out);
}

/* A number that somebody chose has 15 digits at most: a double lies within 2^-53 of what it was
 * read from, which is at most 12 units of its 17th digit, so that with the last two digits from 13
 * to 87 none is meant. */
static bool has_no_short_form(uint64_t n)
{
    return n % 100 > 12 && n % 100 < 88;
}

/* With other last digits: makes *n the number of 15 digits if that is read back as value, and
 * leaves the 17 if it is not; false when it is too close to say. Everything within half the
 * distance to the next double, 2^(exponent - 54), is read as value; below a power of two within
 * half of that. */
static bool shorten(double value, int place, uint64_t *n)
{
#if LDBL_MANT_DIG >= 64
    const long double power = powers_of_ten[16 - place];
    const long double scaled = (long double)value * power;
    const uint64_t rounded = (*n + 50) / 100 * 100;
    const long double off = fabsl(scaled - (long double)rounded);
    int exponent;
    long double reach;

    (void)frexp(value, &exponent);
    reach = ldexpl(power, exponent - 54);
    if (value >= 1e15 || rounded > 99999999999999999)
        return false;
    if (off < 0.49L * reach)
        *n = rounded;
    else if (off < 1.01L * reach + 1 || fabsl(scaled - (long double)*n) > 0.49L)
        return false;
    return true;
#else
    (void)value;
    (void)place;
    (void)n;
    return false;
#endif
}

/* Most numbers of a campaign are times from a clock, which need 17 digits, and printf takes its
 * time over those. */
void sks_csv_put_real(double value, FILE *out)
{
    uint64_t n = 0;
    int place = 0;

    if (fabs(value) < 1e15 && value == trunc(value) && !signbit(value))
        sks_csv_put_int((int64_t)value, out);
    else if (split_digits(value, &n, &place) && (has_no_short_form(n) || shorten(value, place, &n)))
        put_digits(n, place, out);
    else
        put_any_real(value, out);
}

struct sks_csv_reader {
    FILE *in;
    unsigned long next_line;
    char *text; /* the record's cells, one behind the other */
    size_t n_text, text_room;
    size_t *begin; /* of each cell in text */
    size_t begin_room, cell_room;
};

static sks_status fail(const sks_csv *csv, const char *cause)
{
    return sks_fail(SKS_ERR_INPUT, "%s:%lu: %s", csv->name, csv->reader->next_line, cause);
}

sks_status sks_csv_open(FILE *in, const char *name, sks_csv *csv)
{
    struct sks_csv_reader *r = calloc(1, sizeof(*r));
    int c;

    if (r == NULL)
        return sks_fail_nomem("the CSV file");
    r->in = in;
    r->next_line = 1;
    c = getc(in);
    if (c == 0xef && (c = getc(in)) == 0xbb && (c = getc(in)) == 0xbf)
        c = getc(in);
    if (c != EOF)
        ungetc(c, in);
    *csv = (sks_csv){.name = name, .reader = r};
    return SKS_OK;
}

void sks_csv_close(sks_csv *csv)
{
    if (csv->reader != NULL) {
        free(csv->reader->text);
        free(csv->reader->begin);
    }
    free(csv->reader);
    free(csv->cell);
    *csv = (sks_csv){0};
}

static sks_status put_byte(const sks_csv *csv, int c)
{
    struct sks_csv_reader *r = csv->reader;

    if (r->n_text == r->text_room) {
        size_t room = 2 * r->text_room + 4096;
        char *grown = room <= SKS_CSV_MAX_RECORD_BYTES ? realloc(r->text, room) : NULL;

        if (grown == NULL)
            return room > SKS_CSV_MAX_RECORD_BYTES
                       ? fail(csv, "the record is too large; is a quote missing?")
                       : sks_fail_nomem("the CSV file");
        r->text = grown;
        r->text_room = room;
    }
    r->text[r->n_text++] = (char)c;
    return SKS_OK;
}

static sks_status begin_cell(sks_csv *csv)
{
    struct sks_csv_reader *r = csv->reader;

    if (csv->n == r->begin_room) {
        size_t room = 2 * r->begin_room + 64;
        size_t *grown = realloc(r->begin, room * sizeof(*grown));

        if (grown == NULL)
            return sks_fail_nomem("the CSV file");
        r->begin = grown;
        r->begin_room = room;
    }
    r->begin[csv->n++] = r->n_text;
    return SKS_OK;
}

/* The inside of a cell in quotes; `*c` is what comes behind the closing one. */
static sks_status read_quoted(const sks_csv *csv, int *c)
{
    struct sks_csv_reader *r = csv->reader;
    sks_status status = SKS_OK;

    while (status == SKS_OK && (*c = getc_unlocked(r->in)) != EOF) {
        if (*c == '"' && (*c = getc_unlocked(r->in)) != '"')
            return *c == ',' || *c == '\n' || *c == '\r' || *c == EOF
                       ? SKS_OK
                       : fail(csv, "text behind a closing quote");
        r->next_line += *c == '\n';
        status = *c != '\0' ? put_byte(csv, *c) : fail(csv, "a NUL character");
    }
    return status == SKS_OK ? fail(csv, "a quote is not closed") : status;
}

/* One cell; `*c` is what ended it: a comma, the line's end or the file's. */
static sks_status read_cell(sks_csv *csv, int *c)
{
    struct sks_csv_reader *r = csv->reader;
    sks_status status = begin_cell(csv);

    if (status != SKS_OK)
        return status;
    if (*c == '"')
        status = read_quoted(csv, c);
    while (status == SKS_OK && *c != ',' && *c != '\n' && *c != EOF) {
        const int before = *c;

        *c = getc_unlocked(r->in);
        if (before == '\0')
            status = fail(csv, "a NUL character");
        else if (before == '"')
            status = fail(csv, "a quote within a cell that does not begin with one");
        else if (before != '\r' || *c != '\n')
            status = put_byte(csv, before);
    }
    return status == SKS_OK ? put_byte(csv, '\0') : status;
}

/* Cells move while the text grows: they are pointed at when the record is complete. */
static sks_status point_at_cells(sks_csv *csv)
{
    struct sks_csv_reader *r = csv->reader;

    if (csv->n > r->cell_room) {
        const char **grown = realloc(csv->cell, r->begin_room * sizeof(*grown));

        if (grown == NULL)
            return sks_fail_nomem("the CSV file");
        csv->cell = grown;
        r->cell_room = r->begin_room;
    }
    for (size_t i = 0; i < csv->n; i++)
        csv->cell[i] = r->text + r->begin[i];
    return SKS_OK;
}

sks_status sks_csv_next(sks_csv *csv, bool *has_record)
{
    struct sks_csv_reader *r = csv->reader;
    sks_status status = SKS_OK;
    int c = getc(r->in);

    csv->n = r->n_text = 0;
    csv->line = r->next_line;
    *has_record = c != EOF;
    while (status == SKS_OK && *has_record) {
        status = read_cell(csv, &c);
        if (c != ',')
            break;
        c = getc_unlocked(r->in);
    }
    r->next_line += c == '\n';
    if (status == SKS_OK && ferror(r->in))
        status = sks_fail(SKS_ERR_IO, "%s: %s", csv->name, strerror(errno));
    return status == SKS_OK && *has_record ? point_at_cells(csv) : status;
}
