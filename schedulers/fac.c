/* fac: batches of P equal chunks that shrink as the spread of the tasks' times demands, FAC.
 *
 * A batch takes so much of the R tasks left that, very probably, its chunks all end before the work
 * left over would have been used up: P chunks of ceil(R/(x P)) tasks with
 *   b = P sd/(2 mean sqrt(R)),
 *   x = 1 + b^2 + b sqrt(b^2 + 2) for the first batch, x = 2 + b^2 + b sqrt(b^2 + 4) for the
 * others. With sd = 0 the first batch is the whole loop, one equal share for each worker.
 *
 * Cost     one atomic addition per chunk. The sequence does not depend on who asks, so it is
 *          computed before the loop (sequence.h).
 * Source   Hummel, Schonberg & Flynn (1992), "Factoring: a method for scheduling parallel loops",
 *          Commun. ACM 35(8), 90-101. `chunk`, which they do not have, is the least size.
 */
#include "schedulers/loop.h"
#include "schedulers/sequence.h"
#include "schedulers/task_times.h"

#include <math.h>

struct fac_rule {
    size_t n_workers;
    size_t chunk; /* least size, tasks */
    double cv;    /* sd/mean */
    bool is_first;
};

static const sks_param fac_params[] = {
    SKS_TASK_MEAN_PARAM,
    SKS_TASK_SD_PARAM,
    SKS_CHUNK_PARAM("least number of tasks claimed at once"),
    {.name = NULL},
};

static struct fac_rule fac_rule(const sks_loop *loop)
{
    return (struct fac_rule){.n_workers = sks_loop_workers(loop),
                             .chunk = sks_loop_chunk(loop),
                             .cv = sks_task_cv(loop->options),
                             .is_first = true};
}

/* x grows as R falls, so sizes never grow again: at the least size the rest follows at once. */
static sks_batch fac_batch(void *rule, size_t n_left)
{
    struct fac_rule *r = rule;
    double n_workers = (double)r->n_workers;
    double b = n_workers * r->cv / (2.0 * sqrt((double)n_left));
    double k = r->is_first ? 1.0 : 2.0;
    double x = k + b * b + b * sqrt(b * b + 2.0 * k);
    size_t size = (size_t)ceil((double)n_left / (x * n_workers));

    r->is_first = false;
    return size > r->chunk ? (sks_batch){size, r->n_workers} : (sks_batch){r->chunk, SIZE_MAX};
}

static size_t fac_state_size(const sks_loop *loop)
{
    struct fac_rule rule = fac_rule(loop);

    return sks_sequence_size(loop, fac_batch, &rule);
}

static sks_status fac_init(void *state, const sks_loop *loop)
{
    struct fac_rule rule = fac_rule(loop);
    sks_status status = sks_task_times_check(loop->options);

    return status == SKS_OK ? sks_sequence_init(state, loop, fac_batch, &rule) : status;
}

const sks_scheduler sks_scheduler_fac = {
    .name = "fac",
    .summary = "factoring: batches of P equal chunks, shrinking as the tasks' spread demands",
    .citation = "Hummel, Schonberg & Flynn 1992, Commun. ACM 35(8), 90",
    .params = fac_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = fac_state_size,
    .init = fac_init,
    .next = sks_sequence_next,
};
