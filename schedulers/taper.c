/* taper: guided self-scheduling held back by the spread of the tasks' times, TAP.
 *
 * With R tasks left, T = R/P and v = alpha sd/mean, the next chunk has
 *   max(k, ceil(T + v^2/2 - v sqrt(2T + v^2/4)))
 * tasks: the share T less a margin, so that with a probability set by alpha no chunk outlasts the
 * rest. k is the option `chunk`; for sd = 0 this is `guided`. Below T = v^2 the formula is negative
 * and k is handed out to the end.
 *
 * Cost     one atomic addition per chunk. The sequence does not depend on who asks, so it is
 *          computed before the loop (sequence.h).
 * Source   Lucco (1992), "A dynamic scheduling method for irregular parallel programs", Proc. PLDI,
 *          200-211. Departure: mean and sd are told by the user, not sampled while the loop runs.
 */
#include "schedulers/loop.h"
#include "schedulers/sequence.h"
#include "schedulers/task_times.h"

#include <math.h>

struct taper_rule {
    double n_workers;
    size_t chunk; /* k, tasks */
    double v;
};

static const sks_param taper_params[] = {
    SKS_TASK_MEAN_PARAM,
    SKS_TASK_SD_PARAM,
    {.name = "alpha",
     .type = SKS_REAL,
     .default_text = "1.3",
     .min = 0,
     .max = 100,
     .help = "how many standard deviations a chunk may take too long"},
    SKS_CHUNK_PARAM("least number of tasks claimed at once"),
    {.name = NULL},
};

static struct taper_rule taper_rule(const sks_loop *loop)
{
    return (struct taper_rule){sks_loop_workers(loop), sks_loop_chunk(loop),
                               sks_values_real(loop->options, "alpha") *
                                   sks_task_cv(loop->options)};
}

/* The formula falls with T wherever it is positive: at the least size the rest follows at once. */
static sks_batch taper_batch(void *rule, size_t n_left)
{
    const struct taper_rule *r = rule;
    double t = (double)n_left / r->n_workers;
    double v2 = r->v * r->v;
    double size = ceil(t + v2 / 2 - r->v * sqrt(2 * t + v2 / 4));

    return size > (double)r->chunk ? (sks_batch){(size_t)size, 1} : (sks_batch){r->chunk, SIZE_MAX};
}

static size_t taper_state_size(const sks_loop *loop)
{
    struct taper_rule rule = taper_rule(loop);

    return sks_sequence_size(loop, taper_batch, &rule);
}

static sks_status taper_init(void *state, const sks_loop *loop)
{
    struct taper_rule rule = taper_rule(loop);
    sks_status status = sks_task_times_check(loop->options);

    return status == SKS_OK ? sks_sequence_init(state, loop, taper_batch, &rule) : status;
}

const sks_scheduler sks_scheduler_taper = {
    .name = "taper",
    .summary = "tapering: guided, less a margin for the tasks' spread",
    .citation = "Lucco 1992, Proc. PLDI, 200",
    .params = taper_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = taper_state_size,
    .init = taper_init,
    .next = sks_sequence_next,
};
