/* What the tests of plans share: a folder for sweep files, a machine, and a sweep that is right or
 * wrong. Includes <cmocka.h>. */
#ifndef SKYSCALE_TESTS_PLAN_CASE_H
#define SKYSCALE_TESTS_PLAN_CASE_H

#include "sweep_files.h"

#include "harness/sweep/plan.h"

#include <stdbool.h>

/* The two lines that a sweep cannot do without. */
#define HEAD "kernels: [null]\nworkers: [1]\n"

/* Four cores of two units each, whatever machine runs the test. */
static sks_topology *topology;

static inline int set_up(void **state)
{
    return sks_topology_load("package:1 core:4 pu:2", &topology) != SKS_OK || make_folder(state);
}

static inline int tear_down(void **state)
{
    sks_topology_destroy(topology);
    return remove_folder(state);
}

static inline sks_plan *load(const char *text)
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
static inline void expect_bytes(const void *text, size_t size, sks_status status, int line,
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

static inline void expect(const char *text, int line, const char *cause)
{
    expect_bytes(text, strlen(text), SKS_ERR_USAGE, line, cause);
}

#endif
