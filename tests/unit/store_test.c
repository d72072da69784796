/* Property: what goes into a campaign database comes out again, missing values as NULL; a database
 * that is not ours, or belongs to another plan or to another writer, is refused with its name and
 * the cause; and a database holds a whole plan or nothing. */
#include "sweep_files.h"

#include "harness/sweep/export.h"
#include "harness/sweep/store.h"

#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/wait.h>

static sks_topology *topology;
static const char sweep_text[] = "campaign: stored\n"
                                 "kernels:\n"
                                 "- {kernel: null, tasks: [3, 10000]}\n"
                                 "workers: [2, 1]\n"
                                 "schedulers: [static, \"dynamic:chunk=4\"]\n"
                                 "seed: 5\n";

static int set_up(void **state)
{
    return sks_topology_load("package:1 core:4 pu:2", &topology) != SKS_OK || make_folder(state);
}

static int tear_down(void **state)
{
    sks_topology_destroy(topology);
    return remove_folder(state);
}

static void must(sks_status status)
{
    if (status != SKS_OK)
        fail_msg("%s", sks_message());
}

/* It failed as it should, with the database's name first and the cause somewhere after it. */
static void must_fail(sks_status got, sks_status wanted, const char *name, const char *cause)
{
    assert_int_equal(got, wanted);
    if (strncmp(sks_message(), in_folder(name), strlen(in_folder(name))) != 0 ||
        strstr(sks_message(), cause) == NULL)
        fail_msg("wanted \"%s…%s\", got \"%s\"", in_folder(name), cause, sks_message());
    sks_clear();
}

static sks_plan *load_plan(const char *text)
{
    sks_plan *plan = NULL;

    sks_clear();
    write_text("sweep.yaml", text);
    must(sks_plan_load(in_folder("sweep.yaml"), topology, &plan));
    return plan;
}

/* A new database with the plan in it. */
static sks_store *make_store(const char *name, const sks_plan *plan)
{
    sks_store *store = NULL;

    unlink(in_folder(name));
    must(sks_store_open(in_folder(name), &store));
    must(sks_store_enter_plan(store, plan, "{\"host\": \"here\"}"));
    return store;
}

/* The first column of the first row, as another program would read it; "NULL" for NULL. */
static const char *ask(const char *name, const char *sql)
{
    static char answer[4][256];
    static unsigned next;
    char *text = answer[next++ % 4];
    sqlite3 *db;
    sqlite3_stmt *query;

    assert_int_equal(sqlite3_open_v2(in_folder(name), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    snprintf(text, sizeof(answer[0]), "%s",
             sqlite3_column_type(query, 0) == SQLITE_NULL
                 ? "NULL"
                 : (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    sqlite3_close(db);
    return text;
}

static void alter(const char *name, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(in_folder(name), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void add(sks_store *store, size_t item, unsigned round, double total_s, const char *failure)
{
    sks_worker_record worker = {.asked = {0, 0, 0, 0}, .got = {0, 0, 0, 0}, .n_tasks = 3};
    sks_record record = {
        .phases = {.parallel_s = total_s / 2, .total_s = total_s},
        .n_workers = 1,
        .workers = &worker,
        .digest = {"0123456789abcdef0123456789abcdef"},
    };
    sks_outcome outcome = {
        .item = item,
        .round = round,
        .is_warmup = round == 0,
        .started_at = "2026-01-02T03:04:05.006Z",
        .wall_s = 2 * total_s,
        .failure = failure,
        .record = &record,
    };

    must(sks_store_add(store, &outcome));
}

static void round_trip(void **state)
{
    sks_plan *plan = load_plan(sweep_text);
    sks_store *store = make_store("trip.db", plan);
    sks_worker_record workers[2] = {
        {.asked = {4, 2, 1, 0},
         .got = {4, 2, 1, 0},
         .n_chunks = 5,
         .n_tasks = 2,
         .start_s = 0.125,
         .end_s = 1.5,
         .busy_s = 1.25,
         .scheduling_s = 0.25,
         .idle_s = 0.5,
         .involuntary_switches = 7,
         .steals = {9, 8},
         .counts = {{.value = 100, .quality = SKS_EXACT}, {.value = 5, .quality = SKS_EXACT}}},
        {.asked = {-1, -1, -1, -1},
         .got = {-1, -1, -1, -1},
         .busy_s = NAN,
         .involuntary_switches = -1,
         .counts = {{.value = 50, .quality = SKS_MULTIPLEXED, .reason = "shared"},
                    {.value = NAN, .quality = SKS_UNAVAILABLE, .reason = "refused, \"here\""}}},
    };
    sks_record record = {
        .phases = {0.5, 0.0625, 1.5, 0.25, 2.3125},
        .n_tasks = 3,
        .n_chunks = 5,
        .n_workers = 2,
        .imbalance = NAN,
        .overhead_per_chunk_s = 1e-7,
        .start_skew_s = 0.25,
        .noise = {.involuntary_switches = 3, .steal_s = NAN, .latency_before_s = 1e-7},
        .n_events = 2,
        .events = {"cycles", "odd, one"},
        .event_sources = {"perf", "papi"},
        .notes = {.n = 2, .note = {{"not_mapped", 4}, {"unknown", NAN}}},
        .digest = {"0123456789abcdef0123456789abcdef"},
        .work = {NAN, 64},
        .workers = workers,
    };
    sks_outcome outcome = {.item = 3,
                           .round = 1,
                           .started_at = "2026-01-02T03:04:05.006Z",
                           .wall_s = NAN,
                           .record = &record};
    sks_sample *samples;
    sks_digest digest;
    bool is_known;
    size_t n;

    (void)state;
    must(sks_store_add(store, &outcome));
    must(sks_store_samples(store, &samples, &n));
    assert_int_equal(n, 1);
    assert_int_equal(samples[0].item, 3);
    assert_int_equal(samples[0].round, 1);
    assert_false(samples[0].is_warmup);
    assert_false(samples[0].is_failed);
    assert_true(samples[0].total_s == 2.3125);
    assert_true(isnan(samples[0].wall_s));
    free(samples);
    must(sks_store_digest(store, 2, &digest, &is_known));
    assert_true(is_known); /* of item 3, which has the same kernel and parameters */
    assert_string_equal(digest.hex, record.digest.hex);
    must(sks_store_digest(store, 5, &digest, &is_known));
    assert_false(is_known);
    /* Seen by another program while the writer has it open. */
    assert_string_equal(ask("trip.db", "SELECT prepare_s FROM sample"), "0.0625");
    sks_store_close(store);

    assert_string_equal(ask("trip.db", "SELECT typeof(imbalance) || typeof(wall_s) || "
                                       "typeof(steal_s) || typeof(flops) || typeof(message) "
                                       "FROM sample"),
                        "nullnullnullnullnull");
    assert_string_equal(ask("trip.db", "SELECT total_s = startup_s + prepare_s + parallel_s + "
                                       "finish_s AND bytes = 64 AND involuntary_switches = 3 AND "
                                       "latency_before_s = 1e-7 AND status = 'ok' FROM sample"),
                        "1");
    assert_string_equal(ask("trip.db", "SELECT asked_pu || got_pu || core || package || numa || ' '"
                                       " || n_chunks || n_tasks || ' ' || start_s || ' ' || end_s "
                                       "|| ' ' || busy_s || ' ' || scheduling_s || ' ' || idle_s "
                                       "|| ' ' || involuntary_switches || steals_tried || "
                                       "steals_won FROM worker WHERE worker = 0"),
                        "44210 52 0.125 1.5 1.25 0.25 0.5 798");
    assert_string_equal(ask("trip.db", "SELECT count(*) FROM worker WHERE worker = 1 AND asked_pu "
                                       "IS NULL AND got_pu IS NULL AND core IS NULL AND busy_s IS "
                                       "NULL AND involuntary_switches IS NULL"),
                        "1");
    assert_string_equal(ask("trip.db", "SELECT value IS NULL AND quality = 'unavailable' AND "
                                       "reason = 'refused, \"here\"' AND source = 'papi' FROM "
                                       "counter WHERE event = 'odd, one' AND worker = 1"),
                        "1");
    assert_string_equal(ask("trip.db", "SELECT reason FROM counter WHERE event = 'cycles' AND "
                                       "worker = 0"),
                        "NULL");
    assert_string_equal(ask("trip.db", "SELECT value FROM note WHERE name = 'not_mapped'"), "4.0");
    assert_string_equal(ask("trip.db", "SELECT value FROM note WHERE name = 'unknown'"), "NULL");
    assert_string_equal(ask("trip.db", "SELECT parameters || scheduler || n_workers FROM sample s "
                                       "JOIN configuration c ON c.id = s.configuration_id"),
                        "{\"tasks\":3}dynamic:chunk=41");
    assert_string_equal(ask("trip.db", "SELECT value FROM campaign WHERE key = 'sweep'"),
                        sweep_text);
    assert_string_equal(ask("trip.db", "SELECT value FROM campaign WHERE key = 'machine'"),
                        "{\"host\": \"here\"}");
    assert_string_equal(ask("trip.db", "PRAGMA integrity_check"), "ok");
    sks_plan_destroy(plan);
}

/* A sample that cannot be added whole is not added at all. */
static void one_transaction_per_sample(void **state)
{
    sks_plan *plan = load_plan(sweep_text);
    sks_store *store = make_store("whole.db", plan);
    sks_record record = {.notes = {.n = 2, .note = {{"same", 1}, {"same", 2}}}};
    sks_outcome outcome = {.started_at = "now", .record = &record};

    (void)state;
    must_fail(sks_store_add(store, &outcome), SKS_ERR_IO, "whole.db", "UNIQUE");
    add(store, 0, 0, 1, NULL);
    assert_string_equal(ask("whole.db", "SELECT count(*) FROM sample"), "1");
    assert_string_equal(ask("whole.db", "SELECT count(*) FROM note"), "0");
    outcome.record = NULL; /* the same round of the same configuration again */
    must_fail(sks_store_add(store, &outcome), SKS_ERR_IO, "whole.db", "UNIQUE");
    sks_store_close(store);
    sks_plan_destroy(plan);
}

static void series(void **state)
{
    sks_plan *plan = load_plan(sweep_text);
    sks_store *store = make_store("series.db", plan);
    sks_series *series;
    size_t n;

    (void)state;
    /* Items: tasks 3 static 2 and 1 workers, tasks 3 dynamic 2, 1, tasks 10000 static 2, 1, … */
    for (unsigned round = 0; round < 4; round++) {
        add(store, 0, round, 1 + round, NULL);
        add(store, 1, round, 10 + round, round == 2 ? "it broke" : NULL);
        add(store, 2, round, 20 + round, "it broke");
        add(store, 5, round, 30 + round, NULL);
    }
    sks_store_close(store);
    must(sks_store_open_read(in_folder("series.db"), &store));
    must(sks_store_series(store, "total", &series, &n));
    assert_int_equal(n, 2); /* the one that always failed, and those not run, are no series */
    assert_string_equal(series[0].kernel, "null");
    assert_string_equal(series[0].parameters, "tasks=3");
    assert_string_equal(series[0].executor, "threads");
    assert_string_equal(series[0].scheduler, "static");
    assert_string_equal(series[0].binding, "cores");
    assert_int_equal(series[0].n_points, 2);
    assert_int_equal(series[0].points[0].n_workers, 1); /* increasing, unlike in the plan */
    assert_int_equal(series[0].points[0].n, 2);
    assert_true(series[0].points[0].seconds[0] == 11);
    assert_true(series[0].points[0].seconds[1] == 13);
    assert_int_equal(series[0].points[1].n_workers, 2);
    assert_int_equal(series[0].points[1].n, 3);
    assert_string_equal(series[1].parameters, "");
    assert_int_equal(series[1].n_points, 1);
    sks_series_free(series, n);
    must(sks_store_series(store, "parallel", &series, &n));
    assert_true(series[0].points[0].seconds[0] == 5.5);
    sks_series_free(series, n);
    assert_int_equal(sks_store_series(store, "total_s; --", &series, &n), SKS_ERR_USAGE);
    sks_clear();
    sks_store_close(store);
    sks_plan_destroy(plan);
}

/* In a child, since a second descriptor of one process would drop the first one's locks. */
static void second_writer(void **state)
{
    sks_plan *plan = load_plan(sweep_text);
    sks_store *store = make_store("busy.db", plan);
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        sks_store *second = NULL, *reader = NULL;
        bool is_refused = sks_store_open(in_folder("busy.db"), &second) == SKS_ERR_IO &&
                          strstr(sks_message(), "another skyscale") != NULL;
        bool is_read = sks_store_open_read(in_folder("busy.db"), &reader) == SKS_OK;

        _exit(is_refused && is_read && second == NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    add(store, 0, 0, 1, NULL); /* the first one goes on undisturbed */
    sks_store_close(store);
    must(sks_store_open(in_folder("busy.db"), &store)); /* and leaves no lock behind */
    sks_store_close(store);
    sks_plan_destroy(plan);
}

static void not_a_campaign(void **state)
{
    sks_plan *plan = load_plan(sweep_text);
    sks_store *store = NULL;
    char garbage[5000];

    (void)state;
    memset(garbage, 'x', sizeof(garbage));
    write_bytes("garbage.db", garbage, sizeof(garbage));
    write_bytes("tiny.db", garbage, 7);
    alter("other.db", "CREATE TABLE t (x)");
    write_bytes("empty.db", "", 0);
    must_fail(sks_store_open(in_folder("garbage.db"), &store), SKS_ERR_INPUT, "garbage.db",
              "not a campaign");
    must_fail(sks_store_open_read(in_folder("garbage.db"), &store), SKS_ERR_INPUT, "garbage.db",
              "not a campaign");
    must_fail(sks_store_open(in_folder("tiny.db"), &store), SKS_ERR_INPUT, "tiny.db",
              "not a campaign");
    must_fail(sks_store_open_read(in_folder("other.db"), &store), SKS_ERR_INPUT, "other.db",
              "not a campaign");
    must_fail(sks_store_open(in_folder("other.db"), &store), SKS_ERR_INPUT, "other.db",
              "not a campaign");
    must_fail(sks_store_open_read(in_folder("empty.db"), &store), SKS_ERR_INPUT, "empty.db",
              "it is empty");
    must_fail(sks_store_open_read(in_folder("absent.db"), &store), SKS_ERR_IO, "absent.db",
              "No such file");
    must_fail(sks_store_open(in_folder("no/such.db"), &store), SKS_ERR_IO, "no/such.db",
              "No such file");
    assert_int_equal(sks_store_open(folder, &store), SKS_ERR_IO);
    sks_clear();
    assert_int_equal(sks_store_open(":memory:", &store), SKS_ERR_USAGE);
    sks_clear();
    assert_null(store);
    assert_int_equal(access(in_folder("absent.db"), F_OK), -1);
    assert_string_equal(ask("other.db", "SELECT count(*) FROM sqlite_master"), "1");

    store = make_store("newer.db", plan);
    sks_store_close(store);
    alter("newer.db", "PRAGMA user_version = 7");
    must_fail(sks_store_open_read(in_folder("newer.db"), &store), SKS_ERR_INPUT, "newer.db",
              "schema 7, this one knows 2");
    must_fail(sks_store_open(in_folder("newer.db"), &store), SKS_ERR_INPUT, "newer.db",
              "schema 7, this one knows 2");
    sks_plan_destroy(plan);
}

/* A file that was made for nothing goes; one that was there stays. */
static void nothing_entered(void **state)
{
    sks_store *store = NULL;

    (void)state;
    must(sks_store_open(in_folder("nothing.db"), &store));
    sks_store_close(store);
    assert_int_equal(access(in_folder("nothing.db"), F_OK), -1);
    write_bytes("kept.db", "", 0);
    must(sks_store_open(in_folder("kept.db"), &store));
    sks_store_close(store);
    assert_int_equal(access(in_folder("kept.db"), F_OK), 0);
}

static void refuse_plan(const char *text, const char *cause)
{
    sks_plan *plan = load_plan(text);
    sks_store *store = NULL;

    must(sks_store_open(in_folder("plan.db"), &store));
    must_fail(sks_store_enter_plan(store, plan, "{}"), SKS_ERR_USAGE, "plan.db", cause);
    sks_store_close(store);
    sks_plan_destroy(plan);
}

static void another_plan(void **state)
{
#define KERNELS "kernels: [{kernel: pix2sky, image: frame.fits, random: 5}]\n"
    sks_plan *plan;
    sks_store *store;

    (void)state;
    write_text("frame.fits", "first");
    plan = load_plan("campaign: a\n" KERNELS "workers: [1, 2]\n");
    store = make_store("plan.db", plan);
    sks_store_close(store);
    sks_plan_destroy(plan);

    plan = load_plan("campaign: a # commented\n" KERNELS "workers: [2, 1]\nseed: 1\n");
    must(sks_store_open(in_folder("plan.db"), &store));
    must(sks_store_enter_plan(store, plan, "{}")); /* the same, said otherwise */
    add(store, 0, 0, 1, NULL);
    assert_string_equal(ask("plan.db", "SELECT n_workers FROM sample s JOIN configuration c ON "
                                       "c.id = s.configuration_id"),
                        "2");
    sks_store_close(store);
    sks_plan_destroy(plan);

    refuse_plan("campaign: b\n" KERNELS "workers: [1, 2]\n", "name is a there and b here");
    refuse_plan("campaign: a\n" KERNELS "workers: [1, 2]\nseed: 2\n", "seed is 1 there and 2 here");
    refuse_plan("campaign: a\n" KERNELS "workers: [1, 2]\nrepeat: {max: 10}\n",
                "repeat.max is 9 there and 10 here");
    refuse_plan("campaign: a\n" KERNELS "workers: [1, 2]\ncounters: [page-faults]\n",
                "counters is none there and page-faults here");
    refuse_plan("campaign: a\n" KERNELS "workers: [1, 3]\n", "\"workers\":3");
    refuse_plan("campaign: a\n" KERNELS "workers: [1]\n", "is planned there and missing here");
    refuse_plan("campaign: a\n" KERNELS "workers: [1-3]\n", "is missing there and planned here");
    write_text("frame.fits", "other");
    refuse_plan("campaign: a\n" KERNELS "workers: [1, 2]\n", "frame.fits has other contents");
    alter("plan.db", "UPDATE campaign SET value = '0.0' WHERE key = 'version'");
    refuse_plan("campaign: a\n" KERNELS "workers: [1, 2]\n", "version is 0.0 there");
}

static char *export(sks_store *store, sks_status (*print)(sks_store *, bool, FILE *))
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    must(print(store, false, stream));
    assert_int_equal(fclose(stream), 0);
    return text;
}

/* The sample of round_trip's database; the CSV has one row, its last cells are the counters. */
static void exports(void **state)
{
    sks_store *store = NULL;
    char *csv, *json;

    (void)state;
    must(sks_store_open_read(in_folder("trip.db"), &store));
    csv = export(store, sks_export_csv);
    assert_non_null(strstr(csv, ",counter_cycles,\"counter_odd, one\"\n"));
    assert_non_null(strstr(csv,
                           "\nstored,null,\"{\"\"tasks\"\":3}\",threads,dynamic:chunk=4,1,cores,"
                           "0,1,0,2026-01-02T03:04:05.006Z,ok,,0.5,0.0625,1.5,0.25,2.3125,,"));
    assert_string_equal(csv + strlen(csv) - strlen(",150,\n"), ",150,\n");
    json = export(store, sks_export_json);
    assert_non_null(strstr(json, "\"machine\":{\"host\":\"here\"}"));
    assert_non_null(strstr(json, "\"parameters\":{\"tasks\":3}"));
    assert_non_null(strstr(json, "\"imbalance\":null"));
    assert_non_null(strstr(json, "\"is_warmup\":false"));
    free(csv);
    free(json);
    sks_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),     cmocka_unit_test(one_transaction_per_sample),
        cmocka_unit_test(series),         cmocka_unit_test(second_writer),
        cmocka_unit_test(not_a_campaign), cmocka_unit_test(nothing_entered),
        cmocka_unit_test(another_plan),   cmocka_unit_test(exports),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
