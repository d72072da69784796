/* Numbers 0, 1, 2, … n - 1, each given once: what rules with a fixed sequence of chunks share. A
 * claim is one atomic addition; where the chunk of that number lies is for the rule to know.
 *
 * Private to this folder; small enough to be inline, so that next() pays nothing for it.
 *
 * Threads  sks_ticket_take by all workers at once, sks_tickets_init by one.
 */
#ifndef SKYSCALE_TICKETS_H
#define SKYSCALE_TICKETS_H

#include "schedulers/scheduler.h"

#include <stdatomic.h>

struct sks_tickets {
    /* The next number. Written and read by every worker, so alone on its lines. Relaxed: the
     * number is the whole message (the state was written before the workers were started), and a
     * read-modify-write gives each number once under any order. It ends at n + n_workers at most
     * (see is_exhausted). */
    _Alignas(SKS_CACHE_LINE) atomic_size_t next;
    _Alignas(SKS_CACHE_LINE) size_t n; /* read-only */
    /* All are given. Written once or twice at the end by workers that came too late, read by every
     * worker before it adds. Reading the number itself would do as well, but would fetch its line
     * twice, first to read and then to write. Relaxed: it never becomes false again and says
     * nothing about other memory. A worker adds at most once too many: having set the flag, it sees
     * it ever after. */
    atomic_bool is_exhausted;
};

static inline void sks_tickets_init(struct sks_tickets *t, size_t n)
{
    t->n = n;
    atomic_init(&t->next, 0);
    atomic_init(&t->is_exhausted, false);
}

/* False when there is none left. */
static inline bool sks_ticket_take(struct sks_tickets *t, size_t *number)
{
    if (atomic_load_explicit(&t->is_exhausted, memory_order_relaxed))
        return false;
    *number = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
    if (*number < t->n)
        return true;
    atomic_store_explicit(&t->is_exhausted, true, memory_order_relaxed);
    return false;
}

#endif
