#include "schedulers/counter.h"

#include "schedulers/loop.h"
#include "schedulers/tickets.h"

struct counter {
    /* They count chunks, not tasks: workers that come too late could make a count of tasks grow by
     * n_workers * chunk and wrap. */
    struct sks_tickets chunks;
    size_t n_tasks; /* read-only, like the chunk */
    size_t chunk;
};

size_t sks_counter_size(const sks_loop *loop)
{
    (void)loop;
    return sizeof(struct counter);
}

sks_status sks_counter_init(void *state, const sks_loop *loop, size_t chunk)
{
    struct counter *s = state;
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    s->n_tasks = loop->n_tasks;
    s->chunk = sks_loop_clamp(loop, chunk);
    sks_tickets_init(&s->chunks, sks_ceil_div(s->n_tasks, s->chunk));
    return SKS_OK;
}

bool sks_counter_next(void *state, unsigned worker, sks_range *tasks)
{
    struct counter *s = state;
    size_t i;

    (void)worker;
    if (!sks_ticket_take(&s->chunks, &i))
        return false;
    tasks->begin = i * s->chunk;
    tasks->end = s->n_tasks - tasks->begin < s->chunk ? s->n_tasks : tasks->begin + s->chunk;
    return true;
}
