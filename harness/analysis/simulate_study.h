/* One work load under many rules and worker counts, simulated: how long it takes, which rule and
 * chunk is best for each worker count, and which scaling laws describe it.
 *
 * Time     of a whole run: the serial phases of the load and the simulated loop; or the loop alone.
 * Slow-down  of the load's tasks with that many workers holds for every rule, and for the bound: no
 *          rule can undo it, so a bound without it would be one that nothing reaches.
 * Base     of all speedups, the same for every rule: one worker of speed 1 with the phases that one
 *          worker has, and without any claim.
 * Chunks   where a rule has an option `chunk` that was not given, its default and the sizes 4, 16,
 *          64, … up to n/N are tried for each worker count, and the quickest is kept (of equally
 *          quick ones the first).
 * Repeats  with noise, each point is simulated several times with other noise; its time is the
 *          median, and what else is told of it is of the repeat nearest to that.
 *
 * Units      seconds.
 * Ownership  a study owns what it points to, but for the load and the rules.
 */
#ifndef SKYSCALE_SIMULATE_STUDY_H
#define SKYSCALE_SIMULATE_STUDY_H

#include "harness/analysis/fit.h"
#include "harness/analysis/simulate_claims.h"
#include "harness/analysis/simulate_load.h"
#include "harness/analysis/simulate_speeds.h"

#include <jansson.h>

/* A scheduler with its options, and what a claim costs it. */
typedef struct sks_study_rule {
    char *text; /* "guided:chunk=4" */
    const sks_scheduler *scheduler;
    sks_values *options;
    sks_claim_costs claims;
} sks_study_rule;

/* "NAME:key=value,…" with its claims under the model. */
sks_status sks_study_rule_make(const char *text, const sks_claim_model *model,
                               sks_study_rule *rule);
void sks_study_rules_free(sks_study_rule *rules, size_t n); /* accepts NULL */

typedef struct sks_study_options {
    const unsigned *n_workers; /* [n], increasing */
    size_t n;
    const sks_study_rule *rules; /* [n_rules] */
    size_t n_rules;
    sks_speeds speeds;
    double noise;
    uint64_t seed;
    unsigned n_repeats; /* with noise; without it one is enough */
    bool searches_chunks;
    bool is_loop_only; /* the time is that of the loop */
    bool is_informed;  /* rules with options mean, sd, overhead are told them unless given */
    /* Called now and then with how much of the work is done; may be NULL. */
    void (*progress)(void *context, size_t n_done, size_t n_total);
    void *context;
} sks_study_options;

typedef struct sks_study_point {
    unsigned n_workers;
    double slow_down; /* by which the costs of tasks were multiplied */
    char *failure;    /* why the rule cannot do this; NULL: it can, and the rest is known */
    char *rule;       /* with the options chosen: "dynamic:chunk=64" */
    sks_simulated run;
    double *seconds; /* [n_seconds], of the repeats */
    size_t n_seconds;
    double time_s; /* their median */
    double speedup, efficiency;
} sks_study_point;

typedef struct sks_study {
    const sks_work_load *load;
    const sks_study_options *options; /* borrowed, as the load is */
    double base_s;
    double *bound_s;        /* [n]: no rule can be quicker at that worker count */
    sks_study_point *point; /* [n_rules][n] */
    sks_series *series;     /* [n_rules]; without points where a rule failed throughout */
    sks_fit *fits;          /* [n_rules]; of a series without points all zero */
    size_t *best;           /* [n], the quickest rule; n_rules: none */
} sks_study;

sks_status sks_study_run(const sks_work_load *load, const sks_study_options *options,
                         sks_study *study);
void sks_study_clear(sks_study *study); /* accepts one that is all zero */

static inline const sks_study_point *sks_study_at(const sks_study *study, size_t rule, size_t i)
{
    return &study->point[rule * study->options->n + i];
}

/* Rules, the best one included, whose time is within `part` of the best at worker count i. */
size_t sks_study_n_near_best(const sks_study *study, size_t i, double part);

/* One element of "loads" in what `skyscale simulate --json` prints. SKS_ERR_NOMEM. */
sks_status sks_study_to_json(const sks_study *study, json_t **json);

#endif
