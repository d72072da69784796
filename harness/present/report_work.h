/* The pieces of work in a campaign: what was computed, whatever computed it. Series of the same
 * kernel with the same parameters are one piece of work, done by several schedulers, executors and
 * numbers of workers; the report tells which did it best.
 *
 * Ownership  works borrow fits and series, and own their labels and lists.
 * Threads    reentrant.
 */
#ifndef SKYSCALE_REPORT_WORK_H
#define SKYSCALE_REPORT_WORK_H

#include "harness/present/report.h"

typedef struct sks_work_done {
    char *label; /* the kernel, and the parameters in which it is not alike another one */
    size_t n;
    const sks_fit **fits; /* [n] */
    /* The least median time of all, and where; NULL for weak scaling, where the work differs. */
    const sks_fit *best_fit;
    const sks_point_fit *best;
} sks_work_done;

typedef struct sks_works {
    size_t n;
    sks_work_done *works;
} sks_works;

/* In the order of the series. SKS_ERR_NOMEM. */
sks_status sks_works_find(const sks_fit *fits, size_t n, sks_works *works);

/* Labels the works of all campaigns anew, so that those of one kernel whose parameters differ are
 * told apart across campaigns too. SKS_ERR_NOMEM. */
sks_status sks_works_label(sks_works *all, size_t n_campaigns);
void sks_works_clear(sks_works *works); /* accepts one that is all zero */

bool sks_is_same_work(const sks_series *a, const sks_series *b);

/* The samples behind a fit's point. */
const sks_point *sks_point_of(const sks_fit *fit, const sks_point_fit *point);

/* The best against every other scheduler with the same executor, binding and workers; a match's
 * label is the scheduler's. None of both: *n = 0. Freed with sks_matches_free. */
sks_status sks_work_match_schedulers(const sks_work_done *work, sks_match **matches, size_t *n);

/* The best against the other worker counts of its series. */
sks_status sks_work_match_workers(const sks_work_done *work, sks_match **matches, size_t *n);
void sks_matches_free(sks_match *matches, size_t n); /* accepts NULL */

/* Says which campaigns are faster than the first one, at which of its works. SKS_ERR_NOMEM. */
sks_status sks_report_faster(const sks_report *report, const sks_works *works, FILE *out);

#endif
