/* Blocks multiplied out: the list of configurations. */
#include "harness/sweep/plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* What making items needs to know. */
struct maker {
    const sks_yaml *yaml;
    const sks_topology *topology;
    sks_plan *plan;
    const sks_exclusion *exclusion; /* NULL: none */
    bool allows_known;              /* what is in the plan already is passed over; a recipe with
                                     * a rule of its own comes once, whatever rules there are */
    sks_place *places;              /* [SKS_MAX_WORKERS], scratch */
    signed char *crowded;           /* [binding * n_workers + workers]: 1, 0, or -1 not known */
};

/* Whether a place serves more than one worker. */
static sks_status find_crowded(struct maker *m, size_t binding, size_t workers, bool *is_crowded)
{
    sks_plan *plan = m->plan;
    const sks_yaml_node *node = sks_yaml_get(m->yaml->root, "bindings");
    signed char *known = &m->crowded[binding * plan->n_workers + workers];
    sks_status status;

    if (*known < 0) {
        status = sks_place_workers(m->topology, plan->bindings[binding], plan->workers[workers],
                                   m->places, is_crowded);
        if (status != SKS_OK)
            return sks_yaml_fail_here(m->yaml, node != NULL ? node : m->yaml->root, status);
        *known = *is_crowded;
    }
    *is_crowded = *known != 0;
    return SKS_OK;
}

/* The configuration of one pick per axis. Without its key. */
static sks_status fill_item(struct maker *m, const size_t index[SKS_N_AXES], sks_plan_item *item)
{
    sks_plan *plan = m->plan;
    const sks_plan_executor *executor = &plan->executors[index[SKS_AXIS_EXECUTORS]];
    const size_t s = executor->recipe != NULL ? executor->scheduler : index[SKS_AXIS_SCHEDULERS];
    const size_t b = index[SKS_AXIS_BINDINGS];
    const unsigned n_workers = plan->workers[index[SKS_AXIS_WORKERS]];
    const sks_plan_family *family = &plan->families[index[SKS_AXIS_FAMILIES]];
    const sks_plan_kernel *kernel;
    bool is_crowded = false;
    size_t k;
    sks_status status = sks_plan_kernel_for(m->yaml, plan, index[SKS_AXIS_FAMILIES], n_workers, &k);

    if (status == SKS_OK)
        status = find_crowded(m, b, index[SKS_AXIS_WORKERS], &is_crowded);
    if (status != SKS_OK)
        return status;
    kernel = &plan->kernels[k];
    *item = (sks_plan_item){
        .configuration = {.kernel = family->kernel,
                          .parameters = kernel->parameters,
                          .executor = executor->executor,
                          .recipe = executor->recipe,
                          .scheduler = plan->schedulers[s].scheduler,
                          .scheduler_options = plan->schedulers[s].options,
                          .n_workers = n_workers,
                          .binding = plan->bindings[b],
                          .events = plan->events,
                          .counter_source = plan->counter_source,
                          .probes_latency = true},
        .kernel = k,
        .parameters = kernel->json,
        .parameters_text = kernel->text,
        .series_parameters = family->json,
        .series_parameters_text = family->text,
        .scheduler = plan->schedulers[s].text,
        .is_weak = family->scaled != NULL,
        .is_oversubscribed = is_crowded,
    };
    return SKS_OK;
}

/* Everything an item is made of is in the plan once, so that pointers tell. */
static bool is_known(const sks_plan *plan, const sks_plan_item *item)
{
    const sks_configuration *c = &item->configuration;

    for (size_t i = 0; i < plan->n_items; i++) {
        const sks_configuration *other = &plan->items[i].configuration;

        if (plan->items[i].kernel == item->kernel && other->executor == c->executor &&
            plan->items[i].scheduler == item->scheduler && other->binding == c->binding &&
            other->n_workers == c->n_workers)
            return true;
    }
    return false;
}

static sks_status fail_too_many(const struct maker *m)
{
    return sks_yaml_fail(m->yaml, m->yaml->root, SKS_ERR_USAGE, "more than %d configurations",
                         SKS_PLAN_MAX_CONFIGURATIONS);
}

static sks_status make_key(sks_plan_item *item)
{
    const sks_configuration *c = &item->configuration;
    const sks_key_parts parts = {
        .kernel = c->kernel->name,
        .parameters = item->parameters,
        .series = item->is_weak ? item->series_parameters : NULL,
        .executor = c->executor->name,
        .scheduler = item->scheduler,
        .binding = c->binding,
        .n_workers = c->n_workers,
    };

    return sks_configuration_key(&parts, &item->key);
}

/* Before anything is measured: an executor need not be able to do what another can. */
static sks_status check_executor(const struct maker *m, const sks_plan_item *item)
{
    const sks_configuration *c = &item->configuration;
    char why[SKS_MESSAGE_SIZE];
    sks_status status =
        sks_executor_check(c->executor, c->scheduler, c->scheduler_options, c->n_workers);

    if (status == SKS_OK)
        return status;
    memcpy(why, sks_message(), sizeof(why));
    sks_clear();
    return sks_yaml_fail(m->yaml, sks_yaml_get(m->yaml->root, "executors"), status,
                         "%s; a rule leaves it out: exclude: [{executor: %s, scheduler: %s}]", why,
                         c->executor->name, c->scheduler->name);
}

static sks_status add_item(struct maker *m, const size_t index[SKS_N_AXES])
{
    sks_plan *plan = m->plan;
    sks_plan_item item;
    sks_status status = fill_item(m, index, &item);

    if (status != SKS_OK || (m->exclusion != NULL && sks_exclusion_fits(m->exclusion, &item)) ||
        ((m->allows_known || plan->has_recipes) && is_known(plan, &item)))
        return status;
    if (plan->n_items >= SKS_PLAN_MAX_CONFIGURATIONS)
        return fail_too_many(m);
    status = check_executor(m, &item);
    if (status != SKS_OK)
        return status;
    status = sks_plan_grow((void **)&plan->items, plan->n_items, sizeof(plan->items[0]));
    if (status == SKS_OK)
        status = make_key(&item);
    if (status == SKS_OK)
        plan->items[plan->n_items++] = item;
    return status;
}

/* Said before the work of making them, and whatever rules would take away again. */
static sks_status check_size(const struct maker *m, const sks_block *block)
{
    size_t product = 1;

    for (int a = 0; a < SKS_N_AXES; a++) {
        product *= block->axis[a].n;
        if (product > SKS_PLAN_MAX_CONFIGURATIONS)
            return fail_too_many(m);
    }
    return SKS_OK;
}

/* Tables over the plan's lists, which may have grown since the last block. */
static sks_status prepare(struct maker *m)
{
    const size_t n = m->plan->n_bindings * m->plan->n_workers;
    signed char *crowded = realloc(m->crowded, n);

    if (crowded == NULL)
        return sks_fail_nomem("the plan");
    memset(crowded, -1, n);
    m->crowded = crowded;
    return SKS_OK;
}

/* All combinations, the last axis fastest. */
static sks_status add_block(struct maker *m, const sks_block *block)
{
    size_t at[SKS_N_AXES] = {0};
    sks_status status = check_size(m, block);

    if (status == SKS_OK)
        status = prepare(m);
    while (status == SKS_OK) {
        size_t index[SKS_N_AXES];
        int i = SKS_N_AXES - 1;

        for (int a = 0; a < SKS_N_AXES; a++)
            index[a] = block->axis[a].index[at[a]];
        status = add_item(m, index);
        while (i >= 0 && ++at[i] == block->axis[i].n)
            at[i--] = 0;
        if (i < 0)
            break;
    }
    return status;
}

static sks_status add_includes(struct maker *m, const sks_block *main_block)
{
    const sks_yaml_node *rules = sks_yaml_get(m->yaml->root, "include");
    const unsigned n_cores = sks_topology_n_cores(m->topology);
    sks_status status = SKS_OK;

    if (rules != NULL && rules->kind != SKS_YAML_LIST)
        return sks_yaml_fail(m->yaml, rules, SKS_ERR_USAGE, "include: need a list of maps, got %s",
                             sks_yaml_kind_name(rules));
    for (size_t i = 0; status == SKS_OK && rules != NULL && i < rules->n; i++) {
        sks_block block = {0};

        status =
            sks_plan_read_include(m->yaml, rules->value[i], n_cores, main_block, m->plan, &block);
        if (status == SKS_OK)
            status = add_block(m, &block);
        sks_block_free(&block);
    }
    return status;
}

sks_status sks_plan_make_items(const sks_yaml *yaml, const sks_topology *topology,
                               const sks_block *main_block, sks_plan *plan)
{
    struct maker m = {.yaml = yaml, .topology = topology, .plan = plan};
    sks_exclusion *exclusion = NULL;
    sks_status status = sks_exclusion_read(yaml, sks_topology_n_cores(topology), plan, &exclusion);

    m.exclusion = exclusion;
    m.places = calloc(SKS_MAX_WORKERS, sizeof(*m.places));
    if (status == SKS_OK && m.places == NULL)
        status = sks_fail_nomem("the plan");
    if (status == SKS_OK)
        status = add_block(&m, main_block);
    m.exclusion = NULL; /* what is asked for in so many words is not taken away again */
    m.allows_known = true;
    if (status == SKS_OK)
        status = add_includes(&m, main_block);
    if (status == SKS_OK && plan->n_items == 0)
        status = sks_yaml_fail(yaml, sks_yaml_get(yaml->root, "exclude"), SKS_ERR_USAGE,
                               "exclude: no configuration is left");
    sks_exclusion_free(exclusion);
    free(m.places);
    free(m.crowded);
    return status;
}
