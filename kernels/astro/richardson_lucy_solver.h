/* Richardson-Lucy iterations, included by richardson_lucy_single.c and richardson_lucy_double.c,
 * each with its REAL and SOLVER, the table to define.
 */
#include "kernels/astro/live_runs.h"
#include "kernels/astro/richardson_lucy_state.h"
#include "kernels/astro/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_IMAGES = 6, N_PIXELS = 5, DAMPING_ORDER = 10 };

/* A sub-pixel that the data see less than this is left as it is. */
#define LEAST_SEEN 1e-3

/* Sums of products of this change and the last. */
struct products {
    double with_last, of_last;
};

/* Of an image. */
struct summary {
    double sum, max, min;
};

struct arrays {
    const sks_convolver_grid *grid;
    sks_blur *blur;
    struct live_runs runs;
    /* Images, in layers. */
    REAL *f;      /* where the step starts: image, or the point that acceleration leads to */
    REAL *x;      /* the last step's end */
    REAL *move;   /* x less the end before */
    REAL *change; /* of the last step */
    REAL *factor; /* A^T(w q) */
    REAL *sight;  /* 1 / A^T(w), or 0 where too few data see the sub-pixel */
    /* Pixels of the data. */
    REAL *d, *weight, *keep; /* data, 1/variance, w */
    REAL *y, *q;
    /* What a section is judged by. */
    const sks_richardson_lucy_params *params;
    size_t n_data;
    double target;
    sks_deconvolution_step step;
};

static size_t n_pixels(const struct arrays *s)
{
    return s->grid->array_nx * s->grid->array_ny;
}

/* ---- passes ---- */

SKS_SIMD
static double chi_square(size_t n, const REAL *restrict d, const REAL *restrict weight,
                         const REAL *restrict y)
{
    double sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)((y[i] - d[i]) * (y[i] - d[i]) * weight[i]);
    return sum;
}

/* w q; d and y hold the floor already, d is not negative. */
SKS_SIMD
static void quotient(size_t n, const REAL *restrict d, const REAL *restrict keep,
                     const REAL *restrict y, REAL floor, REAL *restrict q)
{
    for (size_t i = 0; i < n; i++) {
        REAL model = y[i] + floor, tiny = (REAL)1e-20;

        q[i] = keep[i] * ((d[i] + floor > 0 ? d[i] + floor : 0) / (model > tiny ? model : tiny));
    }
}

/* q, less its departure from 1 where that is small against the noise. */
static void damp(size_t n, const REAL *restrict d, const REAL *restrict keep,
                 const REAL *restrict y, double floor, double adu, double damping, REAL *restrict q)
{
    for (size_t i = 0; i < n; i++) {
        double data = adu * fmax((double)d[i] + floor, 0);
        double model = adu * fmax((double)y[i] + floor, 1e-20);
        double likelihood = data - model + (data > 0 ? data * log(model / data) : 0);
        double u = fmin(1, -2 / (damping * damping) * likelihood);

        q[i] =
            (REAL)((double)keep[i] + (double)(q[i] - keep[i]) * pow(fmax(u, 0), DAMPING_ORDER - 1) *
                                         (DAMPING_ORDER - (DAMPING_ORDER - 1) * u));
    }
}

/* One step from f, and what acceleration needs of it. */
SKS_SIMD
static void step_run(size_t n, const REAL *restrict f, const REAL *restrict factor,
                     const REAL *restrict sight, REAL *restrict x, REAL *restrict move,
                     REAL *restrict change, struct products *sums)
{
    REAL with_last = 0, of_last = 0;

#pragma omp simd reduction(+ : with_last, of_last)
    for (size_t i = 0; i < n; i++) {
        REAL end = sight[i] > 0 ? f[i] * factor[i] * sight[i] : f[i];
        REAL now, last = change[i];

        end = end > 0 ? end : 0;
        now = end - f[i];
        with_last += now * last;
        of_last += last * last;
        move[i] = end - x[i];
        x[i] = end;
        change[i] = now;
    }
    sums->with_last += (double)with_last;
    sums->of_last += (double)of_last;
}

/* f = x + a move, never negative; what f is like. */
SKS_SIMD
static void lead_run(size_t n, const REAL *restrict x, const REAL *restrict move, REAL a,
                     REAL *restrict f, struct summary *summary)
{
    REAL sum = 0, max = (REAL)summary->max, min = (REAL)summary->min;

#pragma omp simd reduction(+ : sum) reduction(max : max) reduction(min : min)
    for (size_t i = 0; i < n; i++) {
        REAL lead = x[i] + a * move[i];

        lead = lead > 0 ? lead : 0;
        f[i] = lead;
        sum += lead;
        max = lead > max ? lead : max;
        min = lead < min ? lead : min;
    }
    summary->sum += (double)sum;
    summary->max = (double)max;
    summary->min = (double)min;
}

/* ---- the iteration ---- */

/* f and y from where the last step ended, a of its length further on. */
static void lead(struct arrays *s, double a)
{
    struct summary summary = {.max = 0, .min = INFINITY};

    FOR_RUNS (&s->runs, k, n)
        lead_run(n, s->x + k, s->move + k, (REAL)a, s->f + k, &summary);
    sks_blur_forward(s->blur, s->f, s->y);
    s->step.total_power = summary.sum;
    s->step.max = summary.max;
    s->step.min = summary.min;
    s->step.step = a;
    s->step.n_convolutions++;
}

/* A^T(w q) from y. */
static void find_factor(struct arrays *s)
{
    const sks_richardson_lucy_params *p = s->params;
    double floor = p->noise * p->noise / p->adu;

    quotient(n_pixels(s), s->d, s->keep, s->y, (REAL)floor, s->q);
    if (p->damping > 0)
        damp(n_pixels(s), s->d, s->keep, s->y, floor, p->adu, p->damping, s->q);
    sks_blur_adjoint(s->blur, s->q, s->factor);
}

static void take_step(struct arrays *s)
{
    struct products sums = {0};
    double a = 0;

    find_factor(s);
    FOR_RUNS (&s->runs, k, n)
        step_run(n, s->f + k, s->factor + k, s->sight + k, s->x + k, s->move + k, s->change + k,
                 &sums);
    /* There are two changes to compare from the second step on. */
    if (s->params->accelerated && s->step.iteration > 1 && sums.of_last > 0)
        a = fmin(fmax(sums.with_last / sums.of_last, 0), 1 - 1e-6);
    s->step.n_convolutions++;
    lead(s, a);
}

static sks_deconvolution_end loop(struct arrays *s, sks_deconvolution_log log, void *context)
{
    for (;;) {
        s->step.chi_square = chi_square(n_pixels(s), s->d, s->weight, s->y);
        s->step.per_datum = s->step.chi_square / (double)s->n_data;
        if (s->step.iteration > 0 && log != NULL)
            log(context, &s->step);
        if (s->params->aim > 0 && s->step.chi_square <= s->target)
            return SKS_END_CONVERGED;
        if (s->step.iteration == s->params->max_iterations)
            return SKS_END_ITERATION_LIMIT;
        s->step.iteration++;
        s->step.inner_iteration++;
        take_step(s);
    }
}

/* ---- set-up ---- */

/* Data, weights and the flat first value. */
static sks_status take_data(struct arrays *s, const float *data, double *flat)
{
    const sks_convolver_grid *g = s->grid;
    double read_noise = s->params->noise / s->params->adu, sum = 0;

    memset(s->d, 0, g->data_len * sizeof(REAL));
    memset(s->weight, 0, g->data_len * sizeof(REAL));
    memset(s->keep, 0, g->data_len * sizeof(REAL));
    s->n_data = 0;
    for (size_t k = 0; k < g->nx * g->ny; k++) {
        size_t at = k / g->nx * g->array_nx + k % g->nx;
        double counts = fabs((double)data[k]), misfit = s->params->model_error * counts;
        double variance = read_noise * read_noise + counts / s->params->adu + misfit * misfit;

        if (!isfinite(data[k]))
            continue;
        s->d[at] = (REAL)data[k];
        s->weight[at] = variance > 0 ? (REAL)(1 / variance) : 0;
        s->keep[at] = 1;
        s->n_data++;
        sum += data[k];
    }
    if (s->n_data == 0)
        return sks_fail(SKS_ERR_INPUT, "no pixel of the section can be used: all are NaN");
    *flat = sum / (double)s->n_data / (double)g->n_planes;
    if (!(*flat > 0))
        return sks_fail(SKS_ERR_INPUT,
                        "the data add up to %g: Richardson-Lucy needs a positive flux, subtract "
                        "less sky",
                        sum);
    s->target = s->params->aim * (double)s->n_data;
    return SKS_OK;
}

static sks_status take_first_image(struct arrays *s, const sks_deconvolution_input *input,
                                   double flat)
{
    const float *first = input->guess != NULL ? input->guess : input->model;
    size_t size_bytes = s->grid->n_layers * s->grid->layer_len * sizeof(REAL);

    memset(s->f, 0, size_bytes);
    memset(s->change, 0, size_bytes);
    memset(s->move, 0, size_bytes);
    if (first != NULL)
        sks_blur_load_image(s->blur, first, flat, s->f);
    FOR_RUNS (&s->runs, k, n)
        for (size_t i = k; i < k + n; i++) {
            REAL value = first != NULL ? s->f[i] : (REAL)flat;

            if (!isfinite(value))
                return sks_fail(SKS_ERR_INPUT, "the first image holds %g", (double)value);
            /* A zero would stay one for ever. */
            s->f[i] = value > 0 ? value : (REAL)(1e-6 * flat);
        }
    memcpy(s->x, s->f, size_bytes);
    return SKS_OK;
}

/* 1 / A^T(w). Full sight is that of a sub-pixel all of whose light falls on data. */
static void find_sight(struct arrays *s)
{
    double full = s->grid->takes_first ? (double)s->grid->n_planes : 1;

    sks_blur_adjoint(s->blur, s->keep, s->sight);
    FOR_RUNS (&s->runs, k, n)
        for (size_t i = k; i < k + n; i++)
            s->sight[i] = (double)s->sight[i] > LEAST_SEEN * full ? 1 / s->sight[i] : 0;
}

static sks_status solve(void *solver, const sks_richardson_lucy_params *params,
                        const sks_deconvolution_input *input, sks_deconvolution_log log,
                        void *context, float *image, sks_deconvolution_outcome *outcome)
{
    struct arrays *s = solver;
    sks_deconvolution_end end;
    double flat = 0;
    sks_status status;

    s->params = params;
    s->step = (sks_deconvolution_step){.conjugacy = NAN,
                                       .gradient = NAN,
                                       .test = NAN,
                                       .alpha = NAN,
                                       .a_sp = NAN,
                                       .beta = NAN,
                                       .n_convolutions = 2};
    status = sks_blur_set_psf(s->blur, input->psf, input->psf_nx, input->psf_ny, input->icf);
    if (status == SKS_OK)
        status = take_data(s, input->data, &flat);
    if (status == SKS_OK)
        status = take_first_image(s, input, flat);
    if (status != SKS_OK)
        return status;
    find_sight(s);
    lead(s, 0);
    end = loop(s, log, context);
    if (sks_blur_has_icf(s->blur) && !params->hidden)
        s->step.n_convolutions++;
    sks_blur_store_image(s->blur, s->f, !params->hidden, image);
    *outcome = (sks_deconvolution_outcome){.end = end,
                                           .has_converged = end == SKS_END_CONVERGED,
                                           .n_data = s->n_data,
                                           .target = s->target,
                                           .wanted_power = NAN,
                                           .last = s->step};
    return SKS_OK;
}

static void name_arrays(struct arrays *s, REAL **images[N_IMAGES], REAL **pixels[N_PIXELS])
{
    REAL **const of_images[N_IMAGES] = {&s->f, &s->x, &s->move, &s->change, &s->factor, &s->sight};
    REAL **const of_pixels[N_PIXELS] = {&s->d, &s->weight, &s->keep, &s->y, &s->q};

    memcpy(images, of_images, sizeof(of_images));
    memcpy(pixels, of_pixels, sizeof(of_pixels));
}

static void destroy(void *solver)
{
    struct arrays *s = solver;
    REAL **images[N_IMAGES], **pixels[N_PIXELS];

    if (s == NULL)
        return;
    name_arrays(s, images, pixels);
    for (size_t i = 0; i < N_IMAGES; i++)
        free(*images[i]);
    for (size_t i = 0; i < N_PIXELS; i++)
        free(*pixels[i]);
    sks_blur_destroy(s->blur);
    free(s);
}

static sks_status create(const sks_convolver *convolver, void **solver)
{
    struct arrays *s = calloc(1, sizeof(*s));
    REAL **images[N_IMAGES], **pixels[N_PIXELS];
    bool is_there = true;
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("a deconvolution");
    s->grid = sks_convolver_grid_of(convolver);
    s->runs = live_runs_of(s->grid);
    name_arrays(s, images, pixels);
    for (size_t i = 0; i < N_IMAGES; i++)
        is_there = (*images[i] = sks_convolver_alloc_planes(convolver)) != NULL && is_there;
    for (size_t i = 0; i < N_PIXELS; i++)
        is_there = (*pixels[i] = sks_convolver_alloc_data(convolver)) != NULL && is_there;
    status = is_there ? sks_blur_create(convolver, &s->blur)
                      : sks_fail_nomem("the images of a deconvolution");
    if (status != SKS_OK) {
        destroy(s);
        return status;
    }
    *solver = s;
    return SKS_OK;
}

const sks_richardson_lucy_solver SOLVER = {create, destroy, solve};
