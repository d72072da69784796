/* Property: a list of positions gives the same rows whatever the size of the blocks it is read in
 * and in whatever order, and they are the rows that a plain line-by-line reader finds.
 *
 * Lists of text are made at random: line ends LF and CRLF, lines that are blank, comments, long or
 * no positions, columns more than two, blanks of all kinds, zero bytes, a last line without end. */
#include "kernels/astro/philox.h"
#include "plain_positions.h"

#include <fcntl.h>
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

enum { SEED = 130573 };

static unsigned below(sks_philox *random, unsigned n)
{
    return sks_philox_word(random) % n;
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
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
