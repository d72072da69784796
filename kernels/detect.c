/* Star detection and aperture photometry over a frame, as a list.
 *
 * Task         a strip of rows: the stars whose peaks lie in it, detected and measured. Detection
 *              looks beyond the strip's edges and photometry at the whole frame, so the list does
 *              not depend on the cut.
 * Cost         clustered: a map of the strip, then photometry per star
 * Determinism  a strip's stars depend on the frame alone; strips are joined in order
 * Memory       the results have room for the most stars there can be, 29 bytes per pixel; only what
 *              the stars found need is touched
 * Work         bytes: the image read and the list written; operations are not counted, since
 *              photometry sorts as many sky values as there are stars
 *
 * At the edge of a section the frame's own pixels are used, as when IRAF reads a section in place;
 * with edge=repeat the nearest pixel of the section, as if it were an image by itself.
 */
#include "kernels/parts/product_table.h"
#include "kernels/parts/star_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const edges[] = {"real", "repeat", NULL};
static const char *const frames[] = {"section", "chip", NULL};

static const sks_param params[] = {
    SKS_STAR_PARAMS,
    {.name = "edge",
     .type = SKS_CHOICE,
     .choices = edges,
     .default_text = "real",
     .help = "beyond a section's edge: the frame's real pixels, or the nearest one repeated"},
    {.name = "coordinates",
     .type = SKS_CHOICE,
     .choices = frames,
     .default_text = "section",
     .help = "positions counted from the section's first pixel or from the chip's"},
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help = "the list; - is standard output"},
    {.name = "format",
     .type = SKS_CHOICE,
     .choices = sks_product_table_formats,
     .default_text = "auto",
     .help = "of the list; auto: a table when its name ends in .fits or .fit"},
    {.name = "rows",
     .type = SKS_INT,
     .min = 1,
     .max = 1e9,
     .default_text = "8",
     .unit = "rows",
     .help = "height of a strip, which is a task"},
    {0},
};

static const sks_product_column columns[] = {
    {"id", NULL, 'J', 7, 0},        {"x", "pix", 'D', 9, 3},         {"y", "pix", 'D', 9, 3},
    {"mag", NULL, 'E', 7, 3},       {"sharpness", NULL, 'E', 7, 3},  {"sround", NULL, 'E', 7, 3},
    {"ground", NULL, 'E', 7, 3},    {"sum", "adu", 'D', 14, 5},      {"area", "pix2", 'E', 9, 4},
    {"flux", "adu", 'D', 14, 5},    {"msky", "adu", 'D', 13, 6},     {"stdev", "adu", 'E', 12, 6},
    {"sskew", "adu", 'E', 13, 6},   {"nsky", NULL, 'J', 7, 0},       {"nsrej", NULL, 'J', 7, 0},
    {"phot_mag", "mag", 'E', 8, 4}, {"phot_merr", "mag", 'E', 8, 4}, {"sier", NULL, 'J', 7, 0},
    {"pier", NULL, 'J', 7, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* What a star's row is made of, but for its number. */
struct star {
    double x, y; /* of the view, three decimals */
    double sum, flux, sky;
    float mag, sharpness, sround, ground;
    float area, sky_sigma, sky_skew, phot_mag, phot_error;
    uint32_t n_sky, n_rejected;
    uint16_t sky_code, aperture_code;
};

struct strip {
    uint64_t n;
    struct star star[];
};

struct detect {
    sks_image *image;
    sks_view view;
    double x0, y0; /* added to positions in the list */
    sks_detect_options detect;
    sks_phot_options phot;
    size_t rows; /* of a strip */
    size_t max_stars;
    sks_product *product;
    bool is_fits;

    /* Of the finished run. */
    size_t *first; /* [n_strips + 1] rows of the list */
    double *values;
    char *comments;
};

struct scratch {
    sks_finder *finder;
    sks_photometer *photometer;
    sks_detections list;
};

static size_t task_count(const void *state)
{
    const struct detect *d = state;

    return (d->view.ny + d->rows - 1) / d->rows;
}

/* How many stars a strip can hold at most. After a peak the search goes on n + 1 columns farther,
 * and n, the half size of the box, is 2 at least (IRAF's least radius of 2.001 px): no two peaks of
 * a row are nearer than 3 pixels. Neighbouring rows add no bound: equal heights are both peaks. */
static size_t max_stars(const struct detect *d)
{
    enum { LEAST_DISTANCE = 3 };
    size_t rows = d->rows < d->view.ny ? d->rows : d->view.ny;

    return rows * ((d->view.nx + LEAST_DISTANCE - 1) / LEAST_DISTANCE);
}

static void teardown(void *state)
{
    struct detect *d = state;

    if (d == NULL)
        return;
    sks_product_destroy(d->product);
    sks_image_destroy(d->image);
    free(d->first);
    free(d->values);
    free(d->comments);
    free(d);
}

static sks_status prepare(const sks_values *values, void **state)
{
    const char *output = sks_values_text(values, "output");
    struct detect *d = calloc(1, sizeof(*d));
    sks_status status;

    if (d == NULL)
        return sks_fail_nomem("star detection");
    status = sks_star_image(values, sks_values_choice(values, "edge") == 0, &d->image, &d->view);
    if (status != SKS_OK)
        goto fail;
    d->detect = sks_star_detect_options(values);
    d->phot = sks_star_phot_options(values, d->image);
    status = sks_star_check(&d->detect, &d->phot, d->view.nx);
    if (status != SKS_OK)
        goto fail;
    d->rows = (size_t)sks_values_int(values, "rows");
    if (d->rows > d->view.ny)
        d->rows = d->view.ny;
    d->max_stars = max_stars(d);
    if (sks_values_choice(values, "coordinates") == 1) {
        d->x0 = d->image->x0 + (double)d->view.left;
        d->y0 = d->image->y0 + (double)d->view.below;
    }
    d->is_fits = sks_product_table_is_fits(sks_values_choice(values, "format"), output);
    status = sks_product_create(output, &d->product);
    if (status != SKS_OK)
        goto fail;
    *state = d;
    return SKS_OK;

fail:
    teardown(d);
    return status;
}

static size_t result_size(const void *state)
{
    const struct detect *d = state;

    return (sizeof(struct strip) + d->max_stars * sizeof(struct star) + 63) / 64 * 64;
}

static void scratch_free(void *scratch)
{
    struct scratch *s = scratch;

    if (s == NULL)
        return;
    sks_finder_destroy(s->finder);
    sks_photometer_destroy(s->photometer);
    sks_detections_free(&s->list);
    free(s);
}

static sks_status scratch(const void *state, void **scratch)
{
    const struct detect *d = state;
    struct scratch *s = calloc(1, sizeof(*s));
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("a worker");
    status = sks_finder_create(&d->detect, d->view.nx, d->rows, &s->finder);
    if (status == SKS_OK)
        status = sks_photometer_create(&d->phot, &s->photometer);
    if (status != SKS_OK) {
        scratch_free(s);
        return status;
    }
    *scratch = s;
    return SKS_OK;
}

static void measure(const struct detect *d, sks_photometer *photometer, const sks_detection *from,
                    struct star *star)
{
    sks_phot phot;

    memset(star, 0, sizeof(*star)); /* padding too: results may be compared as bytes */
    star->x = sks_star_listed(from->x);
    star->y = sks_star_listed(from->y);
    sks_phot_measure(photometer, &d->view, star->x, star->y, &phot);
    star->sum = phot.sum;
    star->flux = phot.flux;
    star->sky = phot.sky;
    star->mag = (float)from->mag;
    star->sharpness = (float)from->sharpness;
    star->sround = (float)from->sround;
    star->ground = (float)from->ground;
    star->area = (float)phot.area;
    star->sky_sigma = (float)phot.sky_sigma;
    star->sky_skew = (float)phot.sky_skew;
    star->phot_mag = (float)phot.mag;
    star->phot_error = (float)phot.mag_error;
    star->n_sky = (uint32_t)phot.n_sky;
    star->n_rejected = (uint32_t)phot.n_rejected;
    star->sky_code = (uint16_t)phot.sky_code;
    star->aperture_code = (uint16_t)phot.aperture_code;
}

static sks_status run_strip(const struct detect *d, struct scratch *s, size_t task,
                            struct strip *strip)
{
    size_t begin = task * d->rows;
    size_t end = begin + d->rows < d->view.ny ? begin + d->rows : d->view.ny;
    sks_status status;

    s->list.n = 0;
    status = sks_detect(s->finder, &d->view, begin, end, &s->list);
    if (status != SKS_OK)
        return status;
    if (s->list.n > d->max_stars)
        return sks_fail(SKS_ERR_BUG, "%zu stars in rows %zu ... %zu: more than can be", s->list.n,
                        begin + 1, end);
    for (size_t i = 0; i < s->list.n; i++)
        measure(d, s->photometer, &s->list.star[i], &strip->star[i]);
    strip->n = s->list.n;
    return SKS_OK;
}

static sks_status run(const void *state, void *scratch, sks_range tasks, void *results)
{
    char *result = results;
    sks_status status = SKS_OK;

    for (size_t task = tasks.begin; status == SKS_OK && task < tasks.end; task++) {
        status = run_strip(state, scratch, task, (struct strip *)(void *)result);
        result += result_size(state);
    }
    return status;
}

/* The rows of a strip's stars, the first of which has the number id + 1. */
static void fill_rows(const struct detect *d, const struct strip *strip, size_t id, double *to)
{
    for (size_t i = 0; i < strip->n; i++) {
        const struct star *s = &strip->star[i];
        const double row[N_COLUMNS] = {
            (double)(id + i + 1),
            s->x + d->x0,
            s->y + d->y0,
            (double)s->mag,
            (double)s->sharpness,
            (double)s->sround,
            (double)s->ground,
            s->sum,
            (double)s->area,
            s->flux,
            s->sky,
            (double)s->sky_sigma,
            (double)s->sky_skew,
            s->n_sky,
            s->n_rejected,
            (double)s->phot_mag,
            (double)s->phot_error,
            s->sky_code,
            s->aperture_code,
        };

        memcpy(to + i * N_COLUMNS, row, sizeof(row));
    }
}

static sks_status write_comments(struct detect *d)
{
    size_t size;
    FILE *to = open_memstream(&d->comments, &size);

    if (to == NULL)
        return sks_fail_nomem("the list's header");
    fprintf(to, "detect: %zu x %zu pixels, positions %s\n", d->view.nx, d->view.ny,
            d->x0 != 0 || d->y0 != 0 ? "of the chip" : "from the first pixel, which is (1, 1)");
    sks_star_describe(&d->detect, &d->phot, to);
    fprintf(to, "mag is -2.5 log10(peak/threshold); sier and pier are phot's codes of sky and "
                "aperture, 0: fine, 301: the aperture crosses the edge\n");
    return fclose(to) == 0 ? SKS_OK : sks_fail_nomem("the list's header");
}

static sks_product_table table_of(const struct detect *d, const double *values)
{
    return (sks_product_table){
        .name = "STARS",
        .columns = columns,
        .n_columns = N_COLUMNS,
        .n_rows = d->first[task_count(d)],
        .values = values,
        .comments = d->comments,
    };
}

static sks_status join(struct detect *d, const char *results)
{
    size_t n = task_count(d), size = result_size(d);

    d->first = calloc(n + 1, sizeof(*d->first));
    if (d->first == NULL)
        return sks_fail_nomem("the list");
    for (size_t t = 0; t < n; t++)
        d->first[t + 1] =
            d->first[t] + ((const struct strip *)(const void *)(results + t * size))->n;
    d->values = malloc((d->first[n] * N_COLUMNS + 1) * sizeof(*d->values));
    if (d->values == NULL)
        return sks_fail_nomem("the list");
    for (size_t t = 0; t < n; t++)
        fill_rows(d, (const struct strip *)(const void *)(results + t * size), d->first[t],
                  d->values + d->first[t] * N_COLUMNS);
    return SKS_OK;
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    struct detect *d = state;
    sks_status status = join(d, results);

    if (status == SKS_OK)
        status = write_comments(d);
    if (status == SKS_OK) {
        sks_product_table table = table_of(d, d->values);

        status = sks_product_table_write(&table, d->is_fits, d->product);
    }
    if (status == SKS_OK)
        status = sks_product_commit(d->product);
    if (status == SKS_OK)
        sks_notes_add(notes, "stars", (double)d->first[task_count(d)]);
    return status;
}

/* Computes some strips again, alone, puts them into the list and compares that with the product. */
static sks_status verify(const void *state)
{
    enum { N_SAMPLES = 4 };
    const struct detect *d = state;
    size_t n_tasks = task_count(d), n_values = d->first[n_tasks] * N_COLUMNS;
    struct strip *strip = malloc(result_size(d));
    double *again = malloc((n_values + 1) * sizeof(*again));
    void *worker = NULL;
    sks_status status =
        strip != NULL && again != NULL ? scratch(state, &worker) : sks_fail_nomem("verifying");

    if (status == SKS_OK)
        memcpy(again, d->values, n_values * sizeof(*again));
    for (size_t i = 0; status == SKS_OK && i < N_SAMPLES && i < n_tasks; i++) {
        size_t task = i * (n_tasks - 1) / (N_SAMPLES - 1);

        status = run_strip(d, worker, task, strip);
        if (status == SKS_OK && strip->n != d->first[task + 1] - d->first[task])
            status = sks_fail(SKS_ERR_BUG,
                              "verification: strip %zu has another number of stars than its pixels",
                              task);
        if (status == SKS_OK)
            fill_rows(d, strip, d->first[task], again + d->first[task] * N_COLUMNS);
    }
    if (status == SKS_OK) {
        sks_product_table table = table_of(d, again);

        status = sks_product_table_verify(&table, d->is_fits, d->product);
    }
    scratch_free(worker);
    free(strip);
    free(again);
    return status;
}

static sks_status digest(const void *state, sks_digest *digest)
{
    return sks_product_digest(((const struct detect *)state)->product, digest);
}

static sks_work work(const void *state)
{
    const struct detect *d = state;
    double row_bytes = 0;

    for (size_t c = 0; c < N_COLUMNS; c++)
        row_bytes += d->is_fits ? (columns[c].form == 'D' ? 8 : 4) : columns[c].width + 1;
    return (sks_work){
        .flops = NAN,
        .bytes = (double)(d->view.nx * d->view.ny) * sizeof(float) +
                 (double)d->first[task_count(d)] * row_bytes,
    };
}

const sks_kernel sks_kernel_detect = {
    .name = "detect",
    .summary = "star detection (DAOFIND) and aperture photometry over a frame",
    .task = "strip of rows",
    .cost = "clustered",
    .citation = "Stetson (1987), PASP 99, 191; IRAF noao.digiphot.daophot daofind and phot",
    .params = params,
    .prepare = prepare,
    .task_count = task_count,
    .result_size = result_size,
    .scratch = scratch,
    .scratch_free = scratch_free,
    .run = run,
    .finish = finish,
    .verify = verify,
    .digest = digest,
    .work = work,
    .teardown = teardown,
};
