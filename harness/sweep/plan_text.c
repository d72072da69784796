/* Canonical texts of parameters and configurations: equal exactly when the things are. */
#include "harness/measure/record_json.h"
#include "harness/sweep/plan_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE = 48 };

/* The shortest of the usual precisions that reads back as the same number. */
static void format_real(double value, char text[NUMBER_SIZE])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

/* The value in one spelling: 007 is 7, on is yes. */
static const char *spell(const sks_values *values, const sks_param *param, char number[NUMBER_SIZE])
{
    switch (param->type) {
    case SKS_INT:
        snprintf(number, NUMBER_SIZE, "%lld", (long long)sks_values_int(values, param->name));
        return number;
    case SKS_REAL:
        format_real(sks_values_real(values, param->name), number);
        return number;
    case SKS_FLAG:
        return sks_values_flag(values, param->name) ? "yes" : "no";
    default:
        return sks_values_text(values, param->name);
    }
}

/* As few digits as all real parameters allow: 0.1 rather than 0.10000000000000001. */
static size_t real_digits(const sks_values *values)
{
    size_t most = 15;

    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++)
        if (p->type == SKS_REAL && sks_values_has(values, p->name)) {
            double value = sks_values_real(values, p->name);
            char text[NUMBER_SIZE];

            for (size_t digits = most; digits <= 17; digits++) {
                snprintf(text, sizeof(text), "%.*g", (int)digits, value);
                most = digits;
                if (strtod(text, NULL) == value)
                    break;
            }
        }
    return most;
}

static const sks_param *find_param(const sks_values *values, const char *name)
{
    const sks_param *p = sks_values_table(values);

    while (strcmp(p->name, name) != 0)
        p++;
    return p;
}

sks_status sks_plan_values_json(const sks_values *values, const char *scaled, char **json)
{
    json_t *object = sks_values_to_json(values);
    char number[NUMBER_SIZE];
    char *text;

    if (scaled != NULL)
        json_object_set_new(
            object, scaled,
            json_sprintf("%s*N", spell(values, find_param(values, scaled), number)));

    /* Where the product goes is part of the question only when somebody chose the place. */
    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++)
        if (p->type == SKS_OUTPUT && !sks_values_was_given(values, p->name))
            json_object_del(object, p->name);
    text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(real_digits(values)));
    json_decref(object);
    if (text == NULL)
        return sks_fail_nomem("parameters");
    *json = text;
    return SKS_OK;
}

static bool is_at_default(const sks_values *values, const sks_param *param)
{
    char number[NUMBER_SIZE], default_number[NUMBER_SIZE];
    sks_values *defaults = NULL;
    bool is_same = false;

    if (param->default_text == NULL || sks_values_create(sks_values_table(values), &defaults))
        return false;
    is_same = strcmp(spell(values, param, number), spell(defaults, param, default_number)) == 0;
    sks_values_destroy(defaults);
    return is_same;
}

bool sks_plan_same_value(const sks_values *a, const sks_values *b, const sks_param *param)
{
    char number_a[NUMBER_SIZE], number_b[NUMBER_SIZE];
    const bool has_a = sks_values_has(a, param->name), has_b = sks_values_has(b, param->name);

    return has_a == has_b &&
           (!has_a || strcmp(spell(a, param, number_a), spell(b, param, number_b)) == 0);
}

sks_status sks_plan_values_text(const sks_values *values, const char *scaled, char **text)
{
    char *made = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&made, &size);
    const char *comma = "";

    if (stream == NULL)
        return sks_fail_nomem("parameters");
    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++) {
        const bool is_scaled = scaled != NULL && strcmp(scaled, p->name) == 0;
        char number[NUMBER_SIZE];

        if (!is_scaled && (!sks_values_was_given(values, p->name) || is_at_default(values, p)))
            continue;
        fprintf(stream, "%s%s=%s%s", comma, p->name, spell(values, p, number),
                is_scaled ? "*N" : "");
        comma = ",";
    }
    if (fclose(stream) != 0) {
        free(made);
        return sks_fail_nomem("parameters");
    }
    *text = made;
    return SKS_OK;
}

sks_status sks_plan_scheduler_text(const sks_scheduler *scheduler, const sks_values *options,
                                   char **text)
{
    char *list;
    sks_status status = sks_plan_values_text(options, NULL, &list);

    if (status != SKS_OK)
        return status;
    if (asprintf(text, "%s%s%s", scheduler->name, list[0] != '\0' ? ":" : "", list) < 0)
        status = sks_fail_nomem("the plan");
    free(list);
    return status;
}

sks_status sks_configuration_key(const sks_key_parts *c, char **key)
{
    json_t *names =
        json_pack("{s:s, s:s, s:I, s:s}", "executor", c->executor, "scheduler", c->scheduler,
                  "workers", (json_int_t)c->n_workers, "binding", c->binding);
    char *tail = names != NULL ? json_dumps(names, JSON_COMPACT) : NULL;
    char *made = NULL;

    /* The parameters are JSON already and stay digit for digit what they are. */
    if (tail != NULL &&
        asprintf(&made, "{\"kernel\":\"%s\",\"parameters\":%s,%s%s%s%s", c->kernel, c->parameters,
                 c->series != NULL ? "\"series\":" : "", c->series != NULL ? c->series : "",
                 c->series != NULL ? "," : "", tail + 1) < 0)
        made = NULL;
    json_decref(names);
    free(tail);
    if (made == NULL)
        return sks_fail_nomem("a configuration, or a text that is not UTF-8");
    *key = made;
    return SKS_OK;
}
