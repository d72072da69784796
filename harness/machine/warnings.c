#include "harness/machine/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Below this share, steal is what starting other machines costs once in a while. */
static const double steal_worth_telling = 0.005;

struct audience {
    void (*tell)(void *context, const char *text);
    void *context;
};

__attribute__((format(printf, 2, 3))) static void say(const struct audience *a, const char *format,
                                                      ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    a->tell(a->context, text);
}

static void warn_of_build(const sks_circumstances *c, const struct audience *a)
{
    if (!c->is_optimised)
        say(a, "Built without full optimisation: times say nothing about the algorithms. Build the "
               "release preset.");
    if (c->sanitizer[0] != '\0')
        say(a,
            "Built with the sanitizer %s, which slows everything several times over. Build the "
            "release preset.",
            c->sanitizer);
}

static void warn_of_clock(const sks_host *h, const struct audience *a)
{
    if (h->governor[0] != '\0' && strcmp(h->governor, "performance") != 0)
        say(a,
            "The frequency governor is \"%s\", so the clock follows the load. As root: cpupower "
            "frequency-set -g performance.",
            h->governor);
    if (h->has_turbo == SKS_YES)
        say(a, "Turbo is on: the clock falls as more cores work, which looks like bad scaling. As "
               "root, write 1 to /sys/devices/system/cpu/intel_pstate/no_turbo or 0 to "
               "/sys/devices/system/cpu/cpufreq/boost; or look at cycles instead of seconds.");
}

static void warn_of_host(const sks_host *h, const struct audience *a)
{
    if (h->is_virtual == SKS_YES)
        say(a, "A virtual machine: the host decides where its processors run, and the latency "
               "between them can change tenfold from one second to the next. Compare the latencies "
               "recorded with the samples, or measure on a machine of your own.");
    if (h->steal_fraction > steal_worth_telling)
        say(a,
            "The host took away %.1f %% of the processor time since the machine was started. "
            "Leave out samples with steal time, or ask for dedicated processors.",
            100 * h->steal_fraction);
    if (h->other_running >= 1)
        say(a,
            "%.0f thread%s of other programs %s running now. Stop them, or leave their "
            "processors out (taskset, -b LIST).",
            h->other_running, h->other_running > 1 ? "s" : "", h->other_running > 1 ? "are" : "is");
}

static void warn_of_counters(const sks_circumstances *c, const struct audience *a)
{
    const char *advice = "Look whether the kernel drives this processor's counters (dmesg | grep "
                         "-i pmu); a newer one may.";

    if (c->has_counters)
        return;
    if (c->counters_forbidden)
        advice = "As root, write 1 to /proc/sys/kernel/perf_event_paranoid; in a container, also "
                 "start it with --cap-add PERFMON.";
    else if (c->host->is_virtual == SKS_YES)
        advice = "Ask the host to pass the processor's counters on to this virtual machine, or "
                 "measure on a machine of your own.";
    say(a,
        "Hardware events cannot be counted; the reasons are listed under counters. %s Times and "
        "the system's own counts are not affected.",
        advice);
}

static void warn_of_limits(const sks_circumstances *c, const struct audience *a)
{
    if (c->is_simulated)
        say(a, "The topology is not this machine's (HWLOC_SYNTHETIC, HWLOC_XMLFILE or the like in "
               "the environment): workers are not bound. Unset the variable to measure.");
    else if (c->n_pus_usable < c->n_pus_present)
        say(a,
            "Only %u of the %u hardware threads may be used (affinity mask or cgroup). Start "
            "from an unrestricted shell or batch job, or sweep up to %u workers only.",
            c->n_pus_usable, c->n_pus_present, c->n_pus_usable);
    if (!c->is_simulated && c->n_cores_usable < c->n_pus_usable)
        say(a,
            "The %u hardware threads share %u cores: more workers than that halve each other's "
            "speed, which looks like bad scaling. Sweep up to %u workers with -b cores (the "
            "default), or, as root, write off to /sys/devices/system/cpu/smt/control.",
            c->n_pus_usable, c->n_cores_usable, c->n_cores_usable);
    if (c->host->cgroup_cpu_limit < c->n_pus_usable)
        say(a,
            "The cgroup gives %.3g processors' worth of time to %u hardware threads: beyond that "
            "workers are halted. Raise the limit (docker --cpus, systemd CPUQuota), or sweep up "
            "to that many workers only.",
            c->host->cgroup_cpu_limit, c->n_pus_usable);
}

void sks_machine_warn(const sks_circumstances *c, void (*tell)(void *context, const char *text),
                      void *context)
{
    const struct audience audience = {tell, context};

    warn_of_build(c, &audience);
    warn_of_clock(c->host, &audience);
    warn_of_host(c->host, &audience);
    warn_of_limits(c, &audience);
    warn_of_counters(c, &audience);
}
