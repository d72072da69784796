/* Property: a campaign made again from its CSV export gives the same fits, and the same CSV,
 * whatever texts it holds; the other formats can be read too; and a CSV file that is no campaign is
 * refused with its line, leaving no database.
 *
 * The environment variable SKYSCALE names the program. */
#include "../unit/sweep_files.h"

#include "spawn.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>

static const char *program;

/* Names that would break a format that forgot to escape them. */
static const char sweep_text[] =
    "campaign: \"<script>alert('1')</script> \\\"q\\\" \\\\ a,b\\nnext line \\u00e9 _ % #\"\n"
    "kernels:\n"
    "- {kernel: null, tasks: 50}\n"
    "- {kernel: null, tasks: 40, scaling: weak}\n"
    "workers: [1-3]\n"
    "schedulers: [static, \"dynamic:chunk=4\"]\n"
    "counters: [page-faults]\n"
    "counter_source: rusage\n"
    "record: chunks\n"
    "repeat: {warmup: 1, min: 7, max: 7}\n";

/* In the folder, where the test itself is. */
static int run_here(const char *arguments, const char *out)
{
    return spawn(program, arguments, NULL, out, in_folder("messages"));
}

static void must_run(const char *arguments, const char *out)
{
    if (run_here(arguments, out) != 0) {
        char *messages = spawn_read_file(in_folder("messages"), NULL);

        fail_msg("skyscale %s: %s", arguments, messages);
    }
}

static int set_up(void **state)
{
    program = getenv("SKYSCALE");
    if (program == NULL) {
        print_message("skipped: SKYSCALE does not name the program\n");
        exit(77);
    }
    if (make_folder(state) != 0 || chdir(folder) != 0)
        return -1;
    write_text("hostile.yaml", sweep_text);
    must_run("sweep hostile.yaml -d first.db", NULL);
    must_run("export first.db -o first.csv", NULL);
    return 0;
}

static void check_same(const char *a, const char *b)
{
    char *first = spawn_read_file(in_folder(a), NULL);
    char *second = spawn_read_file(in_folder(b), NULL);

    assert_true(strlen(first) > 100);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

/* The fits without the database's own name. */
static json_t *read_fits(const char *name)
{
    json_error_t error;
    json_t *json = json_load_file(in_folder(name), 0, &error);

    if (json == NULL)
        fail_msg("%s: %s", name, error.text);
    json_object_del(json, "campaign");
    assert_int_equal(json_object_del(json_object_get(json, "measurements"), "path"), 0);
    return json;
}

static void the_same_again(void **state)
{
    json_t *first, *second;

    (void)state;
    unlink(in_folder("again.db"));
    must_run("import first.csv -d again.db", NULL);
    must_run("export again.db -o again.csv", NULL);
    check_same("first.csv", "again.csv");
    must_run("fit first.db --replicates 100 --json", in_folder("first.json"));
    must_run("fit again.db --replicates 100 --json", in_folder("again.json"));
    first = read_fits("first.json");
    second = read_fits("again.json");
    assert_int_equal(json_array_size(json_object_get(first, "groups")), 4);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
    /* Without the flagged ones too. */
    must_run("export first.db --disturbed drop -o first.csv2", NULL);
    must_run("export again.db --disturbed drop -o again.csv2", NULL);
    check_same("first.csv2", "again.csv2");
}

static void a_text_that_needs_escapes_survives(void **state)
{
    json_t *json;
    const char *name;

    (void)state;
    must_run("export first.db -f json -o whole.json", NULL);
    json = json_load_file(in_folder("whole.json"), 0, NULL);
    assert_non_null(json);
    name = json_string_value(json_object_get(json_object_get(json, "campaign"), "name"));
    assert_string_equal(name, "<script>alert('1')</script> \"q\" \\ a,b\nnext line \xc3\xa9 _ % #");
    assert_int_equal(json_array_size(json_object_get(json, "samples")), 12 * 8);
    for (size_t i = 0; i < 12 * 8; i++) {
        const json_t *sample = json_array_get(json_object_get(json, "samples"), i);
        json_int_t n_tasks = 0;
        const json_t *chunk;
        size_t c;

        assert_string_equal(json_string_value(json_object_get(sample, "campaign")), name);
        json_array_foreach(json_object_get(sample, "chunks"), c, chunk) n_tasks +=
            json_integer_value(json_object_get(chunk, "n_tasks"));
        assert_int_equal(n_tasks, json_integer_value(json_object_get(sample, "n_tasks")));
    }
    json_decref(json);
}

/* What Extra-P's own reader accepts (docs/file-formats.md of Extra-P 4, "Text file format"): a
 * field's name begins each line that is neither empty nor a comment; POINTS stand in parentheses,
 * one number each for one parameter; under every REGION there is one DATA line per point, numbers
 * only. */
struct extrap {
    unsigned n_points, n_regions, n_data; /* n_data: of the last region */
    bool has_parameter, has_metric;
};

static unsigned count_numbers(const char *text, bool in_parentheses)
{
    unsigned n = 0;

    for (char *end; *text != '\0'; text = end) {
        if (in_parentheses)
            assert_int_equal(strspn(text, " ("), 2 + (n > 0));
        assert_true(strtod(text + (in_parentheses ? strspn(text, " (") : 0), &end) > 0);
        if (in_parentheses) {
            assert_memory_equal(end, " )", 2);
            end += 2;
        }
        n++;
    }
    return n;
}

static void read_extrap_line(struct extrap *e, const char *line)
{
    const char *value = strchr(line, ' ');

    if (line[0] == '#' || line[0] == '\0')
        return;
    assert_non_null(value);
    value++;
    if (strncmp(line, "PARAMETER ", 10) == 0) {
        assert_false(e->has_parameter);
        assert_null(strchr(value, ' '));
        e->has_parameter = true;
    } else if (strncmp(line, "POINTS ", 7) == 0) {
        assert_true(e->has_parameter);
        e->n_points = count_numbers(value, true);
    } else if (strncmp(line, "METRIC ", 7) == 0) {
        e->has_metric = true;
    } else if (strncmp(line, "REGION ", 7) == 0) {
        assert_true(e->n_regions == 0 || e->n_data == e->n_points);
        e->n_regions++;
        e->n_data = 0;
    } else {
        assert_memory_equal(line, "DATA ", 5);
        assert_true(e->has_metric && e->n_regions > 0);
        assert_int_equal(count_numbers(value, false), 7);
        e->n_data++;
    }
}

static void extrap(void **state)
{
    struct extrap e = {0};
    char *text, *rest;

    (void)state;
    must_run("export first.db -f extrap -o extrap.txt", NULL);
    text = spawn_read_file(in_folder("extrap.txt"), NULL);
    assert_non_null(strstr(text, "\nPARAMETER workers\nPOINTS ( 1 ) ( 2 )"));
    assert_non_null(strstr(text, "\nMETRIC total_s\nREGION "));
    rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        read_extrap_line(&e, line);
    assert_int_equal(e.n_points, 3);
    assert_int_equal(e.n_regions, 4);
    assert_int_equal(e.n_data, 3);
    free(text);
}

/* A configuration added by `include` does not take all points from the others. */
static void extrap_leaves_out_single_points(void **state)
{
    char *text;

    (void)state;
    write_text("single.yaml", "kernels: [{kernel: null, tasks: 50}]\n"
                              "workers: [1, 2]\n"
                              "include: [{kernel: null, tasks: 5, workers: 3}]\n"
                              "repeat: {warmup: 0, min: 1, max: 1}\n");
    must_run("sweep single.yaml -d single.db", NULL);
    must_run("export single.db -f extrap -o single.txt", NULL);
    text = spawn_read_file(in_folder("single.txt"), NULL);
    assert_non_null(strstr(text, "\n# left out, measured at one worker count only: dynamic, "));
    assert_non_null(strstr(text, "\nPOINTS ( 1 ) ( 2 )\n"));
    free(text);
}

static void gnuplot(void **state)
{
    char *text;
    unsigned workers;
    double median, low, high;

    (void)state;
    must_run("export first.db -f gnuplot --per parallel -o data.txt", NULL);
    text = spawn_read_file(in_folder("data.txt"), NULL);
    assert_non_null(strstr(text, "median_parallel_s"));
    assert_int_equal(sscanf(strstr(text, "is_oversubscribed\n") + strlen("is_oversubscribed\n"),
                            "%u 7 %lf %lf %lf", &workers, &median, &low, &high),
                     4);
    assert_int_equal(workers, 1);
    assert_true(low <= median && median <= high);
    free(text);
}

static void refuse(const char *csv, const char *cause)
{
    char *messages;

    write_text("bad.csv", csv);
    assert_int_equal(run_here("import bad.csv -d bad.db", NULL), 1);
    messages = spawn_read_file(in_folder("messages"), NULL);
    if (strstr(messages, cause) == NULL)
        fail_msg("wanted \"%s\", got \"%s\"", cause, messages);
    free(messages);
    assert_int_equal(access(in_folder("bad.db"), F_OK), -1);
}

static void refusals(void **state)
{
#define HEAD "kernel,parameters,executor,scheduler,n_workers,binding,round,total_s\n"
    char *messages;

    (void)state;
    refuse("", "bad.csv:1: the file is empty");
    refuse("a,b\n1,2\n", "bad.csv:1: no column \"kernel\"");
    refuse("{\"campaign\": {}, \"samples\": []}\n", "bad.csv:1: JSON");
    refuse(HEAD, "no samples");
    refuse(HEAD "null,{},threads,static,1,cores,0\n", "bad.csv:2: 7 cells, the header has 8");
    refuse(HEAD "null,{,threads,static,1,cores,0,1\n", "bad.csv:2: parameters");
    refuse(HEAD "null,{},threads,static,0,cores,0,1\n", "bad.csv:2: n_workers");
    refuse(HEAD "null,{},threads,static,1,cores,0,1s\n", "bad.csv:2: total_s: \"1s\"");
    refuse(HEAD "null,{},threads,static,1,cores,0,1\nnull,{},threads,static,1,cores,0,2\n",
           "bad.csv:3: round \"0\" of this configuration is there twice");
    refuse("configuration," HEAD "1,null,{},threads,static,1,cores,0,1\n"
           "1,null,{},threads,static,2,cores,0,2\n",
           "bad.csv:3: two configurations with one number");
    /* Times that no analysis can use are refused here, where the line is known. */
    refuse(HEAD "null,{},threads,static,1,cores,0,nan\n", "bad.csv:2: total_s: \"nan\"");
    refuse(HEAD "null,{},threads,static,1,cores,0,inf\n", "bad.csv:2: total_s: \"inf\"");
    refuse(HEAD "null,{},threads,static,1,cores,0,-1\n", "total_s: \"-1\" is not a time above 0");
    refuse(HEAD "null,{},threads,static,1,cores,0,0\n", "total_s: \"0\" is not a time above 0");
    refuse(HEAD "null,{},threads,static,1,cores,0,\n", "bad.csv:2: total_s is missing");
    refuse(HEAD "null,{},threads,static,1,cores,,1\n", "bad.csv:2: round is missing");
    refuse("is_weak," HEAD "yes,null,{},threads,static,1,cores,0,1\n",
           "bad.csv:2: is_weak: \"yes\" is neither 0 nor 1");
    refuse("is_oversubscribed," HEAD "true,null,{},threads,static,1,cores,0,1\n",
           "bad.csv:2: is_oversubscribed: \"true\" is neither 0 nor 1");
    refuse("is_warmup," HEAD "2,null,{},threads,static,1,cores,0,1\n",
           "bad.csv:2: is_warmup: \"2\" is neither 0 nor 1");
    refuse("status," HEAD "OK,null,{},threads,static,1,cores,0,1\n",
           "bad.csv:2: status: \"OK\" is neither ok nor failed");
    refuse(HEAD "null,{},threads,static,1,cores,0,\"1\n", "a quote is not closed");
    /* A campaign is not overwritten. */
    assert_int_equal(run_here("import first.csv -d first.db", NULL), 2);
    messages = spawn_read_file(in_folder("messages"), NULL);
    assert_non_null(strstr(messages, "holds a campaign already"));
    free(messages);
}

/* Made by hand, or by a version with fewer columns: what is not there is missing. */
static void few_columns(void **state)
{
    char *text;

    (void)state;
    unlink(in_folder("few.db"));
    write_text("few.csv", HEAD "mine,{},elsewhere,odd,1,none,0,2.5\r\n"
                               "mine,{},elsewhere,odd,2,none,0,1.25\r\n");
    must_run("import few.csv -d few.db", NULL);
    must_run("export few.db -f gnuplot", in_folder("few.dat"));
    text = spawn_read_file(in_folder("few.dat"), NULL);
    assert_non_null(strstr(text, "\n1 1 2.5 NaN NaN "));
    assert_non_null(strstr(text, "\n2 1 1.25 "));
    free(text);
}

/* Every configuration of a database with its own parameters and its series', a line each. */
static char *list_series(const char *database)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    char *list;

    assert_int_equal(sqlite3_open(in_folder(database), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT group_concat(line, char(10)) FROM (SELECT n_workers || ' ' ||"
                           " parameters || ' ' || parameters_text || ' ' || series_parameters ||"
                           " ' ' || series_parameters_text AS line FROM configuration ORDER BY id)",
                           -1, &rows, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    list = strdup((const char *)sqlite3_column_text(rows, 0));
    sqlite3_finalize(rows);
    sqlite3_close(db);
    assert_non_null(list);
    return list;
}

/* What all points of a curve share is left out where it is a configuration's own; files in which it
 * is repeated make the same campaign. */
static void series_are_filled_in(void **state)
{
#define LONG_HEAD                                                                                  \
    "kernel,parameters,executor,scheduler,n_workers,binding,round,total_s,is_weak,"                \
    "parameters_text,series_parameters,series_parameters_text\n"
#define STRONG "mine,\"{\"\"a\"\":1}\",elsewhere,odd,1,none,0,2.5,0,"
#define WEAK "mine,\"{\"\"a\"\":4}\",elsewhere,odd,2,none,0,2.5,1,"
#define WEAK_SERIES "a=4,\"{\"\"a\"\":\"\"2*N\"\"}\",a=2*N\n"
    static const char wanted[] = "1 {\"a\":1}  {\"a\":1} \n2 {\"a\":4} a=4 {\"a\":\"2*N\"} a=2*N";
    char *csv;

    (void)state;
    unlink(in_folder("full.db"));
    unlink(in_folder("lean.db"));
    write_text("full.csv", LONG_HEAD STRONG ",\"{\"\"a\"\":1}\",\n" WEAK WEAK_SERIES);
    write_text("lean.csv", LONG_HEAD STRONG ",,\n" WEAK WEAK_SERIES);
    must_run("import full.csv -d full.db", NULL);
    must_run("import lean.csv -d lean.db", NULL);
    for (int i = 0; i < 2; i++) {
        char *list = list_series(i == 0 ? "full.db" : "lean.db");

        assert_string_equal(list, wanted);
        free(list);
    }
    must_run("export full.db -o full.csv2", NULL);
    csv = spawn_read_file(in_folder("full.csv2"), NULL);
    assert_null(strstr(csv, "\"{\"\"a\"\":1}\",,"));
    assert_non_null(strstr(csv, ",a=4,\"{\"\"a\"\":\"\"2*N\"\"}\",a=2*N,"));
    free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again), cmocka_unit_test(a_text_that_needs_escapes_survives),
        cmocka_unit_test(extrap),         cmocka_unit_test(extrap_leaves_out_single_points),
        cmocka_unit_test(gnuplot),        cmocka_unit_test(refusals),
        cmocka_unit_test(few_columns),    cmocka_unit_test(series_are_filled_in),
    };

    return cmocka_run_group_tests(tests, set_up, remove_folder);
}
