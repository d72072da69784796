/* What a claim costs in a simulation: as given, and as measured on this machine for the rest.
 *
 * Written as
 *   memory[:own=S,transfer=S,service=S,theft=S]   claims in shared memory
 *   coordinator:latency=S,service=S[,own=S]       claims through another process or another machine
 * in seconds. What is not given of `own` and `transfer` is measured here:
 *   own       what the harness does for each chunk (an executor with one worker and tasks of
 *             next to nothing), and next() and done() of the very scheduler, called from one
 * thread; transfer  the latency from core to core: where a line is wanted by many, it has to come
 * to each of them in turn. On virtual machines it may change tenfold from one second to the next,
 * so it is the median of some probes. `service` is then the same as transfer, and `theft` three of
 * them: a theft moves the victim's range and the counts of thefts begun and finished.
 *
 * Errors   SKS_ERR_USAGE; measuring `transfer` needs two cores.
 * Threads  measuring occupies one or two cores for some hundredths of a second.
 */
#ifndef SKYSCALE_SIMULATE_CLAIMS_H
#define SKYSCALE_SIMULATE_CLAIMS_H

#include "harness/analysis/simulate.h"

typedef struct sks_claim_model {
    bool has_coordinator;
    /* NaN: to be measured, or to follow from what is. */
    double own_s, transfer_s, service_s, theft_s, latency_s;
    double harness_s; /* part of own_s that does not depend on the scheduler; NaN: own_s is given */
    bool is_own_measured, is_transfer_measured;
} sks_claim_model;

/* `where` begins the message ("--claims"). */
sks_status sks_claim_model_parse(const char *text, const char *where, sks_claim_model *model);

/* Fills in all but own_s, which differs from scheduler to scheduler. `with_log`: of runs that log
 * their chunks. */
sks_status sks_claim_model_measure(sks_claim_model *model, bool with_log);

/* For one scheduler, whose next() and done() are timed when own_s was not given. */
sks_status sks_claim_model_apply(const sks_claim_model *model, const sks_scheduler *scheduler,
                                 const sks_values *options, sks_claim_costs *costs);

#endif
