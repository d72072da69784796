#include "kernels/parts/program.h"

#include "kernels/kernel.h"
#include "kernels/parts/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

/* Of the signals that this process treats in its own way, none is left so. */
static void restore_signals(void)
{
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    struct sigaction action;
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &action) == 0 &&
            ((action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) || number == SIGPIPE))
            sigaction(number, &by_default, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing is left running when this process is killed: the system then kills the program. */
static bool die_with(pid_t parent)
{
#ifdef PR_SET_PDEATHSIG
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
#else
    (void)parent;
    return true;
#endif
}

static bool redirect(const sks_program *program, int output)
{
    int null = open("/dev/null", O_RDONLY);

    return null >= 0 && (null == STDIN_FILENO || dup2(null, STDIN_FILENO) >= 0) &&
           dup2(output, STDOUT_FILENO) >= 0 &&
           (!program->joins_errors || dup2(output, STDERR_FILENO) >= 0);
}

/* The child's part: its descriptors, signals and group, then the program. It may share this
 * process's memory, so it calls nothing but the system. Why it failed goes to `report`. */
static _Noreturn void become(const sks_program *program, const char *path, char *const *argv,
                             int output, int report, pid_t parent)
{
    enum { REPORT = STDERR_FILENO + 1 };
    int code;

    if (setpgid(0, 0) == 0 && die_with(parent) && redirect(program, output) &&
        (report == REPORT || dup3(report, REPORT, O_CLOEXEC) >= 0)) {
        report = REPORT;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
        closefrom(REPORT + 1); /* what was inherited without close-on-exec */
#endif
        restore_signals();
        execve(path, argv, environ);
    }
    code = errno;
    while (write(report, &code, sizeof(code)) < 0 && errno == EINTR)
        continue;
    _exit(127);
}

/* Starts the program; returns an errno. Not by posix_spawn, which cannot tie the program's life to
 * this process; like it, by a child that borrows this process's memory, for copying its tables
 * takes longer the more it holds. Signals wait meanwhile: their handlers are not the child's. */
static __attribute__((noinline)) int start(const sks_program *program, const char *path,
                                           char *const *argv, int output, pid_t *pid)
{
    sigset_t all, before;
    pid_t parent = getpid(), child;
    int report[2], code = 0;
    ssize_t got;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child = vfork();
    if (child == 0)
        become(program, path, argv, output, report[1], parent);
    if (child < 0)
        code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child > 0) {
        while ((got = read(report[0], &code, sizeof(code))) < 0 && errno == EINTR)
            continue;
        if (got == (ssize_t)sizeof(code))
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                continue;
        else
            code = 0;
    }
    close(report[0]);
    if (code == 0)
        *pid = child;
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
