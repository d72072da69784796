/* guided: chunks that shrink with the work that is left, GSS(k).
 *
 * With R tasks left for P workers the next chunk has max(ceil(R/P), k) tasks, k being the option
 * `chunk`; the last one has what remains. For any starting times of the workers, tasks of equal
 * cost end within one task of each other when k = 1.
 *
 * Cost     one atomic addition per chunk; about P ln(n/(P k)) + P chunks in all. The sequence does
 *          not depend on who asks, so it is computed before the loop (sequence.h).
 * Source   Polychronopoulos & Kuck (1987), "Guided self-scheduling: a practical scheduling scheme
 *          for parallel supercomputers", IEEE Trans. Comput. C-36, 1425-1439.
 */
#include "schedulers/loop.h"
#include "schedulers/sequence.h"

struct guided_rule {
    size_t n_workers;
    size_t chunk; /* k, tasks */
};

static const sks_param guided_params[] = {
    SKS_CHUNK_PARAM("least number of tasks claimed at once"),
    {.name = NULL},
};

static struct guided_rule guided_rule(const sks_loop *loop)
{
    return (struct guided_rule){sks_loop_workers(loop), sks_loop_chunk(loop)};
}

static sks_batch guided_batch(void *rule, size_t n_left)
{
    const struct guided_rule *r = rule;
    size_t share = sks_ceil_div(n_left, r->n_workers); /* ceil(R/P) */

    return share > r->chunk ? (sks_batch){share, 1} : (sks_batch){r->chunk, SIZE_MAX};
}

static size_t guided_state_size(const sks_loop *loop)
{
    struct guided_rule rule = guided_rule(loop);

    return sks_sequence_size(loop, guided_batch, &rule);
}

static sks_status guided_init(void *state, const sks_loop *loop)
{
    struct guided_rule rule = guided_rule(loop);

    return sks_sequence_init(state, loop, guided_batch, &rule);
}

const sks_scheduler sks_scheduler_guided = {
    .name = "guided",
    .summary = "guided self-scheduling: the free worker takes 1/P of what is left",
    .citation = "Polychronopoulos & Kuck 1987, IEEE Trans. Comput. C-36, 1425",
    .params = guided_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = guided_state_size,
    .init = guided_init,
    .next = sks_sequence_next,
};
