/* The folder for products of a sweep that nobody asked to keep: DATABASE-scratch.
 *
 * Threads  one.
 */
#ifndef SKYSCALE_SCRATCH_H
#define SKYSCALE_SCRATCH_H

#include "harness/sweep/plan.h"

typedef struct sks_scratch sks_scratch;

/* Takes what an earlier, killed sweep left there away. The folder is made when it is first needed.
 * The caller holds the database's lock, so the folder is nobody else's. */
sks_status sks_scratch_open(const char *database, sks_scratch **scratch);

/* A copy of `parameters` whose SKS_OUTPUT values that were not given lie in the folder. */
sks_status sks_scratch_parameters(sks_scratch *scratch, const sks_values *parameters,
                                  sks_values **placed);

/* Removes the files in the folder. */
void sks_scratch_empty(const sks_scratch *scratch);

/* Removes the folder too; accepts NULL. */
void sks_scratch_close(sks_scratch *scratch);

#endif
