/* Hardware and software event counts per worker.
 *
 * Sources behind one interface: PAPI; the kernel's own generic perf events where PAPI has none for
 * this processor; and for page faults, context switches and processor time the kernel's accounting
 * (getrusage), which needs no permission. Each event passes a self-test (work of known length)
 * before it is believed. A count that could not be read is absent with a reason, never 0.
 * Hardware events are counted in user mode only.
 *
 * LIBPFM_FORCE_PMU=NAME in the environment makes PAPI treat a processor it does not know as the one
 * named; it is read once, before the first use of PAPI. The source of such counts is then
 * "papi (forced pmu NAME)": the event codes are those of another processor.
 *
 * Use  open once per run, on any thread; ready, start and stop on each worker's own thread, start
 *      and stop around its part of the loop; close after all have stopped. Counters are read once
 * per worker and run, never per chunk.
 */
#ifndef SKYSCALE_COUNTERS_H
#define SKYSCALE_COUNTERS_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum sks_quality {
    SKS_EXACT,       /* counted all the time */
    SKS_MULTIPLEXED, /* counted part of the time and scaled up */
    SKS_IMPLAUSIBLE, /* read, but cannot be right: `value` is not to be used */
    SKS_UNAVAILABLE, /* not read; `reason` says why */
} sks_quality;
extern const char *const sks_quality_name[]; /* "exact", "multiplexed", … */

enum { SKS_MAX_EVENTS = 16 };

typedef struct sks_count {
    double value; /* NaN unless exact or multiplexed */
    sks_quality quality;
    char reason[128]; /* why not exact; "" if it is */
} sks_count;

typedef struct sks_counters sks_counters;               /* a set of events, shared */
typedef struct sks_counter_session sks_counter_session; /* one worker's counters, running */

/* `events` is "cycles,instructions,…" (see sks_event_table), PAPI presets ("PAPI_TOT_INS") or
 * natives ("spr::INST_RETIRED:ANY_P"). `source`: "auto" (for each event the first that counts it:
 * PAPI, perf, the kernel's accounting), or one of "papi", "perf", "rusage" alone. SKS_ERR_USAGE for
 * an unknown event or source. An event that cannot be counted here is no failure: it becomes
 * unavailable with its reason. Takes some milliseconds, for the self-test. */
sks_status sks_counters_open(const char *events, const char *source, sks_counters **counters);
void sks_counters_close(sks_counters *counters); /* accepts NULL */
size_t sks_counters_n(const sks_counters *counters);
const char *sks_counters_event(const sks_counters *counters, size_t i);
/* "papi", "papi (forced pmu NAME)", "perf", "rusage"; "none" for an event that is unavailable. */
const char *sks_counters_source(const sks_counters *counters, size_t i);
/* Why event i is unavailable; "" when it can be counted. */
const char *sks_counters_reason(const sks_counters *counters, size_t i);

/* On the worker's thread, in this order. `counters` may be NULL (no counters): all three calls then
 * do nothing. They never fail: what cannot be counted, or memory that ran out, shows in the counts.
 * ready opens the counters, which takes longer than starting them: to be done before the workers
 * are released, so that neither it nor the waiting is counted. */
sks_counter_session *sks_counters_ready(const sks_counters *counters);
void sks_counters_start(const sks_counters *counters, sks_counter_session *session);
/* On the same thread: stops, fills counts[n], releases the session. Without a session (NULL) every
 * count becomes unavailable. */
void sks_counters_stop(const sks_counters *counters, sks_counter_session *session,
                       sks_count *counts);

/* The generic events; ends with .name == NULL. */
typedef struct sks_event_info {
    const char *name;
    const char *summary;
} sks_event_info;
extern const sks_event_info sks_event_table[];

/* NULL when the source ("papi", "perf") can count hardware events here, otherwise the reason in a
 * sentence, which lives until the thread asks again. */
const char *sks_counter_source_unavailable(const char *source);

/* Whether the kernel or a container forbids this process to count hardware events; false where it
 * may, and where there are none. */
bool sks_counters_forbidden(void);

#endif
