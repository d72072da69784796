/* What the parts of a comparison share; for harness/analysis/compare*.c only. */
#ifndef SKYSCALE_COMPARE_PARTS_H
#define SKYSCALE_COMPARE_PARTS_H

#include "harness/analysis/compare.h"

/* The samples of both sides that are compared. */
typedef struct sks_sides {
    bool is_paired;
    size_t n[2];        /* base, new */
    double *seconds[2]; /* in the order of rounds; paired: index by index */
    double *sorted[2];
    unsigned *rounds[2];
} sks_sides;

/* Paired where rounds are shared, unless that would leave out more than half of a side. */
sks_status sks_sides_create(const sks_match *match, sks_sides *sides);
void sks_sides_clear(sks_sides *sides);

/* The round of a sample; its number where rounds are not known. */
unsigned sks_round_of(const sks_point *point, size_t i);

/* Fills result->groups from result->comparisons, which are in their final order. */
sks_status sks_summarise_groups(sks_compare_result *result);

#endif
