/* Maximum entropy deconvolution does what it says: its solution is where the gradient vanishes, its
 * targets are met, stars keep their flux, both precisions agree, and what was not measured has no
 * say. */
#include "kernels/astro/mem.h"
#include "kernels/astro/vector_log.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/star_field.h"

/* The vector logarithm is used for the ratio of two pixels: 1e-16 .. 1e22 and close to 1. */
static void vector_logarithm_is_a_logarithm(void **unused)
{
    (void)unused;
    for (double x = 1e-30; x < 1e30; x *= 1.0137) {
        float argument = (float)x;
        double expected = log((double)argument);

        assert_near(log_single(argument), expected, 1.5e-7 * fabs(expected));
    }
    for (int i = -2000; i < 2000; i++) {
        float argument = 1 + (float)i / 8192;
        double expected = log((double)argument);

        assert_near(log_single(argument), expected, 1.5e-7 * fabs(expected));
    }
}

static void solve(const struct star_field *field, const sks_convolver_options *options,
                  const sks_mem_params *params, float *image, sks_deconvolution_outcome *outcome)
{
    sks_convolver *convolver = NULL;
    sks_mem *mem = NULL;

    assert_int_equal(sks_convolver_create(options, &convolver), SKS_OK);
    assert_int_equal(sks_mem_create(convolver, &mem), SKS_OK);
    if (sks_mem_solve(mem, params, &field->input, NULL, NULL, image, outcome) != SKS_OK)
        fail_msg("%s", sks_message());
    sks_mem_destroy(mem);
    sks_convolver_destroy(convolver);
}

/* With a PSF of one pixel every pixel stands alone:  -ln(f/m) - alpha (f - d)/v - beta = 0. */
static void solution_has_no_gradient(void **unused)
{
    enum { N = 16 };
    const float psf[1] = {3};
    float data[N * N], image[N * N];
    double power = 0;
    sks_convolver_options options = {.nx = N,
                                     .ny = N,
                                     .psf_nx = 1,
                                     .psf_ny = 1,
                                     .subsample = 1,
                                     .precision = SKS_PRECISION_DOUBLE};
    struct star_field field = {.input = {.data = data, .psf = psf, .psf_nx = 1, .psf_ny = 1}};
    sks_mem_params params = sks_mem_defaults();
    sks_deconvolution_outcome outcome;

    (void)unused;
    for (size_t i = 0; i < N * N; i++) {
        data[i] = (float)(20 + 15 * sin((double)i * 0.7) + (i % 37 == 0 ? 60 : 0));
        power += (double)data[i];
    }
    params.m_update = 9999;
    params.max_iterations = 2000;
    params.tol[0] = 1e-4;
    solve(&field, &options, &params, image, &outcome);
    assert_true(outcome.has_converged);
    for (size_t i = 0; i < N * N; i++) {
        double variance = pow(params.noise / params.adu, 2) + (double)data[i] / params.adu;
        double gradient = -log((double)image[i] * N * N / power) -
                          outcome.last.alpha * (double)(image[i] - data[i]) / variance -
                          outcome.last.beta;

        assert_near(gradient, 0, 5e-3);
    }
    assert_true(outcome.last.per_datum > 0.89 && outcome.last.per_datum < 1.06);
}

static sks_mem_params field_params(void)
{
    sks_mem_params params = sks_mem_defaults();

    params.noise = STAR_FIELD_NOISE;
    params.adu = STAR_FIELD_ADU;
    params.hidden = true;
    params.max_iterations = 300;
    params.tol[2] = 1e-3; /* of the total power */
    return params;
}

static void stars_keep_their_flux(void **unused)
{
    struct star_field field = star_field_make(64, 64, 2);
    float *single = calloc(4 * 64 * 64, sizeof(*single)),
          *both = calloc(4 * 64 * 64, sizeof(*both));
    sks_mem_params params = field_params();
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_WRAP);
    sks_deconvolution_outcome outcome, in_double;
    double total = 0, data_total = 0, difference = 0;

    (void)unused;
    solve(&field, &options, &params, single, &outcome);
    options.precision = SKS_PRECISION_DOUBLE;
    solve(&field, &options, &params, both, &in_double);
    assert_true(outcome.has_converged && in_double.has_converged);
    assert_near(outcome.last.chi_square, in_double.last.chi_square,
                1e-3 * in_double.last.chi_square);
    for (size_t i = 0; i < 4 * 64 * 64; i++) {
        total += (double)single[i];
        difference = fmax(difference, fabs((double)(single[i] - both[i])));
    }
    for (size_t i = 0; i < 64 * 64; i++)
        data_total += (double)field.data[i];
    assert_true(difference < 1e-3 * outcome.last.max);
    assert_near(total, data_total, 1e-3 * data_total);
    for (size_t i = 0; i < STAR_FIELD_N; i++)
        assert_near(star_field_flux(&field, single, i), field.star[i].flux,
                    0.02 * field.star[i].flux);
    star_field_free(&field);
    free(single);
    free(both);
}

/* A section is solved the same whatever the solver did before. */
static void sections_leave_nothing_behind(void **unused)
{
    struct star_field field = star_field_make(32, 24, 2);
    size_t n = 4 * 32 * 24, size_bytes = n * sizeof(float);
    float *first = malloc(size_bytes), *again = malloc(size_bytes), *other = malloc(size_bytes);
    float *zero = calloc(n, sizeof(*zero));
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_PAD);
    sks_mem_params params = field_params();
    sks_deconvolution_input changed = field.input;
    sks_deconvolution_outcome outcome;
    sks_convolver *convolver = NULL;
    sks_mem *mem = NULL;

    (void)unused;
    params.max_iterations = 30;
    assert_int_equal(sks_convolver_create(&options, &convolver), SKS_OK);
    assert_int_equal(sks_mem_create(convolver, &mem), SKS_OK);
    assert_int_equal(sks_mem_solve(mem, &params, &field.input, NULL, NULL, first, &outcome),
                     SKS_OK);
    for (int method = SKS_MEM_APPROXIMATE_NEWTON; method <= SKS_MEM_ACCURATE_NEWTON; method++) {
        params.method = method;
        params.poisson = method == SKS_MEM_ACCURATE_NEWTON;
        assert_int_equal(sks_mem_solve(mem, &params, &field.input, NULL, NULL, other, &outcome),
                         SKS_OK);
    }
    changed.data = zero; /* fails half way */
    assert_int_equal(sks_mem_solve(mem, &params, &changed, NULL, NULL, other, &outcome),
                     SKS_ERR_INPUT);
    params = field_params();
    params.max_iterations = 30;
    assert_int_equal(sks_mem_solve(mem, &params, &field.input, NULL, NULL, again, &outcome),
                     SKS_OK);
    assert_memory_equal(first, again, size_bytes);
    sks_mem_destroy(mem);
    sks_convolver_destroy(convolver);
    star_field_free(&field);
    free(first);
    free(again);
    free(other);
    free(zero);
}

/* The same field with a hole: whatever stood there, and its stars' fluxes elsewhere, stay. */
static void missing_pixels_have_no_weight(void **unused)
{
    struct star_field field = star_field_make(64, 64, 2);
    float *image = calloc(4 * 64 * 64, sizeof(*image));
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_PAD);
    sks_mem_params params = field_params();
    sks_deconvolution_outcome outcome;

    (void)unused;
    for (size_t i = 0; i < 8; i++)
        field.data[(40 + i / 3) * 64 + 4 + i % 3] = NAN;
    solve(&field, &options, &params, image, &outcome);
    assert_true(outcome.has_converged);
    assert_int_equal(outcome.n_data, 64 * 64 - 8);
    for (size_t i = 0; i < STAR_FIELD_N; i++)
        assert_near(star_field_flux(&field, image, i), field.star[i].flux,
                    0.02 * field.star[i].flux);
    star_field_free(&field);
    free(image);
}

static void count_steps(void *context, const sks_deconvolution_step *step)
{
    unsigned *n = context;

    assert_int_equal(step->iteration, ++*n);
    assert_true(step->n_convolutions >= 5 + 2 * *n);
    assert_true(step->chi_square > 0 && step->max >= step->min && step->min > 0);
}

/* Not converging is said, and the log has every iteration. */
static void failure_to_converge_is_told(void **unused)
{
    struct star_field field = star_field_make(32, 32, 1);
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_WRAP);
    sks_mem_params params = field_params();
    float *image = calloc(32 * 32, sizeof(*image));
    sks_deconvolution_outcome outcome;
    sks_convolver *convolver = NULL;
    sks_mem *mem = NULL;
    unsigned n = 0;

    (void)unused;
    params.aim = 1e-6;
    params.max_iterations = 7;
    assert_int_equal(sks_convolver_create(&options, &convolver), SKS_OK);
    assert_int_equal(sks_mem_create(convolver, &mem), SKS_OK);
    assert_int_equal(sks_mem_solve(mem, &params, &field.input, count_steps, &n, image, &outcome),
                     SKS_OK);
    assert_false(outcome.has_converged);
    assert_int_equal(outcome.end, SKS_END_ITERATION_LIMIT);
    assert_int_equal(outcome.last.iteration, n);
    assert_true(n >= 7 && n <= 28);
    sks_mem_destroy(mem);
    sks_convolver_destroy(convolver);
    star_field_free(&field);
    free(image);
}

static void wrong_parameters_are_named(void **unused)
{
    sks_mem_params params = sks_mem_defaults();

    (void)unused;
    assert_int_equal(sks_mem_check(&params), SKS_OK);
    params.adu = -1;
    sks_clear();
    assert_int_equal(sks_mem_check(&params), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "adu"));
    params = sks_mem_defaults();
    params.damping = 101;
    assert_int_equal(sks_mem_check(&params), SKS_ERR_USAGE);
    params = sks_mem_defaults();
    params.aim = NAN;
    assert_int_equal(sks_mem_check(&params), SKS_ERR_USAGE);
}

static void unusable_data_are_refused(void **unused)
{
    struct star_field field = star_field_make(32, 32, 2);
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_WRAP);
    sks_mem_params params = field_params();
    float *image = calloc(4 * 32 * 32, sizeof(*image));
    sks_deconvolution_outcome outcome;
    sks_deconvolution_input input = field.input;
    sks_convolver *convolver = NULL;
    sks_mem *mem = NULL;

    (void)unused;
    assert_int_equal(sks_convolver_create(&options, &convolver), SKS_OK);
    assert_int_equal(sks_mem_create(convolver, &mem), SKS_OK);
    image[5] = NAN;
    input.model = image;
    assert_int_equal(sks_mem_solve(mem, &params, &input, NULL, NULL, image, &outcome),
                     SKS_ERR_INPUT);
    for (size_t i = 0; i < 32 * 32; i++)
        field.data[i] = -field.data[i];
    sks_clear();
    assert_int_equal(sks_mem_solve(mem, &params, &field.input, NULL, NULL, image, &outcome),
                     SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "positive total power"));
    for (size_t i = 0; i < 32 * 32; i++)
        field.data[i] = NAN;
    assert_int_equal(sks_mem_solve(mem, &params, &field.input, NULL, NULL, image, &outcome),
                     SKS_ERR_INPUT);
    sks_mem_destroy(mem);
    sks_convolver_destroy(convolver);
    star_field_free(&field);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_logarithm_is_a_logarithm),
        cmocka_unit_test(solution_has_no_gradient),
        cmocka_unit_test(stars_keep_their_flux),
        cmocka_unit_test(sections_leave_nothing_behind),
        cmocka_unit_test(missing_pixels_have_no_weight),
        cmocka_unit_test(failure_to_converge_is_told),
        cmocka_unit_test(wrong_parameters_are_named),
        cmocka_unit_test(unusable_data_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
