/* The inside of a finder, shared by detect_map.c (making the density enhancement map) and detect.c
 * (finding and measuring its peaks). */
#ifndef SKYSCALE_ASTRO_DETECT_MODEL_H
#define SKYSCALE_ASTRO_DETECT_MODEL_H

#include "kernels/astro/detect.h"

#include <math.h>

/* One used pixel of the box. */
struct tap {
    int dx, dy;
    float weight; /* of the lowered Gaussian */
    double g;     /* the Gaussian itself */
};

struct sks_finder {
    sks_detect_options options;
    int n; /* half size of the box */
    size_t n_taps;
    struct tap *tap;
    double *gauss; /* (2n+1)^2, also where not used */
    double relerr, threshold, sky_mode;
    bool has_limits;
    size_t nx, n_rows;
    float *rows; /* 2n+1 padded image rows, in turns */
    char *bad;   /* whether such a row has pixels to be left out */
    float *map;  /* (n_rows + 2n) padded rows of H */
};

static inline long sks_clamp(long i, long low, long high)
{
    return i < low ? low : i > high ? high : i;
}

/* Whether a pixel takes part; comparisons with NaN limits are false. */
static inline bool sks_is_good(const sks_finder *f, float value)
{
    return !isnan(value) && !((double)value < f->options.data_min) &&
           !((double)value > f->options.data_max);
}

/* The image's pixel (column, row), counted from 0, or the nearest real one. */
static inline float sks_pixel(const sks_view *v, long column, long row)
{
    long x = sks_clamp(column, -(long)v->left, (long)(v->nx + v->right) - 1);
    long y = sks_clamp(row, -(long)v->below, (long)(v->ny + v->above) - 1);

    return v->data[y * (long)v->pitch + x];
}

/* The row of H at image row `row`; the map begins n rows below row_begin. */
static inline float *sks_map_row(const sks_finder *f, long row, size_t row_begin)
{
    return f->map + (size_t)(row - (long)row_begin + f->n) * (f->nx + 2 * (size_t)f->n) + f->n;
}

/* H for rows row_begin - n … row_end + n; outside the view H repeats its edge, also where there
 * are real pixels. */
void sks_make_map(const sks_finder *f, const sks_view *v, size_t row_begin, size_t row_end);

#endif
