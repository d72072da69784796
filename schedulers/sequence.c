#include "schedulers/sequence.h"

#include "schedulers/loop.h"

#include <stdatomic.h>

struct sequence {
    /* Index of the next chunk to hand out. Written and read by every worker, so alone on its
     * lines. Relaxed: the index is the whole message (the table was written before the workers
     * were started), and a read-modify-write gives each index once under any order. */
    _Alignas(SKS_CACHE_LINE) atomic_size_t next_chunk;
    /* All is handed out. Written by workers that came too late, read by every worker before it
     * adds, so that idle ones leave the counter's line alone and each adds at most once too many
     * (having set the flag, it sees it ever after). Relaxed: it never becomes false again and says
     * nothing about other memory. */
    _Alignas(SKS_CACHE_LINE) atomic_bool is_exhausted;
    /* Read-only after init. Chunk i is [begin[i], begin[i + 1]); begin[n_chunks] == n_tasks. */
    size_t n_chunks;
    size_t begin[];
};

static size_t cut(sks_chunk_size chunk_size, void *rule, size_t n_left)
{
    size_t size = chunk_size(rule, n_left);

    if (size < 1)
        return 1;
    return size < n_left ? size : n_left;
}

size_t sks_sequence_size(size_t n_tasks, sks_chunk_size chunk_size, void *rule)
{
    size_t n_chunks = 0;

    for (size_t n_left = n_tasks; n_left > 0; n_chunks++)
        n_left -= cut(chunk_size, rule, n_left);
    return sks_whole_lines(offsetof(struct sequence, begin) + (n_chunks + 1) * sizeof(size_t));
}

void sks_sequence_init(void *state, size_t n_tasks, sks_chunk_size chunk_size, void *rule)
{
    struct sequence *s = state;
    size_t n_chunks = 0;
    size_t begin = 0;

    while (begin < n_tasks) {
        s->begin[n_chunks++] = begin;
        begin += cut(chunk_size, rule, n_tasks - begin);
    }
    s->begin[n_chunks] = n_tasks;
    s->n_chunks = n_chunks;
    atomic_init(&s->next_chunk, 0);
    atomic_init(&s->is_exhausted, false);
}

bool sks_sequence_next(void *state, unsigned worker, sks_range *tasks)
{
    struct sequence *s = state;
    size_t i;

    (void)worker;
    if (atomic_load_explicit(&s->is_exhausted, memory_order_relaxed))
        return false;
    i = atomic_fetch_add_explicit(&s->next_chunk, 1, memory_order_relaxed);
    if (i >= s->n_chunks) {
        atomic_store_explicit(&s->is_exhausted, true, memory_order_relaxed);
        return false;
    }
    tasks->begin = s->begin[i];
    tasks->end = s->begin[i + 1];
    return true;
}
