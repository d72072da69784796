/* bold: the Bold strategy. Larger chunks than factoring's while they still cost less in claims than
 * they risk in idle time.
 *
 * Told are the tasks' mean time mu and standard deviation sigma, and the time h of a claim. From
 * the loop come r, the tasks not handed out; m, those not known to be finished; and n, those not
 * finished by estimate: what a worker has in hand shrinks by 1 / (mu + h/k) a second, k being its
 * chunk. With
 *
 *     a = 2 (sigma/mu)^2,   b = 8 a ln(8 a),   c1 = h / (mu ln 2),   c2 = sqrt(2 pi) c1,
 *     q = r/P,   R = max(r, n),   t = R/P,   v = q / (b + q),   d = r / (1 + 1/ln q - v)
 *
 * the next chunk has one task if q <= 1; t if d <= c2; and else
 *
 *     min( t,  t + s/2 - sqrt(s (t + s/4)) + max(0, c1 w) )
 *     s = a (ln d - ln c2) (1 + m / (R P)),   w = ln(b v ln q), or ln ln q where b <= 0
 *
 * rounded up. Time is the workers' own: each counts the seconds since its first claim, and all
 * are taken to have begun together (departure: the publication has one clock, in the monitor that
 * hands out).
 *
 * Cost     per chunk four atomic steps on one line, and a few logarithms.
 * Threads  lock-free. A worker that dies seems to go on computing: n is then too small, never r.
 * Source   Hagerup (1997), "Allocating independent tasks to parallel processors: an experimental
 *          study", J. Parallel Distrib. Comput. 47, 185-197, section 3.
 */
#include "schedulers/adaptive.h"
#include "schedulers/task_times.h"

struct bold_worker {
    /* This worker's alone. */
    _Alignas(SKS_CACHE_LINE) size_t seen; /* next_task as last seen */
    double clock_s;                       /* since its first claim */
    double size;                          /* of the last chunk; 0: none */
    double speed;                         /* estimate for it, tasks per second */
    double begin;                         /* speed times clock_s when it was claimed */
};

struct bold_state {
    /* The sums change with every claim, so they share the line of what every claim writes. They
     * make up n without a clock of their own: at time t, n = m - sum_j speed_j (t - begin_j). */
    _Alignas(SKS_CACHE_LINE) sks_next_task next_task;
    _Atomic double unfinished;               /* m */
    _Atomic double total_speed;              /* of chunks in hand */
    _Atomic double total_begin;              /* sum of speed_j begin_j */
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the next ones: read-only */
    size_t least;
    unsigned n_workers;
    double mean_s, overhead_s; /* mu, h */
    double a, b, c1, ln_c2;
    struct bold_worker worker[];
};

static const sks_param bold_params[] = {
    {.name = "chunk",
     .type = SKS_INT,
     .unit = "tasks",
     .default_text = "1",
     .min = 1,
     .max = 9e15,
     .help = "least number of tasks claimed at once"},
    {.name = "overhead",
     .type = SKS_REAL,
     .unit = "s",
     .default_text = "1e-6",
     .min = 0,
     .max = 1e6,
     .help = "time of one claim"},
    SKS_TASK_MEAN_PARAM,
    SKS_TASK_SD_PARAM,
    {.name = NULL},
};

static size_t bold_state_size(const sks_loop *loop)
{
    return sizeof(struct bold_state) + sks_loop_workers(loop) * sizeof(struct bold_worker);
}

static sks_status bold_init(void *state, const sks_loop *loop)
{
    struct bold_state *s = state;
    sks_status status = sks_loop_check(loop);
    double cv;

    if (status == SKS_OK)
        status = sks_task_times_check(loop->options);
    if (status != SKS_OK)
        return status;
    cv = sks_task_cv(loop->options);
    s->n_tasks = loop->n_tasks;
    s->least = sks_loop_chunk(loop);
    s->n_workers = loop->n_workers;
    s->mean_s = sks_values_real(loop->options, "mean");
    s->overhead_s = sks_values_real(loop->options, "overhead");
    s->a = 2.0 * cv * cv;
    s->b = s->a > 0.0 ? 8.0 * s->a * log(8.0 * s->a) : 0.0;
    s->c1 = s->overhead_s / (s->mean_s * log(2.0));
    s->ln_c2 = log(sqrt(2.0 * acos(-1.0)) * s->c1); /* -inf for h = 0 */
    atomic_init(&s->next_task, 0);
    atomic_init(&s->unfinished, (double)loop->n_tasks);
    atomic_init(&s->total_speed, 0.0);
    atomic_init(&s->total_begin, 0.0);
    for (unsigned w = 0; w < loop->n_workers; w++)
        s->worker[w] = (struct bold_worker){.seen = 0};
    return SKS_OK;
}

/* The chunk by the formula above, not rounded; q > 1. */
static double bold_formula(const struct bold_state *s, double r, double m, double n)
{
    double all = n > r ? n : r; /* R */
    double t = all / s->n_workers;
    double q = r / s->n_workers;
    double ln_q = log(q);
    double v = q / (s->b + q);
    double ln_d = log(r / (1.0 + 1.0 / ln_q - v));
    double deviation, w, shortened;

    if (ln_d <= s->ln_c2)
        return t;
    deviation = s->a > 0.0 ? s->a * (ln_d - s->ln_c2) * (1.0 + m / (all * s->n_workers)) : 0.0;
    w = log((s->b > 0.0 ? s->b * v : 1.0) * ln_q);
    /* t + s/2 - sqrt(s (t + s/4)) without cancellation, and right for s = inf */
    shortened = t * t / (t + deviation / 2.0 + sqrt(deviation * (t + deviation / 4.0)));
    return fmin(t, shortened + fmax(0.0, s->c1 * w));
}

/* Of the worker's next chunk, when the loop is at `seen` < n_tasks. The worker's last chunk, still
 * in the sums, is finished. */
static size_t chunk_size(const struct bold_state *s, const struct bold_worker *w)
{
    size_t n_left = s->n_tasks - w->seen;
    double m = atomic_load_explicit(&s->unfinished, memory_order_relaxed) - w->size;
    double speed = atomic_load_explicit(&s->total_speed, memory_order_relaxed) - w->speed;
    double begin = atomic_load_explicit(&s->total_begin, memory_order_relaxed) - w->begin;
    size_t size = 1;

    if (n_left > s->n_workers)
        size = sks_chunk_round(bold_formula(s, (double)n_left, m, m - (speed * w->clock_s - begin)),
                               n_left);
    if (size >= s->least)
        return size;
    return s->least < n_left ? s->least : n_left;
}

/* Exchanges the worker's last chunk for a new one in the sums. */
static void replace(struct bold_state *s, struct bold_worker *w, double size)
{
    double speed = size / (size * s->mean_s + s->overhead_s);
    double begin = speed * w->clock_s;

    if (w->size > 0.0)
        sks_sum_add(&s->unfinished, -w->size);
    sks_sum_add(&s->total_speed, speed - w->speed);
    sks_sum_add(&s->total_begin, begin - w->begin);
    w->size = size;
    w->speed = speed;
    w->begin = begin;
}

static bool bold_next(void *state, unsigned worker, sks_range *tasks)
{
    struct bold_state *s = state;
    struct bold_worker *w = &s->worker[worker];
    size_t size;

    do {
        if (w->seen >= s->n_tasks)
            return false;
        size = chunk_size(s, w);
    } while (!sks_claim(&s->next_task, &w->seen, size));
    replace(s, w, (double)size);
    tasks->begin = w->seen;
    tasks->end = w->seen += size;
    return true;
}

static void bold_done(void *state, unsigned worker, sks_range tasks, double seconds)
{
    struct bold_state *s = state;

    (void)tasks;
    s->worker[worker].clock_s += sks_chunk_seconds(seconds);
}

const sks_scheduler sks_scheduler_bold = {
    .name = "bold",
    .summary = "the Bold strategy: larger chunks than factoring while claims cost more than idling",
    .citation = "Hagerup 1997, J. Parallel Distrib. Comput. 47, 185",
    .params = bold_params,
    .fixed = SKS_FIXED_NOTHING,
    .times_claims = true,
    .state_size = bold_state_size,
    .init = bold_init,
    .next = bold_next,
    .done = bold_done,
};
