/* Property: `skyscale compare` reads real databases, gives the verdicts that were put into them as
 * text and as JSON, and its exit status tells whether anything got slower. */
#include "tests/unit/sweep_files.h"

#include "harness/sweep/store.h"
#include "spawn.h"

#include "tests/unit/assert_near.h"

#include <jansson.h>
#include <math.h>

static const char *program;
static sks_topology *topology;

static const char sweep_text[] = "campaign: made\n"
                                 "kernels:\n"
                                 "- {kernel: null, tasks: [3, 10000]}\n"
                                 "workers: [1, 2]\n"
                                 "schedulers: [static, dynamic]\n"
                                 "repeat: {warmup: 1, min: 12, max: 12}\n"
                                 "seed: 5\n";

static int set_up(void **state)
{
    program = getenv("SKYSCALE");
    if (program == NULL || sks_topology_load("package:1 core:4 pu:2", &topology) != SKS_OK)
        return -1;
    return make_folder(state);
}

static int tear_down(void **state)
{
    sks_topology_destroy(topology);
    return remove_folder(state);
}

static void must(sks_status status)
{
    if (status != SKS_OK)
        fail_msg("%s", sks_message());
}

/* A number in [-1, 1] that looks random and is the same everywhere. */
static double jitter(unsigned i)
{
    i = (i ^ 61) ^ (i >> 16);
    i *= 9;
    i ^= i >> 4;
    i *= 0x27d4eb2d;
    i ^= i >> 15;
    return (double)(i % 2001) / 1000.0 - 1.0;
}

/* What a run of the item takes: dynamic is 10 % slower; with tasks = 10000 new is 20 % slower. */
static double seconds_of(const sks_plan_item *item, unsigned round, bool is_new)
{
    double seconds = 0.1 / item->configuration.n_workers;
    unsigned seed = (unsigned)(item->key[strlen(item->key) - 1]) + 31 * round + 7 * is_new;

    seconds *= strncmp(item->scheduler, "dynamic", 7) == 0 ? 1.1 : 1.0;
    seconds *= strstr(item->parameters, "10000") != NULL ? 5.0 * (is_new ? 1.2 : 1.0) : 1.0;
    return seconds * (1.0 + 0.005 * jitter(seed * 17 + (unsigned)strlen(item->key)));
}

static void make_database(const char *name, const char *text, unsigned n_rounds, bool is_new)
{
    sks_store *store = NULL;
    sks_plan *plan = NULL;

    sks_clear();
    write_text("sweep.yaml", text);
    must(sks_plan_load(in_folder("sweep.yaml"), topology, &plan));
    must(sks_store_open(in_folder(name), &store));
    must(sks_store_enter_plan(store, plan, "{\"warnings\": []}"));
    for (unsigned round = 0; round <= n_rounds; round++)
        for (size_t i = 0; i < plan->n_items; i++) {
            double total_s = seconds_of(&plan->items[i], round, is_new);
            sks_worker_record workers[2] = {{.n_tasks = 3, .busy_s = total_s}, {.busy_s = total_s}};
            sks_record record = {
                .phases = {.parallel_s = total_s * 0.75, .total_s = total_s},
                .n_workers = plan->items[i].configuration.n_workers,
                .workers = workers,
                .noise = {.latency_before_s = NAN, .latency_after_s = NAN},
                .digest = {"0123456789abcdef0123456789abcdef"},
            };
            const sks_outcome outcome = {.item = i,
                                         .round = round,
                                         .is_warmup = round == 0,
                                         .started_at = "2026-01-02T03:04:05.006Z",
                                         .wall_s = total_s,
                                         .record = &record};

            must(sks_store_add(store, &outcome));
        }
    sks_store_close(store);
    sks_plan_destroy(plan);
}

/* Runs `skyscale compare`; "@" in the arguments stands for the folder. */
static int compare(const char *arguments)
{
    char text[1024] = "compare ";
    size_t used = strlen(text);

    for (const char *p = arguments; *p != '\0'; p++)
        if (*p == '@')
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s/", folder);
        else
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%c", *p);
    return spawn(program, text, NULL, in_folder("out"), in_folder("err"));
}

static void expect_text(const char *file, const char *wanted, bool is_wanted)
{
    char *text = spawn_read_file(in_folder(file), NULL);

    if ((strstr(text, wanted) != NULL) != is_wanted)
        fail_msg("%s \"%s\" in: %s", is_wanted ? "no" : "unexpected", wanted, text);
    free(text);
}

static json_t *read_json(void)
{
    json_t *json = json_load_file(in_folder("out"), 0, NULL);

    assert_non_null(json);
    return json;
}

static double real_at(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void two_campaigns(void **state)
{
    json_t *json, *group, *list;

    (void)state;
    make_database("base.db", sweep_text, 12, false);
    make_database("new.db", sweep_text, 12, true);
    assert_int_equal(compare("@base.db @new.db"), 0);
    expect_text("out", "8 compared: 0 faster, 4 slower, 4 without a difference shown", true);
    expect_text("out", "Mann-Whitney", true);
    expect_text("out", "A/A self-check:", true);
    assert_int_equal(compare("@base.db @new.db --json"), 0);
    json = read_json();
    group = json_array_get(json_object_get(json, "groups"), 0);
    list = json_object_get(group, "comparisons");
    assert_int_equal(json_array_size(list), 8);
    for (size_t i = 0; i < 8; i++) {
        const json_t *c = json_array_get(list, i);
        bool is_slower = strcmp(json_string_value(json_object_get(c, "verdict")), "slower") == 0;

        assert_near(real_at(c, "ratio"), is_slower ? 1.2 : 1.0, 0.01);
        assert_int_equal(is_slower, i < 4); /* the largest effect first */
        assert_false(json_is_true(json_object_get(c, "is_paired")));
    }
    assert_near(real_at(group, "geometric_mean"), sqrt(1.2), 0.005);
    json_decref(json);
    assert_int_equal(compare("@new.db @base.db"), 0);
    expect_text("out", "8 compared: 4 faster, 0 slower", true);
}

static void status_tells_what_got_slower(void **state)
{
    (void)state;
    assert_int_equal(compare("@base.db @new.db --fail-if-slower 5%"), 1);
    expect_text("err", "4 of 8 comparisons slower by 5 % or more; the worst: ", true);
    expect_text("out", "8 compared", true); /* the table comes all the same */
    assert_int_equal(compare("@base.db @new.db --fail-if-slower 30%"), 0);
    assert_int_equal(compare("@new.db @base.db --fail-if-slower 5%"), 0);
    assert_int_equal(compare("@base.db @new.db --fail-if-slower 5"), 2);
    expect_text("err", "\"5\" is not a percentage such as 5%", true);
}

static void a_check_that_cannot_fail_fails(void **state)
{
    (void)state;
    make_database("few.db", sweep_text, 2, true);
    assert_int_equal(compare("@base.db @few.db --fail-if-slower 5%"), 1);
    expect_text("err", "too few samples to show a difference in any of 8 comparisons", true);
    assert_int_equal(compare("@base.db @few.db"), 0);
    make_database("apart.db", "kernels: [{kernel: null, tasks: 7}]\nworkers: [1]\n", 12, false);
    assert_int_equal(compare("@base.db @apart.db --fail-if-slower 5%"), 1);
    expect_text("err", "no configuration in common", true);
    assert_int_equal(compare("@base.db @apart.db"), 0);
}

static void within_one_campaign(void **state)
{
    json_t *json, *group, *list;

    (void)state;
    assert_int_equal(compare("@base.db --by scheduler"), 0);
    expect_text("out", "scheduler dynamic against static", true);
    expect_text("out", "4 compared: 0 faster, 4 slower", true);
    expect_text("out", "Wilcoxon signed rank", true);
    assert_int_equal(compare("@base.db --by scheduler --base dynamic"), 0);
    expect_text("out", "4 compared: 4 faster, 0 slower", true);
    assert_int_equal(compare("@base.db --by workers --per parallel --json"), 0);
    json = read_json();
    group = json_array_get(json_object_get(json, "groups"), 0);
    list = json_object_get(group, "comparisons");
    assert_int_equal(json_array_size(list), 4);
    assert_near(real_at(json_array_get(list, 0), "ratio"), 0.5, 0.01);
    assert_true(json_is_true(json_object_get(json_array_get(list, 0), "is_paired")));
    json_decref(json);
    assert_int_equal(compare("@base.db --by tasks"), 0);
    expect_text("out", "tasks 10000 against 3", true);
    assert_int_equal(compare("@base.db --by schedular"), 2);
    expect_text("err", "did you mean \"scheduler\"?", true);
    assert_int_equal(compare("@base.db"), 2);
    assert_int_equal(compare("@base.db @new.db --by scheduler"), 2);
    assert_int_equal(compare("@base.db @new.db --base static"), 2);
}

static void a_campaign_and_itself(void **state)
{
    json_t *json, *rules;

    (void)state;
    assert_int_equal(compare("@base.db @base.db --fail-if-slower 0%"), 0);
    expect_text("out", "the same campaign: made, 96 samples", true);
    expect_text("out", "A/A self-check:", true);
    assert_int_equal(compare("@base.db @base.db --json"), 0);
    json = read_json();
    assert_true(json_is_true(json_object_get(json, "is_same_campaign")));
    rules = json_object_get(json_array_get(json_object_get(json, "campaigns"), 0), "rules");
    assert_int_equal(json_array_size(rules), 12);
    json_decref(json);
    assert_int_equal(compare("@base.db @new.db --json"), 0);
    json = read_json();
    assert_true(json_is_false(json_object_get(json, "is_same_campaign")));
    json_decref(json);
}

static void what_is_in_one_only(void **state)
{
    static const char other[] = "campaign: other\n"
                                "kernels:\n"
                                "- {kernel: null, tasks: [3, 5]}\n"
                                "workers: [1]\n"
                                "schedulers: [static]\n";

    (void)state;
    make_database("other.db", other, 12, false);
    assert_int_equal(compare("@base.db @other.db"), 0);
    expect_text("out", "1 compared", true);
    expect_text("out", "other.db: static, tasks=5, 1 worker\n", true);
    expect_text("out", "base.db: dynamic, tasks=10000, 2 workers\n", true); /* the default */
    assert_int_equal(compare("@base.db @missing.db"), 1);
    expect_text("err", "missing.db: No such file", true);
}

/* Where texts are long, what is computed is a heading and rows name the rest; and how many rounds
 * it would have taken: two pairs of four left open need 4 * 2/2^n < 5 %. */
static void long_texts_become_headings(void **state)
{
    static const char text[] = "campaign: long\n"
                               "kernels:\n"
                               "- {kernel: synthetic, tasks: 300, distribution: lognormal}\n"
                               "- {kernel: synthetic, tasks: 400, distribution: bimodal}\n"
                               "workers: [1, 2]\n"
                               "schedulers: [static, dynamic]\n";

    (void)state;
    make_database("long.db", text, 6, false);
    assert_int_equal(compare("@long.db --by scheduler"), 0);
    expect_text("out", "\nsynthetic, tasks=300, distribution=lognormal\n  ", false);
    expect_text("out", "\ntasks=300, distribution=lognormal\n  ", true);
    expect_text("out", "\ntasks=400, distribution=bimodal\n  ", true);
    expect_text("out", "\n  1 worker     too few", true);
    expect_text("out",
                "too few: a difference among 4 comparisons takes 8 rounds at least, there are 6\n",
                true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_campaigns),
        cmocka_unit_test(status_tells_what_got_slower),
        cmocka_unit_test(a_check_that_cannot_fail_fails),
        cmocka_unit_test(within_one_campaign),
        cmocka_unit_test(a_campaign_and_itself),
        cmocka_unit_test(what_is_in_one_only),
        cmocka_unit_test(long_texts_become_headings),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
