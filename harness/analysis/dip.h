/* Hartigan's dip: how far a sample is from any distribution with a single peak.
 *
 * Threads   reentrant.
 * Sources   Hartigan & Hartigan (1985), Ann. Stat. 13, 70; Hartigan (1985), Applied Statistics 34,
 *           320 (algorithm AS 217), with the corrections of R's package diptest (Maechler).
 */
#ifndef SKYSCALE_DIP_H
#define SKYSCALE_DIP_H

#include "common/status.h"

#include <stddef.h>

/* The dip of sorted[n], n >= 1: the greatest distance between the empirical distribution function
 * and the unimodal one nearest to it. SKS_ERR_NOMEM. */
sks_status sks_dip(const double *sorted, size_t n, double *dip);

/* Probability of a dip this large from n uniform numbers, the unimodal distribution that gives the
 * largest; by interpolation in a simulated table, below 0.001 by extrapolation. NaN below 6 values.
 */
double sks_dip_p(double dip, size_t n);

#endif
