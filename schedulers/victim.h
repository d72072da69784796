/* Whom a worker without work robs first: the option `victim` of the rules that steal.
 *
 *   round-robin  the last one robbed, then the next numbers
 *   random       a random one, then the next numbers
 *   nearest      by distance in sks_loop.position, the nearest first; without positions the
 * worker's number is taken for one
 *
 * A round asks every other worker once, whatever the rule: who has been through a whole round knows
 * that all were empty when asked.
 *
 * Memory   8 bytes per worker for all, 16 more in each worker's own lines.
 * Threads  init by one; a worker's round by that worker alone.
 * Source   random: Blumofe & Leiserson (1999), "Scheduling multithreaded computations by work
 *          stealing", J. ACM 46, 720-748; nearest: after Olivier et al. (2012), "OpenMP task
 *          scheduling strategies for multicore NUMA systems", Int. J. High Perform. Comput. Appl.
 *          26, 110-124, who keep tasks within a socket before looking beyond.
 */
#ifndef SKYSCALE_VICTIM_H
#define SKYSCALE_VICTIM_H

#include "schedulers/scheduler.h"

#include <stdatomic.h>
#include <stdint.h>

typedef enum sks_victim_rule {
    SKS_VICTIM_ROUND_ROBIN,
    SKS_VICTIM_RANDOM,
    SKS_VICTIM_NEAREST
} sks_victim_rule;

/* The rows of a scheduler's option table. */
#define SKS_VICTIM_PARAMS                                                                          \
    {.name = "victim",                                                                             \
     .type = SKS_CHOICE,                                                                           \
     .default_text = "round-robin",                                                                \
     .choices = sks_victim_rules,                                                                  \
     .help = "whom to rob first: the last one robbed, anyone, the nearest in the machine"},        \
    {                                                                                              \
        .name = "seed", .type = SKS_INT, .default_text = "1", .min = 0, .max = 9e15,               \
        .help = "of the random victims"                                                            \
    }

extern const char *const sks_victim_rules[];

/* Workers in the order of their positions. */
typedef struct sks_seat {
    unsigned position;
    unsigned worker;
} sks_seat;

/* One worker's part. */
typedef struct sks_thief {
    uint64_t random;
    unsigned seat;   /* the worker's own */
    unsigned victim; /* the last one robbed; at first the next worker */
} sks_thief;

/* How an attempt at one victim ended. */
typedef enum sks_theft { SKS_ROBBED, SKS_NOTHING_THERE, SKS_TOO_LATE } sks_theft;

/* One round over the other workers. */
typedef struct sks_round {
    sks_victim_rule rule;
    unsigned self, n_workers;
    unsigned n_left;       /* not yet asked */
    unsigned next;         /* worker: round-robin, random */
    unsigned below, above; /* nearest: seats [below, above) have been asked, or are the thief's */
    unsigned own_position;
    const sks_seat *seat;
} sks_round;

sks_victim_rule sks_victim_option(const sks_loop *loop);

/* Sorts `seat`, [loop->n_workers]. */
void sks_seats_init(sks_seat *seat, const sks_loop *loop);

/* For the worker in seat `i`. */
void sks_thief_init(sks_thief *thief, const sks_loop *loop, const sks_seat *seat, unsigned i);

static inline sks_round sks_round_begin(sks_thief *thief, sks_victim_rule rule,
                                        const sks_seat *seat, unsigned n_workers)
{
    sks_round r = {.rule = rule,
                   .self = seat[thief->seat].worker,
                   .n_workers = n_workers,
                   .n_left = n_workers - 1,
                   .next = thief->victim,
                   .below = thief->seat,
                   .above = thief->seat + 1,
                   .own_position = seat[thief->seat].position,
                   .seat = seat};

    if (rule == SKS_VICTIM_RANDOM) {
        /* Knuth's MMIX generator; the upper half, whose period is long. */
        thief->random = thief->random * 6364136223846793005u + 1442695040888963407u;
        r.next = (unsigned)((thief->random >> 32) * n_workers >> 32);
    }
    return r;
}

static inline unsigned sks_round_nearest(sks_round *r)
{
    if (r->below == 0)
        return r->seat[r->above++].worker;
    if (r->above < r->n_workers) {
        const sks_seat *down = &r->seat[r->below - 1];
        const sks_seat *up = &r->seat[r->above];

        if (up->position - r->own_position <= r->own_position - down->position)
            return r->seat[r->above++].worker;
    }
    return r->seat[--r->below].worker;
}

/* The next victim; false when all have been asked. */
static inline bool sks_round_next(sks_round *r, unsigned *victim)
{
    if (r->n_left == 0)
        return false;
    r->n_left--;
    if (r->rule == SKS_VICTIM_NEAREST) {
        *victim = sks_round_nearest(r);
        return true;
    }
    if (r->next == r->self)
        r->next = r->next + 1 < r->n_workers ? r->next + 1 : 0;
    *victim = r->next;
    r->next = r->next + 1 < r->n_workers ? r->next + 1 : 0;
    return true;
}

/* For a counter that one worker writes: no read-modify-write is needed. */
static inline void sks_count_one(atomic_size_t *counter)
{
    size_t n = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, n + 1, memory_order_relaxed);
}

#endif
