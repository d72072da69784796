#include "kernels/astro/scene.h"

#include <stdio.h>
#include <string.h>

static const char *scene_name(const void *context, size_t i)
{
    (void)context;
    return sks_scene_table[i] != NULL ? sks_scene_table[i]->name : NULL;
}

sks_status sks_scene_find(const char *name, const sks_scene **scene)
{
    char names[256] = "";
    const char *nearest = sks_nearest(name, scene_name, NULL);

    for (size_t i = 0; sks_scene_table[i] != NULL; i++) {
        size_t used = strlen(names);

        if (strcmp(sks_scene_table[i]->name, name) == 0) {
            *scene = sks_scene_table[i];
            return SKS_OK;
        }
        snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                 sks_scene_table[i]->name);
    }
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE, "unknown scene \"%s\"; did you mean \"%s\"? (%s)", name,
                        nearest, names);
    return sks_fail(SKS_ERR_USAGE, "unknown scene \"%s\", need one of: %s", name, names);
}

sks_status sks_watch_tick(const sks_watch *watch, double fraction)
{
    if (watch == NULL || watch->tick(watch->context, fraction))
        return SKS_OK;
    return sks_fail(SKS_ERR_CANCELLED, "stopped before the scene was complete");
}
