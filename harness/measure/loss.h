/* Where the workers' time went, and how far a run was from the best that could have been.
 *
 * Every worker's time from the release to the end of the loop is start + busy + scheduling + tail,
 * so for N workers, in worker-seconds,
 *
 *     N makespan = busy + start-up + dispatch + imbalance
 *
 * start-up: released, but not yet asking; dispatch: between chunks; imbalance: out of work while
 * others still compute. `slowdown` is the part of busy that one worker alone would not have needed
 * (memory, hardware threads, frequency). The clairvoyant bound, max(longest task, busy / N), is the
 * makespan of a schedule that knows all costs and loses nothing; the longest chunk stands for the
 * longest task and is no shorter.
 */
#ifndef SKYSCALE_LOSS_H
#define SKYSCALE_LOSS_H

#include "harness/measure/run.h"

typedef struct sks_loss {
    double makespan_s;
    double bound_s;         /* NaN: no time at all. Without a log: busy / N */
    double longest_chunk_s; /* NaN: no complete log */
    double regret;          /* makespan / bound - 1 */
    /* Worker-seconds. */
    double busy_s, startup_s, dispatch_s, imbalance_s;
    double slowdown_s; /* of busy_s; NaN: busy_at_1_s is not known */
} sks_loss;

/* `busy_at_1_s`: the busy time of the same work with one worker; NaN: not known. */
void sks_loss_attribute(const sks_record *record, double busy_at_1_s, sks_loss *loss);

#endif
