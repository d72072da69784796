/* Measuring a plan: randomised complete blocks with a stopping rule.
 *
 * Every round runs each configuration once, in an order shuffled by seed and round, so that drift
 * of the machine hits all alike. Warm-up rounds come first. After plan->n_min measured rounds a
 * configuration leaves when the order-statistic interval of its median total time, at
 * plan->confidence, has a relative half-width of at most plan->interval; all leave after
 * plan->n_max. One whose measured rounds have all failed by then leaves too. Whether a
 * configuration takes part in a round depends on the samples of earlier rounds alone, so a campaign
 * that was interrupted goes on exactly as it would have.
 *
 * A failing run becomes a failed sample and the sweep goes on. So does one whose product differs
 * from the first good one of the same kernel and parameters: no schedule may change the answer.
 *
 * Products that the sweep file gives no place go to a folder DATABASE-scratch beside the database,
 * emptied after each run and removed at the end; what a killed sweep left in it goes at the next
 * start.
 *
 * Source   order of runs: Fisher & Yates shuffle on Philox numbers; stopping: Hoefler & Belli
 *          (2015), SC'15, section 3.2.2.
 * Threads  one sweep at a time.
 */
#ifndef SKYSCALE_RUNNER_H
#define SKYSCALE_RUNNER_H

#include "harness/present/progress.h"
#include "harness/sweep/plan.h"
#include "harness/sweep/store.h"

#include <stddef.h>

typedef struct sks_sweep_counts {
    size_t n_before; /* samples that were in the database at the start */
    size_t n_new;
    size_t n_failed; /* of all */
} sks_sweep_counts;

/* What is left of a plan: at least, when every interval is narrow enough as soon as it may be, and
 * at most. NaN seconds: no sample tells. */
typedef struct sks_sweep_forecast {
    size_t n_taken;
    size_t n_left_min, n_left_max;
    double seconds_min, seconds_max;
} sks_sweep_forecast;

/* Measures what is missing. The plan has been entered into the store, which was opened on
 * `database` for writing. `progress` may be NULL. Failed samples are no failure of the sweep: see
 * counts->n_failed. SKS_ERR_CANCELLED when sks_cancel was set: nothing is lost, and the same call
 * later goes on. */
sks_status sks_sweep_run(const sks_plan *plan, sks_store *store, const char *database,
                         const sks_topology *topology, sks_progress *progress,
                         sks_sweep_counts *counts);

/* `store` has had the plan entered, or is NULL for a campaign that has not begun. */
sks_status sks_sweep_look_ahead(const sks_plan *plan, sks_store *store,
                                sks_sweep_forecast *forecast);

#endif
