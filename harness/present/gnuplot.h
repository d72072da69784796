/* Draws a gnuplot template into a file.
 *
 * The template is a plain .gp file; what it needs to know comes to it as variables (-e name=value)
 * and as CSV files. gnuplot is started directly, without a shell and without the user's start-up
 * files; what it draws comes back through a pipe and is written here, to a file that takes its name
 * only when it is complete.
 *
 * What all figures share is in style.gp (page, fonts, colours) and grid.gp (panels and legend),
 * which templates load; their paths come as the variables `style` and `grid`.
 *
 * Templates are looked for in the directory named by SKYSCALE_PLOTS, then where they are installed,
 * then in the source tree.
 */
#ifndef SKYSCALE_GNUPLOT_H
#define SKYSCALE_GNUPLOT_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_gnuplot sks_gnuplot;

sks_status sks_gnuplot_create(sks_gnuplot **plot);
void sks_gnuplot_destroy(sks_gnuplot *plot); /* accepts NULL */

/* Variables of the template, as gnuplot's text (any text; line ends become blanks) and numbers. An
 * allocation that fails is remembered and reported by sks_gnuplot_draw. */
void sks_gnuplot_text(sks_gnuplot *plot, const char *name, const char *value);
void sks_gnuplot_number(sks_gnuplot *plot, const char *name, double value);

/* The same with a number appended to the name: label_1, label_2, … */
void sks_gnuplot_text_i(sks_gnuplot *plot, const char *name, size_t i, const char *value);
void sks_gnuplot_number_i(sks_gnuplot *plot, const char *name, size_t i, double value);

/* Draws templates/`template` into `output`, whose ending (.svg, .pdf, .png) chooses the format; the
 * template sees it as `terminal` = 'svg', 'pdfcairo' or 'pngcairo'. *is_missing (may be NULL): the
 * failure is that gnuplot is not installed. `directory` takes what gnuplot has to say meanwhile. */
sks_status sks_gnuplot_draw(sks_gnuplot *plot, const char *template, const char *directory,
                            const char *output, bool *is_missing);

/* The path of a template, from malloc; SKS_ERR_IO when it is in none of the directories. */
sks_status sks_plots_find(const char *template, char **path);

/* SKS_ERR_USAGE when the ending of `output` is not one of the three. */
sks_status sks_gnuplot_check_output(const char *output);

#endif
