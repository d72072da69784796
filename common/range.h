/* A half-open range of tasks, [begin, end). */
#ifndef SKYSCALE_RANGE_H
#define SKYSCALE_RANGE_H

#include <stddef.h>

typedef struct sks_range {
    size_t begin;
    size_t end;
} sks_range;

#endif
