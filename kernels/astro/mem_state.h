/* Between mem.c, its solvers and mem_state.c: what of a section's solution is not an array, and the
 * decisions that rest on it alone.
 */
#ifndef SKYSCALE_MEM_STATE_H
#define SKYSCALE_MEM_STATE_H

#include "kernels/astro/live_runs.h"
#include "kernels/astro/mem.h"

/* The task's constants: the smallest value of an image, and what counts as zero. */
#define MEM_SMALLEST 2.2e-16
#define MEM_TINY 1.2e-7

/* Outer steps over which the misfit has to fall, else it is taken to fall no more. */
enum { MEM_PATIENCE = 3 };

/* Sums over sub-pixels in the metric D: J is grad J, g is grad E/2, 1 is grad F. */
struct mem_norms {
    double jj, jg, j1, gg, one;
    double entropy, power;
    /* With u = t - f, the change that leads to the trial image, and p, the last change: */
    double uu, pu, pp; /* sum u^2 / f, p u / f, p^2 / f */
    double ju, jp;     /* sum J u, J p */
};

/* -dJ/ds, s the step length, and its derivatives. */
struct mem_slope {
    double first, second, third;
};

/* J along the full change u: value and slope at either end, d1, j0 and j1 only where needed. */
struct mem_line {
    double d0, d1, j0, j1;
    double curvature;       /* sum (B P u)^2 / v */
    double guess;           /* at the step length, */
    struct mem_slope there; /* and the slope there */
};

struct mem_range {
    double max, min;
};

struct mem_system {
    double zz, dd, zwd, wdwd;
};

struct mem_misfit {
    double error; /* chi-square, or Poisson's sum (y - d)^2 / y */
    double half;  /* the term alpha multiplies in J: E/2, or -log likelihood / 2 */
};

/* Everything of a section's solution that is not an array. */
struct mem_state {
    const sks_mem_params *params;
    const sks_convolver_grid *grid;
    sks_blur *blur;
    struct live_runs runs;

    sks_mem_method method;
    double delta; /* weight of the Hessian's diagonal */
    size_t n_data;
    double read_variance;       /* counts^2 */
    double model_variance;      /* of the square of the counts */
    bool has_expected_weights;  /* the variance is no more that of the data */
    double target, least, most; /* of the misfit */
    double above[MEM_PATIENCE]; /* the misfit in the last outer steps that began above `most` */
    unsigned n_above;           /* how many there were in a row */
    bool has_settled;           /* the target is what could be reached, not what was aimed at */
    double wanted_power, model_power;

    double alpha, beta, a_sp;
    double dalpha, dbeta; /* last changes, before a_sp and b_sp */
    unsigned outer_steps; /* made with this model */
    unsigned iteration, inner, n_convolutions;
    double step_taken, conjugacy;

    struct mem_norms norms;
    struct mem_misfit misfit;
    double gradient; /* |grad J| / |1| */
    sks_deconvolution_step step;
};

/* The algorithm in one precision. */
typedef struct sks_mem_solver {
    sks_status (*create)(const sks_convolver *convolver, void **solver);
    void (*destroy)(void *solver); /* accepts NULL */
    sks_status (*solve)(void *solver, const sks_mem_params *params,
                        const sks_deconvolution_input *input, sks_deconvolution_log log,
                        void *context, float *image, sks_deconvolution_outcome *outcome);
} sks_mem_solver;

extern const sks_mem_solver sks_mem_solver_single;
extern const sks_mem_solver sks_mem_solver_double;

/* A fresh section: everything but the blur. */
void sks_mem_start(struct mem_state *a, const sks_convolver_grid *grid, const sks_mem_params *p);

/* Targets of misfit and power, and delta, once PSF and data are there.
 * Errors   SKS_ERR_INPUT for a total power that is not positive */
sks_status sks_mem_set_targets(struct mem_state *a, const float *data);

/* Completes the sums over all runs. */
void sks_mem_set_gradient(struct mem_state *a);

/* What has been reached, and whether to go on. */
bool sks_mem_is_solution(const struct mem_state *a);
bool sks_mem_fits(const struct mem_state *a);
bool sks_mem_has_power(const struct mem_state *a);
bool sks_mem_is_done(const struct mem_state *a);
bool sks_mem_goes_on(const struct mem_state *a);

/* At the begin of an outer step. Where the misfit no longer falls: whether to go on with new
 * weights, from the blurred image; with these weights, what has been reached becomes the target. */
bool sks_mem_wants_weights(struct mem_state *a);
void sks_mem_settle(struct mem_state *a);

/* Step 1: the changes of the multipliers that the gradient can bear. */
void sks_mem_renew_alpha(struct mem_state *a);
void sks_mem_renew_beta(struct mem_state *a);

/* Step 4: a first guess at the step length, by the slope and its derivative at its start;
 * `curvature` as in struct mem_line. Then where the slope along the change is zero, from value and
 * slope at both ends. */
double sks_mem_guess(const struct mem_state *a, double curvature);
double sks_mem_interpolate(const struct mem_line *line, double limit);

/* Fills in state->step, and the outcome, from the state. */
void sks_mem_note(struct mem_state *a);
void sks_mem_report(struct mem_state *a, sks_deconvolution_end end,
                    sks_deconvolution_outcome *outcome);

#endif
