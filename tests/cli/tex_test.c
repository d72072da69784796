/* Property: the macros of `export -f tex` say the numbers that `skyscale fit` says, rounded as its
 * tables round them; names that hold whatever TeX gives a meaning to come through LaTeX unharmed;
 * and a key that is not there stops LaTeX.
 *
 * The environment variable SKYSCALE names the program. Without pdflatex the last two are shown by
 * the text of the macros alone. */
#include "../unit/sweep_files.h"

#include "harness/present/tex.h"
#include "spawn.h"

#include <math.h>
#include <stdbool.h>

static const char *program;
static char *macros; /* of the campaign */

/* As a YAML text, and as it is. */
static const char sweep_text[] =
    "campaign: \"<script>alert('1')</script> \\\"q\\\" \\\\ a,,b--c\\nnext line \\u00e9 \\u661f "
    "_ % # & ^ ~ { } $ `|\"\n"
    "kernels:\n"
    "- {kernel: null, tasks: 50}\n"
    "- {kernel: null, tasks: 40, scaling: weak}\n"
    "workers: [1-3]\n"
    "schedulers: [static, \"dynamic:chunk=4\"]\n"
    "repeat: {warmup: 1, min: 7, max: 7}\n";
static const char in_tex[] =
    "\\textless{}script\\textgreater{}alert(\\textquotesingle{}1\\textquotesingle{})"
    "\\textless{}/script\\textgreater{} \\textquotedbl{}q\\textquotedbl{} \\textbackslash{} "
    "a,{},b-{}-c\\ next line \\sksutf{\xc3\xa9}{00E9} \\sksutf{\xe6\x98\x9f}{661F} "
    "\\_ \\% \\# \\& \\textasciicircum{} \\textasciitilde{} \\{ \\} \\$ \\textasciigrave{}"
    "\\textbar{}";

static void must_run(const char *arguments, const char *out)
{
    if (spawn(program, arguments, NULL, out, in_folder("messages")) != 0)
        fail_msg("skyscale %s: %s", arguments, spawn_read_file(in_folder("messages"), NULL));
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
    must_run("sweep hostile.yaml -d hostile.db", NULL);
    must_run("export hostile.db -f tex --replicates 100 --name h -o hostile.tex", NULL);
    macros = spawn_read_file(in_folder("hostile.tex"), NULL);
    return 0;
}

static int tear_down(void **state)
{
    free(macros);
    return chdir("/") == 0 ? remove_folder(state) : -1;
}

/* What the macro of this key holds; valid until the next call. */
static const char *macro(const char *key)
{
    static char value[1024];
    char wanted[512];
    const char *at, *end;

    snprintf(wanted, sizeof(wanted), "\n\\sksdef{%s}{", key);
    at = strstr(macros, wanted);
    if (at == NULL)
        fail_msg("no macro has the key %s", key);
    assert_null(strstr(at + 1, wanted));
    at += strlen(wanted);
    end = strstr(at, "}%\n");
    assert_non_null(end);
    assert_true((size_t)(end - at) < sizeof(value));
    snprintf(value, sizeof(value), "%.*s", (int)(end - at), at);
    return value;
}

/* The first number in it, and the size of a unit in its last place. */
static double number_in(const char *text, double *last_place)
{
    const char *c = text;
    const char *point = NULL;
    char *end;
    const double value = strtod(text, &end);

    assert_true(end > text);
    for (; c < end; c++)
        if (*c == '.')
            point = c;
    *last_place = point != NULL ? pow(10.0, -(double)(end - point - 1)) : 1.0;
    return value;
}

/* The text in the macro is the number rounded, and stands in the tables of `skyscale fit`. */
static void check_number(const char *key, double expected, const char *tables)
{
    double last_place;
    const char *text = macro(key);

    if (fabs(number_in(text, &last_place) - expected) > 0.51 * last_place)
        fail_msg("%s is %s, and %.9g in the fit", key, text, expected);
    if (strstr(tables, text) == NULL)
        fail_msg("%s is %s, which the tables of the fit do not say", key, text);
}

static void the_numbers_of_the_fit(void **state)
{
    char *tables;
    json_t *fits, *group, *point;
    size_t i, k, n_checked = 0;

    (void)state;
    must_run("fit hostile.db --replicates 100 --json", in_folder("fit.json"));
    must_run("fit hostile.db --replicates 100", in_folder("fit.txt"));
    fits = json_load_file(in_folder("fit.json"), 0, NULL);
    tables = spawn_read_file(in_folder("fit.txt"), NULL);
    assert_non_null(fits);
    json_array_foreach(json_object_get(fits, "groups"), i, group)
    {
        if (json_is_true(json_object_get(group, "is_weak")))
            continue;
        json_array_foreach(json_object_get(group, "points"), k, point)
        {
            const json_t *interval = json_object_get(point, "speedup_interval");
            char scheduler[64], key[256];

            snprintf(scheduler, sizeof(scheduler), "%s",
                     json_string_value(json_object_get(group, "scheduler")));
            for (char *c = scheduler; *c != '\0'; c++)
                *c = strchr(",", *c) != NULL ? '-' : *c;
            snprintf(key, sizeof(key), "h/null/threads/%s/points/%d/speedup", scheduler,
                     (int)json_integer_value(json_object_get(point, "workers")));
            check_number(key, json_number_value(json_object_get(point, "speedup")), tables);
            n_checked++;
            if (!json_is_array(interval))
                continue;
            strcat(key, "/interval");
            assert_non_null(strstr(macro(key), "--"));
            {
                double last_place, low = number_in(macro(key), &last_place);

                assert_true(fabs(low - json_number_value(json_array_get(interval, 0))) <=
                            0.51 * last_place);
            }
        }
    }
    assert_int_equal(n_checked, 2 * 3);
    json_decref(fits);
    free(tables);
}

static void what_is_missing_says_so(void **state)
{
    (void)state;
    assert_string_equal(macro("h/null/threads/static/points/1/karp_flatt"), "\\sksmissing{}");
    assert_string_equal(macro("h/samples/good"), "84");
    assert_non_null(strstr(macro("h/null/threads/static/points/2/parallel_s"), "s"));
}

static void any_text_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(macro("h/campaign/name"), in_tex);
}

/* Keys that TeX would stumble over, and two that would become the same. */
static void keys_are_plain_and_new(void **state)
{
    json_t *json =
        json_pack("{s:i, s:i, s:{s:[{s:i, s:f, s:[f, f]}]}}", "a\\b{", 1, "a%b}", 2, "in", "points",
                  "workers", 4, "time_s", 0.0125, "time_interval_s", 0.0121, 0.0131);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(sks_tex_write("x", json, out), SKS_OK);
    fclose(out);
    assert_non_null(strstr(text, "\\sksdef{x/a-b-}{1}%\n\\sksdef{x/a-b--2}{2}%\n"));
    assert_non_null(strstr(text, "\\sksdef{x/in/points/4/time_s}{12.5\\,ms}%\n"));
    assert_non_null(strstr(text, "\\sksdef{x/in/points/4/time_s/interval}{12.1--13.1\\,ms}%\n"));
    assert_non_null(strstr(text, "\\sksdef{x/in/points/most/time_s}{12.5\\,ms}%\n"));
    free(text);
    json_decref(json);
}

/* An optimum's interval is called "interval"; criteria have one decimal, and a minus sign. */
static void an_optimum_has_its_interval(void **state)
{
    json_t *json = json_pack("{s:f, s:{s:f, s:[f, f]}}", "aicc", -37.54, "optimum", "workers",
                             78.43, "interval", 68.2, 98.4);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(sks_tex_write("x", json, out), SKS_OK);
    fclose(out);
    assert_non_null(strstr(text, "\\sksdef{x/aicc}{\\ensuremath{-}37.5}%\n"));
    assert_non_null(strstr(text, "\\sksdef{x/optimum/workers}{78}%\n"));
    assert_non_null(strstr(text, "\\sksdef{x/optimum/workers/interval}{68--98}%\n"));
    free(text);
    json_decref(json);
}

/* Comparisons come in the order of their size, so that only "most" says of which one speaks; and
 * nothing is said where it could be either of two. */
static void a_comparison_goes_by_its_workers(void **state)
{
    static const char text_in[] =
        "{\"sorted\": [{\"ratio\": 3.0, \"new\": {\"workers\": 1}},"
        "             {\"ratio\": 0.5, \"new\": {\"workers\": 2}},"
        "             {\"ratio\": 0.4, \"new\": {\"workers\": 4, \"is_oversubscribed\": true}}],"
        " \"two\": [{\"new\": {\"workers\": 2}}, {\"new\": {\"workers\": 2}}]}";
    json_t *json = json_loads(text_in, 0, NULL);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(json);
    assert_int_equal(sks_tex_write("x", json, out), SKS_OK);
    fclose(out);
    assert_non_null(strstr(text, "\\sksdef{x/sorted/1/ratio}{3"));
    assert_non_null(strstr(text, "\\sksdef{x/sorted/most/ratio}{0.5"));
    assert_non_null(strstr(text, "\\sksdef{x/two/2/new/workers}{2}"));
    assert_null(strstr(text, "x/two/most"));
    free(text);
    json_decref(json);
}

static const char latex[] = "/usr/bin/pdflatex";

/* Whether pages can be set; LaTeX then finds skyscale.sty. */
static bool has_latex(void)
{
    char inputs[1024];
    const char *source = getenv("SKYSCALE_PLOTS");

    if (access(latex, X_OK) != 0 || source == NULL) {
        print_message("without pdflatex: what it does with the macros is not shown\n");
        return false;
    }
    snprintf(inputs, sizeof(inputs), "%s/../paper:", source);
    setenv("TEXINPUTS", inputs, 1);
    return true;
}

/* 0 when LaTeX sets a page with this in it. */
static int set_page(const char *body)
{
    char page[1024];

    snprintf(page, sizeof(page),
             "\\documentclass{article}\\IfFileExists{lmodern.sty}{\\usepackage{lmodern}}{}"
             "\\usepackage{skyscale}\\input{hostile.tex}"
             "\\begin{document}%s\\end{document}\n",
             body);
    write_text("page.tex", page);
    return spawn(latex, "-interaction=nonstopmode -halt-on-error page.tex", NULL, NULL, NULL);
}

static void latex_takes_it_or_stops(void **state)
{
    (void)state;
    if (!has_latex())
        return;
    assert_int_equal(set_page("\\sks{h/campaign/name} "
                              "\\sks{h/null/threads/static/points/2/speedup/interval} "
                              "\\sks{h/null/threads/static/points/1/karp_flatt}"),
                     0);
    assert_int_not_equal(set_page("\\sks{h/null/threads/static/points/9/speedup}"), 0);
    assert_int_not_equal(set_page("\\input{hostile.tex}"), 0); /* keys defined twice */
}

/* What was not measured, and what is no key, choose the other text; a key that is none still stops
 * a value with its interval. */
static void latex_chooses_by_what_is_known(void **state)
{
    static const char stop[] = "\\PackageError{test}{the wrong text}{}";
    static const char *const missing[] = {"h/null/threads/static/points/1/karp_flatt",
                                          "h/null/threads/static/points/9/speedup"};
    char body[512];

    (void)state;
    if (!has_latex())
        return;
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        snprintf(body, sizeof(body), "\\sksknown{%s}{%s}{none}", missing[i], stop);
        assert_int_equal(set_page(body), 0);
        snprintf(body, sizeof(body), "\\sksboth{%s}", missing[i]);
        assert_int_equal(set_page(body) != 0, i == 1);
    }
    snprintf(body, sizeof(body),
             "\\sksknown{h/samples/good}{84}{%s}\\sksyes{h/null/threads/static/is_weak}{%s}{no}",
             stop, stop);
    assert_int_equal(set_page(body), 0);
    assert_int_not_equal(set_page("\\sksyes{h/nothing}{yes}{no}"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_of_the_fit),
        cmocka_unit_test(what_is_missing_says_so),
        cmocka_unit_test(any_text_is_escaped),
        cmocka_unit_test(keys_are_plain_and_new),
        cmocka_unit_test(a_comparison_goes_by_its_workers),
        cmocka_unit_test(an_optimum_has_its_interval),
        cmocka_unit_test(latex_takes_it_or_stops),
        cmocka_unit_test(latex_chooses_by_what_is_known),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
