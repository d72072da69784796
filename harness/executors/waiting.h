/* Waiting for what another process or thread is about to do, by looking again and again, without
 * being in the way of whoever has to do it, nor of other programs.
 *
 * Threads  any; each with a wait of its own.
 */
#ifndef SKYSCALE_WAITING_H
#define SKYSCALE_WAITING_H

#include "harness/measure/clock.h"

#include <stdbool.h>

typedef struct sks_wait {
    double begin_s;
    unsigned n_looks;
} sks_wait;

static inline sks_wait sks_wait_begin(void)
{
    return (sks_wait){.begin_s = sks_now_s()};
}

/* Between two looks. The first times it just gives way; then, when somebody needs the processor
 * (`is_crowded`, or found out), it asks for a sleep by returning its seconds: as short as possible
 * at first, after a millisecond a sixteenth of what the waiting has lasted already, at most
 * `at_most_s`, so that the waiting lasts hardly longer for it. 0: look again. */
double sks_wait_pause_s(sks_wait *wait, bool is_crowded, double at_most_s);

/* The same, with the sleep. */
void sks_wait_a_little(sks_wait *wait, bool is_crowded, double at_most_s);

#endif
