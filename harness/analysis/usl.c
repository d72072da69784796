/* The universal scalability law: contention (alpha) for what is shared, and coherency (beta), the
 * exchange between every pair of workers.
 *
 *   T(N) = T_1 (1 + alpha (N - 1) + beta N (N - 1)) / N,   least at N = sqrt((1 - alpha)/beta)
 *
 * Written as  T(N) = A/N + B + C (N - 1)  with A = T_1 (1 - alpha), B = T_1 alpha, C = T_1 beta, it
 * is linear in coefficients whose sign is the whole constraint: A, B, C >= 0 keep alpha in [0, 1]
 * and beta >= 0, and no iteration or starting guess is needed. alpha is the serial fraction:
 * beta = 0 is Amdahl's law.
 *
 * Source  Gunther (2007), Guerrilla Capacity Planning, ch. 4 and 5.
 */
#include "harness/analysis/linear_fit.h"
#include "harness/analysis/model.h"

#include <math.h>

static const sks_model_parameter usl_parameters[] = {
    {"T_1", "s", "time with one worker", INFINITY},
    {"alpha", "", "contention: the serial fraction", 1.0},
    {"beta", "", "coherency: cost of each pair of workers, in units of T_1", INFINITY},
};

static double usl_eval(const double *p, double n_workers)
{
    double others = n_workers - 1.0;

    return p[0] * (1.0 + p[1] * others + p[2] * n_workers * others) / n_workers;
}

static void usl_basis(double n_workers, double seconds, double *row)
{
    row[0] = 1.0 / (n_workers * seconds);
    row[1] = 1.0 / seconds;
    row[2] = (n_workers - 1.0) / seconds;
}

static bool usl_fit(const double *n_workers, const double *seconds, size_t n_points, double *p)
{
    double c[3];
    double t1;

    if (!sks_linear_fit(usl_basis, 3, n_workers, seconds, n_points, c))
        return false;
    t1 = c[0] + c[1];
    if (!(t1 > 0.0))
        return false; /* all of the time in C (N - 1): nothing is left for one worker */
    p[0] = t1;
    p[1] = c[1] / t1;
    p[2] = c[2] / t1;
    return true;
}

static double usl_optimum(const double *p)
{
    double parallel = 1.0 - p[1];

    if (parallel <= p[2] || parallel == 0.0)
        return 1.0;
    return sqrt(parallel / p[2]); /* infinite for beta = 0 */
}

static double usl_serial_fraction(const double *p)
{
    return p[1];
}

const sks_model sks_model_usl = {
    .name = "usl",
    .summary = "universal scalability law: contention and coherency",
    .formula = "T(N) = T_1 (1 + alpha (N-1) + beta N (N-1)) / N",
    .citation = "Gunther (2007), Guerrilla Capacity Planning, Springer",
    .is_weak = false,
    .n_parameters = 3,
    .parameters = usl_parameters,
    .eval = usl_eval,
    .fit = usl_fit,
    .optimum = usl_optimum,
    .serial_fraction = usl_serial_fraction,
};
