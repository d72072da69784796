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

static sks_status fail_twice(const sks_yaml *yaml, const sks_yaml_node *node, const char *what)
{
    return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "%s: %s is there already", what, node->text);
}

static sks_status add_executor(const sks_yaml *yaml, const sks_yaml_node *node, const char *name,
                               sks_plan *plan)
{
    const sks_executor *executor;
    sks_status status = sks_executor_find(name, &executor);

    if (status != SKS_OK)
        return sks_yaml_fail_here(yaml, node, status);
    for (size_t i = 0; i < plan->n_executors; i++)
        if (plan->executors[i] == executor)
            return fail_twice(yaml, node, "executors");
    status =
        sks_plan_grow((void **)&plan->executors, plan->n_executors, sizeof(plan->executors[0]));
    if (status == SKS_OK)
        plan->executors[plan->n_executors++] = executor;
    return status;
}

static sks_status scheduler_text(const sks_plan_scheduler *scheduler, char **text)
{
    char *options;
    sks_status status = sks_plan_values_text(scheduler->options, &options);

    if (status != SKS_OK)
        return status;
    if (asprintf(text, "%s%s%s", scheduler->scheduler->name, options[0] != '\0' ? ":" : "",
                 options) < 0)
        status = sks_fail_nomem("the plan");
    free(options);
    return status;
}

static sks_status add_scheduler(const sks_yaml *yaml, const sks_yaml_node *node, const char *name,
                                sks_plan *plan)
{
    sks_plan_scheduler made = {0};
    sks_status status = sks_scheduler_parse(name, &made.scheduler, &made.options);

    if (status != SKS_OK)
        return sks_yaml_fail_here(yaml, node, status);
    status = scheduler_text(&made, &made.text);
    for (size_t i = 0; status == SKS_OK && i < plan->n_schedulers; i++)
        if (strcmp(plan->schedulers[i].text, made.text) == 0)
            status = fail_twice(yaml, node, "schedulers");
    if (status == SKS_OK)
        status = sks_plan_grow((void **)&plan->schedulers, plan->n_schedulers,
                               sizeof(plan->schedulers[0]));
    if (status != SKS_OK) {
        sks_values_destroy(made.options);
        free(made.text);
        return status;
    }
    plan->schedulers[plan->n_schedulers++] = made;
    return SKS_OK;
}

static sks_status add_binding(const sks_yaml *yaml, const sks_yaml_node *node, const char *name,
                              sks_plan *plan)
{
    sks_status status = sks_policy_check(name);
    char *copy;

    if (status != SKS_OK)
        return sks_yaml_fail_here(yaml, node, status);
    for (size_t i = 0; i < plan->n_bindings; i++)
        if (strcmp(plan->bindings[i], name) == 0)
            return fail_twice(yaml, node, "bindings");
    status = sks_plan_grow((void **)&plan->bindings, plan->n_bindings, sizeof(plan->bindings[0]));
    if (status != SKS_OK)
        return status;
    copy = strdup(name);
    if (copy == NULL)
        return sks_fail_nomem("the plan");
    plan->bindings[plan->n_bindings++] = copy;
    return SKS_OK;
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

/* Calls `add` for every value of a list, or for the default when the key is not there. */
static sks_status read_list(const sks_yaml *yaml, const char *key, const char *default_text,
                            sks_status (*add)(const sks_yaml *, const sks_yaml_node *, const char *,
                                              sks_plan *),
                            sks_plan *plan)
{
    const sks_yaml_node *node = sks_yaml_get(yaml->root, key);
    sks_status status;

    if (node == NULL)
        return default_text != NULL ? add(yaml, yaml->root, default_text, plan) : SKS_OK;
    status = sks_plan_check_list(yaml, node, key);
    for (size_t i = 0; status == SKS_OK && i < node->n; i++)
        status = add(yaml, node->value[i], node->value[i]->text, plan);
    return status;
}

static sks_status read_counters(const sks_yaml *yaml, sks_plan *plan)
{
    const sks_yaml_node *node = sks_yaml_get(yaml->root, "counters");
    const sks_yaml_node *source = sks_yaml_get(yaml->root, "counter_source");
    sks_counters *counters;
    sks_status status = read_list(yaml, "counters", NULL, add_event, plan);

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

/* Whether each (binding, workers) crowds this machine: crowded[binding * n_workers + workers]. */
static sks_status map_workers(const sks_yaml *yaml, const sks_topology *topology,
                              const sks_plan *plan, bool *crowded)
{
    const sks_yaml_node *node = sks_yaml_get(yaml->root, "bindings");
    sks_place *places = calloc(SKS_MAX_WORKERS, sizeof(*places));
    sks_status status = SKS_OK;

    if (places == NULL)
        return sks_fail_nomem("the map of the workers");
    for (size_t b = 0; status == SKS_OK && b < plan->n_bindings; b++)
        for (size_t w = 0; status == SKS_OK && w < plan->n_workers; w++)
            status = sks_place_workers(topology, plan->bindings[b], plan->workers[w], places,
                                       &crowded[b * plan->n_workers + w]);
    free(places);
    if (status != SKS_OK)
        return sks_yaml_fail_here(yaml, node != NULL ? node : yaml->root, status);
    return SKS_OK;
}

static sks_status count_items(const sks_yaml *yaml, sks_plan *plan, size_t *n)
{
    const size_t factors[] = {plan->n_kernels, plan->n_executors, plan->n_schedulers,
                              plan->n_bindings, plan->n_workers};
    size_t product = 1;

    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        product *= factors[i];
        if (product > SKS_PLAN_MAX_CONFIGURATIONS)
            return sks_yaml_fail(yaml, yaml->root, SKS_ERR_USAGE, "more than %d configurations",
                                 SKS_PLAN_MAX_CONFIGURATIONS);
    }
    *n = product;
    return SKS_OK;
}

/* Item number i of the product of all axes, workers fastest. */
static sks_status make_item(const sks_plan *plan, size_t i, const bool *crowded,
                            sks_plan_item *item)
{
    size_t w = i % plan->n_workers;
    size_t b = (i /= plan->n_workers) % plan->n_bindings;
    size_t s = (i /= plan->n_bindings) % plan->n_schedulers;
    size_t e = (i /= plan->n_schedulers) % plan->n_executors;
    const sks_plan_kernel *kernel = &plan->kernels[i / plan->n_executors];

    *item = (sks_plan_item){
        .configuration = {.kernel = kernel->kernel,
                          .parameters = kernel->parameters,
                          .executor = plan->executors[e],
                          .scheduler = plan->schedulers[s].scheduler,
                          .scheduler_options = plan->schedulers[s].options,
                          .n_workers = plan->workers[w],
                          .binding = plan->bindings[b],
                          .events = plan->events,
                          .counter_source = plan->counter_source,
                          .probes_latency = true},
        .parameters = kernel->json,
        .parameters_text = kernel->text,
        .scheduler = plan->schedulers[s].text,
        .is_oversubscribed = crowded[b * plan->n_workers + w],
    };
    return sks_plan_key(item, &item->key);
}

static sks_status make_items(const sks_yaml *yaml, const sks_topology *topology, sks_plan *plan)
{
    bool *crowded = calloc(plan->n_bindings * plan->n_workers, sizeof(*crowded));
    size_t n = 0;
    sks_status status;

    if (crowded == NULL)
        return sks_fail_nomem("the plan");
    status = count_items(yaml, plan, &n);
    if (status == SKS_OK)
        status = map_workers(yaml, topology, plan, crowded);
    if (status != SKS_OK)
        goto out;
    plan->items = calloc(n, sizeof(plan->items[0]));
    if (plan->items == NULL) {
        status = sks_fail_nomem("the plan");
        goto out;
    }
    for (; status == SKS_OK && plan->n_items < n; plan->n_items++)
        status = make_item(plan, plan->n_items, crowded, &plan->items[plan->n_items]);
out:
    free(crowded);
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
    unsigned n_cores = sks_topology_n_cores(topology);
    sks_status status;

    plan->file = strdup(yaml->file);
    plan->text = strdup(yaml->text);
    plan->events = strdup("");
    if (plan->file == NULL || plan->text == NULL || plan->events == NULL)
        return sks_fail_nomem("the plan");
    if (yaml->root->kind != SKS_YAML_MAP)
        return check_needed(yaml);
    /* Names first: "wokers" is a better message than a missing "workers". */
    if ((status = sks_plan_read_settings(yaml, plan)) != SKS_OK ||
        (status = check_needed(yaml)) != SKS_OK ||
        (status = sks_plan_read_workers(yaml, sks_yaml_get(yaml->root, "workers"), n_cores,
                                        plan)) != SKS_OK ||
        (status = read_list(yaml, "executors", "threads", add_executor, plan)) != SKS_OK ||
        (status = read_list(yaml, "schedulers", "dynamic", add_scheduler, plan)) != SKS_OK ||
        (status = read_list(yaml, "bindings", "cores", add_binding, plan)) != SKS_OK ||
        (status = read_counters(yaml, plan)) != SKS_OK ||
        (status = sks_plan_read_kernels(yaml, sks_yaml_get(yaml->root, "kernels"), plan)) != SKS_OK)
        return status;
    return make_items(yaml, topology, plan);
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
    for (size_t i = 0; i < plan->n_kernels; i++) {
        sks_values_destroy(plan->kernels[i].parameters);
        free(plan->kernels[i].json);
        free(plan->kernels[i].text);
    }
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
