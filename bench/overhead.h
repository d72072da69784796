/* What the parts of overhead_bench have in common. */
#ifndef SKYSCALE_BENCH_OVERHEAD_H
#define SKYSCALE_BENCH_OVERHEAD_H

#include <stdint.h>

enum { OVERHEAD_MAX_ROUNDS = 200 };

/* A body of known length: n_steps dependent steps. */
static inline uint64_t overhead_body(uint64_t i, unsigned n_steps)
{
    uint64_t x = i;

    for (unsigned k = 0; k < n_steps; k++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    return x;
}

#ifdef __cplusplus
extern "C" {
#endif

/* oneTBB's parallel_for over n iterations with one of its partitioners: 0 simple with grain size 1,
 * 1 auto, 2 static, 3 affinity. Returns a sum, so that nothing can be left out. */
uint64_t overhead_tbb(int partitioner, long n, unsigned n_steps, int n_threads);

/* Measures the harness's executors and prints their table. */
void overhead_executors(int n_threads, int n_rounds);

/* Prints the message of the failure and ends the program. */
void overhead_fail(void);

#ifdef __cplusplus
}
#endif

#endif
