/* Positions from two columns of a FITS table, through CFITSIO. */
#include "kernels/astro/position_source.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opening passes through tables CFITSIO shares between threads. */
static pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;

static sks_status fail_fits(const char *name, int code, const char *doing)
{
    char text[FLEN_STATUS];

    fits_get_errstatus(code, text);
    fits_clear_errmsg();
    return sks_fail(SKS_ERR_INPUT, "%s: %s: %s", name, doing, text);
}

static void close_table(fitsfile *fits)
{
    int code = 0;

    pthread_mutex_lock(&open_mutex);
    fits_close_file(fits, &code);
    pthread_mutex_unlock(&open_mutex);
}

static sks_status open_table(const char *name, fitsfile **fits)
{
    fitsfile *opened = NULL;
    sks_status status;
    int code = 0;

    pthread_mutex_lock(&open_mutex);
    fits_open_table(&opened, name, READONLY, &code);
    pthread_mutex_unlock(&open_mutex);
    if (code == 0) {
        *fits = opened;
        return SKS_OK;
    }
    status = fail_fits(name, code, "opening the table");
    if (opened != NULL) /* CFITSIO leaves a file open that has no table */
        close_table(opened);
    return status;
}

static sks_status find_columns(sks_positions *p, fitsfile *fits, const char *columns)
{
    char copy[2 * FLEN_VALUE];
    char *rest = copy;
    int n_columns = 0;
    int code = 0;

    snprintf(copy, sizeof(copy), "%s", columns != NULL ? columns : "1,2");
    fits_get_num_cols(fits, &n_columns, &code);
    for (int i = 0; i < 2; i++) {
        char *name = strsep(&rest, ",");
        char *end;
        long number;
        int type = 0;
        long repeat = 0, width = 0;

        if (name == NULL || name[0] == '\0' || (i == 1 && rest != NULL))
            return sks_fail(SKS_ERR_USAGE, "columns: \"%s\" does not name two columns", columns);
        number = strtol(name, &end, 10);
        if (*end == '\0')
            p->table_column[i] = number >= 1 && number <= n_columns ? (int)number : 0;
        else
            fits_get_colnum(fits, CASEINSEN, name, &p->table_column[i], &code);
        if (code != 0 || p->table_column[i] == 0) {
            fits_clear_errmsg();
            return sks_fail(SKS_ERR_INPUT, "%s: no column \"%s\" in the table", p->name, name);
        }
        fits_get_coltype(fits, p->table_column[i], &type, &repeat, &width, &code);
        /* A negative type is an array of variable length. */
        if (code != 0 || type <= 0 || type == TBIT || type == TLOGICAL || type == TSTRING ||
            type == TCOMPLEX || type == TDBLCOMPLEX || repeat != 1)
            return sks_fail(SKS_ERR_INPUT, "%s: column \"%s\" does not hold one number a row",
                            p->name, name);
    }
    return SKS_OK;
}

sks_status position_table_open(sks_positions *positions, const char *columns)
{
    fitsfile *fits = NULL;
    LONGLONG n_rows = 0;
    int code = 0;
    sks_status status;

    if (positions->options.carries)
        return sks_fail(SKS_ERR_USAGE,
                        "%s: columns of a table cannot be carried, only those of text",
                        positions->name);
    if (!fits_is_reentrant())
        return sks_fail(SKS_ERR_INPUT,
                        "%s: this CFITSIO was built without thread support, which tables need",
                        positions->name);
    status = open_table(positions->name, &fits);
    if (status != SKS_OK)
        return status;
    status = find_columns(positions, fits, columns);
    if (status == SKS_OK && fits_get_num_rowsll(fits, &n_rows, &code) != 0)
        status = fail_fits(positions->name, code, "counting rows");
    positions->n_rows = (uint64_t)n_rows;
    close_table(fits);
    return status;
}

static sks_status reader_open(sks_position_reader *reader)
{
    return open_table(reader->source->name, &reader->fits);
}

static void reader_close(sks_position_reader *reader)
{
    if (reader->fits != NULL)
        close_table(reader->fits);
}

static sks_status read_block(sks_position_reader *reader, size_t block, sks_position_block *result)
{
    const sks_positions *p = reader->source;
    LONGLONG first = (LONGLONG)sks_positions_first_row(p, block);
    size_t n = (size_t)(sks_positions_first_row(p, block + 1) - (uint64_t)first);
    double undefined = NAN;
    double *column = malloc(n * sizeof(*column));
    int code = 0;
    int any = 0;

    if (column == NULL)
        return sks_fail_nomem("reading positions");
    for (int i = 0; i < 2 && code == 0; i++) {
        fits_read_col(reader->fits, TDOUBLE, p->table_column[i], first + 1, 1, (LONGLONG)n,
                      &undefined, column, &any, &code);
        for (size_t k = 0; k < n; k++)
            reader->pair[2 * k + (size_t)i] = column[k];
    }
    free(column);
    if (code != 0)
        return fail_fits(p->name, code, "reading the table");
    *result = (sks_position_block){.n = n, .pair = reader->pair};
    return SKS_OK;
}

const position_kind position_table = {
    .reader_open = reader_open,
    .reader_close = reader_close,
    .read = read_block,
};
