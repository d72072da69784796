#include "kernels/parts/synthetic_load.h"

#include "kernels/kernel.h"
#include "kernels/parts/monotonic.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    SLICE = 1 << 18, /* steps between two looks at sks_cancel: below a millisecond */
    N_TIMINGS = 50,
    TIMING_US = 200, /* the least that one timing takes: long against the clock's step */
    /* Before the timings: until the clock rate is up, and until a buffer that fits into a cache has
     * moved there, which takes several rounds. */
    WARM_UP_SPIN_US = 5000,
    WARM_UP_MEMORY_US = 50000,
};

struct sks_load {
    sks_load_mode mode;
    size_t n_words;
    size_t next; /* where in the ring the stream goes on */
    uint64_t *word;
};

/* Read at run time, so that the compiler cannot know the sum. */
static volatile const double one = 1.0;

sks_status sks_load_create(sks_load_mode mode, size_t size_bytes, sks_load **load)
{
    sks_load *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return sks_fail_nomem("a worker");
    l->mode = mode;
    if (mode == SKS_LOAD_MEMORY) {
        l->n_words = size_bytes / sizeof(*l->word);
        l->word = malloc(l->n_words * sizeof(*l->word));
        if (l->word == NULL) {
            free(l);
            return sks_fail(SKS_ERR_NOMEM, "out of memory: a worker's buffer of %zu bytes",
                            size_bytes);
        }
        for (size_t i = 0; i < l->n_words; i++)
            l->word[i] = 1;
    }
    *load = l;
    return SKS_OK;
}

void sks_load_destroy(sks_load *load)
{
    if (load != NULL)
        free(load->word);
    free(load);
}

static uint64_t spin(size_t n_steps)
{
    double a = one, b = one, x = 0;

    for (size_t i = 0; i < n_steps; i++)
        x = x * a + b;
    return (uint64_t)x;
}

static uint64_t stream(sks_load *load, size_t n_steps)
{
    uint64_t sum = 0;

    while (n_steps > 0) {
        size_t left = load->n_words - load->next;
        size_t n = n_steps < left ? n_steps : left;
        const uint64_t *word = load->word + load->next;

        for (size_t i = 0; i < n; i++)
            sum += word[i];
        load->next = n < left ? load->next + n : 0;
        n_steps -= n;
    }
    return sum;
}

uint64_t sks_load_work(sks_load *load, uint64_t n_steps)
{
    uint64_t counted = 0;

    while (n_steps > 0 && !sks_cancel) {
        size_t n = n_steps < SLICE ? (size_t)n_steps : SLICE;

        counted += load->mode == SKS_LOAD_SPIN ? spin(n) : stream(load, n);
        n_steps -= n;
    }
    return counted;
}

static double time_us(sks_load *load, uint64_t n_steps)
{
    double begin_s = sks_monotonic_s();
    volatile uint64_t counted = sks_load_work(load, n_steps); /* used, so done */

    (void)counted;
    return 1e6 * (sks_monotonic_s() - begin_s);
}

static double time_rate(sks_load *load)
{
    uint64_t n_steps = 1024;
    double shortest = INFINITY;
    double left_us = load->mode == SKS_LOAD_SPIN ? WARM_UP_SPIN_US : WARM_UP_MEMORY_US;

    while (left_us > 0 && !sks_cancel)
        left_us -= time_us(load, SLICE);
    while (time_us(load, n_steps) < TIMING_US && n_steps < UINT64_C(1) << 40)
        n_steps *= 2;
    for (int i = 0; i < N_TIMINGS; i++)
        shortest = fmin(shortest, time_us(load, n_steps));
    return (double)n_steps / shortest;
}

sks_status sks_load_calibrate(sks_load_mode mode, size_t size_bytes, double *steps_per_us)
{
    /* The last rate of each mode; the lock guards both. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        size_t size_bytes;
        double rate;
    } known[2];
    sks_load *load;
    sks_status status = SKS_OK;

    if (mode == SKS_LOAD_SPIN)
        size_bytes = 0;
    pthread_mutex_lock(&lock);
    if (known[mode].rate == 0 || known[mode].size_bytes != size_bytes) {
        status = sks_load_create(mode, size_bytes, &load);
        if (status == SKS_OK) {
            known[mode].size_bytes = size_bytes;
            known[mode].rate = time_rate(load);
            sks_load_destroy(load);
        }
    }
    if (status == SKS_OK && sks_cancel) {
        known[mode].rate = 0; /* cut short: means nothing */
        status = sks_fail(SKS_ERR_CANCELLED, "interrupted");
    }
    if (status == SKS_OK)
        *steps_per_us = known[mode].rate;
    pthread_mutex_unlock(&lock);
    return status;
}
