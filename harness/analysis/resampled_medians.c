/* The medians of one set of samples in all replicates of a resampling. */
#include "harness/analysis/bootstrap.h"

#include "kernels/astro/simd.h"

#include <assert.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The samples in ascending order, with the block of each, and their number per block. */
typedef struct sorted_set {
    size_t n, n_blocks;
    bool is_even; /* all blocks hold as many: any draw of n_blocks of them has n samples */
    double *seconds;
    uint16_t *block;
    uint16_t *count;  /* [n_blocks]; 16 bits, as the weights: their products are quick to add up */
    size_t pivot;     /* somewhat below the middle: where the search for medians begins … */
    uint16_t *before; /* [n_blocks] … and how many samples lie before it */
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
    bool is_full = false;

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
    for (size_t i = 0; i < n && !is_full; i++) {
        size_t block = (size_t)round[order[i]] * r->n_blocks / r->n_rounds;

        assert(block < r->n_blocks);
        s.seconds[i] = seconds[order[i]];
        s.block[i] = (uint16_t)block;
        is_full = s.count[block]++ == UINT16_MAX;
    }
    free(order);
    if (is_full) {
        sorted_clear(&s);
        return sks_fail(SKS_ERR_INPUT,
                        "%zu samples of one configuration: at most %d times %d can be resampled", n,
                        SKS_MAX_BLOCKS, UINT16_MAX);
    }
    s.is_even = true;
    for (size_t b = 1; b < r->n_blocks; b++)
        s.is_even = s.is_even && s.count[b] == s.count[0];
    set_pivot(&s);
    *set = s;
    return SKS_OK;
}

/* ---- SKS_LANES replicates at a time ---- */

/* For each lane the sum over blocks of weight times number. */
SKS_SIMD static void weigh(const uint16_t *weight, const uint16_t *number, size_t n_blocks,
                           int32_t *sum)
{
    int32_t made[SKS_LANES] = {0};

    for (size_t b = 0; b < n_blocks; b++)
        for (size_t lane = 0; lane < SKS_LANES; lane++)
            made[lane] += weight[b * SKS_LANES + lane] * number[b];
    memcpy(sum, made, sizeof(made));
}

/* What the two middle samples of a replicate are found by: as many samples, each repeated as often
 * as its block, lie before them as these say or more. */
typedef struct halves {
    int32_t lower[SKS_LANES], upper[SKS_LANES];
} halves;

enum { STRIDE = 16 }; /* samples between looks whether all lanes are there */

/* Walks from sample `begin`, before which upto[lane] repeated samples lie, to the end of the set or
 * past both middle samples of all lanes; returns how far each lane's middle samples are. */
SKS_SIMD static void walk(const sorted_set *s, const uint16_t *weight, size_t begin,
                          const int32_t *upto, const halves *wanted, halves *steps)
{
    int32_t sum[SKS_LANES];
    halves taken = {{0}, {0}};
    int32_t is_short = 1;

    memcpy(sum, upto, sizeof(sum));
    for (size_t i = begin; is_short && i < s->n; i += STRIDE) {
        size_t end = i + STRIDE < s->n ? i + STRIDE : s->n;

        for (size_t k = i; k < end; k++) {
            const uint16_t *w = weight + (size_t)s->block[k] * SKS_LANES;

            for (size_t lane = 0; lane < SKS_LANES; lane++) {
                sum[lane] += w[lane];
                taken.lower[lane] += sum[lane] < wanted->lower[lane];
                taken.upper[lane] += sum[lane] < wanted->upper[lane];
            }
        }
        is_short = 0;
        for (size_t lane = 0; lane < SKS_LANES; lane++)
            is_short |= sum[lane] < wanted->upper[lane];
    }
    *steps = taken;
}

/* The medians of the set with every sample repeated as often as its block: weight[n_blocks]
 * [SKS_LANES], of which n_lanes are used; total[lane] samples then, not negative. */
static void lane_medians(const sorted_set *s, const uint16_t *weight, const int32_t *total,
                         size_t n_lanes, double *medians)
{
    int32_t upto[SKS_LANES];
    halves wanted = {{0}, {0}}, steps;
    size_t begin = s->pivot;

    for (size_t lane = 0; lane < n_lanes; lane++) {
        wanted.lower[lane] = (total[lane] + 1) / 2;
        wanted.upper[lane] = total[lane] > 0 ? total[lane] / 2 + 1 : 0;
    }
    weigh(weight, s->before, s->n_blocks, upto);
    for (size_t lane = 0; lane < n_lanes; lane++)
        if (upto[lane] >= wanted.lower[lane])
            begin = 0; /* a median lies below the pivot, for once */
    if (begin == 0)
        memset(upto, 0, sizeof(upto));
    walk(s, weight, begin, upto, &wanted, &steps);
    for (size_t lane = 0; lane < n_lanes; lane++)
        medians[lane] = total[lane] > 0 ? 0.5 * (s->seconds[begin + (size_t)steps.lower[lane]] +
                                                 s->seconds[begin + (size_t)steps.upper[lane]])
                                        : NAN;
}

static size_t lanes_from(size_t first, size_t n)
{
    return n - first < SKS_LANES ? n - first : SKS_LANES;
}

static void medians_by_weight(const sks_resampling *r, const sorted_set *s, double *medians)
{
    for (size_t b = 0; b < r->n_replicates; b += SKS_LANES) {
        const uint16_t *weight = r->weight + sks_weight_index(r, b, 0);
        int32_t total[SKS_LANES];

        if (s->is_even)
            for (size_t lane = 0; lane < SKS_LANES; lane++)
                total[lane] = (int32_t)s->n;
        else
            weigh(weight, s->count, s->n_blocks, total);
        lane_medians(s, weight, total, lanes_from(b, r->n_replicates), medians + b);
    }
}

/* ---- ranks ---- */

static void medians_by_rank(const sks_resampling *r, const sorted_set *s, double *medians)
{
    assert(s->n == r->n_blocks && s->is_even);
    for (size_t b = 0; b < r->n_replicates; b++)
        medians[b] = 0.5 * (s->seconds[r->ranks[b].lower] + s->seconds[r->ranks[b].upper]);
}

/* ---- the jackknife: replicates, each with one block of weight 0 ---- */

static sks_status jackknife_medians(const sorted_set *s, double *medians)
{
    uint16_t *weight = malloc(s->n_blocks * SKS_LANES * sizeof(*weight));

    if (weight == NULL)
        return sks_fail_nomem("the jackknife");
    for (size_t i = 0; i < s->n_blocks * SKS_LANES; i++)
        weight[i] = 1;
    for (size_t first = 0; first < s->n_blocks; first += SKS_LANES) {
        size_t n_lanes = lanes_from(first, s->n_blocks);
        int32_t total[SKS_LANES];

        for (size_t lane = 0; lane < n_lanes; lane++) {
            weight[(first + lane) * SKS_LANES + lane] = 0;
            total[lane] = (int32_t)s->n - s->count[first + lane];
        }
        lane_medians(s, weight, total, n_lanes, medians + first);
        for (size_t lane = 0; lane < n_lanes; lane++)
            weight[(first + lane) * SKS_LANES + lane] = 1;
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
    if (status == SKS_OK && resampling->ranks != NULL)
        medians_by_rank(resampling, &set, medians);
    else if (status == SKS_OK)
        medians_by_weight(resampling, &set, medians);
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
