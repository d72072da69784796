/* Whether what was dispatched is what the scheduler's name promises. Other libraries silently run
 * another rule than the one asked for; here a run that has a log can tell.
 *
 * The rule is run again, without any work, and its chunks are held against the log: for a rule
 * with fixed owners each worker's chunks in order, for one with fixed chunks the set of all. What
 * depends on timing can only be checked for covering the loop exactly once.
 */
#ifndef SKYSCALE_RULE_CHECK_H
#define SKYSCALE_RULE_CHECK_H

#include "harness/measure/chunk_log.h"
#include "schedulers/scheduler.h"

typedef enum sks_rule_verdict {
    SKS_RULE_UNKNOWN, /* no log, or one that lost chunks */
    SKS_RULE_DIFFERS,
    SKS_RULE_COVERS, /* every task once; more cannot be said of this rule */
    SKS_RULE_AGREES,
} sks_rule_verdict;
extern const char *const sks_rule_verdict_name[]; /* "unknown", "differs", … */

typedef struct sks_rule_check {
    sks_rule_verdict verdict;
    char text[160]; /* one line: what was compared, or the first difference */
} sks_rule_check;

/* `loop` is the one that was run. `is_joined`: the log may show neighbouring chunks of one worker
 * as one (openmp, which shows iterations only). Fails for want of memory only. */
sks_status sks_rule_check_logs(const sks_scheduler *scheduler, const sks_loop *loop,
                               const sks_chunk_log *logs, bool is_joined, sks_rule_check *check);

#endif
