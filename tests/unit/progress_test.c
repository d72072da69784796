/* Property: durations read as people say them; short work shows no progress. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/present/progress.h"

static void durations(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0.0 s"},
        {0.44, "0.4 s"},
        {9.94, "9.9 s"},
        {9.96, "10 s"},
        {59.4, "59 s"},
        {59.6, "1 min 00 s"},
        {200, "3 min 20 s"},
        {3599.7, "1 h 00 min"},
        {3900, "1 h 05 min"},
        {86400, "1 d 0 h"},
        {2 * 86400 + 7300, "2 d 2 h"},
    };
    char text[SKS_DURATION_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(sks_format_duration(cases[i].seconds, text), cases[i].text);
    assert_non_null(sks_format_duration(1e300, text));
}

static void short_work(void **state)
{
    FILE *file = tmpfile();
    sks_progress *progress = NULL;

    (void)state;
    assert_non_null(file);
    assert_int_equal(sks_progress_start(file, "quick", &progress), SKS_OK);
    assert_false(sks_progress_is_due(progress));
    assert_false(sks_progress_is_due(NULL));
    sks_progress_show(progress, 1, 2, "samples", 0.1);
    sks_progress_end(progress);
    sks_progress_end(NULL);
    fflush(file);
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(short_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
