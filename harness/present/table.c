#include "harness/present/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

struct sks_table {
    size_t n_columns;
    size_t n_cells, capacity;
    char **cells; /* row by row; of a heading's row there is the first one only, the others NULL */
    int has_failed;
};

sks_status sks_table_create(size_t n_columns, sks_table **table)
{
    sks_table *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return sks_fail_nomem("table");
    t->n_columns = n_columns;
    *table = t;
    return SKS_OK;
}

void sks_table_destroy(sks_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

/* Takes the text. */
static void add_cell(sks_table *table, char *text)
{
    if (table->n_cells == table->capacity) {
        size_t capacity = 2 * table->capacity + 16;
        char **cells = realloc(table->cells, capacity * sizeof(*cells));

        if (cells == NULL) {
            table->has_failed = 1;
            free(text);
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    table->cells[table->n_cells++] = text;
}

static void add_text(sks_table *table, const char *format, va_list arguments)
{
    char *text;

    if (table->has_failed)
        return;
    if (vasprintf(&text, format, arguments) < 0)
        table->has_failed = 1;
    else
        add_cell(table, text);
}

void sks_table_cell(sks_table *table, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_text(table, format, arguments);
    va_end(arguments);
}

void sks_table_heading(sks_table *table, const char *format, ...)
{
    va_list arguments;

    assert(table->n_columns > 1 && table->n_cells % table->n_columns == 0);
    va_start(arguments, format);
    add_text(table, format, arguments);
    va_end(arguments);
    for (size_t c = 1; !table->has_failed && c < table->n_columns; c++)
        add_cell(table, NULL);
}

static bool is_heading(const sks_table *t, size_t row)
{
    return t->n_columns > 1 && t->cells[row * t->n_columns + 1] == NULL;
}

/* The given line of a cell: its start, and its length in bytes; length 0 when there is none. */
static const char *cell_line(const char *cell, size_t line, size_t *length)
{
    while (line-- > 0) {
        cell += strcspn(cell, "\n");
        if (*cell == '\0')
            break;
        cell++;
    }
    *length = strcspn(cell, "\n");
    return cell;
}

static size_t n_lines(const char *cell)
{
    size_t n = 1;

    for (; *cell != '\0'; cell++)
        n += *cell == '\n';
    return n;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static size_t display_width(const char *text, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < length; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static size_t column_width(const sks_table *t, size_t column)
{
    size_t widest = 0;

    for (size_t row = 0; row < t->n_cells / t->n_columns; row++) {
        const char *cell = t->cells[row * t->n_columns + column];

        for (size_t line = 0; !is_heading(t, row) && line < n_lines(cell); line++) {
            size_t length;
            const char *text = cell_line(cell, line, &length);
            size_t width = display_width(text, length);

            if (width > widest)
                widest = width;
        }
    }
    return widest;
}

/* One row's first column and columns [begin, end). Trailing blanks are not written. */
static void print_row(const sks_table *t, size_t row, size_t begin, size_t end,
                      const size_t *widths, FILE *out)
{
    char **cells = t->cells + row * t->n_columns;
    size_t lines = n_lines(cells[0]);

    for (size_t c = begin; c < end; c++)
        if (n_lines(cells[c]) > lines)
            lines = n_lines(cells[c]);
    for (size_t line = 0; line < lines; line++) {
        size_t length;
        const char *text = cell_line(cells[0], line, &length);
        size_t pending = widths[0] - display_width(text, length);

        fprintf(out, "%.*s", (int)length, text);
        for (size_t c = begin; c < end; c++) {
            size_t blanks;

            text = cell_line(cells[c], line, &length);
            blanks = GAP + widths[c] - display_width(text, length);
            if (length > 0)
                fprintf(out, "%*s%.*s", (int)(pending + blanks), "", (int)length, text);
            pending = length > 0 ? 0 : pending + blanks;
        }
        fputc('\n', out);
    }
}

sks_status sks_table_print(const sks_table *table, FILE *out, size_t width)
{
    size_t begin = 1, n_rows;
    size_t *widths;

    if (table->has_failed)
        return sks_fail_nomem("table");
    assert(table->n_cells % table->n_columns == 0);
    n_rows = table->n_cells / table->n_columns;
    widths = calloc(table->n_columns, sizeof(*widths));
    if (widths == NULL)
        return sks_fail_nomem("table");
    for (size_t c = 0; c < table->n_columns; c++)
        widths[c] = column_width(table, c);
    do {
        size_t end = begin, used = widths[0];

        while (end < table->n_columns && (end == begin || used + GAP + widths[end] <= width))
            used += GAP + widths[end++];
        if (begin > 1)
            fputc('\n', out);
        for (size_t row = 0; row < n_rows; row++)
            if (is_heading(table, row))
                fprintf(out, "%s\n", table->cells[row * table->n_columns]);
            else
                print_row(table, row, begin, end, widths, out);
        begin = end;
    } while (begin < table->n_columns);
    free(widths);
    return SKS_OK;
}
