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

/* The samples of one configuration, with the time asked for. */
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
                 "SELECT * FROM (SELECT s.round, %s AS seconds, %s, s.latency_before_s,"
                 " s.latency_after_s, %s <> ''" SKS_SAMPLES_FROM
                 "WHERE c.id = :id AND s.status = 'ok' AND NOT s.is_warmup)"
                 " WHERE seconds IS NOT NULL ORDER BY 1",
                 time->seconds, time->serial, disturbed) < 0)
        sql = NULL;
    free(disturbed);
    status = sql != NULL ? sks_store_prepare(store, sql, samples) : sks_fail_nomem("the samples");
    free(sql);
    if (status == SKS_OK && time == &counter_sql)
        sks_store_bind_text(*samples, ":event", time_name + strlen(counter_prefix));
    return status;
}

/* Room for `capacity` samples; on failure the point still holds what it held. */
static sks_status reserve(sks_point *point, size_t capacity)
{
    double *seconds = realloc(point->seconds, capacity * sizeof(*seconds));
    double *serial = realloc(point->serial_seconds, capacity * sizeof(*serial));
    unsigned *rounds = realloc(point->rounds, capacity * sizeof(*rounds));
    sks_latency *latencies = realloc(point->latencies, capacity * sizeof(*latencies));
    bool *disturbed = realloc(point->is_disturbed, capacity * sizeof(*disturbed));

    if (seconds != NULL)
        point->seconds = seconds;
    if (serial != NULL)
        point->serial_seconds = serial;
    if (rounds != NULL)
        point->rounds = rounds;
    if (latencies != NULL)
        point->latencies = latencies;
    if (disturbed != NULL)
        point->is_disturbed = disturbed;
    if (seconds == NULL || serial == NULL || rounds == NULL || latencies == NULL ||
        disturbed == NULL)
        return sks_fail_nomem("the samples");
    return SKS_OK;
}

/* Fills the point with the rows of the query. */
static sks_status read_samples(const sks_store *store, sqlite3_stmt *query, sks_point *point)
{
    size_t capacity = 0;
    bool has_row = true, has_serial = true;
    sks_status status = SKS_OK;

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row) {
        if (point->n == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            status = reserve(point, capacity);
            if (status != SKS_OK)
                break;
        }
        point->rounds[point->n] = (unsigned)sqlite3_column_int64(query, 0);
        point->seconds[point->n] = sks_store_real(query, 1);
        point->serial_seconds[point->n] = sks_store_real(query, 2);
        point->latencies[point->n] =
            (sks_latency){sks_store_real(query, 3), sks_store_real(query, 4)};
        point->is_disturbed[point->n] = sqlite3_column_int(query, 5) != 0;
        has_serial = has_serial && !isnan(point->serial_seconds[point->n]);
        point->n++;
    }
    if (!has_serial) {
        free(point->serial_seconds);
        point->serial_seconds = NULL;
    }
    return status;
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

static sks_status add_point(const sks_store *store, sqlite3_stmt *row, sqlite3_stmt *samples,
                            struct collection *all)
{
    sks_point point = {
        .n_workers = (unsigned)sqlite3_column_int64(row, WORKERS),
        .is_oversubscribed = sqlite3_column_int(row, CROWDED) != 0,
    };
    sks_series *series;
    sks_point *points;
    size_t i = 0;
    sks_status status;

    sks_store_bind_int(samples, ":id", sqlite3_column_int64(row, ID));
    status = read_samples(store, samples, &point);
    sqlite3_reset(samples);
    if (status != SKS_OK || point.n == 0)
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

sks_status sks_store_series(sks_store *store, const char *time_name, sks_series **series, size_t *n)
{
    struct collection all = {0};
    sqlite3_stmt *rows = NULL;
    sqlite3_stmt *samples = NULL;
    bool has_row = true;
    sks_status status;

    status = prepare_samples(store, time_name, &samples);
    if (status == SKS_OK)
        status = sks_store_prepare(store, configurations_sql, &rows);
    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row)
        status = add_point(store, rows, samples, &all);
    sqlite3_finalize(samples);
    sqlite3_finalize(rows);
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
