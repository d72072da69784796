/* stealing: every worker starts with its block of the loop and takes chunks from the low end of
 * it; who has run out takes the upper half of another worker's rest.
 *
 * One worker's range is one 64-bit word, so that taking and stealing are single atomic steps:
 *
 *     slot[w].range = begin << 32 | end,  half-open, in units; empty when begin == end
 *
 * A unit is one task, or the least number of tasks that makes the loop fit 32 bits: beyond 2^32 - 1
 * tasks `chunk` is rounded up to whole units.
 *
 * An owner does not pay an atomic step for every chunk: it moves a few chunks at once from the word
 * to a place of its own and hands them out from there with plain loads and stores. Thieves cannot
 * take those back, so balance can be lost by them, but not by much: at most `reserve` chunks are
 * moved at once, and at most 1/(4 P) of the owner's range. The whole loop then holds at least 4 P
 * times as much work, and P workers need four times as long for it as the owner for its reserve: it
 * delays the end only if its tasks cost over four times the average. Near the end of a range a
 * reserve is one chunk, as with reserve=1 always.
 *
 * A word that comes back to an earlier value does no harm: at the moment a compare-and-swap
 * succeeds the slot holds exactly the units the word names, whatever happened in between.
 *
 * Progress  a thief keeps the first chunk of its loot for the caller and only puts the rest into
 *           its slot, so every successful step hands out a chunk and thieves cannot pass a range
 *           around for ever. A failed step means that another worker's succeeded.
 * Cost      of an owner's chunk of one empty task 3 to 6 ns, against 11 to 14 with reserve=1 and 9
 *           to 11 of an uncontended shared counter (Xeon of 2023, processor time); none that could
 *           be seen with tasks of 100 ns.
 * The end   see rob_anyone(): no worker is sent home while tasks are on their way between slots. A
 *           worker that dies leaves its range to the thieves, but not its reserve: who goes on with
 *           the loop has to call next() in its name until that says false.
 * Source    per-worker queues of a loop's iterations with stealing: Markatos & LeBlanc (1994),
 *           "Using processor affinity in loop scheduling on shared-memory multiprocessors", IEEE
 *           Trans. Parallel Distrib. Syst. 5, 379-400. Departures: fixed chunks instead of 1/P of
 *           the own rest; half of the victim's rest (amount=half) instead of 1/P, after Hendler &
 *           Shavit (2002), "Non-blocking steal-half work queues", Proc. PODC, 280-289; the victim
 *           is the first found with work, in the order of the option `victim`, instead of the
 *           richest.
 */
#include "schedulers/loop.h"
#include "schedulers/victim.h"

#include <stdatomic.h>

enum { SHARE_OF_RESERVE = 4 }; /* times P */

typedef enum stealing_amount { AMOUNT_HALF, AMOUNT_CHUNK } stealing_amount;

struct stealing_slot {
    /* What thieves may take of the worker's range. The owner takes from its low end and, when it is
     * empty, stores new loot; thieves shorten its high end. Nobody but the owner changes an empty
     * one.
     * Each unit is handed out once under any order, because a word changes in one step and nothing
     * but the word is passed on. The orders below serve rob_anyone() alone: every load acquires and
     * every change releases, so that who sees an effect of a theft sees that it was started. */
    _Alignas(SKS_CACHE_LINE) _Atomic uint64_t range;
    /* Owner only, hence not atomic, and apart from what thieves look at: */
    _Alignas(SKS_CACHE_LINE) size_t next; /* the reserve, in tasks: [next, end) */
    size_t end;
    uint64_t seen; /* `range` as the owner last saw it; empty only if that is */
    sks_thief thief;
    /* Written by the owner, read by whoever shows statistics; relaxed, they order nothing. */
    atomic_size_t steals_tried;
    atomic_size_t steals_won;
};

struct stealing_state {
    /* Thefts begun and ended whose loot goes to a slot. Written by thieves, read by those who find
     * nothing; apart from each other and from what owners read. Orders: see rob_anyone(). */
    _Alignas(SKS_CACHE_LINE) atomic_size_t thefts_started;
    _Alignas(SKS_CACHE_LINE) atomic_size_t thefts_finished;
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the next ones: read-only */
    size_t unit;                             /* tasks */
    size_t chunk_tasks;
    uint32_t chunk; /* units */
    unsigned n_workers;
    uint64_t reserve; /* chunks, at most */
    uint64_t share;   /* 4 P chunks, in units: for each of these a range has one in reserve */
    uint64_t plenty;  /* units from which on that is more than `reserve` */
    stealing_amount amount;
    sks_victim_rule victim;
    size_t seats; /* where the seats are: bytes from the start of the state */
    /* Every unit has been handed out or is in a reserve. Set by the first to notice, read by those
     * without work. Relaxed: it never becomes false again and says nothing about other memory. */
    atomic_bool is_exhausted;
    struct stealing_slot slot[];
};

struct units {
    uint32_t begin, end;
};

static const char *const amounts[] = {"half", "chunk", NULL};

static const sks_param stealing_params[] = {
    SKS_CHUNK_PARAM("tasks a worker takes at once from its own range"),
    {.name = "amount",
     .type = SKS_CHOICE,
     .default_text = "half",
     .choices = amounts,
     .help = "what a thief takes of the victim's rest"},
    {.name = "reserve",
     .type = SKS_INT,
     .unit = "chunks",
     .default_text = "16",
     .min = 1,
     .max = 65536,
     .help = "most that an owner keeps from thieves, to save atomic steps"},
    SKS_VICTIM_PARAMS,
    {.name = NULL},
};

static uint64_t pack(uint32_t begin, uint32_t end)
{
    return (uint64_t)begin << 32 | end;
}

static struct units unpack(uint64_t range)
{
    return (struct units){(uint32_t)(range >> 32), (uint32_t)range};
}

static size_t slots_size(const sks_loop *loop)
{
    return sizeof(struct stealing_state) + sks_loop_workers(loop) * sizeof(struct stealing_slot);
}

static size_t stealing_state_size(const sks_loop *loop)
{
    return slots_size(loop) + sks_whole_lines(sks_loop_workers(loop) * sizeof(sks_seat));
}

static sks_seat *seats(struct stealing_state *s)
{
    return (sks_seat *)((char *)s + s->seats);
}

static void slot_init(struct stealing_slot *slot, uint32_t begin, uint32_t end)
{
    slot->seen = pack(begin, end);
    atomic_init(&slot->range, slot->seen);
    slot->next = slot->end = 0;
    atomic_init(&slot->steals_tried, 0);
    atomic_init(&slot->steals_won, 0);
}

static sks_status stealing_init(void *state, const sks_loop *loop)
{
    struct stealing_state *s = state;
    sks_status status = sks_loop_check(loop);
    size_t n_units;

    if (status != SKS_OK)
        return status;
    s->n_tasks = loop->n_tasks;
    s->unit = loop->n_tasks <= UINT32_MAX ? 1 : sks_ceil_div(loop->n_tasks, UINT32_MAX);
    s->chunk = (uint32_t)sks_ceil_div(sks_loop_chunk(loop), s->unit);
    s->chunk_tasks = s->chunk * s->unit;
    s->n_workers = loop->n_workers;
    s->reserve = (uint64_t)sks_values_int(loop->options, "reserve");
    s->share = (uint64_t)SHARE_OF_RESERVE * loop->n_workers * s->chunk;
    s->plenty = s->reserve < UINT32_MAX / s->share ? s->reserve * s->share : UINT32_MAX;
    s->amount = (stealing_amount)sks_values_choice(loop->options, "amount");
    s->victim = sks_victim_option(loop);
    s->seats = slots_size(loop);
    n_units = sks_ceil_div(loop->n_tasks, s->unit);
    atomic_init(&s->thefts_started, 0);
    atomic_init(&s->thefts_finished, 0);
    atomic_init(&s->is_exhausted, false);
    sks_seats_init(seats(s), loop);
    for (unsigned w = 0; w < loop->n_workers; w++) {
        slot_init(&s->slot[w], (uint32_t)sks_part_begin(n_units, w, loop->n_workers),
                  (uint32_t)sks_part_begin(n_units, w + 1, loop->n_workers));
        sks_thief_init(&s->slot[seats(s)[w].worker].thief, loop, seats(s), w);
    }
    return SKS_OK;
}

/* Units to move at once from a range of that many: see the top. */
static uint32_t reserve_units(const struct stealing_state *s, uint32_t rest)
{
    uint64_t n_chunks = rest > s->plenty ? s->reserve : rest / s->share;

    return n_chunks > 1 ? (uint32_t)n_chunks * s->chunk : s->chunk < rest ? s->chunk : rest;
}

/* Makes [begin, end), in units and not empty, the owner's reserve. */
static void keep(const struct stealing_state *s, struct stealing_slot *own, uint32_t begin,
                 uint32_t end)
{
    own->next = begin * s->unit;
    own->end = end * s->unit < s->n_tasks ? end * s->unit : s->n_tasks;
}

/* A new reserve from the worker's own range. Starts from the range as last seen, since reading a
 * word right behind a compare-and-swap on it stalls the processor; after a theft the exchange fails
 * and brings the true one. Empty needs no second look: only the owner fills its slot. */
static bool refill(struct stealing_state *s, struct stealing_slot *own)
{
    for (;;) {
        struct units rest = unpack(own->seen);
        uint32_t end;

        if (rest.begin == rest.end)
            return false;
        end = rest.begin + reserve_units(s, rest.end - rest.begin);
        if (atomic_compare_exchange_weak_explicit(&own->range, &own->seen, pack(end, rest.end),
                                                  memory_order_acq_rel, memory_order_acquire)) {
            own->seen = pack(end, rest.end);
            keep(s, own, rest.begin, end);
            return true;
        }
    }
}

/* Where the loot of a range begins: the upper half of it (the larger one, so that a single unit can
 * be had), or its last chunk. */
static uint32_t loot_begin(const struct stealing_state *s, struct units rest)
{
    if (s->amount == AMOUNT_HALF)
        return rest.begin + (rest.end - rest.begin) / 2;
    return rest.end - rest.begin > s->chunk ? rest.end - s->chunk : rest.begin;
}

/* One attempt at the victim's range: a chunk of the loot becomes the thief's reserve, what remains
 * goes to its own, empty slot. */
static sks_theft rob(struct stealing_state *s, struct stealing_slot *own,
                     struct stealing_slot *victim)
{
    uint64_t range = atomic_load_explicit(&victim->range, memory_order_acquire);
    struct units rest = unpack(range);
    uint32_t middle = loot_begin(s, rest);
    uint32_t end = rest.end - middle > s->chunk ? middle + s->chunk : rest.end;
    bool is_for_slot = end < rest.end;
    bool is_won;

    if (rest.begin == rest.end)
        return SKS_NOTHING_THERE;
    sks_count_one(&own->steals_tried);
    if (is_for_slot) /* ordered before the theft by the release of the exchange */
        atomic_fetch_add_explicit(&s->thefts_started, 1, memory_order_relaxed);
    is_won =
        atomic_compare_exchange_strong_explicit(&victim->range, &range, pack(rest.begin, middle),
                                                memory_order_acq_rel, memory_order_acquire);
    if (is_won && is_for_slot) {
        own->seen = pack(end, rest.end);
        atomic_store_explicit(&own->range, own->seen, memory_order_release);
    }
    if (is_for_slot) /* release: who counts this theft as finished sees where its loot is */
        atomic_fetch_add_explicit(&s->thefts_finished, 1, memory_order_release);
    if (!is_won)
        return SKS_TOO_LATE;
    sks_count_one(&own->steals_won);
    keep(s, own, middle, end);
    return SKS_ROBBED;
}

/* Robs the first worker found with work; false when every unit has been handed out or is in a
 * reserve.
 *
 * All slots looking empty one after the other is not enough: a range may have gone, unseen, from a
 * slot not yet looked at to one already looked at. Therefore the thefts finished are counted before
 * the round and the thefts started after it. When the numbers are equal no theft was under way at
 * any time of the round: all started were finished before it. Ranges then only shrank in their
 * slots, and slots seen empty stayed so.
 *
 * This needs two things of the memory order. The finished ones' loot must be visible in the round:
 * their release, our acquire. And a theft that the round saw (by what it left at the victim) must
 * be among those counted as started afterwards: its start comes before the release of its exchange,
 * which our acquiring load of that slot has read, directly or through later changes of the slot,
 * which all acquire and release too; what happened before an acquire is seen by the relaxed load
 * after it.
 *
 * Goes round again only when others moved: an exchange lost to a success elsewhere, or a theft
 * between its two stores. No one waits for a task to end. (A worker killed between those two would
 * keep the others going round: who loses a worker has to end the loop.)
 *
 * Kept out of line, so that the common path through next() has no registers to save. */
#if defined(__GNUC__)
__attribute__((noinline))
#endif
static bool
rob_anyone(struct stealing_state *s, struct stealing_slot *own)
{
    while (!atomic_load_explicit(&s->is_exhausted, memory_order_relaxed)) {
        size_t n_finished = atomic_load_explicit(&s->thefts_finished, memory_order_acquire);
        sks_round round = sks_round_begin(&own->thief, s->victim, seats(s), s->n_workers);
        bool all_empty = true;
        unsigned victim;

        while (sks_round_next(&round, &victim)) {
            sks_theft outcome = rob(s, own, &s->slot[victim]);

            if (outcome == SKS_ROBBED) {
                own->thief.victim = victim;
                return true;
            }
            if (outcome == SKS_TOO_LATE)
                all_empty = false;
        }
        if (all_empty &&
            atomic_load_explicit(&s->thefts_started, memory_order_relaxed) == n_finished)
            atomic_store_explicit(&s->is_exhausted, true, memory_order_relaxed);
    }
    return false;
}

static bool stealing_next(void *state, unsigned worker, sks_range *tasks)
{
    struct stealing_state *s = state;
    struct stealing_slot *own = &s->slot[worker];

    if (own->next == own->end && !refill(s, own) && !rob_anyone(s, own))
        return false;
    tasks->begin = own->next;
    tasks->end = own->end - own->next > s->chunk_tasks ? own->next + s->chunk_tasks : own->end;
    own->next = tasks->end;
    return true;
}

static void stealing_stats(const void *state, unsigned worker, sks_scheduler_stats *stats)
{
    const struct stealing_state *s = state;
    const struct stealing_slot *slot = &s->slot[worker];

    stats->steals_tried = atomic_load_explicit(&slot->steals_tried, memory_order_relaxed);
    stats->steals_won = atomic_load_explicit(&slot->steals_won, memory_order_relaxed);
}

const sks_scheduler sks_scheduler_stealing = {
    .name = "stealing",
    .summary = "a block per worker; who runs out steals half of another's rest",
    .citation =
        "Markatos & LeBlanc 1994, IEEE TPDS 5, 379; half: Hendler & Shavit 2002, Proc. PODC",
    .params = stealing_params,
    .fixed = SKS_FIXED_NOTHING,
    .has_own_queues = true,
    .state_size = stealing_state_size,
    .init = stealing_init,
    .next = stealing_next,
    .stats = stealing_stats,
};
