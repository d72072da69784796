#include "harness/machine/describe_hardware.h"

#include "harness/machine/section.h"

#include <unistd.h>

static unsigned count_objects(hwloc_topology_t hwloc, hwloc_obj_type_t type)
{
    int n = hwloc_get_nbobjs_by_type(hwloc, type);

    return n > 0 ? (unsigned)n : 0;
}

/* hwloc leaves out units the cgroup forbids; the complete set has them. */
unsigned sks_count_present_pus(hwloc_topology_t hwloc)
{
    int n = hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(hwloc));

    return n > 0 ? (unsigned)n : count_objects(hwloc, HWLOC_OBJ_PU);
}

static const char *cache_type(hwloc_obj_cache_type_t type)
{
    switch (type) {
    case HWLOC_OBJ_CACHE_DATA:
        return "data";
    case HWLOC_OBJ_CACHE_INSTRUCTION:
        return "instruction";
    default:
        return "unified";
    }
}

static json_t *describe_cache(hwloc_topology_t hwloc, hwloc_obj_t cache)
{
    struct section s = sks_section_begin();

    sks_put(&s, "level", json_integer((json_int_t)cache->attr->cache.depth));
    sks_put_text(&s, "type", cache_type(cache->attr->cache.type));
    sks_put_size(&s, "size_bytes", cache->attr->cache.size);
    sks_put_size(&s, "line_bytes", cache->attr->cache.linesize);
    sks_put_size(&s, "instances", count_objects(hwloc, cache->type));
    sks_put_size(&s, "hardware_threads_each", (uint64_t)hwloc_bitmap_weight(cache->cpuset));
    return sks_section_end(&s);
}

/* The first cache of every kind. */
static json_t *describe_caches(hwloc_topology_t hwloc)
{
    json_t *caches = json_array();
    int failed = caches == NULL;

    for (int type = HWLOC_OBJ_L1CACHE; type <= HWLOC_OBJ_L3ICACHE; type++) {
        hwloc_obj_t cache = hwloc_get_obj_by_type(hwloc, (hwloc_obj_type_t)type, 0);

        if (cache != NULL)
            failed |= json_array_append_new(caches, describe_cache(hwloc, cache));
    }
    if (failed) {
        json_decref(caches);
        return NULL;
    }
    return caches;
}

/* On Arm /proc/cpuinfo names no model; hwloc knows where else to look. */
static const char *processor_model(const sks_host *h, hwloc_topology_t hwloc)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, 0);

    if (h->processor[0] != '\0')
        return h->processor;
    return package == NULL ? NULL : hwloc_obj_get_info_by_name(package, "CPUModel");
}

json_t *sks_describe_processor(const sks_host *h, const sks_topology *topology)
{
    hwloc_topology_t hwloc = sks_topology_hwloc(topology);
    struct section s = sks_section_begin();

    sks_put_text(&s, "model", processor_model(h, hwloc));
    sks_put_size(&s, "packages", count_objects(hwloc, HWLOC_OBJ_PACKAGE));
    sks_put_size(&s, "cores", count_objects(hwloc, HWLOC_OBJ_CORE));
    sks_put_size(&s, "hardware_threads", sks_count_present_pus(hwloc));
    sks_put_size(&s, "usable_cores", sks_topology_n_cores(topology));
    sks_put_size(&s, "usable_hardware_threads", sks_topology_n_pus(topology));
    sks_put_answer(&s, "smt", h->has_smt);
    sks_put_real(&s, "frequency_hz", h->frequency_hz);
    sks_put_real(&s, "frequency_min_hz", h->frequency_min_hz);
    sks_put_real(&s, "frequency_max_hz", h->frequency_max_hz);
    sks_put_text(&s, "governor", h->governor);
    sks_put_answer(&s, "turbo", h->has_turbo);
    sks_put(&s, "caches", describe_caches(hwloc));
    return sks_section_end(&s);
}

json_t *sks_describe_memory(const sks_host *h, const sks_topology *topology)
{
    hwloc_topology_t hwloc = sks_topology_hwloc(topology);
    struct section s = sks_section_begin();
    json_t *nodes = json_array();
    hwloc_obj_t node = NULL;

    sks_put_real(&s, "memory_bytes", h->memory_bytes);
    sks_put_size(&s, "page_bytes", (uint64_t)sysconf(_SC_PAGESIZE));
    s.failed |= nodes == NULL;
    while ((node = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_NUMANODE, node)) != NULL) {
        struct section n = sks_section_begin();

        sks_put(&n, "numa", json_integer((json_int_t)node->logical_index));
        sks_put_size(&n, "memory_bytes", node->attr->numanode.local_memory);
        sks_put(&n, "hardware_threads", json_integer(hwloc_bitmap_weight(node->cpuset)));
        s.failed |= json_array_append_new(nodes, sks_section_end(&n));
    }
    sks_put(&s, "numa_nodes", nodes);
    return sks_section_end(&s);
}

json_t *sks_describe_topology(const sks_topology *topology)
{
    struct section s = sks_section_begin();
    char text[4096] = "";

    /* In the notation that --topology takes; not every topology can be told in it. */
    if (hwloc_topology_export_synthetic(sks_topology_hwloc(topology), text, sizeof(text),
                                        HWLOC_TOPOLOGY_EXPORT_SYNTHETIC_FLAG_NO_ATTRS) < 0)
        text[0] = '\0';
    sks_put_text(&s, "synthetic", text);
    sks_put(&s, "is_simulated", json_boolean(sks_topology_is_simulated(topology)));
    return sks_section_end(&s);
}
