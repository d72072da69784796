/* fac2: batches of P equal chunks, each batch half of what is left, FAC2.
 *
 * With R tasks left the next P chunks have ceil(R/(2P)) tasks each: `fac` with x = 2, which its
 * authors found to serve well where nothing is known of the tasks' times.
 *
 * Cost     one atomic addition per chunk; about P log2(n/P) chunks, computed before the loop.
 * Source   Hummel, Schonberg & Flynn (1992), "Factoring: a method for scheduling parallel loops",
 *          Commun. ACM 35(8), 90-101. `chunk`, which they do not have, is the least size.
 */
#include "schedulers/loop.h"
#include "schedulers/sequence.h"

struct fac2_rule {
    size_t n_workers;
    size_t chunk; /* least size, tasks */
};

static const sks_param fac2_params[] = {
    SKS_CHUNK_PARAM("least number of tasks claimed at once"),
    {.name = NULL},
};

static struct fac2_rule fac2_rule(const sks_loop *loop)
{
    return (struct fac2_rule){sks_loop_workers(loop), sks_loop_chunk(loop)};
}

static sks_batch fac2_batch(void *rule, size_t n_left)
{
    const struct fac2_rule *r = rule;
    size_t size = sks_ceil_div(n_left, 2 * r->n_workers);

    return size > r->chunk ? (sks_batch){size, r->n_workers} : (sks_batch){r->chunk, SIZE_MAX};
}

static size_t fac2_state_size(const sks_loop *loop)
{
    struct fac2_rule rule = fac2_rule(loop);

    return sks_sequence_size(loop, fac2_batch, &rule);
}

static sks_status fac2_init(void *state, const sks_loop *loop)
{
    struct fac2_rule rule = fac2_rule(loop);

    return sks_sequence_init(state, loop, fac2_batch, &rule);
}

const sks_scheduler sks_scheduler_fac2 = {
    .name = "fac2",
    .summary = "factoring by halves: batches of P equal chunks, each half of what is left",
    .citation = "Hummel, Schonberg & Flynn 1992, Commun. ACM 35(8), 90",
    .params = fac2_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = fac2_state_size,
    .init = fac2_init,
    .next = sks_sequence_next,
};
