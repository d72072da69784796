/* The algorithm of maximum entropy, included by mem_single.c and mem_double.c, each with its REAL,
 * LOG and SOLVER, the table to define. Its steps are numbered as in one iteration: 1 new
 * multipliers, 2 safety, 3 full step, 4 step length, 5 move. Here is the outer iteration with 1 and
 * 2; mem_step.h has the inner one, mem_arrays.h what both work on, mem_passes.h the loops.
 */
#include "kernels/astro/live_runs.h"
#include "kernels/astro/mem_state.h"
#include "kernels/astro/simd.h"
#include "kernels/astro/vector_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each uses what is in the one before. */
#include "kernels/astro/mem_passes.h"

#include "kernels/astro/mem_arrays.h"

#include "kernels/astro/mem_step.h"

/* ---- 1: new multipliers ---- */

/* The image as the model of itself; the trial image is not renewed. */
static void adopt_model(struct arrays *s)
{
    struct mem_state *a = &s->state;

    a->norms = (struct mem_norms){0};
    FOR_RUNS (&a->runs, k, n)
        adopt_run(n, s->f + k, s->g + k, counts_at(s, k), s->im + k, &a->norms);
    a->model_power = a->norms.entropy; /* the guard's too */
    a->alpha = a->beta = 0;
    a->outer_steps = 0;
    sks_mem_set_gradient(a);
}

/* Keeps |grad J| / |1| where a few inner iterations lead to a solution again. */
static void tune_multipliers(struct arrays *s)
{
    const double wanted = 0.35, least = 0.20, most = 0.51;
    struct mem_state *a = &s->state;
    double alpha0 = a->alpha, a_sp0 = a->a_sp, b = a->params->b_sp;

    recompute(s);
    if (a->step.renewed_alpha)
        for (int i = 0; i < 10 && a->gradient < least && a->misfit.error > a->most; i++) {
            if (a->gradient <= 0)
                break;
            a->a_sp *= wanted / a->gradient;
            a->alpha = alpha0 + a->dalpha * (a->a_sp - a_sp0);
            recompute(s);
        }
    for (int i = 0; i < 20 && a->gradient > most; i++) {
        double q = wanted / a->gradient;

        if (!a->step.renewed_alpha && !a->step.renewed_beta)
            break;
        if (a->step.renewed_alpha) {
            a->alpha -= a->dalpha * a->a_sp * (1 - q);
            a->a_sp *= q;
        }
        if (a->step.renewed_beta) {
            a->beta -= a->dbeta * b * (1 - q);
            b *= q;
        }
        recompute(s);
    }
}

static void new_multipliers(struct arrays *s)
{
    struct mem_state *a = &s->state;

    if (!sks_mem_fits(a)) {
        if (a->outer_steps >= a->params->m_update && a->misfit.error > a->most) {
            adopt_model(s);
            a->step.renewed_model = true;
        }
        a->outer_steps++;
        sks_mem_renew_alpha(a);
    }
    if (!sks_mem_has_power(a))
        sks_mem_renew_beta(a);
    tune_multipliers(s);
}

/* ---- the whole ---- */

static sks_deconvolution_end loop(struct arrays *s, sks_deconvolution_log log, void *context)
{
    struct mem_state *a = &s->state;

    while (sks_mem_goes_on(a)) {
        bool is_outer = a->iteration == 0 || a->gradient <= a->params->tol[0];

        a->iteration++;
        a->step.renewed_model = a->step.renewed_alpha = a->step.renewed_beta = false;
        if (is_outer) {
            a->inner = 0;
            if (sks_mem_wants_weights(a))
                renew_weights(s);
            sks_mem_settle(a);
            new_multipliers(s);
        }
        a->inner++;
        a->a_sp = fmax(a->a_sp, 0.01);
        if (a->iteration > 1 && a->alpha < MEM_TINY) {
            a->iteration--;
            return SKS_END_NO_WEIGHT;
        }
        iterate(s);
        sks_mem_note(a);
        if (log != NULL)
            log(context, &a->step);
    }
    if (!sks_mem_is_done(a))
        return SKS_END_ITERATION_LIMIT;
    return a->has_settled ? SKS_END_SETTLED : SKS_END_CONVERGED;
}

/* Data and weights onto the array. */
static sks_status take_data(struct arrays *s, const float *data)
{
    struct mem_state *a = &s->state;
    const sks_convolver_grid *g = a->grid;

    memset(s->d, 0, g->data_len * sizeof(REAL));
    memset(s->v, 0, g->data_len * sizeof(REAL));
    memset(s->keep, 0, g->data_len * sizeof(REAL));
    a->n_data = 0;
    for (size_t k = 0; k < g->nx * g->ny; k++) {
        size_t at = k / g->nx * g->array_nx + k % g->nx;
        double counts = fabs((double)data[k]);
        double variance =
            a->read_variance + counts / a->params->adu + a->model_variance * counts * counts;

        if (!isfinite(data[k]) || (!a->params->poisson && !(variance > MEM_TINY)))
            continue;
        s->d[at] = (REAL)data[k];
        s->v[at] = (REAL)(1 / variance);
        s->keep[at] = 1;
        a->n_data++;
    }
    if (a->n_data == 0)
        return sks_fail(SKS_ERR_INPUT, "no pixel of the section can be used: all are NaN or have "
                                       "no noise");
    return SKS_OK;
}

/* An image to start from, nowhere below the smallest value: `from`, or flat. */
static sks_status take_image(struct arrays *s, const char *what, const float *from, REAL *image)
{
    struct mem_state *a = &s->state;
    const sks_convolver_grid *g = a->grid;
    size_t n_lit = g->has_guard ? a->n_data : g->nx * g->ny; /* pixels that the power is of */
    REAL flat = (REAL)(a->wanted_power / (double)(n_lit * g->n_planes));

    if (from != NULL)
        sks_blur_load_image(a->blur, from, (double)flat, image);
    FOR_RUNS (&a->runs, k, n)
        for (size_t i = k; i < k + n; i++) {
            REAL x = from != NULL ? image[i] : flat;

            if (!isfinite(x))
                return sks_fail(SKS_ERR_INPUT, "the %s holds %g", what, (double)x);
            image[i] = x > (REAL)MEM_SMALLEST ? x : (REAL)MEM_SMALLEST;
        }
    return SKS_OK;
}

static sks_status take_images(struct arrays *s, const sks_deconvolution_input *input)
{
    struct mem_state *a = &s->state;
    size_t size_bytes = a->grid->n_layers * a->grid->layer_len * sizeof(REAL);
    sks_status status;

    memset(s->f, 0, size_bytes);
    memset(s->p, 0, size_bytes);
    memset(s->t, 0, size_bytes);
    if (s->c != NULL)
        sks_blur_adjoint(a->blur, s->keep, s->c);
    status = take_image(s, "model", input->model, s->f);
    if (status != SKS_OK)
        return status;
    adopt_model(s);
    if (input->guess != NULL)
        status = take_image(s, "first image", input->guess, s->f);
    a->alpha = a->params->alpha;
    a->beta = a->params->beta;
    return status;
}

/* The image that only method 3 needs, when it is used for the first time. */
static sks_status prepare_method(struct arrays *s)
{
    if (s->state.method != SKS_MEM_ACCURATE_NEWTON || s->w != NULL)
        return SKS_OK;
    if (s->left == NULL)
        s->left = sks_convolver_alloc_planes(s->convolver);
    s->w = sks_convolver_alloc_planes(s->convolver);
    return s->left != NULL && s->w != NULL ? SKS_OK
                                           : sks_fail_nomem("the linear system of method 3");
}

static sks_status solve(void *solver, const sks_mem_params *params,
                        const sks_deconvolution_input *input, sks_deconvolution_log log,
                        void *context, float *image, sks_deconvolution_outcome *outcome)
{
    struct arrays *s = solver;
    struct mem_state *a = &s->state;
    sks_deconvolution_end end;
    sks_status status;

    sks_mem_start(a, sks_convolver_grid_of(s->convolver), params);
    status = prepare_method(s);
    if (status == SKS_OK)
        status = sks_blur_set_psf(a->blur, input->psf, input->psf_nx, input->psf_ny, input->icf);
    if (status == SKS_OK)
        status = take_data(s, input->data);
    if (status == SKS_OK)
        status = sks_mem_set_targets(a, input->data);
    if (status == SKS_OK)
        status = take_images(s, input);
    if (status != SKS_OK)
        return status;
    sks_blur_forward(a->blur, s->f, s->y);
    /* As the task counts: PSF, autocorrelation and image, then gradient and Hessian. */
    a->n_convolutions = 3;
    derivatives(s);
    recompute(s);
    end = loop(s, log, context);
    if (sks_blur_has_icf(a->blur) && !params->hidden)
        a->n_convolutions++;
    sks_blur_store_image(a->blur, s->f, !params->hidden, image);
    sks_mem_report(a, end, outcome);
    return SKS_OK;
}

const sks_mem_solver SOLVER = {create, destroy, solve};
