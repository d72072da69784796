#include "kernels/astro/convolve.h"

#include "kernels/astro/convolve_state.h"

#include <errno.h>
#include <fftw3.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, MAX_SUBSAMPLE = 8 };

/* Complex numbers by which a pair's rows are apart more than they are long: rows whose distance is
 * a power of two would share their place in the cache. */
enum { PAIR_MARGIN = 8 };

/* FFTW's planner and its wisdom are global; doubled libraries are behind the one lock. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

/* Whole number of cache lines, so that layers that follow each other are all aligned. */
static size_t aligned_len(size_t n, size_t size)
{
    size_t line = ALIGNMENT / size;

    return (n + line - 1) / line * line;
}

void *sks_aligned_block(size_t size_bytes)
{
    size_t size = aligned_len(size_bytes, 1);
    void *block = aligned_alloc(ALIGNMENT, size);

    if (block != NULL)
        memset(block, 0, size);
    return block;
}

/* ---- convolver ---- */

/* The next size that transforms fast: even, with no prime factor above 7. */
static size_t fast_size(size_t n)
{
    for (n += n % 2;; n += 2) {
        size_t rest = n;

        for (size_t p = 2; p <= 7; p++)
            while (rest % p == 0)
                rest /= p;
        if (rest == 1)
            return n;
    }
}

static size_t array_size(size_t n, size_t psf_n, unsigned subsample, sks_boundary boundary)
{
    size_t psf_px = (psf_n + subsample - 1) / subsample;

    if (boundary == SKS_BOUNDARY_PAD) {
        size_t guarded = n + (psf_px + 1) / 2;

        return fast_size(guarded > psf_px ? guarded : psf_px);
    }
    return n > psf_px ? n : psf_px;
}

static sks_status check_options(const sks_convolver_options *o)
{
    /* Sub-pixels per axis must fit FFTW's int with room for the indices of the whole array. */
    const size_t limit = 1u << 15;

    if (o->nx == 0 || o->ny == 0)
        return sks_fail(SKS_ERR_USAGE, "convolution of %zu x %zu pixels: nothing to do", o->nx,
                        o->ny);
    if (o->subsample < 1 || o->subsample > MAX_SUBSAMPLE)
        return sks_fail(SKS_ERR_USAGE, "sub-sampling %u: need 1..%d", o->subsample, MAX_SUBSAMPLE);
    if (o->nx > limit / o->subsample || o->ny > limit / o->subsample || o->psf_nx > limit ||
        o->psf_ny > limit)
        return sks_fail(SKS_ERR_USAGE,
                        "convolution of %zu x %zu pixels with a PSF of %zu x %zu: need at most "
                        "%zu sub-pixels on an axis",
                        o->nx, o->ny, o->psf_nx, o->psf_ny, limit);
    return SKS_OK;
}

static sks_convolver_grid make_grid(const sks_convolver_options *o)
{
    bool is_padded = o->boundary == SKS_BOUNDARY_PAD;
    sks_convolver_grid g = {
        .subsample = o->subsample,
        .n_planes = (size_t)o->subsample * o->subsample,
        .nx = o->nx,
        .ny = o->ny,
        .array_nx = array_size(o->nx, o->psf_nx, o->subsample, o->boundary),
        .array_ny = array_size(o->ny, o->psf_ny, o->subsample, o->boundary),
        .real_size = o->precision == SKS_PRECISION_DOUBLE ? sizeof(double) : sizeof(float),
        .precision = o->precision,
        .takes_first = o->takes_first,
    };

    g.live_nx = is_padded ? g.array_nx : g.nx;
    g.live_ny = is_padded ? g.array_ny : g.ny;
    g.has_guard = g.live_nx > g.nx || g.live_ny > g.ny;
    g.planes_per_layer = g.n_planes % 2 == 0 ? 2 : 1;
    g.n_layers = g.n_planes / g.planes_per_layer;
    g.row_len = g.planes_per_layer == 2 ? 2 * (g.array_nx + PAIR_MARGIN) : g.array_nx;
    g.layer_len = aligned_len(g.row_len * g.array_ny, g.real_size);
    g.data_len = aligned_len(g.array_nx * g.array_ny, g.real_size);
    return g;
}

/* The whole array of sub-pixels, as data. */
static sks_convolver_grid fine_grid(const sks_convolver_grid *g)
{
    sks_convolver_grid fine = {
        .array_nx = g->subsample * g->array_nx,
        .array_ny = g->subsample * g->array_ny,
        .planes_per_layer = 1,
    };

    fine.row_len = fine.array_nx;
    fine.layer_len = aligned_len(fine.array_nx * fine.array_ny, sizeof(double));
    return fine;
}

sks_status sks_convolver_create(const sks_convolver_options *options, sks_convolver **convolver)
{
    static const unsigned flags[] = {
        [SKS_PLAN_ESTIMATE] = FFTW_ESTIMATE,
        [SKS_PLAN_MEASURE] = FFTW_MEASURE,
        [SKS_PLAN_PATIENT] = FFTW_PATIENT,
    };
    sks_convolver_grid fine;
    sks_convolver *c;
    bool planned;
    sks_status status = check_options(options);

    if (status != SKS_OK)
        return status;
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return sks_fail_nomem("a convolver");
    c->grid = make_grid(options);
    c->precision =
        options->precision == SKS_PRECISION_DOUBLE ? &sks_convolve_double : &sks_convolve_single;
    fine = fine_grid(&c->grid);
    pthread_mutex_lock(&planner);
    planned = c->precision->make_plans(&c->grid, flags[options->effort], c->plans) &&
              sks_convolve_double.make_plans(&fine, FFTW_ESTIMATE, c->fine_plans);
    pthread_mutex_unlock(&planner);
    if (!planned) {
        sks_convolver_destroy(c);
        return sks_fail_nomem("the plans of a convolution");
    }
    *convolver = c;
    return SKS_OK;
}

void sks_convolver_destroy(sks_convolver *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&planner);
    c->precision->destroy_plans(c->plans);
    sks_convolve_double.destroy_plans(c->fine_plans);
    pthread_mutex_unlock(&planner);
    free(c);
}

const sks_convolver_grid *sks_convolver_grid_of(const sks_convolver *c)
{
    return &c->grid;
}

/* The whole of a text file; NULL, with errno, when it cannot be read. */
static char *read_text(const char *path)
{
    enum { BLOCK = 1 << 16 };
    FILE *file = fopen(path, "r");
    char *text = NULL, *more;
    size_t size = 0, n = BLOCK;

    if (file == NULL)
        return NULL;
    while (n == BLOCK && (more = realloc(text, size + BLOCK + 1)) != NULL) {
        text = more;
        n = fread(text + size, 1, BLOCK, file);
        size += n;
    }
    if (n == BLOCK || ferror(file)) {
        free(text);
        text = NULL;
    } else {
        text[size] = '\0';
    }
    fclose(file);
    return text;
}

/* FFTW reads past the end of what it takes from a file, so the two wisdoms are told apart here. */
sks_status sks_convolver_load_wisdom(const char *path)
{
    static const char mark[] = "(fftw-";
    char *text = read_text(path);
    const char *second;
    bool is_loaded;

    if (text == NULL)
        return sks_fail(SKS_ERR_IO, "%s: cannot read FFTW wisdom: %s", path, strerror(errno));
    second = strstr(text, mark);
    second = second != NULL ? strstr(second + 1, mark) : NULL;
    pthread_mutex_lock(&planner);
    is_loaded = second != NULL && sks_convolve_single.load_wisdom(text) &&
                sks_convolve_double.load_wisdom(second);
    pthread_mutex_unlock(&planner);
    free(text);
    if (!is_loaded)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: no wisdom of this FFTW (%s): delete it and let it be made again", path,
                        fftw_version);
    return SKS_OK;
}

sks_status sks_convolver_save_wisdom(const char *path)
{
    FILE *file = fopen(path, "w");
    char *single, *doubled;
    bool failed;

    if (file == NULL)
        return sks_fail(SKS_ERR_IO, "%s: cannot write FFTW wisdom: %s", path, strerror(errno));
    pthread_mutex_lock(&planner);
    single = sks_convolve_single.save_wisdom();
    doubled = sks_convolve_double.save_wisdom();
    pthread_mutex_unlock(&planner);
    failed = single == NULL || doubled == NULL || fprintf(file, "%s\n%s", single, doubled) < 0;
    free(single);
    free(doubled);
    failed = fclose(file) != 0 || failed;
    if (failed)
        return sks_fail(SKS_ERR_IO, "%s: cannot write FFTW wisdom: %s", path, strerror(errno));
    return SKS_OK;
}

size_t sks_convolver_place(const sks_convolver_grid *g, size_t x, size_t y)
{
    size_t plane = y % g->subsample * g->subsample + x % g->subsample;
    size_t in_row = x / g->subsample * g->planes_per_layer + plane % g->planes_per_layer;

    return plane / g->planes_per_layer * g->layer_len + y / g->subsample * g->row_len + in_row;
}

void *sks_convolver_alloc_planes(const sks_convolver *c)
{
    return sks_aligned_block(c->grid.n_layers * c->grid.layer_len * c->grid.real_size);
}

void *sks_convolver_alloc_data(const sks_convolver *c)
{
    return sks_aligned_block(c->grid.data_len * c->grid.real_size);
}

/* ---- blur ---- */

sks_status sks_blur_create(const sks_convolver *c, sks_blur **blur)
{
    const sks_convolver_grid *g = &c->grid;
    sks_convolver_grid fine = fine_grid(g);
    sks_blur *b = calloc(1, sizeof(*b));
    size_t spectrum_bytes;

    if (b == NULL)
        return sks_fail_nomem("a blur");
    b->convolver = c;
    b->n_spectrum = (g->array_nx / 2 + 1) * g->array_ny;
    b->spectrum_len = aligned_len(2 * b->n_spectrum, g->real_size);
    spectrum_bytes = b->spectrum_len * g->real_size;
    b->kernel = sks_aligned_block(g->n_planes * spectrum_bytes);
    b->squared = sks_aligned_block(g->n_planes * spectrum_bytes);
    b->sum = sks_aligned_block(spectrum_bytes);
    b->work = sks_aligned_block((2 * g->array_ny + g->layer_len) * g->real_size);
    b->mirror = sks_aligned_block(2 * g->array_nx * g->real_size);
    b->n_fine = fine.array_nx * fine.array_ny;
    b->n_fine_spectrum = (fine.array_nx / 2 + 1) * fine.array_ny;
    b->fine = sks_aligned_block(b->n_fine * sizeof(double));
    b->fine_psf = sks_aligned_block(b->n_fine_spectrum * sizeof(fftw_complex));
    b->icf = sks_aligned_block(b->n_fine_spectrum * sizeof(fftw_complex));
    b->box = sks_aligned_block(b->n_fine * sizeof(double));
    b->line = sks_aligned_block(MAX_SUBSAMPLE * fine.array_nx * sizeof(double));
    if (b->kernel == NULL || b->squared == NULL || b->sum == NULL || b->work == NULL ||
        b->mirror == NULL || b->fine == NULL || b->fine_psf == NULL || b->icf == NULL ||
        b->box == NULL || b->line == NULL) {
        sks_blur_destroy(b);
        return sks_fail_nomem("the spectra of a blur");
    }
    *blur = b;
    return SKS_OK;
}

void sks_blur_destroy(sks_blur *b)
{
    if (b == NULL)
        return;
    free(b->kernel);
    free(b->squared);
    free(b->sum);
    free(b->work);
    free(b->mirror);
    free(b->fine);
    free(b->fine_psf);
    free(b->icf);
    free(b->box);
    free(b->line);
    free(b);
}

/* Puts a stamp on the array with its largest pixel at the origin, and scales it to unit volume. */
static sks_status centre_stamp(sks_blur *b, const char *what, const float *stamp, size_t nx,
                               size_t ny)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t width = g->subsample * g->array_nx, height = g->subsample * g->array_ny;
    size_t peak = 0;
    double volume = 0;

    if (nx == 0 || ny == 0 || nx > width || ny > height)
        return sks_fail(SKS_ERR_INPUT, "the %s has %zu x %zu sub-pixels: need 1..%zu x 1..%zu",
                        what, nx, ny, width, height);
    for (size_t i = 0; i < nx * ny; i++) {
        if (!isfinite(stamp[i]))
            return sks_fail(SKS_ERR_INPUT, "the %s holds %g at (%zu, %zu)", what, (double)stamp[i],
                            i % nx + 1, i / nx + 1);
        volume += stamp[i];
        if (stamp[i] > stamp[peak])
            peak = i;
    }
    if (!(volume > 0))
        return sks_fail(SKS_ERR_INPUT, "the %s has the volume %g: need a positive one", what,
                        volume);
    memset(b->fine, 0, b->n_fine * sizeof(double));
    for (size_t j = 0; j < ny; j++) {
        double *row = b->fine + (j + height - peak / nx) % height * width;

        for (size_t i = 0; i < nx; i++)
            row[(i + width - peak % nx) % width] = stamp[j * nx + i] / volume;
    }
    return SKS_OK;
}

/* exp(-x^2 / 2 sigma^2) at the circular distance of sub-pixel i from the origin; no width, no
 * spread. */
static double gaussian_at(size_t i, size_t n, double sigma)
{
    double x = (double)(i < n - i ? i : n - i);

    if (sigma == 0)
        return i == 0 ? 1 : 0;
    return exp(-0.5 * (x / sigma) * (x / sigma));
}

static void gaussian_icf(sks_blur *b, const sks_icf *icf)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t width = g->subsample * g->array_nx, height = g->subsample * g->array_ny;
    double volume = 0;

    for (size_t k = 0; k < b->n_fine; k++) {
        b->fine[k] = gaussian_at(k % width, width, icf->sigma_x) *
                     gaussian_at(k / width, height, icf->sigma_y);
        volume += b->fine[k];
    }
    for (size_t k = 0; k < b->n_fine; k++)
        b->fine[k] /= volume;
}

static sks_status make_icf(sks_blur *b, const sks_icf *icf)
{
    sks_status status = SKS_OK;

    b->has_icf = icf != NULL && (icf->image != NULL || icf->sigma_x > 0 || icf->sigma_y > 0);
    if (!b->has_icf)
        return SKS_OK;
    if (icf->image != NULL)
        status = centre_stamp(b, "ICF", icf->image, icf->nx, icf->ny);
    else
        gaussian_icf(b, icf);
    if (status == SKS_OK)
        fftw_execute_dft_r2c(b->convolver->fine_plans[0], b->fine, b->icf);
    return status;
}

static void multiply_spectra(size_t n, fftw_complex *a, fftw_complex *b, double scale)
{
    for (size_t i = 0; i < n; i++) {
        double re = a[i][0] * b[i][0] - a[i][1] * b[i][1];
        double im = a[i][0] * b[i][1] + a[i][1] * b[i][0];

        b[i][0] = re * scale;
        b[i][1] = im * scale;
    }
}

/* Convolves the array of sub-pixels with the ICF, in place. */
static void apply_icf(sks_blur *b)
{
    fftw_execute_dft_r2c(b->convolver->fine_plans[0], b->fine, b->fine_psf);
    multiply_spectra(b->n_fine_spectrum, b->icf, b->fine_psf, 1.0 / (double)b->n_fine);
    fftw_execute_dft_c2r(b->convolver->fine_plans[1], b->fine_psf, b->fine);
}

/* to[] = from[] + what is 1, 2, ... side - 1 sub-pixels further on, circularly. */
static void sum_row(const double *from, size_t n, size_t side, double *to)
{
    size_t inside = n - side + 1;

    memcpy(to, from, n * sizeof(*to));
    for (size_t a = 1; a < side; a++) {
        for (size_t i = 0; i < inside; i++)
            to[i] += from[i + a];
        for (size_t i = inside; i < n; i++)
            to[i] += from[(i + a) % n];
    }
}

/* box[k] = sum of the kernel (or its square) over the block that begins at sub-pixel k: along rows
 * into box, then rows are added to the ones before them, of which the first are kept aside. */
static void sum_blocks(sks_blur *b, bool is_squared)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t width = g->subsample * g->array_nx, height = g->subsample * g->array_ny;
    size_t side = g->takes_first ? 1 : g->subsample;
    /* Taking one sub-pixel of a block must not lose the light of the others. */
    double scale = g->takes_first ? (double)g->n_planes : 1;
    double *row = b->line, *first = b->line + width;

    for (size_t j = 0; j < height; j++) {
        const double *from = b->fine + j * width;

        for (size_t i = 0; i < width; i++)
            row[i] = is_squared ? scale * from[i] * scale * from[i] : scale * from[i];
        sum_row(row, width, side, b->box + j * width);
    }
    memcpy(first, b->box, (side - 1) * width * sizeof(*first));
    for (size_t j = 0; j < height; j++)
        for (size_t a = 1; a < side; a++) {
            const double *further =
                j + a < height ? b->box + (j + a) * width : first + (j + a - height) * width;

            for (size_t i = 0; i < width; i++)
                b->box[j * width + i] += further[i];
        }
}

static sks_status make_kernels(sks_blur *b, bool is_squared)
{
    void *kernels = is_squared ? b->squared : b->kernel;

    sum_blocks(b, is_squared);
    return b->convolver->precision->make_kernels(b, b->box, kernels);
}

sks_status sks_blur_set_psf(sks_blur *b, const float *psf, size_t nx, size_t ny, const sks_icf *icf)
{
    double squares = 0;
    sks_status status;

    b->has_psf = false;
    status = make_icf(b, icf);
    if (status == SKS_OK)
        status = centre_stamp(b, "PSF", psf, nx, ny);
    if (status != SKS_OK)
        return status;
    if (b->has_icf)
        apply_icf(b);
    for (size_t k = 0; k < b->n_fine; k++)
        squares += b->fine[k] * b->fine[k];
    status = make_kernels(b, false);
    if (status == SKS_OK)
        status = make_kernels(b, true);
    if (status != SKS_OK)
        return status;
    b->autocorrelation_volume = 1 / squares;
    b->has_psf = true;
    return SKS_OK;
}

double sks_blur_autocorrelation_volume(const sks_blur *b)
{
    return b->autocorrelation_volume;
}

bool sks_blur_has_icf(const sks_blur *b)
{
    return b->has_icf;
}

/* Layer `layer` of an image. */
static char *layer_at(const sks_convolver_grid *g, const void *image, size_t layer)
{
    return (char *)(uintptr_t)image + layer * g->layer_len * g->real_size;
}

void sks_blur_forward_layer(sks_blur *b, size_t layer, const void *f_layer)
{
    b->convolver->precision->forward_layer(b, layer, f_layer);
}

void sks_blur_forward_end(sks_blur *b, void *data)
{
    b->convolver->precision->spectrum_to_data(b, b->sum, data);
}

void sks_blur_forward(sks_blur *b, const void *image, void *data)
{
    const sks_convolver_grid *g = &b->convolver->grid;

    for (size_t layer = 0; layer < g->n_layers; layer++)
        sks_blur_forward_layer(b, layer, layer_at(g, image, layer));
    sks_blur_forward_end(b, data);
}

void sks_blur_adjoint_begin(sks_blur *b, const void *data)
{
    b->convolver->precision->data_to_spectrum(b, data, b->sum);
}

void sks_blur_adjoint_layer(sks_blur *b, size_t layer, void *g_layer)
{
    b->convolver->precision->adjoint_layer(b, b->kernel, layer, g_layer);
}

static void adjoint(sks_blur *b, const void *kernels, const void *data, void *image)
{
    const sks_convolver_grid *g = &b->convolver->grid;

    sks_blur_adjoint_begin(b, data);
    for (size_t layer = 0; layer < g->n_layers; layer++)
        b->convolver->precision->adjoint_layer(b, kernels, layer, layer_at(g, image, layer));
}

void sks_blur_adjoint(sks_blur *b, const void *data, void *image)
{
    adjoint(b, b->kernel, data, image);
}

void sks_blur_adjoint_squared(sks_blur *b, const void *data, void *image)
{
    adjoint(b, b->squared, data, image);
}

/* ---- images ---- */

void sks_blur_load_image(sks_blur *b, const float *rows, double guard, void *image)
{
    const sks_convolver_grid *g = &b->convolver->grid;

    b->convolver->precision->load_image(g, rows, guard, image);
}

void sks_blur_store_image(sks_blur *b, const void *image, bool visible, float *rows)
{
    const sks_convolver_grid *g = &b->convolver->grid;
    size_t width = g->subsample * g->nx, height = g->subsample * g->ny;

    b->convolver->precision->interleave(g, image, b->fine);
    if (visible && b->has_icf)
        apply_icf(b);
    for (size_t j = 0; j < height; j++) {
        const double *row = b->fine + j * g->subsample * g->array_nx;

        for (size_t i = 0; i < width; i++)
            rows[j * width + i] = (float)row[i];
    }
}
