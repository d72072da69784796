/* skyscale list: what there is, from the registries. */
#include "harness/analysis/model.h"
#include "harness/commands/command.h"
#include "harness/executors/recipes.h"
#include "harness/machine/topology.h"
#include "harness/present/figure.h"
#include "kernels/kernel.h"
#include "schedulers/scheduler.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const sks_param params[] = {
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

/* What is said of one entry; NULL texts are left out. */
struct entry {
    const char *name;
    const char *summary;
    const char *citation;
    const char *unavailable; /* why it cannot be used here */
    const char *needs;
    const char *task;
    const char *cost;
    const char *executor; /* what a recipe stands for; its scheduler is NULL when it is chosen */
    const char *scheduler;
    const sks_param *params;
};

/* One kind of thing: entry(i) until it says false. */
struct section {
    const char *name;
    bool (*entry)(size_t i, struct entry *e);
};

static bool kernel_entry(size_t i, struct entry *e)
{
    const sks_kernel *k = sks_kernel_table[i];

    if (k != NULL)
        *e = (struct entry){.name = k->name,
                            .summary = k->summary,
                            .citation = k->citation,
                            .task = k->task,
                            .cost = k->cost,
                            .params = k->params};
    return k != NULL;
}

static bool scheduler_entry(size_t i, struct entry *e)
{
    const sks_scheduler *s = sks_scheduler_table[i];

    if (s != NULL)
        *e = (struct entry){
            .name = s->name, .summary = s->summary, .citation = s->citation, .params = s->params};
    return s != NULL;
}

/* A recipe, which cannot be used where its executor cannot. */
static bool recipe_entry(size_t i, struct entry *e)
{
    const sks_recipe *r = &sks_recipe_table[i];

    if (r->name == NULL)
        return false;
    *e = (struct entry){.name = r->name,
                        .summary = r->summary,
                        .citation = r->citation,
                        .executor = r->executor,
                        .scheduler = r->scheduler};
    for (const sks_executor *const *x = sks_executor_table; *x != NULL; x++)
        if (strcmp((*x)->name, r->executor) == 0) {
            e->unavailable = (*x)->unavailable != NULL ? (*x)->unavailable() : NULL;
            return true;
        }
    e->unavailable = "its executor is not part of this program";
    return true;
}

/* Executors, then recipes: both are names for -e. */
static bool executor_entry(size_t i, struct entry *e)
{
    size_t n = 0;

    while (sks_executor_table[n] != NULL)
        n++;
    if (i >= n)
        return recipe_entry(i - n, e);
    *e = (struct entry){.name = sks_executor_table[i]->name,
                        .summary = sks_executor_table[i]->summary,
                        .citation = sks_executor_table[i]->citation,
                        .unavailable = sks_executor_table[i]->unavailable != NULL
                                           ? sks_executor_table[i]->unavailable()
                                           : NULL};
    return true;
}

static bool binding_entry(size_t i, struct entry *e)
{
    const sks_policy_info *p = &sks_policy_table[i];

    if (p->name != NULL)
        *e = (struct entry){.name = p->name, .summary = p->summary};
    return p->name != NULL;
}

static bool model_entry(size_t i, struct entry *e)
{
    const sks_model *m = sks_model_table[i];

    if (m != NULL)
        *e = (struct entry){.name = m->name, .summary = m->summary, .citation = m->citation};
    return m != NULL;
}

static bool figure_entry(size_t i, struct entry *e)
{
    const sks_figure *f = sks_figure_table[i];

    if (f != NULL)
        *e = (struct entry){.name = f->name, .summary = f->summary, .needs = f->needs};
    return f != NULL;
}

static const struct section sections[] = {
    {"kernels", kernel_entry},   {"schedulers", scheduler_entry}, {"executors", executor_entry},
    {"bindings", binding_entry}, {"models", model_entry},         {"figures", figure_entry},
};
enum { N_SECTIONS = sizeof(sections) / sizeof(sections[0]) };

static void print_line(const char *label, const char *text)
{
    if (text != NULL)
        printf("      %s: %s\n", label, text);
}

static void print_section(const struct section *section)
{
    struct entry e;

    printf("%s\n", section->name);
    for (size_t i = 0; section->entry(i, &e); i++) {
        printf("  %-15s %s\n", e.name, e.summary);
        print_line("task", e.task);
        print_line("cost", e.cost);
        print_line("needs", e.needs);
        print_line("executor", e.executor);
        print_line("scheduler", e.scheduler);
        print_line("cannot be used here", e.unavailable);
        print_line("source", e.citation);
        for (const sks_param *p = e.params; p != NULL && p->name != NULL; p++) {
            char range[160];

            sks_param_describe(p, range, sizeof(range));
            printf("      %s%s%s%s: %s%s%s%s\n", p->name, p->unit != NULL ? " [" : "",
                   p->unit != NULL ? p->unit : "", p->unit != NULL ? "]" : "", p->help,
                   range[0] != '\0' ? " (" : "", range, range[0] != '\0' ? ")" : "");
        }
    }
}

static json_t *params_to_json(const sks_param *table)
{
    static const char *const type_name[] = {"integer", "real",   "choice", "text",
                                            "input",   "output", "flag"};
    json_t *array = json_array();

    for (const sks_param *p = table; p != NULL && p->name != NULL; p++) {
        json_t *object =
            json_pack("{s:s, s:s, s:s*, s:s*, s:s}", "name", p->name, "type", type_name[p->type],
                      "unit", p->unit, "default", p->default_text, "help", p->help);

        if (p->type == SKS_INT || p->type == SKS_REAL) {
            json_object_set_new(object, "min", json_real(p->min));
            json_object_set_new(object, "max", json_real(p->max));
        }
        for (size_t i = 0; p->type == SKS_CHOICE && p->choices[i] != NULL; i++) {
            if (i == 0)
                json_object_set_new(object, "choices", json_array());
            json_array_append_new(json_object_get(object, "choices"), json_string(p->choices[i]));
        }
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *section_to_json(const struct section *section)
{
    json_t *array = json_array();
    struct entry e;

    for (size_t i = 0; section->entry(i, &e); i++) {
        json_t *object =
            json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "name", e.name, "summary",
                      e.summary, "citation", e.citation, "needs", e.needs, "task", e.task, "cost",
                      e.cost, "executor", e.executor, "scheduler", e.scheduler);

        json_object_set_new(object, "available", json_boolean(e.unavailable == NULL));
        if (e.unavailable != NULL)
            json_object_set_new(object, "reason", json_string(e.unavailable));
        if (e.params != NULL)
            json_object_set_new(object, "parameters", params_to_json(e.params));
        json_array_append_new(array, object);
    }
    return array;
}

static const char *section_name(const void *context, size_t i)
{
    (void)context;
    return i < N_SECTIONS ? sections[i].name : NULL;
}

static sks_status find_section(const char *name, size_t *index)
{
    const char *nearest;

    for (*index = 0; *index < N_SECTIONS; ++*index)
        if (strcmp(sections[*index].name, name) == 0)
            return SKS_OK;
    nearest = sks_nearest(name, section_name, NULL);
    return sks_fail(SKS_ERR_USAGE,
                    "list: unknown kind \"%s\"%s%s%s (kernels, schedulers, executors, bindings, "
                    "models, figures)",
                    name, nearest != NULL ? "; did you mean \"" : "",
                    nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

static sks_status run(const sks_arguments *arguments)
{
    size_t begin = 0, end = N_SECTIONS;
    json_t *object;

    if (arguments->n_operands == 1) {
        sks_status status = find_section(arguments->operands[0], &begin);

        if (status != SKS_OK)
            return status;
        end = begin + 1;
    }
    if (!sks_values_flag(arguments->options, "json")) {
        for (size_t i = begin; i < end; i++)
            print_section(&sections[i]);
        return SKS_OK;
    }
    object = json_object();
    for (size_t i = begin; i < end; i++)
        json_object_set_new(object, sections[i].name, section_to_json(&sections[i]));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
    return SKS_OK;
}

const sks_command sks_command_list = {
    .name = "list",
    .summary = "Show kernels, schedulers, executors, bindings, models and figures",
    .operands = "[kernels|schedulers|executors|bindings|models|figures]",
    .details =
        "With one kind named, only that one. What cannot be used here is shown with its reason.",
    .max_operands = 1,
    .params = params,
    .run = run,
};
