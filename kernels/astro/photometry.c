#include "kernels/astro/photometry_model.h"

#include <math.h>
#include <stdlib.h>

static const double MAX_MAG_ERROR = 100;     /* at and above, the original gives none */
static const double MAG_PER_RELERR = 1.0857; /* 2.5/ln 10 in the original's digits */

sks_phot_options sks_phot_defaults(void)
{
    return (sks_phot_options){
        .aperture = 3,
        .annulus = 20,
        .dannulus = 10,
        .sky = SKS_SKY_MEDIAN,
        .n_passes = 50,
        .reject_low = 3,
        .reject_high = 3,
        .gain = 13.99,
        .zero_point = 21.757,
        .exposure = 1,
    };
}

sks_status sks_photometer_create(const sks_phot_options *options, sks_photometer **photometer)
{
    const sks_phot_options *o = options;
    double outer = o->annulus + o->dannulus;
    sks_photometer *p;

    if (!(o->aperture > 0) || !(o->aperture < 1e4))
        return sks_fail(SKS_ERR_USAGE, "aperture %g px: need more than 0", o->aperture);
    if (!(o->annulus >= 0) || !(o->dannulus > 0) || !(outer < 1e4))
        return sks_fail(SKS_ERR_USAGE, "sky annulus from %g px, %g px wide: need a width above 0",
                        o->annulus, o->dannulus);
    if (!(o->gain > 0))
        return sks_fail(SKS_ERR_USAGE, "gain %g e-/DN: need more than 0", o->gain);
    if (!(o->exposure > 0))
        return sks_fail(SKS_ERR_USAGE, "exposure %g s: need more than 0", o->exposure);
    if (!(o->reject_low >= 0) || !(o->reject_high >= 0))
        return sks_fail(SKS_ERR_USAGE, "sky rejection at %g and %g sigma: need 0 or more",
                        o->reject_low, o->reject_high);
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return sks_fail_nomem("photometry");
    p->options = *o;
    p->room = (size_t)(2 * outer + 3) * (size_t)(2 * outer + 3) + 1;
    p->sky = malloc(p->room * sizeof(*p->sky));
    for (int i = 0; i < 2; i++)
        p->key[i] = malloc(p->room * sizeof(*p->key[i]));
    if (p->sky == NULL || p->key[0] == NULL || p->key[1] == NULL) {
        sks_photometer_destroy(p);
        return sks_fail_nomem("photometry");
    }
    *photometer = p;
    return SKS_OK;
}

void sks_photometer_destroy(sks_photometer *photometer)
{
    if (photometer == NULL)
        return;
    free(photometer->sky);
    free(photometer->key[0]);
    free(photometer->key[1]);
    free(photometer);
}

/* The area under the circle from x = a to b, in the first quadrant. */
static double under_circle(double r, double a, double b)
{
    double ta = fmin(a / r, 1), tb = fmin(b / r, 1);

    return 0.5 * (b * sqrt(fmax(r * r - b * b, 0)) - a * sqrt(fmax(r * r - a * a, 0)) +
                  r * r * (asin(tb) - asin(ta)));
}

/* The part of the rectangle [x0, x1] × [y0, y1] of the first quadrant that lies in the circle: full
 * height as far as the circle is above y1, then what is between y0 and the circle. */
static double quadrant_area(double r, double x0, double x1, double y0, double y1)
{
    double full = r > y1 ? sqrt(r * r - y1 * y1) : 0;
    double end = r > y0 ? sqrt(r * r - y0 * y0) : 0;

    full = fmin(fmax(full, x0), x1);
    end = fmin(fmax(end, x0), x1);
    return (full - x0) * (y1 - y0) + under_circle(r, full, end) - y0 * (end - full);
}

double sks_circle_pixel_area(double r, double dx, double dy)
{
    const double x0 = dx - 0.5, x1 = dx + 0.5, y0 = dy - 0.5, y1 = dy + 0.5;
    double area = 0;

    /* The pixel in up to four parts, each turned into the first quadrant. */
    for (int q = 0; q < 4; q++) {
        double a = q & 1 ? fmax(-x1, 0) : fmax(x0, 0), b = q & 1 ? -x0 : x1;
        double c = q & 2 ? fmax(-y1, 0) : fmax(y0, 0), d = q & 2 ? -y0 : y1;

        if (b > a && d > c)
            area += quadrant_area(r, a, b, c, d);
    }
    return area;
}

static double aperture_weight(const sks_phot_options *o, double dx, double dy)
{
    double r = sqrt(dx * dx + dy * dy);

    if (!o->is_exact)
        return fmin(1, fmax(0, o->aperture - r + 0.5));
    if (r + M_SQRT1_2 <= o->aperture)
        return 1;
    return r - M_SQRT1_2 >= o->aperture ? 0 : sks_circle_pixel_area(o->aperture, dx, dy);
}

static void sum_aperture(const sks_phot_options *o, const sks_view *v, double x, double y,
                         sks_phot *phot)
{
    double reach = o->aperture + 0.5;
    long i0 = (long)fmax(ceil(x - reach), 1), i1 = (long)fmin(floor(x + reach), (double)v->nx);
    long j0 = (long)fmax(ceil(y - reach), 1), j1 = (long)fmin(floor(y + reach), (double)v->ny);

    for (long j = j0; j <= j1; j++) {
        for (long i = i0; i <= i1; i++) {
            double weight = aperture_weight(o, (double)i - x, (double)j - y);

            if (weight > 0) {
                phot->sum += weight * (double)v->data[(size_t)(j - 1) * v->pitch + (size_t)(i - 1)];
                phot->area += weight;
            }
        }
    }
}

static void set_magnitude(const sks_phot_options *o, sks_phot *phot)
{
    double variance = phot->sky_sigma * phot->sky_sigma;
    double noise2 = phot->area * variance + phot->flux / o->gain +
                    phot->area * phot->area * variance / (double)phot->n_sky;

    if (!(phot->flux > 0))
        return;
    phot->mag = o->zero_point - 2.5 * log10(phot->flux) + 2.5 * log10(o->exposure);
    phot->mag_error = MAG_PER_RELERR * sqrt(noise2) / phot->flux;
    if (phot->mag_error >= MAX_MAG_ERROR)
        phot->mag_error = NAN;
}

void sks_phot_measure(sks_photometer *photometer, const sks_view *view, double x, double y,
                      sks_phot *phot)
{
    const sks_phot_options *o = &photometer->options;

    if (!o->is_exact) {
        x = (double)(float)x;
        y = (double)(float)y;
    }
    *phot = (sks_phot){.sky = NAN, .sky_sigma = NAN, .sky_skew = NAN, .mag = NAN, .mag_error = NAN};
    sks_measure_sky(photometer, view, x, y, phot);
    if (!(x - o->aperture >= 0.5) || !(x + o->aperture <= (double)view->nx + 0.5) ||
        !(y - o->aperture >= 0.5) || !(y + o->aperture <= (double)view->ny + 0.5)) {
        phot->aperture_code = SKS_PHOT_OFF_IMAGE;
        return;
    }
    sum_aperture(o, view, x, y, phot);
    if (isnan(phot->sum)) {
        phot->sum = phot->flux = NAN;
        phot->aperture_code = SKS_PHOT_BAD_PIXELS;
        return;
    }
    if (isnan(phot->sky)) {
        phot->flux = NAN;
        phot->aperture_code = SKS_PHOT_NO_SKY;
        return;
    }
    phot->flux = phot->sum - phot->area * phot->sky;
    set_magnitude(o, phot);
}
