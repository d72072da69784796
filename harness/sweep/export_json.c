/* A campaign as JSON. */
#include "harness/sweep/export.h"
#include "harness/sweep/export_parts.h"

#include <stdlib.h>
#include <string.h>

/* Columns that hold JSON themselves, and those that mean yes or no. */
static json_t *column_json(sqlite3_stmt *row, int i)
{
    const char *name = sqlite3_column_name(row, i);
    json_t *json = NULL;

    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        break;
    case SQLITE_FLOAT:
        json = json_real(sqlite3_column_double(row, i)); /* NULL for infinity */
        break;
    case SQLITE_INTEGER:
        json = strncmp(name, "is_", 3) == 0 ? json_boolean(sqlite3_column_int(row, i))
                                            : json_integer(sqlite3_column_int64(row, i));
        break;
    default:
        if (strcmp(name, "parameters") == 0 || strcmp(name, "series_parameters") == 0)
            json = json_loads(sks_store_text(row, i), 0, NULL);
        if (json == NULL)
            json = json_string(sks_store_text(row, i)); /* NULL when it is not UTF-8 */
    }
    return json != NULL ? json : json_null();
}

/* The present row's columns from `first` on, as an object. */
static json_t *row_json(sqlite3_stmt *row, int first)
{
    json_t *object = json_object();

    for (int i = first; i < sqlite3_column_count(row); i++)
        json_object_set_new(object, sqlite3_column_name(row, i), column_json(row, i));
    return object;
}

/* The rows of a query bound to a sample (or to none), as an array of objects. */
static sks_status rows_json(const sks_store *store, sqlite3_stmt *query, json_t **rows)
{
    json_t *array = json_array();
    bool has_row = true;
    sks_status status = SKS_OK;

    while ((status = sks_store_step(store, query, &has_row)) == SKS_OK && has_row)
        if (json_array_append_new(array, row_json(query, 0)) != 0) {
            status = sks_fail_nomem("the export");
            break;
        }
    sqlite3_reset(query);
    if (status != SKS_OK) {
        json_decref(array);
        return status;
    }
    *rows = array;
    return SKS_OK;
}

static sks_status print_json(json_t *json, FILE *out)
{
    int failed = json == NULL || json_dumpf(json, out, JSON_COMPACT | JSON_REAL_PRECISION(17)) != 0;

    json_decref(json);
    return failed && !ferror(out) ? sks_fail_nomem("the export") : SKS_OK;
}

static sks_status prepare_part(const sks_store *store, const sks_part *part, sqlite3_stmt **query)
{
    char *sql = NULL;
    sks_status status;

    if (asprintf(&sql, "SELECT %s FROM %s WHERE sample_id = :id ORDER BY %s", part->columns,
                 part->table, part->order) < 0)
        return sks_fail_nomem("the export");
    status = sks_store_prepare(store, sql, query);
    free(sql);
    return status;
}

static sks_status print_sample(const sks_store *store, sqlite3_stmt *row,
                               sqlite3_stmt *const parts[SKS_N_PARTS], FILE *out)
{
    json_t *sample = row_json(row, 1);
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < SKS_N_PARTS; i++) {
        json_t *rows = NULL;

        sks_store_bind_int(parts[i], ":id", sqlite3_column_int64(row, 0));
        status = rows_json(store, parts[i], &rows);
        if (status == SKS_OK)
            json_object_set_new(sample, sks_part_table[i].name, rows);
    }
    if (status == SKS_OK)
        return print_json(sample, out);
    json_decref(sample);
    return status;
}

/* Sample by sample, so that a large campaign needs no large memory. */
static sks_status print_samples(const sks_store *store, bool drops_disturbed, FILE *out)
{
    sqlite3_stmt *parts[SKS_N_PARTS] = {0};
    sqlite3_stmt *rows = NULL;
    const char *comma = "";
    char *sql = NULL;
    bool has_row = true;
    sks_status status = sks_samples_sql(drops_disturbed, "", &sql);

    if (status == SKS_OK)
        status = sks_store_prepare(store, sql, &rows);
    for (size_t i = 0; status == SKS_OK && i < SKS_N_PARTS; i++)
        status = prepare_part(store, &sks_part_table[i], &parts[i]);
    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row) {
        fprintf(out, "%s\n", comma);
        status = print_sample(store, rows, parts, out);
        comma = ",";
    }
    for (size_t i = 0; i < SKS_N_PARTS; i++)
        sqlite3_finalize(parts[i]);
    sqlite3_finalize(rows);
    free(sql);
    return status;
}

sks_status sks_campaign_json(const sks_store *store, bool parses_machine, json_t **campaign)
{
    sqlite3_stmt *query = NULL;
    json_t *object = json_object();
    bool has_row = true;
    sks_status status =
        sks_store_prepare(store, "SELECT key, value FROM campaign ORDER BY key", &query);

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row) {
        const char *key = sks_store_text(query, 0);
        const char *value = sks_store_text(query, 1);
        json_t *json =
            parses_machine && strcmp(key, "machine") == 0 ? json_loads(value, 0, NULL) : NULL;

        json_object_set_new(object, key, json != NULL ? json : json_string(value));
    }
    sqlite3_finalize(query);
    if (status != SKS_OK) {
        json_decref(object);
        return status;
    }
    *campaign = object;
    return SKS_OK;
}

sks_status sks_inputs_json(const sks_store *store, json_t **inputs)
{
    sqlite3_stmt *query = NULL;
    sks_status status = sks_store_prepare(
        store, "SELECT path, xxh3_128, size_bytes FROM input ORDER BY path", &query);

    if (status == SKS_OK)
        status = rows_json(store, query, inputs);
    sqlite3_finalize(query);
    return status;
}

sks_status sks_export_json(sks_store *store, bool drops_disturbed, FILE *out)
{
    json_t *campaign = NULL, *inputs = NULL;
    sks_status status = sks_campaign_json(store, true, &campaign);

    fputs("{\"campaign\": ", out);
    if (status == SKS_OK)
        status = print_json(campaign, out);
    fputs(",\n\"inputs\": ", out);
    if (status == SKS_OK)
        status = sks_inputs_json(store, &inputs);
    if (status == SKS_OK)
        status = print_json(inputs, out);
    fputs(",\n\"samples\": [", out);
    if (status == SKS_OK)
        status = print_samples(store, drops_disturbed, out);
    fputs("\n]}\n", out);
    return status;
}
