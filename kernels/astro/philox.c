#include "kernels/astro/philox.h"

#include <math.h>
#include <Random123/philox.h>

sks_philox sks_philox_stream(uint64_t seed, uint32_t purpose, uint64_t index)
{
    sks_philox random = {
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, purpose, (uint32_t)index, (uint32_t)(index >> 32)},
    };

    return random;
}

uint32_t sks_philox_word(sks_philox *random)
{
    if (random->n_left == 0) {
        philox4x32_ctr_t counter;
        philox4x32_key_t key = {{random->key[0], random->key[1]}};

        for (int i = 0; i < 4; i++)
            counter.v[i] = random->counter[i];
        counter = philox4x32(counter, key);
        for (int i = 0; i < 4; i++)
            random->word[i] = counter.v[i];
        random->counter[0]++;
        random->n_left = 4;
    }
    return random->word[--random->n_left];
}

double sks_philox_uniform(sks_philox *random)
{
    uint64_t high = sks_philox_word(random) >> 5;
    uint64_t low = sks_philox_word(random) >> 6;

    return (double)((high << 26) | low) * 0x1p-53;
}

/* Box & Muller (1958). The second of the pair is dropped: a stream keeps no hidden state. */
double sks_philox_normal(sks_philox *random)
{
    const double two_pi = 6.283185307179586;
    double radius = sqrt(-2 * log(1 - sks_philox_uniform(random))); /* 1 - u: never log(0) */

    return radius * cos(two_pi * sks_philox_uniform(random));
}

/* Inversion by sequential search from 0 upwards; exact, about `mean` steps. */
static double poisson_small(sks_philox *random, double mean)
{
    double u = sks_philox_uniform(random);
    double term = exp(-mean);
    double k = 0;

    /* The terms vanish long before k reaches 200 for means below 10; the bound ends the search
     * when u lies beyond the sum of the rounded terms. */
    while (u >= term && k < 200) {
        u -= term;
        k++;
        term *= mean / k;
    }
    return k;
}

/* Transformed rejection with squeeze, PTRS: Hormann (1993), "The transformed rejection method for
 * generating Poisson random variables", Insurance: Mathematics and Economics 12, 39-45. */
static double poisson_large(sks_philox *random, double mean)
{
    double log_mean = log(mean);
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double v_r = 0.9277 - 3.6224 / (b - 2);

    for (;;) {
        double u = sks_philox_uniform(random) - 0.5;
        double v = 1 - sks_philox_uniform(random);
        double us = 0.5 - fabs(u);
        double k = floor((2 * a / us + b) * u + mean + 0.43);
        int sign; /* lgamma() would write a global */

        if (us >= 0.07 && v <= v_r)
            return k;
        if (k < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <=
            -mean + k * log_mean - lgamma_r(k + 1, &sign))
            return k;
    }
}

double sks_philox_poisson(sks_philox *random, double mean)
{
    if (!(mean > 0))
        return 0;
    return mean < 10 ? poisson_small(random, mean) : poisson_large(random, mean);
}
