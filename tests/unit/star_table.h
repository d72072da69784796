/* For tests of the kernels that search images: frames with known stars, and their tables read back.
 * Include after <cmocka.h> and scratch_file.h. */
#ifndef SKYSCALE_TESTS_STAR_TABLE_H
#define SKYSCALE_TESTS_STAR_TABLE_H

#include "kernels/astro/image.h"
#include "kernels/astro/philox.h"
#include "kernels/astro/stars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_COLUMNS = 20 };

struct star_table {
    size_t n_rows;
    double (*row)[TABLE_COLUMNS]; /* NaN where a row has no such column */
    char header[8192];
};

/* The comments and numbers of a text product. */
static inline struct star_table table_read(const char *path)
{
    struct star_table t = {0};
    FILE *file = fopen(path, "r");
    char line[2048];
    size_t room = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        char *at = line, *end;

        if (line[0] == '#') {
            size_t length = strlen(t.header);

            snprintf(t.header + length, sizeof(t.header) - length, "%s", line);
            continue;
        }
        if (t.n_rows == room) {
            t.row = realloc(t.row, (room = 2 * room + 64) * sizeof(*t.row));
            assert_non_null(t.row);
        }
        for (int c = 0; c < TABLE_COLUMNS; c++) {
            t.row[t.n_rows][c] = strtod(at, &end);
            if (end == at)
                t.row[t.n_rows][c] = NAN;
            at = end;
        }
        t.n_rows++;
    }
    fclose(file);
    return t;
}

static inline void table_free(struct star_table *t)
{
    free(t->row);
    *t = (struct star_table){0};
}

/* A frame of nx × ny: `sky` with normal noise and round Gaussian stars of 1.8 px, magnitudes for a
 * zero point of 25 and 1 s. */
static inline void frame_write(const char *path, size_t nx, size_t ny, double sky, double noise,
                               const sks_star *stars, size_t n_stars)
{
    const sks_star_options options = {.gain = 1};
    sks_philox random = sks_philox_stream(77, 1, 0);
    sks_image *image = NULL;
    sks_psf *psf = NULL;
    sks_star_adder *adder = NULL;

    assert_int_equal(sks_image_create(nx, ny, &image), SKS_OK);
    assert_int_equal(sks_psf_gauss(1.8, 9, 25, &psf), SKS_OK);
    assert_int_equal(sks_star_adder_create(psf, &options, nx, ny, &adder), SKS_OK);
    for (size_t i = 0; i < nx * ny; i++)
        image->data[i] = (float)(sky + noise * sks_philox_normal(&random));
    sks_stars_add(adder, 0, stars, n_stars, image->data);
    assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
    sks_star_adder_destroy(adder);
    sks_psf_destroy(psf);
    sks_image_destroy(image);
}

#endif
