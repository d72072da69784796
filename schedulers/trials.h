/* What auto knows of its trials: what each worker has reported of each, what a trial cost, and
 * which candidate did best.
 *
 * Private to this folder. The trials are in rounds, every candidate once in each, in the order
 * A B C  C B A  A B C …, so that a steady drift of the tasks' cost favours nobody.
 *
 *     cost = (sum over workers of the time they spent in the trial
 *             + sum over workers of the time from their end to the last one's) / tasks
 *
 * that is, computing, claims, and the idle time there would have been had the loop ended there.
 *
 * Threads  a worker's records are written by that worker and read by anyone, at any time.
 */
#ifndef SKYSCALE_TRIALS_H
#define SKYSCALE_TRIALS_H

#include "schedulers/scheduler.h"

#include <stdatomic.h>

enum {
    SKS_MAX_CANDIDATES = 8,
    SKS_MAX_ROUNDS = 16,
    SKS_MAX_TRIALS = SKS_MAX_CANDIDATES * SKS_MAX_ROUNDS
};

/* One worker in one trial. Relaxed: each is an estimate by itself, and what comes late is not
 * counted. */
typedef struct sks_trial_record {
    _Atomic double begin_s; /* the worker's clock */
    _Atomic double end_s;   /* of the last chunk reported; 0: not there yet */
    _Atomic double n_tasks; /* reported */
    atomic_bool is_busy;    /* has a chunk that is not reported yet */
} sks_trial_record;

/* Part of a relocatable state: the records are found by their distance from here. */
typedef struct sks_trials {
    unsigned n_workers, n_candidates, n_rounds;
    size_t records; /* of worker 0, [n_candidates * n_rounds]: bytes from this struct */
    size_t stride;  /* bytes to the next worker's */
} sks_trials;

typedef struct sks_verdict {
    double cost_s[SKS_MAX_CANDIDATES]; /* mean over the rounds; NaN: not measured */
    unsigned best;
    unsigned second; /* itself the best if there is no other */
    bool is_clear;   /* they differ beyond the scatter of their rounds: paired t-test, 5 % */
} sks_verdict;

static inline sks_trial_record *sks_trial_at(const sks_trials *t, unsigned worker, unsigned trial)
{
    return (sks_trial_record *)((char *)t + t->records + worker * t->stride) + trial;
}

/* Who is tried. */
static inline unsigned sks_trial_candidate(unsigned trial, unsigned n_candidates)
{
    unsigned place = trial % n_candidates;

    return trial / n_candidates % 2 == 0 ? place : n_candidates - 1 - place;
}

/* For one thread, before the loop. */
void sks_trials_init(const sks_trials *t);

/* A worker comes to a trial; gets a chunk; reports it. clock_s: since its first claim. */
void sks_trial_enter(sks_trial_record *r, double clock_s);
void sks_trial_claimed(sks_trial_record *r);
void sks_trial_report(sks_trial_record *r, size_t n_tasks, double clock_s);

/* From what has been reported so far; without any report the first candidate is best. */
void sks_trials_judge(const sks_trials *t, sks_verdict *verdict);

#endif
