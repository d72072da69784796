#include "schedulers/scheduler.h"

#include <stdlib.h>
#include <string.h>

static const char *scheduler_name(const void *context, size_t i)
{
    (void)context;
    return sks_scheduler_table[i] != NULL ? sks_scheduler_table[i]->name : NULL;
}

sks_status sks_scheduler_find(const char *name, const sks_scheduler **scheduler)
{
    const char *nearest;

    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++)
        if (strcmp(sks_scheduler_table[i]->name, name) == 0) {
            *scheduler = sks_scheduler_table[i];
            return SKS_OK;
        }
    nearest = sks_nearest(name, scheduler_name, NULL);
    if (nearest != NULL)
        return sks_fail(
            SKS_ERR_USAGE,
            "unknown scheduler \"%s\"; did you mean \"%s\"? see: skyscale list schedulers", name,
            nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown scheduler \"%s\"; see: skyscale list schedulers", name);
}

sks_status sks_scheduler_parse(const char *text, const sks_scheduler **scheduler,
                               sks_values **options)
{
    size_t length = strcspn(text, ":");
    char *name = strndup(text, length);
    const sks_scheduler *found = NULL;
    sks_values *values = NULL;
    sks_status status;

    if (name == NULL)
        return sks_fail_nomem("scheduler name");
    status = sks_scheduler_find(name, &found);
    if (status == SKS_OK)
        status = sks_values_create(found->params, &values);
    if (status == SKS_OK && text[length] == ':')
        status = sks_values_set_list(values, text + length + 1, name);
    if (status == SKS_OK)
        status = sks_values_complete(values, "scheduler option ");
    free(name);
    if (status != SKS_OK) {
        sks_values_destroy(values);
        return status;
    }
    *scheduler = found;
    *options = values;
    return SKS_OK;
}

sks_status sks_scheduler_start(const sks_scheduler *scheduler, const sks_loop *loop, void **state)
{
    size_t size = scheduler->state_size(loop);
    void *s = aligned_alloc(SKS_CACHE_LINE, size);
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("scheduler state");
    status = scheduler->init(s, loop);
    if (status != SKS_OK) {
        free(s);
        return status;
    }
    *state = s;
    return SKS_OK;
}
