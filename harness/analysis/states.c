#include "harness/analysis/states.h"

#include "harness/analysis/dip.h"
#include "harness/analysis/statistics.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#define DIP_P 0.01          /* below it a single peak is refuted */
#define VALLEY (1.0 / 3.0)  /* the middle part between the two centres … */
#define IN_VALLEY_MOST 0.10 /* … may hold so much of the smaller group */

const char *const sks_state_name[SKS_N_STATES] = {"unknown", "near", "far", "changed"};

static void add_latency(double seconds, double *logs, size_t *n)
{
    if (seconds > 0.0 && isfinite(seconds))
        logs[(*n)++] = log(seconds);
}

static sks_status all_latencies(const sks_series *series, size_t n_series, double **logs, size_t *n)
{
    size_t room = 0, used = 0;
    double *all;

    for (size_t i = 0; i < n_series; i++)
        for (size_t j = 0; j < series[i].n_points; j++)
            room += 2 * series[i].points[j].n;
    all = malloc((room + 1) * sizeof(*all));
    if (all == NULL)
        return sks_fail_nomem("latencies");
    for (size_t i = 0; i < n_series; i++)
        for (size_t j = 0; j < series[i].n_points; j++) {
            const sks_point *p = &series[i].points[j];

            for (size_t k = 0; p->latencies != NULL && k < p->n; k++) {
                add_latency(p->latencies[k].before_s, all, &used);
                add_latency(p->latencies[k].after_s, all, &used);
            }
        }
    gsl_sort(all, 1, used);
    *logs = all;
    *n = used;
    return SKS_OK;
}

/* How many of sorted[n] belong to the lower group: the cut with the greatest sum of squares between
 * the groups, that is with the least within. */
static size_t best_cut(const double *sorted, size_t n)
{
    double mean = 0.0, below = 0.0, greatest = -1.0;
    size_t cut = 0;

    for (size_t i = 0; i < n; i++)
        mean += sorted[i] / (double)n;
    for (size_t i = 1; i < n; i++) {
        double between;

        below += sorted[i - 1] - mean;
        between = below * below / (double)i + below * below / (double)(n - i);
        if (sorted[i] > sorted[i - 1] && between > greatest) {
            greatest = between;
            cut = i;
        }
    }
    return cut;
}

static bool are_apart(const double *sorted, size_t n, size_t cut, double dip_p)
{
    size_t smaller = cut < n - cut ? cut : n - cut, inside = 0;
    double near = sks_median(sorted, cut), far = sks_median(sorted + cut, n - cut);
    double middle = 0.5 * (near + far), half = 0.5 * VALLEY * (far - near);

    for (size_t i = 0; i < n; i++)
        inside += fabs(sorted[i] - middle) < half;
    return far - near >= log(SKS_STATE_FACTOR) && (double)smaller >= SKS_STATE_LEAST * (double)n &&
           (double)inside <= IN_VALLEY_MOST * (double)smaller && dip_p < DIP_P;
}

sks_status sks_states_find(const sks_series *series, size_t n, sks_states *states)
{
    double *logs, dip;
    size_t n_logs, cut;
    sks_states made = {.threshold_s = NAN, .near_s = NAN, .far_s = NAN, .far_part = NAN};
    sks_status status = all_latencies(series, n, &logs, &n_logs);

    if (status != SKS_OK)
        return status;
    made.n_known = n_logs;
    cut = n_logs > 1 ? best_cut(logs, n_logs) : 0;
    if (cut > 0)
        status = sks_dip(logs, n_logs, &dip);
    if (status == SKS_OK && cut > 0 && are_apart(logs, n_logs, cut, sks_dip_p(dip, n_logs))) {
        made.are_two = true;
        made.near_s = exp(sks_median(logs, cut));
        made.far_s = exp(sks_median(logs + cut, n_logs - cut));
        made.threshold_s = exp(0.5 * (logs[cut - 1] + logs[cut]));
        made.far_part = (double)(n_logs - cut) / (double)n_logs;
    }
    free(logs);
    if (status == SKS_OK)
        *states = made;
    return status;
}

sks_state sks_state_of(const sks_states *states, const sks_latency *latency)
{
    bool far_before = latency->before_s > states->threshold_s;
    bool far_after = latency->after_s > states->threshold_s;

    if (!states->are_two || !(latency->before_s > 0.0 && latency->after_s > 0.0))
        return SKS_STATE_UNKNOWN;
    if (far_before != far_after)
        return SKS_STATE_CHANGED;
    return far_before ? SKS_STATE_FAR : SKS_STATE_NEAR;
}

sks_status sks_state_select(const sks_states *states, const sks_point *point, sks_state state,
                            sks_point *selected)
{
    sks_point made = {.n_workers = point->n_workers, .is_oversubscribed = point->is_oversubscribed};

    made.seconds = malloc((point->n + 1) * sizeof(*made.seconds));
    made.rounds = malloc((point->n + 1) * sizeof(*made.rounds));
    if (made.seconds == NULL || made.rounds == NULL) {
        sks_point_clear(&made);
        return sks_fail_nomem("samples");
    }
    for (size_t i = 0; point->latencies != NULL && i < point->n; i++)
        if (sks_state_of(states, &point->latencies[i]) == state) {
            made.seconds[made.n] = point->seconds[i];
            made.rounds[made.n++] = point->rounds != NULL ? point->rounds[i] : (unsigned)i;
        }
    *selected = made;
    return SKS_OK;
}

static sks_status keep(const sks_states *states, sks_state state, sks_point *point)
{
    bool *is_kept = calloc(point->n + 1, sizeof(*is_kept));

    if (is_kept == NULL)
        return sks_fail_nomem("samples");
    for (size_t i = 0; point->latencies != NULL && i < point->n; i++)
        is_kept[i] = sks_state_of(states, &point->latencies[i]) == state;
    sks_point_keep(point, is_kept);
    free(is_kept);
    return SKS_OK;
}

sks_status sks_state_keep(const sks_states *states, sks_state state, sks_series *series)
{
    sks_status status = SKS_OK;

    for (size_t j = 0; status == SKS_OK && j < series->n_points; j++)
        if (series->points[j].n_workers > 1)
            status = keep(states, state, &series->points[j]);
    return status;
}
