#include "harness/analysis/compare_report.h"

#include <math.h>

/* Every helper returns a new reference, or NULL when out of memory; json_pack's "o" steals it and
 * fails on NULL, so that one check at the end is enough. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval(sks_interval i)
{
    if (!sks_interval_is_known(i))
        return json_null();
    return json_pack("[o, o]", number(i.low), number(i.high));
}

/* Appends the new reference; NULL, and the array gone, when either was. */
static json_t *appended(json_t *array, json_t *item)
{
    if (array != NULL && item != NULL && json_array_append(array, item) == 0) {
        json_decref(item);
        return array;
    }
    json_decref(item);
    json_decref(array);
    return NULL;
}

static json_t *side_json(const sks_series *s, const sks_point *p, size_t n, sks_estimate median)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:I, s:o, s:o}", "kernel", s->kernel,
                     "parameters", s->parameters, "executor", s->executor, "scheduler",
                     s->scheduler, "binding", s->binding, "workers", (int)p->n_workers,
                     "is_oversubscribed", p->is_oversubscribed, "samples", (json_int_t)n,
                     "median_s", number(median.value), "median_interval_s",
                     interval(median.interval));
}

static json_t *comparison_json(const sks_comparison *c)
{
    const sks_match *m = c->match;

    return json_pack(
        "{s:s, s:o, s:o, s:s, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:b, s:o, s:b}",
        "configuration", m->label, "base", side_json(m->base_series, m->base, c->n_base, c->base),
        "new", side_json(m->new_series, m->new, c->n_new, c->new), "verdict",
        sks_change_name[c->change], "is_paired", c->is_paired, "samples_unpaired",
        (json_int_t)c->n_unpaired, "ratio", number(c->ratio.value), "ratio_interval",
        interval(c->ratio.interval), "shift_ratio", number(c->shift.value), "shift_ratio_interval",
        interval(c->shift.interval), "cliffs_delta", number(c->cliffs_delta), "test",
        c->is_paired ? "wilcoxon-signed-rank" : "mann-whitney", "statistic", number(c->statistic),
        "p", number(c->p), "p_is_exact", c->is_exact, "p_holm", number(c->p_holm),
        "is_below_threshold", c->is_below_threshold);
}

/* A copy: the object belongs to the matches. Null within one campaign. */
static json_t *changed_inputs_json(const sks_matches *matches, size_t group)
{
    const json_t *changed = json_array_get(matches->changed_inputs, group);

    return changed != NULL ? json_copy((json_t *)changed) : json_null();
}

static json_t *groups_json(const sks_matches *matches, const sks_compare_result *result)
{
    json_t *groups = json_array();
    size_t k = 0;

    for (size_t g = 0; groups != NULL && g < result->n_groups; g++) {
        const sks_compare_summary *s = &result->groups[g];
        json_t *list = json_array();

        for (; k < result->n && result->comparisons[k].match->group == g; k++)
            list = appended(list, comparison_json(&result->comparisons[k]));
        groups = appended(
            groups,
            json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "new",
                      matches->group_names[g], "changed_inputs", changed_inputs_json(matches, g),
                      "compared", (json_int_t)s->n, "faster", (json_int_t)s->count[SKS_FASTER],
                      "slower", (json_int_t)s->count[SKS_SLOWER], "no_difference_shown",
                      (json_int_t)s->count[SKS_NO_DIFFERENCE_SHOWN], "too_few_samples",
                      (json_int_t)s->count[SKS_TOO_FEW_SAMPLES], "geometric_mean",
                      number(s->geometric_mean.value), "geometric_mean_interval",
                      interval(s->geometric_mean.interval), "comparisons", list));
    }
    return groups;
}

static json_t *unmatched_json(const sks_matches *matches)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < matches->n_unmatched; i++)
        array = appended(array,
                         json_pack("{s:s, s:s, s:s}", "configuration", matches->unmatched[i].label,
                                   "only_in", matches->unmatched[i].where, "new",
                                   matches->group_names[matches->unmatched[i].group]));
    return array;
}

static json_t *states_json(const sks_compare_report *report)
{
    json_t *array = json_array();

    for (size_t k = 0; array != NULL && k < report->n_states; k++) {
        const sks_state_report *r = &report->states[k];

        array = appended(array, json_pack("{s:s, s:o}", "state", sks_state_name[r->state], "groups",
                                          groups_json(&report->matches, &r->result)));
    }
    return array;
}

static json_t *latency_json(const sks_states *s)
{
    return json_pack("{s:I, s:b, s:o, s:o, s:o, s:o}", "known", (json_int_t)s->n_known,
                     "has_two_states", s->are_two, "near_s", number(s->near_s), "far_s",
                     number(s->far_s), "threshold_s", number(s->threshold_s), "far_part",
                     number(s->far_part));
}

static json_t *diagnosis_json(const sks_diagnosis_counts *c)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "configurations", (json_int_t)c->n,
                     "with_few_samples", (json_int_t)c->n_few, "drifting", (json_int_t)c->n_drift,
                     "greatest_drift", number(c->greatest_drift), "with_two_peaks",
                     (json_int_t)c->n_two, "autocorrelated", (json_int_t)c->n_dependent,
                     "tested_for_normality", (json_int_t)c->n_normal, "not_normal",
                     (json_int_t)c->n_refuted);
}

static json_t *alarms_json(const sks_alarms *a)
{
    return json_pack("{s:I, s:I, s:I}", "comparisons", (json_int_t)a->n, "alarms",
                     (json_int_t)a->n_alarms, "alarms_beyond_threshold", (json_int_t)a->n_called);
}

static json_t *self_check_json(const sks_self_check *s)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:I}", "configurations",
                     (json_int_t)s->n_configurations, "left_out", (json_int_t)s->n_left_out,
                     "false_alarm_rate", number(s->rate), "interleaved",
                     alarms_json(&s->interleaved), "halves_false_alarm_rate",
                     number(s->halves_rate), "halves", alarms_json(&s->halves), "campaigns",
                     (json_int_t)s->n_campaigns, "campaigns_called_different",
                     (json_int_t)s->n_campaigns_called);
}

json_t *sks_compared_json(const sks_compared *c, double confidence)
{
    const sks_rules_input input = {c->facts, c->series, c->n, confidence, &c->counts};
    sks_rule_answer answers[SKS_N_RULES];

    sks_rules_answer(&input, answers);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "path", c->path, "name",
                     sks_facts_setting(c->facts, "name"), "created_at",
                     sks_facts_setting(c->facts, "created_at"), "version",
                     sks_facts_setting(c->facts, "version"), "samples",
                     (json_int_t)c->facts->n_good, "disturbed", (json_int_t)c->facts->n_disturbed,
                     "latency", latency_json(&c->states), "diagnosis", diagnosis_json(&c->counts),
                     "self_check", self_check_json(&c->self_check), "rules",
                     sks_rules_json(answers));
}

static json_t *campaigns_json(const sks_compare_report *report)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < report->n_campaigns; i++)
        array =
            appended(array, sks_compared_json(&report->campaigns[i], report->options.confidence));
    return array;
}

sks_status sks_compare_to_json(const sks_compare_report *report, json_t **json)
{
    json_t *made = json_pack(
        "{s:s, s:s?, s:s, s:f, s:f, s:s, s:I, s:I, s:b, s:o, s:o, s:o, s:o}", "base",
        report->matches.base_name, "by", report->by, "time", report->time_name, "confidence",
        report->options.confidence, "threshold", report->options.threshold, "correction", "holm",
        "bootstrap_replicates", (json_int_t)report->options.n_replicates, "bootstrap_seed",
        (json_int_t)report->options.seed, "is_same_campaign", report->is_same_campaign, "groups",
        groups_json(&report->matches, &report->result), "unmatched",
        unmatched_json(&report->matches), "states", states_json(report), "campaigns",
        campaigns_json(report));

    if (made == NULL)
        return sks_fail_nomem("JSON of a comparison, or a name that is not UTF-8");
    *json = made;
    return SKS_OK;
}
