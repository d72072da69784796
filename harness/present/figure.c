#include "harness/present/figure.h"

#include "common/param.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *figure_name(const void *context, size_t i)
{
    (void)context;
    return sks_figure_table[i] != NULL ? sks_figure_table[i]->name : NULL;
}

sks_status sks_figure_find(const char *name, const sks_figure **figure)
{
    const char *nearest;

    for (size_t i = 0; sks_figure_table[i] != NULL; i++)
        if (strcmp(sks_figure_table[i]->name, name) == 0) {
            *figure = sks_figure_table[i];
            return SKS_OK;
        }
    nearest = sks_nearest(name, figure_name, NULL);
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "unknown figure \"%s\"; did you mean \"%s\"? see: skyscale list figures",
                        name, nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown figure \"%s\"; see: skyscale list figures", name);
}

sks_status sks_figure_make_directory(char **directory)
{
    const char *parent = getenv("TMPDIR");
    char *path;

    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    if (asprintf(&path, "%s/skyscale-plot-XXXXXX", parent) < 0)
        return sks_fail_nomem("path");
    if (mkdtemp(path) == NULL) {
        sks_status status = sks_fail(SKS_ERR_IO, "%s: cannot make a temporary directory: %s",
                                     parent, strerror(errno));

        free(path);
        return status;
    }
    *directory = path;
    return SKS_OK;
}

void sks_figure_remove_directory(char *directory)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(directory);
    free(directory);
}

static bool have_same_first_line(const char *a, const char *b)
{
    FILE *files[2] = {fopen(a, "r"), fopen(b, "r")};
    bool is_same = files[0] != NULL && files[1] != NULL;
    int c[2];

    while (is_same) {
        c[0] = getc(files[0]);
        c[1] = getc(files[1]);
        is_same = c[0] == c[1];
        if (c[0] == '\n' || c[0] == EOF)
            break;
    }
    for (int i = 0; i < 2; i++)
        if (files[i] != NULL)
            fclose(files[i]);
    return is_same;
}

static bool copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    bool is_copied = in != NULL && out != NULL;
    char buffer[8192];
    size_t n;

    while (is_copied && (n = fread(buffer, 1, sizeof(buffer), in)) > 0)
        is_copied = fwrite(buffer, 1, n, out) == n;
    if (in != NULL) {
        is_copied = is_copied && ferror(in) == 0;
        fclose(in);
    }
    if (out != NULL)
        is_copied = fclose(out) == 0 && is_copied;
    return is_copied;
}

/* Leaves the data beside where the figure would have been, for another program to draw. */
static sks_status keep_data(const char *data, const char *output)
{
    static const char gnuplot_missing[] =
        "gnuplot is not installed, figures need it (Debian: apt-get install gnuplot-nox)";
    char *kept = strdup(output);
    sks_status status;

    sks_clear(); /* replaces the message of the same cause, with where the data went */
    if (kept == NULL)
        return sks_fail_nomem("path");
    strcpy(strrchr(kept, '.'), ".csv"); /* as long as .svg, .pdf and .png */
    if (access(kept, F_OK) == 0 && !have_same_first_line(kept, data))
        status = sks_fail(SKS_ERR_IO, "%s; %s is another file, so the data was not written there",
                          gnuplot_missing, kept);
    else if (!copy_file(data, kept))
        status = sks_fail(SKS_ERR_IO, "%s; nor could the data be written to %s: %s",
                          gnuplot_missing, kept, strerror(errno));
    else
        status = sks_fail(SKS_ERR_IO, "%s; the data is in %s", gnuplot_missing, kept);
    free(kept);
    return status;
}

void sks_csv_number(FILE *file, double value, char end)
{
    if (isfinite(value))
        fprintf(file, "%.9g", value);
    fputc(end, file);
}

void sks_csv_text(FILE *file, const char *text, char end)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fprintf(file, "\"%c", end);
}

void sks_figure_time_unit(double greatest_s, sks_gnuplot *plot)
{
    const bool is_us = greatest_s < 1e-3, is_ms = !is_us && greatest_s < 1;

    sks_gnuplot_number(plot, "unit_s", is_us ? 1e-6 : is_ms ? 1e-3 : 1);
    sks_gnuplot_text(plot, "unit", is_us ? "µs" : is_ms ? "ms" : "s");
}

#define NARROW "choose fewer with --kernel, --executor or --scheduler, or name fewer files"

sks_status sks_figure_check_grid(const char *figure, size_t n_entries, size_t n_panels)
{
    if (n_entries <= SKS_MOST_ENTRIES && n_panels <= SKS_MOST_PANELS)
        return SKS_OK;
    return sks_fail(
        SKS_ERR_USAGE,
        "the figure \"%s\" would have %zu kinds of curves in %zu panel%s, too many to be "
        "read (at most %d in %d); " NARROW,
        figure, n_entries, n_panels, n_panels == 1 ? "" : "s", SKS_MOST_ENTRIES, SKS_MOST_PANELS);
}

sks_status sks_figure_check_rows(const char *figure, size_t n_rows, size_t n_panels)
{
    const size_t n_taken = SKS_ROWS_OF_A_TITLE * n_panels;
    const size_t n_free = n_taken < SKS_MOST_ROWS ? SKS_MOST_ROWS - n_taken : 0;

    if (n_rows <= n_free)
        return SKS_OK;
    if (n_panels == 1)
        return sks_fail(
            SKS_ERR_USAGE,
            "the figure \"%s\" would have %zu rows, too many for one page (at most %zu); " NARROW,
            figure, n_rows, n_free);
    return sks_fail(
        SKS_ERR_USAGE,
        "the figure \"%s\" would have %zu rows in %zu panels, too many for one page (at "
        "most %zu in as many panels, %d in one); " NARROW,
        figure, n_rows, n_panels, n_free, SKS_MOST_ROWS - SKS_ROWS_OF_A_TITLE);
}

sks_status sks_figure_set_columns(const char *figure, const size_t *rows, size_t n_panels,
                                  size_t longest, sks_gnuplot *plot)
{
    enum { LONGEST_IN_HALF_A_PAGE = 28 };
    size_t n_rows = 0, n_paired = 0;
    bool has_two;

    for (size_t p = 0; p < n_panels; p++) {
        const size_t right = p + 1 < n_panels ? rows[p + 1] : 0;

        n_rows += rows[p];
        if (p % 2 == 0)
            n_paired += SKS_ROWS_OF_A_TITLE + (rows[p] > right ? rows[p] : right);
    }
    has_two = n_rows + SKS_ROWS_OF_A_TITLE * n_panels > SKS_MOST_ROWS &&
              n_paired <= SKS_MOST_ROWS && n_panels > 1 && longest <= LONGEST_IN_HALF_A_PAGE;
    sks_gnuplot_number(plot, "n_columns", has_two ? 2 : 1);
    return has_two ? SKS_OK : sks_figure_check_rows(figure, n_rows, n_panels);
}

sks_status sks_figure_csv(const char *directory, const char *name, sks_figure_writer *write,
                          const void *context, sks_gnuplot *plot)
{
    sks_status status = SKS_OK;
    bool is_written;
    char *path;
    FILE *file;

    if (asprintf(&path, "%s/%s.csv", directory, name) < 0)
        return sks_fail_nomem("path");
    file = fopen(path, "w");
    if (file == NULL) {
        status = sks_fail(SKS_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    } else {
        write(context, file);
        is_written = ferror(file) == 0;
        if (fclose(file) != 0 || !is_written)
            status = sks_fail(SKS_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    sks_gnuplot_text(plot, name, path);
    free(path);
    return status;
}

/* Draws in a directory of its own; the data go beside the output when gnuplot is missing and
 * `is_kept`. */
static sks_status draw(const sks_figure *figure, const sks_figure_input *input, const char *output,
                       bool is_kept, bool *is_missing)
{
    char *directory = NULL, *data = NULL;
    sks_gnuplot *plot = NULL;
    sks_status status = sks_gnuplot_check_output(output);

    if (status == SKS_OK)
        status = sks_figure_make_directory(&directory);
    if (status == SKS_OK)
        status = sks_gnuplot_create(&plot);
    if (status == SKS_OK)
        status = figure->write(input, directory, plot);
    if (status == SKS_OK) {
        sks_gnuplot_text(plot, "figure_name", figure->name);
        status = sks_gnuplot_draw(plot, figure->template, directory, output, is_missing);
    }
    if (*is_missing && is_kept && asprintf(&data, "%s/%s", directory, figure->main_data) >= 0) {
        status = keep_data(data, output);
        free(data);
    }
    sks_gnuplot_destroy(plot);
    if (directory != NULL)
        sks_figure_remove_directory(directory);
    return status;
}

sks_status sks_figure_draw(const sks_figure *figure, const sks_figure_input *input,
                           const char *output)
{
    bool is_missing = false;

    return draw(figure, input, output, true, &is_missing);
}

sks_status sks_figure_try(const sks_figure *figure, const sks_figure_input *input,
                          const char *output, bool *is_missing)
{
    *is_missing = false;
    return draw(figure, input, output, false, is_missing);
}
