/* Load imbalance against workers: by how much the busiest worker computed longer than the mean of
 * all. One panel for each kernel, a colour and a marker for each scheduler.
 */
#include "harness/present/recorded.h"

#define NEEDS "samples with two workers or more"

static const sks_recorded what = {
    .figure = "imbalance",
    .quantity = "imbalance",
    .needs = NEEDS,
    .y_title = "load imbalance max/mean − 1 (%)",
    .unit = 0.01,
    .least_workers = 2, /* one worker is always as busy as itself */
};

static sks_status imbalance_write(const sks_figure_input *input, const char *directory,
                                  sks_gnuplot *plot)
{
    return sks_recorded_write(&what, input, directory, plot);
}

const sks_figure sks_figure_imbalance = {
    .name = "imbalance",
    .summary = "load imbalance of each scheduler against workers",
    .needs = NEEDS,
    .reads = SKS_FIGURE_OF_CAMPAIGNS,
    .template = "workers.gp",
    .main_data = "points.csv",
    .write = imbalance_write,
};
