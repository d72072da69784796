/* Property: every scheduler of the table keeps the promises of scheduler.h, whatever the order in
 * which workers ask: ranges not empty, in bounds and covering the loop exactly once; false for ever
 * after false; a state that can be initialised again, moved, and stays within its bytes.
 *
 * Workers are driven by one thread in random orders. A failure prints its seed; run again with
 * SKYSCALE_TEST_SEED set to it to repeat that order in every case. */
#include "schedulers/scheduler.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum order { UNIFORM, BURSTS, ONE_AFTER_THE_OTHER, N_ORDERS };
enum { CANARY = 0xA5, PROBES_AFTER_FALSE = 3 };

struct loop_case {
    const sks_scheduler *scheduler;
    sks_loop loop;
    enum order order;
    uint64_t seed;
    char text[64]; /* scheduler and options */
};

struct ranges {
    sks_range *range;
    size_t n, capacity;
};

#define check(loop_case, condition)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s: %s, %zu tasks, %u workers, order %d, SKYSCALE_TEST_SEED=%" PRIu64,       \
                     #condition, (loop_case)->text, (loop_case)->loop.n_tasks,                     \
                     (loop_case)->loop.n_workers, (int)(loop_case)->order, (loop_case)->seed);     \
    } while (0)

/* SplitMix64: Steele, Lea & Flood (2014), OOPSLA, 453. */
static uint64_t random_u64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t random_below(uint64_t *state, size_t n)
{
    return (size_t)(random_u64(state) % n);
}

/* NULL for a rule without this option. */
static const sks_param *chunk_option(const sks_scheduler *scheduler)
{
    for (const sks_param *p = scheduler->params; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, "chunk") == 0)
            return p;
    return NULL;
}

static void append(struct ranges *r, sks_range tasks)
{
    if (r->n == r->capacity) {
        r->capacity = r->capacity > 0 ? 2 * r->capacity : 1024;
        r->range = realloc(r->range, r->capacity * sizeof(*r->range));
        assert_non_null(r->range);
    }
    r->range[r->n++] = tasks;
}

static int by_begin(const void *a, const void *b)
{
    const sks_range *x = a;
    const sks_range *y = b;

    return (x->begin > y->begin) - (x->begin < y->begin);
}

static void check_exact_cover(const struct loop_case *c, struct ranges *r)
{
    size_t end = 0;

    if (r->n > 0)
        qsort(r->range, r->n, sizeof(*r->range), by_begin);
    for (size_t i = 0; i < r->n; i++) {
        check(c, r->range[i].begin == end); /* greater: a gap; less: an overlap */
        check(c, r->range[i].end > r->range[i].begin);
        end = r->range[i].end;
    }
    check(c, end == c->loop.n_tasks);
}

/* A place for a state with a line of canaries before and after it. */
static unsigned char *place_create(size_t size)
{
    unsigned char *place = aligned_alloc(SKS_CACHE_LINE, size + 2 * SKS_CACHE_LINE);

    assert_non_null(place);
    memset(place, CANARY, size + 2 * SKS_CACHE_LINE);
    return place + SKS_CACHE_LINE;
}

static void place_destroy(const struct loop_case *c, unsigned char *state, size_t size)
{
    for (size_t i = 0; i < SKS_CACHE_LINE; i++)
        check(c, state[(ptrdiff_t)i - SKS_CACHE_LINE] == CANARY && state[size + i] == CANARY);
    free(state - SKS_CACHE_LINE);
}

/* Copies the state to a new place and spoils the old one. */
static unsigned char *move_state(const struct loop_case *c, unsigned char *state, size_t size)
{
    unsigned char *moved = place_create(size);

    memcpy(moved, state, size);
    memset(state, 0xff, size);
    place_destroy(c, state, size);
    return moved;
}

/* Calls next() for all workers in the given order until all have got false, moving the state at
 * random moments. */
static unsigned char *drive(const struct loop_case *c, unsigned char *state, size_t size,
                            uint64_t *random, struct ranges *r)
{
    const sks_scheduler *s = c->scheduler;
    unsigned n_live = c->loop.n_workers;
    unsigned *live = malloc(n_live * sizeof(*live));
    unsigned i = 0;
    size_t move_every = 1 + c->loop.n_tasks / 3 + size / 64;

    assert_non_null(live);
    for (unsigned w = 0; w < n_live; w++)
        live[w] = w;
    while (n_live > 0) {
        sks_range tasks = {1, 0};

        if (i >= n_live || c->order == UNIFORM ||
            (c->order == BURSTS && random_below(random, 32) == 0))
            i = (unsigned)random_below(random, n_live);
        if (s->next(state, live[i], &tasks)) {
            check(c, tasks.begin < tasks.end && tasks.end <= c->loop.n_tasks);
            append(r, tasks);
            if (s->done != NULL)
                s->done(state, live[i], tasks, 1e-9 * (double)random_below(random, 1000000));
        } else {
            for (int k = 0; k < PROBES_AFTER_FALSE; k++)
                check(c, !s->next(state, live[i], &tasks));
            live[i] = live[--n_live];
        }
        if (random_below(random, move_every) == 0)
            state = move_state(c, state, size);
    }
    for (unsigned w = 0; w < c->loop.n_workers; w++)
        check(c, !s->next(state, w, &(sks_range){0, 0}));
    free(live);
    return state;
}

static void run_case(const struct loop_case *c)
{
    size_t size = c->scheduler->state_size(&c->loop);
    unsigned char *state = place_create(size);
    uint64_t random = c->seed;
    struct ranges r = {NULL, 0, 0};
    size_t n_calls;

    check(c, size > 0 && size % SKS_CACHE_LINE == 0);
    check(c, c->scheduler->state_size(&c->loop) == size);
    check(c, c->scheduler->init(state, &c->loop) == SKS_OK);
    /* A first, unfinished loop must leave no trace in the second. */
    n_calls = random_below(&random, 20);
    for (size_t i = 0; i < n_calls; i++)
        c->scheduler->next(state, (unsigned)random_below(&random, c->loop.n_workers),
                           &(sks_range){0, 0});
    check(c, c->scheduler->init(state, &c->loop) == SKS_OK);
    state = drive(c, state, size, &random, &r);
    check_exact_cover(c, &r);
    free(r.range);
    place_destroy(c, state, size);
}

/* All orders of one scheduler on one loop; chunk 0: without the option. */
static void run_orders(const sks_scheduler *scheduler, size_t n_tasks, unsigned n_workers,
                       size_t chunk)
{
    static uint64_t n_cases;
    const char *seed = getenv("SKYSCALE_TEST_SEED");
    struct loop_case c = {.scheduler = scheduler, .loop = {n_tasks, n_workers, NULL}};
    sks_values *options;

    if (chunk > 0)
        snprintf(c.text, sizeof(c.text), "%s:chunk=%zu", scheduler->name, chunk);
    else
        snprintf(c.text, sizeof(c.text), "%s", scheduler->name);
    if (sks_scheduler_parse(c.text, &c.scheduler, &options) != SKS_OK)
        fail_msg("%s: %s", c.text, sks_message());
    assert_ptr_equal(c.scheduler, scheduler);
    c.loop.options = options;
    for (int order = 0; order < N_ORDERS; order++) {
        c.order = (enum order)order;
        c.seed = seed != NULL ? strtoull(seed, NULL, 10) : ++n_cases;
        run_case(&c);
    }
    sks_values_destroy(options);
}

static void test_loops_of_all_sizes(void **unused)
{
    static const size_t n_tasks[] = {0,     1, 2, 5, 97, 1000, 7919,
#ifndef __SANITIZE_THREAD__ /* one thread drives all workers: there it would only take long */
                                     100000
#endif
    };
    static const unsigned n_workers[] = {1, 2, 3, 7, 64, 512};

    (void)unused;
    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++)
        for (size_t i = 0; i < sizeof(n_tasks) / sizeof(*n_tasks); i++)
            for (size_t j = 0; j < sizeof(n_workers) / sizeof(*n_workers); j++) {
                size_t n = n_tasks[i];
                size_t chunk[] = {1, 7, n > 0 ? n : 1, n + 1, 9000000000000000};

                run_orders(sks_scheduler_table[s], n, n_workers[j], 0);
                for (size_t k = 0; k < sizeof(chunk) / sizeof(*chunk); k++)
                    if (chunk_option(sks_scheduler_table[s]) != NULL)
                        run_orders(sks_scheduler_table[s], n, n_workers[j], chunk[k]);
            }
}

/* Chunks of about a thousandth keep the number of ranges small; rules without that option, or
 * without a default for it, choose for themselves. The last loop is the longest allowed: nothing
 * may overflow. */
static void test_long_loops(void **unused)
{
    static const size_t n_tasks[] = {1000000000, 4294967295, 4294967296, 8589934597, SIZE_MAX / 2};
    static const unsigned n_workers[] = {1, 3, 64, SKS_MAX_WORKERS};

    (void)unused;
    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++)
        for (size_t i = 0; i < sizeof(n_tasks) / sizeof(*n_tasks); i++)
            for (size_t j = 0; j < sizeof(n_workers) / sizeof(*n_workers); j++) {
                const sks_scheduler *scheduler = sks_scheduler_table[s];
                const sks_param *chunk = chunk_option(scheduler);

                if (chunk != NULL)
                    run_orders(scheduler, n_tasks[i], n_workers[j], n_tasks[i] / 1100 + 1);
                if (chunk == NULL || chunk->default_text == NULL)
                    run_orders(scheduler, n_tasks[i], n_workers[j], 0);
            }
}

static void test_loops_outside_the_limits_are_refused(void **unused)
{
    static const sks_loop bad[] = {{.n_tasks = 10, .n_workers = 0},
                                   {.n_tasks = 10, .n_workers = SKS_MAX_WORKERS + 1},
                                   {.n_tasks = SIZE_MAX / 2 + 1, .n_workers = 4}};

    (void)unused;
    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++)
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
            const sks_scheduler *scheduler;
            sks_loop loop = bad[i];
            sks_values *options;
            void *state = NULL;

            sks_clear();
            assert_int_equal(
                sks_scheduler_parse(sks_scheduler_table[s]->name, &scheduler, &options), SKS_OK);
            loop.options = options;
            assert_int_equal(sks_scheduler_start(scheduler, &loop, &state), SKS_ERR_USAGE);
            assert_null(state);
            assert_non_null(strstr(sks_message(), i < 2 ? "workers" : "tasks"));
            sks_values_destroy(options);
        }
}

static void test_descriptors_are_complete(void **unused)
{
    (void)unused;
    assert_non_null(sks_scheduler_table[0]);
    for (size_t s = 0; sks_scheduler_table[s] != NULL; s++) {
        const sks_scheduler *scheduler = sks_scheduler_table[s];

        assert_true(scheduler->name != NULL && scheduler->name[0] != '\0');
        assert_true(scheduler->summary != NULL && scheduler->summary[0] != '\0');
        assert_true(scheduler->citation != NULL && scheduler->citation[0] != '\0');
        assert_true(scheduler->state_size != NULL && scheduler->init != NULL);
        assert_non_null(scheduler->next);
        for (size_t other = 0; other < s; other++)
            assert_string_not_equal(scheduler->name, sks_scheduler_table[other]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors_are_complete),
        cmocka_unit_test(test_loops_of_all_sizes),
        cmocka_unit_test(test_long_loops),
        cmocka_unit_test(test_loops_outside_the_limits_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
