/* Natural logarithm that a compiler can put into vector registers.
 *
 * x must be positive and normal (the images of mem.h never fall below 2.2e-16). x = 2^k (1 + u)
 * with 1 + u in sqrt(1/2) .. sqrt(2); ln(1 + u) = u - u^2/2 + u^3 P(u) with a minimax polynomial P:
 * no division, which a vector unit would wait for. Relative error below 1.5e-7 (mem_test).
 *
 * Source   Moshier 1989, Methods and Programs for Mathematical Functions; P is that of logf in his
 *          Cephes library
 */
#ifndef SKYSCALE_VECTOR_LOG_H
#define SKYSCALE_VECTOR_LOG_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) float log_single(float x)
{
    const int32_t sqrt_half = 0x3f3504f3; /* the bits of sqrt(1/2) */
    int32_t bits;
    float k, u, p;

    memcpy(&bits, &x, sizeof(bits));
    bits -= sqrt_half;
    k = (float)(bits >> 23);
    bits = (bits & 0x007fffff) + sqrt_half;
    memcpy(&x, &bits, sizeof(x));
    u = x - 1.0f;
    p = 7.0376836292e-2f;
    p = p * u - 1.1514610310e-1f;
    p = p * u + 1.1676998740e-1f;
    p = p * u - 1.2420140846e-1f;
    p = p * u + 1.4249322787e-1f;
    p = p * u - 1.6668057665e-1f;
    p = p * u + 2.0000714765e-1f;
    p = p * u - 2.4999993993e-1f;
    p = p * u + 3.3333331174e-1f;
    p = p * u - 0.5f;
    return k * 0.69314718056f + (u * u * p + u);
}

static inline __attribute__((always_inline)) double log_double(double x)
{
    return log(x);
}

#endif
