#include "kernels/astro/normal.h"

#include "kernels/astro/simd.h"

#include <math.h>
#include <string.h>

enum {
    LANES = SKS_NORMAL_GROUP / 4,
    SEGMENT_BITS = 18,       /* of a float's 23 mantissa bits, those within a segment */
    FIRST_BITS = 0x3f000000, /* 0.5f, the smallest argument */
};

/* Philox's constants (Salmon et al. 2011, table 2). */
static const uint32_t MULTIPLIER_0 = 0xD2511F53, MULTIPLIER_1 = 0xCD9E8D57;
static const uint32_t WEYL_0 = 0x9E3779B9, WEYL_1 = 0xBB67AE85;

double sks_normal_quantile(double p)
{
    double t = sqrt(-2 * log(p));
    /* Abramowitz & Stegun 26.2.23, then Newton's method. */
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

    for (int i = 0; i < 4; i++)
        z += (0.5 * erfc(z * M_SQRT1_2) - p) / (exp(-0.5 * z * z) / sqrt(2 * M_PI));
    return z;
}

/* The quantile of k 2^-32 for a float k with the given bits. */
static double quantile_of_bits(uint32_t bits)
{
    float k;

    memcpy(&k, &bits, sizeof(k));
    return sks_normal_quantile(fmin((double)k * 0x1p-32, 0.5));
}

void sks_normal_table_init(sks_normal_table *table)
{
    const uint32_t width = (uint32_t)1 << SEGMENT_BITS;

    for (uint32_t s = 0; s < SKS_NORMAL_SEGMENTS; s++) {
        uint32_t bits = FIRST_BITS + s * width;
        double low = quantile_of_bits(bits);
        double middle = quantile_of_bits(bits + width / 2);
        double high = quantile_of_bits(bits + width);

        /* The parabola through the segment's ends and middle, in t from 0 to 1. */
        table->c0[s] = (float)low;
        table->c1[s] = (float)(4 * middle - 3 * low - high);
        table->c2[s] = (float)(2 * low + 2 * high - 4 * middle);
    }
}

/* LANES blocks at once; word[w * LANES + l] is word w of block first + l. */
SKS_SIMD
static void philox_lanes(uint64_t seed, uint32_t purpose, uint64_t index, uint32_t first,
                         uint32_t *restrict word)
{
    for (uint32_t l = 0; l < LANES; l++) {
        uint32_t c0 = first + l, c1 = purpose, c2 = (uint32_t)index, c3 = (uint32_t)(index >> 32);
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0;
            uint64_t p1 = (uint64_t)MULTIPLIER_1 * c2;

            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        word[l] = c0;
        word[LANES + l] = c1;
        word[2 * LANES + l] = c2;
        word[3 * LANES + l] = c3;
    }
}

SKS_SIMD
static void to_normal(const sks_normal_table *table, const uint32_t *restrict word,
                      float *restrict z)
{
    for (int i = 0; i < SKS_NORMAL_GROUP; i++) {
        float k = (float)(int32_t)(word[i] & 0x7fffffff) + 0.5f;
        float sign = (word[i] >> 31) != 0 ? -1.0f : 1.0f;
        int32_t bits, s;
        float t;

        memcpy(&bits, &k, sizeof(bits));
        s = (bits - FIRST_BITS) >> SEGMENT_BITS;
        t = (float)(bits & ((1 << SEGMENT_BITS) - 1)) * (1.0f / (1 << SEGMENT_BITS));
        z[i] = sign * (table->c0[s] + t * (table->c1[s] + t * table->c2[s]));
    }
}

void sks_normal_group(const sks_normal_table *table, uint64_t seed, uint32_t purpose,
                      uint64_t index, uint32_t group, float z[SKS_NORMAL_GROUP])
{
    uint32_t word[SKS_NORMAL_GROUP];

    philox_lanes(seed, purpose, index, group * LANES, word);
    to_normal(table, word, z);
}
