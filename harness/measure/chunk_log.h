/* What really happened in a loop: each worker's chunks in the order it was given them, with times.
 * Traces, recorded schedules, the check of a rule against its name, the attribution of losses and
 * the simulator's task costs all come from here.
 *
 * One log per worker, written by that worker alone; the memory is a shared mapping, so that forked
 * workers can write it. Costs a few stores a chunk; the executor reads the clock at chunk boundaries
 * anyway.
 */
#ifndef SKYSCALE_CHUNK_LOG_H
#define SKYSCALE_CHUNK_LOG_H

#include "common/range.h"
#include "common/status.h"
#include "schedulers/scheduler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in nanoseconds since the release of the workers (while the loop runs: ticks). */
typedef struct sks_chunk {
    sks_range tasks;
    int64_t start_ns; /* of its computation */
    int64_t end_ns;
    bool is_stolen; /* came from another worker's queue; false also where that is not known */
} sks_chunk;

typedef struct sks_chunk_log {
    _Alignas(SKS_CACHE_LINE) sks_chunk *chunk; /* [capacity]; this log is one worker's to write */
    size_t n;
    size_t n_lost; /* chunks for which there was no room */
    size_t capacity;
} sks_chunk_log;

/* One log of the given capacity for each of n_workers workers. Free with sks_chunk_logs_destroy. */
sks_status sks_chunk_logs_create(unsigned n_workers, size_t capacity, sks_chunk_log **logs);
void sks_chunk_logs_destroy(sks_chunk_log *logs); /* accepts NULL */

/* Makes the log's memory ready to be written, as far as may be sensible: a page that is touched for
 * the first time costs more than all its entries. For the worker, before it is released. */
void sks_chunk_log_touch(sks_chunk_log *log);

static inline void sks_chunk_log_add(sks_chunk_log *log, sks_range tasks, uint64_t start_tick,
                                     uint64_t end_tick, bool is_stolen)
{
    if (log->n >= log->capacity) {
        log->n_lost++;
        return;
    }
    log->chunk[log->n++] = (sks_chunk){tasks, (int64_t)start_tick, (int64_t)end_tick, is_stolen};
}

#endif
