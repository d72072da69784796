/* The steps of reading a plan, one file each; for harness/sweep only. */
#ifndef SKYSCALE_PLAN_PARTS_H
#define SKYSCALE_PLAN_PARTS_H

#include "harness/sweep/plan.h"
#include "harness/sweep/yaml.h"

/* Makes sure that a node is one plain value or a list of some. `name` begins the messages. */
sks_status sks_plan_check_list(const sks_yaml *yaml, const sks_yaml_node *node, const char *name);

/* Makes room for one more element at the end of *array, zeroed; *n is not changed. */
sks_status sks_plan_grow(void **array, size_t n, size_t size);

/* Campaign, rounds, confidence, seed and counter source; also finds keys that do not exist. */
sks_status sks_plan_read_settings(const sks_yaml *yaml, sks_plan *plan);

/* `kernels:` into plan->kernels and plan->inputs. */
sks_status sks_plan_read_kernels(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan);

/* `workers:` into plan->workers. */
sks_status sks_plan_read_workers(const sks_yaml *yaml, const sks_yaml_node *node, unsigned n_cores,
                                 sks_plan *plan);

/* Canonical texts, from malloc. Values in force, as a JSON object, and those not at their default
 * as "name=value,…". */
sks_status sks_plan_values_json(const sks_values *values, char **json);
sks_status sks_plan_values_text(const sks_values *values, char **text);
sks_status sks_plan_key(const sks_plan_item *item, char **key);

#endif
