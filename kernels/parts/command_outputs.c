#include "kernels/parts/command_outputs.h"

#include <stdlib.h>
#include <xxhash.h>

/* Where the next bytes go. */
struct place {
    sks_product *product;
    uint64_t offset;
};

static sks_status append(void *to, const void *data, size_t size)
{
    struct place *place = to;
    sks_status status = sks_product_write(place->product, data, size, place->offset);

    place->offset += size;
    return status;
}

sks_status sks_command_outputs_write(const sks_spool *spool, const sks_command_record *record,
                                     size_t n, sks_product *product)
{
    struct place end = {.product = product};
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        if (sks_command_finished(&record[i]))
            status = sks_spool_read(spool, &record[i].output, append, &end);
    return status == SKS_OK ? sks_product_commit(product) : status;
}

sks_status sks_command_outputs_verify(const sks_product *product, const sks_command_record *record,
                                      size_t n)
{
    enum { WINDOW = 1 << 18 };
    XXH3_state_t *hash = XXH3_createState();
    char *window = malloc(WINDOW);
    uint64_t offset = 0;
    sks_status status = hash != NULL && window != NULL ? SKS_OK : sks_fail_nomem("verifying");

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        const sks_spool_text *output = &record[i].output;

        XXH3_64bits_reset(hash);
        for (uint64_t left = output->size_bytes; status == SKS_OK && left > 0;) {
            size_t size = left < WINDOW ? (size_t)left : WINDOW;

            status = sks_product_read(product, window, size, offset);
            if (status == SKS_OK)
                XXH3_64bits_update(hash, window, size);
            offset += size;
            left -= size;
        }
        if (status == SKS_OK && output->size_bytes > 0 && XXH3_64bits_digest(hash) != output->hash)
            status = sks_fail(
                SKS_ERR_BUG, "verification: the output of line %zu is not what was printed", i + 1);
    }
    XXH3_freeState(hash);
    free(window);
    return status;
}
