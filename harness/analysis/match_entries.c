/* Configurations as they are matched: what tells them apart, as text. */
#include "harness/analysis/match_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sks_dimension_name[] = {"scheduler", "executor", "binding", "workers", NULL};

static int dimension_of(const char *by)
{
    for (int i = 1; by != NULL && i < SKS_N_DIMENSIONS; i++)
        if (strcmp(by, sks_dimension_name[i - 1]) == 0)
            return i;
    return by == NULL ? SKS_BY_NOTHING : SKS_BY_PARAMETER;
}

void sks_entries_clear(sks_entries *all)
{
    for (size_t i = 0; i < all->n; i++) {
        json_decref(all->entry[i].parameters);
        free(all->entry[i].key);
        free(all->entry[i].level);
        free(all->entry[i].label);
        free(all->entry[i].work);
        free(all->entry[i].choice);
    }
    free(all->entry);
    *all = (sks_entries){0};
}

static char *key_of(const sks_series *s, const sks_point *p, int what)
{
    char *key = NULL;

    if (asprintf(
            &key, "%s\n%s\n%s\n%s\n%u\n%d", s->kernel, what == SKS_BY_EXECUTOR ? "" : s->executor,
            what == SKS_BY_SCHEDULER ? "" : s->scheduler, what == SKS_BY_BINDING ? "" : s->binding,
            what == SKS_BY_WORKERS ? 0 : p->n_workers, s->is_weak) < 0)
        return NULL;
    return key;
}

char *sks_json_parameter_text(const json_t *value)
{
    return json_is_string(value) ? strdup(json_string_value(value))
                                 : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
}

/* *level stays NULL when the configuration has no such parameter. */
static sks_status level_of(const sks_entry *e, int what, const char *by, char **level)
{
    const json_t *value = json_object_get(e->parameters, by);
    char *text;

    switch (what) {
    case SKS_BY_NOTHING:
        return SKS_OK;
    case SKS_BY_SCHEDULER:
        text = strdup(e->series->scheduler);
        break;
    case SKS_BY_EXECUTOR:
        text = strdup(e->series->executor);
        break;
    case SKS_BY_BINDING:
        text = strdup(e->series->binding);
        break;
    case SKS_BY_WORKERS:
        if (asprintf(&text, "%u", e->point->n_workers) < 0)
            text = NULL;
        break;
    default:
        if (value == NULL)
            return SKS_OK;
        text = sks_json_parameter_text(value);
    }
    if (text == NULL)
        return sks_fail_nomem("a level");
    *level = text;
    return SKS_OK;
}

sks_status sks_entries_list(const sks_match_source *source, const char *by, sks_entries *all)
{
    int what = dimension_of(by);
    size_t room = 0;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < source->n; i++)
        room += source->series[i].n_points;
    *all = (sks_entries){0, calloc(room + 1, sizeof(*all->entry))};
    if (all->entry == NULL)
        return sks_fail_nomem("configurations");
    for (size_t i = 0; status == SKS_OK && i < source->n; i++)
        for (size_t j = 0; status == SKS_OK && j < source->series[i].n_points; j++) {
            const sks_series *series = &source->series[i];
            sks_entry *e = &all->entry[all->n];

            if (series->points[j].n == 0)
                continue;
            *e = (sks_entry){.source = source, .series = series, .point = &series->points[j]};
            all->n++;
            if (series->all_parameters != NULL)
                e->parameters = json_loads(series->all_parameters, 0, NULL);
            e->key = key_of(series, e->point, what);
            status = e->key != NULL ? level_of(e, what, by, &e->level) : sks_fail_nomem("a key");
        }
    return status == SKS_OK ? sks_entries_label(source, what, by, all) : status;
}

static const char *digest_of(const sks_entry *e, const json_t *path)
{
    return e->source->inputs != NULL && json_is_string(path)
               ? json_string_value(json_object_get(e->source->inputs, json_string_value(path)))
               : NULL;
}

static bool is_same_value(const sks_entry *a, const json_t *x, const sks_entry *b, const json_t *y)
{
    const char *digest_x = digest_of(a, x), *digest_y = digest_of(b, y);

    if (digest_x != NULL && digest_y != NULL)
        return strcmp(digest_x, digest_y) == 0;
    return json_equal(x, y) != 0;
}

/* No parameter of `a`, but for the one called `by`, stands against them being the same. */
static bool agrees(const sks_entry *a, const sks_entry *b, const char *by)
{
    const char *name;
    json_t *value;

    json_object_foreach(a->parameters, name, value)
    {
        const json_t *other = json_object_get(b->parameters, name);

        if (by != NULL && strcmp(name, by) == 0)
            continue;
        if (other == NULL ? sks_is_parameter_set(a->series->parameters, name)
                          : !is_same_value(a, value, b, other))
            return false;
    }
    return true;
}

bool sks_entries_agree(const sks_entry *a, const sks_entry *b, const char *by)
{
    if (a->parameters == NULL || b->parameters == NULL)
        return strcmp(a->series->parameters, b->series->parameters) == 0;
    return agrees(a, b, by) && agrees(b, a, by);
}
