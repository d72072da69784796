/* Everything `skyscale compare` found, put together for a table or for JSON.
 *
 * Threads   read-only once made.
 */
#ifndef SKYSCALE_COMPARE_REPORT_H
#define SKYSCALE_COMPARE_REPORT_H

#include "harness/analysis/match.h"
#include "harness/analysis/rules.h"
#include "harness/analysis/self_check.h"

/* One campaign that took part, and what its own samples say of how far to believe them. */
typedef struct sks_compared {
    const char *path;
    const sks_facts *facts;
    const sks_series *series; /* [n] */
    size_t n;
    sks_states states;
    sks_diagnosis_counts counts;
    sks_self_check self_check;
} sks_compared;

/* Fills everything behind `n`. SKS_ERR_NOMEM. */
sks_status sks_compared_examine(const sks_compare_options *options, sks_compared *campaign);

/* All of it as JSON, with the answers to the twelve rules; NULL: out of memory, or a name that is
 * not UTF-8. */
json_t *sks_compared_json(const sks_compared *campaign, double confidence);

/* The comparison again with the samples of one state. */
typedef struct sks_state_report {
    sks_state state;
    sks_state_selection selection;
    sks_compare_result result;
} sks_state_report;

enum { SKS_STATE_REPORTS = 2 }; /* near, far */

typedef struct sks_compare_report {
    const char *by;        /* NULL: campaigns are compared */
    const char *time_name; /* "total time" */
    sks_compare_options options;
    bool is_same_campaign; /* base and every new one */
    size_t n_campaigns;
    sks_compared *campaigns; /* [n_campaigns], the base first */
    sks_matches matches;
    sks_compare_result result;
    size_t n_states; /* 0, or SKS_STATE_REPORTS when the latency probe saw two */
    sks_state_report states[SKS_STATE_REPORTS];
} sks_compare_report;

/* Fills everything behind `campaigns`, whose paths, facts and series are there already; `base` is
 * the level to compare with, or NULL. Errors as sks_match_by and sks_compare. The campaigns' array
 * is the caller's; the rest is freed with sks_compare_report_clear, in any case. */
sks_status sks_compare_report_make(const char *base, sks_compare_report *report);
void sks_compare_report_clear(sks_compare_report *report);

/* The object that `skyscale compare --json` prints. SKS_ERR_NOMEM. */
sks_status sks_compare_to_json(const sks_compare_report *report, json_t **json);

#endif
