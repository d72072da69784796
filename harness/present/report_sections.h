/* The sections of the report; for harness/present/report*.c only. */
#ifndef SKYSCALE_REPORT_SECTIONS_H
#define SKYSCALE_REPORT_SECTIONS_H

#include "harness/present/report.h"

/* Each writes what stands under its heading of level 2. SKS_ERR_NOMEM. */
typedef sks_status sks_report_section(const sks_report *report, FILE *out);

sks_report_section sks_report_summary;
sks_report_section sks_report_machines;
sks_report_section sks_report_figures;
sks_report_section sks_report_speedups;
sks_report_section sks_report_fits;
sks_report_section sks_report_comparison;
sks_report_section sks_report_schedulers;
sks_report_section sks_report_phases;
sks_report_section sks_report_imbalance;
sks_report_section sks_report_counters;
sks_report_section sks_report_noise;
sks_report_section sks_report_rules;
sks_report_section sks_report_method;
sks_report_section sks_report_again;

/* The heading of what is said of one campaign; none when the report is of one only. */
void sks_report_heading(const sks_report *report, const sks_report_campaign *campaign, FILE *out);

/* "Phases" for the only campaign, "Phases: base.db" otherwise; from malloc, NULL without memory. */
char *sks_report_caption(const sks_report *report, const sks_report_campaign *campaign,
                         const char *what);

/* How many rows a table of the campaign's configurations has, one for each number of workers. */
size_t sks_report_rows(const sks_report_campaign *campaign);

/* What to call each of the campaign's series, kernel and all; freed with sks_report_labels_free. */
sks_status sks_report_labels(const sks_report_campaign *campaign, char ***labels);
void sks_report_labels_free(char **labels, size_t n); /* accepts NULL */

#endif
