/* paper-static: what the paper's programs call "static": as many equal pieces as workers, through
 * the one queue they all read.
 *
 * Pieces of ceil(n/P) tasks, the last one with what remains. A piece belongs to nobody beforehand:
 * a worker that comes late finds that another has taken two. Rounded up, there may be fewer pieces
 * than workers (n = 10, P = 6: five of two); `static` leaves nobody without while tasks last.
 *
 * Source   Singh, Browne & Butler (2013), Astronomy and Computing 2, 1-10, and getchunks() of their
 *          programs (pix2sky_multi.py): they cut a text of n lines at each P-th part of its bytes,
 *          and the line that a cut falls into belongs to the piece before it, which rounds up.
 *          Departure: where a cut falls exactly between two lines their piece gets the next line
 *          too, for lines of equal length floor(n/P) + 1 even where P divides n.
 */
#include "schedulers/counter.h"
#include "schedulers/loop.h"

static sks_status paper_static_init(void *state, const sks_loop *loop)
{
    return sks_counter_init(state, loop, sks_loop_piece(loop, 1));
}

const sks_scheduler sks_scheduler_paper_static = {
    .name = "paper-static",
    .summary = "the paper's \"static\": one piece of n/P tasks per worker, through a shared queue",
    .citation = "Singh, Browne & Butler 2013, Astronomy and Computing 2, 1",
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = sks_counter_size,
    .init = paper_static_init,
    .next = sks_counter_next,
};
