#include "harness/executors/fatal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct fatal_signal {
    int number;
    const char *text;
} fatal_signals[] = {
    {SIGSEGV, "SIGSEGV (memory that is not there)"},
    {SIGBUS, "SIGBUS (memory that is not there any more)"},
    {SIGFPE, "SIGFPE (impossible arithmetic)"},
    {SIGILL, "SIGILL (an instruction that this processor does not know)"},
    {SIGABRT, "SIGABRT (it gave up by itself)"},
};
enum { N_SIGNALS = sizeof(fatal_signals) / sizeof(*fatal_signals) };

static bool is_installed;
static _Thread_local const sks_worker *self; /* NULL: not a worker */
static _Thread_local void *stack;
/* Of which some thread is a worker; NULL: none. Written by the workers, read by the handler. */
static _Atomic(const sks_crew *) crew_at_work;
static atomic_uint n_at_work; /* in that crew */

/* ---- The handler: nothing but what POSIX lists as async-signal-safe. */

struct line {
    size_t n;
    char text[512];
};

static void put(struct line *line, const char *text)
{
    while (*text != '\0' && line->n < sizeof(line->text) - 1) /* room for the end of the line */
        line->text[line->n++] = *text++;
}

static void put_number(struct line *line, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(line, digits + at);
}

static void put_tasks(struct line *line, const sks_worker *worker)
{
    const sks_range tasks = {worker->current.begin, worker->current.end};

    if (tasks.begin == tasks.end) {
        put(line, ", between tasks");
    } else if (tasks.end - tasks.begin == 1 || worker->crew->job->kernel->deliver != NULL) {
        put(line, ", task ");
        put_number(line, tasks.begin);
    } else {
        put(line, ", one of the tasks ");
        put_number(line, tasks.begin);
        put(line, " to ");
        put_number(line, tasks.end - 1);
    }
    put(line, ", worker ");
    put_number(line, worker->number);
}

/* Of the thread that the signal has hit, or, when that is none of the workers (somebody has sent
 * it, or a library's own thread crashed), of as many workers as fit. */
static void put_work(struct line *line)
{
    const sks_crew *crew = self != NULL ? self->crew : atomic_load(&crew_at_work);

    if (crew == NULL) {
        put(line, " outside the loop");
        return;
    }
    put(line, self != NULL ? " in kernel " : " outside the workers of kernel ");
    put(line, crew->job->kernel->name);
    if (self != NULL) {
        put_tasks(line, self);
        return;
    }
    put(line, ", who were at:");
    for (unsigned w = 0; w < crew->job->n_workers; w++)
        put_tasks(line, &crew->worker[w]);
}

static void on_fatal(int number)
{
    struct line line = {0};
    ssize_t written;

    put(&line, "skyscale: ");
    for (int i = 0; i < N_SIGNALS; i++)
        if (fatal_signals[i].number == number)
            put(&line, fatal_signals[i].text);
    put_work(&line);
    line.text[line.n++] = '\n';
    written = write(STDERR_FILENO, line.text, line.n);
    (void)written;
    raise(number); /* SA_RESETHAND and SA_NODEFER: this time it is deadly */
}

/* ---- Around it. */

void sks_fatal_install(void)
{
    struct sigaction action = {.sa_handler = on_fatal,
                               .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};

    for (int i = 0; i < N_SIGNALS; i++) {
        struct sigaction before;

        if (sigaction(fatal_signals[i].number, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(fatal_signals[i].number, &action, NULL);
    }
    is_installed = true;
}

/* What the system says it needs (processors with wide registers need much), and room for a line. */
static size_t stack_size(void)
{
    long wanted = sysconf(_SC_SIGSTKSZ);

    return wanted > 16384 ? (size_t)wanted : 16384;
}

void sks_fatal_enter(const sks_worker *worker)
{
    stack_t before;

    if (!is_installed)
        return;
    self = worker;
    atomic_fetch_add(&n_at_work, 1);
    atomic_store(&crew_at_work, worker->crew);
    if (sigaltstack(NULL, &before) != 0 || !(before.ss_flags & SS_DISABLE))
        return; /* a sanitizer has given it one */
    stack = malloc(stack_size());
    if (stack != NULL) /* else it has to do without */
        sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = stack_size()}, NULL);
}

void sks_fatal_leave(void)
{
    if (self != NULL && atomic_fetch_sub(&n_at_work, 1) == 1)
        atomic_store(&crew_at_work, NULL);
    self = NULL;
    if (stack == NULL)
        return;
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    free(stack);
    stack = NULL;
}
