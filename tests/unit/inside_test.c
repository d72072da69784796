/* Property: what a run shows of its inside is what happened: the trace has every chunk, a recorded
 * schedule executes again chunk by chunk with the same product on every executor, a rule is found
 * out when the chunks are another's, losses add up to the workers' time, a broken record is
 * refused with its line, and the timeline draws what the record says. */
#include "harness/measure/loss.h"
#include "harness/measure/schedule_file.h"
#include "harness/measure/trace.h"
#include "harness/present/figure.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

static char folder[] = "/tmp/skyscale-inside-XXXXXX";
static sks_topology *topology;

static sks_values *values_of(const sks_param *table, const char *const *parameters)
{
    sks_values *values;

    assert_int_equal(sks_values_create(table, &values), SKS_OK);
    for (; parameters != NULL && parameters[0] != NULL; parameters += 2)
        if (sks_values_set(values, parameters[0], parameters[1], parameters[0]) != SKS_OK)
            fail_msg("%s", sks_message());
    return values;
}

/* One run of `synthetic`; `parameters` and `options` are freed with the record. */
struct sample {
    sks_configuration configuration;
    sks_values *parameters, *options;
    sks_record record;
};

static sks_status try_run(const sks_executor *executor, const sks_scheduler *scheduler,
                          sks_values *options, unsigned n_workers, size_t log_capacity,
                          struct sample *s)
{
    static const char *const parameters[] = {
        "tasks", "203", "cost", "3", "steps-per-us", "10", "distribution", "lognormal", NULL};
    const sks_kernel *kernel;

    assert_int_equal(sks_kernel_find("synthetic", &kernel), SKS_OK);
    *s = (struct sample){.parameters = values_of(kernel->params, parameters), .options = options};
    s->configuration = (sks_configuration){
        .kernel = kernel,
        .parameters = s->parameters,
        .executor = executor,
        .scheduler = scheduler,
        .scheduler_options = s->options,
        .n_workers = n_workers,
        .binding = "none",
        .log_capacity = log_capacity,
    };
    sks_clear();
    return sks_run(&s->configuration, topology, &s->record);
}

static void clear(struct sample *s)
{
    sks_record_clear(&s->record);
    sks_values_destroy(s->parameters);
    sks_values_destroy(s->options);
}

static void run_rule(const sks_executor *executor, const char *scheduler_text, unsigned n_workers,
                     size_t log_capacity, struct sample *s)
{
    const sks_scheduler *scheduler;
    sks_values *options;

    assert_int_equal(sks_scheduler_parse(scheduler_text, &scheduler, &options), SKS_OK);
    if (try_run(executor, scheduler, options, n_workers, log_capacity, s) != SKS_OK)
        fail_msg("%s: %s", scheduler_text, sks_message());
}

static const sks_executor *threads(void)
{
    const sks_executor *executor;

    assert_int_equal(sks_executor_find("threads", &executor), SKS_OK);
    return executor;
}

static size_t count_events(const json_t *events, const char *category)
{
    size_t n = 0, i;
    json_t *event;

    json_array_foreach(events, i, event)
    {
        const char *text = json_string_value(json_object_get(event, "cat"));

        n += text != NULL && strcmp(text, category) == 0;
    }
    return n;
}

static int64_t in_ns(const json_t *event, const char *key)
{
    return llrint(1e3 * json_number_value(json_object_get(event, key)));
}

/* Slices of one row follow each other, each beginning when the one before has ended, and all lie
 * within the row's loop: viewers of the trace-event format want slices nested or apart. */
static void check_order(const json_t *events)
{
    int64_t free_ns[8] = {0}, loop_end_ns[8] = {0};
    size_t i;
    json_t *event;

    json_array_foreach(events, i, event)
    {
        const char *category = json_string_value(json_object_get(event, "cat"));
        const char *name = json_string_value(json_object_get(event, "name"));
        const json_int_t row = json_integer_value(json_object_get(event, "tid"));
        const int64_t start_ns = in_ns(event, "ts"), end_ns = start_ns + in_ns(event, "dur");

        if (strcmp(name, "loop") == 0) {
            assert_in_range(row, 1, 7);
            free_ns[row] = start_ns;
            loop_end_ns[row] = end_ns;
        }
        if (category == NULL || (strcmp(category, "chunk") != 0 && strcmp(category, "claim") != 0))
            continue;
        assert_in_range(row, 1, 7);
        assert_true(start_ns >= free_ns[row]);
        assert_true(end_ns <= loop_end_ns[row]);
        free_ns[row] = end_ns;
    }
}

static void traces(void **unused)
{
    (void)unused;
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++) {
        struct sample s;
        json_error_t error;
        json_t *root, *events;

        run_rule(threads(), sks_scheduler_table[i]->name, 3, 1000, &s);
        if (s.record.rule.verdict < SKS_RULE_COVERS)
            fail_msg("%s: %s", sks_scheduler_table[i]->name, s.record.rule.text);
        assert_int_equal(s.record.rule.verdict == SKS_RULE_AGREES,
                         sks_scheduler_table[i]->fixed != SKS_FIXED_NOTHING);
        assert_int_equal(sks_trace_write("trace.json", &s.configuration, &s.record), SKS_OK);
        root = json_load_file("trace.json", 0, &error);
        if (root == NULL)
            fail_msg("trace.json:%d: %s", error.line, error.text);
        events = json_object_get(root, "traceEvents");
        assert_int_equal(count_events(events, "chunk"), s.record.n_chunks);
        assert_int_equal(count_events(events, "claim"), s.record.n_chunks);
        check_order(events);
        json_decref(root);
        clear(&s);
    }
}

static void overflow(void **unused)
{
    struct sample s;
    json_t *root;

    (void)unused;
    run_rule(threads(), "dynamic", 1, 50, &s);
    assert_int_equal(s.record.rule.verdict, SKS_RULE_UNKNOWN);
    assert_int_equal(s.record.logs[0].n, 50);
    assert_int_equal(s.record.logs[0].n_lost, 153);
    assert_int_equal(sks_trace_write("trace.json", &s.configuration, &s.record), SKS_OK);
    root = json_load_file("trace.json", 0, NULL);
    assert_int_equal(json_integer_value(
                         json_object_get(json_object_get(root, "otherData"), "chunks_not_logged")),
                     153);
    assert_int_equal(count_events(json_object_get(root, "traceEvents"), "chunk"), 50);
    assert_int_equal(sks_schedule_write("schedule.txt", &s.configuration, &s.record),
                     SKS_ERR_INPUT);
    assert_int_equal(access("schedule.txt", F_OK), -1);
    json_decref(root);
    clear(&s);
}

static void check_same_chunks(const sks_record *a, const sks_record *b)
{
    for (unsigned w = 0; w < a->n_workers; w++) {
        assert_int_equal(a->logs[w].n, b->logs[w].n);
        for (size_t i = 0; i < a->logs[w].n; i++)
            assert_memory_equal(&a->logs[w].chunk[i].tasks, &b->logs[w].chunk[i].tasks,
                                sizeof(sks_range));
    }
}

/* What work stealing happened to do, done again by every executor. */
static void replays(void **unused)
{
    static const char *const file[] = {"file", "schedule.txt", NULL};
    struct sample recorded;

    (void)unused;
    run_rule(threads(), "stealing:chunk=3", 3, 1000, &recorded);
    assert_int_equal(sks_schedule_write("schedule.txt", &recorded.configuration, &recorded.record),
                     SKS_OK);
    for (size_t e = 0; sks_executor_table[e] != NULL; e++) {
        const sks_executor *executor = sks_executor_table[e];
        sks_values *options = values_of(sks_scheduler_replay.params, file);
        struct sample again;

        if ((executor->unavailable != NULL && executor->unavailable() != NULL) ||
            sks_executor_check(executor, &sks_scheduler_replay, options, 3) != SKS_OK) {
            sks_values_destroy(options);
            continue;
        }
        if (try_run(executor, &sks_scheduler_replay, options, 3, 1000, &again) != SKS_OK)
            fail_msg("%s: %s", executor->name, sks_message());
        assert_int_equal(again.record.rule.verdict, SKS_RULE_AGREES);
        assert_string_equal(again.record.digest.hex, recorded.record.digest.hex);
        check_same_chunks(&recorded.record, &again.record);
        clear(&again);
    }
    clear(&recorded);
}

static void broken_records(void **unused)
{
    static const char head[] = "# skyscale schedule 1\n# tasks 203\n# workers 2\n";
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "empty"},
        {"0 0 203\n", ":1: not a recorded schedule"},
        {"+0 0 100\n", "task 100"},
        {"+0 0 100\n1 99 203\n", "task 100"},
        {"+0 0 100\n1 110 203\n", "task 100"},
        {"+0 0 100\n2 100 203\n", ":5: the header names fewer workers"},
        {"+0 0 100\n1 100 204\n", ":5: an empty chunk"},
        {"+0 0 100\n1 100 100\n1 100 203\n", ":5: an empty chunk"},
        {"+0 0 100\n1 -100 203\n", ":5: not \"worker begin end\""},
        {"+0 0 100\n1 100\n", ":5: not \"worker begin end\""},
        {"+0 0 100\n1 100 99999999999999999999999\n", ":5: not \"worker begin end\""},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        FILE *file = fopen("broken.txt", "w");
        sks_schedule schedule = {0};

        assert_non_null(file);
        fprintf(file, "%s%s", cases[i].text[0] == '+' ? head : "",
                cases[i].text + (cases[i].text[0] == '+'));
        fclose(file);
        sks_clear();
        assert_int_equal(sks_schedule_read("broken.txt", &schedule), SKS_ERR_INPUT);
        if (strstr(sks_message(), "broken.txt") == NULL ||
            strstr(sks_message(), cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, sks_message());
        assert_null(schedule.chunk);
    }
    sks_clear();
}

static sks_rule_verdict verdict_on(const char *rule, const sks_record *record, bool is_joined)
{
    const sks_scheduler *scheduler;
    sks_values *options;
    sks_rule_check check;
    sks_loop loop;

    assert_int_equal(sks_scheduler_parse(rule, &scheduler, &options), SKS_OK);
    loop =
        (sks_loop){.n_tasks = record->n_tasks, .n_workers = record->n_workers, .options = options};
    assert_int_equal(sks_rule_check_logs(scheduler, &loop, record->logs, is_joined, &check),
                     SKS_OK);
    sks_values_destroy(options);
    return check.verdict;
}

static void another_rule(void **unused)
{
    struct sample s;

    (void)unused;
    run_rule(threads(), "guided", 2, 1000, &s);
    assert_int_equal(verdict_on("guided", &s.record, false), SKS_RULE_AGREES);
    assert_int_equal(verdict_on("dynamic", &s.record, false), SKS_RULE_DIFFERS);
    assert_int_equal(verdict_on("static", &s.record, false), SKS_RULE_DIFFERS);
    assert_int_equal(verdict_on("stealing", &s.record, false), SKS_RULE_COVERS);
    /* Neighbouring chunks of one task seen as one. */
    assert_int_equal(verdict_on("dynamic", &s.record, true), SKS_RULE_AGREES);
    assert_int_equal(verdict_on("dynamic:chunk=7", &s.record, true), SKS_RULE_DIFFERS);
    /* A task lost, and one done twice. */
    s.record.logs[0].chunk[0].tasks.end--;
    assert_int_equal(verdict_on("stealing", &s.record, false), SKS_RULE_DIFFERS);
    s.record.logs[0].chunk[0].tasks.end += 2;
    assert_int_equal(verdict_on("stealing", &s.record, false), SKS_RULE_DIFFERS);
    clear(&s);

    run_rule(threads(), "static:chunk=10", 2, 1000, &s);
    assert_int_equal(verdict_on("static:chunk=10", &s.record, false), SKS_RULE_AGREES);
    assert_int_equal(verdict_on("dynamic:chunk=10", &s.record, false), SKS_RULE_AGREES);
    {
        sks_chunk_log log = s.record.logs[0]; /* as if the workers had changed places */

        s.record.logs[0] = s.record.logs[1];
        s.record.logs[1] = log;
    }
    assert_int_equal(verdict_on("static:chunk=10", &s.record, false), SKS_RULE_DIFFERS);
    clear(&s);
}

/* Two workers: 0 asks from 0 to 4 s and computes 3 s, 1 from 1 to 10 s and computes 8 s. */
static void losses(void **unused)
{
    sks_worker_record workers[] = {
        {.start_s = 0, .end_s = 4, .busy_s = 3, .scheduling_s = 1, .idle_s = 6},
        {.start_s = 1, .end_s = 10, .busy_s = 8, .scheduling_s = 1, .idle_s = 1},
    };
    sks_chunk chunks[] = {{.start_ns = 0, .end_ns = 3000000000},
                          {.start_ns = 1000000000, .end_ns = 8000000000}};
    sks_chunk_log logs[] = {{.chunk = &chunks[0], .n = 1, .capacity = 1},
                            {.chunk = &chunks[1], .n = 1, .capacity = 1}};
    sks_record record = {.n_workers = 2, .workers = workers};
    sks_loss loss;

    (void)unused;
    sks_loss_attribute(&record, NAN, &loss);
    assert_near(loss.makespan_s, 10, 1e-12);
    assert_near(loss.bound_s, 5.5, 1e-12); /* (3 + 8) / 2 */
    assert_near(loss.regret, 10 / 5.5 - 1, 1e-12);
    assert_near(loss.startup_s, 1, 1e-12);
    assert_near(loss.dispatch_s, 2, 1e-12);
    assert_near(loss.imbalance_s, 6, 1e-12);
    assert_near(loss.busy_s + loss.startup_s + loss.dispatch_s + loss.imbalance_s,
                2 * loss.makespan_s, 1e-12);
    assert_true(isnan(loss.longest_chunk_s) && isnan(loss.slowdown_s));

    record.logs = logs;
    sks_loss_attribute(&record, 9, &loss);
    assert_near(loss.longest_chunk_s, 7, 1e-12);
    assert_near(loss.bound_s, 7, 1e-12);
    assert_near(loss.slowdown_s, 2, 1e-12);
}

static size_t count_text(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* A made-up record drawn: its texts, and in one colour each as many bars as it has chunks. */
static void timeline(void **unused)
{
    static const char *const files[] = {"drawn.txt"}, *const names[] = {"a <b> & \"c\""};
    const sks_figure_input input = {
        .files = files, .names = names, .n_files = 1, .confidence = 0.95};
    const sks_figure *figure;
    FILE *file = fopen("drawn.txt", "w");
    char svg[100000] = "";
    sks_status status;

    (void)unused;
    assert_non_null(file);
    fputs("# skyscale schedule 1\n# kernel null\n# tasks 40\n# workers 3\n# executor threads\n"
          "# scheduler stealing\n0 0 10 0 2 0\n0 10 20 2.5 3 0\n1 20 30 0.5 2 0\n"
          "1 35 40 2 4.25 1\n2 30 35 0 1 0\n",
          file);
    fclose(file);
    assert_int_equal(sks_figure_find("timeline", &figure), SKS_OK);
    sks_clear();
    status = sks_figure_draw(figure, &input, "drawn.svg");
    if (status != SKS_OK && strstr(sks_message(), "gnuplot is not installed") != NULL) {
        printf("skipped: %s\n", sks_message());
        skip();
    }
    if (status != SKS_OK)
        fail_msg("%s", sks_message());
    file = fopen("drawn.svg", "r");
    assert_non_null(file);
    svg[fread(svg, 1, sizeof(svg) - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(svg, "a &lt;b> &amp; \"c\""));
    assert_non_null(strstr(svg, "null, threads, stealing: 40 tasks, 5 chunks"));
    assert_non_null(strstr(svg, "time since the release of the workers (s)"));
    assert_non_null(strstr(svg, "stolen chunks"));
    /* Filled polygons: the bars, and one sample in the legend. */
    assert_int_equal(count_text(svg, "fill = 'rgb(  0, 114, 178)'"), 4 + 1);
    assert_int_equal(count_text(svg, "fill = 'rgb(213,  94,   0)'"), 1 + 1);
    assert_int_equal(count_text(svg, "fill = 'rgb(230, 230, 230)'"), 3 + 1);
}

static int set_up(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ||
           sks_topology_load(NULL, &topology) != SKS_OK;
}

static int tear_down(void **unused)
{
    static const char *const files[] = {"trace.json", "schedule.txt", "broken.txt", "drawn.txt",
                                        "drawn.svg"};

    (void)unused;
    sks_topology_destroy(topology);
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        unlink(files[i]);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces),         cmocka_unit_test(overflow),     cmocka_unit_test(replays),
        cmocka_unit_test(broken_records), cmocka_unit_test(another_rule), cmocka_unit_test(losses),
        cmocka_unit_test(timeline),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
