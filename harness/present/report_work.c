#include "harness/present/report_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sks_is_same_work(const sks_series *a, const sks_series *b)
{
    return a->is_weak == b->is_weak && strcmp(a->kernel, b->kernel) == 0 &&
           strcmp(a->parameters, b->parameters) == 0;
}

const sks_point *sks_point_of(const sks_fit *fit, const sks_point_fit *point)
{
    for (size_t i = 0; i < fit->series->n_points; i++)
        if (fit->series->points[i].n_workers == point->n_workers)
            return &fit->series->points[i];
    return NULL;
}

void sks_works_clear(sks_works *works)
{
    for (size_t i = 0; works->works != NULL && i < works->n; i++) {
        free(works->works[i].label);
        free(works->works[i].fits);
    }
    free(works->works);
    *works = (sks_works){0};
}

static void find_best(sks_work_done *work)
{
    for (size_t i = 0; i < work->n; i++)
        for (size_t j = 0; j < work->fits[i]->n_points; j++) {
            const sks_point_fit *p = &work->fits[i]->points[j];

            if (work->fits[i]->series->is_weak ||
                (work->best != NULL && p->median.value >= work->best->median.value))
                continue;
            work->best = p;
            work->best_fit = work->fits[i];
        }
}

/* Of all campaigns the works of this kernel, each once, as series that differ in nothing but their
 * parameters; at: where `s` is among them. Returns how many. */
static size_t gather_works(const sks_works *all, size_t n_campaigns, const sks_series *s,
                           sks_series *bare, const sks_series **pointers, size_t *at)
{
    size_t n = 0;

    for (size_t c = 0; c < n_campaigns; c++)
        for (size_t w = 0; w < all[c].n; w++) {
            const sks_series *other = all[c].works[w].fits[0]->series;
            size_t k = 0;

            while (k < n && !sks_is_same_work(&bare[k], other))
                k++;
            if (k < n || strcmp(other->kernel, s->kernel) != 0)
                continue;
            *at = sks_is_same_work(other, s) ? n : *at;
            bare[n] = (sks_series){.kernel = other->kernel,
                                   .parameters = other->parameters,
                                   .is_weak = other->is_weak,
                                   .executor = "",
                                   .scheduler = "",
                                   .binding = ""};
            pointers[n] = &bare[n];
            n++;
        }
    return n;
}

/* The kernel, then what tells this work from the others. */
static sks_status label_work(const sks_series *s, const sks_series *const *works, size_t n,
                             size_t at, char **label)
{
    char *more = NULL, *made = NULL;
    sks_status status = sks_series_label(works, n, at, false, &more);

    if (status == SKS_OK &&
        asprintf(&made, "%s%s%s", s->kernel, more[0] != '\0' ? ", " : "", more) < 0)
        status = sks_fail_nomem("a label");
    free(more);
    if (status == SKS_OK) {
        free(*label);
        *label = made;
    }
    return status;
}

sks_status sks_works_label(sks_works *all, size_t n_campaigns)
{
    size_t n_works = 0;
    sks_series *bare;
    const sks_series **pointers;
    sks_status status;

    for (size_t c = 0; c < n_campaigns; c++)
        n_works += all[c].n;
    bare = calloc(n_works + 1, sizeof(*bare));
    pointers = calloc(n_works + 1, sizeof(*pointers));
    status = bare != NULL && pointers != NULL ? SKS_OK : sks_fail_nomem("the work of a campaign");
    for (size_t c = 0; c < n_campaigns; c++)
        for (size_t w = 0; status == SKS_OK && w < all[c].n; w++) {
            const sks_series *s = all[c].works[w].fits[0]->series;
            size_t at = 0, n = gather_works(all, n_campaigns, s, bare, pointers, &at);

            status = label_work(s, pointers, n, at, &all[c].works[w].label);
        }
    free(bare);
    free(pointers);
    return status;
}

static sks_status add_fit(const sks_fit *fit, size_t room, sks_works *all)
{
    size_t i = 0;

    while (i < all->n && !sks_is_same_work(all->works[i].fits[0]->series, fit->series))
        i++;
    if (i == all->n) {
        all->works[i].fits = calloc(room, sizeof(*all->works[i].fits));
        if (all->works[i].fits == NULL)
            return sks_fail_nomem("the work of a campaign");
        all->n++;
    }
    all->works[i].fits[all->works[i].n++] = fit;
    return SKS_OK;
}

sks_status sks_works_find(const sks_fit *fits, size_t n, sks_works *works)
{
    sks_works made = {0, calloc(n + 1, sizeof(*made.works))};
    sks_status status = made.works != NULL ? SKS_OK : sks_fail_nomem("the work of a campaign");

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = add_fit(&fits[i], n, &made);
    for (size_t i = 0; status == SKS_OK && i < made.n; i++)
        find_best(&made.works[i]);
    if (status == SKS_OK)
        status = sks_works_label(&made, 1);
    if (status == SKS_OK)
        *works = made;
    else
        sks_works_clear(&made);
    return status;
}

/* ---- matches with the best ---- */

static sks_status add_match(const sks_work_done *work, const sks_fit *fit, const sks_point_fit *p,
                            char *label, sks_match *matches, size_t *n)
{
    if (label == NULL)
        return sks_fail_nomem("a label");
    matches[(*n)++] = (sks_match){.base_series = work->best_fit->series,
                                  .new_series = fit->series,
                                  .base = sks_point_of(work->best_fit, work->best),
                                  .new = sks_point_of(fit, p),
                                  .shares_rounds = true,
                                  .label = label};
    return SKS_OK;
}

static bool is_rival(const sks_series *best, const sks_series *other)
{
    return other != best && strcmp(other->executor, best->executor) == 0 &&
           strcmp(other->binding, best->binding) == 0 &&
           strcmp(other->scheduler, best->scheduler) != 0;
}

sks_status sks_work_match_schedulers(const sks_work_done *work, sks_match **matches, size_t *n)
{
    sks_match *made = calloc(work->n + 1, sizeof(*made));
    size_t n_made = 0;
    sks_status status = made != NULL ? SKS_OK : sks_fail_nomem("matches");

    for (size_t i = 0; status == SKS_OK && work->best != NULL && i < work->n; i++) {
        const sks_fit *fit = work->fits[i];

        if (!is_rival(work->best_fit->series, fit->series))
            continue;
        for (size_t j = 0; status == SKS_OK && j < fit->n_points; j++)
            if (fit->points[j].n_workers == work->best->n_workers)
                status = add_match(work, fit, &fit->points[j], strdup(fit->series->scheduler), made,
                                   &n_made);
    }
    if (status != SKS_OK) {
        sks_matches_free(made, n_made);
        return status;
    }
    *matches = made;
    *n = n_made;
    return SKS_OK;
}

sks_status sks_work_match_workers(const sks_work_done *work, sks_match **matches, size_t *n)
{
    size_t n_points = work->best != NULL ? work->best_fit->n_points : 0;
    sks_match *made = calloc(n_points + 1, sizeof(*made));
    size_t n_made = 0;
    sks_status status = made != NULL ? SKS_OK : sks_fail_nomem("matches");

    for (size_t j = 0; status == SKS_OK && j < n_points; j++) {
        const sks_point_fit *p = &work->best_fit->points[j];

        if (p != work->best)
            status = add_match(work, work->best_fit, p, strdup(""), made, &n_made);
    }
    if (status != SKS_OK) {
        sks_matches_free(made, n_made);
        return status;
    }
    *matches = made;
    *n = n_made;
    return SKS_OK;
}

void sks_matches_free(sks_match *matches, size_t n)
{
    for (size_t i = 0; matches != NULL && i < n; i++)
        free(matches[i].label);
    free(matches);
}
