#include "kernels/astro/richardson_lucy.h"

#include "kernels/astro/richardson_lucy_state.h"

#include <limits.h>
#include <stdlib.h>

struct sks_richardson_lucy {
    const sks_richardson_lucy_solver *precision;
    void *solver;
};

sks_richardson_lucy_params sks_richardson_lucy_defaults(void)
{
    return (sks_richardson_lucy_params){
        .noise = 5,
        .adu = 7,
        .aim = 1,
        .max_iterations = 100,
        .accelerated = true,
    };
}

sks_status sks_richardson_lucy_check(const sks_richardson_lucy_params *p)
{
    const double huge = 1e30;
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"noise", p->noise, 0, huge},
        {"adu", p->adu, 1 / huge, huge},
        {"model error", p->model_error, 0, huge},
        {"aim", p->aim, 0, huge},
        {"max-iterations", p->max_iterations, 1, INT_MAX},
        {"damping", p->damping, 0, huge},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (!(ranges[i].value >= ranges[i].low && ranges[i].value <= ranges[i].high))
            return sks_fail(SKS_ERR_USAGE, "%s %g: need %g..%g", ranges[i].name, ranges[i].value,
                            ranges[i].low, ranges[i].high);
    return SKS_OK;
}

sks_status sks_richardson_lucy_create(const sks_convolver *convolver, sks_richardson_lucy **rl)
{
    bool is_double = sks_convolver_grid_of(convolver)->precision == SKS_PRECISION_DOUBLE;
    struct sks_richardson_lucy *r = calloc(1, sizeof(*r));
    sks_status status;

    if (r == NULL)
        return sks_fail_nomem("a deconvolution");
    r->precision = is_double ? &sks_richardson_lucy_double : &sks_richardson_lucy_single;
    status = r->precision->create(convolver, &r->solver);
    if (status != SKS_OK) {
        free(r);
        return status;
    }
    *rl = r;
    return SKS_OK;
}

void sks_richardson_lucy_destroy(sks_richardson_lucy *r)
{
    if (r == NULL)
        return;
    r->precision->destroy(r->solver);
    free(r);
}

sks_status sks_richardson_lucy_solve(sks_richardson_lucy *r,
                                     const sks_richardson_lucy_params *params,
                                     const sks_deconvolution_input *input,
                                     sks_deconvolution_log log, void *context, float *image,
                                     sks_deconvolution_outcome *outcome)
{
    sks_status status = sks_richardson_lucy_check(params);

    if (status != SKS_OK)
        return status;
    return r->precision->solve(r->solver, params, input, log, context, image, outcome);
}
