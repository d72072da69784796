#include "harness/analysis/bootstrap.h"

#include <assert.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

sks_status sks_resampling_create(size_t n_rounds, size_t n_replicates, uint64_t seed,
                                 uint64_t stream, sks_resampling *resampling)
{
    size_t per_block = (n_rounds + SKS_MAX_BLOCKS - 1) / SKS_MAX_BLOCKS;
    size_t n_blocks = (n_rounds + per_block - 1) / per_block;
    uint16_t *weight = calloc(n_replicates * n_blocks + 1, sizeof(*weight));
    sks_random random;

    if (weight == NULL)
        return sks_fail_nomem("bootstrap replicates");
    sks_random_init(&random, seed, stream);
    for (size_t b = 0; b < n_replicates; b++)
        for (size_t i = 0; i < n_blocks; i++)
            weight[b * n_blocks + gsl_rng_uniform_int(&random.gsl, n_blocks)]++;
    *resampling = (sks_resampling){n_replicates, n_blocks, (unsigned)per_block, weight};
    return SKS_OK;
}

void sks_resampling_clear(sks_resampling *resampling)
{
    free(resampling->weight);
    *resampling = (sks_resampling){0};
}

/* The samples of one set in ascending order, with the block of each, and their number per block. */
typedef struct sorted_set {
    size_t n, n_blocks;
    bool is_even; /* all blocks hold as many: any draw of n_blocks of them has n samples */
    double *seconds;
    uint16_t *block;
    size_t *count;    /* [n_blocks] */
    size_t pivot;     /* somewhat below the middle: where the search for medians begins … */
    uint32_t *before; /* [n_blocks] … and how many samples lie before it */
} sorted_set;

static void sorted_clear(sorted_set *s)
{
    free(s->seconds);
    free(s->block);
    free(s->count);
    free(s->before);
}

/* Medians of resampled sets scatter by half the square root of the number of blocks about the
 * middle: three times that is far enough below it to walk upwards from. */
static void set_pivot(sorted_set *s)
{
    double reach = 1.5 * sqrt((double)s->n_blocks) * (double)s->n / (double)s->n_blocks;
    double pivot = 0.5 * (double)s->n - reach;

    s->pivot = pivot > 0.0 ? (size_t)pivot : 0;
    for (size_t i = 0; i < s->pivot; i++)
        s->before[s->block[i]]++;
}

static sks_status sorted_create(const sks_resampling *r, const double *seconds,
                                const unsigned *round, size_t n, sorted_set *set)
{
    size_t *order = malloc((n + 1) * sizeof(*order));
    sorted_set s = {.n = n, .n_blocks = r->n_blocks};

    s.seconds = malloc((n + 1) * sizeof(*s.seconds));
    s.block = malloc((n + 1) * sizeof(*s.block));
    s.count = calloc(r->n_blocks, sizeof(*s.count));
    s.before = calloc(r->n_blocks, sizeof(*s.before));
    if (order == NULL || s.seconds == NULL || s.block == NULL || s.count == NULL ||
        s.before == NULL) {
        free(order);
        sorted_clear(&s);
        return sks_fail_nomem("samples");
    }
    gsl_sort_index(order, seconds, 1, n);
    for (size_t i = 0; i < n; i++) {
        size_t block = round[order[i]] / r->rounds_per_block;

        assert(block < r->n_blocks);
        s.seconds[i] = seconds[order[i]];
        s.block[i] = (uint16_t)block;
        s.count[block]++;
    }
    free(order);
    s.is_even = true;
    for (size_t b = 1; b < r->n_blocks; b++)
        s.is_even = s.is_even && s.count[b] == s.count[0];
    set_pivot(&s);
    *set = s;
    return SKS_OK;
}

/* How many samples there are when every block is repeated so often. */
static size_t weighted_count(const sorted_set *s, const uint16_t *weight)
{
    size_t total = 0;

    for (size_t b = 0; b < s->n_blocks; b++)
        total += weight[b] * s->count[b];
    return total;
}

/* The median of the set with every sample repeated as often as its block; `total` samples then. */
static double weighted_median(const sorted_set *s, const uint16_t *weight, size_t total)
{
    size_t upto = 0, i = s->pivot;
    double low;

    if (total == 0)
        return NAN;
    for (size_t b = 0; b < s->n_blocks; b++)
        upto += weight[b] * s->before[b];
    if (2 * upto >= total)
        upto = i = 0; /* the median lies below the pivot, for once */
    while (2 * (upto += weight[s->block[i]]) < total)
        i++;
    low = s->seconds[i];
    if (2 * upto > total)
        return low;
    do
        i++; /* exactly half lie up to `low`: the next one drawn is the other half's first */
    while (weight[s->block[i]] == 0);
    return 0.5 * (low + s->seconds[i]);
}

static sks_status jackknife_medians(const sorted_set *s, double *medians)
{
    uint16_t *weight = malloc(s->n_blocks * sizeof(*weight));

    if (weight == NULL)
        return sks_fail_nomem("the jackknife");
    for (size_t b = 0; b < s->n_blocks; b++)
        weight[b] = 1;
    for (size_t b = 0; b < s->n_blocks; b++) {
        weight[b] = 0;
        medians[b] = weighted_median(s, weight, s->n - s->count[b]);
        weight[b] = 1;
    }
    free(weight);
    return SKS_OK;
}

sks_status sks_resampled_medians(const sks_resampling *resampling, const double *seconds,
                                 const unsigned *round, size_t n, double **replicates,
                                 double **jackknife)
{
    sorted_set set = {0};
    double *medians = malloc((resampling->n_replicates + 1) * sizeof(*medians));
    double *left_out = malloc(resampling->n_blocks * sizeof(*left_out));
    sks_status status =
        medians != NULL && left_out != NULL ? SKS_OK : sks_fail_nomem("bootstrap medians");

    if (status == SKS_OK)
        status = sorted_create(resampling, seconds, round, n, &set);
    for (size_t b = 0; status == SKS_OK && b < resampling->n_replicates; b++) {
        const uint16_t *weight = resampling->weight + b * resampling->n_blocks;

        medians[b] = weighted_median(&set, weight, set.is_even ? n : weighted_count(&set, weight));
    }
    if (status == SKS_OK)
        status = jackknife_medians(&set, left_out);
    sorted_clear(&set);
    if (status != SKS_OK) {
        free(medians);
        free(left_out);
        return status;
    }
    *replicates = medians;
    *jackknife = left_out;
    return SKS_OK;
}

static sks_status median_of(const sks_side *side, double *median)
{
    double *sorted = malloc((side->n + 1) * sizeof(*sorted));

    if (sorted == NULL)
        return sks_fail_nomem("samples");
    for (size_t i = 0; i < side->n; i++)
        sorted[i] = side->seconds[i];
    gsl_sort(sorted, 1, side->n);
    *median = sks_median(sorted, side->n);
    free(sorted);
    return SKS_OK;
}

static size_t without_nan(double *x, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            x[kept++] = x[i];
    return kept;
}

/* The ratio with each block left out: on both sides at once when they are paired, else on one side
 * after the other. left_out has room for both; returns how many there are. */
static size_t ratio_jackknife(const double *numerator, size_t n_numerator,
                              const double *denominator, size_t n_denominator, bool is_paired,
                              double ratio[2], double *left_out)
{
    size_t n = 0;

    for (size_t i = 0; i < n_numerator; i++)
        left_out[n++] = numerator[i] / (is_paired ? denominator[i] : ratio[1]);
    for (size_t i = 0; !is_paired && i < n_denominator; i++)
        left_out[n++] = ratio[0] / denominator[i];
    return without_nan(left_out, n);
}

static sks_status ratio_interval(const sks_side *side[2], double median[2], double confidence,
                                 sks_interval *interval)
{
    double *replicates[2] = {NULL, NULL}, *jackknife[2] = {NULL, NULL}, *left_out = NULL;
    bool is_paired = side[0]->resampling == side[1]->resampling;
    size_t n = side[0]->resampling->n_replicates, n_left_out;
    size_t n_blocks[2] = {side[0]->resampling->n_blocks, side[1]->resampling->n_blocks};
    sks_status status = SKS_OK;

    assert(side[1]->resampling->n_replicates == n);
    for (int i = 0; status == SKS_OK && i < 2; i++)
        status = sks_resampled_medians(side[i]->resampling, side[i]->seconds, side[i]->round,
                                       side[i]->n, &replicates[i], &jackknife[i]);
    if (status == SKS_OK) {
        left_out = malloc((n_blocks[0] + n_blocks[1]) * sizeof(*left_out));
        if (left_out == NULL)
            status = sks_fail_nomem("the jackknife");
    }
    if (status == SKS_OK) {
        n_left_out = ratio_jackknife(jackknife[0], n_blocks[0], jackknife[1], n_blocks[1],
                                     is_paired, median, left_out);
        for (size_t b = 0; b < n; b++)
            replicates[0][b] /= replicates[1][b];
        *interval = sks_bca_interval(replicates[0], without_nan(replicates[0], n),
                                     median[0] / median[1], left_out, n_left_out, confidence);
    }
    for (int i = 0; i < 2; i++) {
        free(replicates[i]);
        free(jackknife[i]);
    }
    free(left_out);
    return status;
}

sks_status sks_ratio_of_medians(const sks_side *numerator, const sks_side *denominator,
                                double confidence, sks_estimate *ratio)
{
    const sks_side *side[2] = {numerator, denominator};
    size_t min_n = sks_median_min_n(confidence);
    sks_interval interval = sks_no_interval;
    double median[2];
    sks_status status = median_of(numerator, &median[0]);

    if (status == SKS_OK)
        status = median_of(denominator, &median[1]);
    if (status == SKS_OK && numerator->n >= min_n && denominator->n >= min_n)
        status = ratio_interval(side, median, confidence, &interval);
    if (status == SKS_OK)
        *ratio = (sks_estimate){median[0] / median[1], interval};
    return status;
}
