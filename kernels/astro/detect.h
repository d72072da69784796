/* Star detection: DAOFIND (Stetson 1987, PASP 99, 191) in the variant of IRAF's daofind.
 *
 * The image is correlated with a truncated Gaussian lowered to zero sum, which gives at each pixel
 * the height H of the best-fitting Gaussian on a constant (the density enhancement). Peaks of H
 * above the threshold are kept if their sharpness and roundness are those of stars; their centres
 * come from fits of the Gaussian to the two marginal sums.
 *
 *   sigma_g = 0.42467 FWHM, n = int(max(nsigma sigma_g, 2.001)), the box is (2n+1)^2; a pixel of it
 *   is used if (i^2+j^2)/(2 sigma_g^2) <= nsigma^2/2 or sqrt(i^2+j^2) <= 2.001.
 *   T = threshold sigma relerr, relerr = 1/sqrt(sum g^2 - (sum g)^2/N) over the N used pixels.
 *
 * Pixels beyond the edge repeat the nearest one; a view with margins has real pixels there. A
 * pixel that is NaN or outside [data_min, data_max] takes no part: where one is among the used
 * pixels, H is the least-squares height from the others. Such a pixel is no peak, and is left out
 * of sharpness and marginal sums.
 *
 * What is found in a row depends on that row's surroundings alone, so a frame may be searched in
 * strips of rows in any order: the lists joined are the list of the whole.
 *
 * Positions  FITS pixels of the view: its first pixel's centre is (1, 1)
 * Threads    a finder belongs to one thread; pixels may be shared
 */
#ifndef SKYSCALE_ASTRO_DETECT_H
#define SKYSCALE_ASTRO_DETECT_H

#include "kernels/astro/image.h"

typedef struct sks_detect_options {
    double fwhm;       /* px */
    double sigma;      /* of the background, DN */
    double threshold;  /* in sigma */
    double nsigma;     /* where the Gaussian is cut, in its own sigma */
    double read_noise; /* electrons */
    double gain;       /* electrons per DN */
    double sharp_low, sharp_high;
    double round_low, round_high;
    double data_min, data_max; /* DN; NaN: no limit */
} sks_detect_options;

/* The parameters of the paper's M71 run. */
sks_detect_options sks_detect_defaults(void);

typedef struct sks_detection {
    double x, y;
    double mag; /* -2.5 log10(H / T) */
    double sharpness;
    double sround; /* from the symmetry of H */
    double ground; /* from the heights of the two marginal fits */
    double height; /* H at the peak, DN */
} sks_detection;

typedef struct sks_detections {
    size_t n, room;
    sks_detection *star;
} sks_detections;

void sks_detections_free(sks_detections *list); /* the stars, not the list itself */

typedef struct sks_finder sks_finder;

/* For views of up to nx columns and strips of up to n_rows rows.
 * SKS_ERR_USAGE for options that make no sense. */
sks_status sks_finder_create(const sks_detect_options *options, size_t nx, size_t n_rows,
                             sks_finder **finder);
void sks_finder_destroy(sks_finder *finder); /* accepts NULL */

/* The relative error and the threshold T (DN) that follow from the options. */
double sks_finder_relerr(const sks_finder *finder);
double sks_finder_threshold(const sks_finder *finder);

/* Appends to `list` what is found in rows [row_begin, row_end) of the view, counted from 0, row by
 * row. SKS_ERR_NOMEM leaves `list` with what it had. */
sks_status sks_detect(sks_finder *finder, const sks_view *view, size_t row_begin, size_t row_end,
                      sks_detections *list);

/* H for the same rows: map[(row - row_begin) * nx + column]. */
void sks_detect_map(sks_finder *finder, const sks_view *view, size_t row_begin, size_t row_end,
                    float *map);

#endif
