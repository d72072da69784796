/* Figures of one quantity against the number of workers: what speedup, efficiency, imbalance,
 * overhead and residuals have in common. Drawn by workers.gp.
 *
 * points.csv  one row for each measured worker count
 * curves.csv  a law with its bands, on a grid over the measured range; empty where there is none
 *
 * Ownership  series and texts are borrowed; the collection owns the rest.
 */
#ifndef SKYSCALE_AGAINST_WORKERS_H
#define SKYSCALE_AGAINST_WORKERS_H

#include "harness/present/figure.h"
#include "harness/present/layout.h"

typedef struct sks_measured {
    size_t item; /* of the layout */
    unsigned n_workers;
    bool is_oversubscribed;
    size_t n_samples;
    sks_estimate y;
} sks_measured;

typedef struct sks_modelled {
    size_t item;
    double n_workers;
    bool is_extrapolated; /* beyond what the law was fitted to */
    const char *model;
    sks_estimate y;   /* with the band of the law */
    sks_interval run; /* the band of one further run */
} sks_modelled;

typedef enum sks_guide { SKS_GUIDE_NONE, SKS_GUIDE_ZERO, SKS_GUIDE_ONE, SKS_GUIDE_IDEAL } sks_guide;

typedef struct sks_against {
    const char *figure;   /* its name, for errors */
    const char *quantity; /* a column's name: "speedup" */
    const char *y_title;  /* with its unit */
    const char *remark;   /* what the marks mean, before what is the same for all; "" for none */
    double confidence;    /* of the intervals */
    sks_guide guide;
    double base;      /* the ideal line is N / base */
    bool with_kernel; /* in labels: panels are not one kernel's */
    bool has_lines;   /* points are joined */
    bool is_log_y;
    bool is_centred; /* the axis reaches as far below 0 as above */

    sks_layout_item *items; /* [n_items] */
    size_t n_items;
    sks_measured *points; /* [n_points] */
    size_t n_points;
    sks_modelled *curves; /* [n_curves] */
    size_t n_curves;

    char **panel_titles; /* [n_items]; of panels that were split, else NULL */
} sks_against;

/* Room for as many; SKS_ERR_NOMEM. Clear the collection in any case. */
sks_status sks_against_reserve(sks_against *a, size_t n_items, size_t n_points, size_t n_curves);
void sks_against_clear(sks_against *a);

/* Writes the data into `directory` and sets the template's variables. Where there are more series
 * than can be told apart each executor has panels of its own; SKS_ERR_USAGE where that does not
 * help. */
sks_status sks_against_write(sks_against *a, const char *directory, sks_gnuplot *plot);

#endif
