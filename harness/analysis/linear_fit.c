#include "harness/analysis/linear_fit.h"

#include <math.h>
#include <string.h>

enum { MAX_COLUMNS = SKS_MAX_COEFFICIENTS + 1 }; /* the last one in use is the right-hand side */
enum { MAX_ROWS = 32 };                          /* taken in at once */

/* A column this small beside the others' span, relative to its length, adds nothing but rounding;
 * neither does a coefficient that contributes less than this to the data. */
static const double rounding = 1e-12;

typedef struct triangle {
    size_t n_columns;
    double r[MAX_COLUMNS][MAX_COLUMNS];
} triangle;

/* Rows yet to be taken in, by columns: what is done to a column is done to all rows at once. */
typedef struct row_block {
    size_t n;
    double column[MAX_COLUMNS][MAX_ROWS];
} row_block;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Reflects the rows into the triangle, a column at a time: the reflection v with its first element
 * on the diagonal makes the column zero below it. Overwrites the rows. */
static void take_in(triangle *t, row_block *rows)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        const double *below = rows->column[i];
        double diagonal = t->r[i][i], squares = dot(below, below, rows->n);
        double length = sqrt(diagonal * diagonal + squares);
        double first, scale;

        if (squares == 0.0)
            continue;
        first = diagonal >= 0.0 ? diagonal + length : diagonal - length; /* no cancellation */
        scale = 1.0 / (length * fabs(first));                            /* 2/(v . v) */
        for (size_t j = i + 1; j < t->n_columns; j++) {
            double *column = rows->column[j];
            double along = scale * (first * t->r[i][j] + dot(below, column, rows->n));

            t->r[i][j] -= along * first;
            for (size_t k = 0; k < rows->n; k++)
                column[k] -= along * below[k];
        }
        t->r[i][i] = diagonal >= 0.0 ? -length : length;
    }
    rows->n = 0;
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
    row_block rows = {.n = full->n_columns};
    size_t column[MAX_COLUMNS];
    size_t k = 0, last = full->n_columns - 1;

    for (size_t j = 0; j < last; j++)
        if (subset & 1U << j)
            column[k++] = j;
    column[k] = last;
    t.n_columns = k + 1;
    if (k == last) {
        t = *full;
    } else {
        for (size_t j = 0; j <= k; j++)
            for (size_t i = 0; i < full->n_columns; i++)
                rows.column[j][i] = full->r[i][column[j]];
        take_in(&t, &rows);
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
    row_block rows = {0};
    unsigned all = (1U << n_coefficients) - 1;
    double best[SKS_MAX_COEFFICIENTS], trial[SKS_MAX_COEFFICIENTS];
    double best_rss = INFINITY, rss;

    if (n_points < n_coefficients)
        return false;
    for (size_t i = 0; i < n_points; i++) {
        double row[MAX_COLUMNS];

        basis(n_workers[i], seconds[i], row);
        row[n_coefficients] = 1.0;
        for (size_t j = 0; j <= n_coefficients; j++)
            rows.column[j][rows.n] = row[j];
        if (++rows.n == MAX_ROWS || i + 1 == n_points)
            take_in(&t, &rows);
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
