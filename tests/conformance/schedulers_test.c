/* Property: every scheduler of the table keeps the promises of scheduler.h, whatever the order in
 * which workers ask: ranges not empty, in bounds and covering the loop exactly once; false for ever
 * after false; a state that can be initialised again, moved, and stays within its bytes.
 *
 * Workers are driven by one thread in random orders. A failure prints its seed; run again with
 * SKYSCALE_TEST_SEED set to it to repeat that order in every case. */
#include "scheduler_case.h"

#include <stdio.h>

enum order { UNIFORM, BURSTS, ONE_AFTER_THE_OTHER, N_ORDERS };
enum { CANARY = 0xA5, PROBES_AFTER_FALSE = 3 };

/* Loops of more chunks are left unfinished: what was handed out until then is checked. */
#ifdef __SANITIZE_THREAD__ /* one thread drives all workers: there it would only take long */
enum { MAX_CHUNKS = 5000 };
#else
enum { MAX_CHUNKS = 70000 };
#endif

/* NULL for a rule without this option. */
static const sks_param *chunk_option(const sks_scheduler *scheduler)
{
    for (const sks_param *p = scheduler->params; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, "chunk") == 0)
            return p;
    return NULL;
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

/* Calls next() for all workers in the given order until all have got false (then true) or there are
 * MAX_CHUNKS, moving the state at random moments. */
static bool drive(const struct loop_case *c, enum order order, unsigned char **place, size_t size,
                  uint64_t *random, struct ranges *r)
{
    const sks_scheduler *s = c->scheduler;
    unsigned char *state = *place;
    unsigned n_live = c->loop.n_workers;
    unsigned *live = malloc(n_live * sizeof(*live));
    unsigned i = 0;
    size_t move_every = 1 + c->loop.n_tasks / 3 + size / 64;

    assert_non_null(live);
    for (unsigned w = 0; w < n_live; w++)
        live[w] = w;
    while (n_live > 0 && r->n < MAX_CHUNKS) {
        sks_range tasks = {1, 0};

        if (i >= n_live || order == UNIFORM || (order == BURSTS && random_below(random, 32) == 0))
            i = (unsigned)random_below(random, n_live);
        if (s->next(state, live[i], &tasks)) {
            check(c, tasks.begin < tasks.end && tasks.end <= c->loop.n_tasks);
            append(r, tasks, live[i]);
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
    for (unsigned w = 0; n_live == 0 && w < c->loop.n_workers; w++)
        check(c, !s->next(state, w, &(sks_range){0, 0}));
    free(live);
    *place = state;
    return n_live == 0;
}

static void run_case(const struct loop_case *c, enum order order)
{
    size_t size = c->scheduler->state_size(&c->loop);
    unsigned char *state = place_create(size);
    uint64_t random = c->seed;
    struct ranges r = {NULL, 0, 0};
    size_t n_calls;
    bool is_complete;

    check(c, size > 0 && size % SKS_CACHE_LINE == 0);
    check(c, c->scheduler->state_size(&c->loop) == size);
    check(c, c->scheduler->init(state, &c->loop) == SKS_OK);
    /* A first, unfinished loop must leave no trace in the second. */
    n_calls = random_below(&random, 20);
    for (size_t i = 0; i < n_calls; i++)
        c->scheduler->next(state, (unsigned)random_below(&random, c->loop.n_workers),
                           &(sks_range){0, 0});
    check(c, c->scheduler->init(state, &c->loop) == SKS_OK);
    is_complete = drive(c, order, &state, size, &random, &r);
    check_cover(c, &r, is_complete);
    free(r.range);
    place_destroy(c, state, size);
}

/* All orders of one scheduler on one loop, or one in turn where there are thousands of workers;
 * chunk 0: without the option. */
static void run_orders(const sks_scheduler *scheduler, size_t n_tasks, unsigned n_workers,
                       size_t chunk)
{
    static const char *const order_name[] = {"uniform", "bursts", "one after the other"};
    static uint64_t n_cases;
    struct loop_case c = {.loop = {.n_tasks = n_tasks, .n_workers = n_workers}};
    sks_values *options;
    size_t length;

    if (chunk > 0)
        snprintf(c.text, sizeof(c.text), "%s:chunk=%zu", scheduler->name, chunk);
    else
        snprintf(c.text, sizeof(c.text), "%s", scheduler->name);
    if (sks_scheduler_parse(c.text, &c.scheduler, &options) != SKS_OK)
        fail_msg("%s: %s", c.text, sks_message());
    assert_ptr_equal(c.scheduler, scheduler);
    c.loop.options = options;
    length = strlen(c.text);
    for (int order = 0; order < N_ORDERS; order++) {
        snprintf(c.text + length, sizeof(c.text) - length, ", %s", order_name[order]);
        c.seed = case_seed(++n_cases);
        if (n_workers <= 512 || n_cases / N_ORDERS % N_ORDERS == (uint64_t)order)
            run_case(&c, (enum order)order);
    }
    sks_values_destroy(options);
}

static void test_loops_of_all_sizes(void **unused)
{
    static const size_t n_tasks[] = {0,     1, 2, 5, 97, 1000, 7919,
#ifndef __SANITIZE_THREAD__
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
