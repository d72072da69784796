#include "harness/analysis/rank_tests.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

/* Ranks are kept doubled, so that the midrank of a tie is a whole number too. */

/* What ties do to the variance: the sum of t^3 - t over groups of t equal values. */
typedef struct ranking {
    size_t n;
    unsigned *doubled; /* [n] */
    double ties;
} ranking;

static sks_status rank_sorted(const double *sorted, size_t n, ranking *ranks)
{
    unsigned *doubled = malloc((n + 1) * sizeof(*doubled));
    double ties = 0.0;

    if (doubled == NULL)
        return sks_fail_nomem("ranks");
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && sorted[end] == sorted[i])
            end++;
        for (size_t j = i; j < end; j++)
            doubled[j] = (unsigned)(i + 1 + end);
        ties += pow((double)(end - i), 3.0) - (double)(end - i);
    }
    *ranks = (ranking){n, doubled, ties};
    return SKS_OK;
}

static double two_sided(double below, double above)
{
    return fmin(1.0, 2.0 * fmin(below, above));
}

/* The normal approximation, moved half a step towards the mean. */
static double normal_p(double statistic, double mean, double variance)
{
    double distance = fmax(0.0, fabs(statistic - mean) - 0.5);

    return variance > 0.0 ? fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q(distance / sqrt(variance))) : 1.0;
}

/* P(S <= s) and P(S >= s) from probability[size]. */
static void tails(const double *probability, size_t size, size_t s, double *below, double *above)
{
    *below = *above = 0.0;
    for (size_t i = 0; i < size; i++) {
        *below += i <= s ? probability[i] : 0.0;
        *above += i >= s ? probability[i] : 0.0;
    }
}

/* The rank k, from 1, such that [k-th smallest, k-th greatest] of the pairs contains the shift with
 * at least `confidence`; 0 when there is none. probability[size] is that of the statistic without
 * ties, or NULL where the normal approximation with these moments is good enough. */
static uint64_t interval_rank(const double *probability, size_t size, double mean, double variance,
                              double confidence)
{
    double tail = 0.5 * (1.0 - confidence), below = 0.0;
    double k;

    if (probability == NULL) {
        k = floor(mean + 0.5 + gsl_cdf_ugaussian_Pinv(tail) * sqrt(variance));
        return k >= 1.0 ? (uint64_t)k : 1;
    }
    for (size_t i = 0; i < size; i++) {
        below += probability[i];
        if (below > tail)
            return i; /* P(S <= i - 1) <= tail */
    }
    return 0;
}

/* ---- signed rank ---- */

double sks_signed_rank_least_p(size_t n)
{
    return n > 1 ? ldexp(1.0, 1 - (int)(n < 1000 ? n : 1000)) : 1.0;
}

/* Of the sum of those ranks that are drawn, each with probability 1/2: [sum of all + 1]. */
static double *signed_rank_distribution(const unsigned *rank, size_t n, size_t *size)
{
    size_t sum = 0;
    double *p;

    for (size_t i = 0; i < n; i++)
        sum += rank[i];
    p = calloc(sum + 1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p[0] = 1.0;
    for (size_t i = 0; i < n; i++)
        for (size_t s = sum + 1; s-- > 0;)
            p[s] = 0.5 * (p[s] + (s >= rank[i] ? p[s - rank[i]] : 0.0));
    *size = sum + 1;
    return p;
}

static int by_magnitude(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

static double between(double low, double high)
{
    return low == high ? low : 0.5 * (low + high); /* infinities and huge values stay themselves */
}

static sks_status signed_rank_p(const double *d, size_t n, sks_rank_test *test)
{
    double *magnitude = malloc((n + 1) * sizeof(*magnitude));
    double *probability = NULL;
    ranking ranks = {0};
    size_t doubled = 0, size = 0;
    double mean = 0.25 * (double)n * (double)(n + 1);
    sks_status status = magnitude != NULL ? SKS_OK : sks_fail_nomem("ranks");

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        magnitude[i] = fabs(d[i]);
    if (status == SKS_OK)
        status = rank_sorted(magnitude, n, &ranks);
    if (status != SKS_OK)
        goto out;
    for (size_t i = 0; i < n; i++)
        doubled += d[i] > 0.0 ? ranks.doubled[i] : 0;
    test->statistic = 0.5 * (double)doubled;
    test->is_exact = n <= SKS_EXACT_RANKS;
    if (test->is_exact) {
        double below, above;

        probability = signed_rank_distribution(ranks.doubled, n, &size);
        if (probability == NULL) {
            status = sks_fail_nomem("a rank distribution");
            goto out;
        }
        tails(probability, size, doubled, &below, &above);
        test->p = two_sided(below, above);
    } else {
        test->p =
            normal_p(test->statistic, mean, mean * (double)(2 * n + 1) / 6.0 - ranks.ties / 48.0);
    }
out:
    free(probability);
    free(ranks.doubled);
    free(magnitude);
    return status;
}

static sks_status signed_rank_shift(const double *sorted, size_t n, double confidence,
                                    sks_estimate *shift)
{
    uint64_t pairs = (uint64_t)n * (n + 1) / 2, k;
    double mean = 0.5 * (double)pairs;
    double *probability = NULL;
    size_t size = 0;

    if (n <= SKS_EXACT_RANKS) {
        unsigned rank[SKS_EXACT_RANKS];

        for (size_t i = 0; i < n; i++)
            rank[i] = (unsigned)i + 1;
        probability = signed_rank_distribution(rank, n, &size);
        if (probability == NULL)
            return sks_fail_nomem("a rank distribution");
    }
    k = interval_rank(probability, size, mean, mean * (double)(2 * n + 1) / 6.0, confidence);
    free(probability);
    shift->value = between(sks_walsh_average(sorted, n, (pairs + 1) / 2),
                           sks_walsh_average(sorted, n, pairs / 2 + 1));
    shift->interval = sks_no_interval;
    if (k > 0)
        shift->interval = (sks_interval){sks_walsh_average(sorted, n, k),
                                         sks_walsh_average(sorted, n, pairs + 1 - k)};
    return SKS_OK;
}

sks_status sks_signed_rank_test(const double *difference, size_t n, double confidence,
                                sks_rank_test *test)
{
    double *d = malloc((n + 1) * sizeof(*d));
    sks_rank_test made = {.is_exact = true, .p = 1.0, .least_p = 1.0, .shift = {0.0, {NAN, NAN}}};
    sks_status status = SKS_OK;

    if (d == NULL)
        return sks_fail_nomem("differences");
    for (size_t i = 0; i < n; i++)
        if (difference[i] != 0.0)
            d[made.n++] = difference[i];
    if (made.n > 0) {
        qsort(d, made.n, sizeof(*d), by_magnitude);
        made.least_p = sks_signed_rank_least_p(made.n);
        status = signed_rank_p(d, made.n, &made);
    }
    if (status == SKS_OK && made.n > 0) {
        gsl_sort(d, 1, made.n);
        status = signed_rank_shift(d, made.n, confidence, &made.shift);
    }
    free(d);
    if (status == SKS_OK)
        *test = made;
    return status;
}

/* ---- rank sum ---- */

double sks_rank_sum_least_p(size_t n_x, size_t n_y)
{
    size_t n = n_x + n_y;

    if (n_x == 0 || n_y == 0)
        return 1.0;
    return fmin(1.0,
                2.0 * exp(gsl_sf_lngamma((double)n_x + 1.0) + gsl_sf_lngamma((double)n_y + 1.0) -
                          gsl_sf_lngamma((double)n + 1.0)));
}

/* Of the sum of k ranks drawn from rank[n] without putting back: [sum of the k greatest + 1]. The
 * ranks ascend. */
static double *rank_sum_distribution(const unsigned *rank, size_t n, size_t k, size_t *size)
{
    size_t top = 0;
    double *ways, *p, total = 0.0;

    for (size_t i = n - k; i < n; i++)
        top += rank[i];
    *size = top + 1;
    ways = calloc((k + 1) * *size, sizeof(*ways));
    p = malloc(*size * sizeof(*p));
    if (ways == NULL || p == NULL) {
        free(ways);
        free(p);
        return NULL;
    }
    ways[0] = 1.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = k < i + 1 ? k : i + 1; j > 0; j--) {
            double *to = ways + j * *size + rank[i];
            const double *from = ways + (j - 1) * *size;

            for (size_t s = 0; s + rank[i] < *size; s++)
                to[s] += from[s];
        }
    for (size_t s = 0; s < *size; s++)
        total += ways[k * *size + s];
    for (size_t s = 0; s < *size; s++)
        p[s] = ways[k * *size + s] / total;
    free(ways);
    return p;
}

/* x and y merged in ascending order, and which of them are x. */
static size_t merge(const double *x, size_t n_x, const double *y, size_t n_y, double *all,
                    bool *is_x)
{
    size_t i = 0, j = 0, n = 0;

    while (i < n_x || j < n_y) {
        is_x[n] = j == n_y || (i < n_x && x[i] <= y[j]);
        all[n] = is_x[n] ? x[i++] : y[j++];
        n++;
    }
    return n;
}

static sks_status exact_rank_sum_p(const ranking *ranks, size_t n_x, size_t doubled,
                                   sks_rank_test *test)
{
    bool is_tied = ranks->ties > 0.0;
    unsigned rank[SKS_EXACT_RANKS];
    double below, above, *probability;
    size_t size;

    for (size_t i = 0; i < ranks->n; i++)
        rank[i] = is_tied ? ranks->doubled[i] : ranks->doubled[i] / 2;
    probability = rank_sum_distribution(rank, ranks->n, n_x, &size);
    if (probability == NULL)
        return sks_fail_nomem("a rank distribution");
    tails(probability, size, is_tied ? doubled : doubled / 2, &below, &above);
    free(probability);
    test->p = two_sided(below, above);
    return SKS_OK;
}

static sks_status rank_sum_p(const double *x, size_t n_x, const double *y, size_t n_y,
                             sks_rank_test *test)
{
    double m = (double)n_x, k = (double)n_y, n = m + k;
    double *all = malloc((n_x + n_y) * sizeof(*all));
    bool *is_x = malloc((n_x + n_y) * sizeof(*is_x));
    ranking ranks = {0};
    size_t doubled = 0;
    sks_status status = all != NULL && is_x != NULL ? SKS_OK : sks_fail_nomem("ranks");

    if (status == SKS_OK)
        status = rank_sorted(all, merge(x, n_x, y, n_y, all, is_x), &ranks);
    for (size_t i = 0; status == SKS_OK && i < ranks.n; i++)
        doubled += is_x[i] ? ranks.doubled[i] : 0;
    if (status == SKS_OK) {
        test->statistic = 0.5 * (double)doubled - 0.5 * m * (m + 1.0);
        test->is_exact = ranks.n <= SKS_EXACT_RANKS;
        if (test->is_exact)
            status = exact_rank_sum_p(&ranks, n_x, doubled, test);
        else
            test->p = normal_p(test->statistic, 0.5 * m * k,
                               m * k / 12.0 * (n + 1.0 - ranks.ties / (n * (n - 1.0))));
    }
    free(ranks.doubled);
    free(is_x);
    free(all);
    return status;
}

static sks_status rank_sum_shift(const double *x, size_t n_x, const double *y, size_t n_y,
                                 double confidence, sks_estimate *shift)
{
    uint64_t pairs = (uint64_t)n_x * n_y, k;
    size_t n = n_x + n_y, least = n_x * (n_x + 1) / 2, size = 0;
    double *probability = NULL;

    if (n <= SKS_EXACT_RANKS) {
        unsigned rank[SKS_EXACT_RANKS];

        for (size_t i = 0; i < n; i++)
            rank[i] = (unsigned)i + 1;
        probability = rank_sum_distribution(rank, n, n_x, &size);
        if (probability == NULL)
            return sks_fail_nomem("a rank distribution");
    }
    k = interval_rank(probability != NULL ? probability + least : NULL, size - least,
                      0.5 * (double)pairs, (double)pairs * (double)(n + 1) / 12.0, confidence);
    free(probability);
    shift->value = between(sks_pair_difference(x, n_x, y, n_y, (pairs + 1) / 2),
                           sks_pair_difference(x, n_x, y, n_y, pairs / 2 + 1));
    shift->interval = sks_no_interval;
    if (k > 0)
        shift->interval = (sks_interval){sks_pair_difference(x, n_x, y, n_y, k),
                                         sks_pair_difference(x, n_x, y, n_y, pairs + 1 - k)};
    return SKS_OK;
}

sks_status sks_rank_sum_test(const double *x, size_t n_x, const double *y, size_t n_y,
                             double confidence, sks_rank_test *test)
{
    sks_rank_test made = {.n = n_x + n_y, .least_p = sks_rank_sum_least_p(n_x, n_y)};
    sks_status status = rank_sum_p(x, n_x, y, n_y, &made);

    if (status == SKS_OK)
        status = rank_sum_shift(x, n_x, y, n_y, confidence, &made.shift);
    if (status == SKS_OK)
        *test = made;
    return status;
}

sks_status sks_rank_sum_p(const double *x, size_t n_x, const double *y, size_t n_y, double *p)
{
    sks_rank_test test = {0};
    sks_status status = rank_sum_p(x, n_x, y, n_y, &test);

    if (status == SKS_OK)
        *p = test.p;
    return status;
}

double sks_cliffs_delta(const double *x, size_t n_x, const double *y, size_t n_y)
{
    size_t below = 0, not_above = 0;
    double difference = 0.0;

    for (size_t i = 0; i < n_x; i++) {
        while (below < n_y && y[below] < x[i])
            below++;
        while (not_above < n_y && y[not_above] <= x[i])
            not_above++;
        difference += (double)below - (double)(n_y - not_above);
    }
    return difference / ((double)n_x * (double)n_y);
}
