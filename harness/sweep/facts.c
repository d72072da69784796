#include "harness/sweep/facts.h"

#include "harness/sweep/store_schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {first column: second column} of all rows. */
static sks_status read_pairs(const sks_store *store, const char *sql, json_t **object)
{
    sqlite3_stmt *query = NULL;
    bool has_row = true;
    json_t *made = json_object();
    sks_status status = made != NULL ? sks_store_prepare(store, sql, &query)
                                     : sks_fail_nomem("the campaign's settings");

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row) {
        /* Not UTF-8: the setting is not known, which is no reason to fail. */
        json_t *value = json_string(sks_store_text(query, 1));

        if (json_object_set_new(made, sks_store_text(query, 0),
                                value != NULL ? value : json_null()) != 0)
            status = sks_fail_nomem("the campaign's settings");
    }
    sqlite3_finalize(query);
    if (status != SKS_OK) {
        json_decref(made);
        return status;
    }
    *object = made;
    return SKS_OK;
}

static sks_status count_configurations(const sks_store *store, sks_facts *facts)
{
    sqlite3_stmt *query = NULL;
    bool has_row = false;
    sks_status status = sks_store_prepare(
        store,
        "SELECT count(*), sum(NOT EXISTS (SELECT 1 FROM sample s WHERE s.configuration_id = c.id"
        " AND s.status = 'ok' AND NOT s.is_warmup)) FROM configuration c",
        &query);

    if (status == SKS_OK)
        status = sks_store_step(store, query, &has_row);
    if (status == SKS_OK && has_row) {
        facts->n_planned = (size_t)sqlite3_column_int64(query, 0);
        facts->n_without = (size_t)sqlite3_column_int64(query, 1);
    }
    sqlite3_finalize(query);
    return status;
}

/* One pass over the samples: they may be a million. */
static sks_status count_samples(const sks_store *store, sks_facts *facts)
{
    sqlite3_stmt *query = NULL;
    char *disturbed = NULL, *sql = NULL;
    bool has_row = false;
    sks_status status = sks_disturbed_sql(&disturbed);

    if (status == SKS_OK &&
        asprintf(&sql,
                 "SELECT sum(good), sum(s_warmup), sum(NOT s_ok), sum(good AND is_disturbed),"
                 " sum(good AND skew IS NOT NULL), max(CASE WHEN good THEN skew END),"
                 " max(simulated), max(started), sum(CASE WHEN good THEN total END) FROM (SELECT "
                 "s.status = 'ok' AND NOT s.is_warmup"
                 " AS good, s.is_warmup AS s_warmup, s.status = 'ok' AS s_ok, %s <> '' AS"
                 " is_disturbed, s.start_skew_s / s.parallel_s AS skew, s.is_simulated_binding AS"
                 " simulated, s.started_at AS started, s.total_s AS total" SKS_SAMPLES_FROM ")",
                 disturbed) < 0) {
        sql = NULL;
        status = sks_fail_nomem("a query");
    }
    free(disturbed);
    if (status == SKS_OK)
        status = sks_store_prepare(store, sql, &query);
    free(sql);
    if (status == SKS_OK)
        status = sks_store_step(store, query, &has_row);
    if (status == SKS_OK && has_row) {
        facts->n_good = (size_t)sqlite3_column_int64(query, 0);
        facts->n_warmups = (size_t)sqlite3_column_int64(query, 1);
        facts->n_failed = (size_t)sqlite3_column_int64(query, 2);
        facts->n_disturbed = (size_t)sqlite3_column_int64(query, 3);
        facts->n_with_skew = (size_t)sqlite3_column_int64(query, 4);
        facts->greatest_skew = sks_store_real(query, 5);
        facts->is_simulated = sqlite3_column_int(query, 6) != 0;
        snprintf(facts->last_sample, sizeof(facts->last_sample), "%s", sks_store_text(query, 7));
        facts->total_s = sks_store_real(query, 8);
    }
    sqlite3_finalize(query);
    return status;
}

/* What each configuration gave is few rows, where to sort all samples takes longer than to read
 * them. */
static sks_status count_products(const sks_store *store, sks_facts *facts)
{
    sqlite3_stmt *query = NULL;
    bool has_row = false;
    sks_status status = sks_store_prepare(
        store,
        "SELECT count(*), sum(n > 1) FROM (SELECT count(DISTINCT digest) AS n"
        " FROM (SELECT DISTINCT configuration_id, digest FROM sample"
        " WHERE status = 'ok' AND digest <> '') s JOIN configuration c ON c.id = configuration_id"
        " GROUP BY c.kernel, c.parameters)",
        &query);

    if (status == SKS_OK)
        status = sks_store_step(store, query, &has_row);
    if (status == SKS_OK && has_row) {
        facts->n_products = (size_t)sqlite3_column_int64(query, 0);
        facts->n_unlike = (size_t)sqlite3_column_int64(query, 1);
    }
    sqlite3_finalize(query);
    return status;
}

sks_status sks_facts_read(sks_store *store, sks_facts *facts)
{
    sks_facts made = {0};
    const char *machine;
    sks_status status = read_pairs(store, "SELECT key, value FROM campaign", &made.settings);

    if (status == SKS_OK)
        status = read_pairs(store, "SELECT path, xxh3_128 FROM input", &made.inputs);
    if (status == SKS_OK)
        status = count_configurations(store, &made);
    if (status == SKS_OK)
        status = count_samples(store, &made);
    if (status == SKS_OK)
        status = count_products(store, &made);
    if (status != SKS_OK) {
        sks_facts_clear(&made);
        return status;
    }
    machine = sks_facts_setting(&made, "machine");
    if (machine[0] != '\0') {
        json_t *parsed = json_loads(machine, 0, NULL);

        json_object_set_new(made.settings, "machine", parsed != NULL ? parsed : json_null());
    }
    *facts = made;
    return SKS_OK;
}

void sks_facts_clear(sks_facts *facts)
{
    json_decref(facts->settings);
    json_decref(facts->inputs);
    *facts = (sks_facts){0};
}

const char *sks_facts_setting(const sks_facts *facts, const char *key)
{
    const char *text = json_string_value(json_object_get(facts->settings, key));

    return text != NULL ? text : "";
}

bool sks_facts_are_same(const sks_facts *a, const sks_facts *b)
{
    bool took_as_long = a->total_s == b->total_s || (isnan(a->total_s) && isnan(b->total_s));

    return took_as_long && a->n_good == b->n_good && a->n_warmups == b->n_warmups &&
           a->n_failed == b->n_failed && strcmp(a->last_sample, b->last_sample) == 0 &&
           json_equal(a->settings, b->settings) && json_equal(a->inputs, b->inputs);
}
