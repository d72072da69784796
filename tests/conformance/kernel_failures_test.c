/* Property: whatever stops a run of a kernel, under every executor and any number of workers, it
 * ends in one way: when several tasks fail, the lowest one's error is reported, whoever came to it
 * first; no record and no product is left. A loop without tasks is a run like any other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/conformance/kernel_case.h"

struct failure {
    const sks_kernel *kernel;
    const sks_values *values;
    sks_status status;
    const char *message;
};

/* The ranks of mpi are processes of the program itself, which knows the kernels of the registry. */
static bool knows(const sks_executor *executor, const sks_kernel *kernel)
{
    return strcmp(executor->name, "mpi") != 0 || find_kernel(kernel->name) != NULL;
}

static void check_failure(void *context, const sks_executor *executor,
                          const sks_scheduler *scheduler, unsigned n_workers)
{
    const struct failure *f = context;

    /* Which worker is first is a matter of luck: more than one try. */
    for (int i = 0; i < 3 && knows(executor, f->kernel); i++) {
        sks_record record;
        sks_status status = run(f->kernel, f->values, executor, scheduler, n_workers, &record);

        if (status != f->status || strcmp(sks_message(), f->message) != 0)
            fail_msg("%s, %s, %u workers: status %d, \"%s\", expected \"%s\"", executor->name,
                     scheduler->name, n_workers, (int)status, sks_message(), f->message);
        assert_null(record.workers);
        assert_int_equal(record.n_tasks, 0);
        assert_int_not_equal(access("product", F_OK), 0);
    }
    sks_clear();
}

static void first_bad_line_is_reported(void **unused)
{
    struct failure f = {find_kernel("pix2sky"), NULL, SKS_ERR_INPUT,
                        "bad.txt:401: not two numbers: \"400 none\""};
    sks_values *values =
        kernel_values(f.kernel, "image=frame.fits coords=bad.txt output=product block=16");

    (void)unused;
    f.values = values;
    for_many(check_failure, &f);
    sks_values_destroy(values);
}

/* A kernel of the test's own, that does not deliver and fails where it is told to. */
static struct {
    size_t n_tasks;
    bool fails_in_prepare, fails_in_scratch, fails_in_finish, is_cancelling;
} faulty;
static int faulty_state;

static sks_status faulty_prepare(const sks_values *values, void **state)
{
    (void)values;
    if (faulty.fails_in_prepare)
        return sks_fail(SKS_ERR_INPUT, "prepare failed");
    *state = &faulty_state;
    return SKS_OK;
}

static size_t faulty_count(const void *state)
{
    (void)state;
    return faulty.n_tasks;
}

static size_t faulty_size(const void *state)
{
    (void)state;
    return 8;
}

static sks_status faulty_scratch(const void *state, void **scratch)
{
    (void)state;
    *scratch = NULL;
    return faulty.fails_in_scratch ? sks_fail_nomem("a scratch") : SKS_OK;
}

static void faulty_scratch_free(void *scratch)
{
    (void)scratch;
}

static sks_status faulty_run(const void *state, void *scratch, sks_range tasks, void *results)
{
    (void)state;
    (void)scratch;
    memset(results, 0, 8 * (tasks.end - tasks.begin));
    for (size_t task = tasks.begin; task < tasks.end; task++) {
        if (faulty.is_cancelling && task == 100)
            sks_cancel = 1;
        if (!faulty.is_cancelling && (task == 137 || task == 138 || task == 500 || task == 990))
            return sks_fail(SKS_ERR_INPUT, "task %zu failed", task);
    }
    return SKS_OK;
}

static sks_status faulty_finish(void *state, const void *results, sks_notes *notes)
{
    (void)state;
    (void)results;
    (void)notes;
    return faulty.fails_in_finish ? sks_fail(SKS_ERR_IO, "finish failed") : SKS_OK;
}

static sks_status faulty_digest(const void *state, sks_digest *digest)
{
    (void)state;
    snprintf(digest->hex, sizeof(digest->hex), "%032d", 0);
    return SKS_OK;
}

static sks_work faulty_work(const void *state)
{
    (void)state;
    return (sks_work){NAN, NAN};
}

static void faulty_teardown(void *state)
{
    assert_true(state == NULL || state == &faulty_state);
}

static const sks_kernel faulty_kernel = {
    .name = "faulty",
    .prepare = faulty_prepare,
    .task_count = faulty_count,
    .result_size = faulty_size,
    .scratch = faulty_scratch,
    .scratch_free = faulty_scratch_free,
    .run = faulty_run,
    .finish = faulty_finish,
    .digest = faulty_digest,
    .work = faulty_work,
    .teardown = faulty_teardown,
};

static void check_faulty(sks_status status, const char *message)
{
    struct failure f = {&faulty_kernel, NULL, status, message};
    sks_values *values;

    assert_int_equal(sks_values_create(NULL, &values), SKS_OK);
    f.values = values;
    for_many(check_failure, &f);
    sks_values_destroy(values);
    memset(&faulty, 0, sizeof(faulty));
}

static void lowest_failing_task_is_reported(void **unused)
{
    (void)unused;
    faulty.n_tasks = 1000;
    check_faulty(SKS_ERR_INPUT, "task 137 failed");
}

static void failures_around_the_loop(void **unused)
{
    (void)unused;
    faulty.n_tasks = 50;
    faulty.fails_in_prepare = true;
    check_faulty(SKS_ERR_INPUT, "prepare failed");
    faulty.n_tasks = 50;
    faulty.fails_in_scratch = true;
    check_faulty(SKS_ERR_NOMEM, "out of memory for a scratch");
    faulty.n_tasks = 50;
    faulty.fails_in_finish = true;
    check_faulty(SKS_ERR_IO, "finish failed");
}

/* No task at all is a run like any other. */
static void check_empty(void *context, const sks_executor *executor, const sks_scheduler *scheduler,
                        unsigned n_workers)
{
    sks_record record;

    if (!knows(executor, &faulty_kernel))
        return;
    if (run(&faulty_kernel, context, executor, scheduler, n_workers, &record) != SKS_OK)
        fail_msg("%s", sks_message());
    check_record(&record, n_workers);
    assert_int_equal(record.n_tasks, 0);
    assert_true(isnan(record.imbalance) || record.imbalance >= 0);
    assert_true(isnan(record.overhead_per_chunk_s));
    sks_record_clear(&record);
}

static void loops_without_tasks(void **unused)
{
    sks_values *values;

    (void)unused;
    assert_int_equal(sks_values_create(NULL, &values), SKS_OK);
    for_many(check_empty, values);
    sks_values_destroy(values);
}

static void check_cancelled(void *context, const sks_executor *executor,
                            const sks_scheduler *scheduler, unsigned n_workers)
{
    sks_record record;
    sks_status status;

    /* A parent does not see what its workers write, unless they are threads. */
    if (strcmp(executor->name, "threads") != 0)
        return;
    status = run(&faulty_kernel, context, executor, scheduler, n_workers, &record);
    sks_cancel = 0;
    assert_int_equal(status, SKS_ERR_CANCELLED);
    assert_null(record.workers);
    sks_clear();
}

static void cancelled_runs(void **unused)
{
    sks_values *values;

    (void)unused;
    assert_int_equal(sks_values_create(NULL, &values), SKS_OK);
    faulty.n_tasks = 1000;
    faulty.is_cancelling = true;
    for_many(check_cancelled, values);
    memset(&faulty, 0, sizeof(faulty));
    sks_values_destroy(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bad_line_is_reported),
        cmocka_unit_test(lowest_failing_task_is_reported),
        cmocka_unit_test(failures_around_the_loop),
        cmocka_unit_test(loops_without_tasks),
        cmocka_unit_test(cancelled_runs),
    };

    return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
