/* What the files of this folder share about a topology beyond its public contract: hwloc's own
 * objects, for the description of the machine. Read-only. */
#ifndef SKYSCALE_TOPOLOGY_HWLOC_H
#define SKYSCALE_TOPOLOGY_HWLOC_H

#include "harness/machine/topology.h"

#include <hwloc.h>

hwloc_topology_t sks_topology_hwloc(const sks_topology *topology);

/* The usable units in topology order, [sks_topology_n_pus]. */
const sks_place *sks_topology_places(const sks_topology *topology);

#endif
