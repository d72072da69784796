/* Reference data of the original tools, which are no part of the project: the folder named by
 * SKYSCALE_DATA, by default `shared` beside the source tree. Tests that need them are skipped
 * without them. */
#ifndef SKYSCALE_TESTS_REFERENCE_H
#define SKYSCALE_TESTS_REFERENCE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REFERENCE_SKIPPED = 77, REFERENCE_COLUMNS = 24 };

/* The path of `name` ("data/…", "reference/…") in static memory, used in turns of four. */
static inline const char *reference_path(const char *name)
{
    static char paths[4][4096];
    static unsigned turn;
    const char *folder = getenv("SKYSCALE_DATA");
    char *path = paths[turn++ % 4];

    if (folder != NULL && folder[0] != '\0') {
        snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    } else {
        char source[4000] = __FILE__;

        for (int i = 0; i < 3; i++) {
            char *slash = strrchr(source, '/');

            if (slash == NULL) {
                snprintf(source, sizeof(source), ".");
                break;
            }
            *slash = '\0';
        }
        snprintf(path, sizeof(paths[0]), "%s/../shared/%s", source, name);
    }
    return path;
}

static inline bool reference_is_there(void)
{
    return access(reference_path("reference/README.md"), R_OK) == 0;
}

/* The exit status of a program whose other tests have passed: skipped, with the reason, when it
 * could not compare with the reference. */
static inline int reference_exit(void)
{
    if (reference_is_there())
        return 0;
    printf("skipped: no reference data in %s (set SKYSCALE_DATA)\n", reference_path(""));
    return REFERENCE_SKIPPED;
}

/* A table of tab-separated numbers under one header line; what is no number is NaN. */
struct reference_table {
    size_t n_rows;
    double (*row)[REFERENCE_COLUMNS];
};

static inline bool reference_read(const char *name, struct reference_table *table)
{
    FILE *file = fopen(reference_path(name), "r");
    char line[2048];
    size_t room = 0;

    table->n_rows = 0;
    table->row = NULL;
    if (file == NULL || fgets(line, sizeof(line), file) == NULL) {
        if (file != NULL)
            fclose(file);
        return false;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line, *field;
        int column = 0;

        if (table->n_rows == room) {
            void *more = realloc(table->row, (room = 2 * room + 64) * sizeof(*table->row));

            if (more == NULL)
                abort();
            table->row = more;
        }
        for (int i = 0; i < REFERENCE_COLUMNS; i++)
            table->row[table->n_rows][i] = NAN;
        while ((field = strsep(&rest, "\t\n")) != NULL && column < REFERENCE_COLUMNS) {
            char *end;
            double value = strtod(field, &end);

            table->row[table->n_rows][column++] = end != field && *end == '\0' ? value : NAN;
        }
        table->n_rows++;
    }
    fclose(file);
    return true;
}

#endif
