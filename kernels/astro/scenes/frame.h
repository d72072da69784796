/* A FITS file of one image, put together in memory and then placed under its name in one step.
 *
 * Errors   the sks_frame_key functions keep the first failure; sks_frame_commit reports it.
 * Memory   header and pixels, until sks_frame_destroy.
 */
#ifndef SKYSCALE_FRAME_H
#define SKYSCALE_FRAME_H

#include "common/status.h"

typedef struct sks_frame sks_frame;

/* `path` is where it will go ("-" is standard output): SKS_ERR_IO here when that place cannot be
 * written, before any work is done. bitpix as in FITS (8, -32, …); axes[0] varies fastest. */
sks_status sks_frame_create(const char *path, int bitpix, int n_axes, const long *axes,
                            sks_frame **frame);

void sks_frame_key_text(sks_frame *frame, const char *name, const char *value, const char *comment);
void sks_frame_key_int(sks_frame *frame, const char *name, long value, const char *comment);
void sks_frame_key_real(sks_frame *frame, const char *name, double value, const char *comment);

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sks_frame_history(sks_frame *frame, const char *format, ...);

/* All pixels, as many as the axes say. Without this call they are zero. */
sks_status sks_frame_pixels(sks_frame *frame, const float *pixels);

/* Completes the file and puts it in its place. Once. */
sks_status sks_frame_commit(sks_frame *frame);

void sks_frame_destroy(sks_frame *frame); /* accepts NULL */

#endif
