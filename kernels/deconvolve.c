/* Deconvolution of a frame with a spatially varying PSF, sub-sampled: Singh, Browne & Butler
 * (2013), section 3.3.
 *
 * The frame is cut into overlapping sections, each is deconvolved with the PSF of its middle, by
 * maximum entropy or Richardson-Lucy, and the results are put together.
 *
 * Task         one section, with its own PSF
 * Cost         iterations until it converges: sections with bright stars need all that are allowed,
 *              empty ones a few
 * Determinism  a section depends on the frame and its place alone; sections are put together in
 *              order. Plans for the transforms are estimated, not timed, unless there is a file of
 *              wisdom: then the same file gives the same bits
 * Work         operations of the transforms: every convolution is subsample^2 + 1 real transforms
 *              of 2.5 n log2 n operations (Frigo & Johnson 2005, Proc. IEEE 93, 216). Bytes: the
 *              sections' pixels, read once, and what goes into the product, written once. What is
 *              between stays in the cache or does not: flop per byte are the most there can be
 * Flux         with guard pixels (the default) what a section's image gives its pixels is held to
 *              the sum of the data within power-tolerance; on synthetic clusters the whole is then
 *              within 0.1 % of the truth, bright stars within 2 % (deconvolve_truth_test). Light of
 *              a star within a pixel or two of the frame's edge may end up outside
 * Convergence  where the PSF explains the data to the noise a section gets to its aim of chi-square
 *              1 in 40 to 160 iterations. Where it does not (crowded long exposures, stars between
 *              two sub-pixels with thousands of electrons) chi-square stops falling above it: that
 *              is then converged to, and the log says so (`settle`)
 *
 * A PSF of DAOPHOT's is the light that a whole pixel gets, at whatever steps it is sampled. With
 * blksum, which is the paper's way, the light in a pixel is the sum over its sub-pixels, and the
 * pixel is counted twice; without it, the value of the first sub-pixel, which then lies in the
 * pixel's middle, is the pixel's light.
 */
#include "kernels/parts/deconvolve.h"

#include "kernels/parts/psf_option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"mem", "rl", NULL};
static const char *const mem_methods[] = {"default", "approximate", "conjugate", "newton", NULL};
static const char *const boundaries[] = {"pad", "wrap", NULL};
static const char *const pastes[] = {"inner", "smooth", NULL};
static const char *const answers[] = {"yes", "no", NULL};
static const char *const variances[] = {"data", "model", NULL};
static const char *const precisions[] = {"single", "double", NULL};

#define REAL(name_, unit_, low_, high_, default_, help_)                                           \
    {                                                                                              \
        .name = name_, .type = SKS_REAL, .unit = unit_, .min = low_, .max = high_,                 \
        .default_text = default_, .help = help_                                                    \
    }
#define INT(name_, unit_, low_, high_, default_, help_)                                            \
    {                                                                                              \
        .name = name_, .type = SKS_INT, .unit = unit_, .min = low_, .max = high_,                  \
        .default_text = default_, .help = help_                                                    \
    }
#define CHOICE(name_, choices_, default_, help_)                                                   \
    {                                                                                              \
        .name = name_, .type = SKS_CHOICE, .choices = choices_, .default_text = default_,          \
        .help = help_                                                                              \
    }
#define FLAG(name_, default_, help_)                                                               \
    {                                                                                              \
        .name = name_, .type = SKS_FLAG, .default_text = default_, .help = help_                   \
    }

static const sks_param params[] = {
    {.name = "image",
     .type = SKS_INPUT,
     .is_required = true,
     .help = "FITS image: FILE, FILE[EXT], FILE[x1:x2,y1:y2]"},
    {.name = "mask",
     .type = SKS_INPUT,
     .help = "data-quality image of the same frame; marked pixels are left out"},
    INT("mask-bits", NULL, 1, 2147483647, "2147483647",
        "the bits of the mask that count, added up"),
    REAL("datamin", "DN", -1e30, 1e30, NULL, "pixels below are left out"),
    REAL("datamax", "DN", -1e30, 1e30, NULL, "pixels above are left out, as saturated ones should"),
    SKS_PSF_PARAMS,
    REAL("psf-radius", "px", 1, 2000, NULL, "cut the PSF here; default: its own radius"),
    INT("subsample", "1/px", 1, 4, "2", "sub-pixels per pixel on each axis"),
    CHOICE(
        "blksum", answers, "yes",
        "a pixel is the sum of its sub-pixels, as in the paper; no: the PSF has the pixel in it, "
        "which is true of DAOPHOT's and takes a third fewer iterations"),
    INT("section", "px", 4, 8192, "256", "side of the sections"),
    INT("step", "px", 1, 8192, NULL, "from one section to the next; default: half a section"),
    {.name = "only",
     .type = SKS_TEXT,
     .unit = "px",
     .help = "X,Y: only the section whose PSF is that of this place of the chip"},
    CHOICE("method", methods, "mem", "maximum entropy or Richardson-Lucy"),
    REAL("noise", "e-", 0, 1e9, "15.7", "read noise"),
    REAL("gain", "e-/DN", 1e-9, 1e9, "13.99", "electrons per DN"),
    {.name = "variance",
     .type = SKS_CHOICE,
     .choices = variances,
     .help = "mem: noise from the data, as in the paper, or from what the image would give; "
             "default: model with guard pixels, else data"},
    REAL("model-error", NULL, 0, 1, "0",
         "what the PSF does not explain, a share of a pixel's light; part of the noise"),
    FLAG("poisson", "no", "mem: noise of counts alone; the image is in electrons"),
    REAL("aim", NULL, 0, 1e9, "1",
         "chi-square per pixel to stop at (the paper's 0.1 is never reached)"),
    {.name = "settle",
     .type = SKS_CHOICE,
     .choices = answers,
     .help = "mem: where chi-square stops falling above the aim, because the PSF explains the data "
             "no better, converge to that; default: yes with guard pixels, else no"},
    INT("max-iterations", "iterations", 1, 1000000, NULL,
        "of a section; default 300 for mem with guard pixels, else 100"),
    REAL("total-power", "DN", 0, 1e30, "0", "mem: of each section; 0: that of the data"),
    REAL("power-tolerance", NULL, 1e-9, 1e9, NULL,
         "mem: of the total power, relative; default 0.0005 with guard pixels, else 0.1"),
    REAL("damping", NULL, 0, 1e9, NULL,
         "mem: 1 to 100, weight of the Hessian's diagonal, default 1; rl: sigma, default 0"),
    CHOICE("accelerated", answers, "yes", "rl: vector acceleration"),
    CHOICE("mem-method", mem_methods, "default", "mem: how a step is found"),
    INT("m-update", "steps", 1, 1000000, "1", "mem: outer steps between updates of the model"),
    {.name = "model",
     .type = SKS_INPUT,
     .help = "expected image of the whole frame, in sub-pixels; default: flat"},
    {.name = "icf",
     .type = SKS_INPUT,
     .help = "image of the intrinsic correlation function, in sub-pixels"},
    REAL("icf-sigma", "sub-px", 0, 1000, "0", "of a Gaussian ICF instead; 0: none"),
    FLAG("hidden", "no", "give the image without its ICF"),
    CHOICE("boundary", boundaries, "pad",
           "edges of a section: guard pixels around it, or circular as in the paper"),
    CHOICE("paste", pastes, "inner",
           "put together: each section's inner square, or weights that leave no seams"),
    CHOICE("precision", precisions, "single", "of the computation"),
    {.name = "wisdom",
     .type = SKS_TEXT,
     .help = "file of FFTW's measured plans; made if it is not there"},
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help =
         "FITS image of the whole frame, DN per sub-pixel, its WCS that of the sub-pixels; - is "
         "standard output"},
    {.name = "residual",
     .type = SKS_OUTPUT,
     .help =
         "FITS image of the frame's pixels, DN: the data less what the image would give, with a "
         "flat sky around each section"},
    {.name = "log",
     .type = SKS_OUTPUT,
     .help = "table of how every section ended: whether it converged and why not, iterations, "
             "chi-square and the target it went for, power and that wanted"},
    {.name = "format",
     .type = SKS_CHOICE,
     .choices = sks_product_table_formats,
     .default_text = "auto",
     .help = "of the log; auto: a FITS table when its name ends in .fits or .fit"},
    {0},
};

static void teardown(void *state)
{
    sks_deconvolve *d = state;

    if (d == NULL)
        return;
    sks_product_destroy(d->product);
    sks_product_destroy(d->residual);
    sks_product_destroy(d->log);
    sks_convolver_destroy(d->convolver);
    sks_sections_destroy(d->sections);
    sks_sections_destroy(d->pixels);
    sks_psf_destroy(d->psf);
    sks_image_destroy(d->icf_image);
    sks_image_destroy(d->image);
    free(d->model);
    free(d->sample);
    free(d->bytes);
    free(d);
}

static sks_status prepare(const sks_values *values, void **state)
{
    sks_deconvolve *d = calloc(1, sizeof(*d));
    sks_status status;

    if (d == NULL)
        return sks_fail_nomem("a deconvolution");
    status = sks_deconvolve_prepare(values, d);
    if (status != SKS_OK) {
        teardown(d);
        return status;
    }
    *state = d;
    return SKS_OK;
}

static size_t task_count(const void *state)
{
    return sks_deconvolve_n_tasks(state);
}

static size_t result_size(const void *state)
{
    return sks_deconvolve_result_size(state);
}

static sks_status scratch(const void *state, void **scratch)
{
    sks_deconvolve_worker *worker = NULL;
    sks_status status = sks_deconvolve_worker_create(state, &worker);

    if (status == SKS_OK)
        *scratch = worker;
    return status;
}

static void scratch_free(void *scratch)
{
    sks_deconvolve_worker_destroy(scratch);
}

static sks_status run(const void *state, void *scratch, sks_range tasks, void *results)
{
    const sks_deconvolve *d = state;
    char *result = results;
    sks_status status = SKS_OK;

    for (size_t task = tasks.begin; status == SKS_OK && task < tasks.end; task++) {
        if (atomic_load_explicit(&sks_cancel, memory_order_relaxed) != 0)
            return sks_fail(SKS_ERR_CANCELLED, "cancelled");
        status = sks_deconvolve_run(d, scratch, sks_deconvolve_section(d, task),
                                    (sks_deconvolve_result *)(void *)result);
        result += sks_deconvolve_result_size(d);
    }
    return status;
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    return sks_deconvolve_finish(state, results, notes);
}

/* Besides what was put together, the first section is done again, alone. */
static sks_status verify(const void *state)
{
    const sks_deconvolve *d = state;
    size_t size = sks_deconvolve_result_size(d);
    sks_deconvolve_result *again = malloc(size);
    sks_deconvolve_worker *worker = NULL;
    sks_status status =
        again != NULL ? sks_deconvolve_worker_create(d, &worker) : sks_fail_nomem("verifying");

    if (status == SKS_OK)
        status = sks_deconvolve_run(d, worker, sks_deconvolve_section(d, 0), again);
    if (status == SKS_OK && memcmp(again, d->sample, size) != 0)
        status = sks_fail(SKS_ERR_BUG, "verification: a section is another when it is repeated");
    sks_deconvolve_worker_destroy(worker);
    free(again);
    return status == SKS_OK ? sks_deconvolve_verify(d) : status;
}

static sks_status digest(const void *state, sks_digest *digest)
{
    return sks_product_digest(((const sks_deconvolve *)state)->product, digest);
}

static sks_work work(const void *state)
{
    const sks_deconvolve *d = state;
    const sks_convolver_grid *g = sks_convolver_grid_of(d->convolver);
    double n = (double)g->array_nx * (double)g->array_ny, values = 0;

    for (size_t task = 0; task < sks_deconvolve_n_tasks(d); task++) {
        size_t section = sks_deconvolve_section(d, task);
        sks_section s = sks_sections_get(d->sections, section);
        sks_deconvolve_part part = sks_deconvolve_part_of(d, section);

        values += (double)s.nx * (double)s.ny +
                  (double)((part.x1 - part.x0) * (part.y1 - part.y0)) * (double)g->n_planes;
    }
    return (sks_work){
        .flops = d->n_convolutions * (double)(g->n_planes + 1) * 2.5 * n * log2(n),
        .bytes = values * sizeof(float),
    };
}

const sks_kernel sks_kernel_deconvolve = {
    .name = "deconvolve",
    .summary = "sub-sampled deconvolution (maximum entropy, Richardson-Lucy) with a varying PSF",
    .task = "section",
    .cost = "clustered",
    .citation =
        "Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, section 3.3; Cornwell "
        "& Evans (1985), A&A 143, 77; Wu (1994), Restoration of HST Images and Spectra II, "
        "58",
    .params = params,
    .prepare = prepare,
    .task_count = task_count,
    .result_size = result_size,
    .scratch = scratch,
    .scratch_free = scratch_free,
    .run = run,
    .finish = finish,
    .verify = verify,
    .digest = digest,
    .work = work,
    .teardown = teardown,
};
