/* The inside of a PSF model, shared by psf.c (making one), psf_profile.c (its analytic part) and
 * psf_stamp.c (evaluating it). */
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
     * the odd ones: a star's pixels fall on every second column, and are then neighbours. */
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
 * them: out[i] for columns [begin, end). */
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

/* False when the parameters give no ellipse (a width not positive, an axis ratio unbounded). */
bool sks_psf_profile_valid(enum sks_psf_function function, const double par[5]);

#endif
