/* Random numbers for the bootstrap: counter-based (Philox4x32-10), so that a replicate depends on
 * seed, stream and position alone, behind GSL's generator interface, so that its distributions
 * (gsl_ran_…) can be drawn from.
 *
 * Threads  one generator per thread. A generator points into itself: never copy it.
 * Source   Salmon, Moraes, Dror & Shaw (2011), SC'11, "Parallel random numbers: as easy as 1, 2,
 * 3".
 */
#ifndef SKYSCALE_RANDOM_H
#define SKYSCALE_RANDOM_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

typedef struct sks_random {
    gsl_rng gsl; /* pass its address to gsl_ran_… */
    uint64_t seed;
    uint64_t stream;
    uint64_t counter; /* of the next number */
} sks_random;

/* Starts the sequence of (seed, stream) from its beginning. */
void sks_random_init(sks_random *random, uint64_t seed, uint64_t stream);

/* All bits of the next call of Philox, of which gsl_rng_get gives out half. */
void sks_random_bits(sks_random *random, uint32_t bits[4]);

#endif
