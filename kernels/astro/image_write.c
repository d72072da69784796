/* Images as FITS files. */
#include "kernels/astro/image.h"

#include "kernels/astro/image_card.h"
#include "kernels/parts/product.h"

#include <ctype.h>
#include <fitsio.h>
#include <stdlib.h>
#include <string.h>

/* Cards that describe how the pixels were stored; the new file has its own. */
static bool is_structural(const char *keyword)
{
    static const char *const names[] = {
        "SIMPLE",  "XTENSION", "BITPIX", "NAXIS",    "EXTEND",   "PCOUNT",  "GCOUNT",  "GROUPS",
        "BSCALE",  "BZERO",    "BLANK",  "CHECKSUM", "DATASUM",  "DATAMIN", "DATAMAX", "END",
        "EXTNAME", "TFIELDS",  "THEAP",  "ZIMAGE",   "ZCMPTYPE", "INHERIT"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(keyword, names[i]) == 0)
            return true;
    return strncmp(keyword, "NAXIS", 5) == 0 && isdigit((unsigned char)keyword[5]);
}

static void write_file(fitsfile *file, const sks_image *image, const char *const *history,
                       size_t n_history, int *fits)
{
    long size[2] = {(long)image->nx, (long)image->ny};

    fits_create_img(file, FLOAT_IMG, 2, size, fits);
    for (size_t i = 0; i < image->n_cards; i++) {
        char card[SKS_CARD_SIZE + 1];
        char keyword[9];

        memcpy(card, image->header + i * SKS_CARD_SIZE, SKS_CARD_SIZE);
        card[SKS_CARD_SIZE] = '\0';
        card_keyword(card, keyword);
        if (!is_structural(keyword))
            fits_write_record(file, card, fits);
    }
    for (size_t i = 0; i < n_history; i++)
        fits_write_history(file, history[i], fits);
    fits_write_img(file, TFLOAT, 1, (LONGLONG)(image->nx * image->ny), image->data, fits);
}

sks_status sks_image_encode(const sks_image *image, const char *const *history, size_t n_history,
                            void **bytes, size_t *size)
{
    enum { BLOCK = 2880 };
    /* Zeroed, and enough for the header as a rule: CFITSIO looks at what is there, and could take
     * an old header for one of this file. */
    size_t n = 16 * BLOCK + image->nx * image->ny * sizeof(float);
    void *memory = calloc(1, n);
    fitsfile *file = NULL;
    LONGLONG head_begin, data_begin, data_end;
    char text[FLEN_STATUS];
    int fits = 0;
    int close_fits = 0;

    if (memory == NULL)
        return sks_fail_nomem("a FITS file");
    fits_clear_errmsg();
    fits_create_memfile(&file, &memory, &n, (size_t)1 << 20, realloc, &fits);
    if (fits == 0) {
        write_file(file, image, history, n_history, &fits);
        fits_flush_file(file, &fits);
        /* The buffer grows in large steps: the file's true end is that of its only HDU. */
        fits_get_hduaddrll(file, &head_begin, &data_begin, &data_end, &fits);
        fits_close_file(file, &close_fits);
    }
    if (fits != 0 || close_fits != 0) {
        free(memory);
        fits_get_errstatus(fits != 0 ? fits : close_fits, text);
        fits_clear_errmsg();
        return sks_fail(SKS_ERR_IO, "cannot make the FITS image: %s", text);
    }
    *bytes = memory;
    *size = (size_t)data_end;
    return SKS_OK;
}

sks_status sks_image_write(const sks_image *image, const char *const *history, size_t n_history,
                           const char *path)
{
    sks_product *product = NULL;
    void *bytes = NULL;
    size_t size = 0;
    sks_status status = sks_product_create(path, &product);

    if (status == SKS_OK)
        status = sks_image_encode(image, history, n_history, &bytes, &size);
    if (status == SKS_OK)
        status = sks_product_write(product, bytes, size, 0);
    if (status == SKS_OK)
        status = sks_product_commit(product);
    free(bytes);
    sks_product_destroy(product);
    return status;
}
