/* The figure contract: what can be drawn, one file and one gnuplot template each.
 *
 * A figure writes its data as CSV files, with the names of the columns in their first line, and
 * sets the template's variables; everything that looks is the template's.
 *
 * It says what it reads: campaigns, which then come to it fitted, or files of a kind of its own
 * (tables, images), which it opens itself. Either way the names of all operands are at hand, so a
 * figure of campaigns may also open them to see more than the fits tell.
 *
 * What applies to SVG figures put into one page: they are whole documents, whose XML declaration
 * has to go; ids of curves begin with the figure's name ("speedup_plot_1a"), but those of markers
 * are the same in all, with the same meaning ("gpPt5"), so that the page makes ids unique; there is
 * no style sheet, no script and nothing that is loaded from elsewhere (images are embedded as
 * data). The background is white and text dark. <title> is the figure's name; a text for those who
 * cannot see it has to come from the page.
 */
#ifndef SKYSCALE_FIGURE_H
#define SKYSCALE_FIGURE_H

#include "harness/analysis/fit.h"
#include "harness/present/gnuplot.h"
#include "harness/present/selection.h"

#include <stdio.h>

typedef enum sks_figure_source {
    SKS_FIGURE_OF_CAMPAIGNS = 0,
    SKS_FIGURE_OF_FILES,
} sks_figure_source;

/* What figures are drawn from. Everything is borrowed. */
typedef struct sks_figure_input {
    /* Of campaigns; n = 0 for a figure of files. */
    const sks_fit *fits; /* [n] */
    size_t n;
    const char *const *sources; /* [n], the name of the campaign each fit is of */
    const char *time_name;      /* which time was analysed: "total time" */

    /* What was named on the command line, and how a legend is to name it. */
    const char *const *files; /* [n_files], paths */
    const char *const *names; /* [n_files] */
    size_t n_files;

    sks_selection selection; /* of what the figure reads itself; the fits were chosen by it */
    double peak_flop_per_s, peak_byte_per_s; /* the machine's, for a roof; 0: not known */
    double confidence;    /* of intervals that the figure computes itself, 0 … 1 */
    bool drops_disturbed; /* samples flagged as disturbed, of what it reads itself */
} sks_figure_input;

typedef struct sks_figure {
    const char *name;
    const char *summary;
    const char *needs; /* what has to be in the campaign, for `skyscale list` and errors */
    sks_figure_source reads;
    const char *template; /* "workers.gp" */

    /* Writes CSV files into `directory`, `main_data` among them, and sets the variables of the
     * template, also the paths of those files. SKS_ERR_INPUT: not enough data for this figure;
     * SKS_ERR_USAGE: more than a page can show. */
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

/* The same without leaving data behind. *is_missing: it failed because gnuplot is not there. */
sks_status sks_figure_try(const sks_figure *figure, const sks_figure_input *input,
                          const char *output, bool *is_missing);

/* A temporary directory for drawing, its path from malloc; and its end, with the plain files in it,
 * which frees the path. */
sks_status sks_figure_make_directory(char **directory);
void sks_figure_remove_directory(char *directory);

/* One of a figure's CSV files, NAME.csv in `directory`: `write` fills it with what `context` points
 * to, and the template's variable NAME becomes its path. */
typedef void sks_figure_writer(const void *context, FILE *file);
sks_status sks_figure_csv(const char *directory, const char *name, sks_figure_writer *write,
                          const void *context, sks_gnuplot *plot);

/* A cell and what ends it, a comma or a line feed (RFC 4180): what is not known is an empty cell,
 * text is quoted. */
void sks_csv_number(FILE *file, double value, char end);
void sks_csv_text(FILE *file, const char *text, char end);

/* What a page of 17 cm x 25 cm shows so that it can be read: curves told apart by colour and
 * marker, panels of a grid, and rows of text, bars or marks with the titles and axes of their
 * panels. */
enum { SKS_MOST_ENTRIES = 12, SKS_MOST_PANELS = 12, SKS_MOST_ROWS = 84, SKS_ROWS_OF_A_TITLE = 6 };

/* SKS_ERR_USAGE, naming the options that choose among series, where there is more than that. */
sks_status sks_figure_check_grid(const char *figure, size_t n_entries, size_t n_panels);
sks_status sks_figure_check_rows(const char *figure, size_t n_rows, size_t n_panels);

/* The same of panels with rows[n_panels] each, whose names have at most `longest` letters: in two
 * columns where one is not enough and the names leave room. Sets n_columns. */
sks_status sks_figure_set_columns(const char *figure, const size_t *rows, size_t n_panels,
                                  size_t longest, sks_gnuplot *plot);

/* Sets unit and unit_s: s, ms or µs, in which `greatest_s` is a number people read easily. */
void sks_figure_time_unit(double greatest_s, sks_gnuplot *plot);

#endif
