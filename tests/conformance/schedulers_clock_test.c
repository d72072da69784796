/* Property: for random loops up to 1e9 tasks, 1 to 512 workers and random options every scheduler
 * of the table hands out each task once and comes to an end, whatever the speeds of the workers and
 * the times of the tasks; and what it declares fixed beforehand is: the chunks, or the chunks and
 * their workers, are the same under another timing.
 *
 * The workers live under a virtual clock: a claim and the tasks of a chunk take random times, a
 * worker that has finished its chunk reports it and asks again, and the earliest is served next.
 * All follows from a seed, which a failure prints; run again with SKYSCALE_TEST_SEED set to it to
 * repeat that case for every scheduler. */
#include "scheduler_case.h"

#include <math.h>
#include <stdio.h>

enum { N_CASES = 150, MAX_WORKERS = 512 };

/* Loops of more chunks are left unfinished: what was handed out until then is checked. */
enum { MAX_CHUNKS = 20000 };

/* One worker and when it asks next. */
struct event {
    double time_s;
    unsigned worker;
};

struct clock {
    struct event heap[MAX_WORKERS]; /* the earliest first */
    unsigned n;
    double speed[MAX_WORKERS]; /* 1: as the tasks' mean says */
    sks_range tasks[MAX_WORKERS];
    double asked_s[MAX_WORKERS]; /* when it claimed these */
    double begun_s[MAX_WORKERS]; /* when it had them */
    bool has_tasks[MAX_WORKERS];
    double claim_s, task_s, spread;
    uint64_t random;
};

static double uniform(uint64_t *random)
{
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}

/* Between low > 0 and high, each order of magnitude alike. */
static double log_uniform(uint64_t *random, double low, double high)
{
    return low * pow(high / low, uniform(random));
}

static bool is_before(struct event a, struct event b)
{
    return a.time_s < b.time_s || (a.time_s == b.time_s && a.worker < b.worker);
}

static void push(struct clock *c, struct event e)
{
    unsigned i = c->n++;

    for (; i > 0 && is_before(e, c->heap[(i - 1) / 2]); i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = e;
}

static struct event pop(struct clock *c)
{
    struct event first = c->heap[0];
    struct event e = c->heap[--c->n];
    unsigned i = 0;

    for (unsigned child = 1; child < c->n; child = 2 * i + 1) {
        if (child + 1 < c->n && is_before(c->heap[child + 1], c->heap[child]))
            child++;
        if (!is_before(c->heap[child], e))
            break;
        c->heap[i] = c->heap[child];
        i = child;
    }
    c->heap[i] = e;
    return first;
}

/* Speeds within a factor of 100, tasks of 1 ns to 1 s, claims of next to nothing to far too much.
 */
static void clock_init(struct clock *c, unsigned n_workers, uint64_t seed)
{
    memset(c, 0, sizeof(*c));
    c->random = seed;
    c->claim_s = log_uniform(&c->random, 1e-9, 1e-2);
    c->task_s = log_uniform(&c->random, 1e-9, 1.0);
    c->spread = random_below(&c->random, 3) == 0 ? 0.0 : 3.0 * uniform(&c->random);
    for (unsigned w = 0; w < n_workers; w++) {
        c->speed[w] = log_uniform(&c->random, 0.1, 10.0);
        push(c, (struct event){c->claim_s * uniform(&c->random), w});
    }
}

/* Reports the chunk the worker has finished. Now and then its clock has stood still. */
static void report(const struct loop_case *c, struct clock *k, void *state, struct event e)
{
    const sks_scheduler *s = c->scheduler;
    double from_s = s->times_claims ? k->asked_s[e.worker] : k->begun_s[e.worker];
    double seconds = random_below(&k->random, 20) == 0 ? 0.0 : e.time_s - from_s;

    if (k->has_tasks[e.worker] && s->done != NULL)
        s->done(state, e.worker, k->tasks[e.worker], seconds);
    k->has_tasks[e.worker] = false;
}

/* The whole loop, or MAX_CHUNKS of it: then false. */
static bool drive(const struct loop_case *c, struct clock *k, void *state, struct ranges *r)
{
    while (k->n > 0 && r->n < MAX_CHUNKS) {
        struct event e = pop(k);
        sks_range *tasks = &k->tasks[e.worker];
        double cost;

        report(c, k, state, e);
        if (!c->scheduler->next(state, e.worker, tasks)) {
            check(c, !c->scheduler->next(state, e.worker, &(sks_range){0, 0}));
            continue;
        }
        check(c, tasks->begin < tasks->end && tasks->end <= c->loop.n_tasks);
        append(r, *tasks, e.worker);
        k->has_tasks[e.worker] = true;
        k->asked_s[e.worker] = e.time_s;
        k->begun_s[e.worker] = e.time_s + k->claim_s * uniform(&k->random);
        cost = (double)(tasks->end - tasks->begin) * k->task_s *
               exp(k->spread * (uniform(&k->random) - 0.5));
        push(k, (struct event){k->begun_s[e.worker] + cost / k->speed[e.worker], e.worker});
    }
    return k->n == 0;
}

/* One loop under the timing of `seed`. SKS_ERR_USAGE when the options do not fit the loop. */
static sks_status run(const struct loop_case *c, uint64_t seed, struct ranges *r, bool *is_complete)
{
    static struct clock clock;
    void *state;
    sks_status status;

    status = sks_scheduler_start(c->scheduler, &c->loop, &state);
    if (status != SKS_OK)
        return status;
    clock_init(&clock, c->loop.n_workers, seed);
    *is_complete = drive(c, &clock, state, r);
    check_cover(c, r, *is_complete);
    if (*is_complete && c->scheduler->explain != NULL) {
        char text[256] = "";

        c->scheduler->explain(state, text, sizeof(text));
        check(c, strlen(text) < sizeof(text) && strchr(text, '\n') == NULL);
    }
    free(state);
    return SKS_OK;
}

static void check_fixed(const struct loop_case *c, const struct ranges *a, const struct ranges *b)
{
    if (c->scheduler->fixed == SKS_FIXED_NOTHING)
        return;
    check(c, a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        check(c, a->range[i].tasks.begin == b->range[i].tasks.begin);
        if (c->scheduler->fixed == SKS_FIXED_OWNERS)
            check(c, a->range[i].worker == b->range[i].worker);
    }
}

/* A value in the option's range, as text; false for a kind of option nothing is known of. */
static bool random_value(const sks_param *p, uint64_t *random, char *text, size_t size)
{
    double low = p->min > 1e-12 ? p->min : p->type == SKS_INT ? 1 : 1e-12;
    double value = random_below(random, 8) == 0 ? p->min : log_uniform(random, low, p->max);
    size_t n_choices = 0;

    switch (p->type) {
    case SKS_INT:
        snprintf(text, size, "%.0f", floor(value));
        return true;
    case SKS_REAL:
        snprintf(text, size, "%.17g", value);
        return true;
    case SKS_FLAG:
        snprintf(text, size, "%s", random_below(random, 2) == 0 ? "yes" : "no");
        return true;
    case SKS_CHOICE:
        while (p->choices[n_choices] != NULL)
            n_choices++;
        snprintf(text, size, "%s", p->choices[random_below(random, n_choices)]);
        return true;
    default:
        if (strcmp(p->name, "weights") != 0)
            return false;
        snprintf(text, size, "%g:%g:%g", log_uniform(random, 1e-6, 1e6), uniform(random) + 0.01,
                 log_uniform(random, 1e-2, 1e2));
        return true;
    }
}

/* Each option with probability 1/2. A step by single tasks of a long loop is what MAX_CHUNKS is
 * for, but not for every second case: an option named chunk is at least n/MAX_CHUNKS in most. */
static void random_options(struct loop_case *c, uint64_t *random)
{
    size_t length = (size_t)snprintf(c->text, sizeof(c->text), "%s", c->scheduler->name);
    char separator = ':';

    for (const sks_param *p = c->scheduler->params; p != NULL && p->name != NULL; p++) {
        char value[64];
        bool is_chunk = strcmp(p->name, "chunk") == 0;

        if (!random_value(p, random, value, sizeof(value)))
            continue;
        if (is_chunk && random_below(random, 8) > 0)
            snprintf(value, sizeof(value), "%.0f",
                     ceil(log_uniform(random, 1 + (double)c->loop.n_tasks / MAX_CHUNKS,
                                      3 + (double)c->loop.n_tasks)));
        else if (random_below(random, 2) == 0)
            continue;
        length += (size_t)snprintf(c->text + length, sizeof(c->text) - length, "%c%s=%s", separator,
                                   p->name, value);
        separator = ',';
    }
    assert_true(length < sizeof(c->text));
}

/* Where the workers sit: not known, or anywhere. */
static const unsigned *random_positions(unsigned n_workers, uint64_t *random)
{
    static unsigned position[MAX_WORKERS];

    if (random_below(random, 2) == 0)
        return NULL;
    for (unsigned w = 0; w < n_workers; w++)
        position[w] = (unsigned)random_below(random, 2 * n_workers);
    return position;
}

/* One random loop under two timings; false when the options did not fit. */
static bool run_case(const sks_scheduler *scheduler, uint64_t seed, bool *is_complete)
{
    struct loop_case c = {.scheduler = scheduler, .seed = seed};
    struct ranges a = {NULL, 0, 0}, b = {NULL, 0, 0};
    uint64_t random = seed;
    sks_values *options;
    sks_status status;
    bool is_complete_again = false;

    c.loop.n_tasks = (size_t)log_uniform(&random, 1, 1e9) - random_below(&random, 2);
    c.loop.n_workers = (unsigned)log_uniform(&random, 1, MAX_WORKERS + 0.999);
    c.loop.position = random_positions(c.loop.n_workers, &random);
    random_options(&c, &random);
    if (sks_scheduler_parse(c.text, &c.scheduler, &options) != SKS_OK)
        fail_msg("%s: %s", c.text, sks_message());
    c.loop.options = options;
    status = run(&c, random_u64(&random), &a, is_complete);
    if (status == SKS_OK)
        check(&c, run(&c, random_u64(&random), &b, &is_complete_again) == SKS_OK);
    else
        check(&c, status == SKS_ERR_USAGE && sks_message()[0] != '\0');
    sks_clear();
    if (status == SKS_OK && *is_complete && is_complete_again)
        check_fixed(&c, &a, &b);
    free(a.range);
    free(b.range);
    sks_values_destroy(options);
    return status == SKS_OK;
}

static void test_random_loops_under_a_virtual_clock(void **unused)
{
    (void)unused;
    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++) {
        unsigned n_complete = 0;

        for (unsigned i = 1; i <= N_CASES; i++) {
            bool is_complete = false;

            if (run_case(sks_scheduler_table[s], case_seed(i), &is_complete))
                n_complete += is_complete;
        }
        if (n_complete < N_CASES / 4)
            fail_msg("%s: only %u of %d loops came to their end", sks_scheduler_table[s]->name,
                     n_complete, N_CASES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_loops_under_a_virtual_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
