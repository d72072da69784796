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

/* One entry under `kernels:`. */
struct entry {
    const sks_kernel *kernel;
    const sks_yaml_node *node;
    bool is_strong, is_weak; /* one of them or both */
    const char *scaled;      /* what weak scaling multiplies */
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
            return sks_yaml_fail(yaml, entry->node, SKS_ERR_USAGE, "kernel %s needs %s: %s",
                                 entry->kernel->name, p->name, p->help);
    return SKS_OK;
}

void sks_plan_family_clear(sks_plan_family *family)
{
    sks_values_destroy(family->written);
    sks_values_destroy(family->resolved);
    free(family->json);
    free(family->text);
    free(family->kernels);
}

static bool is_same_family(const sks_plan_family *a, const sks_plan_family *b)
{
    return a->kernel == b->kernel && (a->scaled == NULL) == (b->scaled == NULL) &&
           strcmp(a->json, b->json) == 0;
}

/* Picks the family, which becomes the plan's unless it has one like it. */
static sks_status pick_family(const sks_yaml *yaml, const struct entry *entry,
                              sks_plan_family *made, sks_plan *plan, sks_picks *picks)
{
    sks_status status = SKS_OK;
    bool is_new = false;
    size_t i = 0;

    while (i < plan->n_families && !is_same_family(&plan->families[i], made))
        i++;
    if (i == plan->n_families) {
        status = sks_plan_grow((void **)&plan->families, i, sizeof(plan->families[0]));
        if (status != SKS_OK)
            return status;
        plan->families[plan->n_families++] = *made;
        *made = (sks_plan_family){0};
    }
    status = sks_picks_add(picks, i, &is_new);
    if (status == SKS_OK && !is_new)
        status = sks_yaml_fail(yaml, entry->node, SKS_ERR_USAGE,
                               "kernel %s with these parameters is there already, in line %u",
                               entry->kernel->name, plan->families[i].line);
    return status;
}

/* The kernel with the values that the axes stand at. */
static sks_status add_family(const sks_yaml *yaml, const struct entry *entry, bool is_weak,
                             sks_plan *plan, sks_picks *picks)
{
    sks_plan_family made = {.kernel = entry->kernel,
                            .line = entry->node->line,
                            .scaled = is_weak ? entry->scaled : NULL};
    sks_status status = sks_values_create(entry->kernel->params, &made.written);

    if (status == SKS_OK)
        status = set_values(yaml, entry, made.written);
    if (status == SKS_OK && is_weak && !sks_values_has(made.written, entry->scaled))
        status = sks_yaml_fail(yaml, entry->node, SKS_ERR_USAGE,
                               "scale: %s has no value that could be multiplied", entry->scaled);
    if (status == SKS_OK)
        status = sks_plan_values_json(made.written, made.scaled, &made.json);
    if (status == SKS_OK)
        status = sks_plan_values_text(made.written, made.scaled, &made.text);
    if (status == SKS_OK)
        status = sks_values_copy(made.written, &made.resolved);
    if (status == SKS_OK)
        status = resolve_paths(yaml, entry, made.resolved, plan);
    if (status == SKS_OK)
        status = pick_family(yaml, entry, &made, plan, picks);
    sks_plan_family_clear(&made);
    return status;
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

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* The number that weak scaling multiplies; tasks where the kernel has them. */
static sks_status find_scaled(const sks_yaml *yaml, const sks_yaml_node *scale, struct entry *entry)
{
    const char *name = scale != NULL ? scale->text : "tasks";
    const sks_yaml_node *node = scale != NULL ? scale : entry->node;
    const sks_param *p = entry->kernel->params;

    while (p->name != NULL && strcmp(p->name, name) != 0)
        p++;
    if (p->name == NULL || (p->type != SKS_INT && p->type != SKS_REAL))
        return sks_yaml_fail(
            yaml, node, SKS_ERR_USAGE,
            "scale: kernel %s has no number called \"%s\"; name the parameter that the work is "
            "proportional to",
            entry->kernel->name, name);
    entry->scaled = p->name;
    return SKS_OK;
}

/* `scaling:` and `scale:` of an entry. */
static sks_status read_scaling(const sks_yaml *yaml, struct entry *entry)
{
    const sks_yaml_node *map = entry->node;
    const bool is_map = map->kind == SKS_YAML_MAP;
    const sks_yaml_node *scaling = is_map ? sks_yaml_get(map, "scaling") : NULL;
    const sks_yaml_node *scale = is_map ? sks_yaml_get(map, "scale") : NULL;
    sks_status status = SKS_OK;

    entry->is_strong = scaling == NULL;
    if (scaling != NULL)
        status = sks_plan_check_list(yaml, scaling, "scaling");
    for (size_t i = 0; status == SKS_OK && scaling != NULL && i < scaling->n; i++) {
        const char *text = scaling->value[i]->text;
        bool *const is_set = strcmp(text, "weak") == 0     ? &entry->is_weak
                             : strcmp(text, "strong") == 0 ? &entry->is_strong
                                                           : NULL;

        if (is_set == NULL || *is_set)
            status = sks_yaml_fail(yaml, scaling->value[i], SKS_ERR_USAGE,
                                   is_set == NULL ? "scaling: \"%s\" is neither strong nor weak"
                                                  : "scaling: %s is there already",
                                   text);
        else
            *is_set = true;
    }
    if (status == SKS_OK && scale != NULL && scale->kind != SKS_YAML_SCALAR)
        status = sks_yaml_fail(yaml, scale, SKS_ERR_USAGE, "scale: need one name, got %s",
                               sks_yaml_kind_name(scale));
    if (status == SKS_OK && scale != NULL && !entry->is_weak)
        status = sks_yaml_fail(yaml, scale, SKS_ERR_USAGE,
                               "scale: is for \"scaling: weak\", which is not asked for");
    if (status == SKS_OK && entry->is_weak)
        status = find_scaled(yaml, scale, entry);
    return status;
}

/* The kernel of one entry and its parameters as axes, most of them of one value. */
static sks_status open_entry(const sks_yaml *yaml, const sks_yaml_node *node,
                             const char *const *others, struct entry *entry)
{
    static const char *const own[] = {"kernel", "scaling", "scale", NULL};
    const sks_yaml_node *name = node;
    sks_status status;

    if (node->kind == SKS_YAML_LIST)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE,
                             "kernels: need a name or {kernel: NAME, …}, got a list");
    if (node->kind == SKS_YAML_MAP)
        name = sks_yaml_get(node, "kernel");
    if (name == NULL)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "kernels: an entry without \"kernel\"");
    entry->node = node;
    status = find_kernel(yaml, name, entry);
    if (status == SKS_OK)
        status = read_scaling(yaml, entry);
    if (status != SKS_OK)
        return status;
    entry->axes = calloc(node->n + 1, sizeof(entry->axes[0]));
    if (entry->axes == NULL)
        return sks_fail_nomem("the plan");
    for (size_t i = 0; node->kind == SKS_YAML_MAP && i < node->n; i++) {
        struct axis *axis = &entry->axes[entry->n_axes];

        if (is_one_of(own, node->key[i]->text) || is_one_of(others, node->key[i]->text))
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

sks_status sks_plan_read_kernel(const sks_yaml *yaml, const sks_yaml_node *node,
                                const char *const *others, sks_plan *plan, sks_picks *picks)
{
    struct entry entry = {0};
    sks_status status = open_entry(yaml, node, others, &entry);

    if (status != SKS_OK)
        goto out;
    do {
        if (plan->n_families >= SKS_PLAN_MAX_CONFIGURATIONS)
            status = sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "more than %d configurations",
                                   SKS_PLAN_MAX_CONFIGURATIONS);
        if (status == SKS_OK && entry.is_strong)
            status = add_family(yaml, &entry, false, plan, picks);
        if (status == SKS_OK && entry.is_weak)
            status = add_family(yaml, &entry, true, plan, picks);
    } while (status == SKS_OK && next_combination(&entry));
out:
    free(entry.axes);
    return status;
}

sks_status sks_plan_read_kernels(const sks_yaml *yaml, const sks_yaml_node *node, sks_plan *plan,
                                 sks_picks *picks)
{
    static const char *const none[] = {NULL};
    sks_status status = SKS_OK;

    if (node->kind != SKS_YAML_LIST)
        return sks_plan_read_kernel(yaml, node, none, plan, picks);
    if (node->n == 0)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "kernels: the list is empty");
    for (size_t i = 0; status == SKS_OK && i < node->n; i++)
        status = sks_plan_read_kernel(yaml, node->value[i], none, plan, picks);
    return status;
}

/* Sets the parameter that grows to its value for N workers. */
static sks_status scale_value(const sks_yaml *yaml, const sks_plan_family *family, unsigned n,
                              sks_values *values)
{
    const sks_param *p = family->kernel->params;
    char number[48], where[SKS_MESSAGE_SIZE];

    while (strcmp(p->name, family->scaled) != 0)
        p++;
    if (p->type == SKS_INT)
        snprintf(number, sizeof(number), "%.0f",
                 (double)sks_values_int(family->written, p->name) * n);
    else
        snprintf(number, sizeof(number), "%.17g", sks_values_real(family->written, p->name) * n);
    snprintf(where, sizeof(where), "%s:%u: %s for %u workers", yaml->file, family->line, p->name,
             n);
    return sks_values_set(values, p->name, number, where);
}

static sks_status make_kernel(const sks_yaml *yaml, const sks_plan_family *family, size_t index,
                              unsigned n_workers, sks_plan_kernel *made)
{
    sks_values *written = NULL;
    sks_status status = sks_values_copy(family->resolved, &made->parameters);

    made->family = index;
    if (status == SKS_OK)
        status = sks_values_copy(family->written, &written);
    if (status == SKS_OK && family->scaled != NULL) {
        made->n_workers = n_workers;
        status = scale_value(yaml, family, n_workers, written);
        if (status == SKS_OK)
            status = scale_value(yaml, family, n_workers, made->parameters);
    }
    if (status == SKS_OK)
        status = sks_plan_values_json(written, NULL, &made->json);
    if (status == SKS_OK)
        status = sks_plan_values_text(written, NULL, &made->text);
    sks_values_destroy(written);
    return status;
}

sks_status sks_plan_kernel_for(const sks_yaml *yaml, sks_plan *plan, size_t family,
                               unsigned n_workers, size_t *kernel)
{
    sks_plan_family *f = &plan->families[family];
    sks_status status;

    for (size_t i = 0; i < f->n_kernels; i++)
        if (f->scaled == NULL || plan->kernels[f->kernels[i]].n_workers == n_workers) {
            *kernel = f->kernels[i];
            return SKS_OK;
        }
    status = sks_plan_grow((void **)&plan->kernels, plan->n_kernels, sizeof(plan->kernels[0]));
    if (status == SKS_OK)
        status = sks_plan_grow((void **)&f->kernels, f->n_kernels, sizeof(f->kernels[0]));
    if (status != SKS_OK)
        return status;
    /* Counted at once, so that what a failure leaves is freed with the plan. */
    *kernel = f->kernels[f->n_kernels++] = plan->n_kernels++;
    return make_kernel(yaml, f, family, n_workers, &plan->kernels[*kernel]);
}
