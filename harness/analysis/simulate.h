/* A loop under a virtual clock: the very scheduler objects of live runs hand out the tasks, to any
 * number of workers, while the time that tasks and claims take comes from tables and formulas.
 *
 * A worker claims a chunk, computes it, reports it (done(), where the rule has that) and claims
 * again, until it hears that nothing is left. Claims are served in the order in which they are
 * made, at the same time in the order of the workers' numbers, so that a simulation is determined
 * by its input.
 *
 * Claims   in shared memory: `own_s` each. Where all workers claim from one place (a scheduler
 *          without has_own_queues), a worker that was not the last one there waits until the place
 *          is free, needs `transfer_s` more and keeps the place busy for `service_s`: the cache
 *          line has to come to it. From places of their own workers claim without waiting, and
 *          pay `theft_s` for each attempt to rob another.
 *          through a coordinator: a request travels `latency_s`, waits for its turn, is served for
 *          `service_s`, and the answer travels `latency_s` again; `own_s` comes on top.
 * Noise    a task's time is multiplied by a lognormal factor of mean 1; the factor of a chunk has
 *          the spread that as many independent tasks of equal cost leave. It depends on seed and
 *          first task alone, not on the order of events.
 * Cost     an event, in a heap, for each chunk: some 100 ns.
 *
 * Units    seconds; a speed of 1 is that of the worker that the costs are of.
 * Errors   SKS_ERR_USAGE: options and loop do not fit each other; SKS_ERR_NOMEM; SKS_ERR_CANCELLED;
 *          SKS_ERR_BUG: the scheduler did not hand out every task once, as far as its counts show.
 * Threads  reentrant.
 */
#ifndef SKYSCALE_SIMULATE_H
#define SKYSCALE_SIMULATE_H

#include "schedulers/scheduler.h"

#include <stdint.h>

/* What tasks cost, so that any range of them is one subtraction. */
typedef struct sks_cost_sums {
    size_t n_tasks;
    double equal_s;      /* each task's cost when there is no table */
    const double *sum_s; /* [n_tasks + 1], sum_s[i] of tasks 0 … i - 1; NULL: all the same */
} sks_cost_sums;

static inline double sks_range_cost_s(const sks_cost_sums *costs, sks_range tasks)
{
    if (costs->sum_s == NULL)
        return costs->equal_s * (double)(tasks.end - tasks.begin);
    return costs->sum_s[tasks.end] - costs->sum_s[tasks.begin];
}

typedef struct sks_claim_costs {
    bool has_coordinator;
    double own_s;      /* per claim, whoever else claims, the report of the chunk included */
    double transfer_s; /* more, when another worker was at the shared place last */
    double service_s;  /* for which the shared place, or the coordinator, serves nobody else */
    double theft_s;    /* more, for each theft tried */
    double latency_s;  /* to the coordinator, and back */
} sks_claim_costs;

typedef struct sks_simulation {
    const sks_scheduler *scheduler;
    const sks_values *options;
    unsigned n_workers;
    const sks_cost_sums *costs;
    const double *speeds; /* [n_workers], > 0; NULL: all 1 */
    sks_claim_costs claims;
    double noise; /* relative standard deviation of a task's time; 0: none */
    uint64_t seed;

    /* Told of each chunk when it is claimed, in the order of claims; NULL: nobody listens. */
    void (*observe)(void *context, unsigned worker, sks_range tasks, double start_s, double end_s);
    void *context;
} sks_simulation;

typedef struct sks_simulated {
    double makespan_s; /* until the last worker has heard that nothing is left */
    double busy_s;     /* computing, all workers together */
    double claiming_s; /* claims with their waiting, all workers together */
    double imbalance;  /* max / mean - 1 of the workers' busy times; NaN: no time */
    size_t n_chunks;
    size_t steals_tried, steals_won;
    char decision[256]; /* what the scheduler explained; "": nothing */
} sks_simulated;

sks_status sks_simulate(const sks_simulation *simulation, sks_simulated *result);

#endif
