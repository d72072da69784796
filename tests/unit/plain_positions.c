#include "plain_positions.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/skyscale-positions-XXXXXX";
const size_t block_sizes[N_BLOCK_SIZES] = {1, 2, 3, 7, 16, 100, 1024, 200000};

int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

int remove_folder(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

struct text *text_begin(struct text *text)
{
    text->stream = open_memstream(&text->bytes, &text->size);
    assert_non_null(text->stream);
    return text;
}

void write_list(const void *bytes, size_t size)
{
    FILE *file = fopen("list.txt", "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ---- The plain reader. */

static struct row *add_row(struct rows *rows)
{
    if (rows->n == rows->room) {
        rows->room = 2 * rows->room + 16;
        rows->row = realloc(rows->row, rows->room * sizeof(*rows->row));
        assert_non_null(rows->row);
    }
    memset(&rows->row[rows->n], 0, sizeof(*rows->row));
    return &rows->row[rows->n++];
}

void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->row[i].carried);
    free(rows->row);
    *rows = (struct rows){0};
}

/* "[+-]FF:MM[:SS]", only the last field with a fraction. */
static bool plain_sexagesimal(const char *text, double *value)
{
    double field[3] = {0.0, 0.0, 0.0};
    const char *c = text + (*text == '-' || *text == '+');

    for (int n = 0;; n++) {
        size_t whole = strspn(c, "0123456789");
        size_t all = strspn(c, "0123456789.");
        char *end;

        if (whole == 0)
            return false;
        field[n] = strtod(c, &end);
        if (end != c + all || (n > 0 && field[n] >= 60.0))
            return false;
        c = end;
        if (*c == '\0' && n > 0)
            break;
        if (*c != ':' || all != whole || n == 2)
            return false;
        c++;
    }
    *value = (*text == '-' ? -1.0 : 1.0) * (field[0] + field[1] / 60.0 + field[2] / 3600.0);
    return true;
}

/* A whole column as a number; degrees and hours with colons where those are understood. */
static bool plain_number(const sks_position_options *options, int i, const char *column,
                         size_t length, double *value)
{
    char copy[128];
    char *end;

    if (length >= sizeof(copy) || memchr(column, '\0', length) != NULL)
        return false;
    memcpy(copy, column, length);
    copy[length] = '\0';
    if (strcasecmp(copy, "nan") == 0) {
        *value = NAN;
        return true;
    }
    if (strspn(copy, "0123456789+-.eE:") != length)
        return false;
    *value = strtod(copy, &end);
    if (*end == '\0')
        return isfinite(*value);
    if (!options->are_angles || !plain_sexagesimal(copy, value))
        return false;
    if (i == 0 && options->is_equatorial)
        *value *= 15.0;
    return true;
}

static void plain_line(const sks_position_options *options, const unsigned number[2],
                       const char *line, size_t length, size_t line_number, struct rows *rows)
{
    const char *column[MAX_COLUMNS];
    size_t size[MAX_COLUMNS];
    unsigned n = 0;
    const char *comment = memchr(line, '#', length);
    struct row *row;
    struct text carried;

    if (comment != NULL)
        length = (size_t)(comment - line);
    for (size_t at = 0; at < length;) {
        size_t begin = at;

        while (at < length && (line[at] == '\0' || strchr(" \t,\r\v\f", line[at]) == NULL))
            at++;
        if (at > begin) {
            assert_true(n < MAX_COLUMNS);
            column[n] = line + begin;
            size[n++] = at - begin;
        } else {
            at++;
        }
    }
    if (n == 0)
        return;
    row = add_row(rows);
    row->line = line_number;
    for (int i = 0; i < 2; i++)
        if (number[i] > n ||
            !plain_number(options, i, column[number[i] - 1], size[number[i] - 1], &row->pair[i]))
            row->is_bad = true;
        else
            memcpy(row->given[i], column[number[i] - 1], size[number[i] - 1]);
    text_begin(&carried);
    for (unsigned k = 0; k < n; k++)
        if (k + 1 != number[0] && k + 1 != number[1]) {
            fputc(' ', carried.stream);
            fwrite(column[k], 1, size[k], carried.stream);
        }
    fclose(carried.stream);
    row->carried = carried.bytes;
}

struct rows read_plainly(const sks_position_options *options, const char *bytes, size_t size)
{
    struct rows rows = {0};
    unsigned number[2] = {1, 2};
    size_t line_number = 1;

    if (options->columns != NULL)
        assert_int_equal(sscanf(options->columns, "%u,%u", &number[0], &number[1]), 2);
    for (const char *line = bytes; line < bytes + size; line_number++) {
        const char *end = memchr(line, '\n', (size_t)(bytes + size - line));

        if (end == NULL)
            end = bytes + size;
        plain_line(options, number, line, (size_t)(end - line), line_number, &rows);
        line = end + 1;
    }
    return rows;
}

/* ---- Comparison with it. */

static void check_span(sks_span span, const char *expected)
{
    if (span.length != strlen(expected) ||
        (span.length > 0 && memcmp(span.text, expected, span.length) != 0))
        fail_msg("a number's text is \"%.*s\", expected \"%s\"", (int)span.length, span.text,
                 expected);
}

/* The bytes and the text of the other columns. */
static void check_carried(const sks_positions *positions, const sks_position_block *block, size_t b,
                          const struct row *expected)
{
    uint64_t bytes =
        sks_positions_carried_bytes(positions, b + 1) - sks_positions_carried_bytes(positions, b);
    char *text = malloc(bytes + 1);
    char *to = text;

    assert_non_null(text);
    for (size_t i = 0; i < block->n; i++) {
        char *end = sks_positions_write_carried(positions, block->other[i], to);
        size_t length = strlen(expected[i].carried);

        /* Zero bytes are carried as they are; strlen stops at the first. */
        assert_true((size_t)(end - to) >= length);
        assert_memory_equal(to, expected[i].carried, length);
        to = end;
    }
    assert_int_equal(to - text, bytes);
    free(text);
}

static const struct row *first_bad(const struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (row[i].is_bad)
            return &row[i];
    return NULL;
}

static void check_failure(sks_status status, const struct row *bad)
{
    char place[64];

    snprintf(place, sizeof(place), "list.txt:%zu: not two numbers: \"", bad->line);
    if (status != SKS_ERR_INPUT || strncmp(sks_message(), place, strlen(place)) != 0)
        fail_msg("status %d with \"%s\", expected \"%s…\"", (int)status, sks_message(), place);
    sks_clear();
}

static void check_block(const sks_positions *positions, const sks_position_options *options,
                        const sks_position_block *block, size_t b, const struct row *expected)
{
    size_t n_bad = 0;

    assert_int_equal(block->n, sks_positions_first_row(positions, b + 1) -
                                   sks_positions_first_row(positions, b));
    assert_true(block->n <= sks_positions_max_rows(positions));
    for (size_t i = 0; i < block->n; i++) {
        n_bad += expected[i].is_bad;
        for (int k = 0; k < 2; k++) {
            double value = block->pair[2 * i + (size_t)k];
            double right = expected[i].is_bad ? NAN : expected[i].pair[k];

            if (!(value == right || (isnan(value) && isnan(right))))
                fail_msg("line %zu: %.17g was read, expected %.17g", expected[i].line, value,
                         right);
            check_span(block->given[2 * i + (size_t)k], expected[i].given[k]);
        }
    }
    assert_int_equal(block->n_bad, n_bad);
    if (options->carries)
        check_carried(positions, block, b, expected);
}

void check_list(sks_position_options options, const struct rows *expected)
{
    sks_positions *positions;
    sks_position_reader *reader;
    sks_status status = sks_positions_open(&options, &positions);

    if (expected->n == 0) {
        assert_int_equal(status, SKS_ERR_INPUT);
        assert_non_null(strstr(sks_message(), "no positions"));
        sks_clear();
        return;
    }
    if (status != SKS_OK)
        fail_msg("%s", sks_message());
    assert_int_equal(sks_positions_n_rows(positions), expected->n);
    assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
    for (size_t b = sks_positions_n_blocks(positions); b-- > 0;) {
        const struct row *row = expected->row + sks_positions_first_row(positions, b);
        size_t n = (size_t)(sks_positions_first_row(positions, b + 1) -
                            sks_positions_first_row(positions, b));
        const struct row *bad = options.keeps_bad_lines ? NULL : first_bad(row, n);
        sks_position_block block;

        status = sks_position_reader_read(reader, b, &block);
        if (bad != NULL)
            check_failure(status, bad);
        else if (status != SKS_OK)
            fail_msg("%s", sks_message());
        else
            check_block(positions, &options, &block, b, row);
    }
    sks_position_reader_destroy(reader);
    sks_positions_close(positions);
}

void check_text(sks_position_options options, const char *bytes, size_t size)
{
    struct rows expected = read_plainly(&options, bytes, size);

    write_list(bytes, size);
    options.coords = "list.txt";
    for (int i = 0; i < N_BLOCK_SIZES; i++) {
        options.block = block_sizes[i];
        check_list(options, &expected);
    }
    free_rows(&expected);
}

void check_open_fails(sks_position_options options, sks_status expected, const char *says)
{
    sks_positions *positions = NULL;

    options.block = 16;
    if (sks_positions_open(&options, &positions) != expected || strstr(sks_message(), says) == NULL)
        fail_msg("\"%s\", expected \"%s\"", sks_message(), says);
    assert_null(positions);
    sks_clear();
}
