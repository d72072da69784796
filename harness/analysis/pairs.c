/* Order statistics of all pairs of samples, without writing the pairs down. */
#include "harness/analysis/rank_tests.h"

#include <string.h>

/* Doubles as whole numbers in the same order, so that bisecting those visits every double. */
static uint64_t to_ordered(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double from_ordered(uint64_t ordered)
{
    uint64_t bits = ordered >> 63 ? ordered & ~(UINT64_C(1) << 63) : ~ordered;
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

typedef struct samples {
    const double *x, *y;
    size_t n_x, n_y;
} samples;

/* Pairs i <= j with (x_i + x_j)/2 <= limit. Rounding is monotonic, so the two pointers only ever
 * move one way, as they would with exact sums. */
static uint64_t count_walsh(const samples *s, double limit)
{
    uint64_t count = 0;
    size_t end = s->n_x; /* x[i] pairs up with everything before it */

    for (size_t i = 0; i < end; i++) {
        while (end > i && 0.5 * (s->x[i] + s->x[end - 1]) > limit)
            end--;
        count += end - i;
    }
    return count;
}

static uint64_t count_differences(const samples *s, double limit)
{
    uint64_t count = 0;
    size_t begin = 0; /* x[i] - y[j] <= limit from here on */

    for (size_t i = 0; i < s->n_x; i++) {
        while (begin < s->n_y && s->x[i] - s->y[begin] > limit)
            begin++;
        count += s->n_y - begin;
    }
    return count;
}

/* The least double in [low, high] with at least k pairs up to it. */
static double kth(const samples *s, uint64_t (*count)(const samples *, double), double low,
                  double high, uint64_t k)
{
    uint64_t a = to_ordered(low), b = to_ordered(high);

    while (a < b) {
        uint64_t middle = a + (b - a) / 2;

        if (count(s, from_ordered(middle)) >= k)
            b = middle;
        else
            a = middle + 1;
    }
    return from_ordered(a);
}

double sks_walsh_average(const double *x, size_t n, uint64_t k)
{
    const samples s = {.x = x, .n_x = n};

    return kth(&s, count_walsh, x[0], x[n - 1], k);
}

double sks_pair_difference(const double *x, size_t n_x, const double *y, size_t n_y, uint64_t k)
{
    const samples s = {x, y, n_x, n_y};

    return kth(&s, count_differences, x[0] - y[n_y - 1], x[n_x - 1] - y[0], k);
}
