/* viss: batches of P equal chunks that grow by steps which halve, VISS.
 *
 * The first batch has chunks of C = floor(n/(X P)) tasks, the next C/2 tasks more, then C/4, …: in
 * batch j = 0, 1, … the size is floor(C (2 - 2^-j)). It approaches 2C and stays there until nothing
 * is left. X is the option `divisor`.
 *
 * Cost    one atomic addition per chunk; about X P/2 chunks, computed before the loop (sequence.h).
 * Source  Philip & Das (1997), "Evaluation of loop scheduling algorithms on distributed memory
 *         systems", Proc. IASTED Parallel and Distributed Computing and Systems; as a formula of j
 *         in Eleliemy & Ciorba (2021), J. Comput. Sci. 51, 101284.
 */
#include "schedulers/loop.h"
#include "schedulers/sequence.h"

struct viss_rule {
    size_t n_workers;
    size_t first;   /* C, tasks */
    unsigned batch; /* j */
};

static const sks_param viss_params[] = {
    {.name = "divisor",
     .type = SKS_INT,
     .default_text = "4",
     .min = 1,
     .max = 1e6,
     .help = "the first chunks have 1/divisor of a worker's share"},
    {.name = NULL},
};

static struct viss_rule viss_rule(const sks_loop *loop)
{
    size_t divisor = (size_t)sks_values_int(loop->options, "divisor");
    size_t n_workers = sks_loop_workers(loop);

    return (struct viss_rule){n_workers,
                              sks_loop_clamp(loop, loop->n_tasks / (divisor * n_workers)), 0};
}

/* floor(2C - C/2^j) = 2C - ceil(C/2^j), which no longer changes once 2^j >= C. */
static sks_batch viss_batch(void *rule, size_t n_left)
{
    struct viss_rule *r = rule;
    size_t missing = sks_ceil_div(r->first, (size_t)1 << r->batch);

    (void)n_left; /* the sequence cuts sizes to what is left */
    if (missing == 1)
        return (sks_batch){2 * r->first - 1, SIZE_MAX};
    r->batch++;
    return (sks_batch){2 * r->first - missing, r->n_workers};
}

static size_t viss_state_size(const sks_loop *loop)
{
    struct viss_rule rule = viss_rule(loop);

    return sks_sequence_size(loop, viss_batch, &rule);
}

static sks_status viss_init(void *state, const sks_loop *loop)
{
    struct viss_rule rule = viss_rule(loop);

    return sks_sequence_init(state, loop, viss_batch, &rule);
}

const sks_scheduler sks_scheduler_viss = {
    .name = "viss",
    .summary = "variable increase: batches of P equal chunks that grow by steps which halve",
    .citation = "Philip & Das 1997, Proc. IASTED PDCS; Eleliemy & Ciorba 2021, J. Comput. Sci. 51, "
                "101284",
    .params = viss_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = viss_state_size,
    .init = viss_init,
    .next = sks_sequence_next,
};
