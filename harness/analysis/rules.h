/* The twelve rules of Hoefler & Belli as a checklist that a campaign answers from its own data.
 *
 * A rule that the program keeps by its nature (it averages no ratios) says how; one that depends on
 * the measurements (has every configuration enough samples for an interval?) is answered by them.
 *
 * Threads   reentrant.
 * Source    Hoefler & Belli (2015), SC'15, "Scientific benchmarking of parallel computing systems:
 *           twelve ways to tell the masses when reporting performance results".
 */
#ifndef SKYSCALE_RULES_H
#define SKYSCALE_RULES_H

#include "harness/analysis/diagnosis.h"
#include "harness/analysis/self_check.h"
#include "harness/sweep/facts.h"

enum { SKS_N_RULES = 12 };

typedef enum sks_answer { SKS_RULE_YES, SKS_RULE_NO, SKS_RULE_NOT_APPLICABLE } sks_answer;
extern const char *const sks_answer_name[]; /* "yes", "no", "not-applicable" */

typedef struct sks_rule_answer {
    const char *rule; /* in one line */
    sks_answer answer;
    char reason[512];
} sks_rule_answer;

typedef struct sks_rules_input {
    const sks_facts *facts;
    const sks_series *series; /* [n], of the same campaign */
    size_t n;
    double confidence;                  /* of the intervals that are shown */
    const sks_diagnosis_counts *counts; /* at error rate 1 - confidence */
} sks_rules_input;

/* Fills answers[SKS_N_RULES]: rule i is answers[i - 1]. */
void sks_rules_answer(const sks_rules_input *input, sks_rule_answer answers[SKS_N_RULES]);

/* [{"rule": 1, "text": …, "answer": …, "reason": …}, …]; NULL: out of memory. */
json_t *sks_rules_json(const sks_rule_answer answers[SKS_N_RULES]);

#endif
