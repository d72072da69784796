#include "harness/measure/chunk_log.h"

#include "harness/measure/shared_memory.h"

#include <stdint.h>
#include <string.h>

sks_status sks_chunk_logs_create(unsigned n_workers, size_t capacity, sks_chunk_log **logs)
{
    const size_t headers_size = n_workers * sizeof(sks_chunk_log);
    sks_chunk_log *log;
    sks_chunk *chunk;

    if (capacity > (SIZE_MAX / 2 - headers_size) / sizeof(*chunk) / n_workers)
        return sks_fail_nomem("chunk logs");
    log = sks_shared_alloc(headers_size + n_workers * capacity * sizeof(*chunk));
    if (log == NULL)
        return sks_fail_nomem("chunk logs");
    chunk = (sks_chunk *)(void *)(log + n_workers);
    for (unsigned w = 0; w < n_workers; w++)
        log[w] = (sks_chunk_log){.chunk = chunk + w * capacity, .capacity = capacity};
    *logs = log;
    return SKS_OK;
}

/* At most this many entries: some tens of megabytes. */
enum { MOST_TOUCHED = 1 << 20 };

void sks_chunk_log_touch(sks_chunk_log *log)
{
    const size_t n = log->capacity < MOST_TOUCHED ? log->capacity : MOST_TOUCHED;

    memset(log->chunk, 0, n * sizeof(*log->chunk));
}

void sks_chunk_logs_destroy(sks_chunk_log *logs)
{
    sks_shared_free(logs);
}
