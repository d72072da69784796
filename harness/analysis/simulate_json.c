#include "harness/analysis/simulate_study.h"

#include <math.h>

/* Every helper returns a new reference, or NULL when out of memory; json_pack's "o" steals it and
 * fails on NULL, so that one check at the end is enough. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Appends to an array of which nothing is left when out of memory; NULL then. */
static json_t *appended(json_t *array, json_t *item)
{
    if (array != NULL && json_array_append_new(array, item) == 0)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *seconds_json(const sks_study_point *p)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < p->n_seconds; i++)
        array = appended(array, number(p->seconds[i]));
    return array;
}

static json_t *point_json(const sks_study_point *p)
{
    if (p->failure != NULL)
        return json_pack("{s:i, s:s}", "workers", (int)p->n_workers, "failure", p->failure);
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I, s:I, s:s}",
                     "workers", (int)p->n_workers, "rule", p->rule, "slow_down",
                     number(p->slow_down), "time_s", number(p->time_s), "repeats_s",
                     seconds_json(p), "makespan_s", number(p->run.makespan_s), "speedup",
                     number(p->speedup), "efficiency", number(p->efficiency), "imbalance",
                     number(p->run.imbalance), "chunks", (json_int_t)p->run.n_chunks, "busy_s",
                     number(p->run.busy_s), "claiming_s", number(p->run.claiming_s), "steals_tried",
                     (json_int_t)p->run.steals_tried, "steals_won", (json_int_t)p->run.steals_won,
                     "decision", p->run.decision);
}

static json_t *claims_json(const sks_claim_costs *c)
{
    json_t *json =
        json_pack("{s:s, s:o, s:o}", "path", c->has_coordinator ? "coordinator" : "memory", "own_s",
                  number(c->own_s), "service_s", number(c->service_s));
    int failed = json == NULL;

    if (!failed && c->has_coordinator)
        failed = json_object_set_new(json, "latency_s", number(c->latency_s));
    if (!failed && !c->has_coordinator)
        failed = json_object_set_new(json, "transfer_s", number(c->transfer_s)) ||
                 json_object_set_new(json, "theft_s", number(c->theft_s));
    if (!failed)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *fit_json(const sks_fit *fit)
{
    json_t *json = NULL;

    if (fit->n_points == 0)
        return json_null();
    return sks_fit_to_json(fit, NULL, 0, &json) == SKS_OK ? json : NULL;
}

static json_t *rule_json(const sks_study *study, size_t r)
{
    const sks_study_rule *rule = &study->options->rules[r];
    json_t *points = json_array();

    for (size_t i = 0; points != NULL && i < study->options->n; i++)
        points = appended(points, point_json(sks_study_at(study, r, i)));
    return json_pack("{s:s, s:o, s:o, s:o}", "scheduler", rule->text, "claims",
                     claims_json(&rule->claims), "points", points, "fit",
                     fit_json(&study->fits[r]));
}

static json_t *best_json(const sks_study *study, size_t i)
{
    const size_t r = study->best[i];
    const sks_study_point *p;

    if (r == study->options->n_rules)
        return json_pack("{s:i, s:n, s:o}", "workers", (int)study->options->n_workers[i],
                         "scheduler", "bound_s", number(study->bound_s[i]));
    p = sks_study_at(study, r, i);
    return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:I}", "workers", (int)p->n_workers,
                     "scheduler", study->options->rules[r].text, "rule", p->rule, "time_s",
                     number(p->time_s), "speedup", number(p->speedup), "bound_s",
                     number(study->bound_s[i]), "within_one_percent",
                     (json_int_t)sks_study_n_near_best(study, i, 0.01));
}

/* Each worker count that was measured. */
static json_t *slow_downs_json(const sks_slow_downs *s)
{
    json_t *array = json_array();

    for (size_t begin = 0, end; array != NULL && begin < s->n; begin = end) {
        const unsigned n = s->ratio[begin].n_workers;

        end = sks_slow_down_count_end(s, begin);
        array = appended(array, json_pack("{s:i, s:o, s:I}", "workers", (int)n, "factor",
                                          number(sks_slow_down_factor(s, n, NULL)), "series",
                                          (json_int_t)(end - begin)));
    }
    return array;
}

static json_t *load_json(const sks_work_load *load)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}",
                     "kernel", load->kernel, "parameters", load->parameters, "source", load->source,
                     "tasks", (json_int_t)load->costs.n_tasks, "total_s",
                     number(sks_work_load_total_s(load)), "task_mean_s", number(load->mean_s),
                     "task_sd_s", number(load->sd_s), "task_longest_s", number(load->longest_s),
                     "startup_s", number(load->startup_s), "startup_per_worker_s",
                     number(load->startup_per_worker_s), "prepare_s", number(load->prepare_s),
                     "finish_s", number(load->finish_s), "samples", (json_int_t)load->n_samples,
                     "slow_downs", slow_downs_json(&load->slow_downs));
}

sks_status sks_study_to_json(const sks_study *study, json_t **json)
{
    json_t *rules = json_array(), *best = json_array(), *made;

    for (size_t r = 0; rules != NULL && r < study->options->n_rules; r++)
        rules = appended(rules, rule_json(study, r));
    for (size_t i = 0; best != NULL && i < study->options->n; i++)
        best = appended(best, best_json(study, i));
    made = json_pack("{s:o, s:o, s:s, s:o, s:o}", "load", load_json(study->load), "base_s",
                     number(study->base_s), "time",
                     study->options->is_loop_only ? "parallel" : "total", "schedulers", rules,
                     "best", best);
    if (made == NULL)
        return sks_fail_nomem("JSON of a simulation, or a name that is not UTF-8");
    *json = made;
    return SKS_OK;
}
