/* The bootstrap of medians and of their ratios, with resampling of whole blocks.
 *
 * A round of a campaign measures every configuration once, so that drift and other trouble hit all
 * alike: a block. Blocks are resampled, with all that is in them; that keeps what the samples of a
 * round have in common. Above SKS_MAX_BLOCKS rounds, consecutive rounds share a block, which keeps
 * short-range dependence between rounds too.
 *
 * Threads   a resampling is read-only once made.
 * Sources   Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 8 and 14; Künsch
 * (1989), Ann. Stat. 17, 1217 (blocks of consecutive observations); Davison & Hinkley (1997),
 *           Bootstrap Methods and their Application, sec. 5.3.2 (acceleration of several samples).
 */
#ifndef SKYSCALE_BOOTSTRAP_H
#define SKYSCALE_BOOTSTRAP_H

#include "harness/analysis/statistics.h"

enum { SKS_MAX_BLOCKS = 512 };

/* How often each block is drawn in each replicate. */
typedef struct sks_resampling {
    size_t n_replicates;
    size_t n_blocks;
    unsigned rounds_per_block;
    uint16_t *weight; /* [n_replicates][n_blocks] */
} sks_resampling;

/* For rounds 0 … n_rounds - 1, n_rounds >= 1. The draws depend on seed, stream and n_blocks alone:
 * two resamplings with the same of all three draw the same blocks. SKS_ERR_NOMEM. */
sks_status sks_resampling_create(size_t n_rounds, size_t n_replicates, uint64_t seed,
                                 uint64_t stream, sks_resampling *resampling);
void sks_resampling_clear(sks_resampling *resampling); /* accepts one that is all zero */

/* The medians of a set of samples in all replicates, and with each block left out in turn (the
 * jackknife). seconds[n] in any order, round[n] the round of each. A replicate without any sample
 * is NaN. The caller frees *replicates [n_replicates] and *jackknife [n_blocks]. SKS_ERR_NOMEM. */
sks_status sks_resampled_medians(const sks_resampling *resampling, const double *seconds,
                                 const unsigned *round, size_t n, double **replicates,
                                 double **jackknife);

/* One side of a ratio. */
typedef struct sks_side {
    size_t n;
    const double *seconds; /* [n], positive */
    const unsigned *round; /* [n] */
    const sks_resampling *resampling;
} sks_side;

/* Median of the numerator over median of the denominator, with a BCa interval. Sides with the same
 * resampling are paired: they are resampled together. No interval when a side has fewer than
 * sks_median_min_n samples. SKS_ERR_NOMEM. */
sks_status sks_ratio_of_medians(const sks_side *numerator, const sks_side *denominator,
                                double confidence, sks_estimate *ratio);

#endif
