/* mfsc: chunks of one size, about as many as `fac2` would make; needs to be told nothing, mFSC.
 *
 * With t = ceil(n/P) the size is floor(0.55 + t ln 2/ln t), and one task where t = 1.
 *
 * Cost     one atomic addition per chunk.
 * Source   Banicescu, Ciorba & Srivastava (2013), "Performance optimization of scientific
 *          applications using an autonomic computing approach", in Scalable Computing: Theory and
 *          Practice, Wiley, chapter 22, 437-466.
 */
#include "schedulers/counter.h"
#include "schedulers/loop.h"

#include <math.h>

static size_t mfsc_chunk(const sks_loop *loop)
{
    double t = (double)sks_loop_piece(loop, 1);

    return t > 1.0 ? (size_t)(0.55 + t * log(2.0) / log(t)) : 1;
}

static sks_status mfsc_init(void *state, const sks_loop *loop)
{
    return sks_counter_init(state, loop, mfsc_chunk(loop));
}

const sks_scheduler sks_scheduler_mfsc = {
    .name = "mfsc",
    .summary = "chunks of one size, about as many as fac2 makes",
    .citation = "Banicescu, Ciorba & Srivastava 2013, Scalable Computing (Wiley), ch. 22",
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = sks_counter_size,
    .init = mfsc_init,
    .next = sks_counter_next,
};
