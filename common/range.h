/* A half-open range of tasks, [begin, end). */
#ifndef SKYSCALE_RANGE_H
#define SKYSCALE_RANGE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_range {
    size_t begin;
    size_t end;
} sks_range;

/* Whether the range is a piece of a loop of n_tasks tasks, and not empty. */
static inline bool sks_is_piece(sks_range tasks, size_t n_tasks)
{
    return tasks.begin < tasks.end && tasks.end <= n_tasks;
}

#endif
