/* Property: every binding policy gives, on synthetic topologies, the map worked out by hand; lists
 * are checked; oversubscription is told; and only units the process may use are ever given. */
#include "harness/machine/topology.h"

#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_WORKERS = 64 };

/* Two packages of four cores of two threads, units numbered in topology order: core c has units 2c
 * and 2c + 1, package 0 has units 0 … 7. */
static const char *const two_packages = "package:2 core:4 pu:2";

static sks_topology *load(const char *synthetic)
{
    sks_topology *topology = NULL;

    sks_clear();
    assert_int_equal(sks_topology_load(synthetic, &topology), SKS_OK);
    return topology;
}

static void check_map(const char *synthetic, const char *policy, unsigned n, const int *pus,
                      bool is_oversubscribed)
{
    sks_topology *topology = load(synthetic);
    sks_place places[MAX_WORKERS];
    bool got = !is_oversubscribed;

    sks_clear();
    assert_int_equal(sks_place_workers(topology, policy, n, places, &got), SKS_OK);
    for (unsigned w = 0; w < n; w++)
        assert_int_equal(places[w].pu, pus[w]);
    assert_int_equal(got, is_oversubscribed);
    sks_topology_destroy(topology);
}

static void compact_fills_cores_then_packages(void **state)
{
    (void)state;
    check_map(two_packages, "compact", 10, (int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, false);
}

static void cores_come_before_threads(void **state)
{
    (void)state;
    check_map(two_packages, "cores", 16,
              (int[]){0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15}, false);
}

static void scatter_alternates_packages(void **state)
{
    (void)state;
    check_map(two_packages, "scatter", 16,
              (int[]){0, 8, 2, 10, 4, 12, 6, 14, 1, 9, 3, 11, 5, 13, 7, 15}, false);
}

/* Two packages of two dies with an own L3 cache, of two cores: neighbours in the order share as
 * little as possible. */
static void scatter_spreads_over_caches(void **state)
{
    (void)state;
    check_map("package:2 l3:2 core:2 pu:1", "scatter", 8, (int[]){0, 4, 2, 6, 1, 5, 3, 7}, false);
}

static void numa_takes_nodes_in_turn(void **state)
{
    (void)state;
    check_map("package:1 numa:3 core:2 pu:2", "numa", 12,
              (int[]){0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11}, false);
}

/* Units numbered as many firmwares do: first threads of all cores, then second ones. */
static void places_carry_the_systems_numbers(void **state)
{
    const char *interleaved = "package:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)";
    sks_topology *topology = load(interleaved);
    sks_place places[8];
    bool is_oversubscribed;

    (void)state;
    check_map(interleaved, "compact", 8, (int[]){0, 4, 1, 5, 2, 6, 3, 7}, false);
    check_map(interleaved, "cores", 8, (int[]){0, 1, 2, 3, 4, 5, 6, 7}, false);
    check_map(interleaved, "scatter", 8, (int[]){0, 2, 1, 3, 4, 6, 5, 7}, false);

    assert_int_equal(sks_place_workers(topology, "compact", 8, places, &is_oversubscribed), SKS_OK);
    for (int w = 0; w < 8; w++) {
        assert_int_equal(places[w].core, w / 2);
        assert_int_equal(places[w].package, w / 4);
        assert_int_equal(places[w].numa, 0);
    }
    sks_topology_destroy(topology);
}

static void more_workers_than_places_wrap_around(void **state)
{
    (void)state;
    check_map("package:1 core:2 pu:1", "compact", 2, (int[]){0, 1}, false);
    check_map("package:1 core:2 pu:1", "compact", 5, (int[]){0, 1, 0, 1, 0}, true);
    check_map("package:1 core:2 pu:1", "scatter", 3, (int[]){0, 1, 0}, true);
    check_map(two_packages, "3,1", 4, (int[]){3, 1, 3, 1}, true);
}

static void none_binds_nothing(void **state)
{
    (void)state;
    check_map(two_packages, "none", 3, (int[]){-1, -1, -1}, false);
    check_map("package:1 core:2 pu:1", "none", 3, (int[]){-1, -1, -1}, true);
}

static void lists_are_taken_in_their_order(void **state)
{
    (void)state;
    check_map(two_packages, "9,0,4-7", 6, (int[]){9, 0, 4, 5, 6, 7}, false);
    check_map(two_packages, "9,0,4-7", 2, (int[]){9, 0}, false);
    check_map(two_packages, "5,5", 2, (int[]){5, 5}, true);
}

static void bad_requests_are_usage_errors(void **state)
{
    static const char *const bad[] = {"",    "compcat",     "1,",     ",1",        "1,,2",
                                      "3-1", "1-",          "-1",     "1 2",       "0x1",
                                      "1;2", "99999999999", "cores ", "Compact2x", "1-2-3"};
    sks_topology *topology = load(two_packages);
    sks_place places[2] = {{-7, -7, -7, -7}, {-7, -7, -7, -7}};
    bool is_oversubscribed = true;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sks_clear();
        assert_int_equal(sks_policy_check(bad[i]), SKS_ERR_USAGE);
        assert_int_equal(sks_place_workers(topology, bad[i], 2, places, &is_oversubscribed),
                         SKS_ERR_USAGE);
    }
    sks_clear();
    sks_policy_check("compcat");
    assert_non_null(strstr(sks_message(), "did you mean \"compact\""));

    /* A unit that is not there is found also when no worker would get it. */
    sks_clear();
    assert_int_equal(sks_policy_check("0,16"), SKS_OK);
    assert_int_equal(sks_place_workers(topology, "0,16", 1, places, &is_oversubscribed),
                     SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "16"));
    sks_clear();
    assert_int_equal(sks_place_workers(topology, "compact", 0, places, &is_oversubscribed),
                     SKS_ERR_USAGE);
    assert_int_equal(places[0].pu, -7); /* outputs untouched */
    assert_true(is_oversubscribed);
    sks_topology_destroy(topology);
}

static void bad_topologies_are_usage_errors(void **state)
{
    static const char *const bad[] = {"nonsense", "package:x", "pu:1000000000", "",
                                      "core:1000 pu:1000"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sks_topology *topology = NULL;

        sks_clear();
        assert_int_equal(sks_topology_load(bad[i], &topology), SKS_ERR_USAGE);
        assert_null(topology);
    }
}

static void counts_of_units_and_cores(void **state)
{
    sks_topology *topology = load(two_packages);

    (void)state;
    assert_int_equal(sks_topology_n_pus(topology), 16);
    assert_int_equal(sks_topology_n_cores(topology), 8);
    assert_true(sks_topology_is_simulated(topology));
    sks_topology_destroy(topology);
    sks_topology_destroy(NULL);
}

static void every_listed_policy_works(void **state)
{
    sks_topology *topology = load(two_packages);
    sks_place places[16];
    bool is_oversubscribed;

    (void)state;
    for (const sks_policy_info *p = sks_policy_table; p->name != NULL; p++) {
        uint32_t seen = 0;

        assert_int_equal(sks_policy_check(p->name), SKS_OK);
        assert_int_equal(sks_place_workers(topology, p->name, 16, places, &is_oversubscribed),
                         SKS_OK);
        assert_false(is_oversubscribed);
        for (int w = 0; w < 16 && places[w].pu >= 0; w++)
            seen |= 1U << places[w].pu;
        assert_true(seen == (strcmp(p->name, "none") == 0 ? 0 : 0xffff)); /* each exactly once */
    }
    sks_topology_destroy(topology);
}

static void a_simulated_bind_is_not_a_bind(void **state)
{
    sks_topology *topology = load(two_packages);
    const sks_place asked = {.pu = 0, .core = 0, .package = 0, .numa = 0};
    sks_place got = asked;

    (void)state;
    sks_bind(topology, &asked, &got);
    assert_int_equal(got.pu, -1);
    sks_topology_destroy(topology);
}

/* In a process of its own, for it stays bound. Exit status 0: as it should be. */
static void in_child(int (*body)(void))
{
    pid_t child = fork();
    int status = -1;

    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int last_usable_unit(void)
{
    cpu_set_t set;
    int last = -1;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return -1;
    for (int unit = 0; unit < CPU_SETSIZE; unit++)
        if (CPU_ISSET(unit, &set))
            last = unit;
    return last;
}

static int bind_and_read_back(void)
{
    const sks_place nothing = {-1, -1, -1, -1};
    sks_topology *topology = NULL;
    sks_place place, got;
    bool is_oversubscribed;
    int failures = 0;

    if (sks_topology_load(NULL, &topology) != SKS_OK)
        return 100;
    if (sks_topology_is_simulated(topology)) {
        sks_topology_destroy(topology);
        return 0; /* HWLOC_SYNTHETIC in the environment */
    }
    sks_bind(topology, &nothing, &got);
    failures += got.pu != -1;
    if (sks_place_workers(topology, "compact", 1, &place, &is_oversubscribed) != SKS_OK)
        return 101;
    sks_bind(topology, &place, &got);
    failures += memcmp(&got, &place, sizeof(got)) != 0;
    failures += sched_getcpu() != place.pu;
    sks_topology_destroy(topology);
    return failures;
}

/* As taskset does for a whole process: a sanitizer may have started a thread of its own. */
static bool restrict_all_threads(int unit)
{
    DIR *tasks = opendir("/proc/self/task");
    bool is_done = tasks != NULL;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(unit, &set);
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;)
        if (task->d_name[0] != '.')
            is_done &= sched_setaffinity(atoi(task->d_name), sizeof(set), &set) == 0;
    if (tasks != NULL)
        closedir(tasks);
    return is_done;
}

static int restricted_to_one_unit(void)
{
    int unit = last_usable_unit();
    sks_topology *topology = NULL;
    sks_place places[2];
    bool is_oversubscribed = false;
    int failures = 0;

    if (!restrict_all_threads(unit) || sks_topology_load(NULL, &topology) != SKS_OK)
        return 100;
    failures += sks_topology_n_pus(topology) != 1 || sks_topology_n_cores(topology) != 1;
    failures += sks_place_workers(topology, "scatter", 2, places, &is_oversubscribed) != SKS_OK;
    failures += places[0].pu != unit || places[1].pu != unit || !is_oversubscribed;
    /* A unit that is there and left out by the mask is refused. */
    if (unit > 0)
        failures +=
            sks_place_workers(topology, "0", 1, places, &is_oversubscribed) != SKS_ERR_USAGE;
    sks_topology_destroy(topology);
    return failures;
}

static void binding_is_read_back(void **state)
{
    (void)state;
    in_child(bind_and_read_back);
}

static void the_affinity_mask_is_respected(void **state)
{
    (void)state;
    in_child(restricted_to_one_unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_fills_cores_then_packages),
        cmocka_unit_test(cores_come_before_threads),
        cmocka_unit_test(scatter_alternates_packages),
        cmocka_unit_test(scatter_spreads_over_caches),
        cmocka_unit_test(numa_takes_nodes_in_turn),
        cmocka_unit_test(places_carry_the_systems_numbers),
        cmocka_unit_test(more_workers_than_places_wrap_around),
        cmocka_unit_test(none_binds_nothing),
        cmocka_unit_test(lists_are_taken_in_their_order),
        cmocka_unit_test(bad_requests_are_usage_errors),
        cmocka_unit_test(bad_topologies_are_usage_errors),
        cmocka_unit_test(counts_of_units_and_cores),
        cmocka_unit_test(every_listed_policy_works),
        cmocka_unit_test(a_simulated_bind_is_not_a_bind),
        cmocka_unit_test(binding_is_read_back),
        cmocka_unit_test(the_affinity_mask_is_respected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
