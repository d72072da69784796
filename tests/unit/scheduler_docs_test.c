/* Property: docs/schedulers.md has a row for every scheduler of the registry, with all its options,
 * and the sequences it prints for 1000 tasks and 4 workers are those that the schedulers give. */
#include "schedulers/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/cli/spawn.h"

static const char page_name[] = "docs/schedulers.md";
static char *page;

static int read_page(void **state)
{
    (void)state;
    page = spawn_read_file(page_name, NULL);
    return page != NULL ? 0 : -1;
}

static int free_page(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* The next row at or behind *at with `quoted` in its first cell, as a copy to be freed; *at goes
 * behind it. NULL: none. */
static char *next_row(const char **at, const char *quoted)
{
    const char *line = *at;

    while (*line != '\0') {
        const char *end = strchrnul(line, '\n');
        const char *cell_end =
            line[0] == '|' ? memchr(line + 1, '|', (size_t)(end - line - 1)) : NULL;
        const char *found = cell_end != NULL ? strstr(line, quoted) : NULL;

        *at = *end != '\0' ? end + 1 : end;
        if (found != NULL && found < cell_end)
            return strndup(line, (size_t)(end - line));
        line = *at;
    }
    return NULL;
}

static void check_options(const sks_scheduler *scheduler, const char *row)
{
    for (const sks_param *p = scheduler->params; p != NULL && p->name != NULL; p++) {
        char quoted[64];

        snprintf(quoted, sizeof(quoted), "`%s`", p->name);
        if (strstr(row, quoted) == NULL)
            fail_msg("%s: the row of %s lacks its option %s", page_name, scheduler->name, p->name);
    }
}

static void every_scheduler_has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++) {
        const char *at = page;
        char quoted[64], *row;

        snprintf(quoted, sizeof(quoted), "`%s`", sks_scheduler_table[i]->name);
        row = next_row(&at, quoted);
        if (row == NULL)
            fail_msg("%s: no row for %s", page_name, sks_scheduler_table[i]->name);
        check_options(sks_scheduler_table[i], row);
        free(row);
    }
}

/* The sizes of "| `fac2` | 125 ×4, 63 2 |" in order; how many. */
static size_t parse_sizes(const char *row, size_t *sizes, size_t most)
{
    const char *text = strchr(row + 1, '|') + 1;
    size_t n = 0;

    while (*text != '\0') {
        char *end;
        size_t size = strtoul(text, &end, 10), times = 1;

        if (end == text) {
            text++;
            continue;
        }
        if (strncmp(end, " ×", strlen(" ×")) == 0)
            times = strtoul(end + strlen(" ×"), &end, 10);
        while (times-- > 0 && n < most)
            sizes[n++] = size;
        text = end;
    }
    return n;
}

static void check_sequence(const sks_scheduler *scheduler, const char *row)
{
    enum { N_TASKS = 1000, N_WORKERS = 4 };
    size_t sizes[N_TASKS], n = parse_sizes(row, sizes, N_TASKS), sum = 0;
    sks_values *options;
    sks_loop loop = {.n_tasks = N_TASKS, .n_workers = N_WORKERS};
    sks_range tasks;
    void *schedule;

    assert_int_equal(sks_values_create(scheduler->params, &options), SKS_OK);
    loop.options = options;
    assert_int_equal(sks_scheduler_start(scheduler, &loop, &schedule), SKS_OK);
    for (size_t i = 0; scheduler->next(schedule, (unsigned)(i % N_WORKERS), &tasks); i++) {
        if (i >= n || tasks.end - tasks.begin != sizes[i])
            fail_msg("%s: %s: chunk %zu has %zu tasks, there %zu", page_name, scheduler->name, i,
                     tasks.end - tasks.begin, i < n ? sizes[i] : 0);
        sum += sizes[i];
    }
    assert_int_equal(sum, N_TASKS);
    free(schedule);
    sks_values_destroy(options);
}

static void printed_sequences_are_given(void **state)
{
    const char *worked = strstr(page, "| name | sizes |");
    size_t n_rows = 0;

    (void)state;
    assert_non_null(worked);
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++) {
        const char *at = worked, *end = strstr(worked, "\n\n");
        char quoted[64], *row;

        snprintf(quoted, sizeof(quoted), "`%s`", sks_scheduler_table[i]->name);
        row = next_row(&at, quoted);
        if (row != NULL && at <= end + 1) {
            check_sequence(sks_scheduler_table[i], row);
            n_rows++;
        }
        free(row);
    }
    assert_in_range(n_rows, 9, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scheduler_has_a_row),
        cmocka_unit_test(printed_sequences_are_given),
    };

    return cmocka_run_group_tests(tests, read_page, free_page);
}
