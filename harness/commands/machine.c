/* skyscale machine: what this machine is, what can be counted on it, and where workers would run.
 */
#include "harness/commands/command.h"
#include "harness/executors/executor.h"
#include "harness/machine/describe.h"
#include "harness/machine/topology.h"
#include "harness/present/machine_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sks_param params[] = {
    {.name = "topology",
     .type = SKS_TEXT,
     .help = "show the map on a machine described in hwloc's notation, without running anything"},
    {.name = "workers",
     .short_name = 'w',
     .type = SKS_INT,
     .min = 1,
     .max = SKS_MAX_WORKERS,
     .help = "show where that many workers would run; default: one per usable hardware thread"},
    {.name = "binding",
     .short_name = 'b',
     .type = SKS_TEXT,
     .help = "the policy, or list as 0,2,4-7, to show; default: all policies side by side"},
    {.name = "force-pmu",
     .type = SKS_TEXT,
     .help = "let PAPI take the processor for the one libpfm4 calls so, as amd64_fam19h_zen3"},
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

/* The places of all workers under one policy. */
struct map {
    const char *policy;
    sks_place *places;
    bool is_oversubscribed;
};

/* The maps to show: one policy, or all that bind. */
struct maps {
    const sks_topology *topology;
    const char *synthetic; /* as given; NULL: this machine */
    unsigned n_workers;
    size_t n;
    struct map *map;
};

static void maps_free(struct maps *m)
{
    for (size_t i = 0; m->map != NULL && i < m->n; i++)
        free(m->map[i].places);
    free(m->map);
}

static sks_status add_map(struct maps *m, const char *policy)
{
    struct map *map = &m->map[m->n];

    map->policy = policy;
    map->places = calloc(m->n_workers, sizeof(*map->places));
    if (map->places == NULL)
        return sks_fail_nomem("the map of the workers");
    m->n++;
    return sks_place_workers(m->topology, policy, m->n_workers, map->places,
                             &map->is_oversubscribed);
}

static sks_status make_maps(struct maps *m, const char *policy)
{
    sks_status status = SKS_OK;
    size_t n_policies = 0;

    while (sks_policy_table[n_policies].name != NULL)
        n_policies++;
    m->map = calloc(n_policies, sizeof(*m->map));
    if (m->map == NULL)
        return sks_fail_nomem("the map of the workers");
    if (policy != NULL)
        return add_map(m, policy);
    for (size_t i = 0; i < n_policies && status == SKS_OK; i++)
        if (strcmp(sks_policy_table[i].name, "none") != 0)
            status = add_map(m, sks_policy_table[i].name);
    return status;
}

static json_t *index_or_null(int index)
{
    return index < 0 ? json_null() : json_integer(index);
}

static json_t *map_json(const struct maps *m, const struct map *map)
{
    json_t *workers = json_array();

    for (unsigned w = 0; w < m->n_workers; w++) {
        const sks_place *p = &map->places[w];

        json_array_append_new(
            workers, json_pack("{s:i, s:o, s:o, s:o, s:o}", "worker", (int)w, "pu",
                               index_or_null(p->pu), "core", index_or_null(p->core), "package",
                               index_or_null(p->package), "numa", index_or_null(p->numa)));
    }
    if (json_array_size(workers) != m->n_workers) {
        json_decref(workers);
        return NULL;
    }
    return json_pack("{s:s, s:b, s:o}", "binding", map->policy, "is_oversubscribed",
                     map->is_oversubscribed, "workers", workers);
}

static sks_status print_json(json_t *json)
{
    if (json == NULL)
        return sks_fail_nomem("JSON");
    if (json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0 ||
        putchar('\n') == EOF)
        return sks_fail(SKS_ERR_IO, "standard output: %s", strerror(errno));
    return SKS_OK;
}

static sks_status print_maps_json(const struct maps *m)
{
    json_t *maps = json_array();
    json_t *json;
    sks_status status;

    for (size_t i = 0; i < m->n; i++)
        json_array_append_new(maps, map_json(m, &m->map[i]));
    if (json_array_size(maps) != m->n) {
        json_decref(maps);
        return sks_fail_nomem("JSON");
    }
    json = json_pack("{s:s?, s:b, s:i, s:i, s:o}", "topology", m->synthetic, "is_simulated",
                     sks_topology_is_simulated(m->topology), "usable_hardware_threads",
                     (int)sks_topology_n_pus(m->topology), "usable_cores",
                     (int)sks_topology_n_cores(m->topology), "maps", maps);
    status = print_json(json);
    json_decref(json);
    return status;
}

static void print_index(int width, int index)
{
    if (index < 0)
        printf(" %*s", width, "-");
    else
        printf(" %*d", width, index);
}

static void print_one_map(const struct maps *m)
{
    const struct map *map = &m->map[0];

    printf("binding %s, %u worker%s%s\n\nworker      pu    core package    numa\n", map->policy,
           m->n_workers, m->n_workers == 1 ? "" : "s",
           map->is_oversubscribed ? " (oversubscribed)" : "");
    for (unsigned w = 0; w < m->n_workers; w++) {
        const sks_place *p = &map->places[w];

        printf("%6u", w);
        print_index(7, p->pu);
        print_index(7, p->core);
        print_index(7, p->package);
        print_index(7, p->numa);
        putchar('\n');
    }
}

static void print_maps_side_by_side(const struct maps *m)
{
    printf("the processing unit of each of %u worker%s under each binding%s\n\nworker",
           m->n_workers, m->n_workers == 1 ? "" : "s",
           m->map[0].is_oversubscribed ? " (oversubscribed)" : "");
    for (size_t i = 0; i < m->n; i++)
        printf(" %8s", m->map[i].policy);
    putchar('\n');
    for (unsigned w = 0; w < m->n_workers; w++) {
        printf("%6u", w);
        for (size_t i = 0; i < m->n; i++)
            print_index(8, m->map[i].places[w].pu);
        putchar('\n');
    }
}

static void print_maps(const struct maps *m)
{
    unsigned n_pus = sks_topology_n_pus(m->topology);
    unsigned n_cores = sks_topology_n_cores(m->topology);

    printf("%s%s: %u hardware thread%s on %u core%s\n",
           m->synthetic != NULL ? m->synthetic : "this machine",
           sks_topology_is_simulated(m->topology) ? " (simulated, nothing is bound)" : "", n_pus,
           n_pus == 1 ? "" : "s", n_cores, n_cores == 1 ? "" : "s");
    if (m->n == 1)
        print_one_map(m);
    else
        print_maps_side_by_side(m);
}

static sks_status show_maps(const sks_values *options, const sks_topology *topology)
{
    struct maps m = {.topology = topology, .synthetic = sks_values_text(options, "topology")};
    sks_status status;

    m.n_workers = sks_values_has(options, "workers") ? (unsigned)sks_values_int(options, "workers")
                                                     : sks_topology_n_pus(topology);
    status = make_maps(&m, sks_values_text(options, "binding"));
    if (status == SKS_OK && sks_values_flag(options, "json"))
        status = print_maps_json(&m);
    else if (status == SKS_OK)
        print_maps(&m);
    maps_free(&m);
    return status;
}

static sks_status show_description(const sks_values *options, const sks_topology *topology)
{
    json_t *description = NULL;
    sks_status status = sks_machine_describe(topology, &description);

    if (status != SKS_OK)
        return status;
    if (sks_values_flag(options, "json"))
        status = print_json(description);
    else
        sks_machine_print(description);
    json_decref(description);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    const char *synthetic = sks_values_text(options, "topology");
    const char *policy = sks_values_text(options, "binding");
    const char *pmu = sks_values_text(options, "force-pmu");
    sks_topology *topology = NULL;
    sks_status status = policy == NULL ? SKS_OK : sks_policy_check(policy);

    if (status != SKS_OK)
        return status;
    if (pmu != NULL && setenv("LIBPFM_FORCE_PMU", pmu, 1) != 0)
        return sks_fail(SKS_ERR_USAGE, "--force-pmu \"%s\": %s", pmu, strerror(errno));
    status = sks_topology_load(synthetic, &topology);
    if (status != SKS_OK)
        return status;
    if (synthetic != NULL || policy != NULL || sks_values_has(options, "workers"))
        status = show_maps(options, topology);
    else
        status = show_description(options, topology);
    sks_topology_destroy(topology);
    return status;
}

const sks_command sks_command_machine = {
    .name = "machine",
    .summary = "Describe this machine, what can be counted on it, and where workers would run",
    .details =
        "Without options: processor, memory, system, build, and which events can be counted here,\n"
        "with the reason for those that cannot. With -w, -b or --topology: the processing unit of\n"
        "each worker, without running anything:\n\n"
        "  skyscale machine --topology \"package:2 core:8 pu:2\" -b scatter -w 6\n\n"
        "Where the processor is newer than PAPI (\"no default PMU found\"), --force-pmu NAME lets\n"
        "it be taken for a similar one; to count so in a run or a sweep, set "
        "LIBPFM_FORCE_PMU=NAME\n"
        "in the environment. Such counts are marked \"papi (forced pmu NAME)\": check each event\n"
        "before trusting it.",
    .max_operands = 0,
    .params = params,
    .run = run,
};
