/* Efficiency against workers: the speedup as a part of the ideal one. One panel for each kernel, a
 * colour and a marker for each series, with intervals, and the fitted laws in their bands.
 */
#include "harness/present/scaling.h"

static sks_status efficiency_write(const sks_figure_input *input, const char *directory,
                                   sks_gnuplot *plot)
{
    return sks_scaling_write(input, true, directory, plot);
}

const sks_figure sks_figure_efficiency = {
    .name = "efficiency",
    .summary = "efficiency (speedup / ideal speedup) against workers, with the fitted laws",
    .needs = "samples at two worker counts or more",
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "workers.gp",
    .main_data = "points.csv",
    .write = efficiency_write,
};
