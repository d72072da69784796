/* How many stars of which magnitude are found: the completeness test of Singh, Browne & Butler
 * (2013), section 3.2.
 *
 * Stars with the image's own PSF are added at random places, the image is searched (DAOFIND), what
 * is found near them is measured (aperture photometry) and matched with them in position and
 * magnitude.
 *
 * Task         one iteration; by mode all iterations draw from the whole magnitude range (spread,
 *              as the authors' program does), or each bin has its own (per-bin, as the paper's text
 *              says)
 * Cost         uniform but for the stars' places: at the edges less of the PSF is added
 * Determinism  random numbers are named by seed and iteration; fates are kept per star and counted
 *              in order
 * Work         bytes: the image read, copied and searched once per iteration; operations are not
 *              counted, for they depend on where the stars fall
 *
 * Positions of found stars are rounded to three decimals before they are measured and matched, as
 * in the lists that the original tools hand on.
 */
#include "kernels/parts/completeness.h"
#include "kernels/parts/psf_option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_SAMPLES = 3 };

struct state {
    sks_completeness c; /* first: what the other files see */
    sks_fate *sample;   /* [N_SAMPLES * n_stars] kept for verify */
};

struct scratch {
    float *data;
    sks_star_adder *adder;
    sks_finder *finder;
    sks_photometer *photometer;
    sks_detections detections;
    sks_star *inserted;
    sks_star *found; /* [n_room] */
    size_t n_room;
    long *match;
};

size_t sks_completeness_n_tasks(const sks_completeness *c)
{
    return c->is_per_bin ? c->n_bins * c->n_iterations : c->n_iterations;
}

void sks_completeness_stars(const sks_completeness *c, size_t task, sks_star *stars)
{
    double low = c->mag_low, high = c->mag_high;

    if (c->is_per_bin) {
        size_t bin = task / c->n_iterations;

        low = c->mag_low + (double)bin * c->mag_step;
        high = low + c->mag_step;
    }
    sks_stars_random(c->seed, task, c->view.nx, c->view.ny, low, high, c->n_stars, stars);
}

static void scratch_free(void *scratch)
{
    struct scratch *s = scratch;

    if (s == NULL)
        return;
    free(s->data);
    sks_star_adder_destroy(s->adder);
    sks_finder_destroy(s->finder);
    sks_photometer_destroy(s->photometer);
    sks_detections_free(&s->detections);
    free(s->inserted);
    free(s->found);
    free(s->match);
    free(s);
}

static sks_status scratch(const void *state, void **scratch)
{
    const sks_completeness *c = state;
    size_t nx = c->view.nx, ny = c->view.ny;
    struct scratch *s = calloc(1, sizeof(*s));
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("a worker");
    s->data = malloc(nx * ny * sizeof(*s->data));
    s->inserted = malloc(c->n_stars * sizeof(*s->inserted));
    s->match = malloc(c->n_stars * sizeof(*s->match));
    status = s->data != NULL && s->inserted != NULL && s->match != NULL
                 ? SKS_OK
                 : sks_fail_nomem("a worker");
    if (status == SKS_OK)
        status = sks_star_adder_create(c->psf, &c->add, nx, ny, &s->adder);
    if (status == SKS_OK)
        status = sks_finder_create(&c->detect, nx, ny, &s->finder);
    if (status == SKS_OK)
        status = sks_photometer_create(&c->phot, &s->photometer);
    if (status != SKS_OK) {
        scratch_free(s);
        return status;
    }
    *scratch = s;
    return SKS_OK;
}

/* Finds stars in the view; those near one of the inserted stars, or all when there are none to be
 * near to, get a magnitude. */
static sks_status find(const sks_completeness *c, struct scratch *s, const sks_view *view,
                       size_t n_inserted)
{
    sks_status status;

    s->detections.n = 0;
    status = sks_detect(s->finder, view, 0, view->ny, &s->detections);
    if (status != SKS_OK)
        return status;
    if (s->detections.n > s->n_room) {
        free(s->found);
        s->n_room = 2 * s->detections.n;
        s->found = malloc(s->n_room * sizeof(*s->found));
        if (s->found == NULL) {
            s->n_room = 0;
            return sks_fail_nomem("found stars");
        }
    }
    for (size_t i = 0; i < s->detections.n; i++) {
        sks_star star = {sks_star_listed(s->detections.star[i].x),
                         sks_star_listed(s->detections.star[i].y), NAN};
        sks_phot phot;

        if (n_inserted == 0 ||
            sks_match_is_candidate(&c->match, s->inserted, n_inserted, star.x, star.y)) {
            sks_phot_measure(s->photometer, view, star.x, star.y, &phot);
            star.mag = phot.mag + c->correction;
        }
        s->found[i] = star;
    }
    return SKS_OK;
}

static bool is_near(const sks_match_options *o, const sks_star *a, const sks_star *b)
{
    return fabs(a->x - b->x) <= o->xy && fabs(a->y - b->y) <= o->xy;
}

static bool was_there(const sks_completeness *c, const sks_star *star)
{
    for (size_t i = 0; i < c->n_before; i++)
        if (is_near(&c->match, star, &c->before[i]) &&
            fabs(star->mag - c->before[i].mag) <= c->match.mag)
            return true;
    return false;
}

/* The found star nearest to `star` within the limits of position, or NULL. */
static const sks_star *nearest(const sks_completeness *c, const struct scratch *s,
                               const sks_star *star)
{
    const sks_star *best = NULL;
    double best2 = INFINITY;

    for (size_t i = 0; i < s->detections.n; i++) {
        const sks_star *f = &s->found[i];
        double dx = f->x - star->x, dy = f->y - star->y;

        if (is_near(&c->match, star, f) && dx * dx + dy * dy < best2) {
            best2 = dx * dx + dy * dy;
            best = f;
        }
    }
    return best;
}

static void set_fate(const sks_completeness *c, const struct scratch *s, size_t i, sks_fate *fate)
{
    const sks_star *star = &s->inserted[i];
    const sks_star *found =
        s->match[i] != SKS_NO_MATCH ? &s->found[s->match[i]] : nearest(c, s, star);

    *fate = (sks_fate){
        .x = found != NULL ? found->x : NAN,
        .y = found != NULL ? found->y : NAN,
        .mag = found != NULL ? found->mag : NAN,
        .fate = s->match[i] != SKS_NO_MATCH ? SKS_STAR_RECOVERED
                : found != NULL             ? SKS_STAR_OFF
                                            : SKS_STAR_MISSED,
        .was_there = was_there(c, star),
    };
}

static sks_status iterate(const sks_completeness *c, struct scratch *s, size_t task, sks_fate *fate)
{
    sks_view view = c->view;
    sks_status status;

    view.data = s->data;
    memcpy(s->data, c->image->data, view.nx * view.ny * sizeof(*s->data));
    sks_completeness_stars(c, task, s->inserted);
    sks_stars_add(s->adder, task, s->inserted, c->n_stars, s->data);
    status = find(c, s, &view, c->n_stars);
    if (status == SKS_OK)
        status = sks_match(&c->match, s->inserted, c->n_stars, s->found, s->detections.n, c->before,
                           c->n_before, s->match);
    if (status != SKS_OK)
        return status;
    for (size_t i = 0; i < c->n_stars; i++)
        set_fate(c, s, i, &fate[i]);
    return SKS_OK;
}

/* What is found in the image as it is. */
static sks_status find_before(sks_completeness *c)
{
    void *worker = NULL;
    struct scratch *s;
    sks_status status = scratch(c, &worker);

    if (status != SKS_OK)
        return status;
    s = worker;
    status = find(c, s, &c->view, 0);
    if (status == SKS_OK) {
        c->before = s->found;
        c->n_before = s->detections.n;
        s->found = NULL;
    }
    scratch_free(s);
    return status;
}

static sks_status open_products(const sks_values *values, sks_completeness *c)
{
    const char *output = sks_values_text(values, "output");
    const char *list = sks_values_text(values, "stars-list");
    int format = sks_values_choice(values, "format");
    sks_status status = sks_product_create(output, &c->product);

    c->is_fits = sks_product_table_is_fits(format, output);
    if (status != SKS_OK || list == NULL)
        return status;
    c->list_is_fits = sks_product_table_is_fits(format, list);
    return sks_product_create(list, &c->list);
}

static void teardown(void *state)
{
    struct state *s = state;

    if (s == NULL)
        return;
    sks_product_destroy(s->c.product);
    sks_product_destroy(s->c.list);
    sks_psf_destroy(s->c.psf);
    sks_image_destroy(s->c.image);
    free(s->c.before);
    free(s->c.rows);
    free(s->c.comments);
    free(s->sample);
    free(s);
}

static sks_status prepare(const sks_values *values, void **state)
{
    struct state *s = calloc(1, sizeof(*s));
    sks_completeness *c;
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("the completeness test");
    c = &s->c;
    status = sks_star_image(values, false, &c->image, &c->view);
    if (status == SKS_OK)
        status = sks_completeness_read_options(values, c);
    if (status == SKS_OK)
        status = sks_star_check(&c->detect, &c->phot, c->view.nx);
    if (status == SKS_OK)
        status = sks_psf_from_values(values, c->phot.zero_point + 2.5 * log10(c->phot.exposure),
                                     &c->psf);
    if (status == SKS_OK)
        status = sks_completeness_set_correction(values, c);
    if (status == SKS_OK)
        status = open_products(values, c);
    if (status == SKS_OK)
        status = find_before(c);
    if (status == SKS_OK) {
        s->sample = calloc(N_SAMPLES * c->n_stars, sizeof(*s->sample));
        if (s->sample == NULL)
            status = sks_fail_nomem("the completeness test");
    }
    if (status != SKS_OK) {
        teardown(s);
        return status;
    }
    *state = s;
    return SKS_OK;
}

static size_t task_count(const void *state)
{
    return sks_completeness_n_tasks(state);
}

static size_t result_size(const void *state)
{
    return ((const sks_completeness *)state)->n_stars * sizeof(sks_fate);
}

static sks_status run(const void *state, void *scratch, sks_range tasks, void *results)
{
    const sks_completeness *c = state;
    sks_fate *fate = results;
    sks_status status = SKS_OK;

    for (size_t task = tasks.begin; status == SKS_OK && task < tasks.end; task++) {
        status = iterate(c, scratch, task, fate);
        fate += c->n_stars;
    }
    return status;
}

static size_t sample_task(const sks_completeness *c, size_t i)
{
    return i * (sks_completeness_n_tasks(c) - 1) / (N_SAMPLES - 1);
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    struct state *s = state;
    sks_completeness *c = &s->c;
    const sks_fate *fates = results;
    sks_status status = sks_completeness_tabulate(c, fates, notes);

    for (size_t i = 0; i < N_SAMPLES; i++)
        memcpy(s->sample + i * c->n_stars, fates + sample_task(c, i) * c->n_stars, result_size(c));
    if (status == SKS_OK) {
        sks_product_table table = sks_completeness_table(c);

        status = sks_product_table_write(&table, c->is_fits, c->product);
    }
    if (status == SKS_OK && c->list != NULL)
        status = sks_completeness_write_list(c, fates);
    if (status == SKS_OK && c->list != NULL)
        status = sks_product_commit(c->list);
    if (status == SKS_OK)
        status = sks_product_commit(c->product);
    return status;
}

/* Computes some iterations again, alone, and reads the table back. */
static sks_status verify(const void *state)
{
    const struct state *s = state;
    const sks_completeness *c = &s->c;
    sks_fate *again = calloc(c->n_stars, sizeof(*again));
    void *worker = NULL;
    sks_status status = again != NULL ? scratch(c, &worker) : sks_fail_nomem("verifying");

    for (size_t i = 0; status == SKS_OK && i < N_SAMPLES; i++) {
        size_t task = sample_task(c, i);

        status = iterate(c, worker, task, again);
        if (status == SKS_OK && memcmp(again, s->sample + i * c->n_stars, result_size(c)) != 0)
            status =
                sks_fail(SKS_ERR_BUG,
                         "verification: iteration %zu gives other stars when it is repeated", task);
    }
    if (status == SKS_OK) {
        sks_product_table table = sks_completeness_table(c);

        status = sks_product_table_verify(&table, c->is_fits, c->product);
    }
    scratch_free(worker);
    free(again);
    return status;
}

static sks_status digest(const void *state, sks_digest *digest)
{
    return sks_product_digest(((const sks_completeness *)state)->product, digest);
}

/* The image is read and its copy written, then read by the search. */
static sks_work work(const void *state)
{
    const sks_completeness *c = state;
    double pixels = (double)c->view.nx * (double)c->view.ny;

    return (sks_work){
        .flops = NAN,
        .bytes = 3 * pixels * sizeof(float) * (double)sks_completeness_n_tasks(c),
    };
}

const sks_kernel sks_kernel_completeness = {
    .name = "completeness",
    .summary = "completeness test: add stars, find, measure and match them, count per magnitude",
    .task = "iteration",
    .cost = "uniform",
    .citation = "Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, section 3.2; Stetson "
                "(1987), PASP 99, 191",
    .params = sks_completeness_params,
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
