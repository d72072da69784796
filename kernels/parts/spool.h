/* Texts of unknown length, from many writers, kept outside memory until they are wanted in order.
 *
 * All go into one nameless file in $TMPDIR (default /tmp), which vanishes with the process. A text
 * is a chain of pieces, each naming the one before; short texts are one piece.
 *
 * Memory   one piece (256 KiB) per writer.
 * Threads  a writer belongs to one thread. Space is claimed by an atomic counter in shared memory,
 *          so writers may also live in forked processes.
 */
#ifndef SKYSCALE_SPOOL_H
#define SKYSCALE_SPOOL_H

#include "common/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sks_spool sks_spool;
typedef struct sks_spool_writer sks_spool_writer;

/* Where a text lies, and what it is. {0}: an empty text. */
typedef struct sks_spool_text {
    uint64_t size_bytes;
    uint64_t last_piece; /* its place in the file */
    uint64_t hash;       /* XXH3-64 of the text */
} sks_spool_text;

sks_status sks_spool_create(sks_spool **spool);
void sks_spool_destroy(sks_spool *spool); /* accepts NULL */

sks_status sks_spool_writer_create(sks_spool *spool, sks_spool_writer **writer);
void sks_spool_writer_destroy(sks_spool_writer *writer); /* accepts NULL */

/* Drops what was added since the last text ended. */
void sks_spool_begin(sks_spool_writer *writer);
sks_status sks_spool_add(sks_spool_writer *writer, const void *data, size_t size);
sks_status sks_spool_end(sks_spool_writer *writer, sks_spool_text *text);

/* Hands a text over in pieces, from its beginning to its end. */
sks_status sks_spool_read(const sks_spool *spool, const sks_spool_text *text,
                          sks_status (*take)(void *to, const void *data, size_t size), void *to);

#endif
