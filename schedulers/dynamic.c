/* dynamic: whoever is free takes the next `chunk` tasks from one shared counter.
 *
 * With chunk=1, the default, this is self-scheduling taken literally: best balance, one claim per
 * task. A larger chunk divides the number of claims and pays with imbalance at the end.
 *
 * Cost     one atomic addition per chunk on a line that all workers write.
 * Source   Tang & Yew (1986), "Processor self-scheduling for multiple-nested parallel loops", Proc.
 *          ICPP, 528-535; chunks of fixed size: Kruskal & Weiss (1985), "Allocating independent
 *          subtasks on parallel processors", IEEE Trans. Softw. Eng. SE-11, 1001-1016.
 */
#include "schedulers/counter.h"
#include "schedulers/loop.h"

static const sks_param dynamic_params[] = {
    SKS_CHUNK_PARAM("tasks claimed at once"),
    {.name = NULL},
};

static sks_status dynamic_init(void *state, const sks_loop *loop)
{
    return sks_counter_init(state, loop, sks_loop_chunk(loop));
}

const sks_scheduler sks_scheduler_dynamic = {
    .name = "dynamic",
    .summary = "self-scheduling: the free worker takes the next chunk from a shared counter",
    .citation = "Tang & Yew 1986, Proc. ICPP, 528; chunk > 1: Kruskal & Weiss 1985, IEEE TSE 11, "
                "1001",
    .params = dynamic_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = sks_counter_size,
    .init = dynamic_init,
    .next = sks_counter_next,
};
