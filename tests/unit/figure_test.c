/* Property: a figure is there complete or not at all; names are drawn, never executed; without
 * gnuplot the data is kept and the message says what to install. Skipped parts need gnuplot. */
#include "harness/present/figure.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/skyscale-figure-test-XXXXXX";

static char *in_directory(const char *name)
{
    char *path;

    assert_true(asprintf(&path, "%s/%s", directory, name) >= 0);
    return path;
}

/* Whatever is in the directory, hidden files aside. */
static size_t n_files(void)
{
    DIR *dir = opendir(directory);
    size_t n = 0;

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static int empty_directory(void **state)
{
    DIR *dir = opendir(directory);

    (void)state;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    sks_clear();
    return 0;
}

static bool have_gnuplot(void)
{
    const char *path = getenv("PATH");
    bool found = false;

    while (path != NULL && *path != '\0' && !found) {
        size_t length = strcspn(path, ":");
        char *candidate;

        assert_true(asprintf(&candidate, "%.*s/gnuplot", (int)length, path) >= 0);
        found = access(candidate, X_OK) == 0;
        free(candidate);
        path += length + (path[length] == ':');
    }
    return found;
}

/* Two schedulers; the last two of n_points worker counts are oversubscribed. */
static sks_series *make_series(const char *scheduler, size_t n_points)
{
    sks_series *s = calloc(2, sizeof(*s));

    assert_non_null(s);
    for (size_t i = 0; i < 2; i++) {
        s[i].kernel = strdup("synthetic");
        s[i].parameters = strdup("");
        s[i].executor = strdup("threads");
        s[i].scheduler = strdup(i == 0 ? scheduler : "dynamic");
        s[i].binding = strdup("cores");
        s[i].n_points = n_points;
        s[i].points = calloc(n_points, sizeof(*s[i].points));
        assert_non_null(s[i].points);
        for (size_t j = 0; j < n_points; j++) {
            double n = (double)(j + 1);

            s[i].points[j] = (sks_point){.n_workers = (unsigned)j + 1,
                                         .is_oversubscribed = j + 2 >= n_points && j > 0,
                                         .n = 7};
            s[i].points[j].seconds = calloc(7, sizeof(double));
            assert_non_null(s[i].points[j].seconds);
            for (size_t k = 0; k < 7; k++)
                s[i].points[j].seconds[k] = (0.1 + 1.0 / n) * (1.0 + 0.001 * (double)k);
        }
    }
    return s;
}

static sks_status draw(const char *scheduler, size_t n_points, const char *output)
{
    sks_series *series = make_series(scheduler, n_points);
    const char *const sources[] = {"a.db", "a.db"};
    const sks_figure *figure;
    sks_fit *fits;
    sks_status status;

    assert_int_equal(sks_figure_find("speedup", &figure), SKS_OK);
    assert_int_equal(sks_fit_all(series, 2, &sks_fit_defaults, &fits), SKS_OK);
    status = sks_figure_draw(
        figure,
        &(sks_figure_input){.fits = fits, .n = 2, .sources = sources, .time_name = "total time"},
        output);
    sks_fits_free(fits, 2);
    sks_series_free(series, 2);
    return status;
}

/* The first and the last bytes of the file are as its format demands. */
static void assert_file(const char *path, const char *begin, const char *end)
{
    FILE *file = fopen(path, "r");
    char head[16] = "", tail[33] = "";

    assert_non_null(file);
    assert_true(fread(head, 1, sizeof(head) - 1, file) > 0);
    assert_memory_equal(head, begin, strlen(begin));
    assert_int_equal(fseek(file, -32, SEEK_END), 0);
    assert_int_equal(fread(tail, 1, 32, file), 32);
    if (end != NULL) {
        bool is_there = false;

        for (size_t i = 0; i + strlen(end) <= 32; i++)
            is_there = is_there || memcmp(tail + i, end, strlen(end)) == 0;
        assert_true(is_there);
    }
    fclose(file);
}

static void every_format_is_drawn(void **state)
{
    static const struct {
        const char *name, *begin, *end;
    } files[] = {{"f.svg", "<?xml", "</svg>"},
                 {"f.pdf", "%PDF", "%%EOF"},
                 {"f.png", "\x89PNG", "IEND"},
                 {"F.SVG", "<?xml", "</svg>"}};

    (void)state;
    if (!have_gnuplot())
        skip();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *path = in_directory(files[i].name);

        if (draw("static", 4, path) != SKS_OK)
            fail_msg("%s", sks_message());
        assert_file(path, files[i].begin, files[i].end);
        free(path);
    }
    assert_int_equal(n_files(), 4); /* and nothing else was left */
}

static void names_are_drawn_not_executed(void **state)
{
    char *marker = in_directory("marker"), *path = in_directory("f.svg");
    char *name, *text;
    FILE *file;
    size_t n;

    (void)state;
    if (!have_gnuplot())
        skip();
    assert_true(asprintf(&name,
                         "it's'; system('touch %s'); `touch %s` @x {/Bold b}_1 \"%%d\" \\n\n$1",
                         marker, marker) >= 0);
    if (draw(name, 4, path) != SKS_OK)
        fail_msg("%s", sks_message());
    assert_int_not_equal(access(marker, F_OK), 0);
    file = fopen(path, "r");
    text = calloc(1, 1 << 20);
    assert_non_null(file);
    assert_non_null(text);
    n = fread(text, 1, (1 << 20) - 1, file);
    assert_true(n > 0);
    /* as in the name, in XML's spelling */
    assert_non_null(strstr(text, "{/Bold b}_1"));
    fclose(file);
    free(text);
    free(name);
    free(marker);
    free(path);
}

static void without_gnuplot_the_data_is_kept(void **state)
{
    char *path = in_directory("f.svg"), *data = in_directory("f.csv"),
         *old = strdup(getenv("PATH"));
    char line[256] = "";
    FILE *file;

    (void)state;
    setenv("PATH", directory, 1);
    assert_int_equal(draw("static", 4, path), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "apt-get install gnuplot-nox"));
    assert_non_null(strstr(sks_message(), data));
    assert_int_equal(n_files(), 1);
    file = fopen(data, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_non_null(strstr(line, "n_workers"));
    assert_non_null(strstr(line, "speedup_low"));
    fclose(file);
    /* again: its own file is replaced */
    sks_clear();
    assert_int_equal(draw("static", 4, path), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "the data is in"));
    /* but not a file of another kind */
    file = fopen(data, "w");
    fputs("mine\n", file);
    fclose(file);
    sks_clear();
    assert_int_equal(draw("static", 4, path), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "another file"));
    file = fopen(data, "r");
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "mine\n");
    fclose(file);
    setenv("PATH", old, 1);
    free(old);
    free(data);
    free(path);
}

static void what_cannot_be_drawn_leaves_nothing(void **state)
{
    char *path = in_directory("f.svg"), *nowhere = in_directory("no/f.svg");

    (void)state;
    assert_int_equal(draw("static", 4, "figure.gif"), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), ".svg, .pdf or .png"));
    sks_clear();
    assert_int_equal(draw("static", 1, path), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "two worker counts"));
    sks_clear();
    assert_int_equal(draw("static", 4, nowhere), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "cannot write"));
    assert_int_equal(n_files(), 0);
    free(path);
    free(nowhere);
}

static void a_broken_template_is_reported_with_gnuplots_words(void **state)
{
    char *template = in_directory("workers.gp"), *path = in_directory("f.svg");
    char *old = getenv("SKYSCALE_PLOTS") != NULL ? strdup(getenv("SKYSCALE_PLOTS")) : NULL;
    FILE *file = fopen(template, "w");

    (void)state;
    assert_non_null(file);
    fputs("set terminal svg\nplot no_such_function(x)\n", file);
    fclose(file);
    if (!have_gnuplot())
        skip();
    setenv("SKYSCALE_PLOTS", directory, 1);
    assert_int_equal(draw("static", 4, path), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "gnuplot failed"));
    assert_non_null(strstr(sks_message(), "undefined function"));
    assert_int_equal(n_files(), 1);
    if (old != NULL)
        setenv("SKYSCALE_PLOTS", old, 1);
    else
        unsetenv("SKYSCALE_PLOTS");
    free(old);
    free(template);
    free(path);
}

static void unknown_figures_get_the_nearest(void **state)
{
    const sks_figure *figure = NULL;

    (void)state;
    assert_int_equal(sks_figure_find("speedp", &figure), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "did you mean \"speedup\""));
    assert_null(figure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_format_is_drawn, empty_directory),
        cmocka_unit_test_setup(names_are_drawn_not_executed, empty_directory),
        cmocka_unit_test_setup(without_gnuplot_the_data_is_kept, empty_directory),
        cmocka_unit_test_setup(what_cannot_be_drawn_leaves_nothing, empty_directory),
        cmocka_unit_test_setup(a_broken_template_is_reported_with_gnuplots_words, empty_directory),
        cmocka_unit_test_setup(unknown_figures_get_the_nearest, empty_directory),
    };
    int n_failed;

    if (mkdtemp(directory) == NULL)
        return 1;
    n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_directory(NULL);
    rmdir(directory);
    return n_failed;
}
