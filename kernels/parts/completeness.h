/* The inside of the kernel `completeness`, shared by completeness.c (iterations),
 * completeness_options.c (what it is told), completeness_product.c (what is made of the iterations)
 * and completeness_correction.c (the aperture). */
#ifndef SKYSCALE_COMPLETENESS_H
#define SKYSCALE_COMPLETENESS_H

#include "kernels/astro/completeness_function.h"
#include "kernels/astro/match.h"
#include "kernels/parts/product_table.h"
#include "kernels/parts/star_options.h"

/* What became of an inserted star, from best to worst. */
enum sks_fate_of_star {
    SKS_STAR_MISSED = 0,    /* nothing was found at its place */
    SKS_STAR_OFF = 1,       /* something was, of another magnitude */
    SKS_STAR_RECOVERED = 2, /* by the match rule */
};

/* One star's result. */
typedef struct sks_fate {
    double x, y, mag; /* of the found star that recovers it or, failing that, is nearest within the
                         limits of position; NaN: none */
    uint32_t fate;
    uint32_t was_there; /* 1: a star found in the image before would match too */
} sks_fate;

typedef enum sks_correction_kind {
    SKS_CORRECTION_NONE,
    SKS_CORRECTION_GIVEN,
    SKS_CORRECTION_COMPUTED
} sks_correction_kind;

typedef struct sks_completeness {
    sks_image *image;
    sks_view view;
    sks_psf *psf;
    sks_detect_options detect;
    sks_phot_options phot;
    sks_star_options add;
    sks_match_options match;
    bool is_psf_of_chip;
    sks_correction_kind correction_kind;
    double correction; /* mag, added to measured magnitudes */
    double mag_low, mag_high, mag_step;
    size_t n_bins;
    bool is_per_bin;
    size_t n_stars, n_iterations; /* per iteration; in all or, per bin, for each bin */
    uint64_t seed;
    double confidence; /* of the intervals, 0 … 1 */
    sks_star *before;  /* [n_before] found in the image without added stars */
    size_t n_before;
    sks_product *product, *list; /* list: NULL unless asked for */
    bool is_fits, list_is_fits;

    /* Of the finished run. */
    double *rows; /* of the table */
    char *comments;
} sks_completeness;

extern const sks_param sks_completeness_params[];

/* What the values say, into c, whose image and view are there. SKS_ERR_USAGE for magnitudes that
 * are not a whole number of bins. */
sks_status sks_completeness_read_options(const sks_values *values, sks_completeness *c);

/* The aperture correction that was asked for; computing one takes everything else of c but the
 * products. SKS_ERR_USAGE for what is none. */
sks_status sks_completeness_set_correction(const sks_values *values, sks_completeness *c);

size_t sks_completeness_n_tasks(const sks_completeness *c);

/* The stars that iteration `task` inserts: stars[n_stars]. */
void sks_completeness_stars(const sks_completeness *c, size_t task, sks_star *stars);

/* Minus the mean difference between measured and true magnitude of stars without noise or
 * neighbours, over the image and over a pixel. SKS_ERR_INPUT when such stars have no magnitude. */
sks_status sks_completeness_correction(const sks_completeness *c, double *correction);

/* The table, from fates[n_tasks * n_stars]; fills rows and comments and adds notes. */
sks_status sks_completeness_tabulate(sks_completeness *c, const sks_fate *fates, sks_notes *notes);
sks_product_table sks_completeness_table(const sks_completeness *c);

/* Writes the list of all inserted stars. */
sks_status sks_completeness_write_list(const sks_completeness *c, const sks_fate *fates);

#endif
