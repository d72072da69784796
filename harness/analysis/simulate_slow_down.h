/* How much longer tasks take because other workers compute, too: they share memory, caches,
 * frequency, and on virtual machines a host.
 *
 * A ratio is the busy time of all workers together with N of them over that with as many as the
 * costs of tasks are from, of the same work under the same rule: what loss.h calls slow-down, as a
 * factor. The factor for N workers is the median of the rules' ratios. Between the worker counts
 * that were measured it lies on a straight line; beyond them it stays what it is at the nearest, so
 * that a forecast for many workers tells what memory costs with the most that were measured, and
 * not what it may cost with more.
 *
 * A rule's own measurements must not be what it is held against: `without` leaves them out, as long
 * as there are others for that worker count.
 *
 * Ownership  the list owns its texts; one that is all zero is empty.
 * Threads    read-only once all ratios are added.
 */
#ifndef SKYSCALE_SIMULATE_SLOW_DOWN_H
#define SKYSCALE_SIMULATE_SLOW_DOWN_H

#include "common/status.h"

#include <stddef.h>

typedef struct sks_slow_down_ratio {
    unsigned n_workers;
    char *scheduler; /* with its options */
    double ratio;
} sks_slow_down_ratio;

typedef struct sks_slow_downs {
    sks_slow_down_ratio *ratio; /* [n], by worker count, then by value */
    size_t n;
} sks_slow_downs;

/* `ratio` is finite and > 0. SKS_ERR_NOMEM, with the list as it was. */
sks_status sks_slow_downs_add(sks_slow_downs *slow_downs, unsigned n_workers, const char *scheduler,
                              double ratio);
void sks_slow_downs_clear(sks_slow_downs *slow_downs); /* accepts one that is all zero */

/* By which the costs of tasks are to be multiplied; 1 where nothing was measured. `without`: a
 * scheduler with its options; NULL: none. */
double sks_slow_down_factor(const sks_slow_downs *slow_downs, unsigned n_workers,
                            const char *without);

/* The end of the ratios with the worker count of ratio[begin]: to go through the counts. */
size_t sks_slow_down_count_end(const sks_slow_downs *slow_downs, size_t begin);

#endif
