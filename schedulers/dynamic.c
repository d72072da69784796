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
#include "schedulers/loop.h"

#include <stdatomic.h>

struct dynamic_state {
    /* Number of the next chunk to hand out. Written and read by every worker, so alone on its
     * lines. Relaxed: the number is the whole message (nothing else is published through it), and
     * a read-modify-write gives each number once under any order.
     *
     * It counts chunks, not tasks, and ends at n_chunks + n_workers at most (see is_exhausted);
     * workers that come too late could make a count of tasks grow by n_workers * chunk and wrap. */
    _Alignas(SKS_CACHE_LINE) atomic_size_t next_chunk;
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the next two: read-only */
    size_t chunk;
    size_t n_chunks;
    /* All is handed out. Written once or twice at the end by workers that came too late, read by
     * every worker before it adds. Reading the counter itself would do as well, but would fetch its
     * line twice, first to read and then to write. Relaxed: it never becomes false again and says
     * nothing about other memory. A worker adds at most once too many: having set the flag, it sees
     * it ever after. */
    atomic_bool is_exhausted;
};

static const sks_param dynamic_params[] = {
    {.name = "chunk",
     .type = SKS_INT,
     .unit = "tasks",
     .default_text = "1",
     .min = 1,
     .max = 9e15,
     .help = "tasks claimed at once"},
    {.name = NULL},
};

static size_t dynamic_state_size(const sks_loop *loop)
{
    (void)loop;
    return sizeof(struct dynamic_state);
}

static sks_status dynamic_init(void *state, const sks_loop *loop)
{
    struct dynamic_state *s = state;
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    s->n_tasks = loop->n_tasks;
    s->chunk = sks_loop_chunk(loop);
    s->n_chunks = sks_ceil_div(s->n_tasks, s->chunk);
    atomic_init(&s->next_chunk, 0);
    atomic_init(&s->is_exhausted, false);
    return SKS_OK;
}

static bool dynamic_next(void *state, unsigned worker, sks_range *tasks)
{
    struct dynamic_state *s = state;
    size_t i;

    (void)worker;
    if (atomic_load_explicit(&s->is_exhausted, memory_order_relaxed))
        return false;
    i = atomic_fetch_add_explicit(&s->next_chunk, 1, memory_order_relaxed);
    if (i >= s->n_chunks) {
        atomic_store_explicit(&s->is_exhausted, true, memory_order_relaxed);
        return false;
    }
    tasks->begin = i * s->chunk;
    tasks->end = s->n_tasks - tasks->begin < s->chunk ? s->n_tasks : tasks->begin + s->chunk;
    return true;
}

const sks_scheduler sks_scheduler_dynamic = {
    .name = "dynamic",
    .summary = "self-scheduling: the free worker takes the next chunk from a shared counter",
    .citation = "Tang & Yew 1986, Proc. ICPP, 528; chunk > 1: Kruskal & Weiss 1985, IEEE TSE 11, "
                "1001",
    .params = dynamic_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = dynamic_state_size,
    .init = dynamic_init,
    .next = dynamic_next,
};
