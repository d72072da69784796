#include "kernels/astro/completeness_function.h"

#include <math.h>
#include <string.h>

enum { HALF, STEEPNESS, PLATEAU, N_PARAMETERS, MAX_STEPS = 200 };

static const double MAX_STEEPNESS = 1e4; /* 1/mag; steeper is a step between two bins */
static const double LEAST_FRACTION = 1e-12;

void sks_wilson_interval(double k, double n, double z, double *low, double *high)
{
    double p = k / n, z2 = z * z;
    double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));

    if (!(n > 0)) {
        *low = *high = NAN;
        return;
    }
    /* Exactly 0 and 1 at the ends, which rounding may miss. */
    *low = k <= 0 ? 0 : fmax(middle - half, 0);
    *high = k >= n ? 1 : fmin(middle + half, 1);
}

/* f and its derivatives by m_h, ln a, P. */
static double model(const double p[N_PARAMETERS], double mag, double slope[N_PARAMETERS])
{
    double a = exp(p[STEEPNESS]), t = a * (mag - p[HALF]);
    double root = sqrt(1 + t * t);
    double shape = 0.5 * (1 - t / root);
    double by_t = -0.5 / (root * root * root);

    if (t > 0) /* 1 - t/root without cancellation */
        shape = 0.5 / (root * (root + t));
    slope[HALF] = -p[PLATEAU] * by_t * a;
    slope[STEEPNESS] = p[PLATEAU] * by_t * t;
    slope[PLATEAU] = shape;
    return p[PLATEAU] * shape;
}

static double bounded(double fraction)
{
    return fmin(fmax(fraction, LEAST_FRACTION), 1 - LEAST_FRACTION);
}

/* k ln(f n/k) and the like: zero at the best. */
static double log_ratio(double k, double expected)
{
    return k > 0 ? k * log(expected / k) : 0;
}

/* Minus half the deviance. */
static double log_likelihood(const sks_bin_count *bins, size_t n_bins, const double p[N_PARAMETERS])
{
    double sum = 0, slope[N_PARAMETERS];

    for (size_t i = 0; i < n_bins; i++) {
        double n = bins[i].n, k = bins[i].k, f;

        if (!(n > 0))
            continue;
        f = bounded(model(p, bins[i].mag, slope));
        sum += log_ratio(k, f * n) + log_ratio(n - k, (1 - f) * n);
    }
    return sum;
}

/* The Fisher matrix and the gradient of the logarithmic likelihood. */
static void fisher(const sks_bin_count *bins, size_t n_bins, const double p[N_PARAMETERS],
                   double matrix[N_PARAMETERS][N_PARAMETERS], double gradient[N_PARAMETERS])
{
    memset(matrix, 0, N_PARAMETERS * sizeof(matrix[0]));
    memset(gradient, 0, N_PARAMETERS * sizeof(gradient[0]));
    for (size_t i = 0; i < n_bins; i++) {
        double slope[N_PARAMETERS], f, weight;

        if (!(bins[i].n > 0))
            continue;
        f = bounded(model(p, bins[i].mag, slope));
        weight = 1 / (f * (1 - f));
        for (int r = 0; r < N_PARAMETERS; r++) {
            gradient[r] += weight * (bins[i].k - bins[i].n * f) * slope[r];
            for (int c = 0; c < N_PARAMETERS; c++)
                matrix[r][c] += weight * bins[i].n * slope[r] * slope[c];
        }
    }
}

/* The inverse of the upper left n × n part of a symmetric matrix by Gauss and Jordan; false when it
 * is not positive definite. What is not inverted is zero. */
static bool invert(const double from[N_PARAMETERS][N_PARAMETERS], int n,
                   double inverse[N_PARAMETERS][N_PARAMETERS])
{
    double m[N_PARAMETERS][N_PARAMETERS];

    memcpy(m, from, sizeof(m));
    memset(inverse, 0, N_PARAMETERS * sizeof(inverse[0]));
    for (int i = 0; i < n; i++)
        inverse[i][i] = 1;
    for (int i = 0; i < n; i++) {
        double pivot = m[i][i];

        if (!(pivot > 1e-12 * from[i][i]) || !(pivot > 0))
            return false;
        for (int c = 0; c < n; c++) {
            m[i][c] /= pivot;
            inverse[i][c] /= pivot;
        }
        for (int r = 0; r < n; r++) {
            double factor = m[r][i];

            if (r == i)
                continue;
            for (int c = 0; c < n; c++) {
                m[r][c] -= factor * m[i][c];
                inverse[r][c] -= factor * inverse[i][c];
            }
        }
    }
    return true;
}

/* One step uphill, shorter if need be; its gain, or 0 when there is none. The diagonal is raised
 * (Levenberg) until the step goes up. */
static double climb(const sks_bin_count *bins, size_t n_bins, int n, double p[N_PARAMETERS])
{
    double matrix[N_PARAMETERS][N_PARAMETERS], inverse[N_PARAMETERS][N_PARAMETERS];
    double gradient[N_PARAMETERS];
    double here = log_likelihood(bins, n_bins, p);

    fisher(bins, n_bins, p, matrix, gradient);
    for (int attempt = 0; attempt < 14; attempt++) {
        double damping = attempt > 0 ? pow(10, attempt - 5) : 0;
        double raised[N_PARAMETERS][N_PARAMETERS], next[N_PARAMETERS];
        double gain;

        memcpy(raised, matrix, sizeof(raised));
        for (int i = 0; i < n; i++)
            raised[i][i] *= 1 + damping;
        if (!invert((const double(*)[N_PARAMETERS])raised, n, inverse))
            continue;
        memcpy(next, p, sizeof(next));
        for (int r = 0; r < n; r++)
            for (int c = 0; c < n; c++)
                next[r] += inverse[r][c] * gradient[c];
        next[PLATEAU] = fmin(next[PLATEAU], 1);
        if (!(next[PLATEAU] > 0) || !(fabs(next[STEEPNESS]) <= log(MAX_STEEPNESS)))
            continue;
        gain = log_likelihood(bins, n_bins, next) - here;
        if (gain > 0) {
            memcpy(p, next, sizeof(next));
            return gain;
        }
    }
    return 0;
}

/* The likelihood's maximum with n parameters free (2: the plateau is 1), climbed to from the best
 * point of a coarse grid. */
static double maximise(const sks_bin_count *bins, size_t n_bins, int n, double best[N_PARAMETERS])
{
    static const double steepness[] = {0.3, 1, 3, 10}, plateaus[] = {1, 0.9, 0.6, 0.3};
    double value = -INFINITY;

    for (size_t i = 0; i < n_bins; i++) {
        for (int j = 0; j < 4; j++) {
            for (int k = n == 3 ? 1 : 0; k < (n == 3 ? 4 : 1); k++) {
                const double p[N_PARAMETERS] = {bins[i].mag, log(steepness[j]), plateaus[k]};
                double here = log_likelihood(bins, n_bins, p);

                if (here > value) {
                    value = here;
                    memcpy(best, p, sizeof(p));
                }
            }
        }
    }
    for (int step = 0; step < MAX_STEPS; step++)
        if (climb(bins, n_bins, n, best) < 1e-9)
            break;
    return log_likelihood(bins, n_bins, best);
}

/* NULL, or why there is nothing to fit. */
static const char *why_not(const sks_bin_count *bins, size_t n_bins)
{
    size_t n_used = 0, n_between = 0;
    double n = 0, k = 0;

    for (size_t i = 0; i < n_bins; i++) {
        n_used += bins[i].n > 0;
        n_between += bins[i].k > 0 && bins[i].k < bins[i].n;
        n += bins[i].n;
        k += bins[i].k;
    }
    if (n_used < 3)
        return "fewer than three bins with stars";
    if (k <= 0)
        return "no star was recovered";
    if (k >= n)
        return "every star was recovered";
    if (n_between < 2)
        return "completeness falls between two bins: finer steps are needed";
    return NULL;
}

void sks_completeness_fit_counts(const sks_bin_count *bins, size_t n_bins,
                                 sks_completeness_fit *fit)
{
    double p2[N_PARAMETERS] = {0}, p3[N_PARAMETERS] = {0}, matrix[N_PARAMETERS][N_PARAMETERS];
    double gradient[N_PARAMETERS], value2, value3, excess;
    const double *p = p2;
    sks_completeness_fit f = {.reason = why_not(bins, n_bins)};
    size_t n_used = 0;
    int n = 2;

    *fit = f;
    if (f.reason != NULL)
        return;
    for (size_t i = 0; i < n_bins; i++)
        n_used += bins[i].n > 0;
    value2 = maximise(bins, n_bins, 2, p2);
    value3 = n_used > 3 ? maximise(bins, n_bins, 3, p3) : -INFINITY;
    if (value3 > value2 + 1 && p3[PLATEAU] < 1) {
        n = 3;
        p = p3;
    }
    fisher(bins, n_bins, p, matrix, gradient);
    if (!invert((const double(*)[N_PARAMETERS])matrix, n, f.covariance) ||
        fabs(p[STEEPNESS]) > 0.999 * log(MAX_STEEPNESS)) {
        fit->reason = "the counts do not determine the function";
        return;
    }
    f.is_fitted = true;
    f.mag_half = p[HALF];
    f.steepness = exp(p[STEEPNESS]);
    f.plateau = p[PLATEAU];
    f.has_plateau = n == 3;
    f.deviance = -2 * (n == 3 ? value3 : value2);
    f.degrees_of_freedom = n_used - (size_t)n;
    excess = f.degrees_of_freedom > 0 ? fmax(1, f.deviance / (double)f.degrees_of_freedom) : 1;
    for (int r = 0; r < N_PARAMETERS; r++)
        for (int c = 0; c < N_PARAMETERS; c++)
            f.covariance[r][c] *= excess;
    *fit = f;
}

double sks_completeness_at(const sks_completeness_fit *fit, double mag)
{
    const double p[N_PARAMETERS] = {fit->mag_half, log(fit->steepness), fit->plateau};
    double slope[N_PARAMETERS];

    return fit->is_fitted ? model(p, mag, slope) : NAN;
}

void sks_completeness_limit(const sks_completeness_fit *fit, double level, double *mag,
                            double *error)
{
    const double p[N_PARAMETERS] = {fit->mag_half, log(fit->steepness), fit->plateau};
    double slope[N_PARAMETERS], by_mag, variance = 0;
    double t = 1 - 2 * level / fit->plateau; /* a (m - m_h) / sqrt(1 + ...) */

    *mag = *error = NAN;
    if (!fit->is_fitted || !(level > 0) || !(level < fit->plateau))
        return;
    *mag = fit->mag_half + t / sqrt(1 - t * t) / fit->steepness;
    /* Where f(m; p) = level, dm/dp = -(df/dp)/(df/dm), and df/dm = -df/dm_h. */
    model(p, *mag, slope);
    by_mag = -slope[HALF];
    for (int r = 0; r < N_PARAMETERS; r++)
        for (int c = 0; c < N_PARAMETERS; c++)
            variance += slope[r] * slope[c] * fit->covariance[r][c];
    *error = sqrt(variance) / fabs(by_mag);
}
