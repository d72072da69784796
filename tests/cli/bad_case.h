/* Runs the program on input that is wrong in one way, and checks what is promised of that: one line
 * on standard error that names the cause, nothing else printed, exit 1 (the work failed) or 2
 * (wrong usage), no file left behind. The environment variable SKYSCALE names the program. */
#ifndef SKYSCALE_TESTS_BAD_CASE_H
#define SKYSCALE_TESTS_BAD_CASE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_ARGUMENTS = 32, TEXT_SIZE = 8192, FAILED = 1, USAGE = 2 };

extern char **environ;

static const char *program;
static char folder[] = "/tmp/skyscale-cli-XXXXXX";

struct outcome {
    int status; /* exit status; 128 + signal */
    char out[TEXT_SIZE], err[TEXT_SIZE];
};

static void read_all(int fd, char *text)
{
    ssize_t length;

    lseek(fd, 0, SEEK_SET);
    length = read(fd, text, TEXT_SIZE - 1);
    assert_true(length >= 0);
    text[length] = '\0';
    close(fd);
}

static int open_scratch(void)
{
    FILE *file = tmpfile();
    int fd;

    assert_non_null(file);
    fd = dup(fileno(file));
    fclose(file);
    assert_true(fd >= 0);
    return fd;
}

/* Runs the program with blank-separated arguments; `in` is read as standard input, standard output
 * goes to `out` or, when that is NULL, into the outcome. */
static void run(const char *arguments, const char *in, const char *out, struct outcome *outcome)
{
    char copy[1024];
    char *argv[MAX_ARGUMENTS] = {(char *)program};
    char *rest = copy;
    char *word;
    int n = 1, status;
    int out_fd = out != NULL ? open(out, O_WRONLY) : open_scratch();
    int err_fd = open_scratch();
    posix_spawn_file_actions_t actions;
    pid_t pid;

    assert_true(out_fd >= 0);
    snprintf(copy, sizeof(copy), "%s", arguments);
    while ((word = strsep(&rest, " ")) != NULL)
        if (word[0] != '\0' && n < MAX_ARGUMENTS - 1)
            argv[n++] = word;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, in != NULL ? in : "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_all(err_fd, outcome->err);
    outcome->out[0] = '\0';
    if (out == NULL)
        read_all(out_fd, outcome->out);
    else
        close(out_fd);
}

/* The names in the current folder, sorted; free() it. */
static char *listing(void)
{
    struct dirent **entry;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    int n = scandir(".", &entry, NULL, alphasort);

    assert_true(n >= 0);
    assert_non_null(stream);
    for (int i = 0; i < n; i++) {
        fprintf(stream, "%s\n", entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    fclose(stream);
    return text;
}

struct bad_case {
    const char *arguments;
    int status;
    const char *says[2];  /* what standard error has to contain */
    const char *in, *out; /* as for run() */
};

#define CASE(what, exit_status, ...) .arguments = what, .status = exit_status, .says = {__VA_ARGS__}

/* What is wrong with an outcome, or NULL. */
static const char *find_fault(const struct bad_case *c, const struct outcome *o)
{
    const char *end = strchr(o->err, '\n');

    if (o->status != c->status)
        return "wrong exit status";
    if (strncmp(o->err, "skyscale: ", 10) != 0 || end == NULL || end[1] != '\0')
        return "not one line that begins with \"skyscale: \"";
    for (int i = 0; i < 2 && c->says[i] != NULL; i++)
        if (strstr(o->err, c->says[i]) == NULL)
            return "the cause is not named";
    return o->out[0] != '\0' ? "something was printed on standard output" : NULL;
}

/* All cases are tried; each that fails is shown. */
static void check_all(const struct bad_case *cases, size_t n)
{
    size_t n_failed = 0;

    for (size_t i = 0; i < n; i++) {
        const struct bad_case *c = &cases[i];
        char *before = listing();
        char *after;
        struct outcome o;
        const char *fault;

        run(c->arguments, c->in, c->out, &o);
        after = listing();
        fault = find_fault(c, &o);
        if (fault == NULL && strcmp(before, after) != 0)
            fault = "the folder's files are not those of before";
        if (fault != NULL) {
            print_error("skyscale %s\n  %s\n  exit status %d, expected %d\n  %s%s%s", c->arguments,
                        fault, o.status, c->status, o.err, strcmp(before, after) != 0 ? after : "",
                        o.err[0] == '\0' ? "\n" : "");
            n_failed++;
        }
        free(before);
        free(after);
    }
    assert_int_equal(n_failed, 0);
}

#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof((cases)[0]))

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

/* Goes into a folder of its own; not 0: cannot. */
static int enter_folder(void)
{
    return mkdtemp(folder) == NULL || chdir(folder) != 0 || setenv("TMPDIR", folder, 1) != 0;
}

static int remove_inputs(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

/* The exit status of a test program of cases; 77: skipped. */
#define RUN_CASES(tests, make_inputs)                                                              \
    ((program = getenv("SKYSCALE")) != NULL                                                        \
         ? cmocka_run_group_tests(tests, make_inputs, remove_inputs)                               \
         : (printf("skipped: SKYSCALE does not name the program\n"), 77))

#endif
