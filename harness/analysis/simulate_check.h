/* Simulations held against what was measured: every point of a campaign simulated as it was run,
 * with the costs of tasks from the campaign's own chunks.
 *
 * Only series count that were run by the executor which the costs are from, and only points with a
 * place for every worker: what the others do is not what is simulated. Compared is the time of the
 * loop, with the median of the samples or with the least of them (on a machine with other work).
 * How much tasks are slowed down by other workers is taken from the other rules, where there are
 * any: a rule's own samples do not foretell themselves. Those that the costs are from would: that
 * rule with that many workers is a row, but no part of any median of the errors.
 */
#ifndef SKYSCALE_SIMULATE_CHECK_H
#define SKYSCALE_SIMULATE_CHECK_H

#include "harness/analysis/simulate_claims.h"
#include "harness/analysis/simulate_load.h"

#include <jansson.h>

typedef struct sks_check_row {
    char *kernel, *parameters, *executor, *scheduler;
    unsigned n_workers;
    size_t n_samples;
    bool is_source;   /* the costs of tasks are from these samples */
    double slow_down; /* by which the costs of tasks were multiplied */
    double measured_s, simulated_s;
    double error; /* simulated / measured - 1 */
} sks_check_row;

/* Rows that have something in common, without those that the costs are from. */
typedef struct sks_check_group {
    const char *kernel; /* a row's; NULL: any */
    unsigned n_workers; /* 0: any */
    size_t n;
    double median_error; /* of the absolute values */
} sks_check_group;

typedef struct sks_simulation_check {
    sks_check_row *row; /* [n] */
    size_t n;
    size_t n_foretold;           /* of the rows: all but those that the costs are from */
    double median_error;         /* of the absolute values over these; NaN: there is none */
    sks_check_group *by_workers; /* [n_by_workers], increasing */
    size_t n_by_workers;
    sks_check_group *by_kernel; /* [n_by_kernel], in the order in which the rows come */
    size_t n_by_kernel;
} sks_simulation_check;

/* `loads` are those of the campaign at `path`. SKS_ERR_INPUT when no point can be compared. */
sks_status sks_simulation_check_run(const char *path, const sks_work_load *loads, size_t n_loads,
                                    const sks_claim_model *claims, bool with_least,
                                    sks_simulation_check *check);
void sks_simulation_check_clear(sks_simulation_check *check);

/* SKS_ERR_NOMEM. */
sks_status sks_simulation_check_to_json(const sks_simulation_check *check, json_t **json);

#endif
