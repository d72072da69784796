/* The inside of a PSF model, shared by psf.c (making one), psf_profile.c (its analytic part),
 * psf_value.c (the definition) and psf_stamp.c, psf_rows.c, psf_profile_row.c (evaluating it fast).
 */
#ifndef SKYSCALE_ASTRO_PSF_MODEL_H
#define SKYSCALE_ASTRO_PSF_MODEL_H

#include "kernels/astro/psf.h"

enum sks_psf_function {
    SKS_PSF_GAUSS,
    SKS_PSF_LORENTZ,
    SKS_PSF_MOFFAT15,
    SKS_PSF_MOFFAT25,
    SKS_PSF_PENNY1,
    SKS_PSF_PENNY2,
    SKS_PSF_ROUND_GAUSS, /* exact integral over the pixel */
    SKS_PSF_ROUND_MOFFAT,
    SKS_PSF_NO_FUNCTION, /* stamps */
};

struct sks_psf {
    sks_psf_info info;
    enum sks_psf_function function;
    size_t n_spatial; /* tables that vary with position: 0, 1, 3, 6 */
    size_t n_expand;  /* tables of the fractional pixel: 0 or 5 */

    /* Tables of side n. A row holds first its even columns (counted from 0), then from `half` on
     * the odd ones: a star's pixels fall on every second column, and are then neighbours. `half` is
     * a multiple of SKS_PSF_ROW_UNIT, and the tables begin on a cache line. */
    size_t n, half, pitch; /* pitch: floats per row */
    float *tables;

    unsigned sampling; /* of the tables, samples per pixel: 2 for DAOPHOT */
    double centre[2];  /* the centre's sample, counted from 0 */

    /* Stamps: the grid over the chip. */
    size_t grid[2];
    double grid_first[2], grid_step[2];
};

/* All tables' rows of the same number lie together: they are combined with each other. */
static inline float *sks_psf_table_row(const sks_psf *psf, size_t table, size_t row)
{
    return psf->tables + (row * psf->info.n_tables + table) * psf->pitch;
}

static inline float sks_psf_table_at(const sks_psf *psf, size_t table, size_t row, size_t column)
{
    return sks_psf_table_row(psf, table, row)[(column & 1) * psf->half + column / 2];
}

/* Which tables are to be combined for a star, and how. */
enum { SKS_PSF_MAX_MIX = 6 };
struct sks_psf_mix {
    size_t n;
    size_t table[SKS_PSF_MAX_MIX];
    double weight[SKS_PSF_MAX_MIX];
};
void sks_psf_mix_at(const sks_psf *psf, double x, double y, struct sks_psf_mix *m);

/* The tables combined for a star at (x, y), n × n, and a row of the tables' part of a stamp from
 * them: out[i - begin] for columns i of [begin, end). */
void sks_psf_combine(const sks_psf *psf, double x, double y, double *combined);
void sks_psf_general_row(const sks_psf *psf, const double *combined, double dx0, double step,
                         double dy, size_t begin, size_t end, float *out);

/* One factor of the two Gaussians, which are products, and what they are to be multiplied by. */
static inline bool sks_psf_is_separable(enum sks_psf_function function)
{
    return function == SKS_PSF_GAUSS || function == SKS_PSF_ROUND_GAUSS;
}
double sks_psf_profile_axis(enum sks_psf_function function, double half_width, double d);
double sks_psf_profile_norm(enum sks_psf_function function, const double par[5]);

/* The analytic function, averaged over the pixel at (dx, dy). */
double sks_psf_profile(enum sks_psf_function function, const double par[5], double dx, double dy);

/* The number n of Gauss-Legendre points per axis (n × n) with which the pixel is averaged;
 * 0: the function counts as zero there. */
int sks_psf_profile_points(enum sks_psf_function function, const double par[5], double dx,
                           double dy);

/* The Moffat functions with what can be computed once: den = 1 + axx dx^2 + axy dx dy + ayy dy^2.
 */
enum { SKS_PSF_POINT_SETS = 3, SKS_PSF_MAX_POINTS = 16 };
struct sks_psf_moffat {
    bool is_used; /* false: another function, or another exponent than 2.5 and 1.5 */
    bool is_25;
    double axx, axy, ayy;
    float height;  /* value = height / den^b */
    float den_max; /* beyond: zero */
    /* Pixels with den up to den_near[k] are averaged over set k of points: 2 x 2, 3 x 3, 4 x 4;
     * weights include the height, sets are filled up with points of no weight. */
    double den_near[SKS_PSF_POINT_SETS];
    double x[SKS_PSF_POINT_SETS][SKS_PSF_MAX_POINTS];
    double y[SKS_PSF_POINT_SETS][SKS_PSF_MAX_POINTS];
    double weight[SKS_PSF_POINT_SETS][SKS_PSF_MAX_POINTS];
};
void sks_psf_moffat_init(const sks_psf *psf, struct sks_psf_moffat *m);

/* Point k of the n × n that a pixel is averaged over, and its weight. */
void sks_psf_profile_point(int n, int k, double *x, double *y, double *weight);

/* The value at a pixel's centre from which on it is averaged over n × n points, n = 1 … 4. */
double sks_psf_profile_limit(int n);

struct sks_psf_scratch {
    struct sks_psf_moffat moffat;
    double *combined; /* n * n: the tables combined, for the general way */
    double *reach;    /* [n]: columns of a table row that any point can need are so near, px */
    float *row;       /* one combined table row, even columns then odd ones */
    float *flat;      /* the same in natural order */
    float *ring;      /* [SKS_PSF_GROUP][4][ring_pitch]: table rows interpolated in x */
    size_t ring_pitch;
    float *profile; /* the analytic part of a row, SKS_PSF_MAX_SIDE and a unit */
    float *value;   /* a row, as long */
    double *axis;   /* SKS_PSF_MAX_SIDE: a separable profile's factors in x */
};

/* Stars whose rows are made together: each table row is read once for all of them. */
enum { SKS_PSF_GROUP = 8 };

static inline size_t sks_psf_row_units(size_t n)
{
    return (n + SKS_PSF_ROW_UNIT - 1) / SKS_PSF_ROW_UNIT;
}

/* height A(dx, dy) at n_units * SKS_PSF_ROW_UNIT points from dx0 on; the first n count. A separable
 * profile's factors in x are axis[n]. */
void sks_psf_profile_row(const sks_psf *psf, const struct sks_psf_moffat *m, const double *axis,
                         double dx0, double step, double dy, size_t n, float *out);

/* False when the parameters give no ellipse (a width not positive, an axis ratio unbounded). */
bool sks_psf_profile_valid(enum sks_psf_function function, const double par[5]);

#endif
