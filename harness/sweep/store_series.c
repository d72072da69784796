/* Samples as the input of all analysis. */
#include "harness/sweep/store_schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Series being collected. */
struct collection {
    sks_series *series;
    size_t n;
};

enum {
    ID,
    KERNEL,
    PARAMETERS,
    PARAMETERS_TEXT,
    EXECUTOR,
    SCHEDULER,
    BINDING,
    WORKERS,
    CROWDED,
    WEAK
};
static const char configurations_sql[] =
    "SELECT id, kernel, series_parameters, series_parameters_text, executor, scheduler, binding,"
    " n_workers, is_oversubscribed, is_weak FROM configuration ORDER BY id";

/* What a time, or another quantity, is in terms of the columns of sample s, and the part of it
 * outside the parallel phase. `core` is the mean over the workers of the time they spent in the
 * kernel; a counter is the sum over the workers, where each has it. */
static const struct time_sql {
    const char *name, *seconds, *serial;
} times[] = {
    {"total", "s.total_s", "s.total_s - s.parallel_s"},
    {"core",
     "(SELECT CASE WHEN count(busy_s) = count(*) THEN avg(busy_s) END FROM worker"
     " WHERE sample_id = s.id)",
     "NULL"},
    {"parallel", "s.parallel_s", "NULL"},
    {"startup", "s.startup_s", "NULL"},
    {"prepare", "s.prepare_s", "NULL"},
    {"finish", "s.finish_s", "NULL"},
    {"imbalance", "s.imbalance", "NULL"},
    {"overhead", "s.overhead_per_chunk_s", "NULL"},
    {"chunks", "s.n_chunks", "NULL"},
    {"flops", "s.flops", "NULL"},
    {"bytes", "s.bytes", "NULL"},
    {"start-skew", "s.start_skew_s", "NULL"},
    {"switches", "s.involuntary_switches", "NULL"},
    {"major-faults", "s.major_faults", "NULL"},
    {"steal", "s.steal_s", "NULL"},
    {"other-load", "s.other_load_s", "NULL"},
    {"frequency", "s.frequency_hz", "NULL"},
    {"latency", "s.latency_before_s", "NULL"},
};
static const char counter_prefix[] = "counter:";
static const struct time_sql counter_sql = {
    counter_prefix,
    "(SELECT CASE WHEN count(value) = count(*) THEN sum(value) END FROM counter"
    " WHERE sample_id = s.id AND event = :event)",
    "NULL"};

/* NULL when there is no such time. */
static const struct time_sql *find_time(const char *name)
{
    if (strncmp(name, counter_prefix, strlen(counter_prefix)) == 0)
        return &counter_sql;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (strcmp(times[i].name, name) == 0)
            return &times[i];
    return NULL;
}

/* A sample as it is read. */
struct sample {
    unsigned round;
    double seconds, serial;
    sks_latency latency;
    bool is_disturbed;
};

/* A configuration's samples in the order in which they were taken. */
struct samples {
    int64_t id; /* the configuration's */
    struct sample *sample;
    size_t n, capacity;
};

/* All samples with the time asked for, in the order in which the file has them. */
static sks_status prepare_samples(const sks_store *store, const char *time_name,
                                  sqlite3_stmt **samples)
{
    const struct time_sql *time = find_time(time_name);
    char *disturbed = NULL, *sql = NULL;
    sks_status status;

    if (time == NULL)
        return sks_fail(
            SKS_ERR_USAGE,
            "unknown time \"%s\", need total, core, parallel, startup, prepare or finish",
            time_name);
    status = sks_disturbed_sql(&disturbed);
    if (status != SKS_OK)
        return status;
    if (asprintf(&sql,
                 "SELECT c.id, s.round, %s, %s, s.latency_before_s, s.latency_after_s,"
                 " %s <> ''" SKS_SAMPLES_FROM
                 "WHERE s.status = 'ok' AND NOT s.is_warmup ORDER BY s.id",
                 time->seconds, time->serial, disturbed) < 0)
        sql = NULL;
    free(disturbed);
    status = sql != NULL ? sks_store_prepare(store, sql, samples) : sks_fail_nomem("the samples");
    free(sql);
    if (status == SKS_OK && time == &counter_sql)
        sks_store_bind_text(*samples, ":event", time_name + strlen(counter_prefix));
    return status;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = ((const struct samples *)a)->id, y = ((const struct samples *)b)->id;

    return (x > y) - (x < y);
}

static int compare_rounds(const void *a, const void *b)
{
    const unsigned x = ((const struct sample *)a)->round, y = ((const struct sample *)b)->round;

    return (x > y) - (x < y);
}

/* NULL when there are none of this configuration. */
static struct samples *find_samples(struct samples *all, size_t n, int64_t id)
{
    const struct samples key = {.id = id};

    return n > 0 ? bsearch(&key, all, n, sizeof(*all), compare_ids) : NULL;
}

/* Puts the present row behind the samples of its configuration. */
static sks_status add_sample(sqlite3_stmt *row, struct samples *all, size_t n)
{
    struct samples *to = find_samples(all, n, sqlite3_column_int64(row, 0));

    if (to == NULL || sqlite3_column_type(row, 2) == SQLITE_NULL)
        return SKS_OK;
    if (to->n == to->capacity) {
        const size_t capacity = to->capacity == 0 ? 16 : 2 * to->capacity;
        struct sample *grown = realloc(to->sample, capacity * sizeof(*grown));

        if (grown == NULL)
            return sks_fail_nomem("the samples");
        to->sample = grown;
        to->capacity = capacity;
    }
    to->sample[to->n++] = (struct sample){
        .round = (unsigned)sqlite3_column_int64(row, 1),
        .seconds = sks_store_real(row, 2),
        .serial = sks_store_real(row, 3),
        .latency = {sks_store_real(row, 4), sks_store_real(row, 5)},
        .is_disturbed = sqlite3_column_int(row, 6) != 0,
    };
    return SKS_OK;
}

/* The samples of all configurations, `all` in the order of their ids. One pass through the file:
 * the samples of a configuration lie all over it, and to collect them one configuration after
 * another is to read the file as often as there are configurations. */
static sks_status read_samples(const sks_store *store, const char *time_name, struct samples *all,
                               size_t n)
{
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = prepare_samples(store, time_name, &rows);

    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row)
        status = add_sample(rows, all, n);
    sqlite3_finalize(rows);
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        if (all[i].n > 0)
            qsort(all[i].sample, all[i].n, sizeof(*all[i].sample), compare_rounds);
    return status;
}

static sks_status allocate_point(sks_point *point, size_t n)
{
    point->seconds = malloc(n * sizeof(*point->seconds));
    point->serial_seconds = malloc(n * sizeof(*point->serial_seconds));
    point->rounds = malloc(n * sizeof(*point->rounds));
    point->latencies = malloc(n * sizeof(*point->latencies));
    point->is_disturbed = malloc(n * sizeof(*point->is_disturbed));
    return point->seconds != NULL && point->serial_seconds != NULL && point->rounds != NULL &&
                   point->latencies != NULL && point->is_disturbed != NULL
               ? SKS_OK
               : sks_fail_nomem("the samples");
}

/* Fills the point with the samples, of which there are some. */
static sks_status fill_point(const struct samples *samples, sks_point *point)
{
    bool has_serial = true;
    sks_status status = allocate_point(point, samples->n);

    if (status != SKS_OK)
        return status;
    for (size_t i = 0; i < samples->n; i++) {
        const struct sample *s = &samples->sample[i];

        point->rounds[i] = s->round;
        point->seconds[i] = s->seconds;
        point->serial_seconds[i] = s->serial;
        point->latencies[i] = s->latency;
        point->is_disturbed[i] = s->is_disturbed;
        has_serial = has_serial && !isnan(s->serial);
    }
    point->n = samples->n;
    if (!has_serial) {
        free(point->serial_seconds);
        point->serial_seconds = NULL;
    }
    return SKS_OK;
}

static bool is_same(const struct collection *all, size_t i, sqlite3_stmt *row)
{
    const sks_series *s = &all->series[i];

    return s->is_weak == (sqlite3_column_int(row, WEAK) != 0) &&
           strcmp(s->kernel, sks_store_text(row, KERNEL)) == 0 &&
           strcmp(s->all_parameters, sks_store_text(row, PARAMETERS)) == 0 &&
           strcmp(s->executor, sks_store_text(row, EXECUTOR)) == 0 &&
           strcmp(s->scheduler, sks_store_text(row, SCHEDULER)) == 0 &&
           strcmp(s->binding, sks_store_text(row, BINDING)) == 0;
}

/* Appends the series that the row begins. */
static sks_status add_series(struct collection *all, sqlite3_stmt *row)
{
    sks_series *series = realloc(all->series, (all->n + 1) * sizeof(*series));

    if (series == NULL)
        return sks_fail_nomem("the series");
    all->series = series;

    sks_series made = {
        .kernel = strdup(sks_store_text(row, KERNEL)),
        .parameters = strdup(sks_store_text(row, PARAMETERS_TEXT)),
        .all_parameters = strdup(sks_store_text(row, PARAMETERS)),
        .executor = strdup(sks_store_text(row, EXECUTOR)),
        .scheduler = strdup(sks_store_text(row, SCHEDULER)),
        .binding = strdup(sks_store_text(row, BINDING)),
        .is_weak = sqlite3_column_int(row, WEAK) != 0,
    };
    all->series[all->n++] = made;
    if (made.kernel == NULL || made.parameters == NULL || made.all_parameters == NULL ||
        made.executor == NULL || made.scheduler == NULL || made.binding == NULL)
        return sks_fail_nomem("the series");
    return SKS_OK;
}

static sks_status add_point(sqlite3_stmt *row, const struct samples *samples,
                            struct collection *all)
{
    sks_point point = {
        .n_workers = (unsigned)sqlite3_column_int64(row, WORKERS),
        .is_oversubscribed = sqlite3_column_int(row, CROWDED) != 0,
    };
    sks_series *series;
    sks_point *points;
    size_t i = 0;
    sks_status status = fill_point(samples, &point);

    if (status != SKS_OK)
        goto out;
    while (i < all->n && !is_same(all, i, row))
        i++;
    if (i == all->n)
        status = add_series(all, row);
    if (status != SKS_OK)
        goto out;
    series = &all->series[i];
    points = realloc(series->points, (series->n_points + 1) * sizeof(*points));
    if (points == NULL) {
        status = sks_fail_nomem("the series");
        goto out;
    }
    series->points = points;
    points[series->n_points++] = point;
    return SKS_OK;
out:
    sks_point_clear(&point);
    return status;
}

static int compare_points(const void *a, const void *b)
{
    const unsigned x = ((const sks_point *)a)->n_workers, y = ((const sks_point *)b)->n_workers;

    return (x > y) - (x < y);
}

/* An empty list for each configuration, in the order of their ids; from malloc. */
static sks_status list_configurations(const sks_store *store, struct samples **list, size_t *n)
{
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = sks_store_prepare(store, "SELECT id FROM configuration ORDER BY id", &rows);

    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row) {
        struct samples *grown = realloc(*list, (*n + 1) * sizeof(*grown));

        if (grown == NULL) {
            status = sks_fail_nomem("the series");
            break;
        }
        grown[*n] = (struct samples){.id = sqlite3_column_int64(rows, 0)};
        *list = grown;
        ++*n;
    }
    sqlite3_finalize(rows);
    return status;
}

/* Configuration by configuration, each with samples a point; they are let go once they are in it.
 */
static sks_status collect(const sks_store *store, struct samples *samples, size_t n,
                          struct collection *all)
{
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = sks_store_prepare(store, configurations_sql, &rows);

    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row) {
        struct samples *own = find_samples(samples, n, sqlite3_column_int64(rows, ID));

        if (own == NULL || own->n == 0)
            continue;
        status = add_point(rows, own, all);
        free(own->sample);
        *own = (struct samples){.id = own->id};
    }
    sqlite3_finalize(rows);
    return status;
}

sks_status sks_store_series(sks_store *store, const char *time_name, sks_series **series, size_t *n)
{
    struct collection all = {0};
    struct samples *samples = NULL;
    size_t n_samples = 0;
    sks_status status = list_configurations(store, &samples, &n_samples);

    if (status == SKS_OK)
        status = read_samples(store, time_name, samples, n_samples);
    if (status == SKS_OK)
        status = collect(store, samples, n_samples, &all);
    for (size_t i = 0; i < n_samples; i++)
        free(samples[i].sample);
    free(samples);
    for (size_t i = 0; i < all.n; i++)
        qsort(all.series[i].points, all.series[i].n_points, sizeof(sks_point), compare_points);
    if (status != SKS_OK) {
        sks_series_free(all.series, all.n);
        return status;
    }
    *series = all.series;
    *n = all.n;
    return SKS_OK;
}
