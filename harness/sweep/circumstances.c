#include "harness/sweep/circumstances.h"

#include "harness/sweep/store_schema.h"

#include <stdlib.h>
#include <string.h>

/* ## stands for the reasons why a sample is disturbed. */
static const struct table {
    const char *name, *sql;
} tables[] = {
    {"inputs", "SELECT path, xxh3_128, size_bytes FROM input ORDER BY path"},
    {"counters", "SELECT k.event, k.source, k.quality, count(*), max(k.reason)" SKS_SAMPLES_FROM
                 "JOIN counter k ON k.sample_id = s.id WHERE s.status = 'ok' AND NOT s.is_warmup"
                 " GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC"},
    {"disturbances", "SELECT reasons, count(*) FROM (SELECT ## AS reasons" SKS_SAMPLES_FROM
                     "WHERE s.status = 'ok' AND NOT s.is_warmup) WHERE reasons <> ''"
                     " GROUP BY 1 ORDER BY 2 DESC, 1"},
    {"disturbed", "SELECT * FROM (SELECT c.kernel, c.parameters_text, c.executor, c.scheduler,"
                  " c.binding, c.n_workers, s.round, s.started_at, ## AS reasons" SKS_SAMPLES_FROM
                  "WHERE s.status = 'ok' AND NOT s.is_warmup ORDER BY s.id) WHERE reasons <> ''"
                  " LIMIT :most"},
    {"failures", "SELECT message, count(*) FROM sample WHERE status <> 'ok' GROUP BY 1"
                 " ORDER BY 2 DESC, 1"},
    {"decisions", "SELECT c.scheduler, s.decision, count(*)" SKS_SAMPLES_FROM
                  "WHERE s.status = 'ok' AND NOT s.is_warmup AND s.decision IS NOT NULL"
                  " GROUP BY 1, 2 ORDER BY 1, 3 DESC"},
};

static sks_status prepare(const sks_store *store, const char *sql, sqlite3_stmt **query)
{
    const char *mark = strstr(sql, "##");
    char *disturbed = NULL, *whole = NULL;
    sks_status status = SKS_OK;

    if (mark == NULL)
        return sks_store_prepare(store, sql, query);
    status = sks_disturbed_sql(&disturbed);
    if (status == SKS_OK &&
        asprintf(&whole, "%.*s%s%s", (int)(mark - sql), sql, disturbed, mark + 2) < 0) {
        whole = NULL;
        status = sks_fail_nomem("a query");
    }
    if (status == SKS_OK)
        status = sks_store_prepare(store, whole, query);
    if (status == SKS_OK && sqlite3_bind_parameter_index(*query, ":most") > 0)
        sks_store_bind_int(*query, ":most", SKS_MOST_DISTURBED);
    free(whole);
    free(disturbed);
    return status;
}

/* A new reference; NULL when out of memory. */
static json_t *cell(sqlite3_stmt *query, int column)
{
    json_t *text;

    switch (sqlite3_column_type(query, column)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(query, column));
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(query, column));
    case SQLITE_TEXT:
        text = json_string(sks_store_text(query, column));
        return text != NULL ? text : json_null(); /* not UTF-8 */
    default:
        return json_null();
    }
}

static json_t *row_of(sqlite3_stmt *query)
{
    json_t *row = json_array();

    for (int i = 0; row != NULL && i < sqlite3_column_count(query); i++)
        if (json_array_append_new(row, cell(query, i)) != 0) {
            json_decref(row);
            return NULL;
        }
    return row;
}

static sks_status read_table(const sks_store *store, const struct table *table, json_t *all)
{
    sqlite3_stmt *query = NULL;
    json_t *rows = json_array();
    bool has_row = true;
    sks_status status = json_object_set_new(all, table->name, rows) == 0
                            ? prepare(store, table->sql, &query)
                            : sks_fail_nomem("the circumstances of a campaign");

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row)
        if (json_array_append_new(rows, row_of(query)) != 0)
            status = sks_fail_nomem("the circumstances of a campaign");
    sqlite3_finalize(query);
    return status;
}

sks_status sks_circumstances_read(sks_store *store, json_t **circumstances)
{
    json_t *made = json_object();
    sks_status status = made != NULL ? SKS_OK : sks_fail_nomem("the circumstances of a campaign");

    for (size_t i = 0; status == SKS_OK && i < sizeof(tables) / sizeof(tables[0]); i++)
        status = read_table(store, &tables[i], made);
    if (status != SKS_OK) {
        json_decref(made);
        return status;
    }
    *circumstances = made;
    return SKS_OK;
}
