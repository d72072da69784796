/* The density enhancement: what each pixel would be as the centre of a Gaussian star. */
#include "kernels/astro/detect_model.h"
#include "kernels/astro/simd.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HALF = 64, MAX_BOX = 2 * MAX_HALF + 1 };

static const double SIGMA_PER_FWHM = 0.42467; /* IRAF's digits of 1/(2 sqrt(2 ln 2)) */
static const double MIN_RADIUS = 2.001;       /* px; pixels at least this near are always used */

sks_detect_options sks_detect_defaults(void)
{
    return (sks_detect_options){
        .fwhm = 1.8,
        .sigma = 0.8,
        .threshold = 4,
        .nsigma = 1.5,
        .read_noise = 9.98,
        .gain = 13.99,
        .sharp_low = 0.2,
        .sharp_high = 1,
        .round_low = -1,
        .round_high = 1,
        .data_min = NAN,
        .data_max = NAN,
    };
}

static sks_status check_options(const sks_detect_options *o)
{
    const struct {
        const char *name;
        double value;
    } positive[] = {{"FWHM", o->fwhm},
                    {"sigma", o->sigma},
                    {"threshold", o->threshold},
                    {"nsigma", o->nsigma},
                    {"gain", o->gain}};

    for (size_t i = 0; i < sizeof(positive) / sizeof(positive[0]); i++)
        if (!(positive[i].value > 0) || !isfinite(positive[i].value))
            return sks_fail(SKS_ERR_USAGE, "%s %g: need more than 0", positive[i].name,
                            positive[i].value);
    if (!(o->read_noise >= 0) || !isfinite(o->read_noise))
        return sks_fail(SKS_ERR_USAGE, "read noise %g e-: need 0 or more", o->read_noise);
    if (!(o->sharp_low < o->sharp_high))
        return sks_fail(SKS_ERR_USAGE, "sharpness limits %g … %g are upside down", o->sharp_low,
                        o->sharp_high);
    if (!(o->round_low < o->round_high))
        return sks_fail(SKS_ERR_USAGE, "roundness limits %g … %g are upside down", o->round_low,
                        o->round_high);
    if (o->data_min >= o->data_max)
        return sks_fail(SKS_ERR_USAGE, "data limits %g … %g are upside down", o->data_min,
                        o->data_max);
    if (fmax(o->nsigma * SIGMA_PER_FWHM * o->fwhm, MIN_RADIUS) > MAX_HALF)
        return sks_fail(SKS_ERR_USAGE, "FWHM %g px cut at %g sigma: the box exceeds %d px", o->fwhm,
                        o->nsigma, MAX_BOX);
    return SKS_OK;
}

/* The Gaussian over the box and the lowered Gaussian on its used pixels. */
static void make_kernel(sks_finder *f)
{
    const sks_detect_options *o = &f->options;
    double sigma = SIGMA_PER_FWHM * o->fwhm;
    double sum = 0, sum2 = 0, d, noise = o->read_noise / o->gain;

    for (int j = -f->n; j <= f->n; j++) {
        for (int i = -f->n; i <= f->n; i++) {
            double r2 = i * i + j * j;
            double g = exp(-r2 / (2 * sigma * sigma));

            f->gauss[(j + f->n) * (2 * f->n + 1) + i + f->n] = g;
            if (r2 / (2 * sigma * sigma) <= o->nsigma * o->nsigma / 2 || sqrt(r2) <= MIN_RADIUS) {
                f->tap[f->n_taps++] = (struct tap){.dx = i, .dy = j, .g = g};
                sum += g;
                sum2 += g * g;
            }
        }
    }
    d = sum2 - sum * sum / (double)f->n_taps;
    for (size_t k = 0; k < f->n_taps; k++)
        f->tap[k].weight = (float)((f->tap[k].g - sum / (double)f->n_taps) / d);
    f->relerr = 1 / sqrt(d);
    f->threshold = o->threshold * o->sigma * f->relerr;
    /* A gain times a variance: so the original has it. */
    f->sky_mode = fmax(0, o->gain * (o->sigma * o->sigma - noise * noise));
}

sks_status sks_finder_create(const sks_detect_options *options, size_t nx, size_t n_rows,
                             sks_finder **finder)
{
    sks_status status = check_options(options);
    sks_finder *f;
    size_t side, pitch;

    if (status != SKS_OK)
        return status;
    if (nx == 0 || n_rows == 0)
        return sks_fail(SKS_ERR_USAGE, "an image of %zu x %zu pixels has no stars", nx, n_rows);
    f = calloc(1, sizeof(*f));
    if (f == NULL)
        return sks_fail_nomem("star detection");
    f->options = *options;
    f->n = (int)fmax(options->nsigma * SIGMA_PER_FWHM * options->fwhm, MIN_RADIUS);
    f->has_limits = !isnan(options->data_min) || !isnan(options->data_max);
    f->nx = nx;
    f->n_rows = n_rows;
    side = 2 * (size_t)f->n + 1;
    pitch = nx + 2 * (size_t)f->n;
    f->tap = calloc(side * side, sizeof(*f->tap));
    f->gauss = calloc(side * side, sizeof(*f->gauss));
    f->rows = calloc(side * (pitch + 2 * (size_t)f->n), sizeof(*f->rows));
    f->bad = calloc(side, sizeof(*f->bad));
    f->map = calloc((n_rows + side) * pitch, sizeof(*f->map));
    if (f->tap == NULL || f->gauss == NULL || f->rows == NULL || f->bad == NULL || f->map == NULL) {
        sks_finder_destroy(f);
        return sks_fail_nomem("star detection");
    }
    make_kernel(f);
    *finder = f;
    return SKS_OK;
}

void sks_finder_destroy(sks_finder *finder)
{
    if (finder == NULL)
        return;
    free(finder->tap);
    free(finder->gauss);
    free(finder->rows);
    free(finder->bad);
    free(finder->map);
    free(finder);
}

double sks_finder_relerr(const sks_finder *finder)
{
    return finder->relerr;
}

double sks_finder_threshold(const sks_finder *finder)
{
    return finder->threshold;
}

static float *row_buffer(const sks_finder *f, long row)
{
    long side = 2 * f->n + 1;

    return f->rows + (size_t)((row % side + side) % side) * (f->nx + 2 * (size_t)f->n);
}

static char *row_is_bad(const sks_finder *f, long row)
{
    long side = 2 * f->n + 1;

    return f->bad + (row % side + side) % side;
}

/* Puts image row `row` into its buffer, with n columns more on either side. */
static void load_row(const sks_finder *f, const sks_view *v, long row)
{
    float *to = row_buffer(f, row);
    long y = sks_clamp(row, -(long)v->below, (long)(v->ny + v->above) - 1);
    int any_bad = 0;

    for (long i = -f->n; i < 0; i++)
        to[i + f->n] = sks_pixel(v, i, row);
    memcpy(to + f->n, v->data + y * (long)v->pitch, v->nx * sizeof(*to));
    for (long i = (long)v->nx; i < (long)v->nx + f->n; i++)
        to[i + f->n] = sks_pixel(v, i, row);
    if (f->has_limits)
        for (size_t i = 0; i < v->nx + 2 * (size_t)f->n; i++)
            any_bad |= !sks_is_good(f, to[i]);
    else
        for (size_t i = 0; i < v->nx + 2 * (size_t)f->n; i++)
            any_bad |= isnan(to[i]);
    *row_is_bad(f, row) = any_bad != 0;
}

SKS_SIMD
static void add_tap(const float *restrict in, float weight, size_t n, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] += weight * in[i];
}

/* H from the good pixels alone: least squares for height and constant. 0 when they do not fix it.
 */
static float fit_height(const sks_finder *f, long row, size_t column)
{
    double n = 0, sg = 0, sgg = 0, sd = 0, sgd = 0, det;

    for (size_t k = 0; k < f->n_taps; k++) {
        const struct tap *t = &f->tap[k];
        float d = row_buffer(f, row + t->dy)[(long)column + f->n + t->dx];

        if (!sks_is_good(f, d))
            continue;
        n++;
        sg += t->g;
        sgg += t->g * t->g;
        sd += (double)d;
        sgd += t->g * (double)d;
    }
    det = n * sgg - sg * sg;
    return n < 3 || det <= 1e-12 * n * sgg ? 0 : (float)((n * sgd - sg * sd) / det);
}

static bool footprint_is_bad(const sks_finder *f, long row, size_t column)
{
    for (size_t k = 0; k < f->n_taps; k++)
        if (!sks_is_good(f, row_buffer(f, row + f->tap[k].dy)[(long)column + f->n + f->tap[k].dx]))
            return true;
    return false;
}

/* H for one row whose surroundings are loaded. */
static void convolve_row(const sks_finder *f, long row, size_t nx, float *out)
{
    bool any_bad = false;

    memset(out, 0, nx * sizeof(*out));
    for (size_t k = 0; k < f->n_taps; k++)
        add_tap(row_buffer(f, row + f->tap[k].dy) + f->n + f->tap[k].dx, f->tap[k].weight, nx, out);
    for (long j = -f->n; j <= f->n; j++)
        any_bad |= *row_is_bad(f, row + j) != 0;
    for (size_t i = 0; any_bad && i < nx; i++)
        if (footprint_is_bad(f, row, i))
            out[i] = fit_height(f, row, i);
}

static void pad_map_row(const sks_finder *f, size_t nx, float *h)
{
    for (int i = 1; i <= f->n; i++) {
        h[-i] = h[0];
        h[nx - 1 + (size_t)i] = h[nx - 1];
    }
}

/* H for rows row_begin - n … row_end + n; outside the view H repeats its edge, also where there
 * are real pixels. */
void sks_make_map(const sks_finder *f, const sks_view *v, size_t row_begin, size_t row_end)
{
    long low = sks_clamp((long)row_begin - f->n, 0, (long)v->ny - 1);
    long high = sks_clamp((long)row_end - 1 + f->n, 0, (long)v->ny - 1);
    size_t bytes = (v->nx + 2 * (size_t)f->n) * sizeof(float);

    for (long row = low - f->n; row < low + f->n; row++)
        load_row(f, v, row);
    for (long row = low; row <= high; row++) {
        load_row(f, v, row + f->n);
        convolve_row(f, row, v->nx, sks_map_row(f, row, row_begin));
        pad_map_row(f, v->nx, sks_map_row(f, row, row_begin));
    }
    for (long row = (long)row_begin - f->n; row < low; row++)
        memcpy(sks_map_row(f, row, row_begin) - f->n, sks_map_row(f, low, row_begin) - f->n, bytes);
    for (long row = high + 1; row < (long)row_end + f->n; row++)
        memcpy(sks_map_row(f, row, row_begin) - f->n, sks_map_row(f, high, row_begin) - f->n,
               bytes);
}

void sks_detect_map(sks_finder *finder, const sks_view *view, size_t row_begin, size_t row_end,
                    float *map)
{
    sks_make_map(finder, view, row_begin, row_end);
    for (size_t row = row_begin; row < row_end; row++)
        memcpy(map + (row - row_begin) * view->nx, sks_map_row(finder, (long)row, row_begin),
               view->nx * sizeof(*map));
}
