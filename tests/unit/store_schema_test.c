/* Property: a campaign of the first schema opens. A reader sees it with today's columns and leaves
 * the file as it was, a writer brings it up to date once, in one step, and what was measured stays
 * as it was. Flags follow the limits in the database, and analyses can be had with and without the
 * flagged samples. */
#include "sweep_files.h"

#include "harness/sweep/store.h"

#include <sqlite3.h>
#include <stdbool.h>

static sks_topology *topology;

static int set_up(void **state)
{
    return sks_topology_load("package:1 core:4 pu:2", &topology) != SKS_OK || make_folder(state);
}

static int tear_down(void **state)
{
    sks_topology_destroy(topology);
    return remove_folder(state);
}

/* The schema as skyscale 0.1.0 made it, word for word. */
static const char schema_one[] =
    "CREATE TABLE campaign (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE input ("
    " path TEXT PRIMARY KEY, xxh3_128 TEXT NOT NULL, size_bytes INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE configuration ("
    " id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kernel TEXT NOT NULL,"
    " parameters TEXT NOT NULL, parameters_text TEXT NOT NULL, executor TEXT NOT NULL,"
    " scheduler TEXT NOT NULL, n_workers INTEGER NOT NULL, binding TEXT NOT NULL,"
    " is_oversubscribed INTEGER NOT NULL);"
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
    " UNIQUE (configuration_id, round));"
    "CREATE TABLE worker ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), worker INTEGER NOT NULL,"
    " asked_pu INTEGER, got_pu INTEGER, core INTEGER, package INTEGER, numa INTEGER,"
    " n_chunks INTEGER NOT NULL, n_tasks INTEGER NOT NULL, start_s REAL, end_s REAL, busy_s REAL,"
    " scheduling_s REAL, idle_s REAL, involuntary_switches INTEGER,"
    " steals_tried INTEGER NOT NULL, steals_won INTEGER NOT NULL,"
    " PRIMARY KEY (sample_id, worker)) WITHOUT ROWID;"
    "CREATE TABLE counter ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), worker INTEGER NOT NULL,"
    " event TEXT NOT NULL, source TEXT NOT NULL, value REAL, quality TEXT NOT NULL,"
    " reason TEXT, PRIMARY KEY (sample_id, event, worker)) WITHOUT ROWID;"
    "CREATE TABLE note ("
    " sample_id INTEGER NOT NULL REFERENCES sample(id), name TEXT NOT NULL, value REAL,"
    " PRIMARY KEY (sample_id, name)) WITHOUT ROWID;"
    /* So that a user who takes samples out by hand leaves nothing of them behind. */
    "CREATE TRIGGER sample_gone AFTER DELETE ON sample BEGIN"
    " DELETE FROM worker WHERE sample_id = old.id; DELETE FROM counter WHERE sample_id = old.id;"
    " DELETE FROM note WHERE sample_id = old.id; END;";

/* A small campaign of that version: three samples of one configuration and four of another. */
static const char rows_one[] =
    "PRAGMA application_id = 1936423283; PRAGMA user_version = 1;"
    "INSERT INTO campaign VALUES ('name', 'old'), ('version', '" SKS_VERSION "'),"
    " ('counters', ''), ('counter_source', 'auto'), ('repeat.warmup', '1'), ('repeat.min', '2'),"
    " ('repeat.max', '2'), ('repeat.interval', '2%'), ('confidence', '0.95'), ('seed', '1'),"
    " ('machine', '{}'), ('sweep', ''), ('created_at', '2026-01-02T03:04:05Z');"
    "INSERT INTO configuration VALUES"
    " (1, '{\"kernel\":\"null\",\"parameters\":{\"tasks\":3},\"executor\":\"threads\","
    "\"scheduler\":\"dynamic\",\"workers\":1,\"binding\":\"cores\"}', 'null', '{\"tasks\":3}',"
    " 'tasks=3', 'threads', 'dynamic', 1, 'cores', 0),"
    " (2, '{\"kernel\":\"null\",\"parameters\":{\"tasks\":3},\"executor\":\"threads\","
    "\"scheduler\":\"dynamic\",\"workers\":2,\"binding\":\"cores\"}', 'null', '{\"tasks\":3}',"
    " 'tasks=3', 'threads', 'dynamic', 2, 'cores', 0);"
    "INSERT INTO sample (configuration_id, round, is_warmup, started_at, status, parallel_s,"
    " total_s, n_tasks, digest, involuntary_switches, steal_s, latency_before_s, latency_after_s)"
    " VALUES (1, 0, 1, 'then', 'ok', 9, 9, 3, 'd', 0, 0, NULL, NULL),"
    " (2, 0, 1, 'then', 'ok', 9, 9, 3, 'd', 0, 0, 1e-7, 1e-7),"
    " (1, 1, 0, 'then', 'ok', 1.5, 2, 3, 'd', 0, 0, NULL, NULL),"
    " (2, 1, 0, 'then', 'ok', 0.5, 1, 3, 'd', 0, 0, 1e-7, 5e-7),"
    " (1, 2, 0, 'then', 'ok', 1.6, 2.125, 3, 'd', 500, 1, NULL, NULL);"
    "INSERT INTO worker (sample_id, worker, n_chunks, n_tasks, busy_s, steals_tried, steals_won)"
    " SELECT id, 0, 1, 3, 0.5, 0, 0 FROM sample;";

static const char sweep_text[] = "campaign: old\nkernels: [{kernel: null, tasks: 3}]\n"
                                 "workers: [1, 2]\nrepeat: {warmup: 1, min: 2, max: 2}\n";

static void must(sks_status status)
{
    if (status != SKS_OK)
        fail_msg("%s", sks_message());
}

static void alter(const char *name, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(in_folder(name), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static const char *ask(const char *name, const char *sql)
{
    static char answer[256];
    sqlite3 *db;
    sqlite3_stmt *query;

    assert_int_equal(sqlite3_open_v2(in_folder(name), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    sqlite3_close(db);
    return answer;
}

static void make_old(const char *name)
{
    unlink(in_folder(name));
    alter(name, schema_one);
    alter(name, rows_one);
}

static void check_series(const sks_series *series, size_t n)
{
    static const bool disturbed[] = {false, true};

    assert_int_equal(n, 1);
    assert_false(series[0].is_weak);
    assert_string_equal(series[0].parameters, "tasks=3");
    assert_int_equal(series[0].n_points, 2);
    assert_int_equal(series[0].points[0].n, 2);
    assert_true(series[0].points[0].seconds[0] == 2);
    assert_true(series[0].points[0].seconds[1] == 2.125);
    assert_memory_equal(series[0].points[0].is_disturbed, disturbed, sizeof(disturbed));
    assert_int_equal(series[0].points[1].n, 1);
    assert_true(series[0].points[1].is_disturbed[0]);
}

static void a_reader_changes_nothing(void **state)
{
    sks_store *store = NULL;
    sks_series *series;
    size_t n;

    (void)state;
    make_old("read.db");
    must(sks_store_open_read(in_folder("read.db"), &store));
    must(sks_store_series(store, "total", &series, &n));
    check_series(series, n);
    sks_series_free(series, n);
    sks_store_close(store);
    assert_string_equal(ask("read.db", "PRAGMA user_version"), "1");
    assert_string_equal(ask("read.db", "SELECT count(*) FROM sqlite_master WHERE type = 'view'"),
                        "0");
}

static sks_plan *load_plan(const char *text)
{
    sks_plan *plan = NULL;

    sks_clear();
    write_text("sweep.yaml", text);
    must(sks_plan_load(in_folder("sweep.yaml"), topology, &plan));
    return plan;
}

/* The sweep that made it goes on with it. */
static void a_writer_brings_it_up_to_date(void **state)
{
    sks_plan *plan = load_plan(sweep_text);
    sks_outcome outcome = {.item = 1, .round = 2, .started_at = "now", .wall_s = 1};
    sks_record record = {.phases = {.total_s = 1.25}};
    sks_store *store = NULL;
    sks_sample *samples;
    sks_series *series;
    size_t n;

    (void)state;
    make_old("write.db");
    must(sks_store_open(in_folder("write.db"), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    must(sks_store_samples(store, &samples, &n));
    assert_int_equal(n, 5);
    assert_true(samples[4].total_s == 2.125);
    free(samples);
    must(sks_store_series(store, "total", &series, &n));
    check_series(series, n);
    sks_series_free(series, n);
    outcome.record = &record;
    must(sks_store_add(store, &outcome));
    sks_store_close(store);
    assert_string_equal(ask("write.db", "PRAGMA user_version"), "2");
    assert_string_equal(ask("write.db", "PRAGMA integrity_check"), "ok");
    assert_string_equal(ask("write.db", "SELECT count(*) FROM sample"), "6");
    assert_string_equal(ask("write.db", "SELECT count(*) FROM worker"), "5");
    assert_string_equal(ask("write.db", "SELECT group_concat(series_parameters, ' ') FROM"
                                        " configuration"),
                        "{\"tasks\":3} {\"tasks\":3}");
    assert_string_equal(ask("write.db", "SELECT value FROM campaign WHERE key = 'record'"),
                        "nothing");
    must(sks_store_open(in_folder("write.db"), &store)); /* and once is enough */
    must(sks_store_enter_plan(store, plan, "{}"));
    sks_store_close(store);
    sks_plan_destroy(plan);
}

/* Killed in the midst of it, nothing has happened: it is one transaction. */
static void all_or_nothing(void **state)
{
    sks_store *store = NULL;

    (void)state;
    make_old("half.db");
    alter("half.db", "CREATE TABLE chunk (in_the_way)");
    assert_int_equal(sks_store_open(in_folder("half.db"), &store), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "chunk"));
    sks_clear();
    assert_string_equal(ask("half.db", "PRAGMA user_version"), "1");
    alter("half.db", "DROP TABLE chunk");
    must(sks_store_open(in_folder("half.db"), &store));
    sks_store_close(store);
    assert_string_equal(ask("half.db", "PRAGMA user_version"), "2");
}

/* Reasons are those of the limits in force; the sweep file may change them later. */
static void limits(void **state)
{
    char text[512];
    sks_plan *plan;
    sks_store *store = NULL;

    (void)state;
    make_old("limits.db");
    must(sks_store_open(in_folder("limits.db"), &store));
    sks_store_close(store);
    assert_string_equal(ask("limits.db", "SELECT group_concat(sample_id || ' ' || reason, ', ')"
                                         " FROM disturbed"),
                        "4 latency changed, 5 involuntary switches; steal time");
    snprintf(text, sizeof(text), "%sdisturbed: {latency: 6, switches: off}\n", sweep_text);
    plan = load_plan(text);
    must(sks_store_open(in_folder("limits.db"), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    sks_store_close(store);
    assert_string_equal(ask("limits.db", "SELECT group_concat(sample_id || ' ' || reason, ', ')"
                                         " FROM disturbed"),
                        "5 steal time");
    assert_string_equal(ask("limits.db", "SELECT disturbed FROM samples WHERE sample = 5"),
                        "steal time");
    assert_string_equal(ask("limits.db", "SELECT n || ' ' || median_total_s FROM medians"),
                        "2 2.0625");
    sks_plan_destroy(plan);
}

/* What settles late is flagged as long as it is asked for. */
static void settling(void **state)
{
    static const unsigned first[] = {2, 0}, none[] = {0, 0};
    sks_plan *plan = load_plan(sweep_text);
    sks_store *store = NULL;

    (void)state;
    make_old("settle.db");
    must(sks_store_open(in_folder("settle.db"), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    must(sks_store_mark_settling(store, first));
    sks_store_close(store);
    assert_string_equal(ask("settle.db", "SELECT reason FROM disturbed WHERE sample_id = 3"),
                        "still warming up");
    assert_string_equal(ask("settle.db", "SELECT sum(is_settling) FROM sample"), "1");
    must(sks_store_open(in_folder("settle.db"), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    must(sks_store_mark_settling(store, none));
    sks_store_close(store);
    assert_string_equal(ask("settle.db", "SELECT sum(is_settling) FROM sample"), "0");
    sks_plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_changes_nothing),
        cmocka_unit_test(a_writer_brings_it_up_to_date),
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(limits),
        cmocka_unit_test(settling),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
