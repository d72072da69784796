/* What was measured beside the times that are fitted: phases, imbalance, overhead, work, for the
 * figures that show them. Read from the campaigns themselves.
 *
 * Ownership  a set owns its series; names of campaigns are the input's.
 */
#ifndef SKYSCALE_QUANTITIES_H
#define SKYSCALE_QUANTITIES_H

#include "harness/present/figure.h"

typedef struct sks_quantity {
    sks_series *series; /* [n], of all campaigns one after the other; `seconds` hold the quantity */
    const char **sources; /* [n], the name of the campaign each is of */
    size_t n;
} sks_quantity;

/* `name` as sks_store_series takes it: "imbalance", "overhead", "total". A campaign without any
 * such value adds nothing. Clear the set in any case. */
sks_status sks_quantity_read(const sks_figure_input *input, const char *name,
                             sks_quantity *quantity);
void sks_quantity_clear(sks_quantity *quantity); /* accepts one that is all zero */

/* The median with its interval; sorts the point's values. */
sks_estimate sks_point_median(sks_point *point, double confidence);

/* The point of the same configuration in another set; NULL when that has none. */
sks_point *sks_quantity_point(const sks_quantity *quantity, const char *source,
                              const sks_series *series, unsigned n_workers);

#endif
