/* What the conformance tests of kernels share: a folder with frames and lists, running a kernel in
 * every way there is, and what any record of a run holds. Include after <cmocka.h>. */
#ifndef SKYSCALE_TESTS_KERNEL_CASE_H
#define SKYSCALE_TESTS_KERNEL_CASE_H

#include "harness/measure/run.h"
#include "kernels/astro/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/assert_near.h"

static char folder[] = "/tmp/skyscale-kernels-XXXXXX";
static sks_topology *topology;
static const unsigned worker_counts[] = {1, 2, 3, 7};
enum { N_COUNTS = sizeof(worker_counts) / sizeof(*worker_counts) };

/* ---- Running. */

/* Parameters as in a table of inputs: name=value, separated by blanks; "_" in a value stands for a
 * blank. */
static inline sks_values *kernel_values(const sks_kernel *kernel, const char *parameters)
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

static inline const sks_kernel *find_kernel(const char *name)
{
    for (size_t i = 0; sks_kernel_table[i] != NULL; i++)
        if (strcmp(sks_kernel_table[i]->name, name) == 0)
            return sks_kernel_table[i];
    return NULL;
}

static inline sks_status run(const sks_kernel *kernel, const sks_values *values,
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

static inline bool is_usable(const sks_executor *executor)
{
    return executor->unavailable == NULL || executor->unavailable() == NULL;
}

/* Whether the executor can do what the scheduler asks for, with default options. */
static inline bool is_possible(const sks_executor *executor, const sks_scheduler *scheduler,
                               unsigned n)
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

/* Calls `check` for every usable executor and number of workers, with schedulers that take turns
 * from call to call. */
static inline void for_many(check_function *check, void *context)
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
static inline void check_record(const sks_record *r, unsigned n_workers)
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

/* ---- The folder. */

static inline void make_scene(const char *name, const char *const *parameters)
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

static inline void make_lists(void)
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

/* Frames and lists; the tables come out of the kernels themselves. */
static inline int make_inputs(void **unused)
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

static inline int remove_inputs(void **unused)
{
    char command[64];

    (void)unused;
    sks_topology_destroy(topology);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

#endif
