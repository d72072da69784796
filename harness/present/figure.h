/* The figure contract: what can be drawn of a campaign, one file and one gnuplot template each.
 *
 * A figure writes its data as CSV files, with the names of the columns in their first line, and
 * sets the template's variables; everything that looks is the template's.
 */
#ifndef SKYSCALE_FIGURE_H
#define SKYSCALE_FIGURE_H

#include "harness/analysis/fit.h"
#include "harness/present/gnuplot.h"

/* What figures are drawn from. Everything is borrowed. */
typedef struct sks_figure_input {
    const sks_fit *fits; /* [n] */
    size_t n;
    const char *const *sources; /* [n], the campaign each fit is of */
    const char *time_name;      /* which time was analysed: "total time" */
} sks_figure_input;

typedef struct sks_figure {
    const char *name;
    const char *summary;
    const char *needs;    /* what has to be in the campaign, for `skyscale list` and errors */
    const char *template; /* "speedup.gp" */

    /* Writes CSV files into `directory`, `main_data` among them, and sets the variables of the
     * template, also the paths of those files. SKS_ERR_INPUT: not enough data for this figure. */
    const char *main_data; /* "points.csv": what is kept when gnuplot is not there to draw it */
    sks_status (*write)(const sks_figure_input *input, const char *directory, sks_gnuplot *plot);
} sks_figure;

/* All figures; ends with NULL. */
extern const sks_figure *const sks_figure_table[];

/* By name; SKS_ERR_USAGE with the nearest name when there is none. */
sks_status sks_figure_find(const char *name, const sks_figure **figure);

/* Draws into `output` (.svg, .pdf, .png), which is there complete or not at all. Without gnuplot
 * the data is left as OUTPUT with the ending .csv, unless that is a file of another kind; the
 * message says so. */
sks_status sks_figure_draw(const sks_figure *figure, const sks_figure_input *input,
                           const char *output);

#endif
