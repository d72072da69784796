/* What every rule asks of its loop: the limits, the option `chunk`, cutting into equal parts.
 *
 * Private to this folder; small enough to be inline, so that next() pays nothing for it.
 */
#ifndef SKYSCALE_LOOP_H
#define SKYSCALE_LOOP_H

#include "schedulers/scheduler.h"

#include <stdint.h>

/* SKS_ERR_USAGE outside the limits scheduler.h states. For init(). */
static inline sks_status sks_loop_check(const sks_loop *loop)
{
    if (loop->n_workers < 1 || loop->n_workers > SKS_MAX_WORKERS)
        return sks_fail(SKS_ERR_USAGE, "%u workers: need 1 to %d", loop->n_workers,
                        SKS_MAX_WORKERS);
    if (loop->n_tasks > SIZE_MAX / 2)
        return sks_fail(SKS_ERR_USAGE, "%zu tasks: need at most %zu", loop->n_tasks, SIZE_MAX / 2);
    return SKS_OK;
}

/* The number of workers inside the limits, for state_size(), which cannot fail. */
static inline unsigned sks_loop_workers(const sks_loop *loop)
{
    if (loop->n_workers < 1)
        return 1;
    return loop->n_workers < SKS_MAX_WORKERS ? loop->n_workers : SKS_MAX_WORKERS;
}

/* A number of tasks in [1, max(1, n_tasks)]: a larger one acts as n_tasks does, and this way no
 * arithmetic with it can overflow. */
static inline size_t sks_loop_clamp(const sks_loop *loop, size_t n_tasks)
{
    size_t most = loop->n_tasks > 0 ? loop->n_tasks : 1;

    if (n_tasks < 1)
        return 1;
    return n_tasks < most ? n_tasks : most;
}

/* A row of an option table, for rules whose chunks are of one task where nothing else is said. */
#define SKS_CHUNK_PARAM(what)                                                                      \
    {                                                                                              \
        .name = "chunk", .type = SKS_INT, .unit = "tasks", .default_text = "1", .min = 1,          \
        .max = 9e15, .help = (what)                                                                \
    }

/* The option `chunk`, clamped so. */
static inline size_t sks_loop_chunk(const sks_loop *loop)
{
    return sks_loop_clamp(loop, (size_t)sks_values_int(loop->options, "chunk"));
}

/* ceil(n / d), d >= 1, for any n. */
static inline size_t sks_ceil_div(size_t n, size_t d)
{
    return n / d + (n % d != 0);
}

/* One of `parts` equal pieces for each worker, in tasks: ceil(n / (P parts)). */
static inline size_t sks_loop_piece(const sks_loop *loop, size_t parts)
{
    return sks_ceil_div(loop->n_tasks, parts * sks_loop_workers(loop));
}

/* First element of part i of n elements cut into n_parts parts whose sizes differ by at most one:
 * floor(n i / n_parts), for i <= n_parts <= SKS_MAX_WORKERS. n i may not fit; with n = q n_parts +
 * r it is q i + floor(r i / n_parts), where q i <= n and r i < 2^32. */
static inline size_t sks_part_begin(size_t n, unsigned i, unsigned n_parts)
{
    size_t q = n / n_parts;
    uint64_t r = n % n_parts;

    return q * i + (size_t)(r * i / n_parts);
}

/* Bytes up to the next cache line. */
static inline size_t sks_whole_lines(size_t size_bytes)
{
    return (size_bytes + SKS_CACHE_LINE - 1) / SKS_CACHE_LINE * SKS_CACHE_LINE;
}

#endif
