/* static: who computes what is fixed before the loop starts.
 *
 * Without `chunk`, block: worker w of P gets the one range [floor(n w/P), floor(n (w+1)/P)); sizes
 * differ by at most one. With `chunk`, cyclic: the loop is cut into chunks of that many tasks and
 * worker w gets chunks w, w + P, w + 2P, … of them.
 *
 * Cost     no atomic operation, nothing shared: the floor every other rule is compared with.
 * Source   OpenMP API 5.2, schedule clause, kind static. Departure: OpenMP leaves open how a block
 *          partition rounds ("approximately equal"); here it is the formula above.
 */
#include "schedulers/loop.h"

struct static_slot {
    /* Read and written by this worker only, hence no atomic; on lines of its own because the
     * neighbours write theirs at the same time. */
    _Alignas(SKS_CACHE_LINE) size_t next_chunk;
};

struct static_state {
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the rest of the line: read-only */
    size_t chunk;                            /* tasks; 0: block */
    size_t n_chunks;                         /* block: n_workers, of which some may be empty */
    unsigned n_workers;
    struct static_slot slot[];
};

static const sks_param static_params[] = {
    {.name = "chunk",
     .type = SKS_INT,
     .unit = "tasks",
     .min = 1,
     .max = 9e15,
     .help = "deal out chunks of this size in turn; without it, one block per worker"},
    {.name = NULL},
};

static size_t static_state_size(const sks_loop *loop)
{
    return sizeof(struct static_state) + sks_loop_workers(loop) * sizeof(struct static_slot);
}

static sks_status static_init(void *state, const sks_loop *loop)
{
    struct static_state *s = state;
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    s->n_tasks = loop->n_tasks;
    s->n_workers = loop->n_workers;
    if (sks_values_has(loop->options, "chunk")) {
        s->chunk = sks_loop_chunk(loop);
        s->n_chunks = sks_ceil_div(loop->n_tasks, s->chunk);
    } else {
        s->chunk = 0;
        s->n_chunks = loop->n_workers;
    }
    for (unsigned w = 0; w < loop->n_workers; w++)
        s->slot[w].next_chunk = w;
    return SKS_OK;
}

static bool static_next(void *state, unsigned worker, sks_range *tasks)
{
    struct static_state *s = state;
    size_t i = s->slot[worker].next_chunk;

    if (i >= s->n_chunks)
        return false;
    s->slot[worker].next_chunk = i + s->n_workers;
    if (s->chunk == 0) {
        size_t begin = sks_part_begin(s->n_tasks, (unsigned)i, s->n_workers);
        size_t end = sks_part_begin(s->n_tasks, (unsigned)i + 1, s->n_workers);

        if (begin == end) /* more workers than tasks */
            return false;
        *tasks = (sks_range){begin, end};
        return true;
    }
    /* i chunk < n_tasks, but (i + 1) chunk might not fit. */
    tasks->begin = i * s->chunk;
    tasks->end = s->n_tasks - tasks->begin < s->chunk ? s->n_tasks : tasks->begin + s->chunk;
    return true;
}

const sks_scheduler sks_scheduler_static = {
    .name = "static",
    .summary = "equal blocks, or with chunk=K chunks dealt out in turn, fixed before the start",
    .citation = "OpenMP API 5.2, schedule clause, kind static",
    .params = static_params,
    .fixed = SKS_FIXED_OWNERS,
    .has_own_queues = true,
    .state_size = static_state_size,
    .init = static_init,
    .next = static_next,
};
