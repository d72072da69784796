/* A run as one JSON object, for `skyscale run --json`: the names are part of the contract, and only
 * ever added to. What is missing is null. */
#ifndef SKYSCALE_RECORD_JSON_H
#define SKYSCALE_RECORD_JSON_H

#include "harness/measure/run.h"

#include <jansson.h>

/* Borrowed references become the object's own; the caller gives up what it gets with json_decref.
 * `machine` (may be NULL) is borrowed. NULL when memory ran out. */
json_t *sks_record_to_json(const sks_configuration *configuration, const sks_record *record,
                           json_t *machine);

/* The parameters in force, defaults included, as an object of typed values. */
json_t *sks_values_to_json(const sks_values *values);

/* A finite number, or null. */
json_t *sks_json_number(double value);

#endif
