/* Rules whose chunk sizes are fixed before the loop starts: the whole sequence is computed once
 * into a table, and a claim is one atomic addition to an index. Live threads then pay the same for
 * an elaborate rule as for a plain counter, and what is handed out is the published sequence
 * whatever the timing.
 *
 * Memory   24 bytes per run of equal chunks, so that a million chunks of one task cost as much as
 *          one chunk of a million tasks, and an index of up to 4098 numbers. A sequence that never
 *          grows has at most sqrt(2 n) runs.
 * Threads  sks_sequence_next by all workers at once, the others by one thread.
 * Source   for computing the chunks ahead of the loop: Eleliemy & Ciorba (2021), "A distributed
 *          chunk calculation approach for self-scheduling of parallel applications on
 *          distributed-memory systems", J. Comput. Sci. 51, 101284, who show which rules allow it.
 */
#ifndef SKYSCALE_SEQUENCE_H
#define SKYSCALE_SEQUENCE_H

#include "schedulers/scheduler.h"

/* The next chunks of a sequence: n_chunks of them, of `size` tasks each. */
typedef struct sks_batch {
    size_t size;
    size_t n_chunks;
} sks_batch;

/* What comes next when n_left >= 1 tasks remain. Called for each batch in order; `rule` holds the
 * rule's parameters and what it has to remember. Both numbers are cut to what is left, the last
 * chunk to the tasks that remain; a size of 0 acts as 1, 0 chunks as 1. A rule that has reached its
 * smallest size says so by SIZE_MAX chunks. */
typedef sks_batch (*sks_next_batch)(void *rule, size_t n_left);

/* The body of a scheduler's state_size(). Runs through the sequence: give it, and then
 * sks_sequence_init, a `rule` in its initial condition. */
size_t sks_sequence_size(const sks_loop *loop, sks_next_batch next_batch, void *rule);

/* The body of a scheduler's init(). SKS_ERR_USAGE outside the limits of scheduler.h. */
sks_status sks_sequence_init(void *state, const sks_loop *loop, sks_next_batch next_batch,
                             void *rule);

/* A scheduler's next(). */
bool sks_sequence_next(void *state, unsigned worker, sks_range *tasks);

#endif
