/* Samples: written whole in one transaction, and read back in the few numbers the runner needs. */
#include "harness/sweep/store_sql.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bind_record(sqlite3_stmt *insert, const sks_record *r)
{
    const sks_noise *noise = &r->noise;

    sks_store_bind_real(insert, ":startup_s", r->phases.startup_s);
    sks_store_bind_real(insert, ":prepare_s", r->phases.prepare_s);
    sks_store_bind_real(insert, ":parallel_s", r->phases.parallel_s);
    sks_store_bind_real(insert, ":finish_s", r->phases.finish_s);
    sks_store_bind_real(insert, ":total_s", r->phases.total_s);
    sks_store_bind_int(insert, ":n_tasks", (int64_t)r->n_tasks);
    sks_store_bind_int(insert, ":n_chunks", (int64_t)r->n_chunks);
    sks_store_bind_real(insert, ":imbalance", r->imbalance);
    sks_store_bind_real(insert, ":overhead_per_chunk_s", r->overhead_per_chunk_s);
    sks_store_bind_real(insert, ":start_skew_s", r->start_skew_s);
    sks_store_bind_int(insert, ":is_simulated_binding", r->is_simulated_binding);
    sks_store_bind_text(insert, ":digest", r->digest.hex);
    sks_store_bind_real(insert, ":flops", r->work.flops);
    sks_store_bind_real(insert, ":bytes", r->work.bytes);
    sks_store_bind_real(insert, ":involuntary_switches", noise->involuntary_switches);
    sks_store_bind_real(insert, ":major_faults", noise->major_faults);
    sks_store_bind_real(insert, ":steal_s", noise->steal_s);
    sks_store_bind_real(insert, ":other_load_s", noise->other_load_s);
    sks_store_bind_real(insert, ":frequency_hz", noise->frequency_hz);
    sks_store_bind_real(insert, ":latency_before_s", noise->latency_before_s);
    sks_store_bind_real(insert, ":latency_after_s", noise->latency_after_s);
    sks_store_bind_text(insert, ":decision", r->decision[0] != '\0' ? r->decision : NULL);
    sks_store_bind_int(insert, ":n_events", (int64_t)r->n_happened);
}

static sks_status insert_sample(const sks_store *store, const sks_outcome *outcome, int64_t *id)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        store,
        "INSERT INTO sample (configuration_id, round, is_warmup, started_at, status, message,"
        " startup_s, prepare_s, parallel_s, finish_s, total_s, wall_s, n_tasks, n_chunks,"
        " imbalance, overhead_per_chunk_s, start_skew_s, is_simulated_binding, digest, flops,"
        " bytes, involuntary_switches, major_faults, steal_s, other_load_s, frequency_hz,"
        " latency_before_s, latency_after_s, decision, n_events) VALUES (:configuration, :round, "
        ":is_warmup,"
        " :started_at, :status, :message, :startup_s, :prepare_s, :parallel_s, :finish_s,"
        " :total_s, :wall_s, :n_tasks, :n_chunks, :imbalance, :overhead_per_chunk_s,"
        " :start_skew_s, :is_simulated_binding, :digest, :flops, :bytes, :involuntary_switches,"
        " :major_faults, :steal_s, :other_load_s, :frequency_hz, :latency_before_s,"
        " :latency_after_s, :decision, :n_events)",
        &insert);

    if (status != SKS_OK)
        return status;
    sks_store_bind_int(insert, ":configuration", store->ids[outcome->item]);
    sks_store_bind_int(insert, ":round", outcome->round);
    sks_store_bind_int(insert, ":is_warmup", outcome->is_warmup);
    sks_store_bind_text(insert, ":started_at", outcome->started_at);
    sks_store_bind_text(insert, ":status", outcome->failure == NULL ? "ok" : "failed");
    sks_store_bind_text(insert, ":message", outcome->failure);
    sks_store_bind_real(insert, ":wall_s", outcome->wall_s);
    if (outcome->record != NULL)
        bind_record(insert, outcome->record);
    status = sks_store_insert(store, insert);
    if (status == SKS_OK)
        *id = sqlite3_last_insert_rowid(store->db);
    sqlite3_finalize(insert);
    return status;
}

static sks_status insert_workers(const sks_store *store, int64_t id, const sks_record *record)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        store,
        "INSERT INTO worker (sample_id, worker, asked_pu, got_pu, core, package, numa, n_chunks,"
        " n_tasks, start_s, end_s, busy_s, scheduling_s, idle_s, involuntary_switches,"
        " steals_tried, steals_won, chunks_lost) VALUES (:sample, :worker, :asked_pu, :got_pu, "
        ":core, :package,"
        " :numa, :n_chunks, :n_tasks, :start_s, :end_s, :busy_s, :scheduling_s, :idle_s,"
        " :involuntary_switches, :steals_tried, :steals_won, :chunks_lost)",
        &insert);

    for (unsigned i = 0; status == SKS_OK && i < record->n_workers; i++) {
        const sks_worker_record *w = &record->workers[i];

        sks_store_bind_int(insert, ":sample", id);
        sks_store_bind_int(insert, ":worker", i);
        sks_store_bind_known(insert, ":asked_pu", w->asked.pu);
        sks_store_bind_known(insert, ":got_pu", w->got.pu);
        sks_store_bind_known(insert, ":core", w->asked.core);
        sks_store_bind_known(insert, ":package", w->asked.package);
        sks_store_bind_known(insert, ":numa", w->asked.numa);
        sks_store_bind_int(insert, ":n_chunks", (int64_t)w->n_chunks);
        sks_store_bind_int(insert, ":n_tasks", (int64_t)w->n_tasks);
        sks_store_bind_real(insert, ":start_s", w->start_s);
        sks_store_bind_real(insert, ":end_s", w->end_s);
        sks_store_bind_real(insert, ":busy_s", w->busy_s);
        sks_store_bind_real(insert, ":scheduling_s", w->scheduling_s);
        sks_store_bind_real(insert, ":idle_s", w->idle_s);
        sks_store_bind_known(insert, ":involuntary_switches", w->involuntary_switches);
        sks_store_bind_int(insert, ":steals_tried", (int64_t)w->steals.steals_tried);
        sks_store_bind_int(insert, ":steals_won", (int64_t)w->steals.steals_won);
        sks_store_bind_known(insert, ":chunks_lost",
                             record->logs != NULL ? (int64_t)record->logs[i].n_lost : -1);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

/* Per worker; sums over workers are derived. */
static sks_status insert_counters(const sks_store *store, int64_t id, const sks_record *record)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        store,
        "INSERT INTO counter (sample_id, worker, event, source, value, quality, reason)"
        " VALUES (:sample, :worker, :event, :source, :value, :quality, :reason)",
        &insert);

    for (unsigned w = 0; status == SKS_OK && w < record->n_workers; w++)
        for (size_t e = 0; status == SKS_OK && e < record->n_events; e++) {
            const sks_count *count = &record->workers[w].counts[e];

            sks_store_bind_int(insert, ":sample", id);
            sks_store_bind_int(insert, ":worker", w);
            sks_store_bind_text(insert, ":event", record->events[e]);
            sks_store_bind_text(insert, ":source", record->event_sources[e]);
            sks_store_bind_real(insert, ":value", count->value);
            sks_store_bind_text(insert, ":quality", sks_quality_name[count->quality]);
            sks_store_bind_text(insert, ":reason", count->reason[0] != '\0' ? count->reason : NULL);
            status = sks_store_insert(store, insert);
        }
    sqlite3_finalize(insert);
    return status;
}

static sks_status insert_notes(const sks_store *store, int64_t id, const sks_notes *notes)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        store, "INSERT INTO note (sample_id, name, value) VALUES (:sample, :name, :value)",
        &insert);

    for (size_t i = 0; status == SKS_OK && i < notes->n; i++) {
        sks_store_bind_int(insert, ":sample", id);
        sks_store_bind_text(insert, ":name", notes->note[i].name);
        sks_store_bind_real(insert, ":value", notes->note[i].value);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

sks_status sks_store_add(sks_store *store, const sks_outcome *outcome)
{
    const sks_record *record = outcome->record;
    int64_t id = 0;
    sks_status status;

    assert(outcome->item < store->n_ids);
    status = sks_store_exec(store, "BEGIN IMMEDIATE");
    if (status != SKS_OK)
        return status;
    status = insert_sample(store, outcome, &id);
    if (status == SKS_OK && record != NULL) {
        if ((status = insert_workers(store, id, record)) == SKS_OK &&
            (status = insert_counters(store, id, record)) == SKS_OK &&
            (status = sks_store_insert_events(store, id, record)) == SKS_OK &&
            (status = sks_store_insert_chunks(store, id, record)) == SKS_OK)
            status = insert_notes(store, id, &record->notes);
    }
    if (status == SKS_OK)
        status = sks_store_exec(store, "COMMIT");
    if (status != SKS_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* The item with this configuration.id; ids of a plan that was entered in its own order increase,
 * so the first guess is nearly always right. */
static size_t item_of(const sks_store *store, int64_t id)
{
    if (id >= 1 && (size_t)id <= store->n_ids && store->ids[id - 1] == id)
        return (size_t)(id - 1);
    for (size_t i = 0; i < store->n_ids; i++)
        if (store->ids[i] == id)
            return i;
    return SIZE_MAX;
}

sks_status sks_store_samples(sks_store *store, sks_sample **samples, size_t *n)
{
    sqlite3_stmt *query = NULL;
    sks_sample *array = NULL;
    size_t used = 0, room = 0;
    bool has_row = true;
    sks_status status =
        sks_store_prepare(store,
                          "SELECT configuration_id, round, is_warmup, status = 'failed', total_s,"
                          " wall_s FROM sample ORDER BY id",
                          &query);

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row) {
        if (used == room) {
            sks_sample *grown = realloc(array, (room = 2 * room + 256) * sizeof(*array));

            if (grown == NULL) {
                status = sks_fail_nomem("the samples");
                break;
            }
            array = grown;
        }
        array[used++] = (sks_sample){
            .item = item_of(store, sqlite3_column_int64(query, 0)),
            .round = (unsigned)sqlite3_column_int64(query, 1),
            .is_warmup = sqlite3_column_int(query, 2) != 0,
            .is_failed = sqlite3_column_int(query, 3) != 0,
            .total_s = sks_store_real(query, 4),
            .wall_s = sks_store_real(query, 5),
        };
    }
    sqlite3_finalize(query);
    if (status != SKS_OK) {
        free(array);
        return status;
    }
    *samples = array;
    *n = used;
    return SKS_OK;
}

sks_status sks_store_digest(sks_store *store, size_t item, sks_digest *digest, bool *is_known)
{
    sqlite3_stmt *query = NULL;
    bool has_row = false;
    sks_status status = sks_store_prepare(
        store,
        "SELECT s.digest FROM configuration c JOIN configuration same USING (kernel, parameters)"
        " JOIN sample s ON s.configuration_id = same.id"
        " WHERE c.id = :id AND s.status = 'ok' AND s.digest IS NOT NULL ORDER BY s.id LIMIT 1",
        &query);

    if (status == SKS_OK) {
        sks_store_bind_int(query, ":id", store->ids[item]);
        status = sks_store_step(store, query, &has_row);
    }
    if (status == SKS_OK) {
        *is_known = has_row;
        if (has_row)
            snprintf(digest->hex, sizeof(digest->hex), "%s", sks_store_text(query, 0));
    }
    sqlite3_finalize(query);
    return status;
}

sks_status sks_store_first_failure(sks_store *store, char **message)
{
    sqlite3_stmt *query = NULL;
    bool has_row = false;
    char *found = NULL;
    sks_status status = sks_store_prepare(
        store, "SELECT message FROM sample WHERE status = 'failed' ORDER BY id LIMIT 1", &query);

    if (status == SKS_OK)
        status = sks_store_step(store, query, &has_row);
    if (status == SKS_OK && has_row && (found = strdup(sks_store_text(query, 0))) == NULL)
        status = sks_fail_nomem("a message");
    sqlite3_finalize(query);
    if (status == SKS_OK)
        *message = found;
    return status;
}
