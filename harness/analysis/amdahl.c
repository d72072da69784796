/* Amdahl's law: a serial part, and a parallel part that shortens in proportion to N.
 *
 *   T(N) = T_S + T_P/N,   serial fraction T_S/(T_S + T_P), which T_S, T_P >= 0 keep in [0, 1]
 *
 * More workers always help, a little: there is no optimum.
 *
 * Source  Amdahl (1967), AFIPS spring joint computer conference, 483.
 */
#include "harness/analysis/linear_fit.h"
#include "harness/analysis/model.h"

#include <math.h>

static const sks_model_parameter amdahl_parameters[] = {
    {"T_S", "s", "serial time", INFINITY},
    {"T_P", "s", "parallel time with one worker", INFINITY},
};

static double amdahl_eval(const double *p, double n_workers)
{
    return p[0] + p[1] / n_workers;
}

static void amdahl_basis(double n_workers, double seconds, double *row)
{
    row[0] = 1.0 / seconds;
    row[1] = 1.0 / (n_workers * seconds);
}

static bool amdahl_fit(const double *n_workers, const double *seconds, size_t n_points, double *p)
{
    return sks_linear_fit(amdahl_basis, 2, n_workers, seconds, n_points, p);
}

static double amdahl_optimum(const double *p)
{
    return p[1] > 0.0 ? INFINITY : 1.0;
}

static double amdahl_serial_fraction(const double *p)
{
    return p[0] / (p[0] + p[1]);
}

const sks_model sks_model_amdahl = {
    .name = "amdahl",
    .summary = "a serial part and a perfectly parallel part",
    .formula = "T(N) = T_S + T_P/N",
    .citation = "Amdahl (1967), AFIPS SJCC 30, 483",
    .is_weak = false,
    .n_parameters = 2,
    .parameters = amdahl_parameters,
    .eval = amdahl_eval,
    .fit = amdahl_fit,
    .optimum = amdahl_optimum,
    .serial_fraction = amdahl_serial_fraction,
};
