#include "kernels/astro/mem_state.h"

#include <math.h>
#include <stdlib.h>

enum { EXTRA_ITERATIONS = 21 };

/* A fresh section: everything but the arrays and the blur. */
void sks_mem_start(struct mem_state *a, const sks_convolver_grid *grid, const sks_mem_params *p)
{
    *a = (struct mem_state){
        .params = p,
        .grid = grid,
        .blur = a->blur,
        .runs = live_runs_split(grid),
        .method = p->method,
        .alpha = p->alpha,
        .beta = p->beta,
        .a_sp = p->a_sp,
        .read_variance = p->noise / p->adu * (p->noise / p->adu),
        .model_variance = p->model_error * p->model_error,
        .step_taken = 1,
    };
    if (p->method == SKS_MEM_DEFAULT)
        a->method = p->poisson ? SKS_MEM_ACCURATE_NEWTON : SKS_MEM_CONJUGATE;
}

/* Completes the sums over all runs. */
void sks_mem_set_gradient(struct mem_state *a)
{
    a->norms.entropy -= a->model_power;
    a->gradient = sqrt(a->norms.jj / a->norms.one);
}

static void set_target(struct mem_state *a, double target)
{
    a->target = target;
    a->least = target * (1 - 2 * a->params->tol[1]);
    a->most = target * (1 + a->params->tol[1]);
}

bool sks_mem_is_solution(const struct mem_state *a)
{
    return a->gradient <= a->params->tol[0];
}

bool sks_mem_fits(const struct mem_state *a)
{
    return a->misfit.error >= a->least && a->misfit.error <= a->most;
}

bool sks_mem_has_power(const struct mem_state *a)
{
    return fabs(a->norms.power - a->wanted_power) <= a->params->tol[2] * a->wanted_power;
}

static bool takes_expected_weights(const struct mem_state *a)
{
    return a->params->expected_variance && !a->params->poisson;
}

/* Whether what the misfit is above its target has hardly become less. */
static bool has_stalled(const struct mem_state *a)
{
    const double least_fall = 0.125;
    unsigned oldest = a->n_above % MEM_PATIENCE; /* overwritten next */

    return a->params->settles && a->n_above >= MEM_PATIENCE &&
           a->misfit.error - a->target > (1 - least_fall) * (a->above[oldest] - a->target);
}

/* Far from the data the blurred image says nothing about their noise. Once it has fitted them, or
 * comes no closer, it goes on saying it, that both converge together. */
bool sks_mem_wants_weights(struct mem_state *a)
{
    if (!takes_expected_weights(a))
        return false;
    if (a->has_expected_weights)
        return true;
    if (!has_stalled(a))
        return a->misfit.error <= a->most;
    a->n_above = 0;
    return true;
}

void sks_mem_settle(struct mem_state *a)
{
    if (a->misfit.error <= a->most) {
        a->n_above = 0;
        return;
    }
    if (has_stalled(a)) {
        set_target(a, a->misfit.error);
        a->has_settled = true;
        a->n_above = 0;
        return;
    }
    a->above[a->n_above++ % MEM_PATIENCE] = a->misfit.error;
}

bool sks_mem_is_done(const struct mem_state *a)
{
    return sks_mem_is_solution(a) && sks_mem_fits(a) && sks_mem_has_power(a) &&
           (a->has_expected_weights || !takes_expected_weights(a));
}

bool sks_mem_goes_on(const struct mem_state *a)
{
    if (a->iteration < a->params->max_iterations)
        return !sks_mem_is_done(a);
    return a->iteration > 0 && !sks_mem_is_solution(a) &&
           a->iteration - a->params->max_iterations < EXTRA_ITERATIONS;
}

static double limited(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* The change of alpha that the gradient can bear: |grad J - x grad E| <= tol |1|. grad E = 2 g. */
void sks_mem_renew_alpha(struct mem_state *a)
{
    double je = 2 * a->norms.jg, ee = 4 * a->norms.gg, tol = a->params->tol[0];
    double q = je * je - ee * (a->norms.jj - tol * tol * a->norms.one);

    a->step.renewed_alpha = true;
    if (a->misfit.error > a->target) {
        if (q > 0)
            a->dalpha = 2 * limited((a->misfit.error - a->target) / ee, (je - sqrt(q)) / ee,
                                    (je + sqrt(q)) / ee);
        else
            a->dalpha = 0.2 * a->alpha / a->a_sp;
        a->alpha += a->a_sp * a->dalpha;
    } else {
        a->alpha -= a->a_sp * a->dalpha * (1 - a->params->a_rate);
        a->a_sp *= a->params->a_rate;
    }
}

void sks_mem_renew_beta(struct mem_state *a)
{
    double j1 = a->norms.j1, one = a->norms.one, tol = a->params->tol[0];
    double q = j1 * j1 - one * (a->norms.jj - tol * tol * one);
    double excess = a->norms.power - a->wanted_power;

    a->step.renewed_beta = true;
    if (q > 0)
        a->dbeta = limited(excess / one, (j1 - sqrt(q)) / one, (j1 + sqrt(q)) / one);
    else
        a->dbeta = copysign(0.2 * fabs(a->beta) / a->params->b_sp, excess);
    a->beta += a->params->b_sp * a->dbeta;
}

/* Newton's method from the start of the change u - c p, as if nothing were clipped. Not so near 1
 * that derivatives could get out of hand where the image vanishes there. */
double sks_mem_guess(const struct mem_state *a, double curvature)
{
    const double most = 0.95, unknown = 0.5;
    const struct mem_norms *n = &a->norms;
    double c = a->conjugacy;
    double slope = n->ju - c * n->jp;
    double fall = n->uu - 2 * c * n->pu + c * c * n->pp + a->alpha * curvature;
    double guess = slope / fall;

    return a->method == SKS_MEM_ACCURATE_NEWTON || !(guess > 0) ? unknown : fmin(guess, most);
}

/* Where the slope along the change is zero, from value and slope at both ends. */
double sks_mem_interpolate(const struct mem_line *line, double limit)
{
    double d0 = line->d0, d1 = line->d1, z, w;

    if (d0 * d1 >= -MEM_TINY) {
        if (d0 == d1)
            return d0 > 0 ? limit : 0;
        return limited(d0 / (d0 - d1), 0, limit);
    }
    z = 3 * (line->j1 - line->j0) - d0 - d1;
    w = sqrt(z * z - d0 * d1);
    return d0 / (d0 - z + w);
}

/* 1 - cosine between grad S - beta = grad J + alpha g and alpha grad E. */
static double mem_test(const struct mem_state *a)
{
    const struct mem_norms *n = &a->norms;
    double product = n->jg + a->alpha * n->gg;
    double square = n->jj + a->alpha * (2 * n->jg + a->alpha * n->gg);

    return 1 - product / sqrt(square * n->gg);
}

void sks_mem_note(struct mem_state *a)
{
    a->step.iteration = a->iteration;
    a->step.inner_iteration = a->inner;
    a->step.is_me_solution = sks_mem_is_solution(a);
    a->step.chi_square = a->misfit.error;
    a->step.per_datum = a->misfit.error / (double)a->n_data;
    a->step.total_power = a->norms.power;
    a->step.step = a->step_taken;
    a->step.gradient = a->gradient;
    a->step.test = mem_test(a);
    a->step.alpha = a->alpha;
    a->step.a_sp = a->a_sp;
    a->step.beta = a->beta;
    a->step.n_convolutions = a->n_convolutions;
}

void sks_mem_report(struct mem_state *a, sks_deconvolution_end end,
                    sks_deconvolution_outcome *outcome)
{
    unsigned n_convolutions = a->n_convolutions;

    if (a->iteration == 0)
        sks_mem_note(a);
    *outcome = (sks_deconvolution_outcome){
        .end = end,
        .has_converged = end == SKS_END_CONVERGED || end == SKS_END_SETTLED,
        .is_me_solution = sks_mem_is_solution(a),
        .n_data = a->n_data,
        .target = a->target,
        .wanted_power = a->wanted_power,
        .last = a->step,
    };
    outcome->last.n_convolutions = n_convolutions;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Total power of the data when none is given. Where it is that of the whole section, pixels without
 * data are taken to hold the median of those with data: the sky, in any field that has some. */
static sks_status data_power(const struct mem_state *a, const float *data, double *power)
{
    const sks_convolver_grid *g = a->grid;
    size_t n = 0, n_all = g->nx * g->ny;
    float *sorted;
    double sum = 0;

    for (size_t k = 0; k < n_all; k++)
        if (isfinite(data[k])) {
            sum += data[k];
            n++;
        }
    if (n < n_all && !g->has_guard) {
        sorted = malloc(n * sizeof(*sorted));
        if (sorted == NULL)
            return sks_fail_nomem("the median of a section");
        n = 0;
        for (size_t k = 0; k < n_all; k++)
            if (isfinite(data[k]))
                sorted[n++] = data[k];
        qsort(sorted, n, sizeof(*sorted), compare_floats);
        sum += fmax(sorted[n / 2], 0) * (double)(n_all - n);
        free(sorted);
    }
    *power = sum;
    return SKS_OK;
}

sks_status sks_mem_set_targets(struct mem_state *a, const float *data)
{
    const sks_mem_params *p = a->params;
    double volume = sks_blur_autocorrelation_volume(a->blur);
    sks_status status = SKS_OK;

    a->delta = fmax(((volume - 1) * p->damping + (100 - volume)) / 99, 0.1);
    set_target(a, p->aim * (double)a->n_data);
    a->wanted_power = p->tp;
    if (p->tp == 0)
        status = data_power(a, data, &a->wanted_power);
    if (status == SKS_OK && !(a->wanted_power > 0))
        return sks_fail(SKS_ERR_INPUT,
                        "the data add up to %g: maximum entropy needs a positive total power, "
                        "subtract less sky or give one",
                        a->wanted_power);
    return status;
}
