/* One scheduler over one loop, claim by claim, for tests that know what has to come. */
#ifndef SKYSCALE_TEST_SCHEDULER_RUN_H
#define SKYSCALE_TEST_SCHEDULER_RUN_H

#include "schedulers/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct loop_run {
    const sks_scheduler *scheduler;
    sks_loop loop;
    sks_values *options;
    void *state;
};

static inline struct loop_run start(const char *text, size_t n_tasks, unsigned n_workers)
{
    struct loop_run r;

    if (sks_scheduler_parse(text, &r.scheduler, &r.options) != SKS_OK)
        fail_msg("%s", sks_message());
    r.loop = (sks_loop){.n_tasks = n_tasks, .n_workers = n_workers, .options = r.options};
    if (sks_scheduler_start(r.scheduler, &r.loop, &r.state) != SKS_OK)
        fail_msg("%s: %s", text, sks_message());
    return r;
}

static inline void stop(struct loop_run *r)
{
    free(r->state);
    sks_values_destroy(r->options);
}

static inline void expect(struct loop_run *r, unsigned worker, size_t begin, size_t end)
{
    sks_range tasks;

    assert_true(r->scheduler->next(r->state, worker, &tasks));
    assert_int_equal(tasks.begin, begin);
    assert_int_equal(tasks.end, end);
}

static inline void expect_none(struct loop_run *r, unsigned worker)
{
    assert_false(r->scheduler->next(r->state, worker, &(sks_range){0, 0}));
}

/* The sizes in order, workers asking in turn; the list ends with 0. */
static inline void expect_sizes(const char *text, size_t n_tasks, unsigned n_workers,
                                const size_t *size)
{
    struct loop_run r = start(text, n_tasks, n_workers);
    size_t begin = 0;
    size_t i;

    for (i = 0; size[i] > 0; begin += size[i++])
        expect(&r, (unsigned)(i % n_workers), begin, begin + size[i]);
    assert_int_equal(begin, n_tasks);
    for (unsigned w = 0; w < n_workers; w++)
        expect_none(&r, w);
    stop(&r);
}

#endif
