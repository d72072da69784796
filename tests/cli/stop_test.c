/* Property: a run with workers that are processes ends soon and in order when it is interrupted
 * (SIGINT and SIGHUP to all of it, as Ctrl-C and a closed terminal do; SIGTERM to the program
 * alone) or killed (SIGKILL), also when each task takes minutes: by that signal, with no process of
 * it left, nor any that its tasks had started, and without a product. Recipes are executors' names,
 * and hold to their rule.
 *
 * The environment variable SKYSCALE names the program. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "tests/cli/spawn.h"

/* Far less than a task takes, far more than a busy machine needs. */
enum { N_WORKERS = 3, PATIENCE_MS = 20000, USAGE = 2 };

static const char *program;
static char folder[] = "/tmp/skyscale-stop-XXXXXX";

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* The sanitizers' stack frames do not fit a small stack. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { HAS_PLAIN_STACKS = 0 };
#else
enum { HAS_PLAIN_STACKS = 1 };
#endif

/* In a process group of its own. */
static pid_t start(const char *executor, const char *const *what)
{
    const char *argv[24] = {"skyscale", "run", what[0], "-q", "-e", executor, "-w", "3"};
    pid_t child;
    int n = 8;

    while (*++what != NULL)
        argv[n++] = *what;
    child = fork();
    if (child == 0) {
        int out = open("messages", O_WRONLY | O_CREAT | O_TRUNC, 0666);

        setpgid(0, 0);
        signal(SIGHUP, SIG_DFL); /* nohup may run the tests */
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execv(program, (char *const *)argv);
        _exit(127);
    }
    assert_true(child > 0);
    setpgid(child, child);
    return child;
}

/* Processes of the group `group`, but for its leader; or, if `command` is given, those whose
 * command line begins with it. Zombies do not count. */
static int count_processes(pid_t group, const char *command)
{
    DIR *proc = opendir("/proc");
    int n = 0;

    assert_non_null(proc);
    for (struct dirent *d; (d = readdir(proc)) != NULL;) {
        char path[300], text[512] = "", state = 'Z';
        int pid = atoi(d->d_name), parent, pgrp = -1;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%s/%s", d->d_name,
                 command != NULL ? "cmdline" : "stat");
        if (pid <= 0 || (file = fopen(path, "re")) == NULL)
            continue;
        if (command != NULL) {
            size_t length = fread(text, 1, sizeof(text) - 1, file);

            for (size_t i = 0; i + 1 < length; i++)
                if (text[i] == '\0')
                    text[i] = ' ';
            n += strncmp(text, command, strlen(command)) == 0;
        } else if (fscanf(file, "%*d (%*[^)]) %c %d %d", &state, &parent, &pgrp) == 3) {
            n += pgrp == group && pid != group && state != 'Z';
        }
        fclose(file);
    }
    closedir(proc);
    return n;
}

static void wait_for_count(int expected, pid_t group, const char *command)
{
    int n = -1;

    for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
        n = count_processes(group, command);
        if (n == expected)
            return;
        sleep_ms(20);
    }
    fail_msg("%d processes%s%s, expected %d", n, command != NULL ? " " : "",
             command != NULL ? command : "", expected);
}

static int wait_for_end(pid_t child)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 10) {
        int status;

        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        sleep_ms(10);
    }
    kill(-child, SIGKILL);
    fail_msg("it does not end");
    return 0;
}

static const struct {
    int number;
    bool to_group;
} requests[] = {{SIGINT, true}, {SIGHUP, true}, {SIGTERM, false}, {SIGKILL, false}};
enum { N_REQUESTS = sizeof(requests) / sizeof(*requests) };

static const char *const executors[] = {"processes", "queue"};

/* It was not just ended: it has cleaned up and said so. */
static void assert_stopped_in_order(int number)
{
    char *text = spawn_read_file("messages", NULL);

    if (strstr(text, "skyscale: interrupted") == NULL)
        fail_msg("after signal %d: \"%s\"", number, text);
    free(text);
}

/* `sleeper`: what the tasks start; NULL: nothing. */
static void check_stop(const char *const *what, const char *sleeper)
{
    for (int e = 0; e < 2; e++)
        for (int r = 0; r < N_REQUESTS; r++) {
            pid_t child = start(executors[e], what);
            int status;

            wait_for_count(N_WORKERS, child, NULL);
            if (sleeper != NULL)
                wait_for_count(N_WORKERS, child, sleeper);
            sleep_ms(50 * r);
            kill(requests[r].to_group ? -child : child, requests[r].number);
            status = wait_for_end(child);
            if (!WIFSIGNALED(status) || WTERMSIG(status) != requests[r].number)
                fail_msg("%s: status %x after signal %d", executors[e], status, requests[r].number);
            wait_for_count(0, child, NULL);
            if (sleeper != NULL)
                wait_for_count(0, child, sleeper);
            assert_int_not_equal(access("product", F_OK), 0);
            if (requests[r].number != SIGKILL)
                assert_stopped_in_order(requests[r].number);
        }
}

static void tasks_that_compute_for_minutes(void **unused)
{
    static const char *const what[] = {"synthetic", "--cost",         "2e8", "--tasks",
                                       "9",         "--steps-per-us", "100", NULL};

    (void)unused;
    check_stop(what, NULL);
}

static void tasks_that_run_programs(void **unused)
{
    static const char *const what[] = {"command",  "--command", "sleep 217.31", "--inputs",
                                       "none.txt", "-o",        "product",      NULL};
    FILE *file = fopen("none.txt", "we");

    (void)unused;
    assert_non_null(file);
    for (int i = 0; i < 9; i++)
        fprintf(file, "0.%d\n", i);
    assert_int_equal(fclose(file), 0);
    check_stop(what, "sleep 217.31");
}

static void assert_run(const char *arguments, int expected_status, const char *expected_text)
{
    int status = spawn(program, arguments, NULL, "out", "err");
    char *text = spawn_read_file(expected_status == 0 ? "out" : "err", NULL);

    if (status != expected_status || strstr(text, expected_text) == NULL)
        fail_msg("skyscale %s: exit status %d, \"%s\", expected \"%s\"", arguments, status, text,
                 expected_text);
    free(text);
}

static void recipes_are_names(void **unused)
{
    FILE *sweep = fopen("recipes.yaml", "we");

    (void)unused;
    assert_non_null(sweep);
    fprintf(sweep, "kernels: [null]\nworkers: [1, 2]\nexecutors: [pool-map, process-queue]\n"
                   "schedulers: [dynamic, guided]\n");
    assert_int_equal(fclose(sweep), 0);
    assert_run("sweep recipes.yaml --dry-run", 0, "configurations  6,"); /* pool-map counts once */
    assert_run("run null --json -e pool-map", 0, "\"recipe\": \"pool-map\"");
    assert_run("run null --json -e pool-map", 0, "\"executor\": \"queue\"");
    assert_run("run null --json -e pool-map", 0, "\"scheduler\": \"pool-map\"");
    assert_run("run null --json -e pool-map -s pool-map", 0, "\"scheduler\": \"pool-map\"");
    assert_run("run null --json -e process-queue -s guided", 0, "\"scheduler\": \"guided\"");
    assert_run("run null -e pool-map -s guided", USAGE, "pool-map has the scheduler pool-map");
    assert_run("run null -e pool-mop", USAGE, "did you mean \"pool-map\"?");
    assert_run("list executors", 0, "process-queue");
    assert_run("list executors --json", 0, "\"name\": \"parallel-python\"");
}

/* Each thread of an OpenMP team costs the first one some of its stack. */
static void a_large_team_fits_a_small_stack(void **unused)
{
    struct rlimit usual, small;

    (void)unused;
    if (!HAS_PLAIN_STACKS)
        skip();
    assert_int_equal(getrlimit(RLIMIT_STACK, &usual), 0);
    small = usual;
    small.rlim_cur = 128 << 10;
    assert_int_equal(setrlimit(RLIMIT_STACK, &small), 0);
    assert_run("run null --tasks 5 --json -e openmp -w 1500", 0, "\"workers\": 1500");
    assert_int_equal(setrlimit(RLIMIT_STACK, &usual), 0);
}

static int set_up(void **unused)
{
    (void)unused;
    program = getenv("SKYSCALE");
    if (program == NULL) {
        print_message("skipped: SKYSCALE does not name the program\n");
        exit(77);
    }
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int tear_down(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_that_compute_for_minutes),
        cmocka_unit_test(tasks_that_run_programs),
        cmocka_unit_test(recipes_are_names),
        cmocka_unit_test(a_large_team_fits_a_small_stack),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
