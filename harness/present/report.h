/* The report: campaigns and what they show, on one HTML page that needs nothing else.
 *
 * The page is plots/report.html (looked for where the figures' templates are), in which {{NAME}}
 * stands for what the section of that name has to say. The template has all that looks, and the
 * headings of level 2; the sections write paragraphs, lists, tables and headings of level 3.
 *
 * Numbers   those of `skyscale fit` and `skyscale compare` come from the same fits and comparisons.
 * Threads   none.
 */
#ifndef SKYSCALE_REPORT_H
#define SKYSCALE_REPORT_H

#include "harness/analysis/compare_report.h"
#include "harness/analysis/fit.h"
#include "harness/present/report_measures.h"

#include <stdio.h>

/* Everything is borrowed. */
typedef struct sks_report_campaign {
    const char *path;
    const char *name; /* what the page calls it: unlike the others' */
    const sks_measures *measures;
    const sks_fit *fits; /* [n] */
    size_t n;
    const sks_compared *compared;         /* what is to be thought of its samples */
    const sks_compare_report *schedulers; /* compared among themselves; NULL: there is one only */
} sks_report_campaign;

typedef struct sks_report {
    size_t n_campaigns;
    const sks_report_campaign *campaigns; /* [n_campaigns], the base first */
    const sks_compare_report *comparison; /* of the campaigns; without groups when there is one */
    const char *time_name;                /* "total time" */
    double confidence;
    size_t n_fit_replicates;
    const char *command; /* that makes this page, for a shell */
} sks_report;

/* Errors: SKS_ERR_IO or SKS_ERR_INPUT for the template, SKS_ERR_NOMEM. Whether `out` took it all is
 * the caller's to check. */
sks_status sks_report_write(const sks_report *report, FILE *out);

#endif
