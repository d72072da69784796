/* Loading, places and binding; what each policy makes of the places is in policies.c. */
#include "harness/machine/topology.h"

#include "harness/machine/topology_hwloc.h"

#include <ctype.h>
#include <stdlib.h>

/* hwloc would try to build any number of units asked for, until memory runs out. */
enum { MAX_SYNTHETIC_UNITS = 1 << 16 };

struct sks_topology {
    hwloc_topology_t hwloc;
    sks_place *places; /* usable units in topology order */
    unsigned n_places;
    unsigned n_cores;
    bool is_simulated;
};

static int logical_index(hwloc_obj_t obj)
{
    return obj == NULL ? -1 : (int)obj->logical_index;
}

static sks_place place_of(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
    int node = pu->nodeset == NULL ? -1 : hwloc_bitmap_first(pu->nodeset);
    hwloc_obj_t numa = node < 0 ? NULL : hwloc_get_numanode_obj_by_os_index(hwloc, (unsigned)node);

    return (sks_place){
        .pu = (int)pu->os_index,
        .core = logical_index(hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_CORE, pu)),
        .package = logical_index(hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, pu)),
        .numa = logical_index(numa),
    };
}

/* The number of units a synthetic description asks for: the product of its ":N" outside of the
 * parentheses that hold attributes. */
static double synthetic_units(const char *synthetic)
{
    double units = 1;
    int depth = 0;

    for (const char *c = synthetic; *c != '\0'; c++) {
        depth += (*c == '(') - (*c == ')');
        if (depth == 0 && *c == ':' && isdigit((unsigned char)c[1]))
            units *= strtod(c + 1, NULL);
    }
    return units;
}

static sks_status load_hwloc(const char *synthetic, hwloc_topology_t hwloc)
{
    if (synthetic != NULL && synthetic_units(synthetic) > MAX_SYNTHETIC_UNITS)
        return sks_fail(SKS_ERR_USAGE, "topology \"%s\": at most %d processing units", synthetic,
                        (int)MAX_SYNTHETIC_UNITS);
    if (synthetic != NULL && hwloc_topology_set_synthetic(hwloc, synthetic) != 0)
        return sks_fail(SKS_ERR_USAGE,
                        "hwloc does not understand the topology \"%s\"; an example: "
                        "\"package:2 core:8 pu:2\"",
                        synthetic);
    if (hwloc_topology_load(hwloc) != 0)
        return sks_fail(synthetic != NULL ? SKS_ERR_USAGE : SKS_ERR_IO, "hwloc cannot load %s%s%s",
                        synthetic != NULL ? "the topology \"" : "",
                        synthetic != NULL ? synthetic : "this machine's topology",
                        synthetic != NULL ? "\"" : "");
    return SKS_OK;
}

/* The units the process may use: hwloc's allowed set, which knows cgroups, cut with the process's
 * affinity mask, which hwloc leaves out (taskset, a batch system). */
static sks_status usable_units(const sks_topology *t, hwloc_bitmap_t usable)
{
    hwloc_bitmap_t mask;

    if (hwloc_bitmap_copy(usable, hwloc_topology_get_allowed_cpuset(t->hwloc)) != 0)
        return sks_fail_nomem("the topology");
    if (t->is_simulated)
        return SKS_OK;
    mask = hwloc_bitmap_alloc();
    if (mask == NULL)
        return sks_fail_nomem("the topology");
    /* Of the whole process, not this thread: the caller may itself be a bound worker. Where the
     * system does not tell the mask there is nothing to cut with. */
    if (hwloc_get_cpubind(t->hwloc, mask, HWLOC_CPUBIND_PROCESS) == 0)
        hwloc_bitmap_and(usable, usable, mask);
    hwloc_bitmap_free(mask);
    return SKS_OK;
}

static sks_status collect_places(sks_topology *t, hwloc_const_bitmap_t usable)
{
    int n = hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_PU);

    t->places = calloc(n > 0 ? (size_t)n : 1, sizeof(*t->places));
    if (t->places == NULL)
        return sks_fail_nomem("the topology");
    for (hwloc_obj_t pu = NULL;
         (pu = hwloc_get_next_obj_by_type(t->hwloc, HWLOC_OBJ_PU, pu)) != NULL;) {
        sks_place place = place_of(t->hwloc, pu);

        if (!hwloc_bitmap_isset(usable, pu->os_index))
            continue;
        /* Threads of one core are neighbours in topology order. */
        if (t->n_places == 0 || place.core < 0 || place.core != t->places[t->n_places - 1].core)
            t->n_cores++;
        t->places[t->n_places++] = place;
    }
    if (t->n_places == 0)
        return sks_fail(SKS_ERR_IO, "no processing unit of this machine may be used");
    return SKS_OK;
}

sks_status sks_topology_load(const char *synthetic, sks_topology **topology)
{
    sks_topology *t = calloc(1, sizeof(*t));
    hwloc_bitmap_t usable = hwloc_bitmap_alloc();
    sks_status status;

    if (t == NULL || usable == NULL || hwloc_topology_init(&t->hwloc) != 0) {
        status = sks_fail_nomem("the topology");
        goto out;
    }
    status = load_hwloc(synthetic, t->hwloc);
    if (status != SKS_OK)
        goto out;
    /* HWLOC_SYNTHETIC or HWLOC_XMLFILE in the environment replace the machine as well. */
    t->is_simulated = synthetic != NULL || !hwloc_topology_is_thissystem(t->hwloc);
    status = usable_units(t, usable);
    if (status == SKS_OK)
        status = collect_places(t, usable);
    if (status != SKS_OK)
        goto out;
    *topology = t;
    t = NULL;
out:
    hwloc_bitmap_free(usable);
    sks_topology_destroy(t);
    return status;
}

void sks_topology_destroy(sks_topology *topology)
{
    if (topology == NULL)
        return;
    if (topology->hwloc != NULL)
        hwloc_topology_destroy(topology->hwloc);
    free(topology->places);
    free(topology);
}

bool sks_topology_is_simulated(const sks_topology *topology)
{
    return topology->is_simulated;
}

unsigned sks_topology_n_pus(const sks_topology *topology)
{
    return topology->n_places;
}

unsigned sks_topology_n_cores(const sks_topology *topology)
{
    return topology->n_cores;
}

hwloc_topology_t sks_topology_hwloc(const sks_topology *topology)
{
    return topology->hwloc;
}

const sks_place *sks_topology_places(const sks_topology *topology)
{
    return topology->places;
}

/* The place of the unit with this number; one that is not usable keeps its number alone. */
static sks_place find_place(const sks_topology *topology, int pu)
{
    for (unsigned i = 0; i < topology->n_places; i++)
        if (topology->places[i].pu == pu)
            return topology->places[i];
    return (sks_place){.pu = pu, .core = -1, .package = -1, .numa = -1};
}

void sks_bind(const sks_topology *topology, const sks_place *asked, sks_place *got)
{
    hwloc_bitmap_t set;

    *got = (sks_place){-1, -1, -1, -1};
    /* On a topology that is not this machine's hwloc_set_cpubind succeeds and does nothing. */
    if (asked->pu < 0 || topology->is_simulated)
        return;
    set = hwloc_bitmap_alloc();
    if (set == NULL)
        return;
    /* What counts is the read-back: it tells a refusal as well as a binding cut by the system. */
    if (hwloc_bitmap_only(set, (unsigned)asked->pu) == 0)
        hwloc_set_cpubind(topology->hwloc, set, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_zero(set);
    if (hwloc_get_cpubind(topology->hwloc, set, HWLOC_CPUBIND_THREAD) == 0 &&
        hwloc_bitmap_weight(set) == 1)
        *got = find_place(topology, hwloc_bitmap_first(set));
    hwloc_bitmap_free(set);
}

void sks_unbind(const sks_topology *topology)
{
    hwloc_bitmap_t set = topology->is_simulated ? NULL : hwloc_bitmap_alloc();

    if (set == NULL)
        return;
    for (unsigned i = 0; i < topology->n_places; i++)
        hwloc_bitmap_set(set, (unsigned)topology->places[i].pu);
    hwloc_set_cpubind(topology->hwloc, set, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(set);
}
