/* Where workers run: this machine's processing units (hwloc) and the map worker -> place.
 *
 * Only what the process may use counts: hwloc's allowed set (cgroups) cut with the process's own
 * affinity mask, which hwloc does not look at.
 *
 * Policies  none      no binding
 *           compact   units in topology order: fills a core, then a package
 *           scatter   as far apart as possible: packages first, cores before hardware threads
 *           cores     one worker per physical core in topology order, then the hardware threads
 *           numa      round robin over the NUMA nodes, cores before hardware threads within each
 *           LIST      units by operating-system number: "0,2,4-7", in that order
 * More workers than places start again from the first place: the map is then oversubscribed.
 *
 * Threads  a topology is read-only after loading; sks_bind acts on the calling thread.
 */
#ifndef SKYSCALE_TOPOLOGY_H
#define SKYSCALE_TOPOLOGY_H

#include "common/status.h"

#include <stdbool.h>

typedef struct sks_topology sks_topology;

/* One processing unit. `pu` is the operating system's number; the others are hwloc's logical
 * indices. -1: none, or not known. */
typedef struct sks_place {
    int pu;
    int core;
    int package;
    int numa;
} sks_place;

/* This machine (synthetic == NULL), or one described in hwloc's notation: "package:2 core:8 pu:2".
 * SKS_ERR_USAGE for a description hwloc does not understand. */
sks_status sks_topology_load(const char *synthetic, sks_topology **topology);
void sks_topology_destroy(sks_topology *topology); /* accepts NULL */

bool sks_topology_is_simulated(const sks_topology *topology); /* not this machine */
unsigned sks_topology_n_pus(const sks_topology *topology);    /* that may be used */
unsigned sks_topology_n_cores(const sks_topology *topology);  /* that may be used */

/* SKS_ERR_USAGE when `policy` is neither a policy's name nor a list of numbers; needs no
 * topology. */
sks_status sks_policy_check(const char *policy);

/* Names and one-line summaries of the policies, for `skyscale list`; ends with .name == NULL. */
typedef struct sks_policy_info {
    const char *name;
    const char *summary;
} sks_policy_info;
extern const sks_policy_info sks_policy_table[];

/* Fills places[n_workers]. A pure function of topology and policy. *is_oversubscribed: a place
 * serves more than one worker (for `none`: more workers than usable units). SKS_ERR_USAGE: a listed
 * unit does not exist or may not be used. */
sks_status sks_place_workers(const sks_topology *topology, const char *policy, unsigned n_workers,
                             sks_place *places, bool *is_oversubscribed);

/* Binds the calling thread to `asked` and reads the binding back into *got: .pu == -1 when the
 * thread is not bound to exactly one unit (not asked to be, refused, or a simulated topology,
 * where nothing is done). `asked->pu == -1` binds nothing. Never fails: a refusal shows in *got. */
void sks_bind(const sks_topology *topology, const sks_place *asked, sks_place *got);
/* Lets the calling thread run on all units that may be used, again. */
void sks_unbind(const sks_topology *topology);

#endif
