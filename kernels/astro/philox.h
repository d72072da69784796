/* Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11), in Random123.
 *
 * A stream is named by (seed, purpose, index): a star, a pixel, an iteration has one of its own, so
 * what is drawn for it depends neither on the order of the others nor on who draws. Streams with
 * different names are independent; each holds 2^32 blocks of four 32-bit words.
 *
 * Across machines  words and uniform numbers are the same everywhere; normal and Poisson numbers
 *                  go through log, cos and lgamma, whose last bit may differ between maths
 *                  libraries.
 * Threads          a stream belongs to one thread; making one costs nothing.
 */
#ifndef SKYSCALE_PHILOX_H
#define SKYSCALE_PHILOX_H

#include <stdint.h>

typedef struct sks_philox {
    uint32_t key[2];     /* the seed */
    uint32_t counter[4]; /* block within the stream, purpose, index (low, high) */
    uint32_t word[4];    /* the current block */
    unsigned n_left;     /* words of it not used yet */
} sks_philox;

sks_philox sks_philox_stream(uint64_t seed, uint32_t purpose, uint64_t index);

uint32_t sks_philox_word(sks_philox *random);
double sks_philox_uniform(sks_philox *random); /* multiples of 2^-53 in [0, 1) */
double sks_philox_normal(sks_philox *random);  /* mean 0, standard deviation 1 */

/* A Poisson number, as a double because it may exceed 32 bits. mean >= 0. */
double sks_philox_poisson(sks_philox *random, double mean);

#endif
