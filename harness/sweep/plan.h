/* A sweep file read, checked and multiplied out: the ordered list of configurations to measure.
 *
 *   campaign:       NAME                                   (default: the file's name)
 *   kernels:        list of kernels, each a NAME or a map
 *                     {kernel: NAME, PARAMETER: VALUE or [VALUE, …], …}; a list is an axis
 *                     scaling: strong, weak or both; scale: the parameter that weak scaling
 *                     multiplies by the worker count (default: tasks)
 *   workers:        list of N, "A-B", "cores", "K*cores"; ends of a range may be any of the others
 *   executors:      list of names, recipes among them      (default: threads)
 *   schedulers:     list of NAME or "NAME:key=value,…"     (default: dynamic)
 *   bindings:       list of policies                       (default: cores)
 *   counters:       list of events                         (default: none)
 *   counter_source: as `skyscale run` has it               (default: auto)
 *   repeat:         {warmup: N, min: N, max: N, interval: PERCENT}
 *   confidence:     of the interval of the median          (default: 0.95)
 *   seed:           of the order of runs                   (default: 1)
 *   exclude:        list of maps; configurations that fit all of a map's values are left out
 *   include:        list of maps; what each says is added   (see harness/sweep/plan_rules.c)
 *   disturbed:      limits for flagging samples            (see harness/sweep/disturbed.h)
 *   record:         chunks: what every worker did when     (default: none)
 * Only `kernels` and `workers` are needed. One value may stand for a list of one.
 * docs/sweep-files.md tells users the same with an example.
 *
 * `cores` are the physical cores this process may use. Worker counts that come up twice count once;
 * anything else given twice is a mistake. Paths are relative to the sweep file's folder; a file
 * name may be followed by [extension] as CFITSIO has it.
 *
 * Every configuration has a key: a canonical text of what makes it this one and no other (kernel,
 * parameters in force, executor, scheduler with options, workers, binding; for weak scaling also
 * how the parameters grow), with paths as written, so that it does not depend on where the
 * campaign's folder lies. Products (SKS_OUTPUT) are part of it only where the sweep file names one.
 *
 * Order      kernels as written, their axes in the order written with the last one fastest, then
 *            executors, schedulers, bindings, workers fastest of all; then the rules under
 *            `include`, each likewise.
 * Ownership  a plan owns all its texts and values; configurations borrow from it.
 * Errors     "FILE:LINE: cause". SKS_ERR_USAGE; SKS_ERR_IO when the sweep file or a file that a
 *            kernel is to read cannot be read.
 * Threads    read-only once loaded.
 */
#ifndef SKYSCALE_PLAN_H
#define SKYSCALE_PLAN_H

#include "harness/machine/topology.h"
#include "harness/measure/run.h"
#include "harness/sweep/disturbed.h"

#include <stdint.h>

enum { SKS_PLAN_MAX_CONFIGURATIONS = 100000 };

typedef struct sks_plan_item {
    sks_configuration configuration;
    size_t kernel;               /* index in plan->kernels */
    const char *parameters;      /* in force, as a JSON object */
    const char *parameters_text; /* not at their default, "name=value,name=value" */
    /* What the points of one scaling curve have in common: the same two texts, but for weak
     * scaling with "1000*N" where `parameters` has the number. */
    const char *series_parameters;
    const char *series_parameters_text;
    const char *scheduler; /* with options not at their default: "dynamic:chunk=4" */
    bool is_weak;
    bool is_oversubscribed; /* on the machine the plan was made for */
    char *key;
} sks_plan_item;

/* A kernel with one choice of parameters. */
typedef struct sks_plan_kernel {
    size_t family;          /* index in plan->families */
    unsigned n_workers;     /* weak scaling: the one worker count it is for; 0: any */
    sks_values *parameters; /* paths resolved */
    char *json;
    char *text;
} sks_plan_kernel;

/* A kernel with what is written of its parameters: one plan kernel, or one per worker count where
 * a parameter grows with the workers. */
typedef struct sks_plan_family {
    const sks_kernel *kernel;
    const char *scaled;   /* name of the parameter that grows, in the kernel's table; NULL: none */
    sks_values *written;  /* paths as written */
    sks_values *resolved; /* paths to be opened */
    char *json;
    char *text;
    unsigned line;
    size_t n_kernels;
    size_t *kernels; /* indices in plan->kernels */
} sks_plan_family;

typedef struct sks_plan_scheduler {
    const sks_scheduler *scheduler;
    sks_values *options;
    char *text;
} sks_plan_scheduler;

typedef struct sks_plan_executor {
    const sks_executor *executor;
    const sks_recipe *recipe; /* one that has a rule of its own; NULL: it goes with all rules */
    size_t scheduler;         /* of the recipe, index in plan->schedulers */
} sks_plan_executor;

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
    char *disturbed[SKS_N_DISTURBANCES]; /* limits as texts: "10", "1%", "off" */
    bool records_chunks;

    size_t n_items;
    sks_plan_item *items;

    /* What the items are made of, each thing once. */
    size_t n_families, n_kernels, n_schedulers, n_executors, n_bindings, n_workers, n_inputs;
    sks_plan_family *families;
    sks_plan_kernel *kernels;
    sks_plan_scheduler *schedulers;
    sks_plan_executor *executors;
    bool has_recipes; /* some of them with rules of their own */
    char **bindings;
    unsigned *workers;
    sks_plan_input *inputs; /* of all kernels, each once */
} sks_plan;

/* What makes a configuration this one and no other, in its canonical spelling. */
typedef struct sks_key_parts {
    const char *kernel, *parameters; /* JSON */
    const char *series;              /* weak scaling: series_parameters; NULL: strong */
    const char *executor, *scheduler, *binding;
    unsigned n_workers;
} sks_key_parts;

/* The key as one JSON text; from malloc. */
sks_status sks_configuration_key(const sks_key_parts *parts, char **key);

sks_status sks_plan_load(const char *file, const sks_topology *topology, sks_plan **plan);
void sks_plan_destroy(sks_plan *plan); /* accepts NULL */

#endif
