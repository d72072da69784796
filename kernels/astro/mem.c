#include "kernels/astro/mem.h"

#include "kernels/astro/mem_state.h"

#include <limits.h>
#include <stdlib.h>

struct sks_mem {
    const sks_mem_solver *precision;
    void *solver;
};

sks_mem_params sks_mem_defaults(void)
{
    return (sks_mem_params){
        .noise = 13,
        .adu = 7.5,
        .aim = 1,
        .max_iterations = 100,
        .m_update = 1,
        .method = SKS_MEM_DEFAULT,
        .cj_on = 2,
        .opt = SKS_MEM_NEWTON_SEARCH,
        .damping = 1,
        .a_sp = 10,
        .a_rate = 0.5,
        .b_sp = 3,
        .tol = {0.05, 0.05, 0.1, 0.1},
    };
}

static sks_status check_range(const char *name, double value, double low, double high)
{
    if (value >= low && value <= high)
        return SKS_OK;
    return sks_fail(SKS_ERR_USAGE, "%s %g: need %g..%g", name, value, low, high);
}

sks_status sks_mem_check(const sks_mem_params *p)
{
    const double tiny = 1e-30, huge = 1e30;
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"noise", p->noise, 0, huge},
        {"adu", p->adu, tiny, huge},
        {"model error", p->model_error, 0, huge},
        {"tp", p->tp, 0, huge},
        {"aim", p->aim, tiny, huge},
        {"maxiter", p->max_iterations, 1, INT_MAX / 2},
        {"m_update", p->m_update, 1, UINT_MAX},
        {"method", p->method, SKS_MEM_DEFAULT, SKS_MEM_ACCURATE_NEWTON},
        {"opt", p->opt, SKS_MEM_NO_SEARCH, SKS_MEM_NEWTON_SEARCH},
        {"cj_on", p->cj_on, 1, UINT_MAX},
        {"damping", p->damping, 1, 100},
        {"alpha", p->alpha, 0, huge},
        {"beta", p->beta, -huge, huge},
        {"a_sp", p->a_sp, tiny, huge},
        {"a_rate", p->a_rate, 0, 1},
        {"b_sp", p->b_sp, tiny, huge},
        {"tol[0]", p->tol[0], tiny, 1},
        {"tol[1]", p->tol[1], tiny, 0.5},
        {"tol[2]", p->tol[2], tiny, huge},
        {"tol[3]", p->tol[3], tiny, huge},
    };
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < sizeof(ranges) / sizeof(ranges[0]); i++)
        status = check_range(ranges[i].name, ranges[i].value, ranges[i].low, ranges[i].high);
    return status;
}

sks_status sks_mem_create(const sks_convolver *convolver, sks_mem **mem)
{
    bool is_double = sks_convolver_grid_of(convolver)->precision == SKS_PRECISION_DOUBLE;
    struct sks_mem *m = calloc(1, sizeof(*m));
    sks_status status;

    if (m == NULL)
        return sks_fail_nomem("a deconvolution");
    m->precision = is_double ? &sks_mem_solver_double : &sks_mem_solver_single;
    status = m->precision->create(convolver, &m->solver);
    if (status != SKS_OK) {
        free(m);
        return status;
    }
    *mem = m;
    return SKS_OK;
}

void sks_mem_destroy(sks_mem *m)
{
    if (m == NULL)
        return;
    m->precision->destroy(m->solver);
    free(m);
}

sks_status sks_mem_solve(sks_mem *m, const sks_mem_params *params,
                         const sks_deconvolution_input *input, sks_deconvolution_log log,
                         void *context, float *image, sks_deconvolution_outcome *outcome)
{
    sks_status status = sks_mem_check(params);

    if (status != SKS_OK)
        return status;
    return m->precision->solve(m->solver, params, input, log, context, image, outcome);
}
