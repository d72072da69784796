#include "harness/analysis/simulate_study.h"

#include "harness/analysis/statistics.h"
#include "harness/sweep/plan_parts.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_STEP = 4 }; /* between the chunk sizes that are tried */

void sks_study_rules_free(sks_study_rule *rules, size_t n)
{
    for (size_t i = 0; rules != NULL && i < n; i++) {
        free(rules[i].text);
        sks_values_destroy(rules[i].options);
    }
    free(rules);
}

sks_status sks_study_rule_make(const char *text, const sks_claim_model *model, sks_study_rule *rule)
{
    sks_study_rule r = {.text = strdup(text)};
    sks_status status = r.text != NULL ? SKS_OK : sks_fail_nomem("a rule");

    if (status == SKS_OK)
        status = sks_scheduler_parse(text, &r.scheduler, &r.options);
    if (status == SKS_OK)
        status = sks_claim_model_apply(model, r.scheduler, r.options, &r.claims);
    if (status != SKS_OK) {
        free(r.text);
        sks_values_destroy(r.options);
        return status;
    }
    *rule = r;
    return SKS_OK;
}

/* ---- One point. */

static const sks_param *find_param(const sks_scheduler *scheduler, const char *name)
{
    for (const sks_param *p = scheduler->params; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static sks_status set_number(sks_values *options, const sks_param *param, double value)
{
    char text[32];

    if (param == NULL || sks_values_was_given(options, param->name))
        return SKS_OK;
    snprintf(text, sizeof(text), "%.9g", fmin(fmax(value, param->min), param->max));
    return sks_values_set(options, param->name, text, param->name);
}

/* What one choice of options gives at one worker count. */
struct trial {
    const sks_study *study;
    const sks_study_rule *rule;
    unsigned n_workers;
    double slow_down;
    const double *speeds; /* slowed down */
};

/* A copy of the rule's options, with what it is to be told of the load. */
static sks_status options_for(const struct trial *t, sks_values **options)
{
    const sks_study *study = t->study;
    const sks_study_rule *rule = t->rule;
    sks_values *copy = NULL;
    sks_status status = sks_values_copy(rule->options, &copy);

    if (status == SKS_OK && study->options->is_informed) {
        status = set_number(copy, find_param(rule->scheduler, "mean"),
                            t->slow_down * study->load->mean_s);
        if (status == SKS_OK)
            status = set_number(copy, find_param(rule->scheduler, "sd"),
                                t->slow_down * study->load->sd_s);
        if (status == SKS_OK)
            status = set_number(copy, find_param(rule->scheduler, "overhead"),
                                rule->claims.own_s + rule->claims.transfer_s +
                                    2 * rule->claims.latency_s);
    }
    if (status != SKS_OK) {
        sks_values_destroy(copy);
        return status;
    }
    *options = copy;
    return SKS_OK;
}

static sks_status simulate_once(const struct trial *t, const sks_values *options, unsigned repeat,
                                sks_simulated *run, double *seconds)
{
    const sks_study_options *o = t->study->options;
    const sks_simulation simulation = {
        .scheduler = t->rule->scheduler,
        .options = options,
        .n_workers = t->n_workers,
        .costs = &t->study->load->costs,
        .speeds = t->speeds,
        .claims = t->rule->claims,
        .noise = o->noise,
        .seed = o->seed + repeat,
    };
    sks_status status = sks_simulate(&simulation, run);

    if (status == SKS_OK)
        *seconds = run->makespan_s +
                   (o->is_loop_only ? 0 : sks_work_load_serial_s(t->study->load, t->n_workers));
    return status;
}

/* The repeat whose time is nearest to the median speaks for all. */
static sks_status simulate_repeats(const struct trial *t, const sks_values *options,
                                   sks_study_point *point)
{
    const unsigned n = t->study->options->noise > 0 ? t->study->options->n_repeats : 1;
    sks_simulated *runs = calloc(n, sizeof(*runs));
    double *sorted = calloc(n, sizeof(*sorted));
    sks_study_point p = {.n_workers = t->n_workers, .seconds = calloc(n, sizeof(double))};
    sks_status status = runs != NULL && sorted != NULL && p.seconds != NULL
                            ? SKS_OK
                            : sks_fail_nomem("a simulation");

    for (unsigned i = 0; status == SKS_OK && i < n; i++)
        status = simulate_once(t, options, i, &runs[i], &p.seconds[i]);
    if (status == SKS_OK)
        status = sks_plan_scheduler_text(t->rule->scheduler, options, &p.rule);
    if (status == SKS_OK) {
        size_t nearest = 0;

        p.n_seconds = n;
        memcpy(sorted, p.seconds, n * sizeof(*sorted));
        gsl_sort(sorted, 1, n);
        p.time_s = sks_median(sorted, n);
        for (size_t i = 1; i < n; i++)
            if (fabs(p.seconds[i] - p.time_s) < fabs(p.seconds[nearest] - p.time_s))
                nearest = i;
        p.run = runs[nearest];
        *point = p;
    } else {
        free(p.seconds);
    }
    free(runs);
    free(sorted);
    return status;
}

static void clear_point(sks_study_point *point)
{
    free(point->failure);
    free(point->rule);
    free(point->seconds);
    *point = (sks_study_point){0};
}

/* Keeps the quicker one. */
static void keep_better(sks_study_point *kept, sks_study_point *other)
{
    if (kept->rule != NULL && kept->time_s <= other->time_s) {
        clear_point(other);
        return;
    }
    clear_point(kept);
    *kept = *other;
}

/* The rule's own chunk, then the grid. */
static sks_status search_chunks(const struct trial *t, sks_values *options, sks_study_point *point)
{
    const bool is_free = t->study->options->searches_chunks &&
                         find_param(t->rule->scheduler, "chunk") != NULL &&
                         !sks_values_was_given(t->rule->options, "chunk");
    const size_t most = is_free ? t->study->load->costs.n_tasks / t->n_workers : 0;
    sks_study_point best = {0};
    sks_status status = simulate_repeats(t, options, &best);

    for (size_t size = CHUNK_STEP; status == SKS_OK && size <= most; size *= CHUNK_STEP) {
        sks_study_point other = {0};
        char text[32];

        snprintf(text, sizeof(text), "%zu", size);
        status = sks_values_set(options, "chunk", text, "chunk");
        if (status == SKS_OK)
            status = simulate_repeats(t, options, &other);
        if (status == SKS_OK)
            keep_better(&best, &other);
    }
    if (status != SKS_OK) {
        clear_point(&best);
        return status;
    }
    *point = best;
    return SKS_OK;
}

/* A rule that does not suit the loop says so in its point; other failures end the study. */
static sks_status make_point(const struct trial *t, sks_study_point *point)
{
    sks_values *options = NULL;
    sks_status status = options_for(t, &options);

    if (status == SKS_OK)
        status = search_chunks(t, options, point);
    sks_values_destroy(options);
    if (status == SKS_ERR_USAGE) {
        *point = (sks_study_point){.n_workers = t->n_workers, .failure = strdup(sks_message())};
        sks_clear();
        status = point->failure != NULL ? SKS_OK : sks_fail_nomem("a message");
    }
    if (status == SKS_OK && point->failure == NULL) {
        point->slow_down = t->slow_down;
        point->speedup = t->study->base_s / point->time_s;
        point->efficiency = point->speedup / t->n_workers;
    }
    return status;
}

/* ---- All points. */

/* The clairvoyant bound: all workers busy to the end, or the longest task on the fastest. */
static double bound_s(const sks_study *study, unsigned n_workers, const double *speeds)
{
    const sks_study_options *o = study->options;
    double sum = 0, fastest = 0;

    for (unsigned w = 0; w < n_workers; w++) {
        sum += speeds[w];
        fastest = fmax(fastest, speeds[w]);
    }
    return fmax(sks_work_load_total_s(study->load) / sum, study->load->longest_s / fastest) +
           (o->is_loop_only ? 0 : sks_work_load_serial_s(study->load, n_workers));
}

static sks_status simulate_all(sks_study *study)
{
    const sks_study_options *o = study->options;
    const size_t n_total = o->n * o->n_rules;
    double *speeds = calloc(SKS_MAX_WORKERS, sizeof(*speeds));
    sks_status status = speeds != NULL ? SKS_OK : sks_fail_nomem("a study");

    for (size_t i = 0; status == SKS_OK && i < o->n; i++) {
        const unsigned n_workers = o->n_workers[i];
        const double slow_down = sks_slow_down_factor(&study->load->slow_downs, n_workers, NULL);

        sks_speeds_fill(&o->speeds, n_workers, speeds);
        for (unsigned w = 0; w < n_workers; w++)
            speeds[w] /= slow_down;
        study->bound_s[i] = bound_s(study, n_workers, speeds);
        for (size_t r = 0; status == SKS_OK && r < o->n_rules; r++) {
            const struct trial t = {study, &o->rules[r], n_workers, slow_down, speeds};

            status = make_point(&t, &study->point[r * o->n + i]);
            if (o->progress != NULL)
                o->progress(o->context, i * o->n_rules + r + 1, n_total);
        }
    }
    free(speeds);
    return status;
}

static void find_best(sks_study *study)
{
    const sks_study_options *o = study->options;

    for (size_t i = 0; i < o->n; i++) {
        study->best[i] = o->n_rules;
        for (size_t r = 0; r < o->n_rules; r++) {
            const sks_study_point *p = sks_study_at(study, r, i);

            if (p->failure == NULL && (study->best[i] == o->n_rules ||
                                       p->time_s < sks_study_at(study, study->best[i], i)->time_s))
                study->best[i] = r;
        }
    }
}

size_t sks_study_n_near_best(const sks_study *study, size_t i, double part)
{
    const size_t best = study->best[i];
    size_t n = 0;

    for (size_t r = 0; best < study->options->n_rules && r < study->options->n_rules; r++) {
        const sks_study_point *p = sks_study_at(study, r, i);

        n += p->failure == NULL && p->time_s <= (1 + part) * sks_study_at(study, best, i)->time_s;
    }
    return n;
}

/* ---- Scaling laws. */

static sks_status make_series(const sks_study *study, size_t rule, sks_series *series)
{
    const sks_study_options *o = study->options;

    series->kernel = strdup(study->load->kernel);
    series->parameters = strdup(study->load->parameters);
    series->executor = strdup("simulated");
    series->scheduler = strdup(o->rules[rule].text);
    series->binding = strdup("none");
    series->points = calloc(o->n, sizeof(*series->points));
    if (series->kernel == NULL || series->parameters == NULL || series->executor == NULL ||
        series->scheduler == NULL || series->binding == NULL || series->points == NULL)
        return sks_fail_nomem("a series");
    for (size_t i = 0; i < o->n; i++) {
        const sks_study_point *p = sks_study_at(study, rule, i);
        sks_point *to = &series->points[series->n_points];

        if (p->failure != NULL || !(p->time_s > 0))
            continue;
        *to = (sks_point){.n_workers = p->n_workers,
                          .n = p->n_seconds,
                          .seconds = malloc(p->n_seconds * sizeof(double))};
        series->n_points++;
        if (to->seconds == NULL)
            return sks_fail_nomem("a series");
        memcpy(to->seconds, p->seconds, p->n_seconds * sizeof(double));
    }
    return SKS_OK;
}

static sks_status fit_laws(sks_study *study)
{
    sks_fit_options options = sks_fit_defaults;
    sks_status status = SKS_OK;

    options.seed = study->options->seed;
    for (size_t r = 0; status == SKS_OK && r < study->options->n_rules; r++) {
        status = make_series(study, r, &study->series[r]);
        if (status == SKS_OK && study->series[r].n_points > 0)
            status = sks_fit_series(&study->series[r], &options, &study->fits[r]);
    }
    return status;
}

sks_status sks_study_run(const sks_work_load *load, const sks_study_options *options,
                         sks_study *study)
{
    sks_study s = {
        .load = load,
        .options = options,
        .base_s = sks_work_load_total_s(load) * sks_slow_down_factor(&load->slow_downs, 1, NULL) +
                  (options->is_loop_only ? 0 : sks_work_load_serial_s(load, 1)),
        .bound_s = calloc(options->n, sizeof(*s.bound_s)),
        .point = calloc(options->n * options->n_rules, sizeof(*s.point)),
        .series = calloc(options->n_rules, sizeof(*s.series)),
        .fits = calloc(options->n_rules, sizeof(*s.fits)),
        .best = calloc(options->n, sizeof(*s.best)),
    };
    sks_status status = SKS_OK;

    if (s.bound_s == NULL || s.point == NULL || s.series == NULL || s.fits == NULL ||
        s.best == NULL)
        status = sks_fail_nomem("a study");
    if (status == SKS_OK)
        status = simulate_all(&s);
    if (status == SKS_OK) {
        find_best(&s);
        status = fit_laws(&s);
    }
    if (status != SKS_OK) {
        sks_study_clear(&s);
        return status;
    }
    *study = s;
    return SKS_OK;
}

void sks_study_clear(sks_study *study)
{
    const size_t n = study->options != NULL ? study->options->n : 0;
    const size_t n_rules = study->options != NULL ? study->options->n_rules : 0;

    for (size_t i = 0; study->point != NULL && i < n * n_rules; i++)
        clear_point(&study->point[i]);
    for (size_t r = 0; study->fits != NULL && r < n_rules; r++)
        sks_fit_clear(&study->fits[r]);
    for (size_t r = 0; study->series != NULL && r < n_rules; r++)
        sks_series_clear(&study->series[r]);
    free(study->bound_s);
    free(study->point);
    free(study->series);
    free(study->fits);
    free(study->best);
    *study = (sks_study){0};
}
