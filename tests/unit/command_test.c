/* Property: `command` runs each input line's command, whatever the line holds; keeps the outputs
 * apart and in order under every scheduler; records how each ended; ends what hangs; and loses
 * nothing that finished when something fails or the user interrupts. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"

enum { MAX_PARAMETERS = 24 };

extern const sks_kernel sks_kernel_command;

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(name, mode), 0);
}

/* The whole file; NULL when there is none. The caller frees it. */
static char *read_file(const char *name)
{
    FILE *file = fopen(name, "re");
    char *text;
    long size;

    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = calloc((size_t)size + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

static void assert_file(const char *name, const char *expected)
{
    char *text = read_file(name);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static bool exists(const char *name)
{
    return access(name, F_OK) == 0;
}

static void remove_products(void)
{
    unlink("out");
    unlink("out.partial");
    unlink("log");
}

/* Runs `command` over `inputs`, with further parameters, into the files out and log. */
static sks_status run_on(const char *inputs, const char *command, unsigned n_workers,
                         const char *const *more)
{
    const char *parameters[MAX_PARAMETERS] = {"inputs", "inputs", "command", command,
                                              "output", "out",    "log",     "log"};
    sks_record record;
    sks_status status;

    for (size_t n = 8; more != NULL && *more != NULL; n++)
        parameters[n] = *more++;
    remove_products();
    write_file("inputs", inputs, 0644);
    status = run_kernel(&sks_kernel_command, "dynamic", n_workers, parameters, &record);
    sks_record_clear(&record);
    return status;
}

static const char *const in_shell[] = {"shell", "yes", NULL};

/* Field `column`, counted from 0, of the log's row for line `number`. */
static const char *log_field(size_t number, int column)
{
    static char field[256];
    char *log = read_file("log");
    char *rest = log, *line, *cell = NULL;
    char wanted[24];

    assert_non_null(log);
    snprintf(wanted, sizeof(wanted), "%zu", number);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *cells = line;

        if (line[0] == '#' || strcmp(strsep(&cells, "\t"), wanted) != 0)
            continue;
        cell = line;
        for (int i = 0; i < column; i++)
            cell = strsep(&cells, "\t");
        break;
    }
    assert_non_null(cell);
    snprintf(field, sizeof(field), "%s", cell);
    free(log);
    return field;
}

enum { WALL = 2, PEAK = 5, SIZE = 6, ATTEMPTS = 7, EXIT = 8, SIGNAL = 9, OUTCOME = 10, INPUT = 11 };

#define ODD "a b.txt\nit's\nx\"y\n$(touch hacked)\n`touch hacked`;touch hacked\n*\n\\\n-n\n\n\t|\n"

/* What printf is told is what the line says. */
static void odd_inputs_arrive_as_they_are(void **unused)
{
    static const char *const ways[] = {"printf \"%s\" {}; echo",
                                       "printf '%s\\n' \"$(printf %s {})\"",
                                       "printf '%s\\n' \"{}\"",
                                       "printf '%s\\n' '{}' # isn't {}",
                                       "f() { printf '%s\\n' {}; }; f 1 2",
                                       "(printf '%s\\n' {}) | cat",
                                       "printf '%s\\n'"};

    (void)unused;
    assert_int_equal(run_on(ODD, "printf '%s\\n' {}", 2, NULL), SKS_OK);
    assert_file("out", ODD);
    assert_int_equal(run_on(ODD, "printf '%s\\n'", 2, NULL), SKS_OK);
    assert_file("out", ODD);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(run_on(ODD, ways[i], 2, in_shell), SKS_OK);
        assert_file("out", ODD);
    }
    assert_int_equal(run_on("3\n4", "echo $(( {} * ({#} + 1) )) '[{/}]'", 2, in_shell), SKS_OK);
    assert_file("out", "6 [3]\n12 [4]\n");
    assert_false(exists("hacked"));
}

static void inputs_are_lines(void **unused)
{
    int fd;

    (void)unused;
    assert_int_equal(run_on("", "echo", 2, NULL), SKS_OK);
    assert_file("out", "");
    assert_int_equal(run_on("a\n\nb", "echo x{}", 2, NULL), SKS_OK);
    assert_file("out", "xa\nx\nxb\n");
    write_file("inputs", "a\nb", 0644);
    fd = open("inputs", O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "\0c\n", 3), 3);
    close(fd);
    {
        static const char *const parameters[] = {"inputs", "inputs", "command", "echo",
                                                 "output", "out",    NULL};
        sks_record record;

        remove_products();
        assert_int_equal(run_kernel(&sks_kernel_command, "dynamic", 1, parameters, &record),
                         SKS_ERR_INPUT);
        assert_non_null(strstr(sks_message(), "inputs:2: a zero byte"));
        assert_false(exists("out"));
    }
}

static void what_cannot_run_is_found_first(void **unused)
{
    static const struct {
        const char *command, *says;
        bool uses_shell;
        sks_status status;
    } cases[] = {
        {"no-such-program {}", "no program \"no-such-program\" in PATH", false, SKS_ERR_IO},
        {"./no-such-program {}", "./no-such-program: No such file", false, SKS_ERR_IO},
        {"/tmp {}", "/tmp: Permission denied", false, SKS_ERR_IO},
        {"./plain {}", "./plain: Permission denied", false, SKS_ERR_IO},
        {"'' {}", "no program \"\"", false, SKS_ERR_IO},
        {"touch ran; if {}", "the shell says: ", true, SKS_ERR_USAGE},
    };

    (void)unused;
    write_file("plain", "text\n", 0644);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            run_on("1\n2\n", cases[i].command, 2, cases[i].uses_shell ? in_shell : NULL),
            cases[i].status);
        assert_non_null(strstr(sks_message(), cases[i].says));
        assert_null(strchr(sks_message(), '\n'));
        assert_false(exists("out") || exists("log") || exists("ran"));
    }
}

static void every_ending_is_recorded(void **unused)
{
    (void)unused;
    assert_int_equal(run_on("exit 3\nkill -9 $$\necho fine\ntrue\n", "sh -c {}", 2, NULL),
                     SKS_ERR_INPUT);
    assert_string_equal(sks_message(), "2 of 4 commands failed: 1 \"exit 3\" (exit status 3), "
                                       "2 \"kill -9 $$\" (killed by signal 9)");
    assert_file("out", "fine\n"); /* delivered all the same */
    assert_string_equal(log_field(1, OUTCOME), "failed");
    assert_string_equal(log_field(1, EXIT), "3");
    assert_string_equal(log_field(1, SIGNAL), "nan");
    assert_string_equal(log_field(2, OUTCOME), "signal");
    assert_string_equal(log_field(2, EXIT), "nan");
    assert_string_equal(log_field(2, SIGNAL), "9");
    assert_string_equal(log_field(3, OUTCOME), "ok");
    assert_string_equal(log_field(3, SIZE), "5");
    assert_string_equal(log_field(3, ATTEMPTS), "1");
    assert_string_equal(log_field(4, INPUT), "true");
    assert_false(exists("out.partial"));
}

static void programs_named_by_inputs(void **unused)
{
    (void)unused;
    write_file("script", "echo no first line \"$@\"\n", 0755); /* no #!: the shell's */
    assert_int_equal(run_on("./script\nno-such-program\necho\n./plain\n", "{} {#}", 2, NULL),
                     SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "2 of 4 commands failed: 2 \"no-such-program\" (No such "
                                          "file or directory), 4 \"./plain\" (Permission denied)"));
    assert_file("out", "no first line 1\n3\n");
    assert_string_equal(log_field(2, OUTCOME), "not_started");
    assert_string_equal(log_field(2, WALL), "nan");
    assert_int_equal(run_on("a\n", "./script b", 1, NULL), SKS_OK);
    assert_file("out", "no first line b a\n");
}

/* A hanging command, one that ignores SIGTERM, and one whose child hangs; and a quick one. */
static void a_timeout_ends_what_hangs(void **unused)
{
    static const char *const more[] = {"timeout", "1.5", NULL};

    (void)unused;
    assert_int_equal(run_on("echo a; exec sleep 1000\ntrap '' TERM; sleep 1000; sleep 1000\n"
                            "sleep 1000 & wait\necho b\n",
                            "sh -c {}", 4, more),
                     SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "3 of 4 commands failed: 1 \"echo a; exec sleep 1000\" "
                                          "(no end after "));
    assert_file("out", "a\nb\n"); /* what it printed before is not lost */
    assert_string_equal(log_field(1, OUTCOME), "timeout");
    assert_string_equal(log_field(1, SIGNAL), "15");
    assert_string_equal(log_field(2, OUTCOME), "timeout");
    assert_string_equal(log_field(2, SIGNAL), "9");
    assert_string_equal(log_field(3, OUTCOME), "timeout");
    assert_string_equal(log_field(4, OUTCOME), "ok");
}

/* Each attempt adds a letter to a file; only the last one's output counts. */
static void retries_are_counted(void **unused)
{
    static const char *const more[] = {"retries", "3", "shell", "yes", NULL};

    (void)unused;
    unlink("count-1");
    unlink("count-9");
    assert_int_equal(
        run_on("1\n", "printf x >> count-{}; cat count-{}; test $(cat count-{}) = xxx", 1, more),
        SKS_OK);
    assert_file("out", "xxx");
    assert_string_equal(log_field(1, ATTEMPTS), "3");
    assert_int_equal(run_on("9\n", "printf x >> count-{}; cat count-{}; exit 1", 1, more),
                     SKS_ERR_INPUT);
    assert_file("out", "xxxx");
    assert_string_equal(log_field(1, ATTEMPTS), "4");
}

/* 8 MB each, many pieces of the spool, at the same time. */
static void large_outputs_stay_whole(void **unused)
{
    char *text, *p;

    (void)unused;
    assert_int_equal(run_on("1\n2\n3\n", "seq {}000000 {}999999", 3, NULL), SKS_OK);
    p = text = read_file("out");
    for (int i = 1000000; i < 4000000; i++) {
        assert_int_equal(strtol(p, &p, 10), i);
        assert_int_equal(*p++, '\n');
    }
    assert_int_equal(*p, '\0');
    free(text);
    assert_string_equal(log_field(2, SIZE), "8000000");
}

static void memory_is_that_of_the_program(void **unused)
{
    double peak;

    (void)unused;
    assert_int_equal(
        run_on("200\n", "sh -c 'dd if=/dev/zero bs={}M count=1 2>/dev/null | wc -c'", 1, NULL),
        SKS_OK);
    assert_file("out", "209715200\n");
    peak = strtod(log_field(1, PEAK), NULL);
    assert_true(peak >= 200 * 1048576.0 && peak < 400 * 1048576.0);
}

/* Standard input is empty, and no descriptor but the three is open (ls opens one itself). Many at
 * once, so that other programs' pipes are about. */
static void programs_get_three_descriptors(void **unused)
{
    char inputs[300] = "", expected[2400] = "";
    int stray = open("/dev/null", O_RDONLY); /* without close-on-exec */

    (void)unused;
    for (int i = 0; i < 100; i++) {
        strcat(inputs, "1\n");
        strcat(expected, "0 1 2 3\n");
    }
    assert_true(stray >= 0);
    assert_int_equal(run_on(inputs, "cat; : {}; echo $(ls /proc/self/fd)", 4, in_shell), SKS_OK);
    close(stray);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    assert_file("out", expected);
#endif
}

/* A process left behind keeps the pipe open: the command is over all the same. */
static void background_processes_are_not_waited_for(void **unused)
{
    (void)unused;
    assert_int_equal(run_on("1\n", "sleep 100 & echo $! > background; echo {}", 1, in_shell),
                     SKS_OK);
    assert_file("out", "1\n");
    {
        char *pid = read_file("background");

        assert_int_equal(kill((pid_t)atoi(pid), SIGKILL), 0); /* it is still there */
        free(pid);
    }
}

static void fail_fast_stops_everything(void **unused)
{
    static const char *const more[] = {"fail-fast", "yes", "shell", "yes", NULL};

    (void)unused;
    /* The first waits for the second; the second for the third, which hangs; then it fails. */
    unlink("started-3");
    assert_int_equal(run_on("1\n2\n3\n4\n5\n",
                            "touch started-{}; echo {}; case {} in "
                            "1) exit 0;; 2) until test -e started-3; do sleep 0.01; done; exit 7;; "
                            "*) exec sleep 1000;; esac",
                            2, more),
                     SKS_ERR_INPUT);
    assert_string_equal(sks_message(),
                        "1 of 5 commands failed: 2 \"2\" (exit status 7); stopped there, 3 others "
                        "did not finish; what the finished ones printed is in out.partial");
    assert_false(exists("out")); /* nothing that looks complete */
    assert_file("out.partial", "1\n2\n");
    assert_string_equal(log_field(1, OUTCOME), "ok");
    assert_string_equal(log_field(2, OUTCOME), "failed");
    assert_string_equal(log_field(3, OUTCOME), "stopped");
    assert_string_equal(log_field(5, OUTCOME), "not_run");
    assert_string_equal(log_field(5, ATTEMPTS), "0");
}

static void on_interrupt(int number)
{
    sks_cancel = number;
}

/* The third command plays the user. */
static void an_interrupt_ends_what_runs_and_keeps_what_finished(void **unused)
{
    struct sigaction action = {.sa_handler = on_interrupt}, before;

    (void)unused;
    assert_int_equal(sigaction(SIGINT, &action, &before), 0);
    assert_int_equal(run_on("echo a\necho b\necho lost; kill -INT $PPID; sleep 1000\necho c\n",
                            "sh -c {}", 1, NULL),
                     SKS_ERR_CANCELLED);
    sks_cancel = 0;
    assert_int_equal(sigaction(SIGINT, &before, NULL), 0);
    assert_false(exists("out"));
    assert_file("out.partial", "a\nb\n");
    assert_string_equal(log_field(2, OUTCOME), "ok");
    assert_string_equal(log_field(3, OUTCOME), "stopped");
    assert_string_equal(log_field(4, OUTCOME), "not_run");
}

/* The program belongs to a process that is killed; what becomes of it comes to this one. */
static void nothing_survives_a_kill(void **unused)
{
    pid_t runner, program;
    char *text = NULL;
    int status;

    (void)unused;
    unlink("started");
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    runner = fork();
    assert_true(runner >= 0);
    if (runner == 0) {
        run_on("1\n", "echo $$ > starting; mv starting started; exec sleep 1000", 1, in_shell);
        _exit(0);
    }
    while ((text = read_file("started")) == NULL)
        usleep(1000);
    program = (pid_t)atoi(text);
    free(text);
    assert_int_equal(kill(program, 0), 0);
    assert_int_equal(kill(runner, SIGKILL), 0);
    assert_int_equal(waitpid(runner, &status, 0), runner);
    assert_int_equal(waitpid(program, &status, 0), program); /* hangs if it goes on */
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* 200 commands whose times differ, on 4 workers: the same product as one worker makes. */
static void the_product_does_not_depend_on_the_schedule(void **unused)
{
    static const char *const parameters[] = {"inputs",
                                             "inputs",
                                             "output",
                                             "out",
                                             "command",
                                             "sh -c 'test $(($1 % 17)) -gt 0 || sleep "
                                             "0.01; seq $1' sh {}",
                                             NULL};
    char inputs[2000] = "";
    size_t length = 0;
    sks_digest first = {""};

    (void)unused;
    for (int i = 1; i <= 200; i++)
        length += (size_t)sprintf(inputs + length, "%d\n", i);
    write_file("inputs", inputs, 0644);
    for (int i = -1; i < 0 || sks_scheduler_table[i] != NULL; i++) {
        sks_record record;

        remove_products();
        assert_int_equal(run_kernel(&sks_kernel_command,
                                    i < 0 ? "dynamic" : sks_scheduler_table[i]->name, i < 0 ? 1 : 4,
                                    parameters, &record),
                         SKS_OK);
        if (i < 0)
            first = record.digest;
        assert_string_equal(record.digest.hex, first.hex);
        assert_true(record.work.bytes == (double)record.notes.note[2].value);
        sks_record_clear(&record);
    }
}

static void log_and_output_are_two_files(void **unused)
{
    static const char *const more[] = {"log", "out", NULL};

    (void)unused;
    assert_int_equal(run_on("1\n", "echo", 1, more), SKS_ERR_USAGE);
    assert_false(exists("out"));
}

static int enter_folder(void **state)
{
    return scratch_make(state) == 0 ? chdir(scratch_folder) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_inputs_arrive_as_they_are),
        cmocka_unit_test(inputs_are_lines),
        cmocka_unit_test(what_cannot_run_is_found_first),
        cmocka_unit_test(every_ending_is_recorded),
        cmocka_unit_test(programs_named_by_inputs),
        cmocka_unit_test(a_timeout_ends_what_hangs),
        cmocka_unit_test(retries_are_counted),
        cmocka_unit_test(large_outputs_stay_whole),
        cmocka_unit_test(memory_is_that_of_the_program),
        cmocka_unit_test(programs_get_three_descriptors),
        cmocka_unit_test(background_processes_are_not_waited_for),
        cmocka_unit_test(fail_fast_stops_everything),
        cmocka_unit_test(an_interrupt_ends_what_runs_and_keeps_what_finished),
        cmocka_unit_test(nothing_survives_a_kill),
        cmocka_unit_test(the_product_does_not_depend_on_the_schedule),
        cmocka_unit_test(log_and_output_are_two_files),
    };

    return cmocka_run_group_tests(tests, enter_folder, scratch_remove);
}
