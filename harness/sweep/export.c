/* A campaign as CSV. */
#include "harness/sweep/export.h"

#include "harness/sweep/csv.h"
#include "harness/sweep/export_parts.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_column(sqlite3_stmt *row, int i, FILE *out)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        break;
    case SQLITE_INTEGER:
        sks_csv_put_int(sqlite3_column_int64(row, i), out);
        break;
    case SQLITE_FLOAT:
        sks_csv_put_real(sqlite3_column_double(row, i), out);
        break;
    default: {
        const char *text = sks_store_text(row, i);

        sks_csv_put_text(text, strlen(text), out);
    }
    }
}

/* A column per event counted in this campaign, "counter_NAME": the sum over the workers, missing
 * when any worker's is. From malloc. */
static sks_status counter_columns(const sks_store *store, char **sql)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    sqlite3_stmt *events = NULL;
    bool has_row = true;
    sks_status status;

    if (stream == NULL)
        return sks_fail_nomem("the export");
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
    if (fclose(stream) != 0 && status == SKS_OK)
        status = sks_fail_nomem("the export");
    if (status != SKS_OK) {
        free(text);
        return status;
    }
    *sql = text;
    return SKS_OK;
}

static void put_json_value(sqlite3_stmt *row, int i, FILE *out)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_INTEGER:
        sks_csv_put_int(sqlite3_column_int64(row, i), out);
        break;
    case SQLITE_FLOAT:
        if (isfinite(sqlite3_column_double(row, i)))
            sks_csv_put_real(sqlite3_column_double(row, i), out);
        else
            fputs_unlocked("null", out);
        break;
    case SQLITE_TEXT:
        sks_json_put_text(sks_store_text(row, i), out);
        break;
    default:
        fputs_unlocked("null", out);
    }
}

/* The rows that belong to a sample, "[[…],[…]]"; nothing when there are none. */
static sks_status print_rows(const sks_store *store, sks_rows *rows, int64_t sample, FILE *out)
{
    const int n = sqlite3_column_count(rows->query);
    const char *separator = "[[";
    bool has_row = false;
    sks_status status = sks_rows_seek(store, rows, sample, &has_row);

    while (status == SKS_OK && has_row) {
        for (int i = 1; i < n; i++) {
            fputs_unlocked(i > 1 ? "," : separator, out);
            put_json_value(rows->query, i, out);
        }
        separator = "],[";
        status = sks_rows_next(store, rows, sample, &has_row);
    }
    if (separator[0] == ']')
        fputs_unlocked("]]", out);
    return status;
}

/* What the campaign is, as JSON; stands in the first row. */
static sks_status print_description(const sks_store *store, FILE *out)
{
    json_t *campaign = NULL, *inputs = NULL, *all;
    sks_status status = sks_campaign_json(store, false, &campaign);

    if (status == SKS_OK)
        status = sks_inputs_json(store, &inputs);
    if (status != SKS_OK) {
        json_decref(campaign);
        return status;
    }
    all = json_pack("{s:o, s:o}", "campaign", campaign, "inputs", inputs);
    if (all == NULL || json_dumpf(all, out, JSON_COMPACT) != 0)
        status = sks_fail_nomem("the export");
    json_decref(all);
    return status;
}

/* The cells that hold JSON. Each is first written into memory, then quoted. */
enum { N_CSV_PARTS = SKS_PART_CHUNKS };
struct cells {
    sks_rows parts[N_CSV_PARTS];
    FILE *memory;
    char *text;
    size_t size;
    bool has_description;
};

static sks_status print_json_cell(const sks_store *store, struct cells *cells, int part,
                                  int64_t sample, FILE *out)
{
    sks_status status = SKS_OK;

    rewind(cells->memory);
    if (part < N_CSV_PARTS)
        status = print_rows(store, &cells->parts[part], sample, cells->memory);
    else if (!cells->has_description) {
        status = print_description(store, cells->memory);
        cells->has_description = true;
    }
    if (status == SKS_OK && fflush(cells->memory) != 0)
        status = sks_fail_nomem("the export");
    putc_unlocked(',', out);
    if (status == SKS_OK)
        sks_csv_put_text(cells->text, (size_t)ftell(cells->memory), out);
    return status;
}

static sks_status open_cells(const sks_store *store, struct cells *cells)
{
    sks_status status = SKS_OK;

    cells->memory = open_memstream(&cells->text, &cells->size);
    if (cells->memory == NULL)
        return sks_fail_nomem("the export");
    for (int i = 0; status == SKS_OK && i < N_CSV_PARTS; i++)
        status = sks_rows_open(store, &sks_part_table[i], &cells->parts[i]);
    return status;
}

static void close_cells(struct cells *cells)
{
    for (int i = 0; i < N_CSV_PARTS; i++)
        sqlite3_finalize(cells->parts[i].query);
    if (cells->memory != NULL)
        fclose(cells->memory);
    free(cells->text);
}

/* The columns of the query: how many there are without the counters, and those of the series, which
 * are left empty where they only repeat the configuration's: with strong scaling, everywhere. */
struct layout {
    int n_own;
    int parameters, parameters_text, series, series_text;
};

static int find_column(sqlite3_stmt *rows, int n, const char *name)
{
    int i = 0;

    while (i < n && strcmp(sqlite3_column_name(rows, i), name) != 0)
        i++;
    return i;
}

static struct layout find_layout(sqlite3_stmt *rows)
{
    int n = 0;

    while (n < sqlite3_column_count(rows) &&
           strncmp(sqlite3_column_name(rows, n), "counter_", 8) != 0)
        n++;
    return (struct layout){
        .n_own = n,
        .parameters = find_column(rows, n, "parameters"),
        .parameters_text = find_column(rows, n, "parameters_text"),
        .series = find_column(rows, n, "series_parameters"),
        .series_text = find_column(rows, n, "series_parameters_text"),
    };
}

/* The names of the columns: a sample's own, the cells with JSON, the counters. */
static void print_header(sqlite3_stmt *rows, int n_own, FILE *out)
{
    for (int i = 1; i < n_own; i++)
        fprintf(out, "%s%s", i > 1 ? "," : "", sqlite3_column_name(rows, i));
    for (int i = 0; i < N_CSV_PARTS; i++)
        fprintf(out, ",%s", sks_part_table[i].name);
    fputs(",description", out);
    for (int i = n_own; i < sqlite3_column_count(rows); i++) {
        const char *name = sqlite3_column_name(rows, i);

        putc_unlocked(',', out);
        sks_csv_put_text(name, strlen(name), out);
    }
    putc_unlocked('\n', out);
}

static bool are_same(sqlite3_stmt *rows, int a, int b)
{
    return strcmp(sks_store_text(rows, a), sks_store_text(rows, b)) == 0;
}

static sks_status print_row(const sks_store *store, sqlite3_stmt *rows, const struct layout *at,
                            struct cells *cells, FILE *out)
{
    const int64_t sample = sqlite3_column_int64(rows, 0);
    const bool repeats = are_same(rows, at->parameters, at->series) &&
                         are_same(rows, at->parameters_text, at->series_text);
    sks_status status = SKS_OK;

    for (int i = 1; i < at->n_own; i++) {
        if (i > 1)
            putc_unlocked(',', out);
        if (!repeats || (i != at->series && i != at->series_text))
            put_column(rows, i, out);
    }
    for (int i = 0; status == SKS_OK && i <= N_CSV_PARTS; i++)
        status = print_json_cell(store, cells, i, sample, out);
    for (int i = at->n_own; i < sqlite3_column_count(rows); i++) {
        putc_unlocked(',', out);
        put_column(rows, i, out);
    }
    putc_unlocked('\n', out);
    return status;
}

sks_status sks_export_csv(sks_store *store, bool drops_disturbed, FILE *out)
{
    struct cells cells = {0};
    char *counters = NULL, *sql = NULL;
    sqlite3_stmt *rows = NULL;
    bool has_row = true;
    struct layout at = {0};
    sks_status status = counter_columns(store, &counters);

    if (status == SKS_OK)
        status = sks_samples_sql(drops_disturbed, counters, &sql);
    if (status == SKS_OK)
        status = sks_store_prepare(store, sql, &rows);
    if (status == SKS_OK)
        status = open_cells(store, &cells);
    if (status == SKS_OK) {
        at = find_layout(rows);
        print_header(rows, at.n_own, out);
    }
    while (status == SKS_OK && (status = sks_store_step(store, rows, &has_row)) == SKS_OK &&
           has_row)
        status = print_row(store, rows, &at, &cells, out);
    close_cells(&cells);
    sqlite3_finalize(rows);
    free(sql);
    free(counters);
    return status;
}
