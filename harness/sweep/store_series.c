/* Samples as the input of all analysis. */
#include "harness/sweep/store_sql.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Series being collected. `parameters` in full tells them apart; the series shows the short text.
 */
struct collection {
    sks_series *series;
    char **parameters; /* [n], JSON */
    size_t n;
};

enum { ID, KERNEL, PARAMETERS, PARAMETERS_TEXT, EXECUTOR, SCHEDULER, BINDING, WORKERS, CROWDED };
static const char configurations_sql[] =
    "SELECT id, kernel, parameters, parameters_text, executor, scheduler, binding, n_workers,"
    " is_oversubscribed FROM configuration ORDER BY id";

/* The column of a phase; the name goes into SQL, so it has to be one of these. */
static const char *phase_sql(const char *phase)
{
    static const char *const known[][2] = {
#define PHASE(name)                                                                                \
    {#name, "SELECT " #name "_s FROM sample WHERE configuration_id = :id AND status = 'ok'"        \
            " AND NOT is_warmup AND " #name "_s IS NOT NULL ORDER BY round"}
        PHASE(total), PHASE(parallel), PHASE(startup), PHASE(prepare), PHASE(finish),
#undef PHASE
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i][0], phase) == 0)
            return known[i][1];
    return NULL;
}

/* All values of the one column of a query, from malloc; room for one more than there are. */
static sks_status read_seconds(const sks_store *store, sqlite3_stmt *query, double **seconds,
                               size_t *n)
{
    double *array = malloc(sizeof(*array));
    size_t used = 0;
    bool has_row = true;
    sks_status status = array != NULL ? SKS_OK : sks_fail_nomem("the samples");

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row) {
        double *grown;

        array[used++] = sks_store_real(query, 0);
        grown = realloc(array, (used + 1) * sizeof(*array));
        if (grown == NULL)
            status = sks_fail_nomem("the samples");
        else
            array = grown;
    }
    if (status != SKS_OK) {
        free(array);
        return status;
    }
    *seconds = array;
    *n = used;
    return SKS_OK;
}

static bool is_same(const struct collection *all, size_t i, sqlite3_stmt *row)
{
    const sks_series *s = &all->series[i];

    return strcmp(s->kernel, sks_store_text(row, KERNEL)) == 0 &&
           strcmp(all->parameters[i], sks_store_text(row, PARAMETERS)) == 0 &&
           strcmp(s->executor, sks_store_text(row, EXECUTOR)) == 0 &&
           strcmp(s->scheduler, sks_store_text(row, SCHEDULER)) == 0 &&
           strcmp(s->binding, sks_store_text(row, BINDING)) == 0;
}

/* Appends the series that the row begins. */
static sks_status add_series(struct collection *all, sqlite3_stmt *row)
{
    sks_series *series = realloc(all->series, (all->n + 1) * sizeof(*series));
    char **parameters;

    if (series == NULL)
        return sks_fail_nomem("the series");
    all->series = series;
    parameters = realloc(all->parameters, (all->n + 1) * sizeof(*parameters));
    if (parameters == NULL)
        return sks_fail_nomem("the series");
    all->parameters = parameters;

    sks_series made = {
        .kernel = strdup(sks_store_text(row, KERNEL)),
        .parameters = strdup(sks_store_text(row, PARAMETERS_TEXT)),
        .executor = strdup(sks_store_text(row, EXECUTOR)),
        .scheduler = strdup(sks_store_text(row, SCHEDULER)),
        .binding = strdup(sks_store_text(row, BINDING)),
    };
    all->parameters[all->n] = strdup(sks_store_text(row, PARAMETERS));
    all->series[all->n] = made;
    all->n++;
    if (made.kernel == NULL || made.parameters == NULL || made.executor == NULL ||
        made.scheduler == NULL || made.binding == NULL || all->parameters[all->n - 1] == NULL)
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
    status = read_seconds(store, samples, &point.seconds, &point.n);
    sqlite3_reset(samples);
    if (status != SKS_OK)
        return status;
    if (point.n == 0)
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
    free(point.seconds);
    return status;
}

static int compare_points(const void *a, const void *b)
{
    const unsigned x = ((const sks_point *)a)->n_workers, y = ((const sks_point *)b)->n_workers;

    return (x > y) - (x < y);
}

sks_status sks_store_series(sks_store *store, const char *phase, sks_series **series, size_t *n)
{
    struct collection all = {0};
    sqlite3_stmt *rows = NULL;
    sqlite3_stmt *samples = NULL;
    bool has_row = true;
    sks_status status;

    if (phase_sql(phase) == NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "unknown phase \"%s\", need total, parallel, startup, prepare or finish",
                        phase);
    status = sks_store_prepare(store, configurations_sql, &rows);
    if (status == SKS_OK)
        status = sks_store_prepare(store, phase_sql(phase), &samples);
    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row)
        status = add_point(store, rows, samples, &all);
    sqlite3_finalize(samples);
    sqlite3_finalize(rows);
    for (size_t i = 0; i < all.n; i++) {
        qsort(all.series[i].points, all.series[i].n_points, sizeof(sks_point), compare_points);
        free(all.parameters[i]);
    }
    free(all.parameters);
    if (status != SKS_OK) {
        sks_series_free(all.series, all.n);
        return status;
    }
    *series = all.series;
    *n = all.n;
    return SKS_OK;
}
