/* Many normal numbers quickly: one 32-bit word of Philox 4x32-10 each, through a table of the
 * normal distribution's quantile.
 *
 * Numbers come in groups of SKS_NORMAL_GROUP, named by (seed, purpose, index, group). The first
 * bit of a word is the sign, the others the probability p = (k + 1/2) 2^-32 of the tail; between
 * the table's entries, 32 to a factor of two in p, the quantile is a parabola (Lee, Cheung,
 * Villasenor & Luk 2006, IEEE Trans. VLSI 14, 452, for the hierarchical segments). It is exact to
 * 3e-6 and reaches |z| = 6.3.
 */
#ifndef SKYSCALE_ASTRO_NORMAL_H
#define SKYSCALE_ASTRO_NORMAL_H

#include <stdint.h>

enum { SKS_NORMAL_GROUP = 256, SKS_NORMAL_SEGMENTS = 32 * 32 + 1 };

typedef struct sks_normal_table {
    float c0[SKS_NORMAL_SEGMENTS];
    float c1[SKS_NORMAL_SEGMENTS];
    float c2[SKS_NORMAL_SEGMENTS];
} sks_normal_table;

void sks_normal_table_init(sks_normal_table *table);

void sks_normal_group(const sks_normal_table *table, uint64_t seed, uint32_t purpose,
                      uint64_t index, uint32_t group, float z[SKS_NORMAL_GROUP]);

/* The z with a tail of probability p above it, 0 < p <= 1/2. */
double sks_normal_quantile(double p);

#endif
