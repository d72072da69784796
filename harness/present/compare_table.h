/* A comparison as text: one table per campaign or level compared, its summary, what was found in
 * one campaign only, and how far to believe it. */
#ifndef SKYSCALE_COMPARE_TABLE_H
#define SKYSCALE_COMPARE_TABLE_H

#include "harness/analysis/compare_report.h"

#include <stdio.h>

/* SKS_ERR_NOMEM. Whether `out` took it all is the caller's to check. */
sks_status sks_compare_table_print(const sks_compare_report *report, FILE *out);

/* How the intervals of these ratios, and their p, were found: with rounds that pair the samples, or
 * without, or both in one table. */
typedef struct sks_compare_methods {
    const char *interval;
    const char *test;
} sks_compare_methods;
sks_compare_methods sks_compare_methods_of(const sks_compare_result *result);

/* How far to believe one campaign's samples: the A/A self-check, and what was found in them. */
void sks_compared_print(const sks_compared *campaign, const sks_compare_options *options,
                        FILE *out);

#endif
