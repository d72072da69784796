/* The keys of a sweep file with one value each, and `repeat:`. */
#include "harness/sweep/plan_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const records[] = {"nothing", "chunks", NULL};
enum { RECORD_NOTHING, RECORD_CHUNKS };

/* Every key of a sweep file. Those with a list are read on their own; here for their names. */
static const sks_param top_keys[] = {
    {.name = "campaign", .type = SKS_TEXT},
    {.name = "kernels", .type = SKS_TEXT},
    {.name = "workers", .type = SKS_TEXT},
    {.name = "executors", .type = SKS_TEXT},
    {.name = "schedulers", .type = SKS_TEXT},
    {.name = "bindings", .type = SKS_TEXT},
    {.name = "counters", .type = SKS_TEXT},
    {.name = "counter_source", .type = SKS_TEXT, .default_text = "auto"},
    {.name = "repeat", .type = SKS_TEXT},
    {.name = "exclude", .type = SKS_TEXT},
    {.name = "include", .type = SKS_TEXT},
    {.name = "disturbed", .type = SKS_TEXT},
    {.name = "record", .type = SKS_CHOICE, .choices = records, .default_text = "nothing"},
    {.name = "confidence", .type = SKS_REAL, .default_text = "0.95", .min = 0.5, .max = 0.9999},
    {.name = "seed", .type = SKS_INT, .default_text = "1", .min = 0, .max = 1e15},
    {0}};

static const sks_param repeat_keys[] = {
    {.name = "warmup", .type = SKS_INT, .default_text = "1", .min = 0, .max = 1000},
    {.name = "min", .type = SKS_INT, .default_text = "9", .min = 1, .max = 10000},
    {.name = "max", .type = SKS_INT, .default_text = "9", .min = 1, .max = 10000},
    {.name = "interval",
     .type = SKS_REAL,
     .unit = "%",
     .default_text = "2",
     .min = 0.01,
     .max = 100},
    {0}};

static const char *const list_keys[] = {"kernels",  "workers",  "executors", "schedulers",
                                        "bindings", "counters", "repeat",    "exclude",
                                        "include",  "disturbed"};

static bool has_param(const sks_values *values, const char *name)
{
    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return true;
    return false;
}

/* Sets one value from a node. A wrong name is the first thing to tell, whatever its value is. */
static sks_status set_scalar(const sks_yaml *yaml, const sks_yaml_node *key,
                             const sks_yaml_node *node, const char *text, sks_values *values)
{
    char where[SKS_MESSAGE_SIZE];

    if (node->kind != SKS_YAML_SCALAR && has_param(values, key->text))
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "%s: need one value, got %s", key->text,
                             sks_yaml_kind_name(node));
    snprintf(where, sizeof(where), "%s:%u: %s", yaml->file, key->line, key->text);
    return sks_values_set(values, key->text, text, where);
}

static bool is_list_key(const char *key)
{
    for (size_t i = 0; i < sizeof(list_keys) / sizeof(list_keys[0]); i++)
        if (strcmp(list_keys[i], key) == 0)
            return true;
    return false;
}

/* The keys with one value each; the names of all. */
static sks_status read_scalars(const sks_yaml *yaml, sks_values *values)
{
    const sks_yaml_node *root = yaml->root;
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < root->n; i++)
        if (!is_list_key(root->key[i]->text))
            status = set_scalar(yaml, root->key[i], root->value[i], root->value[i]->text, values);
    return status;
}

/* "2", "2%" and "2 %" are the same. */
static void strip_percent(const char *text, char *number, size_t size)
{
    size_t n;

    snprintf(number, size, "%s", text);
    n = strlen(number);
    if (n > 0 && number[n - 1] == '%')
        for (number[--n] = '\0'; n > 0 && isblank((unsigned char)number[n - 1]);)
            number[--n] = '\0';
}

/* Rounds: as given; of min and max the one that is not given bends to the other. */
static sks_status check_rounds(const sks_yaml *yaml, const sks_yaml_node *node,
                               const sks_values *values, sks_plan *plan)
{
    int64_t min = sks_values_int(values, "min");
    int64_t max = sks_values_int(values, "max");

    if (min > max && sks_values_was_given(values, "min") && sks_values_was_given(values, "max"))
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE, "repeat: min %lld is more than max %lld",
                             (long long)min, (long long)max);
    if (min > max && sks_values_was_given(values, "min"))
        max = min;
    if (min > max)
        min = max;
    plan->n_warmup = (unsigned)sks_values_int(values, "warmup");
    plan->n_min = (unsigned)min;
    plan->n_max = (unsigned)max;
    plan->interval = sks_values_real(values, "interval") / 100;
    return SKS_OK;
}

static sks_status read_repeat(const sks_yaml *yaml, sks_plan *plan)
{
    const sks_yaml_node *node = sks_yaml_get(yaml->root, "repeat");
    sks_values *values;
    sks_status status = sks_values_create(repeat_keys, &values);

    if (status != SKS_OK)
        return status;
    if (node != NULL && node->kind != SKS_YAML_MAP)
        status = sks_yaml_fail(yaml, node, SKS_ERR_USAGE,
                               "repeat: need a map as {min: 9, max: 30}, got %s",
                               sks_yaml_kind_name(node));
    for (size_t i = 0; status == SKS_OK && node != NULL && i < node->n; i++) {
        const sks_yaml_node *value = node->value[i];
        char number[64];

        if (value->kind == SKS_YAML_SCALAR && strcmp(node->key[i]->text, "interval") == 0) {
            strip_percent(value->text, number, sizeof(number));
            status = set_scalar(yaml, node->key[i], value, number, values);
        } else
            status = set_scalar(yaml, node->key[i], value, value->text, values);
    }
    if (status == SKS_OK)
        status = check_rounds(yaml, node, values, plan);
    sks_values_destroy(values);
    return status;
}

/* The sweep file's name without folder and ending. */
static char *default_campaign(const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(name, '.');

    return dot != NULL && dot != name ? strndup(name, (size_t)(dot - name)) : strdup(name);
}

sks_status sks_plan_read_settings(const sks_yaml *yaml, sks_plan *plan)
{
    sks_values *values;
    sks_status status = sks_values_create(top_keys, &values);

    if (status != SKS_OK)
        return status;
    status = read_scalars(yaml, values);
    if (status == SKS_OK)
        status = read_repeat(yaml, plan);
    if (status != SKS_OK)
        goto out;
    plan->confidence = sks_values_real(values, "confidence");
    plan->seed = (uint64_t)sks_values_int(values, "seed");
    plan->records_chunks = sks_values_choice(values, "record") == RECORD_CHUNKS;
    plan->counter_source = strdup(sks_values_text(values, "counter_source"));
    plan->campaign = sks_values_has(values, "campaign")
                         ? strdup(sks_values_text(values, "campaign"))
                         : default_campaign(yaml->file);
    if (plan->counter_source == NULL || plan->campaign == NULL)
        status = sks_fail_nomem("the plan");
out:
    sks_values_destroy(values);
    return status;
}

/* Limits as numbers, so that they are checked as all parameters are. */
static void fill_limit_table(sks_param table[SKS_N_DISTURBANCES + 1])
{
    memset(table, 0, (SKS_N_DISTURBANCES + 1) * sizeof(table[0]));
    for (int i = 0; i < SKS_N_DISTURBANCES; i++)
        table[i] = (sks_param){.name = sks_disturbance_table[i].name,
                               .type = SKS_REAL,
                               .unit = sks_disturbance_table[i].unit,
                               .min = sks_disturbance_table[i].min,
                               .max = sks_disturbance_table[i].max};
}

static int disturbance_index(const char *name)
{
    int i = 0;

    while (i < SKS_N_DISTURBANCES && strcmp(sks_disturbance_table[i].name, name) != 0)
        i++;
    return i;
}

/* One limit: a number, with % where it is one, or off. */
static sks_status read_limit(const sks_yaml *yaml, const sks_yaml_node *key,
                             const sks_yaml_node *node, sks_values *values, sks_plan *plan)
{
    const int i = disturbance_index(key->text);
    char number[64] = "0"; /* any in range will do for off */
    char *text = NULL;
    sks_status status;

    if (i < SKS_N_DISTURBANCES)
        snprintf(number, sizeof(number), "%g", sks_disturbance_table[i].min);
    if (node->kind != SKS_YAML_SCALAR || strcmp(node->text, "off") != 0)
        strip_percent(node->kind == SKS_YAML_SCALAR ? node->text : "", number, sizeof(number));
    status = set_scalar(yaml, key, node, number, values);
    if (status != SKS_OK)
        return status;
    if (strcmp(node->text, "off") == 0)
        text = strdup("off");
    else if (asprintf(&text, "%.15g%s", sks_values_real(values, key->text),
                      sks_disturbance_table[i].unit != NULL ? sks_disturbance_table[i].unit : "") <
             0)
        text = NULL;
    if (text == NULL)
        return sks_fail_nomem("the plan");
    free(plan->disturbed[i]);
    plan->disturbed[i] = text;
    return SKS_OK;
}

sks_status sks_plan_read_disturbed(const sks_yaml *yaml, sks_plan *plan)
{
    const sks_yaml_node *node = sks_yaml_get(yaml->root, "disturbed");
    const bool is_off =
        node != NULL && node->kind == SKS_YAML_SCALAR && strcmp(node->text, "off") == 0;
    sks_param table[SKS_N_DISTURBANCES + 1];
    sks_values *values = NULL;
    sks_status status;

    for (int i = 0; i < SKS_N_DISTURBANCES; i++) {
        plan->disturbed[i] = strdup(is_off ? "off" : sks_disturbance_table[i].default_text);
        if (plan->disturbed[i] == NULL)
            return sks_fail_nomem("the plan");
    }
    if (node == NULL || is_off)
        return SKS_OK;
    if (node->kind != SKS_YAML_MAP)
        return sks_yaml_fail(yaml, node, SKS_ERR_USAGE,
                             "disturbed: need a map as {steal: 1%%, latency: 3}, or off");
    fill_limit_table(table);
    status = sks_values_create(table, &values);
    for (size_t i = 0; status == SKS_OK && i < node->n; i++)
        status = read_limit(yaml, node->key[i], node->value[i], values, plan);
    sks_values_destroy(values);
    return status;
}
