/* Finding warm-up that outlasts the warm-up rounds.
 *
 * The first samples of a configuration are held against its own later half: while they lie outside
 * [Q1 - k IQR, Q3 + k IQR] of the later half, on whichever side, the configuration is still
 * settling. The first one inside ends it. Slow first runs (cold caches, pages not yet touched) show
 * so as well as fast ones (a clock that falls once the processor is hot).
 *
 * Source   Tukey (1977), Exploratory Data Analysis, section 2C: "far out" is k = 3.
 * Threads  reentrant.
 */
#ifndef SKYSCALE_SETTLING_H
#define SKYSCALE_SETTLING_H

#include <stddef.h>

/* How many of the first of seconds[n], in the order measured, are not settled yet; 0 when there are
 * fewer than 12, too few to judge by. work[n]. */
size_t sks_count_settling(const double *seconds, size_t n, double k, double *work);

#endif
