#include "harness/analysis/compare.h"

#include "harness/analysis/bootstrap.h"
#include "harness/analysis/compare_parts.h"
#include "harness/analysis/rank_tests.h"

#include <math.h>
#include <stdlib.h>

const sks_compare_options sks_compare_defaults = {
    .confidence = 0.95, .threshold = 0.02, .n_replicates = 10000, .seed = 1};

const char *const sks_change_name[SKS_N_CHANGES] = {"no-difference-shown", "faster", "slower",
                                                    "too-few-samples"};

bool sks_is_beyond(double ratio, double threshold)
{
    return fabs(log(ratio)) >= log1p(threshold);
}

static sks_status check_samples(const sks_series *series, const sks_point *point)
{
    for (size_t i = 0; i < point->n; i++)
        if (!(isfinite(point->seconds[i]) && point->seconds[i] > 0.0))
            return sks_fail(SKS_ERR_INPUT,
                            "%s, %s, %u workers: a sample of %g s cannot be compared",
                            series->kernel, series->scheduler, point->n_workers, point->seconds[i]);
    return SKS_OK;
}

static sks_estimate ratio_of_logs(sks_estimate e)
{
    return (sks_estimate){exp(e.value), {exp(e.interval.low), exp(e.interval.high)}};
}

/* The tests see logarithms, so that a shift is a ratio and base and new are alike. */
static sks_status test_difference(const sks_sides *s, double confidence, sks_comparison *c)
{
    double *logs = malloc((s->n[0] + s->n[1] + 1) * sizeof(*logs));
    sks_rank_test test;
    sks_status status;

    if (logs == NULL)
        return sks_fail_nomem("samples");
    if (s->is_paired) {
        for (size_t i = 0; i < s->n[0]; i++)
            logs[i] = log(s->seconds[1][i] / s->seconds[0][i]);
        status = sks_signed_rank_test(logs, s->n[0], confidence, &test);
    } else {
        for (size_t i = 0; i < s->n[1]; i++)
            logs[i] = log(s->sorted[1][i]);
        for (size_t i = 0; i < s->n[0]; i++)
            logs[s->n[1] + i] = log(s->sorted[0][i]);
        status = sks_rank_sum_test(logs, s->n[1], logs + s->n[1], s->n[0], confidence, &test);
    }
    free(logs);
    if (status != SKS_OK)
        return status;
    c->shift = ratio_of_logs(test.shift);
    c->statistic = test.statistic;
    c->p = test.p;
    /* Not test.least_p: that differences were exactly zero does not make the samples few. */
    c->least_p =
        s->is_paired ? sks_signed_rank_least_p(s->n[0]) : sks_rank_sum_least_p(s->n[0], s->n[1]);
    c->is_exact = test.is_exact;
    return SKS_OK;
}

/* A resampling of n rounds, made anew only when the last one will not do. */
static sks_status resampling_of(size_t n, bool is_paired, uint64_t stream,
                                const sks_compare_options *options, sks_resampling *r)
{
    bool by_rank = !is_paired && n <= SKS_MAX_BLOCKS;

    if (r->n_blocks == sks_n_blocks(n) && by_rank == (r->ranks != NULL)) {
        r->n_rounds = n;
        return SKS_OK;
    }
    sks_resampling_clear(r);
    return by_rank ? sks_resampling_create_ranks(n, options->n_replicates, options->seed, stream, r)
                   : sks_resampling_create(n, options->n_replicates, options->seed, stream, r);
}

/* Resamplings by the position of a round within the comparison, kept for the next one. */
typedef struct workshop {
    sks_resampling resampling[2];
    unsigned *positions; /* 0, 1, 2, … */
    size_t n_positions;
} workshop;

static void workshop_clear(workshop *w)
{
    sks_resampling_clear(&w->resampling[0]);
    sks_resampling_clear(&w->resampling[1]);
    free(w->positions);
}

static sks_status reserve_positions(workshop *w, size_t n)
{
    unsigned *grown;

    if (n <= w->n_positions)
        return SKS_OK;
    grown = realloc(w->positions, n * sizeof(*grown));
    if (grown == NULL)
        return sks_fail_nomem("rounds");
    for (size_t i = 0; i < n; i++)
        grown[i] = (unsigned)i;
    w->positions = grown;
    w->n_positions = n;
    return SKS_OK;
}

static sks_status estimate_ratio(const sks_sides *s, const sks_compare_options *options,
                                 workshop *w, sks_comparison *c)
{
    sks_side side[2];
    sks_status status = reserve_positions(w, s->n[0] > s->n[1] ? s->n[0] : s->n[1]);

    for (int i = 0; status == SKS_OK && i < (s->is_paired ? 1 : 2); i++)
        status = resampling_of(s->n[i], s->is_paired, (uint64_t)i, options, &w->resampling[i]);
    if (status != SKS_OK)
        return status;
    for (int i = 0; i < 2; i++)
        side[i] = (sks_side){s->n[i], s->seconds[i], s->sorted[i], w->positions,
                             &w->resampling[s->is_paired ? 0 : i]};
    return sks_ratio_of_medians(&side[1], &side[0], options->confidence, &c->ratio);
}

static sks_status compare_one(const sks_match *match, const sks_compare_options *options,
                              workshop *w, sks_comparison *comparison)
{
    sks_comparison c = {.match = match, .ratio = sks_no_estimate, .shift = sks_no_estimate};
    sks_sides s = {0};
    sks_status status = check_samples(match->base_series, match->base);

    if (status == SKS_OK)
        status = check_samples(match->new_series, match->new);
    if (status == SKS_OK)
        status = sks_sides_create(match, &s);
    if (status != SKS_OK)
        return status;
    c.is_paired = s.is_paired;
    c.n_base = s.n[0];
    c.n_new = s.n[1];
    c.n_unpaired = match->base->n - s.n[0] + match->new->n - s.n[1];
    c.base.value = sks_median(s.sorted[0], s.n[0]);
    c.new.value = sks_median(s.sorted[1], s.n[1]);
    c.base.interval = sks_median_interval(s.sorted[0], s.n[0], options->confidence, NULL);
    c.new.interval = sks_median_interval(s.sorted[1], s.n[1], options->confidence, NULL);
    c.cliffs_delta = sks_cliffs_delta(s.sorted[1], s.n[1], s.sorted[0], s.n[0]);
    status = test_difference(&s, options->confidence, &c);
    if (status == SKS_OK)
        status = estimate_ratio(&s, options, w, &c);
    sks_sides_clear(&s);
    if (status == SKS_OK)
        *comparison = c;
    return status;
}

static void judge(sks_comparison *c, double alpha, double threshold, size_t n_open)
{
    bool is_beyond = sks_is_beyond(c->ratio.value, threshold);
    /* Medians and ranks on different sides of 1 show no direction. */
    bool is_shown = c->p_holm < alpha && (c->ratio.value - 1.0) * (c->shift.value - 1.0) >= 0.0;

    c->is_below_threshold = is_shown && !is_beyond;
    if (is_shown && is_beyond && c->ratio.value != 1.0)
        c->change = c->ratio.value < 1.0 ? SKS_FASTER : SKS_SLOWER;
    else if (!is_shown && c->least_p * (double)n_open >= alpha)
        c->change = SKS_TOO_FEW_SAMPLES;
}

/* Verdicts, once the p values of all comparisons are known. */
static sks_status decide(sks_compare_result *result)
{
    double alpha = 1.0 - result->options.confidence;
    double *p = malloc((result->n + 1) * sizeof(*p));
    size_t n_open = 0; /* not refuted: what Holm's last step multiplies by */
    sks_status status = p != NULL ? SKS_OK : sks_fail_nomem("p values");

    for (size_t i = 0; status == SKS_OK && i < result->n; i++)
        p[i] = result->comparisons[i].p;
    if (status == SKS_OK)
        status = sks_holm(p, result->n, p);
    for (size_t i = 0; status == SKS_OK && i < result->n; i++) {
        result->comparisons[i].p_holm = p[i];
        n_open += p[i] >= alpha;
    }
    for (size_t i = 0; status == SKS_OK && i < result->n; i++)
        judge(&result->comparisons[i], alpha, result->options.threshold, n_open);
    result->n_open = n_open;
    free(p);
    return status;
}

size_t sks_compare_needed(const sks_compare_result *result, bool is_paired)
{
    double alpha = 1.0 - result->options.confidence;
    size_t n = 2;

    while ((is_paired ? sks_signed_rank_least_p(n) : sks_rank_sum_least_p(n, n)) *
               (double)result->n_open >=
           alpha)
        n++;
    return n;
}

static int by_effect(const void *a, const void *b)
{
    const sks_comparison *x = a, *y = b;
    double effect_x = fabs(log(x->ratio.value)), effect_y = fabs(log(y->ratio.value));

    if (x->match->group != y->match->group)
        return x->match->group < y->match->group ? -1 : 1;
    if (effect_x != effect_y)
        return effect_x > effect_y ? -1 : 1;
    return x->match < y->match ? -1 : x->match > y->match;
}

sks_status sks_compare(const sks_match *matches, size_t n, size_t n_groups,
                       const sks_compare_options *options, sks_compare_result *result)
{
    sks_compare_result made = {.options = *options, .n = n, .n_groups = n_groups};
    workshop w = {0};
    sks_status status = SKS_OK;

    made.comparisons = calloc(n + 1, sizeof(*made.comparisons));
    made.groups = calloc(n_groups + 1, sizeof(*made.groups));
    if (made.comparisons == NULL || made.groups == NULL)
        status = sks_fail_nomem("comparisons");
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = compare_one(&matches[i], options, &w, &made.comparisons[i]);
    workshop_clear(&w);
    if (status == SKS_OK)
        status = decide(&made);
    if (status == SKS_OK) {
        qsort(made.comparisons, n, sizeof(*made.comparisons), by_effect);
        status = sks_summarise_groups(&made);
    }
    if (status == SKS_OK)
        *result = made;
    else
        sks_compare_clear(&made);
    return status;
}

static sks_status select_samples(const sks_match *matches, size_t n, const sks_states *states,
                                 sks_state state, sks_state_selection *selection)
{
    sks_state_selection s = {.matches = calloc(n + 1, sizeof(*s.matches)),
                             .points = calloc(2 * n + 1, sizeof(*s.points))};
    sks_status status = s.matches != NULL && s.points != NULL ? SKS_OK : sks_fail_nomem("samples");

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        const sks_match *m = &matches[i];
        sks_point *base = &s.points[2 * s.n], *new = base + 1;

        status = sks_state_select(&states[0], m->base, state, base);
        if (status == SKS_OK)
            status = sks_state_select(&states[1 + m->group], m->new, state, new);
        if (status == SKS_OK && base->n > 0 && new->n > 0) {
            s.matches[s.n] = *m;
            s.matches[s.n].base = base;
            s.matches[s.n].new = new;
            s.n++;
        } else {
            sks_point_clear(base);
            sks_point_clear(new);
        }
    }
    *selection = s;
    return status;
}

sks_status sks_compare_in_state(const sks_match *matches, size_t n, size_t n_groups,
                                const sks_states *states, sks_state state,
                                const sks_compare_options *options, sks_state_selection *selected,
                                sks_compare_result *result)
{
    sks_state_selection made = {0};
    sks_status status = select_samples(matches, n, states, state, &made);

    if (status == SKS_OK)
        status = sks_compare(made.matches, made.n, n_groups, options, result);
    if (status == SKS_OK)
        *selected = made;
    else
        sks_state_selection_clear(&made);
    return status;
}

void sks_state_selection_clear(sks_state_selection *selection)
{
    for (size_t i = 0; selection->points != NULL && i < 2 * selection->n; i++)
        sks_point_clear(&selection->points[i]);
    free(selection->points);
    free(selection->matches);
    *selection = (sks_state_selection){0};
}

void sks_compare_clear(sks_compare_result *result)
{
    free(result->comparisons);
    free(result->groups);
    *result = (sks_compare_result){0};
}
