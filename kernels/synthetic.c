/* Tasks of known cost, to look at schedulers and machines with: no astronomy, but a known answer
 * for load imbalance and for the least possible makespan.
 *
 * Task         one delay: steps of a dependent chain, or of a stream through the worker's own
 *              buffer (kernels/parts/synthetic_load.h)
 * Cost         drawn from the distribution asked for (kernels/parts/synthetic_cost.h); task i takes
 *              sks_task_cost_us(costs, i) microseconds on an idle core, plus about 0.1 us for
 *              drawing that number. The steps are fixed beforehand, cost times steps per
 *              microsecond: a slow clock or a busy memory bus makes tasks longer and is seen. The
 *              mean of the costs is exact for constant, increasing and decreasing, a sample's mean
 *              for the others; the note cost_s has the sum really drawn.
 * Determinism  a task's result is its cost in picoseconds and a random word of its own, to which
 *              the difference between steps counted and steps wanted is added: 0, unless work was
 *              left out. Neither the number of steps nor its calibration enters, so that the digest
 *              is the same for every run, worker count and scheduler (machines whose maths
 *              libraries differ may round a lognormal cost differently).
 * Work         spin: 2 floating-point operations per step, no bytes; memory: 8 bytes per step.
 */
#include "kernels/kernel.h"

#include "kernels/astro/philox.h"
#include "kernels/parts/synthetic_cost.h"
#include "kernels/parts/synthetic_load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    N_SAMPLES = 4,             /* tasks that verify computes again */
    PURPOSE_MARK = 0x6d61726b, /* names the streams of the random words */
};

struct result {
    uint64_t cost_ps;
    uint64_t mark;
};

struct synthetic {
    sks_load_mode mode;
    size_t size_bytes;
    sks_task_costs costs;
    double steps_per_us;

    /* Of the finished run. */
    double n_steps;
    struct result sample[N_SAMPLES];
    sks_digest digest;
};

static const char *const modes[] = {"spin", "memory", NULL};

static const sks_param params[] = {
    {.name = "mode",
     .type = SKS_CHOICE,
     .choices = modes,
     .default_text = "spin",
     .help = "compute only, or read memory"},
    {.name = "tasks",
     .type = SKS_INT,
     .min = 0,
     .max = 1e9,
     .default_text = "10000",
     .unit = "tasks",
     .help = "number of tasks"},
    {.name = "cost",
     .type = SKS_REAL,
     .min = 0,
     .max = 1e9,
     .default_text = "100",
     .unit = "us",
     .help = "mean time of a task on an idle core"},
    {.name = "distribution",
     .type = SKS_CHOICE,
     .choices = sks_cost_distribution_name,
     .default_text = "constant",
     .help = "of the costs over the tasks"},
    {.name = "spread",
     .type = SKS_REAL,
     .min = 0,
     .max = 100,
     .default_text = "0.5",
     .help = "standard deviation of the costs over their mean"},
    {.name = "seed",
     .type = SKS_INT,
     .min = 0,
     .max = 9e15,
     .default_text = "1",
     .help = "of the costs"},
    {.name = "bytes",
     .type = SKS_INT,
     .min = 4096,
     .max = 1e12,
     .default_text = "33554432",
     .unit = "B",
     .help = "memory: size of each worker's buffer"},
    {.name = "steps-per-us",
     .type = SKS_REAL,
     .min = 1e-3,
     .max = 1e6,
     .unit = "steps/us",
     .help = "the same work everywhere instead of the same time; default: as calibrated here"},
    {0},
};

static sks_status prepare(const sks_values *values, void **state)
{
    struct synthetic *s = calloc(1, sizeof(*s));
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("the synthetic kernel");
    s->mode = (sks_load_mode)sks_values_choice(values, "mode");
    s->size_bytes = (size_t)sks_values_int(values, "bytes");
    status = sks_task_costs_init((sks_cost_distribution)sks_values_choice(values, "distribution"),
                                 (size_t)sks_values_int(values, "tasks"),
                                 sks_values_real(values, "cost"), sks_values_real(values, "spread"),
                                 (uint64_t)sks_values_int(values, "seed"), &s->costs);
    if (status == SKS_OK && sks_values_has(values, "steps-per-us"))
        s->steps_per_us = sks_values_real(values, "steps-per-us");
    else if (status == SKS_OK)
        status = sks_load_calibrate(s->mode, s->size_bytes, &s->steps_per_us);
    if (status != SKS_OK) {
        free(s);
        return status;
    }
    *state = s;
    return SKS_OK;
}

static size_t task_count(const void *state)
{
    return ((const struct synthetic *)state)->costs.n_tasks;
}

static size_t result_size(const void *state)
{
    (void)state;
    return sizeof(struct result);
}

static sks_status scratch(const void *state, void **scratch)
{
    const struct synthetic *s = state;
    sks_load *load;
    sks_status status = sks_load_create(s->mode, s->size_bytes, &load);

    if (status == SKS_OK)
        *scratch = load;
    return status;
}

static void scratch_free(void *scratch)
{
    sks_load_destroy(scratch);
}

/* A lognormal cost has no upper end, a whole number has. */
static uint64_t whole(double x)
{
    return (uint64_t)llround(fmin(x, 0x1p62));
}

static uint64_t steps_of(const struct synthetic *s, uint64_t cost_ps)
{
    return whole(1e-6 * (double)cost_ps * s->steps_per_us);
}

static struct result run_task(const struct synthetic *s, sks_load *load, size_t task)
{
    sks_philox random = sks_philox_stream(s->costs.seed, PURPOSE_MARK, task);
    uint64_t cost_ps = whole(1e6 * sks_task_cost_us(&s->costs, task));
    uint64_t n_steps = steps_of(s, cost_ps);
    uint64_t mark = (uint64_t)sks_philox_word(&random) << 32 | sks_philox_word(&random);

    mark += sks_load_work(load, n_steps) - n_steps;
    return (struct result){.cost_ps = cost_ps, .mark = mark};
}

static sks_status run(const void *state, void *scratch, sks_range tasks, void *results)
{
    struct result *result = results;

    for (size_t task = tasks.begin; task < tasks.end; task++) {
        *result++ = run_task(state, scratch, task);
        if (sks_cancel)
            return sks_fail(SKS_ERR_CANCELLED, "interrupted");
    }
    return SKS_OK;
}

static size_t sample_task(const struct synthetic *s, size_t i)
{
    return i * (s->costs.n_tasks - 1) / (N_SAMPLES - 1);
}

static void hash_results(const struct result *result, size_t n, sks_digest *digest)
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(result, n * sizeof(*result)));
    for (size_t i = 0; i < sizeof(canonical.digest); i++)
        snprintf(digest->hex + 2 * i, 3, "%02x", canonical.digest[i]);
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    struct synthetic *s = state;
    const struct result *result = results;
    size_t n = s->costs.n_tasks;
    double sum_s = 0;
    uint64_t longest_ps = 0;

    for (size_t i = 0; i < n; i++) {
        sum_s += 1e-12 * (double)result[i].cost_ps;
        if (result[i].cost_ps > longest_ps)
            longest_ps = result[i].cost_ps;
        s->n_steps += (double)steps_of(s, result[i].cost_ps);
    }
    for (size_t i = 0; n > 0 && i < N_SAMPLES; i++)
        s->sample[i] = result[sample_task(s, i)];
    hash_results(result, n, &s->digest);
    sks_notes_add(notes, "cost_s", sum_s);
    sks_notes_add(notes, "longest_us", 1e-6 * (double)longest_ps);
    sks_notes_add(notes, "steps_per_us", s->steps_per_us);
    return SKS_OK;
}

/* A few tasks again, alone. */
static sks_status verify(const void *state)
{
    const struct synthetic *s = state;
    sks_load *load;
    sks_status status = sks_load_create(s->mode, s->size_bytes, &load);

    if (status != SKS_OK)
        return status;
    for (size_t i = 0; status == SKS_OK && s->costs.n_tasks > 0 && i < N_SAMPLES; i++) {
        struct result again = run_task(s, load, sample_task(s, i));

        if (sks_cancel)
            status = sks_fail(SKS_ERR_CANCELLED, "interrupted");
        else if (memcmp(&again, &s->sample[i], sizeof(again)) != 0)
            status = sks_fail(SKS_ERR_BUG, "verification: task %zu gave another result when alone",
                              sample_task(s, i));
    }
    sks_load_destroy(load);
    return status;
}

static sks_status digest(const void *state, sks_digest *digest)
{
    *digest = ((const struct synthetic *)state)->digest;
    return SKS_OK;
}

static sks_work work(const void *state)
{
    const struct synthetic *s = state;
    bool spins = s->mode == SKS_LOAD_SPIN;

    return (sks_work){.flops = spins ? 2 * s->n_steps : 0, .bytes = spins ? 0 : 8 * s->n_steps};
}

const sks_kernel sks_kernel_synthetic = {
    .name = "synthetic",
    .summary = "tasks of known cost: spin, or stream through memory",
    .task = "one delay",
    .cost = "as asked: constant, increasing, decreasing, random, normal, lognormal, bimodal",
    .citation = "none: the cost distributions usual in the literature on loop self-scheduling",
    .params = params,
    .prepare = prepare,
    .task_count = task_count,
    .result_size = result_size,
    .scratch = scratch,
    .scratch_free = scratch_free,
    .run = run,
    .finish = finish,
    .verify = verify,
    .digest = digest,
    .work = work,
    .teardown = free,
};
