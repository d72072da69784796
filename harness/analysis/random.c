#include "harness/analysis/random.h"

#include <Random123/philox.h>

static philox4x32_ctr_t next(sks_random *r)
{
    philox4x32_ctr_t counter = {{(uint32_t)r->counter, (uint32_t)(r->counter >> 32),
                                 (uint32_t)r->stream, (uint32_t)(r->stream >> 32)}};
    philox4x32_key_t key = {{(uint32_t)r->seed, (uint32_t)(r->seed >> 32)}};

    r->counter++;
    return philox4x32(counter, key);
}

static unsigned long random_get(void *state)
{
    philox4x32_ctr_t out = next(state);

    return (unsigned long)out.v[1] << 32 | out.v[0];
}

/* [0, 1) in steps of 2^-53. */
static double random_get_double(void *state)
{
    return (double)(random_get(state) >> 11) * 0x1p-53;
}

static void random_set(void *state, unsigned long seed)
{
    sks_random *r = state;

    r->seed = seed;
    r->counter = 0;
}

static const gsl_rng_type random_type = {
    .name = "philox4x32",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(sks_random),
    .set = random_set,
    .get = random_get,
    .get_double = random_get_double,
};
_Static_assert(sizeof(unsigned long) == 8, "GSL's generators return unsigned long: 64 bits needed");

void sks_random_init(sks_random *random, uint64_t seed, uint64_t stream)
{
    *random = (sks_random){.seed = seed, .stream = stream};
    random->gsl.type = &random_type;
    random->gsl.state = random;
}

void sks_random_bits(sks_random *random, uint32_t bits[4])
{
    philox4x32_ctr_t out = next(random);

    for (int i = 0; i < 4; i++)
        bits[i] = out.v[i];
}
