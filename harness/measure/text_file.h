/* A text file that appears under its name only when it is complete (kernels/parts/product.h), as a
 * stdio stream, for files of any length. "-" is standard output.
 */
#ifndef SKYSCALE_TEXT_FILE_H
#define SKYSCALE_TEXT_FILE_H

#include "common/status.h"

#include <stdio.h>

typedef struct sks_text_file sks_text_file;

/* SKS_ERR_IO when the place cannot be written. */
sks_status sks_text_file_create(const char *path, sks_text_file **file);
FILE *sks_text_file_stream(sks_text_file *file);
/* Puts it in place, or, after the failure `status` or one of writing, throws it away. Frees `file`;
 * accepts NULL. Returns the failure. */
sks_status sks_text_file_close(sks_text_file *file, sks_status status);

#endif
