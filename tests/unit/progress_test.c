/* Property: durations read as people say them; short work shows no progress, nor does any
 * work whose standard error is not a terminal. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* What is written about the same long work to a terminal and to a pipe. */
static void long_work(void **state)
{
    int ends[2];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    FILE *to[2] = {NULL, NULL};
    sks_progress *progress[2] = {NULL, NULL};
    char text[512];
    ssize_t n;

    (void)state;
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    assert_int_equal(pipe(ends), 0);
    to[0] = fopen(ptsname(terminal), "w");
    to[1] = fdopen(ends[1], "w");
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    for (int i = 0; i < 2; i++) {
        assert_non_null(to[i]);
        assert_int_equal(sks_progress_start(to[i], "slow", &progress[i]), SKS_OK);
    }
    while (!sks_progress_is_due(progress[0]))
        usleep(50000);
    assert_false(sks_progress_is_due(progress[1]));
    for (int i = 0; i < 2; i++) {
        sks_progress_show(progress[i], 1, 2, "samples", 90);
        sks_progress_end(progress[i]);
    }
    n = read(terminal, text, sizeof(text) - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "slow: 1 of 2 samples, 1 min 30 s left"));
    fclose(to[1]);
    assert_int_equal(read(ends[0], text, sizeof(text)), 0);
    fclose(to[0]);
    close(ends[0]);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(short_work),
        cmocka_unit_test(long_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
