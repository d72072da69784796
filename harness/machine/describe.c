#include "harness/machine/describe.h"

#include "harness/machine/counters.h"
#include "harness/machine/describe_hardware.h"
#include "harness/machine/section.h"
#include "harness/machine/warnings.h"
#include "harness/measure/clock.h"

#include <gsl/gsl_version.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <xxhash.h>
#include <yaml.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#ifdef SKS_HAVE_PAPI
#include <papi.h>
#endif

#define QUOTE(text) #text
#define QUOTE_VALUE(macro) QUOTE(macro)
#define XXHASH_VERSION                                                                             \
    QUOTE_VALUE(XXH_VERSION_MAJOR)                                                                 \
    "." QUOTE_VALUE(XXH_VERSION_MINOR) "." QUOTE_VALUE(XXH_VERSION_RELEASE)

#ifndef SKS_VERSION
#define SKS_VERSION ""
#endif
#ifndef SKS_BUILD_TYPE
#define SKS_BUILD_TYPE ""
#endif
#ifndef SKS_BUILD_FLAGS
#define SKS_BUILD_FLAGS ""
#endif
#ifndef SKS_SANITIZE
#define SKS_SANITIZE ""
#endif
#ifndef SKS_CFITSIO_VERSION
#define SKS_CFITSIO_VERSION ""
#endif
#ifndef SKS_WCSLIB_VERSION
#define SKS_WCSLIB_VERSION ""
#endif
#ifndef SKS_FFTW_VERSION
#define SKS_FFTW_VERSION ""
#endif
#ifndef SKS_POPT_VERSION
#define SKS_POPT_VERSION ""
#endif

static json_t *describe_system(const sks_host *h)
{
    struct section s = sks_section_begin();
    struct utsname names;

    sks_put_text(&s, "hostname", h->hostname);
    sks_put_text(&s, "os", h->os);
    sks_put_text(&s, "kernel", h->kernel);
    sks_put_text(&s, "architecture", uname(&names) == 0 ? names.machine : "");
    sks_put_text(&s, "hypervisor", h->hypervisor);
    sks_put_answer(&s, "is_virtual", h->is_virtual);
    sks_put_text(&s, "container", h->container);
    sks_put_real(&s, "cgroup_cpu_limit", h->cgroup_cpu_limit);
    sks_put_real(&s, "cgroup_memory_limit_bytes", h->cgroup_memory_limit_bytes);
    sks_put_real(&s, "load_average_1min", h->load_average_1min);
    sks_put_real(&s, "other_running_threads", h->other_running);
    sks_put_real(&s, "steal_fraction", h->steal_fraction);
    return sks_section_end(&s);
}

static const char *compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "";
#endif
}

static bool is_optimised(void)
{
#ifdef __OPTIMIZE__
    return strcmp(SKS_BUILD_TYPE, "Debug") != 0;
#else
    return false;
#endif
}

static json_t *describe_build(void)
{
    struct section s = sks_section_begin();

    sks_put_text(&s, "version", SKS_VERSION);
    sks_put_text(&s, "compiler", compiler());
    sks_put_text(&s, "type", SKS_BUILD_TYPE);
    sks_put_text(&s, "flags", SKS_BUILD_FLAGS);
    sks_put_text(&s, "sanitizer", SKS_SANITIZE[0] != '\0' ? SKS_SANITIZE : "none");
    sks_put(&s, "is_optimised", json_boolean(is_optimised()));
    return sks_section_end(&s);
}

static const char *libc_version(void)
{
#ifdef __GLIBC__
    return gnu_get_libc_version();
#else
    return "";
#endif
}

static json_t *describe_libraries(void)
{
    struct section s = sks_section_begin();

    sks_put_text(&s, "hwloc", HWLOC_VERSION);
#ifdef SKS_HAVE_PAPI
    char text[32];

    snprintf(text, sizeof(text), "%d.%d.%d", PAPI_VERSION_MAJOR(PAPI_VERSION),
             PAPI_VERSION_MINOR(PAPI_VERSION), PAPI_VERSION_REVISION(PAPI_VERSION));
    sks_put_text(&s, "papi", text);
#else
    sks_put(&s, "papi", json_null());
#endif
    sks_put_text(&s, "cfitsio", SKS_CFITSIO_VERSION);
    sks_put_text(&s, "wcslib", SKS_WCSLIB_VERSION);
    sks_put_text(&s, "fftw", SKS_FFTW_VERSION);
    sks_put_text(&s, "sqlite", sqlite3_libversion());
    sks_put_text(&s, "gsl", gsl_version);
    sks_put_text(&s, "jansson", jansson_version_str());
    sks_put_text(&s, "yaml", yaml_get_version_string());
    sks_put_text(&s, "xxhash", XXHASH_VERSION);
    sks_put_text(&s, "popt", SKS_POPT_VERSION);
    sks_put_text(&s, "libc", libc_version());
    return sks_section_end(&s);
}

/* What reading the clock once costs: the least of some averages. */
static double clock_cost_s(void)
{
    enum { N_AVERAGES = 5, N_READS = 500 };
    double least = INFINITY;

    for (int i = 0; i < N_AVERAGES; i++) {
        double begin = sks_now_s(), end = begin;

        for (int k = 0; k < N_READS; k++)
            end = sks_now_s();
        least = fmin(least, (end - begin) / N_READS);
    }
    return least;
}

static json_t *describe_timer(const sks_host *h)
{
    struct section s = sks_section_begin();
    struct timespec resolution;

    sks_put_text(&s, "clock", "CLOCK_MONOTONIC");
    sks_put_text(&s, "source", h->clocksource);
    sks_put_real(&s, "resolution_s",
                 clock_getres(CLOCK_MONOTONIC, &resolution) == 0
                     ? (double)resolution.tv_sec + 1e-9 * (double)resolution.tv_nsec
                     : NAN);
    sks_put_real(&s, "read_s", clock_cost_s());
    return sks_section_end(&s);
}

static json_t *describe_source(const char *name)
{
    const char *reason = sks_counter_source_unavailable(name);
    struct section s = sks_section_begin();

    sks_put(&s, "usable", json_boolean(reason == NULL));
    sks_put_text(&s, "reason", reason);
    return sks_section_end(&s);
}

/* Each event alone, so that what it shows is not a matter of company. */
static json_t *describe_event(const char *name)
{
    struct section s = sks_section_begin();
    sks_counters *counters = NULL;
    const char *source = "none";
    const char *reason = "out of memory";

    sks_put_text(&s, "event", name);
    if (sks_counters_open(name, "auto", &counters) == SKS_OK) {
        source = sks_counters_source(counters, 0);
        reason = sks_counters_reason(counters, 0);
    }
    sks_put_text(&s, "source", strcmp(source, "none") == 0 ? "" : source);
    sks_put_text(&s, "reason", reason);
    sks_counters_close(counters);
    return sks_section_end(&s);
}

static json_t *describe_counters(void)
{
    struct section s = sks_section_begin();
    json_t *events = json_array();
    const char *forced = getenv("LIBPFM_FORCE_PMU");

    sks_put(&s, "papi", describe_source("papi"));
    sks_put(&s, "perf", describe_source("perf"));
    sks_put_text(&s, "forced_pmu", forced != NULL ? forced : "none");
    s.failed |= events == NULL;
    for (const sks_event_info *e = sks_event_table; e->name != NULL; e++)
        s.failed |= json_array_append_new(events, describe_event(e->name));
    sks_put(&s, "events", events);
    return sks_section_end(&s);
}

struct warnings {
    json_t *texts;
    int failed;
};

static void add_warning(void *context, const char *text)
{
    struct warnings *w = context;

    w->failed |= json_array_append_new(w->texts, json_string(text));
}

static bool has_hardware_counters(void)
{
    return sks_counter_source_unavailable("papi") == NULL ||
           sks_counter_source_unavailable("perf") == NULL;
}

static json_t *describe_warnings(const sks_host *h, const sks_topology *topology)
{
    struct warnings w = {.texts = json_array()};
    const sks_circumstances c = {
        .host = h,
        .n_pus_usable = sks_topology_n_pus(topology),
        .n_cores_usable = sks_topology_n_cores(topology),
        .n_pus_present = sks_count_present_pus(sks_topology_hwloc(topology)),
        .is_simulated = sks_topology_is_simulated(topology),
        .has_counters = has_hardware_counters(),
        .counters_forbidden = sks_counters_forbidden(),
        .is_optimised = is_optimised(),
        .sanitizer = SKS_SANITIZE,
    };

    w.failed = w.texts == NULL;
    sks_machine_warn(&c, add_warning, &w);
    if (w.failed) {
        json_decref(w.texts);
        return NULL;
    }
    return w.texts;
}

sks_status sks_machine_describe(const sks_topology *topology, json_t **description)
{
    struct section s = sks_section_begin();
    sks_host host;
    json_t *all;

    /* Load first: what follows is itself work. */
    sks_host_read("", sks_topology_places(topology)[0].pu, &host);
    sks_put(&s, "system", describe_system(&host));
    sks_put(&s, "processor", sks_describe_processor(&host, topology));
    sks_put(&s, "memory", sks_describe_memory(&host, topology));
    sks_put(&s, "topology", sks_describe_topology(topology));
    sks_put(&s, "build", describe_build());
    sks_put(&s, "libraries", describe_libraries());
    sks_put(&s, "timer", describe_timer(&host));
    sks_put(&s, "counters", describe_counters());
    sks_put(&s, "warnings", describe_warnings(&host, topology));
    all = sks_section_end(&s);
    if (all == NULL)
        return sks_fail_nomem("the description of the machine");
    *description = all;
    return SKS_OK;
}
