/* Single runs of a campaign with the chunks that each worker was given. */
#include "harness/sweep/store_schema.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE, KERNEL, PARAMETERS, EXECUTOR, SCHEDULER, BINDING, WORKERS, TASKS, CHUNKS, SAMPLES };

/* With an even number of samples the faster one of the two in the middle: half of none was run. */
static const char runs_sql[] =
    "SELECT sample, kernel, parameters, executor, scheduler, binding, n_workers, n_tasks, n_chunks,"
    " n FROM (SELECT s.id AS sample, c.id AS configuration, c.kernel AS kernel,"
    " c.series_parameters_text AS parameters, c.executor AS executor, c.scheduler AS scheduler,"
    " c.binding AS binding, c.n_workers AS n_workers, s.n_tasks AS n_tasks,"
    " s.n_chunks AS n_chunks, count(*) OVER (PARTITION BY c.id) AS n,"
    " row_number() OVER (PARTITION BY c.id ORDER BY s.parallel_s, s.id) AS k,"
    " max(c.n_workers) OVER (PARTITION BY c.kernel, c.series_parameters, c.executor, c.scheduler,"
    " c.binding, c.is_weak) AS most" SKS_SAMPLES_FROM "WHERE s.status = 'ok' AND NOT s.is_warmup"
    " AND EXISTS (SELECT 1 FROM chunk WHERE sample_id = s.id))"
    " WHERE k = (n + 1) / 2 AND n_workers = most ORDER BY configuration";

static const char chunks_sql[] =
    "SELECT worker, first_task, n_tasks, 1e-9 * start_ns, 1e-9 * end_ns, is_stolen"
    " FROM chunk WHERE sample_id = :id ORDER BY worker, number";

static sks_status append_run(sks_stored_run **runs, size_t *n, sqlite3_stmt *row)
{
    sks_stored_run *grown = realloc(*runs, (*n + 1) * sizeof(*grown));
    sks_stored_run *made;

    if (grown == NULL)
        return sks_fail_nomem("the runs");
    *runs = grown;
    made = &grown[(*n)++];
    *made = (sks_stored_run){
        .sample = sqlite3_column_int64(row, SAMPLE),
        .series = {.kernel = strdup(sks_store_text(row, KERNEL)),
                   .parameters = strdup(sks_store_text(row, PARAMETERS)),
                   .executor = strdup(sks_store_text(row, EXECUTOR)),
                   .scheduler = strdup(sks_store_text(row, SCHEDULER)),
                   .binding = strdup(sks_store_text(row, BINDING))},
        .n_workers = (unsigned)sqlite3_column_int64(row, WORKERS),
        .n_tasks = (size_t)sqlite3_column_int64(row, TASKS),
        .n_chunks = (size_t)sqlite3_column_int64(row, CHUNKS),
        .n_samples = (size_t)sqlite3_column_int64(row, SAMPLES),
    };
    if (made->series.kernel == NULL || made->series.parameters == NULL ||
        made->series.executor == NULL || made->series.scheduler == NULL ||
        made->series.binding == NULL)
        return sks_fail_nomem("the runs");
    return SKS_OK;
}

void sks_stored_runs_free(sks_stored_run *runs, size_t n)
{
    for (size_t i = 0; runs != NULL && i < n; i++)
        sks_series_clear(&runs[i].series);
    free(runs);
}

sks_status sks_store_median_runs(sks_store *store, sks_stored_run **runs, size_t *n)
{
    sks_stored_run *found = NULL;
    size_t n_found = 0;
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = sks_store_prepare(store, runs_sql, &rows);

    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row)
        status = append_run(&found, &n_found, rows);
    sqlite3_finalize(rows);
    if (status != SKS_OK) {
        sks_stored_runs_free(found, n_found);
        return status;
    }
    *runs = found;
    *n = n_found;
    return SKS_OK;
}

sks_status sks_store_run_chunks(sks_store *store, const sks_stored_run *run, sks_schedule *schedule)
{
    sks_schedule made = {.n_tasks = run->n_tasks, .n_workers = run->n_workers};
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = SKS_OK;

    /* A log never has more chunks than there were. */
    made.chunk = calloc(run->n_chunks + 1, sizeof(*made.chunk));
    if (made.chunk == NULL)
        return sks_fail_nomem("the chunks");
    status = sks_store_prepare(store, chunks_sql, &rows);
    if (status == SKS_OK)
        sks_store_bind_int(rows, ":id", run->sample);
    while (status == SKS_OK && made.n < run->n_chunks &&
           (status = sks_store_step(store, rows, &has_row)) == SKS_OK && has_row) {
        const size_t first = (size_t)sqlite3_column_int64(rows, 1);

        made.chunk[made.n++] = (sks_schedule_chunk){
            .worker = (unsigned)sqlite3_column_int64(rows, 0),
            .tasks = {first, first + (size_t)sqlite3_column_int64(rows, 2)},
            .start_s = sks_store_real(rows, 3),
            .end_s = sks_store_real(rows, 4),
            .is_stolen = sqlite3_column_int64(rows, 5) != 0,
        };
    }
    sqlite3_finalize(rows);
    if (status != SKS_OK) {
        sks_schedule_clear(&made);
        return status;
    }
    *schedule = made;
    return SKS_OK;
}
