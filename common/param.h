/* Typed parameters: one table per kernel, scheduler or command, from which the command line, the
 * sweep file, --help and `skyscale list` are all fed.
 *
 * A table is an array that ends with .name == NULL. Values are set from text, checked against
 * type, range and choices as they come, and read by name.
 *
 * Ownership  sks_values owns copies of all texts; the table must outlive it.
 * Threads    setting is not thread-safe; reading is.
 */
#ifndef SKYSCALE_PARAM_H
#define SKYSCALE_PARAM_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum sks_param_type {
    SKS_INT,    /* whole number in [min, max] */
    SKS_REAL,   /* finite number in [min, max] */
    SKS_CHOICE, /* one of `choices` */
    SKS_TEXT,   /* any text */
    SKS_INPUT,  /* path of a file that is read; its content belongs to the question asked */
    SKS_OUTPUT, /* path of the product; the harness may choose another place for it */
    SKS_FLAG,   /* yes or no */
} sks_param_type;

typedef struct sks_param {
    const char *name; /* as in --name and in a sweep file */
    sks_param_type type;
    const char *unit;           /* "px", "deg", "tasks"; NULL for none */
    const char *default_text;   /* NULL: no value unless given */
    double min, max;            /* SKS_INT and SKS_REAL, inclusive */
    const char *const *choices; /* SKS_CHOICE: ends with NULL */
    const char *help;           /* one line, no full stop */
    char short_name;            /* as in -o; 0 for none */
    bool is_required;
} sks_param;

typedef struct sks_values sks_values;

/* All parameters of `table` at their defaults. A NULL table has no parameters. */
sks_status sks_values_create(const sks_param *table, sks_values **values);
sks_status sks_values_copy(const sks_values *from, sks_values **to);
void sks_values_destroy(sks_values *values); /* accepts NULL */

/* Sets one value. `where` begins the message of a failure ("--decimals", "fig1.yaml:7: decimals").
 * Unknown names are answered with the nearest one. SKS_ERR_USAGE. */
sks_status sks_values_set(sks_values *values, const char *name, const char *text,
                          const char *where);

/* Sets from "key=value,key=value"; `where` begins the messages. */
sks_status sks_values_set_list(sks_values *values, const char *list, const char *where);

/* SKS_ERR_USAGE when a required parameter has no value; `prefix` comes before its name ("--"). */
sks_status sks_values_complete(const sks_values *values, const char *prefix);

/* Of every kernel before it runs. SKS_ERR_USAGE when an output is a file that is also read, under
 * whatever name, or two outputs are one file: the product would take the place of what it is made
 * from, or of another product. */
sks_status sks_values_check_files(const sks_values *values);

const sks_param *sks_values_table(const sks_values *values); /* never NULL */

/* Reading. The name must be in the table and have that type: anything else is a bug (assert). */
bool sks_values_has(const sks_values *values, const char *name);       /* given or by default */
bool sks_values_was_given(const sks_values *values, const char *name); /* given */
int64_t sks_values_int(const sks_values *values, const char *name);
double sks_values_real(const sks_values *values, const char *name);
bool sks_values_flag(const sks_values *values, const char *name);
const char *sks_values_text(const sks_values *values,
                            const char *name);                     /* any type; NULL if none */
int sks_values_choice(const sks_values *values, const char *name); /* index in `choices` */

/* The range, choices and default in words, for help texts: "1 … 100, default 9". */
void sks_param_describe(const sks_param *param, char *text, size_t size);

/* The candidate nearest to `name` by edit distance, or NULL when none is near.
 * `candidate(i)` gives the names, then NULL. */
const char *sks_nearest(const char *name, const char *(*candidate)(const void *, size_t),
                        const void *context);

/* `text` as a whole number or a finite number, the entire text; false otherwise. */
bool sks_parse_int(const char *text, int64_t *value);
bool sks_parse_real(const char *text, double *value);

#endif
