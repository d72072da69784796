/* The bootstrap of medians: rounds are the blocks (Davison & Hinkley 1997, sec. 8.2.3).
 *
 * One replicate counts how often each round was drawn and then finds, for each point, the median
 * of its samples with those counts as weights: the samples are sorted once, so that is a walk to
 * the middle.
 */
#include "harness/analysis/fit_parts.h"

#include <stdlib.h>
#include <string.h>

static int compare_unsigned(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

/* All rounds in which any point has a sample, increasing. *rounds is NULL when some point does not
 * know its rounds. */
static sks_status list_rounds(const sks_ranked *ranked, size_t n_points, unsigned **rounds,
                              size_t *n_rounds)
{
    size_t n = 0, n_distinct = 0;
    unsigned *all;

    *rounds = NULL;
    for (size_t i = 0; i < n_points; i++) {
        if (ranked[i].round == NULL)
            return SKS_OK;
        n += ranked[i].n;
    }
    all = malloc((n + 1) * sizeof(*all));
    if (all == NULL)
        return sks_fail_nomem("rounds");
    n = 0;
    for (size_t i = 0; i < n_points; i++) {
        memcpy(all + n, ranked[i].round, ranked[i].n * sizeof(*all));
        n += ranked[i].n;
    }
    qsort(all, n, sizeof(*all), compare_unsigned);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || all[i] != all[n_distinct - 1])
            all[n_distinct++] = all[i];
    *rounds = all;
    *n_rounds = n_distinct;
    return SKS_OK;
}

/* The samples of one point, each with the place of its round in the list. */
typedef struct block_samples {
    size_t n;
    const double *sorted;
    unsigned *block; /* [n] */
    bool has_all;    /* a sample in every round */
} block_samples;

static void blocks_free(block_samples *blocks, size_t n_points)
{
    for (size_t i = 0; blocks != NULL && i < n_points; i++)
        free(blocks[i].block);
    free(blocks);
}

static sks_status find_blocks(const sks_ranked *ranked, size_t n_points, const unsigned *rounds,
                              size_t n_rounds, block_samples **blocks)
{
    block_samples *b = calloc(n_points + 1, sizeof(*b));

    if (b == NULL)
        return sks_fail_nomem("rounds");
    for (size_t i = 0; i < n_points; i++) {
        b[i] = (block_samples){.n = ranked[i].n,
                               .sorted = ranked[i].sorted,
                               .block = malloc((ranked[i].n + 1) * sizeof(unsigned)),
                               .has_all = ranked[i].n == n_rounds};
        if (b[i].block == NULL) {
            blocks_free(b, n_points);
            return sks_fail_nomem("rounds");
        }
        for (size_t k = 0; k < ranked[i].n; k++) {
            const unsigned *at =
                bsearch(&ranked[i].round[k], rounds, n_rounds, sizeof(*rounds), compare_unsigned);

            b[i].block[k] = (unsigned)(at - rounds);
        }
    }
    *blocks = b;
    return SKS_OK;
}

/* How often each of n blocks comes up in n draws. One 64-bit number serves two draws; that some
 * blocks are likelier than others by n/2^32 is far below what any number of replicates shows. */
static void draw_counts(sks_random *random, size_t n, unsigned *counts)
{
    memset(counts, 0, n * sizeof(*counts));
    for (size_t i = 0; i < n; i += 2) {
        uint64_t bits = gsl_rng_get(&random->gsl);

        counts[((bits >> 32) * n) >> 32]++;
        if (i + 1 < n)
            counts[((bits & UINT32_MAX) * n) >> 32]++;
    }
}

/* The median of the samples, each taken as often as its block was drawn. */
static double weighted_median(const block_samples *s, const unsigned *counts, size_t n_blocks)
{
    size_t total = 0, seen = 0, k = 0;
    double lower;

    if (s->has_all)
        total = n_blocks;
    else
        for (size_t i = 0; i < s->n; i++)
            total += counts[s->block[i]];
    if (total == 0) /* not one of its rounds was drawn */
        return sks_median(s->sorted, s->n);
    while (seen + counts[s->block[k]] < (total + 1) / 2)
        seen += counts[s->block[k++]];
    lower = s->sorted[k];
    while (seen + counts[s->block[k]] < total / 2 + 1)
        seen += counts[s->block[k++]];
    return 0.5 * (lower + s->sorted[k]);
}

static sks_status resample_rounds(const sks_ranked *ranked, size_t n_points, const unsigned *rounds,
                                  size_t n_rounds, size_t n_replicates, uint64_t seed,
                                  double *medians)
{
    block_samples *blocks = NULL;
    unsigned *counts = malloc((n_rounds + 1) * sizeof(*counts));
    sks_status status = counts != NULL ? SKS_OK : sks_fail_nomem("rounds");

    if (status == SKS_OK)
        status = find_blocks(ranked, n_points, rounds, n_rounds, &blocks);
    for (size_t b = 0; status == SKS_OK && b < n_replicates; b++) {
        sks_random random;

        sks_random_init(&random, seed, b);
        draw_counts(&random, n_rounds, counts);
        for (size_t i = 0; i < n_points; i++)
            medians[b * n_points + i] = weighted_median(&blocks[i], counts, n_rounds);
    }
    blocks_free(blocks, n_points);
    free(counts);
    return status;
}

static void resample_apart(const sks_ranked *ranked, size_t n_points, size_t n_replicates,
                           uint64_t seed, double *medians)
{
    for (size_t i = 0; i < n_points; i++) {
        sks_random random;

        sks_random_init(&random, seed, i);
        for (size_t b = 0; b < n_replicates; b++)
            medians[b * n_points + i] =
                sks_resampled_median(ranked[i].sorted, ranked[i].n, &random);
    }
}

sks_status sks_fit_resample(const sks_ranked *ranked, size_t n_points, size_t n_replicates,
                            uint64_t seed, double *medians)
{
    unsigned *rounds = NULL;
    size_t n_rounds = 0;
    sks_status status = list_rounds(ranked, n_points, &rounds, &n_rounds);

    if (status == SKS_OK && rounds != NULL)
        status = resample_rounds(ranked, n_points, rounds, n_rounds, n_replicates, seed, medians);
    else if (status == SKS_OK)
        resample_apart(ranked, n_points, n_replicates, seed, medians);
    free(rounds);
    return status;
}
