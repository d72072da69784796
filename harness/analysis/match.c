#include "harness/analysis/match.h"

#include "common/param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One configuration. */
typedef struct entry {
    const sks_match_source *source;
    const sks_series *series;
    const sks_point *point;
    json_t *parameters; /* an object; NULL when not known */
    char *key;          /* what can be compared as text */
    char *level;        /* of what is compared by; NULL when it has none or nothing is */
    char *label;
    bool is_matched;
} entry;

typedef struct entries {
    size_t n;
    entry *entry;
} entries;

/* What is compared by; its value is left out of keys and labels. */
enum { BY_NOTHING, BY_SCHEDULER, BY_EXECUTOR, BY_BINDING, BY_WORKERS, N_DIMENSIONS };
static const char *const dimension[] = {"", "scheduler", "executor", "binding", "workers"};
enum { BY_PARAMETER = N_DIMENSIONS };

static int dimension_of(const char *by)
{
    for (int i = 1; by != NULL && i < N_DIMENSIONS; i++)
        if (strcmp(by, dimension[i]) == 0)
            return i;
    return by == NULL ? BY_NOTHING : BY_PARAMETER;
}

static void entries_clear(entries *all)
{
    for (size_t i = 0; i < all->n; i++) {
        json_decref(all->entry[i].parameters);
        free(all->entry[i].key);
        free(all->entry[i].level);
        free(all->entry[i].label);
    }
    free(all->entry);
    *all = (entries){0};
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
static sks_status level_of(const entry *e, int what, const char *by, char **level)
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

static sks_status label_entry(const sks_series *series, const char *text, int what, entry *e)
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
                                entries *all, size_t first)
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

/* All configurations of a source that have samples. */
static sks_status list_entries(const sks_match_source *source, const char *by, entries *all)
{
    int what = dimension_of(by);
    size_t room = 0;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < source->n; i++)
        room += source->series[i].n_points;
    *all = (entries){0, calloc(room + 1, sizeof(*all->entry))};
    if (all->entry == NULL)
        return sks_fail_nomem("configurations");
    for (size_t i = 0; status == SKS_OK && i < source->n; i++)
        for (size_t j = 0; status == SKS_OK && j < source->series[i].n_points; j++) {
            const sks_series *series = &source->series[i];
            entry *e = &all->entry[all->n];

            if (series->points[j].n == 0)
                continue;
            *e = (entry){.source = source, .series = series, .point = &series->points[j]};
            all->n++;
            if (series->all_parameters != NULL)
                e->parameters = json_loads(series->all_parameters, 0, NULL);
            e->key = key_of(series, e->point, what);
            status = e->key != NULL ? level_of(e, what, by, &e->level) : sks_fail_nomem("a key");
        }
    return status == SKS_OK ? label_entries(source, what, by, all, 0) : status;
}

/* Whether the short text sets the parameter: "tasks=5" in "tasks=5,seed=3". */
static bool is_set(const entry *e, const char *name)
{
    size_t length = strlen(name);

    for (const char *p = e->series->parameters; *p != '\0'; p += strspn(p, ",")) {
        if (strncmp(p, name, length) == 0 && p[length] == '=')
            return true;
        p += strcspn(p, ",");
    }
    return false;
}

static const char *digest_of(const entry *e, const json_t *path)
{
    return e->source->inputs != NULL && json_is_string(path)
               ? json_string_value(json_object_get(e->source->inputs, json_string_value(path)))
               : NULL;
}

static bool is_same_value(const entry *a, const json_t *x, const entry *b, const json_t *y)
{
    const char *digest_x = digest_of(a, x), *digest_y = digest_of(b, y);

    if (digest_x != NULL && digest_y != NULL)
        return strcmp(digest_x, digest_y) == 0;
    return json_equal(x, y) != 0;
}

/* No parameter of `a`, but for the one called `by`, stands against them being the same. */
static bool agrees(const entry *a, const entry *b, const char *by)
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

static bool is_match(const entry *a, const entry *b, const char *by)
{
    if (strcmp(a->key, b->key) != 0)
        return false;
    if (a->parameters == NULL || b->parameters == NULL)
        return strcmp(a->series->parameters, b->series->parameters) == 0;
    return agrees(a, b, by) && agrees(b, a, by);
}

static int by_key(const void *a, const void *b)
{
    const entry *x = *(entry *const *)a, *y = *(entry *const *)b;
    int order = strcmp(x->key, y->key);

    return order != 0 ? order : (x > y) - (x < y);
}

/* Those of `all` with the level, or all for NULL, by key; the caller frees *sorted. */
static sks_status sort_entries(const entries *all, const char *level, entry ***sorted, size_t *n)
{
    entry **array = malloc((all->n + 1) * sizeof(*array));
    size_t used = 0;

    if (array == NULL)
        return sks_fail_nomem("configurations");
    for (size_t i = 0; i < all->n; i++)
        if (level == NULL ||
            (all->entry[i].level != NULL && strcmp(all->entry[i].level, level) == 0))
            array[used++] = &all->entry[i];
    qsort(array, used, sizeof(*array), by_key);
    *sorted = array;
    *n = used;
    return SKS_OK;
}

static sks_status add_match(entry *base, entry *new, size_t group, bool shares_rounds,
                            sks_matches *matches)
{
    sks_match *grown = realloc(matches->matches, (matches->n + 1) * sizeof(*grown));
    char *label = strdup(base->label);

    if (grown != NULL)
        matches->matches = grown;
    if (grown == NULL || label == NULL) {
        free(label);
        return sks_fail_nomem("matches");
    }
    grown[matches->n++] = (sks_match){
        .group = group,
        .base_series = base->series,
        .new_series = new->series,
        .base = base->point,
        .new = new->point,
        .shares_rounds = shares_rounds,
        .label = label,
    };
    base->is_matched = new->is_matched = true;
    return SKS_OK;
}

static sks_status add_unmatched(const entry *e, const char *where, sks_matches *matches)
{
    sks_unmatched *grown = realloc(matches->unmatched, (matches->n_unmatched + 1) * sizeof(*grown));
    sks_unmatched made = {strdup(e->label), strdup(where)};

    if (grown != NULL)
        matches->unmatched = grown;
    if (grown == NULL || made.label == NULL || made.where == NULL) {
        free(made.label);
        free(made.where);
        return sks_fail_nomem("a list");
    }
    grown[matches->n_unmatched++] = made;
    return SKS_OK;
}

/* Matches two lists sorted by key, and lists what has no partner. */
static sks_status match_lists(entry **base, size_t n_base, entry **new, size_t n_new,
                              const char *by, const char *names[2], size_t group,
                              sks_matches *matches)
{
    size_t begin = 0;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < n_base; i++)
        base[i]->is_matched = false;
    for (size_t i = 0; status == SKS_OK && i < n_base; i++) {
        size_t j;

        while (begin < n_new && strcmp(new[begin]->key, base[i]->key) < 0)
            begin++;
        j = begin;
        while (j < n_new && strcmp(new[j]->key, base[i]->key) == 0 &&
               (new[j]->is_matched || !is_match(base[i], new[j], by)))
            j++;
        if (j < n_new && strcmp(new[j]->key, base[i]->key) == 0)
            status = add_match(base[i], new[j], group, by != NULL, matches);
        else
            status = add_unmatched(base[i], names[0], matches);
    }
    for (size_t j = 0; status == SKS_OK && j < n_new; j++)
        if (!new[j]->is_matched)
            status = add_unmatched(new[j], names[1], matches);
    return status;
}

static sks_status name_group(const char *name, sks_matches *matches)
{
    char **grown = realloc(matches->group_names, (matches->n_groups + 1) * sizeof(*grown));

    if (grown != NULL)
        matches->group_names = grown;
    if (grown == NULL || (grown[matches->n_groups] = strdup(name)) == NULL)
        return sks_fail_nomem("a name");
    matches->n_groups++;
    return SKS_OK;
}

static sks_status start_matches(const char *base_name, sks_matches *matches)
{
    *matches = (sks_matches){.base_name = strdup(base_name)};
    return matches->base_name != NULL ? SKS_OK : sks_fail_nomem("a name");
}

sks_status sks_match_campaigns(const sks_match_source *sources, size_t n, sks_matches *matches)
{
    sks_matches made;
    entries base = {0};
    entry **sorted_base = NULL;
    size_t n_base = 0;
    sks_status status = start_matches(sources[0].name, &made);

    if (status == SKS_OK)
        status = list_entries(&sources[0], NULL, &base);
    if (status == SKS_OK)
        status = sort_entries(&base, NULL, &sorted_base, &n_base);
    for (size_t i = 1; status == SKS_OK && i < n; i++) {
        const char *names[2] = {sources[0].name, sources[i].name};
        entries new = {0};
        entry **sorted = NULL;
        size_t n_new = 0;

        status = name_group(sources[i].name, &made);
        if (status == SKS_OK)
            status = list_entries(&sources[i], NULL, &new);
        if (status == SKS_OK)
            status = sort_entries(&new, NULL, &sorted, &n_new);
        if (status == SKS_OK)
            status = match_lists(sorted_base, n_base, sorted, n_new, NULL, names, i - 1, &made);
        free(sorted);
        entries_clear(&new);
    }
    free(sorted_base);
    entries_clear(&base);
    if (status == SKS_OK)
        *matches = made;
    else
        sks_matches_clear(&made);
    return status;
}

/* ---- choices within one campaign ---- */

/* The i-th distinct level in plan order, or NULL: quadratic, for the few there are. */
static const char *level_name(const void *context, size_t wanted)
{
    const entries *all = context;
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++) {
        const char *level = all->entry[i].level;
        bool is_new = level != NULL;

        for (size_t j = 0; is_new && j < i; j++)
            is_new = all->entry[j].level == NULL || strcmp(all->entry[j].level, level) != 0;
        if (is_new && n++ == wanted)
            return level;
    }
    return NULL;
}

/* What can be compared by: the dimensions, then the parameters of all kernels. */
static const char *dimension_name(const void *context, size_t wanted)
{
    const entries *all = context;
    size_t n = N_DIMENSIONS - 1;

    if (wanted < n)
        return dimension[wanted + 1];
    for (size_t i = 0; i < all->n; i++) {
        const char *name;
        json_t *value;

        json_object_foreach(all->entry[i].parameters, name, value) if (n++ == wanted) return name;
    }
    return NULL;
}

static sks_status check_levels(const entries *all, const char *by, const char *base)
{
    const char *first = level_name(all, 0), *nearest;

    if (first == NULL) {
        nearest = sks_nearest(by, dimension_name, all);
        if (nearest != NULL)
            return sks_fail(SKS_ERR_USAGE, "--by %s: there is no such thing; did you mean \"%s\"?",
                            by, nearest);
        return sks_fail(SKS_ERR_USAGE,
                        "--by %s: need scheduler, executor, binding, workers or a parameter of a "
                        "kernel in the campaign",
                        by);
    }
    if (level_name(all, 1) == NULL)
        return sks_fail(SKS_ERR_USAGE, "--by %s: all configurations have %s, nothing to compare",
                        by, first);
    for (size_t i = 0; base != NULL && level_name(all, i) != NULL; i++)
        if (strcmp(level_name(all, i), base) == 0)
            return SKS_OK;
    if (base == NULL)
        return SKS_OK;
    nearest = sks_nearest(base, level_name, all);
    return sks_fail(SKS_ERR_USAGE, "--base %s: no configuration has that %s; did you mean \"%s\"?",
                    base, by, nearest != NULL ? nearest : first);
}

sks_status sks_match_by(const sks_match_source *source, const char *by, const char *base,
                        sks_matches *matches)
{
    sks_matches made = {0};
    entries all = {0};
    entry **sorted_base = NULL;
    size_t n_base = 0;
    const char *level;
    sks_status status = list_entries(source, by, &all);

    if (status == SKS_OK)
        status = check_levels(&all, by, base);
    if (status == SKS_OK) {
        base = base != NULL ? base : level_name(&all, 0);
        status = start_matches(base, &made);
    }
    if (status == SKS_OK)
        status = sort_entries(&all, base, &sorted_base, &n_base);
    for (size_t i = 0; status == SKS_OK && (level = level_name(&all, i)) != NULL; i++) {
        const char *names[2] = {base, level};
        entry **sorted = NULL;
        size_t n_new = 0;

        if (strcmp(level, base) == 0)
            continue;
        status = name_group(level, &made);
        if (status == SKS_OK)
            status = sort_entries(&all, level, &sorted, &n_new);
        if (status == SKS_OK)
            status = match_lists(sorted_base, n_base, sorted, n_new, by, names, made.n_groups - 1,
                                 &made);
        free(sorted);
    }
    free(sorted_base);
    entries_clear(&all);
    if (status == SKS_OK)
        *matches = made;
    else
        sks_matches_clear(&made);
    return status;
}

void sks_matches_clear(sks_matches *matches)
{
    for (size_t i = 0; i < matches->n; i++)
        free(matches->matches[i].label);
    for (size_t i = 0; i < matches->n_groups; i++)
        free(matches->group_names[i]);
    for (size_t i = 0; i < matches->n_unmatched; i++) {
        free(matches->unmatched[i].label);
        free(matches->unmatched[i].where);
    }
    free(matches->matches);
    free(matches->group_names);
    free(matches->unmatched);
    free(matches->base_name);
    *matches = (sks_matches){0};
}
