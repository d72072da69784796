/* The chunks of a campaign, read again. */
#include "harness/sweep/store_schema.h"

#include <stdlib.h>
#include <string.h>

enum { ID, KERNEL, PARAMETERS, PARAMETERS_TEXT, EXECUTOR, SCHEDULER, WORKERS, TASKS };
static const char configurations_sql[] =
    "SELECT c.id, c.kernel, c.series_parameters, c.series_parameters_text, c.executor,"
    " c.scheduler, c.n_workers, max(s.n_tasks)" SKS_SAMPLES_FROM
    "WHERE s.status = 'ok' AND NOT s.is_warmup AND NOT c.is_weak"
    " AND EXISTS (SELECT 1 FROM chunk WHERE sample_id = s.id)"
    " GROUP BY c.id ORDER BY c.n_workers, max(s.n_chunks) DESC, c.id";

static const char chunks_sql[] =
    "SELECT k.sample_id, k.first_task, k.n_tasks, 1e-9 * (k.end_ns - k.start_ns)"
    " FROM chunk k JOIN sample s ON s.id = k.sample_id"
    " WHERE s.configuration_id = :id AND s.status = 'ok' AND NOT s.is_warmup"
    " ORDER BY k.sample_id";

static bool is_known(const sks_logged *logged, size_t n, sqlite3_stmt *row)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(logged[i].kernel, sks_store_text(row, KERNEL)) == 0 &&
            strcmp(logged[i].all_parameters, sks_store_text(row, PARAMETERS)) == 0)
            return true;
    return false;
}

static sks_status append(sks_logged **logged, size_t *n, sqlite3_stmt *row)
{
    sks_logged *grown = realloc(*logged, (*n + 1) * sizeof(*grown));
    sks_logged made = {
        .configuration = sqlite3_column_int64(row, ID),
        .kernel = strdup(sks_store_text(row, KERNEL)),
        .parameters = strdup(sks_store_text(row, PARAMETERS_TEXT)),
        .all_parameters = strdup(sks_store_text(row, PARAMETERS)),
        .executor = strdup(sks_store_text(row, EXECUTOR)),
        .scheduler = strdup(sks_store_text(row, SCHEDULER)),
        .n_workers = (unsigned)sqlite3_column_int64(row, WORKERS),
        .n_tasks = (size_t)sqlite3_column_int64(row, TASKS),
    };

    if (grown != NULL) {
        *logged = grown;
        grown[(*n)++] = made;
    } else {
        sks_logged_clear(&made);
    }
    if (grown == NULL || made.kernel == NULL || made.parameters == NULL ||
        made.all_parameters == NULL || made.executor == NULL || made.scheduler == NULL)
        return sks_fail_nomem("the configurations");
    return SKS_OK;
}

void sks_logged_clear(sks_logged *logged)
{
    free(logged->kernel);
    free(logged->parameters);
    free(logged->all_parameters);
    free(logged->executor);
    free(logged->scheduler);
    *logged = (sks_logged){0};
}

void sks_logged_free(sks_logged *logged, size_t n)
{
    for (size_t i = 0; logged != NULL && i < n; i++)
        sks_logged_clear(&logged[i]);
    free(logged);
}

sks_status sks_store_logged(sks_store *store, sks_logged **logged, size_t *n)
{
    sks_logged *found = NULL;
    size_t n_found = 0;
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = sks_store_prepare(store, configurations_sql, &rows);

    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row)
        if (!is_known(found, n_found, rows))
            status = append(&found, &n_found, rows);
    sqlite3_finalize(rows);
    if (status != SKS_OK) {
        sks_logged_free(found, n_found);
        return status;
    }
    *logged = found;
    *n = n_found;
    return SKS_OK;
}

sks_status sks_store_each_chunk(sks_store *store, const sks_logged *logged,
                                sks_status (*take)(void *context, int64_t sample, sks_range tasks,
                                                   double seconds),
                                void *context)
{
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = sks_store_prepare(store, chunks_sql, &rows);

    if (status == SKS_OK)
        sks_store_bind_int(rows, ":id", logged->configuration);
    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row) {
        const size_t first = (size_t)sqlite3_column_int64(rows, 1);

        status = take(context, sqlite3_column_int64(rows, 0),
                      (sks_range){first, first + (size_t)sqlite3_column_int64(rows, 2)},
                      sks_store_real(rows, 3));
    }
    sqlite3_finalize(rows);
    return status;
}
