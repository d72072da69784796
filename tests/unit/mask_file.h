/* A data-quality image: the pixels of an image, which are whole numbers, written as integers. */
#ifndef SKYSCALE_TESTS_MASK_FILE_H
#define SKYSCALE_TESTS_MASK_FILE_H

#include "kernels/astro/image.h"

#include <fitsio.h>
#include <unistd.h>

static inline void write_mask(const sks_image *image, const char *path)
{
    long size[2] = {(long)image->nx, (long)image->ny};
    fitsfile *file;
    int fits = 0;

    unlink(path);
    fits_create_diskfile(&file, path, &fits);
    fits_create_img(file, SHORT_IMG, 2, size, &fits);
    fits_write_img(file, TFLOAT, 1, (LONGLONG)(image->nx * image->ny), image->data, &fits);
    fits_close_file(file, &fits);
    assert_int_equal(fits, 0);
}

#endif
