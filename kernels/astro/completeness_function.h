/* How completeness falls with magnitude: intervals for counted fractions, and a function fitted to
 * them.
 *
 *   f(m) = P/2 [1 - a (m - m_h) / sqrt(1 + a^2 (m - m_h)^2)]
 *
 * is the function of Fleming, Harris, Pritchet & Hanes 1995, AJ 109, 1044, times a plateau P, which
 * is 1 in theirs: where some bright stars are never found (edges, crowding), no function that
 * begins at 1 describes the rest. P is fitted when that lets the likelihood gain more than the
 * parameter costs (Akaike's criterion), and 1 otherwise.
 *
 * The fit maximises the binomial likelihood by Fisher scoring. Uncertainties follow from the
 * inverse of the Fisher matrix; where the function fits worse than chance allows (deviance above
 * its degrees of freedom) they are larger by the root of that ratio.
 *
 * Threads  pure functions.
 */
#ifndef SKYSCALE_ASTRO_COMPLETENESS_FUNCTION_H
#define SKYSCALE_ASTRO_COMPLETENESS_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>

/* The score interval of Wilson 1927, JASA 22, 209, for k successes of n, at z standard deviations
 * of a normal distribution. NaN for n = 0. */
void sks_wilson_interval(double k, double n, double z, double *low, double *high);

typedef struct sks_bin_count {
    double mag; /* middle of the bin */
    double n;   /* tried */
    double k;   /* succeeded */
} sks_bin_count;

typedef struct sks_completeness_fit {
    bool is_fitted;
    const char *reason;        /* static text: why not */
    double mag_half;           /* m_h: half the plateau */
    double steepness;          /* a, 1/mag */
    double plateau;            /* P */
    bool has_plateau;          /* P was fitted */
    double covariance[3][3];   /* of m_h, ln a, P */
    double deviance;           /* -2 ln of the likelihood over that of the counts themselves */
    size_t degrees_of_freedom; /* bins with stars less parameters */
} sks_completeness_fit;

void sks_completeness_fit_counts(const sks_bin_count *bins, size_t n_bins,
                                 sks_completeness_fit *fit);

/* f(m). */
double sks_completeness_at(const sks_completeness_fit *fit, double mag);

/* The magnitude at which f is `level`, and its standard error; both NaN when there is none (not
 * fitted, or the plateau is not above the level). */
void sks_completeness_limit(const sks_completeness_fit *fit, double level, double *mag,
                            double *error);

#endif
