/* The scene contract: input data made by the project itself, with a known truth.
 *
 * A scene is a const descriptor: a name, a parameter table, and a function that makes the files
 * those parameters name. `skyscale synth` shows and runs whatever stands in the table, so a new
 * scene is one file in kernels/astro/scenes/ and one line in kernels/CMakeLists.txt.
 *
 * The same parameters give the same bytes, on any machine, whatever the number of workers.
 * Files appear under their names complete or not at all.
 */
#ifndef SKYSCALE_SCENE_H
#define SKYSCALE_SCENE_H

#include "common/param.h"
#include "common/status.h"

#include <stdbool.h>

/* Told how far a scene is, as a fraction; answers false when it should stop. */
typedef struct sks_watch {
    bool (*tick)(void *context, double fraction);
    void *context;
} sks_watch;

/* SKS_ERR_CANCELLED when the watch wants to stop, else SKS_OK. A NULL watch never does. */
sks_status sks_watch_tick(const sks_watch *watch, double fraction);

typedef struct sks_scene {
    const char *name; /* file and command line: one spelling */
    const char *summary;
    const char *citation; /* what the scene follows; NULL: nothing published */
    const sks_param *params;

    sks_status (*make)(const sks_values *values, const sks_watch *watch); /* watch may be NULL */
} sks_scene;

/* All scenes, in the order of kernels/CMakeLists.txt; ends with NULL. */
extern const sks_scene *const sks_scene_table[];

/* By name; SKS_ERR_USAGE with the nearest name when there is none. */
sks_status sks_scene_find(const char *name, const sks_scene **scene);

#endif
