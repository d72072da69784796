#include "kernels/parts/transform.h"

#include "kernels/astro/position_rows.h"
#include "kernels/astro/positions.h"
#include "kernels/astro/wcs.h"
#include "kernels/parts/product.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *const sks_transform_yes_no[] = {"no", "yes", NULL};
const char *const sks_transform_formats[] = {"auto", "text", "fits", NULL};
const char *const sks_transform_bad_lines[] = {"fail", "nan", NULL};
const char *const sks_transform_sky_formats[] = {"degrees", "sexagesimal", NULL};

enum {
    WCS_BLOCK = 1024
}; /* positions handed to WCSLIB at once: its arrays stay in the L1/L2 cache */

struct transform {
    bool is_to_sky;
    sks_wcs *wcs;
    sks_positions *positions;
    sks_rows rows;
    sks_product *product;
    size_t header_size;
    size_t result_size;
    /* Written by whichever worker delivers; sums of integers, so the order does not matter. Read
     * after all workers have been joined. */
    atomic_ullong n_unmapped;
    atomic_ullong n_bad;
};

struct scratch {
    sks_wcs_worker *wcs;
    sks_position_reader *reader;
    double *input;  /* [2 * max_rows] sky positions made from random pixels; NULL otherwise */
    double *result; /* [2 * max_rows] */
};

/* One task's result: this, then the bytes of its rows. */
struct result {
    uint64_t n_bytes;
    uint64_t n_unmapped;
    uint64_t n_bad;
    char rows[];
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static sks_status choose_alternate(const sks_values *values, char *letter)
{
    const char *text = sks_values_text(values, "wcs");

    *letter = ' ';
    if (text == NULL)
        return SKS_OK;
    if (text[0] < 'A' || text[0] > 'Z' || text[1] != '\0')
        return sks_fail(SKS_ERR_USAGE, "wcs: \"%s\" is not one letter from A to Z", text);
    *letter = text[0];
    return SKS_OK;
}

static sks_status open_positions(struct transform *t, const sks_values *values,
                                 const sks_wcs_info *info)
{
    bool has_random = sks_values_has(values, "random");
    sks_position_options options = {
        .coords = sks_values_text(values, "coords"),
        .columns = sks_values_text(values, "columns"),
        .block = (size_t)sks_values_int(values, "block"),
        .are_angles = !t->is_to_sky,
        .is_equatorial = info->is_equatorial,
        .keeps_bad_lines = sks_values_choice(values, "on-bad-line") == 1,
        .carries = sks_values_flag(values, "carry"),
        .n_random = has_random ? (uint64_t)sks_values_int(values, "random") : 0,
        .seed = (uint64_t)sks_values_int(values, "seed"),
        .size_x = info->size_x,
        .size_y = info->size_y,
    };

    if ((options.coords != NULL) == has_random)
        return sks_fail(SKS_ERR_USAGE, options.coords != NULL
                                           ? "coords and random exclude each other"
                                           : "positions are needed: coords FILE or random N");
    if (options.carries && t->rows.is_table)
        return sks_fail(SKS_ERR_USAGE, "carry: a table has no place for columns of text");
    if (options.carries && has_random)
        return sks_fail(SKS_ERR_USAGE, "carry: random positions have no other columns");
    return sks_positions_open(&options, &t->positions);
}

/* The largest task's bytes, rounded so that results in an array stay aligned. */
static size_t largest_result(const struct transform *t)
{
    size_t largest = 0;

    for (size_t b = 0; b < sks_positions_n_blocks(t->positions); b++) {
        uint64_t n_rows =
            sks_positions_first_row(t->positions, b + 1) - sks_positions_first_row(t->positions, b);
        uint64_t carried = sks_positions_carried_bytes(t->positions, b + 1) -
                           sks_positions_carried_bytes(t->positions, b);
        size_t bytes = (size_t)(n_rows * t->rows.row_size + carried);

        if (bytes > largest)
            largest = bytes;
    }
    return (sizeof(struct result) + largest + 63) / 64 * 64;
}

sks_status sks_transform_prepare(const sks_values *values, const char *name, bool is_to_sky,
                                 void **state)
{
    const char *output = sks_values_text(values, "output");
    int format = sks_values_choice(values, "format");
    bool has_distortion = sks_values_choice(values, "distortion") == 1;
    struct transform *t = calloc(1, sizeof(*t));
    sks_wcs_info info;
    char letter;
    char *header = NULL;
    sks_status status;

    if (t == NULL)
        return sks_fail_nomem("the transformation");
    t->is_to_sky = is_to_sky;
    status = choose_alternate(values, &letter);
    if (status == SKS_OK)
        status = sks_wcs_read(sks_values_text(values, "image"), letter, has_distortion, &t->wcs);
    if (status != SKS_OK)
        goto fail;
    info = sks_wcs_describe(t->wcs);
    t->rows = sks_rows_format(
        &info,
        format == 2 || (format == 0 && (ends_with(output, ".fits") || ends_with(output, ".fit"))),
        is_to_sky, is_to_sky && sks_values_choice(values, "sky") == 1,
        sks_values_has(values, "decimals") ? (int)sks_values_int(values, "decimals") : -1);
    status = open_positions(t, values, &info);
    if (status != SKS_OK)
        goto fail;
    t->result_size = largest_result(t);
    status = sks_product_create(output, &t->product);
    if (status == SKS_OK)
        status = sks_rows_header(&t->rows, name, &info, has_distortion,
                                 sks_positions_n_rows(t->positions), &header, &t->header_size);
    if (status == SKS_OK)
        status = sks_product_write(t->product, header, t->header_size, 0);
    free(header);
    if (status != SKS_OK)
        goto fail;
    *state = t;
    return SKS_OK;

fail:
    sks_transform_teardown(t);
    return status;
}

size_t sks_transform_task_count(const void *state)
{
    return sks_positions_n_blocks(((const struct transform *)state)->positions);
}

size_t sks_transform_result_size(const void *state)
{
    return ((const struct transform *)state)->result_size;
}

sks_status sks_transform_scratch(const void *state, void **scratch)
{
    const struct transform *t = state;
    size_t n = sks_positions_max_rows(t->positions);
    bool needs_input = !t->is_to_sky && sks_positions_are_random(t->positions);
    struct scratch *s = calloc(1, sizeof(*s));
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("a worker");
    s->result = malloc(2 * n * sizeof(*s->result));
    s->input = needs_input ? malloc(2 * n * sizeof(*s->input)) : NULL;
    status = s->result != NULL && (s->input != NULL || !needs_input) ? SKS_OK
                                                                     : sks_fail_nomem("a worker");
    if (status == SKS_OK)
        status = sks_wcs_worker_create(t->wcs, n < WCS_BLOCK ? n : WCS_BLOCK, &s->wcs);
    if (status == SKS_OK)
        status = sks_position_reader_create(t->positions, &s->reader);
    if (status != SKS_OK) {
        sks_transform_scratch_free(s);
        return status;
    }
    *scratch = s;
    return SKS_OK;
}

void sks_transform_scratch_free(void *scratch)
{
    struct scratch *s = scratch;

    if (s == NULL)
        return;
    sks_wcs_worker_destroy(s->wcs);
    sks_position_reader_destroy(s->reader);
    free(s->input);
    free(s->result);
    free(s);
}

static sks_status run_task(const struct transform *t, struct scratch *s, size_t task,
                           struct result *out)
{
    sks_position_block block;
    sks_status status = sks_position_reader_read(s->reader, task, &block);
    size_t n_unmapped;

    if (status != SKS_OK)
        return status;
    if (s->input != NULL) { /* random pixels of the image, as sky positions */
        sks_wcs_pix2sky(s->wcs, block.n, block.pair, s->input);
        block.pair = s->input;
    }
    n_unmapped = t->is_to_sky ? sks_wcs_pix2sky(s->wcs, block.n, block.pair, s->result)
                              : sks_wcs_sky2pix(s->wcs, block.n, block.pair, s->result);
    out->n_bytes = (uint64_t)(sks_rows_write(&t->rows, t->positions, &block, s->result, out->rows) -
                              out->rows);
    out->n_bad = block.n_bad;
    out->n_unmapped = n_unmapped - block.n_bad; /* a bad line's NaN is not the projection's doing */
    return SKS_OK;
}

sks_status sks_transform_run(const void *state, void *scratch, sks_range tasks, void *results)
{
    const struct transform *t = state;
    char *result = results;
    sks_status status = SKS_OK;

    for (size_t task = tasks.begin; status == SKS_OK && task < tasks.end; task++) {
        status = run_task(t, scratch, task, (struct result *)(void *)result);
        result += t->result_size;
    }
    return status;
}

/* Where a task's rows begin in the product. */
static uint64_t place_of(const struct transform *t, size_t task)
{
    return t->header_size + sks_positions_first_row(t->positions, task) * t->rows.row_size +
           sks_positions_carried_bytes(t->positions, task);
}

sks_status sks_transform_deliver(void *state, size_t task, const void *result)
{
    struct transform *t = state;
    const struct result *r = result;

    atomic_fetch_add_explicit(&t->n_unmapped, r->n_unmapped, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->n_bad, r->n_bad, memory_order_relaxed);
    return sks_product_write(t->product, r->rows, r->n_bytes, place_of(t, task));
}

sks_status sks_transform_finish(void *state, const void *results, sks_notes *notes)
{
    struct transform *t = state;
    uint64_t end = place_of(t, sks_positions_n_blocks(t->positions));
    static const char zeros[2880];
    sks_status status = sks_product_write(t->product, zeros, sks_rows_padding(&t->rows, end), end);

    (void)results;
    if (status == SKS_OK)
        status = sks_product_commit(t->product);
    if (status != SKS_OK)
        return status;
    sks_notes_add(notes, "positions", (double)sks_positions_n_rows(t->positions));
    sks_notes_add(notes, "not_mapped", (double)atomic_load(&t->n_unmapped));
    sks_notes_add(notes, "bad_lines", (double)atomic_load(&t->n_bad));
    return SKS_OK;
}

/* Computes some blocks again, alone and in order, and compares them with what stands in the product
 * at their place. */
sks_status sks_transform_verify(const void *state)
{
    enum { N_SAMPLES = 4 };
    const struct transform *t = state;
    size_t n_blocks = sks_positions_n_blocks(t->positions);
    struct result *again = aligned_alloc(64, t->result_size);
    char *written = malloc(t->result_size);
    void *scratch = NULL;
    sks_status status = again != NULL && written != NULL ? sks_transform_scratch(state, &scratch)
                                                         : sks_fail_nomem("verifying");

    for (size_t i = 0; status == SKS_OK && i < N_SAMPLES && i < n_blocks; i++) {
        size_t task = i * (n_blocks - 1) / (N_SAMPLES - 1);

        status = run_task(t, scratch, task, again);
        if (status == SKS_OK)
            status = sks_product_read(t->product, written, again->n_bytes, place_of(t, task));
        if (status == SKS_OK && memcmp(written, again->rows, again->n_bytes) != 0)
            status = sks_fail(
                SKS_ERR_BUG,
                "verification: block %zu of the product is not what its positions give", task);
    }
    sks_transform_scratch_free(scratch);
    free(again);
    free(written);
    return status;
}

sks_status sks_transform_digest(const void *state, sks_digest *digest)
{
    return sks_product_digest(((const struct transform *)state)->product, digest);
}

sks_work sks_transform_work(const void *state)
{
    const struct transform *t = state;
    uint64_t end = place_of(t, sks_positions_n_blocks(t->positions));

    return (sks_work){.flops = NAN, .bytes = (double)end};
}

void sks_transform_teardown(void *state)
{
    struct transform *t = state;

    if (t == NULL)
        return;
    sks_product_destroy(t->product);
    sks_positions_close(t->positions);
    sks_wcs_destroy(t->wcs);
    free(t);
}
