/* What a run is asked for: parameters read and checked, files opened, sections and plans made. */
#include "kernels/parts/deconvolve.h"
#include "kernels/parts/psf_option.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sks_status find_only(sks_deconvolve *d, const char *text)
{
    double place[2], x, y, best = INFINITY;
    size_t nearest = 0;
    char copy[128];
    char *rest = copy;
    bool is_good = strlen(text) < sizeof(copy);

    snprintf(copy, sizeof(copy), "%s", text);
    for (int i = 0; is_good && i < 2; i++) {
        const char *field = strsep(&rest, ",");

        is_good = field != NULL && sks_parse_real(field, &place[i]);
    }
    if (!is_good || rest != NULL)
        return sks_fail(SKS_ERR_USAGE, "only: \"%s\" is not X,Y", text);
    if (sks_sections_find(d->sections, place[0] - d->image->x0, place[1] - d->image->y0,
                          &d->only)) {
        d->has_only = true;
        return SKS_OK;
    }
    for (size_t k = 0; k < sks_sections_count(d->sections); k++) {
        double distance;

        sks_deconvolve_psf_at(d, k, &x, &y);
        distance = hypot(x - place[0], y - place[1]);
        if (distance < best) {
            best = distance;
            nearest = k;
        }
    }
    sks_deconvolve_psf_at(d, nearest, &x, &y);
    return sks_fail(SKS_ERR_USAGE,
                    "only: no section has the PSF of %s; the nearest has that of "
                    "%g,%g",
                    text, x, y);
}

static sks_status cut(const sks_values *values, sks_deconvolve *d)
{
    const char *only = sks_values_text(values, "only");
    size_t nx = d->image->nx, ny = d->image->ny;
    sks_status status;

    status = sks_sections_create(nx, ny, d->size, d->step, d->subsample, &d->sections);
    if (status == SKS_OK)
        status = sks_sections_create(nx, ny, d->size, d->step, 1, &d->pixels);
    if (status == SKS_OK && only != NULL)
        status = find_only(d, only);
    if (status != SKS_OK)
        return status;
    for (size_t task = 0; task < sks_deconvolve_n_tasks(d); task++) {
        sks_deconvolve_part p = sks_deconvolve_part_of(d, sks_deconvolve_section(d, task));
        size_t n = (p.x1 - p.x0) * (p.y1 - p.y0);

        d->max_part = n > d->max_part ? n : d->max_part;
    }
    return SKS_OK;
}

/* What decides on whether a section converges and how well the total flux is kept. The paper's way
 * stays as it was. */
static void read_aims(const sks_values *values, sks_deconvolve *d)
{
    bool is_padded = d->boundary == SKS_BOUNDARY_PAD;

    d->mem.expected_variance =
        sks_values_has(values, "variance") ? sks_values_choice(values, "variance") == 1 : is_padded;
    if (sks_values_has(values, "power-tolerance"))
        d->mem.tol[2] = sks_values_real(values, "power-tolerance");
    else if (is_padded)
        d->mem.tol[2] = 5e-4;
    d->mem.settles =
        sks_values_has(values, "settle") ? sks_values_choice(values, "settle") == 0 : is_padded;
    if (sks_values_has(values, "max-iterations"))
        d->mem.max_iterations = (unsigned)sks_values_int(values, "max-iterations");
    else if (is_padded && !d->is_rl)
        d->mem.max_iterations = 300;
}

static sks_status read_options(const sks_values *values, sks_deconvolve *d)
{
    bool has_damping = sks_values_has(values, "damping");

    d->is_rl = sks_values_choice(values, "method") == 1;
    d->subsample = (unsigned)sks_values_int(values, "subsample");
    d->takes_first = sks_values_choice(values, "blksum") == 1;
    d->size = (size_t)sks_values_int(values, "section");
    d->step = sks_values_has(values, "step") ? (size_t)sks_values_int(values, "step") : d->size / 2;
    d->boundary = sks_values_choice(values, "boundary") == 1 ? SKS_BOUNDARY_WRAP : SKS_BOUNDARY_PAD;
    d->is_smooth = sks_values_choice(values, "paste") == 1;
    d->precision =
        sks_values_choice(values, "precision") == 1 ? SKS_PRECISION_DOUBLE : SKS_PRECISION_SINGLE;
    d->mem = sks_mem_defaults();
    d->mem.noise = sks_values_real(values, "noise");
    d->mem.adu = sks_values_real(values, "gain");
    d->mem.model_error = sks_values_real(values, "model-error");
    d->mem.poisson = sks_values_flag(values, "poisson");
    d->mem.tp = sks_values_real(values, "total-power");
    d->mem.hidden = sks_values_flag(values, "hidden");
    d->mem.aim = sks_values_real(values, "aim");
    d->mem.m_update = (unsigned)sks_values_int(values, "m-update");
    d->mem.method = (sks_mem_method)sks_values_choice(values, "mem-method");
    read_aims(values, d);
    if (has_damping)
        d->mem.damping = sks_values_real(values, "damping");
    d->rl = (sks_richardson_lucy_params){
        .noise = d->mem.noise,
        .adu = d->mem.adu,
        .model_error = d->mem.model_error,
        .hidden = d->mem.hidden,
        .aim = d->mem.aim,
        .max_iterations = d->mem.max_iterations,
        .damping = has_damping ? d->mem.damping : 0,
        .accelerated = sks_values_choice(values, "accelerated") == 0,
    };
    if (d->is_rl && d->mem.poisson)
        return sks_fail(SKS_ERR_USAGE, "poisson is for mem: rl takes noise and gain");
    if (d->step > d->size)
        return sks_fail(SKS_ERR_USAGE, "step %zu: sections of %zu pixels would leave gaps", d->step,
                        d->size);
    return d->is_rl ? sks_richardson_lucy_check(&d->rl) : sks_mem_check(&d->mem);
}

/* Pixels outside the limits become NaN; how many are left. */
static size_t limit_data(const sks_values *values, sks_image *image)
{
    double low = sks_values_has(values, "datamin") ? sks_values_real(values, "datamin") : -INFINITY;
    double high = sks_values_has(values, "datamax") ? sks_values_real(values, "datamax") : INFINITY;
    size_t n = 0;

    for (size_t i = 0; i < image->nx * image->ny; i++) {
        if (!((double)image->data[i] >= low && (double)image->data[i] <= high))
            image->data[i] = NAN;
        n += isfinite(image->data[i]);
    }
    return n;
}

static sks_status read_image(const sks_values *values, sks_deconvolve *d)
{
    const char *name = sks_values_text(values, "image");
    sks_status status = sks_image_read(name, &d->image);

    if (status == SKS_OK && sks_values_has(values, "mask"))
        status = sks_image_mask(d->image, sks_values_text(values, "mask"),
                                (long)sks_values_int(values, "mask-bits"));
    if (status == SKS_OK && limit_data(values, d->image) == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: mask and limits leave not one pixel", name);
    return status;
}

static sks_status read_psf(const sks_values *values, sks_deconvolve *d)
{
    sks_status status = sks_psf_from_values(values, 0, &d->psf);
    size_t side;

    if (status != SKS_OK)
        return status;
    d->psf_radius = sks_psf_describe(d->psf)->radius;
    if (sks_values_has(values, "psf-radius"))
        d->psf_radius = fmin(d->psf_radius, sks_values_real(values, "psf-radius"));
    /* Without its folder: the same product wherever the file lies. */
    d->psf_name = sks_values_text(values, sks_values_has(values, "psf") ? "psf" : "psf-model");
    if (strrchr(d->psf_name, '/') != NULL)
        d->psf_name = strrchr(d->psf_name, '/') + 1;
    if (!(d->psf_radius < SKS_PSF_MAX_SIDE))
        return sks_fail(SKS_ERR_USAGE, "%s: a PSF of radius %g px is too large", d->psf_name,
                        d->psf_radius);
    side = 2 * (size_t)ceil(d->psf_radius) + 1;
    if (side > d->size)
        return sks_fail(SKS_ERR_USAGE,
                        "%s: the PSF is %zu pixels wide, more than a section of %zu: need larger "
                        "sections or a smaller psf-radius",
                        d->psf_name, side, d->size);
    d->psf_side = d->subsample * (side - 1) + 1;
    if (d->psf_side > SKS_PSF_MAX_SIDE)
        return sks_fail(SKS_ERR_USAGE, "%s: the PSF has %zu sub-pixels on a side: need at most %d",
                        d->psf_name, d->psf_side, SKS_PSF_MAX_SIDE);
    return SKS_OK;
}

static sks_status read_model(const char *name, sks_deconvolve *d)
{
    size_t nx = d->subsample * d->image->nx, ny = d->subsample * d->image->ny;
    sks_image *model = NULL;
    sks_status status = sks_image_read(name, &model);

    if (status != SKS_OK)
        return status;
    if (model->nx != nx || model->ny != ny)
        status = sks_fail(SKS_ERR_INPUT, "%s: the model has %zu x %zu sub-pixels: need %zu x %zu",
                          name, model->nx, model->ny, nx, ny);
    else if (model->n_blank > 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: the model has %zu pixels without a value", name,
                          model->n_blank);
    if (status == SKS_OK) {
        d->model = model->data;
        model->data = NULL;
    }
    sks_image_destroy(model);
    return status;
}

static sks_status read_icf(const sks_values *values, sks_deconvolve *d)
{
    d->icf.sigma_x = d->icf.sigma_y = sks_values_real(values, "icf-sigma");
    d->has_icf = d->icf.sigma_x > 0;
    if (sks_values_has(values, "icf")) {
        sks_status status;

        if (d->has_icf)
            return sks_fail(SKS_ERR_USAGE, "icf and icf-sigma exclude each other");
        status = sks_image_read(sks_values_text(values, "icf"), &d->icf_image);
        if (status != SKS_OK)
            return status;
        d->icf.image = d->icf_image->data;
        d->icf.nx = d->icf_image->nx;
        d->icf.ny = d->icf_image->ny;
        d->has_icf = true;
    }
    return SKS_OK;
}

/* Plans for all workers. Wisdom is written beside its file and renamed: two runs that make it at
 * once both leave a whole one. */
static sks_status plan(const sks_values *values, sks_deconvolve *d)
{
    const char *wisdom = sks_values_text(values, "wisdom");
    bool is_there = wisdom != NULL && access(wisdom, F_OK) == 0;
    sks_section section = sks_sections_get(d->sections, 0);
    sks_convolver_options options = {
        .nx = section.nx,
        .ny = section.ny,
        .psf_nx = d->psf_side,
        .psf_ny = d->psf_side,
        .subsample = d->subsample,
        .takes_first = d->takes_first,
        .boundary = d->boundary,
        .precision = d->precision,
        .effort = wisdom != NULL ? SKS_PLAN_MEASURE : SKS_PLAN_ESTIMATE,
    };
    char *passing = NULL;
    sks_status status = is_there ? sks_convolver_load_wisdom(wisdom) : SKS_OK;

    if (status == SKS_OK)
        status = sks_convolver_create(&options, &d->convolver);
    if (status != SKS_OK || wisdom == NULL || is_there)
        return status;
    if (asprintf(&passing, "%s.%ld", wisdom, (long)getpid()) < 0)
        return sks_fail_nomem("a file name");
    status = sks_convolver_save_wisdom(passing);
    if (status == SKS_OK && rename(passing, wisdom) != 0) {
        status = sks_fail(SKS_ERR_IO, "%s: %s", wisdom, strerror(errno));
        unlink(passing);
    }
    free(passing);
    return status;
}

static sks_status open_products(const sks_values *values, sks_deconvolve *d)
{
    static const char *const names[] = {"output", "residual", "log"};
    sks_product **const products[] = {&d->product, &d->residual, &d->log};
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < 3; i++) {
        const char *path = sks_values_text(values, names[i]);

        if (path == NULL)
            continue;
        for (size_t j = 0; j < i; j++) {
            const char *other = sks_values_text(values, names[j]);

            if (other != NULL && strcmp(path, other) == 0)
                return sks_fail(SKS_ERR_USAGE, "%s and %s are the same file: %s", names[j],
                                names[i], path);
        }
        status = sks_product_create(path, products[i]);
    }
    if (d->log != NULL)
        d->log_is_fits = sks_product_table_is_fits(sks_values_choice(values, "format"),
                                                   sks_values_text(values, "log"));
    return status;
}

sks_status sks_deconvolve_prepare(const sks_values *values, sks_deconvolve *d)
{
    sks_status status = read_options(values, d);

    if (status == SKS_OK)
        status = read_image(values, d);
    if (status == SKS_OK)
        status = read_psf(values, d);
    if (status == SKS_OK)
        status = read_icf(values, d);
    if (status == SKS_OK && sks_values_has(values, "model"))
        status = read_model(sks_values_text(values, "model"), d);
    if (status == SKS_OK)
        status = cut(values, d);
    if (status == SKS_OK)
        status = open_products(values, d);
    if (status == SKS_OK)
        status = plan(values, d);
    if (status != SKS_OK)
        return status;
    d->sample = malloc(sks_deconvolve_result_size(d));
    return d->sample != NULL ? SKS_OK : sks_fail_nomem("a section");
}
