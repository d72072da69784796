/* Times the deconvolution of one section at the paper's parameters, and its parts:
 *
 *     deconvolve_parts FRAME.fits PSF.fits X,Y [REPETITIONS [estimate|measure|patient [wrap|pad]]]
 *
 * e.g. 128,128 for the section [1:256,1:256] with the PSF at (128, 128). Each line: least and
 * median time over the repetitions, ms. "512 x 512 pair" is one r2c and one c2r transform of the
 * whole array of sub-pixels, which is what a convolution costs when it is done in one piece. */
#include "kernels/astro/image.h"
#include "kernels/astro/mem.h"
#include "kernels/astro/psf.h"
#include "kernels/astro/richardson_lucy.h"

#include <fftw3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECTION = 256, SUBSAMPLE = 2, PSF_RADIUS = 63, MAX_REPETITIONS = 1000 };
enum { PSF_SIDE = 2 * SUBSAMPLE * PSF_RADIUS + 1, FINE = SUBSAMPLE * SECTION };

struct bench {
    sks_convolver_options options;
    sks_convolver *convolver;
    sks_mem *mem;
    sks_richardson_lucy *rl;
    sks_blur *blur;
    void *fine_image, *pixels;
    float *fine;
    fftwf_complex *spectrum;
    fftwf_plan to, from;
    sks_deconvolution_input input;
    sks_mem_params params;
    float *image;
    sks_deconvolution_outcome outcome;
    int repetitions;
};

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Prints the times of `part` and gives the least. */
static double time_part(struct bench *b, const char *name, void (*part)(struct bench *))
{
    static double times[MAX_REPETITIONS];

    for (int i = -1; i < b->repetitions; i++) {
        double start = now_ms();

        part(b);
        if (i >= 0) /* the first warms up */
            times[i] = now_ms() - start;
    }
    qsort(times, (size_t)b->repetitions, sizeof(*times), compare);
    printf("%-24s %9.3f %9.3f\n", name, times[0], times[b->repetitions / 2]);
    return times[0];
}

static void pair(struct bench *b)
{
    fftwf_execute(b->to);
    fftwf_execute(b->from);
}

static void forward(struct bench *b)
{
    sks_blur_forward(b->blur, b->fine_image, b->pixels);
}

static void adjoint(struct bench *b)
{
    sks_blur_adjoint(b->blur, b->pixels, b->fine_image);
}

static void set_psf(struct bench *b)
{
    if (sks_blur_set_psf(b->blur, b->input.psf, PSF_SIDE, PSF_SIDE, NULL) != SKS_OK)
        exit(1);
}

static void solve_mem(struct bench *b)
{
    if (sks_mem_solve(b->mem, &b->params, &b->input, NULL, NULL, b->image, &b->outcome) != SKS_OK) {
        fprintf(stderr, "%s\n", sks_message());
        exit(1);
    }
}

static void solve_rl(struct bench *b)
{
    sks_richardson_lucy_params params = sks_richardson_lucy_defaults();

    params.noise = b->params.noise;
    params.adu = b->params.adu;
    params.aim = 0;
    params.max_iterations = 86;
    if (sks_richardson_lucy_solve(b->rl, &params, &b->input, NULL, NULL, b->image, &b->outcome) !=
        SKS_OK) {
        fprintf(stderr, "%s\n", sks_message());
        exit(1);
    }
}

static sks_status read_section(const char *frame, int x, int y, sks_image **image)
{
    char name[4200];

    snprintf(name, sizeof(name), "%s[%d:%d,%d:%d]", frame, x - SECTION / 2 + 1, x + SECTION / 2,
             y - SECTION / 2 + 1, y + SECTION / 2);
    return sks_image_read(name, image);
}

static sks_status read_psf(const char *file, int x, int y, float *stamp)
{
    sks_psf *psf = NULL;
    sks_psf_scratch *scratch = NULL;
    sks_status status = sks_psf_read(file, &psf);

    if (status == SKS_OK)
        status = sks_psf_scratch_create(psf, &scratch);
    if (status == SKS_OK)
        sks_psf_stamp(psf, scratch, x, y, -PSF_RADIUS, -PSF_RADIUS, SUBSAMPLE, PSF_SIDE, PSF_SIDE,
                      stamp);
    sks_psf_scratch_destroy(scratch);
    sks_psf_destroy(psf);
    return status;
}

static sks_status set_up(struct bench *b, char **argv)
{
    static float stamp[PSF_SIDE * PSF_SIDE];
    sks_image *data = NULL;
    int x = 0, y = 0;
    sks_status status = SKS_ERR_USAGE;

    if (sscanf(argv[3], "%d,%d", &x, &y) == 2)
        status = read_section(argv[1], x, y, &data);
    if (status == SKS_OK)
        status = read_psf(argv[2], x, y, stamp);
    if (status == SKS_OK)
        status = sks_convolver_create(&b->options, &b->convolver);
    if (status == SKS_OK)
        status = sks_mem_create(b->convolver, &b->mem);
    if (status == SKS_OK)
        status = sks_richardson_lucy_create(b->convolver, &b->rl);
    if (status == SKS_OK)
        status = sks_blur_create(b->convolver, &b->blur);
    if (status != SKS_OK)
        return status;
    b->input = (sks_deconvolution_input){
        .data = data->data, .psf = stamp, .psf_nx = PSF_SIDE, .psf_ny = PSF_SIDE};
    b->params = sks_mem_defaults();
    b->params.noise = 15.70;
    b->params.adu = 13.99;
    b->params.hidden = true;
    b->params.aim = 0.1;
    b->params.max_iterations = 80;
    b->image = calloc(FINE * FINE, sizeof(*b->image));
    b->fine_image = sks_convolver_alloc_planes(b->convolver);
    b->pixels = sks_convolver_alloc_data(b->convolver);
    b->fine = fftwf_alloc_real(FINE * FINE);
    b->spectrum = fftwf_alloc_complex(FINE * (FINE / 2 + 1));
    return SKS_OK;
}

static void plan_pair(struct bench *b)
{
    static const unsigned flags[] = {FFTW_ESTIMATE, FFTW_MEASURE, FFTW_PATIENT};

    b->to = fftwf_plan_dft_r2c_2d(FINE, FINE, b->fine, b->spectrum, flags[b->options.effort]);
    b->from = fftwf_plan_dft_c2r_2d(FINE, FINE, b->spectrum, b->fine, flags[b->options.effort]);
    memset(b->fine, 0, FINE * FINE * sizeof(*b->fine));
}

static void measure(struct bench *b)
{
    double pair_ms, forward_ms, adjoint_ms, mem_ms, n;

    printf("%-24s %9s %9s\n", "# part", "least_ms", "median_ms");
    pair_ms = time_part(b, "512 x 512 pair", pair);
    forward_ms = time_part(b, "blur forward", forward);
    adjoint_ms = time_part(b, "blur adjoint", adjoint);
    time_part(b, "set PSF", set_psf);
    mem_ms = time_part(b, "MEM section", solve_mem);
    n = b->outcome.last.n_convolutions;
    printf("# MEM: %u iterations, %.0f convolutions, chi-square %.1f, %s\n",
           b->outcome.last.iteration, n, b->outcome.last.chi_square,
           sks_deconvolution_end_name(b->outcome.end));
    printf("# section over as many 512 x 512 pairs: %.2f\n", mem_ms / (n * pair_ms));
    printf("# section over as many own convolutions: %.2f\n",
           mem_ms / (0.5 * n * (forward_ms + adjoint_ms)));
    time_part(b, "RL section, 86 its", solve_rl);
}

int main(int argc, char **argv)
{
    struct bench b = {.options = {.nx = SECTION,
                                  .ny = SECTION,
                                  .psf_nx = PSF_SIDE,
                                  .psf_ny = PSF_SIDE,
                                  .subsample = SUBSAMPLE,
                                  .boundary = SKS_BOUNDARY_WRAP,
                                  .precision = SKS_PRECISION_SINGLE,
                                  .effort = SKS_PLAN_ESTIMATE},
                      .repetitions = 11};

    if (argc > 4)
        b.repetitions = atoi(argv[4]);
    if (argc > 5 && strcmp(argv[5], "estimate") != 0)
        b.options.effort = strcmp(argv[5], "patient") == 0 ? SKS_PLAN_PATIENT : SKS_PLAN_MEASURE;
    if (argc > 6 && strcmp(argv[6], "pad") == 0)
        b.options.boundary = SKS_BOUNDARY_PAD;
    if (argc < 4 || b.repetitions < 1 || b.repetitions > MAX_REPETITIONS) {
        fprintf(stderr, "usage: deconvolve_parts FRAME.fits PSF.fits X,Y [REPETITIONS "
                        "[estimate|measure|patient [wrap|pad]]]\n");
        return 2;
    }
    if (set_up(&b, argv) != SKS_OK) {
        fprintf(stderr, "%s\n", sks_message());
        return 1;
    }
    plan_pair(&b);
    measure(&b);
    return 0;
}
