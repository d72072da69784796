/* Convolution by FFT, in layers, is the convolution of its definition: it agrees with sums written
 * out, its adjoint is its transpose, nothing wraps where it should not, and threads may share it.
 */
#include "kernels/astro/convolve.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

/* Reproducible numbers in 0 .. 1. */
static double noise(size_t i)
{
    double x = sin((double)i * 12.9898 + 4.1) * 43758.5453;

    return x - floor(x);
}

struct set_up {
    sks_convolver *convolver;
    const sks_convolver_grid *grid;
    sks_blur *blur;
    size_t psf_n;
    float *psf;
};

/* A lopsided PSF whose largest pixel is not in the middle of its stamp. */
static struct set_up make(sks_convolver_options options, const sks_icf *icf)
{
    struct set_up s = {.psf_n = options.psf_nx};

    s.psf = calloc(s.psf_n * s.psf_n, sizeof(*s.psf));
    for (size_t j = 0; j < s.psf_n; j++)
        for (size_t i = 0; i < s.psf_n; i++) {
            double x = (double)i - (double)(s.psf_n / 2), y = (double)j - (double)(s.psf_n / 3);

            s.psf[j * s.psf_n + i] =
                (float)(exp(-0.3 * (x * x + y * y + 0.5 * x * y)) + 0.01 * noise(j * 31 + i));
        }
    assert_int_equal(sks_convolver_create(&options, &s.convolver), SKS_OK);
    s.grid = sks_convolver_grid_of(s.convolver);
    assert_int_equal(sks_blur_create(s.convolver, &s.blur), SKS_OK);
    assert_int_equal(sks_blur_set_psf(s.blur, s.psf, s.psf_n, s.psf_n, icf), SKS_OK);
    return s;
}

static void unmake(struct set_up *s)
{
    sks_blur_destroy(s->blur);
    sks_convolver_destroy(s->convolver);
    free(s->psf);
}

static double get(const sks_convolver_grid *g, const void *reals, size_t i)
{
    return g->precision == SKS_PRECISION_DOUBLE ? ((const double *)reals)[i]
                                                : (double)((const float *)reals)[i];
}

static void set(const sks_convolver_grid *g, void *reals, size_t i, double value)
{
    if (g->precision == SKS_PRECISION_DOUBLE)
        ((double *)reals)[i] = value;
    else
        ((float *)reals)[i] = (float)value;
}

static void *random_image(const struct set_up *s)
{
    const sks_convolver_grid *g = s->grid;
    void *image = sks_convolver_alloc_planes(s->convolver);

    for (size_t y = 0; y < g->subsample * g->live_ny; y++)
        for (size_t x = 0; x < g->subsample * g->live_nx; x++)
            set(g, image, sks_convolver_place(g, x, y), noise(y * 1009 + x));
    return image;
}

static void *random_data(const struct set_up *s)
{
    const sks_convolver_grid *g = s->grid;
    void *data = sks_convolver_alloc_data(s->convolver);

    for (size_t j = 0; j < g->ny; j++)
        for (size_t i = 0; i < g->nx; i++)
            set(g, data, j * g->array_nx + i, noise(j * 733 + i + 5));
    return data;
}

/* P at sub-pixel offset (dx, dy) of the array, written out from the stamp. */
static double kernel_at(const struct set_up *s, long dx, long dy)
{
    const sks_convolver_grid *g = s->grid;
    long width = (long)(g->subsample * g->array_nx), height = (long)(g->subsample * g->array_ny);
    size_t peak = 0, n = s->psf_n;
    double volume = 0, sum = 0;

    for (size_t k = 0; k < n * n; k++) {
        volume += (double)s->psf[k];
        peak = s->psf[k] > s->psf[peak] ? k : peak;
    }
    for (size_t k = 0; k < n * n; k++) {
        long x = (long)(k % n) - (long)(peak % n), y = (long)(k / n) - (long)(peak / n);

        if ((dx - x) % width == 0 && (dy - y) % height == 0)
            sum += (double)s->psf[k];
    }
    return sum / volume * (g->takes_first ? (double)g->n_planes : 1);
}

/* What one pixel of y sees of sub-pixel (x, y): the sum over its block, of P or of its square. */
static double seen(const struct set_up *s, size_t i, size_t j, size_t x, size_t y, bool squared)
{
    long sub = (long)s->grid->subsample, side = s->grid->takes_first ? 1 : sub;
    double sum = 0;

    for (long b = 0; b < side; b++)
        for (long a = 0; a < side; a++) {
            double k = kernel_at(s, sub * (long)i + a - (long)x, sub * (long)j + b - (long)y);

            sum += squared ? k * k : k;
        }
    return sum;
}

static const sks_convolver_options shapes[] = {
    {.nx = 9, .ny = 7, .psf_nx = 5, .psf_ny = 5, .subsample = 1},
    {.nx = 6, .ny = 8, .psf_nx = 7, .psf_ny = 7, .subsample = 2},
    {.nx = 5, .ny = 4, .psf_nx = 9, .psf_ny = 9, .subsample = 3},
    {.nx = 6, .ny = 5, .psf_nx = 7, .psf_ny = 7, .subsample = 2, .takes_first = true},
    {.nx = 4, .ny = 5, .psf_nx = 13, .psf_ny = 13, .subsample = 2},
    {.nx = 7, .ny = 6, .psf_nx = 8, .psf_ny = 8, .subsample = 2, .boundary = SKS_BOUNDARY_PAD},
};

static void agree_with_sums(const struct set_up *s, double tolerance)
{
    const sks_convolver_grid *g = s->grid;
    void *f = random_image(s), *r = random_data(s);
    void *y = sks_convolver_alloc_data(s->convolver), *h = sks_convolver_alloc_planes(s->convolver);
    size_t width = g->subsample * g->array_nx, height = g->subsample * g->array_ny;

    sks_blur_forward(s->blur, f, y);
    for (size_t j = 0; j < g->ny; j++)
        for (size_t i = 0; i < g->nx; i++) {
            double sum = 0;

            for (size_t k = 0; k < width * height; k++)
                sum += seen(s, i, j, k % width, k / width, false) *
                       get(g, f, sks_convolver_place(g, k % width, k / width));
            assert_near(get(g, y, j * g->array_nx + i), sum, tolerance);
        }
    sks_blur_adjoint_squared(s->blur, r, h);
    for (size_t k = 0; k < width * height; k += 5) {
        double sum = 0;

        for (size_t p = 0; p < g->nx * g->ny; p++)
            sum += seen(s, p % g->nx, p / g->nx, k % width, k / width, true) *
                   get(g, r, p / g->nx * g->array_nx + p % g->nx);
        assert_near(get(g, h, sks_convolver_place(g, k % width, k / width)), sum, tolerance);
    }
    free(f);
    free(r);
    free(y);
    free(h);
}

static void forward_and_squared_adjoint_are_their_sums(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        for (int precision = 0; precision < 2; precision++) {
            sks_convolver_options options = shapes[i];
            struct set_up s;

            options.precision = precision == 0 ? SKS_PRECISION_SINGLE : SKS_PRECISION_DOUBLE;
            s = make(options, NULL);
            agree_with_sums(&s, precision == 0 ? 5e-6 : 1e-13);
            unmake(&s);
        }
}

/* <A f, r> = <f, A^T r>, with an ICF too. */
static void adjoint_is_the_transpose(void **unused)
{
    const sks_icf icf = {.sigma_x = 0.7, .sigma_y = 1.1};

    (void)unused;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        sks_convolver_options options = shapes[i];
        double left = 0, right = 0;
        struct set_up s;
        void *f, *r, *y, *g;

        options.precision = SKS_PRECISION_DOUBLE;
        s = make(options, i % 2 == 0 ? &icf : NULL);
        f = random_image(&s);
        r = random_data(&s);
        y = sks_convolver_alloc_data(s.convolver);
        g = sks_convolver_alloc_planes(s.convolver);
        sks_blur_forward(s.blur, f, y);
        sks_blur_adjoint(s.blur, r, g);
        for (size_t k = 0; k < s.grid->array_nx * s.grid->array_ny; k++)
            left += get(s.grid, y, k) * get(s.grid, r, k);
        for (size_t k = 0; k < s.grid->n_layers * s.grid->layer_len; k++)
            right += get(s.grid, f, k) * get(s.grid, g, k);
        assert_near(left, right, 1e-12 * fabs(left));
        free(f);
        free(r);
        free(y);
        free(g);
        unmake(&s);
    }
}

/* A star on the first pixel: with a padded boundary nothing of it is on the last ones. */
static void padding_keeps_edges_apart(void **unused)
{
    sks_convolver_options options = {.nx = 20,
                                     .ny = 20,
                                     .psf_nx = 17,
                                     .psf_ny = 17,
                                     .subsample = 2,
                                     .precision = SKS_PRECISION_DOUBLE};

    (void)unused;
    for (int padded = 0; padded < 2; padded++) {
        double far = 0;
        struct set_up s;
        void *f, *y;

        options.boundary = padded == 1 ? SKS_BOUNDARY_PAD : SKS_BOUNDARY_WRAP;
        s = make(options, NULL);
        f = sks_convolver_alloc_planes(s.convolver);
        y = sks_convolver_alloc_data(s.convolver);
        set(s.grid, f, sks_convolver_place(s.grid, 0, 0), 1);
        sks_blur_forward(s.blur, f, y);
        for (size_t j = 0; j < s.grid->ny; j++)
            for (size_t i = s.grid->nx - 4; i < s.grid->nx; i++)
                far += fabs(get(s.grid, y, j * s.grid->array_nx + i));
        assert_int_equal(padded == 1, far < 1e-12);
        free(f);
        free(y);
        unmake(&s);
    }
}

/* The visible image of one bright sub-pixel is the ICF; the hidden one is itself. */
static void visible_image_is_convolved_with_the_icf(void **unused)
{
    enum { SIDE = 24 };
    const sks_icf icf = {.sigma_x = 1.5, .sigma_y = 2};
    struct set_up s = make(
        (sks_convolver_options){
            .nx = SIDE / 2, .ny = SIDE / 2, .psf_nx = 5, .psf_ny = 5, .subsample = 2},
        &icf);
    void *image = sks_convolver_alloc_planes(s.convolver);
    float in[SIDE * SIDE] = {0}, out[SIDE * SIDE];
    double sum = 0;

    (void)unused;
    in[12 * SIDE + 11] = 100;
    sks_blur_load_image(s.blur, in, 0, image);
    sks_blur_store_image(s.blur, image, false, out);
    assert_memory_equal(in, out, sizeof(in));
    sks_blur_store_image(s.blur, image, true, out);
    for (size_t k = 0; k < SIDE * SIDE; k++)
        sum += (double)out[k];
    assert_near(sum, 100, 1e-4);
    assert_near(out[12 * SIDE + 13] / out[12 * SIDE + 11], exp(-0.5 * 4 / (1.5 * 1.5)), 1e-5);
    assert_near(out[15 * SIDE + 11] / out[12 * SIDE + 11], exp(-0.5 * 9 / (2. * 2.)), 1e-5);
    free(image);
    unmake(&s);
}

static void wrong_input_is_refused(void **unused)
{
    sks_convolver_options options = shapes[1];
    sks_convolver *none = NULL;
    struct set_up s;
    float psf[9] = {0, 1, 0, 1, 4, 1, 0, 1, 0};

    (void)unused;
    options.nx = 0;
    assert_int_equal(sks_convolver_create(&options, &none), SKS_ERR_USAGE);
    options = shapes[1];
    options.subsample = 9;
    assert_int_equal(sks_convolver_create(&options, &none), SKS_ERR_USAGE);
    assert_null(none);
    s = make(shapes[1], NULL);
    assert_int_equal(sks_blur_set_psf(s.blur, psf, 3, 3, NULL), SKS_OK);
    assert_int_equal(sks_blur_set_psf(s.blur, psf, 0, 3, NULL), SKS_ERR_INPUT);
    assert_int_equal(sks_blur_set_psf(s.blur, psf, 13, 1, NULL), SKS_ERR_INPUT);
    psf[0] = NAN;
    assert_int_equal(sks_blur_set_psf(s.blur, psf, 3, 3, NULL), SKS_ERR_INPUT);
    psf[0] = -100;
    sks_clear();
    assert_int_equal(sks_blur_set_psf(s.blur, psf, 3, 3, NULL), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "volume"));
    unmake(&s);
}

static void wisdom_survives_a_file(void **unused)
{
    char path[] = "/tmp/skyscale_wisdom_XXXXXX";
    int fd = mkstemp(path);
    FILE *file;

    (void)unused;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(sks_convolver_save_wisdom(path), SKS_OK);
    assert_int_equal(sks_convolver_load_wisdom(path), SKS_OK);
    file = fopen(path, "w");
    fputs("no wisdom\n", file);
    fclose(file);
    assert_int_equal(sks_convolver_load_wisdom(path), SKS_ERR_INPUT);
    unlink(path);
    assert_int_equal(sks_convolver_load_wisdom(path), SKS_ERR_IO);
    assert_int_equal(sks_convolver_save_wisdom("/nowhere/at/all"), SKS_ERR_IO);
}

/* ---- threads ---- */

struct worker {
    const struct set_up *shared;
    float first[4];
};

/* Uses the shared convolver while planning one of its own. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct set_up *s = worker->shared;
    void *f = random_image(s), *y = sks_convolver_alloc_data(s->convolver);
    sks_blur *blur = NULL;

    for (int round = 0; round < 5; round++) {
        sks_convolver_options options = shapes[round];
        sks_convolver *own = NULL;

        if (sks_convolver_create(&options, &own) != SKS_OK)
            return NULL;
        sks_convolver_destroy(own);
        if (sks_blur_create(s->convolver, &blur) != SKS_OK ||
            sks_blur_set_psf(blur, s->psf, s->psf_n, s->psf_n, NULL) != SKS_OK)
            return NULL;
        sks_blur_forward(blur, f, y);
        sks_blur_destroy(blur);
    }
    memcpy(worker->first, y, sizeof(worker->first));
    free(f);
    free(y);
    return NULL;
}

static void threads_share_a_convolver(void **unused)
{
    enum { N_WORKERS = 3 };
    struct set_up s = make(shapes[1], NULL);
    struct worker workers[N_WORKERS] = {0};
    pthread_t threads[N_WORKERS];

    (void)unused;
    for (int i = 0; i < N_WORKERS; i++) {
        workers[i].shared = &s;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < N_WORKERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(workers[0].first[0] > 0);
    for (int i = 1; i < N_WORKERS; i++)
        assert_memory_equal(workers[i].first, workers[0].first, sizeof(workers[0].first));
    unmake(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_and_squared_adjoint_are_their_sums),
        cmocka_unit_test(adjoint_is_the_transpose),
        cmocka_unit_test(padding_keeps_edges_apart),
        cmocka_unit_test(visible_image_is_convolved_with_the_icf),
        cmocka_unit_test(wrong_input_is_refused),
        cmocka_unit_test(wisdom_survives_a_file),
        cmocka_unit_test(threads_share_a_convolver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
