#include "harness/machine/host.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

enum { PATH_SIZE = 512, LINE_SIZE = 4096 };

__attribute__((format(printf, 2, 3))) static FILE *open_below(const char *root, const char *format,
                                                              ...)
{
    char path[PATH_SIZE];
    int used = snprintf(path, sizeof(path), "%s", root);
    va_list args;
    int more;

    if (used < 0 || (size_t)used >= sizeof(path))
        return NULL;
    va_start(args, format);
    more = vsnprintf(path + used, sizeof(path) - (size_t)used, format, args);
    va_end(args);
    return more < 0 || (size_t)(used + more) >= sizeof(path) ? NULL : fopen(path, "re");
}

static bool exists_below(const char *root, const char *path)
{
    FILE *file = open_below(root, "%s", path);

    if (file != NULL)
        fclose(file);
    return file != NULL;
}

/* The first line of `file`, without blanks around it; closes the file, which may be NULL. */
static bool take_line(FILE *file, char *text, size_t size)
{
    char line[LINE_SIZE];
    bool is_read = file != NULL && fgets(line, sizeof(line), file) != NULL;
    char *begin = line;
    size_t length;

    if (file != NULL)
        fclose(file);
    if (!is_read)
        return false;
    while (isspace((unsigned char)*begin))
        begin++;
    length = strlen(begin);
    while (length > 0 && isspace((unsigned char)begin[length - 1]))
        length--;
    snprintf(text, size, "%.*s", (int)length, begin);
    return length > 0;
}

static double take_number(FILE *file)
{
    double number = NAN;

    if (file == NULL)
        return NAN;
    if (fscanf(file, "%lf", &number) != 1)
        number = NAN;
    fclose(file);
    return number;
}

/* The value behind the first "key<blanks><separator> value" line of a file such as /proc/cpuinfo or
 * os-release. */
static bool find_value(const char *root, const char *path, const char *key, char separator,
                       char *text, size_t size)
{
    char line[LINE_SIZE];
    FILE *file = open_below(root, "%s", path);
    bool is_found = false;

    while (file != NULL && !is_found && fgets(line, sizeof(line), file) != NULL) {
        char *at = line + strlen(key);

        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        at += strspn(at, " \t");
        if (*at != separator)
            continue;
        at++;
        at += strspn(at, " \t\"");
        at[strcspn(at, "\"\n")] = '\0';
        snprintf(text, size, "%s", at);
        is_found = text[0] != '\0';
    }
    if (file != NULL)
        fclose(file);
    return is_found;
}

static double find_number(const char *root, const char *path, const char *key)
{
    char text[64], *end;
    double number;

    if (!find_value(root, path, key, ':', text, sizeof(text)))
        return NAN;
    number = strtod(text, &end);
    return end == text ? NAN : number;
}

static void read_system(const char *root, sks_host *h)
{
    take_line(open_below(root, "/proc/sys/kernel/hostname"), h->hostname, sizeof(h->hostname));
    take_line(open_below(root, "/proc/sys/kernel/osrelease"), h->kernel, sizeof(h->kernel));
    if (!find_value(root, "/etc/os-release", "PRETTY_NAME", '=', h->os, sizeof(h->os)))
        find_value(root, "/usr/lib/os-release", "PRETTY_NAME", '=', h->os, sizeof(h->os));
    find_value(root, "/proc/cpuinfo", "model name", ':', h->processor, sizeof(h->processor));
    h->memory_bytes = 1024 * find_number(root, "/proc/meminfo", "MemTotal");
    take_line(open_below(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
              h->clocksource, sizeof(h->clocksource));
}

static double cpufreq_hz(const char *root, int unit, const char *what)
{
    return 1e3 *
           take_number(open_below(root, "/sys/devices/system/cpu/cpu%d/cpufreq/%s", unit, what));
}

/* `file` holds 0 or 1; `yes` is the number that means yes. */
static sks_answer take_answer(FILE *file, int yes)
{
    double number = take_number(file);

    return isnan(number) ? SKS_NOT_KNOWN : (int)number == yes ? SKS_YES : SKS_NO;
}

static void read_clock(const char *root, int unit, sks_host *h)
{
    const char *cpu = "/sys/devices/system/cpu";

    h->frequency_hz = cpufreq_hz(root, unit, "scaling_cur_freq");
    if (isnan(h->frequency_hz))
        h->frequency_hz = 1e6 * find_number(root, "/proc/cpuinfo", "cpu MHz");
    h->frequency_min_hz = cpufreq_hz(root, unit, "cpuinfo_min_freq");
    h->frequency_max_hz = cpufreq_hz(root, unit, "cpuinfo_max_freq");
    take_line(open_below(root, "%s/cpu%d/cpufreq/scaling_governor", cpu, unit), h->governor,
              sizeof(h->governor));
    h->has_turbo = take_answer(open_below(root, "%s/intel_pstate/no_turbo", cpu), 0);
    if (h->has_turbo == SKS_NOT_KNOWN)
        h->has_turbo = take_answer(open_below(root, "%s/cpufreq/boost", cpu), 1);
    h->has_smt = take_answer(open_below(root, "%s/smt/active", cpu), 1);
}

/* The hypervisor's own signature, leaf 0x40000000 of the cpuid instruction, which hypervisors of
 * all vendors keep for this. */
static bool ask_processor(char *name, size_t size)
{
#if defined(__x86_64__) || defined(__i386__)
    static const char *const known[][2] = {
        {"KVMKVMKVM", "KVM"},    {"Microsoft Hv", "Hyper-V"}, {"VMwareVMware", "VMware"},
        {"XenVMMXenVMM", "Xen"}, {"bhyve bhyve ", "bhyve"},   {"TCGTCGTCGTCG", "QEMU"},
    };
    unsigned words[4];
    char signature[13] = "";

    __cpuid(0x40000000, words[3], words[0], words[1], words[2]);
    memcpy(signature, words, 12);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(signature, known[i][0]) == 0)
            snprintf(name, size, "%s", known[i][1]);
    return name[0] != '\0';
#else
    (void)name;
    (void)size;
    return false;
#endif
}

static void read_hypervisor(const char *root, sks_host *h)
{
    char flags[LINE_SIZE];

    if (find_value(root, "/proc/cpuinfo", "flags", ':', flags, sizeof(flags)))
        h->is_virtual = strstr(flags, " hypervisor") != NULL ? SKS_YES : SKS_NO;
    else if (exists_below(root, "/proc/device-tree/hypervisor/compatible") ||
             exists_below(root, "/sys/hypervisor/type"))
        h->is_virtual = SKS_YES;
    if (h->is_virtual == SKS_NO)
        snprintf(h->hypervisor, sizeof(h->hypervisor), "none");
    if (h->is_virtual != SKS_YES ||
        (root[0] == '\0' && ask_processor(h->hypervisor, sizeof(h->hypervisor))))
        return;
    if (!take_line(open_below(root, "/sys/hypervisor/type"), h->hypervisor,
                   sizeof(h->hypervisor)) &&
        !take_line(open_below(root, "/proc/device-tree/hypervisor/compatible"), h->hypervisor,
                   sizeof(h->hypervisor)))
        take_line(open_below(root, "/sys/class/dmi/id/sys_vendor"), h->hypervisor,
                  sizeof(h->hypervisor));
}

/* No interface tells it; these are the marks the common container engines leave. */
static void read_container(const char *root, sks_host *h)
{
    static const char *const marks[][2] = {
        {"/.dockerenv", "docker"},
        {"/run/.containerenv", "podman"},
        {"/.singularity.d/runscript", "singularity"},
    };
    static const char *const groups[] = {"docker", "kubepods", "containerd", "lxc"};
    char line[LINE_SIZE];
    FILE *file;

    if (take_line(open_below(root, "/run/systemd/container"), h->container, sizeof(h->container)))
        return;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (exists_below(root, marks[i][0])) {
            snprintf(h->container, sizeof(h->container), "%s", marks[i][1]);
            return;
        }
    file = open_below(root, "/proc/self/cgroup");
    while (file != NULL && h->container[0] == '\0' && fgets(line, sizeof(line), file) != NULL)
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
            if (strstr(line, groups[i]) != NULL)
                snprintf(h->container, sizeof(h->container), "%s", groups[i]);
    if (file != NULL)
        fclose(file);
}

/* Version 2: "cpu.max" holds quota and period, or "max". */
static double quota_v2(const char *root, const char *mount, const char *group)
{
    char text[64];
    double quota, period;

    if (!take_line(open_below(root, "%s%s/cpu.max", mount, group), text, sizeof(text)) ||
        sscanf(text, "%lf %lf", &quota, &period) != 2 || period <= 0)
        return NAN;
    return quota / period;
}

static double quota_v1(const char *root, const char *mount, const char *group)
{
    double quota = take_number(open_below(root, "%s%s/cpu.cfs_quota_us", mount, group));
    double period = take_number(open_below(root, "%s%s/cpu.cfs_period_us", mount, group));

    return quota > 0 && period > 0 ? quota / period : NAN; /* -1: no limit */
}

/* Version 2 writes "max" for no limit; version 1 the largest multiple of a page that fits, which no
 * machine has. */
static double memory_v2(const char *root, const char *mount, const char *group)
{
    return take_number(open_below(root, "%s%s/memory.max", mount, group));
}

static double memory_v1(const char *root, const char *mount, const char *group)
{
    double limit = take_number(open_below(root, "%s%s/memory.limit_in_bytes", mount, group));

    return limit < 0x1p62 ? limit : NAN;
}

/* The least limit of the group and all groups above it. Inside a container the path may be the
 * host's; then only the topmost directory is there, and it is the container's own. */
static double least_limit(double (*limit)(const char *, const char *, const char *),
                          const char *root, const char *mount, const char *group)
{
    char path[PATH_SIZE];
    double least = NAN;

    snprintf(path, sizeof(path), "%s", strcmp(group, "/") == 0 ? "" : group);
    for (;;) {
        char *slash = strrchr(path, '/');

        least = fmin(least, limit(root, mount, path)); /* fmin passes over NaN */
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* Whether a list separated by commas has the word. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (;;) {
        size_t n = strcspn(list, ",");

        if (n == length && strncmp(list, word, n) == 0)
            return true;
        if (list[n] == '\0')
            return false;
        list += n + 1;
    }
}

static void lower(double *limit, double other)
{
    *limit = fmin(*limit, other); /* fmin passes over NaN */
}

static void read_cgroup_line(const char *root, const char *controllers, const char *group,
                             sks_host *h)
{
    double *const cpu = &h->cgroup_cpu_limit, *const memory = &h->cgroup_memory_limit_bytes;

    if (controllers[0] == '\0') {
        lower(cpu, least_limit(quota_v2, root, "/sys/fs/cgroup", group));
        lower(cpu, least_limit(quota_v2, root, "/sys/fs/cgroup/unified", group));
        lower(memory, least_limit(memory_v2, root, "/sys/fs/cgroup", group));
        lower(memory, least_limit(memory_v2, root, "/sys/fs/cgroup/unified", group));
        return;
    }
    if (has_word(controllers, "cpu")) {
        lower(cpu, least_limit(quota_v1, root, "/sys/fs/cgroup/cpu", group));
        lower(cpu, least_limit(quota_v1, root, "/sys/fs/cgroup/cpu,cpuacct", group));
    }
    if (has_word(controllers, "memory"))
        lower(memory, least_limit(memory_v1, root, "/sys/fs/cgroup/memory", group));
}

static void read_cgroup_limits(const char *root, sks_host *h)
{
    char line[LINE_SIZE];
    FILE *file = open_below(root, "/proc/self/cgroup");

    h->cgroup_cpu_limit = h->cgroup_memory_limit_bytes = NAN;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');

        if (group == NULL)
            continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        read_cgroup_line(root, controllers + 1, group, h);
    }
    if (file != NULL)
        fclose(file);
}

/* The least of some looks a millisecond apart: a thread that runs for a moment is no load. */
static void read_load(const char *root, sks_host *h)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int look = 0; look < 5; look++) {
        FILE *file = open_below(root, "/proc/loadavg");
        double average, running;

        if (file == NULL)
            return;
        if (fscanf(file, "%lf %*f %*f %lf/", &average, &running) == 2) {
            h->load_average_1min = average;
            h->other_running = fmin(h->other_running, fmax(0, running - 1));
        }
        fclose(file);
        nanosleep(&pause, NULL);
    }
}

static void read_steal(const char *root, sks_host *h)
{
    double t[8], total = 0;
    FILE *file = open_below(root, "/proc/stat");

    if (file == NULL)
        return;
    if (fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &t[0], &t[1], &t[2], &t[3], &t[4],
               &t[5], &t[6], &t[7]) == 8) {
        for (int i = 0; i < 8; i++)
            total += t[i];
        h->steal_fraction = total > 0 ? t[7] / total : NAN;
    }
    fclose(file);
}

void sks_host_read(const char *root, int unit, sks_host *host)
{
    *host = (sks_host){
        .is_virtual = SKS_NOT_KNOWN,
        .has_turbo = SKS_NOT_KNOWN,
        .has_smt = SKS_NOT_KNOWN,
        .load_average_1min = NAN,
        .other_running = NAN,
        .steal_fraction = NAN,
    };
    read_system(root, host);
    read_clock(root, unit, host);
    read_hypervisor(root, host);
    read_container(root, host);
    read_cgroup_limits(root, host);
    read_load(root, host);
    read_steal(root, host);
}
