/* What the samples of one configuration look like, before anything is concluded from them: drift,
 * dependence, two peaks, normality. None of it changes the samples.
 *
 * Units     seconds; shares are relative (0.01 is one per cent).
 * Threads   reentrant.
 */
#ifndef SKYSCALE_DIAGNOSIS_H
#define SKYSCALE_DIAGNOSIS_H

#include "harness/analysis/normality.h"
#include "harness/analysis/series.h"
#include "harness/analysis/trend.h"

typedef struct sks_diagnosis {
    size_t n;
    double autocorrelation; /* of each sample with the next one */
    sks_trend mann_kendall; /* drift over the order of measurement */
    sks_trend spearman;
    double drift;            /* median of the later half over that of the earlier, minus 1 */
    double dip, dip_p;       /* two peaks? */
    sks_normality normality; /* of at most SKS_SHAPIRO_MAX samples, evenly taken */
    double tail;             /* 95 % quantile over the median; NaN below 20 samples */
} sks_diagnosis;

/* SKS_ERR_NOMEM. What so few samples cannot tell is NaN. */
sks_status sks_diagnose(const sks_point *point, sks_diagnosis *diagnosis);

/* How many configurations show what, at error rate `alpha` over all of them (Holm). */
typedef struct sks_diagnosis_counts {
    size_t n;              /* configurations */
    size_t n_few;          /* with fewer samples than an interval of the median needs, at `alpha` */
    size_t n_drift;        /* Mann-Kendall */
    size_t n_two;          /* the dip */
    size_t n_normal;       /* tested by Shapiro and Wilk … */
    size_t n_refuted;      /* … and found not normal */
    size_t n_dependent;    /* autocorrelation beyond 1.96/sqrt(n); one in twenty is by chance */
    double greatest_drift; /* of those that drift, by size; 0 for none */
    double greatest_tail;
} sks_diagnosis_counts;

sks_status sks_diagnose_all(const sks_series *series, size_t n, double alpha,
                            sks_diagnosis_counts *counts);

#endif
