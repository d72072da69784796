#include "harness/executors/executor.h"

#include <string.h>

static const char *executor_name(const void *context, size_t i)
{
    (void)context;
    return sks_executor_table[i] != NULL ? sks_executor_table[i]->name : NULL;
}

sks_status sks_executor_find(const char *name, const sks_executor **executor)
{
    const char *nearest;

    for (size_t i = 0; sks_executor_table[i] != NULL; i++)
        if (strcmp(sks_executor_table[i]->name, name) == 0) {
            const char *reason = sks_executor_table[i]->unavailable != NULL
                                     ? sks_executor_table[i]->unavailable()
                                     : NULL;

            if (reason != NULL)
                return sks_fail(SKS_ERR_USAGE, "executor \"%s\" cannot be used: %s", name, reason);
            *executor = sks_executor_table[i];
            return SKS_OK;
        }
    nearest = sks_nearest(name, executor_name, NULL);
    if (nearest != NULL)
        return sks_fail(
            SKS_ERR_USAGE,
            "unknown executor \"%s\"; did you mean \"%s\"? see: skyscale list executors", name,
            nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown executor \"%s\"; see: skyscale list executors", name);
}
