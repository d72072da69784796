#include "kernels/astro/completeness_table.h"

#include "common/param.h"

#include <errno.h>
#include <fitsio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAG, INSERTED, RECOVERED, N_FIELDS, N_SPELLINGS = 2, MAX_WORDS = 64, MAX_BINS = 100000 };

static const char *const spellings[N_FIELDS][N_SPELLINGS] = {
    {"mag_mid", "mag_mid"},
    {"inserted", "n_in"},
    {"recovered", "n_unique"},
};

struct table {
    const char *path;
    sks_bin_count *bins;
    size_t n_bins, capacity;
    bool has_columns;
    size_t column[N_FIELDS]; /* where the fields are, once a header line has named them */
};

static sks_status no_table(const char *path)
{
    return sks_fail(SKS_ERR_INPUT,
                    "%s: no table of a completeness test: it needs columns mag_mid, inserted and "
                    "recovered (or n_in and n_unique), or lines \"magnitude recovered/inserted\"",
                    path);
}

/* `line` is 0 where there are no lines. */
static sks_status add_bin(struct table *t, size_t line, const double field[N_FIELDS])
{
    double n = field[INSERTED], k = field[RECOVERED];

    if (!isfinite(field[MAG]) || !(k >= 0) || !(k <= n) || !isfinite(n))
        return sks_fail(SKS_ERR_INPUT, "%s:%zu: %g of %g stars recovered at magnitude %g cannot be",
                        t->path, line, k, n, field[MAG]);
    if (t->n_bins == MAX_BINS)
        return sks_fail(SKS_ERR_INPUT, "%s: more than %d magnitude bins", t->path, MAX_BINS);
    if (t->n_bins == t->capacity) {
        size_t capacity = 2 * t->capacity + 32;
        sks_bin_count *bins = realloc(t->bins, capacity * sizeof(*bins));

        if (bins == NULL)
            return sks_fail_nomem("a table");
        t->bins = bins;
        t->capacity = capacity;
    }
    t->bins[t->n_bins++] = (sks_bin_count){.mag = field[MAG], .n = n, .k = k};
    return SKS_OK;
}

/* Cuts a line into words in place. */
static size_t split(char *line, char *word[MAX_WORDS])
{
    size_t n = 0;

    for (char *w; (w = strsep(&line, " \t\r\n")) != NULL;)
        if (w[0] != '\0' && n < MAX_WORDS)
            word[n++] = w;
    return n;
}

static bool is_named(const char *word, const char *name)
{
    size_t n = strlen(name);

    return strncmp(word, name, n) == 0 && (word[n] == '\0' || word[n] == '[');
}

/* Whether the words name the columns; data columns are counted from the word after # and
 * "columns:". */
static bool read_header(struct table *t, char *const *word, size_t n)
{
    size_t first = n > 0 && strcmp(word[0], "#") == 0, column[N_FIELDS];

    first += first < n && strcmp(word[first], "columns:") == 0;
    for (int f = 0; f < N_FIELDS; f++) {
        column[f] = n;
        for (size_t w = first; w < n; w++)
            for (int s = 0; s < N_SPELLINGS && column[f] == n; s++)
                if (is_named(word[w], spellings[f][s]))
                    column[f] = w - first;
        if (column[f] == n)
            return false;
    }
    memcpy(t->column, column, sizeof(column));
    t->has_columns = true;
    return true;
}

/* "239/253": recovered of inserted. */
static bool read_pair(char *word, double field[N_FIELDS])
{
    char *slash = strchr(word, '/');

    if (slash == NULL)
        return false;
    *slash = '\0';
    return sks_parse_real(word, &field[RECOVERED]) && sks_parse_real(slash + 1, &field[INSERTED]);
}

static sks_status read_row(struct table *t, size_t line, char *const *word, size_t n)
{
    double field[N_FIELDS];
    bool is_good = true;

    if (!t->has_columns) {
        if (n < 2 || !sks_parse_real(word[0], &field[MAG]) || !read_pair(word[1], field))
            return no_table(t->path);
        return add_bin(t, line, field);
    }
    for (int f = 0; f < N_FIELDS; f++)
        is_good = is_good && t->column[f] < n && sks_parse_real(word[t->column[f]], &field[f]);
    if (!is_good)
        return sks_fail(SKS_ERR_INPUT, "%s:%zu: magnitude or counts are missing or no numbers",
                        t->path, line);
    return add_bin(t, line, field);
}

static sks_status read_text(struct table *t, FILE *file)
{
    sks_status status = SKS_OK;
    char *line = NULL, *word[MAX_WORDS];
    size_t size = 0, number = 0;

    while (status == SKS_OK && getline(&line, &size, file) >= 0) {
        bool is_comment = line[0] == '#';
        size_t n = split(line, word);

        number++;
        if (n > 0 && !read_header(t, word, n) && !is_comment)
            status = read_row(t, number, word, n);
    }
    if (status == SKS_OK && ferror(file))
        status = sks_fail(SKS_ERR_IO, "%s: cannot read: %s", t->path, strerror(errno));
    free(line);
    return status;
}

static sks_status read_fits(struct table *t)
{
    fitsfile *file = NULL;
    LONGLONG n_rows = 0;
    int column[N_FIELDS], code = 0, close_code = 0;
    sks_status status = SKS_OK;

    fits_open_table(&file, t->path, READONLY, &code);
    for (int f = 0; f < N_FIELDS; f++)
        fits_get_colnum(file, CASEINSEN, (char *)spellings[f][0], &column[f], &code);
    fits_get_num_rowsll(file, &n_rows, &code);
    for (LONGLONG row = 1; code == 0 && status == SKS_OK && row <= n_rows; row++) {
        double field[N_FIELDS], undefined = NAN;

        for (int f = 0; f < N_FIELDS; f++)
            fits_read_col(file, TDOUBLE, column[f], row, 1, 1, &undefined, &field[f], NULL, &code);
        if (code == 0)
            status = add_bin(t, (size_t)row, field);
    }
    if (file != NULL)
        fits_close_file(file, &close_code);
    fits_clear_errmsg();
    return status == SKS_OK && code != 0 ? no_table(t->path) : status;
}

static sks_status read_any(struct table *t)
{
    char begin[7] = "";
    FILE *file = fopen(t->path, "r");
    bool is_fits;
    sks_status status;

    if (file == NULL)
        return sks_fail(SKS_ERR_IO, "%s: cannot open: %s", t->path, strerror(errno));
    is_fits = fread(begin, 1, sizeof(begin) - 1, file) > 0 && strcmp(begin, "SIMPLE") == 0;
    rewind(file);
    status = is_fits ? read_fits(t) : read_text(t, file);
    fclose(file);
    return status;
}

sks_status sks_completeness_table_read(const char *path, sks_bin_count **bins, size_t *n_bins)
{
    struct table t = {.path = path};
    double n_stars = 0;
    sks_status status = read_any(&t);

    for (size_t i = 0; i < t.n_bins; i++)
        n_stars += t.bins[i].n;
    if (status == SKS_OK && !(n_stars > 0))
        status = t.n_bins == 0 ? no_table(path)
                               : sks_fail(SKS_ERR_INPUT, "%s: no star was inserted", path);
    if (status != SKS_OK) {
        free(t.bins);
        return status;
    }
    *bins = t.bins;
    *n_bins = t.n_bins;
    return SKS_OK;
}
