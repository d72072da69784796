/* Star clusters as the PC1 chip of HST's WFPC2 sees them: what the scenes wfpc2, m71 and ngc6293
 * share. Each is a preset of numbers that no option changes, and a table of parameters.
 *
 * Stars     surface density of King (1962), AJ 67, 471, eq. 14, about the centre of the frame;
 *           numbers rising by `lf_slope` dex per magnitude between two limits.
 * PSF       Moffat (1969), A&A 3, 455, with exponent 2.5. It widens towards the corners and
 *           stretches radially there, as the camera's does. Pictures of it on a grid over the frame
 *           can be written (--psf); the stars are put in by those very pictures.
 * Noise     Poisson in electrons, then read noise, then the ceiling of the 12-bit converter.
 * Cosmic    straight tracks of random length and charge, on request.
 * WCS       TAN with SIP polynomials (Shupe et al. 2005, ADASS XIV, 491) of order 3 and no inverse:
 *           some pixels at the corners, like the chip's.
 *
 * Lengths on the chip (core and tidal radius, distortion) scale with the frame: a frame of any size
 * looks like the chip's, and pixels keep their size on the sky.
 *
 * Random numbers are keyed by (seed, star), (seed, pixel) and (seed, track). Values are multiples
 * of 2^-10 DN, so that a last bit that differs between two maths libraries does not reach the file.
 */
#ifndef SKYSCALE_CLUSTER_H
#define SKYSCALE_CLUSTER_H

#include "kernels/astro/psf.h"
#include "kernels/astro/scene.h"
#include "kernels/astro/scenes/frame.h"
#include "kernels/astro/stars.h"

enum { SKS_CHIP_SIZE = 800 }; /* px; what the presets' lengths belong to */

typedef struct sks_cluster_preset {
    const char *scene, *object, *filter;
    double core_px, tidal_px; /* King's radii on the chip */
    double lf_slope;          /* dex per magnitude */
    double zero_point;        /* magnitude of 1 DN/s */
    double read_noise_e;      /* of all exposures together */
    int n_exposures;          /* added up: each has its own ceiling */
    double ra_deg, dec_deg;   /* of the reference pixel */
    double position_angle_deg;
    size_t chip_stars; /* on the chip, when their number is not given: as dense on any frame */
} sks_cluster_preset;

typedef struct sks_cluster {
    const sks_cluster_preset *preset;
    long size; /* px */
    uint64_t seed;
    size_t n_stars, n_tracks;
    double fwhm_px, sky_dn, exposure_s;
    double brightest, faintest; /* mag */
} sks_cluster;

/* The make function of a scene of that preset. */
sks_status sks_cluster_make(const sks_cluster_preset *preset, const sks_values *values,
                            const sks_watch *watch);

/* Parts of it. The star `number` of the cluster; its PSF pictures, whose samples the caller frees;
 * their file's header; that of the frame. */
sks_star sks_cluster_star(const sks_cluster *cluster, size_t number);
sks_status sks_cluster_psf_stamps(const sks_cluster *cluster, float **samples,
                                  sks_psf_stamps *stamps);
void sks_cluster_psf_header(sks_frame *frame, const sks_cluster *cluster,
                            const sks_psf_stamps *stamps);
void sks_cluster_header(sks_frame *frame, const sks_cluster *cluster);

extern const double sks_cluster_gain;          /* electrons/DN */
extern const double sks_cluster_saturation_dn; /* of one exposure */

#define SKS_CLUSTER_REAL(name_, unit_, default_, min_, max_, help_)                                \
    {                                                                                              \
        .name = name_, .type = SKS_REAL, .unit = unit_, .default_text = default_, .min = min_,     \
        .max = max_, .help = help_                                                                 \
    }

/* The parameters, with a scene's own defaults, as texts; stars_ may be NULL. */
#define SKS_CLUSTER_PARAMS(stars_, stars_help_, brightest_, faintest_, fwhm_, sky_, exptime_)      \
    {.name = "output",                                                                             \
     .short_name = 'o',                                                                            \
     .type = SKS_OUTPUT,                                                                           \
     .is_required = true,                                                                          \
     .help = "the frame, FITS"},                                                                   \
        {.name = "truth", .type = SKS_OUTPUT, .help = "list of the stars: x y mag, text"},         \
        {.name = "psf",                                                                            \
         .type = SKS_OUTPUT,                                                                       \
         .help = "pictures of the PSF over the frame, FITS, for the kernels' --psf FILE"},         \
        {.name = "size",                                                                           \
         .type = SKS_INT,                                                                          \
         .unit = "px",                                                                             \
         .default_text = "800",                                                                    \
         .min = 64,                                                                                \
         .max = 8192,                                                                              \
         .help = "length of each side"},                                                           \
        {.name = "seed",                                                                           \
         .type = SKS_INT,                                                                          \
         .default_text = "1",                                                                      \
         .min = 0,                                                                                 \
         .max = 9007199254740992.0,                                                                \
         .help = "another number gives another cluster"},                                          \
        {.name = "stars",                                                                          \
         .type = SKS_INT,                                                                          \
         .default_text = stars_,                                                                   \
         .min = 0,                                                                                 \
         .max = 10000000,                                                                          \
         .help = stars_help_},                                                                     \
        {.name = "cosmic-rays",                                                                    \
         .type = SKS_INT,                                                                          \
         .default_text = "0",                                                                      \
         .min = 0,                                                                                 \
         .max = 10000000,                                                                          \
         .help = "how many tracks of cosmic rays"},                                                \
        SKS_CLUSTER_REAL("brightest", "mag", brightest_, 5, 40,                                    \
                         "magnitude of the brightest stars"),                                      \
        SKS_CLUSTER_REAL("faintest", "mag", faintest_, 5, 40, "magnitude of the faintest stars"),  \
        SKS_CLUSTER_REAL("fwhm", "px", fwhm_, 0.5, 20,                                             \
                         "full width of the PSF at half its height, in the middle of the frame"),  \
        SKS_CLUSTER_REAL("sky", "DN", sky_, 0, 4000, "brightness of the sky per pixel"),           \
        SKS_CLUSTER_REAL("exptime", "s", exptime_, 0.1, 100000, "exposure time"),                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#endif
