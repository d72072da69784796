/* Sky positions to pixel positions of an image; distortions without an inverse in the header are
 * inverted by iteration. See transform.h. */
#include "kernels/parts/transform.h"

static const sks_param params[] = {
    SKS_TRANSFORM_PARAMS("digits after the point; default 6"),
    {0},
};

static sks_status prepare(const sks_values *values, void **state)
{
    return sks_transform_prepare(values, "sky2pix", false, state);
}

const sks_kernel sks_kernel_sky2pix = {
    .name = "sky2pix",
    .summary =
        "sky positions (degrees or sexagesimal) to pixel positions through the image's full WCS",
    .task = "block of positions",
    .cost = "uniform",
    .citation = "Calabretta & Greisen (2002), A&A 395, 1077",
    .params = params,
    .prepare = prepare,
    SKS_TRANSFORM_HOOKS,
};
