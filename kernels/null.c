/* Nothing: empty tasks, to measure the harness itself.
 *
 * Task         one empty task
 * Cost         none
 * Determinism  the product is the number of tasks that were run, which verify compares with the
 *              number there are
 * Work         no operations, no bytes
 */
#include "kernels/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct null {
    size_t n_tasks;
    size_t n_run; /* counted in finish */
};

static const sks_param params[] = {
    {.name = "tasks",
     .type = SKS_INT,
     .min = 0,
     .max = 1e9,
     .default_text = "10000",
     .unit = "tasks",
     .help = "number of tasks"},
    {0},
};

static sks_status prepare(const sks_values *values, void **state)
{
    struct null *n = calloc(1, sizeof(*n));

    if (n == NULL)
        return sks_fail_nomem("the null kernel");
    n->n_tasks = (size_t)sks_values_int(values, "tasks");
    *state = n;
    return SKS_OK;
}

static size_t task_count(const void *state)
{
    return ((const struct null *)state)->n_tasks;
}

static size_t result_size(const void *state)
{
    (void)state;
    return 1;
}

/* A mark per task, so that a task left out or run twice over another's place is seen. */
static sks_status run(const void *state, void *scratch, sks_range tasks, void *results)
{
    (void)state;
    (void)scratch;
    memset(results, 1, tasks.end - tasks.begin);
    return SKS_OK;
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    struct null *n = state;
    const unsigned char *mark = results;

    for (size_t i = 0; i < n->n_tasks; i++)
        n->n_run += mark[i] == 1;
    sks_notes_add(notes, "tasks_run", (double)n->n_run);
    return SKS_OK;
}

static sks_status verify(const void *state)
{
    const struct null *n = state;

    if (n->n_run != n->n_tasks)
        return sks_fail(SKS_ERR_BUG, "verification: %zu of %zu tasks were run", n->n_run,
                        n->n_tasks);
    return SKS_OK;
}

static sks_status digest(const void *state, sks_digest *digest)
{
    snprintf(digest->hex, sizeof(digest->hex), "%032zx", ((const struct null *)state)->n_run);
    return SKS_OK;
}

static sks_work work(const void *state)
{
    (void)state;
    return (sks_work){.flops = 0.0, .bytes = 0.0};
}

const sks_kernel sks_kernel_null = {
    .name = "null",
    .summary = "nothing: measures the harness itself",
    .task = "one empty task",
    .cost = "none",
    .citation = "none: an empty loop body, as in EPCC's overhead benchmarks",
    .params = params,
    .prepare = prepare,
    .task_count = task_count,
    .result_size = result_size,
    .run = run,
    .finish = finish,
    .verify = verify,
    .digest = digest,
    .work = work,
    .teardown = free,
};
