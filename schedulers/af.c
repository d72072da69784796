/* af: adaptive factoring. Chunk sizes follow the mean and the variance of the task times that each
 * worker has measured so far; nothing has to be known beforehand.
 *
 * With R tasks left, worker i's chunk has
 *
 *     K_i = (D + 2 T R - sqrt(D^2 + 4 D T R)) / (2 mu_i)
 *     D = sum_j sigma_j^2 / mu_j,     T = 1 / sum_j (1 / mu_j)
 *
 * tasks, rounded up: T R is when all would end if times did not vary, and the more they vary the
 * less of it is given away at once.
 *
 * Departures, all for the sake of loops whose tasks are too short to be timed one by one:
 *   - mu and sigma come from the times of chunks. The tasks' times being independent, a chunk of k
 *     tasks has mean k mu and variance k sigma^2, so with chunks c = 1 … C
 *       mu = sum_c t_c / sum_c k_c,   sigma^2 = sum_c k_c (t_c/k_c - mu)^2 / (C - 1).
 *     Where neighbouring tasks cost alike, this sees more variance, which is on the safe side.
 *   - A worker's first N_PROBES chunks, from which there is no variance yet, have 1/64 of its even
 *     share; workers that have not got so far count as the mean of those that have.
 *   - At most half an even share of the loop at once, as the library DLS4LB by the rule's authors
 *     does: three chunks may look alike by chance.
 *   - At least `chunk` tasks: K_i vanishes with R, and would end with chunks of one. If not given,
 *     1/100 of the even share, or n / 2^20 if that is more.
 *
 * Cost     per chunk one compare-and-swap on a shared line; two more now and then.
 * Threads  lock-free; a worker that dies leaves its estimates in the sums.
 * Source   Banicescu & Liu (2000), "Adaptive factoring: a dynamic scheduling method tuned to the
 *          rate of weight changes", Proc. HPC 2000, 122-129.
 */
#include "schedulers/adaptive.h"

#include <stdio.h>

enum { N_PROBES = 3, PUBLISH_GROWTH = 16 };
enum { PROBES_IN_SHARE = 64, LEAST_IN_SHARE = 100, LEAST_IN_LOOP = 1 << 20 };

struct af_worker {
    /* This worker's alone; explain() reads the mean after the loop. */
    _Alignas(SKS_CACHE_LINE) size_t seen; /* next_task as last seen */
    size_t n_chunks;
    size_t publish_at; /* that many chunks */
    double n_tasks;
    double mean_s;  /* mu */
    double squares; /* sum of k (t/k - mu)^2 */
    double rate;    /* 1 / mu, as it is in total_rate; 0: not yet */
    double spread;  /* sigma^2 / mu, as it is in total_spread */
};

struct af_state {
    _Alignas(SKS_CACHE_LINE) sks_next_task next_task;
    /* Read by every worker before it claims, but written less and less often, so apart from what
     * every claim writes. Relaxed: estimates. */
    _Alignas(SKS_CACHE_LINE) _Atomic double total_rate; /* 1 / T */
    _Atomic double total_spread;                        /* D */
    atomic_uint n_reported;
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the next ones: read-only */
    size_t least;
    size_t most;
    size_t probe;
    unsigned n_workers;
    struct af_worker worker[];
};

static const sks_param af_params[] = {
    {.name = "chunk",
     .type = SKS_INT,
     .unit = "tasks",
     .min = 1,
     .max = 9e15,
     .help = "least number of tasks claimed at once; without it 1/100 of an even share"},
    {.name = NULL},
};

static size_t af_state_size(const sks_loop *loop)
{
    return sizeof(struct af_state) + sks_loop_workers(loop) * sizeof(struct af_worker);
}

/* ceil(share / parts), at least the least chunk. */
static size_t part_of(const struct af_state *s, size_t share, size_t parts)
{
    size_t part = sks_ceil_div(share, parts);

    return part > s->least ? part : s->least;
}

static size_t least_chunk(const sks_loop *loop)
{
    size_t of_share = sks_ceil_div(loop->n_tasks, (size_t)LEAST_IN_SHARE * loop->n_workers);
    size_t of_loop = sks_ceil_div(loop->n_tasks, LEAST_IN_LOOP);

    return of_share > of_loop ? of_share : of_loop;
}

static sks_status af_init(void *state, const sks_loop *loop)
{
    struct af_state *s = state;
    sks_status status = sks_loop_check(loop);
    size_t share;

    if (status != SKS_OK)
        return status;
    share = sks_ceil_div(loop->n_tasks, loop->n_workers);
    s->n_tasks = loop->n_tasks;
    s->n_workers = loop->n_workers;
    s->least = sks_values_has(loop->options, "chunk") ? sks_loop_chunk(loop) : least_chunk(loop);
    s->most = part_of(s, share, 2);
    s->probe = part_of(s, share, PROBES_IN_SHARE);
    atomic_init(&s->next_task, 0);
    atomic_init(&s->total_rate, 0.0);
    atomic_init(&s->total_spread, 0.0);
    atomic_init(&s->n_reported, 0);
    for (unsigned w = 0; w < loop->n_workers; w++)
        s->worker[w] = (struct af_worker){.publish_at = N_PROBES};
    return SKS_OK;
}

/* K_i. The formula's numerator is a difference of nearly equal numbers when D is large against T R;
 * multiplied by its conjugate it is 4 (T R)^2 / (D + 2 T R + sqrt(D^2 + 4 D T R)). */
static double af_formula(const struct af_state *s, const struct af_worker *w, double n_left)
{
    unsigned n_reported = atomic_load_explicit(&s->n_reported, memory_order_relaxed);
    double rate = atomic_load_explicit(&s->total_rate, memory_order_relaxed);
    double spread = atomic_load_explicit(&s->total_spread, memory_order_relaxed);
    /* The others count as the mean. */
    double all = n_reported < s->n_workers ? (double)s->n_workers / n_reported : 1.0;
    double d = spread > 0.0 ? spread * all : 0.0;
    double tr = n_left / ((rate > w->rate ? rate : w->rate) * all);

    return 2.0 * tr * tr / ((d + 2.0 * tr + sqrt(d * (d + 4.0 * tr))) * w->mean_s);
}

/* Of the worker's next chunk, when the loop is at `seen` < n_tasks. */
static size_t chunk_size(const struct af_state *s, const struct af_worker *w)
{
    size_t n_left = s->n_tasks - w->seen;
    size_t size;

    if (w->rate == 0.0)
        size = s->probe;
    else {
        size = sks_chunk_round(af_formula(s, w, (double)n_left), s->most);
        size = size > s->least ? size : s->least;
    }
    return size < n_left ? size : n_left;
}

static bool af_next(void *state, unsigned worker, sks_range *tasks)
{
    struct af_state *s = state;
    struct af_worker *w = &s->worker[worker];
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

/* Puts the worker's estimates into the sums. Not after every chunk: they are means over all so far,
 * and hardly change until there is 1/PUBLISH_GROWTH more. */
static void publish(struct af_state *s, struct af_worker *w)
{
    double rate = 1.0 / w->mean_s;
    double spread = w->squares / (double)(w->n_chunks - 1) * rate;

    sks_sum_add(&s->total_spread, spread - w->spread);
    sks_sum_add(&s->total_rate, rate - w->rate);
    if (w->rate == 0.0)
        atomic_fetch_add_explicit(&s->n_reported, 1, memory_order_relaxed);
    w->rate = rate;
    w->spread = spread;
    w->publish_at = w->n_chunks + 1 + w->n_chunks / PUBLISH_GROWTH;
}

/* Mean and squares are updated as in West (1979), Commun. ACM 22, 532: each chunk a value t/k of
 * weight k. */
static void af_done(void *state, unsigned worker, sks_range tasks, double seconds)
{
    struct af_state *s = state;
    struct af_worker *w = &s->worker[worker];
    double k = (double)(tasks.end - tasks.begin);
    double task_s = sks_chunk_seconds(seconds) / k;
    double from_mean = task_s - w->mean_s;

    w->n_chunks++;
    w->n_tasks += k;
    w->mean_s += from_mean * k / w->n_tasks;
    w->squares += k * from_mean * (task_s - w->mean_s);
    if (w->n_chunks >= w->publish_at)
        publish(s, w);
}

static void af_explain(const void *state, char *text, size_t size_bytes)
{
    const struct af_state *s = state;
    double fastest = INFINITY;
    double slowest = 0.0;

    for (unsigned w = 0; w < s->n_workers; w++)
        if (s->worker[w].n_chunks > 0) {
            fastest = fmin(fastest, s->worker[w].mean_s);
            slowest = fmax(slowest, s->worker[w].mean_s);
        }
    if (slowest > 0.0)
        snprintf(text, size_bytes, "workers' mean task times %.3g … %.3g s", fastest, slowest);
    else
        snprintf(text, size_bytes, "nothing measured");
}

const sks_scheduler sks_scheduler_af = {
    .name = "af",
    .summary =
        "adaptive factoring: chunks from the mean and variance of task times measured so far",
    .citation = "Banicescu & Liu 2000, Proc. HPC, 122",
    .params = af_params,
    .fixed = SKS_FIXED_NOTHING,
    .state_size = af_state_size,
    .init = af_init,
    .next = af_next,
    .done = af_done,
    .explain = af_explain,
};
