/* The draws of the bootstrap: how often each block is taken, or which ranks are in the middle. */
#include "harness/analysis/bootstrap.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

size_t sks_n_blocks(size_t n_rounds)
{
    return n_rounds < SKS_MAX_BLOCKS ? n_rounds : SKS_MAX_BLOCKS;
}

/* Draws n of the n blocks into one replicate's lane. One call of the generator serves four draws;
 * that some blocks are likelier than others by n/2^32 is far below what any number of replicates
 * shows. */
static void draw_blocks(sks_random *random, size_t n, uint16_t *weight)
{
    uint32_t bits[4];

    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0)
            sks_random_bits(random, bits);
        weight[((uint64_t)bits[i % 4] * n >> 32) * SKS_LANES]++;
    }
}

sks_status sks_resampling_create(size_t n_rounds, size_t n_replicates, uint64_t seed,
                                 uint64_t stream, sks_resampling *resampling)
{
    size_t n_blocks = sks_n_blocks(n_rounds);
    size_t n_tiles = (n_replicates + SKS_LANES - 1) / SKS_LANES;
    sks_resampling r = {.n_replicates = n_replicates, .n_rounds = n_rounds, .n_blocks = n_blocks};
    sks_random random;

    r.weight = calloc(n_tiles * n_blocks * SKS_LANES + 1, sizeof(*r.weight));
    if (r.weight == NULL)
        return sks_fail_nomem("bootstrap replicates");
    sks_random_init(&random, seed, stream);
    for (size_t b = 0; b < n_replicates; b++)
        draw_blocks(&random, n_blocks, r.weight + sks_weight_index(&r, b, 0));
    *resampling = r;
    return SKS_OK;
}

void sks_resampling_clear(sks_resampling *resampling)
{
    free(resampling->weight);
    free(resampling->ranks);
    *resampling = (sks_resampling){0};
}

/* ---- ranks ----
 *
 * Of n draws from n sorted samples, C(i) fall on the samples up to place i: binomial, n draws with
 * probability (i + 1)/n. With half = (n + 1)/2 the lower middle is at place i or below when
 * C(i) >= half. For even n the upper middle is the very next draw. It lies at another place when
 * C(i) is exactly half: the other n - half draws are then all beyond i, and the least of them is
 * wanted. */

/* at_most[i], n + 1 of them: P(lower < i); apart[i]: how likely the two are at different places
 * when the lower one is at i. */
static void rank_probabilities(size_t n, double *at_most, double *apart)
{
    unsigned half = (unsigned)(n + 1) / 2;
    double rest = (double)(n - half), half_before = 0.0; /* P(C(i - 1) = half) */

    at_most[0] = 0.0;
    for (size_t i = 0; i < n; i++) {
        double share = (double)(i + 1) / (double)n;
        double half_here = i + 1 < n ? gsl_ran_binomial_pdf(half, share, (unsigned)n) : 0.0;
        /* … of which already at i - 1, with none of the rest at i */
        double still = half_before * pow((double)(n - i - 1) / (double)(n - i), rest);
        double here;

        at_most[i + 1] = i + 1 < n ? gsl_cdf_binomial_Q(half - 1, share, (unsigned)n) : 1.0;
        here = at_most[i + 1] - at_most[i];
        apart[i] = n % 2 == 0 && here > 0.0 ? fmin(1.0, (half_here - still) / here) : 0.0;
        half_before = half_here;
    }
}

/* The first place whose probability so far is above u, walking from a guess. */
static size_t place_of(const double *at_most, size_t n, double u, size_t guess)
{
    while (guess > 0 && at_most[guess] > u)
        guess--;
    while (guess + 1 < n && at_most[guess + 1] <= u)
        guess++;
    return guess;
}

/* The least of n_rest draws from the places after `lower`, of n. */
static size_t next_place(size_t lower, size_t n, size_t n_rest, double u)
{
    double after = (double)(n - 1 - lower);
    size_t step = (size_t)(after * (1.0 - pow(u, 1.0 / (double)n_rest)));

    return step < n - 1 - lower ? lower + 1 + step : n - 1;
}

enum { N_GUESSES = 1024 }; /* places for u in equal steps: the walk from there is short */

static void draw_ranks(size_t n, const double *at_most, const double *apart, sks_random *random,
                       sks_resampling *r)
{
    uint16_t guess[N_GUESSES];

    for (size_t g = 0; g < N_GUESSES; g++)
        guess[g] = (uint16_t)place_of(at_most, n, (double)g / N_GUESSES, g > 0 ? guess[g - 1] : 0);
    for (size_t b = 0; b < r->n_replicates; b++) {
        uint32_t bits[4];
        double u, v, w;
        size_t lower, upper;

        sks_random_bits(random, bits);
        u = ((double)bits[0] + 0.5) * 0x1p-32;
        v = ((double)bits[1] + 0.5) * 0x1p-32;
        w = ((double)bits[2] + 0.5) * 0x1p-32;
        lower = place_of(at_most, n, u, guess[(size_t)(u * N_GUESSES)]);
        upper = v < apart[lower] ? next_place(lower, n, n / 2, w) : lower;
        r->ranks[b] = (sks_median_ranks){(uint16_t)lower, (uint16_t)upper};
    }
}

sks_status sks_resampling_create_ranks(size_t n, size_t n_replicates, uint64_t seed,
                                       uint64_t stream, sks_resampling *resampling)
{
    double at_most[SKS_MAX_BLOCKS + 1], apart[SKS_MAX_BLOCKS];
    sks_resampling r = {.n_replicates = n_replicates, .n_rounds = n, .n_blocks = n};
    sks_random random;

    assert(n >= 1 && n <= SKS_MAX_BLOCKS);
    r.ranks = malloc((n_replicates + 1) * sizeof(*r.ranks));
    if (r.ranks == NULL)
        return sks_fail_nomem("bootstrap replicates");
    rank_probabilities(n, at_most, apart);
    sks_random_init(&random, seed, stream);
    draw_ranks(n, at_most, apart, &random, &r);
    *resampling = r;
    return SKS_OK;
}
