#include "kernels/parts/synthetic_cost.h"

#include "kernels/astro/philox.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

const char *const sks_cost_distribution_name[] = {
    "constant", "increasing", "decreasing", "random", "normal", "lognormal", "bimodal", NULL,
};

enum { PURPOSE_COST = 0x636f7374 }; /* names the streams of these numbers */

/* Relative standard deviation of a normal distribution about 1 that is cut off at 0 and 2, k of its
 * standard deviations away: Johnson, Kotz & Balakrishnan (1994), Continuous Univariate
 * Distributions I, section 13.10.1. Falls from 1/sqrt(3) at k = 0 towards 1/k. */
static double cut_normal_spread(double k)
{
    double inside = 1 - 2 * gsl_cdf_ugaussian_Q(k);

    return sqrt(1 - 2 * k * gsl_ran_ugaussian_pdf(k) / inside) / k;
}

/* Where the cuts have to be for that spread, by bisection in the logarithm. */
static double find_cut(double spread)
{
    double low = log(1e-3), high = log(2 / spread); /* cut_normal_spread(k) < 2 / k */

    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);

        if (cut_normal_spread(exp(middle)) > spread)
            low = middle;
        else
            high = middle;
    }
    return exp(0.5 * (low + high));
}

static sks_status check_spread(sks_cost_distribution distribution, double spread)
{
    double most = INFINITY;

    if (distribution == SKS_COST_BIMODAL)
        most = 1;
    else if (distribution != SKS_COST_CONSTANT && distribution != SKS_COST_LOGNORMAL)
        most = sqrt(1.0 / 3);
    if (spread <= most)
        return SKS_OK;
    return sks_fail(SKS_ERR_USAGE,
                    "spread: %g is more than %.4g, the most that the distribution \"%s\" can have "
                    "without costs below 0",
                    spread, most, sks_cost_distribution_name[distribution]);
}

sks_status sks_task_costs_init(sks_cost_distribution distribution, size_t n_tasks, double mean_us,
                               double spread, uint64_t seed, sks_task_costs *costs)
{
    sks_task_costs c = {
        .distribution = distribution,
        .n_tasks = n_tasks,
        .mean_us = mean_us,
        .spread = spread,
        .seed = seed,
    };
    sks_status status = check_spread(distribution, spread);

    if (status != SKS_OK)
        return status;
    if (distribution == SKS_COST_NORMAL && spread > 0) {
        double k = find_cut(spread);

        c.width = 1 / k;
        c.below = gsl_cdf_ugaussian_Q(k);
    }
    if (distribution == SKS_COST_LOGNORMAL)
        c.width = sqrt(log1p(spread * spread));
    *costs = c;
    return SKS_OK;
}

/* Rises over the tasks inside (-sqrt(3), sqrt(3)): mean 0, standard deviation sqrt(1 - 1/n^2). */
static double ramp(size_t task, size_t n_tasks)
{
    return sqrt(3.0) * (2 * ((double)task + 0.5) / (double)n_tasks - 1);
}

static double uniform(const sks_task_costs *c, size_t task)
{
    sks_philox random = sks_philox_stream(c->seed, PURPOSE_COST, task);

    return sks_philox_uniform(&random);
}

static double normal(const sks_task_costs *c, size_t task)
{
    sks_philox random = sks_philox_stream(c->seed, PURPOSE_COST, task);

    return sks_philox_normal(&random);
}

/* Relative to the mean. */
static double relative_cost(const sks_task_costs *c, size_t task)
{
    double p;

    switch (c->distribution) {
    case SKS_COST_INCREASING:
        return 1 + c->spread * ramp(task, c->n_tasks);
    case SKS_COST_DECREASING:
        return 1 - c->spread * ramp(task, c->n_tasks);
    case SKS_COST_RANDOM:
        return 1 + c->spread * sqrt(3.0) * (2 * uniform(c, task) - 1);
    case SKS_COST_NORMAL:
        p = c->below + uniform(c, task) * (1 - 2 * c->below);
        return c->width > 0 ? 1 + c->width * gsl_cdf_ugaussian_Pinv(p) : 1;
    case SKS_COST_LOGNORMAL:
        return exp(c->width * normal(c, task) - 0.5 * c->width * c->width);
    case SKS_COST_BIMODAL:
        return uniform(c, task) < 0.5 ? 1 - c->spread : 1 + c->spread;
    case SKS_COST_CONSTANT:
        break;
    }
    return 1;
}

double sks_task_cost_us(const sks_task_costs *costs, size_t task)
{
    double cost = costs->mean_us * relative_cost(costs, task);

    return cost > 0 ? cost : 0;
}
