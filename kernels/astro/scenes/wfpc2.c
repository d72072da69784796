/* A star cluster as the PC1 chip of HST's WFPC2 sees it.
 *
 * Stars     surface density of King (1962), AJ 67, 471, eq. 14, about the centre of the frame;
 *           numbers rising by LF_SLOPE dex per magnitude between two limits.
 * PSF       Moffat (1969), A&A 3, 455, with exponent 2.5, integrated over each pixel. It widens
 *           towards the corners and stretches radially there, as the camera's does.
 * Noise     Poisson in electrons, then read noise, then the ceiling of the 12-bit converter.
 * WCS       TAN with SIP polynomials (Shupe et al. 2005, ADASS XIV, 491) of order 3 and no inverse:
 *           some pixels at the corners, like the chip's.
 *
 * Random numbers are keyed by (seed, star) and (seed, pixel). Values are multiples of 2^-10 DN, so
 * that a last bit that differs between two maths libraries does not reach the file.
 */
#include "kernels/astro/philox.h"
#include "kernels/astro/scene.h"
#include "kernels/astro/scenes/frame.h"
#include "kernels/product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHIP_SIZE = 800 }; /* px; what CRPIX and the polynomials below belong to */

static const double gain_e_per_dn = 13.99;
static const double read_noise_e = 9.98;
static const double saturation_dn = 4095;
static const double zero_point = 21.757; /* magnitude of 1 DN/s */
static const double lf_slope = 0.15;     /* dex per magnitude */
static const double moffat_exponent = 2.5;
static const double faintest_wing_e = 0.02; /* electrons per pixel where a star's stamp ends */

enum purpose { PURPOSE_STAR = 0x57465001, PURPOSE_PIXEL = 0x57465002 };

struct star {
    double x, y; /* 1-based FITS pixels */
    double mag;
};

struct wfpc2 {
    long size; /* px */
    uint64_t seed;
    size_t n_stars;
    double fwhm_px, sky_dn, exposure_s;
    double brightest, faintest; /* mag */
};

static void read_parameters(const sks_values *values, struct wfpc2 *s)
{
    s->size = (long)sks_values_int(values, "size");
    s->seed = (uint64_t)sks_values_int(values, "seed");
    s->n_stars = (size_t)sks_values_int(values, "stars");
    s->fwhm_px = sks_values_real(values, "fwhm");
    s->sky_dn = sks_values_real(values, "sky");
    s->exposure_s = sks_values_real(values, "exptime");
    s->brightest = sks_values_real(values, "brightest");
    s->faintest = sks_values_real(values, "faintest");
}

/* King's number of stars inside a radius, up to a constant (eq. 18): x = (r / r_c)^2, and xt the
 * same at the tidal radius. */
static double king_number(double x, double xt)
{
    return log1p(x) - 4 * (sqrt(1 + x) - 1) / sqrt(1 + xt) + x / (1 + xt);
}

/* The x inside which a fraction `u` of King's stars lies. */
static double king_radius_squared(double u, double xt)
{
    double low = 0, high = xt;
    double wanted = u * king_number(xt, xt);

    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);

        *(king_number(middle, xt) < wanted ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

/* Draws until the star lies in the frame. */
static struct star draw_star(const struct wfpc2 *s, size_t number)
{
    sks_philox random = sks_philox_stream(s->seed, PURPOSE_STAR, number);
    double core_px = 0.15 * (double)s->size;
    double tidal_px = 1.25 * (double)s->size;
    double xt = (tidal_px / core_px) * (tidal_px / core_px);
    double centre = 0.5 * (double)(s->size + 1);
    double slope = lf_slope * log(10);
    double span = expm1(slope * (s->faintest - s->brightest));
    struct star star;

    do {
        double r = core_px * sqrt(king_radius_squared(sks_philox_uniform(&random), xt));
        double angle = 6.283185307179586 * sks_philox_uniform(&random);

        star.x = centre + r * cos(angle);
        star.y = centre + r * sin(angle);
    } while (fabs(star.x - centre) > centre - 0.5 || fabs(star.y - centre) > centre - 0.5);
    star.mag = s->brightest + log1p(sks_philox_uniform(&random) * span) / slope;
    return star;
}

/* The PSF at one place: q(dx, dy) = a dx^2 + b dx dy + c dy^2, density = peak (1 + q)^-2.5. */
struct psf {
    double a, b, c;
    double peak;
    double alpha_px; /* Moffat's radius along the wide axis */
};

static struct psf psf_at(const struct wfpc2 *s, double x, double y)
{
    double centre = 0.5 * (double)(s->size + 1);
    double u = (x - centre) / centre, v = (y - centre) / centre;
    double r2 = u * u + v * v; /* 2 in the corners */
    double cos2 = r2 > 0 ? u * u / r2 : 1, sin2 = 1 - cos2;
    double sin_cos = r2 > 0 ? u * v / r2 : 0;
    double alpha = 0.5 * s->fwhm_px / sqrt(pow(2, 1 / moffat_exponent) - 1);
    double across = alpha * (1 + 0.03 * r2);
    double along = alpha * (1 + 0.06 * r2);
    struct psf psf = {
        .a = cos2 / (along * along) + sin2 / (across * across),
        .b = 2 * sin_cos * (1 / (along * along) - 1 / (across * across)),
        .c = sin2 / (along * along) + cos2 / (across * across),
        .peak = (moffat_exponent - 1) / (3.141592653589793 * along * across),
        .alpha_px = along,
    };

    return psf;
}

/* The fraction of the light that falls into the pixel whose centre is (dx, dy) from the star:
 * n x n midpoints, n falling with distance as the profile flattens. */
static double pixel_fraction(const struct psf *psf, double dx, double dy)
{
    double r2 = dx * dx + dy * dy;
    int n = r2 < 9 ? 8 : r2 < 64 ? 3 : 1;
    double sum = 0;

    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++) {
            double sx = dx + (i + 0.5) / n - 0.5;
            double sy = dy + (j + 0.5) / n - 0.5;
            double t = 1 + psf->a * sx * sx + psf->b * sx * sy + psf->c * sy * sy;

            sum += 1 / (t * t * sqrt(t)); /* exponent 2.5 */
        }
    return psf->peak * sum / (n * n);
}

static void add_star(const struct wfpc2 *s, const struct star *star, float *electrons)
{
    struct psf psf = psf_at(s, star->x, star->y);
    double flux_e = gain_e_per_dn * s->exposure_s * pow(10, -0.4 * (star->mag - zero_point));
    /* In the wings the density falls as (r / alpha)^-5. */
    double reach = psf.alpha_px * pow(flux_e * psf.peak / faintest_wing_e, 1 / 5.0);
    double radius = fmin(fmax(reach, 4), 100);
    long x_low = lround(fmax(1, ceil(star->x - radius)));
    long x_high = lround(fmin((double)s->size, floor(star->x + radius)));
    long y_low = lround(fmax(1, ceil(star->y - radius)));
    long y_high = lround(fmin((double)s->size, floor(star->y + radius)));

    for (long y = y_low; y <= y_high; y++)
        for (long x = x_low; x <= x_high; x++)
            electrons[(y - 1) * s->size + (x - 1)] +=
                (float)(flux_e * pixel_fraction(&psf, (double)x - star->x, (double)y - star->y));
}

/* What the detector makes of `mean` electrons, in DN. */
static float read_out(const struct wfpc2 *s, double mean_e, uint64_t pixel)
{
    sks_philox random = sks_philox_stream(s->seed, PURPOSE_PIXEL, pixel);
    double e = sks_philox_poisson(&random, mean_e) + read_noise_e * sks_philox_normal(&random);
    double dn = fmin(e / gain_e_per_dn, saturation_dn);

    return (float)(rint(dn * 1024) / 1024);
}

/* Draws the stars, adds them up and, when asked to, writes their list. */
static sks_status make_stars(const struct wfpc2 *s, const sks_watch *watch, float *electrons,
                             sks_product *truth)
{
    char line[128];
    uint64_t offset = 0;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < s->n_stars && status == SKS_OK; i++) {
        struct star star = draw_star(s, i);
        int length = 0;

        add_star(s, &star, electrons);
        if (i == 0)
            length = snprintf(line, sizeof(line), "# x y mag\n");
        length += snprintf(line + length, sizeof(line) - (size_t)length, "%10.4f %10.4f %8.4f\n",
                           star.x, star.y, star.mag);
        if (truth != NULL)
            status = sks_product_write(truth, line, (size_t)length, offset);
        offset += (uint64_t)length;
        if (status == SKS_OK && i % 256 == 0)
            status = sks_watch_tick(watch, 0.5 * (double)i / (double)s->n_stars);
    }
    return status;
}

static sks_status make_pixels(const struct wfpc2 *s, const sks_watch *watch, float *image)
{
    double sky_e = gain_e_per_dn * s->sky_dn;
    sks_status status = SKS_OK;

    for (long y = 0; y < s->size && status == SKS_OK; y++) {
        for (long x = 0; x < s->size; x++) {
            uint64_t pixel = (uint64_t)(y * s->size + x);

            image[pixel] = read_out(s, sky_e + (double)image[pixel], pixel);
        }
        status = sks_watch_tick(watch, 0.5 + 0.5 * (double)y / (double)s->size);
    }
    return status;
}

/* Scales from the chip's own size, so that the corners of any frame are as distorted as its. */
static void write_sip(sks_frame *frame, const struct wfpc2 *s)
{
    static const struct {
        int p, q;
        double a, b;
    } terms[] = {
        {2, 0, -3.7e-6, -2.0e-6},   {1, 1, -1.9e-6, -2.1e-6},  {0, 2, -1.8e-6, -3.3e-6},
        {3, 0, -3.61e-8, -1.7e-10}, {2, 1, 4.6e-10, -3.62e-8}, {1, 2, -3.58e-8, 4.6e-10},
        {0, 3, -7.6e-11, -3.65e-8},
    };
    double scale = (double)CHIP_SIZE / (double)s->size;
    char name[16];

    sks_frame_key_int(frame, "A_ORDER", 3, "SIP: order in x");
    sks_frame_key_int(frame, "B_ORDER", 3, "SIP: order in y");
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        double power = pow(scale, terms[i].p + terms[i].q - 1);

        snprintf(name, sizeof(name), "A_%d_%d", terms[i].p, terms[i].q);
        sks_frame_key_real(frame, name, terms[i].a * power, NULL);
        snprintf(name, sizeof(name), "B_%d_%d", terms[i].p, terms[i].q);
        sks_frame_key_real(frame, name, terms[i].b * power, NULL);
    }
}

static void write_wcs(sks_frame *frame, const struct wfpc2 *s)
{
    double crpix = 425.0 * (double)s->size / CHIP_SIZE;
    double step_deg = 0.0455 / 3600;
    double cos_pa = 0.2486898871648548, sin_pa = 0.9685831611286311; /* of 75.6 deg */

    sks_frame_key_text(frame, "CTYPE1", "RA---TAN-SIP", NULL);
    sks_frame_key_text(frame, "CTYPE2", "DEC--TAN-SIP", NULL);
    sks_frame_key_text(frame, "CUNIT1", "deg", NULL);
    sks_frame_key_text(frame, "CUNIT2", "deg", NULL);
    sks_frame_key_real(frame, "CRPIX1", crpix, "reference pixel");
    sks_frame_key_real(frame, "CRPIX2", crpix, "reference pixel");
    sks_frame_key_real(frame, "CRVAL1", 298.442, "[deg] right ascension there");
    sks_frame_key_real(frame, "CRVAL2", 18.778, "[deg] declination there");
    sks_frame_key_real(frame, "CD1_1", -step_deg * cos_pa, NULL);
    sks_frame_key_real(frame, "CD1_2", -step_deg * sin_pa, NULL);
    sks_frame_key_real(frame, "CD2_1", -step_deg * sin_pa, NULL);
    sks_frame_key_real(frame, "CD2_2", step_deg * cos_pa, NULL);
    write_sip(frame, s);
    sks_frame_key_text(frame, "RADESYS", "FK5", NULL);
    sks_frame_key_real(frame, "EQUINOX", 2000, NULL);
}

static void write_header(sks_frame *frame, const struct wfpc2 *s)
{
    sks_frame_key_text(frame, "TELESCOP", "HST", "imitated");
    sks_frame_key_text(frame, "INSTRUME", "WFPC2", "imitated");
    sks_frame_key_int(frame, "DETECTOR", 1, "PC1");
    sks_frame_key_text(frame, "FILTNAM1", "F555W", NULL);
    sks_frame_key_text(frame, "OBJECT", "synthetic cluster", NULL);
    sks_frame_key_text(frame, "BUNIT", "DN", NULL);
    sks_frame_key_real(frame, "EXPTIME", s->exposure_s, "[s]");
    sks_frame_key_real(frame, "ATODGAIN", gain_e_per_dn, "[electrons/DN]");
    sks_frame_key_real(frame, "RDNOISE", read_noise_e, "[electrons]");
    sks_frame_key_real(frame, "SATURATE", saturation_dn, "[DN]");
    sks_frame_key_real(frame, "MAGZPT", zero_point, "magnitude of 1 DN/s");
    write_wcs(frame, s);
    sks_frame_history(frame,
                      "skyscale synth wfpc2 --size %ld --seed %llu --stars %zu --fwhm %g "
                      "--sky %g --exptime %g --brightest %g --faintest %g",
                      s->size, (unsigned long long)s->seed, s->n_stars, s->fwhm_px, s->sky_dn,
                      s->exposure_s, s->brightest, s->faintest);
}

static sks_status wfpc2_make(const sks_values *values, const sks_watch *watch)
{
    struct wfpc2 scene;
    sks_frame *frame = NULL;
    sks_product *truth = NULL;
    float *image = NULL;
    sks_status status = SKS_OK;

    read_parameters(values, &scene);
    if (scene.faintest <= scene.brightest)
        return sks_fail(SKS_ERR_USAGE, "--faintest %g: must be above --brightest %g",
                        scene.faintest, scene.brightest);
    status = sks_frame_create(sks_values_text(values, "output"), -32, 2,
                              (long[]){scene.size, scene.size}, &frame);
    if (status == SKS_OK && sks_values_has(values, "truth"))
        status = sks_product_create(sks_values_text(values, "truth"), &truth);
    if (status != SKS_OK)
        goto out;
    image = calloc((size_t)(scene.size * scene.size), sizeof(*image));
    if (image == NULL) {
        status = sks_fail_nomem("the image");
        goto out;
    }
    status = make_stars(&scene, watch, image, truth);
    if (status == SKS_OK)
        status = make_pixels(&scene, watch, image);
    if (status != SKS_OK)
        goto out;
    write_header(frame, &scene);
    status = sks_frame_pixels(frame, image);
    if (status == SKS_OK && truth != NULL)
        status = sks_product_commit(truth);
    if (status == SKS_OK)
        status = sks_frame_commit(frame);
out:
    sks_product_destroy(truth);
    sks_frame_destroy(frame);
    free(image);
    return status;
}

static const sks_param wfpc2_params[] = {
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .is_required = true,
     .help = "the frame, FITS"},
    {.name = "truth", .type = SKS_OUTPUT, .help = "list of the stars: x y mag, text"},
    {.name = "size",
     .type = SKS_INT,
     .unit = "px",
     .default_text = "800",
     .min = 64,
     .max = 8192,
     .help = "length of each side"},
    {.name = "seed",
     .type = SKS_INT,
     .default_text = "1",
     .min = 0,
     .max = 9007199254740992.0,
     .help = "another number gives another cluster"},
    {.name = "stars",
     .type = SKS_INT,
     .default_text = "3000",
     .min = 0,
     .max = 10000000,
     .help = "how many stars"},
    {.name = "brightest",
     .type = SKS_REAL,
     .unit = "mag",
     .default_text = "16",
     .min = 5,
     .max = 40,
     .help = "magnitude of the brightest stars"},
    {.name = "faintest",
     .type = SKS_REAL,
     .unit = "mag",
     .default_text = "25",
     .min = 5,
     .max = 40,
     .help = "magnitude of the faintest stars"},
    {.name = "fwhm",
     .type = SKS_REAL,
     .unit = "px",
     .default_text = "1.8",
     .min = 0.5,
     .max = 20,
     .help = "full width of the PSF at half its height, in the middle of the frame"},
    {.name = "sky",
     .type = SKS_REAL,
     .unit = "DN",
     .default_text = "5",
     .min = 0,
     .max = 4000,
     .help = "brightness of the sky per pixel"},
    {.name = "exptime",
     .type = SKS_REAL,
     .unit = "s",
     .default_text = "60",
     .min = 0.1,
     .max = 100000,
     .help = "exposure time"},
    {.name = NULL},
};

const sks_scene sks_scene_wfpc2 = {
    .name = "wfpc2",
    .summary = "a globular cluster on HST/WFPC2's PC1 chip: TAN-SIP WCS, undersampled PSF, noise",
    .citation = "King (1962), AJ 67, 471; Moffat (1969), A&A 3, 455; Shupe et al. (2005)",
    .params = wfpc2_params,
    .make = wfpc2_make,
};
