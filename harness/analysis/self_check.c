#include "harness/analysis/self_check.h"

#include "harness/analysis/rank_tests.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What one split of one configuration gave. */
typedef struct outcome {
    double p, ratio;
} outcome;

/* Room for the splits of one configuration. Its samples are sorted once: dealt out in that order
 * they are sorted under both names. */
typedef struct bench {
    size_t n, half;
    double *log;     /* [n], in the order of measurement */
    size_t *order;   /* [n], ascending */
    signed char *to; /* [n]: name 0 or 1, or -1 for neither */
    double *dealt;   /* [2 half] */
} bench;

static void bench_clear(bench *b)
{
    free(b->log);
    free(b->order);
    free(b->to);
    free(b->dealt);
}

static sks_status bench_create(const sks_point *point, bench *made)
{
    size_t n = point->n;
    bench b = {.n = n, .half = n / 2};

    b.log = malloc((n + 1) * sizeof(*b.log));
    b.order = malloc((n + 1) * sizeof(*b.order));
    b.to = malloc(n + 1);
    b.dealt = malloc((n + 1) * sizeof(*b.dealt));
    if (b.log == NULL || b.order == NULL || b.to == NULL || b.dealt == NULL) {
        bench_clear(&b);
        return sks_fail_nomem("the self-check");
    }
    for (size_t i = 0; i < n; i++)
        b.log[i] = log(point->seconds[i]);
    gsl_sort_index(b.order, b.log, 1, n);
    *made = b;
    return SKS_OK;
}

/* Compares the two names that to[] deals out, half the samples each. */
static sks_status compare_names(bench *b, outcome *made)
{
    double *end[2] = {b->dealt, b->dealt + b->half};
    double p;
    sks_status status;

    for (size_t k = 0; k < b->n; k++) {
        size_t i = b->order[k];

        if (b->to[i] >= 0)
            *end[b->to[i]]++ = b->log[i];
    }
    status = sks_rank_sum_p(b->dealt, b->half, b->dealt + b->half, b->half, &p);
    if (status == SKS_OK)
        *made = (outcome){
            p, exp(sks_median(b->dealt, b->half) - sks_median(b->dealt + b->half, b->half))};
    return status;
}

static void count(const outcome *o, const sks_compare_options *options, sks_alarms *alarms)
{
    bool is_alarm = o->p < 1.0 - options->confidence;

    alarms->n++;
    alarms->n_alarms += is_alarm;
    alarms->n_called += is_alarm && sks_is_beyond(o->ratio, options->threshold);
}

/* Of every two neighbours one to each name, at random. */
static void deal_neighbours(bench *b, sks_random *random)
{
    b->to[b->n - 1] = -1; /* left over when n is odd */
    for (size_t i = 0; i < b->half; i++) {
        signed char first = (signed char)gsl_rng_uniform_int(&random->gsl, 2);

        b->to[2 * i] = first;
        b->to[2 * i + 1] = (signed char)(1 - first);
    }
}

/* The later half to the first name, which is that of what is new. */
static void deal_halves(bench *b)
{
    for (size_t i = 0; i < b->n; i++)
        b->to[i] = i < b->half ? 1 : i >= b->n - b->half ? 0 : -1;
}

/* All splits of one configuration; outcomes[SKS_SELF_CHECK_SPLITS]. */
static sks_status check_point(const sks_point *point, uint64_t stream,
                              const sks_compare_options *options, sks_self_check *check,
                              outcome *outcomes)
{
    bench b = {0};
    sks_random random;
    outcome o;
    sks_status status = bench_create(point, &b);

    sks_random_init(&random, options->seed, stream);
    for (size_t split = 0; status == SKS_OK && split < SKS_SELF_CHECK_SPLITS; split++) {
        deal_neighbours(&b, &random);
        status = compare_names(&b, &outcomes[split]);
        if (status == SKS_OK)
            count(&outcomes[split], options, &check->interleaved);
    }
    if (status == SKS_OK) {
        deal_halves(&b);
        status = compare_names(&b, &o);
    }
    if (status == SKS_OK)
        count(&o, options, &check->halves);
    bench_clear(&b);
    return status;
}

/* Every split of all configurations together, as a comparison of two campaigns would judge it. */
static sks_status judge_campaigns(const outcome *outcomes, size_t n,
                                  const sks_compare_options *options, sks_self_check *check)
{
    double *p = malloc((n + 1) * sizeof(*p));
    sks_status status = p != NULL ? SKS_OK : sks_fail_nomem("p values");

    for (size_t split = 0; status == SKS_OK && n > 0 && split < SKS_SELF_CHECK_SPLITS; split++) {
        bool is_called = false;

        for (size_t i = 0; i < n; i++)
            p[i] = outcomes[i * SKS_SELF_CHECK_SPLITS + split].p;
        status = sks_holm(p, n, p);
        for (size_t i = 0; status == SKS_OK && i < n; i++)
            is_called |= p[i] < 1.0 - options->confidence &&
                         sks_is_beyond(outcomes[i * SKS_SELF_CHECK_SPLITS + split].ratio,
                                       options->threshold);
        check->n_campaigns++;
        check->n_campaigns_called += is_called;
    }
    free(p);
    return status;
}

/* With fewer samples no split of them, however far apart, would be called different. */
static size_t least_samples(const sks_compare_options *options)
{
    size_t half = 1;

    while (sks_rank_sum_least_p(half, half) >= 1.0 - options->confidence)
        half++;
    return 2 * half;
}

sks_status sks_self_check_run(const sks_series *series, size_t n,
                              const sks_compare_options *options, sks_self_check *check)
{
    sks_self_check made = {.rate = NAN, .halves_rate = NAN};
    const size_t enough = least_samples(options);
    size_t n_points = 0;
    outcome *outcomes;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < n; i++)
        n_points += series[i].n_points;
    outcomes = calloc(n_points * SKS_SELF_CHECK_SPLITS + 1, sizeof(*outcomes));
    if (outcomes == NULL)
        return sks_fail_nomem("the self-check");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; status == SKS_OK && j < series[i].n_points; j++) {
            const sks_point *point = &series[i].points[j];

            if (point->n < enough) {
                made.n_left_out++;
                continue;
            }
            status = check_point(point, made.n_configurations, options, &made,
                                 outcomes + made.n_configurations * SKS_SELF_CHECK_SPLITS);
            made.n_configurations++;
        }
    if (status == SKS_OK)
        status = judge_campaigns(outcomes, made.n_configurations, options, &made);
    free(outcomes);
    if (status != SKS_OK)
        return status;
    if (made.n_configurations > 0) {
        made.rate = (double)made.interleaved.n_alarms / (double)made.interleaved.n;
        made.halves_rate = (double)made.halves.n_alarms / (double)made.halves.n;
    }
    *check = made;
    return SKS_OK;
}

bool sks_self_check_found_change(const sks_self_check *check, const sks_compare_options *options)
{
    const sks_alarms *halves = &check->halves;
    double alpha = 1.0 - options->confidence;

    return halves->n_alarms > 0 &&
           gsl_cdf_binomial_Q((unsigned)halves->n_alarms - 1, alpha, (unsigned)halves->n) < alpha;
}

void sks_self_check_text(const sks_self_check *check, const sks_compare_options *options,
                         char *text, size_t size)
{
    if (check->n_configurations == 0)
        snprintf(text, size,
                 "A/A self-check: not possible, no configuration has the %zu samples that it takes",
                 least_samples(options));
    else
        snprintf(text, size,
                 "A/A self-check: the same under two names was called different in %.1f %% of %zu "
                 "splits (at most %g %% asked for), in %zu of %zu campaigns with Holm and "
                 "threshold; first half against second half in %zu of %zu configurations%s",
                 100.0 * check->rate, check->interleaved.n, 100.0 * (1.0 - options->confidence),
                 check->n_campaigns_called, check->n_campaigns, check->halves.n_alarms,
                 check->halves.n,
                 sks_self_check_found_change(check, options)
                     ? ", more than by chance: the machine changed meanwhile"
                     : "");
}
