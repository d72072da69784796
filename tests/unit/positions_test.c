/* Property: a list of positions gives the same rows whatever the size of the blocks it is read in
 * and in whatever order, and they are the rows that a plain line-by-line reader finds.
 *
 * Lists of text are made at random: line ends LF and CRLF, lines that are blank, comments, long or
 * no positions, columns more than two, blanks of all kinds, zero bytes, a last line without end. */
#include "kernels/astro/philox.h"
#include "kernels/astro/positions.h"

#include <fcntl.h>
#include <fitsio.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEED = 130573, MAX_COLUMNS = 1001 };

static char folder[] = "/tmp/skyscale-positions-XXXXXX";
static const size_t block_sizes[] = {1, 2, 3, 7, 16, 100, 1024, 200000};
enum { N_BLOCK_SIZES = sizeof(block_sizes) / sizeof(*block_sizes) };

static unsigned below(sks_philox *random, unsigned n)
{
    return sks_philox_word(random) % n;
}

/* Text that grows. */
struct text {
    FILE *stream;
    char *bytes;
    size_t size;
};

static struct text *text_begin(struct text *text)
{
    text->stream = open_memstream(&text->bytes, &text->size);
    assert_non_null(text->stream);
    return text;
}

static void write_list(const void *bytes, size_t size)
{
    FILE *file = fopen("list.txt", "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ---- The plain reader. */

struct row {
    double pair[2];
    char given[2][64];
    char *carried;
    size_t line; /* from 1 */
    bool is_bad;
};

struct rows {
    size_t n, room;
    struct row *row;
};

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

static void free_rows(struct rows *rows)
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

static struct rows read_plainly(const sks_position_options *options, const char *bytes, size_t size)
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

/* Reads all blocks, the last one first, and compares them. */
static void check_list(sks_position_options options, const struct rows *expected)
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

static void check_text(sks_position_options options, const char *bytes, size_t size)
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

/* ---- Lists made at random. */

static void put_blanks(sks_philox *random, FILE *to, unsigned at_least)
{
    unsigned n = at_least + (below(random, 4) == 0 ? below(random, 20) : below(random, 2));

    for (unsigned i = 0; i < n; i++)
        fputc(below(random, 3) != 0 ? ' ' : "\t,\r\v\f "[below(random, 6)], to);
}

static void put_word(sks_philox *random, FILE *to, bool may_have_zeros)
{
    static const char letters[] = "abcefgxyz:;/()0123456789.+-_\"\xc3\xa9";
    unsigned n = 1 + below(random, below(random, 50) == 0 ? 3000 : 12);

    for (unsigned i = 0; i < n; i++)
        fputc(may_have_zeros && below(random, 10) == 0
                  ? '\0'
                  : letters[below(random, sizeof(letters) - 1)],
              to);
}

static void put_number(sks_philox *random, const sks_position_options *options, FILE *to)
{
    switch (below(random, options->are_angles ? 8 : 6)) {
    case 0:
        fprintf(to, "%u", below(random, 100));
        break;
    case 1:
        fprintf(to, "-%u.", below(random, 800));
        break;
    case 2:
        fprintf(to, "%.3e", 1000.0 * sks_philox_uniform(random));
        break;
    case 3:
        fprintf(to, "%.17g", 800.0 * sks_philox_uniform(random));
        break;
    case 6:
        fprintf(to, "%s%02u:%02u:%02u.%u", below(random, 2) != 0 ? "-" : "", below(random, 24),
                below(random, 60), below(random, 60), below(random, 1000));
        break;
    case 7:
        fprintf(to, "%02u:%02u.%u", below(random, 24), below(random, 60), below(random, 10));
        break;
    default:
        fprintf(to, "%.*f", (int)below(random, 8), 800.0 * sks_philox_uniform(random));
    }
}

struct habits {
    unsigned comments, blanks, extra, bad, zeros; /* one line in so many; 0: none */
};

static bool now_and_then(sks_philox *random, unsigned one_in)
{
    return one_in > 0 && below(random, one_in) == 0;
}

static void put_line(sks_philox *random, const sks_position_options *options,
                     const struct habits *habits, FILE *to)
{
    unsigned n_columns = 2, n_extra = options->columns != NULL ? 3 : 0;

    if (now_and_then(random, habits->comments)) {
        if (below(random, 3) == 0)
            put_blanks(random, to, 0);
        fputc('#', to);
        put_word(random, to, false);
        return;
    }
    if (now_and_then(random, habits->blanks)) {
        if (below(random, 2) == 0)
            put_blanks(random, to, below(random, 40));
        return;
    }
    if (below(random, 4) == 0)
        put_blanks(random, to, 0);
    if (now_and_then(random, habits->extra))
        n_extra += below(random, 5);
    for (unsigned k = 0; k < n_columns + n_extra; k++) {
        if (k > 0)
            put_blanks(random, to, 1);
        if (now_and_then(random, habits->bad) || (options->columns == NULL && k >= 2))
            put_word(random, to, habits->zeros != 0);
        else
            put_number(random, options, to);
        if (now_and_then(random, habits->bad)) /* too few columns, perhaps */
            break;
    }
    if (below(random, 4) == 0)
        put_blanks(random, to, 0);
    if (now_and_then(random, habits->comments)) {
        fputc('#', to);
        put_word(random, to, false);
    }
}

static struct text make_list(sks_philox *random, const sks_position_options *options,
                             size_t n_lines)
{
    struct habits habits = {0};
    bool is_crlf = below(random, 3) == 0;
    bool mixes = below(random, 5) == 0;
    struct text text;
    FILE *to = text_begin(&text)->stream;

    /* Without comments and blank lines, and with, rows are counted in different ways. */
    if (below(random, 2) == 0)
        habits.comments = 1 + below(random, 30);
    if (below(random, 2) == 0)
        habits.blanks = 1 + below(random, 30);
    if (below(random, 2) == 0)
        habits.extra = 1 + below(random, 10);
    if (below(random, 4) == 0)
        habits.bad = 1 + below(random, 100);
    if (below(random, 4) == 0)
        habits.zeros = 1;
    for (size_t i = 0; i < n_lines; i++) {
        put_line(random, options, &habits, to);
        if (i + 1 == n_lines && below(random, 2) == 0)
            break;
        fputs(mixes ? (below(random, 2) == 0 ? "\r\n" : "\n") : is_crlf ? "\r\n" : "\n", to);
    }
    fclose(to);
    return text;
}

static void any_text_in_any_blocks(void **unused)
{
    static const char *const columns[] = {NULL, "1,2", "2,1", "3,4", "4,1", "2,5"};
    sks_philox random = sks_philox_stream(SEED, 1, 0);

    (void)unused;
    for (int i = 0; i < 400; i++) {
        sks_position_options options = {
            .columns = columns[below(&random, 2) == 0 ? 0 : below(&random, 6)],
            .are_angles = below(&random, 2) == 0,
            .is_equatorial = below(&random, 2) == 0,
            .keeps_bad_lines = below(&random, 2) == 0,
            .carries = below(&random, 2) == 0,
        };
        struct text text = make_list(
            &random, &options, below(&random, 4) == 0 ? below(&random, 4) : below(&random, 150));

        check_text(options, text.bytes, text.size);
        free(text.bytes);
    }
}

/* Longer than the window in which rows are counted: its boundaries fall anywhere. */
static void long_text_in_any_blocks(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 2, 0);

    (void)unused;
    for (int i = 0; i < 4; i++) {
        sks_position_options options = {
            .keeps_bad_lines = true, .carries = i == 1, .coords = "list.txt"};
        struct text text = make_list(&random, &options, 60000 + below(&random, 30000));
        struct rows expected = read_plainly(&options, text.bytes, text.size);

        write_list(text.bytes, text.size);
        for (size_t block = 13; block < 70000; block = 5 * block + 3) {
            options.block = block;
            check_list(options, &expected);
        }
        free_rows(&expected);
        free(text.bytes);
    }
}

static void check_string(const char *bytes)
{
    check_text((sks_position_options){.carries = true}, bytes, strlen(bytes));
    check_text((sks_position_options){.keeps_bad_lines = true}, bytes, strlen(bytes));
}

/* Rows are counted a mebibyte at a time: a line that is blank up to there may not be blank. */
static void lines_across_windows(void **unused)
{
    static const char *const ends[] = {"3 4\n5 6\n", "\n5 6\n", "#\n5 6\n", "3 4"};
    const size_t window = 1 << 20, n_blanks = 65000;
    char *text = malloc(window + n_blanks + 16);

    (void)unused;
    assert_non_null(text);
    for (size_t i = 0; i < window; i += 4)
        memcpy(text + i, "1 2\n", 4);
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        sks_position_options options = {.coords = "list.txt", .block = 1024, .carries = i % 2};
        struct rows expected;

        memset(text + window - 4, ' ', n_blanks);
        strcpy(text + window - 4 + n_blanks, ends[i]);
        expected = read_plainly(&options, text, strlen(text));
        write_list(text, strlen(text));
        check_list(options, &expected);
        free_rows(&expected);
    }
    free(text);
}

static void small_lists(void **unused)
{
    static const char *const texts[] = {
        "",
        "\n",
        "\r\n",
        "#",
        "# a\n",
        "   ",
        " \t\r\n\n",
        "1 2",
        "1 2\n",
        "1,2\r\n",
        "1 2\r\n3 4",
        "\n\n1 2",
        " 1 2 \n",
        "1 2#",
        "1 2 #3\n#",
        "1\n2\n",
        "1",
        "1 2 3",
        "1 x",
        "x",
        ",",
        ",,1,,2,,\n",
        "1 2\n\n\n\n",
        "1 2\n               ",
        "\f1\v2",
        "1 2\n#3 4",
        "1#2",
        "#\n#\n1 2\n",
        "nan nan\n1 2",
        "1 2\r",
        "\r1 2",
        "1 2\n \n3 4\n \n",
        "1234567.8901 12\n123456789 12345\n",
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        check_string(texts[i]);
}

/* A zero byte ends nothing: what has one is no number. */
static void zero_bytes(void **unused)
{
    static const char text[] = "1 2\n3\0 4\n5 6\0\n7 8\0 9\n\0\n1 2 \0\n\0001 2\n";
    sks_position_options options = {.keeps_bad_lines = true};
    struct rows expected = read_plainly(&options, text, sizeof(text) - 1);

    (void)unused;
    assert_int_equal(expected.n, 7);
    free_rows(&expected);
    check_text(options, text, sizeof(text) - 1);
    check_text((sks_position_options){0}, text, sizeof(text) - 1);
}

/* Lines of up to SKS_MAX_LINE bytes are read wherever they begin; the limit may be passed by less
 * than a block, not by more. */
static void lines_up_to_the_limit(void **unused)
{
    static const char fillings[] = {' ', '#', 'x', '0'};
    char *text = malloc(3 * SKS_MAX_LINE + 1000);

    (void)unused;
    assert_non_null(text);
    for (size_t f = 0; f < sizeof(fillings); f++)
        for (size_t before = 4; before < 37; before++) { /* from every byte of a block on */
            size_t size = before;

            memset(text, ' ', before);
            memcpy(text + before - 4, "1 2\n", 4);
            memset(text + size, fillings[f], SKS_MAX_LINE);
            memcpy(text + size, f == 3 ? "3 0." : "3 4 ", 4);
            size += SKS_MAX_LINE;
            memcpy(text + size, "\n5 6\n", 5);
            if (f == 3) /* too many digits for a number: a bad line, but one that is read */
                check_text((sks_position_options){.keeps_bad_lines = true}, text, size + 5);
            else
                check_text((sks_position_options){.carries = true}, text, size + 5);
        }
    free(text);
}

static void lines_beyond_the_limit(void **unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        sks_position_options options = {.coords = "list.txt", .block = block_sizes[i]};
        size_t n_long = SKS_MAX_LINE + 16 * options.block;
        char *text = malloc(n_long + 100);
        sks_positions *positions;
        sks_position_reader *reader;
        unsigned n_failed = 0;

        assert_non_null(text);
        memcpy(text, "1 2\n\n# 4\n", 9);
        memset(text + 9, '5', n_long);
        memcpy(text + 9 + n_long, "\n6 7\n", 5);
        write_list(text, 9 + n_long + 5);
        assert_int_equal(sks_positions_open(&options, &positions), SKS_OK);
        assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
        for (size_t b = 0; b < sks_positions_n_blocks(positions); b++) {
            sks_position_block block;

            if (sks_position_reader_read(reader, b, &block) == SKS_OK)
                continue;
            n_failed++;
            assert_string_equal(sks_message(),
                                "list.txt:4: the line is longer than 65536 characters");
            sks_clear();
        }
        assert_int_equal(n_failed, 1);
        sks_position_reader_destroy(reader);
        sks_positions_close(positions);
        free(text);
    }
}

static void check_open_fails(sks_position_options options, sks_status expected, const char *says)
{
    sks_positions *positions = NULL;

    options.block = 16;
    if (sks_positions_open(&options, &positions) != expected || strstr(sks_message(), says) == NULL)
        fail_msg("\"%s\", expected \"%s\"", sks_message(), says);
    assert_null(positions);
    sks_clear();
}

static void what_cannot_be_opened(void **unused)
{
    static const char *const columns[] = {"1", "1,1", "0,1", "1,-2", "1,2,3", "a,b", "", "1,1001"};

    (void)unused;
    write_list("1 2\n", 4);
    check_open_fails((sks_position_options){.coords = "none.txt"}, SKS_ERR_IO, "No such file");
    check_open_fails((sks_position_options){.coords = "."}, SKS_ERR_IO, "is a directory");
    check_open_fails((sks_position_options){.coords = "none.fits[1]"}, SKS_ERR_INPUT,
                     "none.fits[1]");
    check_open_fails((sks_position_options){.n_random = 10}, SKS_ERR_INPUT, "size");
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        check_open_fails((sks_position_options){.coords = "list.txt", .columns = columns[i]},
                         SKS_ERR_USAGE, "columns");
}

/* A list that is cut, or grows a row, after its rows were counted is noticed. */
static void lists_that_change(void **unused)
{
    static const char *const later[] = {"1 2\n", "1 2\n3 4\n5 6\n7 8\n", "1 2\n3 4\n\n\n"};
    sks_position_options options = {.coords = "list.txt", .block = 1024};

    (void)unused;
    for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++) {
        sks_positions *positions;
        sks_position_reader *reader;
        sks_position_block block;

        write_list("1 2\n3 4\n5 6\n", 12);
        assert_int_equal(sks_positions_open(&options, &positions), SKS_OK);
        write_list(later[i], strlen(later[i]));
        assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
        assert_int_equal(sks_position_reader_read(reader, 0, &block), SKS_ERR_IO);
        assert_non_null(strstr(sks_message(), "changed while it was read"));
        sks_clear();
        sks_position_reader_destroy(reader);
        sks_positions_close(positions);
    }
}

/* ---- Pipes. */

struct writer {
    int fd; /* -1: opens "fifo" */
    const char *bytes;
    size_t size;
};

static void *write_all(void *argument)
{
    struct writer *w = argument;
    int fd = w->fd >= 0 ? w->fd : open("fifo", O_WRONLY);

    for (size_t done = 0; done < w->size;) {
        size_t piece = w->size - done < 777 ? w->size - done : 777;
        ssize_t n = write(fd, w->bytes + done, piece);

        if (n < 0)
            break;
        done += (size_t)n;
    }
    close(fd);
    return NULL;
}

static void lists_from_pipes(void **unused)
{
    sks_philox random = sks_philox_stream(SEED, 3, 0);
    sks_position_options options = {.keeps_bad_lines = true, .carries = true};
    struct text text = make_list(&random, &options, 20000);
    struct rows expected = read_plainly(&options, text.bytes, text.size);
    struct writer writer = {.bytes = text.bytes, .size = text.size};
    int standard_input = dup(STDIN_FILENO);
    int ends[2];
    pthread_t thread;

    (void)unused;
    options.block = 100;
    assert_int_equal(pipe(ends), 0);
    writer.fd = ends[1];
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
    options.coords = "-";
    check_list(options, &expected);
    pthread_join(thread, NULL);
    assert_int_equal(dup2(standard_input, STDIN_FILENO), STDIN_FILENO);
    close(standard_input);

    assert_int_equal(mkfifo("fifo", 0600), 0);
    writer.fd = -1;
    assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
    options.coords = "fifo";
    check_list(options, &expected);
    pthread_join(thread, NULL);
    free_rows(&expected);
    free(text.bytes);
}

/* ---- Tables. */

enum { TABLE_ROWS = 1000 };

static double table_x(long row)
{
    return 0.1 * (double)row + 1.0 / 3.0;
}

/* "cat.fits": an image, a small table, and the table SRC, with some values undefined. */
static void make_table(const char *path)
{
    char *types[] = {"X", "Y", "N", "NAME", "PAIR", "FLAG", "BIT", "VAR", "COMPLEX"};
    char *forms[] = {"1D", "1E", "1J", "4A", "2D", "1L", "1X", "1PD", "1C"};
    char *small[] = {"P", "Q"};
    char *small_forms[] = {"1K", "1I"};
    LONGLONG undefined = -99;
    fitsfile *fits;
    int code = 0;

    fits_create_file(&fits, path, &code);
    fits_create_img(fits, 8, 0, NULL, &code);
    fits_create_tbl(fits, BINARY_TBL, 0, 2, small, small_forms, NULL, "SMALL", &code);
    for (long row = 1; row <= 3; row++) {
        LONGLONG p = (1LL << 40) + row;
        long q = -row;

        fits_write_col(fits, TLONGLONG, 1, row, 1, 1, &p, &code);
        fits_write_col(fits, TLONG, 2, row, 1, 1, &q, &code);
    }
    fits_create_tbl(fits, BINARY_TBL, TABLE_ROWS, 9, types, forms, NULL, "SRC", &code);
    fits_write_key(fits, TLONGLONG, "TNULL3", &undefined, NULL, &code);
    fits_set_hdustruc(fits, &code);
    for (long row = 1; row <= TABLE_ROWS; row++) {
        double x = row % 7 == 0 ? NAN : table_x(row);
        float y = (float)(2 * row);
        long n = row % 5 == 0 ? -99 : 3 * row;

        fits_write_col(fits, TDOUBLE, 1, row, 1, 1, &x, &code);
        fits_write_col(fits, TFLOAT, 2, row, 1, 1, &y, &code);
        fits_write_col(fits, TLONG, 3, row, 1, 1, &n, &code);
    }
    fits_close_file(fits, &code);
    assert_int_equal(code, 0);
}

static void check_table(const char *coords, const char *columns, size_t n_rows,
                        double (*expected)(long row, int column))
{
    for (int k = 0; k < N_BLOCK_SIZES; k++) {
        sks_position_options options = {
            .coords = coords, .columns = columns, .block = block_sizes[k]};
        sks_positions *positions;
        sks_position_reader *reader;

        if (sks_positions_open(&options, &positions) != SKS_OK)
            fail_msg("%s", sks_message());
        assert_int_equal(sks_positions_n_rows(positions), n_rows);
        assert_false(sks_positions_are_random(positions));
        assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
        for (size_t b = sks_positions_n_blocks(positions); b-- > 0;) {
            sks_position_block block;
            long first = (long)sks_positions_first_row(positions, b);

            if (sks_position_reader_read(reader, b, &block) != SKS_OK)
                fail_msg("%s", sks_message());
            assert_null(block.given);
            for (size_t i = 0; i < 2 * block.n; i++) {
                double right = expected(first + (long)(i / 2) + 1, (int)(i % 2));

                if (!(block.pair[i] == right || (isnan(block.pair[i]) && isnan(right))))
                    fail_msg("%s %s row %ld: %.17g, expected %.17g", coords,
                             columns != NULL ? columns : "", first + (long)(i / 2) + 1,
                             block.pair[i], right);
            }
        }
        sks_position_reader_destroy(reader);
        sks_positions_close(positions);
    }
}

static double expect_xy(long row, int column)
{
    return column == 1 ? 2.0 * (double)row : row % 7 == 0 ? NAN : table_x(row);
}

static double expect_nx(long row, int column)
{
    return column == 1 ? expect_xy(row, 0) : row % 5 == 0 ? NAN : 3.0 * (double)row;
}

static double expect_pq(long row, int column)
{
    return column == 1 ? -(double)row : 0x1p40 + (double)row;
}

static double expect_selected(long row, int column)
{
    return expect_xy(row + 996, column);
}

static void columns_of_tables(void **unused)
{
    (void)unused;
    make_table("cat.fits");
    make_table("cat.fits.gz");
    check_table("cat.fits[SRC]", NULL, TABLE_ROWS, expect_xy);
    check_table("cat.fits[2]", "1,2", TABLE_ROWS, expect_xy);
    check_table("cat.fits[SRC]", "x,Y", TABLE_ROWS, expect_xy);
    check_table("cat.fits[SRC]", "3,X", TABLE_ROWS, expect_nx);
    check_table("cat.fits[SRC]", "N,1", TABLE_ROWS, expect_nx);
    check_table("cat.fits", NULL, 3, expect_pq); /* its first table */
    check_table("cat.fits.gz", "P,Q", 3, expect_pq);
    check_table("cat.fits.gz[SRC]", "X,Y", TABLE_ROWS, expect_xy);
    check_table("cat.fits[SRC][Y > 1992]", NULL, 4, expect_selected);
}

static void what_is_wrong_with_tables(void **unused)
{
    static const char *const columns[] = {"NAME,Y", "X,PAIR",    "X,FLAG", "BIT,X", "X,VAR",
                                          "X,NONE", "COMPLEX,X", "0,1",    "1,10"};

    (void)unused;
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .columns = columns[i]},
                         SKS_ERR_INPUT, "column \"");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .columns = "X"},
                     SKS_ERR_USAGE, "two columns");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .columns = "X,Y,N"},
                     SKS_ERR_USAGE, "two columns");
    check_open_fails((sks_position_options){.coords = "cat.fits[NONE]"}, SKS_ERR_INPUT,
                     "cat.fits[NONE]");
    check_open_fails((sks_position_options){.coords = "cat.fits[0]"}, SKS_ERR_INPUT, "cat.fits[0]");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .carries = true},
                     SKS_ERR_USAGE, "carried");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC][Y < 0]"}, SKS_ERR_INPUT,
                     "no positions");
}

/* ---- Random positions. */

static void random_positions(void **unused)
{
    enum { N = 20000 };
    sks_position_options options = {
        .n_random = N, .seed = 42, .size_x = 800.0, .size_y = 50.0, .block = N};
    double *all = malloc(2 * N * sizeof(*all));
    double sum[2] = {0.0, 0.0};

    (void)unused;
    assert_non_null(all);
    for (int k = -1; k < N_BLOCK_SIZES; k++) {
        sks_positions *positions;
        sks_position_reader *reader;
        sks_position_block block;

        options.block = k < 0 ? N : block_sizes[k];
        assert_int_equal(sks_positions_open(&options, &positions), SKS_OK);
        assert_true(sks_positions_are_random(positions));
        assert_int_equal(sks_positions_n_rows(positions), N);
        assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
        for (size_t b = sks_positions_n_blocks(positions); b-- > 0;) {
            uint64_t first = sks_positions_first_row(positions, b);

            assert_int_equal(sks_position_reader_read(reader, b, &block), SKS_OK);
            if (k < 0)
                memcpy(all, block.pair, 2 * N * sizeof(*all));
            assert_memory_equal(block.pair, all + 2 * first, 2 * block.n * sizeof(*all));
        }
        sks_position_reader_destroy(reader);
        sks_positions_close(positions);
    }
    for (size_t i = 0; i < 2 * N; i++) {
        assert_true(all[i] >= 0.5 && all[i] < (i % 2 == 0 ? 800.5 : 50.5));
        sum[i % 2] += all[i] / N;
    }
    /* Six standard deviations of the mean of N uniform numbers. */
    assert_true(fabs(sum[0] - 400.5) < 6.0 * 800.0 / sqrt(12.0 * N));
    assert_true(fabs(sum[1] - 25.5) < 6.0 * 50.0 / sqrt(12.0 * N));
    free(all);
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_text_in_any_blocks),
        cmocka_unit_test(long_text_in_any_blocks),
        cmocka_unit_test(lines_across_windows),
        cmocka_unit_test(small_lists),
        cmocka_unit_test(zero_bytes),
        cmocka_unit_test(lines_up_to_the_limit),
        cmocka_unit_test(lines_beyond_the_limit),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(lists_that_change),
        cmocka_unit_test(lists_from_pipes),
        cmocka_unit_test(columns_of_tables),
        cmocka_unit_test(what_is_wrong_with_tables),
        cmocka_unit_test(random_positions),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
