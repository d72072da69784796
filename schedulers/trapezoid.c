/* trapezoid: chunks that shrink by the same number of tasks each time, TSS(f, l).
 *
 * The first chunk has f tasks, by default half of a worker's share, ceil(n/(2P)); the last one has
 * l, by default 1; in between the size falls linearly (trapezoid.h).
 *
 * Cost    one atomic addition per chunk; where the chunk lies follows from its number by a formula.
 * Source  Tzen & Ni (1993), "Trapezoid self-scheduling: a practical scheduling scheme for parallel
 *         compilers", IEEE Trans. Parallel Distrib. Syst. 4, 87-98.
 */
#include "schedulers/trapezoid.h"

#include "schedulers/tickets.h"

struct trapezoid_state {
    struct sks_tickets chunks;
    size_t n_tasks; /* read-only, like the sizes */
    struct sks_trapezoid sizes;
};

static const sks_param trapezoid_params[] = {
    {.name = "first",
     .type = SKS_INT,
     .unit = "tasks",
     .min = 1,
     .max = 9e15,
     .help = "size of the first chunk; without it, n/(2P)"},
    {.name = "last",
     .type = SKS_INT,
     .unit = "tasks",
     .default_text = "1",
     .min = 1,
     .max = 9e15,
     .help = "size of the last chunk, at most that of the first"},
    {.name = NULL},
};

struct sks_trapezoid sks_trapezoid(size_t n_tasks, size_t first, size_t last)
{
    struct sks_trapezoid t = {
        .first = first, .last = last, .step = 0, .period = 1, .n_falling = SIZE_MAX};
    size_t n_chunks = sks_ceil_div(2 * n_tasks, first + last);

    if (first == last || n_chunks < 2)
        return t;
    t.step = (first - last) / (n_chunks - 1);
    if (t.step == 0) {
        t.step = 1;
        t.period = sks_ceil_div(n_chunks - 1, first - last);
    }
    t.n_falling = ((first - last) / t.step + 1) * t.period;
    return t;
}

struct sks_trapezoid sks_trapezoid_default(const sks_loop *loop)
{
    return sks_trapezoid(loop->n_tasks, sks_loop_clamp(loop, sks_loop_piece(loop, 2)), 1);
}

/* 0 + 1 + … + (n - 1), modulo 2^64 like all sums of this file: only the result has to fit. */
static size_t sum_below(size_t n)
{
    return n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
}

/* How often the size has fallen before chunk i. Most loops are long enough to fall each time, and a
 * division costs as much as the claim. */
static size_t n_falls(const struct sks_trapezoid *t, size_t i)
{
    return t->period == 1 ? i : i / t->period;
}

static size_t chunk_size(const struct sks_trapezoid *t, size_t i)
{
    return i < t->n_falling ? t->first - t->step * n_falls(t, i) : t->last;
}

size_t sks_trapezoid_sum(const struct sks_trapezoid *t, size_t n_chunks)
{
    size_t n_falling = n_chunks < t->n_falling ? n_chunks : t->n_falling;
    size_t n_levels = n_falls(t, n_falling); /* whole ones; of the next, `rest` chunks */
    size_t rest = n_falling - n_levels * t->period;
    size_t less = t->step * (t->period * sum_below(n_levels) + rest * n_levels);

    return n_falling * t->first - less + (n_chunks - n_falling) * t->last;
}

/* The least number of chunks that hold all tasks; ceil(2n/(f + l)) always do. */
static size_t count_chunks(const struct sks_trapezoid *t, size_t n_tasks)
{
    size_t low = 0;
    size_t high = sks_ceil_div(2 * n_tasks, t->first + t->last);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sks_trapezoid_sum(t, middle) >= n_tasks)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static size_t trapezoid_state_size(const sks_loop *loop)
{
    (void)loop;
    return sizeof(struct trapezoid_state);
}

static sks_status trapezoid_init(void *state, const sks_loop *loop)
{
    struct trapezoid_state *s = state;
    bool has_first = sks_values_has(loop->options, "first");
    size_t first, last = (size_t)sks_values_int(loop->options, "last");
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    first = has_first ? (size_t)sks_values_int(loop->options, "first") : sks_loop_piece(loop, 2);
    if (has_first && last > first)
        return sks_fail(SKS_ERR_USAGE, "trapezoid: last=%zu is larger than first=%zu", last, first);
    first = sks_loop_clamp(loop, first);
    s->n_tasks = loop->n_tasks;
    s->sizes = sks_trapezoid(loop->n_tasks, first, last < first ? last : first);
    sks_tickets_init(&s->chunks, count_chunks(&s->sizes, loop->n_tasks));
    return SKS_OK;
}

static bool trapezoid_next(void *state, unsigned worker, sks_range *tasks)
{
    struct trapezoid_state *s = state;
    size_t i, size;

    (void)worker;
    if (!sks_ticket_take(&s->chunks, &i))
        return false;
    tasks->begin = sks_trapezoid_sum(&s->sizes, i);
    size = chunk_size(&s->sizes, i);
    tasks->end = size < s->n_tasks - tasks->begin ? tasks->begin + size : s->n_tasks;
    return true;
}

const sks_scheduler sks_scheduler_trapezoid = {
    .name = "trapezoid",
    .summary = "trapezoid self-scheduling: chunks shrink linearly",
    .citation = "Tzen & Ni 1993, IEEE Trans. Parallel Distrib. Syst. 4, 87",
    .params = trapezoid_params,
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = trapezoid_state_size,
    .init = trapezoid_init,
    .next = trapezoid_next,
};
