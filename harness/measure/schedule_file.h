/* A recorded schedule: which worker computed which chunk, in its order. A text file,
 *
 *     # skyscale schedule 1
 *     # kernel null
 *     # tasks 1000
 *     # workers 2
 *     # executor threads
 *     # scheduler guided:chunk=1
 *     # worker begin end start_s end_s stolen
 *     0 0 500 1.2e-06 0.000431 0
 *     1 500 750 …
 *
 * with times since the release of the workers. sks_schedule_replay is the scheduler that executes
 * such a file again, exactly, on any executor that runs schedulers of ours (all but openmp): the
 * chunks of each worker in their order. Only the header's tasks and workers and the first three
 * columns matter to it.
 *
 * Errors   of replay's init: SKS_ERR_IO, SKS_ERR_INPUT (naming file and line) when the file is no
 *          schedule, or does not cover the loop exactly once; SKS_ERR_USAGE when it is one of
 *          another number of tasks or workers.
 */
#ifndef SKYSCALE_SCHEDULE_FILE_H
#define SKYSCALE_SCHEDULE_FILE_H

#include "harness/measure/run.h"

/* The chunks of a run, which has to have complete logs: SKS_ERR_INPUT otherwise. */
sks_status sks_schedule_write(const char *path, const sks_configuration *configuration,
                              const sks_record *record);

typedef struct sks_schedule_chunk {
    unsigned worker;
    sks_range tasks;
    double start_s, end_s; /* NaN: not in the file */
    bool is_stolen;
} sks_schedule_chunk;

typedef struct sks_schedule {
    size_t n_tasks;
    unsigned n_workers;
    char title[128];           /* "null, threads, guided:chunk=1" as far as it is known */
    sks_schedule_chunk *chunk; /* [n] in the order of the file */
    size_t n;
} sks_schedule;

sks_status sks_schedule_read(const char *path, sks_schedule *schedule);
void sks_schedule_clear(sks_schedule *schedule);

/* Not in the registry: it needs its option `file`. */
extern const sks_scheduler sks_scheduler_replay;

#endif
