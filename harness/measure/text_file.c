#include "harness/measure/text_file.h"

#include "kernels/parts/product.h"

#include <stdint.h>
#include <stdlib.h>

struct sks_text_file {
    FILE *stream;
    sks_product *product;
    uint64_t offset;
    sks_status status; /* of writing */
};

static ssize_t write_on(void *cookie, const char *data, size_t size)
{
    sks_text_file *f = cookie;

    if (f->status == SKS_OK)
        f->status = sks_product_write(f->product, data, size, f->offset);
    f->offset += size;
    return f->status == SKS_OK ? (ssize_t)size : 0;
}

sks_status sks_text_file_create(const char *path, sks_text_file **file)
{
    const cookie_io_functions_t functions = {.write = write_on};
    sks_text_file *f = calloc(1, sizeof(*f));
    sks_status status;

    if (f == NULL)
        return sks_fail_nomem("a file");
    status = sks_product_create(path, &f->product);
    if (status == SKS_OK && (f->stream = fopencookie(f, "w", functions)) == NULL) {
        sks_product_destroy(f->product);
        status = sks_fail_nomem("a file");
    }
    if (status != SKS_OK) {
        free(f);
        return status;
    }
    *file = f;
    return SKS_OK;
}

FILE *sks_text_file_stream(sks_text_file *file)
{
    return file->stream;
}

sks_status sks_text_file_close(sks_text_file *file, sks_status status)
{
    if (file == NULL)
        return status;
    fclose(file->stream); /* a failure to write is in file->status */
    if (status == SKS_OK)
        status = file->status;
    if (status == SKS_OK)
        status = sks_product_commit(file->product);
    sks_product_destroy(file->product);
    free(file);
    return status;
}
