#include "harness/measure/trace.h"

#include "harness/measure/record_json.h"
#include "harness/measure/text_file.h"

#include <math.h>
#include <stdlib.h>

/* Rows: 0 is the phases', 1 + w worker w's. */
enum { PROCESS = 1, PHASES_ROW = 0 };

struct writer {
    FILE *out;
    const sks_record *record;
    double release_us; /* of the release, from the start of the run; whole nanoseconds */
    bool is_first;
};

/* Takes over `event`. */
static void put(struct writer *w, json_t *event)
{
    fputs(w->is_first ? "\n" : ",\n", w->out);
    w->is_first = false;
    if (event != NULL)
        json_dumpf(event, w->out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(event);
}

static void put_name(struct writer *w, const char *what, unsigned row, const char *name)
{
    put(w, json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "ph", "M", "name", what, "pid", PROCESS,
                     "tid", (int)row, "args", "name", name));
    put(w, json_pack("{s:s, s:s, s:i, s:i, s:{s:i}}", "ph", "M", "name", "thread_sort_index", "pid",
                     PROCESS, "tid", (int)row, "args", "sort_index", (int)row));
}

/* To the nanosecond, as put_chunk prints. */
static double rounded_us(double us)
{
    return 1e-3 * rint(1e3 * us);
}

static void put_slice(struct writer *w, unsigned row, const char *name, double start_us,
                      double end_us, json_t *arguments)
{
    put(w, json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:o}", "ph", "X", "name", name, "pid", PROCESS,
                     "tid", (int)row, "ts", rounded_us(start_us), "dur",
                     rounded_us(rounded_us(end_us) - rounded_us(start_us)), "args",
                     arguments != NULL ? arguments : json_object()));
}

/* Chunks are many: printed without the detour over an object. */
static void put_chunk(struct writer *w, unsigned row, const sks_chunk *c)
{
    const double start_us = w->release_us + 1e-3 * (double)c->start_ns;

    fprintf(w->out,
            ",\n{\"ph\":\"X\",\"cat\":\"chunk\",\"name\":\"chunk\",\"pid\":%d,\"tid\":%u,"
            "\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"begin\":%zu,\"end\":%zu,\"tasks\":%zu}}",
            PROCESS, row, start_us, 1e-3 * (double)(c->end_ns - c->start_ns), c->tasks.begin,
            c->tasks.end, c->tasks.end - c->tasks.begin);
    if (c->is_stolen)
        fprintf(w->out,
                ",\n{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"steal\",\"name\":\"steal\",\"pid\":%d,"
                "\"tid\":%u,\"ts\":%.3f}",
                PROCESS, row, start_us);
}

static void put_claim(struct writer *w, unsigned row, int64_t from_ns, int64_t to_ns)
{
    fprintf(w->out,
            ",\n{\"ph\":\"X\",\"cat\":\"claim\",\"name\":\"claim\",\"pid\":%d,\"tid\":%u,"
            "\"ts\":%.3f,\"dur\":%.3f}",
            PROCESS, row, w->release_us + 1e-3 * (double)from_ns,
            to_ns > from_ns ? 1e-3 * (double)(to_ns - from_ns) : 0.0);
}

static json_t *worker_arguments(const sks_record *r, unsigned worker)
{
    const sks_worker_record *w = &r->workers[worker];
    json_t *arguments = json_pack(
        "{s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:I}", "chunks", (json_int_t)w->n_chunks, "tasks",
        (json_int_t)w->n_tasks, "busy_s", w->busy_s, "scheduling_s", w->scheduling_s, "idle_s",
        w->idle_s, "steals_tried", (json_int_t)w->steals.steals_tried, "steals_won",
        (json_int_t)w->steals.steals_won, "chunks_not_logged",
        (json_int_t)(r->logs != NULL ? r->logs[worker].n_lost : w->n_chunks));

    for (size_t e = 0; e < r->n_events; e++)
        json_object_set_new(arguments, r->events[e], sks_json_number(w->counts[e].value));
    return arguments;
}

/* What lasts from the worker's start to its end. Its claims and chunks are told in whole
 * nanoseconds; the loop has to enclose them all to the last digit, as a viewer draws slices of one
 * row that overlap only in part in the wrong place or not at all. */
static void put_loop(struct writer *w, unsigned worker, int64_t start_ns)
{
    const sks_worker_record *r = &w->record->workers[worker];
    const sks_chunk_log *log = w->record->logs != NULL ? &w->record->logs[worker] : NULL;
    int64_t end_ns = (int64_t)ceil(1e9 * r->end_s);

    if (log != NULL && log->n > 0 && log->chunk[log->n - 1].end_ns > end_ns)
        end_ns = log->chunk[log->n - 1].end_ns;
    put_slice(w, worker + 1, "loop", w->release_us + 1e-3 * (double)start_ns,
              w->release_us + 1e-3 * (double)end_ns, worker_arguments(w->record, worker));
}

static void put_worker(struct writer *w, unsigned worker)
{
    const sks_worker_record *r = &w->record->workers[worker];
    const sks_chunk_log *log = w->record->logs != NULL ? &w->record->logs[worker] : NULL;
    const unsigned row = worker + 1;
    int64_t before_ns = (int64_t)floor(1e9 * r->start_s);
    char name[64];

    if (r->got.pu >= 0)
        snprintf(name, sizeof(name), "worker %u on unit %d", worker, r->got.pu);
    else
        snprintf(name, sizeof(name), "worker %u", worker);
    put_name(w, "thread_name", row, name);
    if (log != NULL && log->n > 0 && log->chunk[0].start_ns < before_ns)
        before_ns = log->chunk[0].start_ns;
    put_loop(w, worker, before_ns);
    for (size_t i = 0; log != NULL && i < log->n; i++) {
        put_claim(w, row, before_ns, log->chunk[i].start_ns);
        put_chunk(w, row, &log->chunk[i]);
        before_ns = log->chunk[i].end_ns;
    }
}

static void put_phases(struct writer *w)
{
    const sks_phases *p = &w->record->phases;
    const double start_us = 1e6 * p->prepare_s, end_us = w->release_us + 1e6 * p->parallel_s;

    put_name(w, "thread_name", PHASES_ROW, "phases");
    put_slice(w, PHASES_ROW, "prepare", 0, start_us, NULL);
    put_slice(w, PHASES_ROW, "start-up", start_us, w->release_us, NULL);
    put_slice(w, PHASES_ROW, "parallel", w->release_us, end_us, NULL);
    put_slice(w, PHASES_ROW, "finish", end_us, end_us + 1e6 * p->finish_s, NULL);
}

static void put_events(struct writer *w)
{
    const sks_record *r = w->record;

    for (size_t i = 0; i < r->n_happened && i < SKS_MAX_EVENTS_KEPT; i++)
        put(w,
            json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:{s:I, s:I}}", "ph", "i", "s", "p", "name",
                      r->happened[i].text, "pid", PROCESS, "tid", (int)r->happened[i].worker + 1,
                      "ts", w->release_us + 1e6 * r->happened[i].time_s, "args", "begin",
                      (json_int_t)r->happened[i].tasks.begin, "end",
                      (json_int_t)r->happened[i].tasks.end));
}

static void put_head(struct writer *w, const sks_configuration *c)
{
    const sks_record *r = w->record;
    size_t n_lost = 0;
    json_t *other;

    for (unsigned i = 0; r->logs != NULL && i < r->n_workers; i++)
        n_lost += r->logs[i].n_lost;
    other = json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I}", "kernel", c->kernel->name,
                      "executor", c->executor->name, "scheduler", c->scheduler->name,
                      "scheduler_options", sks_values_to_json(c->scheduler_options), "workers",
                      (json_int_t)r->n_workers, "tasks", (json_int_t)r->n_tasks, "chunks",
                      (json_int_t)r->n_chunks, "chunks_not_logged", (json_int_t)n_lost);
    fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":", w->out);
    if (other != NULL)
        json_dumpf(other, w->out, JSON_COMPACT);
    json_decref(other);
    fputs(",\"traceEvents\":[", w->out);
}

sks_status sks_trace_write(const char *path, const sks_configuration *configuration,
                           const sks_record *record)
{
    struct writer w = {
        .record = record,
        .release_us = 1e-3 * rint(1e9 * (record->phases.prepare_s + record->phases.startup_s)),
        .is_first = true,
    };
    sks_text_file *file = NULL;
    sks_status status = sks_text_file_create(path, &file);
    char title[128];

    if (status != SKS_OK)
        return status;
    w.out = sks_text_file_stream(file);
    snprintf(title, sizeof(title), "skyscale %s, %s, %s", configuration->kernel->name,
             configuration->executor->name, configuration->scheduler->name);
    put_head(&w, configuration);
    put_name(&w, "process_name", PHASES_ROW, title);
    put_phases(&w);
    for (unsigned i = 0; i < record->n_workers; i++)
        put_worker(&w, i);
    put_events(&w);
    fputs("\n]}\n", w.out);
    return sks_text_file_close(file, status);
}
