/* The analytic functions of DAOPHOT's PSF models and their average over a pixel.
 *
 * PAR1 and PAR2 are half widths at half maximum in x and y. With q = dx^2/PAR1^2 + dy^2/PAR2^2:
 *   gauss     exp(-ln2 q) / (PAR1 PAR2)
 *   moffat15  (b-1) / (PAR1 PAR2 (1 + a (q + PAR3 dx dy))^b), b = PAR4 = 1.5, a = 2^(1/b) - 1
 *   moffat25  the same with b = 2.5
 *   lorentz   1 / (1 + q + PAR3 dx dy)
 *   penny1    PAR3 exp(-ln2 (q + PAR4 dx dy)) + (1 - PAR3) / (1 + q)
 *   penny2    PAR3 exp(-ln2 (q + PAR4 dx dy)) + (1 - PAR3) / (1 + q + PAR5 dx dy)
 * (IRAF help page noao.digiphot.daophot.psf; Stetson 1992.) The pixel's average is taken by a
 * Gauss-Legendre rule whose order falls with the function's value at the centre, as IRAF does it:
 * the tables were fitted to what this rule gives, so a better integral would be a worse PSF.
 * Constants have IRAF's digits for the same reason. */
#include "kernels/astro/psf_model.h"

#include <math.h>

enum { MAX_POINTS = 4 };

static const double LN2 = 0.6931472;
static const double MOFFAT15_A = 0.5874011;
static const double MOFFAT25_A = 0.3195079;
static const double EXPONENT_LIMIT = 34; /* beyond, the Gaussian counts as zero */

/* Gauss-Legendre abscissae and weights on [-1/2, 1/2]. */
static const double node[MAX_POINTS + 1][MAX_POINTS] = {
    {0},
    {0},
    {-0.28867513, 0.28867513},
    {-0.38729833, 0, 0.38729833},
    {-0.43056816, -0.16999052, 0.16999052, 0.43056816},
};
static const double weight[MAX_POINTS + 1][MAX_POINTS] = {
    {0},
    {1},
    {0.5, 0.5},
    {0.27777778, 0.44444444, 0.27777778},
    {0.17392742, 0.32607258, 0.32607258, 0.17392742},
};

/* The central value from which on n × n points are taken. */
static const double point_limit[MAX_POINTS + 1] = {0, 1e-10, 0.0001, 0.0022, 0.046};

static int points_for(double central_value)
{
    int n = MAX_POINTS;

    while (n > 0 && !(central_value >= point_limit[n]))
        n--;
    return n;
}

void sks_psf_profile_point(int n, int k, double *x, double *y, double *weight_of)
{
    *x = node[n][k % n];
    *y = node[n][k / n];
    *weight_of = weight[n][k % n] * weight[n][k / n];
}

double sks_psf_profile_limit(int n)
{
    return point_limit[n];
}

static double ellipse(const double par[5], double dx, double dy)
{
    return dx * dx / (par[0] * par[0]) + dy * dy / (par[1] * par[1]);
}

static double gaussian(double q)
{
    return q < EXPONENT_LIMIT ? exp(-LN2 * q) : 0;
}

static double moffat_denominator(double a, const double par[5], double dx, double dy)
{
    return 1 + a * (ellipse(par, dx, dy) + par[2] * dx * dy);
}

/* den^b without pow() for the two exponents in use. */
static double moffat_power(double den, double b)
{
    if (b == 2.5)
        return den * den * sqrt(den);
    if (b == 1.5)
        return den * sqrt(den);
    return pow(den, b);
}

static double moffat(double a, const double par[5], double dx, double dy)
{
    double den = moffat_denominator(a, par, dx, dy);

    return (par[3] - 1) / (par[0] * par[1] * moffat_power(den, par[3]));
}

/* The function at a point; the Gaussian is a product and treated apart. */
static double density(enum sks_psf_function function, const double par[5], double dx, double dy)
{
    double q = ellipse(par, dx, dy);
    double xy = dx * dy;

    switch (function) {
    case SKS_PSF_MOFFAT15:
        return moffat(MOFFAT15_A, par, dx, dy);
    case SKS_PSF_MOFFAT25:
        return moffat(MOFFAT25_A, par, dx, dy);
    case SKS_PSF_LORENTZ:
        return 1 / (1 + q + par[2] * xy);
    case SKS_PSF_PENNY1:
        return par[2] * gaussian(q + par[3] * xy) + (1 - par[2]) / (1 + q);
    case SKS_PSF_PENNY2:
        return par[2] * gaussian(q + par[3] * xy) + (1 - par[2]) / (1 + q + par[4] * xy);
    default:
        return 0;
    }
}

/* A round Moffat function of unit flux; par: half width, exponent. */
static double round_moffat(const double par[5], double dx, double dy)
{
    double b = par[3];
    double a = pow(2, 1 / b) - 1;
    double r2 = ellipse(par, dx, dy);

    return (b - 1) * a / (M_PI * par[0] * par[0]) * pow(1 + a * r2, -b);
}

int sks_psf_profile_points(enum sks_psf_function function, const double par[5], double dx,
                           double dy)
{
    double q = ellipse(par, dx, dy);
    double xy = dx * dy;
    double den;

    switch (function) {
    case SKS_PSF_MOFFAT15:
        den = moffat_denominator(MOFFAT15_A, par, dx, dy);
        return den > 5e6 ? 0 : points_for(1 / (par[0] * par[1] * moffat_power(den, par[3])));
    case SKS_PSF_MOFFAT25:
        den = moffat_denominator(MOFFAT25_A, par, dx, dy);
        return den > 1e4 ? 0 : points_for(1 / (par[0] * par[1] * moffat_power(den, par[3])));
    case SKS_PSF_LORENTZ:
        return 1 + q + par[2] * xy > 1e10 ? 0 : points_for(density(function, par, dx, dy));
    case SKS_PSF_PENNY1:
        return q > 1e10 ? 0 : points_for(density(function, par, dx, dy));
    case SKS_PSF_PENNY2:
        return q + par[4] * xy > 1e10 ? 0 : points_for(density(function, par, dx, dy));
    default:
        return MAX_POINTS;
    }
}

/* The average of exp(-ln2 x^2/h^2) over a pixel, by the same rule in one dimension. */
static double gauss_axis(double h, double dx)
{
    double q = dx * dx / (h * h);
    double sum = 0;
    int n = q > EXPONENT_LIMIT ? 0 : points_for(exp(-LN2 * q));

    if (n == 1)
        return exp(-LN2 * q);
    for (int i = 0; i < n; i++) {
        double x = dx + node[n][i];

        sum += weight[n][i] * exp(-LN2 * x * x / (h * h));
    }
    return sum;
}

/* The part of a unit Gaussian that falls into a pixel, in one dimension. */
static double gauss_axis_exact(double h, double dx)
{
    double s = h / sqrt(log(2));

    return 0.5 * (erf((dx + 0.5) / s) - erf((dx - 0.5) / s));
}

double sks_psf_profile_axis(enum sks_psf_function function, double half_width, double d)
{
    return function == SKS_PSF_GAUSS ? gauss_axis(half_width, d) : gauss_axis_exact(half_width, d);
}

double sks_psf_profile_norm(enum sks_psf_function function, const double par[5])
{
    return function == SKS_PSF_GAUSS ? 1 / (par[0] * par[1]) : 1;
}

/* Four 4-point rules per axis and pixel near the centre are good to 1e-6 down to a FWHM of 1 px. */
static double round_moffat_pixel(const double par[5], double dx, double dy)
{
    int n_parts = fabs(dx) + fabs(dy) < 8 * par[0] + 2 ? 4 : 1;
    double sum = 0;

    for (int j = 0; j < n_parts * MAX_POINTS; j++) {
        double y = dy + ((j / MAX_POINTS + 0.5 + node[4][j % MAX_POINTS]) / n_parts - 0.5);

        for (int i = 0; i < n_parts * MAX_POINTS; i++) {
            double x = dx + ((i / MAX_POINTS + 0.5 + node[4][i % MAX_POINTS]) / n_parts - 0.5);

            sum += weight[4][j % MAX_POINTS] * weight[4][i % MAX_POINTS] * round_moffat(par, x, y);
        }
    }
    return sum / (n_parts * n_parts);
}

double sks_psf_profile(enum sks_psf_function function, const double par[5], double dx, double dy)
{
    double sum = 0;
    int n;

    if (function == SKS_PSF_NO_FUNCTION)
        return 0;
    if (sks_psf_is_separable(function))
        return sks_psf_profile_axis(function, par[0], dx) *
               sks_psf_profile_axis(function, par[1], dy) * sks_psf_profile_norm(function, par);
    if (function == SKS_PSF_ROUND_MOFFAT)
        return round_moffat_pixel(par, dx, dy);
    n = sks_psf_profile_points(function, par, dx, dy);
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++)
            sum += weight[n][j] * weight[n][i] *
                   density(function, par, dx + node[n][i], dy + node[n][j]);
    return sum;
}

bool sks_psf_profile_valid(enum sks_psf_function function, const double par[5])
{
    double limit; /* |cross term| below it: the quadratic form is positive */

    if (function == SKS_PSF_NO_FUNCTION)
        return true;
    for (int i = 0; i < 5; i++)
        if (!isfinite(par[i]))
            return false;
    if (!(par[0] > 0) || !(par[1] > 0))
        return false;
    limit = 2 / (par[0] * par[1]);
    switch (function) {
    case SKS_PSF_MOFFAT15:
    case SKS_PSF_MOFFAT25:
        return fabs(par[2]) < limit && par[3] > 1;
    case SKS_PSF_LORENTZ:
        return fabs(par[2]) < limit;
    case SKS_PSF_PENNY1:
        return fabs(par[3]) < limit;
    case SKS_PSF_PENNY2:
        return fabs(par[3]) < limit && fabs(par[4]) < limit;
    case SKS_PSF_ROUND_MOFFAT:
        return par[3] > 1;
    default:
        return true;
    }
}
