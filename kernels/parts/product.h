/* A product file that appears under its name only when it is complete.
 *
 * Workers write disjoint pieces at their own offsets while the product has no name yet; commit
 * puts it in place in one step. A run that fails, is interrupted or killed leaves nothing behind
 * and an older file of that name untouched. What cannot be replaced in one step (standard output,
 * a pipe, a device) gets the bytes at commit, all or, if it refuses, with an error.
 *
 * Disk      Space for the whole product beside it, or in $TMPDIR (default /tmp) for "-" and pipes.
 * Threads   sks_product_write from any thread, on disjoint ranges; the rest from one.
 */
#ifndef SKYSCALE_PRODUCT_H
#define SKYSCALE_PRODUCT_H

#include "kernels/kernel.h"

typedef struct sks_product sks_product;

/* `path` as on the command line; "-" is standard output. SKS_ERR_IO when the place cannot be
 * written: found out here, before any work is done. */
sks_status sks_product_create(const char *path, sks_product **product);
/* The same check for what will be created later only, without leaving anything. Pipes and devices
 * pass: opening one would be seen at its other end. */
sks_status sks_product_check(const char *path);

sks_status sks_product_write(sks_product *product, const void *data, size_t size, uint64_t offset);

/* Puts the product in place. After a failure nothing has been replaced. */
sks_status sks_product_commit(sks_product *product);

/* Reads back `size` bytes at `offset`, before or after commit; SKS_ERR_IO if they are not there. */
sks_status sks_product_read(const sks_product *product, void *data, size_t size, uint64_t offset);

/* Of all bytes, before or after commit. */
sks_status sks_product_digest(const sks_product *product, sks_digest *digest);

/* Closes; a product that was not committed vanishes. Accepts NULL. */
void sks_product_destroy(sks_product *product);

/* Of a file's content, for identifying inputs. */
sks_status sks_file_digest(const char *path, sks_digest *digest);

#endif
