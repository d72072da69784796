/* What the files of the fit's tables share, and the report's with them; for harness/present only.
 */
#ifndef SKYSCALE_FIT_TABLE_PARTS_H
#define SKYSCALE_FIT_TABLE_PARTS_H

#include "harness/present/fit_table.h"
#include "harness/present/table.h"

enum { SKS_FIT_PAGE = 100 }; /* columns */

/* The fits of one kernel, printed together. */
typedef struct sks_fit_section {
    size_t n;
    const sks_fit **fits; /* [n], one for each series */
    char **labels;
    /* The same with the fits of oversubscribed points beside their series: [n_rows]. */
    size_t n_rows;
    const sks_fit **rows;
    char **row_labels;
    const sks_fit_table_options *options;
    const char *unit; /* of times */
    double factor;    /* from seconds to that unit */
    FILE *out;
} sks_fit_section;

/* "1.93..1.97" to two digits of its width, or to as many decimals as given (>= 0); ">= 12" when
 * there is no upper end; "" when none is claimed. */
const char *sks_interval_text(sks_interval interval, int places, char *text, size_t size);

/* The value to as many digits as its interval, where it has one. */
const char *sks_value_text(double value, sks_interval interval, char *text, size_t size);

/* Decimals of speedups, and of parts of a whole such as serial fractions. */
enum { SKS_FRACTION_PLACES = 3 };
int sks_speedup_places(double speedup);

/* The value times `factor`, `mark` behind it and the interval underneath; "-" when not known. */
void sks_estimate_cell(sks_table *table, sks_estimate e, double factor, const char *mark);
/* "+" outside the worker counts of the fit, "!" far beyond them, "" else and where not finite. */
const char *sks_fit_mark(const sks_fit *fit, double n_workers);
/* Marked so. */
void sks_optimum_cell(sks_table *table, const sks_fit *fit, const sks_model_fit *m);

/* "label: text", broken between words at the end of the page. */
void sks_wrapped_line(FILE *out, const char *label, const char *text);

sks_status sks_fit_print_speedups(const sks_fit_section *s);
sks_status sks_fit_print_serial(const sks_fit_section *s);
sks_status sks_fit_print_model(const sks_fit_section *s, size_t model);
void sks_fit_print_model_remarks(const sks_fit_section *s);
sks_status sks_fit_print_predictions(const sks_fit_section *s);

#endif
