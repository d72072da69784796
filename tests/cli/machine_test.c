/* Property: `skyscale machine` describes the machine as text and as JSON, shows the map of the
 * workers on a made-up machine without running anything, and refuses nonsense with exit status 2.
 *
 * The environment variable SKYSCALE names the program. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_ARGUMENTS = 12, TEXT_SIZE = 1 << 18, FAILED = 1, USAGE = 2 };

extern char **environ;

static const char *program;
static char out[TEXT_SIZE], err[TEXT_SIZE];

static void read_back(FILE *file, char *text)
{
    size_t length;

    rewind(file);
    length = fread(text, 1, TEXT_SIZE - 1, file);
    text[length] = '\0';
    fclose(file);
}

/* Runs `skyscale machine` with the arguments, which end with NULL; returns the exit status.
 * Standard output goes to `out`, or to `out_path` when that is not NULL. */
static int machine(const char *const *arguments, const char *out_path)
{
    char *argv[MAX_ARGUMENTS + 3] = {(char *)program, "machine"};
    posix_spawn_file_actions_t actions;
    FILE *out_file = out_path != NULL ? fopen(out_path, "w") : tmpfile();
    FILE *err_file = tmpfile();
    int status;
    pid_t pid;

    assert_non_null(out_file);
    assert_non_null(err_file);
    for (int i = 0; i < MAX_ARGUMENTS && arguments[i] != NULL; i++)
        argv[i + 2] = (char *)arguments[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(out_file), 1);
    posix_spawn_file_actions_adddup2(&actions, fileno(err_file), 2);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    read_back(err_file, err);
    out[0] = '\0';
    if (out_path == NULL)
        read_back(out_file, out);
    else
        fclose(out_file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define MACHINE(...) machine((const char *const[]){__VA_ARGS__, NULL}, NULL)

static json_t *parse(void)
{
    json_error_t error;
    json_t *json = json_loads(out, 0, &error);

    if (json == NULL)
        fail_msg("%s", error.text);
    return json;
}

static void the_map_of_one_binding(void **state)
{
    (void)state;
    assert_int_equal(MACHINE("--topology", "package:2 core:2 pu:2", "-b", "scatter", "-w", "9"), 0);
    assert_string_equal(err, "");
    assert_string_equal(out, "package:2 core:2 pu:2 (simulated, nothing is bound): 8 hardware "
                             "threads on 4 cores\n"
                             "binding scatter, 9 workers (oversubscribed)\n\n"
                             "worker      pu    core package    numa\n"
                             "     0       0       0       0       0\n"
                             "     1       4       2       1       0\n"
                             "     2       2       1       0       0\n"
                             "     3       6       3       1       0\n"
                             "     4       1       0       0       0\n"
                             "     5       5       2       1       0\n"
                             "     6       3       1       0       0\n"
                             "     7       7       3       1       0\n"
                             "     8       0       0       0       0\n");
}

static void the_maps_of_all_bindings(void **state)
{
    (void)state;
    assert_int_equal(MACHINE("--topology", "package:2 core:1 pu:2"), 0);
    assert_non_null(strstr(out, "\n"
                                "worker  compact  scatter    cores     numa\n"
                                "     0        0        0        0        0\n"
                                "     1        1        2        2        2\n"
                                "     2        2        1        1        1\n"
                                "     3        3        3        3        3\n"));
}

static void the_map_as_json(void **state)
{
    json_t *json, *map, *worker;

    (void)state;
    assert_int_equal(MACHINE("--topology", "package:2 core:1 pu:2", "-b", "2,1", "--json"), 0);
    json = parse();
    assert_true(json_is_true(json_object_get(json, "is_simulated")));
    assert_int_equal(json_integer_value(json_object_get(json, "usable_hardware_threads")), 4);
    map = json_array_get(json_object_get(json, "maps"), 0);
    assert_string_equal(json_string_value(json_object_get(map, "binding")), "2,1");
    assert_true(json_is_true(json_object_get(map, "is_oversubscribed")));
    assert_int_equal(json_array_size(json_object_get(map, "workers")), 4);
    worker = json_array_get(json_object_get(map, "workers"), 0);
    assert_int_equal(json_integer_value(json_object_get(worker, "pu")), 2);
    assert_int_equal(json_integer_value(json_object_get(worker, "package")), 1);
    json_decref(json);

    assert_int_equal(MACHINE("--topology", "core:2 pu:1", "-b", "none", "--json"), 0);
    json = parse();
    map = json_array_get(json_object_get(json, "maps"), 0);
    worker = json_array_get(json_object_get(map, "workers"), 1);
    assert_true(json_is_null(json_object_get(worker, "pu")));
    json_decref(json);
}

static void the_description(void **state)
{
    static const char *const sections[] = {"system", "processor", "memory", "topology",
                                           "build",  "libraries", "timer",  "counters"};
    json_t *json;

    (void)state;
    assert_int_equal(MACHINE("--json"), 0);
    json = parse();
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        assert_true(json_object_size(json_object_get(json, sections[i])) > 0);
    assert_true(json_is_array(json_object_get(json, "warnings")));
    json_decref(json);

    assert_int_equal(machine((const char *const[]){NULL}, NULL), 0);
    assert_string_equal(err, "");
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        assert_non_null(strstr(out, sections[i]));
    assert_non_null(strstr(out, "  instructions  "));
}

/* Nothing is made up for a processor that PAPI is told to take this one for and does not know. */
static void a_forced_pmu_is_recorded(void **state)
{
    json_t *json, *counters;

    (void)state;
    assert_int_equal(MACHINE("--force-pmu", "no_such_pmu", "--json"), 0);
    json = parse();
    counters = json_object_get(json, "counters");
    assert_string_equal(json_string_value(json_object_get(counters, "forced_pmu")), "no_such_pmu");
    assert_true(json_is_false(json_object_get(json_object_get(counters, "papi"), "usable")));
    assert_true(json_is_string(json_object_get(json_object_get(counters, "papi"), "reason")));
    json_decref(json);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(MACHINE("-b", "coers"), USAGE);
    assert_non_null(strstr(err, "did you mean \"cores\""));
    assert_int_equal(MACHINE("--topology", "nonsense"), USAGE);
    assert_int_equal(MACHINE("--topology", "core:2 pu:2", "-b", "0,77"), USAGE);
    assert_non_null(strstr(err, "77"));
    assert_int_equal(MACHINE("-w", "0"), USAGE);
    assert_int_equal(MACHINE("somewhere"), USAGE);
    assert_string_equal(out, "");
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(machine((const char *const[]){"--json", NULL}, "/dev/full"), FAILED);
    assert_int_equal(machine((const char *const[]){"-w", "2", NULL}, "/dev/full"), FAILED);
    assert_true(err[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_of_one_binding),   cmocka_unit_test(the_maps_of_all_bindings),
        cmocka_unit_test(the_map_as_json),          cmocka_unit_test(the_description),
        cmocka_unit_test(a_forced_pmu_is_recorded), cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_full_disk_is_told),
    };

    program = getenv("SKYSCALE");
    if (program == NULL) {
        fprintf(stderr, "skipped: SKYSCALE does not name the program\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
