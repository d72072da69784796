/* The cluster scenes: stars, detector, files. */
#include "kernels/astro/scenes/cluster.h"

#include "kernels/astro/philox.h"
#include "kernels/parts/product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const double sks_cluster_gain = 13.99;
const double sks_cluster_saturation_dn = 4095;

enum purpose {
    PURPOSE_STAR = 0x57465001,
    PURPOSE_PIXEL = 0x57465002,
    PURPOSE_TRACK = 0x57465003,
};

/* Stars that are put into the image at a time, between two looks at the watch. */
enum { BATCH = 2048 };

static const double two_pi = 6.283185307179586;

/* Cosmic rays: mean length of a track, median charge and its scatter (natural logarithm), least
 * charge. Events cover several pixels and hold no less than about 500 electrons (WFPC2 Instrument
 * Handbook, section 4.9); median and scatter are assumed. */
static const double track_px = 4, track_e = 1500, track_scatter = 0.8, least_track_e = 500;

static sks_status read_parameters(const sks_cluster_preset *preset, const sks_values *values,
                                  sks_cluster *s)
{
    double chips;

    s->preset = preset;
    s->size = (long)sks_values_int(values, "size");
    s->seed = (uint64_t)sks_values_int(values, "seed");
    s->fwhm_px = sks_values_real(values, "fwhm");
    s->sky_dn = sks_values_real(values, "sky");
    s->exposure_s = sks_values_real(values, "exptime");
    s->brightest = sks_values_real(values, "brightest");
    s->faintest = sks_values_real(values, "faintest");
    s->n_tracks = (size_t)sks_values_int(values, "cosmic-rays");
    chips = (double)s->size * (double)s->size / ((double)SKS_CHIP_SIZE * SKS_CHIP_SIZE);
    s->n_stars = sks_values_has(values, "stars")
                     ? (size_t)sks_values_int(values, "stars")
                     : (size_t)lround((double)preset->chip_stars * chips);
    if (s->faintest <= s->brightest)
        return sks_fail(SKS_ERR_USAGE, "--faintest %g: must be above --brightest %g", s->faintest,
                        s->brightest);
    return SKS_OK;
}

/* King's number of stars inside a radius, up to a constant (eq. 18): x = (r / r_c)^2, and xt the
 * same at the tidal radius. */
static double king_number(double x, double xt)
{
    return log1p(x) - 4 * (sqrt(1 + x) - 1) / sqrt(1 + xt) + x / (1 + xt);
}

/* The x inside which a fraction `u` of those of King's stars lies that are inside x_max. */
static double king_radius_squared(double u, double x_max, double xt)
{
    double low = 0, high = x_max;
    double wanted = u * king_number(x_max, xt);

    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);

        *(king_number(middle, xt) < wanted ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

/* Drawn in the circle around the frame until it lies in the frame. */
sks_star sks_cluster_star(const sks_cluster *s, size_t number)
{
    sks_philox random = sks_philox_stream(s->seed, PURPOSE_STAR, number);
    double scale = (double)s->size / SKS_CHIP_SIZE;
    double core_px = s->preset->core_px * scale;
    double ratio = s->preset->tidal_px / s->preset->core_px;
    double half = 0.5 * (double)s->size, centre = half + 0.5;
    double x_max = fmin(2 * half * half / (core_px * core_px), ratio * ratio);
    double slope = s->preset->lf_slope * log(10);
    double span = expm1(slope * (s->faintest - s->brightest));
    sks_star star;

    do {
        double x = king_radius_squared(sks_philox_uniform(&random), x_max, ratio * ratio);
        double r = core_px * sqrt(x);
        double angle = two_pi * sks_philox_uniform(&random);

        star.x = centre + r * cos(angle);
        star.y = centre + r * sin(angle);
    } while (fabs(star.x - centre) > half || fabs(star.y - centre) > half);
    star.mag = s->brightest + log1p(sks_philox_uniform(&random) * span) / slope;
    return star;
}

/* Appends the stars to their list. The image gets them as they are written, with four decimals. */
static sks_status list_stars(sks_product *truth, sks_star *stars, size_t n, uint64_t *offset)
{
    char text[BATCH * 64];
    size_t length = 0;

    if (*offset == 0)
        length = (size_t)snprintf(text, sizeof(text), "# x y mag\n");
    for (size_t i = 0; i < n; i++) {
        sks_star *star = &stars[i];

        length += (size_t)snprintf(text + length, sizeof(text) - length, "%10.4f %10.4f %8.4f\n",
                                   star->x, star->y, star->mag);
        star->x = round(star->x * 1e4) / 1e4;
        star->y = round(star->y * 1e4) / 1e4;
        star->mag = round(star->mag * 1e4) / 1e4;
    }
    *offset += length;
    return truth == NULL ? SKS_OK : sks_product_write(truth, text, length, *offset - length);
}

/* Draws the stars, adds their light in DN and lists them. */
static sks_status make_stars(const sks_cluster *s, const sks_psf *psf, const sks_watch *watch,
                             float *image, sks_product *truth)
{
    const sks_star_options options = {.gain = sks_cluster_gain};
    sks_star stars[BATCH];
    sks_star_adder *adder = NULL;
    uint64_t offset = 0;
    sks_status status =
        sks_star_adder_create(psf, &options, (size_t)s->size, (size_t)s->size, &adder);

    for (size_t begin = 0; status == SKS_OK && begin < s->n_stars; begin += BATCH) {
        size_t n = s->n_stars - begin < BATCH ? s->n_stars - begin : BATCH;

        for (size_t i = 0; i < n; i++)
            stars[i] = sks_cluster_star(s, begin + i);
        status = list_stars(truth, stars, n, &offset);
        if (status != SKS_OK)
            break;
        sks_stars_add(adder, 0, stars, n, image);
        status = sks_watch_tick(watch, 0.7 * (double)begin / (double)s->n_stars);
    }
    if (status == SKS_OK && s->n_stars == 0)
        status = list_stars(truth, stars, 0, &offset);
    sks_star_adder_destroy(adder);
    return status;
}

/* A straight track: its charge in steps of a quarter of a pixel. */
static void add_track(const sks_cluster *s, size_t number, float *image)
{
    sks_philox random = sks_philox_stream(s->seed, PURPOSE_TRACK, number);
    double x = (double)s->size * sks_philox_uniform(&random); /* from the frame's corner */
    double y = (double)s->size * sks_philox_uniform(&random);
    double angle = two_pi * sks_philox_uniform(&random);
    double length = -track_px * log1p(-sks_philox_uniform(&random));
    double charge_e =
        fmax(track_e * exp(track_scatter * sks_philox_normal(&random)), least_track_e);
    int n = 1 + (int)(4 * length);

    for (int i = 0; i < n; i++) {
        double at_x = floor(x + 0.25 * i * cos(angle)), at_y = floor(y + 0.25 * i * sin(angle));

        if (at_x >= 0 && at_y >= 0 && at_x < (double)s->size && at_y < (double)s->size)
            image[(long)at_y * s->size + (long)at_x] += (float)(charge_e / n / sks_cluster_gain);
    }
}

/* What the detector makes of `light`, in DN; `ray` is charge without Poisson noise. */
static float read_out(const sks_cluster *s, double light, double ray, uint64_t pixel)
{
    sks_philox random = sks_philox_stream(s->seed, PURPOSE_PIXEL, pixel);
    double mean_e = fmax(sks_cluster_gain * (s->sky_dn + light), 0);
    double noise_e = s->preset->read_noise_e;
    double e = sks_philox_poisson(&random, mean_e) + noise_e * sks_philox_normal(&random);
    double ceiling = s->preset->n_exposures * sks_cluster_saturation_dn;
    double dn = fmin(e / sks_cluster_gain + ray, ceiling);

    return (float)(rint(dn * 1024) / 1024);
}

static sks_status make_pixels(const sks_cluster *s, const sks_watch *watch, float *image)
{
    size_t n = (size_t)s->size * (size_t)s->size;
    float *rays = s->n_tracks > 0 ? calloc(n, sizeof(*rays)) : NULL;
    sks_status status = SKS_OK;

    if (s->n_tracks > 0 && rays == NULL)
        return sks_fail_nomem("cosmic rays");
    for (size_t i = 0; i < s->n_tracks; i++)
        add_track(s, i, rays);
    for (size_t i = 0; i < n && status == SKS_OK; i++) {
        image[i] = read_out(s, (double)image[i], rays != NULL ? (double)rays[i] : 0, i);
        if ((i + 1) % (size_t)s->size == 0)
            status = sks_watch_tick(watch, 0.7 + 0.3 * (double)i / (double)n);
    }
    free(rays);
    return status;
}

/* The three files of a scene; NULL where one was not asked for. */
struct files {
    sks_frame *frame, *psf;
    sks_product *truth;
};

static sks_status open_files(const sks_values *values, const sks_cluster *s,
                             const sks_psf_stamps *stamps, struct files *f)
{
    long size[2] = {s->size, s->size};
    long psf_size[3] = {(long)stamps->nx, (long)stamps->ny,
                        (long)(stamps->grid[0] * stamps->grid[1])};
    sks_status status =
        sks_frame_create(sks_values_text(values, "output"), -32, 2, size, &f->frame);

    if (status == SKS_OK && sks_values_has(values, "truth"))
        status = sks_product_create(sks_values_text(values, "truth"), &f->truth);
    if (status == SKS_OK && sks_values_has(values, "psf"))
        status = sks_frame_create(sks_values_text(values, "psf"), -32, 3, psf_size, &f->psf);
    return status;
}

/* The frame last: when it is there, so are the others. */
static sks_status close_files(const sks_cluster *s, const sks_psf_stamps *stamps,
                              const float *image, struct files *f)
{
    sks_status status;

    sks_cluster_header(f->frame, s);
    status = sks_frame_pixels(f->frame, image);
    if (status == SKS_OK && f->psf != NULL) {
        sks_cluster_psf_header(f->psf, s, stamps);
        status = sks_frame_pixels(f->psf, stamps->samples);
        if (status == SKS_OK)
            status = sks_frame_commit(f->psf);
    }
    if (status == SKS_OK && f->truth != NULL)
        status = sks_product_commit(f->truth);
    return status == SKS_OK ? sks_frame_commit(f->frame) : status;
}

sks_status sks_cluster_make(const sks_cluster_preset *preset, const sks_values *values,
                            const sks_watch *watch)
{
    sks_cluster s;
    sks_psf_stamps stamps;
    struct files files = {0};
    float *samples = NULL, *image = NULL;
    sks_psf *psf = NULL;
    sks_status status = read_parameters(preset, values, &s);

    if (status == SKS_OK)
        status = sks_cluster_psf_stamps(&s, &samples, &stamps);
    if (status == SKS_OK)
        status = open_files(values, &s, &stamps, &files);
    if (status == SKS_OK)
        status = sks_psf_from_stamps(&stamps, preset->zero_point + 2.5 * log10(s.exposure_s), &psf);
    if (status != SKS_OK)
        goto out;
    image = calloc((size_t)s.size * (size_t)s.size, sizeof(*image));
    if (image == NULL) {
        status = sks_fail_nomem("the image");
        goto out;
    }
    status = make_stars(&s, psf, watch, image, files.truth);
    if (status == SKS_OK)
        status = make_pixels(&s, watch, image);
    if (status == SKS_OK)
        status = close_files(&s, &stamps, image, &files);
out:
    free(image);
    free(samples);
    sks_psf_destroy(psf);
    sks_product_destroy(files.truth);
    sks_frame_destroy(files.psf);
    sks_frame_destroy(files.frame);
    return status;
}
