/* Positions from text. Opening counts the rows of every block, so that each block's place in the
 * output is known before any is computed; reading parses one block. */
#include "kernels/astro/number.h"
#include "kernels/astro/position_source.h"
#include "kernels/astro/simd.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTES_PER_ROW = 16, WINDOW_BYTES = 1 << 20, COPY_BYTES = 1 << 18 };

static const char *shown_name(const sks_positions *p)
{
    return strcmp(p->name, "-") == 0 ? "standard input" : p->name;
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\v' || c == '\f';
}

/* The first character of the next column, or the '\n' or '#' that ends the line. */
static inline const char *skip_blanks(const char *p)
{
    while (is_blank(*p))
        p++;
    return p;
}

static inline const char *skip_column(const char *p)
{
    while (!is_blank(*p) && *p != '\n' && *p != '#')
        p++;
    return p;
}

static sks_status read_all(const sks_positions *p, char *to, size_t size, uint64_t offset,
                           size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = pread(p->fd, to + *got, size - *got, (off_t)(offset + *got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sks_fail(SKS_ERR_IO, "%s: %s", shown_name(p), strerror(errno));
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return SKS_OK;
}

/* What cannot be read twice is kept in a nameless file: memory stays bounded. */
static sks_status spool(sks_positions *p, int from)
{
    const char *folder = getenv("TMPDIR");
    char *buffer = malloc(COPY_BYTES);
    int to = open(folder != NULL && folder[0] != '\0' ? folder : "/tmp",
                  O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    sks_status status = SKS_OK;

    if (to < 0) {
        FILE *file = tmpfile();

        to = file != NULL ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
        if (file != NULL)
            fclose(file);
    }
    if (buffer == NULL || to < 0)
        status = buffer == NULL ? sks_fail_nomem("reading standard input")
                                : sks_fail(SKS_ERR_IO, "temporary file: %s", strerror(errno));
    while (status == SKS_OK) {
        ssize_t got = read(from, buffer, COPY_BYTES);

        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = sks_fail(SKS_ERR_IO, "%s: %s", shown_name(p), strerror(errno));
            break;
        }
        for (ssize_t done = 0; done < got && status == SKS_OK;) {
            ssize_t written = write(to, buffer + done, (size_t)(got - done));

            if (written < 0 && errno != EINTR)
                status = sks_fail(SKS_ERR_IO, "temporary file: %s", strerror(errno));
            else if (written > 0)
                done += written;
        }
    }
    free(buffer);
    if (status != SKS_OK && to >= 0)
        close(to);
    else
        p->fd = to;
    return status;
}

static sks_status open_file(sks_positions *p)
{
    struct stat info;
    int fd;
    sks_status status = SKS_OK;

    if (strcmp(p->name, "-") == 0) {
        status = spool(p, STDIN_FILENO);
    } else {
        fd = open(p->name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &info) != 0) {
            status = sks_fail(SKS_ERR_IO, "%s: %s", p->name, strerror(errno));
            if (fd >= 0)
                close(fd);
            return status;
        }
        if (S_ISDIR(info.st_mode)) {
            close(fd);
            return sks_fail(SKS_ERR_IO, "%s: is a directory", p->name);
        }
        if (S_ISREG(info.st_mode)) {
            p->fd = fd;
        } else {
            status = spool(p, fd);
            close(fd);
        }
    }
    if (status == SKS_OK && fstat(p->fd, &info) != 0)
        status = sks_fail(SKS_ERR_IO, "%s: %s", shown_name(p), strerror(errno));
    if (status == SKS_OK)
        p->size_bytes = (uint64_t)info.st_size;
    return status;
}

static sks_status parse_columns(sks_positions *p, const char *columns)
{
    int used = 0;

    if (columns == NULL)
        columns = "1,2";
    if (sscanf(columns, "%u,%u%n", &p->column[0], &p->column[1], &used) != 2 ||
        columns[used] != '\0' || p->column[0] < 1 || p->column[1] < 1 || p->column[0] > 1000 ||
        p->column[1] > 1000 || p->column[0] == p->column[1])
        return sks_fail(
            SKS_ERR_USAGE,
            "columns: \"%s\" is not two different column numbers (1 to 1000), as in \"1,2\"",
            columns);
    return SKS_OK;
}

/* Bytes that sks_positions_write_carried will write for one line. */
static size_t count_carried(const sks_positions *p, const char *line)
{
    size_t bytes = 0;
    const char *c = skip_blanks(line);

    for (unsigned column = 1; *c != '\n' && *c != '#'; column++) {
        const char *end = skip_column(c);

        if (column != p->column[0] && column != p->column[1])
            bytes += 1 + (size_t)(end - c);
        c = skip_blanks(end);
    }
    return bytes;
}

char *sks_positions_write_carried(const sks_positions *positions, sks_span other, char *to)
{
    const char *c = other.text;
    const char *limit = other.text + other.length;

    c = skip_blanks(c);
    for (unsigned column = 1; c < limit && *c != '\n' && *c != '#'; column++) {
        const char *end = skip_column(c);

        if (column != positions->column[0] && column != positions->column[1]) {
            *to++ = ' ';
            memcpy(to, c, (size_t)(end - c));
            to += end - c;
        }
        c = skip_blanks(end);
    }
    return to;
}

/* What is quickly known of some bytes of text. */
struct survey {
    size_t n_newlines;
    bool has_comment;
    bool has_blank_line; /* or may have: some line begins, and some line ends, with a blank */
};

/* Branchless and in byte-sized sums, so that the compiler can take 16 or more bytes at a time. */
SKS_SIMD
static struct survey survey_bytes(const unsigned char *text, size_t n, unsigned char previous)
{
    enum { STEP = 192 };
    struct survey result = {0};
    unsigned char comments = 0, blank_starts = 0, blank_ends = 0;

#define LOOK(c, p)                                                                                 \
    do {                                                                                           \
        unsigned char is_end = (c) == '\n';                                                        \
        newlines = (unsigned char)(newlines + is_end);                                             \
        comments |= (c) == '#';                                                                    \
        blank_ends |= is_end & (((p) <= ' ') | ((p) == ','));                                      \
        blank_starts |= ((p) == '\n') & (((c) <= ' ') | ((c) == ','));                             \
    } while (0)

    unsigned char newlines = 0;
    if (n > 0)
        LOOK(text[0], previous);
    result.n_newlines = newlines;
    for (size_t i = 1; i < n; i += STEP) {
        size_t end = n - i < STEP ? n : i + STEP;

        newlines = 0;
        for (size_t k = i; k < end; k++)
            LOOK(text[k], text[k - 1]);
        result.n_newlines += newlines;
    }
#undef LOOK
    result.has_comment = comments != 0;
    result.has_blank_line = blank_starts != 0 && blank_ends != 0;
    return result;
}

/* Rows that begin in text[0, n), line by line; text goes on behind n, and ends with '\n'. */
static void count_rows_slowly(const sks_positions *p, const char *text, size_t n, bool at_start,
                              uint64_t *n_rows, uint64_t *n_carried)
{
    const char *line = text;
    const char *end = text + n;

    if (!at_start) {
        line = memchr(text, '\n', n);
        line = line != NULL ? line + 1 : end;
    }
    while (line < end) {
        const char *first = skip_blanks(line);

        if (*first != '\n' && *first != '#') {
            ++*n_rows;
            if (p->options.carries)
                *n_carried += count_carried(p, line);
        }
        line = (const char *)rawmemchr(first, '\n') + 1;
    }
}

static void count_rows(const sks_positions *p, const char *text, size_t n, unsigned char previous,
                       bool is_last, uint64_t *n_rows, uint64_t *n_carried)
{
    struct survey survey;
    bool is_plain = !p->options.carries && !is_last;

    if (is_plain) {
        survey = survey_bytes((const unsigned char *)text, n, previous);
        is_plain = !survey.has_comment && !survey.has_blank_line;
    }
    if (is_plain && text[n - 1] != '\n') {
        /* The line that goes on in the next block may be blank so far. */
        const char *newline = memrchr(text, '\n', n);
        const char *line = newline != NULL ? newline + 1 : text;

        is_plain = (newline == NULL && previous != '\n') || !is_blank(*line);
    }
    if (is_plain)
        *n_rows += (previous == '\n') + survey.n_newlines - (text[n - 1] == '\n');
    else
        count_rows_slowly(p, text, n, previous == '\n', n_rows, n_carried);
}

static uint64_t line_number(const sks_positions *p, uint64_t offset)
{
    char *buffer = malloc(COPY_BYTES);
    uint64_t line = 1;

    for (uint64_t at = 0; buffer != NULL && at < offset;) {
        size_t want = offset - at < COPY_BYTES ? (size_t)(offset - at) : COPY_BYTES;
        size_t got;

        if (read_all(p, buffer, want, at, &got) != SKS_OK || got == 0)
            break;
        for (const char *c = buffer; (c = memchr(c, '\n', (size_t)(buffer + got - c))) != NULL; c++)
            line++;
        at += got;
    }
    free(buffer);
    return line;
}

static sks_status fail_long_line(const sks_positions *p, uint64_t offset)
{
    return sks_fail(SKS_ERR_INPUT, "%s:%llu: the line is longer than %d characters", shown_name(p),
                    (unsigned long long)line_number(p, offset), SKS_MAX_LINE);
}

/* One window of whole blocks, with enough behind it to finish the last line that begins in it. */
static sks_status count_window(sks_positions *p, char *window, size_t window_bytes,
                               size_t first_block, unsigned char *previous)
{
    uint64_t offset = (uint64_t)first_block * p->block_bytes;
    size_t got;
    sks_status status = read_all(p, window, window_bytes + SKS_MAX_LINE, offset, &got);

    if (status != SKS_OK)
        return status;
    window[got] = '\n';
    window[got + 1] = '\0';
    for (size_t begin = 0, b = first_block; begin < window_bytes && b < p->n_blocks;
         begin += p->block_bytes, b++) {
        size_t n = got - begin < p->block_bytes ? got - begin : p->block_bytes;
        bool is_last = b + 1 == p->n_blocks;
        uint64_t n_rows = 0, n_carried = 0;

        if (got <= begin)
            return sks_fail(SKS_ERR_IO, "%s: became shorter while it was read", shown_name(p));
        count_rows(p, window + begin, n, *previous, is_last, &n_rows, &n_carried);
        *previous = (unsigned char)window[begin + n - 1];
        if (n_rows > p->max_rows)
            p->max_rows = (size_t)n_rows;
        p->first_row[b + 1] = p->first_row[b] + n_rows;
        if (p->carried_bytes != NULL)
            p->carried_bytes[b + 1] = p->carried_bytes[b] + n_carried;
    }
    return SKS_OK;
}

sks_status position_text_open(sks_positions *positions, const char *columns)
{
    sks_positions *p = positions;
    size_t window_blocks, window_bytes;
    unsigned char previous = '\n';
    char *window;
    sks_status status = parse_columns(p, columns);

    if (status == SKS_OK)
        status = open_file(p);
    if (status != SKS_OK)
        return status;
    p->block_bytes = p->options.block * BYTES_PER_ROW;
    p->n_blocks = (size_t)((p->size_bytes + p->block_bytes - 1) / p->block_bytes);
    p->first_row = calloc(p->n_blocks + 1, sizeof(*p->first_row));
    if (p->options.carries)
        p->carried_bytes = calloc(p->n_blocks + 1, sizeof(*p->carried_bytes));
    window_blocks = p->block_bytes < WINDOW_BYTES ? WINDOW_BYTES / p->block_bytes : 1;
    window_bytes = window_blocks * p->block_bytes;
    window = malloc(window_bytes + SKS_MAX_LINE + 2);
    if (p->first_row == NULL || window == NULL ||
        (p->options.carries && p->carried_bytes == NULL)) {
        free(window);
        return sks_fail_nomem("counting positions");
    }
    for (size_t b = 0; status == SKS_OK && b < p->n_blocks; b += window_blocks)
        status = count_window(p, window, window_bytes, b, &previous);
    free(window);
    p->n_rows = p->first_row[p->n_blocks];
    return status;
}

static sks_status fail_line(const sks_position_reader *reader, uint64_t offset, const char *line)
{
    char shown[41];
    size_t n = strcspn(line, "\r\n");
    bool is_cut = n > sizeof(shown) - 1;

    if (is_cut)
        n = sizeof(shown) - 1;
    for (size_t i = 0; i < n; i++)
        shown[i] = (unsigned char)line[i] >= 0x20 && (unsigned char)line[i] < 0x7f ? line[i] : '?';
    shown[n] = '\0';
    return sks_fail(SKS_ERR_INPUT, "%s:%llu: not two numbers: \"%s%s\"", shown_name(reader->source),
                    (unsigned long long)line_number(reader->source, offset), shown,
                    is_cut ? "…" : "");
}

/* Reads the lines that begin in `block` into reader->text, which starts with the byte before the
 * block (a '\n' for the first one) and ends with '\n' and '\0'. */
static sks_status load_block(sks_position_reader *reader, size_t block, size_t *n_bytes)
{
    const sks_positions *p = reader->source;
    uint64_t begin = (uint64_t)block * p->block_bytes;
    size_t before = begin > 0 ? 1 : 0;
    size_t want = p->block_bytes + before;
    size_t tail = 512; /* longer than most lines; grown for the others */

    reader->text_capacity = reader->text_capacity > 0 ? reader->text_capacity : want + tail + 3;
    for (;;) {
        size_t got;
        sks_status status;
        char *text;

        if (reader->text == NULL || reader->text_capacity < want + tail + 3) {
            reader->text_capacity = want + tail + 3;
            text = realloc(reader->text, reader->text_capacity);
            if (text == NULL)
                return sks_fail_nomem("a block of positions");
            reader->text = text;
        }
        text = reader->text + 1 - before;
        status = read_all(p, text, want + tail, begin - before, &got);
        if (status != SKS_OK)
            return status;
        if (before == 0)
            reader->text[0] = '\n';
        got += 1 - before; /* bytes in reader->text, the one before the block included */
        reader->text[got] = '\n';
        reader->text[got + 1] = '\0';
        *n_bytes = got - 1 < p->block_bytes ? got - 1 : p->block_bytes;
        /* Is the last line that begins in the block complete? */
        if (got < 1 + p->block_bytes + tail ||
            memchr(reader->text + p->block_bytes, '\n', got - p->block_bytes) != NULL)
            return SKS_OK;
        if (tail >= SKS_MAX_LINE) {
            const char *line = memrchr(reader->text, '\n', p->block_bytes + 1);

            if (line == NULL)
                return SKS_OK; /* no line begins here: the block in which it does reports it */
            return fail_long_line(p, begin + (uint64_t)(line - reader->text));
        }
        tail = 8 * tail < SKS_MAX_LINE ? 8 * tail : SKS_MAX_LINE;
    }
}

/* One coordinate in degrees or pixels; NULL when there is none. */
static inline const char *parse_coordinate(const sks_positions *p, int i, const char *text,
                                           double *value)
{
    sks_angle_form form;
    const char *end;

    if (!p->options.are_angles)
        return sks_number_read(text, value);
    end = sks_angle_read(text, value, &form);
    if (form == SKS_ANGLE_HOURS || (form == SKS_ANGLE_COLONS && p->options.is_equatorial)) {
        if (i == 0)
            *value *= 15.0;
        else if (form == SKS_ANGLE_HOURS)
            return NULL; /* a latitude is not in hours */
    }
    return end;
}

/* One row: its two numbers and their texts. False when they are not two numbers. */
static inline bool parse_row(const sks_positions *p, const char *first, double *pair,
                             sks_span *given, const char **rest)
{
    unsigned last = p->column[0] > p->column[1] ? p->column[0] : p->column[1];
    const char *c = first;
    bool is_right = true;

    given[0] = given[1] = (sks_span){NULL, 0};
    pair[0] = pair[1] = NAN;
    for (unsigned column = 1; column <= last; column++) {
        int i = column == p->column[0] ? 0 : column == p->column[1] ? 1 : -1;
        const char *end;

        if (*c == '\n' || *c == '#') {
            is_right = false;
            break;
        }
        if (i < 0) {
            c = skip_blanks(skip_column(c));
            continue;
        }
        end = parse_coordinate(p, i, c, &pair[i]);
        if (end == NULL || *end == '\0') { /* a zero byte ends nothing in a file */
            is_right = false;
            end = skip_column(c);
        } else {
            given[i] = (sks_span){c, (size_t)(end - c)};
        }
        c = skip_blanks(end);
    }
    *rest = c;
    return is_right;
}

static sks_status read_block(sks_position_reader *reader, size_t block, sks_position_block *result)
{
    const sks_positions *p = reader->source;
    size_t expected = (size_t)(p->first_row[block + 1] - p->first_row[block]);
    const char *line, *end;
    size_t n = 0, n_bad = 0, n_bytes = 0;
    sks_status status = load_block(reader, block, &n_bytes);

    if (status != SKS_OK)
        return status;
    end = reader->text + 1 + n_bytes;
    line = reader->text + 1;
    if (line[-1] != '\n') {
        line = memchr(line, '\n', n_bytes);
        line = line != NULL ? line + 1 : end;
    }
    while (line < end) {
        const char *first = skip_blanks(line);
        const char *rest = first;

        if (*first != '\n' && *first != '#') {
            if (n == expected)
                return sks_fail(SKS_ERR_IO, "%s: changed while it was read", shown_name(p));
            if (!parse_row(p, first, reader->pair + 2 * n, reader->given + 2 * n, &rest)) {
                if (!p->options.keeps_bad_lines)
                    return fail_line(reader,
                                     (uint64_t)block * p->block_bytes +
                                         (uint64_t)(line - reader->text - 1),
                                     line);
                reader->pair[2 * n] = reader->pair[2 * n + 1] = NAN;
                n_bad++;
            }
            if (reader->other != NULL)
                reader->other[n].text = first;
        }
        if (*rest != '\n')
            rest = rawmemchr(rest, '\n');
        if (first != rest && *first != '#') {
            if (reader->other != NULL)
                reader->other[n].length = (size_t)(rest - first);
            n++;
        }
        line = rest + 1;
    }
    if (n != expected)
        return sks_fail(SKS_ERR_IO, "%s: changed while it was read", shown_name(p));
    *result = (sks_position_block){.n = n,
                                   .pair = reader->pair,
                                   .given = reader->given,
                                   .other = reader->other,
                                   .n_bad = n_bad};
    return SKS_OK;
}

const position_kind position_text = {.read = read_block};
