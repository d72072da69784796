#include "harness/analysis/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

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

sks_interval sks_ratio_interval(double *replicates, size_t n, double ratio, const double *jackknife,
                                size_t n_jackknife, bool is_paired, double confidence)
{
    sks_interval interval = sks_no_interval;

    if (!is_paired)
        interval = sks_bca_interval(replicates, n, ratio, jackknife, n_jackknife, confidence);
    return sks_interval_is_known(interval) ? interval
                                           : sks_percentile_interval(replicates, n, confidence);
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
        *interval =
            sks_ratio_interval(replicates[0], without_nan(replicates[0], n), median[0] / median[1],
                               left_out, n_left_out, is_paired, confidence);
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
    double median[2] = {sks_median(numerator->sorted, numerator->n),
                        sks_median(denominator->sorted, denominator->n)};
    sks_status status = SKS_OK;

    if (numerator->n >= min_n && denominator->n >= min_n)
        status = ratio_interval(side, median, confidence, &interval);
    if (status == SKS_OK)
        *ratio = (sks_estimate){median[0] / median[1], interval};
    return status;
}
