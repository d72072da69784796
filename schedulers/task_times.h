/* What a rule is told about the times of single tasks: the options `mean` and `sd`, in seconds.
 *
 * Private to this folder. Both are estimates of the user; without `sd` it is taken equal to the
 * mean, as for exponentially distributed times: more variation than most loops have, so that the
 * rules err towards balance.
 */
#ifndef SKYSCALE_TASK_TIMES_H
#define SKYSCALE_TASK_TIMES_H

#include "schedulers/scheduler.h"

/* Beyond this ratio of sd to mean the rules hand out single tasks for any loop that ends. */
#define SKS_MAX_TASK_CV 1e4

/* Rows of an option table. */
#define SKS_TASK_MEAN_PARAM                                                                        \
    {                                                                                              \
        .name = "mean", .type = SKS_REAL, .unit = "s", .default_text = "1e-3", .min = 1e-12,       \
        .max = 1e9, .help = "mean time of a task"                                                  \
    }
#define SKS_TASK_SD_PARAM                                                                          \
    {                                                                                              \
        .name = "sd", .type = SKS_REAL, .unit = "s", .min = 0, .max = 1e9,                         \
        .help = "standard deviation of the tasks' times; without it, the mean"                     \
    }

static inline double sks_task_sd(const sks_values *options)
{
    return sks_values_real(options, sks_values_has(options, "sd") ? "sd" : "mean");
}

/* Coefficient of variation sd/mean, at most SKS_MAX_TASK_CV. */
static inline double sks_task_cv(const sks_values *options)
{
    double cv = sks_task_sd(options) / sks_values_real(options, "mean");

    return cv < SKS_MAX_TASK_CV ? cv : SKS_MAX_TASK_CV;
}

/* For init(): SKS_ERR_USAGE when the ratio had to be cut. */
static inline sks_status sks_task_times_check(const sks_values *options)
{
    double mean = sks_values_real(options, "mean");
    double sd = sks_task_sd(options);

    if (sd > SKS_MAX_TASK_CV * mean)
        return sks_fail(SKS_ERR_USAGE, "sd %g s, mean %g s: sd must be at most %g times the mean",
                        sd, mean, SKS_MAX_TASK_CV);
    return SKS_OK;
}

#endif
