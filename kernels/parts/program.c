#include "kernels/parts/program.h"

#include "kernels/kernel.h"
#include "kernels/parts/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    PIECE_SIZE = 1 << 16,     /* a pipe holds as much */
    LOOK_MS = 50,             /* between two looks at sks_cancel and stop */
    LOOK_WITHOUT_PIDFD_MS = 1 /* and at the process itself, where the system cannot wake us */
};
static const double grace_s = 0.2; /* from SIGTERM to SIGKILL */

/* A program that has been started. */
struct running {
    const sks_program *program;
    pid_t pid;
    int pidfd; /* readable when the program has exited; -1: the system has none */
    int pipe;  /* -1 after its end */
    char *piece;
    sks_ending ending; /* why it was sent a signal; SKS_EXITED if it was not */
    double begin_s;
    double term_s; /* when SIGTERM was sent */
    bool is_killed;
};

static sks_status fail_errno(const char *what)
{
    return sks_fail(SKS_ERR_IO, "%s: %s", what, strerror(errno));
}

/* posix_spawn: the program's descriptors, signals and group. Returns an errno. */
static int start(const sks_program *program, const char *path, char *const *argv, int output,
                 pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    int code = posix_spawn_file_actions_init(&files);

    if (code != 0)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code != 0) {
        posix_spawn_file_actions_destroy(&files);
        return code;
    }
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* which this program ignores */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    code = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    if (code == 0 && program->joins_errors)
        code = posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (code == 0) /* what was inherited without close-on-exec */
        code = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
#endif
    if (code == 0)
        code = posix_spawn(pid, path, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* A script without #! is run by the shell, as execvp() and every shell do. */
static int start_script(const sks_program *program, int output, pid_t *pid)
{
    size_t n = 0;
    char **argv;
    int code;

    while (program->argv[n] != NULL)
        n++;
    argv = malloc((n + 2) * sizeof(*argv));
    if (argv == NULL)
        return ENOMEM;
    argv[0] = (char[]){"sh"};
    argv[1] = (char *)program->path;
    memcpy(argv + 2, program->argv + 1, n * sizeof(*argv)); /* with the NULL at the end */
    code = start(program, "/bin/sh", argv, output, pid);
    free(argv);
    return code;
}

/* It stays a zombie, so that its number still names it and its group. */
static bool has_exited(const struct running *r)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/* Takes what is in the pipe, at most PIECE_SIZE bytes. */
static sks_status take_piece(struct running *r, size_t *taken)
{
    ssize_t got = read(r->pipe, r->piece, PIECE_SIZE);

    *taken = 0;
    if (got > 0) {
        *taken = (size_t)got;
        return r->program->take(r->program->to, r->piece, (size_t)got);
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return SKS_OK;
    close(r->pipe);
    r->pipe = -1;
    return got == 0 ? SKS_OK : fail_errno("a program's output");
}

static void signal_group(struct running *r, sks_ending why, double now_s)
{
    if (r->ending == SKS_EXITED) {
        r->ending = why;
        r->term_s = now_s;
        kill(-r->pid, SIGTERM);
    } else if (!r->is_killed && now_s >= r->term_s + grace_s) {
        r->is_killed = true;
        kill(-r->pid, SIGKILL);
    }
}

/* Sends the signals that are due; milliseconds until the next may be. */
static int look(struct running *r)
{
    double now_s = sks_monotonic_s();
    double timeout_s = r->program->timeout_s;
    double left_s = 1e-3 * (r->pidfd >= 0 ? LOOK_MS : LOOK_WITHOUT_PIDFD_MS);

    if (r->ending != SKS_EXITED)
        signal_group(r, r->ending, now_s);
    else if (sks_cancel || (r->program->stop != NULL &&
                            atomic_load_explicit(r->program->stop, memory_order_relaxed)))
        signal_group(r, SKS_STOPPED, now_s);
    else if (timeout_s > 0 && now_s >= r->begin_s + timeout_s)
        signal_group(r, SKS_TIMED_OUT, now_s);
    else if (timeout_s > 0)
        left_s = fmin(left_s, r->begin_s + timeout_s - now_s);
    return (int)ceil(1e3 * left_s);
}

/* Until the program has exited. */
static sks_status follow(struct running *r)
{
    sks_status status = SKS_OK;
    size_t taken = 0;

    for (;;) {
        struct pollfd fds[] = {{.fd = r->pidfd, .events = POLLIN},
                               {.fd = r->pipe, .events = POLLIN}};
        int wait_ms = look(r);

        if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
            return fail_errno("waiting for a program");
        if (fds[1].revents != 0)
            status = take_piece(r, &taken);
        if (status != SKS_OK || ((r->pidfd < 0 || fds[0].revents != 0) && has_exited(r)))
            break;
    }
    /* What it left in the pipe; no more than that, since processes it left behind may go on. */
    for (int left = r->pipe >= 0 ? fcntl(r->pipe, F_GETPIPE_SZ) : 0;
         status == SKS_OK && r->pipe >= 0 && left > 0; left -= (int)taken) {
        status = take_piece(r, &taken);
        if (taken == 0)
            break;
    }
    return status;
}

/* With more than this beyond the caller's own peak, the peak is the program's. The system's count
 * is approximate. */
enum { PEAK_MARGIN_KIB = 1024 };

static sks_status reap(struct running *r, sks_program_end *end)
{
    struct rusage usage = {0}, own = {0};
    int status = 0;

    while (wait4(r->pid, &status, 0, &usage) < 0)
        if (errno != EINTR) /* SIGCHLD is ignored, by inheritance */
            return fail_errno("how a program ended is not known");
    getrusage(RUSAGE_SELF, &own);
    end->wall_s = sks_monotonic_s() - r->begin_s;
    end->code = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->ending = r->ending;
    if (r->ending == SKS_EXITED && WIFSIGNALED(status))
        end->ending = SKS_SIGNALLED;
    else if (r->ending == SKS_EXITED)
        end->code = WEXITSTATUS(status);
    end->user_s = (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
    end->system_s = (double)usage.ru_stime.tv_sec + 1e-6 * (double)usage.ru_stime.tv_usec;
    end->peak_bytes =
        usage.ru_maxrss > own.ru_maxrss + PEAK_MARGIN_KIB ? (uint64_t)usage.ru_maxrss * 1024 : 0;
    return SKS_OK;
}

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
#else
    (void)pid;
    return -1;
#endif
}

sks_status sks_program_run(const sks_program *program, sks_program_end *end)
{
    struct running r = {.program = program, .ending = SKS_EXITED, .pidfd = -1, .pipe = -1};
    int ends[2] = {-1, -1};
    sks_program_end made;
    sks_status status = SKS_OK, reaped;
    int code;

    r.piece = malloc(PIECE_SIZE);
    if (r.piece == NULL)
        return sks_fail_nomem("a program's output");
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        status = fail_errno("a pipe for a program's output");
        goto out;
    }
    r.begin_s = sks_monotonic_s();
    code = start(program, program->path, program->argv, ends[1], &r.pid);
    if (code == ENOEXEC)
        code = start_script(program, ends[1], &r.pid);
    close(ends[1]);
    ends[1] = -1;
    if (code != 0) {
        *end = (sks_program_end){.ending = SKS_NOT_STARTED, .code = code};
        goto out;
    }
    r.pipe = ends[0];
    ends[0] = -1;
    r.pidfd = open_pidfd(r.pid);
    status = follow(&r);
    if (status != SKS_OK || r.ending != SKS_EXITED)
        kill(-r.pid, SIGKILL); /* what ignored SIGTERM while the program itself did not */
    reaped = reap(&r, &made);
    if (status == SKS_OK)
        status = reaped;
    if (status == SKS_OK)
        *end = made;
out:
    if (r.pidfd >= 0)
        close(r.pidfd);
    if (r.pipe >= 0)
        close(r.pipe);
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    free(r.piece);
    return status;
}

/* 0, or why not. */
static int check_program(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return errno;
    return S_ISREG(info.st_mode) && access(path, X_OK) == 0 ? 0 : EACCES;
}

int sks_program_locate(const char *name, char **path)
{
    const char *p = getenv("PATH");
    int why = ENOENT;

    if (strchr(name, '/') != NULL) {
        why = check_program(name);
        if (why == 0 && (*path = strdup(name)) == NULL)
            why = ENOMEM;
        return why;
    }
    for (p = p != NULL ? p : "/usr/bin:/bin"; name[0] != '\0';) {
        int length = (int)strcspn(p, ":");
        char *candidate;
        int reason;

        /* An empty entry is the current folder. */
        if (asprintf(&candidate, "%.*s%s%s", length, p, length > 0 ? "/" : "./", name) < 0)
            return ENOMEM;
        reason = check_program(candidate);
        if (reason == 0) {
            *path = candidate;
            return 0;
        }
        free(candidate);
        if (reason == EACCES)
            why = EACCES;
        if (p[length] == '\0')
            break;
        p += length + 1;
    }
    return why;
}
