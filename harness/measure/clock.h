/* The harness's clocks.
 *
 * sks_now_s() is the monotonic clock, for phases. sks_ticks() is for chunk boundaries: the
 * processor's time-stamp counter where it runs at a constant rate, since reading it costs less than
 * half as much as clock_gettime; the monotonic clock elsewhere. Ticks are converted with the rate
 * found by comparing both clocks over the very interval measured, so nothing has to be calibrated
 * beforehand.
 */
#ifndef SKYSCALE_CLOCK_H
#define SKYSCALE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline double sks_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline uint64_t sks_ticks(void)
{
#if defined(__x86_64__)
    /* Not serialising: the order of a few instructions around a chunk does not matter here. All
     * 64-bit processors since 2008 count at a constant rate, synchronised between cores. */
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

#endif
