#include "harness/present/layout.h"

#include "common/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sks_layout_clear(sks_layout *layout)
{
    for (size_t i = 0; layout->label != NULL && i < layout->n; i++)
        free(layout->label[i]);
    free(layout->panel);
    free(layout->entry);
    free(layout->label);
}

/* With several campaigns a label ends with the name of its own. */
static sks_status add_source(const sks_layout *layout, size_t i, char **label)
{
    bool is_alone = true;
    char *longer;

    for (size_t j = 0; j < layout->n; j++)
        is_alone = is_alone && strcmp(layout->items[j].source, layout->items[i].source) == 0;
    if (is_alone)
        return SKS_OK;
    if (asprintf(&longer, "%s, %s", *label, layout->items[i].source) < 0)
        return sks_fail_nomem("label");
    free(*label);
    *label = longer;
    return SKS_OK;
}

/* Labels the items of one panel: what tells them apart among themselves. */
static sks_status label_panel(size_t panel, bool with_kernel, sks_layout *layout)
{
    const sks_series **series = calloc(layout->n, sizeof(*series));
    sks_status status = SKS_OK;
    size_t n = 0, k = 0;

    if (series == NULL)
        return sks_fail_nomem("labels");
    for (size_t i = 0; i < layout->n; i++)
        if (layout->panel[i] == panel)
            series[n++] = layout->items[i].series;
    for (size_t i = 0; status == SKS_OK && i < layout->n; i++)
        if (layout->panel[i] == panel) {
            status = sks_series_label(series, n, k++, with_kernel, &layout->label[i]);
            if (status == SKS_OK)
                status = add_source(layout, i, &layout->label[i]);
        }
    free(series);
    return status;
}

static void number_panels(sks_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++) {
        for (size_t j = 0; j < i && layout->panel[i] == 0; j++)
            if (strcmp(layout->items[j].panel, layout->items[i].panel) == 0)
                layout->panel[i] = layout->panel[j];
        if (layout->panel[i] == 0)
            layout->panel[i] = ++layout->n_panels;
    }
}

static void number_entries(sks_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++) {
        for (size_t j = 0; j < i && layout->entry[i] == 0; j++)
            if (strcmp(layout->label[j], layout->label[i]) == 0)
                layout->entry[i] = layout->entry[j];
        if (layout->entry[i] == 0)
            layout->entry[i] = ++layout->n_entries;
    }
}

sks_status sks_layout_arrange(const sks_layout_item *items, size_t n, bool with_kernel,
                              sks_layout *layout)
{
    sks_status status = SKS_OK;

    *layout = (sks_layout){.items = items, .n = n};
    layout->panel = calloc(n + 1, sizeof(*layout->panel));
    layout->entry = calloc(n + 1, sizeof(*layout->entry));
    layout->label = calloc(n + 1, sizeof(*layout->label));
    if (layout->panel == NULL || layout->entry == NULL || layout->label == NULL)
        return sks_fail_nomem("layout of a figure");
    number_panels(layout);
    for (size_t p = 1; status == SKS_OK && p <= layout->n_panels; p++)
        status = label_panel(p, with_kernel, layout);
    if (status == SKS_OK)
        number_entries(layout);
    return status;
}

size_t sks_layout_longest(const sks_layout *layout)
{
    size_t longest = 0;

    for (size_t i = 0; i < layout->n; i++)
        longest = strlen(layout->label[i]) > longest ? strlen(layout->label[i]) : longest;
    return longest;
}

void sks_layout_set(const sks_layout *layout, sks_gnuplot *plot)
{
    size_t panels = 0, entries = 0;

    sks_gnuplot_number(plot, "n_panels", (double)layout->n_panels);
    sks_gnuplot_number(plot, "n_entries", (double)layout->n_entries);
    /* Numbers were given in order of first appearance. */
    for (size_t i = 0; i < layout->n; i++) {
        if (layout->panel[i] > panels)
            sks_gnuplot_text_i(plot, "panel_title", ++panels, layout->items[i].panel);
        if (layout->entry[i] > entries)
            sks_gnuplot_text_i(plot, "label", ++entries, layout->label[i]);
    }
}
