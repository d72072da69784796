/* A folder of its own for a test of sweeps, and files in it. */
#ifndef SKYSCALE_TEST_SWEEP_FILES_H
#define SKYSCALE_TEST_SWEEP_FILES_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/skyscale-sweep-XXXXXX";

/* Tests share the folder; each file name is looked up with in_folder(). */
static inline int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

/* Removes everything in a folder, one level deep, and the folder. */
static inline void remove_flat(const char *path)
{
    DIR *opened = opendir(path);
    const struct dirent *entry;

    if (opened == NULL)
        return;
    while ((entry = readdir(opened)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(opened), entry->d_name, 0);
    closedir(opened);
    rmdir(path);
}

static inline int remove_folder(void **state)
{
    (void)state;
    remove_flat(folder);
    return access(folder, F_OK) == 0 ? -1 : 0; /* something was left that should not be */
}

/* The path of a file in the folder; four may be in use at once. */
static inline const char *in_folder(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static inline void write_bytes(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

#endif
