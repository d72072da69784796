/* How long each synthetic task takes: costs drawn from a distribution with a chosen mean and
 * spread.
 *
 * A cost is a pure function of the parameters, the seed and the task's number, so it depends
 * neither on the order nor on who asks; drawing one takes some ten to a hundred nanoseconds.
 *
 *   constant    the mean, whatever the spread
 *   increasing  a straight line over the task's number, centred on the mean
 *   decreasing  the same line, falling
 *   random      uniform about the mean
 *   normal      normal, cut off at 0 and at twice the mean
 *   lognormal   the logarithm is normal: few long tasks, no upper end
 *   bimodal     one of two values, mean (1 - spread) and mean (1 + spread), evenly
 *
 * Mean   exact (to rounding) over all tasks for the first three; the expected value for the
 *        others, so the mean of n tasks is off by about spread / sqrt(n).
 * Spread relative standard deviation: of the lines sqrt(1 - 1/n^2) times what was asked, otherwise
 *        as expected value. No cost is below 0, which bounds it: by 1/sqrt(3) for the lines, random
 *        and normal, by 1 for bimodal.
 * Threads any, after sks_task_costs_init.
 */
#ifndef SKYSCALE_SYNTHETIC_COST_H
#define SKYSCALE_SYNTHETIC_COST_H

#include "common/status.h"

#include <stddef.h>
#include <stdint.h>

typedef enum sks_cost_distribution {
    SKS_COST_CONSTANT,
    SKS_COST_INCREASING,
    SKS_COST_DECREASING,
    SKS_COST_RANDOM,
    SKS_COST_NORMAL,
    SKS_COST_LOGNORMAL,
    SKS_COST_BIMODAL,
} sks_cost_distribution;

/* The names, in the order of the enumeration; ends with NULL. */
extern const char *const sks_cost_distribution_name[];

typedef struct sks_task_costs {
    sks_cost_distribution distribution;
    size_t n_tasks;
    double mean_us;
    double spread;
    uint64_t seed;
    /* Derived. */
    double width; /* normal: of the uncut distribution, relative; lognormal: of the logarithm */
    double below; /* normal: probability below the lower cut */
} sks_task_costs;

/* SKS_ERR_USAGE for a spread that the distribution cannot have. */
sks_status sks_task_costs_init(sks_cost_distribution distribution, size_t n_tasks, double mean_us,
                               double spread, uint64_t seed, sks_task_costs *costs);

/* In microseconds, >= 0. */
double sks_task_cost_us(const sks_task_costs *costs, size_t task);

#endif
