/* A series summarised and fitted: medians, speedups, and every scaling model with a verdict.
 *
 * Points   Oversubscribed points (more workers than places) follow another law: they are left out
 *          of the fits, or fitted apart, or included where that was asked for. Their medians and
 *          speedups are given all the same, and how many were used and left out is part of the
 *          result.
 * Base     The smallest worker count with samples. Strong scaling: speedup T(base)/T(N),
 *          efficiency speedup N_base/N. Weak scaling: scaled speedup (N/N_base) T(base)/T(N),
 *          efficiency T(base)/T(N).
 * Spread   All intervals but those of single medians come from one bootstrap, which draws whole
 *          rounds where the samples tell theirs: the drift that all samples of a round share
 *          cancels in a speedup as it does in the data.
 * Verdict  AICc over the models that suit the series; less than SKS_DELTA_AICC apart means they
 *          cannot be told apart.
 * Units    seconds.
 * Threads  reentrant; a fit is read-only once made.
 * Sources  Karp & Flatt (1990), CACM 33, 539; Burnham & Anderson (2002); Hoefler & Belli (2015);
 *          Davison & Hinkley (1997), Bootstrap Methods and their Application, sec. 2.4 and 6.3.
 */
#ifndef SKYSCALE_FIT_H
#define SKYSCALE_FIT_H

#include "harness/analysis/fit_model.h"
#include "harness/analysis/series.h"

#include <jansson.h>

#define SKS_DELTA_AICC 2.0
enum { SKS_MIN_DISTINCT_N = 4 }; /* below it models are not compared, whatever their AICc */

/* A prediction beyond this many times the greatest worker count of the fit is a guess. */
#define SKS_FAR_FACTOR 2.0

typedef enum sks_oversubscribed {
    SKS_OVERSUBSCRIBED_LEAVE_OUT,
    SKS_OVERSUBSCRIBED_APART, /* a second fit, of those points alone */
    SKS_OVERSUBSCRIBED_INCLUDE,
} sks_oversubscribed;

typedef struct sks_fit_options {
    sks_oversubscribed oversubscribed;
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
    size_t n_disturbed;   /* of those samples */
    size_t n_dropped;     /* others, left out because they were disturbed */
    sks_estimate median;  /* order-statistic interval */
    double coverage;      /* of the median's interval, exact; >= the confidence asked */
    double mad;           /* median absolute deviation, unscaled */
    sks_estimate speedup; /* bootstrap interval; the base itself has none */
    sks_estimate efficiency;
    sks_estimate karp_flatt; /* (1/S - 1/N)/(1 - 1/N); NaN at N = 1, without N = 1, weak scaling */
    sks_estimate serial;     /* median time outside the parallel phase; NaN where not known */
    bool is_superlinear;     /* speedup above N/N_base, by its whole interval where it has one */
} sks_point_fit;

typedef enum sks_verdict {
    SKS_TOO_FEW_POINTS, /* to compare models at all */
    SKS_NOT_TOLD_APART,
    SKS_BEST,
    SKS_ONLY_MODEL, /* only one model suits the series */
} sks_verdict;
extern const char *const sks_verdict_name[]; /* "too-few-points", "not-told-apart", … */

/* Time per time of the median at its worker count, for all samples in the fit: quantiles
 * (i + 1/2)/SKS_N_SCATTER. */
enum { SKS_N_SCATTER = 200 };

typedef struct sks_fit sks_fit;
struct sks_fit {
    const sks_series *series; /* borrowed: must outlive the fit */
    sks_fit_options options;
    size_t n_points;
    sks_point_fit *points; /* n_workers increasing; only those with samples */
    size_t n_used;
    size_t n_left_out; /* oversubscribed; in `apart`, the others */
    size_t n_models;
    sks_model_fit *models; /* all of sks_model_table, in its order */
    sks_verdict verdict;
    char verdict_text[256]; /* the verdict in a sentence */
    /* The best model for SKS_BEST and SKS_ONLY_MODEL; the one with the least AICc when they cannot
     * be told apart; the simplest one fitted when there are too few points; NULL if none is. */
    const sks_model_fit *preferred;

    /* Of one worker's run, the part outside the parallel phase, median and interval over the
     * samples at N = 1; NaN without them, and for weak scaling. To be held against
     * preferred->serial_fraction: what is serial by the program's phases, and by its scaling. */
    sks_estimate measured_serial;
    char serial_remark[384]; /* where the two disagree, what that points to; else "" */

    double scatter[SKS_N_SCATTER];

    /* The oversubscribed points fitted alone, for SKS_OVERSUBSCRIBED_APART; NULL when not asked
     * for or when there are fewer than two of them. */
    sks_fit *apart;
};

/* SKS_ERR_INPUT: no sample at all, or one that is not a positive number. */
sks_status sks_fit_series(const sks_series *series, const sks_fit_options *options, sks_fit *fit);
void sks_fit_clear(sks_fit *fit); /* frees what it holds; accepts one that is all zero */

/* All series, in order. *fits is one array of n, freed with sks_fits_free. */
sks_status sks_fit_all(const sks_series *series, size_t n, const sks_fit_options *options,
                       sks_fit **fits);
void sks_fits_free(sks_fit *fits, size_t n); /* accepts NULL */

/* (measured - fitted)/measured at points[i], used or not; the model has to be a fitted one. */
double sks_fit_residual(const sks_fit *fit, const sks_model_fit *model, size_t i);

/* The greatest worker count in the fit; 0 for none. */
unsigned sks_fit_greatest(const sks_fit *fit);

/* Whether so many workers are outside the worker counts of the fit, and whether they are above
 * SKS_FAR_FACTOR times the greatest of them. Infinitely many, as a law without an optimum has it,
 * are neither: that says nothing of any number of workers. */
bool sks_fit_is_extrapolated(const sks_fit *fit, double n_workers);
bool sks_fit_is_far(const sks_fit *fit, double n_workers);

/* What a fitted model says of N workers, measured or not. The bands hold as far as the law does:
 * they carry the scatter of the samples, not the doubt whether the law goes on. */
typedef struct sks_prediction {
    double n_workers;
    sks_estimate seconds; /* the median time, with its interval */
    sks_interval one_run; /* holds the time of one further run with the confidence asked */
    sks_estimate speedup; /* against the measured base */
    bool is_extrapolated; /* outside the worker counts of the fit */
    bool is_far;          /* above SKS_FAR_FACTOR times the greatest of them */
} sks_prediction;

/* At n_workers[n], each >= 1, for a fitted model of the fit: a few points, or a grid for a curve
 * with its bands. Bands are unknown where the model's parameters have no intervals. SKS_ERR_NOMEM.
 */
sks_status sks_fit_predict(const sks_fit *fit, const sks_model_fit *model, const double *n_workers,
                           size_t n, sks_prediction *predictions);

/* The object that `skyscale fit --json` prints for one group, with what the suitable models
 * predict at predict[n_predict]. A number that is not known, or infinite, is null; for the optimum
 * "is_unbounded" tells which. SKS_ERR_NOMEM. */
sks_status sks_fit_to_json(const sks_fit *fit, const double *predict, size_t n_predict,
                           json_t **json);

#endif
