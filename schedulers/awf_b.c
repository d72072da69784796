/* awf-b: adaptive weighted factoring with new weights after each batch.
 *
 * Source   Carino & Banicescu (2008); see awf.h.
 */
#include "schedulers/awf.h"

static sks_status awf_b_init(void *state, const sks_loop *loop)
{
    return sks_awf_init(state, loop, SKS_AWF_BATCHES, 1);
}

const sks_scheduler sks_scheduler_awf_b = {
    .name = "awf-b",
    .summary = "adaptive weighted factoring: weights follow the speeds after each batch",
    .citation = "Carino & Banicescu 2008, J. Supercomput. 44, 41",
    .params = sks_awf_params,
    .fixed = SKS_FIXED_NOTHING,
    .times_claims = false,
    .state_size = sks_awf_state_size,
    .init = awf_b_init,
    .next = sks_awf_next,
    .done = sks_awf_done,
    .explain = sks_awf_explain,
};
