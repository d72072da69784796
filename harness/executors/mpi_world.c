#include "harness/executors/mpi_world.h"

#include "harness/executors/mpi_message.h"

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#define MODULE "skyscale_mpi.so"

#define WAKING_SIGNAL SIGURG

/* MPI finds a message in the look after the one that fetches it. */
enum { N_LOOKS_BEFORE_SLEEP = 4 };

/* Of those who are woken: for what MPI keeps to itself for lack of room, and for deaths. */
#define LONGEST_SLEEP_S 2e-3

static const sks_mpi_calls *calls;
static int rank, size;     /* of the world the launcher made */
static unsigned n_spawned; /* workers alive that were spawned */
static bool is_ended;
static pid_t started_by; /* a forked child has no part in it */
static pid_t
    *known; /* [n_known], by rank, of those on this host; 0: another host's, or not known */
static int n_known;

#if defined(__SANITIZE_ADDRESS__)
/* Open MPI frees much of what it has by ending, and unloads the code that could be named in a list
 * of exceptions: a process that uses it is checked for leaks before, not at its end. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return calls != NULL;
}
#endif

/* ---- Where things are. */

static bool path_of_program(char *path, size_t path_size)
{
    ssize_t length = readlink("/proc/self/exe", path, path_size - 1);

    if (length <= 0)
        return false;
    path[length] = '\0';
    return true;
}

static const char *find_module(char *path, size_t path_size)
{
    char program[PATH_MAX];
    char installed[2 * PATH_MAX];
    const char *folders[] = {getenv("SKYSCALE_MODULES"), NULL, NULL, SKS_MODULES_BUILT,
                             SKS_MODULES_INSTALLED};

    if (path_of_program(program, sizeof(program))) {
        folders[1] = dirname(program);
        snprintf(installed, sizeof(installed), "%s/" SKS_MODULES_FROM_PROGRAM, folders[1]);
        folders[2] = installed;
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        if (folders[i] == NULL)
            continue;
        snprintf(path, path_size, "%s/" MODULE, folders[i]);
        if (access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

/* What is spawned: this program, or, from a test, the one it tests. */
static const char *find_program(char *path, size_t path_size)
{
    const char *named = getenv("SKYSCALE");

    if (path_of_program(path, path_size) && strcmp(strrchr(path, '/') + 1, "skyscale") == 0)
        return path;
    return named;
}

/* ---- Who we are, as the launcher says in the environment: before MPI is started. */

static long number_in_environment(const char *const *names)
{
    for (; *names != NULL; names++) {
        const char *text = getenv(*names);

        if (text != NULL && text[0] >= '0' && text[0] <= '9')
            return strtol(text, NULL, 10);
    }
    return -1;
}

static long launched_size(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", NULL};
    static const char *const slurm_step[] = {"SLURM_STEP_NUM_TASKS", NULL};
    /* srun without PMI starts unrelated processes. */
    const bool has_pmi =
        getenv("PMIX_RANK") != NULL || getenv("PMI_RANK") != NULL || getenv("PMI_FD") != NULL;
    long n = number_in_environment(names);

    return n < 0 && has_pmi ? number_in_environment(slurm_step) : n;
}

static long launched_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK",
                                        "SLURM_PROCID", NULL};

    return number_in_environment(names);
}

unsigned sks_mpi_n_launched(void)
{
    long n = launched_size();

    return n > 1 ? (unsigned)(n - 1) : 0;
}

bool sks_mpi_is_worker(int argc, const char *const *argv)
{
    if (argc == 2 && strcmp(argv[1], SKS_MPI_WORKER_ARGUMENT) == 0)
        return true;
    return sks_mpi_n_launched() > 0 && launched_rank() > 0;
}

const char *sks_mpi_unavailable(void)
{
    static char module[PATH_MAX], program[PATH_MAX];

#if !defined(SKS_HAVE_MPI)
    return "built without MPI";
#elif defined(__SANITIZE_THREAD__)
    return "MPI's own threads and the thread sanitizer do not go together";
#endif
    if (find_module(module, sizeof(module)) == NULL)
        return "its module " MODULE " is not where the program looks for it (SKYSCALE_MODULES)";
    if (sks_mpi_n_launched() == 0 && find_program(program, sizeof(program)) == NULL)
        return "there is no program to spawn (SKYSCALE)";
    return NULL;
}

/* ---- Starting and ending. */

sks_status sks_mpi_check(const char *error, const char *doing)
{
    return error == NULL ? SKS_OK : sks_fail(SKS_ERR_IO, "MPI: %s: %s", doing, error);
}

static sks_status load(void)
{
    char path[PATH_MAX];
    const char *name = find_module(path, sizeof(path));
    void *module;

    if (name == NULL)
        return sks_fail(SKS_ERR_IO, "executor mpi: %s", sks_mpi_unavailable());
    /* Global: Open MPI's own plug-ins look for its symbols there. */
    module = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (module == NULL)
        return sks_fail(SKS_ERR_IO, "%s", dlerror());
    calls = dlsym(module, "sks_mpi_module");
    if (calls == NULL)
        return sks_fail(SKS_ERR_IO, "%s", dlerror());
    return SKS_OK;
}

sks_status sks_mpi_start(void)
{
    sks_status status = SKS_OK;

    if (calls != NULL)
        return SKS_OK;
#if defined(__SANITIZE_ADDRESS__)
    if (__lsan_do_recoverable_leak_check() != 0)
        abort();
#endif
    status = load();
    if (status == SKS_OK)
        status = sks_mpi_check(calls->start(&rank, &size), "starting");
    if (status != SKS_OK) {
        calls = NULL;
        return status;
    }
    started_by = getpid();
    atexit(sks_mpi_end);
    return SKS_OK;
}

const sks_mpi_calls *sks_mpi(void)
{
    return calls;
}

/* ---- Sleeping and waking. */

sks_status sks_mpi_know(int other, int pid)
{
    if (other >= n_known) {
        pid_t *more = realloc(known, ((size_t)other + 1) * sizeof(*more));

        if (more == NULL)
            return sks_fail_nomem("ranks");
        memset(more + n_known, 0, (size_t)(other + 1 - n_known) * sizeof(*more));
        known = more;
        n_known = other + 1;
    }
    known[other] = pid;
    return SKS_OK;
}

static sigset_t waking_signal(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, WAKING_SIGNAL);
    return set;
}

void sks_mpi_listen(bool is_listening)
{
    const sigset_t set = waking_signal();

    pthread_sigmask(is_listening ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void sks_mpi_sleep(double at_most_s)
{
    const struct timespec at_most = {
        .tv_sec = (time_t)at_most_s,
        .tv_nsec = (long)(1e9 * (at_most_s - (double)(time_t)at_most_s)),
    };
    const sigset_t set = waking_signal();

    sigtimedwait(&set, NULL, &at_most);
}

void sks_mpi_wait(sks_wait *wait, bool is_crowded, bool is_told, double at_most_s)
{
    if (!is_crowded || !is_told) {
        const double pause_s = sks_wait_pause_s(wait, is_crowded, at_most_s);

        if (pause_s > 0)
            sks_mpi_sleep(pause_s);
    } else if (++wait->n_looks > N_LOOKS_BEFORE_SLEEP) {
        sks_mpi_sleep(LONGEST_SLEEP_S);
        wait->n_looks = 0;
    }
}

/* To one thread, as others of the process (MPI's) would swallow what the process gets. */
static void wake(int other)
{
    if (other < n_known && known[other] > 0)
        tgkill(known[other], known[other], WAKING_SIGNAL);
}

static const char *send_and_wake(int to, const void *data, size_t size_bytes)
{
    const char *error = calls->begin_send(to, data, size_bytes);

    if (error != NULL)
        return error;
    wake(to);
    return calls->end_send();
}

sks_status sks_mpi_send(int to, const void *data, size_t size_bytes, const char *doing)
{
    return sks_mpi_check(send_and_wake(to, data, size_bytes), doing);
}

int sks_mpi_rank(void)
{
    return rank;
}

static void forget_workers(void)
{
    free(known);
    known = NULL;
    n_known = 0;
}

/* Errors do not matter any more, and the run's own message is to stay. */
static void send_home(unsigned n_workers)
{
    const sks_mpi_head quit = {.kind = SKS_MPI_QUIT};

    for (unsigned w = 0; w < n_workers; w++)
        send_and_wake((int)w + 1, &quit, sizeof(quit));
    forget_workers();
}

sks_status sks_mpi_gather(unsigned n_workers)
{
    char program[PATH_MAX];
    sks_status status = sks_mpi_start();

    if (status != SKS_OK)
        return status;
    if (is_ended)
        return sks_fail(SKS_ERR_WORKER, "executor mpi: its workers were lost in an earlier run");
    if (size > 1) {
        if (n_workers > (unsigned)size - 1)
            return sks_fail(SKS_ERR_USAGE,
                            "executor mpi: %u workers, but %d processes were launched: one "
                            "coordinates, so launch %u",
                            n_workers, size, n_workers + 1);
        return SKS_OK;
    }
    if (n_workers <= n_spawned)
        return SKS_OK;
    send_home(n_spawned);
    calls->part();
    n_spawned = 0;
    status = sks_mpi_check(calls->spawn(find_program(program, sizeof(program)),
                                        SKS_MPI_WORKER_ARGUMENT, (int)n_workers),
                           "starting workers");
    if (status == SKS_OK)
        n_spawned = n_workers;
    return status;
}

void sks_mpi_give_up(void)
{
    is_ended = true;
}

void sks_mpi_end(void)
{
    if (is_ended || (calls != NULL && getpid() != started_by))
        return;
    is_ended = true;
    /* Others wait for rank 0 even when it had nothing for them to do. */
    if (calls == NULL &&
        (sks_mpi_n_launched() == 0 || launched_rank() != 0 || sks_mpi_start() != SKS_OK))
        return;
    if (size > 1 && rank == 0)
        send_home((unsigned)size - 1);
    send_home(n_spawned);
    calls->part();
    calls->stop();
}
