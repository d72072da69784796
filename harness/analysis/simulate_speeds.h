/* How fast simulated workers are, relative to the one that the costs were measured on.
 *
 * Written as
 *   equal                     1 each
 *   1,1,0.5                   a list, from its beginning again for more workers
 *   slow:part=P,speed=S       a part P of the workers, evenly spread among the others, has speed S
 *   smt:cores=C,speed=S       C cores with two hardware threads each: worker w and worker w + C of
 *                             each 2 C workers share a core, and have speed S when both are there
 * Of SMT pairs the speed is that of two busy threads all the time: a thread whose sibling has run
 * out of work would in truth be faster.
 */
#ifndef SKYSCALE_SIMULATE_SPEEDS_H
#define SKYSCALE_SIMULATE_SPEEDS_H

#include "common/status.h"

#include <stddef.h>

enum { SKS_MAX_SPEEDS = 256 };

typedef struct sks_speeds {
    enum { SKS_SPEEDS_EQUAL, SKS_SPEEDS_LIST, SKS_SPEEDS_SLOW, SKS_SPEEDS_SMT } kind;
    size_t n; /* of the list */
    double list[SKS_MAX_SPEEDS];
    double part, speed;
    unsigned n_cores;
} sks_speeds;

/* SKS_ERR_USAGE; `where` begins the message ("--speeds"). */
sks_status sks_speeds_parse(const char *text, const char *where, sks_speeds *speeds);

/* speed[n_workers]. */
void sks_speeds_fill(const sks_speeds *speeds, unsigned n_workers, double *speed);

#endif
