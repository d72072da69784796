/* Rules whose chunk sizes are fixed before the loop starts: the whole sequence is computed once
 * into a table, and a claim is one atomic addition to an index. Live threads then pay the same for
 * an elaborate rule as for a plain counter, and what is handed out is the published sequence
 * whatever the timing.
 *
 * Memory   8 bytes per chunk. Meant for rules of O(P log n) chunks; a rule of n/k chunks of the
 *          same size k needs a counter, not a table.
 * Threads  sks_sequence_next by all workers at once, the others by one thread.
 * Source   for computing the chunks ahead of the loop: Eleliemy & Ciorba (2021), "A distributed
 *          chunk calculation approach for self-scheduling of parallel applications on
 *          distributed-memory systems", J. Comput. Sci. 51, 101284, who show which rules allow it.
 */
#ifndef SKYSCALE_SEQUENCE_H
#define SKYSCALE_SEQUENCE_H

#include "common/range.h"

#include <stdbool.h>
#include <stddef.h>

/* The size of the next chunk when n_left >= 1 tasks remain. Called for each chunk in order; `rule`
 * holds the rule's parameters and, for rules that go in batches, what it has to remember. Sizes
 * are cut to [1, n_left]. */
typedef size_t (*sks_chunk_size)(void *rule, size_t n_left);

/* Bytes of the state, a multiple of SKS_CACHE_LINE. Runs through the sequence: give it, and then
 * sks_sequence_init, a `rule` in its initial condition. */
size_t sks_sequence_size(size_t n_tasks, sks_chunk_size chunk_size, void *rule);

/* Fills `state`, of that many bytes, on a SKS_CACHE_LINE boundary. */
void sks_sequence_init(void *state, size_t n_tasks, sks_chunk_size chunk_size, void *rule);

/* A scheduler's next(). */
bool sks_sequence_next(void *state, unsigned worker, sks_range *tasks);

#endif
