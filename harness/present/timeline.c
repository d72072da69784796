/* Who computed what when: a row for each worker, a bar for each chunk, from recorded schedules
 * (`run --record`) or traces (`run --trace`); a panel for each file.
 *
 * bars.csv  one row for each bar: a chunk, or neighbouring ones that would be less than a pixel
 *           apart and wide, counted in n_chunks; kind 0: the span a worker took part in, 1: its own
 *           chunks, 2: chunks it has stolen
 */
#include "harness/present/figure.h"

#include "harness/measure/schedule_file.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESOLUTION = 1500 }; /* what is finer than this part of the time is drawn as one */

enum { SPAN, OWN, STOLEN };

/* ---- A trace as a schedule. */

static sks_status append(sks_schedule *to, size_t *capacity, const sks_schedule_chunk *chunk)
{
    if (to->n == *capacity) {
        const size_t more = *capacity > 0 ? 2 * *capacity : 1024;
        sks_schedule_chunk *grown = realloc(to->chunk, more * sizeof(*grown));

        if (grown == NULL)
            return sks_fail_nomem("a timeline");
        to->chunk = grown;
        *capacity = more;
    }
    to->chunk[to->n++] = *chunk;
    return SKS_OK;
}

static bool is_named(const json_t *event, const char *key, const char *value)
{
    const char *text = json_string_value(json_object_get(event, key));

    return text != NULL && strcmp(text, value) == 0;
}

/* Row 1 + w is worker w's; times are shifted to the release, where "parallel" begins. A theft
 * follows its chunk. */
static sks_status read_events(const json_t *events, sks_schedule *s)
{
    size_t capacity = 0, i;
    double release_us = 0;
    json_t *event;

    json_array_foreach(events, i, event)
    {
        const double start_us = json_number_value(json_object_get(event, "ts"));
        const json_int_t row = json_integer_value(json_object_get(event, "tid"));
        const json_t *arguments = json_object_get(event, "args");
        sks_schedule_chunk chunk = {.worker = (unsigned)(row - 1)};
        sks_status status;

        if (is_named(event, "name", "parallel") && row == 0)
            release_us = start_us;
        if (is_named(event, "cat", "steal") && s->n > 0)
            s->chunk[s->n - 1].is_stolen = true;
        if (!is_named(event, "cat", "chunk") || row < 1 || row > SKS_MAX_WORKERS)
            continue;
        chunk.tasks.begin = (size_t)json_integer_value(json_object_get(arguments, "begin"));
        chunk.tasks.end = (size_t)json_integer_value(json_object_get(arguments, "end"));
        chunk.start_s = 1e-6 * (start_us - release_us);
        chunk.end_s = chunk.start_s + 1e-6 * json_number_value(json_object_get(event, "dur"));
        status = append(s, &capacity, &chunk);
        if (status != SKS_OK)
            return status;
        if (row > s->n_workers)
            s->n_workers = (unsigned)row;
    }
    return SKS_OK;
}

static sks_status read_trace(const char *path, sks_schedule *schedule)
{
    sks_schedule s = {0};
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    const json_t *other = json_object_get(root, "otherData");
    const json_t *events = json_object_get(root, "traceEvents");
    sks_status status;

    if (root == NULL)
        return sks_fail(SKS_ERR_INPUT, "%s:%d: %s", path, error.line, error.text);
    if (!json_is_array(events))
        status = sks_fail(SKS_ERR_INPUT, "%s: no trace: it has no list \"traceEvents\"", path);
    else
        status = read_events(events, &s);
    if (status == SKS_OK && other != NULL) {
        const char *kernel = json_string_value(json_object_get(other, "kernel"));
        const char *executor = json_string_value(json_object_get(other, "executor"));
        const char *scheduler = json_string_value(json_object_get(other, "scheduler"));

        snprintf(s.title, sizeof(s.title), "%s, %s, %s", kernel != NULL ? kernel : "",
                 executor != NULL ? executor : "", scheduler != NULL ? scheduler : "");
        s.n_tasks = (size_t)json_integer_value(json_object_get(other, "tasks"));
        s.n_workers = (unsigned)json_integer_value(json_object_get(other, "workers"));
    }
    json_decref(root);
    if (status != SKS_OK) {
        sks_schedule_clear(&s);
        return status;
    }
    *schedule = s;
    return SKS_OK;
}

/* A trace begins as JSON does. */
static bool is_json(const char *path)
{
    FILE *file = fopen(path, "re");
    int first = file != NULL ? getc(file) : EOF;

    while (first == ' ' || first == '\n' || first == '\t' || first == '\r')
        first = getc(file);
    if (file != NULL)
        fclose(file);
    return first == '{' || first == '[';
}

/* ---- The figure's data. */

struct content {
    sks_schedule *schedule; /* [n] */
    size_t n;
    double end_s; /* of the longest */
};

struct bar {
    double start_s, end_s;
    size_t n_chunks;
    int kind;
};

static int by_worker_and_start(const void *a, const void *b)
{
    const sks_schedule_chunk *x = a, *y = b;

    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    return (x->start_s > y->start_s) - (x->start_s < y->start_s);
}

static sks_status read_all(const sks_figure_input *input, struct content *c)
{
    c->schedule = calloc(input->n_files, sizeof(*c->schedule));
    if (c->schedule == NULL)
        return sks_fail_nomem("a figure");
    for (; c->n < input->n_files; c->n++) {
        sks_schedule *s = &c->schedule[c->n];
        const char *path = input->files[c->n];
        sks_status status = is_json(path) ? read_trace(path, s) : sks_schedule_read(path, s);

        if (status != SKS_OK)
            return status;
        for (size_t i = 0; i < s->n; i++) {
            if (isnan(s->chunk[i].start_s) || isnan(s->chunk[i].end_s))
                return sks_fail(SKS_ERR_INPUT, "%s: chunk %zu has no times", path, i + 1);
            c->end_s = fmax(c->end_s, s->chunk[i].end_s);
        }
        if (s->n == 0)
            return sks_fail(SKS_ERR_INPUT, "%s: no chunks, nothing to draw", path);
        qsort(s->chunk, s->n, sizeof(*s->chunk), by_worker_and_start);
    }
    return SKS_OK;
}

static void print_bar(FILE *file, size_t panel, unsigned worker, const struct bar *bar)
{
    if (bar->n_chunks > 0 || bar->kind == SPAN) /* else: before the first chunk */
        fprintf(file, "%zu,%u,%.9g,%.9g,%d,%zu\n", panel, worker, bar->start_s, bar->end_s,
                bar->kind, bar->n_chunks);
}

/* One worker's chunks, in the order of time. */
static void print_worker(FILE *file, size_t panel, const sks_schedule_chunk *chunk, size_t n,
                         double resolution_s)
{
    const unsigned worker = chunk->worker;
    struct bar bar = {.start_s = chunk[0].start_s, .end_s = chunk[n - 1].end_s, .kind = SPAN};

    print_bar(file, panel, worker, &bar);
    bar.kind = OWN;
    for (size_t i = 0; i < n; i++) {
        const int kind = chunk[i].is_stolen ? STOLEN : OWN;

        if (bar.n_chunks > 0 && bar.kind == kind && chunk[i].start_s - bar.end_s < resolution_s &&
            (chunk[i].end_s - chunk[i].start_s < resolution_s ||
             bar.end_s - bar.start_s < resolution_s)) {
            bar.end_s = chunk[i].end_s;
            bar.n_chunks++;
            continue;
        }
        print_bar(file, panel, worker, &bar);
        bar = (struct bar){chunk[i].start_s, chunk[i].end_s, 1, kind};
    }
    print_bar(file, panel, worker, &bar);
}

static void write_bars(const void *context, FILE *file)
{
    const struct content *c = context;

    fprintf(file, "panel,worker,start_s,end_s,kind,n_chunks\n");
    for (size_t p = 0; p < c->n; p++) {
        const sks_schedule *s = &c->schedule[p];

        for (size_t first = 0, end; first < s->n; first = end) {
            for (end = first; end < s->n && s->chunk[end].worker == s->chunk[first].worker; end++)
                ;
            print_worker(file, p + 1, &s->chunk[first], end - first, c->end_s / RESOLUTION);
        }
    }
}

static bool is_any_stolen(const sks_schedule *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->chunk[i].is_stolen)
            return true;
    return false;
}

static sks_status timeline_write(const sks_figure_input *input, const char *directory,
                                 sks_gnuplot *plot)
{
    struct content c = {0};
    bool is_stolen = false;
    sks_status status = read_all(input, &c);

    if (status == SKS_OK)
        status = sks_figure_csv(directory, "bars", write_bars, &c, plot);
    sks_gnuplot_number(plot, "n_panels", (double)c.n);
    for (size_t p = 0; status == SKS_OK && p < c.n; p++) {
        const sks_schedule *s = &c.schedule[p];
        char title[256];

        snprintf(title, sizeof(title), "%s%s%s: %zu tasks, %zu chunks", input->names[p],
                 s->title[0] != '\0' ? ": " : "", s->title, s->n_tasks, s->n);
        sks_gnuplot_text_i(plot, "panel_title", p + 1, title);
        sks_gnuplot_number_i(plot, "n_workers", p + 1, s->n_workers);
        is_stolen |= is_any_stolen(s);
    }
    sks_gnuplot_number(plot, "has_stolen", is_stolen);
    sks_gnuplot_number(plot, "end_s", c.end_s);
    sks_figure_time_unit(c.end_s, plot);
    for (size_t p = 0; p < c.n; p++)
        sks_schedule_clear(&c.schedule[p]);
    free(c.schedule);
    return status;
}

const sks_figure sks_figure_timeline = {
    .name = "timeline",
    .summary = "which worker computed which chunk when",
    .needs = "traces or recorded schedules of runs (run --trace FILE, run --record FILE)",
    .reads = SKS_FIGURE_OF_FILES,
    .template = "timeline.gp",
    .main_data = "bars.csv",
    .write = timeline_write,
};
