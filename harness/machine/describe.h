/* The description of the machine and of the build that goes with every measurement.
 *
 * A Jansson object of objects: system, processor, memory, topology, build, libraries, timer,
 * counters; and `warnings`, an array of sentences that say what makes measurements here doubtful
 * and what to do about it. Keys are snake_case and end with their unit. What is not known is null,
 * never 0 or "".
 */
#ifndef SKYSCALE_DESCRIBE_H
#define SKYSCALE_DESCRIBE_H

#include "common/status.h"
#include "harness/machine/topology.h"

#include <jansson.h>

/* A new reference in *description. Takes some ten milliseconds: load and counters are looked at. */
sks_status sks_machine_describe(const sks_topology *topology, json_t **description);

#endif
