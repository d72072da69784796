/* Non-negative linear least squares for scaling models with few parameters.
 *
 * All models are fitted with relative errors (each point weighted by 1/T^2), since timings scatter
 * in proportion to their length: a model linear in its parameters p is then written as
 * row . p = 1 for every point, with row = basis(N)/T.
 *
 * Method   [A | b] is reduced to its triangle by Householder reflections, a block of rows at a
 *          time, so memory does not depend on the number of points. The constrained minimum is the
 *          unconstrained one on the parameters that are not zero there, so the least of the
 *          feasible minima over all subsets of parameters is exact; with three parameters there
 *          are seven.
 * Source   Lawson & Hanson (1974), Solving Least Squares Problems, ch. 23 (the conditions for the
 *          minimum), Golub & Van Loan (2013), sec. 5.1 and 5.2 (Householder reflections).
 * Threads  reentrant.
 */
#ifndef SKYSCALE_LINEAR_FIT_H
#define SKYSCALE_LINEAR_FIT_H

#include <stdbool.h>
#include <stddef.h>

enum { SKS_MAX_COEFFICIENTS = 3 };

/* Fills row[n_coefficients] of the point (n_workers, seconds), such that row . p = 1 if the model
 * with coefficients p holds there exactly. */
typedef void sks_basis(double n_workers, double seconds, double *row);

/* Minimises sum (row . p - 1)^2 over p >= 0. A coefficient that is not needed is exactly 0. False,
 * p untouched: the points do not determine the coefficients (fewer points than coefficients, or
 * columns that cannot be told apart). */
bool sks_linear_fit(sks_basis *basis, size_t n_coefficients, const double *n_workers,
                    const double *seconds, size_t n_points, double *p);

#endif
