/* What the figures of speedup and of efficiency share: points and laws of fitted series. */
#ifndef SKYSCALE_SCALING_H
#define SKYSCALE_SCALING_H

#include "harness/present/against_workers.h"

/* SKS_ERR_INPUT: no series has two worker counts. */
sks_status sks_scaling_write(const sks_figure_input *input, bool is_efficiency,
                             const char *directory, sks_gnuplot *plot);

#endif
