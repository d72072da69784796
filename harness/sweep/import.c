#include "harness/sweep/import.h"

#include "harness/sweep/csv.h"
#include "harness/sweep/store_schema.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Columns that are not those of table `sample`. */
enum {
    CAMPAIGN,
    KERNEL,
    PARAMETERS,
    EXECUTOR,
    SCHEDULER,
    WORKERS,
    BINDING,
    OVERSUBSCRIBED,
    WEAK,
    SAMPLE,
    CONFIGURATION,
    PARAMETERS_TEXT,
    SERIES,
    SERIES_TEXT,
    DESCRIPTION,
    N_OWN
};
static const struct {
    const char *name;
    bool is_needed;
} own_columns[N_OWN] = {
    [CAMPAIGN] = {"campaign", false},
    [KERNEL] = {"kernel", true},
    [PARAMETERS] = {"parameters", true},
    [EXECUTOR] = {"executor", true},
    [SCHEDULER] = {"scheduler", true},
    [WORKERS] = {"n_workers", true},
    [BINDING] = {"binding", true},
    [OVERSUBSCRIBED] = {"is_oversubscribed", false},
    [WEAK] = {"is_weak", false},
    [SAMPLE] = {"sample", false},
    [CONFIGURATION] = {"configuration", false},
    [PARAMETERS_TEXT] = {"parameters_text", false},
    [SERIES] = {"series_parameters", false},
    [SERIES_TEXT] = {"series_parameters_text", false},
    [DESCRIPTION] = {"description", false},
};

enum { MAX_SAMPLE_COLUMNS = 64, NOWHERE = -1 };

struct import {
    sks_store *store;
    sks_csv csv;
    size_t n_columns; /* of the header */
    int own[N_OWN];   /* place in the file, or NOWHERE */
    int sample[MAX_SAMPLE_COLUMNS];
    int part[SKS_N_PARTS];
    sqlite3_stmt *insert_sample, *insert_configuration, *find_configuration;
    sqlite3_stmt *insert_part[SKS_N_PARTS];
    json_t *known; /* {cells that make a configuration: its id} */
    bool has_description;
    size_t n;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static sks_status
fail(const struct import *m, const char *format, ...)
{
    char text[SKS_MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return sks_fail(SKS_ERR_INPUT, "%s:%lu: %s", m->csv.name, m->csv.line, text);
}

/* A cell of the present record; "" where the column is not there. */
static const char *cell(const struct import *m, int place)
{
    return place == NOWHERE ? "" : m->csv.cell[place];
}

static const char *own(const struct import *m, int column)
{
    return cell(m, m->own[column]);
}

static int place_of(const struct import *m, const char *name)
{
    for (size_t i = 0; i < m->csv.n; i++)
        if (strcmp(m->csv.cell[i], name) == 0)
            return (int)i;
    return NOWHERE;
}

/* The same for a column of table `sample`, once the header has been read. */
static int place_of_sample(const struct import *m, const char *name)
{
    for (int i = 0; sks_sample_column_table[i].name != NULL; i++)
        if (strcmp(sks_sample_column_table[i].name, name) == 0)
            return m->sample[i];
    return NOWHERE;
}

static sks_status read_header(struct import *m)
{
    bool has_record = false;
    sks_status status = sks_csv_next(&m->csv, &has_record);

    if (status == SKS_OK && !has_record)
        status = fail(m, "the file is empty");
    if (status != SKS_OK)
        return status;
    m->n_columns = m->csv.n;
    for (int i = 0; i < N_OWN; i++) {
        m->own[i] = place_of(m, own_columns[i].name);
        if (m->own[i] == NOWHERE && own_columns[i].is_needed)
            return fail(m, "no column \"%s\": not a campaign as skyscale export writes it",
                        own_columns[i].name);
    }
    for (int i = 0; sks_sample_column_table[i].name != NULL; i++)
        m->sample[i] = place_of(m, sks_sample_column_table[i].name);
    for (int i = 0; i < SKS_N_PARTS; i++)
        m->part[i] = place_of(m, sks_part_table[i].name);
    if (place_of(m, "round") == NOWHERE || place_of(m, "total_s") == NOWHERE)
        return fail(m, "no columns \"round\" and \"total_s\": not a campaign as skyscale export "
                       "writes it");
    return SKS_OK;
}

/* An INSERT of `first` and `columns`, with a mark for each value. */
static sks_status prepare_insert(const sks_store *store, const char *table, const char *first,
                                 const char *columns, sqlite3_stmt **insert)
{
    char marks[3 * MAX_SAMPLE_COLUMNS] = "?";
    char *sql = NULL;
    sks_status status;

    strcat(marks, ", ?");
    for (const char *c = columns; *c != '\0'; c++)
        if (*c == ',')
            strcat(marks, ", ?");
    if (asprintf(&sql, "INSERT INTO %s (%s, %s) VALUES (%s)", table, first, columns, marks) < 0)
        return sks_fail_nomem("the import");
    status = sks_store_prepare(store, sql, insert);
    free(sql);
    return status;
}

/* Not NaN, which SQLite would turn into a value that is missing, nor what no analysis can use. */
static sks_status bind_real(const struct import *m, sqlite3_stmt *insert, int at, const char *name,
                            const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (*end != '\0' || end == text || !isfinite(value))
        return fail(m, "%s: \"%.60s\" is not a number; leave the cell empty when it is not known",
                    name, text);
    if (value <= 0.0 && strcmp(name, "total_s") == 0)
        return fail(m, "total_s: \"%.60s\" is not a time above 0 s", text);
    sqlite3_bind_double(insert, at, value);
    return SKS_OK;
}

/* One value as the column's type has it; an empty cell is NULL. */
static sks_status bind_cell(const struct import *m, sqlite3_stmt *insert, int at, int type,
                            const char *name, const char *text)
{
    const bool is_flag = strncmp(name, "is_", 3) == 0;
    char *end;

    if (text[0] == '\0') {
        sqlite3_bind_null(insert, at);
        return SKS_OK;
    }
    if (is_flag && strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
        return fail(m, "%s: \"%.60s\" is neither 0 nor 1", name, text);
    if (type == SKS_COLUMN_TEXT) {
        sqlite3_bind_text(insert, at, text, -1, SQLITE_STATIC);
        return SKS_OK;
    }
    if (type == SKS_COLUMN_REAL)
        return bind_real(m, insert, at, name, text);
    sqlite3_bind_int64(insert, at, strtoll(text, &end, 10));
    return *end == '\0' && end != text ? SKS_OK
                                       : fail(m, "%s: \"%.60s\" is not a whole number", name, text);
}

/* A whole number in a range that fits an int64_t. */
static sks_status read_int(const struct import *m, const char *name, const char *text, int64_t min,
                           int64_t max, int64_t *value)
{
    char *end;
    long long number = strtoll(text, &end, 10);

    if (end == text || *end != '\0' || number < min || number > max)
        return fail(m, "%s: \"%.60s\" is not a whole number from %lld to %lld", name, text,
                    (long long)min, (long long)max);
    *value = number;
    return SKS_OK;
}

/* Whether a cell says 1; an empty one says 0. */
static sks_status read_flag(const struct import *m, int column, bool *is_set)
{
    const char *text = own(m, column);

    if (text[0] != '\0' && strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
        return fail(m, "%s: \"%.60s\" is neither 0 nor 1", own_columns[column].name, text);
    *is_set = text[0] == '1';
    return SKS_OK;
}

static sks_status is_json_object(const struct import *m, const char *name, const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    const bool is_object = json_is_object(json);

    json_decref(json);
    return is_object ? SKS_OK : fail(m, "%s: \"%.60s\" is not a JSON object", name, text);
}

/* The texts that are shorter to leave out of the file than to repeat. */
static const char *or_else(const char *text, const char *other)
{
    return text[0] != '\0' ? text : other;
}

static const char *series_of(const struct import *m)
{
    return or_else(own(m, SERIES), own(m, PARAMETERS));
}

static sks_status make_key(const struct import *m, int64_t n_workers, bool is_weak, char **key)
{
    const sks_key_parts parts = {
        .kernel = own(m, KERNEL),
        .parameters = own(m, PARAMETERS),
        .series = is_weak ? series_of(m) : NULL,
        .executor = own(m, EXECUTOR),
        .scheduler = own(m, SCHEDULER),
        .binding = own(m, BINDING),
        .n_workers = (unsigned)n_workers,
    };
    sks_status status = is_json_object(m, "parameters", parts.parameters);

    if (status == SKS_OK && is_weak)
        status = is_json_object(m, "series_parameters", parts.series);
    return status == SKS_OK ? sks_configuration_key(&parts, key) : status;
}

/* The configuration with this key; 0 when there is none. */
static sks_status find_configuration(const struct import *m, const char *key, int64_t *id)
{
    bool has_row = false;
    sks_status status;

    sks_store_bind_text(m->find_configuration, ":key", key);
    status = sks_store_step(m->store, m->find_configuration, &has_row);
    *id = status == SKS_OK && has_row ? sqlite3_column_int64(m->find_configuration, 0) : 0;
    sqlite3_reset(m->find_configuration);
    return status;
}

static sks_status enter_configuration(const struct import *m, const char *key, int64_t n_workers,
                                      bool is_weak, int64_t *id)
{
    sqlite3_stmt *insert = m->insert_configuration;
    const bool has_texts = m->own[PARAMETERS_TEXT] != NOWHERE;
    /* Older files have no short text: the long one is as true. */
    const char *text = has_texts ? own(m, PARAMETERS_TEXT) : own(m, PARAMETERS);
    /* Both of the series are empty where they are the configuration's own; a text alone may be
     * empty because all parameters are at their defaults. */
    const bool has_series = own(m, SERIES)[0] != '\0' && m->own[SERIES_TEXT] != NOWHERE;
    bool is_crowded = false;
    sks_status status = read_flag(m, OVERSUBSCRIBED, &is_crowded);

    if (status == SKS_OK && own(m, CONFIGURATION)[0] != '\0') {
        status = read_int(m, "configuration", own(m, CONFIGURATION), 1, INT64_MAX / 2, id);
        if (status == SKS_OK)
            sks_store_bind_int(insert, ":id", *id);
    }
    if (status != SKS_OK)
        return status;
    sks_store_bind_text(insert, ":key", key);
    sks_store_bind_text(insert, ":kernel", own(m, KERNEL));
    sks_store_bind_text(insert, ":parameters", own(m, PARAMETERS));
    sks_store_bind_text(insert, ":text", text);
    sks_store_bind_text(insert, ":executor", own(m, EXECUTOR));
    sks_store_bind_text(insert, ":scheduler", own(m, SCHEDULER));
    sks_store_bind_int(insert, ":workers", n_workers);
    sks_store_bind_text(insert, ":binding", own(m, BINDING));
    sks_store_bind_int(insert, ":crowded", is_crowded);
    sks_store_bind_int(insert, ":weak", is_weak);
    sks_store_bind_text(insert, ":series", series_of(m));
    sks_store_bind_text(insert, ":series_text", has_series ? own(m, SERIES_TEXT) : text);
    status = sks_store_insert(m->store, insert);
    if (status != SKS_OK && (sqlite3_errcode(m->store->db) & 0xff) == SQLITE_CONSTRAINT) {
        sks_clear(); /* the file says it better than the database */
        return fail(m, "two configurations with one number");
    }
    if (status != SKS_OK)
        return status;
    *id = sqlite3_last_insert_rowid(m->store->db);
    return SKS_OK;
}

static sks_status find_or_enter(const struct import *m, int64_t *id)
{
    bool is_weak = false;
    int64_t n_workers = 0;
    char *key = NULL;
    sks_status status = read_int(m, "n_workers", own(m, WORKERS), 1, SKS_MAX_WORKERS, &n_workers);

    if (status == SKS_OK)
        status = read_flag(m, WEAK, &is_weak);
    if (status == SKS_OK)
        status = make_key(m, n_workers, is_weak, &key);
    if (status == SKS_OK)
        status = find_configuration(m, key, id);
    if (status == SKS_OK && *id == 0)
        status = enter_configuration(m, key, n_workers, is_weak, id);
    free(key);
    return status;
}

/* A configuration has many samples: its key is made and looked up for the first one only. */
static sks_status import_configuration(const struct import *m, int64_t *id)
{
    char *cells = NULL;
    sks_status status = SKS_OK;

    if (asprintf(&cells, "%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s", own(m, KERNEL),
                 own(m, PARAMETERS), own(m, WEAK), own(m, SERIES), own(m, EXECUTOR),
                 own(m, SCHEDULER), own(m, WORKERS), own(m, BINDING)) < 0)
        return sks_fail_nomem("the import");
    *id = json_integer_value(json_object_get(m->known, cells));
    if (*id == 0) {
        status = find_or_enter(m, id);
        /* Refused when a cell is not UTF-8; then it is looked up each time. */
        if (status == SKS_OK)
            json_object_set_new(m->known, cells, json_integer(*id));
    }
    free(cells);
    return status;
}

/* What table `sample` does not allow to be missing, for files that lack it. */
static const char *default_of(const char *column)
{
    static const char *const defaults[][2] = {
        {"is_warmup", "0"}, {"started_at", "not known"}, {"status", "ok"}, {"is_settling", "0"}};

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (strcmp(defaults[i][0], column) == 0)
            return defaults[i][1];
    return "";
}

/* Why the database refused the sample, in the words of the file. */
static sks_status fail_sample(const struct import *m)
{
    const int code = sqlite3_extended_errcode(m->store->db);
    char cause[SKS_MESSAGE_SIZE];

    snprintf(cause, sizeof(cause), "%s", sks_message());
    sks_clear();
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return fail(m, "round \"%.60s\" of this configuration is there twice",
                    cell(m, place_of_sample(m, "round")));
    if (code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return fail(m, "two samples with the number %.60s", own(m, SAMPLE));
    return fail(m, "the sample cannot be entered: %s", cause);
}

/* What a sample has to have for any analysis; an empty status means ok. */
static sks_status check_sample(const struct import *m)
{
    const char *outcome = or_else(cell(m, place_of_sample(m, "status")), "ok");
    const bool is_ok = strcmp(outcome, "ok") == 0;

    if (!is_ok && strcmp(outcome, "failed") != 0)
        return fail(m, "status: \"%.60s\" is neither ok nor failed", outcome);
    if (cell(m, place_of_sample(m, "round"))[0] == '\0')
        return fail(m, "round is missing");
    if (is_ok && cell(m, place_of_sample(m, "total_s"))[0] == '\0')
        return fail(m, "total_s is missing, and the status is not failed");
    return SKS_OK;
}

static sks_status import_sample(const struct import *m, int64_t configuration, int64_t *id)
{
    sqlite3_stmt *insert = m->insert_sample;
    sks_status status = SKS_OK;
    int at = 1;

    *id = 0;
    status = check_sample(m);
    if (status == SKS_OK && own(m, SAMPLE)[0] != '\0')
        status = read_int(m, "sample", own(m, SAMPLE), 1, INT64_MAX / 2, id);
    if (*id > 0)
        sqlite3_bind_int64(insert, at, *id);
    sqlite3_bind_int64(insert, ++at, configuration);
    for (int i = 0; status == SKS_OK && sks_sample_column_table[i].name != NULL; i++) {
        const sks_sample_column *column = &sks_sample_column_table[i];

        status = bind_cell(m, insert, ++at, (int)column->type, column->name,
                           or_else(cell(m, m->sample[i]), default_of(column->name)));
    }
    if (status != SKS_OK)
        return status;
    if (sks_store_insert(m->store, insert) != SKS_OK)
        return fail_sample(m);
    *id = sqlite3_last_insert_rowid(m->store->db);
    return SKS_OK;
}

static void bind_json(sqlite3_stmt *insert, int at, const json_t *value)
{
    if (json_is_integer(value))
        sqlite3_bind_int64(insert, at, json_integer_value(value));
    else if (json_is_real(value))
        sqlite3_bind_double(insert, at, json_real_value(value));
    else if (json_is_string(value))
        sqlite3_bind_text(insert, at, json_string_value(value), -1, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(insert, at);
}

/* "[[…],[…]]": the rows of one part. */
static sks_status import_part(const struct import *m, int part, int64_t sample)
{
    const char *name = sks_part_table[part].name;
    const char *text = cell(m, m->part[part]);
    sqlite3_stmt *insert = m->insert_part[part];
    const size_t n = (size_t)sqlite3_bind_parameter_count(insert) - 1;
    json_t *rows;
    sks_status status = SKS_OK;

    if (text[0] == '\0')
        return SKS_OK;
    rows = json_loads(text, 0, NULL);
    if (!json_is_array(rows))
        status = fail(m, "%s: not a JSON array", name);
    for (size_t i = 0; status == SKS_OK && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (json_array_size(row) == 0 || json_array_size(row) > n) {
            status = fail(m, "%s: row %zu is not an array of at most %zu values", name, i + 1, n);
            break;
        }
        sqlite3_bind_int64(insert, 1, sample);
        for (size_t k = 0; k < json_array_size(row); k++)
            bind_json(insert, (int)k + 2, json_array_get(row, k));
        if (sks_store_insert(m->store, insert) != SKS_OK) {
            sks_clear();
            status = fail(m, "%s: row %zu lacks a value or is there twice", name, i + 1);
        }
    }
    json_decref(rows);
    return status;
}

static sks_status set_campaign(const struct import *m, const char *key, const char *value)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        m->store, "INSERT OR REPLACE INTO campaign VALUES (:key, :value)", &insert);

    if (status == SKS_OK) {
        sks_store_bind_text(insert, ":key", key);
        sks_store_bind_text(insert, ":value", value);
        status = sks_store_insert(m->store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

static sks_status import_inputs(const struct import *m, const json_t *inputs)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        m->store, "INSERT OR REPLACE INTO input VALUES (:path, :digest, :size)", &insert);

    for (size_t i = 0; status == SKS_OK && i < json_array_size(inputs); i++) {
        const json_t *input = json_array_get(inputs, i);

        sks_store_bind_text(insert, ":path", json_string_value(json_object_get(input, "path")));
        sks_store_bind_text(insert, ":digest",
                            json_string_value(json_object_get(input, "xxh3_128")));
        sks_store_bind_int(insert, ":size",
                           json_integer_value(json_object_get(input, "size_bytes")));
        if (sks_store_insert(m->store, insert) != SKS_OK) {
            sks_clear();
            status = fail(m, "description: an input without path or digest");
        }
    }
    sqlite3_finalize(insert);
    return status;
}

/* What the campaign is: in one row, wherever that has got to. */
static sks_status import_description(struct import *m)
{
    const char *text = own(m, DESCRIPTION);
    json_t *all, *value;
    const char *key;
    sks_status status = SKS_OK;

    if (text[0] == '\0' || m->has_description)
        return SKS_OK;
    m->has_description = true;
    all = json_loads(text, 0, NULL);
    if (!json_is_object(json_object_get(all, "campaign")))
        status = fail(m, "description: not the JSON object that skyscale export writes");
    if (status == SKS_OK)
        json_object_foreach(json_object_get(all, "campaign"), key, value)
        {
            if (status == SKS_OK && json_is_string(value))
                status = set_campaign(m, key, json_string_value(value));
        }
    if (status == SKS_OK)
        status = import_inputs(m, json_object_get(all, "inputs"));
    json_decref(all);
    return status;
}

static sks_status import_record(struct import *m)
{
    int64_t configuration = 0, sample = 0;
    sks_status status = SKS_OK;

    if (m->csv.n != m->n_columns)
        return fail(m, "%zu cells, the header has %zu", m->csv.n, m->n_columns);
    if (m->n == 0 && own(m, CAMPAIGN)[0] != '\0')
        status = set_campaign(m, "name", own(m, CAMPAIGN));
    if (status == SKS_OK)
        status = import_description(m);
    if (status == SKS_OK)
        status = import_configuration(m, &configuration);
    if (status == SKS_OK)
        status = import_sample(m, configuration, &sample);
    for (int i = 0; status == SKS_OK && i < SKS_N_PARTS; i++)
        status = import_part(m, i, sample);
    m->n += status == SKS_OK;
    return status;
}

static sks_status prepare(struct import *m)
{
    char columns[1024] = "configuration_id";
    sks_status status;

    for (const sks_sample_column *c = sks_sample_column_table; c->name != NULL; c++) {
        strncat(columns, ", ", sizeof(columns) - strlen(columns) - 1);
        strncat(columns, c->name, sizeof(columns) - strlen(columns) - 1);
    }
    status = prepare_insert(m->store, "sample", "id", columns, &m->insert_sample);
    for (int i = 0; status == SKS_OK && i < SKS_N_PARTS; i++)
        status = prepare_insert(m->store, sks_part_table[i].table, "sample_id",
                                sks_part_table[i].columns, &m->insert_part[i]);
    if (status == SKS_OK)
        status = sks_store_prepare(m->store, "SELECT id FROM configuration WHERE key = :key",
                                   &m->find_configuration);
    if (status == SKS_OK)
        status = sks_store_prepare(
            m->store,
            "INSERT INTO configuration (id, key, kernel, parameters, parameters_text, executor,"
            " scheduler, n_workers, binding, is_oversubscribed, is_weak, series_parameters,"
            " series_parameters_text) VALUES (:id, :key, :kernel, :parameters, :text, :executor,"
            " :scheduler, :workers, :binding, :crowded, :weak, :series, :series_text)",
            &m->insert_configuration);
    return status;
}

static sks_status import_all(struct import *m)
{
    bool has_record = true;
    sks_status status = sks_store_make_schema(m->store);

    if (status == SKS_OK)
        status = sks_store_insert_limits(m->store);
    if (status == SKS_OK)
        status = read_header(m);
    if (status == SKS_OK)
        status = prepare(m);
    while (status == SKS_OK && (status = sks_csv_next(&m->csv, &has_record)) == SKS_OK &&
           has_record)
        status = import_record(m);
    if (status == SKS_OK && m->n == 0)
        status = fail(m, "no samples");
    return status;
}

/* All is one transaction into an empty file: there is nothing to write into a journal, where a log
 * would take every page twice. The larger cache keeps pages from being written more than once. */
static const char fast_loading[] = "PRAGMA journal_mode = DELETE; PRAGMA cache_size = -65536;";

/* No CSV of ours begins with a brace. */
static sks_status refuse_json(FILE *in, const char *name)
{
    const int first = getc(in);

    ungetc(first, in); /* does nothing at the end */
    return first == '{' ? sks_fail(SKS_ERR_INPUT,
                                   "%s:1: JSON, where the CSV of skyscale export is expected", name)
                        : SKS_OK;
}

sks_status sks_import_csv(sks_store *store, FILE *in, const char *name, size_t *n_samples)
{
    struct import m = {.store = store};
    sks_status status;

    if (!store->is_fresh)
        return sks_fail(SKS_ERR_USAGE, "%s holds a campaign already; name a new database with -d",
                        store->path);
    status = refuse_json(in, name);
    if (status != SKS_OK)
        return status;
    m.known = json_object();
    if (m.known == NULL)
        return sks_fail_nomem("the import");
    status = sks_csv_open(in, name, &m.csv);
    if (status == SKS_OK)
        status = sks_store_exec(store, fast_loading);
    if (status == SKS_OK)
        status = sks_store_exec(store, "BEGIN IMMEDIATE");
    if (status == SKS_OK) {
        status = import_all(&m);
        sqlite3_finalize(m.insert_sample);
        sqlite3_finalize(m.insert_configuration);
        sqlite3_finalize(m.find_configuration);
        for (int i = 0; i < SKS_N_PARTS; i++)
            sqlite3_finalize(m.insert_part[i]);
        if (status == SKS_OK)
            status = sks_store_exec(store, "COMMIT");
        if (status != SKS_OK)
            sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    sks_csv_close(&m.csv);
    json_decref(m.known);
    if (status != SKS_OK)
        return status;
    store->is_fresh = false;
    *n_samples = m.n;
    return SKS_OK;
}
