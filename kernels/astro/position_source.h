/* What the kinds of position lists share; for the files position*.c only. Errors and threads are as
 * positions.h says: a list is read only once it is open, a reader belongs to one worker. */
#ifndef SKYSCALE_POSITION_SOURCE_H
#define SKYSCALE_POSITION_SOURCE_H

#include "kernels/astro/positions.h"

#include <fitsio.h>
#include <sys/types.h>

typedef struct position_kind {
    sks_status (*reader_open)(sks_position_reader *reader); /* may be NULL */
    void (*reader_close)(sks_position_reader *reader);      /* may be NULL */
    sks_status (*read)(sks_position_reader *reader, size_t block, sks_position_block *result);
} position_kind;

struct sks_positions {
    const position_kind *kind;
    sks_position_options options; /* texts are not kept but for: */
    char *name;                   /* of the file, in messages */
    size_t n_blocks;
    uint64_t n_rows;
    size_t max_rows;

    /* text */
    int fd;
    uint64_t size_bytes;
    size_t block_bytes;
    unsigned column[2];      /* 1-based, of longitude or x, latitude or y */
    uint64_t *first_row;     /* [n_blocks + 1] */
    uint64_t *carried_bytes; /* [n_blocks + 1]; NULL when nothing is carried */

    /* table */
    int table_column[2];
};

struct sks_position_reader {
    const sks_positions *source;
    size_t capacity; /* rows */
    double *pair;
    sks_span *given;
    sks_span *other;
    char *text; /* text: the block's lines, ended by '\n' and '\0' */
    size_t text_capacity;
    fitsfile *fits; /* table */
};

extern const position_kind position_text;
extern const position_kind position_table;

sks_status position_text_open(sks_positions *positions, const char *columns);
sks_status position_table_open(sks_positions *positions, const char *columns);

#endif
