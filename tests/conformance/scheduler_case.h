/* One scheduler over one loop in the tests that run over the whole table: what went wrong where,
 * and whether the ranges handed out cover the loop exactly once. */
#ifndef SKYSCALE_TEST_SCHEDULER_CASE_H
#define SKYSCALE_TEST_SCHEDULER_CASE_H

#include "schedulers/scheduler.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct loop_case {
    const sks_scheduler *scheduler;
    sks_loop loop;
    uint64_t seed;
    char text[256]; /* scheduler and options, and how it was driven */
};

/* Says all that is needed to repeat the case. */
#define check(loop_case, condition)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s: %s, %zu tasks, %u workers, SKYSCALE_TEST_SEED=%" PRIu64, #condition,     \
                     (loop_case)->text, (loop_case)->loop.n_tasks, (loop_case)->loop.n_workers,    \
                     (loop_case)->seed);                                                           \
    } while (0)

/* SplitMix64: Steele, Lea & Flood (2014), OOPSLA, 453. */
static inline uint64_t random_u64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline size_t random_below(uint64_t *state, size_t n)
{
    return (size_t)(random_u64(state) % n);
}

/* The seed of the n-th case: from the environment, to repeat one, or n itself. */
static inline uint64_t case_seed(uint64_t n)
{
    const char *seed = getenv("SKYSCALE_TEST_SEED");

    return seed != NULL ? strtoull(seed, NULL, 10) : n;
}

/* What was handed out, and to whom. */
struct handed_out {
    sks_range tasks;
    unsigned worker;
};

struct ranges {
    struct handed_out *range;
    size_t n, capacity;
};

static inline void append(struct ranges *r, sks_range tasks, unsigned worker)
{
    if (r->n == r->capacity) {
        r->capacity = r->capacity > 0 ? 2 * r->capacity : 1024;
        r->range = realloc(r->range, r->capacity * sizeof(*r->range));
        assert_non_null(r->range);
    }
    r->range[r->n++] = (struct handed_out){tasks, worker};
}

static inline int by_begin(const void *a, const void *b)
{
    const struct handed_out *x = a;
    const struct handed_out *y = b;

    return (x->tasks.begin > y->tasks.begin) - (x->tasks.begin < y->tasks.begin);
}

/* Sorts the ranges. Each task exactly once; at most once of a loop that was cut short. */
static inline void check_cover(const struct loop_case *c, struct ranges *r, bool is_complete)
{
    size_t end = 0;

    if (r->n > 0)
        qsort(r->range, r->n, sizeof(*r->range), by_begin);
    for (size_t i = 0; i < r->n; i++) {
        sks_range tasks = r->range[i].tasks;

        check(c, tasks.begin >= end); /* else an overlap */
        if (is_complete)
            check(c, tasks.begin == end); /* else a gap */
        check(c, tasks.end > tasks.begin);
        end = tasks.end;
    }
    check(c, is_complete ? end == c->loop.n_tasks : end <= c->loop.n_tasks);
}

#endif
