/* What the exports share; for harness/sweep only. */
#ifndef SKYSCALE_EXPORT_PARTS_H
#define SKYSCALE_EXPORT_PARTS_H

#include "harness/sweep/store_schema.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The query for one row per sample in the order taken: its id, then the columns, then
 * `more_columns` (each with a comma before it). From malloc. */
sks_status sks_samples_sql(bool drops_disturbed, const char *more_columns, char **sql);

/* The rows of one part, read side by side with the samples: both are in the order of samples. A
 * query per sample takes several times as long. */
typedef struct sks_rows {
    sqlite3_stmt *query; /* the sample's id, then the part's columns; the caller finalizes it */
    bool has_row;        /* the present row is not used up */
} sks_rows;
sks_status sks_rows_open(const sks_store *store, const sks_part *part, sks_rows *rows);

/* To the first row that belongs to the sample, past those of samples that were left out; and to the
 * row behind the present one. Is it there? */
sks_status sks_rows_seek(const sks_store *store, sks_rows *rows, int64_t sample, bool *is_there);
sks_status sks_rows_next(const sks_store *store, sks_rows *rows, int64_t sample, bool *is_there);

/* In quotes, with what JSON escapes; null when the text is not UTF-8. */
void sks_json_put_text(const char *text, FILE *out);

/* The campaign's keys and values; with the machine's description as the JSON that it is, or all as
 * the texts that they are. */
sks_status sks_campaign_json(const sks_store *store, bool parses_machine, json_t **campaign);

/* The input files as an array of objects. */
sks_status sks_inputs_json(const sks_store *store, json_t **inputs);

#endif
