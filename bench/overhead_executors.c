/* What the harness adds to a chunk between the kernel's tasks, for every executor, and what logging
 * the chunks adds to that: the null kernel in chunks of one task.
 *
 * In each round (five for one of the loops) every executor runs the rule once, forwards and
 * backwards in turn, so that all meet the same state of the machine. What an executor costs more
 * than `threads`, and how many times as much, are medians over the rounds of the difference and of
 * the ratio within a round, with their order-statistic 95 % interval. Left out are runs in which a
 * worker lost its processor, or began late by more than a tenth of the loop; not so where workers
 * wait for messages, and give way all the time.
 */
#include "bench/overhead.h"
#include "harness/analysis/statistics.h"
#include "harness/measure/run.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RUNS_PER_ROUND = 5, MAX_ROWS = 16, MAX_RUNS = RUNS_PER_ROUND * OVERHEAD_MAX_ROUNDS };
enum { N_TASKS = 20000, N_TASKS_BY_MESSAGE = 200 };

struct row {
    const sks_executor *executor;
    bool is_logged;
    bool by_message;
    sks_values *parameters;
    double cost_s[MAX_RUNS]; /* a chunk; NaN: disturbed */
    double startup_s[MAX_RUNS];
};

static struct row rows[MAX_ROWS];
static int n_rows;

static void add(const sks_kernel *kernel, const sks_executor *executor, bool is_logged)
{
    struct row *row = &rows[n_rows++];
    char tasks[32];

    row->executor = executor;
    row->is_logged = is_logged;
    row->by_message = strcmp(executor->name, "queue") == 0 || strcmp(executor->name, "mpi") == 0;
    snprintf(tasks, sizeof(tasks), "%d", row->by_message ? N_TASKS_BY_MESSAGE : N_TASKS);
    if (sks_values_create(kernel->params, &row->parameters) != SKS_OK ||
        sks_values_set(row->parameters, "tasks", tasks, "tasks") != SKS_OK)
        overhead_fail();
}

/* `threads`, which the registry begins with, is the first row. */
static void add_all(const sks_kernel *kernel)
{
    for (size_t e = 0; sks_executor_table[e] != NULL && n_rows + 2 <= MAX_ROWS; e++) {
        const sks_executor *executor = sks_executor_table[e];

        if (executor->unavailable != NULL && executor->unavailable() != NULL)
            continue;
        add(kernel, executor, false);
        if (e == 0)
            add(kernel, executor, true);
    }
}

static bool is_disturbed(const struct row *row, const sks_record *record)
{
    for (unsigned w = 0; w < record->n_workers; w++)
        if (record->workers[w].involuntary_switches > 0 && !row->by_message)
            return true;
    return record->start_skew_s > 0.1 * record->phases.parallel_s && !row->by_message;
}

static void run(struct row *row, int i, sks_configuration *c, const sks_topology *topology)
{
    sks_record record;

    c->executor = row->executor;
    c->parameters = row->parameters;
    c->log_capacity = row->is_logged ? SIZE_MAX : 0;
    row->cost_s[i] = row->startup_s[i] = NAN;
    if (sks_executor_check(c->executor, c->scheduler, c->scheduler_options, c->n_workers) !=
        SKS_OK) {
        sks_clear();
        return;
    }
    if (sks_run(c, topology, &record) != SKS_OK)
        overhead_fail();
    if (!is_disturbed(row, &record)) {
        row->cost_s[i] = record.overhead_per_chunk_s;
        row->startup_s[i] = record.phases.startup_s;
    }
    sks_record_clear(&record);
}

/* Of the values that are known; reorders them. */
struct summary {
    size_t n;
    double median, least; /* NaN: none is known */
    sks_interval interval;
};

static struct summary summarise(double *x, int n)
{
    struct summary s = {.median = NAN, .least = NAN, .interval = sks_no_interval};

    for (int i = 0; i < n; i++)
        if (!isnan(x[i]))
            x[s.n++] = x[i];
    if (s.n == 0)
        return s;
    gsl_sort(x, 1, s.n);
    s.median = sks_median(x, s.n);
    s.least = x[0];
    s.interval = sks_median_interval(x, s.n, 0.95, NULL);
    return s;
}

/* Nothing for an executor that cannot run the rule. */
static void print_row(const struct row *row, const char *rule, int n_runs)
{
    const double *threads_s = rows[0].cost_s;
    double cost_s[MAX_RUNS], startup_s[MAX_RUNS], more_s[MAX_RUNS], times[MAX_RUNS];
    struct summary cost, startup, more, ratio;
    char name[32];

    for (int i = 0; i < n_runs; i++) {
        cost_s[i] = row->cost_s[i];
        startup_s[i] = row->startup_s[i];
        more_s[i] = row->cost_s[i] - threads_s[i];
        times[i] = row->cost_s[i] / threads_s[i];
    }
    cost = summarise(cost_s, n_runs);
    if (cost.n == 0)
        return;
    startup = summarise(startup_s, n_runs);
    more = summarise(more_s, n_runs);
    ratio = summarise(times, n_runs);
    snprintf(name, sizeof(name), "%s%s", row->executor->name, row->is_logged ? ", logged" : "");
    printf("%-15s %-14s %5zu %9.1f %9.1f %9.1f %8.1f %8.1f %9.3f %7.3f %7.3f %10.1f\n", name, rule,
           more.n, 1e9 * cost.median, 1e9 * cost.least, 1e9 * more.median, 1e9 * more.interval.low,
           1e9 * more.interval.high, ratio.median, ratio.interval.low, ratio.interval.high,
           1e6 * startup.median);
}

static void measure(const sks_kernel *kernel, const char *rule, const sks_topology *topology,
                    unsigned n_workers, int n_runs)
{
    sks_configuration c = {
        .kernel = kernel, .n_workers = n_workers, .binding = "cores", .skips_digest = true};
    sks_values *options;

    if (sks_scheduler_parse(rule, &c.scheduler, &options) != SKS_OK)
        overhead_fail();
    c.scheduler_options = options;
    for (int i = 0; i < n_runs; i++)
        for (int k = 0; k < n_rows; k++)
            run(&rows[i % 2 == 0 ? k : n_rows - 1 - k], i, &c, topology);
    for (int k = 0; k < n_rows; k++)
        print_row(&rows[k], rule, n_runs);
    fflush(stdout);
    sks_values_destroy(options);
}

void overhead_executors(int n_threads, int n_rounds)
{
    static const char *const rules[] = {"static:chunk=1", "dynamic", "stealing"};
    const sks_kernel *kernel;
    sks_topology *topology;

    if (sks_topology_load(NULL, &topology) != SKS_OK || sks_kernel_find("null", &kernel) != SKS_OK)
        overhead_fail();
    add_all(kernel);
    printf(
        "\n== executors: null kernel, chunks of one task, %d workers, %d rounds\n%-15s %-14s %5s "
        "%9s %9s %9s %8s %8s %9s %7s %7s %10s\n",
        n_threads, RUNS_PER_ROUND * n_rounds, "executor", "scheduler", "pairs", "ns/chunk", "least",
        "- threads", "low", "high", "/ threads", "low", "high", "start us");
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        measure(kernel, rules[i], topology, (unsigned)n_threads, RUNS_PER_ROUND * n_rounds);
    for (int k = 0; k < n_rows; k++)
        sks_values_destroy(rows[k].parameters);
    sks_topology_destroy(topology);
}
