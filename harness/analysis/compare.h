/* Comparing the same work done twice: by two campaigns, or by two choices within one campaign.
 *
 * Pairing   Within one campaign a round measures all configurations close together, so samples of
 *           one round are paired: Wilcoxon's signed rank test of the logarithms of their ratios.
 *           Between campaigns nothing pairs them: the rank sum test of Mann and Whitney.
 * Effect    `ratio`: new median over base median, with a bootstrap interval that carries the
 *           scatter of both (percentiles of resampled rounds when paired, BCa when not); `shift`:
 * Hodges and Lehmann's estimate of the same ratio; Cliff's delta. Ratios are of times: below 1 is
 * faster. Verdict   Faster or slower when the test says so at the confidence asked, with Holm's
 * correction over all comparisons made, and the ratio is beyond the practical threshold, and both
 *           agree on the side. Otherwise no difference is shown, which is not: there is none.
 *           Too few samples: whatever they were, these numbers of samples could not have shown a
 *           difference among so many comparisons.
 * Units     seconds.
 * Threads   reentrant.
 * Sources   Hoefler & Belli (2015), SC'15, rules 5 to 8; Wilcoxon (1945); Mann & Whitney (1947);
 *           Fleming & Wallace (1986), CACM 29, 218 (the geometric mean of ratios).
 */
#ifndef SKYSCALE_COMPARE_H
#define SKYSCALE_COMPARE_H

#include "harness/analysis/series.h"
#include "harness/analysis/states.h"
#include "harness/analysis/statistics.h"

typedef struct sks_compare_options {
    double confidence;   /* of all verdicts together, and of every interval */
    double threshold;    /* relative: 0.02 is two per cent, either way */
    size_t n_replicates; /* of the bootstrap */
    uint64_t seed;
} sks_compare_options;
extern const sks_compare_options sks_compare_defaults; /* 0.95, 0.02, 10000, 1 */

/* One configuration on both sides. All borrowed but the label. */
typedef struct sks_match {
    size_t group; /* of comparisons that are summarised together: one new campaign or level */
    const sks_series *base_series, *new_series;
    const sks_point *base, *new;
    bool shares_rounds; /* both sides were measured in the same rounds */
    char *label;        /* what tells it from the others; from malloc, as are … */
    char *work;         /* … its kernel and parameters alone, "" where all have the same … */
    char *choice;       /* … and the rest: scheduler, executor, binding, workers */
} sks_match;

typedef enum sks_change {
    SKS_NO_DIFFERENCE_SHOWN,
    SKS_FASTER,
    SKS_SLOWER,
    SKS_TOO_FEW_SAMPLES,
    SKS_N_CHANGES
} sks_change;
extern const char *const sks_change_name[SKS_N_CHANGES]; /* "no-difference-shown", "faster", … */

typedef struct sks_comparison {
    const sks_match *match;
    bool is_paired;
    size_t n_base, n_new;      /* samples compared; when paired as many rounds */
    size_t n_unpaired;         /* samples left out because the other side lacks their round */
    sks_estimate base, new;    /* medians, with order-statistic intervals */
    sks_estimate ratio, shift; /* new over base */
    double cliffs_delta;       /* P(new > base) - P(new < base) */
    double statistic, p;       /* of the test */
    double least_p;            /* that so many samples can give */
    bool is_exact;
    double p_holm;
    sks_change change;
    bool is_below_threshold; /* a difference is shown, but too small to matter */
} sks_comparison;

/* The summary of one group. */
typedef struct sks_compare_summary {
    size_t n;
    size_t count[SKS_N_CHANGES];
    /* Of the ratios; the interval from resampling rounds, each with all configurations at once. */
    sks_estimate geometric_mean;
} sks_compare_summary;

typedef struct sks_compare_result {
    sks_compare_options options;
    size_t n;
    size_t n_open;               /* of those, without a significant difference */
    sks_comparison *comparisons; /* [n], by group, within it the largest effect first */
    size_t n_groups;
    sks_compare_summary *groups; /* [n_groups] */
} sks_compare_result;

/* Compares all matches, whose groups run from 0. Samples have to be positive: SKS_ERR_INPUT names
 * the one that is not. SKS_ERR_NOMEM. The matches must outlive the result. */
sks_status sks_compare(const sks_match *matches, size_t n, size_t n_groups,
                       const sks_compare_options *options, sks_compare_result *result);
/* The same with those samples only that were taken while the machine was in a state, near or far.
 * states[0] is the base's, states[1 + group] that of each group's campaign. Configurations without
 * such samples on both sides are left out. *selected holds what the result borrows; free it after
 * the result with sks_state_selection_clear. */
typedef struct sks_state_selection {
    size_t n;
    sks_match *matches; /* labels borrowed from the matches selected from */
    sks_point *points;  /* [2 n] */
} sks_state_selection;
sks_status sks_compare_in_state(const sks_match *matches, size_t n, size_t n_groups,
                                const sks_states *states, sks_state state,
                                const sks_compare_options *options, sks_state_selection *selected,
                                sks_compare_result *result);
void sks_state_selection_clear(sks_state_selection *selection); /* accepts one that is all zero */

void sks_compare_clear(sks_compare_result *result); /* accepts one that is all zero */

/* How many rounds (paired), or samples on both sides (not), could have shown a difference in those
 * comparisons that show none. */
size_t sks_compare_needed(const sks_compare_result *result, bool is_paired);

/* Whether the difference is beyond the threshold: symmetric in base and new. */
bool sks_is_beyond(double ratio, double threshold);

#endif
