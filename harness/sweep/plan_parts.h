/* The steps of reading a plan, one file each; for harness/sweep only.
 *
 * What configurations are made of (kernels, executors, …) is kept in the plan once each. A block is
 * a choice of these things and stands for all their combinations: `kernels:`, `workers:` and the
 * other lists of a sweep file are one block, each rule under `include:` is one more. */
#ifndef SKYSCALE_PLAN_PARTS_H
#define SKYSCALE_PLAN_PARTS_H

#include "harness/sweep/plan.h"
#include "harness/sweep/yaml.h"

/* The axes of a block, the slowest first. */
enum {
    SKS_AXIS_FAMILIES,
    SKS_AXIS_EXECUTORS,
    SKS_AXIS_SCHEDULERS,
    SKS_AXIS_BINDINGS,
    SKS_AXIS_WORKERS,
    SKS_N_AXES
};

typedef struct sks_picks {
    size_t n;
    size_t *index; /* into the plan's list of that kind */
} sks_picks;

typedef struct sks_block {
    sks_picks axis[SKS_N_AXES];
} sks_block;

void sks_block_free(sks_block *block);

/* Appends a pick that is not there yet; *is_new tells (may be NULL). */
sks_status sks_picks_add(sks_picks *picks, size_t index, bool *is_new);

/* Makes sure that a node is one plain value or a list of some. `name` begins the messages. */
sks_status sks_plan_check_list(const sks_yaml *yaml, const sks_yaml_node *node, const char *name);

/* Makes room for one more element at the end of *array, zeroed; *n is not changed. */
sks_status sks_plan_grow(void **array, size_t n, size_t size);

/* Campaign, rounds, confidence, seed, counter source and what to record; also finds keys that do
 * not exist. */
sks_status sks_plan_read_settings(const sks_yaml *yaml, sks_plan *plan);
/* `disturbed:`. */
sks_status sks_plan_read_disturbed(const sks_yaml *yaml, sks_plan *plan);

/* Each of these reads one list into the plan and into picks; something that the list has twice is a
 * mistake, something the plan has already from elsewhere is not. */
sks_status sks_plan_read_executors(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                   sks_picks *picks);
sks_status sks_plan_read_schedulers(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                    sks_picks *picks);
sks_status sks_plan_read_bindings(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                  sks_picks *picks);
/* Worker counts may come up twice. */
sks_status sks_plan_read_workers(const sks_yaml *yaml, const sks_yaml_node *node, unsigned n_cores,
                                 sks_plan *plan, sks_picks *picks);

/* `kernels:`: one entry or a list of entries. */
sks_status sks_plan_read_kernels(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                 sks_picks *picks);
/* One entry; keys in `others` (ends with NULL) are left to the caller. */
sks_status sks_plan_read_kernel(const sks_yaml *yaml, const sks_yaml_node *node,
                                const char *const *others, sks_plan *plan, sks_picks *picks);

void sks_plan_family_clear(sks_plan_family *family);

/* The plan kernel of a family for a worker count, made when it is not there yet. */
sks_status sks_plan_kernel_for(const sks_yaml *yaml, sks_plan *plan, size_t family,
                               unsigned n_workers, size_t *kernel);

/* The configurations of the file's own lists without those that `exclude:` names, then those of
 * `include:`. */
sks_status sks_plan_make_items(const sks_yaml *yaml, const sks_topology *topology,
                               const sks_block *main_block, sks_plan *plan);

/* Rules under `exclude:`, to be asked about one configuration after another. */
typedef struct sks_exclusion sks_exclusion;
sks_status sks_exclusion_read(const sks_yaml *yaml, unsigned n_cores, const sks_plan *plan,
                              sks_exclusion **exclusion); /* *exclusion NULL: no rules */
bool sks_exclusion_fits(const sks_exclusion *exclusion, const sks_plan_item *item);
void sks_exclusion_free(sks_exclusion *exclusion); /* accepts NULL */

/* One rule under `include:`; axes it does not name are those of the main block. */
sks_status sks_plan_read_include(const sks_yaml *yaml, const sks_yaml_node *rule, unsigned n_cores,
                                 const sks_block *main_block, sks_plan *plan, sks_block *block);

/* Canonical texts, from malloc. Values in force, as a JSON object, and those not at their default
 * as "name=value,…". `scaled` (may be NULL) names a parameter to be shown as "1000*N". */
sks_status sks_plan_values_json(const sks_values *values, const char *scaled, char **json);
sks_status sks_plan_values_text(const sks_values *values, const char *scaled, char **text);
sks_status sks_plan_scheduler_text(const sks_scheduler *scheduler, const sks_values *options,
                                   char **text);

/* Whether a parameter has the same value in both; values that are not there are alike. */
bool sks_plan_same_value(const sks_values *a, const sks_values *b, const sks_param *param);

#endif
