/* Richardson-Lucy is the iteration of its definition: it agrees with one written out in sums, keeps
 * the flux, never gets worse, is faster when accelerated and smoother when damped, and stars keep
 * their flux. */
#include "kernels/astro/richardson_lucy.h"

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

static void solve(const struct star_field *field, const sks_convolver_options *options,
                  const sks_richardson_lucy_params *params, sks_deconvolution_log log,
                  void *context, float *image, sks_deconvolution_outcome *outcome)
{
    sks_convolver *convolver = NULL;
    sks_richardson_lucy *rl = NULL;

    assert_int_equal(sks_convolver_create(options, &convolver), SKS_OK);
    assert_int_equal(sks_richardson_lucy_create(convolver, &rl), SKS_OK);
    if (sks_richardson_lucy_solve(rl, params, &field->input, log, context, image, outcome) !=
        SKS_OK)
        fail_msg("%s", sks_message());
    sks_richardson_lucy_destroy(rl);
    sks_convolver_destroy(convolver);
}

static sks_richardson_lucy_params plain(unsigned iterations)
{
    return (sks_richardson_lucy_params){
        .noise = 0, .adu = 1, .hidden = true, .max_iterations = iterations};
}

/* ---- written out ---- */

enum { N = 6, SUB = 2, FINE = SUB * N, PSF = 5 };

/* The share of sub-pixel k's light that pixel n sees, circularly. */
static double share(const float *psf, double volume, size_t n, size_t k)
{
    double sum = 0;

    for (size_t b = 0; b < SUB * SUB; b++) {
        size_t dx = (n % N * SUB + b % SUB + FINE - k % FINE + PSF / 2) % FINE;
        size_t dy = (n / N * SUB + b / SUB + FINE - k / FINE + PSF / 2) % FINE;

        if (dx < PSF && dy < PSF)
            sum += (double)psf[dy * PSF + dx];
    }
    return sum / volume;
}

static void step_by_sums(const float *psf, double volume, const float *data, double *f)
{
    double q[N * N];

    for (size_t n = 0; n < N * N; n++) {
        double y = 0;

        for (size_t k = 0; k < FINE * FINE; k++)
            y += share(psf, volume, n, k) * f[k];
        q[n] = (double)data[n] / y;
    }
    for (size_t k = 0; k < FINE * FINE; k++) {
        double factor = 0;

        for (size_t n = 0; n < N * N; n++)
            factor += share(psf, volume, n, k) * q[n];
        f[k] *= factor;
    }
}

static void iteration_is_that_of_its_definition(void **unused)
{
    float psf[PSF * PSF], data[N * N], image[FINE * FINE];
    double f[FINE * FINE], volume = 0, mean = 0;
    struct star_field field = {.input = {.data = data, .psf = psf, .psf_nx = PSF, .psf_ny = PSF}};
    sks_convolver_options options = {.nx = N,
                                     .ny = N,
                                     .psf_nx = PSF,
                                     .psf_ny = PSF,
                                     .subsample = SUB,
                                     .precision = SKS_PRECISION_DOUBLE};
    sks_richardson_lucy_params params = plain(4);
    sks_deconvolution_outcome outcome;

    (void)unused;
    for (int i = 0; i < PSF * PSF; i++) {
        psf[i] = (float)(1.0 / (1 + abs(i % PSF - 2) + 2 * abs(i / PSF - 2)));
        volume += (double)psf[i];
    }
    for (int i = 0; i < N * N; i++) {
        data[i] = (float)(5 + i % 7 * i % 5);
        mean += (double)data[i] / (N * N);
    }
    for (int k = 0; k < FINE * FINE; k++)
        f[k] = mean / (SUB * SUB);
    for (int i = 0; i < 4; i++)
        step_by_sums(psf, volume, data, f);
    solve(&field, &options, &params, NULL, NULL, image, &outcome);
    assert_int_equal(outcome.last.iteration, 4);
    assert_int_equal(outcome.last.n_convolutions, 3 + 2 * 4);
    for (int k = 0; k < FINE * FINE; k++)
        assert_near(image[k], f[k], 1e-6 * f[k]);
}

/* ---- on a star field ---- */

struct path {
    double flux, last_chi_square;
    unsigned n;
};

static void check_step(void *context, const sks_deconvolution_step *step)
{
    struct path *path = context;

    assert_int_equal(step->iteration, ++path->n);
    assert_near(step->total_power, path->flux, 2e-6 * path->flux);
    assert_true(step->min >= 0);
    assert_true(path->n == 1 || step->chi_square < path->last_chi_square);
    path->last_chi_square = step->chi_square;
}

static void flux_is_kept_and_misfit_falls(void **unused)
{
    struct star_field field = star_field_make(48, 40, 2);
    float *image = calloc(4 * 48 * 40, sizeof(*image));
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_WRAP);
    sks_richardson_lucy_params params = plain(40);
    sks_deconvolution_outcome outcome;
    struct path path = {0};

    (void)unused;
    for (size_t i = 0; i < 48 * 40; i++)
        path.flux += (double)field.data[i];
    solve(&field, &options, &params, check_step, &path, image, &outcome);
    assert_int_equal(path.n, 40);
    assert_false(outcome.has_converged);
    star_field_free(&field);
    free(image);
}

static unsigned iterations_to(const struct star_field *field, double aim, bool accelerated,
                              sks_precision precision)
{
    sks_convolver_options options = star_field_options(field, SKS_BOUNDARY_PAD);
    sks_richardson_lucy_params params = {.noise = STAR_FIELD_NOISE,
                                         .adu = STAR_FIELD_ADU,
                                         .hidden = true,
                                         .aim = aim,
                                         .max_iterations = 3000,
                                         .accelerated = accelerated};
    float *image =
        calloc(field->subsample * field->subsample * field->nx * field->ny, sizeof(*image));
    sks_deconvolution_outcome outcome;

    options.precision = precision;
    solve(field, &options, &params, NULL, NULL, image, &outcome);
    assert_true(outcome.has_converged);
    assert_true(outcome.last.per_datum <= aim);
    for (size_t i = 0; i < STAR_FIELD_N; i++)
        assert_near(star_field_flux(field, image, i), field->star[i].flux,
                    0.02 * field->star[i].flux);
    free(image);
    return outcome.last.iteration;
}

static void acceleration_gets_there_earlier(void **unused)
{
    struct star_field field = star_field_make(48, 48, 2);
    unsigned slow = iterations_to(&field, 1.05, false, SKS_PRECISION_DOUBLE);
    unsigned fast = iterations_to(&field, 1.05, true, SKS_PRECISION_DOUBLE);

    (void)unused;
    assert_true(2 * fast < slow);
    assert_in_range(iterations_to(&field, 1.05, true, SKS_PRECISION_SINGLE), fast - fast / 10,
                    fast + fast / 10 + 1);
    star_field_free(&field);
}

/* Scatter of the sky, away from stars: the first rows. */
static double sky_scatter(const float *image, size_t n)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        sum += (double)image[i];
        squares += (double)image[i] * (double)image[i];
    }
    return sqrt(squares / (double)n - sum * sum / (double)(n * n));
}

static void damping_leaves_noise_alone(void **unused)
{
    struct star_field field = star_field_make(48, 48, 1);
    float *noisy = calloc(48 * 48, sizeof(*noisy)), *damped = calloc(48 * 48, sizeof(*damped));
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_PAD);
    sks_richardson_lucy_params params = {
        .noise = STAR_FIELD_NOISE, .adu = STAR_FIELD_ADU, .hidden = true, .max_iterations = 100};
    sks_deconvolution_outcome outcome;

    (void)unused;
    solve(&field, &options, &params, NULL, NULL, noisy, &outcome);
    params.damping = 3;
    solve(&field, &options, &params, NULL, NULL, damped, &outcome);
    assert_true(sky_scatter(damped, 48 * 5) < 0.5 * sky_scatter(noisy, 48 * 5));
    assert_near(star_field_flux(&field, damped, 3), field.star[3].flux, 0.02 * field.star[3].flux);
    star_field_free(&field);
    free(noisy);
    free(damped);
}

static void missing_pixels_have_no_weight(void **unused)
{
    struct star_field holed = star_field_make(48, 48, 2);

    (void)unused;
    for (size_t i = 0; i < 9; i++)
        holed.data[(30 + i / 3) * 48 + 3 + i % 3] = NAN;
    /* The convergence and the fluxes are looked at inside. */
    iterations_to(&holed, 1.05, true, SKS_PRECISION_SINGLE);
    star_field_free(&holed);
}

static void wrong_input_is_refused(void **unused)
{
    struct star_field field = star_field_make(16, 16, 1);
    sks_convolver_options options = star_field_options(&field, SKS_BOUNDARY_PAD);
    sks_richardson_lucy_params params = sks_richardson_lucy_defaults();
    float image[16 * 16];
    sks_deconvolution_outcome outcome;
    sks_convolver *convolver = NULL;
    sks_richardson_lucy *rl = NULL;

    (void)unused;
    assert_int_equal(sks_richardson_lucy_check(&params), SKS_OK);
    params.adu = 0;
    sks_clear();
    assert_int_equal(sks_richardson_lucy_check(&params), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "adu"));
    params = sks_richardson_lucy_defaults();
    assert_int_equal(sks_convolver_create(&options, &convolver), SKS_OK);
    assert_int_equal(sks_richardson_lucy_create(convolver, &rl), SKS_OK);
    for (size_t i = 0; i < 16 * 16; i++)
        field.data[i] = -1;
    assert_int_equal(
        sks_richardson_lucy_solve(rl, &params, &field.input, NULL, NULL, image, &outcome),
        SKS_ERR_INPUT);
    for (size_t i = 0; i < 16 * 16; i++)
        field.data[i] = NAN;
    assert_int_equal(
        sks_richardson_lucy_solve(rl, &params, &field.input, NULL, NULL, image, &outcome),
        SKS_ERR_INPUT);
    sks_richardson_lucy_destroy(rl);
    sks_convolver_destroy(convolver);
    star_field_free(&field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iteration_is_that_of_its_definition),
        cmocka_unit_test(flux_is_kept_and_misfit_falls),
        cmocka_unit_test(acceleration_gets_there_earlier),
        cmocka_unit_test(damping_leaves_noise_alone),
        cmocka_unit_test(missing_pixels_have_no_weight),
        cmocka_unit_test(wrong_input_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
