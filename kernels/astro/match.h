/* Matching of found stars with inserted ones, in x, y and magnitude.
 *
 * Authors' rule (Singh, Browne & Butler 2013): an inserted star is recovered when any found star
 * lies within `xy` of it in x and in y and within `mag` in magnitude, all limits included.
 * Whatever was there before counts too, and one found star may recover two.
 *
 * Strict rule: pairs within the same limits are made one to one, nearest first; and a found star
 * that the image had before (one of `before` lies within `xy` in both axes and `mag` in magnitude
 * of it) recovers nothing.
 */
#ifndef SKYSCALE_ASTRO_MATCH_H
#define SKYSCALE_ASTRO_MATCH_H

#include "kernels/astro/stars.h"

typedef struct sks_match_options {
    double xy;  /* px */
    double mag; /* mag */
    bool is_strict;
} sks_match_options;

enum { SKS_NO_MATCH = -1 };

/* Sets match[i] to the index of the found star that recovers inserted star i (the nearest, by
 * distance) or SKS_NO_MATCH. Found stars without magnitude (NaN) match nothing. `before` (strict
 * rule only) are the stars found in the image without added ones. SKS_ERR_NOMEM. */
sks_status sks_match(const sks_match_options *options, const sks_star *inserted, size_t n_inserted,
                     const sks_star *found, size_t n_found, const sks_star *before, size_t n_before,
                     long *match);

/* Whether a found star at (x, y) is within `xy` of any inserted one in both axes: only those need
 * a magnitude. */
bool sks_match_is_candidate(const sks_match_options *options, const sks_star *inserted,
                            size_t n_inserted, double x, double y);

#endif
