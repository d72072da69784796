/* paper-guided: what the paper's programs call "guided": twenty equal pieces for each worker,
 * through the one queue they all read.
 *
 * Pieces of ceil(n/(20 P)) tasks, the last one with what remains. They do not shrink: guided
 * self-scheduling as the literature knows it is `guided`.
 *
 * Source   Singh, Browne & Butler (2013), Astronomy and Computing 2, 1-10, and getchunks() of their
 *          programs ("arbitrary factor of 20"); how it rounds: see paper_static.c.
 */
#include "schedulers/counter.h"
#include "schedulers/loop.h"

static sks_status paper_guided_init(void *state, const sks_loop *loop)
{
    return sks_counter_init(state, loop, sks_loop_piece(loop, 20));
}

const sks_scheduler sks_scheduler_paper_guided = {
    .name = "paper-guided",
    .summary = "the paper's \"guided\": equal pieces of n/(20P) tasks through a shared queue",
    .citation = "Singh, Browne & Butler 2013, Astronomy and Computing 2, 1",
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = sks_counter_size,
    .init = paper_guided_init,
    .next = sks_counter_next,
};
