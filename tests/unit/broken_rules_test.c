/* Property: a scheduler that breaks its promises (a task to nobody, a task twice, an empty chunk,
 * one that ends before it begins, one beyond the loop) ends the run with a message that names it on
 * every executor whose workers ask it and in the simulator, before a product is made and without a
 * kernel that writes over other memory; and a rule that gives other chunks when it is asked again
 * is found out. */
#include "harness/analysis/simulate.h"
#include "harness/measure/run.h"
#include "schedulers/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N_TASKS = 101, CHUNK = 10, BROKEN_AT = 50 };

/* What is done to the chunk that begins with task BROKEN_AT; both are added. */
static struct {
    const char *name;
    int begin, end;
} breaks[] = {
    {"a task to nobody", 1, 0},   {"a task twice", -1, 0},      {"an empty chunk", CHUNK, 0},
    {"a chunk reversed", 0, -20}, {"beyond the loop", 0, 1000},
};
static const size_t n_breaks = sizeof(breaks) / sizeof(*breaks);
static size_t broken_how = SIZE_MAX; /* SIZE_MAX: all is well */
static size_t chunk_size = CHUNK;

struct broken_state {
    _Alignas(SKS_CACHE_LINE) atomic_size_t next_task;
};

static size_t broken_state_size(const sks_loop *loop)
{
    (void)loop;
    return sizeof(struct broken_state);
}

static sks_status broken_init(void *state, const sks_loop *loop)
{
    (void)loop;
    atomic_init(&((struct broken_state *)state)->next_task, 0);
    return SKS_OK;
}

static bool broken_next(void *state, unsigned worker, sks_range *tasks)
{
    struct broken_state *s = state;
    size_t begin = atomic_fetch_add(&s->next_task, chunk_size);

    (void)worker;
    if (begin >= N_TASKS)
        return false;
    *tasks = (sks_range){begin, begin + chunk_size < N_TASKS ? begin + chunk_size : N_TASKS};
    if (begin == BROKEN_AT && broken_how < n_breaks) {
        tasks->begin += (size_t)breaks[broken_how].begin;
        tasks->end += (size_t)breaks[broken_how].end;
    }
    return true;
}

static const sks_scheduler broken = {
    .name = "broken",
    .summary = "breaks its promises",
    .citation = "",
    .fixed = SKS_FIXED_CHUNKS,
    .state_size = broken_state_size,
    .init = broken_init,
    .next = broken_next,
};

static sks_status try_run(const char *executor, unsigned n_workers, const sks_topology *topology,
                          sks_record *record)
{
    sks_configuration c = {
        .scheduler = &broken, .n_workers = n_workers, .binding = "none", .log_capacity = N_TASKS};
    sks_values *parameters, *options;
    sks_status status;

    assert_int_equal(sks_kernel_find("null", &c.kernel), SKS_OK);
    assert_int_equal(sks_executor_find(executor, &c.executor), SKS_OK);
    assert_int_equal(sks_values_create(c.kernel->params, &parameters), SKS_OK);
    assert_int_equal(sks_values_set(parameters, "tasks", "101", "tasks"), SKS_OK);
    assert_int_equal(sks_values_create(NULL, &options), SKS_OK);
    c.scheduler_options = options;
    c.parameters = parameters;
    sks_clear();
    status = sks_run(&c, topology, record);
    sks_values_destroy(parameters);
    sks_values_destroy(options);
    return status;
}

static void every_executor_refuses(void **topology)
{
    static const char *const executors[] = {"threads", "processes", "queue"};

    for (size_t e = 0; e < sizeof(executors) / sizeof(*executors); e++)
        for (unsigned n_workers = 1; n_workers <= 3; n_workers++)
            for (broken_how = 0; broken_how < n_breaks; broken_how++) {
                sks_record record;
                sks_status status = try_run(executors[e], n_workers, *topology, &record);

                if (status != SKS_ERR_BUG || strstr(sks_message(), "scheduler broken") == NULL)
                    fail_msg("%s, %u workers, %s: %s", executors[e], n_workers,
                             breaks[broken_how].name,
                             status == SKS_OK ? "went well" : sks_message());
            }
    sks_clear();
}

/* The run is right; then the rule is asked again, with a change. */
static sks_rule_verdict asked_again(const sks_record *record, size_t how, size_t size)
{
    const sks_loop loop = {.n_tasks = N_TASKS, .n_workers = record->n_workers};
    sks_rule_check check;

    broken_how = how;
    chunk_size = size;
    assert_int_equal(sks_rule_check_logs(&broken, &loop, record->logs, false, &check), SKS_OK);
    broken_how = SIZE_MAX;
    chunk_size = CHUNK;
    return check.verdict;
}

static void rule_check_sees_other_chunks(void **topology)
{
    sks_record record;

    broken_how = SIZE_MAX;
    assert_int_equal(try_run("threads", 2, *topology, &record), SKS_OK);
    assert_int_equal(record.rule.verdict, SKS_RULE_AGREES);
    assert_int_equal(asked_again(&record, SIZE_MAX, CHUNK), SKS_RULE_AGREES);
    assert_int_equal(asked_again(&record, SIZE_MAX, CHUNK + 1), SKS_RULE_DIFFERS);
    assert_int_equal(asked_again(&record, SIZE_MAX, N_TASKS), SKS_RULE_DIFFERS); /* one chunk */
    assert_int_equal(asked_again(&record, SIZE_MAX, 0), SKS_RULE_DIFFERS);       /* has no end */
    for (size_t how = 0; how < n_breaks; how++)
        assert_int_equal(asked_again(&record, how, CHUNK), SKS_RULE_DIFFERS);
    sks_record_clear(&record);
}

static void simulation_refuses(void **unused)
{
    const sks_cost_sums costs = {.n_tasks = N_TASKS, .equal_s = 1e-3};
    sks_simulation simulation = {.scheduler = &broken, .costs = &costs};
    sks_simulated simulated;

    (void)unused;
    for (simulation.n_workers = 1; simulation.n_workers <= 3; simulation.n_workers++) {
        assert_int_equal(sks_simulate(&simulation, &simulated), SKS_OK);
        for (broken_how = 0; broken_how < n_breaks; broken_how++)
            if (sks_simulate(&simulation, &simulated) != SKS_ERR_BUG)
                fail_msg("simulated, %u workers: %s went well", simulation.n_workers,
                         breaks[broken_how].name);
        broken_how = SIZE_MAX;
        chunk_size = 0; /* has no end */
        assert_int_equal(sks_simulate(&simulation, &simulated), SKS_ERR_BUG);
        chunk_size = CHUNK;
    }
    sks_clear();
}

static int find_topology(void **topology)
{
    return sks_topology_load(NULL, (sks_topology **)topology) == SKS_OK ? 0 : -1;
}

static int forget_topology(void **topology)
{
    sks_topology_destroy(*topology);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_executor_refuses),
        cmocka_unit_test(rule_check_sees_other_chunks),
        cmocka_unit_test(simulation_refuses),
    };

    return cmocka_run_group_tests(tests, find_topology, forget_topology);
}
