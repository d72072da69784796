/* The kernel `deconvolve` as it comes, on synthetic clusters that its PSF explains: every section
 * converges, the whole keeps its light within 0.1 % of the truth, bright stars theirs within 2 %,
 * and where sections meet the image has no step above its noise. Where the PSF does not explain the
 * data, sections settle for what it allows, say so, and keep the light all the same. */
#include "kernels/astro/image.h"
#include "kernels/astro/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"

extern const sks_kernel sks_kernel_deconvolve;

/* Sections begin at 0 and 128, so the frame is put together at 192. */
enum { SIZE = 384, CUT = 192, SUBSAMPLE = 2, MAX_STARS = 4000 };
#define GAIN 13.99
#define READ_NOISE 9.98 /* electrons */

struct scene {
    const char *name, *size, *noise;
    double zero_point, exposure_s, sky; /* DN per pixel */
};

static const struct scene wfpc2 = {"wfpc2", "384", "9.98", 21.757, 60, 5};
static const struct scene m71 = {"m71", "384", "9.98", 21.80, 60, 0.25};
static const struct scene ngc6293 = {"ngc6293", "256", "15.7", 20.89, 2860, 20};

struct star {
    double x, y, flux; /* 1-based pixels, DN */
};

static void make(const struct scene *s)
{
    const sks_scene *scene;
    sks_values *values;

    sks_clear();
    assert_int_equal(sks_scene_find(s->name, &scene), SKS_OK);
    assert_int_equal(sks_values_create(scene->params, &values), SKS_OK);
    assert_int_equal(sks_values_set(values, "size", s->size, "size"), SKS_OK);
    assert_int_equal(sks_values_set(values, "output", scratch_file("frame.fits"), "output"),
                     SKS_OK);
    assert_int_equal(sks_values_set(values, "psf", scratch_file("psf.fits"), "psf"), SKS_OK);
    assert_int_equal(sks_values_set(values, "truth", scratch_file("truth.txt"), "truth"), SKS_OK);
    if (scene->make(values, NULL) != SKS_OK)
        fail_msg("%s", sks_message());
    sks_values_destroy(values);
}

static size_t read_truth(const struct scene *s, struct star *stars)
{
    FILE *file = fopen(scratch_file("truth.txt"), "r");
    char line[256];
    size_t n = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        double mag;

        if (line[0] == '#')
            continue;
        assert_true(n < MAX_STARS);
        assert_int_equal(sscanf(line, "%lf %lf %lf", &stars[n].x, &stars[n].y, &mag), 3);
        stars[n++].flux = s->exposure_s * pow(10, 0.4 * (s->zero_point - mag));
    }
    fclose(file);
    return n;
}

static double note(const sks_record *record, const char *name)
{
    for (size_t i = 0; i < record->notes.n; i++)
        if (strcmp(record->notes.note[i].name, name) == 0)
            return record->notes.note[i].value;
    fail_msg("no note %s", name);
    return NAN;
}

/* The kernel with nothing but its files and the detector's noise. */
static sks_image *deconvolve(const struct scene *s, sks_record *record)
{
    const char *const parameters[] = {"image",
                                      scratch_file("frame.fits"),
                                      "psf",
                                      scratch_file("psf.fits"),
                                      "psf-sampling",
                                      "3",
                                      "noise",
                                      s->noise,
                                      "output",
                                      scratch_file("out.fits"),
                                      NULL};
    sks_image *image = NULL;

    if (run_kernel(&sks_kernel_deconvolve, "dynamic", 2, parameters, record) != SKS_OK ||
        sks_image_read(scratch_file("out.fits"), &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

/* What is nearer to the frame's edge than `border` pixels does not count: light of a star right at
 * the edge cannot be told from that of one beyond it. */
static void check_total(const struct scene *s, const sks_image *image, const struct star *stars,
                        size_t n_stars, double tolerance)
{
    enum { BORDER = 2 };
    double inside = SIZE - 2 * BORDER, truth = s->sky * inside * inside, sum = 0;

    for (size_t i = 0; i < n_stars; i++)
        if (stars[i].x > BORDER + 0.5 && stars[i].x < SIZE - BORDER + 0.5 &&
            stars[i].y > BORDER + 0.5 && stars[i].y < SIZE - BORDER + 0.5)
            truth += stars[i].flux;
    for (size_t y = SUBSAMPLE * BORDER; y < SUBSAMPLE * (SIZE - BORDER); y++)
        for (size_t x = SUBSAMPLE * BORDER; x < SUBSAMPLE * (SIZE - BORDER); x++)
            sum += (double)image->data[y * image->nx + x];
    print_message("%s: total flux off by %.3f %%\n", s->name, 100 * (sum / truth - 1));
    assert_near(sum / truth, 1, tolerance);
}

/* Far from the edge, and nothing near it. */
static bool is_alone(const struct star *stars, size_t n, size_t i)
{
    const double edge = 12, radius = 6, most = 0.01;
    double others = 0;

    for (size_t k = 0; k < n; k++)
        if (k != i && hypot(stars[k].x - stars[i].x, stars[k].y - stars[i].y) < radius)
            others += stars[k].flux;
    return others < most * stars[i].flux && fmin(stars[i].x, stars[i].y) > edge &&
           fmax(stars[i].x, stars[i].y) < SIZE - edge;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), by_value);
    return values[n / 2];
}

/* Light within 4 pixels, less the median of the ring around them. */
static double flux_of(const sks_image *image, const struct star *star)
{
    enum { MAX_RING = 4096 };
    static double ring[MAX_RING];
    double x0 = SUBSAMPLE * (star->x - 0.5) - 0.5, y0 = SUBSAMPLE * (star->y - 0.5) - 0.5;
    double sum = 0;
    size_t n_sum = 0, n_ring = 0;

    for (size_t k = 0; k < image->nx * image->ny; k++) {
        double r = hypot((double)(k % image->nx) - x0, (double)(k / image->nx) - y0) / SUBSAMPLE;

        if (r <= 4) {
            sum += (double)image->data[k];
            n_sum++;
        } else if (r > 5 && r <= 9 && n_ring < MAX_RING) {
            ring[n_ring++] = (double)image->data[k];
        }
    }
    return sum - (double)n_sum * median(ring, n_ring);
}

static void check_stars(const sks_image *image, const struct star *stars, size_t n_stars)
{
    const double bright = 3000; /* DN: the noise of the aperture is below half a percent */
    double ratio[100];
    size_t n = 0;

    for (size_t i = 0; i < n_stars && n < 100; i++)
        if (stars[i].flux > bright && is_alone(stars, n_stars, i))
            ratio[n++] = flux_of(image, &stars[i]) / stars[i].flux;
    assert_true(n >= 5);
    print_message("%zu bright stars: flux off by %.2f %%\n", n, 100 * (median(ratio, n) - 1));
    assert_near(median(ratio, n), 1, 0.02);
    for (size_t i = 0; i < n; i++)
        assert_near(ratio[i], 1, 0.05);
}

/* Medians, since a star may lie on the cut: of the steps from column x - 1 to x, and of their size.
 */
static void steps_at(const sks_image *image, size_t x, double *step, double *size)
{
    static double steps[SUBSAMPLE * SIZE], sizes[SUBSAMPLE * SIZE];

    for (size_t y = 0; y < image->ny; y++) {
        const float *pixel = image->data + y * image->nx + x;

        steps[y] = (double)pixel[0] - (double)pixel[-1];
        sizes[y] = fabs(steps[y]);
    }
    *step = median(steps, image->ny);
    *size = median(sizes, image->ny);
}

static void check_seam(const struct scene *s, const sks_image *image)
{
    double noise = sqrt(READ_NOISE * READ_NOISE / (GAIN * GAIN) + s->sky / GAIN);
    double step, size, typical[SUBSAMPLE * SIZE];

    for (size_t x = 1; x < image->nx; x++)
        steps_at(image, x, &step, &typical[x - 1]);
    steps_at(image, SUBSAMPLE * CUT, &step, &size);
    assert_true(fabs(step) < 0.2 * noise / (SUBSAMPLE * SUBSAMPLE));
    assert_true(size < 2 * median(typical, image->nx - 1));
}

/* `tolerance` of the total flux has the frame's own noise in it: 0.02 % of the light under a bright
 * sky, 0.13 % under a dark one. */
static void check_scene(const struct scene *s, double tolerance)
{
    static struct star stars[MAX_STARS];
    size_t n_stars;
    sks_record record;
    sks_image *image;

    make(s);
    n_stars = read_truth(s, stars);
    image = deconvolve(s, &record);
    assert_near(note(&record, "sections"), 4, 0);
    assert_near(note(&record, "converged"), 4, 0);
    assert_near(note(&record, "settled"), 0, 0);
    sks_record_clear(&record);
    check_total(s, image, stars, n_stars, tolerance);
    check_stars(image, stars, n_stars);
    check_seam(s, image);
    sks_image_destroy(image);
}

static void bright_sky(void **state)
{
    (void)state;
    check_scene(&wfpc2, 1e-3);
}

static void dark_sky(void **state)
{
    (void)state;
    check_scene(&m71, 1e-3 + 1.3e-3);
}

/* Bright stars between two sub-pixels are beyond any sum of PSFs at sub-pixels. */
static void what_the_psf_does_not_explain(void **state)
{
    sks_record record;

    (void)state;
    make(&ngc6293);
    sks_image_destroy(deconvolve(&ngc6293, &record));
    assert_near(note(&record, "converged"), 1, 0);
    assert_near(note(&record, "settled"), 1, 0);
    assert_near(note(&record, "flux_dn") / note(&record, "data_flux_dn"), 1, 1e-3);
    sks_record_clear(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bright_sky),
        cmocka_unit_test(dark_sky),
        cmocka_unit_test(what_the_psf_does_not_explain),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
