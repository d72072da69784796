/* Chunks that shrink linearly from `first` to `last` tasks: the arithmetic of `trapezoid`, and of
 * `tfss`, which averages it.
 *
 * The published rule hands out N = ceil(2n/(f + l)) chunks, each smaller than the one before by
 * d = (f - l)/(N - 1). Tasks being whole, d is rounded down; where that would be zero and the
 * chunks would not shrink at all (default sizes with n < 8 P^2), the size falls by one task every
 * ceil((N - 1)/(f - l)) chunks instead. Either way it falls no faster than published, so the loop
 * is through after N chunks at most.
 *
 * Private to this folder. Everything is in closed form: no memory, whatever the number of chunks.
 */
#ifndef SKYSCALE_TRAPEZOID_H
#define SKYSCALE_TRAPEZOID_H

#include "schedulers/loop.h"

struct sks_trapezoid {
    size_t first, last; /* tasks, 1 <= last <= first */
    size_t step;        /* by which the size falls … */
    size_t period;      /* … every this many chunks */
    size_t n_falling;   /* chunks until the next fall would pass `last`; later ones have `last` */
};

/* The first chunk of half a worker's share, the last of one task. */
struct sks_trapezoid sks_trapezoid_default(const sks_loop *loop);

/* 1 <= last <= first <= max(1, n_tasks). */
struct sks_trapezoid sks_trapezoid(size_t n_tasks, size_t first, size_t last);

/* Tasks in the first n_chunks chunks, as long as that fits a size_t. */
size_t sks_trapezoid_sum(const struct sks_trapezoid *t, size_t n_chunks);

#endif
