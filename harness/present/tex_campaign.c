/* What a campaign holds as one JSON object, for sks_tex_write. */
#include "harness/present/quantities.h"
#include "harness/present/tex.h"
#include "harness/sweep/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beside the time that was fitted: names as sks_store_series and as the macros have them. */
static const struct {
    const char *quantity, *name, *interval_name;
} quantities[] = {
    {"startup", "startup_s", "startup_interval_s"},
    {"prepare", "prepare_s", "prepare_interval_s"},
    {"parallel", "parallel_s", "parallel_interval_s"},
    {"finish", "finish_s", "finish_interval_s"},
    {"chunks", "chunks", "chunks_interval"},
    {"imbalance", "imbalance", "imbalance_interval"},
    {"overhead", "overhead_s", "overhead_interval_s"},
};
enum { N_QUANTITIES = sizeof(quantities) / sizeof(quantities[0]) };

/* Counts as integers: they have no decimals. */
static json_t *number(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                       : json_real(value);
}

static int set_estimate(json_t *point, size_t q, sks_estimate e)
{
    json_t *pair = sks_interval_is_known(e.interval)
                       ? json_pack("[o, o]", number(e.interval.low), number(e.interval.high))
                       : json_null();

    return json_object_set_new(point, quantities[q].name, number(e.value)) |
           json_object_set_new(point, quantities[q].interval_name, pair);
}

/* Adds the medians to the points of one fit; what was not measured is null. */
static sks_status add_medians(const sks_fit *fit, const char *source,
                              const sks_quantity measured[N_QUANTITIES], json_t *group)
{
    json_t *points = json_object_get(group, "points");

    for (size_t i = 0; i < fit->n_points; i++)
        for (size_t q = 0; q < N_QUANTITIES; q++) {
            sks_point *point =
                sks_quantity_point(&measured[q], source, fit->series, fit->points[i].n_workers);
            sks_estimate e =
                point != NULL ? sks_point_median(point, fit->options.confidence) : sks_no_estimate;

            if (set_estimate(json_array_get(points, i), q, e) != 0)
                return sks_fail_nomem("the campaign's numbers");
        }
    return SKS_OK;
}

/* "pix2sky/threads/dynamic", with as much behind it as tells it from what is there. */
static char *group_key(const json_t *all, const sks_series *s)
{
    char *key;

    if (asprintf(&key, "%s/%s/%s", s->kernel, s->executor, s->scheduler) < 0)
        return NULL;
    if (json_object_get(all, key) == NULL)
        return key;
    free(key);
    if (asprintf(&key, "%s/%s/%s/%s/%s%s", s->kernel, s->executor, s->scheduler, s->binding,
                 s->parameters, s->is_weak ? "/weak" : "") < 0)
        return NULL;
    return key;
}

static sks_status add_group(const sks_fit *fit, const char *source,
                            const sks_quantity measured[N_QUANTITIES], json_t *all)
{
    json_t *group = NULL;
    char *key = group_key(all, fit->series);
    sks_status status = key != NULL ? SKS_OK : sks_fail_nomem("the campaign's numbers");

    if (status == SKS_OK)
        status = sks_fit_to_json(fit, NULL, 0, &group);
    if (status == SKS_OK)
        status = add_medians(fit, source, measured, group);
    if (status == SKS_OK && json_object_set(all, key, group) != 0)
        status = sks_fail_nomem("the campaign's numbers");
    json_decref(group);
    free(key);
    return status;
}

/* Settings and counts. */
static sks_status add_facts(const char *path, json_t *all)
{
    sks_facts facts = {0};
    sks_store *store = NULL;
    json_t *counts;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_facts_read(store, &facts);
    sks_store_close(store);
    if (status != SKS_OK)
        return status;
    counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:s, s:f}", "configurations",
                       (json_int_t)facts.n_planned, "good", (json_int_t)facts.n_good, "warmups",
                       (json_int_t)facts.n_warmups, "failed", (json_int_t)facts.n_failed,
                       "disturbed", (json_int_t)facts.n_disturbed, "last", facts.last_sample,
                       "total_s", facts.total_s);
    if (json_object_set(all, "campaign", facts.settings) != 0 ||
        json_object_set_new(all, "samples", counts) != 0)
        status = sks_fail_nomem("the campaign's numbers");
    sks_facts_clear(&facts);
    return status;
}

sks_status sks_tex_campaign(const char *path, const sks_fit *fits, size_t n, bool drops_disturbed,
                            json_t **json)
{
    const sks_figure_input input = {
        .files = &path, .names = &path, .n_files = 1, .drops_disturbed = drops_disturbed};
    sks_quantity measured[N_QUANTITIES] = {0};
    json_t *all = json_object();
    sks_status status =
        all != NULL ? add_facts(path, all) : sks_fail_nomem("the campaign's numbers");

    for (size_t q = 0; status == SKS_OK && q < N_QUANTITIES; q++)
        status = sks_quantity_read(&input, quantities[q].quantity, &measured[q]);
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = add_group(&fits[i], path, measured, all);
    for (size_t q = 0; q < N_QUANTITIES; q++)
        sks_quantity_clear(&measured[q]);
    if (status != SKS_OK) {
        json_decref(all);
        return status;
    }
    *json = all;
    return SKS_OK;
}
