#include "harness/sweep/store_schema.h"

#include <stdio.h>
#include <stdlib.h>

/* In the file's header: tells a campaign from any other SQLite database, as `file` shows it. */
enum { APPLICATION_ID = 0x736b7973 /* "skys" */, SCHEMA_VERSION = 2 };

/* clang-format off */
const sks_sample_column sks_sample_column_table[] = {
    {"round", SKS_COLUMN_INTEGER}, {"is_warmup", SKS_COLUMN_INTEGER},
    {"started_at", SKS_COLUMN_TEXT}, {"status", SKS_COLUMN_TEXT}, {"message", SKS_COLUMN_TEXT},
    {"startup_s", SKS_COLUMN_REAL}, {"prepare_s", SKS_COLUMN_REAL},
    {"parallel_s", SKS_COLUMN_REAL}, {"finish_s", SKS_COLUMN_REAL}, {"total_s", SKS_COLUMN_REAL},
    {"wall_s", SKS_COLUMN_REAL}, {"n_tasks", SKS_COLUMN_INTEGER}, {"n_chunks", SKS_COLUMN_INTEGER},
    {"imbalance", SKS_COLUMN_REAL}, {"overhead_per_chunk_s", SKS_COLUMN_REAL},
    {"start_skew_s", SKS_COLUMN_REAL}, {"is_simulated_binding", SKS_COLUMN_INTEGER},
    {"digest", SKS_COLUMN_TEXT}, {"flops", SKS_COLUMN_REAL}, {"bytes", SKS_COLUMN_REAL},
    {"involuntary_switches", SKS_COLUMN_REAL}, {"major_faults", SKS_COLUMN_REAL},
    {"steal_s", SKS_COLUMN_REAL}, {"other_load_s", SKS_COLUMN_REAL},
    {"frequency_hz", SKS_COLUMN_REAL}, {"latency_before_s", SKS_COLUMN_REAL},
    {"latency_after_s", SKS_COLUMN_REAL}, {"is_settling", SKS_COLUMN_INTEGER},
    {"decision", SKS_COLUMN_TEXT}, {"n_events", SKS_COLUMN_INTEGER},
    {0}};
/* clang-format on */

const sks_part sks_part_table[SKS_N_PARTS] = {
    {"workers", "worker",
     "worker, asked_pu, got_pu, core, package, numa, n_chunks, n_tasks, start_s, end_s, busy_s,"
     " scheduling_s, idle_s, involuntary_switches, steals_tried, steals_won, chunks_lost",
     "worker"},
    {"counters", "counter", "worker, event, source, value, quality, reason", "event, worker"},
    {"notes", "note", "name, value", "name"},
    {"events", "event", "number, time_s, worker, first_task, n_tasks, text", "number"},
    {"chunks", "chunk", "worker, number, first_task, n_tasks, start_ns, end_ns, is_stolen",
     "worker, number"},
};

static const char tables[] =
    "CREATE TABLE campaign (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE input ("
    " path TEXT PRIMARY KEY, xxh3_128 TEXT NOT NULL, size_bytes INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE configuration ("
    " id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kernel TEXT NOT NULL,"
    " parameters TEXT NOT NULL, parameters_text TEXT NOT NULL, executor TEXT NOT NULL,"
    " scheduler TEXT NOT NULL, n_workers INTEGER NOT NULL, binding TEXT NOT NULL,"
    " is_oversubscribed INTEGER NOT NULL, is_weak INTEGER NOT NULL DEFAULT 0,"
    " series_parameters TEXT NOT NULL DEFAULT '', series_parameters_text TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE sample ("
    " id INTEGER PRIMARY KEY,"
    " configuration_id INTEGER NOT NULL REFERENCES configuration(id),"
    " round INTEGER NOT NULL, is_warmup INTEGER NOT NULL, started_at TEXT NOT NULL,"
    " status TEXT NOT NULL CHECK (status IN ('ok', 'failed')), message TEXT,"
    " startup_s REAL, prepare_s REAL, parallel_s REAL, finish_s REAL, total_s REAL, wall_s REAL,"
    " n_tasks INTEGER, n_chunks INTEGER, imbalance REAL, overhead_per_chunk_s REAL,"
    " start_skew_s REAL, is_simulated_binding INTEGER, digest TEXT, flops REAL, bytes REAL,"
    " involuntary_switches REAL, major_faults REAL, steal_s REAL, other_load_s REAL,"
    " frequency_hz REAL, latency_before_s REAL, latency_after_s REAL,"
    " is_settling INTEGER NOT NULL DEFAULT 0, decision TEXT, n_events INTEGER,"
    " UNIQUE (configuration_id, round));"
    "CREATE TABLE worker ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), worker INTEGER NOT NULL,"
    " asked_pu INTEGER, got_pu INTEGER, core INTEGER, package INTEGER, numa INTEGER,"
    " n_chunks INTEGER NOT NULL, n_tasks INTEGER NOT NULL, start_s REAL, end_s REAL, busy_s REAL,"
    " scheduling_s REAL, idle_s REAL, involuntary_switches INTEGER,"
    " steals_tried INTEGER NOT NULL, steals_won INTEGER NOT NULL, chunks_lost INTEGER,"
    " PRIMARY KEY (sample_id, worker)) WITHOUT ROWID;"
    "CREATE TABLE counter ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), worker INTEGER NOT NULL,"
    " event TEXT NOT NULL, source TEXT NOT NULL, value REAL, quality TEXT NOT NULL,"
    " reason TEXT, PRIMARY KEY (sample_id, event, worker)) WITHOUT ROWID;"
    "CREATE TABLE note ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), name TEXT NOT NULL, value REAL,"
    " PRIMARY KEY (sample_id, name)) WITHOUT ROWID;";

static const char tables_of_2[] =
    "CREATE TABLE chunk ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), worker INTEGER NOT NULL,"
    " number INTEGER NOT NULL, first_task INTEGER NOT NULL, n_tasks INTEGER NOT NULL,"
    " start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, is_stolen INTEGER NOT NULL,"
    " PRIMARY KEY (sample_id, worker, number)) WITHOUT ROWID;"
    "CREATE TABLE event ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), number INTEGER NOT NULL,"
    " time_s REAL, worker INTEGER NOT NULL, first_task INTEGER, n_tasks INTEGER NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY (sample_id, number)) WITHOUT ROWID;"
    /* So that a user who takes samples out by hand leaves nothing of them behind. */
    "CREATE TRIGGER sample_gone AFTER DELETE ON sample BEGIN"
    " DELETE FROM worker WHERE sample_id = old.id; DELETE FROM counter WHERE sample_id = old.id;"
    " DELETE FROM note WHERE sample_id = old.id; DELETE FROM chunk WHERE sample_id = old.id;"
    " DELETE FROM event WHERE sample_id = old.id; END;";

static const char one_to_two[] =
    "ALTER TABLE configuration ADD COLUMN is_weak INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE configuration ADD COLUMN series_parameters TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE configuration ADD COLUMN series_parameters_text TEXT NOT NULL DEFAULT '';"
    "UPDATE configuration SET series_parameters = parameters,"
    " series_parameters_text = parameters_text;"
    "ALTER TABLE sample ADD COLUMN is_settling INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE sample ADD COLUMN decision TEXT;"
    "ALTER TABLE sample ADD COLUMN n_events INTEGER;"
    "ALTER TABLE worker ADD COLUMN chunks_lost INTEGER;"
    "DROP TRIGGER sample_gone;"
    "INSERT OR IGNORE INTO campaign VALUES ('record', 'nothing');";

/* Names in the temporary schema hide those of the file. */
static const char disguise_one[] =
    "CREATE TEMP VIEW configuration AS SELECT *, 0 AS is_weak, parameters AS series_parameters,"
    " parameters_text AS series_parameters_text FROM main.configuration;"
    "CREATE TEMP VIEW sample AS SELECT *, 0 AS is_settling, NULL AS decision, NULL AS n_events"
    " FROM main.sample;"
    "CREATE TEMP VIEW worker AS SELECT *, NULL AS chunks_lost FROM main.worker;"
    "CREATE TEMP TABLE chunk (sample_id, worker, number, first_task, n_tasks, start_ns, end_ns,"
    " is_stolen);"
    "CREATE TEMP TABLE event (sample_id, number, time_s, worker, first_task, n_tasks, text);"
    "CREATE TEMP TABLE defaults (key TEXT PRIMARY KEY, value TEXT);"
    "CREATE TEMP VIEW campaign AS SELECT key, value FROM main.campaign"
    " UNION ALL SELECT key, value FROM temp.defaults;";

sks_status sks_samples_columns_sql(char **sql)
{
    char *text = NULL, *disturbed = NULL;
    size_t size = 0;
    FILE *out;
    sks_status status = sks_disturbed_sql(&disturbed);

    if (status != SKS_OK)
        return status;
    out = open_memstream(&text, &size);
    if (out == NULL) {
        free(disturbed);
        return sks_fail_nomem("a query");
    }
    fputs("(SELECT value FROM campaign WHERE key = 'name') AS campaign, c.kernel AS kernel,"
          " c.parameters AS parameters, c.executor AS executor, c.scheduler AS scheduler,"
          " c.n_workers AS n_workers, c.binding AS binding,"
          " c.is_oversubscribed AS is_oversubscribed",
          out);
    for (const sks_sample_column *c = sks_sample_column_table; c->name != NULL; c++)
        fprintf(out, ", s.%s AS %s", c->name, c->name);
    fprintf(out,
            ", %s AS disturbed, c.is_weak AS is_weak, s.id AS sample, c.id AS configuration,"
            " c.parameters_text AS parameters_text, c.series_parameters AS series_parameters,"
            " c.series_parameters_text AS series_parameters_text",
            disturbed);
    free(disturbed);
    if (fclose(out) != 0) {
        free(text);
        return sks_fail_nomem("a query");
    }
    *sql = text;
    return SKS_OK;
}

/* Views for whoever reads the database without this program. `temp` is "TEMP" or "". */
static sks_status make_views(const sks_store *store, const char *temp)
{
    char *disturbed = NULL, *columns = NULL, *sql = NULL;
    sks_status status = sks_disturbed_sql(&disturbed);

    if (status == SKS_OK)
        status = sks_samples_columns_sql(&columns);
    if (status == SKS_OK &&
        asprintf(&sql,
                 "CREATE %s VIEW disturbed AS SELECT sample_id, reason FROM"
                 " (SELECT s.id AS sample_id, %s AS reason" SKS_SAMPLES_FROM ") WHERE reason <> '';"
                 "CREATE %s VIEW samples AS SELECT %s" SKS_SAMPLES_FROM ";"
                 "CREATE %s VIEW medians AS SELECT configuration_id AS configuration, kernel,"
                 " parameters_text, executor, scheduler, binding, n_workers, n,"
                 " avg(total_s) AS median_total_s FROM (SELECT s.configuration_id, c.kernel,"
                 " c.parameters_text, c.executor, c.scheduler, c.binding, c.n_workers, s.total_s,"
                 " count(*) OVER (PARTITION BY c.id) AS n,"
                 " row_number() OVER (PARTITION BY c.id ORDER BY s.total_s) AS k" SKS_SAMPLES_FROM
                 " WHERE s.status = 'ok' AND NOT s.is_warmup)"
                 " WHERE k IN ((n + 1) / 2, (n + 2) / 2) GROUP BY configuration_id;",
                 temp, disturbed, temp, columns, temp) < 0)
        sql = NULL;
    if (status == SKS_OK)
        status = sql != NULL ? sks_store_exec(store, sql) : sks_fail_nomem("the database");
    free(disturbed);
    free(columns);
    free(sql);
    return status;
}

sks_status sks_store_check_schema(sks_store *store)
{
    int64_t application = 0, version = 0, n_tables = 0;
    sks_status status;

    if ((status = sks_store_query_int(store, "PRAGMA application_id", &application)) != SKS_OK ||
        (status = sks_store_query_int(store, "PRAGMA user_version", &version)) != SKS_OK ||
        (status = sks_store_query_int(store, "SELECT count(*) FROM sqlite_master", &n_tables)) !=
            SKS_OK)
        return status;
    store->is_fresh = application == 0 && version == 0 && n_tables == 0;
    if (store->is_fresh)
        return SKS_OK;
    if (application != APPLICATION_ID)
        return sks_fail(SKS_ERR_INPUT, "%s: an SQLite database, but not a campaign", store->path);
    if (version < 1 || version > SCHEMA_VERSION)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: made by a newer version of skyscale (schema %lld, this one knows %d)",
                        store->path, (long long)version, SCHEMA_VERSION);
    store->is_old = version < SCHEMA_VERSION;
    return SKS_OK;
}

static sks_status mark_version(const sks_store *store)
{
    char header[128];

    snprintf(header, sizeof(header), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION_ID, SCHEMA_VERSION);
    return sks_store_exec(store, header);
}

sks_status sks_store_make_schema(sks_store *store)
{
    sks_status status = sks_store_exec(store, tables);

    if (status == SKS_OK)
        status = sks_store_exec(store, tables_of_2);
    if (status == SKS_OK)
        status = make_views(store, "");
    return status == SKS_OK ? mark_version(store) : status;
}

/* The limits that a campaign of an older version never named. */
static sks_status insert_limits(const sks_store *store, const char *table)
{
    sks_status status = SKS_OK;

    for (int i = 0; status == SKS_OK && i < SKS_N_DISTURBANCES; i++) {
        char *sql =
            sqlite3_mprintf("INSERT OR IGNORE INTO %s VALUES ('disturbed.%s', '%s')", table,
                            sks_disturbance_table[i].name, sks_disturbance_table[i].default_text);

        status = sql != NULL ? sks_store_exec(store, sql) : sks_fail_nomem("the database");
        sqlite3_free(sql);
    }
    return status;
}

sks_status sks_store_insert_limits(const sks_store *store)
{
    return insert_limits(store, "campaign");
}

sks_status sks_store_migrate(sks_store *store)
{
    sks_status status = sks_store_exec(store, "BEGIN IMMEDIATE");

    if (status != SKS_OK)
        return status;
    if ((status = sks_store_exec(store, one_to_two)) != SKS_OK ||
        (status = sks_store_exec(store, tables_of_2)) != SKS_OK ||
        (status = insert_limits(store, "campaign")) != SKS_OK ||
        (status = make_views(store, "")) != SKS_OK || (status = mark_version(store)) != SKS_OK ||
        (status = sks_store_exec(store, "COMMIT")) != SKS_OK) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    store->is_old = false;
    return SKS_OK;
}

sks_status sks_store_disguise(sks_store *store)
{
    sks_status status = sks_store_exec(store, disguise_one);

    if (status == SKS_OK)
        status = insert_limits(store, "temp.defaults");
    return status == SKS_OK ? make_views(store, "TEMP") : status;
}
