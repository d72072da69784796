/* HTML for the report: escaped text, tables whose cells carry their numbers, and values with their
 * intervals.
 *
 * Everything that comes from a campaign goes through sks_html_text or sks_html_printf; tags are
 * written with fputs and fprintf by the report alone. Escaping serves both text and attributes in
 * double quotes. Control characters and what is not UTF-8 become U+FFFD, as HTML has no way to
 * write them.
 *
 * Numbers   a cell shows a rounded number and carries it in full in data-value, by which the page
 *           sorts, and its interval in data-low and data-high. Not known: "–", and no data-value.
 * Threads   none: one thread per file.
 */
#ifndef SKYSCALE_REPORT_HTML_H
#define SKYSCALE_REPORT_HTML_H

#include "harness/analysis/statistics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void sks_html_text(FILE *out, const char *text);

/* The formatted text, escaped. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sks_html_printf(FILE *out, const char *format, ...);

/* A heading of level 3, or another element with formatted text in it. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void sks_html_element(FILE *out, const char *name, const char *format, ...);

/* A table with one row of heads; `caption` names it, for those too who do not see it. Rows are
 * begun with their own head; cells follow. */
void sks_html_table_begin(FILE *out, const char *caption, const char *const *heads, size_t n);
void sks_html_table_end(FILE *out);
void sks_html_row_begin(FILE *out, const char *head);
void sks_html_row_end(FILE *out);

/* The same in parts where it would be longer than people read: one table for each group of rows,
 * each folded away under its name. Members are the functions' own; `caption` and `heads` are
 * borrowed. */
typedef struct sks_html_parts {
    FILE *out;
    const char *caption;
    const char *const *heads; /* [n] */
    size_t n;
    bool are_apart;
    const char *group; /* of the part that is open; NULL before the first */
} sks_html_parts;

void sks_html_parts_begin(sks_html_parts *parts, FILE *out, const char *caption,
                          const char *const *heads, size_t n, size_t n_rows);
/* Before each row: which group it belongs to. Rows of a group follow each other; the name is
 * borrowed until the next call. */
void sks_html_parts_row(sks_html_parts *parts, const char *group);
void sks_html_parts_end(sks_html_parts *parts);

void sks_html_text_cell(FILE *out, const char *text);
void sks_html_count_cell(FILE *out, size_t n);
/* The number as it is, shown to four digits times `factor` with `unit` behind it. */
void sks_html_number_cell(FILE *out, double value, double factor, const char *unit);
/* A time with a unit of its own: "12.3 ms", and its interval. */
void sks_html_time_cell(FILE *out, sks_estimate seconds);
/* To as many digits as the interval tells apart, `mark` behind them. Infinite: "no limit". */
void sks_html_estimate_cell(FILE *out, sks_estimate e, double factor, const char *mark);
/* To `places` decimals. */
void sks_html_ratio_cell(FILE *out, sks_estimate e, int places);

/* For sentences, escaped where needed: "12.3 ms", "1.87 (1.80..1.95)". */
void sks_html_time(FILE *out, double seconds);
void sks_html_time_estimate(FILE *out, sks_estimate seconds);
void sks_html_estimate(FILE *out, sks_estimate e, double factor);

#endif
