/* The parts of the machine's description that hwloc knows; internal to the description. Each
 * returns a new reference, or NULL when memory ran out. */
#ifndef SKYSCALE_DESCRIBE_HARDWARE_H
#define SKYSCALE_DESCRIBE_HARDWARE_H

#include "harness/machine/host.h"
#include "harness/machine/topology_hwloc.h"

#include <jansson.h>

json_t *sks_describe_processor(const sks_host *host, const sks_topology *topology);
json_t *sks_describe_memory(const sks_host *host, const sks_topology *topology);
json_t *sks_describe_topology(const sks_topology *topology);

/* Processing units the machine has, usable or not. */
unsigned sks_count_present_pus(hwloc_topology_t hwloc);

#endif
