/* Runs a kernel as the program does, in a test: parameters by name, over threads. Include after
 * <cmocka.h>. */
#ifndef SKYSCALE_TEST_RUN_KERNEL_H
#define SKYSCALE_TEST_RUN_KERNEL_H

#include "harness/measure/run.h"

/* Parameters of `kernel`: name, text, name, text, …, NULL. The caller destroys them. */
static sks_values *kernel_values(const sks_kernel *kernel, const char *const *parameters)
{
    sks_values *values;

    sks_clear();
    assert_int_equal(sks_values_create(kernel->params, &values), SKS_OK);
    for (size_t i = 0; parameters[i] != NULL; i += 2)
        assert_int_equal(sks_values_set(values, parameters[i], parameters[i + 1], parameters[i]),
                         SKS_OK);
    assert_int_equal(sks_values_complete(values, "--"), SKS_OK);
    return values;
}

/* The caller clears *record. */
static sks_status run_kernel(const sks_kernel *kernel, const char *scheduler, unsigned n_workers,
                             const char *const *parameters, sks_record *record)
{
    sks_values *values = kernel_values(kernel, parameters);
    sks_values *options = NULL;
    sks_topology *topology = NULL;
    sks_configuration configuration = {
        .kernel = kernel, .parameters = values, .n_workers = n_workers, .binding = "none"};
    sks_status status;

    assert_int_equal(sks_topology_load(NULL, &topology), SKS_OK);
    assert_int_equal(sks_executor_find("threads", &configuration.executor), SKS_OK);
    assert_int_equal(sks_scheduler_parse(scheduler, &configuration.scheduler, &options), SKS_OK);
    configuration.scheduler_options = options;
    status = sks_run(&configuration, topology, record);
    sks_values_destroy(options);
    sks_values_destroy(values);
    sks_topology_destroy(topology);
    return status;
}

#endif
