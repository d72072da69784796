/* The contract of a counter source; internal to the counters.
 *
 * A source knows some events by name and counts sets of them on the calling thread. counters.c
 * chooses a source for each event, tests the choice, and judges what was read; a source only reads.
 *
 * Life of a session, all on one thread: open (may take long), begin, end (both short, so that
 * little of the harness is counted), close.
 */
#ifndef SKYSCALE_COUNTERS_SOURCE_H
#define SKYSCALE_COUNTERS_SOURCE_H

#include "harness/machine/counters.h"

#include <stdint.h>

enum { SKS_REASON_SIZE = 128 };

/* What a source keeps to find an event again; its meaning is the source's own. */
typedef struct sks_event_code {
    uint32_t type;
    uint64_t config;
} sks_event_code;

typedef enum sks_knowledge {
    SKS_EVENT_UNKNOWN, /* no event of this source has that name */
    SKS_EVENT_REFUSED, /* the source knows it and cannot count it here: reason */
    SKS_EVENT_KNOWN,
} sks_knowledge;

/* One count as read. */
typedef struct sks_raw_count {
    bool is_read;
    double value;                  /* as counted, not scaled */
    double enabled_ns, running_ns; /* differ when the counter was shared out; 0, 0 if unknown */
    bool is_crowded;               /* not counted, but perhaps with fewer events beside it */
    char reason[SKS_REASON_SIZE];  /* why it was not read */
} sks_raw_count;

typedef struct sks_counter_source {
    const char *name;                 /* as the user gives it */
    const char *(*label)(void);       /* as recorded with the counts */
    const char *(*unavailable)(void); /* for hardware events; NULL result: usable */

    /* `reason` has SKS_REASON_SIZE bytes, set when the event is refused. */
    sks_knowledge (*resolve)(const char *event, sks_event_code *code, char *reason);

    /* A session for n > 0 events; NULL when memory ran out. An event that cannot be opened is left
     * out and tells its reason at close. */
    void *(*open)(const sks_event_code *codes, size_t n);
    void (*begin)(void *session);
    void (*end)(void *session);
    void (*close)(void *session, sks_raw_count *raw); /* fills raw[n] */
} sks_counter_source;

extern const sks_counter_source sks_counter_source_papi;
extern const sks_counter_source sks_counter_source_perf;
extern const sks_counter_source sks_counter_source_rusage;

/* Whether the name is one of sks_event_table. */
bool sks_is_generic_event(const char *event);

/* What may be believed (counters_check.c).
 *
 * sks_check_work does a known amount of work, `scale` times over: steps of a loop, first touches of
 * pages, short sleeps. sks_check_judge makes a count of what was read in elapsed_ns.
 * sks_check_passes compares the counts of the work done once and three times over with what the
 * event must then show; `reason` (SKS_REASON_SIZE bytes) is set when it does not. */
void sks_check_work(unsigned scale);
void sks_check_judge(const char *event, const sks_raw_count *raw, double elapsed_ns,
                     sks_count *count);
bool sks_check_passes(const char *event, const sks_count *once, const sks_count *thrice,
                      char *reason);

/* As sks_counters_open, from these sources in this order of preference. */
sks_status sks_counters_open_from(const char *events, const sks_counter_source *const *sources,
                                  size_t n_sources, sks_counters **counters);

#endif
