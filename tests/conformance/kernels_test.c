/* Property: every kernel gives one product, known by its digest, under every scheduler and executor
 * and any number of workers (all of them crossed for the cheapest kernel; for the others every
 * executor and number, while schedulers take turns); its records add up; and when several tasks
 * fail, the lowest one's error is reported, whoever came to it first, and no product is left.
 *
 * Every kernel of the registry has to have inputs in the table below. */
#include "harness/measure/run.h"
#include "kernels/astro/scene.h"
#include "kernels/parts/product.h"

#include <fitsio.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

static char folder[] = "/tmp/skyscale-kernels-XXXXXX";
static sks_topology *topology;
static const unsigned worker_counts[] = {1, 2, 3, 7};
enum { N_COUNTS = sizeof(worker_counts) / sizeof(*worker_counts) };

/* ---- What the kernels are given: files made below, and parameters as on the command line. */

static const struct input {
    const char *kernel;
    const char *parameters; /* name=value, separated by blanks; "_" in a value stands for a blank */
} inputs[] = {
    {"pix2sky", "image=frame.fits coords=pixels.txt output=product block=16"},
    {"pix2sky", "image=frame.fits coords=pixels.txt output=product block=16 sky=sexagesimal "
                "carry=yes decimals=3"},
    {"pix2sky", "image=ait.fits coords=pixels.txt output=product block=64 distortion=no"},
    {"pix2sky", "image=frame.fits random=5000 seed=3 output=product block=100"},
    {"pix2sky", "image=frame.fits coords=table.fits output=product.fits block=77"},
    {"pix2sky", "image=frame.fits coords=bad.txt output=product block=16 on-bad-line=nan"},
    {"sky2pix", "image=frame.fits coords=sky.txt output=product block=16"},
    {"sky2pix", "image=frame.fits random=5000 seed=3 output=product block=100"},
    {"sky2pix",
     "image=frame.fits coords=table.fits[POSITIONS] columns=RA,DEC output=product block=200"},
    {"detect", "image=stars.fits output=product"},
    {"detect", "image=stars.fits output=product.fits rows=3 sky=mode exact=yes"},
    {"completeness", "image=stars.fits psf-model=gauss:1.8 mag=15:18:1 stars=6 iterations=9 "
                     "annulus=8 dannulus=4 output=product"},
    {"completeness", "image=stars.fits psf-model=moffat:1.8:3:9 mag=15:18:1 mode=per-bin stars=5 "
                     "iterations=3 annulus=8 dannulus=4 match=strict aperture-correction=auto "
                     "output=product.fits"},
    {"deconvolve", "image=stars.fits psf-model=gauss:1.8:5 section=48 step=32 subsample=2 "
                   "max-iterations=3 output=product.fits"},
    {"deconvolve", "image=stars.fits psf-model=gauss:1.8:5 section=48 step=32 subsample=1 "
                   "method=rl max-iterations=3 output=product.fits"},
    {"command", "command=echo_{} inputs=words.txt output=product"},
    {"null", "tasks=211"},
    {"synthetic", "tasks=101 cost=2 steps-per-us=10 distribution=lognormal"},
};
enum { N_INPUTS = sizeof(inputs) / sizeof(*inputs) };

static sks_values *kernel_values(const sks_kernel *kernel, const char *parameters)
{
    sks_values *values;
    char copy[512];
    char *rest = copy, *word;

    snprintf(copy, sizeof(copy), "%s", parameters);
    assert_int_equal(sks_values_create(kernel->params, &values), SKS_OK);
    while ((word = strsep(&rest, " ")) != NULL) {
        char *value = strchr(word, '=');

        assert_non_null(value);
        *value++ = '\0';
        for (char *c = value; *c != '\0'; c++)
            if (*c == '_')
                *c = ' ';
        if (sks_values_set(values, word, value, word) != SKS_OK)
            fail_msg("%s: %s", kernel->name, sks_message());
    }
    assert_int_equal(sks_values_complete(values, "--"), SKS_OK);
    return values;
}

static void make_scene(const char *name, const char *const *parameters)
{
    const sks_scene *scene;
    sks_values *values;

    assert_int_equal(sks_scene_find(name, &scene), SKS_OK);
    assert_int_equal(sks_values_create(scene->params, &values), SKS_OK);
    for (; parameters[0] != NULL; parameters += 2)
        assert_int_equal(sks_values_set(values, parameters[0], parameters[1], parameters[0]),
                         SKS_OK);
    if (scene->make(values, NULL) != SKS_OK)
        fail_msg("scene %s: %s", name, sks_message());
    sks_values_destroy(values);
}

static void make_lists(void)
{
    FILE *pixels = fopen("pixels.txt", "w"), *bad = fopen("bad.txt", "w");
    FILE *words = fopen("words.txt", "w");

    assert_true(pixels != NULL && bad != NULL && words != NULL);
    fprintf(pixels, "# x y name\n");
    for (int i = 0; i < 1500; i++) {
        fprintf(pixels, "%g %g star-%d\n", 0.37 * i, 200.5 - 0.11 * i, i);
        if (i % 97 == 5)
            fprintf(pixels, "\n   # a comment, and a longer one every now and then\n");
        if (i == 400 || i == 401 || i == 777 || i == 1499)
            fprintf(bad, "%d none\n", i);
        else
            fprintf(bad, "%d %d\n", i, 2 * i);
    }
    for (int i = 0; i < 9; i++)
        fprintf(words, "word-%d\n", i);
    assert_int_equal(fclose(pixels) | fclose(bad) | fclose(words), 0);
}

/* ---- Running. */

static const sks_kernel *find_kernel(const char *name)
{
    for (size_t i = 0; sks_kernel_table[i] != NULL; i++)
        if (strcmp(sks_kernel_table[i]->name, name) == 0)
            return sks_kernel_table[i];
    return NULL;
}

static sks_status run(const sks_kernel *kernel, const sks_values *values,
                      const sks_executor *executor, const sks_scheduler *scheduler,
                      unsigned n_workers, sks_record *record)
{
    sks_values *options = NULL;
    sks_configuration configuration = {.kernel = kernel,
                                       .parameters = values,
                                       .executor = executor,
                                       .scheduler = scheduler,
                                       .n_workers = n_workers,
                                       .binding = n_workers % 2 == 0 ? "cores" : "none"};
    sks_status status;

    sks_clear();
    assert_int_equal(sks_values_create(scheduler->params, &options), SKS_OK);
    configuration.scheduler_options = options;
    status = sks_run(&configuration, topology, record);
    sks_values_destroy(options);
    return status;
}

static bool is_usable(const sks_executor *executor)
{
    return executor->unavailable == NULL || executor->unavailable() == NULL;
}

/* Whether the executor can do what the scheduler asks for, with default options. */
static bool is_possible(const sks_executor *executor, const sks_scheduler *scheduler, unsigned n)
{
    sks_values *options;
    bool is;

    assert_int_equal(sks_values_create(scheduler->params, &options), SKS_OK);
    is = sks_executor_check(executor, scheduler, options, n) == SKS_OK;
    sks_values_destroy(options);
    sks_clear();
    return is;
}

typedef void check_function(void *context, const sks_executor *executor,
                            const sks_scheduler *scheduler, unsigned n_workers);

/* Calls `check` for every usable executor, scheduler and number of workers. */
static void for_all(check_function *check, void *context)
{
    for (size_t e = 0; sks_executor_table[e] != NULL; e++)
        for (size_t s = 0; is_usable(sks_executor_table[e]) && sks_scheduler_table[s] != NULL; s++)
            for (int n = 0; n < N_COUNTS; n++)
                if (is_possible(sks_executor_table[e], sks_scheduler_table[s], worker_counts[n]))
                    check(context, sks_executor_table[e], sks_scheduler_table[s], worker_counts[n]);
}

/* Calls `check` for every usable executor and number of workers, with schedulers that take turns
 * from call to call. */
static void for_many(check_function *check, void *context)
{
    static size_t turn;

    for (size_t e = 0; sks_executor_table[e] != NULL; e++)
        for (int n = 0; is_usable(sks_executor_table[e]) && n < N_COUNTS; n++) {
            const sks_scheduler *scheduler = sks_scheduler_table[turn];

            turn = sks_scheduler_table[turn + 1] != NULL ? turn + 1 : 0;
            if (is_possible(sks_executor_table[e], scheduler, worker_counts[n]))
                check(context, sks_executor_table[e], scheduler, worker_counts[n]);
        }
}

/* Seconds are compared with each other only. */
static void check_record(const sks_record *r, unsigned n_workers)
{
    const sks_phases *p = &r->phases;
    const double rounding = 1e-9 + 1e-6 * p->total_s;
    size_t n_tasks = 0, n_chunks = 0;

    assert_int_equal(r->n_workers, n_workers);
    assert_true(p->prepare_s >= 0 && p->startup_s >= -rounding && p->parallel_s >= 0 &&
                p->finish_s >= -rounding);
    assert_near(p->startup_s + p->prepare_s + p->parallel_s + p->finish_s, p->total_s, rounding);
    for (unsigned i = 0; i < n_workers; i++) {
        const sks_worker_record *w = &r->workers[i];

        n_tasks += w->n_tasks;
        n_chunks += w->n_chunks;
        assert_true(w->n_chunks <= w->n_tasks && (w->busy_s > 0) == (w->n_chunks > 0));
        assert_true(w->busy_s >= 0 && w->scheduling_s >= -rounding && w->idle_s >= -rounding);
        assert_near(w->busy_s + w->scheduling_s + w->idle_s, p->parallel_s, rounding);
        assert_near(w->end_s - w->start_s, w->busy_s + w->scheduling_s, rounding);
        assert_true(w->steals.steals_won <= w->steals.steals_tried);
    }
    assert_int_equal(n_tasks, r->n_tasks);
    assert_int_equal(n_chunks, r->n_chunks);
    assert_true(n_chunks <= n_tasks && (n_chunks > 0) == (n_tasks > 0));
    assert_true(isnan(r->imbalance) || r->imbalance >= -1e-9);
    assert_true(r->start_skew_s >= 0);
}

/* The product, under whichever of the two names it has, is what the digest says. */
static void check_product(const sks_values *values, const sks_digest *digest)
{
    const sks_param *p = sks_values_table(values);
    sks_digest file;

    while (p->name != NULL && strcmp(p->name, "output") != 0)
        p++;
    if (p->name == NULL)
        return;
    if (sks_file_digest(sks_values_text(values, "output"), &file) != SKS_OK)
        fail_msg("%s", sks_message());
    assert_string_equal(file.hex, digest->hex);
    assert_int_equal(remove(sks_values_text(values, "output")), 0);
}

struct expectation {
    const sks_kernel *kernel;
    const sks_values *values;
    size_t n_tasks;
    sks_digest digest; /* of the first run */
};

static void check_run(void *context, const sks_executor *executor, const sks_scheduler *scheduler,
                      unsigned n_workers)
{
    struct expectation *e = context;
    sks_record record;

    if (run(e->kernel, e->values, executor, scheduler, n_workers, &record) != SKS_OK)
        fail_msg("%s, %s, %s, %u workers: %s", e->kernel->name, executor->name, scheduler->name,
                 n_workers, sks_message());
    if (e->digest.hex[0] == '\0') {
        e->digest = record.digest;
        e->n_tasks = record.n_tasks;
    }
    if (strcmp(record.digest.hex, e->digest.hex) != 0 || record.n_tasks != e->n_tasks)
        fail_msg("%s, %s, %s, %u workers: digest %s of %zu tasks, before it was %s of %zu",
                 e->kernel->name, executor->name, scheduler->name, n_workers, record.digest.hex,
                 record.n_tasks, e->digest.hex, e->n_tasks);
    assert_int_equal(strlen(record.digest.hex), 32);
    check_record(&record, n_workers);
    check_product(e->values, &record.digest);
    sks_record_clear(&record);
}

static void one_product_per_kernel(void **unused)
{
    (void)unused;
    for (int i = 0; i < N_INPUTS; i++) {
        struct expectation e = {.kernel = find_kernel(inputs[i].kernel)};
        sks_values *values;

        if (e.kernel == NULL)
            continue;
        values = kernel_values(e.kernel, inputs[i].parameters);
        e.values = values;
        (strcmp(inputs[i].kernel, "null") == 0 ? for_all : for_many)(check_run, &e);
        /* Enough tasks that all workers of the largest team have one. */
        if (e.n_tasks < worker_counts[N_COUNTS - 1])
            fail_msg("%s: %zu tasks are too few", inputs[i].parameters, e.n_tasks);
        sks_values_destroy(values);
    }
}

static void every_kernel_has_inputs(void **unused)
{
    (void)unused;
    for (size_t k = 0; sks_kernel_table[k] != NULL; k++) {
        int i = 0;

        while (i < N_INPUTS && strcmp(inputs[i].kernel, sks_kernel_table[k]->name) != 0)
            i++;
        if (i == N_INPUTS)
            fail_msg("kernel %s has no inputs in this test", sks_kernel_table[k]->name);
    }
}

/* ---- Failures. */

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

/* Frames and lists; the tables come out of the kernels themselves. */
static int make_inputs(void **unused)
{
    static const char *const frame[] = {"size", "256", "stars", "0", "output", "frame.fits", NULL};
    static const char *const stars[] = {"size", "128", "stars", "40", "output", "stars.fits", NULL};
    static const char *const ait[] = {"projection", "AIT", "output", "ait.fits", NULL};
    static const char *const made[][2] = {
        {"pix2sky", "image=frame.fits coords=pixels.txt output=sky.txt"},
        {"pix2sky", "image=frame.fits random=3000 output=table.fits"},
    };

    (void)unused;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 ||
        sks_topology_load(NULL, &topology) != SKS_OK)
        return 1;
    make_scene("wfpc2", frame);
    make_scene("wfpc2", stars);
    make_scene("wcs", ait);
    make_lists();
    for (int i = 0; i < 2; i++) {
        const sks_kernel *kernel = find_kernel(made[i][0]);
        sks_values *values = kernel_values(kernel, made[i][1]);
        sks_record record;

        if (run(kernel, values, sks_executor_table[0], sks_scheduler_table[0], 1, &record) !=
            SKS_OK)
            fail_msg("%s", sks_message());
        sks_record_clear(&record);
        sks_values_destroy(values);
    }
    return 0;
}

static int remove_inputs(void **unused)
{
    char command[64];

    (void)unused;
    sks_topology_destroy(topology);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_has_inputs),
        cmocka_unit_test(one_product_per_kernel),
        cmocka_unit_test(first_bad_line_is_reported),
        cmocka_unit_test(lowest_failing_task_is_reported),
        cmocka_unit_test(failures_around_the_loop),
        cmocka_unit_test(loops_without_tasks),
        cmocka_unit_test(cancelled_runs),
    };

    return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
