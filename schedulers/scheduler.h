/* The scheduler contract: a rule that hands the tasks of a loop to workers, chunk by chunk.
 *
 * The life of one loop. One thread asks state_size(), provides that many bytes on a
 * SKS_CACHE_LINE boundary (heap, shared mapping, a simulator's table: the state holds no pointers)
 * and calls init(). Then every worker w in [0, n_workers) calls next(state, w, &tasks) until it
 * says false, computing each range it gets; when `done` is not NULL the worker reports each range
 * with the seconds it took, before asking for another. Nothing has to be released afterwards.
 * explain() and stats() may be asked after the last worker has heard false.
 *
 * Promises of every scheduler
 *   - the ranges given to all workers together cover [0, n_tasks) exactly once; none is empty;
 *   - after false, that worker keeps getting false;
 *   - next() neither allocates nor makes a blocking system call;
 *   - next() and done() may be called by all workers at once, but for one worker number by one
 *     thread at a time.
 *
 * Limits   n_tasks up to SIZE_MAX / 2; n_workers from 1 to SKS_MAX_WORKERS.
 * Errors   init() fails with SKS_ERR_USAGE when options and loop do not fit each other.
 *
 * This folder and common/ need nothing but a C11 library, so the rules can be lifted into another
 * program: link libskyscale_schedulers and include <skyscale/schedulers/scheduler.h>.
 */
#ifndef SKYSCALE_SCHEDULER_H
#define SKYSCALE_SCHEDULER_H

#include "common/param.h"
#include "common/range.h"
#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Two lines: processors of today fetch them in pairs, so 64 apart would still be shared. */
enum { SKS_CACHE_LINE = 128, SKS_MAX_WORKERS = 65536 };

typedef struct sks_loop {
    size_t n_tasks;
    unsigned n_workers;
    const sks_values *options; /* of the scheduler's own table; read by state_size and init only */
    /* Where each worker sits, [n_workers]: numbers near each other share more of the memory
     * hierarchy (logical indices of processing units). NULL: not known. Read by init only. */
    const unsigned *position;
} sks_loop;

/* What decides who computes what. */
typedef enum sks_fixedness {
    SKS_FIXED_NOTHING, /* the chunks depend on timing: adaptive rules, stealing */
    SKS_FIXED_CHUNKS,  /* the chunks are known beforehand, not who gets them */
    SKS_FIXED_OWNERS,  /* the chunks and their workers are known beforehand */
} sks_fixedness;

/* What a scheduler knows about one worker's luck; zero where it has no such notion. */
typedef struct sks_scheduler_stats {
    size_t steals_tried;
    size_t steals_won;
} sks_scheduler_stats;

typedef struct sks_scheduler {
    const char *name; /* file, command line, database and plots: one spelling */
    const char *summary;
    const char *citation;
    const sks_param *params; /* ends with .name == NULL; may be NULL */
    sks_fixedness fixed;
    /* Workers claim from places of their own; without it all claims pass through one shared place,
     * one at a time (what a simulator of many workers has to know). */
    bool has_own_queues;
    /* done() gets the seconds since the worker's previous done() (its first next(), at first), so
     * with the time the claim took; without it those of the computation alone. */
    bool times_claims;

    size_t (*state_size)(const sks_loop *loop); /* bytes, a multiple of SKS_CACHE_LINE */
    sks_status (*init)(void *state, const sks_loop *loop);
    bool (*next)(void *state, unsigned worker, sks_range *tasks);
    void (*done)(void *state, unsigned worker, sks_range tasks, double seconds);   /* may be NULL */
    void (*stats)(const void *state, unsigned worker, sks_scheduler_stats *stats); /* may be NULL */
    /* One line, without a full stop, on what the rule decided by itself ("picked fac2: …").
     * May be NULL. */
    void (*explain)(const void *state, char *text, size_t size_bytes);
} sks_scheduler;

/* All schedulers, in the order of schedulers/CMakeLists.txt; ends with NULL. */
extern const sks_scheduler *const sks_scheduler_table[];

/* By name; SKS_ERR_USAGE with the nearest name when there is none. */
sks_status sks_scheduler_find(const char *name, const sks_scheduler **scheduler);

/* "NAME" or "NAME:key=value,key=value" into the scheduler and its options, which the caller
 * destroys. SKS_ERR_USAGE. */
sks_status sks_scheduler_parse(const char *text, const sks_scheduler **scheduler,
                               sks_values **options);

/* Allocates state for one loop and initialises it; free() it. */
sks_status sks_scheduler_start(const sks_scheduler *scheduler, const sks_loop *loop, void **state);

#endif
