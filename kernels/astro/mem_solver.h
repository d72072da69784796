/* The algorithm of maximum entropy, included by mem_single.c and mem_double.c, each with its REAL,
 * LOG and SOLVER, the table to define. Its steps are numbered as in one iteration: 1 new
 * multipliers, 2 safety, 3 full step, 4 step length, 5 move.
 */
#include "kernels/astro/live_runs.h"
#include "kernels/astro/mem_state.h"
#include "kernels/astro/simd.h"
#include "kernels/astro/vector_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/astro/mem_passes.h"

struct arrays {
    struct mem_state state; /* everything that is not an array */
    const sks_convolver *convolver;
    /* Images, in layers. */
    REAL *f, *im;   /* image, reciprocal of the model */
    REAL *g, *h;    /* grad E/2, diagonal of the Hessian of E/2 */
    REAL *j;        /* grad J */
    REAL *t;        /* trial image */
    REAL *p;        /* last full change */
    REAL *c;        /* grad F, which share of its light the data get; NULL: all of it */
    REAL *left, *w; /* method 3 only: what is left of the right side, matrix times direction */
    /* Pixels of the data. */
    REAL *d, *v, *keep; /* data, weight 1/variance, 1 where there are data */
    REAL *y, *ty, *py;  /* B P of f, t and p */
    REAL *r;            /* residual, or another thing to be correlated */
};

static size_t n_pixels(const struct arrays *s)
{
    return s->state.grid->array_nx * s->state.grid->array_ny;
}

/* ---- sums ---- */

/* grad F in a run; NULL where all of it is 1. */
static const REAL *counts_at(const struct arrays *s, size_t k)
{
    return s->c != NULL ? s->c + k : NULL;
}

static void look_at_run(struct arrays *s, size_t k, size_t n)
{
    struct mem_state *a = &s->state;

    look_run(n, s->f + k, s->im + k, s->g + k, s->h + k, s->p + k, counts_at(s, k), (REAL)a->alpha,
             (REAL)a->beta, (REAL)a->delta, s->j + k, s->t + k, &a->norms);
}

/* After a change of the multipliers or the model: all sums, and a new trial image. */
static void recompute(struct arrays *s)
{
    struct mem_state *a = &s->state;

    a->norms = (struct mem_norms){0};
    FOR_RUNS (&a->runs, k, n)
        look_at_run(s, k, n);
    sks_mem_set_gradient(a);
}

static void misfit_of(struct arrays *s, const REAL *y, struct mem_misfit *misfit)
{
    residual(n_pixels(s), s->state.params->poisson, s->d, s->v, s->keep, y, s->r, misfit);
}

/* g and h where the image is now, from y. */
static void derivatives(struct arrays *s)
{
    struct mem_state *a = &s->state;

    if (a->params->poisson)
        poisson_weights(n_pixels(s), s->d, s->keep, s->y, s->v);
    misfit_of(s, s->y, &a->misfit);
    sks_blur_adjoint(a->blur, s->r, s->g);
    sks_blur_adjoint_squared(a->blur, s->v, s->h);
    a->n_convolutions += 2;
}

/* Weights by the variance that the blurred image would have. Those from the data themselves favour
 * what came out low: they draw the sky down by 1/adu. */
static void renew_weights(struct arrays *s)
{
    struct mem_state *a = &s->state;

    expected_weights(n_pixels(s), s->keep, s->y, a->read_variance, a->params->adu,
                     a->model_variance, s->v);
    a->has_expected_weights = true;
    derivatives(s);
    recompute(s);
}

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

/* ---- 3: full step ---- */

/* The share of the last change to take out of the new one. */
static double conjugacy(struct arrays *s)
{
    double alpha = s->state.alpha, across, along, c;

    compare_changes(n_pixels(s), s->v, s->y, s->ty, s->py, &across, &along);
    c = (s->state.norms.pu + alpha * across) / (s->state.norms.pp + alpha * along);
    return isfinite(c) ? c : 0;
}

/* Methods 1 and 2: B P of the trial image, and what makes it conjugate to the last change. */
static void blur_trial(struct arrays *s, bool is_conjugate)
{
    struct mem_state *a = &s->state;

    sks_blur_forward(a->blur, s->t, s->ty);
    a->n_convolutions++;
    a->conjugacy = is_conjugate ? conjugacy(s) : 0;
    a->step.conjugacy = is_conjugate ? a->conjugacy : NAN;
}

/* w = matrix times z of the linear system. */
static void multiply_system(struct arrays *s, REAL *z, struct mem_system *sums)
{
    struct mem_state *a = &s->state;
    REAL alpha = (REAL)a->alpha, weight = (REAL)(a->alpha * a->delta);

    sks_blur_forward(a->blur, z, s->ty);
    for (size_t i = 0; i < n_pixels(s); i++)
        s->r[i] = s->v[i] * s->ty[i];
    sks_blur_adjoint(a->blur, s->r, s->w);
    a->n_convolutions += 2;
    FOR_RUNS (&a->runs, k, n)
        hessian_run(n, s->f + k, s->h + k, z + k, alpha, weight, s->w + k, sums);
}

/* Method 3: t from the linear system. Until it is done t holds the change x, p the
 * direction z. */
static void solve_system(struct arrays *s)
{
    struct mem_state *a = &s->state;
    REAL weight = (REAL)(a->alpha * a->delta);
    REAL *x = s->t, *left = s->left, *z = s->p;
    double last_error = INFINITY;

    memset(x, 0, a->grid->n_layers * a->grid->layer_len * sizeof(REAL));
    memcpy(left, s->j, a->grid->n_layers * a->grid->layer_len * sizeof(REAL));
    for (int i = 1;; i++) {
        struct mem_system sums = {0};
        double error, c;

        FOR_RUNS (&a->runs, k, n)
            precondition_run(n, s->f + k, s->h + k, left + k, weight, z + k, &sums);
        error = sqrt(sums.zz / sums.dd);
        if (!(error > a->params->tol[3]) || i == 11 ||
            fabs(error - last_error) < 0.01 * a->params->tol[3]) {
            if (i == 1)
                memcpy(x, z, a->grid->n_layers * a->grid->layer_len * sizeof(REAL));
            break;
        }
        last_error = error;
        multiply_system(s, z, &sums);
        c = i == 1 ? 1 : sums.zwd / sums.wdwd;
        FOR_RUNS (&a->runs, k, n)
            improve_run(n, z + k, s->w + k, (REAL)c, x + k, left + k);
    }
    FOR_RUNS (&a->runs, k, n)
        apply_run(n, s->f + k, x + k);
    sks_blur_forward(a->blur, s->t, s->ty);
    a->n_convolutions++;
    a->conjugacy = 0;
    a->step.conjugacy = NAN;
}

/* ---- 4: step length ---- */

/* The data's share of -dJ/ds and its derivatives at a step: of alpha times half the misfit, less
 * what it is at the start. Chi-square is a parabola. */
static void add_data_slope(const struct arrays *s, const struct mem_line *line, double step,
                           struct mem_slope *slope)
{
    const struct mem_state *a = &s->state;
    struct mem_slope data = {.first = line->curvature * step, .second = line->curvature};

    if (a->params->poisson) {
        data = (struct mem_slope){0};
        poisson_slope(n_pixels(s), s->d, s->keep, s->y, s->py, step, &data);
    }
    slope->first += a->alpha * data.first;
    slope->second += a->alpha * data.second;
    slope->third += a->alpha * data.third;
}

/* -dJ/ds and its derivatives at a step: what it is at the start, d0, and how the image's and the
 * data's share have changed since. */
static struct mem_slope slope_at(struct arrays *s, const struct mem_line *line, double step)
{
    struct mem_slope slope = {.first = -line->d0};

    FOR_RUNS (&s->state.runs, k, n)
        slope_run(n, s->f + k, s->p + k, (REAL)step, &slope);
    add_data_slope(s, line, step, &slope);
    return slope;
}

/* The full change, and the slope along it at both its start and a first guess at the step. */
static void direction(struct arrays *s, struct mem_line *line)
{
    struct mem_state *a = &s->state;

    *line = (struct mem_line){0};
    line->curvature = change_data(n_pixels(s), s->v, s->y, s->ty, (REAL)a->conjugacy, s->py);
    line->guess = sks_mem_guess(a, line->curvature);
    FOR_RUNS (&a->runs, k, n)
        line->d0 += direction_run(n, s->f + k, s->j + k, s->t + k, (REAL)a->conjugacy,
                                  (REAL)line->guess, s->p + k, &line->there);
    line->there.first -= line->d0;
    add_data_slope(s, line, line->guess, &line->there);
}

/* What J and its slope are at the far end of the change. The gradient there takes the place of the
 * one here, which has served its turn. */
static void look_at_end(struct arrays *s, struct mem_line *line)
{
    struct mem_state *a = &s->state;
    struct mem_misfit misfit;
    double power = 0, entropy = -a->model_power;

    add_scaled(n_pixels(s), 1, s->py, s->y, s->ty);
    misfit_of(s, s->ty, &misfit);
    sks_blur_adjoint_begin(a->blur, s->r);
    line->d1 = 0;
    for (size_t layer = 0; layer < a->grid->n_layers; layer++) {
        sks_blur_adjoint_layer(a->blur, layer, s->g + layer * a->grid->layer_len);
        FOR_LAYER_RUNS (&a->runs, layer, k, n)
            end_run(n, s->f + k, s->im + k, s->p + k, s->g + k, counts_at(s, k), (REAL)a->alpha,
                    (REAL)a->beta, &line->d1, &entropy, &power);
    }
    line->j0 = a->norms.entropy - a->alpha * a->misfit.half - a->beta * a->norms.power;
    line->j1 = entropy - a->alpha * misfit.half - a->beta * power;
}

/* Where dJ/ds = 0, by Halley's method from `step`, where the slope is `slope`. J is concave: once
 * the slope has been seen to fall there is one such place between 0, where it rises, and there.
 * NAN when the search is led to 1 before, where the image may touch zero.
 *
 * The task uses Newton's method until a step is below 1e-5; Halley's, whose error after a step d is
 * of the order d^3, gets to the same in fewer passes over the image. (The path of a run that does
 * not converge depends on these digits.) */
static double search(struct arrays *s, const struct mem_line *line, double step,
                     struct mem_slope slope)
{
    const double wanted = 1e-8;
    double low = 0, high = 1;

    for (int i = 0; i < 20; i++) {
        double next = step - 2 * slope.first * slope.second /
                                 (2 * slope.second * slope.second - slope.first * slope.third);
        double change;

        if (slope.first > 0)
            high = step;
        else
            low = step;
        if (!(next < 1) && high == 1)
            return NAN;
        if (!(next > low && next < high))
            next = 0.5 * (low + high);
        change = next - step;
        step = next;
        if (fabs(change * change * change) < wanted)
            break;
        slope = slope_at(s, line, step);
    }
    return step > MEM_TINY ? step : 0;
}

/* The task looks at both ends of the change and searches where the slope changes its sign between
 * them. The search finds that out by itself, nearly always; what the far end is like is looked at
 * only where it does not. */
static double step_length(struct arrays *s, struct mem_line *line)
{
    const sks_mem_params *p = s->state.params;
    double step = NAN, start;

    if (p->opt == SKS_MEM_NO_SEARCH)
        return 1;
    if (p->opt == SKS_MEM_NEWTON_SEARCH && line->d0 > 0)
        step = search(s, line, line->guess, line->there);
    if (isfinite(step))
        return step;
    look_at_end(s, line);
    start = sks_mem_interpolate(line, p->poisson ? 2 : 4);
    if (p->opt != SKS_MEM_NEWTON_SEARCH || !(start > 0 && start < 1))
        return start;
    step = search(s, line, start, slope_at(s, line, start));
    return isfinite(step) ? step : start;
}

/* ---- 5: move ---- */

/* Image and blurred image to where the step leads, the gradient there, and a look around: each run
 * of sub-pixels is read once for all, a layer of the gradient used while it is in the cache. (The
 * task moves the gradient along with the image, which comes to the same.) */
static void move(struct arrays *s)
{
    struct mem_state *a = &s->state;
    struct mem_range range = {.max = 0, .min = INFINITY};
    bool is_final = !a->params->poisson; /* else h is not yet that of the new place */

    add_scaled(n_pixels(s), (REAL)a->step_taken, s->py, s->y, s->y);
    if (is_final) {
        misfit_of(s, s->y, &a->misfit);
        sks_blur_adjoint_begin(a->blur, s->r);
        a->norms = (struct mem_norms){0};
    }
    a->n_convolutions++; /* the task correlates once more where the noise is of counts alone */
    for (size_t layer = 0; layer < a->grid->n_layers; layer++) {
        if (is_final)
            sks_blur_adjoint_layer(a->blur, layer, s->g + layer * a->grid->layer_len);
        FOR_LAYER_RUNS (&a->runs, layer, k, n) {
            move_run(n, s->p + k, (REAL)a->step_taken, s->f + k, &range);
            if (is_final)
                look_at_run(s, k, n);
        }
    }
    if (is_final) {
        sks_mem_set_gradient(a);
    } else {
        derivatives(s);
        recompute(s);
    }
    a->step.max = range.max;
    a->step.min = range.min;
}

/* ---- the whole ---- */

static void iterate(struct arrays *s)
{
    struct mem_state *a = &s->state;
    struct mem_line line;
    bool is_conjugate =
        a->method == SKS_MEM_CONJUGATE && a->inner >= a->params->cj_on && a->iteration > 1;

    if (a->iteration > 1 && (a->inner % 8 == 0 || a->step_taken == 0)) {
        a->alpha -= a->dalpha * a->a_sp * (1 - a->params->a_rate);
        recompute(s);
        a->a_sp *= a->params->a_rate;
        is_conjugate = false;
    }
    if (a->method == SKS_MEM_ACCURATE_NEWTON)
        solve_system(s);
    else
        blur_trial(s, is_conjugate);
    direction(s, &line);
    a->step_taken = step_length(s, &line);
    move(s);
}

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

/* The arrays that are always there, all but w. */
static void name_arrays(struct arrays *s, REAL **images[7], REAL **pixels[7])
{
    REAL **const of_images[7] = {&s->f, &s->im, &s->g, &s->h, &s->j, &s->t, &s->p};
    REAL **const of_pixels[7] = {&s->d, &s->v, &s->keep, &s->y, &s->ty, &s->py, &s->r};

    memcpy(images, of_images, sizeof(of_images));
    memcpy(pixels, of_pixels, sizeof(of_pixels));
}

static void destroy(void *solver)
{
    struct arrays *s = solver;
    REAL **images[7], **pixels[7];

    if (s == NULL)
        return;
    name_arrays(s, images, pixels);
    for (size_t i = 0; i < 7; i++)
        free(*images[i]);
    for (size_t i = 0; i < 7; i++)
        free(*pixels[i]);
    free(s->c);
    free(s->left);
    free(s->w);
    sks_blur_destroy(s->state.blur);
    free(s);
}

static sks_status create(const sks_convolver *convolver, void **solver)
{
    struct arrays *s = calloc(1, sizeof(*s));
    REAL **images[7], **pixels[7];
    bool is_there = true;
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("a deconvolution");
    s->convolver = convolver;
    name_arrays(s, images, pixels);
    for (size_t i = 0; i < 7; i++)
        is_there = (*images[i] = sks_convolver_alloc_planes(convolver)) != NULL && is_there;
    for (size_t i = 0; i < 7; i++)
        is_there = (*pixels[i] = sks_convolver_alloc_data(convolver)) != NULL && is_there;
    if (sks_convolver_grid_of(convolver)->has_guard)
        is_there = (s->c = sks_convolver_alloc_planes(convolver)) != NULL && is_there;
    status = is_there ? sks_blur_create(convolver, &s->state.blur)
                      : sks_fail_nomem("the images of a deconvolution");
    if (status != SKS_OK) {
        destroy(s);
        return status;
    }
    *solver = s;
    return SKS_OK;
}

const sks_mem_solver SOLVER = {create, destroy, solve};
