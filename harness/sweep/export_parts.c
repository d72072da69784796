#include "harness/sweep/export_parts.h"

#include <stdlib.h>
#include <string.h>

sks_status sks_samples_sql(bool drops_disturbed, const char *more_columns, char **sql)
{
    char *columns = NULL, *disturbed = NULL, *made = NULL;
    sks_status status = sks_samples_columns_sql(&columns);

    if (status == SKS_OK && drops_disturbed)
        status = sks_disturbed_sql(&disturbed);
    if (status == SKS_OK &&
        asprintf(&made, "SELECT s.id, %s%s" SKS_SAMPLES_FROM "%s%s%s ORDER BY s.id", columns,
                 more_columns, drops_disturbed ? " WHERE " : "", drops_disturbed ? disturbed : "",
                 drops_disturbed ? " = ''" : "") < 0)
        status = sks_fail_nomem("the export");
    free(columns);
    free(disturbed);
    if (status == SKS_OK)
        *sql = made;
    return status;
}

sks_status sks_rows_open(const sks_store *store, const sks_part *part, sks_rows *rows)
{
    char *sql = NULL;
    sks_status status;

    if (asprintf(&sql, "SELECT sample_id, %s FROM %s ORDER BY sample_id, %s", part->columns,
                 part->table, part->order) < 0)
        return sks_fail_nomem("the export");
    status = sks_store_prepare(store, sql, &rows->query);
    free(sql);
    return status == SKS_OK ? sks_store_step(store, rows->query, &rows->has_row) : status;
}

sks_status sks_rows_seek(const sks_store *store, sks_rows *rows, int64_t sample, bool *is_there)
{
    sks_status status = SKS_OK;

    while (status == SKS_OK && rows->has_row && sqlite3_column_int64(rows->query, 0) < sample)
        status = sks_store_step(store, rows->query, &rows->has_row);
    *is_there = status == SKS_OK && rows->has_row && sqlite3_column_int64(rows->query, 0) == sample;
    return status;
}

sks_status sks_rows_next(const sks_store *store, sks_rows *rows, int64_t sample, bool *is_there)
{
    sks_status status = sks_store_step(store, rows->query, &rows->has_row);

    *is_there = status == SKS_OK && rows->has_row && sqlite3_column_int64(rows->query, 0) == sample;
    return status;
}

/* ASCII without anything that JSON writes otherwise: nearly every text of a campaign. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e || *text == '"' ||
            *text == '\\')
            return false;
    return true;
}

void sks_json_put_text(const char *text, FILE *out)
{
    json_t *json;

    if (is_plain(text)) {
        putc_unlocked('"', out);
        fputs_unlocked(text, out);
        putc_unlocked('"', out);
        return;
    }
    json = json_string(text); /* NULL: not UTF-8 */
    if (json == NULL || json_dumpf(json, out, JSON_ENCODE_ANY) != 0)
        fputs_unlocked("null", out);
    json_decref(json);
}
