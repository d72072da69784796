/* What deconvolution does to an image, as in Figure 4a of the paper: the central region before and
 * after, side by side, on the axes of the image before, whose pixels the one after may divide.
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, fig. 4a (what is plotted).
 */
#include "harness/present/image_panels.h"

#include <math.h>
#include <stdlib.h>

/* Pixels of the image before along each side: stars are some pixels wide, and should be seen. */
enum { REGION = 96, N_IMAGES = 2 };

/* The part of a side of n pixels: the middle. */
static void middle(size_t n, size_t *from, size_t *size)
{
    *size = n < REGION ? n : REGION;
    *from = (n - *size) / 2;
}

/* How many pixels of `after` make one of `before`: the same along both sides, or they do not show
 * the same part of the sky. */
static sks_status find_scale(const sks_figure_input *input, const sks_image *before,
                             const sks_image *after, size_t *scale)
{
    *scale = after->nx / before->nx;
    if (*scale == 0 || after->nx != *scale * before->nx || after->ny != *scale * before->ny)
        return sks_fail(
            SKS_ERR_INPUT,
            "%s: %zu x %zu pixels are no whole multiple of the %zu x %zu of %s: name the "
            "image or section before deconvolution, then the one after",
            input->files[1], after->nx, after->ny, before->nx, before->ny, input->files[0]);
    return SKS_OK;
}

static void set_panels(const sks_figure_input *input, sks_image *const *images, size_t scale,
                       sks_image_panel *panels)
{
    size_t from[2], size[2];

    middle(images[0]->nx, &from[0], &size[0]);
    middle(images[0]->ny, &from[1], &size[1]);
    for (int i = 0; i < N_IMAGES; i++) {
        size_t k = i == 0 ? 1 : scale;

        panels[i] = (sks_image_panel){
            .image = images[i],
            .title = input->names[i],
            .from = {k * from[0], k * from[1]},
            .size = {k * size[0], k * size[1]},
            .scale = (double)k,
            .origin = {(double)images[0]->first[0] - 0.5, (double)images[0]->first[1] - 0.5},
        };
    }
}

static sks_status deconvolution_write(const sks_figure_input *input, const char *directory,
                                      sks_gnuplot *plot)
{
    sks_image *images[N_IMAGES] = {0};
    sks_image_panel panels[N_IMAGES];
    size_t scale = 1;
    char remark[160];
    sks_status status = SKS_OK;

    if (input->n_files != N_IMAGES)
        return sks_fail(SKS_ERR_USAGE,
                        "the figure \"deconvolution\" needs two images, before and after, not %zu",
                        input->n_files);
    for (int i = 0; status == SKS_OK && i < N_IMAGES; i++)
        status = sks_image_read(input->files[i], &images[i]);
    if (status == SKS_OK)
        status = find_scale(input, images[0], images[1], &scale);
    if (status == SKS_OK) {
        set_panels(input, images, scale, panels);
        snprintf(
            remark, sizeof(remark),
            "the central region;  asinh stretch, each of its own;  pixels after: %zu x %zu for "
            "each one before",
            scale, scale);
        status = sks_image_panels_write(panels, N_IMAGES, remark, directory, plot);
    }
    for (int i = 0; i < N_IMAGES; i++)
        sks_image_destroy(images[i]);
    return status;
}

const sks_figure sks_figure_deconvolution = {
    .name = "deconvolution",
    .summary = "the central region of an image before and after deconvolution",
    .needs = "two FITS images or sections: what the kernel deconvolve was given, and its product",
    .reads = SKS_FIGURE_OF_FILES,
    .template = "images.gp",
    .main_data = "pixels.csv",
    .write = deconvolution_write,
};
