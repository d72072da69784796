/* The lines of a text file, each as a C string. The last need not end with a newline; empty lines
 * count. Threads: any, after reading. */
#ifndef SKYSCALE_INPUT_LINES_H
#define SKYSCALE_INPUT_LINES_H

#include "common/status.h"

#include <stddef.h>

typedef struct sks_lines {
    size_t n;
    char **line; /* [n] */
    char *text;  /* what they live in */
} sks_lines;

/* "-" is standard input. SKS_ERR_INPUT for a line with a zero byte, which no string can hold. */
sks_status sks_lines_read(const char *path, sks_lines *lines);
void sks_lines_clear(sks_lines *lines);

#endif
