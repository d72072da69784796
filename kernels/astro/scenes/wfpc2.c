/* A star cluster of no particular name as HST's WFPC2 sees it: bright, and concentrated enough that
 * every frame has a crowded middle. See cluster.h. */
#include "kernels/astro/scenes/cluster.h"

static const sks_cluster_preset preset = {
    .scene = "wfpc2",
    .object = "synthetic cluster",
    .filter = "F555W",
    .core_px = 120,
    .tidal_px = 1000,
    .lf_slope = 0.15,
    .zero_point = 21.757,
    .read_noise_e = 9.98,
    .n_exposures = 1,
    .ra_deg = 298.442,
    .dec_deg = 18.778,
    .position_angle_deg = 75.6,
};

static sks_status wfpc2_make(const sks_values *values, const sks_watch *watch)
{
    return sks_cluster_make(&preset, values, watch);
}

static const sks_param wfpc2_params[] = {
    SKS_CLUSTER_PARAMS("3000", "how many stars", "16", "25", "1.8", "5", "60"),
};

const sks_scene sks_scene_wfpc2 = {
    .name = "wfpc2",
    .summary = "a globular cluster on HST/WFPC2's PC1 chip: TAN-SIP WCS, undersampled PSF, noise",
    .citation = "King (1962), AJ 67, 471; Moffat (1969), A&A 3, 455; Shupe et al. (2005)",
    .params = wfpc2_params,
    .make = wfpc2_make,
};
