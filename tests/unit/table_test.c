/* Property: tables are aligned, keep to the page, and say what was left out and why. */
#include "harness/present/fit_table.h"
#include "harness/present/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void cells_are_aligned(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    sks_table *table;

    (void)state;
    assert_int_equal(sks_table_create(3, &table), SKS_OK);
    sks_table_cell(table, "name");
    sks_table_cell(table, "T [s]");
    sks_table_cell(table, "\xc2\xb5"); /* one character, two bytes */
    sks_table_cell(table, "static");
    sks_table_cell(table, "%d\n%s", 12, "11..13");
    sks_table_cell(table, "7");
    assert_int_equal(sks_table_print(table, out, 100), SKS_OK);
    fclose(out);
    assert_string_equal(text, "name     T [s]  \xc2\xb5\n"
                              "static      12  7\n"
                              "        11..13\n");
    free(text);
    sks_table_destroy(table);
}

/* A heading takes no part in the width of the column that it begins in. */
static void headings_run_across(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    sks_table *table;

    (void)state;
    assert_int_equal(sks_table_create(2, &table), SKS_OK);
    sks_table_heading(table, "%s", "a long heading");
    sks_table_cell(table, "a");
    sks_table_cell(table, "1");
    assert_int_equal(sks_table_print(table, out, 100), SKS_OK);
    fclose(out);
    assert_string_equal(text, "a long heading\na  1\n");
    free(text);
    sks_table_destroy(table);
}

static void wide_tables_continue_below(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    sks_table *table;

    (void)state;
    assert_int_equal(sks_table_create(4, &table), SKS_OK);
    for (int i = 0; i < 8; i++)
        sks_table_cell(table, "%c%c%c", 'a' + i, 'a' + i, 'a' + i);
    assert_int_equal(sks_table_print(table, out, 13), SKS_OK);
    fclose(out);
    assert_string_equal(text, "aaa  bbb  ccc\neee  fff  ggg\n\naaa  ddd\neee  hhh\n");
    free(text);
    sks_table_destroy(table);
}

/* Two series over 1 … 8 workers, the last three oversubscribed. */
static sks_series *make_series(void)
{
    sks_series *s = calloc(2, sizeof(*s));

    assert_non_null(s);
    for (size_t i = 0; i < 2; i++) {
        s[i].kernel = strdup("synthetic");
        s[i].parameters = strdup("delay=1");
        s[i].executor = strdup("threads");
        s[i].scheduler = strdup(i == 0 ? "static" : "dynamic:chunk=4");
        s[i].binding = strdup("cores");
        s[i].n_points = 8;
        s[i].points = calloc(8, sizeof(*s[i].points));
        assert_non_null(s[i].points);
        for (unsigned j = 0; j < 8; j++) {
            s[i].points[j] = (sks_point){.n_workers = j + 1,
                                         .is_oversubscribed = j >= 5,
                                         .n = 9,
                                         .seconds = calloc(9, sizeof(double))};
            assert_non_null(s[i].points[j].seconds);
            for (unsigned k = 0; k < 9; k++)
                s[i].points[j].seconds[k] =
                    (0.001 + 0.1 / (j + 1)) * (1.0 + 0.01 * ((7 * k + j) % 9));
        }
    }
    return s;
}

static void fits_fit_on_the_page_and_explain_their_marks(void **state)
{
    sks_series *series = make_series();
    sks_fit *fits;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const sks_fit_table_options options = {.time_name = "total time"};

    (void)state;
    assert_int_equal(sks_fit_all(series, 2, &sks_fit_defaults, &fits), SKS_OK);
    assert_int_equal(sks_fit_table_print(fits, 2, &options, out), SKS_OK);
    fclose(out);
    assert_non_null(strstr(text, "synthetic, executor threads, binding cores"));
    assert_non_null(strstr(text, "T(1) [ms]"));
    assert_non_null(strstr(text, "8*"));
    assert_non_null(strstr(text, "* oversubscribed: more workers than places to run; left out"));
    assert_non_null(strstr(text, "T_S [ms]"));
    assert_non_null(strstr(text, "5 of 8"));
    assert_non_null(strstr(text, "too few points to tell: 5 worker counts without"));
    assert_non_null(strstr(text, "gustafson: T(N)"));
    assert_non_null(strstr(text, "not fitted: needs weak scaling"));
    for (const char *line = text; *line != '\0'; line += strspn(line, "\n")) {
        size_t length = strcspn(line, "\n");

        assert_true(length <= 100);
        line += length;
    }
    free(text);
    sks_fits_free(fits, 2);
    sks_series_free(series, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_aligned),
        cmocka_unit_test(headings_run_across),
        cmocka_unit_test(wide_tables_continue_below),
        cmocka_unit_test(fits_fit_on_the_page_and_explain_their_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
