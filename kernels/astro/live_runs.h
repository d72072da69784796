/* Walking over the live sub-pixels of an image in layers (convolve.h) in runs: pieces that lie in
 * one row of memory, short enough that several arrays' pieces stay in the nearest cache, and that a
 * sum over one loses nothing in single precision.
 */
#ifndef SKYSCALE_LIVE_RUNS_H
#define SKYSCALE_LIVE_RUNS_H

#include "kernels/astro/convolve.h"

#include <stddef.h>

enum { LIVE_RUN_LEN = 1024 };

struct live_runs {
    size_t n_layers, layer_len;
    size_t n, stride, len, last_len; /* runs of one layer */
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

/* For every run of one layer: `at`, its offset in the image, and `n`, its length. */
#define FOR_LAYER_RUNS(runs, layer, at, n)                                                         \
    for (size_t run_ = 0, at, n;                                                                   \
         run_ < (runs)->n && (at = (layer) * (runs)->layer_len + run_ * (runs)->stride,            \
                             n = run_ + 1 < (runs)->n ? (runs)->len : (runs)->last_len, 1);        \
         run_++)

/* For every run of every layer. */
#define FOR_RUNS(runs, at, n)                                                                      \
    for (size_t layer_ = 0; layer_ < (runs)->n_layers; layer_++)                                   \
        FOR_LAYER_RUNS (runs, layer_, at, n)

#endif
