/* Property: `skyscale simulate` as users meet it: the same request gives the same JSON, text and
 * figure; costs come from distributions, from recorded schedules, from campaigns with chunks (whose
 * own points are then compared) and from kernels run on the spot; wrong requests are refused with
 * their cause before anything is run. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/cli/spawn.h"

#define GIVEN " --claims memory:own=3e-8,transfer=1e-7 "

static char folder[] = "/tmp/skyscale-simulate-XXXXXX";

static char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    char *to = path[turn++ % 4];

    snprintf(to, sizeof(path[0]), "%s/%s", folder, name);
    return to;
}

static int skyscale(const char *arguments, const char *out)
{
    return spawn(getenv("SKYSCALE"), arguments, NULL, out, path_of("stderr"));
}

static void succeed(const char *arguments, const char *out)
{
    const int code = skyscale(arguments, out);

    if (code != 0)
        fail_msg("%s: exit %d: %s", arguments, code, spawn_read_file(path_of("stderr"), NULL));
}

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);

    if (json == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return json;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_the_same_request_gives_the_same_numbers(void **unused)
{
    const char request[] = "simulate lognormal --tasks 3000 --cv 1 -w 1,2,4,...,64,100-101 --json"
                           " --jitter 0.2 --repeats 7 --speeds slow:part=0.25,speed=0.5"
                           " -s static,guided:chunk=2,awf-c,stealing:chunk=4,victim=random" GIVEN;
    char *first, *again;
    json_t *json, *schedulers, *points;

    (void)unused;
    succeed(request, path_of("first.json"));
    succeed(request, path_of("again.json"));
    first = spawn_read_file(path_of("first.json"), NULL);
    again = spawn_read_file(path_of("again.json"), NULL);
    assert_string_equal(first, again);
    free(first);
    free(again);
    json = load(path_of("first.json"));
    assert_true(json_is_true(json_object_get(json, "is_simulated")));
    schedulers = json_object_get(json_array_get(json_object_get(json, "loads"), 0), "schedulers");
    assert_int_equal(json_array_size(schedulers), 4);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(schedulers, 3), "scheduler")),
        "stealing:chunk=4,victim=random");
    points = json_object_get(json_array_get(schedulers, 1), "points");
    assert_int_equal(json_array_size(points), 9); /* 1 2 4 8 16 32 64 100 101 */
    assert_int_equal(json_array_size(json_object_get(json_array_get(points, 0), "repeats_s")), 7);
    json_decref(json);
}

static void test_figures_say_that_they_are_simulated(void **unused)
{
    char command[600];
    char *svg;

    (void)unused;
    if (system("gnuplot --version >/dev/null 2>&1") != 0) {
        skip();
        return;
    }
    snprintf(command, sizeof(command),
             "simulate constant --tasks 500 -w 1,2,4 -s static,dynamic --json --figure %s" GIVEN,
             path_of("direct.svg"));
    succeed(command, path_of("figure.json"));
    snprintf(command, sizeof(command), "plot %s -f simulation -o %s", path_of("figure.json"),
             path_of("plotted.svg"));
    succeed(command, NULL);
    svg = spawn_read_file(path_of("direct.svg"), NULL);
    assert_non_null(strstr(svg, "simulated, not measured"));
    assert_non_null(strstr(svg, "dynamic"));
    free(svg);
    svg = spawn_read_file(path_of("plotted.svg"), NULL);
    assert_non_null(strstr(svg, ">constant<"));
    assert_non_null(strstr(svg, ">simulated workers N<"));
    free(svg);
    write_file(path_of("other.json"), "{\"is_simulated\": false}");
    snprintf(command, sizeof(command), "plot %s -f simulation -o %s", path_of("other.json"),
             path_of("none.svg"));
    assert_int_equal(skyscale(command, NULL), 1);
}

static json_t *first_load(json_t *json)
{
    return json_object_get(json_array_get(json_object_get(json, "loads"), 0), "load");
}

static void test_costs_come_from_a_recorded_schedule(void **unused)
{
    char command[600];
    json_t *json;

    (void)unused;
    snprintf(command, sizeof(command),
             "run synthetic --tasks 60 --cost 5 --steps-per-us 50 -w 1 -s dynamic --record %s",
             path_of("record.txt"));
    succeed(command, NULL);
    snprintf(command, sizeof(command), "simulate %s -w 1,2 -s static --json" GIVEN,
             path_of("record.txt"));
    succeed(command, path_of("record.json"));
    json = load(path_of("record.json"));
    assert_string_equal(json_string_value(json_object_get(first_load(json), "kernel")),
                        "synthetic");
    assert_int_equal(json_integer_value(json_object_get(first_load(json), "tasks")), 60);
    assert_true(json_number_value(json_object_get(first_load(json), "total_s")) > 0);
    json_decref(json);
}

static void test_costs_come_from_a_kernel_run_on_the_spot(void **unused)
{
    json_t *json;
    const json_t *work;

    (void)unused;
    succeed("simulate synthetic --tasks 40 --cost 5 --steps-per-us 50 --runs 3 -w 1,4 -s dynamic"
            " --json" GIVEN,
            path_of("kernel.json"));
    json = load(path_of("kernel.json"));
    work = first_load(json);
    assert_int_equal(json_integer_value(json_object_get(work, "tasks")), 40);
    assert_int_equal(json_integer_value(json_object_get(work, "samples")), 3);
    assert_true(json_number_value(json_object_get(work, "prepare_s")) > 0);
    json_decref(json);
}

static void test_a_campaign_is_simulated_as_it_was_run(void **unused)
{
    char command[600];
    json_t *json, *row;
    const json_t *compared;
    size_t i;

    (void)unused;
    write_file(path_of("sweep.yaml"),
               "record: chunks\n"
               "kernels: [{kernel: synthetic, tasks: [40, 50], cost: 5, steps-per-us: 50}]\n"
               "workers: [1]\nschedulers: [guided, \"dynamic:chunk=1\"]\n"
               "repeat: {warmup: 0, min: 2, max: 2}\n");
    snprintf(command, sizeof(command), "sweep %s -d %s", path_of("sweep.yaml"),
             path_of("sweep.db"));
    succeed(command, NULL);
    snprintf(command, sizeof(command), "simulate %s -w 1,8 -s guided --compare least --json" GIVEN,
             path_of("sweep.db"));
    succeed(command, path_of("campaign.json"));
    json = load(path_of("campaign.json"));
    assert_int_equal(json_array_size(json_object_get(json, "loads")), 2);
    /* The costs are from single tasks, not from guided's one chunk. */
    assert_non_null(
        strstr(json_string_value(json_object_get(first_load(json), "source")), "dynamic"));
    compared = json_object_get(json_object_get(json, "compared"), "rows");
    assert_int_equal(json_array_size(compared), 4);
    json_array_foreach(compared, i, row)
    {
        const double measured_s = json_number_value(json_object_get(row, "measured_s"));
        const double simulated_s = json_number_value(json_object_get(row, "simulated_s"));

        assert_true(measured_s > 0 && simulated_s > 0);
        assert_true(fabs(json_number_value(json_object_get(row, "error")) -
                         (simulated_s / measured_s - 1)) < 1e-6);
    }
    json_decref(json);
    snprintf(command, sizeof(command), "simulate %s -w 1,2" GIVEN, path_of("sweep.db"));
    succeed(command, path_of("text"));
}

static void expect(int code, const char *arguments, const char *cause)
{
    char *said;

    assert_int_equal(skyscale(arguments, NULL), code);
    said = spawn_read_file(path_of("stderr"), NULL);
    if (strstr(said, cause) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", arguments, said, cause);
    free(said);
}

static void test_wrong_requests_are_refused(void **unused)
{
    char command[300];

    (void)unused;
    expect(2, "simulate nothing-of-this-name", "neither a file nor a kernel");
    expect(2, "simulate constant -w 0", "\"0\" is none of");
    expect(2, "simulate constant -w 1,...,8", "two growing worker counts");
    expect(2, "simulate constant -w 1,2,...", "a last worker count");
    expect(2, "simulate constant -w 65537", "65537");
    expect(2, "simulate constant -s guidde" GIVEN, "guided");
    expect(2, "simulate constant --speeds fast", "no speed");
    expect(2, "simulate constant --claims coordinator:latency=1", "service");
    expect(2, "simulate constant --compare median" GIVEN, "campaign");
    expect(2, "simulate constant --figure out.gif", "gif");
    expect(2, "simulate bimodal --cv 2" GIVEN, "spread");
    write_file(path_of("wrong.txt"), "no schedule\n");
    snprintf(command, sizeof(command), "simulate %s" GIVEN, path_of("wrong.txt"));
    expect(1, command, "wrong.txt:1");
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **unused)
{
    char command[300];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_request_gives_the_same_numbers),
        cmocka_unit_test(test_figures_say_that_they_are_simulated),
        cmocka_unit_test(test_costs_come_from_a_recorded_schedule),
        cmocka_unit_test(test_costs_come_from_a_kernel_run_on_the_spot),
        cmocka_unit_test(test_a_campaign_is_simulated_as_it_was_run),
        cmocka_unit_test(test_wrong_requests_are_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
