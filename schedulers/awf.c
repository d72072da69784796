/* awf: factoring with weights that follow the workers' speeds from time step to time step.
 *
 * The publication schedules a program that runs the same loop in every time step, and sets the
 * weights between them. Here the loop itself is taken for `steps` time steps, consecutive parts of
 * equal size; unlike there, nobody waits at the end of a step. In the first step all weights are 1.
 *
 * Cost     per chunk one compare-and-swap on a shared line; one more while speeds still move.
 * Source   see awf.h.
 */
#include "schedulers/awf.h"

#include "schedulers/adaptive.h"

#include <stdio.h>

struct awf_worker {
    /* This worker's alone, but for `weight`, read by explain() after the loop. */
    _Alignas(SKS_CACHE_LINE) size_t seen; /* next_task as last seen */
    size_t batch_end;                     /* of the batch the worker is in */
    size_t left;                          /* tasks of the step at that batch's begin */
    size_t step_end;
    unsigned step; /* from 0 */
    double weight;
    double weighted_s;     /* sum of k t */
    double weighted_tasks; /* sum of k n */
    double speed;          /* as it is in total_speed; 0: not yet */
    size_t n_chunks;
};

struct awf_state {
    _Alignas(SKS_CACHE_LINE) sks_next_task next_task;
    /* Read by every worker before it claims, but written less and less often (publish_speed), so
     * apart from what every claim writes. Relaxed: estimates. */
    _Alignas(
        SKS_CACHE_LINE) _Atomic double total_speed; /* of all that reported, tasks per second */
    atomic_uint n_reported;
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the next ones: read-only */
    size_t chunk;
    unsigned n_workers;
    unsigned n_steps;
    sks_awf_pace pace;
    struct awf_worker worker[];
};

const sks_param sks_awf_params[] = {SKS_CHUNK_PARAM("least number of tasks claimed at once"),
                                    {.name = NULL}};

static const sks_param awf_params[] = {
    SKS_CHUNK_PARAM("least number of tasks claimed at once"),
    {.name = "steps",
     .type = SKS_INT,
     .default_text = "8",
     .min = 1,
     .max = 65536,
     .help = "parts of the loop after which weights change"},
    {.name = NULL},
};

size_t sks_awf_state_size(const sks_loop *loop)
{
    return sizeof(struct awf_state) + sks_loop_workers(loop) * sizeof(struct awf_worker);
}

/* Makes the worker be in the first batch of its step. */
static void enter_step(const struct awf_state *s, struct awf_worker *w)
{
    size_t begin = sks_part_begin(s->n_tasks, w->step, s->n_steps);

    w->step_end = sks_part_begin(s->n_tasks, w->step + 1, s->n_steps);
    w->left = w->step_end - begin;
    w->batch_end = w->step_end - w->left / 2;
}

sks_status sks_awf_init(void *state, const sks_loop *loop, sks_awf_pace pace, unsigned n_steps)
{
    struct awf_state *s = state;
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    s->n_tasks = loop->n_tasks;
    s->chunk = sks_loop_chunk(loop);
    s->n_workers = loop->n_workers;
    s->n_steps = n_steps;
    s->pace = pace;
    atomic_init(&s->next_task, 0);
    atomic_init(&s->total_speed, 0.0);
    atomic_init(&s->n_reported, 0);
    for (unsigned w = 0; w < loop->n_workers; w++) {
        s->worker[w] = (struct awf_worker){.weight = 1.0};
        enter_step(s, &s->worker[w]);
    }
    return SKS_OK;
}

/* Puts the worker's speed so far into the total, unless it is nearly what is there. */
static void publish_speed(struct awf_state *s, struct awf_worker *w)
{
    double speed = w->weighted_tasks / w->weighted_s;

    if (!sks_has_changed(w->speed, speed))
        return;
    if (w->speed == 0.0)
        atomic_fetch_add_explicit(&s->n_reported, 1, memory_order_relaxed);
    sks_sum_add(&s->total_speed, speed - w->speed);
    w->speed = speed;
}

static void update_weight(struct awf_state *s, struct awf_worker *w)
{
    double total = atomic_load_explicit(&s->total_speed, memory_order_relaxed);
    unsigned n_reported = atomic_load_explicit(&s->n_reported, memory_order_relaxed);

    /* The worker's own speed is part of the total, whatever rounding did to that. */
    if (w->speed > 0.0)
        w->weight = n_reported * w->speed / (total > w->speed ? total : w->speed);
}

/* Goes on to the batch that `seen` is in. */
static void enter_batch(struct awf_state *s, struct awf_worker *w)
{
    bool is_new_step = w->seen >= w->step_end;

    while (w->seen >= w->step_end) {
        w->step++;
        enter_step(s, w);
    }
    while (w->seen >= w->batch_end) {
        w->left /= 2;
        w->batch_end = w->step_end - w->left / 2;
    }
    if (s->pace == SKS_AWF_BATCHES || is_new_step)
        update_weight(s, w);
}

/* Of the worker's next chunk, when the loop is at `seen` < n_tasks. */
static size_t chunk_size(struct awf_state *s, struct awf_worker *w)
{
    size_t most = s->n_tasks - w->seen;
    size_t batch, size;

    if (s->pace == SKS_AWF_CHUNKS)
        size = sks_chunk_round(w->weight * (double)most / (2.0 * s->n_workers), most);
    else {
        if (w->seen >= w->batch_end)
            enter_batch(s, w);
        batch = w->left - w->left / 2;
        size = sks_chunk_round(w->weight * (double)batch / s->n_workers, w->batch_end - w->seen);
    }
    if (size >= s->chunk)
        return size;
    return s->chunk < most ? s->chunk : most;
}

bool sks_awf_next(void *state, unsigned worker, sks_range *tasks)
{
    struct awf_state *s = state;
    struct awf_worker *w = &s->worker[worker];
    size_t size;

    do {
        if (w->seen >= s->n_tasks)
            return false;
        size = chunk_size(s, w);
    } while (!sks_claim(&s->next_task, &w->seen, size));
    tasks->begin = w->seen;
    tasks->end = w->seen += size;
    return true;
}

void sks_awf_done(void *state, unsigned worker, sks_range tasks, double seconds)
{
    struct awf_state *s = state;
    struct awf_worker *w = &s->worker[worker];
    double k = s->pace == SKS_AWF_STEPS ? w->step + 1.0 : (double)++w->n_chunks;

    w->weighted_s += k * sks_chunk_seconds(seconds);
    w->weighted_tasks += k * (double)(tasks.end - tasks.begin);
    publish_speed(s, w);
    if (s->pace == SKS_AWF_CHUNKS)
        update_weight(s, w);
}

void sks_awf_explain(const void *state, char *text, size_t size_bytes)
{
    const struct awf_state *s = state;
    double least = s->worker[0].weight;
    double greatest = least;

    for (unsigned w = 1; w < s->n_workers; w++) {
        least = s->worker[w].weight < least ? s->worker[w].weight : least;
        greatest = s->worker[w].weight > greatest ? s->worker[w].weight : greatest;
    }
    snprintf(text, size_bytes, "weights %.2f … %.2f", least, greatest);
}

static sks_status awf_init(void *state, const sks_loop *loop)
{
    return sks_awf_init(state, loop, SKS_AWF_STEPS,
                        (unsigned)sks_values_int(loop->options, "steps"));
}

const sks_scheduler sks_scheduler_awf = {
    .name = "awf",
    .summary = "adaptive weighted factoring: weights from the speeds in earlier parts of the loop",
    .citation = "Banicescu, Velusamy & Devaprasad 2003, Cluster Comput. 6, 215",
    .params = awf_params,
    .fixed = SKS_FIXED_NOTHING,
    .state_size = sks_awf_state_size,
    .init = awf_init,
    .next = sks_awf_next,
    .done = sks_awf_done,
    .explain = sks_awf_explain,
};
