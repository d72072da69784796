/* Near and far: the two states a machine may have been in, by the core-to-core latency measured
 * around every run. On virtual machines the host moves processors about, and the latency between
 * two of them can change tenfold from one second to the next.
 *
 * The latencies of all runs together are cut in two where the logarithms within the parts scatter
 * least. Two states are claimed when the parts are a factor of SKS_STATE_FACTOR apart at least,
 * neither is rare, hardly anything lies between them, and a single peak is refuted (the dip).
 *
 * Units     seconds.
 * Threads   reentrant.
 * Source    Fisher (1958), J. Am. Stat. Assoc. 53, 789 (the least scatter within two groups).
 */
#ifndef SKYSCALE_STATES_H
#define SKYSCALE_STATES_H

#include "harness/analysis/series.h"

#define SKS_STATE_FACTOR 2.0
#define SKS_STATE_LEAST 0.05 /* of all latencies that either state must have */

typedef enum sks_state {
    SKS_STATE_UNKNOWN, /* not measured, or there are no two states */
    SKS_STATE_NEAR,
    SKS_STATE_FAR,
    SKS_STATE_CHANGED, /* near before and far after the run, or the other way round */
    SKS_N_STATES
} sks_state;
extern const char *const sks_state_name[SKS_N_STATES]; /* "unknown", "near", … */

typedef struct sks_states {
    size_t n_known; /* latencies */
    bool are_two;
    double threshold_s;   /* between near and far; this and what follows NaN unless are_two */
    double near_s, far_s; /* medians */
    double far_part;      /* of all latencies */
} sks_states;

/* From all samples of all series. SKS_ERR_NOMEM. */
sks_status sks_states_find(const sks_series *series, size_t n, sks_states *states);

sks_state sks_state_of(const sks_states *states, const sks_latency *latency);

/* A copy of the point with the samples in that state only; freed with sks_point_clear. A point
 * without latencies gives an empty copy. SKS_ERR_NOMEM. */
sks_status sks_state_select(const sks_states *states, const sks_point *point, sks_state state,
                            sks_point *selected);

/* Leaves out what was not measured in that state, but nothing of one worker, who has nobody to be
 * near to or far from. A point may be left without samples. SKS_ERR_NOMEM. */
sks_status sks_state_keep(const sks_states *states, sks_state state, sks_series *series);

#endif
