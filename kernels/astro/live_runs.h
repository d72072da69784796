/* Walking over the live sub-pixels of an image in layers (convolve.h) in runs: pieces that lie in
 * one row of memory, short enough that several arrays' pieces stay in the nearest cache, and that a
 * sum over one loses nothing in single precision.
 */
#ifndef SKYSCALE_LIVE_RUNS_H
#define SKYSCALE_LIVE_RUNS_H

#include "kernels/astro/convolve.h"

#include <stdbool.h>
#include <stddef.h>

enum { LIVE_RUN_LEN = 1024 };

struct live_runs {
    size_t n_layers, layer_len;
    size_t n, stride, len, last_len; /* runs of one layer */
    /* Split at the edge of the data: two runs in a row, `len` and `last_len` long. */
    bool is_split;
    size_t n_data_rows;
};

static inline struct live_runs live_runs_of(const sks_convolver_grid *g)
{
    size_t live_row = g->planes_per_layer * g->live_nx, n_live = live_row * g->live_ny;
    struct live_runs runs = {
        .n_layers = g->n_layers,
        .layer_len = g->layer_len,
        .n = g->live_ny,
        .stride = g->row_len,
        .len = live_row,
        .last_len = live_row,
    };

    if (live_row == g->row_len) {
        runs.n = (n_live + LIVE_RUN_LEN - 1) / LIVE_RUN_LEN;
        runs.stride = runs.len = LIVE_RUN_LEN;
        runs.last_len = n_live - (runs.n - 1) * LIVE_RUN_LEN;
    }
    return runs;
}

/* The same, but no run holds both sub-pixels of the data and of the guard around them. */
static inline struct live_runs live_runs_split(const sks_convolver_grid *g)
{
    struct live_runs runs = live_runs_of(g);

    if (g->live_nx == g->nx && g->live_ny == g->ny)
        return runs;
    runs.is_split = true;
    runs.n = 2 * g->live_ny;
    runs.stride = g->row_len;
    runs.len = g->planes_per_layer * g->nx;
    runs.last_len = g->planes_per_layer * (g->live_nx - g->nx);
    runs.n_data_rows = g->ny;
    return runs;
}

static inline size_t live_run_at(const struct live_runs *runs, size_t run)
{
    return runs->is_split ? run / 2 * runs->stride + run % 2 * runs->len : run * runs->stride;
}

static inline size_t live_run_len(const struct live_runs *runs, size_t run)
{
    bool is_last = runs->is_split ? run % 2 == 1 : run + 1 == runs->n;

    return is_last ? runs->last_len : runs->len;
}

/* Whether the run at this offset of the image is of the data; in runs that are split. All that are
 * not lie in images without guard. */
static inline bool live_run_is_data(const struct live_runs *runs, size_t at)
{
    size_t in_layer = at % runs->layer_len;

    return !runs->is_split ||
           (in_layer / runs->stride < runs->n_data_rows && in_layer % runs->stride < runs->len);
}

/* For every run of one layer: `at`, its offset in the image, and `n`, its length. */
#define FOR_LAYER_RUNS(runs, layer, at, n)                                                         \
    for (size_t run_ = 0, at, n;                                                                   \
         run_ < (runs)->n && (at = (layer) * (runs)->layer_len + live_run_at((runs), run_),        \
                             n = live_run_len((runs), run_), 1);                                   \
         run_++)

/* For every run of every layer. */
#define FOR_RUNS(runs, at, n)                                                                      \
    for (size_t layer_ = 0; layer_ < (runs)->n_layers; layer_++)                                   \
        FOR_LAYER_RUNS (runs, layer_, at, n)

#endif
