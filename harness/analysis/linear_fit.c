#include "harness/analysis/linear_fit.h"

#include <math.h>
#include <string.h>

enum { MAX_COLUMNS = SKS_MAX_COEFFICIENTS + 1 }; /* the last one in use is the right-hand side */

/* A column this small beside the others' span, relative to its length, adds nothing but rounding;
 * neither does a coefficient that contributes less than this to the data. */
static const double rounding = 1e-12;

typedef struct triangle {
    size_t n_columns;
    double r[MAX_COLUMNS][MAX_COLUMNS];
} triangle;

/* Rotates one more row into the triangle. Overwrites the row. */
static void add_row(triangle *t, double *row)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        double length = hypot(t->r[i][i], row[i]);
        double c, s;

        if (row[i] == 0.0)
            continue;
        c = t->r[i][i] / length;
        s = row[i] / length;
        for (size_t j = i; j < t->n_columns; j++) {
            double upper = t->r[i][j];

            t->r[i][j] = c * upper + s * row[j];
            row[j] = c * row[j] - s * upper;
        }
    }
}

static double column_length(const triangle *t, size_t j)
{
    double sum = 0.0;

    for (size_t i = 0; i < t->n_columns; i++)
        sum += t->r[i][j] * t->r[i][j];
    return sqrt(sum);
}

/* The unconstrained minimum on the columns whose bit is set in `subset`, the others' coefficients
 * 0. False when those columns are linearly dependent. */
static bool solve_subset(const triangle *full, unsigned subset, double *p, double *rss)
{
    triangle t = {0};
    size_t column[MAX_COLUMNS];
    size_t k = 0, last = full->n_columns - 1;

    for (size_t j = 0; j < last; j++)
        if (subset & 1U << j)
            column[k++] = j;
    column[k] = last;
    t.n_columns = k + 1;
    for (size_t i = 0; i < full->n_columns; i++) {
        double row[MAX_COLUMNS];

        for (size_t j = 0; j <= k; j++)
            row[j] = full->r[i][column[j]];
        add_row(&t, row);
    }
    memset(p, 0, last * sizeof(*p));
    for (size_t i = k; i-- > 0;) {
        double value = t.r[i][k];

        if (!(fabs(t.r[i][i]) > rounding * column_length(&t, i)))
            return false;
        for (size_t j = i + 1; j < k; j++)
            value -= t.r[i][j] * p[column[j]];
        p[column[i]] = value / t.r[i][i];
    }
    *rss = t.r[k][k] * t.r[k][k];
    return true;
}

static bool is_feasible(const double *p, size_t n)
{
    for (size_t j = 0; j < n; j++)
        if (!(p[j] >= 0.0))
            return false;
    return true;
}

/* Sets to 0 what is there by rounding alone. */
static void clean(const triangle *t, double *p)
{
    size_t last = t->n_columns - 1;

    for (size_t j = 0; j < last; j++)
        if (fabs(p[j]) * column_length(t, j) < rounding * column_length(t, last))
            p[j] = 0.0;
}

bool sks_linear_fit(sks_basis *basis, size_t n_coefficients, const double *n_workers,
                    const double *seconds, size_t n_points, double *p)
{
    triangle t = {.n_columns = n_coefficients + 1};
    unsigned all = (1U << n_coefficients) - 1;
    double best[SKS_MAX_COEFFICIENTS], trial[SKS_MAX_COEFFICIENTS];
    double best_rss = INFINITY, rss;

    if (n_points < n_coefficients)
        return false;
    for (size_t i = 0; i < n_points; i++) {
        double row[MAX_COLUMNS];

        basis(n_workers[i], seconds[i], row);
        row[n_coefficients] = 1.0;
        add_row(&t, row);
    }
    if (!solve_subset(&t, all, trial, &rss))
        return false;
    clean(&t, trial);
    if (is_feasible(trial, n_coefficients)) {
        memcpy(p, trial, n_coefficients * sizeof(*p));
        return true; /* no constraint is active */
    }
    for (unsigned subset = 1; subset < all; subset++) {
        if (!solve_subset(&t, subset, trial, &rss))
            continue;
        clean(&t, trial);
        if (is_feasible(trial, n_coefficients) && rss < best_rss) {
            best_rss = rss;
            memcpy(best, trial, sizeof(best));
        }
    }
    if (isinf(best_rss))
        return false;
    memcpy(p, best, n_coefficients * sizeof(*p));
    return true;
}
