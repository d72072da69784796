/* The A/A self-check: how often does a comparison call different what is the same?
 *
 * Every configuration's samples are dealt out to two names and compared as if they were two.
 *
 * Interleaved  Of every two samples taken one after the other, one goes to each name, at random:
 *              what is left is the test itself. At confidence 95 % up to 5 % false alarms are what
 *              was asked for; fewer are usual, as drift hits both names alike.
 * Halves       The first half of the samples against the second: what two campaigns one after the
 *              other would have shown. More alarms than 5 % mean that the machine changed in the
 *              meantime, and that comparisons of separate campaigns have to be read with that
 *              in mind.
 *
 * Threads   reentrant.
 * Source    Kohavi, Longbotham, Sommerfield & Henne (2009), Data Min. Knowl. Disc. 18, 140 (A/A
 *           tests).
 */
#ifndef SKYSCALE_SELF_CHECK_H
#define SKYSCALE_SELF_CHECK_H

#include "harness/analysis/compare.h"

enum { SKS_SELF_CHECK_SPLITS = 20 }; /* of every configuration, interleaved */

typedef struct sks_alarms {
    size_t n;        /* comparisons made */
    size_t n_alarms; /* p below 1 - confidence */
    size_t n_called; /* and beyond the threshold: faster or slower, were it compared alone */
} sks_alarms;

typedef struct sks_self_check {
    size_t n_configurations; /* with enough samples for halves to differ */
    size_t n_left_out;       /* with too few */
    sks_alarms interleaved, halves;
    /* Campaigns against themselves: all configurations at once, verdicts as in a comparison (Holm
     * and threshold), and how many of them contained any "faster" or "slower". */
    size_t n_campaigns, n_campaigns_called;
    double rate; /* interleaved.n_alarms / n; NaN for none */
    double halves_rate;
} sks_self_check;

/* Samples have to be positive, as sks_compare makes sure. SKS_ERR_NOMEM. */
sks_status sks_self_check_run(const sks_series *series, size_t n,
                              const sks_compare_options *options, sks_self_check *check);

/* Whether more halves differ than chance lets, by the binomial distribution: the machine changed
 * while the campaign was measured. */
bool sks_self_check_found_change(const sks_self_check *check, const sks_compare_options *options);

/* One line for a table's foot: "A/A self-check: …". */
void sks_self_check_text(const sks_self_check *check, const sks_compare_options *options,
                         char *text, size_t size);

#endif
