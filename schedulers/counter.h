/* Chunks of one size from a shared counter: the mechanism of `dynamic` and of every rule that only
 * chooses that size.
 *
 * Private to this folder. The state is the same few lines for any number of chunks.
 * Threads  sks_counter_next by all workers at once, the others by one thread.
 */
#ifndef SKYSCALE_COUNTER_H
#define SKYSCALE_COUNTER_H

#include "schedulers/scheduler.h"

/* A scheduler's state_size(). */
size_t sks_counter_size(const sks_loop *loop);

/* The body of a scheduler's init(), chunk in tasks: 0 acts as 1, more than n_tasks as n_tasks.
 * SKS_ERR_USAGE outside the limits of scheduler.h. */
sks_status sks_counter_init(void *state, const sks_loop *loop, size_t chunk);

/* A scheduler's next(). */
bool sks_counter_next(void *state, unsigned worker, sks_range *tasks);

#endif
