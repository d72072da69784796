/* What one chunk costs: time per chunk beyond the chunk's own work, for every rule with chunks of
 * one task, with empty bodies and bodies of about 100 ns, on 1 and 2 threads.
 *
 * Each worker times itself from its first call to the one that says false, so starting threads does
 * not count. Printed is the sum over workers less the bodies (timed alone, before), divided by the
 * chunks: median and extremes of 9 loops. guided runs as if for 65536 workers, which makes its
 * chunks small and many. On 2 threads the distance between the cores decides what a shared line
 * costs, and on virtual machines that changes from second to second.
 *
 * Then what a chunk costs under the rules that adapt, beyond `dynamic`, the shared counter: one
 * thread makes the claims of 8192 workers and reports times that vary. Least of 50 loops, the rules
 * taking turns.
 */
#include "schedulers/scheduler.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_LOOPS = 9, MAX_THREADS = 2, STEPS_OF_100_NS = 90, N_TASKS = 1 << 21 };
enum { N_ADAPTIVE_LOOPS = 50, ADAPTIVE_WORKERS = 1 << 13, ADAPTIVE_TASKS = 1 << 18 };

struct worker {
    _Alignas(SKS_CACHE_LINE) pthread_t thread;
    const sks_scheduler *scheduler;
    void *state;
    pthread_barrier_t *start;
    unsigned number, n_steps;
    double busy_ns;
    size_t n_chunks;
    uint64_t product; /* so that no step can be left out */
};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void fail(void)
{
    fprintf(stderr, "sks_bench: %s\n", sks_message());
    exit(1);
}

/* One chain of dependent steps through all tasks: nothing of one body overlaps the next. */
static uint64_t compute(uint64_t x, sks_range tasks, unsigned n_steps)
{
    if (n_steps == 0)
        return x + tasks.begin;
    for (size_t i = tasks.begin; i < tasks.end; i++)
        for (unsigned k = 0; k < n_steps; k++)
            x = x * 6364136223846793005u + i;
    return x;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    uint64_t x = 0;
    size_t n_chunks = 0;
    sks_range tasks;
    double begin_ns;

    pthread_barrier_wait(w->start);
    begin_ns = now_ns();
    for (; w->scheduler->next(w->state, w->number, &tasks); n_chunks++)
        x = compute(x, tasks, w->n_steps);
    w->busy_ns = now_ns() - begin_ns;
    w->n_chunks = n_chunks;
    w->product = x;
    return NULL;
}

/* One loop: time of all workers together, and the number of chunks. */
static double loop_ns(const sks_scheduler *scheduler, const sks_loop *loop, unsigned n_threads,
                      unsigned n_steps, size_t *n_chunks)
{
    struct worker workers[MAX_THREADS];
    pthread_barrier_t start;
    double busy_ns = 0.0;
    void *state;

    if (sks_scheduler_start(scheduler, loop, &state) != SKS_OK)
        fail();
    pthread_barrier_init(&start, NULL, n_threads);
    for (unsigned w = 0; w < n_threads; w++) {
        workers[w] = (struct worker){.scheduler = scheduler,
                                     .state = state,
                                     .start = &start,
                                     .number = w,
                                     .n_steps = n_steps};
        if (pthread_create(&workers[w].thread, NULL, work, &workers[w]) != 0)
            fail();
    }
    *n_chunks = 0;
    for (unsigned w = 0; w < n_threads; w++) {
        pthread_join(workers[w].thread, NULL);
        busy_ns += workers[w].busy_ns;
        *n_chunks += workers[w].n_chunks;
    }
    pthread_barrier_destroy(&start);
    free(state);
    return busy_ns;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void bench(const char *rule, unsigned n_workers, size_t n_tasks, unsigned n_threads,
                  unsigned n_steps)
{
    const sks_scheduler *scheduler;
    sks_values *options;
    double cost_ns[N_LOOPS];
    size_t n_chunks = 0;

    if (sks_scheduler_parse(rule, &scheduler, &options) != SKS_OK)
        fail();
    for (int i = 0; i < N_LOOPS; i++) {
        sks_loop loop = {n_tasks, n_workers > 0 ? n_workers : n_threads, options, NULL};
        double begin_ns = now_ns();
        volatile uint64_t product = compute(0, (sks_range){0, n_tasks}, n_steps);
        double bodies_ns = now_ns() - begin_ns;

        (void)product;
        cost_ns[i] = loop_ns(scheduler, &loop, n_threads, n_steps, &n_chunks) - bodies_ns;
        cost_ns[i] /= (double)n_chunks;
    }
    qsort(cost_ns, N_LOOPS, sizeof(*cost_ns), ascending);
    printf("%-16s %7u %7s %9zu %9.2f %9.2f %9.2f\n", rule, n_threads, n_steps > 0 ? "100 ns" : "0",
           n_chunks, cost_ns[N_LOOPS / 2], cost_ns[0], cost_ns[N_LOOPS - 1]);
    sks_values_destroy(options);
}

/* Claims and reports all chunks of a loop as its worker 0; nanoseconds a chunk. */
static double claims_ns(const char *rule, size_t *n_chunks)
{
    static const double task_s[] = {0.5e-7, 1.5e-7};
    const sks_scheduler *scheduler;
    sks_values *options;
    sks_loop loop = {.n_tasks = ADAPTIVE_TASKS, .n_workers = ADAPTIVE_WORKERS};
    sks_range tasks;
    double begin_ns, end_ns;
    void *state;

    if (sks_scheduler_parse(rule, &scheduler, &options) != SKS_OK)
        fail();
    loop.options = options;
    if (sks_scheduler_start(scheduler, &loop, &state) != SKS_OK)
        fail();
    *n_chunks = 0;
    begin_ns = now_ns();
    for (size_t i = 0; scheduler->next(state, 0, &tasks); i = ++*n_chunks)
        if (scheduler->done != NULL)
            scheduler->done(state, 0, tasks, (double)(tasks.end - tasks.begin) * task_s[i % 2]);
    end_ns = now_ns();
    free(state);
    sks_values_destroy(options);
    return (end_ns - begin_ns) / (double)*n_chunks;
}

static void bench_adaptive(void)
{
    static const char *const rules[] = {"dynamic",    "awf-b",          "awf-c",
                                        "awf-d",      "awf-e",          "af",
                                        "af:chunk=1", "bold:mean=1e-7", "bold:mean=1e-7,chunk=8"};
    enum { N_RULES = sizeof(rules) / sizeof(*rules) };
    double least_ns[N_RULES];
    size_t n_chunks[N_RULES];

    for (int i = 0; i < N_ADAPTIVE_LOOPS; i++)
        for (int k = 0; k < N_RULES; k++) {
            double ns = claims_ns(rules[k], &n_chunks[k]);

            least_ns[k] = i > 0 && least_ns[k] < ns ? least_ns[k] : ns;
        }
    printf("\n%-24s %9s %9s %9s\n", "adaptive", "chunks", "ns/chunk", "- dynamic");
    for (int k = 0; k < N_RULES; k++)
        printf("%-24s %9zu %9.2f %9.2f\n", rules[k], n_chunks[k], least_ns[k],
               least_ns[k] - least_ns[0]);
}

int main(void)
{
    printf("%-16s %7s %7s %9s %9s %9s %9s\n", "scheduler", "threads", "body", "chunks", "ns/chunk",
           "min", "max");
    for (unsigned n_steps = 0; n_steps <= STEPS_OF_100_NS; n_steps += STEPS_OF_100_NS)
        for (unsigned n_threads = 1; n_threads <= MAX_THREADS; n_threads++) {
            size_t n_tasks = n_steps > 0 ? N_TASKS / 4 : N_TASKS;

            bench("static:chunk=1", 0, n_tasks, n_threads, n_steps);
            bench("dynamic", 0, n_tasks, n_threads, n_steps);
            bench("guided", SKS_MAX_WORKERS, n_tasks, n_threads, n_steps);
            bench("stealing", 0, n_tasks, n_threads, n_steps);
        }
    bench_adaptive();
    return 0;
}
