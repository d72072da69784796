/* Property: a sweep runs every configuration once per round in an order fixed by its seed, stops a
 * configuration when its median is known, goes on after an interruption exactly as it would have
 * without one, and records what fails without stopping. */
#include "sweep_files.h"

#include "harness/sweep/runner.h"

#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>

static sks_topology *topology;

/* A kernel of one task whose runs misbehave when told to. */
static struct {
    size_t n_prepared;
    size_t cancel_at, fail_at, differ_at; /* the n-th run from 1; 0 for never */
} act;

static sks_status act_prepare(const sks_values *values, void **state)
{
    (void)values;
    act.n_prepared++;
    if (act.n_prepared == act.cancel_at) {
        sks_cancel = 1;
        return sks_fail(SKS_ERR_CANCELLED, "cancelled");
    }
    if (act.n_prepared == act.fail_at)
        return sks_fail(SKS_ERR_INPUT, "line 3: not a number");
    *state = &act;
    return SKS_OK;
}

static size_t one(const void *state)
{
    (void)state;
    return 1;
}

static sks_status act_run(const void *state, void *scratch, sks_range tasks, void *results)
{
    (void)state;
    (void)scratch;
    memset(results, 1, tasks.end - tasks.begin);
    return SKS_OK;
}

static sks_status act_finish(void *state, const void *results, sks_notes *notes)
{
    (void)state;
    (void)results;
    sks_notes_add(notes, "done", 1);
    return SKS_OK;
}

static sks_status act_digest(const void *state, sks_digest *digest)
{
    (void)state;
    snprintf(digest->hex, sizeof(digest->hex), "%032d", act.n_prepared == act.differ_at);
    return SKS_OK;
}

static sks_work act_work(const void *state)
{
    (void)state;
    return (sks_work){NAN, NAN};
}

static void act_teardown(void *state)
{
    (void)state;
}

static const sks_kernel acting = {
    .name = "null",
    .prepare = act_prepare,
    .task_count = one,
    .result_size = one,
    .run = act_run,
    .finish = act_finish,
    .digest = act_digest,
    .work = act_work,
    .teardown = act_teardown,
};

static int set_up(void **state)
{
    return sks_topology_load(NULL, &topology) != SKS_OK || make_folder(state);
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

/* 2 x 3 configurations of the acting kernel, one warm-up round and 3 to `max` others. */
static sks_plan *load_plan(unsigned seed, unsigned max)
{
    char text[256];
    sks_plan *plan = NULL;

    memset(&act, 0, sizeof(act));
    sks_cancel = 0;
    sks_clear();
    snprintf(text, sizeof(text),
             "kernels: [{kernel: null, tasks: [1, 2]}]\nworkers: [1-3]\nseed: %u\n"
             "repeat: {warmup: 1, min: 3, max: %u, interval: 1%%}\nconfidence: 0.7\n",
             seed, max);
    write_text("sweep.yaml", text);
    must(sks_plan_load(in_folder("sweep.yaml"), topology, &plan));
    for (size_t i = 0; i < plan->n_items; i++)
        plan->items[i].configuration.kernel = &acting;
    return plan;
}

static sks_status run(const sks_plan *plan, const char *name, sks_sweep_counts *counts)
{
    sks_store *store = NULL;
    sks_status status;

    must(sks_store_open(in_folder(name), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    status = sks_sweep_run(plan, store, in_folder(name), topology, NULL, counts);
    sks_store_close(store);
    return status;
}

static sks_sample *read_samples(const sks_plan *plan, const char *name, size_t *n)
{
    sks_store *store = NULL;
    sks_sample *samples;

    must(sks_store_open_read(in_folder(name), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    must(sks_store_samples(store, &samples, n));
    sks_store_close(store);
    return samples;
}

static bool is_same_order(const sks_sample *a, const sks_sample *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].item != b[i].item || a[i].round != b[i].round)
            return false;
    return true;
}

static void blocks(void **state)
{
    sks_plan *plan = load_plan(1, 3);
    sks_sweep_counts counts;
    sks_sample *first, *second;
    size_t n;
    bool is_shuffled = false;

    (void)state;
    must(run(plan, "blocks.db", &counts));
    assert_int_equal(counts.n_before, 0);
    assert_int_equal(counts.n_new, 6 * 4);
    assert_int_equal(counts.n_failed, 0);
    first = read_samples(plan, "blocks.db", &n);
    assert_int_equal(n, 6 * 4);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(first[i].round, i / 6);
        assert_int_equal(first[i].is_warmup, i < 6);
        for (size_t j = i / 6 * 6; j < i; j++)
            assert_int_not_equal(first[i].item, first[j].item);
        is_shuffled = is_shuffled || first[i].item != first[i % 6].item;
    }
    assert_true(is_shuffled);

    must(run(plan, "again.db", &counts));
    second = read_samples(plan, "again.db", &n);
    assert_true(is_same_order(first, second, n));
    free(second);
    sks_plan_destroy(plan);

    plan = load_plan(2, 3);
    must(run(plan, "other.db", &counts));
    second = read_samples(plan, "other.db", &n);
    assert_false(is_same_order(first, second, n));
    free(second);
    free(first);
    sks_plan_destroy(plan);
}

static void interruption(void **state)
{
    sks_plan *plan = load_plan(3, 3);
    sks_sweep_counts counts;
    sks_sample *whole, *parts;
    size_t n;

    (void)state;
    must(run(plan, "whole.db", &counts));
    whole = read_samples(plan, "whole.db", &n);
    for (size_t at = 1; at < 24; at += 5) {
        act.n_prepared = 0;
        act.cancel_at = at;
        assert_int_equal(run(plan, "parts.db", &counts), SKS_ERR_CANCELLED);
        assert_non_null(strstr(sks_message(), "the same command goes on"));
        sks_clear();
        sks_cancel = 0;
        act.n_prepared = 0;
        act.cancel_at = 0;
        must(run(plan, "parts.db", &counts));
        assert_int_equal(counts.n_before, at - 1);
        assert_int_equal(counts.n_new, 24 - (at - 1));
        parts = read_samples(plan, "parts.db", &n);
        assert_int_equal(n, 24);
        assert_true(is_same_order(whole, parts, n));
        free(parts);
        unlink(in_folder("parts.db"));
    }
    act.n_prepared = 0;
    must(run(plan, "whole.db", &counts));
    assert_int_equal(counts.n_new, 0);
    assert_int_equal(act.n_prepared, 0);
    free(whole);
    sks_plan_destroy(plan);
}

/* The sample number `at` failed with this message, and no other did. */
static void check_one_failure(const sks_plan *plan, const char *name, size_t at, const char *cause)
{
    sks_sample *samples;
    sks_store *store = NULL;
    char *message = NULL;
    size_t n;

    samples = read_samples(plan, name, &n);
    assert_int_equal(n, 24);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(samples[i].is_failed, i + 1 == at);
    free(samples);
    must(sks_store_open_read(in_folder(name), &store));
    must(sks_store_first_failure(store, &message));
    assert_non_null(message);
    assert_non_null(strstr(message, cause));
    free(message);
    sks_store_close(store);
}

static void failures(void **state)
{
    sks_plan *plan = load_plan(4, 3);
    sks_sweep_counts counts;

    (void)state;
    act.fail_at = 15;
    must(run(plan, "fails.db", &counts));
    assert_int_equal(counts.n_new, 24);
    assert_int_equal(counts.n_failed, 1);
    assert_string_equal(sks_message(), "");
    check_one_failure(plan, "fails.db", 15, "line 3: not a number");

    memset(&act, 0, sizeof(act));
    act.differ_at = 20;
    must(run(plan, "differs.db", &counts));
    assert_int_equal(counts.n_failed, 1);
    check_one_failure(plan, "differs.db", 20, "digest differs");
    must(run(plan, "differs.db", &counts)); /* told again, not measured again */
    assert_int_equal(counts.n_new, 0);
    assert_int_equal(counts.n_failed, 1);
    sks_plan_destroy(plan);
}

/* The product that others are held against is remembered over a restart. */
static void digest_over_restart(void **state)
{
    sks_plan *plan = load_plan(5, 3);
    sks_sweep_counts counts;

    (void)state;
    act.cancel_at = 20;
    assert_int_equal(run(plan, "restart.db", &counts), SKS_ERR_CANCELLED);
    memset(&act, 0, sizeof(act));
    sks_cancel = 0;
    sks_clear();
    act.differ_at = 1; /* the first after the restart */
    must(run(plan, "restart.db", &counts));
    check_one_failure(plan, "restart.db", 20, "digest differs");
    sks_plan_destroy(plan);
}

static void add(sks_store *store, size_t item, unsigned round, double total_s, const char *failure)
{
    sks_record record = {.phases = {.total_s = total_s}};
    sks_outcome outcome = {.item = item,
                           .round = round,
                           .is_warmup = round == 0,
                           .started_at = "then",
                           .wall_s = 2,
                           .failure = failure,
                           .record = failure == NULL ? &record : NULL};

    must(sks_store_add(store, &outcome));
}

/* Three samples give an interval of 70 % from the least to the largest. */
static void stopping(void **state)
{
    sks_plan *plan = load_plan(6, 7);
    sks_store *store = NULL;
    sks_sweep_forecast forecast;
    sks_sweep_counts counts;
    sks_sample *samples;
    size_t n, of[6] = {0};

    (void)state;
    must(sks_sweep_look_ahead(plan, NULL, &forecast));
    assert_int_equal(forecast.n_taken, 0);
    assert_int_equal(forecast.n_left_min, 6 * 4);
    assert_int_equal(forecast.n_left_max, 6 * 8);
    assert_true(isnan(forecast.seconds_max));

    must(sks_store_open(in_folder("stop.db"), &store));
    must(sks_store_enter_plan(store, plan, "{}"));
    for (unsigned round = 0; round < 4; round++) {
        add(store, 0, round, 1 + 1e-3 * round, NULL);        /* narrow */
        add(store, 1, round, 1 + 0.1 * round, NULL);         /* wide */
        add(store, 2, round, round == 0 ? 9 : 1, NULL);      /* only the warm-up is off */
        add(store, 3, round, 1, "never works");              /* always fails */
        add(store, 4, round, 1, round == 2 ? "once" : NULL); /* two are too few to tell */
    }
    must(sks_sweep_look_ahead(plan, store, &forecast));
    assert_int_equal(forecast.n_taken, 20);
    assert_int_equal(forecast.n_left_min, 1 + 1 + 4);
    assert_int_equal(forecast.n_left_max, 4 + 4 + 8);
    assert_true(fabs(forecast.seconds_max - 2 * 16) < 1e-9);
    sks_store_close(store);

    must(run(plan, "stop.db", &counts));
    samples = read_samples(plan, "stop.db", &n);
    for (size_t i = 0; i < n; i++)
        of[samples[i].item]++;
    free(samples);
    assert_int_equal(of[0], 4);
    assert_true(of[1] >= 5);
    assert_int_equal(of[2], 4);
    assert_int_equal(of[3], 4);
    assert_true(of[4] >= 5);
    assert_true(of[5] >= 4 && of[5] <= 8);
    sks_plan_destroy(plan);
}

/* A sample taken out by hand is measured again, in its own round. */
static void holes(void **state)
{
    sks_plan *plan = load_plan(7, 3);
    sks_sweep_counts counts;
    sks_sample *samples;
    sqlite3 *db;
    size_t n;

    (void)state;
    act.fail_at = 10;
    must(run(plan, "holes.db", &counts));
    assert_int_equal(counts.n_failed, 1);
    assert_int_equal(sqlite3_open(in_folder("holes.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DELETE FROM sample WHERE status = 'failed'", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    must(run(plan, "holes.db", &counts));
    assert_int_equal(counts.n_before, 23);
    assert_int_equal(counts.n_new, 1);
    assert_int_equal(counts.n_failed, 0);
    samples = read_samples(plan, "holes.db", &n);
    assert_int_equal(n, 24);
    assert_int_equal(samples[23].round, 1);
    free(samples);
    sks_plan_destroy(plan);
}

/* What a killed sweep left in its scratch folder goes, and the folder with it. */
static void scratch(void **state)
{
    sks_plan *plan = load_plan(8, 3);
    sks_sweep_counts counts;

    (void)state;
    assert_int_equal(mkdir(in_folder("left.db-scratch"), 0777), 0);
    write_text("left.db-scratch/output", "half a product");
    must(run(plan, "left.db", &counts));
    assert_int_equal(access(in_folder("left.db-scratch"), F_OK), -1);
    sks_plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),   cmocka_unit_test(interruption),
        cmocka_unit_test(failures), cmocka_unit_test(digest_over_restart),
        cmocka_unit_test(stopping), cmocka_unit_test(holes),
        cmocka_unit_test(scratch),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
