/* The map worker -> place: every policy is an order of the usable units, and worker i gets place
 * i modulo their number. The order does not depend on the number of workers, so worker i keeps its
 * place through a sweep. */
#include "harness/machine/topology.h"

#include "common/param.h"
#include "harness/machine/topology_hwloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const sks_policy_info sks_policy_table[] = {
    {"none", "no binding: the operating system moves workers as it likes"},
    {"compact", "units in topology order: fills a core, then a package"},
    {"scatter", "as far apart as possible: packages first, cores before hardware threads"},
    {"cores", "one worker per physical core in topology order, then the hardware threads"},
    {"numa", "round robin over the NUMA nodes, cores before hardware threads within each"},
    {NULL, NULL},
};

/* Largest unit number a list may name; beyond what any kernel is built for. */
enum { MAX_UNIT = (1 << 16) - 1 };

/* A usable unit on its way into an order. */
struct unit {
    sks_place place;
    unsigned index;  /* in topology order */
    unsigned thread; /* among the usable hardware threads of its core: 0, 1, … */
    unsigned turn;   /* for `numa`: how many units of its node come before it */
};

static const char *policy_name(const void *context, size_t i)
{
    (void)context;
    return sks_policy_table[i].name;
}

static bool is_policy(const char *policy)
{
    for (size_t i = 0; sks_policy_table[i].name != NULL; i++)
        if (strcmp(sks_policy_table[i].name, policy) == 0)
            return true;
    return false;
}

/* Reads a unit number at *text and moves behind it; -1 when there is none. */
static int read_unit(const char **text)
{
    int unit = 0;

    if (!isdigit((unsigned char)**text))
        return -1;
    while (isdigit((unsigned char)**text)) {
        unit = 10 * unit + (*(*text)++ - '0');
        if (unit > MAX_UNIT)
            return -1;
    }
    return unit;
}

/* Reads "3" or "4-7" and the comma behind it. */
static bool read_item(const char **text, int *first, int *last)
{
    *first = *last = read_unit(text);
    if (*first >= 0 && **text == '-') {
        (*text)++;
        *last = read_unit(text);
    }
    if (*first < 0 || *last < *first)
        return false;
    if (**text == '\0')
        return true;
    return *(*text)++ == ',' && **text != '\0';
}

sks_status sks_policy_check(const char *policy)
{
    const char *rest = policy;
    const char *nearest;
    int first, last;

    if (is_policy(policy))
        return SKS_OK;
    if (isdigit((unsigned char)policy[0])) {
        while (*rest != '\0')
            if (!read_item(&rest, &first, &last))
                return sks_fail(SKS_ERR_USAGE,
                                "binding \"%s\" is not a list of units such as \"0,2,4-7\"",
                                policy);
        return SKS_OK;
    }
    nearest = sks_nearest(policy, policy_name, NULL);
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE, "unknown binding \"%s\"; did you mean \"%s\"?", policy,
                        nearest);
    return sks_fail(SKS_ERR_USAGE,
                    "unknown binding \"%s\"; it is one of none, compact, scatter, cores, numa, or "
                    "a list of units such as \"0,2,4-7\"",
                    policy);
}

static void number_threads(struct unit *units, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bool same =
            i > 0 && units[i].place.core >= 0 && units[i].place.core == units[i - 1].place.core;

        units[i].index = i;
        units[i].thread = same ? units[i - 1].thread + 1 : 0;
    }
}

static int by_thread(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;

    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_turn(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;

    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    return (x->place.numa > y->place.numa) - (x->place.numa < y->place.numa);
}

static void order_cores(struct unit *units, unsigned n)
{
    qsort(units, n, sizeof(*units), by_thread);
}

/* Within each node cores come before hardware threads; then one unit of each node in turn. Nodes
 * are few, so counting a unit's predecessors costs little. */
static sks_status order_numa(struct unit *units, unsigned n)
{
    int last_node = -1;
    unsigned *taken;

    for (unsigned i = 0; i < n; i++)
        if (units[i].place.numa > last_node)
            last_node = units[i].place.numa;
    taken = calloc((size_t)last_node + 2, sizeof(*taken)); /* node -1: not known */
    if (taken == NULL)
        return sks_fail_nomem("the binding");
    order_cores(units, n);
    for (unsigned i = 0; i < n; i++)
        units[i].turn = taken[units[i].place.numa + 1]++;
    qsort(units, n, sizeof(*units), by_turn);
    free(taken);
    return SKS_OK;
}

/* Takes from the n_runs runs that follow each other in `units`, one unit of each in turn; a run
 * that is empty is passed over. ends[r] is where run r ends. */
static void interleave(struct unit *units, unsigned n, const unsigned *ends, unsigned n_runs,
                       struct unit *merged)
{
    unsigned filled = 0;

    for (unsigned turn = 0; filled < n; turn++)
        for (unsigned r = 0; r < n_runs; r++) {
            unsigned from = (r == 0 ? 0 : ends[r - 1]) + turn;

            if (from < ends[r])
                merged[filled++] = units[from];
        }
    memcpy(units, merged, n * sizeof(*units));
}

/* Spreads the n units, all below `obj` and in topology order, over its children, and over theirs
 * within each. `merged` has room for n. */
static sks_status spread(hwloc_obj_t obj, struct unit *units, unsigned n, struct unit *merged)
{
    unsigned *ends;
    unsigned begin = 0;
    sks_status status = SKS_OK;

    if (n < 2 || obj->arity == 0)
        return SKS_OK;
    ends = calloc(obj->arity, sizeof(*ends));
    if (ends == NULL)
        return sks_fail_nomem("the binding");
    for (unsigned child = 0; child < obj->arity && status == SKS_OK; child++) {
        unsigned end = begin;

        while (end < n &&
               hwloc_bitmap_isset(obj->children[child]->cpuset, (unsigned)units[end].place.pu))
            end++;
        ends[child] = end;
        status = spread(obj->children[child], units + begin, end - begin, merged);
        begin = end;
    }
    if (status == SKS_OK)
        interleave(units, n, ends, obj->arity, merged);
    free(ends);
    return status;
}

/* All first threads of the cores spread, then all second ones: were threads spread together with
 * cores, a package with few usable cores would share them while others have cores to spare. */
static sks_status order_scatter(const sks_topology *topology, struct unit *units, unsigned n)
{
    hwloc_obj_t root = hwloc_get_root_obj(sks_topology_hwloc(topology));
    struct unit *merged = calloc(n, sizeof(*merged));
    sks_status status = SKS_OK;

    if (merged == NULL)
        return sks_fail_nomem("the binding");
    order_cores(units, n);
    for (unsigned begin = 0, end; begin < n && status == SKS_OK; begin = end) {
        for (end = begin; end < n && units[end].thread == units[begin].thread;)
            end++;
        status = spread(root, units + begin, end - begin, merged);
    }
    free(merged);
    return status;
}

static sks_status order_units(const sks_topology *topology, const char *policy, struct unit *units,
                              unsigned n)
{
    number_threads(units, n);
    if (strcmp(policy, "cores") == 0)
        order_cores(units, n);
    else if (strcmp(policy, "numa") == 0)
        return order_numa(units, n);
    else if (strcmp(policy, "scatter") == 0)
        return order_scatter(topology, units, n);
    return SKS_OK; /* compact: topology order, as it is */
}

static sks_status place_by_order(const sks_topology *topology, const char *policy,
                                 unsigned n_workers, sks_place *places)
{
    unsigned n = sks_topology_n_pus(topology);
    struct unit *units = calloc(n, sizeof(*units));
    sks_status status;

    if (units == NULL)
        return sks_fail_nomem("the binding");
    for (unsigned i = 0; i < n; i++)
        units[i].place = sks_topology_places(topology)[i];
    status = order_units(topology, policy, units, n);
    for (unsigned w = 0; w < n_workers && status == SKS_OK; w++)
        places[w] = units[w % n].place;
    free(units);
    return status;
}

static sks_status find_listed(const sks_topology *topology, int pu, sks_place *place)
{
    hwloc_obj_t obj = hwloc_get_pu_obj_by_os_index(sks_topology_hwloc(topology), (unsigned)pu);

    for (unsigned i = 0; i < sks_topology_n_pus(topology); i++)
        if (sks_topology_places(topology)[i].pu == pu) {
            *place = sks_topology_places(topology)[i];
            return SKS_OK;
        }
    if (obj == NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "binding: there is no processing unit %d; see: skyscale "
                        "machine -b compact",
                        pu);
    return sks_fail(SKS_ERR_USAGE,
                    "binding: processing unit %d may not be used by this process (its affinity "
                    "mask or cgroup leaves it out)",
                    pu);
}

/* All listed units are checked, also those beyond the number of workers. */
static sks_status place_by_list(const sks_topology *topology, const char *list, unsigned n_workers,
                                sks_place *places)
{
    const char *rest = list;
    sks_place place;
    unsigned n = 0;
    int first, last;
    sks_status status;

    while (*rest != '\0' && read_item(&rest, &first, &last))
        for (int pu = first; pu <= last; pu++, n++) {
            status = find_listed(topology, pu, &place);
            if (status != SKS_OK)
                return status;
            if (n < n_workers)
                places[n] = place;
        }
    for (unsigned w = n; w < n_workers; w++)
        places[w] = places[w % n];
    return SKS_OK;
}

static int by_pu(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static sks_status find_shared(const sks_place *places, unsigned n_workers, bool *is_shared)
{
    int *pus = calloc(n_workers, sizeof(*pus));

    if (pus == NULL)
        return sks_fail_nomem("the binding");
    for (unsigned w = 0; w < n_workers; w++)
        pus[w] = places[w].pu;
    qsort(pus, n_workers, sizeof(*pus), by_pu);
    *is_shared = false;
    for (unsigned w = 1; w < n_workers; w++)
        *is_shared |= pus[w] == pus[w - 1];
    free(pus);
    return SKS_OK;
}

sks_status sks_place_workers(const sks_topology *topology, const char *policy, unsigned n_workers,
                             sks_place *places, bool *is_oversubscribed)
{
    sks_place *map;
    bool is_shared = n_workers > sks_topology_n_pus(topology);
    sks_status status = sks_policy_check(policy);

    if (status != SKS_OK)
        return status;
    if (n_workers == 0)
        return sks_fail(SKS_ERR_USAGE, "0 workers: at least one is needed");
    map = calloc(n_workers, sizeof(*map));
    if (map == NULL)
        return sks_fail_nomem("the binding");
    if (strcmp(policy, "none") == 0)
        for (unsigned w = 0; w < n_workers; w++)
            map[w] = (sks_place){-1, -1, -1, -1};
    else if (is_policy(policy))
        status = place_by_order(topology, policy, n_workers, map);
    else
        status = place_by_list(topology, policy, n_workers, map);
    if (status == SKS_OK && strcmp(policy, "none") != 0)
        status = find_shared(map, n_workers, &is_shared);
    if (status == SKS_OK) {
        memcpy(places, map, n_workers * sizeof(*map));
        *is_oversubscribed = is_shared;
    }
    free(map);
    return status;
}
