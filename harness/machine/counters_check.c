/* Which counts may be believed.
 *
 * Self-test  The same work is counted once and three times over. Instructions and branches must
 * then stand as 1 to 3 within 1 %, cycles within 30 % (the clock and a neighbour on the same core
 * move them), page faults and context switches must be at least the ones provoked. Events without a
 * known answer must be readable and plausible. Plausible  not more in a nanosecond than a processor
 * can do, which finds the counts that are off by a multiple of 2^47 on some virtual machines.
 */
#include "harness/machine/counters_source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { N_STEPS = 200000, N_PAGES = 32, N_SLEEPS = 2, SLEEP_NS = 20000 };

enum kind { READABLE, PROPORTIONAL, AT_LEAST };

/* `least` is what the work done once must show at the very least; max_per_ns is generous: a clock
 * of 8 GHz, 8 instructions or 4 branches a cycle. */
static const struct expectation {
    const char *event;
    enum kind kind;
    double least;
    double tolerance;
    double max_per_ns;
} expectations[] = {
    {"instructions", PROPORTIONAL, 2.0 * N_STEPS, 0.01, 64},
    {"PAPI_TOT_INS", PROPORTIONAL, 2.0 * N_STEPS, 0.01, 64},
    {"branches", PROPORTIONAL, 0.9 * N_STEPS, 0.01, 32},
    {"PAPI_BR_INS", PROPORTIONAL, 0.9 * N_STEPS, 0.01, 32},
    {"cycles", PROPORTIONAL, 0.1 * N_STEPS, 0.3, 8},
    {"PAPI_TOT_CYC", PROPORTIONAL, 0.1 * N_STEPS, 0.3, 8},
    {"ref-cycles", PROPORTIONAL, 0.01 * N_STEPS, 0.3, 8},
    {"PAPI_REF_CYC", PROPORTIONAL, 0.01 * N_STEPS, 0.3, 8},
    {"task-clock", AT_LEAST, 1000, 0, 1.1},
    {"page-faults", AT_LEAST, N_PAGES, 0, 1},
    {"minor-faults", AT_LEAST, N_PAGES, 0, 1},
    {"context-switches", AT_LEAST, N_SLEEPS, 0, 1},
    {"major-faults", READABLE, 0, 0, 1},
    {"cpu-migrations", READABLE, 0, 0, 1},
};

/* Floating-point operations of the widest vector units come to some 160 in a nanosecond. */
static const struct expectation unknown = {NULL, READABLE, 0, 0, 512};

/* A count may run over its rate by this much: times are read apart from the counters. */
static const double rate_slack = 1e5;

static const struct expectation *expectation_of(const char *event)
{
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
        if (strcmp(expectations[i].event, event) == 0)
            return &expectations[i];
    return &unknown;
}

/* The empty statement hides `i` from the optimiser, which would otherwise take the loop out. */
static void count_steps(unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        __asm__ volatile("" : "+r"(i));
}

/* Each first touch of a page is one fault, when the kernel does not hand out huge pages. */
static void touch_pages(size_t n)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    volatile char *pages =
        mmap(NULL, n * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return;
    madvise((void *)pages, n * page_bytes, MADV_NOHUGEPAGE); /* refused where there are none */
    for (size_t i = 0; i < n; i++)
        pages[i * page_bytes] = 1;
    munmap((void *)pages, n * page_bytes);
}

void sks_check_work(unsigned scale)
{
    const struct timespec nap = {.tv_nsec = SLEEP_NS};

    count_steps((unsigned long)scale * N_STEPS);
    touch_pages((size_t)scale * N_PAGES);
    for (unsigned i = 0; i < scale * N_SLEEPS; i++)
        nanosleep(&nap, NULL);
}

static void set_count(sks_count *count, sks_quality quality, double value, const char *reason)
{
    count->quality = quality;
    count->value = value;
    snprintf(count->reason, sizeof(count->reason), "%s", reason);
}

void sks_check_judge(const char *event, const sks_raw_count *raw, double elapsed_ns,
                     sks_count *count)
{
    const struct expectation *e = expectation_of(event);
    bool is_shared = raw->running_ns < raw->enabled_ns;
    double value = is_shared ? raw->value * (raw->enabled_ns / raw->running_ns) : raw->value;
    char reason[SKS_REASON_SIZE] = "";

    if (!raw->is_read) {
        set_count(count, SKS_UNAVAILABLE, NAN, raw->reason);
        return;
    }
    if (is_shared && raw->running_ns <= 0) {
        set_count(count, SKS_UNAVAILABLE, NAN,
                  "the processor never had a counter free for it: other programs or the kernel's "
                  "watchdog hold them");
        return;
    }
    if (value < 0 || value > e->max_per_ns * elapsed_ns + rate_slack ||
        (value < 1 && e->kind == PROPORTIONAL)) {
        snprintf(reason, sizeof(reason), "read %.4g in %.3g s, which cannot be", raw->value,
                 1e-9 * elapsed_ns);
        set_count(count, SKS_IMPLAUSIBLE, NAN, reason);
        return;
    }
    if (is_shared)
        snprintf(reason, sizeof(reason), "counted %.0f %% of the time and scaled up",
                 100 * raw->running_ns / raw->enabled_ns);
    set_count(count, is_shared ? SKS_MULTIPLEXED : SKS_EXACT, value, reason);
}

bool sks_check_passes(const char *event, const sks_count *once, const sks_count *thrice,
                      char *reason)
{
    const struct expectation *e = expectation_of(event);
    const sks_count *bad = once->quality > SKS_MULTIPLEXED     ? once
                           : thrice->quality > SKS_MULTIPLEXED ? thrice
                                                               : NULL;

    if (bad != NULL) {
        snprintf(reason, SKS_REASON_SIZE, "%s", bad->reason);
        return false;
    }
    if (e->kind != READABLE && (once->value < e->least || thrice->value < 3 * e->least)) {
        snprintf(
            reason, SKS_REASON_SIZE,
            "failed its self-test: counted %.4g and %.4g where at least %.4g and %.4g happened",
            once->value, thrice->value, e->least, 3 * e->least);
        return false;
    }
    if (e->kind == PROPORTIONAL && fabs(thrice->value / once->value - 3) > 3 * e->tolerance) {
        snprintf(reason, SKS_REASON_SIZE,
                 "failed its self-test: counted %.6g and %.6g for work that is three times as much",
                 once->value, thrice->value);
        return false;
    }
    return true;
}
