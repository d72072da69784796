/* `exclude:` and `include:` of a sweep file.
 *
 *   exclude:
 *   - {kernel: pix2sky, scheduler: static, workers: [3, 4]}
 *   include:
 *   - {kernel: null, tasks: 5, workers: 8, scheduler: [guided, stealing]}
 *
 * A rule under `exclude` takes away the configurations that fit all of its keys: kernel, scaling,
 * executor, scheduler, binding, workers, or any parameter of a kernel; one of a list's values is
 * enough. A scheduler's bare name fits it with whatever options; "NAME:key=value" fits just that.
 * A recipe fits what it stands for: an executor, and the recipe's rule if it has one.
 * A rule under `include` adds all combinations of what it says; what it does not name is as in the
 * file's own lists. Names have to exist; that a rule fits nothing is no mistake, since the same
 * file serves machines of many sizes. */
#include "harness/sweep/plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* Compares one configuration with one value of a rule's key. */
enum what { KERNEL, SCALING, EXECUTOR, SCHEDULER, BINDING, WORKERS, PARAMETER, N_WHATS };
static const char *const what_names[] = {"kernel",  "scaling", "executor", "scheduler",
                                         "binding", "workers", NULL};

/* A value that a key may have, ready for comparing. */
struct value {
    char *text;         /* scheduler: canonical; else as written */
    bool is_whole_name; /* scheduler: any options */
    const sks_executor *executor;
    const sks_recipe *recipe; /* whose executor that is; NULL: no recipe */
    /* Parameters: what the text means to each family's kernel; NULL where it has no such one. */
    sks_values **for_family; /* [plan->n_families] */
};

struct key {
    enum what what;
    const char *name;
    size_t n;
    struct value *values;
    sks_picks workers; /* indices into `counts` */
    unsigned *counts;
    size_t n_counts;
};

struct rule {
    size_t n;
    struct key *keys;
};

struct sks_exclusion {
    const sks_plan *plan;
    size_t n_families; /* those of the main block */
    size_t n;
    struct rule *rules;
};

static void free_key(const sks_exclusion *e, struct key *key)
{
    for (size_t i = 0; key->values != NULL && i < key->n; i++) {
        for (size_t f = 0; key->values[i].for_family != NULL && f < e->n_families; f++)
            sks_values_destroy(key->values[i].for_family[f]);
        free(key->values[i].for_family);
        free(key->values[i].text);
    }
    free(key->values);
    free(key->workers.index);
    free(key->counts);
}

void sks_exclusion_free(sks_exclusion *e)
{
    if (e == NULL)
        return;
    for (size_t r = 0; e->rules != NULL && r < e->n; r++) {
        for (size_t k = 0; e->rules[r].keys != NULL && k < e->rules[r].n; k++)
            free_key(e, &e->rules[r].keys[k]);
        free(e->rules[r].keys);
    }
    free(e->rules);
    free(e);
}

static enum what what_of(const char *name)
{
    int what = 0;

    while (what_names[what] != NULL && strcmp(what_names[what], name) != 0)
        what++;
    return (enum what)what;
}

static const sks_param *param_of(const sks_kernel *kernel, const char *name)
{
    const sks_param *p = kernel->params;

    while (p != NULL && p->name != NULL && strcmp(p->name, name) != 0)
        p++;
    return p != NULL && p->name != NULL ? p : NULL;
}

/* Makes sure that something of that name exists, whether or not the plan has it. */
static sks_status check_name(enum what what, const char *text, struct value *value)
{
    const sks_kernel *kernel;
    const sks_scheduler *scheduler;
    sks_values *options = NULL;
    sks_status status = SKS_OK;

    switch (what) {
    case KERNEL:
        return sks_kernel_find(text, &kernel);
    case EXECUTOR:
        return sks_recipe_find(text, &value->executor, &value->recipe);
    case BINDING:
        return sks_policy_check(text);
    case SCHEDULER:
        status = sks_scheduler_parse(text, &scheduler, &options);
        if (status != SKS_OK)
            return status;
        value->is_whole_name = strchr(text, ':') == NULL;
        free(value->text);
        value->text = NULL;
        status = sks_plan_scheduler_text(scheduler, options, &value->text);
        sks_values_destroy(options);
        return status;
    case SCALING:
        if (strcmp(text, "strong") != 0 && strcmp(text, "weak") != 0)
            status = sks_fail(SKS_ERR_USAGE, "scaling: \"%s\" is neither strong nor weak", text);
        return status;
    default:
        return SKS_OK;
    }
}

/* The text as a value of the parameter, for each family whose kernel has it. */
static sks_status read_parameter(const sks_exclusion *e, const char *name, struct value *value)
{
    bool is_known = false;
    sks_status status = SKS_OK;

    value->for_family = calloc(e->n_families, sizeof(value->for_family[0]));
    if (value->for_family == NULL)
        return sks_fail_nomem("the plan");
    for (size_t f = 0; status == SKS_OK && f < e->n_families; f++) {
        const sks_kernel *kernel = e->plan->families[f].kernel;

        if (param_of(kernel, name) == NULL)
            continue;
        is_known = true;
        status = sks_values_create(kernel->params, &value->for_family[f]);
        if (status == SKS_OK)
            status = sks_values_set(value->for_family[f], name, value->text, name);
    }
    if (status == SKS_OK && !is_known)
        status = sks_fail(SKS_ERR_USAGE,
                          "exclude: no kernel here has a parameter \"%s\"; the other keys are "
                          "kernel, scaling, executor, scheduler, binding and workers",
                          name);
    return status;
}

/* Worker counts of a rule, apart from the plan's. */
static sks_status read_counts(const sks_yaml *yaml, const sks_yaml_node *node, unsigned n_cores,
                              struct key *key)
{
    sks_plan own = {0};
    sks_status status = sks_plan_read_workers(yaml, node, n_cores, &own, &key->workers);

    key->counts = own.workers;
    key->n_counts = own.n_workers;
    return status;
}

static sks_status read_key(const sks_yaml *yaml, const sks_yaml_node *node, unsigned n_cores,
                           const sks_exclusion *e, struct key *key)
{
    sks_status status;

    key->what = what_of(key->name);
    if (key->what == WORKERS)
        return read_counts(yaml, node, n_cores, key);
    status = sks_plan_check_list(yaml, node, key->name);
    if (status != SKS_OK)
        return status;
    key->values = calloc(node->n, sizeof(key->values[0]));
    if (key->values == NULL)
        return sks_fail_nomem("the plan");
    key->n = node->n;
    for (size_t i = 0; i < node->n; i++) {
        struct value *value = &key->values[i];

        value->text = strdup(node->value[i]->text);
        if (value->text == NULL)
            return sks_fail_nomem("the plan");
        status = key->what == PARAMETER ? read_parameter(e, key->name, value)
                                        : check_name(key->what, node->value[i]->text, value);
        if (status != SKS_OK)
            return sks_yaml_fail_here(yaml, node->value[i], status);
    }
    return SKS_OK;
}

static sks_status read_rule(const sks_yaml *yaml, const sks_yaml_node *node, unsigned n_cores,
                            const sks_exclusion *e, struct rule *rule)
{
    sks_status status = SKS_OK;

    if (node->kind != SKS_YAML_MAP || node->n == 0)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE,
                             "exclude: need a map as {scheduler: static, workers: 4}");
    rule->keys = calloc(node->n, sizeof(rule->keys[0]));
    if (rule->keys == NULL)
        return sks_fail_nomem("the plan");
    rule->n = node->n;
    for (size_t i = 0; status == SKS_OK && i < node->n; i++) {
        rule->keys[i].name = node->key[i]->text;
        status = read_key(yaml, node->value[i], n_cores, e, &rule->keys[i]);
    }
    return status;
}

sks_status sks_exclusion_read(const sks_yaml *yaml, unsigned n_cores, const sks_plan *plan,
                              sks_exclusion **exclusion)
{
    const sks_yaml_node *list = sks_yaml_get(yaml->root, "exclude");
    sks_exclusion *e;
    sks_status status = SKS_OK;

    if (list == NULL)
        return SKS_OK;
    if (list->kind != SKS_YAML_LIST)
        return sks_yaml_fail(yaml, list, SKS_ERR_USAGE, "exclude: need a list of maps, got %s",
                             sks_yaml_kind_name(list));
    e = calloc(1, sizeof(*e));
    if (e == NULL)
        return sks_fail_nomem("the plan");
    e->plan = plan;
    e->n_families = plan->n_families;
    e->rules = calloc(list->n + 1, sizeof(e->rules[0]));
    if (e->rules == NULL)
        status = sks_fail_nomem("the plan");
    else
        e->n = list->n;
    for (size_t i = 0; status == SKS_OK && i < list->n; i++)
        status = read_rule(yaml, list->value[i], n_cores, e, &e->rules[i]);
    if (status != SKS_OK) {
        sks_exclusion_free(e);
        return status;
    }
    *exclusion = e;
    return SKS_OK;
}

static bool fits_value(const sks_exclusion *e, const struct key *key, const struct value *value,
                       const sks_plan_item *item)
{
    const sks_configuration *c = &item->configuration;
    const size_t family = e->plan->kernels[item->kernel].family;

    switch (key->what) {
    case KERNEL:
        return strcmp(c->kernel->name, value->text) == 0;
    case SCALING:
        return item->is_weak == (strcmp(value->text, "weak") == 0);
    case EXECUTOR:
        return c->executor == value->executor &&
               (value->recipe == NULL || value->recipe->scheduler == NULL ||
                strcmp(c->scheduler->name, value->recipe->scheduler) == 0);
    case SCHEDULER:
        return strcmp(value->is_whole_name ? c->scheduler->name : item->scheduler, value->text) ==
               0;
    case BINDING:
        return strcmp(c->binding, value->text) == 0;
    default:
        return value->for_family[family] != NULL &&
               sks_plan_same_value(value->for_family[family], e->plan->families[family].written,
                                   param_of(c->kernel, key->name));
    }
}

static bool fits_key(const sks_exclusion *e, const struct key *key, const sks_plan_item *item)
{
    if (key->what == WORKERS) {
        for (size_t i = 0; i < key->n_counts; i++)
            if (key->counts[i] == item->configuration.n_workers)
                return true;
        return false;
    }
    for (size_t i = 0; i < key->n; i++)
        if (fits_value(e, key, &key->values[i], item))
            return true;
    return false;
}

bool sks_exclusion_fits(const sks_exclusion *e, const sks_plan_item *item)
{
    for (size_t r = 0; r < e->n; r++) {
        size_t k = 0;

        while (k < e->rules[r].n && fits_key(e, &e->rules[r].keys[k], item))
            k++;
        if (k == e->rules[r].n)
            return true;
    }
    return false;
}

/* An axis that the rule does not name. */
static sks_status copy_picks(const sks_picks *from, sks_picks *to)
{
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < from->n; i++)
        status = sks_picks_add(to, from->index[i], NULL);
    return status;
}

/* Keys of a rule that are not about its kernel. */
static const char *const axis_keys[] = {"executor", "scheduler", "binding", "workers", NULL};

/* Without a kernel there is nothing that another key could belong to. */
static sks_status check_keys(const sks_yaml *yaml, const sks_yaml_node *rule)
{
    for (size_t i = 0; i < rule->n; i++) {
        const char *const *name = axis_keys;

        while (*name != NULL && strcmp(*name, rule->key[i]->text) != 0)
            name++;
        if (*name == NULL)
            return sks_yaml_fail(yaml, rule->key[i], SKS_ERR_USAGE,
                                 "include: %s needs a kernel; without one the keys are executor, "
                                 "scheduler, binding and workers",
                                 rule->key[i]->text);
    }
    return SKS_OK;
}

sks_status sks_plan_read_include(const sks_yaml *yaml, const sks_yaml_node *rule, unsigned n_cores,
                                 const sks_block *main_block, sks_plan *plan, sks_block *block)
{
    sks_picks *const axis = block->axis;
    const sks_yaml_node *node;
    sks_status status = SKS_OK;

    if (rule->kind != SKS_YAML_MAP || rule->n == 0)
        return sks_yaml_fail(yaml, rule, SKS_ERR_USAGE,
                             "include: need a map as {kernel: null, workers: 8}");
    if (sks_yaml_get(rule, "kernel") != NULL)
        status = sks_plan_read_kernel(yaml, rule, axis_keys, plan, &axis[SKS_AXIS_FAMILIES]);
    else
        status = check_keys(yaml, rule);
    if (status == SKS_OK && (node = sks_yaml_get(rule, "executor")) != NULL)
        status = sks_plan_read_executors(yaml, node, plan, &axis[SKS_AXIS_EXECUTORS]);
    if (status == SKS_OK && (node = sks_yaml_get(rule, "scheduler")) != NULL)
        status = sks_plan_read_schedulers(yaml, node, plan, &axis[SKS_AXIS_SCHEDULERS]);
    if (status == SKS_OK && (node = sks_yaml_get(rule, "binding")) != NULL)
        status = sks_plan_read_bindings(yaml, node, plan, &axis[SKS_AXIS_BINDINGS]);
    if (status == SKS_OK && (node = sks_yaml_get(rule, "workers")) != NULL)
        status = sks_plan_read_workers(yaml, node, n_cores, plan, &axis[SKS_AXIS_WORKERS]);
    for (int a = 0; status == SKS_OK && a < SKS_N_AXES; a++)
        if (axis[a].n == 0)
            status = copy_picks(&main_block->axis[a], &axis[a]);
    return status;
}
