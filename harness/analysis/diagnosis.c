#include "harness/analysis/diagnosis.h"

#include "harness/analysis/dip.h"
#include "harness/analysis/statistics.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_MIN = 20 };

static double sorted_copy_median(const double *x, size_t n, double *work)
{
    memcpy(work, x, n * sizeof(*x));
    gsl_sort(work, 1, n);
    return sks_median(work, n);
}

/* Shapiro and Wilk's test of what fits: every k-th of the sorted samples would not be a sample, so
 * every k-th as they were taken. */
static sks_status test_normality(const double *x, size_t n, double *work, sks_normality *normality)
{
    size_t step = (n + SKS_SHAPIRO_MAX - 1) / SKS_SHAPIRO_MAX, m = 0;

    for (size_t i = 0; i < n; i += step)
        work[m++] = x[i];
    gsl_sort(work, 1, m);
    return sks_shapiro_wilk(work, m, normality);
}

sks_status sks_diagnose(const sks_point *point, sks_diagnosis *diagnosis)
{
    const double *x = point->seconds;
    size_t n = point->n, half = n / 2;
    double *work = malloc((n + 1) * sizeof(*work));
    sks_diagnosis d = {.n = n, .drift = NAN, .dip = NAN, .dip_p = NAN, .tail = NAN};
    sks_status status = work != NULL ? SKS_OK : sks_fail_nomem("samples");

    if (status == SKS_OK)
        status = sks_mann_kendall(x, n, &d.mann_kendall);
    if (status == SKS_OK)
        status = sks_spearman(x, n, &d.spearman);
    if (status == SKS_OK)
        status = test_normality(x, n, work, &d.normality);
    if (status == SKS_OK && n > 0) {
        double median = sorted_copy_median(x, n, work);

        status = sks_dip(work, n, &d.dip);
        d.dip_p = sks_dip_p(d.dip, n);
        if (n >= TAIL_MIN)
            d.tail = sks_quantile(work, n, 0.95) / median;
    }
    if (status == SKS_OK) {
        d.autocorrelation = sks_lag1_autocorrelation(x, n);
        if (half > 0)
            d.drift =
                sorted_copy_median(x + n - half, half, work) / sorted_copy_median(x, half, work) -
                1.0;
        *diagnosis = d;
    }
    free(work);
    return status;
}

static sks_status count(const sks_diagnosis *d, size_t n, double alpha,
                        sks_diagnosis_counts *counts)
{
    double *p = malloc((3 * n + 1) * sizeof(*p));
    double *drift = p, *two = p + n, *normal = p + 2 * n;
    sks_diagnosis_counts c = {.n = n};
    sks_status status = p != NULL ? SKS_OK : sks_fail_nomem("p values");

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        drift[i] = d[i].mann_kendall.p;
        two[i] = d[i].dip_p;
        normal[i] = d[i].normality.p;
        c.n_normal += !isnan(normal[i]);
    }
    for (int k = 0; status == SKS_OK && k < 3; k++)
        status = sks_holm(p + (size_t)k * n, n, p + (size_t)k * n);
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        c.n_few += d[i].n < sks_median_min_n(1.0 - alpha);
        c.n_two += two[i] < alpha;
        c.n_refuted += normal[i] < alpha;
        c.n_dependent += fabs(d[i].autocorrelation) > 1.96 / sqrt((double)d[i].n);
        c.greatest_tail = fmax(c.greatest_tail, d[i].tail);
        if (drift[i] < alpha) {
            c.n_drift++;
            if (fabs(d[i].drift) > fabs(c.greatest_drift))
                c.greatest_drift = d[i].drift;
        }
    }
    free(p);
    if (status == SKS_OK)
        *counts = c;
    return status;
}

sks_status sks_diagnose_all(const sks_series *series, size_t n, double alpha,
                            sks_diagnosis_counts *counts)
{
    size_t n_points = 0, k = 0;
    sks_diagnosis *d;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < n; i++)
        n_points += series[i].n_points;
    d = calloc(n_points + 1, sizeof(*d));
    if (d == NULL)
        return sks_fail_nomem("diagnoses");
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        for (size_t j = 0; status == SKS_OK && j < series[i].n_points; j++)
            status = sks_diagnose(&series[i].points[j], &d[k++]);
    if (status == SKS_OK)
        status = count(d, n_points, alpha, counts);
    free(d);
    return status;
}
