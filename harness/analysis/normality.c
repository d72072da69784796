#include "harness/analysis/normality.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_poly.h>
#include <math.h>
#include <stdlib.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Weights a[n/2] of the pairs x_(n+1-i) - x_(i): normal scores, with polynomials in 1/sqrt(n) for
 * the outermost. Royston (1995), sec. 2. */
static void pair_weights(size_t n, double *a)
{
    static const double outermost[] = {0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056};
    static const double second[] = {0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633};
    size_t half = n / 2, first = n > 5 ? 2 : 1;
    double squares = 0.0, u = 1.0 / sqrt((double)n), root, a0, a1 = 0.0, scale;

    if (n == 3) {
        a[0] = M_SQRT1_2;
        return;
    }
    for (size_t i = 0; i < half; i++) {
        a[i] = gsl_cdf_ugaussian_Qinv(((double)i + 0.625) / ((double)n + 0.25));
        squares += 2.0 * a[i] * a[i];
    }
    root = sqrt(squares);
    a0 = gsl_poly_eval(outermost, COUNT(outermost), u) + a[0] / root;
    if (n > 5) {
        a1 = gsl_poly_eval(second, COUNT(second), u) + a[1] / root;
        scale = sqrt((squares - 2.0 * a[0] * a[0] - 2.0 * a[1] * a[1]) /
                     (1.0 - 2.0 * a0 * a0 - 2.0 * a1 * a1));
        a[1] = a1;
    } else {
        scale = sqrt((squares - 2.0 * a[0] * a[0]) / (1.0 - 2.0 * a0 * a0));
    }
    a[0] = a0;
    for (size_t i = first; i < half; i++)
        a[i] /= scale;
}

/* 1 - W, without the cancellation of a W near 1. */
static double one_minus_w(const double *x, size_t n, const double *a)
{
    double mean = 0.0, range = x[n - 1] - x[0], ssx = 0.0, ssa = 0.0, sax = 0.0;

    for (size_t i = 0; i < n; i++)
        mean += (x[i] - x[0]) / range / (double)n;
    for (size_t i = 0; i < n; i++) {
        size_t mirror = n - 1 - i;
        double weight = i == mirror ? 0.0 : i < mirror ? -a[i] : a[mirror];
        double d = (x[i] - x[0]) / range - mean;

        ssa += weight * weight;
        ssx += d * d;
        sax += weight * d;
    }
    return (sqrt(ssa * ssx) - sax) * (sqrt(ssa * ssx) + sax) / (ssa * ssx);
}

/* Royston (1995), sec. 3: what is normally distributed, and with which mean and deviation. */
static double tail(double rest, size_t n)
{
    static const double small_mean[] = {0.544, -0.39978, 0.025054, -6.714e-4};
    static const double small_deviation[] = {1.3822, -0.77857, 0.062767, -0.0020322};
    static const double large_mean[] = {-1.5861, -0.31082, -0.083751, 0.0038915};
    static const double large_deviation[] = {-0.4803, -0.082676, 0.0030302};
    double m = (double)n, y = log(rest);

    if (n == 3) /* exact */
        return fmax(0.0, 6.0 / M_PI * (asin(sqrt(1.0 - rest)) - asin(sqrt(0.75))));
    if (n <= 11) {
        double gamma = 0.459 * m - 2.273;

        if (y >= gamma)
            return 1e-99;
        return gsl_cdf_ugaussian_Q(
            (-log(gamma - y) - gsl_poly_eval(small_mean, COUNT(small_mean), m)) /
            exp(gsl_poly_eval(small_deviation, COUNT(small_deviation), m)));
    }
    return gsl_cdf_ugaussian_Q((y - gsl_poly_eval(large_mean, COUNT(large_mean), log(m))) /
                               exp(gsl_poly_eval(large_deviation, COUNT(large_deviation), log(m))));
}

sks_status sks_shapiro_wilk(const double *sorted, size_t n, sks_normality *normality)
{
    double *a, rest;

    if (n < SKS_SHAPIRO_MIN || n > SKS_SHAPIRO_MAX || !(sorted[n - 1] > sorted[0])) {
        *normality = (sks_normality){NAN, NAN};
        return SKS_OK;
    }
    a = malloc(n / 2 * sizeof(*a));
    if (a == NULL)
        return sks_fail_nomem("normal scores");
    pair_weights(n, a);
    rest = one_minus_w(sorted, n, a);
    free(a);
    *normality = (sks_normality){1.0 - rest, tail(rest, n)};
    return SKS_OK;
}
