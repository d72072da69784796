#include "harness/analysis/model.h"

#include "common/param.h"

#include <string.h>

static const char *model_name(const void *context, size_t i)
{
    (void)context;
    return sks_model_table[i] != NULL ? sks_model_table[i]->name : NULL;
}

sks_status sks_model_find(const char *name, const sks_model **model)
{
    const char *nearest;

    for (size_t i = 0; sks_model_table[i] != NULL; i++)
        if (strcmp(sks_model_table[i]->name, name) == 0) {
            *model = sks_model_table[i];
            return SKS_OK;
        }
    nearest = sks_nearest(name, model_name, NULL);
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "unknown model \"%s\"; did you mean \"%s\"? see: skyscale list models",
                        name, nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown model \"%s\"; see: skyscale list models", name);
}

const char *sks_model_unsuited(const sks_model *model, bool is_weak)
{
    if (model->is_weak == is_weak)
        return NULL;
    return model->is_weak ? "needs weak scaling (work proportional to the workers)"
                          : "needs strong scaling (the same work for any number of workers)";
}
