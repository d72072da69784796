/* awf-e: as awf-c, but a chunk's time contains that of its claim.
 *
 * Source   Carino & Banicescu (2008); see awf.h.
 */
#include "schedulers/awf.h"

static sks_status awf_e_init(void *state, const sks_loop *loop)
{
    return sks_awf_init(state, loop, SKS_AWF_CHUNKS, 1);
}

const sks_scheduler sks_scheduler_awf_e = {
    .name = "awf-e",
    .summary = "awf-c with the time of the claims in the speeds",
    .citation = "Carino & Banicescu 2008, J. Supercomput. 44, 41",
    .params = sks_awf_params,
    .fixed = SKS_FIXED_NOTHING,
    .times_claims = true,
    .state_size = sks_awf_state_size,
    .init = awf_e_init,
    .next = sks_awf_next,
    .done = sks_awf_done,
    .explain = sks_awf_explain,
};
