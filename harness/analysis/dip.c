#include "harness/analysis/dip.h"

#include <math.h>
#include <stdlib.h>

/* The work space: for each value, the neighbour it is joined to in the greatest convex minorant
 * (from the left) and in the least concave majorant (from the right) of the empirical
 * distribution function; and the corners of both over the current interval. */
typedef struct hulls {
    const double *x;
    size_t n;
    size_t *minorant, *majorant; /* [n] */
    size_t *gcm, *lcm;           /* [n + 1], corners: downwards from `high`, upwards from `low` */
    size_t n_gcm, n_lcm;
} hulls;

/* Which of two chords ending in the corner b, a-b and b-c, is the flatter one, without dividing by
 * distances that may be zero. */
static int is_convex(const hulls *h, size_t a, size_t b, size_t c)
{
    double along = (h->x[c] - h->x[b]) * ((double)b - (double)a);

    return along < (h->x[b] - h->x[a]) * ((double)c - (double)b);
}

static void join_neighbours(hulls *h)
{
    size_t last = h->n - 1;

    h->minorant[0] = 0;
    for (size_t j = 1; j < h->n; j++) {
        size_t i = j - 1;

        while (i > 0 && !is_convex(h, h->minorant[i], i, j))
            i = h->minorant[i];
        h->minorant[j] = i;
    }
    h->majorant[last] = last;
    for (size_t k = last; k-- > 0;) {
        size_t i = k + 1;

        while (i < last && !is_convex(h, h->majorant[i], i, k))
            i = h->majorant[i];
        h->majorant[k] = i;
    }
}

static void list_corners(hulls *h, size_t low, size_t high)
{
    h->n_gcm = h->n_lcm = 1;
    h->gcm[0] = high;
    while (h->gcm[h->n_gcm - 1] > low) {
        h->gcm[h->n_gcm] = h->minorant[h->gcm[h->n_gcm - 1]];
        h->n_gcm++;
    }
    h->lcm[0] = low;
    while (h->lcm[h->n_lcm - 1] < high) {
        h->lcm[h->n_lcm] = h->majorant[h->lcm[h->n_lcm - 1]];
        h->n_lcm++;
    }
}

/* Height, in samples, of the chord from a to b at x[at], above a. */
static double rise(const hulls *h, size_t a, size_t b, size_t at)
{
    return (h->x[at] - h->x[a]) * ((double)b - (double)a) / (h->x[b] - h->x[a]);
}

/* The greatest distance between minorant and majorant, and the corners *ig and *ih that bound the
 * modal interval: it lies between them. */
static double widest_gap(const hulls *h, size_t *ig, size_t *ih)
{
    size_t ix = h->n_gcm - 2, iv = 1;
    double gap = 0.0;

    *ig = h->n_gcm - 1;
    *ih = h->n_lcm - 1;
    if (h->n_gcm == 2 && h->n_lcm == 2)
        return 1.0;
    do {
        size_t g = h->gcm[ix], l = h->lcm[iv];
        double d;

        if (g > l) { /* the next corner is the majorant's: hold it against the minorant's chord */
            size_t before = h->gcm[ix + 1];

            d = (double)(l - before) + 1.0 - rise(h, before, g, l);
            iv++;
            if (d >= gap) {
                gap = d;
                *ig = ix + 1;
                *ih = iv - 1;
            }
        } else {
            size_t before = h->lcm[iv - 1];

            d = rise(h, before, l, g) - ((double)g - (double)before - 1.0);
            if (d >= gap) {
                gap = d;
                *ig = ix;
                *ih = iv;
            }
            ix -= ix > 0;
        }
        if (iv > h->n_lcm - 1)
            iv = h->n_lcm - 1;
    } while (h->gcm[ix] != h->lcm[iv]);
    return gap;
}

/* How far the samples between two corners lie above (sign 1) or below (-1) their chord. */
static double deviation(const hulls *h, size_t a, size_t b, int sign)
{
    double greatest = 1.0;

    if (b - a <= 1 || !(h->x[b] > h->x[a]))
        return greatest;
    for (size_t i = a; i <= b; i++) {
        double above = (double)(i - a) - rise(h, a, b, i);

        greatest = fmax(greatest, sign * above + 1.0);
    }
    return greatest;
}

static double find_dip(hulls *h)
{
    size_t low = 0, high = h->n - 1;
    double dip = 1.0; /* in samples, twice over: the least there can be */

    join_neighbours(h);
    for (;;) {
        size_t ig, ih;

        list_corners(h, low, high);
        if (widest_gap(h, &ig, &ih) < dip)
            break;
        for (size_t j = ig; j + 1 < h->n_gcm; j++)
            dip = fmax(dip, deviation(h, h->gcm[j + 1], h->gcm[j], 1));
        for (size_t j = ih; j + 1 < h->n_lcm; j++)
            dip = fmax(dip, deviation(h, h->lcm[j], h->lcm[j + 1], -1));
        if (low == h->gcm[ig] && high == h->lcm[ih])
            break;
        low = h->gcm[ig];
        high = h->lcm[ih];
    }
    return dip / (2.0 * (double)h->n);
}

sks_status sks_dip(const double *sorted, size_t n, double *dip)
{
    size_t *work;
    hulls h = {.x = sorted, .n = n};

    if (n < 4 || !(sorted[n - 1] > sorted[0])) {
        *dip = 0.5 / (double)n;
        return SKS_OK;
    }
    work = malloc((4 * n + 2) * sizeof(*work));
    if (work == NULL)
        return sks_fail_nomem("the dip");
    h.minorant = work;
    h.majorant = work + n;
    h.gcm = work + 2 * n;
    h.lcm = work + 3 * n + 1;
    *dip = find_dip(&h);
    free(work);
    return SKS_OK;
}

/* Quantiles of sqrt(n) times the dip of n uniform numbers, from 10^6 samples each (5 10^5 of 200,
 * 10^5 of more). They approach a limit: beyond the last row that row is good enough. */
enum { N_LEVELS = 8, N_SIZES = 11 };
static const double levels[N_LEVELS] = {0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999};
static const struct {
    size_t n;
    double quantile[N_LEVELS];
} table[N_SIZES] = {
    {6, {0.3014, 0.3658, 0.3897, 0.4034, 0.4384, 0.4700, 0.4956, 0.5367}},
    {8, {0.3139, 0.3547, 0.4009, 0.4353, 0.4690, 0.4886, 0.5053, 0.5475}},
    {10, {0.3092, 0.3758, 0.4128, 0.4418, 0.4770, 0.5044, 0.5282, 0.5710}},
    {15, {0.3238, 0.3857, 0.4262, 0.4595, 0.4984, 0.5260, 0.5509, 0.6013}},
    {20, {0.3280, 0.3952, 0.4350, 0.4706, 0.5117, 0.5398, 0.5653, 0.6189}},
    {30, {0.3367, 0.4050, 0.4464, 0.4831, 0.5264, 0.5561, 0.5844, 0.6417}},
    {50, {0.3455, 0.4160, 0.4589, 0.4968, 0.5416, 0.5730, 0.6016, 0.6631}},
    {100, {0.3547, 0.4273, 0.4717, 0.5113, 0.5582, 0.5909, 0.6213, 0.6869}},
    {200, {0.3617, 0.4355, 0.4808, 0.5214, 0.5694, 0.6028, 0.6351, 0.7021}},
    {500, {0.3681, 0.4427, 0.4889, 0.5295, 0.5786, 0.6124, 0.6459, 0.7191}},
    {1000, {0.3717, 0.4467, 0.4926, 0.5341, 0.5857, 0.6187, 0.6528, 0.7308}},
};

/* The quantile of the i-th level for n numbers, by interpolation in log n. */
static double quantile_of(int i, size_t n)
{
    size_t row = 0;
    double weight;

    while (row + 1 < N_SIZES && table[row + 1].n <= n)
        row++;
    if (row + 1 == N_SIZES)
        return table[row].quantile[i];
    weight = log((double)n / (double)table[row].n) /
             log((double)table[row + 1].n / (double)table[row].n);
    return table[row].quantile[i] + weight * (table[row + 1].quantile[i] - table[row].quantile[i]);
}

/* The tail falls like that of a normal distribution: log p is interpolated, and extrapolated from
 * the last two levels, as linear in the square of sqrt(n) dip. */
double sks_dip_p(double dip, size_t n)
{
    double square = (double)n * dip * dip;
    double x0 = 0.0, y0 = 0.0, x1 = 0.0, y1 = 0.0;

    if (n < table[0].n)
        return NAN;
    for (int i = 0; i < N_LEVELS && (i == 0 || square >= x1); i++) {
        x0 = x1;
        y0 = y1;
        x1 = pow(quantile_of(i, n), 2.0);
        y1 = log1p(-levels[i]);
    }
    return exp(y0 + (y1 - y0) * (square - x0) / (x1 - x0));
}
