#include "schedulers/trials.h"

#include <math.h>

static double get(const _Atomic double *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void set(_Atomic double *value, double x)
{
    atomic_store_explicit(value, x, memory_order_relaxed);
}

void sks_trials_init(const sks_trials *t)
{
    for (unsigned w = 0; w < t->n_workers; w++)
        for (unsigned i = 0; i < t->n_candidates * t->n_rounds; i++) {
            sks_trial_record *r = sks_trial_at(t, w, i);

            atomic_init(&r->begin_s, 0.0);
            atomic_init(&r->end_s, 0.0);
            atomic_init(&r->n_tasks, 0.0);
            atomic_init(&r->is_busy, false);
        }
}

void sks_trial_enter(sks_trial_record *r, double clock_s)
{
    set(&r->begin_s, clock_s);
    set(&r->end_s, clock_s);
}

void sks_trial_claimed(sks_trial_record *r)
{
    atomic_store_explicit(&r->is_busy, true, memory_order_relaxed);
}

void sks_trial_report(sks_trial_record *r, size_t n_tasks, double clock_s)
{
    set(&r->n_tasks, get(&r->n_tasks) + (double)n_tasks);
    set(&r->end_s, clock_s);
    atomic_store_explicit(&r->is_busy, false, memory_order_relaxed);
}

/* Seconds of all workers per task, as far as reported; NaN when nothing is. */
static double trial_cost(const sks_trials *t, unsigned trial)
{
    double last_s = 0.0, spent_s = 0.0, n_tasks = 0.0;

    for (unsigned w = 0; w < t->n_workers; w++) {
        const sks_trial_record *r = sks_trial_at(t, w, trial);

        if (get(&r->n_tasks) > 0.0)
            last_s = fmax(last_s, get(&r->end_s));
    }
    for (unsigned w = 0; w < t->n_workers; w++) {
        const sks_trial_record *r = sks_trial_at(t, w, trial);

        spent_s += get(&r->end_s) - get(&r->begin_s);
        /* Also a worker that came and found nothing would have idled; one that has not come yet
         * might not, nor one that is still computing. */
        if (get(&r->end_s) > 0.0 && !atomic_load_explicit(&r->is_busy, memory_order_relaxed))
            spent_s += fmax(0.0, last_s - get(&r->end_s));
        n_tasks += get(&r->n_tasks);
    }
    return n_tasks > 0.0 ? spent_s / n_tasks : NAN;
}

/* The cost of a candidate in a round. */
static double cost_in_round(const sks_trials *t, unsigned candidate, unsigned round)
{
    unsigned n = t->n_candidates;

    return trial_cost(t, round * n + (round % 2 == 0 ? candidate : n - 1 - candidate));
}

/* Over the rounds that were measured; NaN when none was. */
static double mean_cost(const sks_trials *t, unsigned candidate)
{
    double sum = 0.0;
    unsigned n = 0;

    for (unsigned r = 0; r < t->n_rounds; r++) {
        double cost = cost_in_round(t, candidate, r);

        if (!isnan(cost)) {
            sum += cost;
            n++;
        }
    }
    return n > 0 ? sum / n : NAN;
}

/* The cheapest candidate but `other` (n_candidates: of all); `other` if there is none. */
static unsigned cheapest(const sks_trials *t, const sks_verdict *v, unsigned other)
{
    unsigned best = other;

    for (unsigned c = 0; c < t->n_candidates; c++)
        if (c != other && !isnan(v->cost_s[c]) && (best == other || v->cost_s[c] < v->cost_s[best]))
            best = c;
    return best;
}

/* Whether b costs more than a beyond the scatter of the rounds. */
static bool is_clear(const sks_trials *t, unsigned a, unsigned b)
{
    /* Quantile 0.975 of Student's t for 1 … 15 degrees of freedom. */
    static const double t975[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                  2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131};
    double mean = 0.0, squares = 0.0;
    unsigned n = 0;

    for (unsigned r = 0; r < t->n_rounds; r++) {
        double difference = cost_in_round(t, b, r) - cost_in_round(t, a, r);
        double from_mean = difference - mean;

        if (isnan(difference))
            continue;
        mean += from_mean / ++n;
        squares += from_mean * (difference - mean);
    }
    return n >= 2 && mean > t975[n - 2] * sqrt(squares / (n - 1) / n);
}

void sks_trials_judge(const sks_trials *t, sks_verdict *verdict)
{
    for (unsigned c = 0; c < t->n_candidates; c++)
        verdict->cost_s[c] = mean_cost(t, c);
    verdict->best = cheapest(t, verdict, t->n_candidates);
    if (verdict->best == t->n_candidates)
        verdict->best = 0;
    verdict->second = cheapest(t, verdict, verdict->best);
    verdict->is_clear = is_clear(t, verdict->best, verdict->second);
}
