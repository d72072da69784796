/* Workers that are forked processes: bringing them to life, noticing how they end, replacing the
 * dead, and leaving none behind. What processes and queue have in common.
 *
 * Memory    crew and workers lie in a shared mapping (harness/measure/shared_memory.h), the rest is
 *           the parent's. A worker sees everything else as it was when it was forked.
 * Deaths    noticed at once through a pidfd where the system has them, by looking every few
 *           milliseconds elsewhere. Any end that was not in order is one: a signal, an exit in the
 *           middle of a task, also a request to stop that only this worker got. Each is an event in
 *           the report. A task that was being computed at SKS_MAX_DEATHS of them fails the run, and
 *           so does a worker that dies as often in a row without having begun a task.
 * Stopping  a worker asked to stop (SIGTERM, SIGINT; its parent's death counts as the former) has
 *           LAST_WORDS_S to end in order, then it is killed: by its parent, or by its own timer if
 *           there is no parent any more. So none outlives the parent by more than that.
 * Threads   one, which has to outlive the team: the system takes its end for the parent's.
 */
#ifndef SKYSCALE_TEAM_H
#define SKYSCALE_TEAM_H

#include "harness/executors/worker.h"

#include <sys/resource.h>

#include <sys/types.h>

typedef struct sks_member {
    pid_t pid;          /* 0: not there */
    int pidfd;          /* readable when it has ended; -1: the system has none */
    unsigned n_in_vain; /* deaths in a row without having begun a task */
    size_t n_deaths;
    size_t n_chunks; /* it had computed at its last death */
} sks_member;

typedef struct sks_team {
    sks_crew *crew;     /* shared, with its workers and the helper */
    sks_member *member; /* [n_workers] */
    unsigned n_alive;
    sks_loop_report *report;
    /* What each dead worker was computing: one task, or a chunk of which one is to blame. */
    size_t n_deaths;
    sks_range *blamed;
    rlim_t files_before; /* the limit of open files, to be put back; 0: it was not changed */
    double stop_s;       /* when the workers were asked to stop; 0: not yet */
    bool is_killed;      /* and when that did not help */
} sks_team;

/* How a worker ended. */
typedef enum sks_parting {
    SKS_IN_ORDER,
    SKS_AFTER_LOOP, /* it died, but had nothing left to do */
    SKS_IN_WORK,    /* it died */
} sks_parting;

/* Makes crew and workers, none of them alive. `schedule` is initialised already. On failure there
 * is nothing to end. */
sks_status sks_team_create(const sks_job *job, void *schedule, sks_loop_report *report,
                           sks_team *team);

/* Sees to n_per_worker open files for each worker beside the usual ones, until the team's end.
 * SKS_ERR_USAGE when there may not be so many. */
sks_status sks_team_allow_files(sks_team *team, const char *executor, unsigned n_per_worker);

/* Forks worker `number`, which runs body(worker, context) and ends. What a dead predecessor has
 * recorded is kept. */
sks_status sks_team_fork(sks_team *team, unsigned number, void (*body)(sks_worker *, void *),
                         void *context);

/* Whether worker `number` has ended (waits for it if `waits`), and if so, how: `text` gets
 * "killed by signal 9 (Killed)". The member is gone then. */
bool sks_team_has_ended(sks_team *team, unsigned number, bool waits, sks_parting *parting,
                        char text[64]);

/* Takes note of a death: what the worker was computing (empty: nothing), what of that is undone.
 * SKS_ERR_WORKER when it was one too many. */
sks_status sks_team_mourn(sks_team *team, unsigned number, const char *text, sks_range computing,
                          sks_range undone);

/* To be called often: when the user has asked to stop, tells the workers, and ends those that do
 * not listen. Returns whether they are stopping. */
bool sks_team_is_stopping(sks_team *team);

/* How long to wait for something to happen, in milliseconds. */
int sks_team_patience_ms(const sks_team *team);

/* Kills and buries all that are alive. */
void sks_team_kill(sks_team *team);

/* The same, and frees. A team that is all zero has nothing to free. */
void sks_team_destroy(sks_team *team);

/* After the last one's end: what sks_crew_fill_records does, with counts as far as they are known.
 */
void sks_team_fill_records(const sks_team *team, sks_worker_record *records);

#endif
