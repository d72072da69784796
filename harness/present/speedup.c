/* Speedup against workers, as in Figure 1 of the paper: one panel for each kernel, a colour and a
 * marker for each series, with intervals, the ideal line, and the fitted laws in their bands.
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, figs. 1, 3b and 4b (what is
 *         plotted); Okabe & Ito (2008), "Color Universal Design" (the colours of style.gp).
 */
#include "harness/present/scaling.h"

static sks_status speedup_write(const sks_figure_input *input, const char *directory,
                                sks_gnuplot *plot)
{
    return sks_scaling_write(input, false, directory, plot);
}

const sks_figure sks_figure_speedup = {
    .name = "speedup",
    .summary = "speedup against workers, with intervals, ideal line, fitted laws and their bands",
    .needs = "samples at two worker counts or more",
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "workers.gp",
    .main_data = "points.csv",
    .write = speedup_write,
};
