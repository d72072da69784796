#include "harness/analysis/simulate.h"

#include "kernels/astro/philox.h"
#include "kernels/kernel.h"

#include <math.h>
#include <stdlib.h>

enum {
    PURPOSE_NOISE = 0x6e6f6973, /* names the streams of the noise */
    ARITY = 4,                  /* of the heap: its children fill one cache line */
    EVENTS_PER_LOOK = 1 << 16,  /* between looks at the cancel flag */
};

/* When a worker is through with its chunk and claims another. */
struct event {
    double time_s;
    unsigned worker;
};

struct worker {
    sks_range tasks; /* being computed; empty: none yet */
    double asked_s;  /* when it claimed them */
    double begun_s;  /* when it had them */
    double busy_s;
    size_t n_tried; /* thefts, of those the scheduler counts, seen so far */
};

struct world {
    const sks_simulation *given;
    void *state;
    struct worker *workers; /* [n_workers] */
    struct event *heap;     /* [n], the earliest first */
    unsigned n;
    unsigned *position; /* [n_workers] */
    /* Of the shared place. */
    double free_s;
    unsigned last_worker; /* n_workers: none */
    /* What the scheduler has handed out, tasks; and whether the last of it was no piece of the loop
     * or more than there is, which ends the simulation. */
    size_t n_handed_out;
    bool is_broken;
    sks_range last_piece;
};

static inline bool is_before(struct event a, struct event b)
{
    return a.time_s < b.time_s || (a.time_s == b.time_s && a.worker < b.worker);
}

/* Puts `e` where the earliest event was and restores the order. */
static void replace_first(struct world *w, struct event e)
{
    struct event *heap = w->heap;
    const size_t n = w->n;
    size_t i = 0;

    for (size_t child = 1; child < n; child = ARITY * i + 1) {
        const size_t end = child + ARITY < n ? child + ARITY : n;
        size_t least = child;

        for (size_t c = child + 1; c < end; c++)
            least = is_before(heap[c], heap[least]) ? c : least;
        if (!is_before(heap[least], e))
            break;
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = e;
}

static void remove_first(struct world *w)
{
    const struct event last = w->heap[--w->n];

    if (w->n > 0)
        replace_first(w, last);
}

/* The worker reports the chunk that it has been computing until now. */
static void report(struct world *w, struct event now)
{
    const sks_scheduler *scheduler = w->given->scheduler;
    const struct worker *worker = &w->workers[now.worker];
    const double since_s = scheduler->times_claims ? worker->asked_s : worker->begun_s;

    if (scheduler->done != NULL && worker->tasks.begin < worker->tasks.end)
        scheduler->done(w->state, now.worker, worker->tasks, now.time_s - since_s);
}

/* Attempts at robbing others during the claim just made. */
static size_t count_thefts(struct world *w, unsigned number)
{
    struct worker *worker = &w->workers[number];
    sks_scheduler_stats stats = {0};
    size_t n;

    if (w->given->scheduler->stats == NULL)
        return 0;
    w->given->scheduler->stats(w->state, number, &stats);
    n = stats.steals_tried - worker->n_tried;
    worker->n_tried = stats.steals_tried;
    return n;
}

/* When the answer to a claim that is made now is there. */
static double answer_s(struct world *w, struct event now)
{
    const sks_claim_costs *c = &w->given->claims;
    double start_s;

    if (c->has_coordinator) {
        start_s = fmax(now.time_s + c->latency_s, w->free_s);
        w->free_s = start_s + c->service_s;
        return w->free_s + c->latency_s + c->own_s;
    }
    if (w->given->scheduler->has_own_queues)
        return now.time_s + c->own_s + (double)count_thefts(w, now.worker) * c->theft_s;
    if (w->last_worker == now.worker) /* the place is still at hand */
        return now.time_s + c->own_s;
    start_s = fmax(now.time_s, w->free_s);
    w->free_s = start_s + c->service_s;
    w->last_worker = now.worker;
    return start_s + c->own_s + c->transfer_s;
}

static double noise_factor(const sks_simulation *s, sks_range tasks)
{
    const double n = (double)(tasks.end - tasks.begin);
    const double variance = log1p(s->noise * s->noise / n); /* of the logarithm */
    sks_philox random = sks_philox_stream(s->seed, PURPOSE_NOISE, tasks.begin);

    return exp(sqrt(variance) * sks_philox_normal(&random) - 0.5 * variance);
}

static double duration_s(const sks_simulation *s, unsigned worker, sks_range tasks)
{
    double seconds = sks_range_cost_s(s->costs, tasks);

    if (s->noise > 0)
        seconds *= noise_factor(s, tasks);
    return s->speeds != NULL ? seconds / s->speeds[worker] : seconds;
}

/* Counts what was handed out. False, and no event is left: the rule breaks its promises. */
static bool take_piece(struct world *w, sks_range tasks)
{
    const size_t n_tasks = w->given->costs->n_tasks;

    w->last_piece = tasks;
    w->is_broken =
        !sks_is_piece(tasks, n_tasks) || tasks.end - tasks.begin > n_tasks - w->n_handed_out;
    if (w->is_broken)
        w->n = 0;
    else
        w->n_handed_out += tasks.end - tasks.begin;
    return !w->is_broken;
}

/* The earliest event: a report and a claim. */
static void step(struct world *w, sks_simulated *r)
{
    const struct event now = w->heap[0];
    struct worker *worker = &w->workers[now.worker];
    sks_range tasks;
    bool has_tasks;
    double end_s, seconds;

    report(w, now);
    has_tasks = w->given->scheduler->next(w->state, now.worker, &tasks);
    worker->asked_s = now.time_s;
    worker->begun_s = answer_s(w, now);
    r->claiming_s += worker->begun_s - now.time_s;
    if (!has_tasks) {
        r->makespan_s = fmax(r->makespan_s, worker->begun_s);
        remove_first(w);
        return;
    }
    if (!take_piece(w, tasks))
        return;
    seconds = duration_s(w->given, now.worker, tasks);
    end_s = worker->begun_s + seconds;
    worker->tasks = tasks;
    worker->busy_s += seconds;
    r->n_chunks++;
    if (w->given->observe != NULL)
        w->given->observe(w->given->context, now.worker, tasks, worker->begun_s, end_s);
    replace_first(w, (struct event){end_s, now.worker});
}

static sks_status live(struct world *w, sks_simulated *r)
{
    const size_t n_tasks = w->given->costs->n_tasks;

    while (w->n > 0) {
        if (sks_cancel != 0)
            return sks_fail(SKS_ERR_CANCELLED, "interrupted");
        for (int i = 0; i < EVENTS_PER_LOOK && w->n > 0; i++)
            step(w, r);
    }
    if (w->is_broken)
        return sks_fail(SKS_ERR_BUG, "%s gave tasks %zu to before %zu, after %zu tasks of %zu",
                        w->given->scheduler->name, w->last_piece.begin, w->last_piece.end,
                        w->n_handed_out, n_tasks);
    if (w->n_handed_out != n_tasks)
        return sks_fail(SKS_ERR_BUG, "%s handed out %zu tasks of %zu to %u workers",
                        w->given->scheduler->name, w->n_handed_out, n_tasks, w->given->n_workers);
    return SKS_OK;
}

static void summarise(const struct world *w, sks_simulated *r)
{
    const sks_scheduler *scheduler = w->given->scheduler;
    double most_s = 0;

    for (unsigned i = 0; i < w->given->n_workers; i++) {
        sks_scheduler_stats stats = {0};

        if (scheduler->stats != NULL)
            scheduler->stats(w->state, i, &stats);
        r->steals_tried += stats.steals_tried;
        r->steals_won += stats.steals_won;
        r->busy_s += w->workers[i].busy_s;
        most_s = fmax(most_s, w->workers[i].busy_s);
    }
    r->imbalance = r->busy_s > 0 ? most_s * w->given->n_workers / r->busy_s - 1 : NAN;
    if (scheduler->explain != NULL)
        scheduler->explain(w->state, r->decision, sizeof(r->decision));
}

static sks_status world_init(struct world *w, const sks_simulation *s)
{
    sks_loop loop = {
        .n_tasks = s->costs->n_tasks, .n_workers = s->n_workers, .options = s->options};

    if (s->n_workers < 1 || s->n_workers > SKS_MAX_WORKERS)
        return sks_fail(SKS_ERR_USAGE, "%u workers: need 1 to %d", s->n_workers, SKS_MAX_WORKERS);
    w->workers = calloc(s->n_workers, sizeof(*w->workers));
    w->heap = malloc(s->n_workers * sizeof(*w->heap));
    w->position = malloc(s->n_workers * sizeof(*w->position));
    if (w->workers == NULL || w->heap == NULL || w->position == NULL)
        return sks_fail_nomem("a simulation");
    for (unsigned i = 0; i < s->n_workers; i++) {
        w->heap[i] = (struct event){0.0, i}; /* in order, so a heap */
        w->position[i] = i;
    }
    w->n = s->n_workers;
    w->last_worker = s->n_workers;
    loop.position = w->position;
    return sks_scheduler_start(s->scheduler, &loop, &w->state);
}

sks_status sks_simulate(const sks_simulation *simulation, sks_simulated *result)
{
    struct world w = {.given = simulation};
    sks_simulated r = {0};
    sks_status status = world_init(&w, simulation);

    if (status == SKS_OK)
        status = live(&w, &r);
    if (status == SKS_OK) {
        summarise(&w, &r);
        *result = r;
    }
    free(w.state);
    free(w.workers);
    free(w.heap);
    free(w.position);
    return status;
}
