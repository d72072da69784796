/* Simulations held against what was measured: every point of a campaign simulated as it was run,
 * with the costs of tasks from the campaign's own chunks.
 *
 * Only series count that were run by the executor which the costs are from, and only points with a
 * place for every worker: what the others do is not what is simulated. Compared is the time of the
 * loop, with the median of the samples or with the least of them (on a machine with other work).
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
    double measured_s, simulated_s;
    double error; /* simulated / measured - 1 */
} sks_check_row;

typedef struct sks_simulation_check {
    sks_check_row *row; /* [n] */
    size_t n;
    double median_error; /* of the absolute values; NaN: no row */
} sks_simulation_check;

/* `loads` are those of the campaign at `path`. SKS_ERR_INPUT when no point can be compared. */
sks_status sks_simulation_check_run(const char *path, const sks_work_load *loads, size_t n_loads,
                                    const sks_claim_model *claims, bool with_least,
                                    sks_simulation_check *check);
void sks_simulation_check_clear(sks_simulation_check *check);

/* SKS_ERR_NOMEM. */
sks_status sks_simulation_check_to_json(const sks_simulation_check *check, json_t **json);

#endif
