#include "harness/present/report_measures.h"

#include "harness/present/quantities.h"
#include "harness/sweep/circumstances.h"

#include <gsl/gsl_sort.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const measure_name[SKS_N_MEASURES] = {
    [SKS_MEASURE_STARTUP] = "startup",       [SKS_MEASURE_PREPARE] = "prepare",
    [SKS_MEASURE_PARALLEL] = "parallel",     [SKS_MEASURE_FINISH] = "finish",
    [SKS_MEASURE_TOTAL] = "total",           [SKS_MEASURE_IMBALANCE] = "imbalance",
    [SKS_MEASURE_OVERHEAD] = "overhead",     [SKS_MEASURE_CHUNKS] = "chunks",
    [SKS_MEASURE_START_SKEW] = "start-skew", [SKS_MEASURE_LATENCY] = "latency",
    [SKS_MEASURE_STEAL] = "steal",           [SKS_MEASURE_OTHER_LOAD] = "other-load",
    [SKS_MEASURE_SWITCHES] = "switches",     [SKS_MEASURE_MAJOR_FAULTS] = "major-faults",
    [SKS_MEASURE_FREQUENCY] = "frequency",   [SKS_MEASURE_CORE] = "core",
};

/* Reads one counter; it is kept only when some sample has it. */
static sks_status add_event(sks_store *store, const char *event, sks_measures *m)
{
    sks_series_list list = {0};
    char *name = NULL, *copy = strdup(event);
    sks_status status = SKS_OK;

    if (copy == NULL || asprintf(&name, "counter:%s", event) < 0) {
        name = NULL;
        status = sks_fail_nomem("the counters");
    }
    if (status == SKS_OK)
        status = sks_store_series(store, name, &list.series, &list.n);
    free(name);
    if (status != SKS_OK || list.n == 0) {
        free(copy);
        return status;
    }
    m->events[m->n_events] = copy;
    m->counters[m->n_events++] = list;
    return SKS_OK;
}

/* The rows of "counters" are in the order of events: one row for each quality. */
static sks_status read_counters(sks_store *store, sks_measures *m)
{
    const json_t *rows = json_object_get(m->circumstances, "counters");
    size_t n = json_array_size(rows);
    const char *last = "";
    sks_status status = SKS_OK;

    m->events = calloc(n + 1, sizeof(*m->events));
    m->counters = calloc(n + 1, sizeof(*m->counters));
    if (m->events == NULL || m->counters == NULL)
        return sks_fail_nomem("the counters");
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        const char *event = json_string_value(json_array_get(json_array_get(rows, i), 0));

        if (event == NULL || strcmp(event, last) == 0)
            continue;
        status = add_event(store, event, m);
        last = event;
    }
    return status;
}

sks_status sks_measures_read(const char *path, sks_measures *measures)
{
    sks_measures made = {0};
    sks_store *store = NULL;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_facts_read(store, &made.facts);
    if (status == SKS_OK)
        status = sks_circumstances_read(store, &made.circumstances);
    for (int q = 0; status == SKS_OK && q < SKS_N_MEASURES; q++)
        status = sks_store_series(store, measure_name[q], &made.quantities[q].series,
                                  &made.quantities[q].n);
    if (status == SKS_OK)
        status = read_counters(store, &made);
    sks_store_close(store);
    if (status == SKS_OK)
        *measures = made;
    else
        sks_measures_clear(&made);
    return status;
}

void sks_measures_clear(sks_measures *m)
{
    for (int q = 0; q < SKS_N_MEASURES; q++)
        sks_series_free(m->quantities[q].series, m->quantities[q].n);
    for (size_t i = 0; i < m->n_events; i++) {
        free(m->events[i]);
        sks_series_free(m->counters[i].series, m->counters[i].n);
    }
    free(m->events);
    free(m->counters);
    json_decref(m->circumstances);
    sks_facts_clear(&m->facts);
    *m = (sks_measures){0};
}

static bool is_same(const sks_series *a, const sks_series *b)
{
    return a->is_weak == b->is_weak && strcmp(a->kernel, b->kernel) == 0 &&
           strcmp(a->all_parameters, b->all_parameters) == 0 &&
           strcmp(a->executor, b->executor) == 0 && strcmp(a->scheduler, b->scheduler) == 0 &&
           strcmp(a->binding, b->binding) == 0;
}

static sks_point *find_point(const sks_series_list *list, const sks_series *like,
                             unsigned n_workers)
{
    for (size_t i = 0; i < list->n; i++) {
        const sks_series *s = &list->series[i];

        if (!is_same(s, like))
            continue;
        for (size_t j = 0; j < s->n_points; j++)
            if (s->points[j].n_workers == n_workers)
                return &s->points[j];
    }
    return NULL;
}

sks_estimate sks_measures_median(const sks_series_list *list, const sks_series *like,
                                 unsigned n_workers, double confidence)
{
    sks_point *p = find_point(list, like, n_workers);

    return p != NULL ? sks_point_median(p, confidence) : sks_no_estimate;
}

sks_status sks_measures_all(const sks_series_list *list, double **values, size_t *n)
{
    size_t room = 0, k = 0;
    double *all;

    for (size_t i = 0; i < list->n; i++)
        for (size_t j = 0; j < list->series[i].n_points; j++)
            room += list->series[i].points[j].n;
    all = malloc((room + 1) * sizeof(*all));
    if (all == NULL)
        return sks_fail_nomem("the values of a campaign");
    for (size_t i = 0; i < list->n; i++)
        for (size_t j = 0; j < list->series[i].n_points; j++) {
            const sks_point *p = &list->series[i].points[j];

            memcpy(all + k, p->seconds, p->n * sizeof(*all));
            k += p->n;
        }
    gsl_sort(all, 1, k);
    *values = all;
    *n = k;
    return SKS_OK;
}
