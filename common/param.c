#include "common/param.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct value {
    char *text; /* as given; NULL: not given */
    int64_t integer;
    double real;
};

struct sks_values {
    const sks_param *table;
    size_t n;
    struct value value[];
};

static const sks_param no_params[] = {{0}};

bool sks_parse_int(const char *text, int64_t *value)
{
    char *end;
    long long parsed;

    errno = 0;
    parsed = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || isspace((unsigned char)*text))
        return false;
    *value = parsed;
    return true;
}

bool sks_parse_real(const char *text, double *value)
{
    char *end;
    double parsed;

    errno = 0;
    parsed = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(parsed) || isspace((unsigned char)*text))
        return false;
    *value = parsed;
    return true;
}

static bool parse_flag(const char *text, int64_t *value)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (int w = 0; w < 2; w++)
            if (strcmp(text, words[i][w]) == 0) {
                *value = w;
                return true;
            }
    return false;
}

/* Edit distance of two short words, case aside: insertions, deletions, replacements and exchanges
 * of neighbours (Damerau 1964, CACM 7, 171) cost one each. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t rows[3][MAX + 1]; /* of the table: this one, the last one, the one before */
    size_t na = strlen(a), nb = strlen(b);

    if (na > MAX || nb > MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            size_t cost = last[j - 1] + (ca != cb);

            if (last[j] + 1 < cost)
                cost = last[j] + 1;
            if (row[j - 1] + 1 < cost)
                cost = row[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < cost)
                cost = before[j - 2] + 1;
            row[j] = cost;
        }
    }
    return rows[na % 3][nb];
}

const char *sks_nearest(const char *name, const char *(*candidate)(const void *, size_t),
                        const void *context)
{
    const char *best = NULL;
    size_t best_distance = 1 + strlen(name) / 2; /* further away it is a guess, not a correction */
    const char *c;

    for (size_t i = 0; (c = candidate(context, i)) != NULL; i++) {
        size_t distance = edit_distance(name, c);

        if (distance < best_distance) {
            best_distance = distance;
            best = c;
        }
    }
    return best;
}

static const char *param_name(const void *table, size_t i)
{
    return ((const sks_param *)table)[i].name;
}

static const char *choice_name(const void *choices, size_t i)
{
    return ((const char *const *)choices)[i];
}

sks_status sks_values_create(const sks_param *table, sks_values **values)
{
    size_t n = 0;
    sks_values *v;

    if (table == NULL)
        table = no_params;
    while (table[n].name != NULL)
        n++;
    v = calloc(1, sizeof(*v) + n * sizeof(v->value[0]));
    if (v == NULL)
        return sks_fail_nomem("parameters");
    v->table = table;
    v->n = n;
    *values = v;
    return SKS_OK;
}

sks_status sks_values_copy(const sks_values *from, sks_values **to)
{
    sks_values *copy = NULL;
    sks_status status = sks_values_create(from->table, &copy);

    if (status != SKS_OK)
        return status;
    for (size_t i = 0; i < from->n; i++) {
        copy->value[i] = from->value[i];
        if (from->value[i].text != NULL &&
            (copy->value[i].text = strdup(from->value[i].text)) == NULL) {
            sks_values_destroy(copy);
            return sks_fail_nomem("parameters");
        }
    }
    *to = copy;
    return SKS_OK;
}

void sks_values_destroy(sks_values *values)
{
    if (values == NULL)
        return;
    for (size_t i = 0; i < values->n; i++)
        free(values->value[i].text);
    free(values);
}

const sks_param *sks_values_table(const sks_values *values)
{
    return values->table;
}

static sks_status fail_range(const sks_param *param, const char *text, const char *where)
{
    return sks_fail(SKS_ERR_USAGE, "%s: %s is out of range, need %.15g to %.15g%s%s", where, text,
                    param->min, param->max, param->unit != NULL ? " " : "",
                    param->unit != NULL ? param->unit : "");
}

/* Checks `text` against the parameter and, if right, gives its numeric value. */
static sks_status parse(const sks_param *param, const char *text, const char *where,
                        struct value *value)
{
    switch (param->type) {
    case SKS_INT:
        if (!sks_parse_int(text, &value->integer))
            return sks_fail(SKS_ERR_USAGE, "%s: \"%s\" is not a whole number", where, text);
        if ((double)value->integer < param->min || (double)value->integer > param->max)
            return fail_range(param, text, where);
        return SKS_OK;
    case SKS_REAL:
        if (!sks_parse_real(text, &value->real))
            return sks_fail(SKS_ERR_USAGE, "%s: \"%s\" is not a number", where, text);
        if (value->real < param->min || value->real > param->max)
            return fail_range(param, text, where);
        return SKS_OK;
    case SKS_FLAG:
        if (!parse_flag(text, &value->integer))
            return sks_fail(SKS_ERR_USAGE, "%s: \"%s\" is neither yes nor no", where, text);
        return SKS_OK;
    case SKS_CHOICE:
        for (size_t i = 0; param->choices[i] != NULL; i++)
            if (strcmp(param->choices[i], text) == 0) {
                value->integer = (int64_t)i;
                return SKS_OK;
            }
        {
            char list[256] = "";
            const char *nearest = sks_nearest(text, choice_name, param->choices);

            for (size_t i = 0; param->choices[i] != NULL; i++)
                snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
                         i > 0 ? ", " : "", param->choices[i]);
            if (nearest != NULL)
                return sks_fail(SKS_ERR_USAGE,
                                "%s: unknown value \"%s\"; did you mean \"%s\"? (%s)", where, text,
                                nearest, list);
            return sks_fail(SKS_ERR_USAGE, "%s: unknown value \"%s\", need one of: %s", where, text,
                            list);
        }
    case SKS_TEXT:
    case SKS_INPUT:
    case SKS_OUTPUT:
        if (text[0] == '\0')
            return sks_fail(SKS_ERR_USAGE, "%s: the value is empty", where);
        return SKS_OK;
    }
    return SKS_ERR_BUG;
}

sks_status sks_values_set(sks_values *values, const char *name, const char *text, const char *where)
{
    for (size_t i = 0; i < values->n; i++) {
        struct value parsed = {0};
        sks_status status;

        if (strcmp(values->table[i].name, name) != 0)
            continue;
        status = parse(&values->table[i], text, where, &parsed);
        if (status != SKS_OK)
            return status;
        parsed.text = strdup(text);
        if (parsed.text == NULL)
            return sks_fail_nomem("parameters");
        free(values->value[i].text);
        values->value[i] = parsed;
        return SKS_OK;
    }
    {
        const char *nearest = sks_nearest(name, param_name, values->table);

        if (nearest != NULL)
            return sks_fail(SKS_ERR_USAGE, "%s: unknown parameter; did you mean \"%s\"?", where,
                            nearest);
        return sks_fail(SKS_ERR_USAGE, "%s: unknown parameter%s", where,
                        values->n == 0 ? "; there are none here" : "");
    }
}

sks_status sks_values_set_list(sks_values *values, const char *list, const char *where)
{
    char *copy = strdup(list);
    sks_status status = SKS_OK;
    char *rest = copy;
    char *item;

    if (copy == NULL)
        return sks_fail_nomem("options");
    while (status == SKS_OK && (item = strsep(&rest, ",")) != NULL) {
        char full_where[256];
        char *equals = strchr(item, '=');

        if (equals == NULL) {
            status =
                sks_fail(SKS_ERR_USAGE, "%s: \"%s\" is not of the form key=value", where, item);
            break;
        }
        *equals = '\0';
        snprintf(full_where, sizeof(full_where), "%s: %s", where, item);
        status = sks_values_set(values, item, equals + 1, full_where);
    }
    free(copy);
    return status;
}

sks_status sks_values_complete(const sks_values *values, const char *prefix)
{
    for (size_t i = 0; i < values->n; i++)
        if (values->table[i].is_required && !sks_values_has(values, values->table[i].name))
            return sks_fail(SKS_ERR_USAGE, "%s%s is needed: %s", prefix, values->table[i].name,
                            values->table[i].help);
    return SKS_OK;
}

static size_t find(const sks_values *values, const char *name)
{
    for (size_t i = 0; i < values->n; i++)
        if (strcmp(values->table[i].name, name) == 0)
            return i;
    assert(!"parameter is not in the table");
    abort();
}

/* The value in force: what was given, or the default. */
static struct value effective(const sks_values *values, const char *name)
{
    size_t i = find(values, name);
    struct value value = values->value[i];

    if (value.text == NULL && values->table[i].default_text != NULL) {
        value.text = (char *)values->table[i].default_text;
        if (parse(&values->table[i], value.text, name, &value) != SKS_OK) {
            assert(!"a default is outside its own range");
            abort();
        }
    }
    return value;
}

bool sks_values_has(const sks_values *values, const char *name)
{
    return effective(values, name).text != NULL;
}

bool sks_values_was_given(const sks_values *values, const char *name)
{
    return values->value[find(values, name)].text != NULL;
}

int64_t sks_values_int(const sks_values *values, const char *name)
{
    assert(values->table[find(values, name)].type == SKS_INT);
    return effective(values, name).integer;
}

double sks_values_real(const sks_values *values, const char *name)
{
    assert(values->table[find(values, name)].type == SKS_REAL);
    return effective(values, name).real;
}

bool sks_values_flag(const sks_values *values, const char *name)
{
    assert(values->table[find(values, name)].type == SKS_FLAG);
    return effective(values, name).integer != 0;
}

int sks_values_choice(const sks_values *values, const char *name)
{
    assert(values->table[find(values, name)].type == SKS_CHOICE);
    return (int)effective(values, name).integer;
}

const char *sks_values_text(const sks_values *values, const char *name)
{
    return effective(values, name).text;
}

void sks_param_describe(const sks_param *param, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    switch (param->type) {
    case SKS_INT:
    case SKS_REAL:
        if (param->max >= 1e15 && param->min <= -1e15)
            break;
        if (param->max >= 1e15)
            used = (size_t)snprintf(text, size, "at least %.15g", param->min);
        else
            used = (size_t)snprintf(text, size, "%.15g to %.15g", param->min, param->max);
        break;
    case SKS_CHOICE:
        for (size_t i = 0; param->choices[i] != NULL && used < size; i++)
            used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "|" : "",
                                     param->choices[i]);
        break;
    default:
        break;
    }
    if (param->default_text != NULL && used < size)
        snprintf(text + used, size - used, "%sdefault %s", used > 0 ? ", " : "",
                 param->default_text);
    else if (param->is_required && used < size)
        snprintf(text + used, size - used, "%srequired", used > 0 ? ", " : "");
}
