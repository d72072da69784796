/* The scaling-model contract: how long a run takes with N workers.
 *
 * A model is a law T(N) with few parameters, none of them negative, and a way to fit them to
 * measured medians. All models are fitted to the same points with relative errors, so that their
 * residuals can be compared.
 *
 * Units    seconds; N is a number of workers and may be fractional in eval.
 * Threads  models are constant and their functions reentrant.
 */
#ifndef SKYSCALE_MODEL_H
#define SKYSCALE_MODEL_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { SKS_MAX_MODEL_PARAMETERS = 3 };

typedef struct sks_model_parameter {
    const char *name; /* "T_S" */
    const char *unit; /* "s"; "" for a pure number */
    const char *meaning;
    double max; /* the range is [0, max]; INFINITY when there is no upper bound */
} sks_model_parameter;

typedef struct sks_model {
    const char *name;
    const char *summary;
    const char *formula; /* "T(N) = T_S + T_P/N" */
    const char *citation;
    bool is_weak; /* describes weak scaling (work proportional to N); else strong (fixed work) */
    size_t n_parameters;
    const sks_model_parameter *parameters; /* [n_parameters] */

    double (*eval)(const double *p, double n_workers); /* T(N), s */

    /* The best p[n_parameters] for the points, n_workers distinct. False, p untouched: the points
     * do not determine the parameters. */
    bool (*fit)(const double *n_workers, const double *seconds, size_t n_points, double *p);

    /* The N >= 1 at which T(N) is least (for weak models: at which the work done per second is
     * greatest); infinite when more workers always help. */
    double (*optimum)(const double *p);

    /* The part of the one-worker time that does not get shorter with N; NaN when p is all zero. */
    double (*serial_fraction)(const double *p);
} sks_model;

/* All models, simplest first; ends with NULL. */
extern const sks_model *const sks_model_table[];

/* By name; SKS_ERR_USAGE with the nearest name when there is none. */
sks_status sks_model_find(const char *name, const sks_model **model);

/* NULL when the model describes series of that kind, else why not: "needs weak scaling". */
const char *sks_model_unsuited(const sks_model *model, bool is_weak);

#endif
