/* What the parts of matching share; for harness/analysis/match*.c only. */
#ifndef SKYSCALE_MATCH_PARTS_H
#define SKYSCALE_MATCH_PARTS_H

#include "harness/analysis/match.h"

/* One configuration. */
typedef struct sks_entry {
    const sks_match_source *source;
    const sks_series *series;
    const sks_point *point;
    json_t *parameters;          /* an object; NULL when not known */
    char *key;                   /* what can be compared as text */
    char *level;                 /* of what is compared by; NULL when it has none or nothing is */
    char *label, *work, *choice; /* as in sks_match */
    bool is_matched;
} sks_entry;

typedef struct sks_entries {
    size_t n;
    sks_entry *entry;
} sks_entries;

/* What is compared by: nothing, one of the dimensions, or a parameter. */
enum {
    SKS_BY_NOTHING,
    SKS_BY_SCHEDULER,
    SKS_BY_EXECUTOR,
    SKS_BY_BINDING,
    SKS_BY_WORKERS,
    SKS_N_DIMENSIONS,
    SKS_BY_PARAMETER = SKS_N_DIMENSIONS
};
/* The names of the dimensions; ends with NULL. */
extern const char *const sks_dimension_name[];

/* All configurations of a source that have samples, with what is compared by (NULL: nothing) left
 * out of their keys and labels. Cleared with sks_entries_clear, in any case. */
sks_status sks_entries_list(const sks_match_source *source, const char *by, sks_entries *entries);
void sks_entries_clear(sks_entries *entries);

/* Fills the texts of all entries, which are those of the source in its order: without the dimension
 * `what`, or the parameter `by`. SKS_ERR_NOMEM. */
sks_status sks_entries_label(const sks_match_source *source, int what, const char *by,
                             sks_entries *entries);

/* Whether the short text sets the parameter: "tasks=5" in "tasks=5,seed=3". */
bool sks_is_parameter_set(const char *parameters, const char *name);

/* A parameter's value as text, from malloc; NULL: out of memory. */
char *sks_json_parameter_text(const json_t *value);

/* Whether two configurations whose keys are the same do the same work, but for `by`. */
bool sks_entries_agree(const sks_entry *a, const sks_entry *b, const char *by);

#endif
