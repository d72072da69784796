#include "kernels/astro/scenes/frame.h"

#include "kernels/parts/product.h"

#include <fitsio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sks_frame {
    sks_product *product;
    fitsfile *fits; /* NULL once closed */
    void *memory;   /* the file; CFITSIO moves it as it grows */
    size_t allocated;
    LONGLONG n_pixels;
    int error; /* CFITSIO's status: calls after the first failure do nothing */
};

static sks_status fail_cfitsio(int error)
{
    char text[FLEN_STATUS];

    fits_get_errstatus(error, text);
    return error == MEMORY_ALLOCATION ? sks_fail_nomem("a FITS file")
                                      : sks_fail(SKS_ERR_IO, "making a FITS file: %s", text);
}

sks_status sks_frame_create(const char *path, int bitpix, int n_axes, const long *axes,
                            sks_frame **frame)
{
    sks_frame *f = calloc(1, sizeof(*f));
    size_t bytes = (size_t)labs((long)bitpix) / 8;
    sks_status status;

    if (f == NULL)
        return sks_fail_nomem("a FITS file");
    f->n_pixels = 1;
    for (int i = 0; i < n_axes; i++) {
        f->n_pixels *= axes[i];
        bytes *= (size_t)axes[i];
    }
    status = sks_product_create(path, &f->product);
    if (status != SKS_OK)
        goto fail;
    /* Grows by the size of the whole image: its pixels then need one step, not thousands. */
    fits_create_memfile(&f->fits, &f->memory, &f->allocated, bytes + 2880, realloc, &f->error);
    fits_create_img(f->fits, bitpix, n_axes, (long *)axes, &f->error);
    if (f->error != 0) {
        status = fail_cfitsio(f->error);
        goto fail;
    }
    *frame = f;
    return SKS_OK;

fail:
    sks_frame_destroy(f);
    return status;
}

void sks_frame_key_text(sks_frame *frame, const char *name, const char *value, const char *comment)
{
    fits_update_key_str(frame->fits, name, value, comment, &frame->error);
}

void sks_frame_key_int(sks_frame *frame, const char *name, long value, const char *comment)
{
    fits_update_key_lng(frame->fits, name, value, comment, &frame->error);
}

void sks_frame_key_real(sks_frame *frame, const char *name, double value, const char *comment)
{
    fits_update_key_dbl(frame->fits, name, value, -15, comment, &frame->error);
}

void sks_frame_history(sks_frame *frame, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fits_write_history(frame->fits, text, &frame->error);
}

sks_status sks_frame_pixels(sks_frame *frame, const float *pixels)
{
    fits_write_img(frame->fits, TFLOAT, 1, frame->n_pixels, (float *)pixels, &frame->error);
    return frame->error == 0 ? SKS_OK : fail_cfitsio(frame->error);
}

sks_status sks_frame_commit(sks_frame *frame)
{
    LONGLONG header, data, end = 0;
    sks_status status;

    /* Closing writes the last blocks into the memory, which stays ours; only the addresses known
     * to the open file say how much of it is the file. */
    fits_flush_file(frame->fits, &frame->error);
    fits_get_hduaddrll(frame->fits, &header, &data, &end, &frame->error);
    fits_close_file(frame->fits, &frame->error);
    frame->fits = NULL;
    if (frame->error != 0)
        return fail_cfitsio(frame->error);
    status = sks_product_write(frame->product, frame->memory, (size_t)end, 0);
    return status == SKS_OK ? sks_product_commit(frame->product) : status;
}

void sks_frame_destroy(sks_frame *frame)
{
    int error = 0;

    if (frame == NULL)
        return;
    if (frame->fits != NULL)
        fits_close_file(frame->fits, &error);
    sks_product_destroy(frame->product);
    free(frame->memory);
    free(frame);
}
