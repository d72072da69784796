/* The passes over an image's sub-pixels that mem_solver.h is made of.
 *
 * Before including: REAL, the type, and LOG, its logarithm.
 *
 * Each works on n sub-pixels in a row, short enough that the sums inside it lose nothing in single
 * precision and that passes called one after the other find their data in the cache; the sums over
 * runs are double. f image, im reciprocal of the model, g = grad E/2, h diagonal of the Hessian of
 * E/2; `counts` is grad F: 1 in the data's sub-pixels, 0 in the guard's. Divisions are what these
 * loops wait for: hence the reciprocal, and one of them where two quotients share a divisor.
 */

/* Where the image is now: products in the metric D = f / (1 + alpha delta h f), what J needs, and
 * the gradient j = grad J and the trial image t = f + D j, clipped, with its products with the last
 * change p. */
static inline __attribute__((always_inline)) void
look(size_t n, const REAL *restrict f, const REAL *restrict im, const REAL *restrict g,
     const REAL *restrict h, const REAL *restrict p, const REAL *restrict c, bool is_whole,
     REAL alpha, REAL beta, REAL delta, REAL *restrict j, REAL *restrict t, struct mem_norms *sums)
{
    REAL jj = 0, jg = 0, j1 = 0, gg = 0, one = 0, entropy = 0, power = 0;
    REAL uu = 0, pu = 0, pp = 0, ju = 0, jp = 0;
    REAL weight = alpha * delta, floor = MEM_SMALLEST;

#pragma omp simd reduction(+ : jj, jg, j1, gg, one, entropy, power, uu, pu, pp, ju, jp)
    for (size_t i = 0; i < n; i++) {
        REAL counts = is_whole ? 1 : c[i];
        REAL l = LOG(f[i] * im[i]);
        REAL gradient = -l - alpha * g[i] - beta * counts;
        REAL stiffness = 1 + weight * h[i] * f[i]; /* f / D */
        REAL quotient = 1 / (f[i] * stiffness);
        REAL d = f[i] * f[i] * quotient, inverse = quotient * stiffness; /* 1 / f */
        REAL jd = gradient * d, gd = g[i] * d, x = f[i] + jd, u;

        x = x > floor ? x : floor;
        u = x - f[i];
        j[i] = gradient;
        t[i] = x;
        jj += gradient * jd;
        jg += g[i] * jd;
        j1 += counts * jd;
        gg += g[i] * gd;
        one += counts * (counts * d);
        entropy += f[i] - f[i] * l;
        power += counts * f[i];
        uu += u * (u * inverse);
        pu += p[i] * (u * inverse);
        pp += p[i] * (p[i] * inverse);
        ju += gradient * u;
        jp += gradient * p[i];
    }
    sums->jj += (double)jj;
    sums->jg += (double)jg;
    sums->j1 += (double)j1;
    sums->gg += (double)gg;
    sums->one += (double)one;
    sums->entropy += (double)entropy;
    sums->power += (double)power;
    sums->uu += (double)uu;
    sums->pu += (double)pu;
    sums->pp += (double)pp;
    sums->ju += (double)ju;
    sums->jp += (double)jp;
}

SKS_SIMD
static void look_run(size_t n, const REAL *f, const REAL *im, const REAL *g, const REAL *h,
                     const REAL *p, const REAL *c, REAL alpha, REAL beta, REAL delta, REAL *j,
                     REAL *t, struct mem_norms *sums)
{
    if (c == NULL)
        look(n, f, im, g, h, p, NULL, true, alpha, beta, delta, j, t, sums);
    else
        look(n, f, im, g, h, p, c, false, alpha, beta, delta, j, t, sums);
}

/* Makes t conjugate to the last change (conjugacy 0: leaves it) and p the new full change u; j is
 * grad J at f. Returns the slope of J at f, sum u j; and how much -dS/ds at f + s u is above that
 * at f, with its derivatives. */
SKS_SIMD
static double direction_run(size_t n, const REAL *restrict f, const REAL *restrict j,
                            const REAL *restrict t, REAL conjugacy, REAL s, REAL *restrict p,
                            struct mem_slope *sums)
{
    REAL d0 = 0, first = 0, second = 0, third = 0, floor = MEM_SMALLEST;

#pragma omp simd reduction(+ : d0, first, second, third)
    for (size_t i = 0; i < n; i++) {
        REAL end = t[i] - conjugacy * p[i];
        REAL u, x, quotient, ratio, slope;

        end = end > floor ? end : floor;
        u = end - f[i];
        p[i] = u;
        d0 += u * j[i];
        x = f[i] + s * u;
        quotient = 1 / (f[i] * x);
        ratio = u * (f[i] * quotient); /* u / x */
        slope = u * ratio;
        first += u * LOG(x * (x * quotient));
        second += slope;
        third += slope * ratio;
    }
    sums->first += (double)first;
    sums->second += (double)second;
    sums->third -= (double)third;
    return (double)d0;
}

/* The same sums at another s. */
SKS_SIMD
static void slope_run(size_t n, const REAL *restrict f, const REAL *restrict u, REAL s,
                      struct mem_slope *sums)
{
    REAL first = 0, second = 0, third = 0;

#pragma omp simd reduction(+ : first, second, third)
    for (size_t i = 0; i < n; i++) {
        REAL x = f[i] + s * u[i];
        REAL quotient = 1 / (f[i] * x);
        REAL ratio = u[i] * (f[i] * quotient); /* u / x */
        REAL slope = u[i] * ratio;

        first += u[i] * LOG(x * (x * quotient));
        second += slope;
        third += slope * ratio;
    }
    sums->first += (double)first;
    sums->second += (double)second;
    sums->third -= (double)third;
}

/* At the end of the full change u, g being grad E/2 there: J's slope, and its entropy and power. */
SKS_SIMD
static void end_run(size_t n, const REAL *restrict f, const REAL *restrict im,
                    const REAL *restrict u, const REAL *restrict g, const REAL *c, REAL alpha,
                    REAL beta, double *slope, double *entropy, double *power)
{
    REAL d1 = 0, sum = 0, light = 0, floor = MEM_SMALLEST;

#pragma omp simd reduction(+ : d1, sum, light)
    for (size_t i = 0; i < n; i++) {
        REAL x = f[i] + u[i], counts = c != NULL ? c[i] : 1, l;

        x = x > floor ? x : floor;
        l = LOG(x * im[i]);
        d1 += u[i] * (-l - alpha * g[i] - beta * counts);
        sum += x - x * l;
        light += counts * x;
    }
    *slope += (double)d1;
    *entropy += (double)sum;
    *power += (double)light;
}

/* f += s u, clipped. */
SKS_SIMD
static void move_run(size_t n, const REAL *restrict u, REAL s, REAL *restrict f,
                     struct mem_range *range)
{
    REAL max = (REAL)range->max, min = (REAL)range->min, floor = MEM_SMALLEST;

#pragma omp simd reduction(max : max) reduction(min : min)
    for (size_t i = 0; i < n; i++) {
        REAL x = f[i] + s * u[i];

        x = x > floor ? x : floor;
        f[i] = x;
        max = x > max ? x : max;
        min = x < min ? x : min;
    }
    range->max = (double)max;
    range->min = (double)min;
}

/* The image becomes the model, im = 1 / f. With both multipliers zero grad J is zero then and D is
 * f: these are the sums that are not. */
SKS_SIMD
static void adopt_run(size_t n, const REAL *restrict f, const REAL *restrict g, const REAL *c,
                      REAL *restrict im, struct mem_norms *sums)
{
    REAL gg = 0, one = 0, entropy = 0, power = 0;

#pragma omp simd reduction(+ : gg, one, entropy, power)
    for (size_t i = 0; i < n; i++) {
        REAL counts = c != NULL ? c[i] : 1;

        im[i] = 1 / f[i];
        gg += g[i] * g[i] * f[i];
        one += counts * (counts * f[i]);
        entropy += f[i];
        power += counts * f[i];
    }
    sums->gg += (double)gg;
    sums->one += (double)one;
    sums->entropy += (double)entropy;
    sums->power += (double)power;
}

/* ---- method 3: (1/f + alpha P^T B^T (1/v) B P) x = grad J ---- */

/* z = D s. */
SKS_SIMD
static void precondition_run(size_t n, const REAL *restrict f, const REAL *restrict h,
                             const REAL *restrict s, REAL weight, REAL *restrict z,
                             struct mem_system *sums)
{
    REAL zz = 0, dd = 0;

#pragma omp simd reduction(+ : zz, dd)
    for (size_t i = 0; i < n; i++) {
        REAL d = f[i] / (1 + weight * h[i] * f[i]);

        z[i] = d * s[i];
        zz += z[i] * z[i];
        dd += d * d;
    }
    sums->zz += (double)zz;
    sums->dd += (double)dd;
}

/* w, which holds P^T B^T (1/v) B P z, becomes the system's matrix times z. */
SKS_SIMD
static void hessian_run(size_t n, const REAL *restrict f, const REAL *restrict h,
                        const REAL *restrict z, REAL alpha, REAL weight, REAL *restrict w,
                        struct mem_system *sums)
{
    REAL zwd = 0, wdwd = 0;

#pragma omp simd reduction(+ : zwd, wdwd)
    for (size_t i = 0; i < n; i++) {
        REAL d = f[i] / (1 + weight * h[i] * f[i]);

        w[i] = z[i] / f[i] + alpha * w[i];
        zwd += z[i] * w[i] * d;
        wdwd += w[i] * d * w[i] * d;
    }
    sums->zwd += (double)zwd;
    sums->wdwd += (double)wdwd;
}

/* x += c z, s -= c w. */
SKS_SIMD
static void improve_run(size_t n, const REAL *restrict z, const REAL *restrict w, REAL c,
                        REAL *restrict x, REAL *restrict s)
{
    for (size_t i = 0; i < n; i++) {
        x[i] += c * z[i];
        s[i] -= c * w[i];
    }
}

/* x, a change, becomes the trial image. */
SKS_SIMD
static void apply_run(size_t n, const REAL *restrict f, REAL *restrict x)
{
    REAL floor = MEM_SMALLEST;

    for (size_t i = 0; i < n; i++) {
        x[i] += f[i];
        x[i] = x[i] > floor ? x[i] : floor;
    }
}

/* ---- pixels of the data: n of them, w their weight (zero: no data), y the blurred image ---- */

/* r = dE/dy / 2, the misfit that chi-square or the Poisson error is, and half the one in J. */
SKS_SIMD
static void residual(size_t n, bool poisson, const REAL *restrict d, const REAL *restrict w,
                     const REAL *restrict keep, const REAL *restrict y, REAL *restrict r,
                     struct mem_misfit *misfit)
{
    double error = 0, half = 0;

    if (poisson) {
        for (size_t i = 0; i < n; i++) {
            bool counts = keep[i] > 0 && y[i] > 0;

            r[i] = counts ? (y[i] - d[i]) / (2 * y[i]) : 0;
            if (counts) {
                error += (double)((y[i] - d[i]) * (y[i] - d[i]) / y[i]);
                half -= 0.5 * (double)(d[i] * LOG(y[i]) - y[i]);
            }
        }
    } else {
#pragma omp simd reduction(+ : error)
        for (size_t i = 0; i < n; i++) {
            REAL difference = y[i] - d[i];

            r[i] = difference * w[i];
            error += (double)(r[i] * difference);
        }
        half = 0.5 * error;
    }
    misfit->error = error;
    misfit->half = half;
}

/* Poisson: the second derivative of half the misfit takes the place of 1/v. */
static void poisson_weights(size_t n, const REAL *restrict d, const REAL *restrict keep,
                            const REAL *restrict y, REAL *restrict w)
{
    for (size_t i = 0; i < n; i++)
        w[i] = keep[i] > 0 && y[i] > 0 ? d[i] / (2 * y[i] * y[i]) : 0;
}

/* 1/v for the variance that y would have. */
static void expected_weights(size_t n, const REAL *restrict keep, const REAL *restrict y,
                             double read_variance, double adu, double model_variance,
                             REAL *restrict w)
{
    for (size_t i = 0; i < n; i++) {
        double counts = fmax((double)y[i], 0);
        double variance = read_variance + counts / adu + model_variance * counts * counts;

        w[i] = keep[i] > 0 ? (REAL)(1 / fmax(variance, MEM_TINY)) : 0;
    }
}

/* sum w b (ty - y) and sum w b^2: the last change b of the blurred image against the one that leads
 * from y to ty. */
SKS_SIMD
static void compare_changes(size_t n, const REAL *restrict w, const REAL *restrict y,
                            const REAL *restrict ty, const REAL *restrict b, double *across,
                            double *along)
{
    double bq = 0, bb = 0;

#pragma omp simd reduction(+ : bq, bb)
    for (size_t i = 0; i < n; i++) {
        REAL wb = w[i] * b[i];

        bq += (double)(wb * (ty[i] - y[i]));
        bb += (double)(wb * b[i]);
    }
    *across = bq;
    *along = bb;
}

/* q = ty - y - c q, the blurred image's share of the full change; returns sum w q^2. */
SKS_SIMD
static double change_data(size_t n, const REAL *restrict w, const REAL *restrict y,
                          const REAL *restrict ty, REAL c, REAL *restrict q)
{
    double sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        q[i] = ty[i] - y[i] - c * q[i];
        sum += (double)(w[i] * q[i] * q[i]);
    }
    return sum;
}

/* to = a + c b; `to` may be a. */
SKS_SIMD
static void add_scaled(size_t n, REAL c, const REAL *restrict b, const REAL *a, REAL *to)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = a[i] + c * b[i];
}

/* Poisson: -dJ/ds over alpha of the data's part, above that at y, at y + s q, and its derivatives.
 */
static void poisson_slope(size_t n, const REAL *restrict d, const REAL *restrict keep,
                          const REAL *restrict y, const REAL *restrict q, double s,
                          struct mem_slope *sums)
{
    for (size_t i = 0; i < n; i++) {
        double x = (double)y[i] + s * (double)q[i], ratio = (double)q[i] / x;

        if (keep[i] > 0 && y[i] > 0 && x > 0) {
            sums->first += 0.5 * (double)d[i] * s * ratio * (double)q[i] / (double)y[i];
            sums->second += 0.5 * (double)d[i] * ratio * ratio;
            sums->third -= (double)d[i] * ratio * ratio * ratio;
        }
    }
}
