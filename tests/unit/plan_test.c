/* Property: a sweep file becomes exactly the configurations it says, in its order; and whatever is
 * wrong with one is answered by one line that names file, line and cause. */
#include "sweep_files.h"

#include "harness/sweep/plan.h"

#include <stdbool.h>

/* Four cores of two units each, whatever machine runs the test. */
static sks_topology *topology;

static int set_up(void **state)
{
    return sks_topology_load("package:1 core:4 pu:2", &topology) != SKS_OK || make_folder(state);
}

static int tear_down(void **state)
{
    sks_topology_destroy(topology);
    return remove_folder(state);
}

static sks_plan *load(const char *text)
{
    sks_plan *plan = NULL;

    sks_clear();
    write_text("good.yaml", text);
    if (sks_plan_load(in_folder("good.yaml"), topology, &plan) != SKS_OK)
        fail_msg("%s", sks_message());
    assert_string_equal(sks_message(), "");
    return plan;
}

/* Loading fails with `status`, at `line`, with a text that has `cause` in it. */
static void expect_bytes(const void *text, size_t size, sks_status status, int line,
                         const char *cause)
{
    sks_plan *plan = NULL;
    char where[300];

    sks_clear();
    write_bytes("bad.yaml", text, size);
    assert_int_equal(sks_plan_load(in_folder("bad.yaml"), topology, &plan), status);
    assert_null(plan);
    snprintf(where, sizeof(where), "%s:%d: ", in_folder("bad.yaml"), line);
    if (strncmp(sks_message(), where, strlen(where)) != 0 ||
        strstr(sks_message() + strlen(where), cause) == NULL)
        fail_msg("wanted \"%s…%s\", got \"%s\"", where, cause, sks_message());
}

static void expect(const char *text, int line, const char *cause)
{
    expect_bytes(text, strlen(text), SKS_ERR_USAGE, line, cause);
}

static void defaults(void **state)
{
    sks_plan *plan = load("kernels: [null]\nworkers: 2\n");
    const sks_configuration *c = &plan->items[0].configuration;

    (void)state;
    assert_int_equal(plan->n_items, 1);
    assert_string_equal(plan->campaign, "good");
    assert_string_equal(c->kernel->name, "null");
    assert_string_equal(c->executor->name, "threads");
    assert_string_equal(c->scheduler->name, "dynamic");
    assert_string_equal(c->binding, "cores");
    assert_string_equal(c->events, "");
    assert_int_equal(c->n_workers, 2);
    assert_true(c->probes_latency);
    assert_int_equal(plan->n_warmup, 1);
    assert_int_equal(plan->n_min, 9);
    assert_int_equal(plan->n_max, 9);
    assert_true(plan->confidence == 0.95);
    assert_true(plan->seed == 1);
    sks_plan_destroy(plan);
}

static void all_keys(void **state)
{
    sks_plan *plan = load("campaign: night one\n"
                          "kernels:\n"
                          "  - {kernel: null, tasks: [3, 5]}\n"
                          "workers: [1, 2]\n"
                          "executors: [threads]\n"
                          "schedulers: [static, \"dynamic:chunk=4\"]\n"
                          "bindings: [cores, \"0,1\"]\n"
                          "counters: [page-faults, context-switches]\n"
                          "counter_source: rusage\n"
                          "repeat: {warmup: 2, min: 7, max: 30, interval: 5%}\n"
                          "confidence: 0.9\n"
                          "seed: 42\n");

    (void)state;
    assert_int_equal(plan->n_items, 2 * 2 * 2 * 2);
    assert_string_equal(plan->campaign, "night one");
    assert_string_equal(plan->events, "page-faults,context-switches");
    assert_string_equal(plan->counter_source, "rusage");
    assert_int_equal(plan->n_warmup, 2);
    assert_int_equal(plan->n_min, 7);
    assert_int_equal(plan->n_max, 30);
    assert_true(plan->interval == 0.05);
    assert_true(plan->confidence == 0.9);
    assert_true(plan->seed == 42);
    sks_plan_destroy(plan);
}

/* Workers fastest, then bindings, schedulers, and the kernel's own axes, the last one fastest. */
static void order_and_keys(void **state)
{
    sks_plan *plan = load("kernels: [{kernel: null, tasks: [3, 5]}]\n"
                          "workers: [1, 2]\n"
                          "schedulers: [static, dynamic]\n");

    (void)state;
    assert_int_equal(plan->n_items, 8);
    for (size_t i = 0; i < 8; i++) {
        const sks_plan_item *item = &plan->items[i];

        assert_int_equal(item->configuration.n_workers, i % 2 + 1);
        assert_string_equal(item->scheduler, i / 2 % 2 == 0 ? "static" : "dynamic");
        assert_int_equal(sks_values_int(item->configuration.parameters, "tasks"), i < 4 ? 3 : 5);
        assert_string_equal(item->parameters, i < 4 ? "{\"tasks\":3}" : "{\"tasks\":5}");
        assert_string_equal(item->parameters_text, i < 4 ? "tasks=3" : "tasks=5");
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(item->key, plan->items[j].key);
    }
    assert_string_equal(
        plan->items[0].key,
        "{\"kernel\":\"null\",\"parameters\":{\"tasks\":3},\"executor\":\"threads\","
        "\"scheduler\":\"static\",\"workers\":1,\"binding\":\"cores\"}");
    sks_plan_destroy(plan);
}

/* However a value is spelt, the configuration is the same one. */
static void one_key_for_all_spellings(void **state)
{
    static const char *const texts[] = {
        "kernels: [{kernel: null, tasks: 10000}]\nworkers: [4]\nschedulers: "
        "[\"dynamic:chunk=1\"]\n",
        "kernels: null\nworkers: cores\nschedulers: dynamic\n",
        "kernels:\n- kernel: null\n  tasks: '010000'\nworkers: ' 4 - 1 * cores '\n",
    };
    sks_plan *first = load(texts[0]);

    (void)state;
    for (size_t i = 1; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sks_plan *other = load(texts[i]);

        assert_int_equal(other->n_items, 1);
        assert_string_equal(other->items[0].key, first->items[0].key);
        sks_plan_destroy(other);
    }
    assert_string_equal(first->items[0].scheduler, "dynamic");
    assert_string_equal(first->items[0].parameters_text, "");
    sks_plan_destroy(first);
}

static void expect_workers(const char *list, size_t n, const unsigned *workers)
{
    char text[200];
    sks_plan *plan;

    snprintf(text, sizeof(text), "kernels: [null]\nworkers: %s\n", list);
    plan = load(text);
    assert_int_equal(plan->n_items, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(plan->items[i].configuration.n_workers, workers[i]);
    sks_plan_destroy(plan);
}

static void worker_lists(void **state)
{
    (void)state;
    expect_workers("7", 1, (const unsigned[]){7});
    expect_workers("[1, 2, 3-6]", 6, (const unsigned[]){1, 2, 3, 4, 5, 6});
    expect_workers("[8, 1]", 2, (const unsigned[]){8, 1});
    expect_workers("[cores, 2*cores]", 2, (const unsigned[]){4, 8});
    expect_workers("[2, 1-cores, 3]", 4, (const unsigned[]){2, 1, 3, 4});
    expect_workers("[\"cores - 1*cores\"]", 1, (const unsigned[]){4});
    expect_workers("[7-2*cores]", 2, (const unsigned[]){7, 8});
    expect_workers("[65536]", 1, (const unsigned[]){65536});
}

static void crowded_places(void **state)
{
    sks_plan *plan = load("kernels: [null]\nworkers: [8, 9]\nbindings: [cores, \"0,2\"]\n");

    (void)state;
    assert_false(plan->items[0].is_oversubscribed);
    assert_true(plan->items[1].is_oversubscribed);
    assert_true(plan->items[2].is_oversubscribed);
    sks_plan_destroy(plan);
}

static void rounds(void **state)
{
    static const struct {
        const char *text;
        unsigned min, max;
    } cases[] = {
        {"{}", 9, 9},       {"{max: 30}", 9, 30},       {"{min: 12}", 12, 12},
        {"{max: 5}", 5, 5}, {"{min: 3, max: 4}", 3, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        sks_plan *plan;

        snprintf(text, sizeof(text), "kernels: [null]\nworkers: [1]\nrepeat: %s\n", cases[i].text);
        plan = load(text);
        assert_int_equal(plan->n_min, cases[i].min);
        assert_int_equal(plan->n_max, cases[i].max);
        sks_plan_destroy(plan);
    }
}

static void intervals(void **state)
{
    static const char *const texts[] = {"1.5", "1.5%", "'1.5 %'"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[200];
        sks_plan *plan;

        snprintf(text, sizeof(text), "kernels: [null]\nworkers: [1]\nrepeat: {interval: %s}\n",
                 texts[i]);
        plan = load(text);
        assert_true(plan->interval == 0.015);
        sks_plan_destroy(plan);
    }
}

/* Paths are opened from the sweep file's folder, and go into the key as they are written. */
static void paths(void **state)
{
    sks_plan *plan;

    (void)state;
    write_text("frame.fits", "any");
    write_text("list.txt", "any");
    plan = load("kernels:\n"
                "- {kernel: pix2sky, image: 'frame.fits[1]', coords: [list.txt, frame.fits]}\n"
                "workers: [1]\n");
    assert_int_equal(plan->n_items, 2);
    assert_string_equal(sks_values_text(plan->items[0].configuration.parameters, "coords"),
                        in_folder("list.txt"));
    assert_string_equal(sks_values_text(plan->items[0].configuration.parameters, "image"),
                        in_folder("frame.fits[1]"));
    assert_non_null(strstr(plan->items[0].key, "\"image\":\"frame.fits[1]\""));
    assert_null(strstr(plan->items[0].key, folder));
    assert_null(strstr(plan->items[0].key, "output"));
    assert_int_equal(plan->n_inputs, 2); /* each once, without the extension */
    assert_string_equal(plan->inputs[0].name, "frame.fits");
    assert_string_equal(plan->inputs[0].path, in_folder("frame.fits"));
    assert_string_equal(plan->inputs[1].name, "list.txt");
    sks_plan_destroy(plan);

    plan = load("kernels: {kernel: pix2sky, image: frame.fits, random: 5, output: sky.txt}\n"
                "workers: [1]\n");
    assert_non_null(strstr(plan->items[0].key, "\"output\":\"sky.txt\""));
    assert_string_equal(sks_values_text(plan->items[0].configuration.parameters, "output"),
                        in_folder("sky.txt"));
    sks_plan_destroy(plan);
}

static void missing_files(void **state)
{
    sks_plan *plan = NULL;
    static const char text[] = "kernels:\n"
                               "- {kernel: pix2sky, image: frame.fits,\n"
                               "   coords: [list.txt, absent.txt]}\n"
                               "workers: [1]\n";

    (void)state;
    write_text("frame.fits", "any");
    write_text("list.txt", "any");
    expect_bytes(text, strlen(text), SKS_ERR_IO, 3, "absent.txt: No such file");
    sks_clear();
    assert_int_equal(sks_plan_load(in_folder("absent.yaml"), topology, &plan), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "absent.yaml: No such file"));
    sks_clear();
    assert_int_equal(sks_plan_load(folder, topology, &plan), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "Is a directory"));
}

#define HEAD "kernels: [null]\nworkers: [1]\n"

static void wrong_yaml(void **state)
{
    char *large = malloc(1 << 21);

    (void)state;
    expect("", 1, "the file is empty");
    expect("# nothing\n", 1, "the file is empty");
    expect("just words\n", 1, "got text");
    expect("- a\n- b\n", 1, "got a list");
    expect("kernels: [null\nworkers: [1]\n", 2, "");
    expect("kernels: {a: b\n", 2, "");
    expect("kernels:\n\t- null\n", 2, "a tab where YAML wants spaces");
    expect(HEAD "seed: 'x\n", 4, "");
    expect(HEAD "seed: *nowhere\n", 3, "undefined alias");
    expect(HEAD "---\nkernels: [null]\n", 4, "a second document");
    expect(HEAD "seed: 1\nseed: 2\n", 4, "seed: given twice, first in line 3");
    expect("kernels: [{kernel: null, tasks: 1,\n  tasks: 2}]\n", 2, "tasks: given twice");
    expect("? [a]\n: b\n", 1, "a key has to be a text, got a list");
    expect("kernels: [\"nu\\0ll\"]\n", 1, "NUL");
    expect_bytes(HEAD "a: \xff\xfe\n", strlen(HEAD) + 6, SKS_ERR_USAGE, 3, "");
    expect_bytes("a: b\n\0c", 7, SKS_ERR_USAGE, 2, "");
    assert_non_null(large);
    memset(large, '#', 1 << 21);
    write_bytes("bad.yaml", large, 1 << 21);
    sks_plan *plan = NULL;
    sks_clear();
    assert_int_equal(sks_plan_load(in_folder("bad.yaml"), topology, &plan), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "larger than"));
    free(large);
}

static void wrong_keys(void **state)
{
    (void)state;
    expect("workers: [1]\n", 1, "\"kernels:\" is missing");
    expect("kernels: [null]\n", 1, "\"workers:\" is missing");
    expect("kernels: [null]\nwokers: [1]\n", 2,
           "wokers: unknown parameter; did you mean \"workers\"?");
    expect(HEAD "xyzzy: 1\n", 3, "xyzzy: unknown parameter");
    expect(HEAD "campaign: [a]\n", 3, "campaign: need one value, got a list");
    expect(HEAD "campaign:\n", 3, "campaign: the value is empty");
    expect(HEAD "seed: soon\n", 3, "seed: \"soon\" is not a whole number");
    expect(HEAD "seed: -1\n", 3, "seed: -1 is out of range");
    expect(HEAD "confidence: 1\n", 3, "confidence: 1 is out of range");
    expect(HEAD "confidence: much\n", 3, "confidence: \"much\" is not a number");
    expect(HEAD "repeat: 3\n", 3, "repeat: need a map");
    expect(HEAD "repeat: {min: 3, max: 2}\n", 3, "repeat: min 3 is more than max 2");
    expect(HEAD "repeat:\n  min: 3\n  mox: 5\n", 5, "mox: unknown parameter; did you mean");
    expect(HEAD "repeat: {min: 0}\n", 3, "min: 0 is out of range");
    expect(HEAD "repeat: {min: [1]}\n", 3, "min: need one value, got a list");
    expect(HEAD "repeat: {interval: 0}\n", 3, "interval: 0 is out of range");
    expect(HEAD "repeat: {interval: '%'}\n", 3, "interval: \"\" is not a number");
}

static void wrong_kernels(void **state)
{
    (void)state;
    expect("kernels: []\nworkers: [1]\n", 1, "kernels: the list is empty");
    expect("workers: [1]\nkernels:\n", 2, "");
    expect("workers: [1]\nkernels:\n- null\n- nul\n", 4, "unknown kernel \"nul\"; did you mean");
    expect("workers: [1]\nkernels:\n- [null]\n", 3, "got a list");
    expect("workers: [1]\nkernels:\n- {tasks: 4}\n", 3, "an entry without \"kernel\"");
    expect("workers: [1]\nkernels:\n- {kernel: [null]}\n", 3, "kernel: need a name, got a list");
    expect("workers: [1]\nkernels:\n- kernel: null\n  taks: 4\n", 4,
           "taks: unknown parameter; did you mean \"tasks\"?");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks:\n  - 4\n  - -1\n", 6,
           "tasks: -1 is out of range");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: many\n", 4,
           "tasks: \"many\" is not a whole number");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: []\n", 4, "tasks: the list is empty");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: [[1]]\n", 4, "entry 1 is a list");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: {a: 1}\n", 4, "got a map");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks:\n", 4, "tasks: the value is empty");
    expect("workers: [1]\nkernels:\n- null\n- {kernel: null, tasks: 10000}\n", 4,
           "is there already, in line 3");
    expect("workers: [1]\nkernels:\n- {kernel: null, tasks: [2, 02]}\n", 3, "is there already");
    expect("workers: [1]\nkernels:\n- {kernel: pix2sky, random: 5}\n", 3,
           "kernel pix2sky needs image");
    write_text("frame.fits", "any");
    expect("workers: [1]\nkernels:\n- kernel: pix2sky\n  image: frame.fits\n  coords: '-'\n", 5,
           "coords: \"-\" cannot serve");
    expect("workers: [1]\nkernels:\n- kernel: pix2sky\n  image: frame.fits\n  random: 5\n"
           "  output: '-'\n",
           6, "output: \"-\" cannot serve");
}

static void wrong_lists(void **state)
{
    (void)state;
    expect("kernels: [null]\nworkers: []\n", 2, "workers: the list is empty");
    expect("kernels: [null]\nworkers: {a: 1}\n", 2, "workers: need a value or a list, got a map");
    expect("kernels: [null]\nworkers:\n- 1\n- 0\n", 4, "workers: 0 is out of range");
    expect("kernels: [null]\nworkers: [65537]\n", 2, "out of range");
    expect("kernels: [null]\nworkers: [99999999999999999999]\n", 2, "out of range");
    expect("kernels: [null]\nworkers: [99999*cores]\n", 2, "out of range");
    expect("kernels: [null]\nworkers: [8-2]\n", 2, "ends at 2, before its beginning 8");
    expect("kernels: [null]\nworkers: [-3]\n", 2, "\"-3\" is none of");
    expect("kernels: [null]\nworkers: [1-]\n", 2, "\"1-\" is none of");
    expect("kernels: [null]\nworkers: [1-2-3]\n", 2, "is none of");
    expect("kernels: [null]\nworkers: [coers]\n", 2, "is none of");
    expect("kernels: [null]\nworkers: [2.5]\n", 2, "is none of");
    expect(HEAD "executors: [thread]\n", 3, "unknown executor \"thread\"; did you mean");
    expect(HEAD "executors: [threads, threads]\n", 3, "threads is there already");
    expect(HEAD "schedulers:\n- static\n- dynamik\n", 5,
           "unknown scheduler \"dynamik\"; did you mean");
    expect(HEAD "schedulers: [\"dynamic:chunk=0\"]\n", 3, "out of range");
    expect(HEAD "schedulers: [\"dynamic:chnk=4\"]\n", 3, "did you mean \"chunk\"?");
    expect(HEAD "schedulers: [\"dynamic:4\"]\n", 3, "not of the form key=value");
    expect(HEAD "schedulers: [dynamic, \"dynamic:chunk=1\"]\n", 3, "is there already");
    expect(HEAD "schedulers: []\n", 3, "schedulers: the list is empty");
    expect(HEAD "bindings: [core]\n", 3, "unknown binding \"core\"; did you mean \"cores\"?");
    expect(HEAD "bindings: [\"0,99\"]\n", 3, "99");
    expect(HEAD "bindings: [cores, cores]\n", 3, "cores is there already");
    expect(HEAD "counters: [cycels]\n", 3, "cycels");
    expect(HEAD "counters: []\n", 3, "counters: the list is empty");
    expect(HEAD "counter_source: perf\n", 3, "there are no counters");
    expect(HEAD "counters: [cycles]\ncounter_source: perv\n", 3, "perv");
    expect("kernels:\n- {kernel: null, tasks: [1, 2]}\nworkers: [1-60000]\n", 1,
           "more than 100000 configurations");
}

/* The parameter that grows with the workers, the text that all worker counts share, and the key. */
static void weak_scaling(void **state)
{
    sks_plan *plan = load("kernels:\n"
                          "- {kernel: null, tasks: 100, scaling: [strong, weak]}\n"
                          "- {kernel: null, scaling: weak, scale: tasks}\n"
                          "workers: [1, 3]\n");
    static const struct {
        unsigned workers, tasks;
        bool is_weak;
        const char *series;
    } wanted[] = {
        {1, 100, false, "tasks=100"},      {3, 100, false, "tasks=100"},
        {1, 100, true, "tasks=100*N"},     {3, 300, true, "tasks=100*N"},
        {1, 10000, true, "tasks=10000*N"}, {3, 30000, true, "tasks=10000*N"},
    };

    (void)state;
    assert_int_equal(plan->n_items, 6);
    for (size_t i = 0; i < 6; i++) {
        const sks_plan_item *item = &plan->items[i];

        assert_int_equal(item->configuration.n_workers, wanted[i].workers);
        assert_int_equal(sks_values_int(item->configuration.parameters, "tasks"), wanted[i].tasks);
        assert_int_equal(item->is_weak, wanted[i].is_weak);
        assert_string_equal(item->series_parameters_text, wanted[i].series);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(item->key, plan->items[j].key);
    }
    assert_string_equal(plan->items[3].parameters, "{\"tasks\":300}");
    assert_string_equal(plan->items[3].series_parameters, "{\"tasks\":\"100*N\"}");
    sks_plan_destroy(plan);

    expect("kernels: [{kernel: null, scaling: sideways}]\nworkers: 1\n", 1,
           "neither strong nor weak");
    expect("kernels: [{kernel: null, scale: tasks}]\nworkers: 1\n", 1, "not asked for");
    expect("kernels: [{kernel: null, scaling: weak, scale: stars}]\nworkers: 1\n", 1,
           "no number called \"stars\"");
    expect("kernels: [{kernel: pix2sky, image: x, scaling: weak}]\nworkers: 1\n", 1,
           "no number called \"tasks\"");
    expect("kernels: [{kernel: null, scaling: [weak, weak]}]\nworkers: 1\n", 1, "there already");
    expect("kernels: [{kernel: null, tasks: 1000000000000000, scaling: weak}]\nworkers: 1024\n", 1,
           "tasks");
}

static void expect_items(const char *rules, size_t n, const char *const *items)
{
    char text[1024];
    sks_plan *plan;

    snprintf(text, sizeof(text),
             "kernels: [{kernel: null, tasks: [3, 5]}]\nworkers: [1, 2]\n"
             "schedulers: [static, \"dynamic:chunk=4\"]\n%s",
             rules);
    plan = load(text);
    assert_int_equal(plan->n_items, n);
    for (size_t i = 0; i < n; i++) {
        char shown[256];

        snprintf(shown, sizeof(shown), "%s %s %u", plan->items[i].parameters_text,
                 plan->items[i].scheduler, plan->items[i].configuration.n_workers);
        assert_string_equal(shown, items[i]);
    }
    sks_plan_destroy(plan);
}

static void exclusions(void **state)
{
    static const char *const without_dynamic[] = {"tasks=3 static 1", "tasks=3 static 2",
                                                  "tasks=5 static 1", "tasks=5 static 2"};
    static const char *const some[] = {"tasks=3 static 1",          "tasks=3 static 2",
                                       "tasks=3 dynamic:chunk=4 1", "tasks=3 dynamic:chunk=4 2",
                                       "tasks=5 static 1",          "tasks=5 dynamic:chunk=4 1"};

    (void)state;
    expect_items("exclude: [{scheduler: dynamic}]\n", 4, without_dynamic);
    expect_items("exclude: [{scheduler: \"dynamic:chunk=04\"}]\n", 4, without_dynamic);
    expect_items("exclude: [{kernel: null, tasks: 005, workers: [2, 3]}, {executor: openmp}]\n", 6,
                 some);
    expect_items("exclude: [{tasks: [5, 7], workers: 2-4}, {scaling: weak}]\n", 6, some);
    /* Recipes: an executor with its rule, or with any. */
    expect_items("executors: [pool-map, process-queue]\n"
                 "exclude: [{executor: pool-map}, {scheduler: dynamic}]\n",
                 4, without_dynamic);
    expect_items("executors: [threads, process-queue]\n"
                 "exclude: [{executor: process-queue}, {scheduler: dynamic}]\n",
                 4, without_dynamic);
}

static void inclusions(void **state)
{
    static const char *const with_more[] = {"tasks=3 static 1", "tasks=5 static 1",
                                            "tasks=7 guided 8", "tasks=7 guided 9",
                                            "tasks=5 static 2"};

    (void)state;
    expect_items("exclude: [{workers: 2}, {scheduler: dynamic}]\n"
                 "include:\n"
                 "- {kernel: null, tasks: 7, workers: [8, 9], scheduler: guided}\n"
                 "- {kernel: null, tasks: 5, workers: [1, 2], scheduler: static}\n",
                 5, with_more); /* what is there already is not doubled */
}

static void wrong_rules(void **state)
{
#define BEGIN "kernels: null\nworkers: 1\n"
    (void)state;
    expect(BEGIN "exclude: {workers: 1}\n", 3, "need a list of maps");
    expect(BEGIN "exclude: [1]\n", 3, "need a map");
    expect(BEGIN "exclude:\n- {kernel: nul}\n", 4, "did you mean \"null\"");
    expect(BEGIN "exclude: [{scheduler: statc}]\n", 3, "did you mean \"static\"");
    expect(BEGIN "exclude: [{schedulers: static}]\n", 3, "no kernel here has a parameter");
    expect(BEGIN "exclude: [{tasks: many}]\n", 3, "tasks");
    expect(BEGIN "exclude: [{workers: 1}]\n", 3, "no configuration is left");
    expect(BEGIN "include: [{tasks: 5}]\n", 3, "tasks needs a kernel");
    expect(BEGIN "include: [{kernel: null, stars: 5}]\n", 3, "stars");
    expect(BEGIN "include: null\n", 3, "need a list of maps");
    /* It has the compiler's three rules, or is not there at all. */
    expect(BEGIN "executors: openmp\nschedulers: fac2\n", 3, "openmp");
}

static void disturbances(void **state)
{
    sks_plan *plan = load(BEGIN);

    (void)state;
    for (int i = 0; i < SKS_N_DISTURBANCES; i++)
        assert_string_equal(plan->disturbed[i], sks_disturbance_table[i].default_text);
    assert_false(plan->records_chunks);
    sks_plan_destroy(plan);
    plan = load(BEGIN "disturbed: {steal: 2.5 %, latency: off, switches: 1e2}\nrecord: chunks\n");
    assert_string_equal(plan->disturbed[SKS_DISTURBED_STEAL], "2.5%");
    assert_string_equal(plan->disturbed[SKS_DISTURBED_LATENCY], "off");
    assert_string_equal(plan->disturbed[SKS_DISTURBED_SWITCHES], "100");
    assert_true(plan->records_chunks);
    sks_plan_destroy(plan);
    plan = load(BEGIN "disturbed: off\n");
    for (int i = 0; i < SKS_N_DISTURBANCES; i++)
        assert_string_equal(plan->disturbed[i], "off");
    sks_plan_destroy(plan);
    expect(BEGIN "disturbed: {stel: 1%}\n", 3, "did you mean \"steal\"");
    expect(BEGIN "disturbed: {steal: 101%}\n", 3, "steal");
    expect(BEGIN "disturbed: {steal: [1, 2]}\n", 3, "need one value");
    expect(BEGIN "disturbed: [steal]\n", 3, "need a map");
    expect(BEGIN "record: all\n", 3, "record");
#undef BEGIN
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_scaling),
        cmocka_unit_test(exclusions),
        cmocka_unit_test(inclusions),
        cmocka_unit_test(wrong_rules),
        cmocka_unit_test(disturbances),
        cmocka_unit_test(defaults),
        cmocka_unit_test(all_keys),
        cmocka_unit_test(order_and_keys),
        cmocka_unit_test(one_key_for_all_spellings),
        cmocka_unit_test(worker_lists),
        cmocka_unit_test(crowded_places),
        cmocka_unit_test(rounds),
        cmocka_unit_test(intervals),
        cmocka_unit_test(paths),
        cmocka_unit_test(missing_files),
        cmocka_unit_test(wrong_yaml),
        cmocka_unit_test(wrong_keys),
        cmocka_unit_test(wrong_kernels),
        cmocka_unit_test(wrong_lists),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
