/* The summary of many comparisons: how many of which kind, and the geometric mean of the ratios. */
#include "harness/analysis/bootstrap.h"
#include "harness/analysis/compare_parts.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rounds of a side: warm-ups come first and are not among the samples. */
typedef struct span {
    unsigned first, last;
} span;

static span rounds_of(const sks_match *const *matches, size_t n, int side)
{
    span all = {UINT_MAX, 0};

    for (size_t i = 0; i < n; i++) {
        const sks_point *p = side == 0 ? matches[i]->base : matches[i]->new;
        unsigned first = sks_round_of(p, 0), last = sks_round_of(p, p->n - 1);

        all.first = first < all.first ? first : all.first;
        all.last = last > all.last ? last : all.last;
    }
    return all;
}

/* Sums of logarithms of ratios over configurations, and of how many: a configuration none of whose
 * rounds was drawn is not in the mean of that replicate. */
typedef struct log_sums {
    size_t n;
    double *sum;
    unsigned *count;
} log_sums;

static void add_logs(log_sums *sums, const double *new, double new_whole, const double *base,
                     double base_whole)
{
    for (size_t i = 0; i < sums->n; i++) {
        double ratio = (new != NULL ? new[i] : new_whole) / (base != NULL ? base[i] : base_whole);

        if (!isnan(ratio)) {
            sums->sum[i] += log(ratio);
            sums->count[i]++;
        }
    }
}

/* Turns sums into geometric means; returns how many there are. */
static size_t to_means(log_sums *sums)
{
    size_t kept = 0;

    for (size_t i = 0; i < sums->n; i++)
        if (sums->count[i] > 0)
            sums->sum[kept++] = exp(sums->sum[i] / sums->count[i]);
    return kept;
}

static sks_status log_sums_create(size_t n, log_sums *sums)
{
    *sums = (log_sums){n, calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(unsigned))};
    return sums->sum != NULL && sums->count != NULL ? SKS_OK : sks_fail_nomem("geometric means");
}

static void log_sums_clear(log_sums *sums)
{
    free(sums->sum);
    free(sums->count);
}

/* What is added up over the configurations of a group. */
typedef struct group_bootstrap {
    bool is_paired;    /* one resampling for both sks_sides */
    unsigned first[2]; /* round, of base and new */
    sks_resampling resampling[2];
    log_sums replicates, left_out[2];
} group_bootstrap;

static sks_status add_configuration(group_bootstrap *g, const sks_match *match)
{
    double *replicates[2] = {NULL, NULL}, *left_out[2] = {NULL, NULL};
    double median[2];
    sks_sides s = {0};
    sks_status status = sks_sides_create(match, &s);

    for (int i = 0; status == SKS_OK && i < 2; i++) {
        median[i] = sks_median(s.sorted[i], s.n[i]);
        for (size_t k = 0; k < s.n[i]; k++)
            s.rounds[i][k] -= g->first[i];
        status = sks_resampled_medians(&g->resampling[g->is_paired ? 0 : i], s.seconds[i],
                                       s.rounds[i], s.n[i], &replicates[i], &left_out[i]);
    }
    if (status == SKS_OK) {
        add_logs(&g->replicates, replicates[1], 0.0, replicates[0], 0.0);
        add_logs(&g->left_out[0], g->is_paired ? left_out[1] : NULL, median[1], left_out[0], 0.0);
        if (!g->is_paired)
            add_logs(&g->left_out[1], left_out[1], 0.0, NULL, median[0]);
    }
    for (int i = 0; i < 2; i++) {
        free(replicates[i]);
        free(left_out[i]);
    }
    sks_sides_clear(&s);
    return status;
}

static sks_status group_create(const sks_match *const *matches, size_t n,
                               const sks_compare_options *options, group_bootstrap *g)
{
    span rounds[2] = {rounds_of(matches, n, 0), rounds_of(matches, n, 1)};
    sks_status status = SKS_OK;

    g->is_paired = matches[0]->shares_rounds;
    if (g->is_paired) {
        span both = {rounds[rounds[1].first < rounds[0].first].first,
                     rounds[rounds[1].last > rounds[0].last].last};

        rounds[0] = rounds[1] = both;
    }
    for (int i = 0; status == SKS_OK && i < 2; i++) {
        g->first[i] = rounds[i].first;
        status = sks_resampling_create(rounds[i].last - rounds[i].first + 1, options->n_replicates,
                                       options->seed, 2 + (uint64_t)i, &g->resampling[i]);
    }
    if (status == SKS_OK)
        status = log_sums_create(options->n_replicates, &g->replicates);
    for (int i = 0; status == SKS_OK && i < 2; i++)
        status = log_sums_create(g->resampling[i].n_blocks, &g->left_out[i]);
    return status;
}

static sks_status geometric_interval(const sks_match *const *matches, size_t n,
                                     const sks_compare_options *options, double estimate,
                                     sks_interval *interval)
{
    group_bootstrap g = {0};
    double *jackknife = NULL;
    size_t n_replicates, n_jackknife;
    sks_status status = group_create(matches, n, options, &g);

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = add_configuration(&g, matches[i]);
    if (status == SKS_OK) {
        jackknife = malloc((g.left_out[0].n + g.left_out[1].n) * sizeof(*jackknife));
        if (jackknife == NULL)
            status = sks_fail_nomem("the jackknife");
    }
    if (status == SKS_OK) {
        n_replicates = to_means(&g.replicates);
        n_jackknife = to_means(&g.left_out[0]);
        memcpy(jackknife, g.left_out[0].sum, n_jackknife * sizeof(*jackknife));
        if (!g.is_paired) {
            size_t more = to_means(&g.left_out[1]);

            memcpy(jackknife + n_jackknife, g.left_out[1].sum, more * sizeof(*jackknife));
            n_jackknife += more;
        }
        *interval = sks_ratio_interval(g.replicates.sum, n_replicates, estimate, jackknife,
                                       n_jackknife, g.is_paired, options->confidence);
    }
    free(jackknife);
    log_sums_clear(&g.replicates);
    for (int i = 0; i < 2; i++) {
        log_sums_clear(&g.left_out[i]);
        sks_resampling_clear(&g.resampling[i]);
    }
    return status;
}

static sks_status summarise(const sks_comparison *c, size_t n, const sks_compare_options *options,
                            sks_compare_summary *summary)
{
    const sks_match **matches = malloc((n + 1) * sizeof(*matches));
    size_t min_n = sks_median_min_n(options->confidence);
    bool has_enough = n > 0;
    double logs = 0.0;
    sks_status status = matches != NULL ? SKS_OK : sks_fail_nomem("a summary");

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        matches[i] = c[i].match;
        summary->count[c[i].change]++;
        logs += log(c[i].ratio.value) / (double)n;
        has_enough = has_enough && c[i].n_base >= min_n && c[i].n_new >= min_n;
    }
    summary->n = n;
    summary->geometric_mean = sks_no_estimate;
    if (n > 0)
        summary->geometric_mean.value = exp(logs);
    if (status == SKS_OK && has_enough)
        status = geometric_interval(matches, n, options, summary->geometric_mean.value,
                                    &summary->geometric_mean.interval);
    free(matches);
    return status;
}

sks_status sks_summarise_groups(sks_compare_result *result)
{
    sks_status status = SKS_OK;
    size_t begin = 0;

    for (size_t g = 0; status == SKS_OK && g < result->n_groups; g++) {
        size_t end = begin;

        while (end < result->n && result->comparisons[end].match->group == g)
            end++;
        status = summarise(result->comparisons + begin, end - begin, &result->options,
                           &result->groups[g]);
        begin = end;
    }
    return status;
}
