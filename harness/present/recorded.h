/* Figures of one recorded quantity against workers, medians with intervals, joined by lines. */
#ifndef SKYSCALE_RECORDED_H
#define SKYSCALE_RECORDED_H

#include "harness/present/figure.h"

typedef struct sks_recorded {
    const char *figure;   /* its name, for errors */
    const char *quantity; /* as sks_store_series names it, and the column in points.csv */
    const char *needs;    /* "runs with …": what is missing where there is none */
    const char *y_title;
    double unit; /* one of the axis: 0.01 for per cent, 1e-6 for µs */
    bool is_log;
    unsigned least_workers; /* below it the quantity says nothing */
} sks_recorded;

sks_status sks_recorded_write(const sks_recorded *what, const sks_figure_input *input,
                              const char *directory, sks_gnuplot *plot);

#endif
