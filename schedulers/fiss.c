/* fiss: batches of P equal chunks that grow by the same number of tasks, in B stages, FISS.
 *
 * The first stage has chunks of C = floor(n/((B + 2) P)) tasks, and each later one of
 *   d = floor(2 n (1 - B/(B + 2)) / (P B (B - 1)))
 * tasks more; the last stage shares what is left, ceil(R/P) each. Small chunks first keep the
 * workers from all asking at the same time (made for a coordinator reached by messages); the price
 * is imbalance at the end. B is the option `stages`.
 *
 * Cost     one atomic addition per chunk; B P chunks, computed before the loop (sequence.h).
 * Source   Philip & Das (1997), "Evaluation of loop scheduling algorithms on distributed memory
 *          systems", Proc. IASTED Parallel and Distributed Computing and Systems; in this form in
 *          Chronopoulos, Andonie, Benche & Grosu (2001), Proc. IEEE CLUSTER, 282-291, where B = 3.
 */
#include "schedulers/loop.h"
#include "schedulers/sequence.h"

struct fiss_rule {
    size_t n_workers;
    size_t size; /* of the next stage's chunks, tasks */
    size_t step; /* d, tasks */
    size_t n_stages_left;
};

static const sks_param fiss_params[] = {
    {.name = "stages",
     .type = SKS_INT,
     .default_text = "3",
     .min = 2,
     .max = 1000,
     .help = "how often the size grows, counting the first"},
    {.name = NULL},
};

static struct fiss_rule fiss_rule(const sks_loop *loop)
{
    size_t n = loop->n_tasks;
    size_t p = sks_loop_workers(loop);
    size_t b = (size_t)sks_values_int(loop->options, "stages");
    size_t d = (b + 2) * p * b * (b - 1); /* below 2^47 */

    /* 2 n (1 - B/(B + 2)) = 4 n/(B + 2), and floor(4 n/d) without 4 n, which may not fit. */
    return (struct fiss_rule){p, n / ((b + 2) * p), 4 * (n / d) + 4 * (n % d) / d, b};
}

static sks_batch fiss_batch(void *rule, size_t n_left)
{
    struct fiss_rule *r = rule;
    size_t size = r->size;

    if (r->n_stages_left <= 1)
        return (sks_batch){sks_ceil_div(n_left, r->n_workers), r->n_workers};
    r->n_stages_left--;
    r->size += r->step;
    return (sks_batch){size, r->n_workers};
}

static size_t fiss_state_size(const sks_loop *loop)
{
    struct fiss_rule rule = fiss_rule(loop);

    return sks_sequence_size(loop, fiss_batch, &rule);
}

static sks_status fiss_init(void *state, const sks_loop *loop)
{
    struct fiss_rule rule = fiss_rule(loop);

    return sks_sequence_init(state, loop, fiss_batch, &rule);
}

const sks_scheduler sks_scheduler_fiss = {
    .name = "fiss",
    .summary = "fixed increase: batches of P equal chunks that grow by the same step",
    .citation = "Philip & Das 1997, Proc. IASTED PDCS; Chronopoulos et al. 2001, Proc. IEEE "
                "CLUSTER, 282",
    .params = fiss_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = fiss_state_size,
    .init = fiss_init,
    .next = sks_sequence_next,
};
