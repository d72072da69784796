/* Scheduling overhead against workers: what a worker spends per chunk outside the kernel. One
 * panel for each kernel, a colour and a marker for each scheduler.
 */
#include "harness/present/recorded.h"

#define NEEDS "samples of runs that had chunks to hand out"

static const sks_recorded what = {
    .figure = "overhead",
    .quantity = "overhead",
    .needs = NEEDS,
    .y_title = "scheduling overhead per chunk (µs)",
    .unit = 1e-6,
    .is_log = true, /* from some ns on a cache line to some µs through a pipe */
    .least_workers = 1,
};

static sks_status overhead_write(const sks_figure_input *input, const char *directory,
                                 sks_gnuplot *plot)
{
    return sks_recorded_write(&what, input, directory, plot);
}

const sks_figure sks_figure_overhead = {
    .name = "overhead",
    .summary = "time per chunk not spent in the kernel, of each scheduler against workers",
    .needs = NEEDS,
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "workers.gp",
    .main_data = "points.csv",
    .write = overhead_write,
};
