/* Property: `skyscale fit` reads a campaign that `skyscale sweep` made, analyses the time asked
 * for, predicts with a warning where it can only guess, and refuses nonsense with exit status 2.
 *
 * The environment variable SKYSCALE names the program. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/cli/spawn.h"
#include "tests/unit/sweep_files.h"

enum { FAILED = 1, USAGE = 2, N_WORKERS = 3 };

static const char *program;
static char *out, *err; /* of the last call */

/* `skyscale fit CAMPAIGN` with the options. */
static int fit_of(const char *campaign, const char *options)
{
    char text[512];
    int status;

    snprintf(text, sizeof(text), "fit %s %s", in_folder(campaign), options);
    status = spawn(program, text, NULL, in_folder("out"), in_folder("err"));
    free(out);
    free(err);
    out = spawn_read_file(in_folder("out"), NULL);
    err = spawn_read_file(in_folder("err"), NULL);
    return status;
}

static int fit(const char *options)
{
    return fit_of("c.db", options);
}

static int make_campaign(void **state)
{
    char arguments[512];

    if (make_folder(state) != 0)
        return -1;
    write_text("c.yaml", "kernels: [{kernel: synthetic, tasks: 30}]\n"
                         "workers: [1-3]\n"
                         "schedulers: [static]\n"
                         "bindings: [none]\n"
                         "repeat: {warmup: 0, min: 7, max: 7}\n");
    snprintf(arguments, sizeof(arguments), "sweep %s -d %s", in_folder("c.yaml"),
             in_folder("c.db"));
    return spawn(program, arguments, NULL, NULL, NULL);
}

static int clean_up(void **state)
{
    free(out);
    free(err);
    return remove_folder(state);
}

/* The only group of a campaign; the caller decrefs *json. */
static const json_t *only_group(json_t **json)
{
    json_error_t error;
    const json_t *groups;

    *json = json_loads(out, 0, &error);
    if (*json == NULL)
        fail_msg("%s", error.text);
    groups = json_object_get(*json, "groups");
    assert_int_equal(json_array_size(groups), 1);
    return json_array_get(groups, 0);
}

static void medians(const char *options, double *seconds)
{
    const json_t *group, *points;
    json_t *json;

    assert_int_equal(fit(options), 0);
    group = only_group(&json);
    points = json_object_get(group, "points");
    assert_int_equal(json_array_size(points), N_WORKERS);
    for (size_t i = 0; i < N_WORKERS; i++)
        seconds[i] = json_real_value(json_object_get(json_array_get(points, i), "median_s"));
    json_decref(json);
}

static void tables_say_what_was_found(void **state)
{
    (void)state;
    assert_int_equal(fit("--oversubscribed include"), 0);
    assert_non_null(strstr(out, "Speedup T(1)/T(N) of the median total time"));
    assert_non_null(strstr(out, "Serial fraction"));
    assert_non_null(strstr(out, "amdahl: T(N) = T_S + T_P/N"));
    assert_non_null(strstr(out, "too few points to tell: 3 worker counts, 6 are needed"));
    assert_string_equal(err, "");
}

/* A core is not busy for longer than the parallel phase lasts, nor that longer than the run. */
static void each_time_is_part_of_the_next(void **state)
{
    double core[N_WORKERS], parallel[N_WORKERS], total[N_WORKERS];

    (void)state;
    medians("--json --per core", core);
    medians("--json --per parallel", parallel);
    medians("--json --per total", total);
    for (size_t i = 0; i < N_WORKERS; i++) {
        assert_true(core[i] > 0.0);
        assert_true(core[i] <= parallel[i]);
        assert_true(parallel[i] <= total[i]);
    }
}

static void the_serial_part_is_measured_of_whole_runs(void **state)
{
    const json_t *group;
    json_t *json;
    double fraction;

    (void)state;
    assert_int_equal(fit("--json"), 0);
    group = only_group(&json);
    fraction = json_real_value(json_object_get(group, "measured_serial_fraction"));
    assert_true(fraction > 0.0 && fraction < 1.0);
    json_decref(json);
    assert_int_equal(fit("--json --per parallel"), 0);
    group = only_group(&json);
    assert_true(json_is_null(json_object_get(group, "measured_serial_fraction")));
    json_decref(json);
}

/* The self-check, what the samples look like, and the twelve rules come with every fit. */
static void a_fit_tells_how_far_to_believe_it(void **state)
{
    const json_t *found, *check, *rules;
    json_t *json;

    (void)state;
    assert_int_equal(fit("--replicates 100"), 0);
    assert_non_null(strstr(out, "\nA/A self-check: "));
    assert_int_equal(fit("--replicates 100 --json"), 0);
    only_group(&json);
    found = json_object_get(json, "measurements");
    assert_int_equal(json_integer_value(json_object_get(found, "samples")), 7 * N_WORKERS);
    check = json_object_get(found, "self_check");
    assert_int_equal(json_integer_value(json_object_get(check, "configurations")) +
                         json_integer_value(json_object_get(check, "left_out")),
                     N_WORKERS);
    assert_true(
        json_is_integer(json_object_get(json_object_get(found, "diagnosis"), "autocorrelated")));
    rules = json_object_get(found, "rules");
    assert_int_equal(json_array_size(rules), 12);
    for (size_t i = 0; i < 12; i++)
        assert_true(json_string_length(json_object_get(json_array_get(rules, i), "answer")) > 0);
    json_decref(json);
}

static void guesses_are_marked_and_warned_of(void **state)
{
    (void)state;
    assert_int_equal(fit("--oversubscribed include --predict 2,1000"), 0);
    assert_non_null(strstr(out, "Prediction of the total time"));
    assert_non_null(strstr(out, "1000!"));
    assert_non_null(strstr(err, "1000 workers are more than 2 times the 3"));
    assert_null(strstr(err, "warning: 2 workers"));
}

/* T = 1 + 10/N + K ln N, to within 0.002 %, three samples each: least at N = 10/K. */
static void write_campaign(const char *name, double k)
{
    static const unsigned workers[] = {1, 2, 3, 4, 6, 8, 12, 16};
    char csv[8192] = "kernel,parameters,executor,scheduler,n_workers,binding,round,total_s\n";

    for (unsigned round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
            const double n = workers[i], noise = 1.0 + 1e-5 * ((double)((7 * i + round) % 5) - 2.0);

            snprintf(csv + strlen(csv), sizeof(csv) - strlen(csv),
                     "made,{},threads,static,%u,none,%u,%.9f\n", workers[i], round,
                     noise * (1.0 + 10.0 / n + k * log(n)));
        }
    write_text(name, csv);
}

static const json_t *optimum_of(const char *csv, const char *db, json_t **json)
{
    char arguments[512];

    snprintf(arguments, sizeof(arguments), "import %s -d %s", in_folder(csv), in_folder(db));
    assert_int_equal(spawn(program, arguments, NULL, NULL, NULL), 0);
    assert_int_equal(fit_of(db, "--json"), 0);
    return json_object_get(only_group(json), "optimum");
}

static void an_optimum_that_was_not_measured_is_marked(void **state)
{
    json_t *json;
    const json_t *optimum;

    (void)state;
    write_campaign("far.csv", 0.1);
    optimum = optimum_of("far.csv", "far.db", &json);
    assert_true(fabs(json_number_value(json_object_get(optimum, "workers")) - 100.0) < 5.0);
    assert_true(json_is_true(json_object_get(optimum, "is_extrapolated")));
    assert_true(json_is_true(json_object_get(optimum, "is_far")));
    json_decref(json);
    assert_int_equal(fit_of("far.db", ""), 0);
    assert_non_null(strstr(out, "! beyond 2 times their greatest: a guess"));
    assert_non_null(strstr(out, "8 of 8 points have fewer than the 6 samples"));

    write_campaign("near.csv", 1.0);
    optimum = optimum_of("near.csv", "near.db", &json);
    assert_true(fabs(json_number_value(json_object_get(optimum, "workers")) - 10.0) < 0.5);
    assert_true(json_is_false(json_object_get(optimum, "is_extrapolated")));
    assert_true(json_is_false(json_object_get(optimum, "is_far")));
    json_decref(json);
}

/* The last test: it takes the campaign away. */
static void nonsense_is_refused(void **state)
{
    static const char *const wrong[] = {"--predict 0", "--predict 4,x",          "--predict 4,",
                                        "--per cpu",   "--oversubscribed maybe", "--state middle"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(fit(wrong[i]), USAGE);
        assert_string_equal(out, "");
        assert_true(strlen(err) > 0);
    }
    assert_int_equal(unlink(in_folder("c.db")), 0);
    assert_int_equal(fit(""), FAILED);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_say_what_was_found),
        cmocka_unit_test(each_time_is_part_of_the_next),
        cmocka_unit_test(the_serial_part_is_measured_of_whole_runs),
        cmocka_unit_test(a_fit_tells_how_far_to_believe_it),
        cmocka_unit_test(guesses_are_marked_and_warned_of),
        cmocka_unit_test(an_optimum_that_was_not_measured_is_marked),
        cmocka_unit_test(nonsense_is_refused),
    };

    program = getenv("SKYSCALE");
    if (program == NULL) {
        fprintf(stderr, "SKYSCALE names no program\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, make_campaign, clean_up);
}
