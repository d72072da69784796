#include "schedulers/victim.h"

#include <stdlib.h>

const char *const sks_victim_rules[] = {"round-robin", "random", "nearest", NULL};

sks_victim_rule sks_victim_option(const sks_loop *loop)
{
    return (sks_victim_rule)sks_values_choice(loop->options, "victim");
}

static int by_position(const void *a, const void *b)
{
    const sks_seat *x = a;
    const sks_seat *y = b;

    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return x->worker < y->worker ? -1 : 1;
}

void sks_seats_init(sks_seat *seat, const sks_loop *loop)
{
    for (unsigned w = 0; w < loop->n_workers; w++)
        seat[w] = (sks_seat){loop->position != NULL ? loop->position[w] : w, w};
    if (loop->position != NULL)
        qsort(seat, loop->n_workers, sizeof(*seat), by_position);
}

void sks_thief_init(sks_thief *thief, const sks_loop *loop, const sks_seat *seat, unsigned i)
{
    uint64_t seed = (uint64_t)sks_values_int(loop->options, "seed");
    unsigned worker = seat[i].worker;

    /* Workers' streams start far apart: the multiplier is that of SplitMix64. */
    thief->random = (seed + worker + 1) * 0x9e3779b97f4a7c15u;
    thief->seat = i;
    thief->victim = (worker + 1) % loop->n_workers;
}
