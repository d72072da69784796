/* A list of positions spread evenly over a frame: input for pix2sky, or for sky2pix.
 *
 * They are the positions of `pix2sky --random N --seed S`, with four decimals. The sky list is made
 * from these rounded values, so the two lists belong to each other line by line. Position i depends
 * on the seed and i alone: the first thousand of a million are the thousand of a thousand. One
 * that lies on no place of the sky is written as nan nan.
 */
#include "kernels/astro/positions.h"
#include "kernels/astro/number.h"
#include "kernels/astro/scene.h"
#include "kernels/astro/wcs.h"
#include "kernels/parts/product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, LINE_SIZE = 64 };

struct positions {
    const char *image;
    uint64_t seed;
    uint64_t n;
    bool is_sky;
    sks_wcs *wcs;
    sks_wcs_info info;
    sks_wcs_worker *worker;
    sks_positions *source;
    sks_position_reader *reader;
    double pair[2 * BLOCK];
    char text[BLOCK * LINE_SIZE];
};

/* One block as text; gives its length. */
static sks_status make_block(struct positions *p, size_t number, size_t *length)
{
    int decimals = p->is_sky ? 9 : 4;
    int width = p->is_sky ? 13 : 10;
    char *to = p->text;
    sks_position_block block;
    sks_status status = sks_position_reader_read(p->reader, number, &block);

    if (status != SKS_OK)
        return status;
    for (size_t i = 0; i < 2 * block.n; i++)
        p->pair[i] = round(block.pair[i] * 1e4) / 1e4;
    if (p->is_sky)
        sks_wcs_pix2sky(p->worker, block.n, p->pair, p->pair);
    for (size_t i = 0; i < block.n; i++) {
        to = sks_number_write(to, p->pair[2 * i], width, decimals);
        *to++ = ' ';
        to = sks_number_write(to, p->pair[2 * i + 1], width, decimals);
        *to++ = '\n';
    }
    *length = (size_t)(to - p->text);
    return SKS_OK;
}

static sks_status open_frame(struct positions *p)
{
    sks_position_options options = {.block = BLOCK, .n_random = p->n, .seed = p->seed};
    sks_status status = sks_wcs_read(p->image, ' ', true, &p->wcs);

    if (status != SKS_OK)
        return status;
    p->info = sks_wcs_describe(p->wcs);
    options.size_x = p->info.size_x;
    options.size_y = p->info.size_y;
    status = sks_positions_open(&options, &p->source);
    if (status == SKS_OK)
        status = sks_position_reader_create(p->source, &p->reader);
    if (status == SKS_OK && p->is_sky)
        status = sks_wcs_worker_create(p->wcs, BLOCK, &p->worker);
    return status;
}

static sks_status write_list(struct positions *p, const sks_watch *watch, sks_product *product)
{
    char name[200], title[512];
    size_t n_blocks = sks_positions_n_blocks(p->source);
    uint64_t offset;
    sks_status status;

    snprintf(name, sizeof(name), "%s", p->image);
    for (char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ') /* a line end would end the comment */
            *c = '?';
    snprintf(title, sizeof(title),
             "# %llu random positions over %s (%.0f x %.0f px), seed %llu\n# %s %s%s%s\n",
             (unsigned long long)p->n, name, p->info.size_x, p->info.size_y,
             (unsigned long long)p->seed, p->is_sky ? p->info.longitude : "x",
             p->is_sky ? p->info.latitude : "y", p->is_sky ? " [deg] " : " [px]",
             p->is_sky ? p->info.frame : "");
    offset = strlen(title);
    status = sks_product_write(product, title, strlen(title), 0);
    for (size_t i = 0; i < n_blocks && status == SKS_OK; i++) {
        size_t length = 0;

        status = make_block(p, i, &length);
        if (status == SKS_OK)
            status = sks_product_write(product, p->text, length, offset);
        offset += length;
        if (status == SKS_OK)
            status = sks_watch_tick(watch, (double)(i + 1) / (double)n_blocks);
    }
    return status;
}

static sks_status positions_make(const sks_values *values, const sks_watch *watch)
{
    struct positions *p = calloc(1, sizeof(*p));
    sks_product *product = NULL;
    sks_status status;

    if (p == NULL)
        return sks_fail_nomem("positions");
    p->image = sks_values_text(values, "image");
    p->seed = (uint64_t)sks_values_int(values, "seed");
    p->n = (uint64_t)sks_values_int(values, "random");
    p->is_sky = sks_values_choice(values, "sky") == 1;
    status = open_frame(p);
    if (status == SKS_OK)
        status = sks_product_create(sks_values_text(values, "output"), &product);
    if (status == SKS_OK)
        status = write_list(p, watch, product);
    if (status == SKS_OK)
        status = sks_product_commit(product);
    sks_product_destroy(product);
    sks_position_reader_destroy(p->reader);
    sks_positions_close(p->source);
    sks_wcs_worker_destroy(p->worker);
    sks_wcs_destroy(p->wcs);
    free(p);
    return status;
}

static const char *const no_yes[] = {"no", "yes", NULL};

static const sks_param positions_params[] = {
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help = "the list, text; - is standard output"},
    {.name = "image",
     .type = SKS_INPUT,
     .is_required = true,
     .help = "frame over which the positions are spread, FITS"},
    {.name = "random",
     .short_name = 'n',
     .type = SKS_INT,
     .default_text = "1000000",
     .min = 1,
     .max = 1e12,
     .help = "how many positions"},
    {.name = "seed",
     .type = SKS_INT,
     .default_text = "1",
     .min = 0,
     .max = 9007199254740992.0,
     .help = "another number gives other positions"},
    {.name = "sky",
     .type = SKS_CHOICE,
     .choices = no_yes,
     .default_text = "no",
     .help = "write the sky positions of the same places, in degrees, instead of pixels"},
    {.name = NULL},
};

const sks_scene sks_scene_positions = {
    .name = "positions",
    .summary = "a list of random positions over a frame, in pixels or on the sky",
    .params = positions_params,
    .make = positions_make,
};
