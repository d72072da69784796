/* Property: of a campaign whose times are known to the last digit `skyscale simulate` finds back
 * what was put in: costs with the shape of medians and the total of a typical sample, or of the
 * least one; slow-downs from the busy times of the other rules; times of loops as worked out by
 * hand; medians of errors for each worker count and kernel without the samples that the costs are
 * from. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/cli/spawn.h"

#include <sqlite3.h>

#define MS 1e-3

static char folder[] = "/tmp/skyscale-campaign-XXXXXX";

/* Eight tasks of 1, 2, … 8 ms. Each sample is interrupted in another of them: the three take 45,
 * 41 and 54 ms.
 *
 *   rule                 static   guided   dynamic
 *   busy, N = 2 / N = 1     1.5      1.3       1.1
 */
static const char known_times[] =
    "UPDATE configuration SET is_oversubscribed = 0;"
    "UPDATE chunk SET start_ns = 0, end_ns = 1000000 * (first_task + 1) +"
    " CASE WHEN first_task = 2 * (SELECT count(*) FROM sample s, sample o WHERE s.id = sample_id"
    "  AND o.configuration_id = s.configuration_id AND o.id < s.id)"
    " THEN 1000000 * CASE first_task WHEN 0 THEN 9 WHEN 2 THEN 5 ELSE 18 END ELSE 0 END;"
    "UPDATE worker SET busy_s = (SELECT CASE WHEN c.n_workers = 1 THEN 0.04"
    "  WHEN c.scheduler = 'static' THEN 0.03 WHEN c.scheduler = 'guided' THEN 0.026 ELSE 0.022 END"
    " FROM sample s JOIN configuration c ON c.id = s.configuration_id WHERE s.id = sample_id);"
    "UPDATE sample SET parallel_s = (SELECT CASE WHEN c.n_workers = 1 THEN 0.05 ELSE 0.04 END"
    " FROM configuration c WHERE c.id = configuration_id);";

static char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    char *to = path[turn++ % 4];

    snprintf(to, sizeof(path[0]), "%s/%s", folder, name);
    return to;
}

/* What the program prints for the campaign; free it. */
static char *simulate(const char *options)
{
    char command[600];

    snprintf(command, sizeof(command),
             "simulate %s --per parallel --fixed-chunks -w 1,2,4 -s static"
             " --claims memory:own=1e-12,transfer=1e-12 %s",
             path_of("known.db"), options);
    if (spawn(getenv("SKYSCALE"), command, NULL, path_of("out"), path_of("stderr")) != 0)
        fail_msg("%s: %s", command, spawn_read_file(path_of("stderr"), NULL));
    return spawn_read_file(path_of("out"), NULL);
}

static json_t *simulate_json(const char *options)
{
    char *text = simulate(options);
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);

    if (json == NULL)
        fail_msg("%d: %s", error.line, error.text);
    free(text);
    return json;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_number(value))
        fail_msg("no number \"%s\"", key);
    return json_number_value(value);
}

static void expect(const json_t *object, const char *key, double value)
{
    if (fabs(number_of(object, key) - value) > 1e-6 * value)
        fail_msg("%s is %.9g, not %.9g", key, number_of(object, key), value);
}

static const json_t *first_of(const json_t *object, const char *key)
{
    return json_array_get(json_object_get(object, key), 0);
}

static void test_costs_and_slow_downs_are_found_back(void **unused)
{
    static const double factor[] = {1, 1.3, 1.3};  /* 4 workers: as 2 */
    static const double block_ms[] = {36, 26, 15}; /* the longest of static's, uninterrupted */
    static const double bound_ms[] = {36, 18, 9};
    json_t *json = simulate_json("--json");
    const json_t *study = first_of(json, "loads"), *work = json_object_get(study, "load");
    const json_t *points = json_object_get(first_of(study, "schedulers"), "points");
    const json_t *slow_downs = json_object_get(work, "slow_downs");

    (void)unused;
    expect(work, "total_s", 45 * MS);
    expect(work, "task_longest_s", 10 * MS);
    expect(study, "base_s", 45 * MS);
    assert_int_equal(json_array_size(slow_downs), 2);
    expect(json_array_get(slow_downs, 1), "workers", 2);
    expect(json_array_get(slow_downs, 1), "factor", 1.3);
    expect(json_array_get(slow_downs, 1), "series", 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *point = json_array_get(points, i);
        const double time_s = factor[i] * block_ms[i] * 1.25 * MS; /* 1.25: 45 ms for 36 */

        expect(point, "slow_down", factor[i]);
        expect(point, "time_s", time_s);
        expect(point, "speedup", 45 * MS / time_s);
        expect(json_array_get(json_object_get(study, "best"), i), "bound_s",
               factor[i] * bound_ms[i] * 1.25 * MS);
    }
    json_decref(json);
}

static void test_no_slow_down_when_none_is_asked_for(void **unused)
{
    json_t *json = simulate_json("--slow-down none --compare median --json");
    const json_t *study = first_of(json, "loads"), *row;
    size_t i;

    (void)unused;
    assert_int_equal(json_array_size(json_object_get(json_object_get(study, "load"), "slow_downs")),
                     0);
    expect(json_array_get(json_object_get(first_of(study, "schedulers"), "points"), 1), "time_s",
           26 * 1.25 * MS);
    json_array_foreach(json_object_get(json_object_get(json, "compared"), "rows"), i, row)
        expect(row, "slow_down", 1);
    json_decref(json);
}

/* The row of one rule and worker count. */
static const json_t *row_of(const json_t *compared, const char *scheduler, int n_workers)
{
    const json_t *row;
    size_t i;

    json_array_foreach(
        json_object_get(compared, "rows"), i,
        row) if (strcmp(json_string_value(json_object_get(row, "scheduler")), scheduler) == 0 &&
                 json_integer_value(json_object_get(row, "workers")) == n_workers) return row;
    fail_msg("no row of %s with %d workers", scheduler, n_workers);
    return NULL;
}

static void check_row(const json_t *compared, const char *scheduler, int n_workers,
                      double slow_down, double simulated_s)
{
    const json_t *row = row_of(compared, scheduler, n_workers);

    expect(row, "slow_down", slow_down);
    expect(row, "simulated_s", simulated_s);
    expect(row, "measured_s", n_workers == 1 ? 50 * MS : 40 * MS);
    assert_true(json_is_true(json_object_get(row, "is_source")) ==
                (n_workers == 1 && strcmp(scheduler, "dynamic") == 0));
}

/* `dynamic` hands 1, 3, 5, 7 ms and 2, 4, 6, 8 ms to two workers, `guided` 1 to 4 ms, 5 and 6 ms,
 * and at last 7 ms and 8 ms to the worker that had 10 ms and to the one that had 11 ms. */
static void check_compared(const json_t *compared, double per_ms)
{
    check_row(compared, "static", 1, 1, 36 * per_ms);
    check_row(compared, "dynamic", 1, 1, 36 * per_ms);
    check_row(compared, "static", 2, 1.2, 26 * 1.2 * per_ms);
    check_row(compared, "guided", 2, 1.3, 19 * 1.3 * per_ms);
    check_row(compared, "dynamic", 2, 1.4, 20 * 1.4 * per_ms);
}

static void test_no_rule_foretells_itself(void **unused)
{
    json_t *json = simulate_json("--compare median --json");
    const json_t *compared = json_object_get(json, "compared"), *by_workers, *by_kernel;
    const double per_ms = 1.25 * MS;

    (void)unused;
    check_compared(compared, per_ms);
    /* Errors with two workers: 39, 30.875 and 35 of 40 ms; with one twice 45 of 50 ms. */
    expect(compared, "foretold", 5);
    expect(compared, "median_absolute_error", 0.1);
    by_workers = json_object_get(compared, "by_workers");
    assert_int_equal(json_array_size(by_workers), 2);
    expect(json_array_get(by_workers, 0), "workers", 1);
    expect(json_array_get(by_workers, 0), "points", 2);
    expect(json_array_get(by_workers, 0), "median_absolute_error", 0.1);
    expect(json_array_get(by_workers, 1), "workers", 2);
    expect(json_array_get(by_workers, 1), "points", 3);
    expect(json_array_get(by_workers, 1), "median_absolute_error", 1 - 35.0 / 40);
    by_kernel = json_object_get(compared, "by_kernel");
    assert_int_equal(json_array_size(by_kernel), 1);
    expect(json_array_get(by_kernel, 0), "points", 5);
    json_decref(json);
}

static void test_least_times_are_compared_with_the_least_total(void **unused)
{
    json_t *json = simulate_json("--compare least --json");
    const json_t *study = first_of(json, "loads");

    (void)unused;
    expect(json_object_get(study, "load"), "total_s", 41 * MS);
    check_compared(json_object_get(json, "compared"), 41.0 / 36 * MS);
    json_decref(json);
}

static void test_the_text_says_all_this(void **unused)
{
    static const char *const lines[] = {
        "tasks take 1.3 times as long with 2 workers (measured), taken for more, too\n",
        "* the costs of tasks are from these samples\n",
        "median of the absolute errors: 10.00 % over 5 points, without those marked *\n"
        "  N = 1: 10.00 % over 2; N = 2: 12.50 % over 3\n"
        "  null: 10.00 % over 5\n",
    };
    char *text = simulate("--compare median");

    (void)unused;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (strstr(text, lines[i]) == NULL)
            fail_msg("\"%s\" is not in:\n%s", lines[i], text);
    free(text);
    text = simulate("--slow-down none");
    assert_non_null(strstr(text, "tasks are taken to cost the same with any number of workers\n"));
    free(text);
}

static int make_campaign(void **unused)
{
    static const char sweep[] = "record: chunks\n"
                                "kernels: [{kernel: 'null', tasks: 8}]\n"
                                "workers: [1, 2]\n"
                                "schedulers: [static, guided, dynamic]\n"
                                "repeat: {warmup: 0, min: 3, max: 3}\n";
    char command[600];
    sqlite3 *db = NULL;
    FILE *file;
    int code;

    (void)unused;
    if (mkdtemp(folder) == NULL || (file = fopen(path_of("sweep.yaml"), "w")) == NULL)
        return -1;
    fputs(sweep, file);
    fclose(file);
    snprintf(command, sizeof(command), "sweep %s -d %s", path_of("sweep.yaml"),
             path_of("known.db"));
    if (spawn(getenv("SKYSCALE"), command, NULL, NULL, path_of("stderr")) != 0)
        return -1;
    code = sqlite3_open(path_of("known.db"), &db);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, known_times, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        fprintf(stderr, "known.db: %s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
    return code == SQLITE_OK ? 0 : -1;
}

static int remove_folder(void **unused)
{
    char command[300];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs_and_slow_downs_are_found_back),
        cmocka_unit_test(test_no_slow_down_when_none_is_asked_for),
        cmocka_unit_test(test_no_rule_foretells_itself),
        cmocka_unit_test(test_least_times_are_compared_with_the_least_total),
        cmocka_unit_test(test_the_text_says_all_this),
    };

    return cmocka_run_group_tests(tests, make_campaign, remove_folder);
}
