/* random: chunks of random size, uniform between two bounds, from a seed, RAND.
 *
 * The bounds are the options `min` and `max`, by default n/(100 P) and n/(2P), at least one task.
 * The size is drawn by a hash of the seed and the task the chunk begins with, not from a stream:
 * so the sequence is the same whoever asks and whenever, and needs no memory, however long.
 *
 * Cost     one compare-and-swap per chunk on a line that all workers write.
 * Source   Ciorba, Iwainsky & Buder (2018), "OpenMP loop scheduling revisited: making a case for
 *          more schedules", Proc. IWOMP, LNCS 11128, 21-36. The hash: SplitMix64, Steele, Lea &
 *          Flood (2014), Proc. OOPSLA, 453-472.
 */
#include "schedulers/loop.h"

#include <stdatomic.h>

struct random_state {
    /* First task not handed out. Written and read by every worker, so alone on its lines. Relaxed:
     * the number is the whole message, and a compare-and-swap that succeeds takes each task once
     * under any order. Workers without work only read it. */
    _Alignas(SKS_CACHE_LINE) atomic_size_t next_task;
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the rest: read-only */
    size_t least, most;                      /* tasks per chunk */
    uint64_t seed;                           /* hashed */
};

static const sks_param random_params[] = {
    {.name = "seed",
     .type = SKS_INT,
     .default_text = "1",
     .min = 0,
     .max = 9e15,
     .help = "another seed gives other sizes"},
    {.name = "min",
     .type = SKS_INT,
     .unit = "tasks",
     .min = 1,
     .max = 9e15,
     .help = "smallest chunk; without it, n/(100P)"},
    {.name = "max",
     .type = SKS_INT,
     .unit = "tasks",
     .min = 1,
     .max = 9e15,
     .help = "largest chunk; without it, n/(2P)"},
    {.name = NULL},
};

static uint64_t hash(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static size_t bound(const sks_loop *loop, const char *option, size_t parts)
{
    if (sks_values_has(loop->options, option))
        return sks_loop_clamp(loop, (size_t)sks_values_int(loop->options, option));
    return sks_loop_clamp(loop, loop->n_tasks / (parts * loop->n_workers));
}

static size_t random_state_size(const sks_loop *loop)
{
    (void)loop;
    return sizeof(struct random_state);
}

static sks_status random_init(void *state, const sks_loop *loop)
{
    struct random_state *s = state;
    bool has_both = sks_values_has(loop->options, "min") && sks_values_has(loop->options, "max");
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    if (has_both && sks_values_int(loop->options, "min") > sks_values_int(loop->options, "max"))
        return sks_fail(SKS_ERR_USAGE, "random: min=%s is larger than max=%s",
                        sks_values_text(loop->options, "min"),
                        sks_values_text(loop->options, "max"));
    s->n_tasks = loop->n_tasks;
    s->least = bound(loop, "min", 100);
    s->most = bound(loop, "max", 2);
    if (s->most < s->least) { /* one bound given, beyond the other's default */
        if (sks_values_has(loop->options, "min"))
            s->most = s->least;
        else
            s->least = s->most;
    }
    s->seed = hash((uint64_t)sks_values_int(loop->options, "seed"));
    atomic_init(&s->next_task, 0);
    return SKS_OK;
}

/* Sizes differ in probability by less than (most - least + 1)/2^64 in all. */
static size_t random_size(const struct random_state *s, size_t begin)
{
    return s->least + (size_t)(hash(s->seed ^ begin) % (s->most - s->least + 1));
}

static bool random_next(void *state, unsigned worker, sks_range *tasks)
{
    struct random_state *s = state;
    size_t begin = atomic_load_explicit(&s->next_task, memory_order_relaxed);

    (void)worker;
    while (begin < s->n_tasks) {
        size_t size = random_size(s, begin);
        size_t end = size < s->n_tasks - begin ? begin + size : s->n_tasks;

        if (atomic_compare_exchange_weak_explicit(&s->next_task, &begin, end, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            *tasks = (sks_range){begin, end};
            return true;
        }
    }
    return false;
}

const sks_scheduler sks_scheduler_random = {
    .name = "random",
    .summary = "chunks of random size between two bounds, the same for the same seed",
    .citation = "Ciorba, Iwainsky & Buder 2018, Proc. IWOMP, LNCS 11128, 21",
    .params = random_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = random_state_size,
    .init = random_init,
    .next = random_next,
};
