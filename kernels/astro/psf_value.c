/* Evaluating PSF models from the definition, in double precision. */
#include "kernels/astro/psf_model.h"

#include <math.h>

enum { N_TAPS = 4, N_EXPAND = 5 };

/* DAOPHOT's form of Keys' cubic: between f[1] and f[2], at fraction d from f[1]. */
static double cubic(const double f[N_TAPS], double d)
{
    double c1 = 0.5 * (f[2] - f[0]);
    double e = f[2] - f[1] - c1;
    double c2 = 3 * e - 0.5 * (f[3] - f[1]) + c1;
    double c3 = e - c2;

    return f[1] + d * (c1 + d * (c2 + d * c3));
}

/* A table at sample position (tx, ty), counted from 0. */
static double bicubic_table(const sks_psf *psf, size_t table, double tx, double ty)
{
    size_t column = (size_t)tx - 1, row = (size_t)ty - 1;
    double in_y[N_TAPS];

    for (size_t j = 0; j < N_TAPS; j++) {
        double in_x[N_TAPS];

        for (size_t i = 0; i < N_TAPS; i++)
            in_x[i] = (double)sks_psf_table_at(psf, table, row + j, column + i);
        in_y[j] = cubic(in_x, tx - floor(tx));
    }
    return cubic(in_y, ty - floor(ty));
}

static double bicubic_combined(const sks_psf *psf, const double *combined, double tx, double ty)
{
    const double *f = combined + ((size_t)ty - 1) * psf->n + ((size_t)tx - 1);
    double in_y[N_TAPS];

    for (size_t j = 0; j < N_TAPS; j++)
        in_y[j] = cubic(f + j * psf->n, tx - floor(tx));
    return cubic(in_y, ty - floor(ty));
}

static void mix_daophot(const sks_psf *psf, double x, double y, struct sks_psf_mix *m)
{
    double u = (x - 1) / psf->info.psf_x - 1;
    double v = (y - 1) / psf->info.psf_y - 1;
    const double p[SKS_PSF_MAX_MIX] = {1, u, v, 1.5 * u * u - 0.5, u * v, 1.5 * v * v - 0.5};

    m->n = psf->n_spatial;
    for (size_t k = 0; k < SKS_PSF_MAX_MIX; k++) {
        m->table[k] = k;
        m->weight[k] = p[k];
    }
}

/* The four stamps around a position, linearly. */
static void mix_stamps(const sks_psf *psf, double x, double y, struct sks_psf_mix *m)
{
    const double at[2] = {x, y};
    size_t low[2], high[2];
    double t[2];

    for (int i = 0; i < 2; i++) {
        double last = (double)(psf->grid[i] - 1);
        double g = (at[i] - psf->grid_first[i]) / psf->grid_step[i];

        g = fmin(fmax(g, 0), last);
        low[i] = (size_t)g;
        high[i] = low[i] + 1 < psf->grid[i] ? low[i] + 1 : low[i];
        t[i] = g - (double)low[i];
    }
    m->n = 4;
    for (size_t k = 0; k < 4; k++) {
        size_t gx = k & 1 ? high[0] : low[0], gy = k & 2 ? high[1] : low[1];

        m->table[k] = gy * psf->grid[0] + gx;
        m->weight[k] = (k & 1 ? t[0] : 1 - t[0]) * (k & 2 ? t[1] : 1 - t[1]);
    }
}

void sks_psf_mix_at(const sks_psf *psf, double x, double y, struct sks_psf_mix *m)
{
    m->n = 0;
    if (psf->function == SKS_PSF_NO_FUNCTION)
        mix_stamps(psf, x, y, m);
    else if (psf->tables != NULL)
        mix_daophot(psf, x, y, m);
}

/* The part of FEXPAND's tables: Legendre terms of the distance to the nearest whole offset. */
static double expand_value(const sks_psf *psf, double dx, double dy, double tx, double ty)
{
    double fx = -2 * (dx - round(dx));
    double fy = -2 * (dy - round(dy));
    const double q[N_EXPAND] = {fx, fy, 1.5 * fx * fx - 0.5, fx * fy, 1.5 * fy * fy - 0.5};
    double sum = 0;

    for (size_t k = 0; k < psf->n_expand; k++)
        sum += q[k] * bicubic_table(psf, psf->n_spatial + k, tx, ty);
    return sum;
}

double sks_psf_value(const sks_psf *psf, double x, double y, double dx, double dy)
{
    double tx = psf->sampling * dx + psf->centre[0];
    double ty = psf->sampling * dy + psf->centre[1];
    struct sks_psf_mix m;
    double value;

    if (!(dx * dx + dy * dy < psf->info.radius * psf->info.radius))
        return 0;
    value = psf->info.height * sks_psf_profile(psf->function, psf->info.par, dx, dy);
    sks_psf_mix_at(psf, x, y, &m);
    for (size_t k = 0; k < m.n; k++)
        value += m.weight[k] * bicubic_table(psf, m.table[k], tx, ty);
    return value + expand_value(psf, dx, dy, tx, ty);
}

/* Row `row` of the tables combined, in natural order. */
static void combine_row(const sks_psf *psf, const struct sks_psf_mix *m, size_t row, double *out)
{
    for (size_t parity = 0; parity < 2; parity++) {
        size_t n = (psf->n + 1 - parity) / 2;

        for (size_t h = 0; h < n; h++)
            out[2 * h + parity] = 0;
        for (size_t k = 0; k < m->n; k++) {
            const float *t = sks_psf_table_row(psf, m->table[k], row) + parity * psf->half;
            double weight = m->weight[k];

            for (size_t h = 0; h < n; h++)
                out[2 * h + parity] += weight * (double)t[h];
        }
    }
}

void sks_psf_combine(const sks_psf *psf, double x, double y, double *combined)
{
    struct sks_psf_mix m;

    sks_psf_mix_at(psf, x, y, &m);
    for (size_t row = 0; row < psf->n; row++)
        combine_row(psf, &m, row, combined + row * psf->n);
}

void sks_psf_general_row(const sks_psf *psf, const double *combined, double dx0, double step,
                         double dy, size_t begin, size_t end, float *out)
{
    double ty = psf->sampling * dy + psf->centre[1];

    for (size_t i = begin; i < end; i++) {
        double dx = dx0 + (double)i * step;
        double tx = psf->sampling * dx + psf->centre[0];

        out[i - begin] =
            (float)(bicubic_combined(psf, combined, tx, ty) + expand_value(psf, dx, dy, tx, ty));
    }
}
