/* Which samples of two configurations are held against each other. */
#include "harness/analysis/compare_parts.h"

#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

void sks_sides_clear(sks_sides *s)
{
    for (int i = 0; i < 2; i++) {
        free(s->seconds[i]);
        free(s->sorted[i]);
        free(s->rounds[i]);
    }
}

unsigned sks_round_of(const sks_point *point, size_t i)
{
    return point->rounds != NULL ? point->rounds[i] : (unsigned)i;
}

static void take(sks_sides *s, int side, const sks_point *point, size_t i)
{
    s->rounds[side][s->n[side]] = sks_round_of(point, i);
    s->seconds[side][s->n[side]++] = point->seconds[i];
}

static void take_common_rounds(sks_sides *s, const sks_point *base, const sks_point *new)
{
    size_t i = 0, j = 0;

    s->n[0] = s->n[1] = 0;
    while (i < base->n && j < new->n) {
        unsigned a = sks_round_of(base, i), b = sks_round_of(new, j);

        if (a == b) {
            take(s, 0, base, i);
            take(s, 1, new, j);
        }
        i += a <= b;
        j += b <= a;
    }
}

static void take_all(sks_sides *s, const sks_point *base, const sks_point *new)
{
    s->n[0] = s->n[1] = 0;
    for (size_t i = 0; i < base->n; i++)
        take(s, 0, base, i);
    for (size_t i = 0; i < new->n; i++)
        take(s, 1, new, i);
}

sks_status sks_sides_create(const sks_match *match, sks_sides *made)
{
    const sks_point *point[2] = {match->base, match->new};
    sks_sides s = {0};

    for (int i = 0; i < 2; i++) {
        s.seconds[i] = malloc((point[i]->n + 1) * sizeof(double));
        s.sorted[i] = malloc((point[i]->n + 1) * sizeof(double));
        s.rounds[i] = malloc((point[i]->n + 1) * sizeof(unsigned));
        if (s.seconds[i] == NULL || s.sorted[i] == NULL || s.rounds[i] == NULL) {
            sks_sides_clear(&s);
            return sks_fail_nomem("samples");
        }
    }
    if (match->shares_rounds) {
        take_common_rounds(&s, match->base, match->new);
        s.is_paired = 2 * s.n[0] >= match->base->n && 2 * s.n[0] >= match->new->n;
    }
    if (!s.is_paired)
        take_all(&s, match->base, match->new);
    for (int i = 0; i < 2; i++) {
        memcpy(s.sorted[i], s.seconds[i], s.n[i] * sizeof(double));
        gsl_sort(s.sorted[i], 1, s.n[i]);
    }
    *made = s;
    return SKS_OK;
}
