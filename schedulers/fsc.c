/* fsc: chunks of one size, the one that ends the loop soonest for tasks of random cost, FSC.
 *
 * A claim costs h, the tasks' times have standard deviation sd. Large chunks save claims, small
 * ones keep the workers' ends together; the sum of both losses is least at
 *   K = (sqrt(2) n h / (sd P sqrt(ln P)))^(2/3)
 * for n tasks on P workers. Rounded up, and at most ceil(n/P), the size beyond which workers would
 * go without (so also for P = 1 or sd = 0, where K is infinite).
 *
 * Cost     one atomic addition per chunk.
 * Source   Kruskal & Weiss (1985), "Allocating independent subtasks on parallel processors", IEEE
 *          Trans. Softw. Eng. SE-11, 1001-1016. The formula is asymptotic: derived for K large
 *          against ln P and n/P large against K.
 */
#include "schedulers/counter.h"
#include "schedulers/loop.h"
#include "schedulers/task_times.h"

#include <math.h>

static const sks_param fsc_params[] = {
    {.name = "overhead",
     .type = SKS_REAL,
     .unit = "s",
     .default_text = "1e-6",
     .min = 0,
     .max = 1e6,
     .help = "time of one claim"},
    SKS_TASK_MEAN_PARAM,
    SKS_TASK_SD_PARAM,
    {.name = NULL},
};

static size_t fsc_chunk(const sks_loop *loop)
{
    double p = sks_loop_workers(loop);
    double overhead = sks_values_real(loop->options, "overhead");
    double sd = sks_task_sd(loop->options);
    double k = pow(sqrt(2.0) * (double)loop->n_tasks * overhead / (sd * p * sqrt(log(p))), 2.0 / 3);
    size_t most = sks_loop_piece(loop, 1);

    return k < (double)most ? (size_t)ceil(k) : most; /* false for infinite k and for 0/0 */
}

static sks_status fsc_init(void *state, const sks_loop *loop)
{
    return sks_counter_init(state, loop, fsc_chunk(loop));
}

const sks_scheduler sks_scheduler_fsc = {
    .name = "fsc",
    .summary = "fixed-size chunking: the best single chunk size for the tasks' spread and the "
               "claim's cost",
    .citation = "Kruskal & Weiss 1985, IEEE Trans. Softw. Eng. SE-11, 1001",
    .params = fsc_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = sks_counter_size,
    .init = fsc_init,
    .next = sks_counter_next,
};
