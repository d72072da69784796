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
 * Cost     per chunk two atomic steps on one line, four where its size is not the last one's; three
 *          logarithms.
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
    size_t size;                          /* of the last chunk; 0: none */
    double speed;                         /* estimate for it, tasks per second */
    double begin;                         /* speed times clock_s when it was claimed */
};

struct bold_state {
    /* The sums change with the claims, so they share the line of what every claim writes. They make
     * up m = r + sum_j size_j and, without a clock of their own, at time t n = m - sum_j speed_j (t
     * - begin_j). Between a claim and its sums, or when its worker dies there, its tasks count as
     * finished. Relaxed: estimates. */
    _Alignas(SKS_CACHE_LINE) sks_next_task next_task;
    atomic_size_t in_hand;                   /* tasks */
    _Atomic double total_speed;              /* of chunks in hand */
    _Atomic double total_begin;              /* sum of speed_j begin_j */
    _Alignas(SKS_CACHE_LINE) size_t n_tasks; /* this and the next ones: read-only */
    size_t least;
    unsigned n_workers;
    double mean_s, overhead_s; /* mu, h */
    double a, b, c1;
    double ln_c2_share; /* ln (c2/P) */
    double ln_b;        /* 0 where b <= 0 */
    struct bold_worker worker[];
};

static const sks_param bold_params[] = {
    SKS_CHUNK_PARAM("least number of tasks claimed at once"),
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
    s->ln_c2_share = log(sqrt(2.0 * acos(-1.0)) * s->c1 / loop->n_workers); /* -inf for h = 0 */
    s->ln_b = s->b > 0.0 ? log(s->b) : 0.0;
    atomic_init(&s->next_task, 0);
    atomic_init(&s->in_hand, 0);
    atomic_init(&s->total_speed, 0.0);
    atomic_init(&s->total_begin, 0.0);
    for (unsigned w = 0; w < loop->n_workers; w++)
        s->worker[w] = (struct bold_worker){.seen = 0};
    return SKS_OK;
}

/* The chunk by the formula above, not rounded; q > 1. Written so that no logarithm and no division
 * waits for more of the others than it must:
 *
 *     ln d - ln c2 = ln q - ln(c2/P) + ln(ln q (b + q) / (b + q + b ln q))
 *     w = ln q + ln b + ln(ln q / (b + q))
 */
static double bold_formula(const struct bold_state *s, double r, double m, double n)
{
    double all = n > r ? n : r; /* R */
    double t = all / s->n_workers;
    double q = r / s->n_workers;
    double ln_q = log(q);
    double bq = s->b + q;
    double risk = ln_q - s->ln_c2_share + log(ln_q * bq / (bq + s->b * ln_q)); /* ln d - ln c2 */
    double deviation, w, size;

    if (risk <= 0.0)
        return t;
    deviation = s->a > 0.0 ? s->a * risk * (1.0 + m / (all * s->n_workers)) : 0.0;
    w = s->b > 0.0 ? ln_q + s->ln_b + log(ln_q / bq) : log(ln_q);
    /* t + s/2 - sqrt(s (t + s/4)) without cancellation, and right for s = inf */
    size = t * t / (t + deviation / 2.0 + sqrt(deviation * (t + deviation / 4.0)));
    if (w > 0.0)
        size += s->c1 * w;
    return size < t ? size : t;
}

/* Of the worker's next chunk, when the loop is at `seen` < n_tasks. The worker's last chunk, still
 * in the sums, is finished. */
static size_t chunk_size(const struct bold_state *s, const struct bold_worker *w)
{
    size_t n_left = s->n_tasks - w->seen;
    size_t in_hand = atomic_load_explicit(&s->in_hand, memory_order_relaxed) - w->size;
    double m = (double)n_left + (double)in_hand;
    double speed = atomic_load_explicit(&s->total_speed, memory_order_relaxed) - w->speed;
    double begin = atomic_load_explicit(&s->total_begin, memory_order_relaxed) - w->begin;
    double n = m - (speed * w->clock_s - begin);
    double r = (double)n_left;
    size_t size = 1;

    /* No chunk is larger than t: where that is not above the least size, nothing to compute. */
    if (n_left > s->n_workers && (n > r ? n : r) > (double)s->least * s->n_workers)
        size = sks_chunk_round(bold_formula(s, r, m, n), n_left);
    if (size >= s->least)
        return size;
    return s->least < n_left ? s->least : n_left;
}

/* Exchanges the worker's last chunk for a new one in the sums. */
static void replace(struct bold_state *s, struct bold_worker *w, size_t size)
{
    double begin;

    if (size != w->size) {
        double speed = (double)size / ((double)size * s->mean_s + s->overhead_s);

        atomic_fetch_add_explicit(&s->in_hand, size - w->size, memory_order_relaxed);
        sks_sum_add(&s->total_speed, speed - w->speed);
        w->size = size;
        w->speed = speed;
    }
    begin = w->speed * w->clock_s;
    sks_sum_add(&s->total_begin, begin - w->begin);
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
    replace(s, w, size);
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
