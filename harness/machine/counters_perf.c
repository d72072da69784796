/* Counts from the kernel's generic perf events (perf_event_open(2)).
 *
 * Hardware events form one group, so that they count over exactly the same time; a group that is
 * larger than the processor has counters is refused member by member, rather than shared out: on
 * virtual machines, counts scaled up from a part of the time were seen to be off by a factor of
 * two. Software events form a second group and include the kernel's own work.
 */
#include "harness/machine/counters_source.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CACHE_EVENT(cache, operation, result)                                                      \
    (PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_##operation << 8 |                       \
     PERF_COUNT_HW_CACHE_RESULT_##result << 16)

static const struct perf_event {
    const char *name;
    uint32_t type;
    uint64_t config;
} perf_events[] = {
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
    {"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    {"stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
    {"l1d-loads", PERF_TYPE_HW_CACHE, CACHE_EVENT(L1D, READ, ACCESS)},
    {"l1d-misses", PERF_TYPE_HW_CACHE, CACHE_EVENT(L1D, READ, MISS)},
    {"dtlb-misses", PERF_TYPE_HW_CACHE, CACHE_EVENT(DTLB, READ, MISS)},
    {"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    {"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
};

/* A leader and its members, enabled and read with one call each. */
struct perf_group {
    size_t n;
    int fds[SKS_MAX_EVENTS]; /* [0] is the leader */
    size_t event[SKS_MAX_EVENTS];
};

/* What read(2) returns for a group under PERF_FORMAT_GROUP with both times. */
struct group_reading {
    uint64_t n;
    uint64_t enabled_ns;
    uint64_t running_ns;
    uint64_t values[SKS_MAX_EVENTS];
};

enum { HARDWARE, SOFTWARE, N_GROUPS };

struct perf_session {
    size_t n;
    struct perf_group groups[N_GROUPS];
    int errors[SKS_MAX_EVENTS];     /* errno of an event that could not be opened, else 0 */
    bool is_member[SKS_MAX_EVENTS]; /* it was refused beside others, not alone */
};

static int open_event(const sks_event_code *code, int leader)
{
    struct perf_event_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.size = sizeof(attr);
    attr.type = code->type;
    attr.config = code->config;
    attr.disabled = leader < 0;
    /* Context switches happen in the kernel: were its mode left out they would read 0. */
    attr.exclude_kernel = code->type != PERF_TYPE_SOFTWARE;
    attr.exclude_hv = code->type != PERF_TYPE_SOFTWARE;
    attr.read_format =
        PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static int paranoid_level(void)
{
    FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    int level = -2;

    if (file == NULL)
        return level;
    if (fscanf(file, "%d", &level) != 1)
        level = -2;
    fclose(file);
    return level;
}

/* The processor's own counters appear as an event source called cpu, or on Arm and hybrid
 * processors by other names; without any of them there are only the kernel's. */
static bool has_processor_pmu(void)
{
    sks_event_code cycles = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES};
    int fd = open_event(&cycles, -1);

    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno != ENOENT;
}

static void explain(int error, bool is_hardware, bool is_member, char *reason)
{
    int level;

    switch (error) {
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
        if (is_hardware && !has_processor_pmu())
            snprintf(reason, SKS_REASON_SIZE, "no hardware counters on this machine (virtual?)");
        else
            snprintf(reason, SKS_REASON_SIZE, "the kernel has no such event for this processor");
        return;
    case EACCES:
    case EPERM:
        level = paranoid_level();
        if (level > -2)
            snprintf(reason, SKS_REASON_SIZE,
                     "not permitted: perf_event_paranoid is %d (or a container forbids it)", level);
        else
            snprintf(reason, SKS_REASON_SIZE, "not permitted by the kernel or a container");
        return;
    case ENOSYS:
        snprintf(reason, SKS_REASON_SIZE, "this kernel has no perf events");
        return;
    case EINVAL:
    case ENOSPC:
        if (is_member) {
            snprintf(
                reason, SKS_REASON_SIZE,
                "the processor has no counter left beside the events before it: ask for fewer");
            return;
        }
        break;
    case EMFILE:
    case ENFILE:
        snprintf(reason, SKS_REASON_SIZE, "too many open files: raise ulimit -n");
        return;
    default:
        break;
    }
    snprintf(reason, SKS_REASON_SIZE, "perf_event_open: %s", strerror(error));
}

static const char *perf_label(void)
{
    return "perf";
}

static const char *perf_unavailable(void)
{
    static _Thread_local char reason[SKS_REASON_SIZE];
    sks_event_code instructions = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS};
    int fd = open_event(&instructions, -1);

    if (fd >= 0) {
        close(fd);
        return NULL;
    }
    explain(errno, true, false, reason);
    return reason;
}

bool sks_counters_forbidden(void)
{
    sks_event_code instructions = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS};
    int fd = open_event(&instructions, -1);

    if (fd >= 0)
        close(fd);
    return fd < 0 && (errno == EACCES || errno == EPERM);
}

static sks_knowledge perf_resolve(const char *event, sks_event_code *code, char *reason)
{
    for (size_t i = 0; i < sizeof(perf_events) / sizeof(perf_events[0]); i++) {
        sks_event_code found = {perf_events[i].type, perf_events[i].config};
        int fd;

        if (strcmp(event, perf_events[i].name) != 0)
            continue;
        fd = open_event(&found, -1);
        if (fd < 0) {
            explain(errno, found.type != PERF_TYPE_SOFTWARE, false, reason);
            return SKS_EVENT_REFUSED;
        }
        close(fd);
        *code = found;
        return SKS_EVENT_KNOWN;
    }
    return SKS_EVENT_UNKNOWN;
}

static void *perf_open(const sks_event_code *codes, size_t n)
{
    struct perf_session *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        struct perf_group *group =
            &s->groups[codes[i].type == PERF_TYPE_SOFTWARE ? SOFTWARE : HARDWARE];
        int fd = open_event(&codes[i], group->n > 0 ? group->fds[0] : -1);

        if (fd < 0) {
            s->errors[i] = errno;
            s->is_member[i] = group->n > 0;
            continue;
        }
        group->fds[group->n] = fd;
        group->event[group->n] = i;
        group->n++;
    }
    return s;
}

static void perf_switch(const struct perf_session *s, unsigned long request)
{
    for (int g = 0; g < N_GROUPS; g++)
        if (s->groups[g].n > 0)
            ioctl(s->groups[g].fds[0], request, PERF_IOC_FLAG_GROUP);
}

static void perf_begin(void *session)
{
    perf_switch(session, PERF_EVENT_IOC_ENABLE);
}

static void perf_end(void *session)
{
    perf_switch(session, PERF_EVENT_IOC_DISABLE);
}

static void read_group(const struct perf_group *group, sks_raw_count *raw)
{
    struct group_reading reading;
    size_t expected = (3 + group->n) * sizeof(uint64_t);
    ssize_t got = group->n == 0 ? 0 : read(group->fds[0], &reading, sizeof(reading));
    int error = errno;

    for (size_t i = 0; i < group->n; i++) {
        sks_raw_count *r = &raw[group->event[i]];

        if (got != (ssize_t)expected || reading.n != group->n) {
            snprintf(r->reason, sizeof(r->reason), "reading the counters failed: %s",
                     got < 0 ? strerror(error) : "short answer");
            continue;
        }
        r->is_read = true;
        r->value = (double)reading.values[i];
        r->enabled_ns = (double)reading.enabled_ns;
        r->running_ns = (double)reading.running_ns;
        /* Accepted as a group, and yet more than what others left free. */
        r->is_crowded = reading.running_ns == 0 && group->n > 1;
    }
}

static void perf_close(void *session, sks_raw_count *raw)
{
    struct perf_session *s = session;

    for (size_t i = 0; i < s->n; i++) {
        raw[i] = (sks_raw_count){.is_read = false};
        if (s->errors[i] != 0)
            explain(s->errors[i], true, s->is_member[i], raw[i].reason);
    }
    for (int g = 0; g < N_GROUPS; g++) {
        read_group(&s->groups[g], raw);
        for (size_t i = s->groups[g].n; i-- > 0;)
            close(s->groups[g].fds[i]);
    }
    free(s);
}

const sks_counter_source sks_counter_source_perf = {
    .name = "perf",
    .label = perf_label,
    .unavailable = perf_unavailable,
    .resolve = perf_resolve,
    .open = perf_open,
    .begin = perf_begin,
    .end = perf_end,
    .close = perf_close,
};
