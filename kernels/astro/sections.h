/* A frame cut into overlapping sections that are worked on apart, and the results put together.
 *
 * All sections have one size, so that one convolver serves them all: `size` pixels, or the frame's
 * own where that is smaller. They begin at 0, step, 2 step, ...; the last one of a row or column is
 * moved back until it ends where the frame ends. A section's PSF is the one in its middle, at the
 * 1-based pixel x0 + nx / 2 (for 256 pixels: the section [X-127:X+128]).
 *
 * Sections never reach beyond the frame, and nothing is made up there. Light that crosses the edge
 * of a section is the convolver's concern: SKS_BOUNDARY_WRAP takes it to the opposite edge as the
 * paper's run did; SKS_BOUNDARY_PAD lets it come from guard pixels that have no data. A mirrored
 * margin would be invented data with the weight of real ones, a tapered one would dim real stars.
 *
 * Putting together, on the sub-sampled grid:
 *   paste  each section gives the pixels nearer to its middle than to its neighbours' (the paper's
 *          inner squares: 128 x 128 of 256 x 256). Every pixel is written once.
 *   blend  each section is weighted, and the weights of all add up to 1 everywhere; from one to the
 *          next they change like a cosine over half the overlap, so that there are no seams and a
 *          section's outermost quarter of the overlap is not used.
 *
 * Source   Singh, Browne & Butler 2013, Astronomy and Computing 2, 1, section 5
 * Threads  read-only once created. Pastes of different sections may run at once; blends into one
 *          frame are done one after the other, in the order of the sections for the same bits.
 */
#ifndef SKYSCALE_SECTIONS_H
#define SKYSCALE_SECTIONS_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_sections sks_sections;

typedef struct sks_section {
    size_t x0, y0;                                 /* first pixel in the frame, 0-based */
    size_t nx, ny;                                 /* pixels */
    double psf_x, psf_y;                           /* 1-based frame pixel whose PSF it takes */
    size_t inner_x0, inner_x1, inner_y0, inner_y1; /* its own frame pixels, 0-based, half-open */
} sks_section;

/* Errors   SKS_ERR_USAGE for an empty frame, a section below 4 pixels, a step of 0 or above the
 *          section, a sub-sampling of 0 */
sks_status sks_sections_create(size_t frame_nx, size_t frame_ny, size_t size, size_t step,
                               unsigned subsample, sks_sections **sections);
void sks_sections_destroy(sks_sections *sections); /* accepts NULL */

size_t sks_sections_count(const sks_sections *sections);

/* Sections are numbered row by row from the first pixel. */
sks_section sks_sections_get(const sks_sections *sections, size_t index);

/* The section whose PSF position is (x, y) to the nearest pixel; false when there is none. */
bool sks_sections_find(const sks_sections *sections, double x, double y, size_t *index);

/* data[ny][nx] = the section's pixels of frame[frame_ny][frame_nx]. */
void sks_sections_cut(const sks_sections *sections, size_t index, const float *frame, float *data);

/* image[subsample * ny][subsample * nx] into product[subsample * frame_ny][subsample * frame_nx];
 * for blend the product starts as zeros. */
void sks_sections_paste(const sks_sections *sections, size_t index, const float *image,
                        float *product);
void sks_sections_blend(const sks_sections *sections, size_t index, const float *image,
                        float *product);

#endif
