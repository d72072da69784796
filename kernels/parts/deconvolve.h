/* What the files of the kernel `deconvolve` share: the state of a run and the result of a task. */
#ifndef SKYSCALE_DECONVOLVE_H
#define SKYSCALE_DECONVOLVE_H

#include "common/param.h"
#include "kernels/astro/image.h"
#include "kernels/astro/mem.h"
#include "kernels/astro/psf.h"
#include "kernels/astro/richardson_lucy.h"
#include "kernels/astro/sections.h"
#include "kernels/parts/product_table.h"

/* How a section ended, as the log has it: the codes of sks_deconvolution_end, and those of sections
 * in which there was nothing to solve. Without data nothing is known, the image is NaN. Without
 * light, all data being 0, an image of zeros is the only one that is nowhere negative and has the
 * power of the data. */
enum { SKS_DECONVOLVE_NO_DATA = 3, SKS_DECONVOLVE_NO_LIGHT = 5 };

/* One section's line of the log; NaN where a method does not know. */
typedef struct sks_deconvolve_record {
    double chi_square, target, power, wanted_power;
    double max, min, gradient, test, alpha, beta;
    uint32_t end; /* sks_deconvolution_end or SKS_DECONVOLVE_NO_... */
    uint32_t is_me_solution;
    uint32_t iterations, convolutions;
    uint64_t n_data;
} sks_deconvolve_record;

/* A task's result: the record, the image and, if asked for, the residual of the part of the section
 * that goes into the product (sks_deconvolve_part), row by row. */
typedef struct sks_deconvolve_result {
    sks_deconvolve_record record;
    float value[];
} sks_deconvolve_result;

/* Part of a section, pixels from its first one, half-open. */
typedef struct sks_deconvolve_part {
    size_t x0, x1, y0, y1;
} sks_deconvolve_part;

typedef struct sks_deconvolve {
    sks_image *image;
    float *model; /* of the whole frame, in sub-pixels; NULL: flat */
    sks_image *icf_image;
    sks_icf icf;
    bool has_icf;
    sks_psf *psf;
    size_t psf_side;   /* sub-pixels */
    double psf_radius; /* pixels */
    const char *psf_name;

    bool is_rl;
    sks_mem_params mem;
    sks_richardson_lucy_params rl;
    unsigned subsample;
    bool takes_first, is_smooth;
    sks_boundary boundary;
    sks_precision precision;
    size_t size, step; /* of sections, pixels, as asked for */

    sks_sections *sections;
    sks_sections *pixels; /* the same cut of the frame's own pixels, for the residual */
    bool has_only;
    size_t only;     /* the one section that is done */
    size_t max_part; /* pixels of the largest part */
    sks_convolver *convolver;

    sks_product *product, *residual, *log; /* the last two may be NULL */
    bool log_is_fits;

    /* Of the finished run. */
    sks_deconvolve_result *sample; /* of one task, for verify */
    void *bytes;                   /* of the product */
    size_t n_bytes;
    double flux, data_flux; /* DN */
    double n_convolutions;
} sks_deconvolve;

size_t sks_deconvolve_n_tasks(const sks_deconvolve *d);
size_t sks_deconvolve_result_size(const sks_deconvolve *d);

/* The section that is task `task`, and the part of it that the product needs. */
size_t sks_deconvolve_section(const sks_deconvolve *d, size_t task);
sks_deconvolve_part sks_deconvolve_part_of(const sks_deconvolve *d, size_t section);

/* Where the PSF of a section is taken, on the chip. */
void sks_deconvolve_psf_at(const sks_deconvolve *d, size_t section, double *x, double *y);

/* Fills a state that is all zeros; what it holds after a failure is the caller's to free. */
sks_status sks_deconvolve_prepare(const sks_values *values, sks_deconvolve *d);

/* What one worker needs. */
typedef struct sks_deconvolve_worker sks_deconvolve_worker;
sks_status sks_deconvolve_worker_create(const sks_deconvolve *d, sks_deconvolve_worker **worker);
void sks_deconvolve_worker_destroy(sks_deconvolve_worker *worker); /* accepts NULL */

/* Deconvolves one section; fills the result_size bytes of *result. */
sks_status sks_deconvolve_run(const sks_deconvolve *d, sks_deconvolve_worker *worker,
                              size_t section, sks_deconvolve_result *result);

/* Puts the sections together in the order of tasks, writes image, residual and log, adds notes. */
sks_status sks_deconvolve_finish(sks_deconvolve *d, const void *results, sks_notes *notes);

/* Weights cover the frame, the product is what finish wrote and its flux is a number. */
sks_status sks_deconvolve_verify(const sks_deconvolve *d);

#endif
