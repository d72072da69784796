#include "harness/sweep/export.h"

#include "harness/sweep/store_sql.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One row per sample. The aliases are the columns' names: part of the contract. */
#define SAMPLE_COLUMNS                                                                             \
    "(SELECT value FROM campaign WHERE key = 'name') AS campaign, c.kernel AS kernel,"             \
    " c.parameters AS parameters, c.executor AS executor, c.scheduler AS scheduler,"               \
    " c.n_workers AS n_workers, c.binding AS binding, c.is_oversubscribed AS is_oversubscribed,"   \
    " s.round AS round, s.is_warmup AS is_warmup, s.started_at AS started_at,"                     \
    " s.status AS status, s.message AS message, s.startup_s AS startup_s,"                         \
    " s.prepare_s AS prepare_s, s.parallel_s AS parallel_s, s.finish_s AS finish_s,"               \
    " s.total_s AS total_s, s.wall_s AS wall_s, s.n_tasks AS n_tasks, s.n_chunks AS n_chunks,"     \
    " s.imbalance AS imbalance, s.overhead_per_chunk_s AS overhead_per_chunk_s,"                   \
    " s.start_skew_s AS start_skew_s, s.is_simulated_binding AS is_simulated_binding,"             \
    " s.digest AS digest, s.flops AS flops, s.bytes AS bytes,"                                     \
    " s.involuntary_switches AS involuntary_switches, s.major_faults AS major_faults,"             \
    " s.steal_s AS steal_s, s.other_load_s AS other_load_s, s.frequency_hz AS frequency_hz,"       \
    " s.latency_before_s AS latency_before_s, s.latency_after_s AS latency_after_s"
#define SAMPLE_ROWS " FROM sample s JOIN configuration c ON c.id = s.configuration_id ORDER BY s.id"

/* The shortest text that reads back as the same number. */
static void print_real(double value, FILE *out)
{
    char text[48];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

static void print_quoted(const char *text, FILE *out)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_cell(sqlite3_stmt *row, int i, FILE *out)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        break;
    case SQLITE_FLOAT:
        print_real(sqlite3_column_double(row, i), out);
        break;
    default:
        print_quoted(sks_store_text(row, i), out);
    }
}

/* The query of the CSV file with a column per event counted in this campaign, "counter_NAME": the
 * sum over the workers, missing when any worker's is. From malloc. */
static sks_status csv_query(const sks_store *store, char **sql)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    sqlite3_stmt *events = NULL;
    bool has_row = true;
    sks_status status;

    if (stream == NULL)
        return sks_fail_nomem("the export");
    fputs("SELECT " SAMPLE_COLUMNS, stream);
    status = sks_store_prepare(store, "SELECT DISTINCT event FROM counter ORDER BY event", &events);
    while (status == SKS_OK && (status = sks_store_step(store, events, &has_row)) == SKS_OK &&
           has_row) {
        char *column = sqlite3_mprintf(", (SELECT CASE WHEN count(value) = count(*)"
                                       " THEN sum(value) END FROM counter"
                                       " WHERE sample_id = s.id AND event = %Q) AS \"counter_%w\"",
                                       sks_store_text(events, 0), sks_store_text(events, 0));

        if (column == NULL)
            status = sks_fail_nomem("the export");
        else
            fputs(column, stream);
        sqlite3_free(column);
    }
    sqlite3_finalize(events);
    fputs(SAMPLE_ROWS, stream);
    if (fclose(stream) != 0 && status == SKS_OK)
        status = sks_fail_nomem("the export");
    if (status != SKS_OK) {
        free(text);
        return status;
    }
    *sql = text;
    return SKS_OK;
}

sks_status sks_export_csv(sks_store *store, FILE *out)
{
    char *sql = NULL;
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    sks_status status = csv_query(store, &sql);

    if (status == SKS_OK)
        status = sks_store_prepare(store, sql, &rows);
    for (int i = 0; status == SKS_OK && i < sqlite3_column_count(rows); i++) {
        fputs(i > 0 ? "," : "", out);
        print_quoted(sqlite3_column_name(rows, i), out);
    }
    while (status == SKS_OK && (fputc('\n', out), has_row)) {
        status = sks_store_step(store, rows, &has_row);
        if (status != SKS_OK || !has_row)
            break;
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            fputs(i > 0 ? "," : "", out);
            print_cell(rows, i, out);
        }
    }
    sqlite3_finalize(rows);
    free(sql);
    return status;
}

/* Columns that hold JSON themselves, and those that mean yes or no. */
static json_t *column_json(sqlite3_stmt *row, int i)
{
    const char *name = sqlite3_column_name(row, i);
    json_t *parsed;

    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        return json_null();
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(row, i)); /* NULL for infinity */
    case SQLITE_INTEGER:
        if (strncmp(name, "is_", 3) == 0)
            return json_boolean(sqlite3_column_int(row, i));
        return json_integer(sqlite3_column_int64(row, i));
    default:
        if (strcmp(name, "parameters") == 0 &&
            (parsed = json_loads(sks_store_text(row, i), 0, NULL)) != NULL)
            return parsed;
        return json_string(sks_store_text(row, i));
    }
}

/* The present row's columns from `first` on, as an object. */
static json_t *row_json(sqlite3_stmt *row, int first)
{
    json_t *object = json_object();

    for (int i = first; i < sqlite3_column_count(row); i++)
        if (json_object_set_new(object, sqlite3_column_name(row, i), column_json(row, i)) != 0)
            json_object_set_new(object, sqlite3_column_name(row, i), json_null());
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

static const struct part {
    const char *name;
    const char *sql;
} sample_parts[] = {
    {"workers",
     "SELECT worker, asked_pu, got_pu, core, package, numa, n_chunks, n_tasks, start_s, end_s,"
     " busy_s, scheduling_s, idle_s, involuntary_switches, steals_tried, steals_won FROM worker"
     " WHERE sample_id = :id ORDER BY worker"},
    {"counters", "SELECT worker, event, source, value, quality, reason FROM counter"
                 " WHERE sample_id = :id ORDER BY event, worker"},
    {"notes", "SELECT name, value FROM note WHERE sample_id = :id ORDER BY name"},
};
enum { N_PARTS = sizeof(sample_parts) / sizeof(sample_parts[0]) };

static sks_status print_json(json_t *json, FILE *out)
{
    int failed = json == NULL || json_dumpf(json, out, JSON_COMPACT | JSON_REAL_PRECISION(17)) != 0;

    json_decref(json);
    return failed && !ferror(out) ? sks_fail_nomem("the export") : SKS_OK;
}

static sks_status print_sample(const sks_store *store, sqlite3_stmt *row,
                               sqlite3_stmt *const parts[N_PARTS], FILE *out)
{
    json_t *sample = row_json(row, 1);
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < N_PARTS; i++) {
        json_t *rows = NULL;

        sks_store_bind_int(parts[i], ":id", sqlite3_column_int64(row, 0));
        status = rows_json(store, parts[i], &rows);
        if (status == SKS_OK)
            json_object_set_new(sample, sample_parts[i].name, rows);
    }
    if (status == SKS_OK)
        return print_json(sample, out);
    json_decref(sample);
    return status;
}

/* Sample by sample, so that a large campaign needs no large memory. */
static sks_status print_samples(const sks_store *store, FILE *out)
{
    sqlite3_stmt *parts[N_PARTS] = {0};
    sqlite3_stmt *rows = NULL;
    const char *comma = "";
    bool has_row = true;
    sks_status status =
        sks_store_prepare(store, "SELECT s.id AS id, " SAMPLE_COLUMNS SAMPLE_ROWS, &rows);

    for (size_t i = 0; status == SKS_OK && i < N_PARTS; i++)
        status = sks_store_prepare(store, sample_parts[i].sql, &parts[i]);
    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row) {
        fprintf(out, "%s\n", comma);
        status = print_sample(store, rows, parts, out);
        comma = ",";
    }
    for (size_t i = 0; i < N_PARTS; i++)
        sqlite3_finalize(parts[i]);
    sqlite3_finalize(rows);
    return status;
}

/* The key-value table as one object; the machine's description is JSON already. */
static sks_status print_campaign(const sks_store *store, FILE *out)
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
        json_t *json = strcmp(key, "machine") == 0 ? json_loads(value, 0, NULL) : NULL;

        json_object_set_new(object, key, json != NULL ? json : json_string(value));
    }
    sqlite3_finalize(query);
    if (status == SKS_OK)
        return print_json(object, out);
    json_decref(object);
    return status;
}

static sks_status print_inputs(const sks_store *store, FILE *out)
{
    sqlite3_stmt *query = NULL;
    json_t *rows = NULL;
    sks_status status = sks_store_prepare(
        store, "SELECT path, xxh3_128, size_bytes FROM input ORDER BY path", &query);

    if (status == SKS_OK)
        status = rows_json(store, query, &rows);
    sqlite3_finalize(query);
    return status == SKS_OK ? print_json(rows, out) : status;
}

sks_status sks_export_json(sks_store *store, FILE *out)
{
    sks_status status;

    fputs("{\"campaign\": ", out);
    status = print_campaign(store, out);
    fputs(",\n\"inputs\": ", out);
    if (status == SKS_OK)
        status = print_inputs(store, out);
    fputs(",\n\"samples\": [", out);
    if (status == SKS_OK)
        status = print_samples(store, out);
    fputs("\n]}\n", out);
    return status;
}
