/* Which configurations are to be compared with which.
 *
 * Campaigns   Configurations match when kernel, executor, scheduler with its options, binding,
 *             workers and kind of scaling are the same, and every parameter is. Files that are read
 *             are the same when their contents are (by digest), wherever they lie. A parameter that
 *             only one side knows, for it was made by another version, does not matter as long as
 *             nobody has set it.
 * Choices     Within one campaign: all but the one thing that is compared have to be the same.
 *
 * Ownership   matches borrow series and points; they own their texts.
 * Threads     reentrant.
 */
#ifndef SKYSCALE_MATCH_H
#define SKYSCALE_MATCH_H

#include "harness/analysis/compare.h"

#include <jansson.h>

/* A campaign as far as matching goes. */
typedef struct sks_match_source {
    const char *name;
    const sks_series *series; /* [n] */
    size_t n;
    const json_t *inputs; /* {path: digest}; NULL when not known */
} sks_match_source;

typedef struct sks_unmatched {
    size_t group; /* in which it has no partner */
    char *label;
    char *where; /* the campaign or level that has it */
} sks_unmatched;

typedef struct sks_matches {
    size_t n;
    sks_match *matches;
    char *base_name; /* a campaign's, or a level: "dynamic" */
    size_t n_groups;
    char **group_names; /* [n_groups]: what is held against the base */
    /* [n_groups] arrays of paths that both campaigns read, with other contents: why configurations
     * that read them have no partner. NULL within one campaign. */
    json_t *changed_inputs;
    size_t n_unmatched;
    sks_unmatched *unmatched;
} sks_matches;

/* Sources 1 … n - 1 against source 0. SKS_ERR_NOMEM. */
sks_status sks_match_campaigns(const sks_match_source *sources, size_t n, sks_matches *matches);

/* By "scheduler", "executor", "binding", "workers" or the name of a parameter: all levels against
 * `base`, or against the one that was planned first when it is NULL. SKS_ERR_USAGE when there is no
 * such thing or level (with the nearest name), or only one level. */
sks_status sks_match_by(const sks_match_source *source, const char *by, const char *base,
                        sks_matches *matches);

void sks_matches_clear(sks_matches *matches); /* accepts one that is all zero */

#endif
