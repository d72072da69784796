/* The sky around a star: the values in an annulus, sorted and stripped of outliers. */
#include "kernels/astro/photometry_model.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, N_DIGITS = 3, N_BUCKETS = 1 << DIGIT_BITS };

static const double MEDIAN_PART = 0.025; /* half width of the median's mean, of all pixels */

/* What is left of the sorted sky: values [low, high). */
struct survivors {
    size_t low, high;
    double sum, sum2, sum3; /* about the mean of all */
    double origin;
    double mean, sigma, skew;
};

/* The columns [*begin, *end) of a row (1-based, within 1 … nx) with dx^2 + dy2 <= r2: a guess from
 * the square root, made exact by the very test that defines the circle. */
static void circle_columns(double x, double dy2, double r2, long nx, long *begin, long *end)
{
    double half = r2 > dy2 ? sqrt(r2 - dy2) : 0;
    long b = (long)fmin(fmax(x - half - 1, 1), (double)nx + 1);
    long e = (long)fmin(fmax(x + half + 3, 1), (double)nx + 1);

    while (b < e && !(((double)b - x) * ((double)b - x) + dy2 <= r2))
        b++;
    while (e > b && !(((double)(e - 1) - x) * ((double)(e - 1) - x) + dy2 <= r2))
        e--;
    *begin = b;
    *end = e;
}

/* Appends the values of columns [begin, end), without NaN; the new number of values. */
static size_t gather_columns(float *sky, size_t n, const float *row, long begin, long end)
{
    for (long i = begin; i < end; i++) {
        float value = row[i - 1];

        sky[n] = value; /* always stored, not always counted: no branch to mispredict */
        n += !isnan(value);
    }
    return n;
}

/* Collects the annulus; the number of values. */
static size_t gather_sky(sks_photometer *p, const sks_view *v, double x, double y)
{
    double inner2 = p->options.annulus * p->options.annulus;
    double outer = p->options.annulus + p->options.dannulus, outer2 = outer * outer;
    long j0 = (long)fmax(ceil(y - outer), 1), j1 = (long)fmin(floor(y + outer), (double)v->ny);
    size_t n = 0;

    for (long j = j0; j <= j1; j++) {
        double dy2 = ((double)j - y) * ((double)j - y);
        const float *row = v->data + (size_t)(j - 1) * v->pitch;
        long begin, end, hole_begin, hole_end;

        circle_columns(x, dy2, outer2, (long)v->nx, &begin, &end);
        circle_columns(x, dy2, inner2, (long)v->nx, &hole_begin, &hole_end);
        if (hole_begin == hole_end) {
            n = gather_columns(p->sky, n, row, begin, end);
        } else {
            n = gather_columns(p->sky, n, row, begin, hole_begin);
            n = gather_columns(p->sky, n, row, hole_end, end);
        }
    }
    return n;
}

/* Floats as integers of the same order, and back. */
static uint32_t to_key(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits ^ ((bits >> 31) != 0 ? 0xffffffffu : 0x80000000u);
}

static float from_key(uint32_t key)
{
    uint32_t bits = key ^ ((key >> 31) != 0 ? 0x80000000u : 0xffffffffu);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Radix sort, least significant digit first. */
static void sort_sky(sks_photometer *p, size_t n)
{
    uint32_t count[N_DIGITS][N_BUCKETS] = {{0}};
    uint32_t *from = p->key[0], *to = p->key[1];

    for (size_t i = 0; i < n; i++) {
        uint32_t key = to_key(p->sky[i]);

        from[i] = key;
        for (int d = 0; d < N_DIGITS; d++)
            count[d][key >> (d * DIGIT_BITS) & (N_BUCKETS - 1)]++;
    }
    for (int d = 0; d < N_DIGITS; d++) {
        uint32_t at = 0;
        uint32_t *swap;

        for (size_t b = 0; b < N_BUCKETS; b++) {
            uint32_t here = count[d][b];

            count[d][b] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++)
            to[count[d][from[i] >> (d * DIGIT_BITS) & (N_BUCKETS - 1)]++] = from[i];
        swap = from;
        from = to;
        to = swap;
    }
    for (size_t i = 0; i < n; i++)
        p->sky[i] = from_key(from[i]);
}

/* Adds (sign 1) or removes (-1) the values [begin, end). */
static void count_in(const float *sky, size_t begin, size_t end, double sign, struct survivors *s)
{
    double sum = 0, sum2 = 0, sum3 = 0;

    for (size_t i = begin; i < end; i++) {
        double d = (double)sky[i] - s->origin;

        sum += d;
        sum2 += d * d;
        sum3 += d * d * d;
    }
    s->sum += sign * sum;
    s->sum2 += sign * sum2;
    s->sum3 += sign * sum3;
}

static void take_moments(struct survivors *s)
{
    double n = (double)(s->high - s->low);
    double m = s->sum / n;
    double variance = s->sum2 / n - m * m;
    double third = s->sum3 / n - 3 * m * s->sum2 / n + 2 * m * m * m;

    s->mean = s->origin + m;
    s->sigma = variance > 0 ? sqrt(variance) : 0;
    s->skew = cbrt(third);
}

/* The mean of the values around rank `middle`, counted from 1 in the whole sorted list: c below
 * it, c above, and one more above when the rank is even. */
static float middle_mean(const float *sky, const struct survivors *s, size_t middle)
{
    size_t c = (size_t)lround(MEDIAN_PART * (double)(s->high - s->low));
    size_t above = c + (middle % 2 == 0 ? 1 : 0);
    size_t low = middle > s->low + c ? middle - c : s->low + 1;
    size_t high = middle + above < s->high ? middle + above : s->high;
    float sum = 0;

    for (size_t rank = low; rank <= high; rank++)
        sum += sky[rank - 1];
    return sum / (float)(high - low + 1);
}

static float sky_value(const struct survivors *s, sks_sky_rule rule, float median)
{
    if (rule == SKS_SKY_MEDIAN)
        return median;
    if (rule == SKS_SKY_MEAN || s->mean < (double)median)
        return (float)s->mean;
    return (float)(3 * (double)median - 2 * s->mean);
}

/* The limits of a pass. In the first, neither is farther out than the nearer of the two
 * extremes. */
static void limits(const sks_phot_options *o, const float *sky, const struct survivors *s,
                   bool is_first, float centre, float *low, float *high)
{
    float sigma = (float)s->sigma;
    float cut_low = o->reject_low > 0 ? (float)o->reject_low * sigma : INFINITY;
    float cut_high = o->reject_high > 0 ? (float)o->reject_high * sigma : INFINITY;

    if (is_first) {
        float nearest = fminf(centre - sky[s->low], sky[s->high - 1] - centre);

        cut_low = fminf(cut_low, nearest);
        cut_high = fminf(cut_high, nearest);
    }
    *low = centre - cut_low;
    *high = centre + cut_high;
}

/* Rejection pass by pass on the sorted values; false when none is left. */
static bool reject(const sks_phot_options *o, const float *sky, size_t n, struct survivors *s,
                   float *value)
{
    float median = middle_mean(sky, s, (n + 1) / 2);
    bool has_limits = o->reject_low > 0 || o->reject_high > 0;

    *value = sky_value(s, o->sky, median);
    for (unsigned pass = 0; has_limits && pass < o->n_passes && s->sigma > 0; pass++) {
        size_t low = s->low, high = s->high;
        float low_limit, high_limit;

        limits(o, sky, s, pass == 0, pass == 0 && o->sky == SKS_SKY_MODE ? median : *value,
               &low_limit, &high_limit);
        while (low < high && sky[low] < low_limit)
            low++;
        while (high > low && sky[high - 1] > high_limit)
            high--;
        if (low == s->low && high == s->high)
            break;
        count_in(sky, s->low, low, -1, s);
        count_in(sky, high, s->high, -1, s);
        s->low = low;
        s->high = high;
        if (low == high)
            return false;
        take_moments(s);
        median = middle_mean(sky, s, (low + 1 + high) / 2);
        *value = sky_value(s, o->sky, median);
    }
    return true;
}

void sks_measure_sky(sks_photometer *p, const sks_view *v, double x, double y, sks_phot *phot)
{
    size_t n = gather_sky(p, v, x, y);
    struct survivors s = {.low = 0, .high = n};
    double total = 0;
    float value;

    phot->n_sky = n;
    if (n == 0) {
        phot->sky_code = SKS_SKY_NO_PIXELS;
        return;
    }
    sort_sky(p, n);
    for (size_t i = 0; i < n; i++)
        total += (double)p->sky[i];
    s.origin = total / (double)n; /* sums about the mean: no cancellation on a bright sky */
    count_in(p->sky, 0, n, 1, &s);
    take_moments(&s);
    if (!reject(&p->options, p->sky, n, &s, &value)) {
        phot->sky_code = SKS_SKY_TOO_FEW;
        phot->n_sky = 0;
        phot->n_rejected = n;
        return;
    }
    phot->n_sky = s.high - s.low;
    phot->n_rejected = n - phot->n_sky;
    phot->sky = (double)value;
    phot->sky_sigma = s.sigma;
    phot->sky_skew = s.skew;
}
