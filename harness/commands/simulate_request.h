/* What `skyscale simulate` is asked for: work loads, worker counts and rules.
 *
 * Errors   SKS_ERR_USAGE with the option's name; of the loads those of simulate_load.h.
 */
#ifndef SKYSCALE_SIMULATE_REQUEST_H
#define SKYSCALE_SIMULATE_REQUEST_H

#include "harness/analysis/simulate_study.h"
#include "harness/commands/command.h"

/* The second table of the command: a kernel's parameters, a distribution's, or none for files. */
sks_status sks_simulate_params(const char *operand, const sks_param **table, const char **title);

/* The loads of the first operand; option "runs". Of a campaign with the least times instead of the
 * medians, if asked. Free with sks_work_loads_free. */
sks_status sks_simulate_loads(const sks_arguments *arguments, bool with_least,
                              sks_work_load **loads, size_t *n);

/* Whether the file is a campaign; false too when there is none. */
bool sks_simulate_is_campaign(const char *operand);

/* "1,2,4,...,1024" or "1-8": increasing, each once. Free .n_workers. */
typedef struct sks_worker_counts {
    unsigned *n_workers;
    size_t n;
} sks_worker_counts;
sks_status sks_worker_counts_parse(const char *text, sks_worker_counts *counts);

/* "all", or schedulers with their options, separated by commas. Free with sks_study_rules_free,
 * also after a failure. */
typedef struct sks_study_rules {
    sks_study_rule *rule;
    size_t n;
} sks_study_rules;
sks_status sks_study_rules_parse(const char *text, const sks_claim_model *claims,
                                 sks_study_rules *rules);

#endif
