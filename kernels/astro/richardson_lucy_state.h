/* Between richardson_lucy.c and its solvers in the two precisions: the contract of
 * richardson_lucy.h, by which a solver is one section's at a time, on one thread. */
#ifndef SKYSCALE_RICHARDSON_LUCY_STATE_H
#define SKYSCALE_RICHARDSON_LUCY_STATE_H

#include "kernels/astro/richardson_lucy.h"

typedef struct sks_richardson_lucy_solver {
    sks_status (*create)(const sks_convolver *convolver, void **solver);
    void (*destroy)(void *solver); /* accepts NULL */
    sks_status (*solve)(void *solver, const sks_richardson_lucy_params *params,
                        const sks_deconvolution_input *input, sks_deconvolution_log log,
                        void *context, float *image, sks_deconvolution_outcome *outcome);
} sks_richardson_lucy_solver;

extern const sks_richardson_lucy_solver sks_richardson_lucy_single;
extern const sks_richardson_lucy_solver sks_richardson_lucy_double;

#endif
