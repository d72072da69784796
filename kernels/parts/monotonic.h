/* The monotonic clock, in seconds. */
#ifndef SKYSCALE_MONOTONIC_H
#define SKYSCALE_MONOTONIC_H

#include <time.h>

static inline double sks_monotonic_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
