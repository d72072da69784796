#include "kernels/astro/match.h"

#include <math.h>
#include <stdlib.h>

struct pair {
    double distance2;
    size_t inserted, found;
};

static bool is_near(double xy, double x0, double y0, double x1, double y1)
{
    return fabs(x0 - x1) <= xy && fabs(y0 - y1) <= xy;
}

static bool is_match(const sks_match_options *o, const sks_star *a, const sks_star *b)
{
    return is_near(o->xy, a->x, a->y, b->x, b->y) && fabs(a->mag - b->mag) <= o->mag;
}

bool sks_match_is_candidate(const sks_match_options *options, const sks_star *inserted,
                            size_t n_inserted, double x, double y)
{
    for (size_t i = 0; i < n_inserted; i++)
        if (is_near(options->xy, inserted[i].x, inserted[i].y, x, y))
            return true;
    return false;
}

static double distance2(const sks_star *a, const sks_star *b)
{
    return (a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y);
}

static void match_authors(const sks_match_options *o, const sks_star *inserted, size_t n_inserted,
                          const sks_star *found, size_t n_found, long *match)
{
    for (size_t i = 0; i < n_inserted; i++) {
        double best = INFINITY;

        match[i] = SKS_NO_MATCH;
        for (size_t j = 0; j < n_found; j++) {
            if (is_match(o, &inserted[i], &found[j]) && distance2(&inserted[i], &found[j]) < best) {
                best = distance2(&inserted[i], &found[j]);
                match[i] = (long)j;
            }
        }
    }
}

/* Nearest first; equal distances in the order of the lists, so that the answer is always one. */
static int compare_pairs(const void *a, const void *b)
{
    const struct pair *p = a, *q = b;

    if (p->distance2 != q->distance2)
        return p->distance2 < q->distance2 ? -1 : 1;
    if (p->inserted != q->inserted)
        return p->inserted < q->inserted ? -1 : 1;
    return p->found < q->found ? -1 : p->found > q->found;
}

static bool was_before(const sks_match_options *o, const sks_star *star, const sks_star *before,
                       size_t n_before)
{
    for (size_t k = 0; k < n_before; k++)
        if (is_match(o, star, &before[k]))
            return true;
    return false;
}

/* All admissible pairs; their number goes to *n. NULL when out of memory. */
static struct pair *list_pairs(const sks_match_options *o, const sks_star *inserted,
                               size_t n_inserted, const sks_star *found, size_t n_found,
                               const sks_star *before, size_t n_before, size_t *n)
{
    size_t room = n_inserted + 16;
    struct pair *pairs = malloc(room * sizeof(*pairs));

    *n = 0;
    for (size_t j = 0; j < n_found && pairs != NULL; j++) {
        if (was_before(o, &found[j], before, n_before))
            continue;
        for (size_t i = 0; i < n_inserted; i++) {
            if (!is_match(o, &inserted[i], &found[j]))
                continue;
            if (*n == room) {
                struct pair *more = realloc(pairs, 2 * room * sizeof(*pairs));

                if (more == NULL) {
                    free(pairs);
                    return NULL;
                }
                pairs = more;
                room *= 2;
            }
            pairs[(*n)++] = (struct pair){distance2(&inserted[i], &found[j]), i, j};
        }
    }
    return pairs;
}

static sks_status match_strict(const sks_match_options *o, const sks_star *inserted,
                               size_t n_inserted, const sks_star *found, size_t n_found,
                               const sks_star *before, size_t n_before, long *match)
{
    size_t n_pairs = 0;
    bool *is_taken = calloc(n_found + 1, sizeof(*is_taken));
    struct pair *pairs =
        list_pairs(o, inserted, n_inserted, found, n_found, before, n_before, &n_pairs);

    if (is_taken == NULL || pairs == NULL) {
        free(is_taken);
        free(pairs);
        return sks_fail_nomem("matching stars");
    }
    qsort(pairs, n_pairs, sizeof(*pairs), compare_pairs);
    for (size_t i = 0; i < n_inserted; i++)
        match[i] = SKS_NO_MATCH;
    for (size_t k = 0; k < n_pairs; k++) {
        if (match[pairs[k].inserted] != SKS_NO_MATCH || is_taken[pairs[k].found])
            continue;
        match[pairs[k].inserted] = (long)pairs[k].found;
        is_taken[pairs[k].found] = true;
    }
    free(is_taken);
    free(pairs);
    return SKS_OK;
}

sks_status sks_match(const sks_match_options *options, const sks_star *inserted, size_t n_inserted,
                     const sks_star *found, size_t n_found, const sks_star *before, size_t n_before,
                     long *match)
{
    if (options->is_strict)
        return match_strict(options, inserted, n_inserted, found, n_found, before, n_before, match);
    match_authors(options, inserted, n_inserted, found, n_found, match);
    return SKS_OK;
}
