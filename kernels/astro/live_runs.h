/* Walking over the live sub-pixels of planes (convolve.h) in runs: pieces that lie in one row of
 * memory, short enough that several arrays' pieces stay in the nearest cache, and that a sum over
 * one loses nothing in single precision.
 */
#ifndef SKYSCALE_LIVE_RUNS_H
#define SKYSCALE_LIVE_RUNS_H

#include "kernels/astro/convolve.h"

#include <stddef.h>

enum { LIVE_RUN_LEN = 1024 };

struct live_runs {
    size_t n_planes, plane_len;
    size_t n, stride, len, last_len; /* runs of one plane */
};

static inline struct live_runs live_runs_of(const sks_convolver_grid *g)
{
    size_t n_live = g->live_nx * g->live_ny;
    struct live_runs runs = {
        .n_planes = g->n_planes,
        .plane_len = g->plane_len,
        .n = g->live_ny,
        .stride = g->array_nx,
        .len = g->live_nx,
        .last_len = g->live_nx,
    };

    if (g->live_nx == g->array_nx) {
        runs.n = (n_live + LIVE_RUN_LEN - 1) / LIVE_RUN_LEN;
        runs.stride = runs.len = LIVE_RUN_LEN;
        runs.last_len = n_live - (runs.n - 1) * LIVE_RUN_LEN;
    }
    return runs;
}

/* For every run of one plane: `at`, its offset in planes, and `n`, its length. */
#define FOR_PLANE_RUNS(runs, plane, at, n)                                                         \
    for (size_t run_ = 0, at, n;                                                                   \
         run_ < (runs)->n && (at = (plane) * (runs)->plane_len + run_ * (runs)->stride,            \
                             n = run_ + 1 < (runs)->n ? (runs)->len : (runs)->last_len, 1);        \
         run_++)

/* For every run of every plane. */
#define FOR_RUNS(runs, at, n)                                                                      \
    for (size_t plane_ = 0; plane_ < (runs)->n_planes; plane_++)                                   \
        FOR_PLANE_RUNS (runs, plane_, at, n)

#endif
