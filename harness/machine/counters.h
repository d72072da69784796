/* Hardware and software event counts per worker.
 *
 * Two sources behind one interface: PAPI, and the kernel's own generic perf events where PAPI has
 * none for this processor. Each event passes a self-test (a loop of known length) before it is
 * believed. A count that could not be read is absent with a reason, never 0.
 *
 * Use  open once per run, on any thread; start and stop on each worker's own thread around its part
 *      of the loop; close after all have stopped. Counters are read once per worker and run, never
 *      per chunk.
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
 * natives. `source`: "auto" (PAPI where it works, else perf), "papi", "perf". SKS_ERR_USAGE for an
 * unknown event or source. An event that cannot be counted here is no failure: it becomes
 * unavailable with its reason. */
sks_status sks_counters_open(const char *events, const char *source, sks_counters **counters);
void sks_counters_close(sks_counters *counters); /* accepts NULL */
size_t sks_counters_n(const sks_counters *counters);
const char *sks_counters_event(const sks_counters *counters, size_t i);
const char *sks_counters_source(const sks_counters *counters,
                                size_t i); /* "papi", "perf", "none" */

/* On the worker's thread. A session may be NULL (no counters): both calls then do nothing. */
sks_counter_session *sks_counters_start(const sks_counters *counters);
/* Stops, fills counts[n], releases the session. */
void sks_counters_stop(const sks_counters *counters, sks_counter_session *session,
                       sks_count *counts);

/* The generic events both sources know; ends with .name == NULL. */
typedef struct sks_event_info {
    const char *name;
    const char *summary;
} sks_event_info;
extern const sks_event_info sks_event_table[];

/* NULL when the source ("papi", "perf") can count hardware events here, otherwise the reason in a
 * sentence. */
const char *sks_counter_source_unavailable(const char *source);

#endif
