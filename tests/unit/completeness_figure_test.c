/* Property: tables of completeness tests are read whoever wrote them, to the same counts; what is
 * no such table is refused by file and line; the figure shows every table with all its points,
 * intervals, its function and its limits, on labelled axes that hold them all. */
#include "harness/present/figure.h"
#include "kernels/astro/completeness_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fitsio.h>
#include <string.h>
#include <unistd.h>

#include "reference.h"
#include "scratch_file.h"

enum { N_BINS = 8, N_EMPTY = 1 };

/* Counts of the function P = 1, a = 1.5/mag, m_h = 20.25 with 400 stars a bin, rounded; one bin
 * has no stars. */
static const sks_bin_count counts[N_BINS] = {
    {17.25, 400, 396}, {18.25, 400, 389}, {18.75, 400, 383}, {19.25, 400, 366},
    {19.75, 0, 0},     {20.25, 400, 200}, {20.75, 400, 80},  {22.25, 400, 10},
};

static const char *write_text(const char *name, const char *text)
{
    const char *path = scratch_file(name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* One line per bin as one of the writers has it. */
static const char *write_table(const char *name, const char *header,
                               void (*write_row)(FILE *file, double mag, int n, int k))
{
    const char *path = scratch_file(name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(header, file);
    for (int i = 0; i < N_BINS; i++)
        write_row(file, counts[i].mag, (int)counts[i].n, (int)counts[i].k);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void our_row(FILE *file, double mag, int n, int k)
{
    fprintf(file, " %.3f  %5d %5d     nan\n", mag, n, k);
}

static const char *write_ours(const char *name)
{
    return write_table(name,
                       "# completeness: 512 x 512 pixels\n"
                       "# columns: mag_mid[mag] inserted recovered completeness\n",
                       our_row);
}

static void iraf_row(FILE *file, double mag, int n, int k)
{
    fprintf(file, "%.2f\t%d\t-5\t%d\n", mag, n, k);
}

static const char *write_iraf(const char *name)
{
    return write_table(name, "mag_mid[mag]\tn_in\tn_pairs\tn_unique\n", iraf_row);
}

static void authors_row(FILE *file, double mag, int n, int k)
{
    fprintf(file, "     %.2f   %d/%d\t\t 94.47\t\t0.94\n", mag, k, n);
}

static const char *write_authors(const char *name)
{
    return write_table(name,
                       "#----\n# Magnitude   Stars Detected/Input Stars    Completeness\n#----\n",
                       authors_row);
}

static const char *write_fits(const char *name)
{
    static char *types[] = {"mag_mid", "completeness", "inserted", "recovered"};
    static char *forms[] = {"1D", "1D", "1J", "1J"};
    const char *path = scratch_file(name);
    fitsfile *file;
    int fits = 0;

    unlink(path);
    fits_create_file(&file, path, &fits);
    fits_create_tbl(file, BINARY_TBL, N_BINS, 4, types, forms, NULL, "COMPLETENESS", &fits);
    for (int i = 0; i < N_BINS; i++) {
        double mag = counts[i].mag, n = counts[i].n, k = counts[i].k;

        fits_write_col(file, TDOUBLE, 1, i + 1, 1, 1, &mag, &fits);
        fits_write_col(file, TDOUBLE, 3, i + 1, 1, 1, &n, &fits);
        fits_write_col(file, TDOUBLE, 4, i + 1, 1, 1, &k, &fits);
    }
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    return path;
}

static void every_format_gives_the_same_counts(void **state)
{
    const char *paths[] = {write_ours("ours.txt"), write_iraf("iraf.tsv"),
                           write_authors("authors.dat"), write_fits("ours.fits")};

    (void)state;
    for (size_t f = 0; f < sizeof(paths) / sizeof(paths[0]); f++) {
        sks_bin_count *bins = NULL;
        size_t n = 0;

        if (sks_completeness_table_read(paths[f], &bins, &n) != SKS_OK)
            fail_msg("%s", sks_message());
        assert_int_equal(n, N_BINS);
        for (size_t i = 0; i < n; i++) {
            assert_true(bins[i].mag == counts[i].mag);
            assert_true(bins[i].n == counts[i].n);
            assert_true(bins[i].k == counts[i].k);
        }
        free(bins);
    }
}

static void what_is_no_table_is_refused(void **state)
{
    static const struct {
        const char *text;
        sks_status status;
        const char *says;
    } cases[] = {
        {"", SKS_ERR_INPUT, "bad.txt: no table of a completeness test"},
        {"# only comments\n", SKS_ERR_INPUT, "bad.txt: no table of a completeness test"},
        {"once upon a time\n", SKS_ERR_INPUT, "bad.txt: no table of a completeness test"},
        {"1 2 3\n", SKS_ERR_INPUT, "bad.txt: no table of a completeness test"},
        {"SIMPLE  = no FITS file", SKS_ERR_INPUT, "bad.txt: no table of a completeness test"},
        {"17.25 5/4\n", SKS_ERR_INPUT, "bad.txt:1: 5 of 4 stars"},
        {"17.25 -1/4\n", SKS_ERR_INPUT, "bad.txt:1: -1 of 4 stars"},
        {"17.25 0/0\n", SKS_ERR_INPUT, "bad.txt: no star was inserted"},
        {"# mag_mid inserted recovered\n17.25 4 3\n17.75 4\n", SKS_ERR_INPUT, "bad.txt:3: "},
        {"# mag_mid inserted recovered\n17.25 4 many\n", SKS_ERR_INPUT, "bad.txt:2: "},
        {"# mag_mid inserted recovered\n17.25 4 nan\n", SKS_ERR_INPUT, "bad.txt:2: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = write_text("bad.txt", cases[i].text);
        sks_bin_count *bins = NULL;
        size_t n = 7;

        sks_clear();
        assert_int_equal(sks_completeness_table_read(path, &bins, &n), cases[i].status);
        if (strstr(sks_message(), cases[i].says) == NULL)
            fail_msg("\"%s\" gives: %s", cases[i].text, sks_message());
        assert_null(bins);
        assert_int_equal(n, 7);
    }
    sks_clear();
    assert_int_equal(
        sks_completeness_table_read(scratch_file("none.txt"), &(sks_bin_count *){0}, &(size_t){0}),
        SKS_ERR_IO);
    sks_clear();
}

static bool have_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static sks_status draw(const char *const *files, const char *const *names, size_t n,
                       const char *output)
{
    const sks_figure *figure;

    sks_clear();
    assert_int_equal(sks_figure_find("completeness", &figure), SKS_OK);
    assert_int_equal(figure->reads, SKS_FIGURE_OF_FILES);
    return sks_figure_draw(
        figure,
        &(sks_figure_input){.files = files, .names = names, .n_files = n, .confidence = 0.95},
        output);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static size_t count(const char *text, const char *end, const char *what)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL && at < end; at++)
        n++;
    return n;
}

/* The part of the drawing that plot number `i` (from 1) of the main panel made. */
static const char *group(const char *svg, size_t i, const char **end)
{
    char id[64];
    const char *begin;

    snprintf(id, sizeof(id), "id=\"completeness_plot_%zua\"", i);
    begin = strstr(svg, id);
    assert_non_null(begin);
    *end = strstr(begin + 1, "id=\"completeness_plot_");
    if (*end == NULL)
        *end = svg + strlen(svg);
    return begin;
}

/* Limits, functions, intervals and points of n tables: 4 n plots, in this order; the legend has n.
 */
static void assert_plots(const char *svg, size_t n, const size_t *n_points)
{
    const char *end = svg + strlen(svg), *begin;

    assert_int_equal(count(svg, end, "id=\"completeness_plot_"), 5 * n);
    for (size_t e = 1; e <= n; e++) {
        begin = group(svg, n + e, &end);
        assert_int_equal(count(begin, end, "<path"), 1); /* the function, one stroke */
        begin = group(svg, 3 * n + e, &end);
        assert_int_equal(count(begin, end, "<use "), n_points[e - 1]);
    }
}

static void assert_shows(const char *svg, const char *text)
{
    if (strstr(svg, text) == NULL)
        fail_msg("the drawing lacks: %s", text);
}

static void the_figure_shows_everything(void **state)
{
    const char *files[] = {write_ours("ours.txt"), write_iraf("iraf.tsv")};
    const char *names[] = {"first <b> & 'co'", "second"};
    const char *path = scratch_file("f.svg");
    sks_completeness_fit fit;
    double mag, error;
    char limit[64];
    char *svg;

    (void)state;
    if (!have_gnuplot())
        skip();
    if (draw(files, names, 2, path) != SKS_OK)
        fail_msg("%s", sks_message());
    svg = read_file(path);
    assert_plots(svg, 2, (size_t[]){N_BINS - N_EMPTY, N_BINS - N_EMPTY});
    assert_shows(svg, "magnitude of the inserted star (mag)");
    assert_shows(svg, "completeness: recovered / inserted");
    assert_shows(svg, "first &lt;b> &amp; ");
    assert_null(strstr(svg, "<b>"));
    assert_shows(svg, "second: 90 % at ");
    assert_shows(svg, "95 % intervals");
    assert_shows(svg, "Fleming et al. (1995)");
    /* The axes hold all bins and no more than a bin beyond. */
    assert_shows(svg, ">18</text>");
    assert_shows(svg, ">22</text>");
    assert_null(strstr(svg, ">16</text>"));
    assert_null(strstr(svg, ">23</text>"));
    assert_shows(svg, "1.0</text>");
    /* The limit is the fit's. */
    sks_completeness_fit_counts(counts, N_BINS, &fit);
    sks_completeness_limit(&fit, 0.5, &mag, &error);
    assert_true(fabs(mag - 20.25) < 0.1);
    snprintf(limit, sizeof(limit), "50 %% at %.2f ± %.2f mag", mag, error);
    assert_shows(svg, limit);
    free(svg);
}

static void limits_that_are_not_reached_are_said_in_words(void **state)
{
    const char *low = write_text("low.txt", "16.5 40/100\n17.5 41/100\n18.5 39/100\n19.5 40/100\n"
                                            "20.5 20/100\n21.5 1/100\n22.5 0/100\n");
    const char *none = write_text("none.txt", "16.5 0/100\n17.5 0/100\n");
    const char *files[] = {low, none}, *names[] = {"low", "none"};
    const char *path = scratch_file("f.svg");
    char *svg;

    (void)state;
    if (!have_gnuplot())
        skip();
    if (draw(files, names, 2, path) != SKS_OK)
        fail_msg("%s", sks_message());
    svg = read_file(path);
    assert_shows(svg, "low: never 90 %, never 50 %");
    assert_shows(svg, "none: no function fits");
    free(svg);
}

static void what_cannot_be_read_is_not_drawn(void **state)
{
    const char *files[] = {write_ours("ours.txt"), write_text("bad.txt", "17.25 5/4\n")};
    const char *names[] = {"a", "b"};
    const char *path = scratch_file("no.svg");

    (void)state;
    assert_int_equal(draw(files, names, 2, path), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "bad.txt:1"));
    assert_int_not_equal(access(path, F_OK), 0);
    sks_clear();
}

static void the_reference_tables_are_drawn(void **state)
{
    const char *files[] = {reference_path("reference/m71_completeness_iraf_1000.tsv"),
                           reference_path("data/m71_completeness_singh2013.dat")};
    const char *names[] = {"IRAF", "Singh et al."};
    const char *path = scratch_file("f.svg");
    char *svg;

    (void)state;
    if (!reference_is_there() || !have_gnuplot())
        skip();
    if (draw(files, names, 2, path) != SKS_OK)
        fail_msg("%s", sks_message());
    svg = read_file(path);
    assert_plots(svg, 2, (size_t[]){20, 20});
    assert_shows(svg, "IRAF: 90 % at 21.0");
    assert_shows(svg, "Singh et al.: 90 % at 21.0");
    assert_shows(svg, ">26</text>");
    free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_same_counts),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(the_figure_shows_everything),
        cmocka_unit_test(limits_that_are_not_reached_are_said_in_words),
        cmocka_unit_test(what_cannot_be_read_is_not_drawn),
        cmocka_unit_test(the_reference_tables_are_drawn),
    };
    int n_failed = cmocka_run_group_tests(tests, scratch_make, scratch_remove);

    return n_failed != 0 ? n_failed : reference_exit();
}
