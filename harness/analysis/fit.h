/* A series summarised and fitted: medians, speedups, and every scaling model with a verdict.
 *
 * Points   Oversubscribed points (more workers than places) follow another law and are left out of
 *          the fits unless asked for; their medians and speedups are given all the same, and how
 *          many were used and left out is part of the result.
 * Base     The smallest worker count with samples. Strong scaling: speedup T(base)/T(N),
 *          efficiency speedup N_base/N. Weak scaling: scaled speedup (N/N_base) T(base)/T(N),
 *          efficiency T(base)/T(N).
 * Verdict  AICc over the models that suit the series; less than SKS_DELTA_AICC apart means they
 *          cannot be told apart.
 * Units    seconds.
 * Threads  reentrant; a fit is read-only once made.
 * Sources  Karp & Flatt (1990), CACM 33, 539; Burnham & Anderson (2002); Hoefler & Belli (2015).
 */
#ifndef SKYSCALE_FIT_H
#define SKYSCALE_FIT_H

#include "harness/analysis/fit_model.h"
#include "harness/analysis/series.h"

#include <jansson.h>

#define SKS_DELTA_AICC 2.0
enum { SKS_MIN_DISTINCT_N = 4 }; /* below it models are not compared, whatever their AICc */

typedef struct sks_fit_options {
    bool include_oversubscribed;
    double confidence;   /* of all intervals */
    size_t n_replicates; /* of the bootstrap */
    uint64_t seed;       /* of the bootstrap: the same seed gives the same intervals */
} sks_fit_options;
extern const sks_fit_options sks_fit_defaults; /* left out, 0.95, 1000, 1 */

typedef struct sks_point_fit {
    unsigned n_workers;
    bool is_oversubscribed;
    bool is_used; /* in the fits */
    size_t n_samples;
    sks_estimate median;  /* order-statistic interval */
    double coverage;      /* of the median's interval, exact; >= the confidence asked */
    double mad;           /* median absolute deviation, unscaled */
    sks_estimate speedup; /* bootstrap interval; the base itself has none */
    sks_estimate efficiency;
    double karp_flatt;   /* (1/S - 1/N)/(1 - 1/N); NaN at N = 1, without N = 1, weak scaling */
    bool is_superlinear; /* speedup above N/N_base, by its whole interval where it has one */
} sks_point_fit;

typedef enum sks_verdict {
    SKS_TOO_FEW_POINTS, /* to compare models at all */
    SKS_NOT_TOLD_APART,
    SKS_BEST,
    SKS_ONLY_MODEL, /* only one model suits the series */
} sks_verdict;
extern const char *const sks_verdict_name[]; /* "too-few-points", "not-told-apart", … */

typedef struct sks_fit {
    const sks_series *series; /* borrowed: must outlive the fit */
    sks_fit_options options;
    size_t n_points;
    sks_point_fit *points; /* n_workers increasing; only those with samples */
    size_t n_used;
    size_t n_left_out; /* oversubscribed */
    size_t n_models;
    sks_model_fit *models; /* all of sks_model_table, in its order */
    sks_verdict verdict;
    char verdict_text[256]; /* the verdict in a sentence */
    /* The best model for SKS_BEST and SKS_ONLY_MODEL; the one with the least AICc when they cannot
     * be told apart; the simplest one fitted when there are too few points; NULL if none is. */
    const sks_model_fit *preferred;
} sks_fit;

/* SKS_ERR_INPUT: no sample at all, or one that is not a positive number. */
sks_status sks_fit_series(const sks_series *series, const sks_fit_options *options, sks_fit *fit);
void sks_fit_clear(sks_fit *fit); /* frees what it holds; accepts one that is all zero */

/* All series, in order. *fits is one array of n, freed with sks_fits_free. */
sks_status sks_fit_all(const sks_series *series, size_t n, const sks_fit_options *options,
                       sks_fit **fits);
void sks_fits_free(sks_fit *fits, size_t n); /* accepts NULL */

/* The object that `skyscale fit --json` prints for one group. A number that is not known, or
 * infinite, is null; for the optimum "is_unbounded" tells which. SKS_ERR_NOMEM. */
sks_status sks_fit_to_json(const sks_fit *fit, json_t **json);

#endif
