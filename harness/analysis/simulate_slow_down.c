#include "harness/analysis/simulate_slow_down.h"

#include <stdlib.h>
#include <string.h>

void sks_slow_downs_clear(sks_slow_downs *slow_downs)
{
    for (size_t i = 0; i < slow_downs->n; i++)
        free(slow_downs->ratio[i].scheduler);
    free(slow_downs->ratio);
    *slow_downs = (sks_slow_downs){0};
}

static int compare_ratios(const void *a, const void *b)
{
    const sks_slow_down_ratio *x = a, *y = b;

    if (x->n_workers != y->n_workers)
        return x->n_workers < y->n_workers ? -1 : 1;
    return (x->ratio > y->ratio) - (x->ratio < y->ratio);
}

sks_status sks_slow_downs_add(sks_slow_downs *slow_downs, unsigned n_workers, const char *scheduler,
                              double ratio)
{
    char *text = strdup(scheduler);
    sks_slow_down_ratio *grown =
        text != NULL ? realloc(slow_downs->ratio, (slow_downs->n + 1) * sizeof(*grown)) : NULL;

    if (grown == NULL) {
        free(text);
        return sks_fail_nomem("slow-downs");
    }
    slow_downs->ratio = grown;
    grown[slow_downs->n++] = (sks_slow_down_ratio){n_workers, text, ratio};
    qsort(grown, slow_downs->n, sizeof(*grown), compare_ratios);
    return SKS_OK;
}

size_t sks_slow_down_count_end(const sks_slow_downs *slow_downs, size_t begin)
{
    size_t end = begin;

    while (end < slow_downs->n &&
           slow_downs->ratio[end].n_workers == slow_downs->ratio[begin].n_workers)
        end++;
    return end;
}

static int is_kept(const sks_slow_down_ratio *ratio, const char *without)
{
    return without == NULL || strcmp(ratio->scheduler, without) != 0;
}

/* Of the n ratios, which are sorted, those kept; when none is, of all. */
static double median_of_kept(const sks_slow_down_ratio *ratios, size_t n, const char *without)
{
    double low = 0, high = 0;
    size_t n_kept = 0, k = 0;

    for (size_t i = 0; i < n; i++)
        n_kept += is_kept(&ratios[i], without);
    if (n_kept == 0) {
        without = NULL;
        n_kept = n;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_kept(&ratios[i], without))
            continue;
        if (k == (n_kept - 1) / 2)
            low = ratios[i].ratio;
        if (k == n_kept / 2)
            high = ratios[i].ratio;
        k++;
    }
    return 0.5 * (low + high);
}

double sks_slow_down_factor(const sks_slow_downs *slow_downs, unsigned n_workers,
                            const char *without)
{
    double below = 0, at_below = 1; /* the last worker count that was measured, and its factor */

    for (size_t begin = 0, end; begin < slow_downs->n; begin = end) {
        const double at = slow_downs->ratio[begin].n_workers;
        double factor;

        end = sks_slow_down_count_end(slow_downs, begin);
        factor = median_of_kept(&slow_downs->ratio[begin], end - begin, without);
        if (at >= n_workers)
            return begin == 0 ? factor
                              : at_below + (factor - at_below) * (n_workers - below) / (at - below);
        below = at;
        at_below = factor;
    }
    return at_below;
}
