/* What `pix2sky` and `sky2pix` share: lists of positions through an image's coordinate system.
 *
 * Task         one block of positions (see positions.h), read, transformed and formatted by the
 *              worker
 * Cost         uniform; a few per cent more where a distortion has to be inverted
 * Determinism  every row's place in the product is known from counting the rows beforehand; blocks
 *              go there in any order
 * Work         none is counted: the operations of a projection depend on the C library's
 *              trigonometry. Bytes: the list read and the product written.
 */
#ifndef SKYSCALE_TRANSFORM_H
#define SKYSCALE_TRANSFORM_H

#include "kernels/kernel.h"

/* The parameters both kernels have. */
#define SKS_TRANSFORM_PARAMS(decimals_help)                                                        \
    {.name = "image",                                                                              \
     .type = SKS_INPUT,                                                                            \
     .is_required = true,                                                                          \
     .help =                                                                                       \
         "FITS image whose header has the coordinate system: FILE, FILE[EXT], FILE[x1:x2,y1:y2]"}, \
        {.name = "wcs",                                                                            \
         .type = SKS_TEXT,                                                                         \
         .help = "letter of an alternate coordinate system, A to Z"},                              \
        {.name = "distortion",                                                                     \
         .type = SKS_CHOICE,                                                                       \
         .choices = sks_transform_yes_no,                                                          \
         .default_text = "yes",                                                                    \
         .help = "apply the header's distortions (SIP, TPV, TNX, ...)"},                           \
        {.name = "coords",                                                                         \
         .type = SKS_INPUT,                                                                        \
         .help = "positions: text (- is standard input) or a FITS table FILE[EXT]"},               \
        {.name = "columns",                                                                        \
         .type = SKS_TEXT,                                                                         \
         .help = "the two columns of the list: 1,2 or, in a table, also names"},                   \
        {.name = "random",                                                                         \
         .type = SKS_INT,                                                                          \
         .min = 1,                                                                                 \
         .max = 1e15,                                                                              \
         .unit = "positions",                                                                      \
         .help = "instead of a list: so many random positions, uniform over the image"},           \
        {.name = "seed",                                                                           \
         .type = SKS_INT,                                                                          \
         .min = 0,                                                                                 \
         .max = 9e15,                                                                              \
         .default_text = "1",                                                                      \
         .help = "of the random positions"},                                                       \
        {.name = "output",                                                                         \
         .short_name = 'o',                                                                        \
         .type = SKS_OUTPUT,                                                                       \
         .default_text = "-",                                                                      \
         .help = "the product; - is standard output"},                                             \
        {.name = "format",                                                                         \
         .type = SKS_CHOICE,                                                                       \
         .choices = sks_transform_formats,                                                         \
         .default_text = "auto",                                                                   \
         .help = "of the product; auto: a table when its name ends in .fits or .fit"},             \
        {.name = "decimals",                                                                       \
         .type = SKS_INT,                                                                          \
         .min = 0,                                                                                 \
         .max = 12,                                                                                \
         .unit = "digits",                                                                         \
         .help = decimals_help},                                                                   \
        {.name = "on-bad-line",                                                                    \
         .type = SKS_CHOICE,                                                                       \
         .choices = sks_transform_bad_lines,                                                       \
         .default_text = "fail",                                                                   \
         .help = "a line that is not two numbers: fail, or write nan and go on"},                  \
        {.name = "carry",                                                                          \
         .type = SKS_FLAG,                                                                         \
         .default_text = "no",                                                                     \
         .help = "repeat the other columns of the text between position and result"},              \
    {                                                                                              \
        .name = "block", .type = SKS_INT, .min = 16, .max = 1 << 22, .default_text = "1024",       \
        .unit = "positions",                                                                       \
        .help = "size of a task; for text, the lines in 16 times as many bytes"                    \
    }

extern const char *const sks_transform_yes_no[];
extern const char *const sks_transform_formats[];
extern const char *const sks_transform_bad_lines[];
extern const char *const sks_transform_sky_formats[];

/* The kernels' hooks; prepare is told the direction. */
sks_status sks_transform_prepare(const sks_values *values, const char *name, bool is_to_sky,
                                 void **state);
size_t sks_transform_task_count(const void *state);
size_t sks_transform_result_size(const void *state);
sks_status sks_transform_scratch(const void *state, void **scratch);
void sks_transform_scratch_free(void *scratch);
sks_status sks_transform_run(const void *state, void *scratch, sks_range tasks, void *results);
sks_status sks_transform_deliver(void *state, size_t task, const void *result);
sks_status sks_transform_finish(void *state, const void *results, sks_notes *notes);
sks_status sks_transform_verify(const void *state);
sks_status sks_transform_digest(const void *state, sks_digest *digest);
sks_work sks_transform_work(const void *state);
void sks_transform_teardown(void *state);

#define SKS_TRANSFORM_HOOKS                                                                        \
    .task_count = sks_transform_task_count, .result_size = sks_transform_result_size,              \
    .scratch = sks_transform_scratch, .scratch_free = sks_transform_scratch_free,                  \
    .run = sks_transform_run, .deliver = sks_transform_deliver, .finish = sks_transform_finish,    \
    .verify = sks_transform_verify, .digest = sks_transform_digest, .work = sks_transform_work,    \
    .teardown = sks_transform_teardown

#endif
