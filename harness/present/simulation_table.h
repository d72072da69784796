/* Simulations as text: the work, the claims, times and speedups for each rule and worker count, the
 * best rule for each worker count, the laws, and simulations beside what was measured.
 */
#ifndef SKYSCALE_SIMULATION_TABLE_H
#define SKYSCALE_SIMULATION_TABLE_H

#include "harness/analysis/simulate_check.h"
#include "harness/analysis/simulate_study.h"

#include <stdio.h>

/* Whether `out` took it all is the caller's to check. SKS_ERR_NOMEM. */
sks_status sks_simulation_table_print(const sks_study *study, const sks_claim_model *claims,
                                      FILE *out);
sks_status sks_simulation_check_print(const sks_simulation_check *check, bool with_least,
                                      FILE *out);

#endif
