#include "harness/measure/noise.h"

#include "harness/measure/clock.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static double timeval_s(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

/* Processor time since boot, all processors together: what the host took away, and what was used
 * by anyone. The fields are documented in proc(5); guest time is contained in user time. */
static void read_processor_time(double *steal_s, double *busy_s)
{
    double user, nice, system, irq, softirq, steal;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/stat", "re");

    *steal_s = *busy_s = NAN;
    if (file == NULL)
        return;
    if (fscanf(file, "cpu %lf %lf %lf %*f %*f %lf %lf %lf", &user, &nice, &system, &irq, &softirq,
               &steal) == 6) {
        *steal_s = tick_s * steal;
        *busy_s = tick_s * (user + nice + system + irq + softirq);
    }
    fclose(file);
}

static void read_mark(sks_noise_mark *mark)
{
    struct rusage self, children;

    *mark = (sks_noise_mark){NAN, NAN, NAN, NAN, NAN};
    read_processor_time(&mark->steal_s, &mark->busy_s);
    if (getrusage(RUSAGE_SELF, &self) != 0)
        return;
    mark->involuntary_switches = (double)self.ru_nivcsw;
    mark->major_faults = (double)self.ru_majflt;
    if (getrusage(RUSAGE_CHILDREN, &children) == 0)
        mark->own_s = timeval_s(self.ru_utime) + timeval_s(self.ru_stime) +
                      timeval_s(children.ru_utime) + timeval_s(children.ru_stime);
}

void sks_noise_begin(sks_noise_mark *mark)
{
    read_mark(mark);
}

/* The first unit this process may use; -1 when the system does not tell. */
static int first_unit(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return -1;
    for (int unit = 0; unit < CPU_SETSIZE; unit++)
        if (CPU_ISSET(unit, &set))
            return unit;
    return -1;
}

static double cpufreq_hz(int unit)
{
    char path[96];
    double khz = NAN;
    FILE *file;

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", unit);
    file = fopen(path, "re");
    if (file == NULL)
        return NAN;
    if (fscanf(file, "%lf", &khz) != 1)
        khz = NAN;
    fclose(file);
    return 1e3 * khz;
}

static double cpuinfo_hz(int unit)
{
    char line[256];
    int processor = -1;
    double mhz = NAN;
    FILE *file = fopen("/proc/cpuinfo", "re");

    if (file == NULL)
        return NAN;
    while (fgets(line, sizeof(line), file) != NULL) {
        sscanf(line, "processor : %d", &processor);
        if (processor == unit && sscanf(line, "cpu MHz : %lf", &mhz) == 1)
            break;
    }
    fclose(file);
    return 1e6 * mhz;
}

static double frequency_hz(void)
{
    int unit = first_unit();
    double hz = unit < 0 ? NAN : cpufreq_hz(unit);

    return unit < 0 || !isnan(hz) ? hz : cpuinfo_hz(unit);
}

void sks_noise_end(const sks_noise_mark *mark, sks_noise *noise)
{
    sks_noise_mark end;
    double other_s;

    read_mark(&end);
    other_s = (end.busy_s - mark->busy_s) - (end.own_s - mark->own_s);
    *noise = (sks_noise){
        .involuntary_switches = end.involuntary_switches - mark->involuntary_switches,
        .major_faults = end.major_faults - mark->major_faults,
        .steal_s = end.steal_s - mark->steal_s,
        /* The system counts in ticks of some 10 ms, ours is exact: rounding may end below zero. */
        .other_load_s = other_s < 0 ? 0 : other_s,
        .frequency_hz = frequency_hz(),
        .latency_before_s = NAN,
        .latency_after_s = NAN,
    };
}

/* Core-to-core latency: the server writes odd numbers into `ball`, the other side answers with the
 * even one that follows. */
enum { N_BATCHES = 80, BATCH = 25, MIN_BATCHES = 3, SPINS_PER_LOOK = 64, CACHE_LINES = 128 };

/* How long the server waits for its partner to be scheduled, and how long the two then play. */
static const double meet_s = 2e-3;
static const double play_s = 0.7e-3;

struct game {
    /* Written by both in turn, alone on its cache lines. Acquire and release order nothing else;
     * they keep the exchange from being combined with its neighbours. */
    _Alignas(CACHE_LINES) atomic_uint ball;
    /* Written once by the server, read by the partner while it waits: relaxed, it carries no data.
     * Apart from the ball, lest reading it move the line under measurement. */
    _Alignas(CACHE_LINES) atomic_bool is_over;
    _Alignas(CACHE_LINES) double batch_s[N_BATCHES]; /* time of a batch; read after the join */
    size_t n_batches;
};

static void *partner(void *arg)
{
    struct game *game = arg;
    unsigned spins = 0;

    for (unsigned expected = 1;;) {
        if (atomic_load_explicit(&game->ball, memory_order_acquire) == expected) {
            atomic_store_explicit(&game->ball, expected + 1, memory_order_release);
            expected += 2;
        } else if (++spins % SPINS_PER_LOOK == 0 &&
                   atomic_load_explicit(&game->is_over, memory_order_relaxed)) {
            return NULL;
        }
    }
}

/* One round trip; false when no answer came before `deadline_s`. */
static bool serve(struct game *game, unsigned number, double deadline_s)
{
    unsigned spins = 0;

    atomic_store_explicit(&game->ball, number, memory_order_release);
    while (atomic_load_explicit(&game->ball, memory_order_acquire) != number + 1)
        if (++spins % SPINS_PER_LOOK == 0 && sks_now_s() > deadline_s)
            return false;
    return true;
}

static void *server(void *arg)
{
    struct game *game = arg;
    unsigned number = 1;
    double begin_s = sks_now_s();
    double deadline_s;

    if (!serve(game, number, begin_s + meet_s))
        goto out;
    begin_s = sks_now_s();
    deadline_s = begin_s + play_s;
    while (game->n_batches < N_BATCHES && begin_s < deadline_s) {
        double end_s;

        for (int i = 0; i < BATCH; i++)
            if (!serve(game, number += 2, deadline_s))
                goto out;
        end_s = sks_now_s();
        game->batch_s[game->n_batches++] = end_s - begin_s;
        begin_s = end_s;
    }
out:
    atomic_store_explicit(&game->is_over, true, memory_order_relaxed);
    return NULL;
}

static bool start_on(int unit, void *(*body)(void *), struct game *game, pthread_t *thread)
{
    pthread_attr_t attr;
    cpu_set_t set;
    bool has_started;

    if (pthread_attr_init(&attr) != 0)
        return false;
    CPU_ZERO(&set);
    CPU_SET(unit, &set);
    has_started = pthread_attr_setaffinity_np(&attr, sizeof(set), &set) == 0 &&
                  pthread_create(thread, &attr, body, game) == 0;
    pthread_attr_destroy(&attr);
    return has_started;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A round trip is two one-way transfers. The median passes over batches in which a thread was
 * taken off its processor. */
static double one_way_s(struct game *game)
{
    size_t n = game->n_batches;

    if (n < MIN_BATCHES)
        return NAN;
    qsort(game->batch_s, n, sizeof(game->batch_s[0]), by_value);
    return game->batch_s[n / 2] / (2.0 * BATCH);
}

double sks_core_latency(int a, int b)
{
    struct game game = {.n_batches = 0};
    pthread_t threads[2];

    if (a < 0 || b < 0 || a >= CPU_SETSIZE || b >= CPU_SETSIZE || a == b)
        return NAN;
    if (!start_on(b, partner, &game, &threads[1]))
        return NAN;
    if (start_on(a, server, &game, &threads[0]))
        pthread_join(threads[0], NULL);
    atomic_store_explicit(&game.is_over, true, memory_order_relaxed);
    pthread_join(threads[1], NULL);
    return one_way_s(&game);
}
