/* auto: tries a few rules on the first part of the loop and does the rest with the one that took
 * the least time.
 *
 * The first `share` of the tasks is cut into equal trials, each a loop of its own under one of the
 * `candidates`, all workers taking part; every candidate has `rounds` of them. The rest of the loop
 * goes to the candidate with the least mean cost, in time of all workers per task, idle time
 * included: trials.h has the order and the formula.
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
#include "schedulers/trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct auto_worker {
    _Alignas(SKS_CACHE_LINE) unsigned stage;
    double clock_s; /* since its first claim */
    sks_trial_record trial[];
};

struct auto_state {
    /* The candidate for the rest of the loop. Written once by the first worker that gets there,
     * read by every worker when it does. Relaxed: the number is the whole message. */
    _Alignas(SKS_CACHE_LINE) atomic_int picked;
    sks_verdict verdict; /* of the one whose `picked` was taken; for explain() */
    _Alignas(SKS_CACHE_LINE) sks_trials trials; /* this and the next ones: read-only */
    unsigned n_trials;
    enum untried why;
    size_t worker_size;                     /* bytes */
    unsigned scheduler[SKS_MAX_CANDIDATES]; /* index into sks_scheduler_table: no pointers here */
    struct stage
        stage[SKS_MAX_TRIALS + SKS_MAX_CANDIDATES]; /* trials, then the rest under each candidate */
    /* Then n_workers times auto_worker, then the nested states. */
};

/* What state_size() and init() have to agree on. */
struct plan {
    unsigned n_candidates, n_rounds, n_trials;
    enum untried why;
    size_t trial_tasks;
    unsigned scheduler[SKS_MAX_CANDIDATES];
    sks_values *options[SKS_MAX_CANDIDATES];
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
     .max = SKS_MAX_ROUNDS,
     .help = "trials of each"},
    {.name = NULL},
};

static void plan_destroy(struct plan *plan)
{
    for (unsigned i = 0; i < SKS_MAX_CANDIDATES; i++)
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

    if (plan->n_candidates == SKS_MAX_CANDIDATES)
        return sks_fail(SKS_ERR_USAGE, "scheduler auto: more than %d candidates",
                        SKS_MAX_CANDIDATES);
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
    if (i >= plan->n_trials)
        return (struct stage){plan->n_trials * plan->trial_tasks, loop->n_tasks, 0,
                              i - plan->n_trials};
    return (struct stage){i * plan->trial_tasks, (i + 1) * plan->trial_tasks, 0,
                          sks_trial_candidate(i, plan->n_candidates)};
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
    return sks_whole_lines(sizeof(struct auto_worker) + plan->n_trials * sizeof(sks_trial_record));
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
        s->n_trials = plan.n_trials;
        s->why = plan.why;
        s->worker_size = worker_size(&plan);
        s->trials = (sks_trials){.n_workers = loop->n_workers,
                                 .n_candidates = plan.n_candidates,
                                 .n_rounds = plan.n_trials > 0 ? plan.n_rounds : 0,
                                 .records = sizeof(*s) + offsetof(struct auto_worker, trial) -
                                            offsetof(struct auto_state, trials),
                                 .stride = s->worker_size};
        sks_trials_init(&s->trials);
        memcpy(s->scheduler, plan.scheduler, sizeof(s->scheduler));
        for (unsigned w = 0; w < loop->n_workers; w++) {
            worker_of(s, w)->stage = 0;
            worker_of(s, w)->clock_s = 0.0;
        }
        status = stages_init(s, &plan, loop);
    }
    plan_destroy(&plan);
    return status;
}

/* The candidate for the rest. A late report may change what another worker would say: the first
 * word counts. */
static unsigned decide(struct auto_state *s)
{
    sks_verdict verdict;
    int nothing = UNDECIDED;

    sks_trials_judge(&s->trials, &verdict);
    if (!atomic_compare_exchange_strong_explicit(&s->picked, &nothing, (int)verdict.best,
                                                 memory_order_relaxed, memory_order_relaxed))
        return (unsigned)nothing;
    s->verdict = verdict;
    return verdict.best;
}

/* From a stage that has nothing left; false after the last. */
static bool next_stage(struct auto_state *s, struct auto_worker *w)
{
    int picked;

    if (w->stage >= s->n_trials)
        return false;
    if (++w->stage < s->n_trials) {
        sks_trial_enter(&w->trial[w->stage], w->clock_s);
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
                sks_trial_claimed(&w->trial[w->stage]);
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
    if (w->stage < s->n_trials)
        sks_trial_report(&w->trial[w->stage], tasks.end - tasks.begin, w->clock_s);
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
    for (unsigned i = 0; i < s->n_trials + s->trials.n_candidates; i++) {
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
    for (unsigned c = 0, n = 0; c < s->trials.n_candidates; c++)
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
