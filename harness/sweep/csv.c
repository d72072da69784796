#include "harness/sweep/csv.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sks_csv_put_text(const char *text, size_t size, FILE *out)
{
    const char *const end = text + size;

    if (memchr(text, ',', size) == NULL && memchr(text, '"', size) == NULL &&
        memchr(text, '\n', size) == NULL && memchr(text, '\r', size) == NULL) {
        fwrite(text, 1, size, out);
        return;
    }
    putc_unlocked('"', out);
    while (text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        const char *stop = quote != NULL ? quote + 1 : end;

        fwrite(text, 1, (size_t)(stop - text), out);
        if (quote != NULL)
            putc_unlocked('"', out);
        text = stop;
    }
    putc_unlocked('"', out);
}

void sks_csv_put_int(int64_t value, FILE *out)
{
    char text[24];
    char *at = text + sizeof(text);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    *--at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    fputs_unlocked(at, out);
}

/* The last two of 17 significant digits; 0 when there are fewer, since zeros at the end are not
 * printed. */
static int last_two_of_17(const char *text)
{
    int n = 0, last_two = 0;

    for (; *text != '\0' && *text != 'e'; text++)
        if (isdigit((unsigned char)*text) && (n > 0 || *text != '0')) {
            last_two = 10 * (last_two % 10) + (*text - '0');
            n++;
        }
    return n == 17 ? last_two : 0;
}

/* Times from a clock nearly always need 17 digits: those are tried first, and the 15 of a number
 * that somebody chose only where they can be right. A double lies within 2^-53 of what it was read
 * from, which is at most 12 units of its 17th digit: with the last two digits from 13 to 87 no
 * number of 15 digits is meant. */
void sks_csv_put_real(double value, FILE *out)
{
    char text[32], shorter[32];
    int last_two;

    snprintf(text, sizeof(text), "%.17g", value);
    last_two = last_two_of_17(text);
    if (last_two <= 12 || last_two >= 88) {
        snprintf(shorter, sizeof(shorter), "%.15g", value);
        if (strtod(shorter, NULL) == value) {
            fputs_unlocked(shorter, out);
            return;
        }
    }
    fputs_unlocked(text, out);
}

struct sks_csv_reader {
    FILE *in;
    unsigned long next_line;
    char *text; /* the record's cells, one behind the other */
    size_t n_text, text_room;
    size_t *begin; /* of each cell in text */
    size_t begin_room, cell_room;
};

static sks_status fail(const sks_csv *csv, const char *cause)
{
    return sks_fail(SKS_ERR_INPUT, "%s:%lu: %s", csv->name, csv->reader->next_line, cause);
}

sks_status sks_csv_open(FILE *in, const char *name, sks_csv *csv)
{
    struct sks_csv_reader *r = calloc(1, sizeof(*r));
    int c;

    if (r == NULL)
        return sks_fail_nomem("the CSV file");
    r->in = in;
    r->next_line = 1;
    c = getc(in);
    if (c == 0xef && (c = getc(in)) == 0xbb && (c = getc(in)) == 0xbf)
        c = getc(in);
    if (c != EOF)
        ungetc(c, in);
    *csv = (sks_csv){.name = name, .reader = r};
    return SKS_OK;
}

void sks_csv_close(sks_csv *csv)
{
    if (csv->reader != NULL) {
        free(csv->reader->text);
        free(csv->reader->begin);
    }
    free(csv->reader);
    free(csv->cell);
    *csv = (sks_csv){0};
}

static sks_status put_byte(const sks_csv *csv, int c)
{
    struct sks_csv_reader *r = csv->reader;

    if (r->n_text == r->text_room) {
        size_t room = 2 * r->text_room + 4096;
        char *grown = room <= SKS_CSV_MAX_RECORD_BYTES ? realloc(r->text, room) : NULL;

        if (grown == NULL)
            return room > SKS_CSV_MAX_RECORD_BYTES
                       ? fail(csv, "the record is too large; is a quote missing?")
                       : sks_fail_nomem("the CSV file");
        r->text = grown;
        r->text_room = room;
    }
    r->text[r->n_text++] = (char)c;
    return SKS_OK;
}

static sks_status begin_cell(sks_csv *csv)
{
    struct sks_csv_reader *r = csv->reader;

    if (csv->n == r->begin_room) {
        size_t room = 2 * r->begin_room + 64;
        size_t *grown = realloc(r->begin, room * sizeof(*grown));

        if (grown == NULL)
            return sks_fail_nomem("the CSV file");
        r->begin = grown;
        r->begin_room = room;
    }
    r->begin[csv->n++] = r->n_text;
    return SKS_OK;
}

/* The inside of a cell in quotes; `*c` is what comes behind the closing one. */
static sks_status read_quoted(const sks_csv *csv, int *c)
{
    struct sks_csv_reader *r = csv->reader;
    sks_status status = SKS_OK;

    while (status == SKS_OK && (*c = getc_unlocked(r->in)) != EOF) {
        if (*c == '"' && (*c = getc_unlocked(r->in)) != '"')
            return *c == ',' || *c == '\n' || *c == '\r' || *c == EOF
                       ? SKS_OK
                       : fail(csv, "text behind a closing quote");
        r->next_line += *c == '\n';
        status = *c != '\0' ? put_byte(csv, *c) : fail(csv, "a NUL character");
    }
    return status == SKS_OK ? fail(csv, "a quote is not closed") : status;
}

/* One cell; `*c` is what ended it: a comma, the line's end or the file's. */
static sks_status read_cell(sks_csv *csv, int *c)
{
    struct sks_csv_reader *r = csv->reader;
    sks_status status = begin_cell(csv);

    if (status != SKS_OK)
        return status;
    if (*c == '"')
        status = read_quoted(csv, c);
    while (status == SKS_OK && *c != ',' && *c != '\n' && *c != EOF) {
        const int before = *c;

        *c = getc_unlocked(r->in);
        if (before == '\0')
            status = fail(csv, "a NUL character");
        else if (before == '"')
            status = fail(csv, "a quote within a cell that does not begin with one");
        else if (before != '\r' || *c != '\n')
            status = put_byte(csv, before);
    }
    return status == SKS_OK ? put_byte(csv, '\0') : status;
}

/* Cells move while the text grows: they are pointed at when the record is complete. */
static sks_status point_at_cells(sks_csv *csv)
{
    struct sks_csv_reader *r = csv->reader;

    if (csv->n > r->cell_room) {
        const char **grown = realloc(csv->cell, r->begin_room * sizeof(*grown));

        if (grown == NULL)
            return sks_fail_nomem("the CSV file");
        csv->cell = grown;
        r->cell_room = r->begin_room;
    }
    for (size_t i = 0; i < csv->n; i++)
        csv->cell[i] = r->text + r->begin[i];
    return SKS_OK;
}

sks_status sks_csv_next(sks_csv *csv, bool *has_record)
{
    struct sks_csv_reader *r = csv->reader;
    sks_status status = SKS_OK;
    int c = getc(r->in);

    csv->n = r->n_text = 0;
    csv->line = r->next_line;
    *has_record = c != EOF;
    while (status == SKS_OK && *has_record) {
        status = read_cell(csv, &c);
        if (c != ',')
            break;
        c = getc_unlocked(r->in);
    }
    r->next_line += c == '\n';
    if (status == SKS_OK && ferror(r->in))
        status = sks_fail(SKS_ERR_IO, "%s: %s", csv->name, strerror(errno));
    return status == SKS_OK && *has_record ? point_at_cells(csv) : status;
}
