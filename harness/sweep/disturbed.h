/* The rule by which a sample is flagged as disturbed.
 *
 * A limit for each kind of disturbance stands in the sweep file (`disturbed:`) and in the database
 * (campaign, key "disturbed.NAME"); the rule itself is SQL over the recorded noise. So flags are
 * derived from the raw record whenever they are asked for: a campaign's limits can be changed
 * afterwards and nothing is ever dropped for good. "off" switches one kind off.
 *
 * Threads  read-only.
 */
#ifndef SKYSCALE_DISTURBED_H
#define SKYSCALE_DISTURBED_H

#include "common/status.h"

enum {
    SKS_DISTURBED_SWITCHES,
    SKS_DISTURBED_STEAL,
    SKS_DISTURBED_OTHER_LOAD,
    SKS_DISTURBED_START_SKEW,
    SKS_DISTURBED_LATENCY,
    SKS_DISTURBED_MAJOR_FAULTS,
    SKS_DISTURBED_WARMUP,
    SKS_N_DISTURBANCES
};

typedef struct sks_disturbance {
    const char *name;         /* in the sweep file */
    const char *reason;       /* what a flagged sample says */
    const char *default_text; /* limit */
    double min, max;          /* of the limit */
    const char *unit;         /* "%" or NULL */
    const char *help;         /* what is too much, one line */
    const char *condition;    /* SQL on sample s and configuration c; # stands for the limit */
} sks_disturbance;

extern const sks_disturbance sks_disturbance_table[SKS_N_DISTURBANCES];

/* An SQL expression over sample s and configuration c: the reasons why the sample is disturbed,
 * separated by "; ", or ''. From malloc. */
sks_status sks_disturbed_sql(char **sql);

#endif
