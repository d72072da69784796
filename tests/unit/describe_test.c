/* Property: the facts about a machine are read as the files tell them (made-up /proc and /sys trees
 * with known content); what is not told is unknown, never 0 or ""; each doubtful circumstance is
 * warned of and an ideal one is not. */
#include "harness/machine/describe.h"
#include "harness/machine/host.h"
#include "harness/machine/warnings.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A tree of files under a temporary directory. ---- */

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/describe_test_XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_file(const char *path, const char *content)
{
    char full[512];
    FILE *file;

    assert_true((size_t)snprintf(full, sizeof(full), "%s%s", root, path) < sizeof(full));
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(full, 0777);
        *slash = '/';
    }
    file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static sks_host read_host(void)
{
    sks_host host;

    sks_host_read(root, 0, &host);
    return host;
}

static void nothing_told_is_nothing_known(void **state)
{
    sks_host h = read_host();

    (void)state;
    assert_string_equal(h.hostname, "");
    assert_string_equal(h.os, "");
    assert_string_equal(h.processor, "");
    assert_string_equal(h.hypervisor, "");
    assert_string_equal(h.container, "");
    assert_string_equal(h.governor, "");
    assert_int_equal(h.is_virtual, SKS_NOT_KNOWN);
    assert_int_equal(h.has_turbo, SKS_NOT_KNOWN);
    assert_int_equal(h.has_smt, SKS_NOT_KNOWN);
    assert_true(isnan(h.frequency_hz) && isnan(h.frequency_min_hz) && isnan(h.frequency_max_hz));
    assert_true(isnan(h.memory_bytes) && isnan(h.cgroup_cpu_limit));
    assert_true(isnan(h.cgroup_memory_limit_bytes));
    assert_true(isnan(h.load_average_1min) && isnan(h.other_running));
    assert_true(isnan(h.steal_fraction));
}

static void a_workstation(void **state)
{
    sks_host h;

    (void)state;
    put_file("/proc/sys/kernel/hostname", "ceres\n");
    put_file("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
    put_file("/etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n");
    put_file("/proc/cpuinfo",
             "processor\t: 0\nmodel name\t: Example 9000\nflags\t\t: fpu sse2 avx\n"
             "cpu MHz\t\t: 2200.5\n");
    put_file("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1 kB\n");
    put_file("/proc/loadavg", "1.25 0.50 0.10 4/321 4242\n");
    put_file("/proc/stat", "cpu  100 0 50 800 10 0 0 40 0 0\ncpu0 1 2 3\n");
    put_file("/proc/self/cgroup", "0::/user.slice/session-1.scope\n");
    put_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3600000\n");
    put_file("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_min_freq", "800000\n");
    put_file("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4800000\n");
    put_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    put_file("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    put_file("/sys/devices/system/cpu/smt/active", "1\n");
    h = read_host();
    assert_string_equal(h.hostname, "ceres");
    assert_string_equal(h.kernel, "6.1.0-13-amd64");
    assert_string_equal(h.os, "Debian GNU/Linux 12");
    assert_string_equal(h.processor, "Example 9000");
    assert_string_equal(h.hypervisor, "none");
    assert_int_equal(h.is_virtual, SKS_NO);
    assert_string_equal(h.container, "");
    assert_string_equal(h.governor, "powersave");
    assert_int_equal(h.has_turbo, SKS_YES);
    assert_int_equal(h.has_smt, SKS_YES);
    assert_true(h.frequency_hz == 3.6e9 && h.frequency_min_hz == 8e8);
    assert_true(h.frequency_max_hz == 4.8e9);
    assert_true(h.memory_bytes == 16000000.0 * 1024);
    assert_true(h.load_average_1min == 1.25 && h.other_running == 3);
    assert_true(fabs(h.steal_fraction - 0.04) < 1e-12);
    assert_true(isnan(h.cgroup_cpu_limit));
}

static void a_virtual_machine(void **state)
{
    sks_host h;

    (void)state;
    put_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor avx\ncpu MHz : 2200.5\n");
    put_file("/sys/class/dmi/id/sys_vendor", "Example Cloud\n");
    put_file("/.dockerenv", "");
    put_file("/sys/devices/system/cpu/cpufreq/boost", "0\n");
    h = read_host();
    assert_int_equal(h.is_virtual, SKS_YES);
    assert_string_equal(h.hypervisor, "Example Cloud");
    assert_string_equal(h.container, "docker");
    assert_int_equal(h.has_turbo, SKS_NO);
    assert_true(h.frequency_hz == 2200.5e6);
    assert_string_equal(h.processor, "");
}

static void the_least_cgroup_quota_counts(void **state)
{
    (void)state;
    put_file("/proc/self/cgroup", "0::/batch/job1/step2\n");
    put_file("/sys/fs/cgroup/batch/job1/step2/cpu.max", "max 100000\n");
    put_file("/sys/fs/cgroup/batch/job1/cpu.max", "150000 100000\n");
    put_file("/sys/fs/cgroup/batch/cpu.max", "800000 100000\n");
    put_file("/sys/fs/cgroup/batch/job1/step2/memory.max", "max\n");
    put_file("/sys/fs/cgroup/batch/memory.max", "1073741824\n");
    assert_true(read_host().cgroup_cpu_limit == 1.5);
    assert_true(read_host().cgroup_memory_limit_bytes == 1073741824);
    put_file("/sys/fs/cgroup/batch/job1/cpu.max", "max 100000\n");
    assert_true(read_host().cgroup_cpu_limit == 8);
    /* In a container only the top of the tree is there. */
    put_file("/proc/self/cgroup", "0::/elsewhere/on/the/host\n");
    put_file("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    assert_true(read_host().cgroup_cpu_limit == 0.5);
}

static void cgroups_of_version_1(void **state)
{
    (void)state;
    put_file("/proc/self/cgroup",
             "5:cpuset:/a\n3:cpuacct,cpu:/job\n2:memory:/job\n1:name=systemd:/x\n");
    put_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put_file("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "300000\n");
    put_file("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    assert_true(read_host().cgroup_cpu_limit == 3);
    assert_true(isnan(read_host().cgroup_memory_limit_bytes));
    put_file("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4096000\n");
    assert_true(read_host().cgroup_memory_limit_bytes == 4096000);
    put_file("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
    assert_true(isnan(read_host().cgroup_cpu_limit));
}

static void garbage_is_not_known(void **state)
{
    sks_host h;

    (void)state;
    put_file("/proc/meminfo", "MemTotal: plenty\n");
    put_file("/proc/stat", "cpu -\n");
    put_file("/proc/loadavg", "high\n");
    put_file("/proc/self/cgroup", ":::\n0\n\n0::\n");
    put_file("/sys/devices/system/cpu/smt/active", "notimplemented\n");
    put_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "\n");
    h = read_host();
    assert_true(isnan(h.memory_bytes) && isnan(h.steal_fraction) && isnan(h.load_average_1min));
    assert_true(isnan(h.cgroup_cpu_limit));
    assert_int_equal(h.has_smt, SKS_NOT_KNOWN);
    assert_string_equal(h.governor, "");
}

/* ---- Warnings. ---- */

static char told[4096];

static void remember(void *context, const char *text)
{
    unsigned *n = context;

    ++*n;
    strncat(told, text, sizeof(told) - strlen(told) - 2);
    strcat(told, "\n");
}

static unsigned warn(const sks_circumstances *c)
{
    unsigned n = 0;

    told[0] = '\0';
    sks_machine_warn(c, remember, &n);
    return n;
}

static void ideal(sks_host *h, sks_circumstances *c)
{
    *h = (sks_host){
        .governor = "performance",
        .is_virtual = SKS_NO,
        .has_turbo = SKS_NO,
        .has_smt = SKS_YES,
        .cgroup_cpu_limit = NAN,
        .cgroup_memory_limit_bytes = NAN,
        .steal_fraction = 0,
        .other_running = 0,
    };
    *c = (sks_circumstances){
        .host = h,
        .n_pus_usable = 8,
        .n_pus_present = 8,
        .n_cores_usable = 8,
        .has_counters = true,
        .is_optimised = true,
        .sanitizer = "",
    };
}

/* Spoils one thing; exactly one warning has to come, with the word. */
#define CHECK_WARNING(spoil, word)                                                                 \
    do {                                                                                           \
        ideal(&h, &c);                                                                             \
        spoil;                                                                                     \
        assert_int_equal(warn(&c), 1);                                                             \
        assert_non_null(strstr(told, word));                                                       \
    } while (0)

static void each_doubt_has_its_warning(void **state)
{
    sks_host h;
    sks_circumstances c;

    (void)state;
    ideal(&h, &c);
    assert_int_equal(warn(&c), 0);
    CHECK_WARNING(strcpy(h.governor, "powersave"), "powersave");
    CHECK_WARNING(h.has_turbo = SKS_YES, "no_turbo");
    CHECK_WARNING(h.is_virtual = SKS_YES, "virtual machine");
    CHECK_WARNING(h.steal_fraction = 0.042, "4.2 %");
    CHECK_WARNING(h.other_running = 1, "1 thread of other programs is");
    CHECK_WARNING(h.other_running = 3, "3 threads of other programs are");
    CHECK_WARNING(h.cgroup_cpu_limit = 1.5, "1.5 processors");
    CHECK_WARNING(c.n_pus_usable = c.n_cores_usable = 2, "2 of the 8");
    CHECK_WARNING(c.n_cores_usable = 4, "share 4 cores");
    CHECK_WARNING(c.is_simulated = true, "not this machine's");
    CHECK_WARNING(c.has_counters = false, "dmesg");
    CHECK_WARNING((c.has_counters = false, c.counters_forbidden = true), "perf_event_paranoid");
    CHECK_WARNING(c.is_optimised = false, "optimisation");
    CHECK_WARNING(c.sanitizer = "thread", "sanitizer thread");
}

/* A virtual machine without counters gets none by a permission that it has already. */
static void counters_are_not_asked_of_the_wrong_one(void **state)
{
    sks_host h;
    sks_circumstances c;

    (void)state;
    ideal(&h, &c);
    h.is_virtual = SKS_YES;
    c.has_counters = false;
    assert_int_equal(warn(&c), 2);
    assert_non_null(strstr(told, "Ask the host"));
    assert_null(strstr(told, "perf_event_paranoid"));
}

static void what_is_not_known_is_not_warned_of(void **state)
{
    sks_host h;
    sks_circumstances c;

    (void)state;
    ideal(&h, &c);
    h.governor[0] = '\0';
    h.is_virtual = h.has_turbo = h.has_smt = SKS_NOT_KNOWN;
    h.steal_fraction = h.other_running = h.cgroup_cpu_limit = NAN;
    assert_int_equal(warn(&c), 0);
}

/* ---- The description as a whole. ---- */

static void check_no_empty_text(const json_t *value)
{
    const char *key;
    json_t *member;

    if (json_is_string(value))
        assert_true(json_string_length(value) > 0);
    json_object_foreach((json_t *)value, key, member) check_no_empty_text(member);
    for (size_t i = 0; i < json_array_size(value); i++)
        check_no_empty_text(json_array_get(value, i));
}

static json_t *member_of(const json_t *description, const char *section, const char *key)
{
    json_t *value = json_object_get(json_object_get(description, section), key);

    assert_non_null(value); /* null is JSON's, not ours */
    return value;
}

static void the_description_is_complete(void **state)
{
    static const char *const keys[][2] = {
        {"system", "hostname"},
        {"system", "kernel"},
        {"system", "hypervisor"},
        {"system", "container"},
        {"system", "os"},
        {"system", "cgroup_cpu_limit"},
        {"system", "cgroup_memory_limit_bytes"},
        {"system", "steal_fraction"},
        {"libraries", "fftw"},
        {"libraries", "libc"},
        {"processor", "model"},
        {"processor", "packages"},
        {"processor", "cores"},
        {"processor", "usable_cores"},
        {"processor", "caches"},
        {"processor", "frequency_hz"},
        {"processor", "governor"},
        {"processor", "turbo"},
        {"processor", "smt"},
        {"memory", "memory_bytes"},
        {"memory", "numa_nodes"},
        {"topology", "is_simulated"},
        {"build", "compiler"},
        {"build", "flags"},
        {"build", "sanitizer"},
        {"libraries", "hwloc"},
        {"libraries", "papi"},
        {"timer", "resolution_s"},
        {"timer", "read_s"},
        {"counters", "papi"},
        {"counters", "perf"},
        {"counters", "events"},
        {"processor", "hardware_threads"},
        {"processor", "usable_hardware_threads"},
    };
    sks_topology *topology = NULL;
    json_t *description = NULL;
    json_t *events;

    (void)state;
    assert_int_equal(sks_topology_load(NULL, &topology), SKS_OK);
    assert_int_equal(sks_machine_describe(topology, &description), SKS_OK);
    check_no_empty_text(description);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        member_of(description, keys[i][0], keys[i][1]);
    assert_int_equal(
        json_integer_value(member_of(description, "processor", "usable_hardware_threads")),
        sks_topology_n_pus(topology));
    assert_true(json_is_array(json_object_get(description, "warnings")));

    /* Each event is counted by a source or says why not. */
    events = member_of(description, "counters", "events");
    assert_true(json_array_size(events) > 10);
    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t *event = json_array_get(events, i);

        assert_true(json_is_string(json_object_get(event, "source")) !=
                    json_is_string(json_object_get(event, "reason")));
    }
    json_decref(description);
    sks_topology_destroy(topology);
}

static void a_simulated_topology_says_so(void **state)
{
    sks_topology *topology = NULL;
    json_t *description = NULL;

    (void)state;
    assert_int_equal(sks_topology_load("package:2 core:4 pu:2", &topology), SKS_OK);
    assert_int_equal(sks_machine_describe(topology, &description), SKS_OK);
    assert_true(json_is_true(member_of(description, "topology", "is_simulated")));
    assert_int_equal(json_integer_value(member_of(description, "processor", "cores")), 8);
    assert_int_equal(json_integer_value(member_of(description, "processor", "packages")), 2);
    json_decref(description);
    sks_topology_destroy(topology);
}

#define host_test(function) cmocka_unit_test_setup_teardown(function, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        host_test(nothing_told_is_nothing_known),
        host_test(a_workstation),
        host_test(a_virtual_machine),
        host_test(the_least_cgroup_quota_counts),
        host_test(cgroups_of_version_1),
        host_test(garbage_is_not_known),
        cmocka_unit_test(each_doubt_has_its_warning),
        cmocka_unit_test(counters_are_not_asked_of_the_wrong_one),
        cmocka_unit_test(what_is_not_known_is_not_warned_of),
        cmocka_unit_test(the_description_is_complete),
        cmocka_unit_test(a_simulated_topology_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
