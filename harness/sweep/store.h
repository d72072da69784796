/* The campaign database: every sample of one sweep on one machine, in one SQLite file.
 * docs/campaign-database.md describes the tables.
 *
 * Use        For writing: sks_store_open, sks_store_enter_plan (which makes a new database, or
 *            finds out whether the one that is there belongs to this plan), then sks_store_add
 *            once per run: when it returns the sample is on the disk, whole. For reading:
 *            sks_store_open_read.
 * Processes  One writer at a time; a second one is refused. Readers are free to come and go, also
 *            while a campaign is being measured. A process has one store open per file: closing
 *            another descriptor of the same file would drop the locks that SQLite holds on it.
 * Errors     one line that begins with the database's name. SKS_ERR_IO (missing, locked, full
 *            disk), SKS_ERR_INPUT (not a campaign, newer schema, damaged), SKS_ERR_USAGE (another
 *            plan than the one asked for).
 * Threads    one at a time.
 */
#ifndef SKYSCALE_STORE_H
#define SKYSCALE_STORE_H

#include "harness/analysis/series.h"
#include "harness/measure/run.h"
#include "harness/measure/schedule_file.h"
#include "harness/sweep/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sks_store sks_store;

/* For writing. Makes the file when there is none; it vanishes again on closing if no plan was
 * entered. */
sks_status sks_store_open(const char *path, sks_store **store);
sks_status sks_store_open_read(const char *path, sks_store **store);
void sks_store_close(sks_store *store); /* accepts NULL */

/* Of a new database: enters plan, inputs (with the digests of their contents) and `machine` (a JSON
 * text). Of one with samples: SKS_ERR_USAGE naming the first difference between its plan and this
 * one. In either case the database now knows plan->items by their index. */
sks_status sks_store_enter_plan(sks_store *store, const sks_plan *plan, const char *machine);

/* One run as it goes into the database. */
typedef struct sks_outcome {
    size_t item;    /* index in the plan */
    unsigned round; /* from 0, warm-ups included */
    bool is_warmup;
    char started_at[32];      /* UTC, ISO 8601 */
    double wall_s;            /* of the whole run with what is not timed; NaN: not known */
    const char *failure;      /* NULL: all is well */
    const sks_record *record; /* NULL when the run gave none */
} sks_outcome;

/* One transaction. */
sks_status sks_store_add(sks_store *store, const sks_outcome *outcome);

/* Flags measured samples that were taken before their configuration had settled: those of rounds
 * before settled[item]; 0: none. [n_items of the plan] */
sks_status sks_store_mark_settling(sks_store *store, const unsigned *settled);

/* What the runner has to know of a sample. */
typedef struct sks_sample {
    size_t item; /* index in the plan */
    unsigned round;
    bool is_warmup;
    bool is_failed;
    double total_s; /* NaN for none */
    double wall_s;  /* NaN for none */
} sks_sample;

/* All samples in the order they were taken; the caller frees the array. After enter_plan. */
sks_status sks_store_samples(sks_store *store, sks_sample **samples, size_t *n);

/* The digest of the first good sample of the item's kernel with its parameters; *is_known is false
 * when there is none. */
sks_status sks_store_digest(sks_store *store, size_t item, sks_digest *digest, bool *is_known);

/* The message of the first failed sample, from malloc; NULL when none failed. */
sks_status sks_store_first_failure(sks_store *store, char **message);

/* One series per set of configurations that differ in workers only, in plan order, for the time
 * "total" (with the part of it outside the parallel phase), "core" (what a worker spent in the
 * kernel, on average), "startup", "prepare", "parallel" or "finish".
 *
 * Or for a quantity that is no time, though it stands where series keep seconds: "imbalance",
 * "overhead" (s per chunk), "chunks", "start-skew" (s), "switches", "major-faults", "steal" (s),
 * "other-load" (s), "frequency" (Hz), "latency" (s, before the run), "counter:EVENT" (sum over the
 * workers). Samples that lack it are left out.
 *
 * Warm-ups and failed samples are left out, and with them points and series that have nothing else.
 * Free with sks_series_free. */
sks_status sks_store_series(sks_store *store, const char *time_name, sks_series **series,
                            size_t *n);

/* The configurations whose chunks are known (`record: chunks`), one for each kernel with its
 * parameters: that with the fewest workers, and of these with the most chunks. Weak scaling is left
 * out. Free with sks_logged_free. */
typedef struct sks_logged {
    int64_t configuration; /* its id */
    char *kernel;
    char *parameters;     /* "name=value,name=value" */
    char *all_parameters; /* as in a series */
    char *executor;
    char *scheduler;
    unsigned n_workers;
    size_t n_tasks;
} sks_logged;
sks_status sks_store_logged(sks_store *store, sks_logged **logged, size_t *n);
void sks_logged_clear(sks_logged *logged);
void sks_logged_free(sks_logged *logged, size_t n); /* accepts NULL */

/* Gives every chunk of the configuration's good samples to `take`, with the seconds it took; sample
 * by sample. Ends with the first failure of `take`. */
sks_status sks_store_each_chunk(sks_store *store, const sks_logged *logged,
                                sks_status (*take)(void *context, int64_t sample, sks_range tasks,
                                                   double seconds),
                                void *context);

/* One run whose chunks are known. */
typedef struct sks_stored_run {
    int64_t sample;    /* its id */
    sks_series series; /* what was run, without points */
    unsigned n_workers;
    size_t n_tasks, n_chunks;
    size_t n_samples; /* of its configuration, of which it is the one in the middle */
} sks_stored_run;

/* Of each series whose chunks are known, at its greatest worker count: the good sample with the
 * median time of the parallel phase. In plan order. Free with sks_stored_runs_free. */
sks_status sks_store_median_runs(sks_store *store, sks_stored_run **runs, size_t *n);
void sks_stored_runs_free(sks_stored_run *runs, size_t n); /* accepts NULL */

/* Its chunks as a schedule without a title; fewer than n_chunks where the log had no room. Clear it
 * with sks_schedule_clear. */
sks_status sks_store_run_chunks(sks_store *store, const sks_stored_run *run,
                                sks_schedule *schedule);

#endif
