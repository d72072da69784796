/* awf-d: as awf-b, but a chunk's time contains that of its claim.
 *
 * Source   Carino & Banicescu (2008); see awf.h.
 */
#include "schedulers/awf.h"

static sks_status awf_d_init(void *state, const sks_loop *loop)
{
    return sks_awf_init(state, loop, SKS_AWF_BATCHES, 1);
}

const sks_scheduler sks_scheduler_awf_d = {
    .name = "awf-d",
    .summary = "awf-b with the time of the claims in the speeds",
    .citation = "Carino & Banicescu 2008, J. Supercomput. 44, 41",
    .params = sks_awf_params,
    .fixed = SKS_FIXED_NOTHING,
    .times_claims = true,
    .state_size = sks_awf_state_size,
    .init = awf_d_init,
    .next = sks_awf_next,
    .done = sks_awf_done,
    .explain = sks_awf_explain,
};
