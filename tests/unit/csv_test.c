/* Property: what is written as CSV is read back byte for byte and bit for bit, whatever texts and
 * numbers there are; files of other programs are read as RFC 4180 has them, and what breaks its
 * rules is answered with the line. */
#include "harness/sweep/csv.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static FILE *open_text(const char *text, size_t size)
{
    FILE *in = fmemopen((void *)text, size, "r");

    assert_non_null(in);
    return in;
}

/* Reads one record; the caller closes csv and in. */
static void read_one(const char *text, sks_csv *csv, FILE **in)
{
    bool has_record = false;

    sks_clear();
    *in = open_text(text, strlen(text));
    assert_int_equal(sks_csv_open(*in, "file", csv), SKS_OK);
    assert_int_equal(sks_csv_next(csv, &has_record), SKS_OK);
    assert_true(has_record);
}

static void texts_come_back(void **state)
{
    static const char *const texts[] = {
        "plain",
        "",
        "a,b",
        "say \"so\"",
        "two\nlines",
        "two\r\nmore",
        "\"",
        "<script>\\n'",
        "\t tab ",
        "na\xc3\xafve \xe2\x82\xac",
        "\xff bytes",
        "end\r",
        ",",
        "\"\"",
        "# not a comment",
    };
    const size_t n = sizeof(texts) / sizeof(texts[0]);
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size), *in;
    bool has_record = true;
    sks_csv csv;

    (void)state;
    for (int row = 0; row < 2; row++)
        for (size_t i = 0; i < n; i++) {
            sks_csv_put_text(texts[i], strlen(texts[i]), out);
            putc(i + 1 < n ? ',' : '\n', out);
        }
    assert_int_equal(fclose(out), 0);
    in = open_text(written, size);
    assert_int_equal(sks_csv_open(in, "file", &csv), SKS_OK);
    for (int row = 0; row < 2; row++) {
        assert_int_equal(sks_csv_next(&csv, &has_record), SKS_OK);
        assert_true(has_record);
        assert_int_equal(csv.n, n);
        for (size_t i = 0; i < n; i++)
            assert_string_equal(csv.cell[i], texts[i]);
    }
    assert_int_equal(csv.line, 4); /* one record has three lines */
    assert_int_equal(sks_csv_next(&csv, &has_record), SKS_OK);
    assert_false(has_record);
    sks_csv_close(&csv);
    fclose(in);
    free(written);
}

static void check_number(double value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    double back;

    sks_csv_put_real(value, out);
    fclose(out);
    back = strtod(text, NULL);
    if (memcmp(&back, &value, sizeof(value)) != 0)
        fail_msg("%a came back as %a from %s", value, back, text);
    free(text);
}

static void numbers_come_back(void **state)
{
    static const double special[] = {0.0,     -0.0,    0.1,      1.0 / 3, 1e-9, 123456789.125,
                                     DBL_MAX, DBL_MIN, 5e-324,   -1e300,  1e15, 9007199254740993.0,
                                     2.3e9,   1e-7,    0.1 + 0.2};
    uint64_t bits = 88172645463325252u;

    (void)state;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        check_number(special[i]);
    for (int i = 0; i < 100000; i++) { /* xorshift: any bit pattern that is a number */
        double value;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value))
            check_number(value);
        check_number((double)(bits % 100000000) / 1e7); /* chosen numbers, of few digits */
        /* Times as clocks give them, and neighbours of the powers of two and of ten. */
        check_number(ldexp((double)(bits >> 11), -64 - (int)(bits % 20)));
        check_number(nextafter(ldexp(1, i % 100 - 50), (double)(i & 1) * 10));
        check_number(nextafter(pow(10, i % 30 - 12), (double)(i & 1) * 1e30));
    }
}

/* A number somebody chose is not printed with 17 digits. */
static void chosen_numbers_stay_short(void **state)
{
    static const char *const texts[] = {"0.1", "1e-07", "2.5", "0.3", "123456.789012345", "-7"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *out = fmemopen(text, sizeof(text), "w");

        sks_csv_put_real(strtod(texts[i], NULL), out);
        fclose(out);
        assert_string_equal(text, texts[i]);
    }
}

static void whole_numbers(void **state)
{
    static const int64_t values[] = {0, 7, -1, 1234567890123, INT64_MAX, INT64_MIN};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        FILE *out = fmemopen(text, sizeof(text), "w");

        sks_csv_put_int(values[i], out);
        fclose(out);
        assert_true(strtoll(text, NULL, 10) == values[i]);
    }
}

static void other_programs_files(void **state)
{
    sks_csv csv;
    FILE *in;

    (void)state;
    read_one("\xef\xbb\xbf"
             "a,\"b\"\r\n1,2\r\n",
             &csv, &in);
    assert_int_equal(csv.n, 2);
    assert_string_equal(csv.cell[0], "a");
    assert_string_equal(csv.cell[1], "b");
    sks_csv_close(&csv);
    fclose(in);
    read_one("a,,", &csv, &in); /* no line end at the end */
    assert_int_equal(csv.n, 3);
    assert_string_equal(csv.cell[2], "");
    sks_csv_close(&csv);
    fclose(in);
}

static void expect(const char *text, size_t size, const char *message)
{
    FILE *in = open_text(text, size);
    bool has_record = true;
    sks_csv csv;
    sks_status status;

    sks_clear();
    assert_int_equal(sks_csv_open(in, "file", &csv), SKS_OK);
    while ((status = sks_csv_next(&csv, &has_record)) == SKS_OK && has_record)
        ;
    assert_int_equal(status, SKS_ERR_INPUT);
    assert_string_equal(sks_message(), message);
    sks_csv_close(&csv);
    fclose(in);
}

static void broken_files(void **state)
{
    (void)state;
    expect("a,b\n\"open,c\n", 12, "file:3: a quote is not closed");
    expect("a\n\"b\"c\n", 7, "file:2: text behind a closing quote");
    expect("a\nb\"c\"\n", 7, "file:2: a quote within a cell that does not begin with one");
    expect("a\0b\n", 4, "file:1: a NUL character");
    expect("\"a\0b\"\n", 6, "file:1: a NUL character");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back),           cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(chosen_numbers_stay_short), cmocka_unit_test(whole_numbers),
        cmocka_unit_test(other_programs_files),      cmocka_unit_test(broken_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
