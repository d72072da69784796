#include "harness/sweep/plan_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sks_status sks_plan_grow(void **array, size_t n, size_t size)
{
    char *grown = *array;

    /* Doubling at every power of two, so that appending stays cheap. */
    if ((n & (n - 1)) == 0) {
        grown = realloc(*array, (n == 0 ? 1 : 2 * n) * size);
        if (grown == NULL)
            return sks_fail_nomem("the plan");
        *array = grown;
    }
    memset(grown + n * size, 0, size);
    return SKS_OK;
}

sks_status sks_plan_check_list(const sks_yaml *yaml, const sks_yaml_node *node, const char *name)
{
    if (node->kind == SKS_YAML_MAP)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "%s: need a value or a list, got a map",
                             name);
    if (node->n == 0)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "%s: the list is empty", name);
    for (size_t i = 0; i < node->n; i++) {
        const sks_yaml_node *item = node->value[i];

        if (item->kind != SKS_YAML_SCALAR)
            return sks_yaml_fail(yaml, item, SKS_ERR_USAGE,
                                 "%s: need plain values, entry %zu is %s", name, i + 1,
                                 sks_yaml_kind_name(item));
        if (item->text[0] == '\0')
            return sks_yaml_fail(yaml, item, SKS_ERR_USAGE, "%s: the value is empty", name);
    }
    return SKS_OK;
}

void sks_block_free(sks_block *block)
{
    for (int i = 0; i < SKS_N_AXES; i++)
        free(block->axis[i].index);
    *block = (sks_block){0};
}

sks_status sks_picks_add(sks_picks *picks, size_t index, bool *is_new)
{
    sks_status status;

    for (size_t i = 0; i < picks->n; i++)
        if (picks->index[i] == index)
            return SKS_OK;
    status = sks_plan_grow((void **)&picks->index, picks->n, sizeof(picks->index[0]));
    if (status != SKS_OK)
        return status;
    picks->index[picks->n++] = index;
    if (is_new != NULL)
        *is_new = true;
    return SKS_OK;
}

/* Each of these finds what `name` says in the plan, or enters it, and tells its index. */
typedef sks_status find_or_add(const char *name, sks_plan *plan, size_t *index);

static sks_status add_scheduler(const char *name, sks_plan *plan, size_t *index);

/* A recipe without a rule of its own is another name of its executor. */
static sks_status add_executor(const char *name, sks_plan *plan, size_t *index)
{
    sks_plan_executor made = {0};
    sks_status status = sks_recipe_find(name, &made.executor, &made.recipe);
    size_t i = 0;

    if (status == SKS_OK && made.recipe != NULL && made.recipe->scheduler == NULL)
        made.recipe = NULL;
    if (status == SKS_OK && made.recipe != NULL)
        status = add_scheduler(made.recipe->scheduler, plan, &made.scheduler);
    if (status != SKS_OK)
        return status;
    while (i < plan->n_executors && (plan->executors[i].executor != made.executor ||
                                     plan->executors[i].recipe != made.recipe))
        i++;
    if (i == plan->n_executors) {
        status = sks_plan_grow((void **)&plan->executors, i, sizeof(plan->executors[0]));
        if (status != SKS_OK)
            return status;
        plan->executors[plan->n_executors++] = made;
        plan->has_recipes |= made.recipe != NULL;
    }
    *index = i;
    return SKS_OK;
}

static sks_status add_scheduler(const char *name, sks_plan *plan, size_t *index)
{
    sks_plan_scheduler made = {0};
    sks_status status = sks_scheduler_parse(name, &made.scheduler, &made.options);
    size_t i = 0;

    if (status == SKS_OK)
        status = sks_plan_scheduler_text(made.scheduler, made.options, &made.text);
    while (status == SKS_OK && i < plan->n_schedulers &&
           strcmp(plan->schedulers[i].text, made.text) != 0)
        i++;
    if (status == SKS_OK && i == plan->n_schedulers) {
        status = sks_plan_grow((void **)&plan->schedulers, i, sizeof(plan->schedulers[0]));
        if (status == SKS_OK) {
            plan->schedulers[plan->n_schedulers++] = made;
            made = (sks_plan_scheduler){0};
        }
    }
    sks_values_destroy(made.options);
    free(made.text);
    if (status == SKS_OK)
        *index = i;
    return status;
}

static sks_status add_binding(const char *name, sks_plan *plan, size_t *index)
{
    sks_status status = sks_policy_check(name);
    size_t i = 0;

    if (status != SKS_OK)
        return status;
    while (i < plan->n_bindings && strcmp(plan->bindings[i], name) != 0)
        i++;
    if (i == plan->n_bindings) {
        char *copy;

        status = sks_plan_grow((void **)&plan->bindings, i, sizeof(plan->bindings[0]));
        if (status != SKS_OK)
            return status;
        copy = strdup(name);
        if (copy == NULL)
            return sks_fail_nomem("the plan");
        plan->bindings[plan->n_bindings++] = copy;
    }
    *index = i;
    return SKS_OK;
}

static sks_status read_picks(const sks_yaml *yaml, const sks_yaml_node *node, const char *what,
                             find_or_add *add, sks_plan *plan, sks_picks *picks)
{
    sks_status status = sks_plan_check_list(yaml, node, what);

    for (size_t i = 0; status == SKS_OK && i < node->n; i++) {
        const sks_yaml_node *item = node->value[i];
        bool is_new = false;
        size_t index;

        status = add(item->text, plan, &index);
        if (status != SKS_OK)
            return sks_yaml_fail_here(yaml, item, status);
        status = sks_picks_add(picks, index, &is_new);
        if (status == SKS_OK && !is_new)
            status = sks_yaml_fail(yaml, item, SKS_ERR_USAGE, "%s: %s is there already", what,
                                   item->text);
    }
    return status;
}

sks_status sks_plan_read_executors(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                   sks_picks *picks)
{
    return read_picks(yaml, node, "executors", add_executor, plan, picks);
}

sks_status sks_plan_read_schedulers(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                    sks_picks *picks)
{
    return read_picks(yaml, node, "schedulers", add_scheduler, plan, picks);
}

sks_status sks_plan_read_bindings(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                  sks_picks *picks)
{
    return read_picks(yaml, node, "bindings", add_binding, plan, picks);
}

/* The one value that stands for a list that is not there. */
static sks_status pick_default(const char *name, find_or_add *add, sks_plan *plan, sks_picks *picks)
{
    size_t index;
    sks_status status = add(name, plan, &index);

    return status == SKS_OK ? sks_picks_add(picks, index, NULL) : status;
}

/* One event, tried on this machine so that a misspelt one is found now; one that cannot be counted
 * here is none of our business. */
static sks_status add_event(const sks_yaml *yaml, const sks_yaml_node *node, const char *name,
                            sks_plan *plan)
{
    sks_counters *counters;
    char *joined;
    sks_status status = sks_counters_open(name, plan->counter_source, &counters);

    if (status != SKS_OK)
        return sks_yaml_fail_here(yaml, node, status);
    sks_counters_close(counters);
    if (asprintf(&joined, "%s%s%s", plan->events, plan->events[0] != '\0' ? "," : "", name) < 0)
        return sks_fail_nomem("the plan");
    free(plan->events);
    plan->events = joined;
    return SKS_OK;
}

static sks_status read_counters(const sks_yaml *yaml, sks_plan *plan)
{
    const sks_yaml_node *node = sks_yaml_get(yaml->root, "counters");
    const sks_yaml_node *source = sks_yaml_get(yaml->root, "counter_source");
    sks_counters *counters;
    sks_status status = SKS_OK;

    if (node != NULL)
        status = sks_plan_check_list(yaml, node, "counters");
    for (size_t i = 0; status == SKS_OK && node != NULL && i < node->n; i++)
        status = add_event(yaml, node->value[i], node->value[i]->text, plan);
    if (status != SKS_OK)
        return status;
    if (node == NULL && source != NULL)
        return sks_yaml_fail(yaml, source, SKS_ERR_USAGE, "counter_source: there are no counters");
    if (node == NULL)
        return SKS_OK;
    if (node->n > SKS_MAX_EVENTS)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "counters: at most %d, got %zu",
                             SKS_MAX_EVENTS, node->n);
    status = sks_counters_open(plan->events, plan->counter_source, &counters);
    if (status != SKS_OK)
        return sks_yaml_fail_here(yaml, node, status);
    sks_counters_close(counters);
    return SKS_OK;
}

/* The lists of the sweep file itself. */
static sks_status read_main_block(const sks_yaml *yaml, unsigned n_cores, sks_plan *plan,
                                  sks_block *block)
{
    sks_picks *const axis = block->axis;
    const struct {
        const char *key, *default_text;
        int axis;
        find_or_add *add;
    } lists[] = {
        {"executors", "threads", SKS_AXIS_EXECUTORS, add_executor},
        {"schedulers", "dynamic", SKS_AXIS_SCHEDULERS, add_scheduler},
        {"bindings", "cores", SKS_AXIS_BINDINGS, add_binding},
    };
    sks_status status = sks_plan_read_workers(yaml, sks_yaml_get(yaml->root, "workers"), n_cores,
                                              plan, &axis[SKS_AXIS_WORKERS]);

    for (size_t i = 0; status == SKS_OK && i < sizeof(lists) / sizeof(lists[0]); i++) {
        const sks_yaml_node *node = sks_yaml_get(yaml->root, lists[i].key);
        sks_picks *picks = &axis[lists[i].axis];

        status = node != NULL ? read_picks(yaml, node, lists[i].key, lists[i].add, plan, picks)
                              : pick_default(lists[i].default_text, lists[i].add, plan, picks);
    }
    if (status == SKS_OK)
        status = read_counters(yaml, plan);
    if (status == SKS_OK)
        status = sks_plan_read_kernels(yaml, sks_yaml_get(yaml->root, "kernels"), plan,
                                       &axis[SKS_AXIS_FAMILIES]);
    return status;
}

/* The two keys that nothing can stand in for, at their lines. */
static sks_status check_needed(const sks_yaml *yaml)
{
    static const char *const needed[] = {"kernels", "workers"};

    if (yaml->root->kind != SKS_YAML_MAP)
        return sks_yaml_fail(yaml, yaml->root, SKS_ERR_USAGE,
                             "need \"kernels:\" and \"workers:\", got %s",
                             sks_yaml_kind_name(yaml->root));
    for (int i = 0; i < 2; i++)
        if (sks_yaml_get(yaml->root, needed[i]) == NULL)
            return sks_yaml_fail(yaml, yaml->root, SKS_ERR_USAGE, "\"%s:\" is missing", needed[i]);
    return SKS_OK;
}

static sks_status read_plan(const sks_yaml *yaml, const sks_topology *topology, sks_plan *plan)
{
    sks_block block = {0};
    sks_status status;

    plan->file = strdup(yaml->file);
    plan->text = strdup(yaml->text);
    plan->events = strdup("");
    if (plan->file == NULL || plan->text == NULL || plan->events == NULL)
        return sks_fail_nomem("the plan");
    if (yaml->root->kind != SKS_YAML_MAP)
        return check_needed(yaml);
    /* Names first: "wokers" is a better message than a missing "workers". */
    if ((status = sks_plan_read_settings(yaml, plan)) == SKS_OK &&
        (status = sks_plan_read_disturbed(yaml, plan)) == SKS_OK &&
        (status = check_needed(yaml)) == SKS_OK &&
        (status = read_main_block(yaml, sks_topology_n_cores(topology), plan, &block)) == SKS_OK)
        status = sks_plan_make_items(yaml, topology, &block, plan);
    sks_block_free(&block);
    return status;
}

sks_status sks_plan_load(const char *file, const sks_topology *topology, sks_plan **plan)
{
    sks_plan *made = calloc(1, sizeof(*made));
    sks_yaml *yaml = NULL;
    sks_status status;

    if (made == NULL)
        return sks_fail_nomem("the plan");
    status = sks_yaml_load(file, &yaml);
    if (status == SKS_OK)
        status = read_plan(yaml, topology, made);
    sks_yaml_destroy(yaml);
    if (status != SKS_OK) {
        sks_plan_destroy(made);
        return status;
    }
    *plan = made;
    return SKS_OK;
}

void sks_plan_destroy(sks_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->n_items; i++)
        free(plan->items[i].key);
    for (size_t i = 0; i < plan->n_families; i++)
        sks_plan_family_clear(&plan->families[i]);
    for (size_t i = 0; i < plan->n_kernels; i++) {
        sks_values_destroy(plan->kernels[i].parameters);
        free(plan->kernels[i].json);
        free(plan->kernels[i].text);
    }
    for (size_t i = 0; i < SKS_N_DISTURBANCES; i++)
        free(plan->disturbed[i]);
    for (size_t i = 0; i < plan->n_schedulers; i++) {
        sks_values_destroy(plan->schedulers[i].options);
        free(plan->schedulers[i].text);
    }
    for (size_t i = 0; i < plan->n_bindings; i++)
        free(plan->bindings[i]);
    for (size_t i = 0; i < plan->n_inputs; i++) {
        free(plan->inputs[i].name);
        free(plan->inputs[i].path);
    }
    free(plan->items);
    free(plan->families);
    free(plan->kernels);
    free(plan->schedulers);
    free(plan->executors);
    free(plan->bindings);
    free(plan->workers);
    free(plan->inputs);
    free(plan->events);
    free(plan->counter_source);
    free(plan->campaign);
    free(plan->text);
    free(plan->file);
    free(plan);
}
