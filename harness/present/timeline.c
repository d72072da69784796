/* Who computed what when: a row for each worker, a bar for each chunk; a panel for each recorded
 * schedule (`run --record`), each trace (`run --trace`), and each series of a campaign that keeps
 * its chunks (`record: chunks`), of which that run is drawn that took the median time at the
 * greatest worker count.
 *
 * bars.csv  one row for each bar: a chunk, or neighbouring ones that would be less than a pixel
 *           apart and wide, counted in n_chunks; kind 0: the span a worker took part in, 1: its own
 *           chunks, 2: chunks it has stolen
 */
#include "harness/present/figure.h"

#include "harness/measure/schedule_file.h"
#include "harness/present/layout.h"
#include "harness/sweep/store.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESOLUTION = 1500 }; /* what is finer than this part of the time is drawn as one */

enum { SPAN, OWN, STOLEN };

/* Rows of a panel get thinner when there are more. */
static size_t row_count(unsigned n_workers)
{
    enum { MOST_FULL_ROWS = 20 };

    return n_workers < MOST_FULL_ROWS ? n_workers : MOST_FULL_ROWS;
}

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

/* ---- What is drawn: panels. */

struct panel {
    sks_schedule schedule;
    char *title;
};

struct content {
    struct panel *panel; /* [n] */
    size_t n;
    double end_s;      /* of the longest */
    bool has_campaign; /* of any panel */
};

static void content_clear(struct content *c)
{
    for (size_t p = 0; p < c->n; p++) {
        sks_schedule_clear(&c->panel[p].schedule);
        free(c->panel[p].title);
    }
    free(c->panel);
}

static int by_worker_and_start(const void *a, const void *b)
{
    const sks_schedule_chunk *x = a, *y = b;

    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    return (x->start_s > y->start_s) - (x->start_s < y->start_s);
}

/* Takes the schedule over, whether or not it succeeds. `title` may be "", `source` is its file;
 * n_chunks: how many there were. */
static sks_status add_panel(struct content *c, const char *name, const char *source,
                            const char *title, size_t n_chunks, sks_schedule schedule)
{
    struct panel *grown = realloc(c->panel, (c->n + 1) * sizeof(*grown));
    char count[64];

    if (grown == NULL) {
        sks_schedule_clear(&schedule);
        return sks_fail_nomem("a figure");
    }
    c->panel = grown;
    grown[c->n++] = (struct panel){.schedule = schedule};
    if (schedule.n == n_chunks)
        snprintf(count, sizeof(count), "%zu chunks", n_chunks);
    else
        snprintf(count, sizeof(count), "%zu of %zu chunks recorded", schedule.n, n_chunks);
    if (asprintf(&grown[c->n - 1].title, "%s%s%s: %zu tasks, %s", name,
                 title[0] != '\0' ? ": " : "", title, schedule.n_tasks, count) < 0) {
        grown[c->n - 1].title = NULL;
        return sks_fail_nomem("a figure");
    }
    if (schedule.n == 0)
        return sks_fail(SKS_ERR_INPUT, "%s: no chunks, nothing to draw", source);
    for (size_t i = 0; i < schedule.n; i++) {
        if (isnan(schedule.chunk[i].start_s) || isnan(schedule.chunk[i].end_s))
            return sks_fail(SKS_ERR_INPUT, "%s: chunk %zu has no times", source, i + 1);
        c->end_s = fmax(c->end_s, schedule.chunk[i].end_s);
    }
    qsort(schedule.chunk, schedule.n, sizeof(*schedule.chunk), by_worker_and_start);
    return SKS_OK;
}

/* ---- Runs of a campaign. */

/* Each under its kernel and what tells it from the kernel's other runs. */
static sks_status add_runs(sks_store *store, const char *name, const char *path,
                           const sks_stored_run *const *runs, const sks_layout *layout,
                           struct content *c)
{
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < layout->n; i++) {
        sks_schedule schedule = {0};
        char *title;

        if (asprintf(&title, "%s, %s", runs[i]->series.kernel, layout->label[i]) < 0)
            return sks_fail_nomem("a title");
        status = sks_store_run_chunks(store, runs[i], &schedule);
        if (status == SKS_OK)
            status = add_panel(c, name, path, title, runs[i]->n_chunks, schedule);
        free(title);
    }
    return status;
}

static sks_status add_chosen(sks_store *store, const sks_figure_input *input, size_t file,
                             const sks_stored_run *runs, size_t n, struct content *c)
{
    const char *path = input->files[file];
    const sks_stored_run **chosen = calloc(n + 1, sizeof(*chosen));
    sks_layout_item *items = calloc(n + 1, sizeof(*items));
    sks_layout layout = {0};
    size_t n_chosen = 0, n_rows = 0;
    sks_status status = chosen != NULL && items != NULL ? SKS_OK : sks_fail_nomem("a figure");

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        const sks_series *s = &runs[i].series;

        if (!sks_selection_has(&input->selection, s->kernel, s->executor, s->scheduler))
            continue;
        n_rows += row_count(runs[i].n_workers);
        items[n_chosen] = (sks_layout_item){s, path, s->kernel};
        chosen[n_chosen++] = &runs[i];
    }
    if (status == SKS_OK && n_chosen == 0)
        status = n > 0 ? sks_selection_is_empty(&input->selection, path)
                       : sks_fail(SKS_ERR_INPUT,
                                  "%s: no data for the figure \"timeline\": it needs chunks, which "
                                  "a campaign keeps with \"record: chunks\" in its sweep file",
                                  path);
    /* before all of their chunks are read */
    if (status == SKS_OK)
        status = sks_figure_check_rows("timeline", n_rows, n_chosen);
    if (status == SKS_OK)
        status = sks_layout_arrange(items, n_chosen, false, &layout);
    if (status == SKS_OK)
        status = add_runs(store, input->names[file], path, chosen, &layout, c);
    sks_layout_clear(&layout);
    free(chosen);
    free(items);
    return status;
}

static sks_status read_campaign(const sks_figure_input *input, size_t file, struct content *c)
{
    sks_stored_run *runs = NULL;
    sks_store *store = NULL;
    size_t n = 0;
    sks_status status = sks_store_open_read(input->files[file], &store);

    if (status == SKS_OK)
        status = sks_store_median_runs(store, &runs, &n);
    if (status == SKS_OK)
        status = add_chosen(store, input, file, runs, n, c);
    sks_stored_runs_free(runs, n);
    sks_store_close(store);
    c->has_campaign = true;
    return status;
}

/* ---- Files. */

/* A trace begins as JSON does; a database as SQLite's file format, version 3, has it (sqlite.org,
 * "Database File Format", 1.3). */
static void look_at(const char *path, bool *is_json, bool *is_database)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof(magic)] = "";
    FILE *file = fopen(path, "re");
    const size_t n = file != NULL ? fread(head, 1, sizeof(head) - 1, file) : 0;
    const char first = head[strspn(head, " \n\t\r")];

    *is_json = first == '{' || first == '[';
    *is_database = n == sizeof(head) - 1 && strcmp(head, magic) == 0;
    if (file != NULL)
        fclose(file);
}

static sks_status read_file(const sks_figure_input *input, size_t file, struct content *c)
{
    const char *path = input->files[file];
    sks_schedule schedule = {0};
    bool is_json, is_database;
    sks_status status;

    look_at(path, &is_json, &is_database);
    if (is_database)
        return read_campaign(input, file, c);
    status = is_json ? read_trace(path, &schedule) : sks_schedule_read(path, &schedule);
    if (status != SKS_OK)
        return status;
    return add_panel(c, input->names[file], path, schedule.title, schedule.n, schedule);
}

static sks_status read_all(const sks_figure_input *input, struct content *c)
{
    size_t n_rows = 0;
    sks_status status = SKS_OK;

    for (size_t file = 0; status == SKS_OK && file < input->n_files; file++)
        status = read_file(input, file, c);
    for (size_t p = 0; p < c->n; p++)
        n_rows += row_count(c->panel[p].schedule.n_workers);
    return status == SKS_OK ? sks_figure_check_rows("timeline", n_rows, c->n) : status;
}

/* ---- The figure's data. */

struct bar {
    double start_s, end_s;
    size_t n_chunks;
    int kind;
};

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
        const sks_schedule *s = &c->panel[p].schedule;

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

static void set_variables(const struct content *c, sks_gnuplot *plot)
{
    bool is_stolen = false;

    for (size_t p = 0; p < c->n; p++) {
        sks_gnuplot_text_i(plot, "panel_title", p + 1, c->panel[p].title);
        sks_gnuplot_number_i(plot, "n_workers", p + 1, c->panel[p].schedule.n_workers);
        is_stolen |= is_any_stolen(&c->panel[p].schedule);
    }
    sks_gnuplot_number(plot, "n_panels", (double)c->n);
    sks_gnuplot_number(plot, "has_stolen", is_stolen);
    sks_gnuplot_number(plot, "end_s", c->end_s);
    sks_gnuplot_text(plot, "remark",
                     c->has_campaign ? "of a campaign: one run each, that with the median time of "
                                       "the parallel phase at the greatest worker count"
                                     : "");
    sks_figure_time_unit(c->end_s, plot);
}

static sks_status timeline_write(const sks_figure_input *input, const char *directory,
                                 sks_gnuplot *plot)
{
    struct content c = {0};
    sks_status status = read_all(input, &c);

    if (status == SKS_OK)
        status = sks_figure_csv(directory, "bars", write_bars, &c, plot);
    if (status == SKS_OK)
        set_variables(&c, plot);
    content_clear(&c);
    return status;
}

const sks_figure sks_figure_timeline = {
    .name = "timeline",
    .summary = "which worker computed which chunk when",
    .needs = "traces or recorded schedules of runs (run --trace FILE, run --record FILE), or a "
             "campaign with \"record: chunks\" in its sweep file",
    .reads = SKS_FIGURE_OF_FILES,
    .template = "timeline.gp",
    .main_data = "bars.csv",
    .write = timeline_write,
};
