/* PSF models: the analytic functions average what they say over a pixel, the fast evaluation gives
 * the definition's numbers for every kind of model and sampling, simple models hold unit flux, and
 * IRAF's seepsf is reproduced. */
#include "kernels/astro/psf.h"

#include "kernels/astro/image.h"
#include "kernels/astro/psf_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/reference.h"
#include "tests/unit/scratch_file.h"

#include <fitsio.h>

enum { SIDE = 43, FRAME = 100 };

static const char *const functions[] = {"gauss",    "lorentz", "moffat15",
                                        "moffat25", "penny1",  "penny2"};

/* Parameters of each function, the ellipse's half widths about h pixels. */
static void parameters(int function, double h, double par[5])
{
    const double cross = 0.3 / (h * h);
    const double all[6][5] = {
        {h, 1.2 * h, 0, 0, 0},        {h, 0.8 * h, cross, 0, 0},   {h, 0.9 * h, cross, 1.5, 0},
        {h, 1.1 * h, -cross, 2.5, 0}, {h, 0.9 * h, 0.7, cross, 0}, {h, 1.1 * h, 0.6, cross, -cross},
    };

    memcpy(par, all[function], sizeof(all[function]));
}

/* The formulae of psf_profile.c's heading, once more. */
static double formula(int function, const double p[5], double x, double y)
{
    double q = x * x / (p[0] * p[0]) + y * y / (p[1] * p[1]), xy = x * y, ln2 = log(2);

    switch (function) {
    case 0:
        return exp(-ln2 * q) / (p[0] * p[1]);
    case 1:
        return 1 / (1 + q + p[2] * xy);
    case 2:
    case 3:
        return (p[3] - 1) / (p[0] * p[1]) *
               pow(1 + (pow(2, 1 / p[3]) - 1) * (q + p[2] * xy), -p[3]);
    case 4:
        return p[2] * exp(-ln2 * (q + p[3] * xy)) + (1 - p[2]) / (1 + q);
    default:
        return p[2] * exp(-ln2 * (q + p[3] * xy)) + (1 - p[2]) / (1 + q + p[4] * xy);
    }
}

static double pixel_average(int function, const double p[5], double dx, double dy)
{
    enum { N = 60 };
    double sum = 0;

    for (int j = 0; j < N; j++)
        for (int i = 0; i < N; i++)
            sum += formula(function, p, dx + (i + 0.5) / N - 0.5, dy + (j + 0.5) / N - 0.5);
    return sum / (N * N);
}

static void functions_are_averaged_over_the_pixel(void **state)
{
    (void)state;
    for (int f = 0; f < 6; f++) {
        double par[5];

        parameters(f, 1.5, par);
        assert_true(sks_psf_profile_valid((enum sks_psf_function)f, par));
        for (double dy = -3.3; dy < 4; dy += 0.7) {
            for (double dx = -4.1; dx < 4; dx += 0.9) {
                double value = sks_psf_profile((enum sks_psf_function)f, par, dx, dy);

                /* The rule's own error: four points near the peak, one far out. */
                assert_near(value, pixel_average(f, par, dx, dy), 2e-4 * formula(f, par, 0, 0));
            }
        }
        /* Very far out it is the value at the centre, or nothing. */
        parameters(f, 0.6, par);
        if (f == 2 || f == 3)
            assert_near(sks_psf_profile((enum sks_psf_function)f, par, 40, -21),
                        formula(f, par, 40, -21), 1e-6 * formula(f, par, 40, -21));
        if (f == 0)
            assert_near(sks_psf_profile(SKS_PSF_GAUSS, par, 40, -21), 0, 0);
    }
}

static void unbounded_ellipses_are_refused(void **state)
{
    const double tilted[5] = {0.5, 0.5, 8.1, 2.5, 0}, flat[5] = {0.5, 0, 0, 2.5, 0};

    (void)state;
    assert_false(sks_psf_profile_valid(SKS_PSF_MOFFAT25, tilted));
    assert_false(sks_psf_profile_valid(SKS_PSF_MOFFAT25, flat));
    assert_false(sks_psf_profile_valid(SKS_PSF_GAUSS, flat));
}

static void write_number(fitsfile *file, const char *keyword, double value, int *fits)
{
    fits_write_key(file, TDOUBLE, keyword, &value, NULL, fits);
}

/* A PSF image as IRAF writes it, with tables that are smooth but have no symmetry. */
static const char *write_psf(int function, int var_order, bool fexpand)
{
    static const long tables_of_order[] = {0, 1, 3, 6};
    const char *path = scratch_file("psf.fits");
    long n_tables = tables_of_order[var_order + 1] + (fexpand ? 5 : 0);
    long size[3] = {SIDE, SIDE, n_tables};
    float *data = calloc((size_t)(SIDE * SIDE * (n_tables + 1)), sizeof(*data));
    int logical = fexpand, fits = 0;
    double par[5];
    fitsfile *file;

    for (long k = 0; k < n_tables; k++)
        for (long j = 0; j < SIDE; j++)
            for (long i = 0; i < SIDE; i++)
                data[(k * SIDE + j) * SIDE + i] = (float)(0.01 * sin(0.7 * (double)i + (double)k) *
                                                          cos(0.4 * (double)j + 1.3 * (double)k));
    parameters(function, 0.9, par);
    unlink(path);
    fits_create_diskfile(&file, path, &fits);
    fits_create_img(file, FLOAT_IMG, n_tables == 0 ? 0 : n_tables == 1 ? 2 : 3, size, &fits);
    fits_write_key(file, TSTRING, "FUNCTION", (void *)(uintptr_t)functions[function], NULL, &fits);
    write_number(file, "PSFRAD", 12, &fits);
    write_number(file, "PSFX", 50.5, &fits);
    write_number(file, "PSFY", 49.5, &fits);
    write_number(file, "PSFHEIGH", 0.3, &fits);
    write_number(file, "PSFMAG", 20, &fits);
    write_number(file, "VARORDER", var_order, &fits);
    fits_write_key(file, TLOGICAL, "FEXPAND", &logical, NULL, &fits);
    for (int i = 0; i < 5; i++) {
        char keyword[16];

        snprintf(keyword, sizeof(keyword), "PAR%d", i + 1);
        write_number(file, keyword, par[i], &fits);
    }
    if (n_tables > 0)
        fits_write_img(file, TFLOAT, 1, SIDE * SIDE * n_tables, data, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    free(data);
    return path;
}

/* The stamp against the definition, point by point. */
static void compare_stamp(const sks_psf *psf, double dx0, double dy0, unsigned subsample,
                          double tolerance)
{
    const double x = 83.25, y = 12.5;
    static float stamp[FRAME * FRAME];
    sks_psf_scratch *scratch = NULL;

    assert_int_equal(sks_psf_scratch_create(psf, &scratch), SKS_OK);
    sks_psf_stamp(psf, scratch, x, y, dx0, dy0, subsample, FRAME, FRAME, stamp);
    for (int j = 0; j < FRAME; j++)
        for (int i = 0; i < FRAME; i++)
            assert_near(
                (double)stamp[j * FRAME + i],
                sks_psf_value(psf, x, y, dx0 + (double)i / subsample, dy0 + (double)j / subsample),
                tolerance);
    sks_psf_scratch_destroy(scratch);
}

static void stamps_follow_the_definition(void **state)
{
    static const double offsets[][2] = {{-14, -13}, {-13.37, -12.81}, {-2.5, 0.25}, {3.1, -40}};

    (void)state;
    for (int f = 0; f < 6; f++) {
        for (int variant = 0; variant < 6; variant++) {
            int var_order = variant < 4 ? variant - 1 : variant - 3;
            bool fexpand = variant >= 4;
            sks_psf *psf = NULL;
            double peak;

            assert_int_equal(sks_psf_read(write_psf(f, var_order, fexpand), &psf), SKS_OK);
            assert_string_equal(sks_psf_describe(psf)->function, functions[f]);
            assert_int_equal(sks_psf_describe(psf)->var_order, var_order);
            assert_int_equal(sks_psf_describe(psf)->fexpand, fexpand);
            /* PSFRAD, or what the tables leave after the interpolation's margin. */
            assert_near(sks_psf_describe(psf)->radius, var_order < 0 ? 12 : 10, 0);
            peak = sks_psf_value(psf, 83.25, 12.5, 0, 0);
            for (size_t k = 0; k < sizeof(offsets) / sizeof(offsets[0]); k++)
                for (unsigned subsample = 1; subsample <= 4; subsample++)
                    compare_stamp(psf, offsets[k][0], offsets[k][1], subsample, 5e-7 * peak);
            sks_psf_destroy(psf);
        }
    }
}

/* At a table's own sample, without an analytic part, the value is the tables' combination. */
static void tables_enter_as_polynomials(void **state)
{
    sks_psf *psf = NULL;
    const double x = 80, y = 30;
    const double u = (x - 1) / 50.5 - 1, v = (y - 1) / 49.5 - 1;
    const double p[6] = {1, u, v, 1.5 * u * u - 0.5, u * v, 1.5 * v * v - 0.5};
    double par[5], expected = 0;

    (void)state;
    assert_int_equal(sks_psf_read(write_psf(3, 2, false), &psf), SKS_OK);
    for (int k = 0; k < 6; k++) /* offset (1.5, -2): sample (21 + 3, 21 - 4) */
        expected += p[k] * 0.01 * sin(0.7 * 24 + k) * cos(0.4 * 17 + 1.3 * k);
    parameters(3, 0.9, par);
    expected += 0.3 * sks_psf_profile(SKS_PSF_MOFFAT25, par, 1.5, -2);
    assert_near(sks_psf_value(psf, x, y, 1.5, -2), expected, 1e-8);
    sks_psf_destroy(psf);
}

static double total_flux(const sks_psf *psf, double dx0, double dy0)
{
    static float stamp[FRAME * FRAME];
    sks_psf_scratch *scratch = NULL;
    double sum = 0;

    assert_int_equal(sks_psf_scratch_create(psf, &scratch), SKS_OK);
    sks_psf_stamp(psf, scratch, 1, 1, dx0, dy0, 1, FRAME, FRAME, stamp);
    for (int i = 0; i < FRAME * FRAME; i++)
        sum += (double)stamp[i];
    sks_psf_scratch_destroy(scratch);
    return sum;
}

static void simple_models_hold_unit_flux(void **state)
{
    sks_psf *psf = NULL;

    (void)state;
    assert_int_equal(sks_psf_gauss(1.4, 20, 25, &psf), SKS_OK);
    assert_near(total_flux(psf, -50.3, -49.8), 1, 2e-6);
    compare_stamp(psf, -14.2, -13, 2, 1e-7);
    sks_psf_destroy(psf);
    assert_int_equal(sks_psf_moffat(1.6, 4, 45, 25, &psf), SKS_OK);
    /* Outside r: (1 + r^2/a^2)^(1 - beta). */
    assert_near(total_flux(psf, -50.4, -49.9), 1, 2e-6);
    compare_stamp(psf, -14.2, -13, 3, 1e-7);
    sks_psf_destroy(psf);
    assert_int_equal(sks_psf_gauss(0, 20, 25, &psf), SKS_ERR_USAGE);
    assert_int_equal(sks_psf_moffat(2, 1, 20, 25, &psf), SKS_ERR_USAGE);
    sks_clear();
}

/* A picture of a Gaussian with `n` samples per pixel and its centre at sample side/2 + 1; in a
 * second plane, a wider one. */
static const char *write_stamps(unsigned n, long n_planes)
{
    enum { N = 120 };
    const char *path = scratch_file("stamp.fits");
    static float data[2 * N * N];
    long size[3] = {N, N, n_planes};
    fitsfile *file;
    int fits = 0;

    for (long k = 0; k < 2; k++) {
        double h = (k == 0 ? 1.5 : 2.5) * n / sqrt(log(2)); /* half width, in samples */

        for (long j = 0; j < N; j++)
            for (long i = 0; i < N; i++)
                data[(k * N + j) * N + i] = (float)((erf(((double)i - N / 2 + 0.5) / h) -
                                                     erf(((double)i - N / 2 - 0.5) / h)) *
                                                    (erf(((double)j - N / 2 + 0.5) / h) -
                                                     erf(((double)j - N / 2 - 0.5) / h)));
    }
    unlink(path);
    fits_create_diskfile(&file, path, &fits);
    fits_create_img(file, FLOAT_IMG, n_planes == 1 ? 2 : 3, size, &fits);
    write_number(file, "GRIDNX", 2, &fits);
    write_number(file, "GRIDNY", 1, &fits);
    write_number(file, "GRIDX0", 100, &fits);
    write_number(file, "GRIDY0", 100, &fits);
    write_number(file, "GRIDDX", 200, &fits);
    write_number(file, "GRIDDY", 200, &fits);
    fits_write_img(file, TFLOAT, 1, N * N * n_planes, data, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
    return path;
}

static void stamps_are_integrated_over_native_pixels(void **state)
{
    sks_psf *gauss = NULL, *stamp = NULL;

    (void)state;
    assert_int_equal(sks_psf_gauss(3, 20, 25, &gauss), SKS_OK);
    /* Samples add up exactly to a pixel; what remains is the interpolation's error. */
    for (unsigned n = 1; n <= 5; n++) {
        double peak = sks_psf_value(gauss, 1, 1, 0, 0);
        double tolerance = n == 1 ? 0.03 : 4e-3;

        assert_int_equal(sks_psf_read_stamp(write_stamps(n, 1), n, 25, &stamp), SKS_OK);
        assert_near(total_flux(stamp, -50, -50), 1, 1e-5);
        for (double dx = -4; dx < 4; dx += 0.3)
            assert_near(sks_psf_value(stamp, 1, 1, dx, 0.4), sks_psf_value(gauss, 1, 1, dx, 0.4),
                        tolerance * peak);
        compare_stamp(stamp, -10.2, -9.7, 2, 1e-7);
        sks_psf_destroy(stamp);
    }
    sks_psf_destroy(gauss);
}

static void set_sampling(const char *path, double sampling)
{
    fitsfile *file;
    int fits = 0;

    fits_open_diskfile(&file, path, READWRITE, &fits);
    fits_update_key(file, TDOUBLE, "SAMPLING", &sampling, NULL, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
}

/* By its keyword, which a DAOPHOT model's header is not searched for. */
static void a_stamp_tells_its_sampling(void **state)
{
    const char *path = write_stamps(3, 1);
    unsigned sampling = 7;

    (void)state;
    assert_int_equal(sks_psf_stamp_sampling(path, &sampling), SKS_OK);
    assert_int_equal(sampling, 0);
    set_sampling(path, 3);
    assert_int_equal(sks_psf_stamp_sampling(path, &sampling), SKS_OK);
    assert_int_equal(sampling, 3);
    set_sampling(path, 2.5);
    assert_int_equal(sks_psf_stamp_sampling(path, &sampling), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "SAMPLING = 2.5"));
    sks_clear();
    path = write_psf(3, 2, false);
    set_sampling(path, 3);
    assert_int_equal(sks_psf_stamp_sampling(path, &sampling), SKS_OK);
    assert_int_equal(sampling, 0);
}

enum { N_STARS = 21 };

struct stamps {
    const sks_psf_grid *grids;
    float *values[N_STARS];
    size_t n_rows;
};

/* A row of one star: in order after its others, zeros up to the unit's end. */
static void check_row(void *context, size_t star, size_t row, size_t begin, size_t end,
                      const float *value)
{
    struct stamps *s = context;
    size_t n = end - begin;

    assert_true(star < N_STARS && row < s->grids[star].ny);
    assert_true(begin < end && end <= s->grids[star].nx);
    memcpy(s->values[star] + row * FRAME + begin, value, n * sizeof(*value));
    for (; n % SKS_PSF_ROW_UNIT != 0; n++)
        assert_true(value[n] == 0);
    s->n_rows++;
}

/* Some of them hang over their grid's edges, one misses it. */
static void rows_of_many_stars_are_their_stamps(void **state)
{
    static float stamp[FRAME * FRAME];

    (void)state;
    for (int f = 0; f < 6; f++) {
        for (unsigned subsample = 1; subsample <= 3; subsample++) {
            sks_psf_grid grids[N_STARS];
            struct stamps s = {.grids = grids};
            sks_psf *psf = NULL;
            sks_psf_scratch *scratch = NULL;

            for (int i = 0; i < N_STARS; i++) {
                grids[i] = (sks_psf_grid){10 + 7 * i,     90 - 3 * i, -12.1 + 0.77 * i,
                                          2.3 - 0.71 * i, FRAME,      FRAME};
                s.values[i] = calloc(FRAME * FRAME, sizeof(float));
                assert_non_null(s.values[i]);
            }
            grids[11].dy0 = 11;
            assert_int_equal(sks_psf_read(write_psf(f, 2, false), &psf), SKS_OK);
            assert_int_equal(sks_psf_scratch_create(psf, &scratch), SKS_OK);
            sks_psf_rows(psf, scratch, grids, N_STARS, subsample, check_row, &s);
            assert_true(s.n_rows > N_STARS);
            for (int i = 0; i < N_STARS; i++) {
                const sks_psf_grid *g = &grids[i];

                sks_psf_stamp(psf, scratch, g->x, g->y, g->dx0, g->dy0, subsample, FRAME, FRAME,
                              stamp);
                assert_memory_equal(stamp, s.values[i], sizeof(stamp));
                free(s.values[i]);
            }
            sks_psf_scratch_destroy(scratch);
            sks_psf_destroy(psf);
        }
    }
}

static void grids_of_stamps_are_interpolated(void **state)
{
    sks_psf *psf = NULL;
    double narrow, wide;

    (void)state;
    assert_int_equal(sks_psf_read_stamp(write_stamps(3, 2), 3, 25, &psf), SKS_OK);
    narrow = sks_psf_value(psf, 100, 500, 0.2, 0.1);
    wide = sks_psf_value(psf, 300, 1, 0.2, 0.1);
    assert_true(narrow > 1.5 * wide);
    assert_near(sks_psf_value(psf, 150, 7, 0.2, 0.1), 0.75 * narrow + 0.25 * wide, 1e-12);
    assert_near(sks_psf_value(psf, -50, 7, 0.2, 0.1), narrow, 0);
    assert_near(sks_psf_value(psf, 900, 7, 0.2, 0.1), wide, 0);
    sks_psf_destroy(psf);
}

static void what_is_no_psf_is_refused(void **state)
{
    sks_psf *psf = NULL;
    sks_image *image = NULL;

    (void)state;
    sks_clear();
    assert_int_equal(sks_image_create(9, 9, &image), SKS_OK);
    assert_int_equal(sks_image_write(image, NULL, 0, scratch_file("image.fits")), SKS_OK);
    sks_image_destroy(image);
    assert_int_equal(sks_psf_read(scratch_file("image.fits"), &psf), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "is no DAOPHOT PSF"));
    sks_clear();
    assert_int_equal(sks_psf_read_stamp(scratch_file("image.fits"), 1, 25, &psf), SKS_ERR_INPUT);
    sks_clear();
    assert_int_equal(sks_psf_read(scratch_file("missing.fits"), &psf), SKS_ERR_IO);
    sks_clear();
    assert_int_equal(truncate(write_psf(3, 2, false), 2880 + 20000), 0);
    assert_int_equal(sks_psf_read(scratch_file("psf.fits"), &psf), SKS_ERR_INPUT);
    sks_clear();
    assert_null(psf);
}

/* IRAF 2.17 seepsf, to 1e-6 of the peak, natively and at half steps, by both ways. */
static void seepsf_is_reproduced(void **state)
{
    static const char *const frames[] = {"m71_f555w", "ngc6293_f814w"};
    static const char *const fields[] = {"m71", "ngc6293"};
    static const double at[3][2] = {{64, 64}, {400, 400}, {736, 128}};

    (void)state;
    if (!reference_is_there())
        skip();
    for (int f = 0; f < 2; f++) {
        char name[200];
        sks_psf *psf = NULL;
        sks_psf_scratch *scratch = NULL;

        snprintf(name, sizeof(name), "data/%s_pc1.psf.fits", frames[f]);
        assert_int_equal(sks_psf_read(reference_path(name), &psf), SKS_OK);
        assert_int_equal(sks_psf_scratch_create(psf, &scratch), SKS_OK);
        for (int k = 0; k < 6; k++) {
            const double x = at[k / 2][0], y = at[k / 2][1];
            unsigned subsample = k % 2 == 0 ? 1 : 2;
            sks_image *seen = NULL;
            float *stamp;
            double peak;

            snprintf(name, sizeof(name), "reference/%s_seepsf%s_%g_%g.fits.gz", fields[f],
                     subsample == 1 ? "" : "253", x, y);
            assert_int_equal(sks_image_read(reference_path(name), &seen), SKS_OK);
            stamp = malloc(seen->nx * seen->ny * sizeof(*stamp));
            assert_non_null(stamp);
            sks_psf_stamp(psf, scratch, x, y, -63, -63, subsample, seen->nx, seen->ny, stamp);
            peak = (double)seen->data[seen->ny / 2 * seen->nx + seen->nx / 2];
            for (size_t i = 0; i < seen->nx * seen->ny; i++) {
                double dx = -63 + (double)(i % seen->nx) / subsample;
                double dy = -63 + (double)(i / seen->nx) / subsample;

                assert_near((double)stamp[i], (double)seen->data[i], 1e-6 * peak);
                assert_near(sks_psf_value(psf, x, y, dx, dy), (double)seen->data[i], 1e-6 * peak);
            }
            free(stamp);
            sks_image_destroy(seen);
        }
        sks_psf_scratch_destroy(scratch);
        sks_psf_destroy(psf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_averaged_over_the_pixel),
        cmocka_unit_test(unbounded_ellipses_are_refused),
        cmocka_unit_test(stamps_follow_the_definition),
        cmocka_unit_test(tables_enter_as_polynomials),
        cmocka_unit_test(simple_models_hold_unit_flux),
        cmocka_unit_test(stamps_are_integrated_over_native_pixels),
        cmocka_unit_test(a_stamp_tells_its_sampling),
        cmocka_unit_test(rows_of_many_stars_are_their_stamps),
        cmocka_unit_test(grids_of_stamps_are_interpolated),
        cmocka_unit_test(what_is_no_psf_is_refused),
        cmocka_unit_test(seepsf_is_reproduced),
    };
    int failed = cmocka_run_group_tests(tests, scratch_make, scratch_remove);

    return failed != 0 ? failed : reference_exit();
}
