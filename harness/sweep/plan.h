/* A sweep file read, checked and multiplied out: the ordered list of configurations to measure.
 *
 *   campaign:       NAME                                   (default: the file's name)
 *   kernels:        list of kernels, each a NAME or a map
 *                     {kernel: NAME, PARAMETER: VALUE or [VALUE, …], …}; a list is an axis
 *   workers:        list of N, "A-B", "cores", "K*cores"; ends of a range may be any of the others
 *   executors:      list of names                          (default: threads)
 *   schedulers:     list of NAME or "NAME:key=value,…"     (default: dynamic)
 *   bindings:       list of policies                       (default: cores)
 *   counters:       list of events                         (default: none)
 *   counter_source: as `skyscale run` has it               (default: auto)
 *   repeat:         {warmup: N, min: N, max: N, interval: PERCENT}
 *   confidence:     of the interval of the median          (default: 0.95)
 *   seed:           of the order of runs                   (default: 1)
 * Only `kernels` and `workers` are needed. One value may stand for a list of one.
 * docs/sweep-files.md tells users the same with an example.
 *
 * `cores` are the physical cores this process may use. Worker counts that come up twice count once;
 * anything else given twice is a mistake. Paths are relative to the sweep file's folder; a file
 * name may be followed by [extension] as CFITSIO has it.
 *
 * Every configuration has a key: a canonical text of what makes it this one and no other (kernel,
 * parameters in force, executor, scheduler with options, workers, binding), with paths as written,
 * so that it does not depend on where the campaign's folder lies. Products (SKS_OUTPUT) are part of
 * it only where the sweep file names one.
 *
 * Order      kernels as written, their axes in the order written with the last one fastest, then
 *            executors, schedulers, bindings, workers fastest of all.
 * Ownership  a plan owns all its texts and values; configurations borrow from it.
 * Errors     "FILE:LINE: cause". SKS_ERR_USAGE; SKS_ERR_IO when the sweep file or a file that a
 *            kernel is to read cannot be read.
 * Threads    read-only once loaded.
 */
#ifndef SKYSCALE_PLAN_H
#define SKYSCALE_PLAN_H

#include "harness/machine/topology.h"
#include "harness/measure/run.h"

#include <stdint.h>

enum { SKS_PLAN_MAX_CONFIGURATIONS = 100000 };

typedef struct sks_plan_item {
    sks_configuration configuration;
    const char *parameters;      /* in force, as a JSON object */
    const char *parameters_text; /* not at their default, "name=value,name=value" */
    const char *scheduler;       /* with options not at their default: "dynamic:chunk=4" */
    bool is_oversubscribed;      /* on the machine the plan was made for */
    char *key;
} sks_plan_item;

/* A kernel with one choice of parameters. */
typedef struct sks_plan_kernel {
    const sks_kernel *kernel;
    sks_values *parameters; /* paths resolved */
    char *json;
    char *text;
    unsigned line;
} sks_plan_kernel;

typedef struct sks_plan_scheduler {
    const sks_scheduler *scheduler;
    sks_values *options;
    char *text;
} sks_plan_scheduler;

typedef struct sks_plan_input {
    char *name; /* as written */
    char *path; /* to be opened */
} sks_plan_input;

typedef struct sks_plan {
    char *file;
    char *text; /* the whole sweep file */
    char *campaign;
    char *events; /* "cycles,instructions"; "" for none */
    char *counter_source;
    unsigned n_warmup, n_min, n_max; /* rounds; n_max counts from the end of the warm-up */
    double interval;   /* relative half-width at which a configuration is done; 0.02 is 2 % */
    double confidence; /* of that interval */
    uint64_t seed;

    size_t n_items;
    sks_plan_item *items;

    /* What the items are made of. */
    size_t n_kernels, n_schedulers, n_executors, n_bindings, n_workers, n_inputs;
    sks_plan_kernel *kernels;
    sks_plan_scheduler *schedulers;
    const sks_executor **executors;
    char **bindings;
    unsigned *workers;
    sks_plan_input *inputs; /* of all kernels, each once */
} sks_plan;

sks_status sks_plan_load(const char *file, const sks_topology *topology, sks_plan **plan);
void sks_plan_destroy(sks_plan *plan); /* accepts NULL */

#endif
