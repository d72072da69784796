/* A frame like that of NGC 6293: a cluster with a collapsed core, five long exposures in F814W,
 * crowded, its brightest stars saturated. See cluster.h. */
#include "kernels/astro/scenes/cluster.h"

/* Core radius 0.05', concentration 2.5 (Harris 1996, AJ 112, 1487, 2010 edition) at 0.0455" a
 * pixel. Zero point as explained in m71.c, from the handbook's 21.639. */
static const sks_cluster_preset preset = {
    .scene = "ngc6293",
    .object = "like NGC6293",
    .filter = "F814W",
    .core_px = 66,
    .tidal_px = 20900,
    .lf_slope = 0.18,
    .zero_point = 20.89,
    .read_noise_e = 15.7,
    .n_exposures = 5,
    .ra_deg = 257.543,
    .dec_deg = -26.583,
    .position_angle_deg = 39.3,
    .chip_stars = 12000,
};

static sks_status ngc6293_make(const sks_values *values, const sks_watch *watch)
{
    return sks_cluster_make(&preset, values, watch);
}

static const sks_param ngc6293_params[] = {
    SKS_CLUSTER_PARAMS(NULL, "how many stars; default: as dense as 12000 on 800 x 800 px", "13.5",
                       "24", "1.9", "20", "2860"),
};

const sks_scene sks_scene_ngc6293 = {
    .name = "ngc6293",
    .summary =
        "a frame like NGC 6293's: crowded core, F814W, 2860 s; truth list and PSF on request",
    .citation = "King (1962), AJ 67, 471; Moffat (1969), A&A 3, 455; Shupe et al. (2005)",
    .params = ngc6293_params,
    .make = ngc6293_make,
};
