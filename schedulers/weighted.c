/* weighted: factoring by halves for workers of different speed, WF.
 *
 * As in `fac2` a batch is half of the R tasks left, but it is not cut into equal chunks: a worker
 * of weight w that asks while the batch lasts gets w ceil(R/(2P)) tasks of it, rounded, at least
 * one, the weights being scaled to a mean of 1. When each worker asks once the batch is used up; a
 * worker that asks more often finds a chunk of its own size all the same, a late one goes on to the
 * next batch. With equal weights this is `fac2`.
 *
 * The weights are given once, as w0:w1:…; for more workers than weights the list begins again.
 *
 * Cost     one compare-and-swap per chunk on a line that all workers write.
 * Source   Hummel, Schmidt, Uma & Wein (1996), "Load-sharing in heterogeneous systems via weighted
 *          factoring", Proc. SPAA, 318-328.
 */
#include "schedulers/loop.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Each batch leaves at most half of the tasks, and there are less than 2^63. */
enum { MAX_BATCHES = 64 };

struct batch {
    size_t begin;
    size_t chunk; /* of weight 1, tasks */
};

struct weighted_state {
    /* First task not handed out. Written and read by every worker, so alone on its lines. Relaxed:
     * the number is the whole message, and a compare-and-swap that succeeds takes each task once
     * under any order. Workers without work only read it. */
    _Alignas(SKS_CACHE_LINE) atomic_size_t next_task;
    _Alignas(SKS_CACHE_LINE) size_t n_batches; /* this and the rest: read-only */
    size_t n_tasks;
    struct batch batch[MAX_BATCHES + 1]; /* behind the last one: begin = n_tasks */
    double weight[];                     /* of each worker, mean 1 */
};

static const sks_param weighted_params[] = {
    {.name = "weights",
     .type = SKS_TEXT,
     .default_text = "1",
     .help = "relative speeds of the workers, as 1:2:1; begins again for more workers"},
    {.name = NULL},
};

static size_t weighted_state_size(const sks_loop *loop)
{
    return sks_whole_lines(sizeof(struct weighted_state) + sks_loop_workers(loop) * sizeof(double));
}

/* One weight and the text behind it and its colon. */
static sks_status parse_weight(const char *all, const char **text, double *weight)
{
    char *end;

    *weight = strtod(*text, &end);
    if (end == *text || (*end != ':' && *end != '\0') || !(*weight >= 1e-6 && *weight <= 1e6))
        return sks_fail(
            SKS_ERR_USAGE,
            "weighted: weights=%s: need numbers from 1e-6 to 1e6 between colons, as 1:2:1", all);
    if (*end == ':' && end[1] == '\0')
        return sks_fail(SKS_ERR_USAGE, "weighted: weights=%s: ends with a colon", all);
    *text = *end == ':' ? end + 1 : end;
    return SKS_OK;
}

/* Reads the list, into the first n_workers weights as far as it goes, to its end. */
static sks_status read_weights(const char *all, double *weight, size_t n_workers, size_t *n_read)
{
    const char *text = all;
    size_t n = 0;

    do {
        double w;
        sks_status status = parse_weight(all, &text, &w);

        if (status != SKS_OK)
            return status;
        if (n < n_workers)
            weight[n++] = w;
    } while (*text != '\0');
    *n_read = n;
    return SKS_OK;
}

static sks_status set_weights(struct weighted_state *s, const sks_loop *loop)
{
    const char *text = sks_values_text(loop->options, "weights");
    size_t n_read;
    sks_status status = read_weights(text, s->weight, loop->n_workers, &n_read);
    double sum = 0.0;

    if (status != SKS_OK)
        return status;
    for (size_t w = n_read; w < loop->n_workers; w++)
        s->weight[w] = s->weight[w - n_read];
    for (size_t w = 0; w < loop->n_workers; w++)
        sum += s->weight[w];
    for (size_t w = 0; w < loop->n_workers; w++)
        s->weight[w] *= loop->n_workers / sum;
    return SKS_OK;
}

static void set_batches(struct weighted_state *s, const sks_loop *loop)
{
    size_t n_workers = loop->n_workers;
    size_t begin = 0;

    s->n_batches = 0;
    while (begin < loop->n_tasks) {
        size_t n_left = loop->n_tasks - begin;
        size_t chunk = sks_ceil_div(n_left, 2 * n_workers);

        s->batch[s->n_batches++] = (struct batch){begin, chunk};
        begin += chunk * n_workers < n_left ? chunk * n_workers : n_left;
    }
    s->batch[s->n_batches].begin = loop->n_tasks;
    s->n_tasks = loop->n_tasks;
}

static sks_status weighted_init(void *state, const sks_loop *loop)
{
    struct weighted_state *s = state;
    sks_status status = sks_loop_check(loop);

    if (status == SKS_OK)
        status = set_weights(s, loop);
    if (status != SKS_OK)
        return status;
    set_batches(s, loop);
    atomic_init(&s->next_task, 0);
    return SKS_OK;
}

/* The batch that task `begin` belongs to. */
static const struct batch *find_batch(const struct weighted_state *s, size_t begin)
{
    const struct batch *batch = s->batch;

    for (size_t n = s->n_batches, half; n > 1; n -= half) {
        half = n / 2;
        if (batch[half].begin <= begin)
            batch += half;
    }
    return batch;
}

static bool weighted_next(void *state, unsigned worker, sks_range *tasks)
{
    struct weighted_state *s = state;
    size_t begin = atomic_load_explicit(&s->next_task, memory_order_relaxed);

    while (begin < s->n_tasks) {
        const struct batch *batch = find_batch(s, begin);
        size_t share = (size_t)(s->weight[worker] * (double)batch->chunk + 0.5);
        size_t size = share > 0 ? share : 1;
        size_t end = size < batch[1].begin - begin ? begin + size : batch[1].begin;

        if (atomic_compare_exchange_weak_explicit(&s->next_task, &begin, end, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            *tasks = (sks_range){begin, end};
            return true;
        }
    }
    return false;
}

const sks_scheduler sks_scheduler_weighted = {
    .name = "weighted",
    .summary = "weighted factoring: fac2 with shares after the workers' speeds",
    .citation = "Hummel, Schmidt, Uma & Wein 1996, Proc. SPAA, 318",
    .params = weighted_params,
    .fixed = SKS_FIXED_NOTHING,
    .state_size = weighted_state_size,
    .init = weighted_init,
    .next = weighted_next,
};
