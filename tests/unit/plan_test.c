/* Property: a sweep file becomes exactly the configurations it says, in its order. */
#include "plan_case.h"

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

static void disturbances(void **state)
{
    sks_plan *plan = load(HEAD);

    (void)state;
    for (int i = 0; i < SKS_N_DISTURBANCES; i++)
        assert_string_equal(plan->disturbed[i], sks_disturbance_table[i].default_text);
    assert_false(plan->records_chunks);
    sks_plan_destroy(plan);
    plan = load(HEAD "disturbed: {steal: 2.5 %, latency: off, switches: 1e2}\nrecord: chunks\n");
    assert_string_equal(plan->disturbed[SKS_DISTURBED_STEAL], "2.5%");
    assert_string_equal(plan->disturbed[SKS_DISTURBED_LATENCY], "off");
    assert_string_equal(plan->disturbed[SKS_DISTURBED_SWITCHES], "100");
    assert_true(plan->records_chunks);
    sks_plan_destroy(plan);
    plan = load(HEAD "disturbed: off\n");
    for (int i = 0; i < SKS_N_DISTURBANCES; i++)
        assert_string_equal(plan->disturbed[i], "off");
    sks_plan_destroy(plan);
    expect(HEAD "disturbed: {stel: 1%}\n", 3, "did you mean \"steal\"");
    expect(HEAD "disturbed: {steal: 101%}\n", 3, "steal");
    expect(HEAD "disturbed: {latency: 0.5}\n", 3, "latency: 0.5 is out of range, need 1 to");
    expect(HEAD "disturbed: {steal: [1, 2]}\n", 3, "need one value");
    expect(HEAD "disturbed: [steal]\n", 3, "need a map");
    expect(HEAD "record: all\n", 3, "record");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_scaling),   cmocka_unit_test(exclusions),
        cmocka_unit_test(inclusions),     cmocka_unit_test(disturbances),
        cmocka_unit_test(defaults),       cmocka_unit_test(all_keys),
        cmocka_unit_test(order_and_keys), cmocka_unit_test(one_key_for_all_spellings),
        cmocka_unit_test(worker_lists),   cmocka_unit_test(crowded_places),
        cmocka_unit_test(rounds),         cmocka_unit_test(intervals),
        cmocka_unit_test(paths),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
