/* Pixel positions of an image to sky positions. See transform.h. */
#include "kernels/parts/transform.h"

static const sks_param params[] = {
    SKS_TRANSFORM_PARAMS(
        "digits after the point; default 9 for degrees, 6 for sexagesimal seconds"),
    {.name = "sky",
     .type = SKS_CHOICE,
     .choices = sks_transform_sky_formats,
     .default_text = "degrees",
     .help = "how sky positions are written"},
    {0},
};

static sks_status prepare(const sks_values *values, void **state)
{
    return sks_transform_prepare(values, "pix2sky", true, state);
}

const sks_kernel sks_kernel_pix2sky = {
    .name = "pix2sky",
    .summary = "pixel positions to sky positions through the image's full WCS",
    .task = "block of positions",
    .cost = "uniform",
    .citation = "Calabretta & Greisen (2002), A&A 395, 1077",
    .params = params,
    .prepare = prepare,
    SKS_TRANSFORM_HOOKS,
};
