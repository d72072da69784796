/* Amdahl's law with an overhead that grows as the logarithm of N, as a reduction or a broadcast
 * over a tree of workers does.
 *
 *   T(N) = T_S + T_P/N + K ln N,   least at N = T_P/K
 *
 * The overhead is zero at N = 1, so N = 1 enters the fit as a plain T_S + T_P.
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1.
 */
#include "harness/analysis/linear_fit.h"
#include "harness/analysis/model.h"

#include <math.h>

static const sks_model_parameter log_parameters[] = {
    {"T_S", "s", "serial time", INFINITY},
    {"T_P", "s", "parallel time with one worker", INFINITY},
    {"K", "s", "overhead per e-fold of workers", INFINITY},
};

static double log_eval(const double *p, double n_workers)
{
    return p[0] + p[1] / n_workers + p[2] * log(n_workers);
}

static void log_basis(double n_workers, double seconds, double *row)
{
    row[0] = 1.0 / seconds;
    row[1] = 1.0 / (n_workers * seconds);
    row[2] = log(n_workers) / seconds;
}

static bool log_fit(const double *n_workers, const double *seconds, size_t n_points, double *p)
{
    return sks_linear_fit(log_basis, 3, n_workers, seconds, n_points, p);
}

static double log_optimum(const double *p)
{
    if (p[1] <= p[2] || p[1] == 0.0)
        return 1.0;
    return p[1] / p[2]; /* infinite for K = 0 */
}

static double log_serial_fraction(const double *p)
{
    return p[0] / (p[0] + p[1]);
}

const sks_model sks_model_log = {
    .name = "log",
    .summary = "Amdahl's law and an overhead growing as ln N",
    .formula = "T(N) = T_S + T_P/N + K ln N",
    .citation = "Singh, Browne & Butler (2013), Astronomy and Computing 2, 1",
    .is_weak = false,
    .n_parameters = 3,
    .parameters = log_parameters,
    .eval = log_eval,
    .fit = log_fit,
    .optimum = log_optimum,
    .serial_fraction = log_serial_fraction,
};
