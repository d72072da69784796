/* Choosing a source for each event, testing the choice, counting. */
#include "harness/machine/counters.h"

#include "common/param.h"
#include "harness/machine/counters_source.h"
#include "harness/measure/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SOURCES = 4, MAX_TRIES = 3 };

const char *const sks_quality_name[] = {
    [SKS_EXACT] = "exact",
    [SKS_MULTIPLEXED] = "multiplexed",
    [SKS_IMPLAUSIBLE] = "implausible",
    [SKS_UNAVAILABLE] = "unavailable",
};

const sks_event_info sks_event_table[] = {
    {"cycles", "clock cycles"},
    {"ref-cycles", "cycles at the nominal clock"},
    {"instructions", "instructions retired"},
    {"branches", "branch instructions retired"},
    {"branch-misses", "branches predicted wrong"},
    {"cache-references", "accesses to the last-level cache"},
    {"cache-misses", "misses of the last-level cache"},
    {"stalled-cycles-frontend", "cycles without an instruction to issue"},
    {"stalled-cycles-backend", "cycles waiting for data or a unit"},
    {"l1d-loads", "loads through the level-1 data cache"},
    {"l1d-misses", "loads that missed the level-1 data cache"},
    {"dtlb-misses", "loads whose page the data TLB did not hold"},
    {"task-clock", "processor time in nanoseconds"},
    {"page-faults", "page faults"},
    {"minor-faults", "page faults without disk access"},
    {"major-faults", "page faults with disk access"},
    {"context-switches", "switches to another thread"},
    {"cpu-migrations", "moves to another processing unit"},
    {NULL, NULL},
};

static const sks_counter_source *const all_sources[] = {
    &sks_counter_source_papi,
    &sks_counter_source_perf,
    &sks_counter_source_rusage,
};
enum { N_SOURCES = sizeof(all_sources) / sizeof(all_sources[0]) };

enum { NO_SOURCE = MAX_SOURCES };

struct event {
    char *name;
    size_t source; /* index in `sources`; NO_SOURCE: unavailable */
    sks_event_code code;
    char reason[SKS_REASON_SIZE]; /* of all sources that gave it up so far */
};

struct sks_counters {
    const sks_counter_source *sources[MAX_SOURCES];
    size_t n_sources;
    size_t n;
    struct event events[SKS_MAX_EVENTS];
};

struct sks_counter_session {
    void *sessions[MAX_SOURCES]; /* NULL: no event of that source, or out of memory */
    double begin_s;
};

static const char *event_name(const void *context, size_t i)
{
    (void)context;
    return sks_event_table[i].name;
}

bool sks_is_generic_event(const char *event)
{
    for (size_t i = 0; sks_event_table[i].name != NULL; i++)
        if (strcmp(sks_event_table[i].name, event) == 0)
            return true;
    return false;
}

static void add_reason(struct event *event, const char *source, const char *reason)
{
    size_t used = strlen(event->reason);

    snprintf(event->reason + used, sizeof(event->reason) - used, "%s%s: %s", used > 0 ? "; " : "",
             source, reason);
}

/* Gives the event to the first source from `first` on that can count it. True when some source
 * knows its name. */
static bool choose_source(sks_counters *c, struct event *event, size_t first)
{
    bool is_known = false;

    event->source = NO_SOURCE;
    for (size_t s = first; s < c->n_sources && event->source == NO_SOURCE; s++) {
        char reason[SKS_REASON_SIZE] = "";

        switch (c->sources[s]->resolve(event->name, &event->code, reason)) {
        case SKS_EVENT_KNOWN:
            event->source = s;
            is_known = true;
            break;
        case SKS_EVENT_REFUSED:
            add_reason(event, c->sources[s]->name, reason);
            is_known = true;
            break;
        case SKS_EVENT_UNKNOWN:
            break;
        }
    }
    return is_known;
}

static sks_status add_event(sks_counters *c, const char *name, size_t length)
{
    struct event *event = &c->events[c->n];
    const char *nearest;

    if (length == 0)
        return sks_fail(SKS_ERR_USAGE, "an empty name in the list of counter events");
    if (c->n == SKS_MAX_EVENTS)
        return sks_fail(SKS_ERR_USAGE, "at most %d counter events in one run", (int)SKS_MAX_EVENTS);
    event->name = strndup(name, length);
    if (event->name == NULL)
        return sks_fail_nomem("counter events");
    c->n++;
    for (size_t i = 0; i + 1 < c->n; i++)
        if (strcmp(c->events[i].name, event->name) == 0)
            return sks_fail(SKS_ERR_USAGE, "counter event \"%s\" is listed twice", event->name);
    if (choose_source(c, event, 0))
        return SKS_OK;
    nearest = sks_nearest(event->name, event_name, NULL);
    if (nearest != NULL && !sks_is_generic_event(event->name))
        return sks_fail(SKS_ERR_USAGE, "unknown counter event \"%s\"; did you mean \"%s\"?",
                        event->name, nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown counter event \"%s\"%s%s; see: skyscale machine",
                    event->name, c->n_sources == 1 ? " for source " : "",
                    c->n_sources == 1 ? c->sources[0]->name : "");
}

static sks_status add_events(sks_counters *c, const char *events)
{
    sks_status status = SKS_OK;

    if (events == NULL || events[0] == '\0')
        return SKS_OK;
    for (const char *name = events; status == SKS_OK;) {
        size_t length = strcspn(name, ",");

        status = add_event(c, name, length);
        if (name[length] == '\0')
            break;
        name += length + 1;
    }
    return status;
}

/* The codes of the events of source s, in order; returns how many. */
static size_t codes_of(const sks_counters *c, size_t s, sks_event_code *codes)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        if (c->events[i].source == s)
            codes[n++] = c->events[i].code;
    return n;
}

sks_counter_session *sks_counters_ready(const sks_counters *counters)
{
    sks_counter_session *session;
    sks_event_code codes[SKS_MAX_EVENTS];

    if (counters == NULL || (session = calloc(1, sizeof(*session))) == NULL)
        return NULL;
    for (size_t s = 0; s < counters->n_sources; s++) {
        size_t n = codes_of(counters, s, codes);

        if (n > 0)
            session->sessions[s] = counters->sources[s]->open(codes, n);
    }
    return session;
}

void sks_counters_start(const sks_counters *counters, sks_counter_session *session)
{
    if (session == NULL)
        return;
    session->begin_s = sks_now_s();
    for (size_t s = 0; s < counters->n_sources; s++)
        if (session->sessions[s] != NULL)
            counters->sources[s]->begin(session->sessions[s]);
}

/* Closes what source s counted and puts it where its events are. */
static void collect(const sks_counters *counters, size_t s, void *session, sks_raw_count *raw)
{
    sks_raw_count of_source[SKS_MAX_EVENTS];
    size_t n = 0;

    counters->sources[s]->close(session, of_source);
    for (size_t i = 0; i < counters->n; i++)
        if (counters->events[i].source == s)
            raw[i] = of_source[n++];
}

/* Stops and reads the session, fills raw[n], releases the session. Returns the time it counted. */
static double stop_raw(const sks_counters *counters, sks_counter_session *session,
                       sks_raw_count *raw)
{
    double elapsed_ns;

    for (size_t s = counters->n_sources; s-- > 0;)
        if (session != NULL && session->sessions[s] != NULL)
            counters->sources[s]->end(session->sessions[s]);
    elapsed_ns = session == NULL ? NAN : 1e9 * (sks_now_s() - session->begin_s);

    for (size_t i = 0; i < counters->n; i++) {
        const struct event *event = &counters->events[i];

        raw[i] = (sks_raw_count){.is_read = false};
        snprintf(raw[i].reason, sizeof(raw[i].reason), "%s",
                 event->source == NO_SOURCE ? event->reason : "out of memory for the counters");
    }
    for (size_t s = 0; s < counters->n_sources; s++)
        if (session != NULL && session->sessions[s] != NULL)
            collect(counters, s, session->sessions[s], raw);
    free(session);
    return elapsed_ns;
}

void sks_counters_stop(const sks_counters *counters, sks_counter_session *session,
                       sks_count *counts)
{
    sks_raw_count raw[SKS_MAX_EVENTS];
    double elapsed_ns;

    if (counters == NULL)
        return;
    elapsed_ns = stop_raw(counters, session, raw);
    for (size_t i = 0; i < counters->n; i++)
        sks_check_judge(counters->events[i].name, &raw[i], elapsed_ns, &counts[i]);
}

/* One event's way through the self-test. */
struct trial {
    sks_count once, thrice;
    bool has_passed;
    bool is_hopeless; /* not counted at all: another try changes nothing */
    bool is_crowded;
    char reason[SKS_REASON_SIZE];
};

static void count_work(const sks_counters *c, unsigned scale, struct trial *trials)
{
    sks_raw_count raw[SKS_MAX_EVENTS];
    sks_counter_session *session = sks_counters_ready(c);
    double elapsed_ns;

    sks_counters_start(c, session);
    sks_check_work(scale);
    elapsed_ns = stop_raw(c, session, raw);
    for (size_t i = 0; i < c->n; i++) {
        sks_check_judge(c->events[i].name, &raw[i], elapsed_ns,
                        scale == 1 ? &trials[i].once : &trials[i].thrice);
        trials[i].is_crowded = raw[i].is_crowded;
    }
}

/* Counts known work with the whole set, as a worker will. An event that passes once has passed:
 * what disturbs a count does not improve it. */
static void try_events(const sks_counters *c, struct trial *trials)
{
    bool is_done = false;

    memset(trials, 0, c->n * sizeof(*trials));
    for (int t = 0; t < MAX_TRIES && !is_done; t++) {
        count_work(c, 1, trials);
        count_work(c, 3, trials);
        is_done = true;
        for (size_t i = 0; i < c->n; i++) {
            struct trial *trial = &trials[i];

            if (c->events[i].source == NO_SOURCE || trial->has_passed)
                continue;
            trial->has_passed =
                sks_check_passes(c->events[i].name, &trial->once, &trial->thrice, trial->reason);
            trial->is_hopeless = trial->once.quality == SKS_UNAVAILABLE;
            is_done &= trial->has_passed || trial->is_hopeless;
        }
    }
}

/* Moves events that fail to the next source that knows them, and tests again. Where events crowd
 * each other out, only the last one moves at a time. Ends, as every round moves an event on. */
static void self_test(sks_counters *c)
{
    struct trial trials[SKS_MAX_EVENTS];
    bool has_moved = c->n > 0;

    while (has_moved) {
        bool is_relieved[MAX_SOURCES] = {false};

        try_events(c, trials);
        has_moved = false;
        for (size_t i = c->n; i-- > 0;) {
            struct event *event = &c->events[i];
            size_t source = event->source;

            if (source == NO_SOURCE || trials[i].has_passed ||
                (trials[i].is_crowded && is_relieved[source]))
                continue;
            is_relieved[source] |= trials[i].is_crowded;
            add_reason(event, c->sources[source]->name, trials[i].reason);
            choose_source(c, event, source + 1);
            has_moved = true;
        }
    }
}

sks_status sks_counters_open_from(const char *events, const sks_counter_source *const *sources,
                                  size_t n_sources, sks_counters **counters)
{
    sks_counters *c = calloc(1, sizeof(*c));
    sks_status status;

    if (c == NULL)
        return sks_fail_nomem("counter events");
    if (n_sources > MAX_SOURCES)
        n_sources = MAX_SOURCES;
    memcpy(c->sources, sources, n_sources * sizeof(*sources));
    c->n_sources = n_sources;
    status = add_events(c, events);
    if (status != SKS_OK) {
        sks_counters_close(c);
        return status;
    }
    self_test(c);
    *counters = c;
    return SKS_OK;
}

static const sks_counter_source *find_source(const char *name)
{
    for (size_t i = 0; i < N_SOURCES; i++)
        if (strcmp(all_sources[i]->name, name) == 0)
            return all_sources[i];
    return NULL;
}

sks_status sks_counters_open(const char *events, const char *source, sks_counters **counters)
{
    const sks_counter_source *only;

    if (source == NULL || strcmp(source, "auto") == 0)
        return sks_counters_open_from(events, all_sources, N_SOURCES, counters);
    only = find_source(source);
    if (only == NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "unknown counter source \"%s\"; it is one of auto, papi, perf, rusage",
                        source);
    return sks_counters_open_from(events, &only, 1, counters);
}

void sks_counters_close(sks_counters *counters)
{
    if (counters == NULL)
        return;
    for (size_t i = 0; i < counters->n; i++)
        free(counters->events[i].name);
    free(counters);
}

size_t sks_counters_n(const sks_counters *counters)
{
    return counters == NULL ? 0 : counters->n;
}

const char *sks_counters_event(const sks_counters *counters, size_t i)
{
    return counters->events[i].name;
}

const char *sks_counters_source(const sks_counters *counters, size_t i)
{
    size_t source = counters->events[i].source;

    return source == NO_SOURCE ? "none" : counters->sources[source]->label();
}

const char *sks_counters_reason(const sks_counters *counters, size_t i)
{
    const struct event *event = &counters->events[i];

    return event->source == NO_SOURCE ? event->reason : "";
}

const char *sks_counter_source_unavailable(const char *source)
{
    const sks_counter_source *found = find_source(source);

    return found != NULL ? found->unavailable() : "there is no such counter source";
}
