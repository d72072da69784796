/* What goes into the database beyond a run's summary: its chunks, on request, what happened to it,
 * and the verdict on its first rounds. */
#include "harness/sweep/store_sql.h"

static sks_status insert_log(const sks_store *store, sqlite3_stmt *insert, int64_t sample,
                             unsigned worker, const sks_chunk_log *log)
{
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < log->n; i++) {
        const sks_chunk *chunk = &log->chunk[i];

        sks_store_bind_int(insert, ":sample", sample);
        sks_store_bind_int(insert, ":worker", worker);
        sks_store_bind_int(insert, ":number", (int64_t)i);
        sks_store_bind_int(insert, ":first", (int64_t)chunk->tasks.begin);
        sks_store_bind_int(insert, ":n", (int64_t)(chunk->tasks.end - chunk->tasks.begin));
        sks_store_bind_int(insert, ":start", chunk->start_ns);
        sks_store_bind_int(insert, ":end", chunk->end_ns);
        sks_store_bind_int(insert, ":stolen", chunk->is_stolen);
        status = sks_store_insert(store, insert);
    }
    return status;
}

sks_status sks_store_insert_chunks(const sks_store *store, int64_t sample, const sks_record *record)
{
    sqlite3_stmt *insert = NULL;
    sks_status status;

    if (record->logs == NULL)
        return SKS_OK;
    status = sks_store_prepare(
        store,
        "INSERT INTO chunk (sample_id, worker, number, first_task, n_tasks, start_ns, end_ns,"
        " is_stolen) VALUES (:sample, :worker, :number, :first, :n, :start, :end, :stolen)",
        &insert);
    for (unsigned w = 0; status == SKS_OK && w < record->n_workers; w++)
        status = insert_log(store, insert, sample, w, &record->logs[w]);
    sqlite3_finalize(insert);
    return status;
}

sks_status sks_store_insert_events(const sks_store *store, int64_t sample, const sks_record *record)
{
    const size_t n =
        record->n_happened < SKS_MAX_EVENTS_KEPT ? record->n_happened : SKS_MAX_EVENTS_KEPT;
    sqlite3_stmt *insert = NULL;
    sks_status status;

    if (n == 0)
        return SKS_OK;
    status = sks_store_prepare(
        store,
        "INSERT INTO event (sample_id, number, time_s, worker, first_task, n_tasks, text)"
        " VALUES (:sample, :number, :time, :worker, :first, :n, :text)",
        &insert);
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        const sks_event *event = &record->happened[i];
        const size_t n_tasks = event->tasks.end - event->tasks.begin;

        sks_store_bind_int(insert, ":sample", sample);
        sks_store_bind_int(insert, ":number", (int64_t)i);
        sks_store_bind_real(insert, ":time", event->time_s);
        sks_store_bind_int(insert, ":worker", event->worker);
        sks_store_bind_known(insert, ":first", n_tasks > 0 ? (int64_t)event->tasks.begin : -1);
        sks_store_bind_int(insert, ":n", (int64_t)n_tasks);
        sks_store_bind_text(insert, ":text", event->text);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

static sks_status mark_all(sks_store *store, const unsigned *settled)
{
    sqlite3_stmt *update = NULL;
    sks_status status = sks_store_prepare(
        store,
        "UPDATE sample SET is_settling = NOT is_warmup AND round < :settled"
        " WHERE configuration_id = :id AND is_settling <> (NOT is_warmup AND round < :settled)",
        &update);

    for (size_t i = 0; status == SKS_OK && i < store->n_ids; i++) {
        sks_store_bind_int(update, ":id", store->ids[i]);
        sks_store_bind_int(update, ":settled", settled[i]);
        status = sks_store_insert(store, update);
    }
    sqlite3_finalize(update);
    return status;
}

sks_status sks_store_mark_settling(sks_store *store, const unsigned *settled)
{
    sks_status status = sks_store_exec(store, "BEGIN IMMEDIATE");

    if (status != SKS_OK)
        return status;
    if ((status = mark_all(store, settled)) != SKS_OK ||
        (status = sks_store_exec(store, "COMMIT")) != SKS_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
