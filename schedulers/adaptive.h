/* What the adaptive rules share: totals that many workers keep up to date without a lock, and the
 * way from a formula to a chunk.
 *
 * Private to this folder. Every step is a single compare-and-swap: a worker that dies leaves
 * consistent totals behind and keeps no one waiting.
 */
#ifndef SKYSCALE_ADAPTIVE_H
#define SKYSCALE_ADAPTIVE_H

#include "schedulers/loop.h"

#include <math.h>
#include <stdatomic.h>

/* Relative change of an estimate that the others have to hear of. Estimates are means over all
 * chunks so far and settle soon; most chunks then pay no second atomic step, and totals stay in
 * every worker's cache. */
#define SKS_LEAST_CHANGE (1.0 / 256.0)

/* Adds to a sum kept by many. Relaxed: rules read sums as estimates, nothing hangs on when.
 * Rounding leaves an error of about 1e-16 of the largest value that ever went through. */
static inline void sks_sum_add(_Atomic double *sum, double change)
{
    double old = atomic_load_explicit(sum, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(sum, &old, old + change, memory_order_relaxed,
                                                  memory_order_relaxed))
        continue;
}

/* False for a NaN: nothing known yet. */
static inline bool sks_has_changed(double before, double after)
{
    return fabs(after - before) > SKS_LEAST_CHANGE * before;
}

/* The time of a chunk as rules may divide by it: clocks may say 0, or step backwards. */
static inline double sks_chunk_seconds(double seconds)
{
    return seconds > 1e-9 ? seconds : 1e-9;
}

/* ceil(size) within [1, most], for any size, a NaN giving 1. */
static inline size_t sks_chunk_round(double size, size_t most)
{
    size_t whole;

    if (!(size > 1.0))
        return 1;
    if (size >= (double)most)
        return most;
    whole = (size_t)size;
    whole += (double)whole < size;
    return whole < most ? whole : most;
}

/* A rule's rest of the loop. Written and read by every worker. Relaxed: the number is the whole
 * message, and a compare-and-swap gives each task once under any order. */
typedef atomic_size_t sks_next_task;

/* Moves *next from *seen by `size` tasks; on failure *seen is what it really is. To start from a
 * remembered value instead of a load lets a lone worker do with one access, and brings the line in
 * a state to be written at once. */
static inline bool sks_claim(sks_next_task *next, size_t *seen, size_t size)
{
    return atomic_compare_exchange_weak_explicit(next, seen, *seen + size, memory_order_relaxed,
                                                 memory_order_relaxed);
}

#endif
