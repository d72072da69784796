/* pool-map: equal chunks, four for each worker, as Python's multiprocessing.Pool.map cuts its list.
 *
 * Chunks of ceil(n/(4P)) tasks, handed out to whoever is free.
 *
 * Source   CPython, Lib/multiprocessing/pool.py, Pool._map_async: chunksize, extra =
 *          divmod(len(iterable), len(self._pool) * 4), one more where extra is not 0. The paper's
 *          pool recipe: Singh, Browne & Butler (2013), Astronomy and Computing 2, 1-10.
 */
#include "schedulers/counter.h"
#include "schedulers/loop.h"

static sks_status pool_map_init(void *state, const sks_loop *loop)
{
    return sks_counter_init(state, loop, sks_loop_piece(loop, 4));
}

const sks_scheduler sks_scheduler_pool_map = {
    .name = "pool-map",
    .summary = "chunks of n/(4P) tasks from a shared counter, as Python's Pool.map makes them",
    .citation = "CPython, Lib/multiprocessing/pool.py, Pool.map",
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = sks_counter_size,
    .init = pool_map_init,
    .next = sks_counter_next,
};
