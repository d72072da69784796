/* A campaign as JSON. */
#include "harness/sweep/export.h"
#include "harness/sweep/export_parts.h"

#include "harness/sweep/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = JSON_COMPACT | JSON_REAL_PRECISION(17) };

static sks_status print_json(json_t *json, FILE *out)
{
    int failed = json == NULL || json_dumpf(json, out, FORMAT) != 0;

    json_decref(json);
    return failed && !ferror(out) ? sks_fail_nomem("the export") : SKS_OK;
}

/* What a column holds besides what SQLite knows of it. */
enum column_kind { VALUE, YES_OR_NO, JSON };

struct column {
    char *key; /* "name": with the quotes and the colon */
    size_t key_size;
    enum column_kind kind;
};

/* The columns of a query behind the sample's id. Samples are written as text at once: a tree of
 * JSON values for each takes five times as long. */
struct columns {
    struct column *column; /* [n], the first one unused */
    int n;
};

static enum column_kind kind_of(const char *name)
{
    if (strncmp(name, "is_", 3) == 0)
        return YES_OR_NO;
    return strcmp(name, "parameters") == 0 || strcmp(name, "series_parameters") == 0 ? JSON : VALUE;
}

static sks_status name_columns(sqlite3_stmt *query, struct columns *columns)
{
    columns->n = sqlite3_column_count(query);
    columns->column = calloc((size_t)columns->n, sizeof(*columns->column));
    if (columns->column == NULL)
        return sks_fail_nomem("the export");
    for (int i = 1; i < columns->n; i++) {
        const char *name = sqlite3_column_name(query, i);
        struct column *c = &columns->column[i];
        const int size = asprintf(&c->key, "%s\"%s\":", i > 1 ? "," : "", name);

        if (size < 0) {
            c->key = NULL;
            return sks_fail_nomem("the export");
        }
        c->key_size = (size_t)size;
        c->kind = kind_of(name);
    }
    return SKS_OK;
}

static void clear_columns(struct columns *columns)
{
    for (int i = 1; columns->column != NULL && i < columns->n; i++)
        free(columns->column[i].key);
    free(columns->column);
}

/* With a point or an exponent, by which readers tell a real number from an integer. */
static void put_real(double value, FILE *out)
{
    if (!isfinite(value))
        fputs_unlocked("null", out);
    else if (value != trunc(value) || fabs(value) >= 1e17)
        sks_csv_put_real(value, out);
    else {
        if (value == 0 && signbit(value))
            putc_unlocked('-', out);
        sks_csv_put_int((int64_t)value, out);
        fputs_unlocked(".0", out);
    }
}

/* A text that is JSON itself, or else the text. The samples of one configuration share theirs:
 * `compact` holds each as it is written. */
static sks_status put_json(const char *text, json_t *compact, FILE *out)
{
    const char *known = json_string_value(json_object_get(compact, text));
    json_t *json;
    char *dumped;
    sks_status status = SKS_OK;

    if (known != NULL) {
        fputs_unlocked(known, out);
        return SKS_OK;
    }
    json = json_loads(text, 0, NULL);
    if (json == NULL) {
        sks_json_put_text(text, out);
        return SKS_OK;
    }
    dumped = json_dumps(json, FORMAT);
    if (dumped == NULL || json_object_set_new(compact, text, json_string(dumped)) != 0)
        status = sks_fail_nomem("the export");
    else
        fputs_unlocked(dumped, out);
    free(dumped);
    json_decref(json);
    return status;
}

static sks_status put_column(sqlite3_stmt *row, int i, enum column_kind kind, json_t *compact,
                             FILE *out)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        fputs_unlocked("null", out);
        break;
    case SQLITE_FLOAT:
        put_real(sqlite3_column_double(row, i), out);
        break;
    case SQLITE_INTEGER:
        if (kind == YES_OR_NO)
            fputs_unlocked(sqlite3_column_int(row, i) != 0 ? "true" : "false", out);
        else
            sks_csv_put_int(sqlite3_column_int64(row, i), out);
        break;
    default:
        if (kind == JSON)
            return put_json(sks_store_text(row, i), compact, out);
        sks_json_put_text(sks_store_text(row, i), out);
    }
    return SKS_OK;
}

/* The names and values of the present row, without the braces. */
static sks_status print_row(sqlite3_stmt *row, const struct columns *columns, json_t *compact,
                            FILE *out)
{
    sks_status status = SKS_OK;

    for (int i = 1; status == SKS_OK && i < columns->n; i++) {
        fwrite_unlocked(columns->column[i].key, 1, columns->column[i].key_size, out);
        status = put_column(row, i, columns->column[i].kind, compact, out);
    }
    return status;
}

/* All that is read to write samples: the samples and, beside them, their parts. */
struct reader {
    sqlite3_stmt *samples;
    struct columns columns;
    sks_rows parts[SKS_N_PARTS];
    struct columns part_columns[SKS_N_PARTS];
    json_t *compact;
};

static sks_status open_reader(const sks_store *store, bool drops_disturbed, struct reader *r)
{
    char *sql = NULL;
    sks_status status = sks_samples_sql(drops_disturbed, "", &sql);

    r->compact = json_object();
    if (status == SKS_OK)
        status = sks_store_prepare(store, sql, &r->samples);
    free(sql);
    if (status == SKS_OK)
        status = name_columns(r->samples, &r->columns);
    for (size_t i = 0; status == SKS_OK && i < SKS_N_PARTS; i++) {
        status = sks_rows_open(store, &sks_part_table[i], &r->parts[i]);
        if (status == SKS_OK)
            status = name_columns(r->parts[i].query, &r->part_columns[i]);
    }
    return status;
}

static void close_reader(struct reader *r)
{
    for (size_t i = 0; i < SKS_N_PARTS; i++) {
        sqlite3_finalize(r->parts[i].query);
        clear_columns(&r->part_columns[i]);
    }
    sqlite3_finalize(r->samples);
    clear_columns(&r->columns);
    json_decref(r->compact);
}

/* ,"workers":[{…},…] */
static sks_status print_part(const sks_store *store, struct reader *r, size_t part, int64_t sample,
                             FILE *out)
{
    sks_rows *rows = &r->parts[part];
    const char *brace = "{";
    bool is_there = false;
    sks_status status = sks_rows_seek(store, rows, sample, &is_there);

    fprintf(out, ",\"%s\":[", sks_part_table[part].name);
    while (status == SKS_OK && is_there) {
        fputs_unlocked(brace, out);
        status = print_row(rows->query, &r->part_columns[part], r->compact, out);
        putc_unlocked('}', out);
        brace = ",{";
        if (status == SKS_OK)
            status = sks_rows_next(store, rows, sample, &is_there);
    }
    putc_unlocked(']', out);
    return status;
}

static sks_status print_sample(const sks_store *store, struct reader *r, FILE *out)
{
    const int64_t sample = sqlite3_column_int64(r->samples, 0);
    sks_status status;

    putc_unlocked('{', out);
    status = print_row(r->samples, &r->columns, r->compact, out);
    for (size_t i = 0; status == SKS_OK && i < SKS_N_PARTS; i++)
        status = print_part(store, r, i, sample, out);
    putc_unlocked('}', out);
    return status;
}

/* Sample by sample, so that a large campaign needs no large memory. */
static sks_status print_samples(const sks_store *store, bool drops_disturbed, FILE *out)
{
    struct reader r = {0};
    const char *comma = "\n";
    bool has_row = true;
    sks_status status = open_reader(store, drops_disturbed, &r);

    while (status == SKS_OK && (status = sks_store_step(store, r.samples, &has_row)) == SKS_OK &&
           has_row) {
        fputs_unlocked(comma, out);
        status = print_sample(store, &r, out);
        comma = ",\n";
    }
    close_reader(&r);
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
    json_t *array = json_array();
    bool has_row = true;
    sks_status status = sks_store_prepare(
        store, "SELECT path, xxh3_128, size_bytes FROM input ORDER BY path", &query);

    while (status == SKS_OK && (status = sks_store_step(store, query, &has_row)) == SKS_OK &&
           has_row) {
        /* A text that is not UTF-8 becomes null. */
        json_t *input =
            json_pack("{s:o?, s:o?, s:I}", "path", json_string(sks_store_text(query, 0)),
                      "xxh3_128", json_string(sks_store_text(query, 1)), "size_bytes",
                      (json_int_t)sqlite3_column_int64(query, 2));

        if (json_array_append_new(array, input) != 0)
            status = sks_fail_nomem("the export");
    }
    sqlite3_finalize(query);
    if (status != SKS_OK) {
        json_decref(array);
        return status;
    }
    *inputs = array;
    return SKS_OK;
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
