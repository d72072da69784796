/* tfss: batches of P equal chunks, each the mean of the next P chunks of `trapezoid`, TFSS.
 *
 * The size falls linearly as in `trapezoid` (with its default first and last sizes), but in batches
 * as in `fac2`, so that all workers meet chunks of the same size. Means are rounded down; what that
 * leaves at the end comes in batches of the last size.
 *
 * Cost     one atomic addition per chunk; about 4P chunks, computed before the loop (sequence.h).
 * Source   Chronopoulos, Andonie, Benche & Grosu (2001), "A class of loop self-scheduling for
 *          heterogeneous clusters", Proc. IEEE CLUSTER, 282-291.
 */
#include "schedulers/sequence.h"
#include "schedulers/trapezoid.h"

struct tfss_rule {
    size_t n_workers;
    size_t n_taken; /* chunks of the trapezoid averaged so far */
    struct sks_trapezoid sizes;
};

static struct tfss_rule tfss_rule(const sks_loop *loop)
{
    return (struct tfss_rule){sks_loop_workers(loop), 0, sks_trapezoid_default(loop)};
}

static sks_batch tfss_batch(void *rule, size_t n_left)
{
    struct tfss_rule *r = rule;
    size_t begin = sks_trapezoid_sum(&r->sizes, r->n_taken);
    size_t end = sks_trapezoid_sum(&r->sizes, r->n_taken + r->n_workers);

    (void)n_left; /* the sequence cuts sizes to what is left */
    if (r->n_taken >= r->sizes.n_falling)
        return (sks_batch){r->sizes.last, SIZE_MAX};
    r->n_taken += r->n_workers;
    return (sks_batch){(end - begin) / r->n_workers, r->n_workers};
}

static size_t tfss_state_size(const sks_loop *loop)
{
    struct tfss_rule rule = tfss_rule(loop);

    return sks_sequence_size(loop, tfss_batch, &rule);
}

static sks_status tfss_init(void *state, const sks_loop *loop)
{
    struct tfss_rule rule = tfss_rule(loop);

    return sks_sequence_init(state, loop, tfss_batch, &rule);
}

const sks_scheduler sks_scheduler_tfss = {
    .name = "tfss",
    .summary = "trapezoid factoring: batches of P equal chunks that shrink linearly",
    .citation = "Chronopoulos, Andonie, Benche & Grosu 2001, Proc. IEEE CLUSTER, 282",
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = tfss_state_size,
    .init = tfss_init,
    .next = sks_sequence_next,
};
