/* Configurations as they are matched: what tells them apart, as text, and what they are called. */
#include "harness/analysis/match_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BY_NOTHING, BY_SCHEDULER, BY_EXECUTOR, BY_BINDING, BY_WORKERS, N_DIMENSIONS };
enum { BY_PARAMETER = N_DIMENSIONS };
const char *const sks_dimension_name[] = {"scheduler", "executor", "binding", "workers", NULL};

static int dimension_of(const char *by)
{
    for (int i = 1; by != NULL && i < N_DIMENSIONS; i++)
        if (strcmp(by, sks_dimension_name[i - 1]) == 0)
            return i;
    return by == NULL ? BY_NOTHING : BY_PARAMETER;
}

void sks_entries_clear(sks_entries *all)
{
    for (size_t i = 0; i < all->n; i++) {
        json_decref(all->entry[i].parameters);
        free(all->entry[i].key);
        free(all->entry[i].level);
        free(all->entry[i].label);
    }
    free(all->entry);
    *all = (sks_entries){0};
}

static char *key_of(const sks_series *s, const sks_point *p, int what)
{
    char *key = NULL;

    if (asprintf(&key, "%s\n%s\n%s\n%s\n%u\n%d", s->kernel, what == BY_EXECUTOR ? "" : s->executor,
                 what == BY_SCHEDULER ? "" : s->scheduler, what == BY_BINDING ? "" : s->binding,
                 what == BY_WORKERS ? 0 : p->n_workers, s->is_weak) < 0)
        return NULL;
    return key;
}

/* A parameter's value as text, from malloc. */
static char *value_text(const json_t *value)
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
    case BY_NOTHING:
        return SKS_OK;
    case BY_SCHEDULER:
        text = strdup(e->series->scheduler);
        break;
    case BY_EXECUTOR:
        text = strdup(e->series->executor);
        break;
    case BY_BINDING:
        text = strdup(e->series->binding);
        break;
    case BY_WORKERS:
        if (asprintf(&text, "%u", e->point->n_workers) < 0)
            text = NULL;
        break;
    default:
        if (value == NULL)
            return SKS_OK;
        text = value_text(value);
    }
    if (text == NULL)
        return sks_fail_nomem("a level");
    *level = text;
    return SKS_OK;
}

/* "name=value,name=value" without the one called `name`, from malloc. */
static char *without_parameter(const char *list, const char *name)
{
    char *kept = calloc(strlen(list) + 1, 1);
    size_t length = name != NULL ? strlen(name) : 0;

    for (const char *p = list; kept != NULL && *p != '\0'; p += strspn(p, ",")) {
        size_t size = strcspn(p, ",");

        if (name == NULL || strncmp(p, name, length) != 0 || p[length] != '=') {
            if (kept[0] != '\0')
                strcat(kept, ",");
            strncat(kept, p, size);
        }
        p += size;
    }
    return kept;
}

/* Copies of the series for their labels: without what is compared by. Texts are borrowed, but for
 * the parameters. */
static sks_status blank_series(const sks_match_source *source, int what, const char *by,
                               sks_series *blank)
{
    for (size_t i = 0; i < source->n; i++) {
        blank[i] = source->series[i];
        if (what == BY_SCHEDULER)
            blank[i].scheduler = "";
        if (what == BY_EXECUTOR)
            blank[i].executor = "";
        if (what == BY_BINDING)
            blank[i].binding = "";
        blank[i].parameters =
            without_parameter(source->series[i].parameters, what == BY_PARAMETER ? by : NULL);
        if (blank[i].parameters == NULL)
            return sks_fail_nomem("a label");
    }
    return SKS_OK;
}

static sks_status label_entry(const sks_series *series, const char *text, int what, sks_entry *e)
{
    const char *name = text[0] != '\0' ? text : series->kernel;
    int length = what == BY_WORKERS
                     ? asprintf(&e->label, "%s", name)
                     : asprintf(&e->label, "%s, %u worker%s", name, e->point->n_workers,
                                e->point->n_workers == 1 ? "" : "s");

    if (length < 0) {
        e->label = NULL;
        return sks_fail_nomem("a label");
    }
    return SKS_OK;
}

/* Labels for all entries of one source, which begin at `first`. */
static sks_status label_entries(const sks_match_source *source, int what, const char *by,
                                sks_entries *all, size_t first)
{
    sks_series *blank = calloc(source->n + 1, sizeof(*blank));
    const sks_series **pointers = calloc(source->n + 1, sizeof(*pointers));
    sks_status status = blank != NULL && pointers != NULL ? blank_series(source, what, by, blank)
                                                          : sks_fail_nomem("labels");
    size_t k = first;

    for (size_t i = 0; status == SKS_OK && i < source->n; i++)
        pointers[i] = &blank[i];
    for (size_t i = 0; status == SKS_OK && i < source->n; i++) {
        char *text = NULL;

        status = sks_series_label(pointers, source->n, i, true, &text);
        for (; status == SKS_OK && k < all->n && all->entry[k].series == &source->series[i]; k++)
            status = label_entry(&source->series[i], text, what, &all->entry[k]);
        free(text);
    }
    for (size_t i = 0; blank != NULL && i < source->n; i++)
        free(blank[i].parameters);
    free(blank);
    free(pointers);
    return status;
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
    return status == SKS_OK ? label_entries(source, what, by, all, 0) : status;
}

/* Whether the short text sets the parameter: "tasks=5" in "tasks=5,seed=3". */
static bool is_set(const sks_entry *e, const char *name)
{
    size_t length = strlen(name);

    for (const char *p = e->series->parameters; *p != '\0'; p += strspn(p, ",")) {
        if (strncmp(p, name, length) == 0 && p[length] == '=')
            return true;
        p += strcspn(p, ",");
    }
    return false;
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
        if (other == NULL ? is_set(a, name) : !is_same_value(a, value, b, other))
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
