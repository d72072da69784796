/* auto: tries a few rules on the first part of the loop and does the rest with the one that took
 * the least time.
 *
 * The first `share` of the tasks is cut into equal trials, each a loop of its own under one of the
 * `candidates`, all workers taking part. Every candidate has `rounds` trials, in the order
 * A B C  C B A  A B C  C B A …, so that a steady drift of the tasks' cost over the loop favours
 * nobody. The rest of the loop goes to the candidate with the least mean of
 *
 *     cost = (sum over workers of the time they spent in the trial
 *             + sum over workers of the time from their end to the last one's) / tasks
 *
 * that is, computing, claims, and the idle time there would have been had the loop ended there.
 *
 * How far to trust it. Nobody waits between trials, so a worker may enter one while others are
 * still busy with the last. A trial sees only its part of the loop: what comes later may cost
 * otherwise, and an imbalance that grows with the length of the loop counts more in the loop than
 * in a trial. explain() names the means of all, and says when the difference between the best two
 * is within the scatter of their rounds (paired t-test, 95 %). Without trials goes the first
 * candidate: when they would have fewer than TASKS_PER_WORKER tasks a worker, and beyond
 * MOST_WORKERS workers, whose nested states would take too much memory.
 *
 * Candidates get the time of a chunk with that of its claim, also where they ask for it without.
 *
 * Memory   the candidates' states: each once for the rest of the loop and once for every trial.
 * Threads  lock-free if the candidates are. Who first comes to the rest decides, by one
 *          compare-and-swap, from what has been reported by then.
 * Source   trying rules while the program runs: Zhang & Voss (2005), "Runtime empirical selection
 * of loop schedulers on hyperthreaded SMPs", Proc. IPDPS; the many-rule form: Korndoerfer et al.
 * (2022), "Automated scheduling algorithm selection and chunk parameter calculation in OpenMP",
 * IEEE Trans. Parallel Distrib. Syst. 33, 4383-4394. Both choose between runs of a loop; here it is
 * within one.
 */
#include "schedulers/adaptive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CANDIDATES = 8, MAX_ROUNDS = 16, MAX_TRIALS = MAX_CANDIDATES * MAX_ROUNDS };
enum { TASKS_PER_WORKER = 4, MOST_WORKERS = 1024, UNDECIDED = -1 };

/* Why the first candidate is taken without trials. */
enum untried { NOT_UNTRIED, ONLY_ONE, TOO_SHORT, TOO_MANY_WORKERS };

/* A part of the loop under one rule. */
struct stage {
    size_t begin; /* first task */
    size_t end;
    size_t state;       /* of the rule: bytes from the start of ours */
    unsigned candidate; /* index into scheduler[] */
};

/* One worker in one trial. Written by that worker, read by the one who decides and by explain().
 * Relaxed: each is an estimate by itself, and one that comes late is not counted. */
struct trial_record {
    _Atomic double begin_s; /* the worker's clock */
    _Atomic double end_s;
    _Atomic double n_tasks; /* reported */
    atomic_bool is_busy;    /* has a chunk that is not reported yet */
};

struct auto_worker {
    _Alignas(SKS_CACHE_LINE) unsigned stage;
    double clock_s; /* since its first claim */
    struct trial_record trial[];
};

struct verdict {
    double cost_s[MAX_CANDIDATES]; /* mean; NaN: not measured */
    unsigned second;               /* next after the one picked; itself if there is no other */
    bool is_clear;                 /* the difference of the two is beyond their scatter */
};

struct auto_state {
    /* The candidate for the rest of the loop. Written once by the first worker that gets there,
     * read by every worker when it does. Relaxed: the number is the whole message. */
    _Alignas(SKS_CACHE_LINE) atomic_int picked;
    struct verdict verdict; /* of the one whose `picked` was taken; for explain() */
    _Alignas(SKS_CACHE_LINE) unsigned n_workers; /* this and the next ones: read-only */
    unsigned n_candidates;
    unsigned n_rounds;
    unsigned n_trials;
    enum untried why;
    size_t worker_size;                 /* bytes */
    unsigned scheduler[MAX_CANDIDATES]; /* index into sks_scheduler_table: no pointers here */
    struct stage
        stage[MAX_TRIALS + MAX_CANDIDATES]; /* trials, then the rest under each candidate */
    /* Then n_workers times auto_worker, then the nested states. */
};

/* What state_size() and init() have to agree on. */
struct plan {
    unsigned n_candidates, n_rounds, n_trials;
    enum untried why;
    size_t trial_tasks;
    unsigned scheduler[MAX_CANDIDATES];
    sks_values *options[MAX_CANDIDATES];
};

static const sks_param auto_params[] = {
    {.name = "candidates",
     .type = SKS_TEXT,
     .default_text = "fac2/guided/stealing/awf-c/static",
     .help =
         "rules to try, up to 8, separated by /, each with at most one option (guided:chunk=8)"},
    {.name = "share",
     .type = SKS_REAL,
     .default_text = "0.1",
     .min = 0,
     .max = 0.5,
     .help = "part of the loop to try them on"},
    {.name = "rounds",
     .type = SKS_INT,
     .default_text = "4",
     .min = 2,
     .max = MAX_ROUNDS,
     .help = "trials of each"},
    {.name = NULL},
};

static void plan_destroy(struct plan *plan)
{
    for (unsigned i = 0; i < MAX_CANDIDATES; i++)
        sks_values_destroy(plan->options[i]);
}

static unsigned table_index(const sks_scheduler *scheduler)
{
    unsigned i = 0;

    while (sks_scheduler_table[i] != scheduler)
        i++;
    return i;
}

static sks_status add_candidate(struct plan *plan, const char *text)
{
    const sks_scheduler *scheduler;
    sks_status status;

    if (plan->n_candidates == MAX_CANDIDATES)
        return sks_fail(SKS_ERR_USAGE, "scheduler auto: more than %d candidates", MAX_CANDIDATES);
    status = sks_scheduler_parse(text, &scheduler, &plan->options[plan->n_candidates]);
    if (status != SKS_OK)
        return status;
    if (strcmp(scheduler->name, "auto") == 0)
        return sks_fail(SKS_ERR_USAGE, "scheduler auto: cannot be a candidate of itself");
    plan->scheduler[plan->n_candidates++] = table_index(scheduler);
    return SKS_OK;
}

static sks_status add_candidates(struct plan *plan, const char *list)
{
    sks_status status = SKS_OK;

    for (bool is_last = false; status == SKS_OK && !is_last;) {
        size_t length = strcspn(list, "/");
        char *text = strndup(list, length);

        is_last = list[length] == '\0';
        status = text != NULL ? add_candidate(plan, text) : sks_fail_nomem("a scheduler's name");
        free(text);
        list += length + !is_last;
    }
    return status;
}

/* plan_destroy() it in any case. */
static sks_status plan_create(const sks_loop *loop, struct plan *plan)
{
    double share = sks_values_real(loop->options, "share");
    sks_status status;

    memset(plan, 0, sizeof(*plan));
    status = add_candidates(plan, sks_values_text(loop->options, "candidates"));
    if (status != SKS_OK)
        return status;
    plan->n_rounds = (unsigned)sks_values_int(loop->options, "rounds");
    plan->n_trials = plan->n_candidates * plan->n_rounds;
    plan->trial_tasks = (size_t)(share * (double)loop->n_tasks / plan->n_trials);
    if (plan->n_candidates == 1)
        plan->why = ONLY_ONE;
    else if (loop->n_workers > MOST_WORKERS)
        plan->why = TOO_MANY_WORKERS;
    else if (plan->trial_tasks < (size_t)TASKS_PER_WORKER * loop->n_workers)
        plan->why = TOO_SHORT;
    if (plan->why != NOT_UNTRIED) {
        plan->n_candidates = 1;
        plan->n_trials = 0;
    }
    return SKS_OK;
}

static struct stage stage_of(const struct plan *plan, const sks_loop *loop, unsigned i)
{
    unsigned round = i / plan->n_candidates;
    unsigned place = i % plan->n_candidates;

    if (i >= plan->n_trials)
        return (struct stage){plan->n_trials * plan->trial_tasks, loop->n_tasks, 0,
                              i - plan->n_trials};
    return (struct stage){i * plan->trial_tasks, (i + 1) * plan->trial_tasks, 0,
                          round % 2 == 0 ? place : plan->n_candidates - 1 - place};
}

static sks_loop loop_of(const struct plan *plan, const sks_loop *loop, const struct stage *stage)
{
    return (sks_loop){.n_tasks = stage->end - stage->begin,
                      .n_workers = loop->n_workers,
                      .options = plan->options[stage->candidate],
                      .position = loop->position};
}

static size_t nested_size(const struct plan *plan, const sks_loop *loop, const struct stage *stage)
{
    sks_loop nested = loop_of(plan, loop, stage);

    return sks_scheduler_table[plan->scheduler[stage->candidate]]->state_size(&nested);
}

static size_t worker_size(const struct plan *plan)
{
    return sks_whole_lines(sizeof(struct auto_worker) +
                           plan->n_trials * sizeof(struct trial_record));
}

static size_t own_size(const struct plan *plan, const sks_loop *loop)
{
    return sizeof(struct auto_state) + sks_loop_workers(loop) * worker_size(plan);
}

/* With candidates that init() will refuse, for the same reason, any size will do. */
static size_t auto_state_size(const sks_loop *loop)
{
    struct plan plan;
    size_t size = SKS_CACHE_LINE;

    if (plan_create(loop, &plan) == SKS_OK) {
        size = own_size(&plan, loop);
        for (unsigned i = 0; i < plan.n_trials + plan.n_candidates; i++) {
            struct stage stage = stage_of(&plan, loop, i);

            size += nested_size(&plan, loop, &stage);
        }
    }
    plan_destroy(&plan);
    return size;
}

static struct auto_worker *worker_of(const struct auto_state *s, unsigned worker)
{
    return (struct auto_worker *)((char *)s + sizeof(*s) + worker * s->worker_size);
}

static const sks_scheduler *rule_of(const struct auto_state *s, unsigned candidate)
{
    return sks_scheduler_table[s->scheduler[candidate]];
}

static void *nested_state(struct auto_state *s, const struct stage *stage)
{
    return (char *)s + stage->state;
}

static sks_status stages_init(struct auto_state *s, const struct plan *plan, const sks_loop *loop)
{
    size_t offset = own_size(plan, loop);
    sks_status status = SKS_OK;

    for (unsigned i = 0; status == SKS_OK && i < plan->n_trials + plan->n_candidates; i++) {
        struct stage *stage = &s->stage[i];
        sks_loop nested;

        *stage = stage_of(plan, loop, i);
        stage->state = offset;
        offset += nested_size(plan, loop, stage);
        nested = loop_of(plan, loop, stage);
        status = rule_of(s, stage->candidate)->init(nested_state(s, stage), &nested);
    }
    return status;
}

static void worker_init(struct auto_worker *w, unsigned n_trials)
{
    w->stage = 0;
    w->clock_s = 0.0;
    for (unsigned t = 0; t < n_trials; t++) {
        atomic_init(&w->trial[t].begin_s, 0.0);
        atomic_init(&w->trial[t].end_s, 0.0);
        atomic_init(&w->trial[t].n_tasks, 0.0);
        atomic_init(&w->trial[t].is_busy, false);
    }
}

static sks_status auto_init(void *state, const sks_loop *loop)
{
    struct auto_state *s = state;
    struct plan plan;
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    status = plan_create(loop, &plan);
    if (status == SKS_OK) {
        atomic_init(&s->picked, plan.n_trials > 0 ? UNDECIDED : 0);
        s->n_workers = loop->n_workers;
        s->n_candidates = plan.n_candidates;
        s->n_rounds = plan.n_rounds;
        s->n_trials = plan.n_trials;
        s->why = plan.why;
        s->worker_size = worker_size(&plan);
        memcpy(s->scheduler, plan.scheduler, sizeof(s->scheduler));
        for (unsigned w = 0; w < loop->n_workers; w++)
            worker_init(worker_of(s, w), plan.n_trials);
        status = stages_init(s, &plan, loop);
    }
    plan_destroy(&plan);
    return status;
}

static double get(const _Atomic double *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void set(_Atomic double *value, double x)
{
    atomic_store_explicit(value, x, memory_order_relaxed);
}

/* Seconds of all workers per task, as far as reported; NaN when nothing is. */
static double trial_cost(const struct auto_state *s, unsigned trial)
{
    double last_s = 0.0, spent_s = 0.0, n_tasks = 0.0;

    for (unsigned w = 0; w < s->n_workers; w++) {
        const struct trial_record *r = &worker_of(s, w)->trial[trial];

        if (get(&r->n_tasks) > 0.0)
            last_s = fmax(last_s, get(&r->end_s));
    }
    for (unsigned w = 0; w < s->n_workers; w++) {
        const struct trial_record *r = &worker_of(s, w)->trial[trial];

        spent_s += get(&r->end_s) - get(&r->begin_s);
        /* Also a worker that came and found nothing would have idled; one that has not come yet,
         * with end 0, might not, nor one that is still computing. */
        if (get(&r->end_s) > 0.0 && !atomic_load_explicit(&r->is_busy, memory_order_relaxed))
            spent_s += fmax(0.0, last_s - get(&r->end_s));
        n_tasks += get(&r->n_tasks);
    }
    return n_tasks > 0.0 ? spent_s / n_tasks : NAN;
}

/* The trial of a candidate in a round: stage_of() the other way round. */
static unsigned trial_of(const struct auto_state *s, unsigned candidate, unsigned round)
{
    return round * s->n_candidates + (round % 2 == 0 ? candidate : s->n_candidates - 1 - candidate);
}

/* Over the rounds that were measured; NaN when none was. */
static double mean_cost(const struct auto_state *s, unsigned candidate)
{
    double sum = 0.0;
    unsigned n = 0;

    for (unsigned r = 0; r < s->n_rounds; r++) {
        double cost = trial_cost(s, trial_of(s, candidate, r));

        if (!isnan(cost)) {
            sum += cost;
            n++;
        }
    }
    return n > 0 ? sum / n : NAN;
}

/* The cheapest candidate but `other` (n_candidates: of all); `other` if there is none. */
static unsigned cheapest(const struct auto_state *s, const struct verdict *v, unsigned other)
{
    unsigned best = other;

    for (unsigned c = 0; c < s->n_candidates; c++)
        if (c != other && !isnan(v->cost_s[c]) && (best == other || v->cost_s[c] < v->cost_s[best]))
            best = c;
    return best;
}

/* Whether b costs more than a beyond the scatter of the rounds: paired t-test, two-sided, 5 %. */
static bool is_clear(const struct auto_state *s, unsigned a, unsigned b)
{
    /* Quantile 0.975 of Student's t for 1 … 15 degrees of freedom. */
    static const double t975[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                  2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131};
    double mean = 0.0, squares = 0.0;
    unsigned n = 0;

    for (unsigned r = 0; r < s->n_rounds; r++) {
        double difference = trial_cost(s, trial_of(s, b, r)) - trial_cost(s, trial_of(s, a, r));
        double from_mean = difference - mean;

        if (isnan(difference))
            continue;
        mean += from_mean / ++n;
        squares += from_mean * (difference - mean);
    }
    return n >= 2 && mean > t975[n - 2] * sqrt(squares / (n - 1) / n);
}

/* The candidate for the rest. A late report may change what another worker would say: the first
 * word counts. */
static unsigned decide(struct auto_state *s)
{
    struct verdict v = {.second = 0};
    int nothing = UNDECIDED;
    unsigned best;

    for (unsigned c = 0; c < s->n_candidates; c++)
        v.cost_s[c] = mean_cost(s, c);
    best = cheapest(s, &v, s->n_candidates);
    if (best == s->n_candidates) /* nothing was reported at all */
        best = 0;
    v.second = cheapest(s, &v, best);
    v.is_clear = is_clear(s, best, v.second);
    if (!atomic_compare_exchange_strong_explicit(&s->picked, &nothing, (int)best,
                                                 memory_order_relaxed, memory_order_relaxed))
        return (unsigned)nothing;
    s->verdict = v;
    return best;
}

/* From a stage that has nothing left; false after the last. */
static bool next_stage(struct auto_state *s, struct auto_worker *w)
{
    int picked;

    if (w->stage >= s->n_trials)
        return false;
    if (++w->stage < s->n_trials) {
        set(&w->trial[w->stage].begin_s, w->clock_s);
        set(&w->trial[w->stage].end_s, w->clock_s);
        return true;
    }
    picked = atomic_load_explicit(&s->picked, memory_order_relaxed);
    w->stage = s->n_trials + (picked != UNDECIDED ? (unsigned)picked : decide(s));
    return true;
}

static bool auto_next(void *state, unsigned worker, sks_range *tasks)
{
    struct auto_state *s = state;
    struct auto_worker *w = worker_of(s, worker);

    do {
        const struct stage *stage = &s->stage[w->stage];

        if (rule_of(s, stage->candidate)->next(nested_state(s, stage), worker, tasks)) {
            tasks->begin += stage->begin;
            tasks->end += stage->begin;
            if (w->stage < s->n_trials)
                atomic_store_explicit(&w->trial[w->stage].is_busy, true, memory_order_relaxed);
            return true;
        }
    } while (next_stage(s, w));
    return false;
}

static void auto_done(void *state, unsigned worker, sks_range tasks, double seconds)
{
    struct auto_state *s = state;
    struct auto_worker *w = worker_of(s, worker);
    const struct stage *stage = &s->stage[w->stage];
    const sks_scheduler *rule = rule_of(s, stage->candidate);

    w->clock_s += sks_chunk_seconds(seconds);
    if (w->stage < s->n_trials) {
        struct trial_record *r = &w->trial[w->stage];

        set(&r->n_tasks, get(&r->n_tasks) + (double)(tasks.end - tasks.begin));
        set(&r->end_s, w->clock_s);
        atomic_store_explicit(&r->is_busy, false, memory_order_relaxed);
    }
    tasks.begin -= stage->begin;
    tasks.end -= stage->begin;
    if (rule->done != NULL)
        rule->done(nested_state(s, stage), worker, tasks, seconds);
}

/* Steals of all stages together. */
static void auto_stats(const void *state, unsigned worker, sks_scheduler_stats *stats)
{
    const struct auto_state *s = state;

    *stats = (sks_scheduler_stats){0, 0};
    for (unsigned i = 0; i < s->n_trials + s->n_candidates; i++) {
        const struct stage *stage = &s->stage[i];
        const sks_scheduler *rule = rule_of(s, stage->candidate);
        sks_scheduler_stats part = {0, 0};

        if (rule->stats != NULL)
            rule->stats((const char *)s + stage->state, worker, &part);
        stats->steals_tried += part.steals_tried;
        stats->steals_won += part.steals_won;
    }
}

/* Appends to a text that may be full already. */
#define APPEND(...)                                                                                \
    do {                                                                                           \
        size_t used = strlen(text);                                                                \
        snprintf(text + used, size_bytes - used, __VA_ARGS__);                                     \
    } while (0)

static void auto_explain(const void *state, char *text, size_t size_bytes)
{
    static const char *const reason[] = {
        [ONLY_ONE] = "it is the only candidate",
        [TOO_SHORT] = "trials would have too few tasks",
        [TOO_MANY_WORKERS] = "too many workers for trials",
    };
    const struct auto_state *s = state;
    int picked = atomic_load_explicit(&s->picked, memory_order_relaxed);

    if (picked == UNDECIDED) {
        snprintf(text, size_bytes, "undecided: the trials did not end");
        return;
    }
    snprintf(text, size_bytes, "picked %s", rule_of(s, (unsigned)picked)->name);
    if (s->n_trials == 0) {
        APPEND(" untried: %s", reason[s->why]);
        return;
    }
    APPEND(": %.4g ns a task against", 1e9 * s->verdict.cost_s[picked]);
    for (unsigned c = 0, n = 0; c < s->n_candidates; c++)
        if ((int)c != picked)
            APPEND("%s %.4g %s", n++ > 0 ? "," : "", 1e9 * s->verdict.cost_s[c],
                   rule_of(s, c)->name);
    if (!s->verdict.is_clear && (int)s->verdict.second != picked)
        APPEND("; %s is too close to tell", rule_of(s, s->verdict.second)->name);
}

const sks_scheduler sks_scheduler_auto = {
    .name = "auto",
    .summary = "tries a few rules on the first part of the loop and goes on with the quickest",
    .citation = "after Zhang & Voss 2005, Proc. IPDPS, and Mohammed et al. 2022, IEEE TPDS 33, "
                "4383",
    .params = auto_params,
    .fixed = SKS_FIXED_NOTHING,
    .times_claims = true,
    .state_size = auto_state_size,
    .init = auto_init,
    .next = auto_next,
    .done = auto_done,
    .stats = auto_stats,
    .explain = auto_explain,
};
