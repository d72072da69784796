/* Where the series of a figure go: which panel, and which entry of the legend.
 *
 * Items with the same panel text share a panel. Within one an item's label is what tells its series
 * from the others there, and ends with the name of its campaign when there are several. Items with
 * the same label share an entry, so that a scheduler has one colour in all panels.
 *
 * Ownership  items and their texts are borrowed; a layout owns its labels.
 * Threads    read-only once arranged.
 */
#ifndef SKYSCALE_LAYOUT_H
#define SKYSCALE_LAYOUT_H

#include "harness/analysis/series.h"
#include "harness/present/gnuplot.h"

typedef struct sks_layout_item {
    const sks_series *series;
    const char *source; /* the name of its campaign */
    const char *panel;  /* the panel's title */
} sks_layout_item;

typedef struct sks_layout {
    const sks_layout_item *items; /* [n] */
    size_t n;
    size_t *panel; /* [n], numbers from 1, as gnuplot counts */
    size_t *entry; /* [n], as well */
    char **label;  /* [n] */
    size_t n_panels, n_entries;
} sks_layout;

/* with_kernel: the kernel is part of a label where not all have the same. SKS_ERR_NOMEM; clear the
 * layout in any case. */
sks_status sks_layout_arrange(const sks_layout_item *items, size_t n, bool with_kernel,
                              sks_layout *layout);
void sks_layout_clear(sks_layout *layout);

/* The length of the longest label, in bytes. */
size_t sks_layout_longest(const sks_layout *layout);

/* Sets n_panels, n_entries, panel_title_P and label_E. */
void sks_layout_set(const sks_layout *layout, sks_gnuplot *plot);

#endif
