/* Which series of campaigns are drawn: those of the kernels, executors and schedulers named.
 *
 * A list has its names separated by commas. A name also stands for itself with options: "dynamic"
 * chooses "dynamic:chunk=4" as well, which is how a single one of them is named.
 *
 * Ownership  texts are borrowed.
 */
#ifndef SKYSCALE_SELECTION_H
#define SKYSCALE_SELECTION_H

#include "harness/analysis/series.h"

typedef struct sks_selection {
    const char *kernels, *executors, *schedulers; /* NULL: all of them */
} sks_selection;

bool sks_selection_has(const sks_selection *selection, const char *kernel, const char *executor,
                       const char *scheduler);

/* Those that were not chosen go to the end and are cleared; returns how many are left. */
size_t sks_selection_keep(const sks_selection *selection, sks_series *series, size_t n);

/* SKS_ERR_INPUT: nothing in `source` was chosen; the message repeats what was asked for. */
sks_status sks_selection_is_empty(const sks_selection *selection, const char *source);

#endif
