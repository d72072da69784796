#include "kernels/astro/stars.h"

#include "kernels/astro/normal.h"
#include "kernels/astro/philox.h"
#include "kernels/astro/simd.h"

#include <math.h>
#include <stdlib.h>

/* Purposes of random streams; see philox.h. */
enum { PURPOSE_LIST = 0x5354524c, PURPOSE_NOISE = 0x53544e4f };

enum { BATCH = 64 }; /* stars handed to the PSF at once: several of its groups */

struct sks_star_adder {
    const sks_psf *psf;
    sks_star_options options;
    size_t nx, ny;
    sks_psf_scratch *scratch;
    float *light;            /* of all stars, DN; zero between calls */
    float *variance;         /* sum of max(0, light of a star); zero between calls */
    float brightness[BATCH]; /* of the batch at hand */
    size_t origin[BATCH];    /* the first pixel of its grids */
    sks_normal_table normal;
};

sks_status sks_star_adder_create(const sks_psf *psf, const sks_star_options *options, size_t nx,
                                 size_t ny, sks_star_adder **adder)
{
    const sks_psf_info *info = sks_psf_describe(psf);
    /* Whole groups of normal numbers: the last one may reach beyond the image, as may a row's last
     * unit. */
    size_t n = nx * ny + SKS_NORMAL_GROUP;
    sks_star_adder *a;

    if (options->has_noise && !(options->gain > 0))
        return sks_fail(SKS_ERR_USAGE, "gain %g e-/DN: need more than 0", options->gain);
    if (info->radius > SKS_PSF_MAX_SIDE / 2 - 2)
        return sks_fail(SKS_ERR_USAGE, "PSF radius %g px: need at most %d", info->radius,
                        SKS_PSF_MAX_SIDE / 2 - 2);
    a = calloc(1, sizeof(*a));
    if (a == NULL)
        return sks_fail_nomem("adding stars");
    a->psf = psf;
    a->options = *options;
    a->nx = nx;
    a->ny = ny;
    a->light = calloc(n, sizeof(*a->light));
    a->variance = calloc(n, sizeof(*a->variance));
    if (a->light == NULL || a->variance == NULL ||
        sks_psf_scratch_create(psf, &a->scratch) != SKS_OK) {
        sks_star_adder_destroy(a);
        return sks_fail_nomem("adding stars");
    }
    sks_normal_table_init(&a->normal);
    *adder = a;
    return SKS_OK;
}

void sks_star_adder_destroy(sks_star_adder *adder)
{
    if (adder == NULL)
        return;
    sks_psf_scratch_destroy(adder->scratch);
    free(adder->light);
    free(adder->variance);
    free(adder);
}

SKS_SIMD
static void add_row(const float *restrict value, float brightness, size_t n_units,
                    float *restrict light, float *restrict variance)
{
    for (size_t i = 0; i < n_units * SKS_PSF_ROW_UNIT; i++) {
        float v = brightness * value[i];

        light[i] += v;
        variance[i] += v > 0 ? v : 0;
    }
}

/* What lies beyond `end` is zero, and memory beyond the image's end belongs to it. */
static void take_row(void *context, size_t star, size_t row, size_t begin, size_t end,
                     const float *value)
{
    sks_star_adder *a = context;
    size_t at = a->origin[star] + row * a->nx + begin;

    add_row(value, a->brightness[star], (end - begin + SKS_PSF_ROW_UNIT - 1) / SKS_PSF_ROW_UNIT,
            a->light + at, a->variance + at);
}

/* The pixels [*low, *high] (1-based) that a star at x may reach among n; false for none. */
static bool reach(double x, double radius, size_t n, size_t *low, size_t *high)
{
    double first = fmax(trunc(x - radius) + 1, 1);
    double last = fmin(trunc(x + radius), (double)n);

    if (!(first <= last)) /* also for NaN */
        return false;
    *low = (size_t)first;
    *high = (size_t)last;
    return true;
}

/* At most BATCH stars. */
static void add_stars(sks_star_adder *a, const sks_star *stars, size_t n_stars)
{
    const sks_psf_info *info = sks_psf_describe(a->psf);
    sks_psf_grid grids[BATCH];
    size_t n = 0;

    for (size_t i = 0; i < n_stars; i++) {
        const sks_star *star = &stars[i];
        size_t x_low, x_high, y_low, y_high;

        if (!reach(star->x, info->radius, a->nx, &x_low, &x_high) ||
            !reach(star->y, info->radius, a->ny, &y_low, &y_high))
            continue;
        grids[n] = (sks_psf_grid){
            .x = star->x + a->options.psf_x0,
            .y = star->y + a->options.psf_y0,
            .dx0 = (double)x_low - star->x,
            .dy0 = (double)y_low - star->y,
            .nx = x_high - x_low + 1,
            .ny = y_high - y_low + 1,
        };
        a->brightness[n] = (float)pow(10, 0.4 * (info->mag - star->mag));
        a->origin[n++] = (y_low - 1) * a->nx + (x_low - 1);
    }
    sks_psf_rows(a->psf, a->scratch, grids, n, 1, take_row, a);
}

SKS_SIMD
static void add_light(float *restrict light, float *restrict variance, size_t n,
                      float *restrict data)
{
    for (size_t i = 0; i < n; i++) {
        data[i] += light[i];
        light[i] = 0;
        variance[i] = 0;
    }
}

SKS_SIMD
static void add_noisy_light(float *restrict light, float *restrict variance, float per_gain,
                            const float *restrict z, size_t n, float *restrict data)
{
    for (size_t i = 0; i < n; i++) {
        data[i] += light[i] + sqrtf(variance[i] * per_gain) * z[i];
        light[i] = 0;
        variance[i] = 0;
    }
}

static bool is_lit(const float *variance)
{
    int any = 0;

    for (size_t i = 0; i < SKS_NORMAL_GROUP; i++)
        any |= variance[i] > 0;
    return any != 0;
}

void sks_stars_add(sks_star_adder *adder, uint64_t iteration, const sks_star *stars, size_t n_stars,
                   float *data)
{
    size_t n = adder->nx * adder->ny;
    float per_gain = (float)(1 / adder->options.gain);
    float z[SKS_NORMAL_GROUP];

    for (size_t i = 0; i < n_stars; i += BATCH)
        add_stars(adder, stars + i, n_stars - i < BATCH ? n_stars - i : BATCH);
    for (size_t begin = 0; begin < n; begin += SKS_NORMAL_GROUP) {
        size_t count = n - begin < SKS_NORMAL_GROUP ? n - begin : SKS_NORMAL_GROUP;
        float *light = adder->light + begin, *variance = adder->variance + begin;

        if (adder->options.has_noise && is_lit(variance)) {
            sks_normal_group(&adder->normal, adder->options.seed, PURPOSE_NOISE, iteration,
                             (uint32_t)(begin / SKS_NORMAL_GROUP), z);
            add_noisy_light(light, variance, per_gain, z, count, data + begin);
        } else {
            add_light(light, variance, count, data + begin);
        }
    }
}

void sks_stars_random(uint64_t seed, uint64_t iteration, size_t nx, size_t ny, double mag_low,
                      double mag_high, size_t n_stars, sks_star *stars)
{
    sks_philox random = sks_philox_stream(seed, PURPOSE_LIST, iteration);

    for (size_t i = 0; i < n_stars; i++) {
        stars[i].x = 1 + sks_philox_uniform(&random) * (double)(nx - 1);
        stars[i].y = 1 + sks_philox_uniform(&random) * (double)(ny - 1);
        stars[i].mag = mag_low + sks_philox_uniform(&random) * (mag_high - mag_low);
    }
}
