/* What about a machine or a build makes measurements doubtful, and what to do about it. */
#ifndef SKYSCALE_WARNINGS_H
#define SKYSCALE_WARNINGS_H

#include "harness/machine/host.h"

#include <stdbool.h>

typedef struct sks_circumstances {
    const sks_host *host;
    unsigned n_pus_usable;
    unsigned n_pus_present;
    unsigned n_cores_usable; /* fewer than n_pus_usable: some usable units share a core */
    bool is_simulated;       /* the topology is not this machine's */
    bool has_counters;       /* hardware events can be counted */
    bool counters_forbidden; /* if not: because this process may not */
    bool is_optimised;       /* built for measuring */
    const char *sanitizer;   /* built with one: its name; "" for none */
} sks_circumstances;

/* Calls `tell` with one sentence or two for each doubt. */
void sks_machine_warn(const sks_circumstances *c, void (*tell)(void *context, const char *text),
                      void *context);

#endif
