/* What scheduling costs, in the style of EPCC's schedbench: the time of a parallel loop beyond the
 * same thread's share of bodies run serially, per iteration; every scheduler of the registry beside
 * the compiler's own OpenMP loops and oneTBB's partitioners.
 *
 *     overhead_bench [THREADS [ROUNDS]]
 *
 * In each round every loop is run once, so that all of them meet the same state of the machine. The
 * core-to-core latency is probed before and after a round; rounds are sorted into "near" and "far"
 * by it (a virtual machine may change from one to the other within seconds), and rounds in which it
 * changed are left out. So are loops during which a thread of the program lost its processor or
 * began late, more than a quarter of the loop after the first. Shown are medians of what is left,
 * how many that is, and ratios to libgomp's and oneTBB's loops with chunks of one in the same
 * rounds.
 *
 * Then the same for a loop without iterations (start and join), and for the harness's executors
 * (bench/overhead_executors.c).
 *
 * Source  Bull (1999), "Measuring synchronisation and scheduling overheads in OpenMP", Proc. 1st
 *         European Workshop on OpenMP, for the method.
 */
#include "bench/overhead.h"
#include "harness/analysis/statistics.h"
#include "harness/executors/pool.h"
#include "harness/measure/chunk_log.h"
#include "harness/measure/clock.h"
#include "harness/measure/noise.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_THREADS = 256, MAX_LOOPS = 96 };
enum { LOG_SHARES = 4 };    /* even shares of the longest loop that fit in a thread's log */
enum { LINGER_US = 10000 }; /* for which a library's threads stay awake after its last loop */
static const double near_limit_s = 100e-9;

static int n_threads = 2, n_rounds = 21;

void overhead_fail(void)
{
    fprintf(stderr, "overhead_bench: %s\n", sks_message());
    exit(1);
}

/* ---- The loops. */

/* One of the loops compared: `kind` says whose. */
struct loop {
    enum { OURS, TIMED, LOGGED, OPENMP, TBB } kind;
    char name[64];
    const sks_scheduler *scheduler; /* ours */
    sks_values *options;
    int schedule, chunk;                /* openmp's, or oneTBB's partitioner */
    double cost_s[OVERHEAD_MAX_ROUNDS]; /* per iteration; NaN: disturbed */
};

static struct loop loops[MAX_LOOPS];
static int n_loops;

struct thread {
    _Alignas(SKS_CACHE_LINE) double start_s;
    uint64_t sum;
};
static struct thread threads[MAX_THREADS];

struct our_loop {
    const struct loop *loop;
    void *state;
    sks_chunk_log *logs;
    unsigned n_steps;
};

static void bind_to(int w)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(w % CPU_SETSIZE, &set);
    sched_setaffinity(0, sizeof(set), &set); /* more threads than units: left where it is */
}

static uint64_t compute(sks_range tasks, unsigned n_steps)
{
    uint64_t sum = 0;

    for (size_t i = tasks.begin; i < tasks.end; i++)
        sum += overhead_body(i, n_steps);
    return sum;
}

/* Obtained and touched once: between the loops it would take so long that the threads fall asleep.
 * The executors, too, do it before they release their workers. */
static sks_chunk_log *logs;

static void create_logs(size_t n_tasks)
{
    if (sks_chunk_logs_create((unsigned)n_threads, n_tasks, &logs) != SKS_OK)
        overhead_fail();
    for (int w = 0; w < n_threads; w++)
        sks_chunk_log_touch(&logs[w]);
}

static sks_chunk_log *emptied_logs(void)
{
    for (int w = 0; w < n_threads; w++)
        logs[w].n = 0;
    return logs;
}

static void work(void *argument, unsigned worker)
{
    const struct our_loop *l = argument;
    const sks_scheduler *s = l->loop->scheduler;
    const bool is_timed = s->done != NULL || l->loop->kind != OURS;
    uint64_t sum = 0;
    sks_range tasks;

    threads[worker].start_s = sks_now_s();
    if (!is_timed) {
        while (s->next(l->state, worker, &tasks))
            sum += compute(tasks, l->n_steps);
    } else {
        while (s->next(l->state, worker, &tasks)) {
            uint64_t before = sks_ticks(), after;

            sum += compute(tasks, l->n_steps);
            after = sks_ticks();
            if (l->logs != NULL)
                sks_chunk_log_add(&l->logs[worker], tasks, before, after, false);
            if (s->done != NULL)
                s->done(l->state, worker, tasks, 4e-10 * (double)(after - before));
        }
    }
    threads[worker].sum = sum;
}

static void pin(void *argument, unsigned worker)
{
    (void)argument;
    bind_to((int)worker);
}

static double run_ours(const struct loop *loop, long n, unsigned n_steps)
{
    sks_loop what = {
        .n_tasks = (size_t)n, .n_workers = (unsigned)n_threads, .options = loop->options};
    struct our_loop l = {.loop = loop, .n_steps = n_steps};
    double begin_s, seconds;

    if (sks_scheduler_start(loop->scheduler, &what, &l.state) != SKS_OK)
        overhead_fail();
    if (loop->kind == LOGGED)
        l.logs = emptied_logs();
    begin_s = sks_now_s();
    if (sks_pool_run((unsigned)n_threads, work, &l) != SKS_OK)
        overhead_fail();
    seconds = sks_now_s() - begin_s;
    free(l.state);
    return seconds;
}

static double run_openmp(const struct loop *loop, long n, unsigned n_steps)
{
    double begin_s;

    omp_set_schedule((omp_sched_t)loop->schedule, loop->chunk);
    begin_s = sks_now_s();
#pragma omp parallel num_threads(n_threads)
    {
        struct thread *t = &threads[omp_get_thread_num()];
        uint64_t sum = 0;

        t->start_s = sks_now_s();
#pragma omp for schedule(runtime) nowait
        for (long i = 0; i < n; i++)
            sum += overhead_body((uint64_t)i, n_steps);
        t->sum = sum;
    }
    return sks_now_s() - begin_s;
}

static double run_tbb(const struct loop *loop, long n, unsigned n_steps)
{
    double begin_s = sks_now_s();

#ifdef HAVE_TBB
    threads[0].sum = overhead_tbb(loop->schedule, n, n_steps, n_threads);
#else
    (void)loop, (void)n, (void)n_steps;
#endif
    for (int w = 0; w < n_threads; w++)
        threads[w].start_s = begin_s; /* it does not tell */
    return sks_now_s() - begin_s;
}

static double run_once(const struct loop *loop, long n, unsigned n_steps)
{
    return loop->kind == OPENMP ? run_openmp(loop, n, n_steps)
           : loop->kind == TBB  ? run_tbb(loop, n, n_steps)
                                : run_ours(loop, n, n_steps);
}

/* ---- Measuring. */

static long switches(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

/* NaN when the threads did not run side by side all the time. */
static double run_clean(const struct loop *loop, long n, unsigned n_steps)
{
    long before = switches();
    double seconds = run_once(loop, n, n_steps);
    double first_s = INFINITY, last_s = -INFINITY;

    for (int w = 0; w < n_threads; w++) {
        first_s = fmin(first_s, threads[w].start_s);
        last_s = fmax(last_s, threads[w].start_s);
    }
    return switches() != before || (n > 0 && last_s - first_s > 0.25 * seconds) ? NAN : seconds;
}

/* Of the rounds in `state`; NaN: none is clean. */
static double median_in(const struct loop *loop, const int *states, int state, int *n_clean)
{
    double values[OVERHEAD_MAX_ROUNDS];
    int n = 0;

    for (int r = 0; r < n_rounds; r++)
        if (states[r] == state && !isnan(loop->cost_s[r]))
            values[n++] = loop->cost_s[r];
    gsl_sort(values, 1, (size_t)n);
    *n_clean = n;
    return n > 0 ? sks_median(values, (size_t)n) : NAN;
}

static double serial_s(long n, unsigned n_steps)
{
    double best = INFINITY;

    for (int i = 0; i < 5; i++) {
        double begin_s = sks_now_s();

        threads[0].sum = compute((sks_range){0, (size_t)n}, n_steps);
        best = fmin(best, sks_now_s() - begin_s);
    }
    return best;
}

enum { NEAR, FAR, CHANGED };

static double probe(void)
{
    return n_threads > 1 ? sks_core_latency(0, 1) : 0;
}

static int state_of(double before_s, double after_s)
{
    if (isnan(before_s) || isnan(after_s) || (before_s < near_limit_s) != (after_s < near_limit_s))
        return CHANGED;
    return before_s < near_limit_s ? NEAR : FAR;
}

static const struct loop *find(const char *name)
{
    for (int i = 0; i < n_loops; i++)
        if (strcmp(loops[i].name, name) == 0)
            return &loops[i];
    return NULL;
}

/* Every logged loop is preceded by the same one without log; median of the difference within a
 * round, with its 95 % interval. */
static void print_logging(const int *states, int state, const char *unit)
{
    for (int i = 1; i < n_loops; i++) {
        double more_s[OVERHEAD_MAX_ROUNDS];
        sks_interval interval;
        size_t n = 0;

        if (loops[i].kind != LOGGED)
            continue;
        for (int r = 0; r < n_rounds; r++) {
            double more = loops[i].cost_s[r] - loops[i - 1].cost_s[r];

            if (states[r] == state && !isnan(more))
                more_s[n++] = more;
        }
        if (n == 0)
            continue;
        gsl_sort(more_s, 1, n);
        interval = sks_median_interval(more_s, n, 0.95, NULL);
        printf("%s: the log adds %.1f %s (%.1f to %.1f, %zu pairs)\n", loops[i].scheduler->name,
               1e9 * sks_median(more_s, n), unit, 1e9 * interval.low, 1e9 * interval.high, n);
    }
}

static void print_table(const int *states, int state, double latency_s, const char *unit)
{
    int n = 0, unused;
    const struct loop *libgomp = find("libgomp dynamic,1"), *tbb = find("oneTBB simple,1");
    double g = median_in(libgomp, states, state, &unused);
    double t = tbb != NULL ? median_in(tbb, states, state, &unused) : NAN;

    for (int r = 0; r < n_rounds; r++)
        n += states[r] == state;
    if (n == 0)
        return;
    printf("\n%s: %d rounds, latency %.0f ns\n%-28s %12s %7s %12s %12s\n",
           state == NEAR ? "near" : "far", n, 1e9 * latency_s, "loop", unit, "clean", "/ libgomp",
           "/ oneTBB");
    for (int i = 0; i < n_loops; i++) {
        double cost = median_in(&loops[i], states, state, &n);

        printf("%-28s %12.2f %7d %12.3f %12.3f\n", loops[i].name, 1e9 * cost, n, cost / g,
               cost / t);
    }
}

/* Whose threads run it. */
static int team_of(const struct loop *loop)
{
    return loop->kind == OPENMP || loop->kind == TBB ? (int)loop->kind : (int)OURS;
}

/* One round. Before each team's first loop the other teams' threads fall asleep, and its own are
 * woken. */
static void run_round(int round, long n, unsigned n_steps, double bodies_s, double share)
{
    for (int i = 0; i < n_loops; i++) {
        if (i == 0 || team_of(&loops[i]) != team_of(&loops[i - 1])) {
            usleep(LINGER_US);
            run_once(&loops[i], n, n_steps);
        }
        loops[i].cost_s[round] = (run_clean(&loops[i], n, n_steps) - bodies_s) / share;
    }
}

/* `unit`: what the time beyond the bodies is divided by for each thread. */
static void measure(const char *title, long n, unsigned n_steps, const char *unit)
{
    const double bodies_s = n > 0 ? serial_s(n / n_threads, n_steps) : 0;
    const double share = n > 0 ? (double)n / n_threads : 1;
    double sum_s[2] = {0, 0};
    int count[2] = {0, 0};
    int states[OVERHEAD_MAX_ROUNDS];

    printf("\n== %s, %d thread%s\n", title, n_threads, n_threads > 1 ? "s" : "");
    for (int r = 0; r < n_rounds; r++) {
        double before_s = probe();

        run_round(r, n, n_steps, bodies_s, share);
        states[r] = state_of(before_s, probe());
        if (states[r] != CHANGED) {
            sum_s[states[r]] += before_s;
            count[states[r]]++;
        }
    }
    for (int s = NEAR; s <= FAR; s++) {
        print_table(states, s, count[s] > 0 ? sum_s[s] / count[s] : NAN, unit);
        if (n > 0)
            print_logging(states, s, unit);
    }
    fflush(stdout);
}

/* ---- Which loops. */

static struct loop *add(int kind, const char *name)
{
    struct loop *l = &loops[n_loops++];

    l->kind = kind;
    snprintf(l->name, sizeof(l->name), "%s", name);
    return l;
}

static void add_ours(int kind, const char *name, const char *rule)
{
    struct loop *l = add(kind, name);

    if (sks_scheduler_parse(rule, &l->scheduler, &l->options) != SKS_OK)
        overhead_fail();
}

static void add_openmp(const char *name, omp_sched_t schedule, int chunk)
{
    struct loop *l = add(OPENMP, name);

    l->schedule = (int)schedule;
    l->chunk = chunk;
}

static void add_all(void)
{
#ifdef HAVE_TBB
    static const char *const partitioners[] = {"oneTBB simple,1", "oneTBB auto", "oneTBB static",
                                               "oneTBB affinity"};
#endif

    add_openmp("libgomp static", omp_sched_static, 0);
    add_openmp("libgomp static,1", omp_sched_static, 1);
    add_openmp("libgomp dynamic,1", omp_sched_dynamic, 1);
    add_openmp("libgomp guided", omp_sched_guided, 1);
#ifdef HAVE_TBB
    for (int i = 0; i < 4; i++)
        add(TBB, partitioners[i])->schedule = i;
#endif
    add_ours(OURS, "static:chunk=1", "static:chunk=1");
    for (int i = 0; sks_scheduler_table[i] != NULL; i++)
        add_ours(OURS, sks_scheduler_table[i]->name, sks_scheduler_table[i]->name);
    add_ours(TIMED, "dynamic, timed", "dynamic");
    add_ours(LOGGED, "dynamic, timed and logged", "dynamic");
    add_ours(TIMED, "stealing, timed", "stealing");
    add_ours(LOGGED, "stealing, timed and logged", "stealing");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *title;
        double body_ns;
        long n;
    } bodies[] = {{"empty body", 0, 20000},
                  {"body of 100 ns", 100, 10000},
                  {"body of 1 us", 1000, 1000},
                  {"body of 10 us", 10000, 200}};
    double step_ns;

    if (argc > 1)
        n_threads = atoi(argv[1]);
    if (argc > 2)
        n_rounds = atoi(argv[2]);
    if (n_threads < 1 || n_threads > MAX_THREADS || n_rounds < 1 ||
        n_rounds > OVERHEAD_MAX_ROUNDS) {
        fprintf(stderr, "usage: overhead_bench [THREADS (1 to %d) [ROUNDS (1 to %d)]]\n",
                (int)MAX_THREADS, (int)OVERHEAD_MAX_ROUNDS);
        return 2;
    }
    omp_set_dynamic(0);
    add_all();
#ifdef HAVE_TBB
    overhead_tbb(0, n_threads, 0, n_threads); /* counts the units it may use: before any is bound */
#endif
    if (sks_pool_run((unsigned)n_threads, pin, NULL) != SKS_OK)
        overhead_fail();
#pragma omp parallel num_threads(n_threads)
    bind_to(omp_get_thread_num());
    step_ns = 1e9 * serial_s(1000, 1000) / 1e6;
    create_logs((size_t)bodies[0].n * LOG_SHARES);
    printf("nanoseconds beyond the bodies, medians; a step of a body takes %.3f ns\n", step_ns);
    for (size_t b = 0; b < sizeof(bodies) / sizeof(*bodies); b++)
        measure(bodies[b].title, bodies[b].n * n_threads,
                (unsigned)(bodies[b].body_ns / step_ns + 0.5), "ns/iteration");
    measure("start and join: no iterations", 0, 0, "ns/loop");
    overhead_executors(n_threads, n_rounds);
    return 0;
}
