/* The input of all analysis: measured times of configurations that differ in workers only.
 *
 * Units      seconds.
 * Ownership  a series owns its texts, its points and their samples, all from malloc.
 * Threads    read-only once filled.
 */
#ifndef SKYSCALE_SERIES_H
#define SKYSCALE_SERIES_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Core to core, one way, before and after a run; NaN where it was not measured. */
typedef struct sks_latency {
    double before_s, after_s;
} sks_latency;

/* All samples of one worker count. Warm-ups and failed runs are not among them. */
typedef struct sks_point {
    unsigned n_workers;
    bool is_oversubscribed; /* a place served more than one worker */
    size_t n;
    double *seconds; /* [n], one per sample, in round order */

    /* Of each sample; NULL where it is not known of the point as a whole. */
    unsigned *rounds;       /* [n], increasing: what ran in one round ran close together */
    double *serial_seconds; /* [n], the part of `seconds` outside the parallel phase */
    bool *is_disturbed;     /* [n], by what else went on in the machine; NULL: none */
    sks_latency *latencies; /* [n] */
    size_t n_dropped;       /* left out because they were disturbed */
} sks_point;

typedef struct sks_series {
    char *kernel;
    char *parameters;     /* of the kernel, "name=value,name=value"; "" for none */
    char *all_parameters; /* with those at their default, a JSON object; NULL when not known */
    char *executor;
    char *scheduler; /* with its options: "dynamic:chunk=4" */
    char *binding;
    bool is_weak; /* the work grows in proportion to the workers (weak scaling) */
    size_t n_points;
    sks_point *points; /* n_workers increasing, each once */
} sks_series;

void sks_point_clear(sks_point *point); /* frees what it holds; accepts one that is all zero */

/* Leaves out the samples i without is_kept[i]; returns how many. */
size_t sks_point_keep(sks_point *point, const bool *is_kept);

/* Leaves out all samples flagged as disturbed; returns how many there were. A point may be left
 * without any. */
size_t sks_series_drop_disturbed(sks_series *series);

void sks_series_clear(sks_series *series); /* frees what it holds; accepts one that is all zero */

/* Frees series[n] and the array itself; accepts NULL. */
void sks_series_free(sks_series *series, size_t n);

/* What tells series[i] from the others, for a table's first column or a legend: always the
 * scheduler; of executor, binding and kind of scaling (and the kernel, if with_kernel) those in
 * which the n series are not all alike; and the parameters that not all of them have (with_kernel:
 * not all of the same kernel). Separated by ", ". The caller frees *label. */
sks_status sks_series_label(const sks_series *const *series, size_t n, size_t i, bool with_kernel,
                            char **label);

#endif
