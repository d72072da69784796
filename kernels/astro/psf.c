/* Making PSF models: from IRAF's PSF images, from pictures, from a width. */
#include "kernels/astro/psf.h"

#include "kernels/astro/image.h"
#include "kernels/astro/psf_model.h"

#include <fitsio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    N_FUNCTIONS = 6,
    MAX_SIDE = SKS_PSF_MAX_SIDE,
    MAX_STAMPS = 10000,
    CACHE_LINE = 64,
    MAX_SAMPLING = 64
};

static const char *const function_names[N_FUNCTIONS] = {"gauss",    "lorentz", "moffat15",
                                                        "moffat25", "penny1",  "penny2"};
static const int function_pars[N_FUNCTIONS] = {2, 3, 4, 4, 4, 5};

static sks_status not_a_psf(const char *name, const char *keyword)
{
    return sks_fail(SKS_ERR_INPUT,
                    "%s: is no DAOPHOT PSF image: keyword %s is missing or wrong; a picture of a "
                    "PSF needs its psf-sampling or the keyword SAMPLING",
                    name, keyword);
}

static bool read_number(fitsfile *file, const char *keyword, double *value)
{
    int fits = 0;

    return fits_read_key(file, TDOUBLE, keyword, value, NULL, &fits) == 0 && isfinite(*value);
}

static sks_status read_function(fitsfile *file, const char *name, sks_psf *psf)
{
    char text[FLEN_VALUE] = "";
    int fits = 0;
    int f = 0;

    if (fits_read_key(file, TSTRING, "FUNCTION", text, NULL, &fits) != 0)
        return not_a_psf(name, "FUNCTION");
    while (f < N_FUNCTIONS && strcasecmp(text, function_names[f]) != 0)
        f++;
    if (f == N_FUNCTIONS)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: FUNCTION = '%s'; need gauss, lorentz, moffat15, moffat25, penny1 or "
                        "penny2",
                        name, text);
    psf->function = (enum sks_psf_function)f;
    psf->info.function = function_names[f];
    for (int i = 0; i < function_pars[f]; i++) {
        char keyword[FLEN_KEYWORD];

        snprintf(keyword, sizeof(keyword), "PAR%d", i + 1);
        if (!read_number(file, keyword, &psf->info.par[i]))
            return not_a_psf(name, keyword);
    }
    if (!sks_psf_profile_valid(psf->function, psf->info.par))
        return sks_fail(SKS_ERR_INPUT, "%s: PAR1 = %g, PAR2 = %g, PAR3 = %g … give no %s profile",
                        name, psf->info.par[0], psf->info.par[1], psf->info.par[2], text);
    return SKS_OK;
}

static sks_status read_keywords(fitsfile *file, const char *name, sks_psf *psf)
{
    static const size_t tables_of_order[] = {0, 1, 3, 6};
    sks_psf_info *info = &psf->info;
    double scale = 1, var_order;
    int fexpand = 0, fits = 0;
    sks_status status = read_function(file, name, psf);

    if (status != SKS_OK)
        return status;
    if (!read_number(file, "PSFHEIGH", &info->height))
        return not_a_psf(name, "PSFHEIGH");
    if (!read_number(file, "PSFMAG", &info->mag))
        return not_a_psf(name, "PSFMAG");
    if (!read_number(file, "PSFX", &info->psf_x) || info->psf_x == 0)
        return not_a_psf(name, "PSFX");
    if (!read_number(file, "PSFY", &info->psf_y) || info->psf_y == 0)
        return not_a_psf(name, "PSFY");
    if (!read_number(file, "PSFRAD", &info->radius) || info->radius <= 0)
        return not_a_psf(name, "PSFRAD");
    if (!read_number(file, "VARORDER", &var_order) || var_order < -1 || var_order > 2 ||
        var_order != floor(var_order))
        return not_a_psf(name, "VARORDER");
    if (read_number(file, "SCALE", &scale) && scale > 0)
        info->radius /= scale; /* PSFRAD is in units of SCALE per pixel */
    fits_read_key(file, TLOGICAL, "FEXPAND", &fexpand, NULL, &fits);
    info->var_order = (int)var_order;
    info->fexpand = fexpand != 0 && info->var_order >= 0;
    psf->n_spatial = tables_of_order[info->var_order + 1];
    psf->n_expand = info->fexpand ? 5 : 0;
    return SKS_OK;
}

static sks_status allocate_tables(sks_psf *psf, size_t n, size_t n_tables)
{
    psf->n = n;
    psf->half = sks_psf_row_units((n + 1) / 2) * SKS_PSF_ROW_UNIT;
    psf->pitch = 2 * psf->half;
    psf->info.table_size = n;
    psf->info.n_tables = n_tables;
    psf->tables = aligned_alloc(CACHE_LINE, n_tables * n * psf->pitch * sizeof(float));
    if (psf->tables == NULL)
        return sks_fail_nomem("PSF tables");
    memset(psf->tables, 0, n_tables * n * psf->pitch * sizeof(float));
    return SKS_OK;
}

static sks_status fill_tables(sks_psf *psf, const char *name, const float *pixels)
{
    for (size_t i = 0; i < psf->info.n_tables * psf->n * psf->n; i++) {
        size_t column = i % psf->n, row = i / psf->n % psf->n, table = i / psf->n / psf->n;

        if (!isfinite(pixels[i]))
            return sks_fail(SKS_ERR_INPUT, "%s: the PSF has a pixel without value", name);
        sks_psf_table_row(psf, table, row)[(column & 1) * psf->half + column / 2] = pixels[i];
    }
    return SKS_OK;
}

/* All planes of the file's image, n × n each. */
static sks_status read_planes(fitsfile *file, const char *name, size_t n_pixels, float **pixels)
{
    float nan_value = NAN;
    int fits = 0, any_blank;
    float *data = malloc(n_pixels * sizeof(*data));

    if (data == NULL)
        return sks_fail_nomem("PSF tables");
    if (fits_read_img(file, TFLOAT, 1, (LONGLONG)n_pixels, &nan_value, data, &any_blank, &fits) !=
        0) {
        free(data);
        fits_clear_errmsg();
        return sks_fail(SKS_ERR_INPUT, "%s: cannot read the PSF's pixels: file is incomplete",
                        name);
    }
    *pixels = data;
    return SKS_OK;
}

static sks_status read_tables(fitsfile *file, const char *name, sks_psf *psf)
{
    size_t n_tables = psf->n_spatial + psf->n_expand;
    long size[3] = {0, 1, 1};
    float *pixels = NULL;
    int n_axes = 0, bitpix, fits = 0;
    sks_status status;

    if (n_tables == 0)
        return SKS_OK;
    fits_get_img_param(file, 3, &bitpix, &n_axes, size, &fits);
    if (fits != 0 || n_axes < 2 || n_axes > 3 || size[0] != size[1] || size[0] < 7 ||
        size[0] > MAX_SIDE || size[0] % 2 == 0 || (size_t)size[2] != n_tables)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: PSF tables are %ld x %ld x %ld; VARORDER = %d needs an odd square of "
                        "at least 7 x %zu planes",
                        name, size[0], size[1], size[2], psf->info.var_order, n_tables);
    status = allocate_tables(psf, (size_t)size[0], n_tables);
    if (status == SKS_OK)
        status = read_planes(file, name, (size_t)size[0] * (size_t)size[0] * n_tables, &pixels);
    if (status == SKS_OK)
        status = fill_tables(psf, name, pixels);
    free(pixels);
    psf->sampling = 2;
    psf->centre[0] = psf->centre[1] = (double)(psf->n / 2);
    /* The interpolation needs two more samples all around. */
    psf->info.radius = fmin(psf->info.radius, (((double)psf->n - 1) / 2 - 1) / 2);
    return status;
}

static sks_status open_psf(const char *name, fitsfile **file)
{
    char text[FLEN_STATUS] = "";
    int fits = 0;

    fits_clear_errmsg();
    /* Not fits_open_image: with VARORDER -1 the model is a header without pixels. */
    if (fits_open_file(file, name, READONLY, &fits) == 0)
        return SKS_OK;
    fits_get_errstatus(fits, text);
    fits_clear_errmsg();
    return sks_fail(fits == FILE_NOT_OPENED ? SKS_ERR_IO : SKS_ERR_INPUT, "%s: cannot open: %s",
                    name, text);
}

sks_status sks_psf_read(const char *name, sks_psf **psf)
{
    sks_psf *new = calloc(1, sizeof(*new));
    fitsfile *file = NULL;
    int fits = 0;
    sks_status status = new != NULL ? open_psf(name, &file) : sks_fail_nomem("a PSF");

    if (status == SKS_OK)
        status = read_keywords(file, name, new);
    if (status == SKS_OK)
        status = read_tables(file, name, new);
    if (file != NULL)
        fits_close_file(file, &fits);
    if (status != SKS_OK) {
        sks_psf_destroy(new);
        return status;
    }
    *psf = new;
    return SKS_OK;
}

static sks_status round_model(const char *function_name, enum sks_psf_function function,
                              double fwhm, double beta, double radius, double mag, sks_psf **psf)
{
    sks_psf *new;

    if (!(fwhm > 0) || !isfinite(fwhm) || !(radius > 0) || !isfinite(radius) || !isfinite(mag))
        return sks_fail(SKS_ERR_USAGE, "PSF: FWHM %g px, radius %g px: need both above 0", fwhm,
                        radius);
    if (!(beta > 1) || !isfinite(beta))
        return sks_fail(SKS_ERR_USAGE, "PSF: Moffat exponent %g: need more than 1", beta);
    new = calloc(1, sizeof(*new));
    if (new == NULL)
        return sks_fail_nomem("a PSF");
    new->function = function;
    new->info = (sks_psf_info){
        .function = function_name,
        .radius = radius,
        .mag = mag,
        .height = 1,
        .par = {fwhm / 2, fwhm / 2, 0, beta, 0},
        .psf_x = 1,
        .psf_y = 1,
        .var_order = -1,
    };
    *psf = new;
    return SKS_OK;
}

sks_status sks_psf_gauss(double fwhm, double radius, double mag, sks_psf **psf)
{
    return round_model("gauss", SKS_PSF_ROUND_GAUSS, fwhm, 2, radius, mag, psf);
}

sks_status sks_psf_moffat(double fwhm, double beta, double radius, double mag, sks_psf **psf)
{
    return round_model("moffat", SKS_PSF_ROUND_MOFFAT, fwhm, beta, radius, mag, psf);
}

/* Sums the samples over one native pixel, in one direction. The sum of an even number of them is
 * centred between two: out[i] then belongs to position i - 1/2. */
static void box_sum(const float *in, float *out, size_t n, size_t stride, unsigned sampling)
{
    long first = -(long)(sampling / 2);

    for (long i = 0; i < (long)n; i++) {
        double sum = 0;

        for (long k = i + first; k < i + first + (long)sampling; k++)
            if (k >= 0 && k < (long)n)
                sum += (double)in[(size_t)k * stride];
        out[(size_t)i * stride] = (float)sum;
    }
}

/* Unit flux, then the light of a native pixel around every sample. */
static sks_status prepare_stamp(const char *name, float *stamp, size_t n, unsigned sampling)
{
    float *other = malloc(n * n * sizeof(*other));
    double sum = 0;

    if (other == NULL)
        return sks_fail_nomem("a PSF");
    for (size_t i = 0; i < n * n; i++)
        sum += (double)stamp[i];
    if (!(sum > 0)) {
        free(other);
        return sks_fail(SKS_ERR_INPUT, "%s: the PSF's samples add up to %g; need more than 0", name,
                        sum);
    }
    for (size_t i = 0; i < n * n; i++)
        stamp[i] = (float)((double)stamp[i] / sum);
    if (sampling > 1) {
        for (size_t j = 0; j < n; j++)
            box_sum(stamp + j * n, other + j * n, n, 1, sampling);
        for (size_t i = 0; i < n; i++)
            box_sum(other + i, stamp + i, n, n, sampling);
    }
    free(other);
    return SKS_OK;
}

/* A picture made square, with its centre in the middle and room for the interpolation and the
 * pixel's width around it. */
static void centre_stamp(const sks_psf_stamps *stamps, size_t k, size_t n, float *square)
{
    size_t nx = stamps->nx, ny = stamps->ny, middle = n / 2;
    const float *from = stamps->samples + k * nx * ny;

    for (size_t j = 0; j < ny; j++)
        memcpy(square + (middle - ny / 2 + j) * n + middle - nx / 2, from + j * nx,
               nx * sizeof(*square));
}

static sks_status make_stamps(const sks_psf_stamps *stamps, const char *name, double mag,
                              sks_psf **psf)
{
    unsigned sampling = stamps->sampling;
    size_t larger = stamps->nx > stamps->ny ? stamps->nx : stamps->ny;
    size_t n = larger / 2 * 2 + 1 + 2 * (sampling / 2 + 3), middle = n / 2;
    size_t n_stamps = stamps->grid[0] * stamps->grid[1];
    float *square = calloc(n * n * n_stamps, sizeof(*square));
    sks_psf *new = calloc(1, sizeof(*new));
    sks_status status = SKS_OK;

    if (square == NULL || new == NULL)
        status = sks_fail_nomem("a PSF");
    if (status == SKS_OK)
        status = allocate_tables(new, n, n_stamps);
    for (size_t k = 0; k < n_stamps && status == SKS_OK; k++) {
        centre_stamp(stamps, k, n, square + k * n * n);
        status = prepare_stamp(name, square + k * n * n, n, sampling);
    }
    if (status == SKS_OK)
        status = fill_tables(new, name, square);
    free(square);
    if (status != SKS_OK) {
        sks_psf_destroy(new);
        return status;
    }
    new->function = SKS_PSF_NO_FUNCTION;
    new->sampling = sampling;
    new->info.function = "stamp";
    new->info.mag = mag;
    new->info.var_order = -1;
    new->info.radius = ((double)middle - 3) / sampling;
    new->centre[0] = new->centre[1] = (double)middle + (sampling % 2 == 0 ? 0.5 : 0);
    for (int i = 0; i < 2; i++) {
        new->grid[i] = stamps->grid[i];
        new->grid_first[i] = stamps->grid_first[i];
        new->grid_step[i] = stamps->grid_step[i];
    }
    *psf = new;
    return SKS_OK;
}

static sks_status check_sampling(unsigned sampling)
{
    if (sampling < 1 || sampling > MAX_SAMPLING)
        return sks_fail(SKS_ERR_USAGE, "PSF: %u samples per pixel: need 1 … %d", sampling,
                        MAX_SAMPLING);
    return SKS_OK;
}

static bool are_sizes_good(size_t nx, size_t ny, size_t n_stamps)
{
    return nx >= 3 && ny >= 3 && nx <= MAX_SIDE / 2 && ny <= MAX_SIDE / 2 && n_stamps >= 1 &&
           n_stamps <= MAX_STAMPS;
}

sks_status sks_psf_from_stamps(const sks_psf_stamps *stamps, double mag, sks_psf **psf)
{
    size_t n_stamps = stamps->grid[0] * stamps->grid[1];
    sks_status status = check_sampling(stamps->sampling);

    if (status == SKS_OK && !are_sizes_good(stamps->nx, stamps->ny, n_stamps))
        status = sks_fail(SKS_ERR_USAGE, "PSF: cannot use %zu stamps of %zu x %zu samples",
                          n_stamps, stamps->nx, stamps->ny);
    return status == SKS_OK ? make_stamps(stamps, "PSF", mag, psf) : status;
}

static sks_status read_grid(fitsfile *file, const char *name, size_t n_stamps,
                            sks_psf_stamps *stamps)
{
    static const char *const keywords[6] = {"GRIDNX", "GRIDNY", "GRIDX0",
                                            "GRIDY0", "GRIDDX", "GRIDDY"};
    double value[6] = {1, 1, 1, 1, 1, 1};

    if (n_stamps > 1) {
        for (int i = 0; i < 6; i++)
            if (!read_number(file, keywords[i], &value[i]))
                return sks_fail(SKS_ERR_INPUT, "%s: a cube of %zu stamps needs the keyword %s",
                                name, n_stamps, keywords[i]);
        if (value[0] < 1 || value[1] < 1 || value[0] * value[1] != (double)n_stamps ||
            value[4] == 0 || value[5] == 0)
            return sks_fail(SKS_ERR_INPUT, "%s: a grid of %g x %g does not hold %zu stamps", name,
                            value[0], value[1], n_stamps);
    }
    for (int i = 0; i < 2; i++) {
        stamps->grid[i] = (size_t)value[i];
        stamps->grid_first[i] = value[2 + i];
        stamps->grid_step[i] = value[4 + i];
    }
    return SKS_OK;
}

/* The file's pictures; the caller frees *samples. */
static sks_status read_stamps(fitsfile *file, const char *name, sks_psf_stamps *stamps,
                              float **samples)
{
    long size[3] = {0, 0, 1};
    int n_axes = 0, bitpix, fits = 0;
    sks_status status;

    fits_get_img_param(file, 3, &bitpix, &n_axes, size, &fits);
    if (fits != 0 || n_axes < 2 || n_axes > 3 || size[0] < 0 || size[1] < 0 || size[2] < 0 ||
        !are_sizes_good((size_t)size[0], (size_t)size[1], (size_t)size[2]))
        return sks_fail(SKS_ERR_INPUT, "%s: %ld x %ld x %ld pixels are no picture of a PSF", name,
                        size[0], size[1], size[2]);
    stamps->nx = (size_t)size[0];
    stamps->ny = (size_t)size[1];
    status = read_grid(file, name, (size_t)size[2], stamps);
    if (status == SKS_OK)
        status = read_planes(file, name, stamps->nx * stamps->ny * (size_t)size[2], samples);
    stamps->samples = *samples;
    return status;
}

sks_status sks_psf_read_stamp(const char *name, unsigned sampling, double mag, sks_psf **psf)
{
    sks_psf_stamps stamps = {.sampling = sampling};
    float *samples = NULL;
    fitsfile *file = NULL;
    int fits = 0;
    sks_status status = check_sampling(sampling);

    if (status == SKS_OK)
        status = open_psf(name, &file);
    if (status == SKS_OK)
        status = read_stamps(file, name, &stamps, &samples);
    if (file != NULL)
        fits_close_file(file, &fits);
    if (status == SKS_OK)
        status = make_stamps(&stamps, name, mag, psf);
    free(samples);
    return status;
}

sks_status sks_psf_stamp_sampling(const char *name, unsigned *sampling)
{
    char function[FLEN_VALUE];
    double value = 0;
    fitsfile *file = NULL;
    bool is_stated;
    int fits = 0;
    sks_status status = open_psf(name, &file);

    if (status != SKS_OK)
        return status;
    is_stated = fits_read_key(file, TSTRING, "FUNCTION", function, NULL, &fits) != 0 &&
                read_number(file, "SAMPLING", &value);
    fits = 0;
    fits_close_file(file, &fits);
    fits_clear_errmsg();
    if (is_stated && (value != floor(value) || value < 1 || value > MAX_SAMPLING))
        return sks_fail(SKS_ERR_INPUT, "%s: SAMPLING = %g; need 1 … %d samples per pixel", name,
                        value, MAX_SAMPLING);
    *sampling = is_stated ? (unsigned)value : 0;
    return SKS_OK;
}

void sks_psf_destroy(sks_psf *psf)
{
    if (psf == NULL)
        return;
    free(psf->tables);
    free(psf);
}

const sks_psf_info *sks_psf_describe(const sks_psf *psf)
{
    return &psf->info;
}
