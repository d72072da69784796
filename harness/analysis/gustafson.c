/* Gustafson's law, for weak scaling: N workers are given N times the work.
 *
 *   scaled speedup  S(N) = N T(1)/T(N) = s + (1 - s) N,   so   T(N) = T_1 N / (s + (1 - s) N)
 *
 * The rate of work N/T(N) = s/T_1 + ((1 - s)/T_1) N is linear in N with coefficients >= 0, which
 * keep the serial fraction s in [0, 1]; residuals are relative, so fitting the rate is fitting T.
 *
 * Source  Gustafson (1988), Communications of the ACM 31, 532.
 */
#include "harness/analysis/linear_fit.h"
#include "harness/analysis/model.h"

#include <math.h>

static const sks_model_parameter gustafson_parameters[] = {
    {"T_1", "s", "time of one worker with its share of the work", INFINITY},
    {"s", "", "serial fraction", 1.0},
};

static double gustafson_eval(const double *p, double n_workers)
{
    return p[0] * n_workers / (p[1] + (1.0 - p[1]) * n_workers);
}

static void gustafson_basis(double n_workers, double seconds, double *row)
{
    row[0] = seconds / n_workers;
    row[1] = seconds;
}

static bool gustafson_fit(const double *n_workers, const double *seconds, size_t n_points,
                          double *p)
{
    double c[2];

    if (!sks_linear_fit(gustafson_basis, 2, n_workers, seconds, n_points, c))
        return false;
    p[0] = 1.0 / (c[0] + c[1]); /* row . c = 1 everywhere: c is not all zero */
    p[1] = c[0] * p[0];
    return true;
}

static double gustafson_optimum(const double *p)
{
    return p[1] < 1.0 ? INFINITY : 1.0;
}

static double gustafson_serial_fraction(const double *p)
{
    return p[1];
}

const sks_model sks_model_gustafson = {
    .name = "gustafson",
    .summary = "weak scaling: a serial fraction of scaled work",
    .formula = "T(N) = T_1 N / (s + (1 - s) N)",
    .citation = "Gustafson (1988), CACM 31, 532",
    .is_weak = true,
    .n_parameters = 2,
    .parameters = gustafson_parameters,
    .eval = gustafson_eval,
    .fit = gustafson_fit,
    .optimum = gustafson_optimum,
    .serial_fraction = gustafson_serial_fraction,
};
