/* Files for one test program: a folder of its own under $TMPDIR, removed at the end. */
#ifndef SKYSCALE_TESTS_SCRATCH_FILE_H
#define SKYSCALE_TESTS_SCRATCH_FILE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_folder[512];

static inline int scratch_make(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(scratch_folder, sizeof(scratch_folder), "%s/skyscale-test-XXXXXX",
             tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    return mkdtemp(scratch_folder) != NULL ? 0 : -1;
}

/* The path of a file in the folder, in static memory, used in turns of four. */
static inline const char *scratch_file(const char *name)
{
    static char paths[4][1024];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", scratch_folder, name);
    return path;
}

static inline int scratch_remove(void **state)
{
    DIR *folder = opendir(scratch_folder);
    struct dirent *entry;

    (void)state;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            unlink(scratch_file(entry->d_name));
    if (folder != NULL)
        closedir(folder);
    return rmdir(scratch_folder);
}

#endif
