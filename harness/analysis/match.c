#include "harness/analysis/match_parts.h"

#include "common/param.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
    const sks_entry *x = *(sks_entry *const *)a, *y = *(sks_entry *const *)b;
    int order = strcmp(x->key, y->key);

    return order != 0 ? order : (x > y) - (x < y);
}

/* Those of `all` with the level, or all for NULL, by key; the caller frees *sorted. */
static sks_status sort_entries(const sks_entries *all, const char *level, sks_entry ***sorted,
                               size_t *n)
{
    sks_entry **array = malloc((all->n + 1) * sizeof(*array));
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

static sks_status add_match(sks_entry *base, sks_entry *new, size_t group, bool shares_rounds,
                            sks_matches *matches)
{
    sks_match *grown = realloc(matches->matches, (matches->n + 1) * sizeof(*grown));
    sks_match *made;

    if (grown == NULL)
        return sks_fail_nomem("matches");
    matches->matches = grown;
    made = &grown[matches->n++];
    *made = (sks_match){
        .group = group,
        .base_series = base->series,
        .new_series = new->series,
        .base = base->point,
        .new = new->point,
        .shares_rounds = shares_rounds,
        .label = strdup(base->label),
        .work = strdup(base->work),
        .choice = strdup(base->choice),
    };
    if (made->label == NULL || made->work == NULL || made->choice == NULL)
        return sks_fail_nomem("matches");
    base->is_matched = new->is_matched = true;
    return SKS_OK;
}

static sks_status add_unmatched(const sks_entry *e, size_t group, const char *where,
                                sks_matches *matches)
{
    sks_unmatched *grown = realloc(matches->unmatched, (matches->n_unmatched + 1) * sizeof(*grown));
    sks_unmatched made = {group, strdup(e->label), strdup(where)};

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
static sks_status match_lists(sks_entry **base, size_t n_base, sks_entry **new, size_t n_new,
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
               (new[j]->is_matched || !sks_entries_agree(base[i], new[j], by)))
            j++;
        if (j < n_new && strcmp(new[j]->key, base[i]->key) == 0)
            status = add_match(base[i], new[j], group, by != NULL, matches);
        else
            status = add_unmatched(base[i], group, names[0], matches);
    }
    for (size_t j = 0; status == SKS_OK && j < n_new; j++)
        if (!new[j]->is_matched)
            status = add_unmatched(new[j], group, names[1], matches);
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

/* The paths in both whose digests differ; {path: digest} or NULL. */
static sks_status list_changed_inputs(const json_t *base, const json_t *new, json_t *groups)
{
    json_t *changed = json_array();
    const char *path;
    json_t *digest;
    bool is_made = changed != NULL;

    json_object_foreach((json_t *)base, path, digest)
    {
        const json_t *other = json_object_get(new, path);

        if (other != NULL && !json_equal(digest, other))
            is_made = is_made && json_array_append_new(changed, json_string(path)) == 0;
    }
    is_made = json_array_append_new(groups, changed) == 0 && is_made;
    return is_made ? SKS_OK : sks_fail_nomem("the inputs of a comparison");
}

sks_status sks_match_campaigns(const sks_match_source *sources, size_t n, sks_matches *matches)
{
    sks_matches made;
    sks_entries base = {0};
    sks_entry **sorted_base = NULL;
    size_t n_base = 0;
    sks_status status = start_matches(sources[0].name, &made);

    if (status == SKS_OK && (made.changed_inputs = json_array()) == NULL)
        status = sks_fail_nomem("the inputs of a comparison");
    if (status == SKS_OK)
        status = sks_entries_list(&sources[0], NULL, &base);
    if (status == SKS_OK)
        status = sort_entries(&base, NULL, &sorted_base, &n_base);
    for (size_t i = 1; status == SKS_OK && i < n; i++) {
        const char *names[2] = {sources[0].name, sources[i].name};
        sks_entries new = {0};
        sks_entry **sorted = NULL;
        size_t n_new = 0;

        status = name_group(sources[i].name, &made);
        if (status == SKS_OK)
            status = list_changed_inputs(sources[0].inputs, sources[i].inputs, made.changed_inputs);
        if (status == SKS_OK)
            status = sks_entries_list(&sources[i], NULL, &new);
        if (status == SKS_OK)
            status = sort_entries(&new, NULL, &sorted, &n_new);
        if (status == SKS_OK)
            status = match_lists(sorted_base, n_base, sorted, n_new, NULL, names, i - 1, &made);
        free(sorted);
        sks_entries_clear(&new);
    }
    free(sorted_base);
    sks_entries_clear(&base);
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
    const sks_entries *all = context;
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
    const sks_entries *all = context;
    size_t n = 0;

    for (; sks_dimension_name[n] != NULL; n++)
        if (n == wanted)
            return sks_dimension_name[n];
    for (size_t i = 0; i < all->n; i++) {
        const char *name;
        json_t *value;

        json_object_foreach(all->entry[i].parameters, name, value) if (n++ == wanted) return name;
    }
    return NULL;
}

static sks_status check_levels(const sks_entries *all, const char *by, const char *base)
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
    sks_entries all = {0};
    sks_entry **sorted_base = NULL;
    size_t n_base = 0;
    const char *level;
    sks_status status = sks_entries_list(source, by, &all);

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
        sks_entry **sorted = NULL;
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
    sks_entries_clear(&all);
    if (status == SKS_OK)
        *matches = made;
    else
        sks_matches_clear(&made);
    return status;
}

void sks_matches_clear(sks_matches *matches)
{
    for (size_t i = 0; i < matches->n; i++) {
        free(matches->matches[i].label);
        free(matches->matches[i].work);
        free(matches->matches[i].choice);
    }
    for (size_t i = 0; i < matches->n_groups; i++)
        free(matches->group_names[i]);
    for (size_t i = 0; i < matches->n_unmatched; i++) {
        free(matches->unmatched[i].label);
        free(matches->unmatched[i].where);
    }
    free(matches->matches);
    free(matches->group_names);
    free(matches->unmatched);
    json_decref(matches->changed_inputs);
    free(matches->base_name);
    *matches = (sks_matches){0};
}
