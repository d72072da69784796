/* Property: every kernel gives one product, known by its digest, under every scheduler and executor
 * and any number of workers (all of them crossed for the cheapest kernel; for the others every
 * executor and number, while schedulers take turns), and its records add up.
 *
 * Every kernel of the registry has to have inputs in the table below. */
#include "kernels/parts/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/conformance/kernel_case.h"

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

/* Calls `check` for every usable executor, scheduler and number of workers. */
static void for_all(check_function *check, void *context)
{
    for (size_t e = 0; sks_executor_table[e] != NULL; e++)
        for (size_t s = 0; is_usable(sks_executor_table[e]) && sks_scheduler_table[s] != NULL; s++)
            for (int n = 0; n < N_COUNTS; n++)
                if (is_possible(sks_executor_table[e], sks_scheduler_table[s], worker_counts[n]))
                    check(context, sks_executor_table[e], sks_scheduler_table[s], worker_counts[n]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_has_inputs),
        cmocka_unit_test(one_product_per_kernel),
    };

    return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
