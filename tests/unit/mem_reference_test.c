/* The maximum entropy solver reproduces the STSDAS task mem: the small cases that converge take the
 * same iterations and end on the same image, the sections of NGC 6293 on the same chi-square and
 * image, in both precisions. The tolerances are those of the reference's README: two cases go on
 * long after they stopped improving, and rounding decides their path. */
#include "kernels/astro/image.h"
#include "kernels/astro/mem.h"
#include "kernels/astro/psf.h"
#include "tests/unit/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

enum { MAX_ITERATIONS = 400 };

struct history {
    size_t n;
    sks_deconvolution_step step[MAX_ITERATIONS];
};

static void keep_step(void *context, const sks_deconvolution_step *step)
{
    struct history *history = context;

    assert_true(history->n < MAX_ITERATIONS);
    history->step[history->n++] = *step;
}

static sks_image *read_image(const char *name)
{
    sks_image *image = NULL;

    if (sks_image_read(reference_path(name), &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

/* Root mean square of the difference over the range of `expected`. */
static double relative_rms(const float *image, const float *expected, size_t n)
{
    double sum = 0, max = expected[0], min = expected[0];

    for (size_t i = 0; i < n; i++) {
        double difference = (double)image[i] - (double)expected[i];

        sum += difference * difference;
        max = fmax(max, expected[i]);
        min = fmin(min, expected[i]);
    }
    return sqrt(sum / (double)n) / (max - min);
}

static sks_convolver *make_convolver(size_t nx, size_t ny, size_t psf_n, unsigned subsample,
                                     bool takes_first, sks_precision precision)
{
    sks_convolver_options options = {
        .nx = nx,
        .ny = ny,
        .psf_nx = psf_n,
        .psf_ny = psf_n,
        .subsample = subsample,
        .takes_first = takes_first,
        .boundary = SKS_BOUNDARY_WRAP,
        .precision = precision,
        .effort = SKS_PLAN_ESTIMATE,
    };
    sks_convolver *convolver = NULL;

    assert_int_equal(sks_convolver_create(&options, &convolver), SKS_OK);
    return convolver;
}

static float *solve(const sks_convolver *convolver, const sks_mem_params *params,
                    const sks_deconvolution_input *input, struct history *history,
                    sks_deconvolution_outcome *outcome)
{
    const sks_convolver_grid *grid = sks_convolver_grid_of(convolver);
    float *image = calloc(grid->n_planes * grid->nx * grid->ny, sizeof(*image));
    sks_mem *mem = NULL;

    history->n = 0;
    assert_int_equal(sks_mem_create(convolver, &mem), SKS_OK);
    if (sks_mem_solve(mem, params, input, keep_step, history, image, outcome) != SKS_OK)
        fail_msg("%s", sks_message());
    sks_mem_destroy(mem);
    return image;
}

struct small_case {
    const char *name, *data, *psf;
    unsigned subsample;
    bool takes_first;
    sks_mem_params change; /* what differs from the defaults of these cases: non-zero fields */
    double icf_sigma[2];
    unsigned iterations; /* of the cases that converge */
    bool converges;
    double tolerance;
};

static const struct small_case small_cases[] = {
    {"mem_s1_nsub1", "mem_syn_in", "mem_syn_psf1", 1, false, {.tp = 0}, {0, 0}, 25, true, 1e-3},
    {"mem_s2_nsub2_blksum",
     "mem_syn_in",
     "mem_syn_psf2",
     2,
     false,
     {.tp = 0},
     {0, 0},
     50,
     true,
     1e-3},
    {"mem_s3_nsub2_resample",
     "mem_syn_in",
     "mem_syn_psf2",
     2,
     true,
     {.tp = 0},
     {0, 0},
     29,
     true,
     1e-3},
    {"mem_s4_poisson_acc",
     "mem_syn_pois",
     "mem_syn_psf1",
     1,
     false,
     {.poisson = true},
     {0, 0},
     12,
     true,
     1e-3},
    {"mem_s5_icf", "mem_syn_in", "mem_syn_psf2", 2, false, {.tp = 0}, {1, 1.5}, 0, false, 5e-3},
    {"mem_s6_noupdate",
     "mem_syn_in",
     "mem_syn_psf1",
     1,
     false,
     {.m_update = 9999},
     {0, 0},
     42,
     true,
     1e-3},
    {"mem_s7_method1_opt1",
     "mem_syn_in",
     "mem_syn_psf1",
     1,
     false,
     {.method = SKS_MEM_APPROXIMATE_NEWTON, .opt = SKS_MEM_NO_SEARCH},
     {0, 0},
     0,
     false,
     3e-2},
    {"mem_s8_method3",
     "mem_syn_in",
     "mem_syn_psf1",
     1,
     false,
     {.method = SKS_MEM_ACCURATE_NEWTON},
     {0, 0},
     14,
     true,
     1e-3},
    {"mem_s9_odd_size",
     "mem_syn_in_96x80",
     "mem_syn_psf127",
     1,
     false,
     {.tp = 0},
     {0, 0},
     28,
     true,
     1e-3},
    {"mem_s10_opt2",
     "mem_syn_in",
     "mem_syn_psf1",
     1,
     false,
     {.aim = 0.9, .opt = SKS_MEM_INTERPOLATE, .damping = 50},
     {0, 0},
     30,
     true,
     1e-3},
};

static sks_mem_params small_case_params(const struct small_case *c)
{
    sks_mem_params params = sks_mem_defaults();

    params.noise = 15.70;
    params.adu = 13.99;
    params.hidden = c->icf_sigma[0] == 0;
    params.max_iterations = 200;
    if (c->change.poisson) {
        params.poisson = true;
        params.noise = 0;
        params.adu = 1;
    }
    if (c->change.aim > 0)
        params.aim = c->change.aim;
    if (c->change.m_update > 0)
        params.m_update = c->change.m_update;
    if (c->change.method != 0)
        params.method = c->change.method;
    if (c->change.opt != 0)
        params.opt = c->change.opt;
    if (c->change.damping > 0)
        params.damping = c->change.damping;
    return params;
}

/* Iteration by iteration where the path is the original's own. */
static void compare_history(const struct small_case *c, const struct history *history)
{
    /* The linear system of method 3 is left where the task's single precision leaves it a little
     * earlier or later: the path is another, its end the same. */
    bool is_exact = c->change.method != SKS_MEM_ACCURATE_NEWTON;
    double path = is_exact ? 2e-3 : 8e-2;
    enum { ITERATION, INNER, CHI_SQUARE = 5, POWER = 7, ALPHA = 13, N_CONV = 16 };
    struct reference_table log;
    char name[256];

    snprintf(name, sizeof(name), "reference/%s_log.tsv", c->name);
    assert_true(reference_read(name, &log));
    assert_int_equal(log.n_rows, history->n);
    for (size_t i = 0; i < log.n_rows; i++) {
        const sks_deconvolution_step *step = &history->step[i];

        assert_int_equal(step->iteration, log.row[i][ITERATION]);
        assert_int_equal(step->inner_iteration, log.row[i][INNER]);
        assert_true(!is_exact || step->n_convolutions == log.row[i][N_CONV]);
        assert_near(step->chi_square, log.row[i][CHI_SQUARE], path * log.row[i][CHI_SQUARE]);
        assert_near(step->total_power, log.row[i][POWER], path * log.row[i][POWER]);
        assert_near(step->alpha, log.row[i][ALPHA], path * log.row[i][ALPHA]);
    }
    free(log.row);
}

static void compare_small_case(const struct small_case *c, sks_precision precision)
{
    char name[256];
    sks_image *data, *psf, *expected;
    sks_mem_params params = small_case_params(c);
    sks_icf icf = {.sigma_x = c->icf_sigma[0], .sigma_y = c->icf_sigma[1]};
    struct history history;
    sks_deconvolution_outcome outcome;
    sks_convolver *convolver;
    double rms;
    float *image;

    snprintf(name, sizeof(name), "reference/%s.fits.gz", c->data);
    data = read_image(name);
    snprintf(name, sizeof(name), "reference/%s.fits.gz", c->psf);
    psf = read_image(name);
    snprintf(name, sizeof(name), "reference/%s.fits.gz", c->name);
    expected = read_image(name);
    convolver =
        make_convolver(data->nx, data->ny, psf->nx, c->subsample, c->takes_first, precision);
    image = solve(convolver, &params,
                  &(sks_deconvolution_input){.data = data->data,
                                             .psf = psf->data,
                                             .psf_nx = psf->nx,
                                             .psf_ny = psf->ny,
                                             .icf = &icf},
                  &history, &outcome);
    rms = relative_rms(image, expected->data, expected->nx * expected->ny);
    print_message("%s, %s: %u iterations, %u convolutions, rms %.2g of the range, %s\n", c->name,
                  precision == SKS_PRECISION_DOUBLE ? "double" : "single", outcome.last.iteration,
                  outcome.last.n_convolutions, rms, sks_deconvolution_end_name(outcome.end));
    assert_int_equal(outcome.has_converged, c->converges);
    if (c->converges) {
        assert_int_equal(outcome.last.iteration, c->iterations);
        compare_history(c, &history);
    }
    assert_true(rms <= c->tolerance);
    free(image);
    sks_convolver_destroy(convolver);
    sks_image_destroy(data);
    sks_image_destroy(psf);
    sks_image_destroy(expected);
}

static void small_cases_in_double(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(small_cases) / sizeof(small_cases[0]); i++)
        compare_small_case(&small_cases[i], SKS_PRECISION_DOUBLE);
}

static void small_cases_in_single(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(small_cases) / sizeof(small_cases[0]); i++)
        compare_small_case(&small_cases[i], SKS_PRECISION_SINGLE);
}

/* ---- NGC 6293 ---- */

enum { SECTION = 256, PSF_SIDE = 253, PSF_RADIUS = 63 };

static void compare_section(int x, int y, sks_precision precision)
{
    enum { CHI_SQUARE = 5 };
    char name[256];
    sks_mem_params params = sks_mem_defaults();
    sks_psf *psf = NULL;
    sks_psf_scratch *scratch = NULL;
    float *stamp = calloc(PSF_SIDE * PSF_SIDE, sizeof(*stamp));
    sks_convolver *convolver = make_convolver(SECTION, SECTION, 256, 2, false, precision);
    struct reference_table log;
    struct history history;
    sks_deconvolution_outcome outcome;
    sks_image *data, *expected;
    double rms, chi_square;
    float *image;

    params.noise = 15.70;
    params.adu = 13.99;
    params.hidden = true;
    params.aim = 0.1;
    params.max_iterations = 80;
    snprintf(name, sizeof(name), "data/ngc6293_f814w_pc1.fits[%d:%d,%d:%d]", x - 127, x + 128,
             y - 127, y + 128);
    data = read_image(name);
    snprintf(name, sizeof(name), "reference/ngc6293_mem_%d_%d.fits.gz", x, y);
    expected = read_image(name);
    snprintf(name, sizeof(name), "reference/ngc6293_mem_%d_%d_log.tsv", x, y);
    assert_true(reference_read(name, &log));
    assert_int_equal(sks_psf_read(reference_path("data/ngc6293_f814w_pc1.psf.fits"), &psf), SKS_OK);
    assert_int_equal(sks_psf_scratch_create(psf, &scratch), SKS_OK);
    sks_psf_stamp(psf, scratch, x, y, -PSF_RADIUS, -PSF_RADIUS, 2, PSF_SIDE, PSF_SIDE, stamp);
    image = solve(convolver, &params,
                  &(sks_deconvolution_input){
                      .data = data->data, .psf = stamp, .psf_nx = PSF_SIDE, .psf_ny = PSF_SIDE},
                  &history, &outcome);
    rms = relative_rms(image, expected->data, expected->nx * expected->ny);
    chi_square = log.row[log.n_rows - 1][CHI_SQUARE];
    print_message("NGC 6293 %d,%d, %s: %u iterations (%zu), chi-square off by %.1g, rms %.2g of "
                  "the range\n",
                  x, y, precision == SKS_PRECISION_DOUBLE ? "double" : "single",
                  outcome.last.iteration, log.n_rows, outcome.last.chi_square / chi_square - 1,
                  rms);
    assert_false(outcome.has_converged);
    assert_int_equal(outcome.last.iteration, log.n_rows);
    assert_near(outcome.last.chi_square, chi_square, 1e-3 * chi_square);
    assert_true(rms <= 1e-3);
    free(log.row);
    free(stamp);
    free(image);
    sks_psf_scratch_destroy(scratch);
    sks_psf_destroy(psf);
    sks_convolver_destroy(convolver);
    sks_image_destroy(data);
    sks_image_destroy(expected);
}

static void sections_in_both_precisions(void **unused)
{
    static const int centres[][2] = {{128, 128}, {384, 384}, {640, 384}, {384, 640}};

    (void)unused;
#ifdef __SANITIZE_THREAD__ /* one thread: four sections tell no more than one */
    enum { N_SECTIONS = 1 };
#else
    enum { N_SECTIONS = sizeof(centres) / sizeof(centres[0]) };
#endif
    for (size_t i = 0; i < N_SECTIONS; i++) {
        compare_section(centres[i][0], centres[i][1], SKS_PRECISION_SINGLE);
        compare_section(centres[i][0], centres[i][1], SKS_PRECISION_DOUBLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_cases_in_double),
        cmocka_unit_test(small_cases_in_single),
        cmocka_unit_test(sections_in_both_precisions),
    };

    if (!reference_is_there()) {
        print_message("skipped: no reference data at %s\n", reference_path(""));
        return REFERENCE_SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
