/* deque: a Chase-Lev work-stealing deque of chunks for every worker; who has run out steals one
 * chunk at a time from the other end of another worker's deque.
 *
 * All chunks are known before the loop: worker w's deque holds the chunks of its block, filled as
 * if it had pushed them from the last one to the first. The element at index i then is the block's
 * chunk number size - 1 - i, so that the array of the published deque need not exist, and the state
 * takes two cache lines per worker for any number of chunks:
 *
 *     index        0 = top at first      ...       bottom - 1
 *     chunk        the block's last one  ...       its first one
 *     taken by     thieves                         the owner, in the order of the tasks
 *
 * Indices have 64 bits and only move towards each other, but for one step of the owner's back: no
 * wrap, no reuse of an element, and an empty deque stays empty. A round in which all deques were
 * empty therefore is the end: thieves keep nothing back, so no chunk is on its way between deques.
 *
 * Against `stealing`: an owner's claim always pays a full fence (there, one atomic step for up to
 * 16 chunks), nothing is out of thieves' reach, and a thief comes back for every chunk. It is here
 * as the reference that other schedulers are built on.
 *
 * Progress  lock-free: a failed step means that another worker's succeeded. A worker that dies
 *           leaves its deque to the thieves, short of at most the one chunk it was taking.
 * Source    Chase & Lev (2005), "Dynamic circular work-stealing deque", Proc. SPAA, 21-28; memory
 *           orders: Le, Pop, Cohen & Zappa Nardelli (2013), "Correct and efficient work-stealing
 *           for weak memory models", Proc. PPoPP, 69-80, figure 1 (C11). Departures: no push and no
 *           growth after the start, elements computed instead of loaded.
 */
#include "schedulers/loop.h"
#include "schedulers/victim.h"

#include <stdatomic.h>

struct deque_slot {
    /* Thieves, and the owner for the last element, advance it by compare-and-swap. */
    _Alignas(SKS_CACHE_LINE) _Atomic int64_t top;
    /* Written by the owner alone, read by thieves. */
    _Alignas(SKS_CACHE_LINE) _Atomic int64_t bottom;
    /* Read-only after init: */
    size_t begin; /* the block's first task */
    size_t end;
    int64_t n_chunks;
    /* Owner only: */
    sks_thief thief;
    /* Written by the owner, read by whoever shows statistics; relaxed, they order nothing. */
    atomic_size_t steals_tried;
    atomic_size_t steals_won;
};

struct deque_state {
    _Alignas(SKS_CACHE_LINE) size_t chunk; /* tasks; all but is_exhausted are read-only */
    unsigned n_workers;
    sks_victim_rule victim;
    size_t seats; /* where the seats are: bytes from the start of the state */
    /* All deques are empty. Set by the first to notice, read by those without work. Relaxed: it
     * never becomes false again and says nothing about other memory. */
    atomic_bool is_exhausted;
    struct deque_slot slot[];
};

static const sks_param deque_params[] = {
    SKS_CHUNK_PARAM("tasks in one element of a deque"),
    SKS_VICTIM_PARAMS,
    {.name = NULL},
};

static size_t slots_size(const sks_loop *loop)
{
    return sizeof(struct deque_state) + sks_loop_workers(loop) * sizeof(struct deque_slot);
}

static size_t deque_state_size(const sks_loop *loop)
{
    return slots_size(loop) + sks_whole_lines(sks_loop_workers(loop) * sizeof(sks_seat));
}

static sks_seat *seats(struct deque_state *s)
{
    return (sks_seat *)((char *)s + s->seats);
}

static void slot_init(struct deque_slot *slot, size_t begin, size_t end, size_t chunk)
{
    slot->begin = begin;
    slot->end = end;
    slot->n_chunks = (int64_t)sks_ceil_div(end - begin, chunk);
    atomic_init(&slot->top, 0);
    atomic_init(&slot->bottom, slot->n_chunks);
    atomic_init(&slot->steals_tried, 0);
    atomic_init(&slot->steals_won, 0);
}

static sks_status deque_init(void *state, const sks_loop *loop)
{
    struct deque_state *s = state;
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    s->chunk = sks_loop_chunk(loop);
    s->n_workers = loop->n_workers;
    s->victim = sks_victim_option(loop);
    s->seats = slots_size(loop);
    atomic_init(&s->is_exhausted, false);
    sks_seats_init(seats(s), loop);
    for (unsigned w = 0; w < loop->n_workers; w++) {
        slot_init(&s->slot[w], sks_part_begin(loop->n_tasks, w, loop->n_workers),
                  sks_part_begin(loop->n_tasks, w + 1, loop->n_workers), s->chunk);
        sks_thief_init(&s->slot[seats(s)[w].worker].thief, loop, seats(s), w);
    }
    return SKS_OK;
}

static void hand_out(const struct deque_state *s, const struct deque_slot *slot, int64_t i,
                     sks_range *tasks)
{
    tasks->begin = slot->begin + (size_t)(slot->n_chunks - 1 - i) * s->chunk;
    tasks->end = slot->end - tasks->begin < s->chunk ? slot->end : tasks->begin + s->chunk;
}

/* The fence between a worker's access to one end and its look at the other. The thread sanitizer
 * knows no fences; a read-modify-write does the same on every processor it runs on. */
static inline void full_fence(struct deque_slot *slot)
{
#ifdef __SANITIZE_THREAD__
    atomic_fetch_add_explicit(&slot->steals_tried, 0, memory_order_seq_cst);
#else
    (void)slot;
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* The owner's `take`. */
static bool take(const struct deque_state *s, struct deque_slot *own, sks_range *tasks)
{
    int64_t bottom = atomic_load_explicit(&own->bottom, memory_order_relaxed) - 1;
    int64_t top;
    bool is_won = true;

    atomic_store_explicit(&own->bottom, bottom, memory_order_relaxed);
    full_fence(own);
    top = atomic_load_explicit(&own->top, memory_order_relaxed);
    if (top < bottom) {
        hand_out(s, own, bottom, tasks);
        return true;
    }
    if (top == bottom) /* the last element: thieves may want it too */
        is_won = atomic_compare_exchange_strong_explicit(
            &own->top, &top, top + 1, memory_order_seq_cst, memory_order_relaxed);
    else
        is_won = false;
    atomic_store_explicit(&own->bottom, bottom + 1, memory_order_relaxed);
    if (is_won)
        hand_out(s, own, bottom, tasks);
    return is_won;
}

/* A thief's `steal`. */
static sks_theft steal(const struct deque_state *s, struct deque_slot *own,
                       struct deque_slot *victim, sks_range *tasks)
{
    int64_t top = atomic_load_explicit(&victim->top, memory_order_acquire);
    int64_t bottom;

    full_fence(own);
    bottom = atomic_load_explicit(&victim->bottom, memory_order_acquire);
    if (top >= bottom)
        return SKS_NOTHING_THERE;
    sks_count_one(&own->steals_tried);
    if (!atomic_compare_exchange_strong_explicit(&victim->top, &top, top + 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return SKS_TOO_LATE;
    sks_count_one(&own->steals_won);
    hand_out(s, victim, top, tasks);
    return SKS_ROBBED;
}

/* Robs the first worker found with work, going round again while others are quicker; false when
 * every deque was empty. */
static bool rob_anyone(struct deque_state *s, struct deque_slot *own, sks_range *tasks)
{
    while (!atomic_load_explicit(&s->is_exhausted, memory_order_relaxed)) {
        sks_round round = sks_round_begin(&own->thief, s->victim, seats(s), s->n_workers);
        bool all_empty = true;
        unsigned victim;

        while (sks_round_next(&round, &victim)) {
            sks_theft outcome = steal(s, own, &s->slot[victim], tasks);

            if (outcome == SKS_ROBBED) {
                own->thief.victim = victim;
                return true;
            }
            if (outcome == SKS_TOO_LATE)
                all_empty = false;
        }
        if (all_empty)
            atomic_store_explicit(&s->is_exhausted, true, memory_order_relaxed);
    }
    return false;
}

static bool deque_next(void *state, unsigned worker, sks_range *tasks)
{
    struct deque_state *s = state;
    struct deque_slot *own = &s->slot[worker];

    return take(s, own, tasks) || rob_anyone(s, own, tasks);
}

static void deque_stats(const void *state, unsigned worker, sks_scheduler_stats *stats)
{
    const struct deque_state *s = state;
    const struct deque_slot *slot = &s->slot[worker];

    stats->steals_tried = atomic_load_explicit(&slot->steals_tried, memory_order_relaxed);
    stats->steals_won = atomic_load_explicit(&slot->steals_won, memory_order_relaxed);
}

const sks_scheduler sks_scheduler_deque = {
    .name = "deque",
    .summary = "a Chase-Lev deque of chunks per worker; who runs out steals one chunk at a time",
    .citation = "Chase & Lev 2005, Proc. SPAA, 21; orders: Le et al. 2013, Proc. PPoPP, 69",
    .params = deque_params,
    .fixed = SKS_FIXED_NOTHING,
    .has_own_queues = true,
    .state_size = deque_state_size,
    .init = deque_init,
    .next = deque_next,
    .stats = deque_stats,
};
