#include "harness/executors/recipes.h"

#include <string.h>

#define PAPER "Singh, Browne & Butler 2013, Astronomy and Computing 2, 1"

const sks_recipe sks_recipe_table[] = {
    {"pool-map", "queue with scheduler pool-map: multiprocessing.Pool.map, n/(4N) tasks a piece",
     PAPER ": multiprocessing.Pool", "queue", "pool-map"},
    {"process-queue", "queue with the scheduler chosen: multiprocessing.Process and Queue",
     PAPER ": multiprocessing.Process and Queue", "queue", NULL},
    {"parallel-python", "mpi with the scheduler chosen: Parallel Python's job server",
     PAPER ": Parallel Python", "mpi", NULL},
    {0},
};

/* The names of both tables, one after the other. */
static const char *name_of_any(const void *context, size_t i)
{
    (void)context;
    for (const sks_executor *const *e = sks_executor_table; *e != NULL; e++)
        if (i-- == 0)
            return (*e)->name;
    return sks_recipe_table[i].name;
}

sks_status sks_recipe_find(const char *name, const sks_executor **executor,
                           const sks_recipe **recipe)
{
    const char *nearest;

    for (const sks_recipe *r = sks_recipe_table; r->name != NULL; r++)
        if (strcmp(r->name, name) == 0) {
            sks_status status = sks_executor_find(r->executor, executor);

            if (status == SKS_OK)
                *recipe = r;
            return status;
        }
    nearest = sks_nearest(name, name_of_any, NULL);
    if (nearest != NULL && strcmp(nearest, name) != 0)
        return sks_fail(
            SKS_ERR_USAGE,
            "unknown executor \"%s\"; did you mean \"%s\"? see: skyscale list executors", name,
            nearest);
    *recipe = NULL;
    return sks_executor_find(name, executor);
}

sks_status sks_recipe_check(const sks_recipe *recipe, const sks_scheduler *scheduler)
{
    if (recipe == NULL || recipe->scheduler == NULL ||
        strcmp(recipe->scheduler, scheduler->name) == 0)
        return SKS_OK;
    return sks_fail(SKS_ERR_USAGE,
                    "%s has the scheduler %s, not %s: leave --scheduler out, or use "
                    "executor %s",
                    recipe->name, recipe->scheduler, scheduler->name, recipe->executor);
}
