#include "harness/executors/team.h"

#include "harness/measure/shared_memory.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that a task has started gets 0.2 s to end when it is stopped; this has to be more, and
 * all together less than a second. */
#define LAST_WORDS_S 0.5

enum {
    LOOK_MS = 100,             /* the longest time until a request to stop is seen */
    LOOK_WITHOUT_PIDFD_MS = 5, /* and a death, where the system does not tell */
};

sks_status sks_team_create(const sks_job *job, void *schedule, sks_loop_report *report,
                           sks_team *team)
{
    const size_t crew_size =
        (sizeof(sks_crew) + SKS_CACHE_LINE - 1) / SKS_CACHE_LINE * SKS_CACHE_LINE;
    const unsigned n = job->n_workers;
    char *shared = sks_shared_alloc(crew_size + (n + 1) * sizeof(sks_worker));
    sks_worker *worker = (sks_worker *)(void *)(shared + crew_size);
    sks_team made = {.crew = (sks_crew *)(void *)shared, .report = report};

    made.member = calloc(n, sizeof(*made.member));
    if (shared == NULL || made.member == NULL) {
        sks_shared_free(shared);
        free(made.member);
        return sks_fail_nomem("workers");
    }
    sks_crew_init(made.crew, job, schedule, worker);
    worker[n].crew = made.crew;
    worker[n].number = n;
    made.crew->helper = &worker[n];
    *team = made;
    return SKS_OK;
}

sks_status sks_team_allow_files(sks_team *team, const char *executor, unsigned n_per_worker)
{
    enum { N_OTHERS = 64 }; /* of the program, its libraries and the kernel */
    const unsigned n_workers = team->crew->job->n_workers;
    const rlim_t needed = (rlim_t)n_per_worker * n_workers + N_OTHERS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return SKS_OK;
    if (limit.rlim_max < needed)
        return sks_fail(SKS_ERR_USAGE,
                        "executor %s: %u workers need %llu open files, the limit is %llu: raise it "
                        "(ulimit -Hn), or use fewer workers",
                        executor, n_workers, (unsigned long long)needed,
                        (unsigned long long)limit.rlim_max);
    team->files_before = limit.rlim_cur;
    limit.rlim_cur = needed;
    setrlimit(RLIMIT_NOFILE, &limit);
    return SKS_OK;
}

static void put_limit_back(const sks_team *team)
{
    struct rlimit limit;

    if (team->files_before == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = team->files_before;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- In the worker. */

/* The first request; everything is left in order. The timer is for a parent that is not there any
 * more, or a task that does not look. */
static void on_stop(int number)
{
    const struct itimerval last_words = {.it_value = {.tv_usec = (int)(1e6 * LAST_WORDS_S)}};

    sks_cancel = number;
    setitimer(ITIMER_REAL, &last_words, NULL);
}

static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = on_stop}, given;
    sigset_t set;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &given) == 0 && given.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    signal(SIGALRM, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* As the signal would have ended it, had it not been for last words. */
static _Noreturn void end_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
    _exit(1);
}

/* _exit: the parent's buffers and exit handlers are not this process's to run. */
static _Noreturn void live(sks_worker *worker, pid_t parent, void (*body)(sks_worker *, void *),
                           void *context)
{
    heed_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it was faster */
        _exit(1);
    sks_clear();
    body(worker, context);
    if (sks_cancel)
        end_by(sks_cancel);
    worker->stage = SKS_GONE;
    _exit(0);
}

/* ---- In the parent. */

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
#else
    (void)pid;
    return -1;
#endif
}

sks_status sks_team_fork(sks_team *team, unsigned number, void (*body)(sks_worker *, void *),
                         void *context)
{
    sks_worker *worker = &team->crew->worker[number];
    const pid_t parent = getpid();
    pid_t pid;

    worker->stage = SKS_MAKING_READY;
    worker->scratch = NULL;
    worker->current.begin = worker->current.end = 0;
    pid = fork();
    if (pid == 0)
        live(worker, parent, body, context);
    if (pid < 0)
        return sks_fail(SKS_ERR_IO, "cannot start worker %u of %u: %s", number + 1,
                        team->crew->job->n_workers, strerror(errno));
    team->member[number].pid = pid;
    team->member[number].pidfd = open_pidfd(pid);
    team->n_alive++;
    return SKS_OK;
}

static void describe(int status, char text[64])
{
    if (WIFSIGNALED(status))
        snprintf(text, 64, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, 64, "ended by itself with status %d", WEXITSTATUS(status));
}

/* A worker that was asked to stop on its own calls its task cancelled; for the run that is no
 * failure. */
static void forget_stop(const sks_team *team, unsigned number)
{
    sks_crew *crew = team->crew;
    sks_worker *worker = &crew->worker[number];
    size_t lowest = SIZE_MAX;

    if (worker->status != SKS_ERR_CANCELLED || *crew->job->cancel)
        return;
    worker->status = SKS_OK;
    for (unsigned i = 0; i <= crew->job->n_workers; i++) /* with the helper */
        if (crew->worker[i].status != SKS_OK && crew->worker[i].failed_task < lowest)
            lowest = crew->worker[i].failed_task;
    atomic_store_explicit(&crew->first_failed, lowest, memory_order_relaxed);
}

bool sks_team_has_ended(sks_team *team, unsigned number, bool waits, sks_parting *parting,
                        char text[64])
{
    sks_member *member = &team->member[number];
    const sks_stage stage = team->crew->worker[number].stage;
    int status = 0;
    pid_t got;

    if (member->pid == 0)
        return false;
    do
        got = waitpid(member->pid, &status, waits ? 0 : WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    /* got < 0: somebody ignores SIGCHLD, so that nobody knows how it ended. */
    if (member->pidfd >= 0)
        close(member->pidfd);
    member->pid = 0;
    team->n_alive--;
    describe(status, text);
    forget_stop(team, number);
    *parting = SKS_IN_WORK;
    if (team->crew->worker[number].stage == SKS_GONE)
        *parting = SKS_IN_ORDER;
    else if (stage == SKS_LOOP_LEFT)
        *parting = SKS_AFTER_LOOP;
    return true;
}

static unsigned count_blames(const sks_team *team, size_t task)
{
    unsigned n = 0;

    for (size_t i = 0; i < team->n_deaths; i++)
        n += team->blamed[i].begin <= task && task < team->blamed[i].end;
    return n;
}

static sks_status blame(sks_team *team, sks_range computing)
{
    sks_range *grown = realloc(team->blamed, (team->n_deaths + 1) * sizeof(*grown));

    if (grown == NULL)
        return sks_fail_nomem("the list of dead workers");
    grown[team->n_deaths++] = computing;
    team->blamed = grown;
    return SKS_OK;
}

static void note(const sks_team *team, unsigned number, const char *text, sks_range undone)
{
    const double now_s = sks_now_s();
    const double release_s = team->crew->release_s;
    char line[128];

    if (undone.begin < undone.end)
        snprintf(line, sizeof(line), "%s; tasks %zu to %zu given to another", text, undone.begin,
                 undone.end - 1);
    else
        snprintf(line, sizeof(line), "%s", text);
    sks_report_event(team->report, release_s > 0 ? now_s - release_s : 0.0, number, undone, line);
}

sks_status sks_team_mourn(sks_team *team, unsigned number, const char *text, sks_range computing,
                          sks_range undone)
{
    const char *kernel = team->crew->job->kernel->name;
    sks_member *member = &team->member[number];
    const size_t n_chunks = team->crew->worker[number].n_chunks;
    sks_status status = blame(team, computing);
    unsigned n;

    member->n_deaths++;
    note(team, number, text, undone);
    if (status != SKS_OK)
        return status;
    if (n_chunks > member->n_chunks)
        member->n_in_vain = 0;
    member->n_chunks = n_chunks;
    if (computing.begin == computing.end) {
        if (++member->n_in_vain < SKS_MAX_DEATHS)
            return SKS_OK;
        return sks_fail(SKS_ERR_WORKER,
                        "%s: worker %u died %u times before it began a task, last %s", kernel,
                        number, member->n_in_vain, text);
    }
    member->n_in_vain = 0;
    n = count_blames(team, computing.begin);
    if (computing.end - computing.begin > 1 || n < SKS_MAX_DEATHS)
        return SKS_OK;
    return sks_fail(SKS_ERR_WORKER, "%s: task %zu has cost %u workers their lives, the last one %s",
                    kernel, computing.begin, n, text);
}

static void signal_all(const sks_team *team, int number)
{
    for (unsigned i = 0; i < team->crew->job->n_workers; i++)
        if (team->member[i].pid > 0)
            kill(team->member[i].pid, number);
}

bool sks_team_is_stopping(sks_team *team)
{
    if (!*team->crew->job->cancel)
        return false;
    if (team->stop_s == 0) {
        team->stop_s = sks_now_s();
        signal_all(team, SIGTERM);
    } else if (!team->is_killed && sks_now_s() - team->stop_s > LAST_WORDS_S) {
        team->is_killed = true;
        signal_all(team, SIGKILL);
    }
    return true;
}

int sks_team_patience_ms(const sks_team *team)
{
    if (team->stop_s > 0)
        return LOOK_WITHOUT_PIDFD_MS;
    for (unsigned i = 0; i < team->crew->job->n_workers; i++)
        if (team->member[i].pid > 0 && team->member[i].pidfd < 0)
            return LOOK_WITHOUT_PIDFD_MS;
    return LOOK_MS;
}

void sks_team_kill(sks_team *team)
{
    sks_parting parting;
    char text[64];

    signal_all(team, SIGKILL);
    for (unsigned i = 0; i < team->crew->job->n_workers; i++)
        sks_team_has_ended(team, i, true, &parting, text);
}

void sks_team_destroy(sks_team *team)
{
    if (team->crew == NULL)
        return;
    sks_team_kill(team);
    put_limit_back(team);
    sks_shared_free(team->crew);
    free(team->member);
    free(team->blamed);
    *team = (sks_team){0};
}

void sks_team_fill_records(const sks_team *team, sks_worker_record *records)
{
    const sks_job *job = team->crew->job;

    sks_crew_fill_records(team->crew, team->report, records);
    for (unsigned i = 0; i < job->n_workers; i++) {
        if (team->member[i].n_deaths == 0)
            continue;
        records[i].involuntary_switches = -1;
        for (size_t e = 0; job->counters != NULL && e < sks_counters_n(job->counters); e++) {
            sks_count *count = &records[i].counts[e];

            *count = (sks_count){.value = NAN, .quality = SKS_UNAVAILABLE};
            snprintf(count->reason, sizeof(count->reason), "worker %u died, and its counts with it",
                     i);
        }
    }
}
