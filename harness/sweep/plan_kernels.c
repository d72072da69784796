/* The kernels of a sweep file and the axes over their parameters. */
#include "harness/sweep/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One parameter of an entry, and which of its values is meant now. */
struct axis {
    const char *name;
    const sks_yaml_node *node;
    size_t at;
};

struct entry {
    const sks_kernel *kernel;
    unsigned line;
    struct axis *axes;
    size_t n_axes;
};

/* `path` seen from the sweep file's folder; from malloc. */
static char *resolve(const sks_plan *plan, const char *path)
{
    const char *slash = strrchr(plan->file, '/');
    char *resolved;

    if (slash == NULL || path[0] == '/')
        return strdup(path);
    if (asprintf(&resolved, "%.*s%s", (int)(slash + 1 - plan->file), plan->file, path) < 0)
        return NULL;
    return resolved;
}

static bool is_readable(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* Enters the file behind a parameter's value among the plan's inputs, once. Cuts "[extension]" off
 * both names unless there is a file called just so. */
static sks_status add_input(const sks_yaml *yaml, const sks_yaml_node *node, const char *name,
                            const char *path, sks_plan *plan)
{
    sks_plan_input input = {.name = strdup(node->text), .path = strdup(path)};
    sks_status status = SKS_OK;
    bool is_known = false;

    if (input.name == NULL || input.path == NULL) {
        status = sks_fail_nomem("a file name");
        goto fail;
    }
    if (!is_readable(input.path)) {
        int error = errno;
        size_t n_cut = strlen(node->text) - strcspn(node->text, "[");

        input.name[strlen(input.name) - n_cut] = '\0';
        input.path[strlen(input.path) - n_cut] = '\0';
        if (n_cut == 0 || !is_readable(input.path)) {
            status = sks_yaml_fail(yaml, node, SKS_ERR_IO, "%s: %s: %s", name, input.path,
                                   strerror(n_cut == 0 ? error : errno));
            goto fail;
        }
    }
    for (size_t i = 0; i < plan->n_inputs && !is_known; i++)
        is_known = strcmp(plan->inputs[i].name, input.name) == 0;
    if (is_known)
        goto fail;
    status = sks_plan_grow((void **)&plan->inputs, plan->n_inputs, sizeof(plan->inputs[0]));
    if (status != SKS_OK)
        goto fail;
    plan->inputs[plan->n_inputs++] = input;
    return SKS_OK;

fail:
    free(input.name);
    free(input.path);
    return status;
}

/* Files get the name they have from here. The canonical texts were made before. */
static sks_status resolve_paths(const sks_yaml *yaml, const struct entry *entry, sks_values *values,
                                sks_plan *plan)
{
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < entry->n_axes; i++) {
        const struct axis *axis = &entry->axes[i];
        const sks_yaml_node *node = axis->node->value[axis->at];
        const sks_param *param = sks_values_table(values);
        char *path;

        while (strcmp(param->name, axis->name) != 0)
            param++;
        if (param->type != SKS_INPUT && param->type != SKS_OUTPUT)
            continue;
        if (strcmp(node->text, "-") == 0)
            return sks_yaml_fail(yaml, node, SKS_ERR_USAGE,
                                 "%s: \"-\" cannot serve the many runs of a sweep; name a file",
                                 axis->name);
        path = resolve(plan, node->text);
        if (path == NULL)
            return sks_fail_nomem("a file name");
        if (param->type == SKS_INPUT)
            status = add_input(yaml, node, axis->name, path, plan);
        if (status == SKS_OK)
            status = sks_values_set(values, axis->name, path, axis->name);
        free(path);
    }
    return status;
}

static sks_status set_values(const sks_yaml *yaml, const struct entry *entry, sks_values *values)
{
    for (size_t i = 0; i < entry->n_axes; i++) {
        const struct axis *axis = &entry->axes[i];
        const sks_yaml_node *node = axis->node->value[axis->at];
        char where[SKS_MESSAGE_SIZE];
        sks_status status;

        snprintf(where, sizeof(where), "%s:%u: %s", yaml->file, node->line, axis->name);
        status = sks_values_set(values, axis->name, node->text, where);
        if (status != SKS_OK)
            return status;
    }
    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++)
        if (p->is_required && p->type != SKS_OUTPUT && !sks_values_has(values, p->name))
            return sks_fail(SKS_ERR_USAGE, "%s:%u: kernel %s needs %s: %s", yaml->file, entry->line,
                            entry->kernel->name, p->name, p->help);
    return SKS_OK;
}

static sks_status check_new(const sks_yaml *yaml, const sks_plan *plan, const sks_plan_kernel *made)
{
    for (size_t i = 0; i < plan->n_kernels; i++)
        if (plan->kernels[i].kernel == made->kernel &&
            strcmp(plan->kernels[i].json, made->json) == 0)
            return sks_fail(SKS_ERR_USAGE,
                            "%s:%u: kernel %s with these parameters is there already, in line %u",
                            yaml->file, made->line, made->kernel->name, plan->kernels[i].line);
    return SKS_OK;
}

/* The kernel with the values that the axes stand at. */
static sks_status add_kernel(const sks_yaml *yaml, const struct entry *entry, sks_plan *plan)
{
    sks_plan_kernel made = {.kernel = entry->kernel, .line = entry->line};
    sks_status status = sks_values_create(entry->kernel->params, &made.parameters);

    if (status == SKS_OK)
        status = set_values(yaml, entry, made.parameters);
    if (status == SKS_OK)
        status = sks_plan_values_json(made.parameters, &made.json);
    if (status == SKS_OK)
        status = sks_plan_values_text(made.parameters, &made.text);
    if (status == SKS_OK)
        status = check_new(yaml, plan, &made);
    if (status == SKS_OK)
        status = resolve_paths(yaml, entry, made.parameters, plan);
    if (status == SKS_OK)
        status = sks_plan_grow((void **)&plan->kernels, plan->n_kernels, sizeof(plan->kernels[0]));
    if (status != SKS_OK) {
        sks_values_destroy(made.parameters);
        free(made.json);
        free(made.text);
        return status;
    }
    plan->kernels[plan->n_kernels++] = made;
    return SKS_OK;
}

/* Turns the last axis by one, with carry; false when all combinations have been. */
static bool next_combination(struct entry *entry)
{
    for (size_t i = entry->n_axes; i-- > 0;) {
        if (++entry->axes[i].at < entry->axes[i].node->n)
            return true;
        entry->axes[i].at = 0;
    }
    return false;
}

static sks_status find_kernel(const sks_yaml *yaml, const sks_yaml_node *name, struct entry *entry)
{
    sks_status status;

    if (name->kind != SKS_YAML_SCALAR)
        return sks_yaml_fail(yaml, name, SKS_ERR_USAGE, "kernel: need a name, got %s",
                             sks_yaml_kind_name(name));
    status = sks_kernel_find(name->text, &entry->kernel);
    return status == SKS_OK ? SKS_OK : sks_yaml_fail_here(yaml, name, status);
}

/* The kernel of one entry and its parameters as axes, most of them of one value. */
static sks_status open_entry(const sks_yaml *yaml, const sks_yaml_node *node, struct entry *entry)
{
    const sks_yaml_node *name = node;
    sks_status status;

    if (node->kind == SKS_YAML_LIST)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE,
                             "kernels: need a name or {kernel: NAME, …}, got a list");
    if (node->kind == SKS_YAML_MAP)
        name = sks_yaml_get(node, "kernel");
    if (name == NULL)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "kernels: an entry without \"kernel\"");
    entry->line = node->line;
    status = find_kernel(yaml, name, entry);
    if (status != SKS_OK)
        return status;
    entry->axes = calloc(node->n + 1, sizeof(entry->axes[0]));
    if (entry->axes == NULL)
        return sks_fail_nomem("the plan");
    for (size_t i = 0; node->kind == SKS_YAML_MAP && i < node->n; i++) {
        struct axis *axis = &entry->axes[entry->n_axes];

        if (node->value[i] == name)
            continue;
        axis->name = node->key[i]->text;
        axis->node = node->value[i];
        status = sks_plan_check_list(yaml, axis->node, axis->name);
        if (status != SKS_OK)
            return status;
        entry->n_axes++;
    }
    return SKS_OK;
}

static sks_status read_entry(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan)
{
    struct entry entry = {0};
    sks_status status = open_entry(yaml, node, &entry);

    if (status != SKS_OK)
        goto out;
    do {
        if (plan->n_kernels >= SKS_PLAN_MAX_CONFIGURATIONS)
            status = sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "more than %d configurations",
                                   SKS_PLAN_MAX_CONFIGURATIONS);
        else
            status = add_kernel(yaml, &entry, plan);
    } while (status == SKS_OK && next_combination(&entry));
out:
    free(entry.axes);
    return status;
}

sks_status sks_plan_read_kernels(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan)
{
    sks_status status = SKS_OK;

    if (node->kind != SKS_YAML_LIST)
        return read_entry(yaml, node, plan);
    if (node->n == 0)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "kernels: the list is empty");
    for (size_t i = 0; status == SKS_OK && i < node->n; i++)
        status = read_entry(yaml, node->value[i], plan);
    return status;
}
