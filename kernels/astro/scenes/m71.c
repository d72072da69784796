/* A frame like that of M71 (NGC 6838): a loose cluster whose core is wider than the chip, two short
 * exposures in F555W, almost no sky. See cluster.h. */
#include "kernels/astro/scenes/cluster.h"

/* Core radius 0.63', concentration 1.15 (Harris 1996, AJ 112, 1487, 2010 edition) at 0.0455" a
 * pixel. Zero point: WFPC2 Data Handbook, table 5.1, Vega magnitudes, all of a star's light, 22.545
 * at the other gain, which has 1.987 times as many DN (Holtzman et al. 1995, PASP 107, 1065); the
 * archive's PHOTFLAM, 6.92e-18, comes to the same. Published ones scatter by 0.02 mag (Heyer et al.
 * 2004, WFPC2 ISR 2004-01). */
static const sks_cluster_preset preset = {
    .scene = "m71",
    .object = "like NGC6838",
    .filter = "F555W",
    .core_px = 831,
    .tidal_px = 11700,
    .lf_slope = 0.15,
    .zero_point = 21.80,
    .read_noise_e = 9.98,
    .n_exposures = 2,
    .ra_deg = 298.442,
    .dec_deg = 18.778,
    .position_angle_deg = 75.6,
    .chip_stars = 1900,
};

static sks_status m71_make(const sks_values *values, const sks_watch *watch)
{
    return sks_cluster_make(&preset, values, watch);
}

static const sks_param m71_params[] = {
    SKS_CLUSTER_PARAMS(NULL, "how many stars; default: as dense as 1900 on 800 x 800 px", "15",
                       "26", "1.6", "0.25", "60"),
};

const sks_scene sks_scene_m71 = {
    .name = "m71",
    .summary = "a frame like M71's: loose cluster, F555W, 60 s; truth list and PSF on request",
    .citation = "King (1962), AJ 67, 471; Moffat (1969), A&A 3, 455; Shupe et al. (2005)",
    .params = m71_params,
    .make = m71_make,
};
