/* What the exports share; for harness/sweep only. */
#ifndef SKYSCALE_EXPORT_PARTS_H
#define SKYSCALE_EXPORT_PARTS_H

#include "harness/sweep/store_schema.h"

#include <jansson.h>

/* The query for one row per sample in the order taken: its id, then the columns, then
 * `more_columns` (each with a comma before it). From malloc. */
sks_status sks_samples_sql(bool drops_disturbed, const char *more_columns, char **sql);

/* The campaign's keys and values; with the machine's description as the JSON that it is, or all as
 * the texts that they are. */
sks_status sks_campaign_json(const sks_store *store, bool parses_machine, json_t **campaign);

/* The input files as an array of objects. */
sks_status sks_inputs_json(const sks_store *store, json_t **inputs);

#endif
