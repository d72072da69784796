/* Finding and measuring the peaks of the density enhancement. */
#include "kernels/astro/detect_model.h"

#include <stdlib.h>

static const double FWHM_PER_SIGMA = 2.35482;

void sks_detections_free(sks_detections *list)
{
    free(list->star);
    *list = (sks_detections){0};
}

/* No other used pixel has a larger H. `h` points at the pixel in the map. */
static bool is_peak(const sks_finder *f, const float *h)
{
    long pitch = (long)f->nx + 2 * f->n;

    for (size_t k = 0; k < f->n_taps; k++)
        if (h[f->tap[k].dy * pitch + f->tap[k].dx] > *h)
            return false;
    return true;
}

static double sharpness(const sks_finder *f, const sks_view *v, long column, long row,
                        double height)
{
    double sum = 0, n = 0;

    for (size_t k = 0; k < f->n_taps; k++) {
        float d = sks_pixel(v, column + f->tap[k].dx, row + f->tap[k].dy);

        if ((f->tap[k].dx == 0 && f->tap[k].dy == 0) || !sks_is_good(f, d))
            continue;
        sum += (double)d - f->sky_mode;
        n++;
    }
    return n > 0 ? ((double)sks_pixel(v, column, row) - f->sky_mode - sum / n) / height : NAN;
}

/* Twice the ratio of the fourfold asymmetry of H to its sum. */
static double symmetry_roundness(const sks_finder *f, const float *h)
{
    long pitch = (long)f->nx + 2 * f->n;
    double s2 = 0, s4 = 0;

    for (long k = 0; k <= f->n; k++) {
        for (long j = 1; j <= f->n; j++) {
            double a = (double)h[-j * pitch - k], b = (double)h[j * pitch + k];
            double c = (double)h[k * pitch - j], e = (double)h[-k * pitch + j];

            s2 += a + b - c - e;
            s4 += fabs(a) + fabs(b) + fabs(c) + fabs(e);
        }
    }
    return s4 > 0 ? 2 * s2 / s4 : NAN;
}

/* A marginal: the box summed across one axis with triangular weights, and its fit. */
struct marginal {
    double height; /* of the fitted Gaussian */
    double offset; /* of its centre from the pixel's, px */
};

/* Sums of the marginals of data and Gaussian at position i along the axis. */
static void marginal_sums(const sks_finder *f, const sks_view *v, long column, long row,
                          bool along_x, int i, double *data, double *gauss)
{
    int side = 2 * f->n + 1;

    *data = *gauss = 0;
    for (int j = -f->n; j <= f->n; j++) {
        int dx = along_x ? i : j, dy = along_x ? j : i;
        double w = 1 + f->n - abs(j);
        float d = sks_pixel(v, column + dx, row + dy);

        if (!sks_is_good(f, d))
            continue;
        *data += w * ((double)d - f->sky_mode);
        *gauss += w * f->gauss[(dy + f->n) * side + dx + f->n];
    }
}

/* Height and centre of the Gaussian along one axis, linearised about the pixel's centre. False
 * when the height is not positive. With o = -i, q = s_g o; S[.] sums over i with weights w_i. */
static bool fit_marginal(const sks_finder *f, const sks_view *v, long column, long row,
                         bool along_x, struct marginal *m)
{
    double sigma = f->options.fwhm / FWHM_PER_SIGMA;
    double p = 0, sg = 0, sgg = 0, sd = 0, sgd = 0, sq = 0, sqq = 0, sdq = 0, sgq = 0, sdo = 0;
    double sky, offset, det;

    for (int i = -f->n; i <= f->n; i++) {
        double w = 1 + f->n - abs(i), o = -i, d, g, q;

        marginal_sums(f, v, column, row, along_x, i, &d, &g);
        q = g * o;
        p += w;
        sg += w * g;
        sgg += w * g * g;
        sd += w * d;
        sgd += w * g * d;
        sq += w * q;
        sqq += w * q * q;
        sdq += w * d * q;
        sgq += w * g * q;
        sdo += w * d * o;
    }
    det = sgg - sg * sg / p;
    if (!(det > 0))
        return false;
    m->height = (sgd - sg * sd / p) / det;
    if (!(m->height > 0))
        return false;
    sky = (sd - m->height * sg) / p;
    offset = (sgq - (sdq - sq * (m->height * sg + sky * p))) / (m->height * sqq / (sigma * sigma));
    if (fabs(offset) > f->n + 0.5) {
        /* The fit has run away: the centroid instead, with the original's sign on either axis. */
        offset = sd == 0 ? 0 : (along_x ? sdo : -sdo) / sd;
        if (fabs(offset) > f->n + 0.5)
            offset = 0;
    }
    m->offset = offset;
    return true;
}

/* All that is measured at a peak; false when it is no star. */
static bool measure(const sks_finder *f, const sks_view *v, long column, long row, const float *h,
                    sks_detection *star)
{
    const sks_detect_options *o = &f->options;
    struct marginal mx, my;
    double height = (double)*h;

    if (!sks_is_good(f, sks_pixel(v, column, row)))
        return false;
    star->height = height;
    star->mag = -2.5 * log10(height / f->threshold);
    star->sharpness = sharpness(f, v, column, row, height);
    if (!(star->sharpness >= o->sharp_low && star->sharpness <= o->sharp_high))
        return false;
    star->sround = symmetry_roundness(f, h);
    if (!(star->sround >= o->round_low && star->sround <= o->round_high))
        return false;
    if (!fit_marginal(f, v, column, row, true, &mx) || !fit_marginal(f, v, column, row, false, &my))
        return false;
    star->ground = 2 * (mx.height - my.height) / (mx.height + my.height);
    if (!(star->ground >= o->round_low && star->ground <= o->round_high))
        return false;
    star->x = (double)column + 1 + mx.offset;
    star->y = (double)row + 1 + my.offset;
    return star->x >= 0.5 && star->x <= (double)v->nx + 0.5 && star->y >= 0.5 &&
           star->y <= (double)v->ny + 0.5;
}

static sks_status append(sks_detections *list, const sks_detection *star)
{
    if (list->n == list->room) {
        size_t room = 2 * list->room + 256;
        sks_detection *more = realloc(list->star, room * sizeof(*more));

        if (more == NULL)
            return sks_fail_nomem("a list of stars");
        list->star = more;
        list->room = room;
    }
    list->star[list->n++] = *star;
    return SKS_OK;
}

/* The next column from `begin` on with h >= threshold, or n. Most pixels are sky: blocks without
 * any are passed over with a test that fits vector registers. */
static size_t next_above(const float *h, float threshold, size_t begin, size_t n)
{
    enum { BLOCK = 32 };

    while (begin + BLOCK <= n) {
        int any = 0;

        for (size_t i = 0; i < BLOCK; i++)
            any |= h[begin + i] >= threshold;
        if (any)
            break;
        begin += BLOCK;
    }
    while (begin < n && !(h[begin] >= threshold))
        begin++;
    return begin;
}

sks_status sks_detect(sks_finder *finder, const sks_view *view, size_t row_begin, size_t row_end,
                      sks_detections *list)
{
    size_t n_before = list->n;

    sks_make_map(finder, view, row_begin, row_end);
    for (size_t row = row_begin; row < row_end; row++) {
        const float *h = sks_map_row(finder, (long)row, row_begin);
        size_t column = 0;

        while ((column = next_above(h, (float)finder->threshold, column, view->nx)) < view->nx) {
            sks_detection star;

            if (!is_peak(finder, h + column)) {
                column++;
                continue;
            }
            if (measure(finder, view, (long)column, (long)row, h + column, &star)) {
                sks_status status = append(list, &star);

                if (status != SKS_OK) {
                    list->n = n_before;
                    return status;
                }
            }
            column += (size_t)finder->n + 1; /* no second peak within the box of this one */
        }
    }
    return SKS_OK;
}
