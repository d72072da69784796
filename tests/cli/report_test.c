/* Property: `skyscale report` makes one page that needs nothing else, says the very numbers of
 * `fit` and `compare`, and stays whole whatever campaigns, machines and files are called. */
#include "tests/unit/sweep_files.h"

#include "spawn.h"

#include <ctype.h>
#include <jansson.h>
#include <limits.h>
#include <sqlite3.h>
#include <unistd.h>

static const char *program;

static const char sweep_text[] = "campaign: made\n"
                                 "kernels:\n"
                                 "- {kernel: 'null', tasks: [300, 4000]}\n"
                                 "workers: [1, 2, 3]\n"
                                 "schedulers: [static, dynamic]\n"
                                 "counters: [page-faults]\n"
                                 "repeat: {warmup: 1, min: 8, max: 8}\n";

/* Runs the program; "@" in the arguments stands for the folder. */
static int run(const char *arguments)
{
    char text[1024];
    size_t used = 0;

    for (const char *p = arguments; *p != '\0'; p++)
        if (*p == '@')
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s/", folder);
        else
            text[used++] = *p;
    text[used] = '\0';
    return spawn(program, text, NULL, in_folder("out"), in_folder("err"));
}

static void must_run(const char *arguments)
{
    if (run(arguments) != 0)
        fail_msg("%s: %s", arguments, spawn_read_file(in_folder("err"), NULL));
}

static int set_up(void **state)
{
    program = getenv("SKYSCALE");
    if (program == NULL || make_folder(state) != 0)
        return -1;
    write_text("sweep.yaml", sweep_text);
    if (run("sweep @sweep.yaml -d @base.db") != 0 || run("sweep @sweep.yaml -d @new.db") != 0)
        return -1;
    return 0;
}

static char *read_page(void)
{
    return spawn_read_file(in_folder("page.html"), NULL);
}

static void expect(const char *page, const char *wanted)
{
    if (strstr(page, wanted) == NULL)
        fail_msg("the page lacks %s", wanted);
}

static size_t count(const char *page, const char *what)
{
    size_t n = 0;

    for (const char *at = page; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* ---- structure ---- */

/* Levels begin at 1 and go down one at a time. */
static void expect_heading_order(const char *page)
{
    int level = 0, n_first = 0;

    for (const char *at = page; (at = strstr(at, "<h")) != NULL; at++) {
        if (!isdigit((unsigned char)at[2]) || (at[3] != '>' && at[3] != ' '))
            continue;
        assert_true(at[2] - '0' <= level + 1);
        level = at[2] - '0';
        n_first += level == 1;
    }
    assert_int_equal(n_first, 1);
    assert_true(level >= 2);
}

static void expect_table_heads(const char *page)
{
    assert_true(count(page, "<table") >= 8);
    assert_int_equal(count(page, "<table"), count(page, "<caption>"));
    assert_int_equal(count(page, "<th>"), 0); /* none without scope */
    assert_true(count(page, "<th scope=\"col\">") >= 2 * count(page, "<table"));
}

/* Whatever would be fetched: only places on the page, and the empty icon. */
static void expect_alone(const char *page)
{
    assert_int_equal(count(page, "src="), 0);
    assert_int_equal(count(page, "@import") + count(page, "<link"), 1);
    for (const char *at = page; (at = strstr(at, "href=")) != NULL; at++)
        assert_true(at[6] == '#' || strncmp(at + 6, "data:,", 6) == 0);
    for (const char *at = page; (at = strstr(at, "url(")) != NULL; at++)
        assert_true(at[4] == '#' || at[5] == '#');
}

static void a_page_of_one_campaign(void **state)
{
    static const char *const sections[] = {
        "summary", "machines",  "figures",  "comparison", "schedulers", "speedups", "fits",
        "phases",  "imbalance", "counters", "noise",      "rules",      "method",   "again"};
    const char *at;
    char *page;

    (void)state;
    must_run("report @base.db -o @page.html");
    at = page = read_page();
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        char id[64];

        snprintf(id, sizeof(id), "<section id=\"%s\">", sections[i]);
        at = strstr(at, id);
        if (at == NULL)
            fail_msg("no section %s behind the one before", sections[i]);
    }
    assert_int_equal(count(page, "{{"), 0);
    expect_heading_order(page);
    expect_table_heads(page);
    expect_alone(page);
    assert_int_equal(count(page, "<tr><th scope=\"row\">1. "), 1); /* rules */
    assert_int_equal(count(page, "<tr><th scope=\"row\">12. "), 1);
    expect(page, "skyscale sweep again.yaml -d again.db");
    expect(page, "schedulers: [static, dynamic]"); /* the sweep file */
    expect(page, "repeat.min</th><td>8</td>");
    expect(page, "A/A self-check:");
    free(page);
}

/* Undoes what the page did to a text, in place. */
static void unescape(char *text)
{
    static const struct {
        const char *entity;
        char character;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}};
    char *to = text;

    for (const char *from = text; *from != '\0';) {
        size_t i = 0;

        while (i < 5 && strncmp(from, entities[i].entity, strlen(entities[i].entity)) != 0)
            i++;
        *to++ = i < 5 ? entities[i].character : *from;
        from += i < 5 ? strlen(entities[i].entity) : 1;
    }
    *to = '\0';
}

/* The text of the part that has this name. */
static char *code_of(const char *page, const char *label)
{
    char wanted[128], *text;
    const char *at, *end;

    snprintf(wanted, sizeof(wanted), "aria-label=\"%s\"><code>", label);
    at = strstr(page, wanted);
    assert_non_null(at);
    at += strlen(wanted);
    end = strstr(at, "</code>");
    assert_non_null(end);
    text = strndup(at, (size_t)(end - at));
    assert_non_null(text);
    unescape(text);
    return text;
}

/* Saves what the page says is to be saved, and runs what it says is to be run. */
static void it_can_be_measured_again(void **state)
{
    static const char name[] = "skyscale ";
    char *page, *command, *sweep, *same, before[PATH_MAX];

    (void)state;
    must_run("report @base.db -o @page.html");
    page = read_page();
    command = code_of(page, "The command");
    sweep = code_of(page, "The sweep file");
    same = code_of(page, "The command for this page");
    assert_int_equal(strncmp(command, name, strlen(name)), 0);
    assert_int_equal(strncmp(same, name, strlen(name)), 0);
    write_text("again.yaml", sweep);
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(folder), 0);
    must_run(command + strlen(name));
    must_run("compare base.db again.db");
    must_run(same + strlen(name));
    assert_int_equal(chdir(before), 0);
    free(same);
    free(sweep);
    free(command);
    free(page);
}

static void figures_are_inline(void **state)
{
    char *page;

    (void)state;
    if (system("command -v gnuplot >/dev/null") != 0)
        skip();
    must_run("report @base.db @new.db -o @page.html");
    page = read_page();
    assert_true(count(page, "<figure>") >= 1);
    assert_int_equal(count(page, "<figure>"),
                     count(page, "<svg role=\"img\" aria-label=\"Figure "));
    assert_int_equal(count(page, "<?xml"), 0);
    /* No name twice: each drawing has its own. */
    assert_int_equal(count(page, " id='f1-gpPt0'"), 1);
    assert_int_equal(count(page, " id='gpPt0'") + count(page, "href='#gpPt"), 0);
    free(page);
}

/* More configurations than a table or a page of figures is read with: each kernel has its own, in
 * one part even where the sweep comes back to it, and none is lost. */
static void what_is_long_is_folded_by_kernel(void **state)
{
    const char *speedups, *fits;
    size_t n_rows = 0;
    char *page;

    (void)state;
    write_text("long.yaml",
               "campaign: long\n"
               "kernels: [{kernel: 'null', tasks: 50}, {kernel: synthetic, tasks: 50, cost: 1},\n"
               "  {kernel: 'null', tasks: 51}]\n"
               "workers: [1, 2, 3]\n"
               "schedulers: [static, dynamic, guided, trapezoid, fac2, tfss, fiss, viss, mfsc,\n"
               "  random, stealing, deque, paper-static]\n"
               "repeat: {warmup: 0, min: 1, max: 1}\n");
    must_run("sweep @long.yaml -d @long.db");
    must_run("report @long.db --replicates 100 -o @page.html");
    page = read_page();
    assert_int_equal(count(page, "<details><summary>Speedups: null</summary>"), 1);
    assert_int_equal(count(page, "<details><summary>Speedups: synthetic</summary>"), 1);
    speedups = strstr(page, "<section id=\"speedups\">");
    fits = strstr(page, "<section id=\"fits\">");
    assert_non_null(speedups);
    assert_non_null(fits);
    for (const char *at = speedups;
         (at = strstr(at, "<tr><th scope=\"row\">")) != NULL && at < fits; at++)
        n_rows++;
    assert_int_equal(n_rows, 3 * 13 * 3);
    if (system("command -v gnuplot >/dev/null") == 0) {
        expect(page, "<summary>Figures of null</summary>");
        expect(page, "too many to be read");
        expect(page, ", with skyscale plot.</p>");
    }
    free(page);
}

static void without_gnuplot(void **state)
{
    char path[4096], *page;

    (void)state;
    snprintf(path, sizeof(path), "%s", getenv("PATH"));
    setenv("PATH", folder, 1);
    must_run("report @base.db -o @page.html");
    setenv("PATH", path, 1);
    page = read_page();
    assert_int_equal(count(page, "gnuplot is not installed"), 1);
    assert_int_equal(count(page, "<svg"), 0);
    assert_int_equal(count(page, "</html>"), 1);
    free(page);
}

/* ---- numbers ---- */

static json_t *read_json(const char *arguments)
{
    json_t *json;

    must_run(arguments);
    json = json_load_file(in_folder("out"), 0, NULL);
    assert_non_null(json);
    return json;
}

static double real_at(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

/* The number, and its interval, in one cell. */
static void expect_cell(const char *page, const json_t *object, const char *name,
                        const char *interval_name)
{
    const json_t *interval = json_object_get(object, interval_name);
    char text[256];

    if (!json_is_number(json_object_get(object, name)))
        return;
    snprintf(text, sizeof(text), " data-value=\"%.12g\"", real_at(object, name));
    expect(page, text);
    if (!json_is_array(interval) || !json_is_number(json_array_get(interval, 1)))
        return;
    snprintf(text, sizeof(text), " data-value=\"%.12g\" data-low=\"%.12g\" data-high=\"%.12g\"",
             real_at(object, name), json_number_value(json_array_get(interval, 0)),
             json_number_value(json_array_get(interval, 1)));
    expect(page, text);
}

static size_t expect_fits(const char *page, const json_t *fit)
{
    const json_t *groups = json_object_get(fit, "groups");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        const json_t *points = json_object_get(group, "points");
        const json_t *models = json_object_get(group, "models");

        for (size_t j = 0; j < json_array_size(points); j++, n++) {
            const json_t *p = json_array_get(points, j);

            expect_cell(page, p, "median_s", "median_interval_s");
            expect_cell(page, p, "speedup", "speedup_interval");
            expect_cell(page, p, "efficiency", "efficiency_interval");
            expect_cell(page, p, "karp_flatt", "karp_flatt_interval");
        }
        for (size_t j = 0; j < json_array_size(models); j++) {
            const json_t *parameters = json_object_get(json_array_get(models, j), "parameters");

            for (size_t k = 0; k < json_array_size(parameters); k++, n++) {
                char text[64];

                snprintf(text, sizeof(text), " value=\"%.12g\"",
                         real_at(json_array_get(parameters, k), "value"));
                expect(page, text);
            }
        }
    }
    return n;
}

static size_t expect_comparisons(const char *page, const json_t *compare)
{
    const json_t *groups = json_object_get(compare, "groups");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *list = json_object_get(json_array_get(groups, i), "comparisons");
        char text[64];

        snprintf(text, sizeof(text), " value=\"%.12g\"",
                 real_at(json_array_get(groups, i), "geometric_mean"));
        expect(page, text);
        for (size_t j = 0; j < json_array_size(list); j++, n++) {
            const json_t *c = json_array_get(list, j);

            expect_cell(page, c, "ratio", "ratio_interval");
            expect_cell(page, c, "shift_ratio", "shift_ratio_interval");
            expect_cell(page, c, "p_holm", "");
            expect_cell(page, c, "cliffs_delta", "");
        }
    }
    return n;
}

static void the_numbers_of_fit_and_compare(void **state)
{
    char *page;
    json_t *json;

    (void)state;
    must_run("report @base.db @new.db -o @page.html --per parallel --seed 7");
    page = read_page();
    json = read_json("fit @base.db --json --per parallel --seed 7");
    assert_true(expect_fits(page, json) >= 4 * 3);
    json_decref(json);
    json = read_json("fit @new.db --json --per parallel --seed 7");
    assert_true(expect_fits(page, json) >= 4 * 3);
    json_decref(json);
    json = read_json("compare @base.db @new.db --json --per parallel --seed 7");
    assert_int_equal(expect_comparisons(page, json), 4 * 3);
    json_decref(json);
    json = read_json("compare @new.db --by scheduler --json --per parallel --seed 7");
    assert_int_equal(expect_comparisons(page, json), 2 * 3);
    json_decref(json);
    free(page);
}

/* ---- changed databases ---- */

static void change(const char *name, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    assert_int_equal(sqlite3_open(in_folder(name), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(db);
}

static void copy(const char *from, const char *to)
{
    size_t size;
    char *bytes = spawn_read_file(in_folder(from), &size);

    write_bytes(to, bytes, size);
    free(bytes);
}

/* 100 ms with one worker, 50 with two, 60 with three; dynamic takes 30 % more; some jitter. */
static const char law[] =
    "UPDATE sample SET total_s = (1 + 0.001 * (round * 7 %% 5)) * %g * (SELECT"
    " CASE n_workers WHEN 1 THEN 0.1 WHEN 2 THEN 0.05 ELSE 0.06 END *"
    " CASE WHEN scheduler LIKE 'dynamic%%' THEN 1.3 ELSE 1 END"
    " FROM configuration c WHERE c.id = configuration_id)";

/* Busy for 100 ms with one worker; for 60 ms each with two, 50 with three. */
static const char busy[] =
    "UPDATE worker SET busy_s = (SELECT CASE n_workers WHEN 1 THEN 0.1 WHEN 2 THEN 0.06 ELSE 0.05"
    " END FROM sample s JOIN configuration c ON c.id = s.configuration_id"
    " WHERE s.id = worker.sample_id)";

/* Two workers are busy for 120 ms together, three for 150. */
static void the_slow_down_of_tasks_is_told(void **state)
{
    char *page;

    (void)state;
    copy("base.db", "busy.db");
    change("busy.db", busy);
    must_run("report @busy.db -o @page.html");
    page = read_page();
    expect(page, "slow-down of the tasks [%]");
    assert_int_equal(count(page, "<td class=\"n\" data-value=\"0.2\">20</td>"), 4);
    assert_int_equal(count(page, "<td class=\"n\" data-value=\"0.5\">50</td>"), 4);
    free(page);
}

static void the_summary_tells_what_is_there(void **state)
{
    char sql[1024], *page;

    (void)state;
    copy("base.db", "quick.db");
    copy("new.db", "slow.db");
    snprintf(sql, sizeof(sql), law, 1.0);
    change("quick.db", sql);
    snprintf(sql, sizeof(sql), law, 1.5);
    change("slow.db", sql);
    change("slow.db",
           "UPDATE campaign SET value = json_set(value, '$.build.is_optimised', json('false'))"
           " WHERE key = 'machine'");
    must_run("report @quick.db @slow.db -o @page.html");
    page = read_page();
    expect(page, "slow.db is slower than quick.db in all 6 configurations, <strong>1.5 times as "
                 "slow</strong>");
    expect(page, "of 6 configurations 0 faster, 6 slower, 0 without a difference shown");
    expect(page, "Fastest with scheduler <strong>static</strong> and 2 workers: 50.1");
    expect(page, "slower: dynamic by 30&nbsp;%");
    expect(page, "slow.db was measured with a build that is not made for measuring");
    expect(page, "<strong>Stop at 2 workers</strong>: more, up to 3, brought no less time");
    free(page);
    must_run("report @slow.db @quick.db -o @page.html");
    page = read_page();
    expect(page, "quick.db is faster than slow.db in all 6 configurations, <strong>1.5 times as "
                 "fast</strong>");
    free(page);
    must_run("report @slow.db @slow.db -o @page.html");
    page = read_page();
    expect(page, "one and the same: nothing to compare");
    free(page);
}

/* What the summary says of n_samples with 1, 2, 4 … 64 workers, where `last` is the time with 64
 * over that with 32; otherwise twice as many take half the time. Rounds differ by some per cent. */
static void expect_stop(unsigned n_samples, double last, const char *wanted)
{
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof(text),
                                   "kernel,parameters,executor,scheduler,n_workers,binding,round,"
                                   "total_s\n");
    double seconds = 1.0;
    char *page;

    for (unsigned workers = 1; workers <= 64; workers *= 2) {
        for (unsigned round = 1; round <= n_samples; round++)
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "null,{},threads,static,%u,cores,%u,%.9g\n", workers, round,
                                     seconds *
                                         (1.0 + 0.003 * (round * 7 % 5 + round % 3 * workers % 7)));
        seconds *= workers == 32 ? last : 0.5;
    }
    write_text("wide.csv", text);
    remove(in_folder("wide.db"));
    must_run("import @wide.csv -d @wide.db");
    must_run("report @wide.db -o @page.html");
    page = read_page();
    expect(page, wanted);
    free(page);
}

/* Six samples are enough to tell 7 numbers of workers apart, three are not. */
static void the_summary_tells_where_to_stop(void **state)
{
    (void)state;
    expect_stop(6, 0.5,
                "<strong>Not yet</strong>: 64 workers, the most that were measured, beat all");
    expect_stop(6, 0.9999,
                "<strong>Nothing is gained for sure beyond 32 workers</strong>: 64 have");
    expect_stop(6, 1.2,
                "<strong>Stop at 32 workers</strong>: more, up to 64, brought no less time");
    expect_stop(3, 0.5, "Least time at 64 workers; the samples are too few to tell it from fewer.");
}

/* ---- hostile texts ---- */

static void texts_stay_texts(void **state)
{
    static const char sweep[] =
        "campaign: \"a</h1><script>alert(1)</script>\\\"'\\\\ _%# \xc3\xa9 \xe2\x98\x83\\nnext\"\n"
        "# <script>alert(2)</script> {{summary}} & \"quoted\"\n"
        "kernels: [{kernel: 'null', tasks: 50}]\n"
        "workers: [1, 2]\n"
        "repeat: {warmup: 0, min: 6, max: 6}\n";
    char *page;

    (void)state;
    write_text("hostile.yaml", sweep);
    must_run("sweep @hostile.yaml -d @x<script>alert(3)&'\".db");
    change(
        "x<script>alert(3)&'\".db",
        "UPDATE campaign SET value = json_set(value,"
        " '$.system.hostname', '<img src=x onerror=alert(4)>',"
        " '$.warnings', json('[\"<b onclick=alert(5)>\"]')) WHERE key = 'machine';"
        "INSERT INTO input VALUES ('\"><script>alert(6)</script>.fits', 'ab''\"<', 5);"
        "UPDATE sample SET status = 'failed', message = '</td><script>alert(7)</script>'"
        " WHERE id = 1;"
        "UPDATE configuration SET parameters_text = 'x=<i>\"', series_parameters_text = 'x=<i>\"';"
        "UPDATE sample SET decision = '<u>' || char(7, 155) || '</u>'"
        " WHERE id = 2;");
    must_run("report @x<script>alert(3)&'\".db -o @page.html");
    page = read_page();
    assert_int_equal(count(page, "<script"), 1);
    for (int i = 1; i <= 7; i++) {
        char text[32];

        snprintf(text, sizeof(text), "alert(%d)", i);
        expect(page, text); /* it is told … */
    }
    assert_int_equal(count(page, "<script>alert") + count(page, "<img") + count(page, "<b ") +
                         count(page, "<i>") + count(page, "<u>"),
                     0); /* … and nothing more */
    expect(page,
           "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;\\ _%# \xc3\xa9 \xe2\x98\x83\nnext");
    expect(page, "# &lt;script&gt;alert(2)&lt;/script&gt; {{summary}} &amp; &quot;quoted&quot;");
    expect(page, "&lt;u&gt;\xef\xbf\xbd\xef\xbf\xbd&lt;/u&gt;"); /* no control characters */
    expect(page, "x&lt;script&gt;alert(3)&amp;&#39;&quot;.db");
    expect(page, "&#39;\\&#39;&#39;&quot;.db&#39;"); /* the command, quoted for a shell */
    free(page);
}

/* ---- wrong usage ---- */

static void expect_error(int status, const char *arguments, const char *wanted)
{
    char *text;

    assert_int_equal(run(arguments), status);
    text = spawn_read_file(in_folder("err"), NULL);
    if (strstr(text, wanted) == NULL)
        fail_msg("%s: no \"%s\" in: %s", arguments, wanted, text);
    free(text);
}

static void failures_leave_the_older_page(void **state)
{
    char *page;

    (void)state;
    write_text("page.html", "older");
    expect_error(1, "report @base.db @missing.db -o @page.html", "missing.db: No such file");
    expect_error(2, "report @base.db", "output");
    expect_error(2, "report @base.db -o @base.db", "is the campaign");
    expect_error(2, "report @base.db -o @page.html --threshold 2", "not a percentage");
    expect_error(1, "report @base.db -o @no/such/page.html", "no/such/page.html");
    write_text("report.html", "<p>{{summary}}</p>{{sumary}}");
    setenv("SKYSCALE_PLOTS", folder, 1);
    expect_error(1, "report @base.db -o @page.html", "there is no section \"sumary\"");
    write_text("report.html", "<title>{{title}}</title>");
    must_run("report @base.db -o -");
    page = spawn_read_file(in_folder("out"), NULL);
    assert_string_equal(page, "<title>base.db</title>");
    free(page);
    page = read_page();
    assert_string_equal(page, "older");
    free(page);
    must_run("fit @base.db"); /* the campaign is what it was */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_one_campaign),
        cmocka_unit_test(it_can_be_measured_again),
        cmocka_unit_test(what_is_long_is_folded_by_kernel),
        cmocka_unit_test(figures_are_inline),
        cmocka_unit_test(without_gnuplot),
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(the_numbers_of_fit_and_compare),
        cmocka_unit_test(the_slow_down_of_tasks_is_told),
        cmocka_unit_test(the_summary_tells_what_is_there),
        cmocka_unit_test(the_summary_tells_where_to_stop),
        cmocka_unit_test(failures_leave_the_older_page),
    };

    return cmocka_run_group_tests(tests, set_up, remove_folder);
}
