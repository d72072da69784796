#include "harness/measure/rule_check.h"

#include <stdio.h>
#include <stdlib.h>

const char *const sks_rule_verdict_name[] = {"unknown", "differs", "covers", "agrees"};

struct chunk {
    sks_range tasks;
    unsigned worker;
};

struct chunks {
    struct chunk *chunk; /* [n], in the order of their tasks */
    size_t n, capacity;
};

static sks_status add(struct chunks *to, sks_range tasks, unsigned worker)
{
    if (to->n == to->capacity) {
        const size_t capacity = to->capacity > 0 ? 2 * to->capacity : 256;
        struct chunk *more = realloc(to->chunk, capacity * sizeof(*more));

        if (more == NULL)
            return sks_fail_nomem("the check of a schedule");
        to->chunk = more;
        to->capacity = capacity;
    }
    to->chunk[to->n++] = (struct chunk){tasks, worker};
    return SKS_OK;
}

static int by_begin(const void *a, const void *b)
{
    const struct chunk *x = a, *y = b;

    return (x->tasks.begin > y->tasks.begin) - (x->tasks.begin < y->tasks.begin);
}

static sks_status collect_logged(const sks_chunk_log *logs, unsigned n_workers, struct chunks *to)
{
    sks_status status = SKS_OK;

    for (unsigned w = 0; w < n_workers; w++)
        for (size_t i = 0; status == SKS_OK && i < logs[w].n; i++)
            status = add(to, logs[w].chunk[i].tasks, w);
    if (status == SKS_OK && to->n > 0)
        qsort(to->chunk, to->n, sizeof(*to->chunk), by_begin);
    return status;
}

/* What the rule gives when the workers ask in turn; not to its end when it gives too much. */
static sks_status collect_expected(const sks_scheduler *scheduler, const sks_loop *loop,
                                   struct chunks *to)
{
    void *state = NULL;
    sks_status status = sks_scheduler_start(scheduler, loop, &state);
    bool is_any = true;

    while (status == SKS_OK && is_any && to->n <= loop->n_tasks) {
        is_any = false;
        for (unsigned w = 0; status == SKS_OK && w < loop->n_workers; w++) {
            sks_range tasks;

            if (!scheduler->next(state, w, &tasks))
                continue;
            is_any = true;
            status = add(to, tasks, w);
            if (scheduler->done != NULL)
                scheduler->done(state, w, tasks, 1.0);
        }
    }
    free(state);
    if (status == SKS_OK && to->n > 0)
        qsort(to->chunk, to->n, sizeof(*to->chunk), by_begin);
    return status;
}

static void set(sks_rule_check *check, sks_rule_verdict verdict, const char *text)
{
    check->verdict = verdict;
    snprintf(check->text, sizeof(check->text), "%s", text);
}

/* `when` ends the sentence of what is wrong. */
static bool covers(const struct chunks *chunks, size_t n_tasks, const char *when,
                   sks_rule_check *check)
{
    size_t covered = 0, i = 0;

    while (i < chunks->n && chunks->chunk[i].tasks.begin == covered &&
           chunks->chunk[i].tasks.end > covered)
        covered = chunks->chunk[i++].tasks.end;
    if (covered == n_tasks && i == chunks->n)
        return true;
    check->verdict = SKS_RULE_DIFFERS;
    snprintf(check->text, sizeof(check->text), "task %zu was handed out never or twice%s", covered,
             when);
    return false;
}

/* Both lists cover the loop. With joined logs every logged border has to be one of the rule's. */
static void compare(const struct chunks *logged, const struct chunks *expected, bool with_owners,
                    bool is_joined, sks_rule_check *check)
{
    size_t e = 0;

    for (size_t i = 0; i < logged->n; i++) {
        const struct chunk *l = &logged->chunk[i];
        const size_t first = e;

        while (is_joined && e + 1 < expected->n && expected->chunk[e].tasks.end < l->tasks.end &&
               (!with_owners || expected->chunk[e].worker == l->worker))
            e++;
        if (expected->chunk[first].tasks.begin != l->tasks.begin ||
            expected->chunk[e].tasks.end != l->tasks.end ||
            (with_owners && expected->chunk[e].worker != l->worker)) {
            check->verdict = SKS_RULE_DIFFERS;
            snprintf(check->text, sizeof(check->text),
                     "worker %u computed tasks %zu to %zu where the rule gives %zu to %zu%s",
                     l->worker, l->tasks.begin, l->tasks.end, expected->chunk[e].tasks.begin,
                     expected->chunk[e].tasks.end, with_owners ? ", to its owner" : "");
            return;
        }
        e++;
    }
    if (is_joined)
        set(check, SKS_RULE_AGREES,
            "no border is another than the rule's, as far as can be seen: neighbouring chunks of "
            "a worker look like one");
    else
        set(check, SKS_RULE_AGREES,
            with_owners ? "the chunks and their workers are those of the rule"
                        : "the chunks are those of the rule");
}

/* One block for each worker, in order, whose borders are the rule's but for the rounding. */
static bool is_near(const struct chunks *logged, const struct chunks *expected)
{
    if (logged->n != expected->n)
        return false;
    for (size_t i = 0; i < logged->n; i++) {
        const struct chunk *l = &logged->chunk[i], *e = &expected->chunk[i];
        const size_t n = expected->n; /* remainders add up to less than one task a block */

        if (l->worker != e->worker || l->tasks.begin > e->tasks.begin + n ||
            e->tasks.begin > l->tasks.begin + n ||
            l->tasks.end - l->tasks.begin > e->tasks.end - e->tasks.begin + 1 ||
            e->tasks.end - e->tasks.begin > l->tasks.end - l->tasks.begin + 1)
            return false;
    }
    return true;
}

sks_status sks_rule_check_logs(const sks_scheduler *scheduler, const sks_loop *loop,
                               const sks_chunk_log *logs, bool is_joined, sks_rule_check *check)
{
    struct chunks logged = {0}, expected = {0};
    sks_rule_check c = {.verdict = SKS_RULE_UNKNOWN, .text = "nothing was logged"};
    sks_status status = SKS_OK;

    for (unsigned w = 0; logs != NULL && w < loop->n_workers; w++)
        if (logs[w].n_lost > 0) {
            set(&c, SKS_RULE_UNKNOWN, "the log lost chunks: there was no room for them");
            logs = NULL;
            break;
        }
    if (logs != NULL) {
        status = collect_logged(logs, loop->n_workers, &logged);
        if (status == SKS_OK && covers(&logged, loop->n_tasks, "", &c)) {
            if (scheduler->fixed == SKS_FIXED_NOTHING)
                set(&c, SKS_RULE_COVERS,
                    "every task was handed out once; the chunks of this rule depend on timing");
            else if ((status = collect_expected(scheduler, loop, &expected)) == SKS_OK &&
                     covers(&expected, loop->n_tasks, " when the rule was asked again", &c))
                compare(&logged, &expected, scheduler->fixed == SKS_FIXED_OWNERS, is_joined, &c);
            /* Who joins chunks runs a schedule of its own, whose blocks may be rounded otherwise.
             */
            if (is_joined && c.verdict == SKS_RULE_DIFFERS && is_near(&logged, &expected))
                set(&c, SKS_RULE_AGREES, "each worker's block is the rule's, to a task");
        }
    }
    free(logged.chunk);
    free(expected.chunk);
    if (status == SKS_OK)
        *check = c;
    return status;
}
