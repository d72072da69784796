/* The work that is simulated: what every task costs, and the serial phases around the loop.
 *
 * Costs come
 *   from chunk logs (a campaign's, one recorded schedule's, runs made here with one worker): the
 *   tasks of a chunk share its time evenly. The medians over the samples are the shape of the
 *   costs: which task takes longer than which, without what interrupted one of them once. All of
 *   them are then multiplied by the one factor with which they add up to the median of the samples'
 *   totals. The sum of medians alone is too small: each run is interrupted (timer ticks, the host
 *   of a virtual machine), each time in other tasks, so that every task's median is free of what no
 *   run is free of;
 *   or from a distribution.
 * Start-up, which grows with the workers, is a line through the medians of the worker counts that
 * were measured; with one of them it is taken to stay the same.
 *
 * Units      seconds.
 * Ownership  a load owns its texts and its table; sks_work_load_clear frees them.
 * Errors     SKS_ERR_INPUT: samples that do not tell what every task costs.
 */
#ifndef SKYSCALE_SIMULATE_LOAD_H
#define SKYSCALE_SIMULATE_LOAD_H

#include "harness/analysis/simulate.h"
#include "harness/analysis/simulate_slow_down.h"
#include "kernels/kernel.h"
#include "kernels/parts/synthetic_cost.h"

typedef struct sks_work_load {
    char *kernel;     /* or the distribution */
    char *parameters; /* "name=value,…"; "" for none */
    char *source;     /* where the costs are from, in words */
    /* Of the runs that they are from; NULL and 0: not from a campaign. */
    char *executor, *scheduler;
    unsigned n_workers;
    sks_cost_sums costs;
    double *sums; /* what costs.sum_s points to */
    double mean_s, sd_s, longest_s;
    /* Serial phases with N workers: startup_s + N startup_per_worker_s, prepare_s, finish_s. */
    double startup_s, startup_per_worker_s, prepare_s, finish_s;
    size_t n_samples;          /* the costs are medians of; 0: not measured */
    sks_slow_downs slow_downs; /* of the tasks by other workers; none but from a campaign */
} sks_work_load;

void sks_work_load_clear(sks_work_load *load); /* accepts one that is all zero */
void sks_work_loads_free(sks_work_load *loads, size_t n);

double sks_work_load_total_s(const sks_work_load *load); /* of all tasks, without slow-down */
double sks_work_load_serial_s(const sks_work_load *load, unsigned n_workers); /* of all phases */

/* Collects the costs of tasks 0 … n_tasks - 1 over samples. */
enum { SKS_MAX_COST_SAMPLES = 15 };
typedef struct sks_cost_samples {
    size_t n_tasks;
    bool with_least; /* costs add up to the least of the samples' totals, not to their median */
    size_t n;
    double *seconds[SKS_MAX_COST_SAMPLES]; /* [n_tasks] each; NaN: not seen yet */
} sks_cost_samples;

/* The next sample; further ones than SKS_MAX_COST_SAMPLES must not be begun. */
sks_status sks_cost_samples_begin(sks_cost_samples *samples);
/* A chunk of the sample begun last. Tasks outside the loop: SKS_ERR_INPUT. */
sks_status sks_cost_samples_add(sks_cost_samples *samples, sks_range tasks, double seconds);
/* Fills costs, sums, moments and n_samples of the load. `source` begins the message. */
sks_status sks_cost_samples_close(const sks_cost_samples *samples, const char *source,
                                  sks_work_load *load);
void sks_cost_samples_free(sks_cost_samples *samples);

/* Each of these makes a load, or several. */
sks_status sks_work_load_draw(const sks_task_costs *costs, sks_work_load *load);
sks_status sks_work_load_read(const char *schedule_path, sks_work_load *load);
/* n_runs runs on this machine, one worker, a chunk for each task. */
sks_status sks_work_load_run(const sks_kernel *kernel, const sks_values *parameters,
                             unsigned n_runs, sks_work_load *load);
/* One load for each kernel with its parameters of which the campaign has chunks, from the
 * configuration with the fewest workers and the most chunks; with the slow-downs that its executor
 * met with other worker counts, as far as each worker had a place of its own. Total and slow-downs
 * are of medians over the samples, or of the least times. */
sks_status sks_work_loads_of_campaign(const char *path, bool with_least, sks_work_load **loads,
                                      size_t *n);

#endif
