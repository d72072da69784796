/* Counts from PAPI: generic names through its presets, presets and native names as they are.
 *
 * Traps (PAPI 7.0): a processor newer than libpfm4 leaves the perf_event component disabled, and
 * yet the names of presets go on resolving, an event set can be made, and a count of 0 be read;
 * what counts is the component's `disabled` and the return of adding and starting.
 * LIBPFM_FORCE_PMU makes libpfm4 take the processor for another one.
 *
 * Threads  every call that changes PAPI's own tables is made under one lock; PAPI_stop is not, lest
 *          waiting be counted.
 */
#include "harness/machine/counters_source.h"

#ifdef SKS_HAVE_PAPI

#include <papi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only presets that mean the same as the generic event: PAPI_L1_DCM, for one, counts stores too. */
static const struct {
    const char *event;
    const char *preset;
} presets[] = {
    {"cycles", "PAPI_TOT_CYC"},       {"ref-cycles", "PAPI_REF_CYC"},
    {"instructions", "PAPI_TOT_INS"}, {"branches", "PAPI_BR_INS"},
    {"branch-misses", "PAPI_BR_MSP"}, {"cache-references", "PAPI_L3_TCA"},
    {"cache-misses", "PAPI_L3_TCM"},
};

/* The library, initialised once per process and never shut down: doing so for every run would
 * cost milliseconds, and what it holds stays reachable. Under `lock`. */
static struct {
    pthread_mutex_t lock;
    bool is_tried;
    bool is_usable;
    pthread_t thread; /* that initialised it, which PAPI then knows for good */
    char failure[SKS_REASON_SIZE];
    char label[64];
} library = {.lock = PTHREAD_MUTEX_INITIALIZER, .label = "papi"};

/* The events of one component; PAPI does not mix components in one set. */
struct papi_set {
    int handle;
    int component;
    bool is_running;
    bool is_crowded; /* refused to start with several events */
    size_t n;
    size_t event[SKS_MAX_EVENTS];
    long long values[SKS_MAX_EVENTS];
};

struct papi_session {
    size_t n;
    size_t n_sets;
    struct papi_set sets[SKS_MAX_EVENTS];
    int errors[SKS_MAX_EVENTS]; /* PAPI's code; PAPI_OK: counted */
};

static unsigned long thread_id(void)
{
    return (unsigned long)pthread_self();
}

static void initialise(void)
{
    const char *forced = getenv("LIBPFM_FORCE_PMU");
    int version = PAPI_library_init(PAPI_VER_CURRENT);
    int code;

    if (forced != NULL && forced[0] != '\0')
        snprintf(library.label, sizeof(library.label), "papi (forced pmu %.40s)", forced);
    if (version != PAPI_VER_CURRENT) {
        snprintf(library.failure, sizeof(library.failure), "PAPI does not start: %s",
                 version > 0 ? "the library is of another version than its header"
                             : PAPI_strerror(version));
        return;
    }
    PAPI_set_debug(PAPI_QUIET);
    code = PAPI_thread_init(thread_id);
    if (code != PAPI_OK) {
        snprintf(library.failure, sizeof(library.failure), "PAPI cannot count threads: %s",
                 PAPI_strerror(code));
        return;
    }
    library.thread = pthread_self();
    library.is_usable = true;
}

/* Takes the lock and makes sure that the library was tried. */
static void enter(void)
{
    pthread_mutex_lock(&library.lock);
    if (!library.is_tried)
        initialise();
    library.is_tried = true;
}

static void leave(void)
{
    pthread_mutex_unlock(&library.lock);
}

/* Whether the component counts; else the reason. Inside the lock. */
static bool component_works(int component, char *reason)
{
    const PAPI_component_info_t *info = component < 0 ? NULL : PAPI_get_component_info(component);

    if (info == NULL) {
        snprintf(reason, SKS_REASON_SIZE, "this PAPI has no such component");
        return false;
    }
    if (info->disabled == 0)
        return true;
    if (strstr(info->disabled_reason, "no default PMU") != NULL)
        snprintf(reason, SKS_REASON_SIZE, "no default PMU found (skyscale machine --force-pmu)");
    else
        snprintf(reason, SKS_REASON_SIZE, "component %.20s disabled: %.80s", info->name,
                 info->disabled_reason[0] != '\0' ? info->disabled_reason
                                                  : PAPI_strerror(info->disabled));
    return false;
}

static bool hardware_works(char *reason)
{
    if (library.is_usable)
        return component_works(PAPI_get_component_index("perf_event"), reason);
    snprintf(reason, SKS_REASON_SIZE, "%s", library.failure);
    return false;
}

static const char *papi_label(void)
{
    return library.label; /* set before any event of this source exists */
}

/* PAPI's event codes resolve whether or not the processor has counters: try one. */
static bool can_count(const char *preset, char *reason)
{
    int handle = PAPI_NULL;
    int code = PAPI_create_eventset(&handle);

    if (code == PAPI_OK)
        code = PAPI_add_named_event(handle, preset);
    if (code != PAPI_OK)
        snprintf(reason, SKS_REASON_SIZE, "%s cannot be counted: %s", preset, PAPI_strerror(code));
    if (handle != PAPI_NULL) {
        PAPI_cleanup_eventset(handle);
        PAPI_destroy_eventset(&handle);
    }
    return code == PAPI_OK;
}

static const char *papi_unavailable(void)
{
    static _Thread_local char reason[SKS_REASON_SIZE];
    bool works;

    enter();
    works = hardware_works(reason) && can_count("PAPI_TOT_CYC", reason);
    leave();
    return works ? NULL : reason;
}

static const char *preset_of(const char *event)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
        if (strcmp(presets[i].event, event) == 0)
            return presets[i].preset;
    return event;
}

/* Inside the lock. */
static sks_knowledge resolve(const char *event, sks_event_code *code, char *reason)
{
    const char *name = preset_of(event);
    bool is_preset = strncmp(name, "PAPI_", 5) == 0;
    int papi_code, component;

    if (!library.is_usable || PAPI_event_name_to_code(name, &papi_code) != PAPI_OK) {
        /* While libpfm4 knows no processor, it cannot tell a native name from a misspelt one. */
        if ((library.is_usable && is_preset) || (!is_preset && strchr(name, ':') == NULL) ||
            hardware_works(reason))
            return SKS_EVENT_UNKNOWN;
        return SKS_EVENT_REFUSED;
    }
    component =
        is_preset ? PAPI_get_component_index("perf_event") : PAPI_get_event_component(papi_code);
    if (!component_works(component, reason))
        return SKS_EVENT_REFUSED;
    if (PAPI_query_event(papi_code) != PAPI_OK) {
        snprintf(reason, SKS_REASON_SIZE, "PAPI has no %.40s for this processor", name);
        return SKS_EVENT_REFUSED;
    }
    *code = (sks_event_code){.type = (uint32_t)component, .config = (unsigned)papi_code};
    return SKS_EVENT_KNOWN;
}

static sks_knowledge papi_resolve(const char *event, sks_event_code *code, char *reason)
{
    sks_knowledge knowledge;

    enter();
    knowledge = resolve(event, code, reason);
    leave();
    return knowledge;
}

/* The session's set for a component, made when there is none yet; NULL with *error. */
static struct papi_set *set_for(struct papi_session *s, int component, int *error)
{
    struct papi_set *set;

    for (size_t i = 0; i < s->n_sets; i++)
        if (s->sets[i].component == component)
            return &s->sets[i];
    set = &s->sets[s->n_sets];
    set->handle = PAPI_NULL;
    set->component = component;
    *error = PAPI_create_eventset(&set->handle);
    if (*error != PAPI_OK)
        return NULL;
    s->n_sets++;
    return set;
}

static int add_event(struct papi_session *s, size_t event, const sks_event_code *code)
{
    int error = PAPI_OK;
    struct papi_set *set = set_for(s, (int)code->type, &error);

    if (set == NULL)
        return error;
    error = PAPI_add_event(set->handle, (int)(unsigned)code->config);
    if (error == PAPI_OK)
        set->event[set->n++] = event;
    return error;
}

static void *papi_open(const sks_event_code *codes, size_t n)
{
    struct papi_session *s = calloc(1, sizeof(*s));
    int error;

    if (s == NULL)
        return NULL;
    s->n = n;
    enter();
    error = PAPI_register_thread();
    for (size_t i = 0; i < n; i++)
        s->errors[i] = error != PAPI_OK ? error : add_event(s, i, &codes[i]);
    leave();
    return s;
}

static void papi_begin(void *session)
{
    struct papi_session *s = session;

    enter();
    for (size_t k = 0; k < s->n_sets; k++) {
        struct papi_set *set = &s->sets[k];
        int error = set->n == 0 ? PAPI_OK : PAPI_start(set->handle);

        set->is_running = set->n > 0 && error == PAPI_OK;
        set->is_crowded = set->n > 1 && error != PAPI_OK;
        for (size_t i = 0; i < set->n; i++)
            s->errors[set->event[i]] = error;
    }
    leave();
}

static void papi_end(void *session)
{
    struct papi_session *s = session;

    for (size_t k = s->n_sets; k-- > 0;) {
        struct papi_set *set = &s->sets[k];
        int error;

        if (!set->is_running)
            continue;
        error = PAPI_stop(set->handle, set->values);
        for (size_t i = 0; i < set->n; i++)
            s->errors[set->event[i]] = error;
    }
}

static void papi_close(void *session, sks_raw_count *raw)
{
    struct papi_session *s = session;

    for (size_t i = 0; i < s->n; i++) {
        raw[i] = (sks_raw_count){.is_read = s->errors[i] == PAPI_OK};
        if (!raw[i].is_read)
            snprintf(raw[i].reason, sizeof(raw[i].reason), "%s",
                     s->errors[i] == PAPI_ECNFLCT
                         ? "no counter left beside the events before it: ask for fewer"
                         : PAPI_strerror(s->errors[i]));
    }
    enter();
    for (size_t k = 0; k < s->n_sets; k++) {
        struct papi_set *set = &s->sets[k];

        for (size_t i = 0; i < set->n; i++) {
            raw[set->event[i]].value = (double)set->values[i];
            raw[set->event[i]].is_crowded = set->is_crowded;
        }
        PAPI_cleanup_eventset(set->handle);
        PAPI_destroy_eventset(&set->handle);
    }
    if (!pthread_equal(library.thread, pthread_self()))
        PAPI_unregister_thread();
    leave();
    free(s);
}

#else /* SKS_HAVE_PAPI */

#include <stdio.h>
#include <string.h>

static const char *papi_label(void)
{
    return "papi";
}

static const char *papi_unavailable(void)
{
    return "built without PAPI";
}

/* Names that only PAPI can mean are refused; generic ones are left to the other sources. */
static sks_knowledge papi_resolve(const char *event, sks_event_code *code, char *reason)
{
    (void)code;
    if (strncmp(event, "PAPI_", 5) != 0 && strchr(event, ':') == NULL &&
        !sks_is_generic_event(event))
        return SKS_EVENT_UNKNOWN;
    snprintf(reason, SKS_REASON_SIZE, "%s", papi_unavailable());
    return SKS_EVENT_REFUSED;
}

/* No event of this source is ever known, so that none is ever opened. */
static void *papi_open(const sks_event_code *codes, size_t n)
{
    (void)codes;
    (void)n;
    return NULL;
}

static void papi_begin(void *session)
{
    (void)session;
}

static void papi_end(void *session)
{
    (void)session;
}

static void papi_close(void *session, sks_raw_count *raw)
{
    (void)session;
    (void)raw;
}

#endif

const sks_counter_source sks_counter_source_papi = {
    .name = "papi",
    .label = papi_label,
    .unavailable = papi_unavailable,
    .resolve = papi_resolve,
    .open = papi_open,
    .begin = papi_begin,
    .end = papi_end,
    .close = papi_close,
};
