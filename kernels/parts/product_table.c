#include "kernels/parts/product_table.h"

#include "kernels/astro/number.h"

#include <fitsio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 64 };

const char *const sks_product_table_formats[] = {"auto", "text", "fits", NULL};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

bool sks_product_table_is_fits(int format, const char *path)
{
    return format == 2 || (format == 0 && (ends_with(path, ".fits") || ends_with(path, ".fit")));
}

static void print_header(const sks_product_table *table, FILE *to)
{
    for (const char *line = table->comments; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        fprintf(to, "# %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    fprintf(to, "# columns:");
    for (size_t c = 0; c < table->n_columns; c++) {
        const sks_product_column *column = &table->columns[c];

        if (column->unit != NULL)
            fprintf(to, " %s[%s]", column->name, column->unit);
        else
            fprintf(to, " %s", column->name);
    }
    fputc('\n', to);
}

static size_t row_size(const sks_product_table *table)
{
    size_t size = 0;

    for (size_t c = 0; c < table->n_columns; c++)
        size += (size_t)table->columns[c].width + 1; /* a blank or, at the end, the new line */
    return size;
}

static void write_rows(const sks_product_table *table, char *to)
{
    const double *value = table->values;

    for (size_t row = 0; row < table->n_rows; row++) {
        for (size_t c = 0; c < table->n_columns; c++) {
            const sks_product_column *column = &table->columns[c];

            to = sks_number_write(to, *value++, column->width, column->decimals);
            *to++ = c + 1 < table->n_columns ? ' ' : '\n';
        }
    }
}

static sks_status encode_text(const sks_product_table *table, void **bytes, size_t *size)
{
    char *header = NULL, *text;
    size_t header_size = 0;
    FILE *stream = open_memstream(&header, &header_size);
    sks_status status = SKS_OK;

    if (stream == NULL)
        return sks_fail_nomem("the table");
    print_header(table, stream);
    if (fclose(stream) != 0) {
        free(header);
        return sks_fail_nomem("the table");
    }
    *size = header_size + table->n_rows * row_size(table);
    text = realloc(header, *size);
    if (text == NULL) {
        free(header);
        return sks_fail_nomem("the table");
    }
    write_rows(table, text + header_size);
    *bytes = text;
    return status;
}

static void create_table(fitsfile *file, const sks_product_table *table, int *fits)
{
    static char forms[3][3] = {"1J", "1E", "1D"};
    char *type[MAX_COLUMNS], *form[MAX_COLUMNS], *unit[MAX_COLUMNS];
    char name[MAX_COLUMNS][FLEN_VALUE], unit_name[MAX_COLUMNS][FLEN_VALUE], line[FLEN_COMMENT];

    for (size_t c = 0; c < table->n_columns; c++) {
        const sks_product_column *column = &table->columns[c];

        snprintf(name[c], sizeof(name[c]), "%s", column->name);
        snprintf(unit_name[c], sizeof(unit_name[c]), "%s",
                 column->unit != NULL ? column->unit : "");
        type[c] = name[c];
        unit[c] = unit_name[c];
        form[c] = forms[column->form == 'J' ? 0 : column->form == 'E' ? 1 : 2];
    }
    snprintf(line, sizeof(line), "%s", table->name);
    fits_create_tbl(file, BINARY_TBL, (LONGLONG)table->n_rows, (int)table->n_columns, type, form,
                    unit, line, fits);
    for (const char *at = table->comments; *at != '\0';) {
        int length = (int)strcspn(at, "\n");
        char *comment = strndup(at, (size_t)length);

        if (comment == NULL)
            *fits = MEMORY_ALLOCATION;
        fits_write_comment(file, comment, fits); /* long ones are continued */
        free(comment);
        at += length + (at[length] == '\n');
    }
}

static void write_columns(fitsfile *file, const sks_product_table *table, double *column, int *fits)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        for (size_t row = 0; row < table->n_rows; row++)
            column[row] = table->values[row * table->n_columns + c];
        fits_write_col(file, TDOUBLE, (int)c + 1, 1, 1, (LONGLONG)table->n_rows, column, fits);
    }
}

enum { ROOM_FOR_HEADERS = 16 * 2880 };

static sks_status encode_fits(const sks_product_table *table, void **bytes, size_t *size)
{
    /* Zeroed, and enough for the header as a rule: CFITSIO looks at what is there, and could take
     * an old header for one of this file. */
    size_t n = ROOM_FOR_HEADERS + table->n_rows * table->n_columns * sizeof(double);
    void *memory = calloc(1, n);
    double *column = malloc((table->n_rows + 1) * sizeof(*column));
    fitsfile *file = NULL;
    LONGLONG head, data, end = 0;
    char text[FLEN_STATUS];
    int fits = 0, close_fits = 0;

    if (memory == NULL || column == NULL) {
        free(memory);
        free(column);
        return sks_fail_nomem("the table");
    }
    fits_clear_errmsg();
    fits_create_memfile(&file, &memory, &n, (size_t)1 << 20, realloc, &fits);
    if (fits == 0) {
        create_table(file, table, &fits);
        write_columns(file, table, column, &fits);
        fits_flush_file(file, &fits);
        /* The buffer grows in large steps: the file's true end is that of its last HDU. */
        fits_get_hduaddrll(file, &head, &data, &end, &fits);
        fits_close_file(file, &close_fits);
    }
    free(column);
    if (fits != 0 || close_fits != 0) {
        free(memory);
        fits_get_errstatus(fits != 0 ? fits : close_fits, text);
        fits_clear_errmsg();
        return sks_fail(SKS_ERR_IO, "cannot make the FITS table: %s", text);
    }
    *bytes = memory;
    *size = (size_t)end;
    return SKS_OK;
}

sks_status sks_product_table_encode(const sks_product_table *table, bool is_fits, void **bytes,
                                    size_t *size)
{
    if (table->n_columns > MAX_COLUMNS)
        return sks_fail(SKS_ERR_BUG, "a table of %zu columns", table->n_columns);
    return is_fits ? encode_fits(table, bytes, size) : encode_text(table, bytes, size);
}

sks_status sks_product_table_write(const sks_product_table *table, bool is_fits,
                                   sks_product *product)
{
    void *bytes = NULL;
    size_t size = 0;
    sks_status status = sks_product_table_encode(table, is_fits, &bytes, &size);

    if (status == SKS_OK)
        status = sks_product_write(product, bytes, size, 0);
    free(bytes);
    return status;
}

sks_status sks_product_table_verify(const sks_product_table *table, bool is_fits,
                                    const sks_product *product)
{
    void *bytes = NULL;
    char *written = NULL;
    size_t size = 0;
    sks_status status = sks_product_table_encode(table, is_fits, &bytes, &size);

    if (status != SKS_OK)
        return status;
    written = malloc(size + 1);
    status =
        written != NULL ? sks_product_read(product, written, size, 0) : sks_fail_nomem("verifying");
    if (status == SKS_OK && memcmp(written, bytes, size) != 0)
        status = sks_fail(SKS_ERR_BUG, "verification: the product is not the table computed");
    free(bytes);
    free(written);
    return status;
}
