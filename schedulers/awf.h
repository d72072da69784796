/* The adaptive weighted factoring family: what awf and its variants B to E have in common.
 *
 * Factoring hands out half of what is left in P equal chunks, then half of the rest, and so on.
 * Here a worker's chunk is multiplied by its weight, its share of the speed of all, measured while
 * the loop runs:
 *
 *     pi_i = sum_k k t_ik / sum_k k n_ik      seconds per task, later times counting more
 *     w_i  = P (1/pi_i) / sum_j (1/pi_j)      so that the weights' sum is P
 *
 * t_ik being the time of worker i's n_ik tasks in time step k or, in the variants, of its k-th
 * chunk. What differs is when weights change (sks_awf_pace) and whether times contain that of the
 * claim (the scheduler's times_claims).
 *
 * Batches  have fixed borders: with R tasks left at its begin, a batch has ceil(R/2). It is handed
 *          out in chunks of ceil(w_i ceil(R/2) / P), the last one cut at the border; `chunk` is the
 *          least size and may cross it.
 * Weights  a worker takes its new one when it first claims in the new batch or step, from what all
 *          have reported by then; it waits for nobody. Workers that have not reported yet have the
 *          mean speed of the others.
 * Threads  awf_next and awf_done by all workers at once. Lock-free.
 * Source   Banicescu, Velusamy & Devaprasad (2003), "On the scalability of dynamic scheduling
 *          scientific applications with adaptive weighted factoring", Cluster Computing 6, 215-226;
 *          variants: Carino & Banicescu (2008), "Dynamic load balancing with adaptive factoring
 *          methods in scientific applications", J. Supercomput. 44, 41-63.
 */
#ifndef SKYSCALE_AWF_H
#define SKYSCALE_AWF_H

#include "schedulers/scheduler.h"

typedef enum sks_awf_pace {
    SKS_AWF_STEPS,   /* new weights with each of the `steps` parts of the loop */
    SKS_AWF_BATCHES, /* with each batch */
    SKS_AWF_CHUNKS   /* with each chunk, which is w_i R/(2P): no batches */
} sks_awf_pace;

/* Options of the variants: `chunk`. */
extern const sks_param sks_awf_params[];

size_t sks_awf_state_size(const sks_loop *loop);

/* The body of init(). n_steps: 1 but for SKS_AWF_STEPS. */
sks_status sks_awf_init(void *state, const sks_loop *loop, sks_awf_pace pace, unsigned n_steps);

bool sks_awf_next(void *state, unsigned worker, sks_range *tasks);
void sks_awf_done(void *state, unsigned worker, sks_range tasks, double seconds);

/* "weights 0.67 … 1.33": the least and the greatest at the end. */
void sks_awf_explain(const void *state, char *text, size_t size_bytes);

#endif
