/* Counts from the kernel's accounting of the calling thread (getrusage, the thread's processor-time
 * clock): always permitted, also where perf events are shut off (containers, perf_event_paranoid).
 * No hardware events. */
#include "harness/machine/counters_source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum quantity { TASK_CLOCK, PAGE_FAULTS, MINOR_FAULTS, MAJOR_FAULTS, CONTEXT_SWITCHES };

static const char *const names[] = {
    [TASK_CLOCK] = "task-clock",
    [PAGE_FAULTS] = "page-faults",
    [MINOR_FAULTS] = "minor-faults",
    [MAJOR_FAULTS] = "major-faults",
    [CONTEXT_SWITCHES] = "context-switches",
};

struct rusage_session {
    size_t n;
    sks_event_code codes[SKS_MAX_EVENTS];
    double before[SKS_MAX_EVENTS]; /* NaN: not read */
    double after[SKS_MAX_EVENTS];
};

static const char *rusage_label(void)
{
    return "rusage";
}

static const char *rusage_unavailable(void)
{
    return "the kernel's accounting has no hardware events";
}

static sks_knowledge rusage_resolve(const char *event, sks_event_code *code, char *reason)
{
    (void)reason;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(event, names[i]) == 0) {
            *code = (sks_event_code){.config = i};
            return SKS_EVENT_KNOWN;
        }
    return SKS_EVENT_UNKNOWN;
}

static double thread_time_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        return NAN;
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static double quantity(const struct rusage *usage, enum quantity which)
{
    switch (which) {
    case TASK_CLOCK:
        return thread_time_ns();
    case PAGE_FAULTS:
        return (double)usage->ru_minflt + (double)usage->ru_majflt;
    case MINOR_FAULTS:
        return (double)usage->ru_minflt;
    case MAJOR_FAULTS:
        return (double)usage->ru_majflt;
    case CONTEXT_SWITCHES:
        return (double)usage->ru_nvcsw + (double)usage->ru_nivcsw;
    }
    return NAN;
}

static void read_all(const struct rusage_session *s, double *values)
{
    struct rusage usage;
    bool is_read = getrusage(RUSAGE_THREAD, &usage) == 0;

    for (size_t i = 0; i < s->n; i++)
        values[i] = is_read ? quantity(&usage, (enum quantity)s->codes[i].config) : NAN;
}

static void *rusage_open(const sks_event_code *codes, size_t n)
{
    struct rusage_session *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->n = n;
    memcpy(s->codes, codes, n * sizeof(*codes));
    return s;
}

static void rusage_begin(void *session)
{
    struct rusage_session *s = session;

    read_all(s, s->before);
}

static void rusage_end(void *session)
{
    struct rusage_session *s = session;

    read_all(s, s->after);
}

static void rusage_close(void *session, sks_raw_count *raw)
{
    struct rusage_session *s = session;

    for (size_t i = 0; i < s->n; i++) {
        double value = s->after[i] - s->before[i];

        raw[i] = (sks_raw_count){.is_read = !isnan(value), .value = value};
        if (isnan(value))
            snprintf(raw[i].reason, sizeof(raw[i].reason), "the system does not account it");
    }
    free(s);
}

const sks_counter_source sks_counter_source_rusage = {
    .name = "rusage",
    .label = rusage_label,
    .unavailable = rusage_unavailable,
    .resolve = rusage_resolve,
    .open = rusage_open,
    .begin = rusage_begin,
    .end = rusage_end,
    .close = rusage_close,
};
