#include "harness/measure/schedule_file.h"

#include "harness/measure/text_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "# skyscale schedule 1";

/* ---- Writing. */

static void print_scheduler(FILE *out, const sks_configuration *c)
{
    const char *separator = ":";

    fprintf(out, "# scheduler %s", c->scheduler->name);
    for (const sks_param *p = c->scheduler->params; p != NULL && p->name != NULL; p++)
        if (sks_values_was_given(c->scheduler_options, p->name)) {
            fprintf(out, "%s%s=%s", separator, p->name,
                    sks_values_text(c->scheduler_options, p->name));
            separator = ",";
        }
    fputc('\n', out);
}

sks_status sks_schedule_write(const char *path, const sks_configuration *c, const sks_record *r)
{
    sks_text_file *file = NULL;
    sks_status status;
    FILE *out;

    for (unsigned w = 0; w < r->n_workers; w++)
        if (r->logs == NULL || r->logs[w].n_lost > 0)
            return sks_fail(SKS_ERR_INPUT, "%s: the log of worker %u has lost chunks", path, w);
    status = sks_text_file_create(path, &file);
    if (status != SKS_OK)
        return status;
    out = sks_text_file_stream(file);
    fprintf(out, "%s\n# kernel %s\n# tasks %zu\n# workers %u\n# executor %s\n", first_line,
            c->kernel->name, r->n_tasks, r->n_workers, c->executor->name);
    print_scheduler(out, c);
    fprintf(out, "# worker begin end start_s end_s stolen\n");
    for (unsigned w = 0; w < r->n_workers; w++)
        for (size_t i = 0; i < r->logs[w].n; i++) {
            const sks_chunk *k = &r->logs[w].chunk[i];

            fprintf(out, "%u %zu %zu %.9f %.9f %d\n", w, k->tasks.begin, k->tasks.end,
                    1e-9 * (double)k->start_ns, 1e-9 * (double)k->end_ns, k->is_stolen);
        }
    return sks_text_file_close(file, status);
}

/* ---- Reading. */

struct reader {
    const char *path;
    size_t line;
    sks_schedule *to;
    size_t capacity;
};

static sks_status bad_line(const struct reader *r, const char *what)
{
    return sks_fail(SKS_ERR_INPUT, "%s:%zu: %s", r->path, r->line, what);
}

static void read_header(struct reader *r, const char *text)
{
    sks_schedule *s = r->to;
    const size_t length = strlen(s->title);
    char word[100];

    if (sscanf(text, "# tasks %zu", &s->n_tasks) == 1 ||
        sscanf(text, "# workers %u", &s->n_workers) == 1)
        return;
    if (sscanf(text, "# kernel %99s", word) == 1 || sscanf(text, "# executor %99s", word) == 1 ||
        sscanf(text, "# scheduler %99s", word) == 1)
        snprintf(s->title + length, sizeof(s->title) - length, "%s%s", length > 0 ? ", " : "",
                 word);
}

static sks_status add_chunk(struct reader *r, const sks_schedule_chunk *chunk)
{
    sks_schedule *s = r->to;

    if (s->n == r->capacity) {
        const size_t capacity = r->capacity > 0 ? 2 * r->capacity : 1024;
        sks_schedule_chunk *more = realloc(s->chunk, capacity * sizeof(*more));

        if (more == NULL)
            return sks_fail_nomem("a schedule");
        s->chunk = more;
        r->capacity = capacity;
    }
    s->chunk[s->n++] = *chunk;
    return SKS_OK;
}

/* A whole number without a sign, then blanks or the end. */
static bool next_count(char **text, size_t *value)
{
    char *end;

    while (**text == ' ' || **text == '\t')
        ++*text;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *value = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0 && (*end == ' ' || *end == '\t' || *end == '\0');
}

static sks_status read_chunk(struct reader *r, char *text)
{
    sks_schedule_chunk chunk = {.start_s = NAN, .end_s = NAN};
    size_t worker;
    int is_stolen = 0;

    if (!next_count(&text, &worker) || !next_count(&text, &chunk.tasks.begin) ||
        !next_count(&text, &chunk.tasks.end))
        return bad_line(r, "not \"worker begin end\"");
    if (worker >= r->to->n_workers)
        return bad_line(r, "the header names fewer workers");
    if (chunk.tasks.begin >= chunk.tasks.end || chunk.tasks.end > r->to->n_tasks)
        return bad_line(r, "an empty chunk, or one beyond the tasks the header names");
    sscanf(text, "%lf %lf %d", &chunk.start_s, &chunk.end_s, &is_stolen);
    chunk.worker = (unsigned)worker;
    chunk.is_stolen = is_stolen != 0;
    return add_chunk(r, &chunk);
}

static int by_begin(const void *a, const void *b)
{
    const sks_range *x = a, *y = b;

    return (x->begin > y->begin) - (x->begin < y->begin);
}

static sks_status check_cover(const struct reader *r)
{
    const sks_schedule *s = r->to;
    sks_range *sorted = calloc(s->n + 1, sizeof(*sorted));
    sks_status status = SKS_OK;
    size_t covered = 0;

    if (sorted == NULL)
        return sks_fail_nomem("a schedule");
    for (size_t i = 0; i < s->n; i++)
        sorted[i] = s->chunk[i].tasks;
    qsort(sorted, s->n, sizeof(*sorted), by_begin);
    for (size_t i = 0; i < s->n && sorted[i].begin == covered; i++)
        covered = sorted[i].end;
    if (covered != s->n_tasks)
        status =
            sks_fail(SKS_ERR_INPUT, "%s: task %zu is in no chunk, or in several", r->path, covered);
    free(sorted);
    return status;
}

static sks_status read_lines(struct reader *r, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    sks_status status = SKS_OK;

    while (status == SKS_OK && getline(&line, &size, in) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (++r->line == 1 && strcmp(line, first_line) != 0)
            status = bad_line(r, "not a recorded schedule: its first line is another");
        else if (line[0] == '#')
            read_header(r, line);
        else if (line[0] != '\0')
            status = read_chunk(r, line);
    }
    free(line);
    if (status == SKS_OK && ferror(in))
        status = sks_fail(SKS_ERR_IO, "%s: %s", r->path, strerror(errno));
    if (status == SKS_OK && r->line == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: empty", r->path);
    return status;
}

sks_status sks_schedule_read(const char *path, sks_schedule *schedule)
{
    sks_schedule s = {0};
    struct reader r = {.path = path, .to = &s};
    FILE *in = fopen(path, "re");
    sks_status status;

    if (in == NULL)
        return sks_fail(SKS_ERR_IO, "%s: %s", path, strerror(errno));
    status = read_lines(&r, in);
    fclose(in);
    if (status == SKS_OK)
        status = check_cover(&r);
    if (status != SKS_OK) {
        sks_schedule_clear(&s);
        return status;
    }
    *schedule = s;
    return SKS_OK;
}

void sks_schedule_clear(sks_schedule *schedule)
{
    free(schedule->chunk);
    *schedule = (sks_schedule){0};
}
