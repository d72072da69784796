/* Property: on a scene of known truth, which the PSF explains, the kernel `deconvolve` keeps the
 * flux of stars and of the whole, its sections meet without seams, and the product is the same for
 * every schedule and number of workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/deconvolve_scene.h"

/* Flux of star i within 7 pixels; the sky is the median of a ring around them. Rings of sharpened
 * stars lie inside. */
static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static double star_flux(const sks_image *image, size_t i)
{
    enum { MAX_RING = 4000 };
    float ring[MAX_RING];
    size_t n_ring = 0, n_star = 0;
    double sum = 0;

    for (size_t k = 0; k < image->nx * image->ny; k++) {
        double r = hypot((double)(k % image->nx) - (double)stars[i].x,
                         (double)(k / image->nx) - (double)stars[i].y);

        if (r <= 14) {
            sum += (double)image->data[k];
            n_star++;
        } else if (r <= 22 && n_ring < MAX_RING) {
            ring[n_ring++] = image->data[k];
        }
    }
    qsort(ring, n_ring, sizeof(ring[0]), by_value);
    return sum - (double)n_star * (double)ring[n_ring / 2];
}

static void check_stars(const sks_image *image, double tolerance, double on_cut)
{
    for (size_t i = 0; i < N_STARS; i++)
        assert_near(star_flux(image, i), stars[i].flux,
                    (i == ON_CUT ? on_cut : tolerance) * stars[i].flux);
}

/* Inner squares put a star on the cut together from four solutions. Richardson-Lucy stops where the
 * data are explained, before faint stars have all their light. */
static void stars_keep_their_flux(void **state)
{
    static const struct {
        const char *more[5];
        double tolerance, on_cut;
    } ways[] = {
        {{NULL}, 0.02, 0.04},
        {{"paste", "smooth", NULL}, 0.02, 0.02},
        {{"paste", "smooth", "precision", "double", NULL}, 0.02, 0.02},
        {{"method", "rl", "paste", "smooth", NULL}, 0.07, 0.02},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        sks_image *image = product(frame(), ways[i].more, 12);

        check_stars(image, ways[i].tolerance, ways[i].on_cut);
        sks_image_destroy(image);
    }
}

/* Richardson-Lucy keeps a section's flux by itself, maximum entropy is told to. With padding some
 * goes to the guard, and the weights, which come from noisy data, make it 1/gain per pixel less.
 * Sections put together share light near their cuts. */
static void flux_is_kept(void **state)
{
    static const struct {
        const char *more[9];
        size_t n_sections;
        double tolerance;
    } ways[] = {
        {{"section", "102", "method", "rl", NULL}, 1, 1e-3},
        {{"section", "102", "method", "rl", "boundary", "wrap", NULL}, 1, 1e-4},
        {{"section", "102", "boundary", "wrap", "power-tolerance", "0.0005", NULL}, 1, 6e-4},
        {{"method", "rl", NULL}, 12, 2e-3},
        {{"paste", "smooth", "boundary", "wrap", "power-tolerance", "0.0005", NULL}, 12, 2e-3},
        {{NULL}, 12, 5e-3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        sks_image *data, *image = product(frame(), ways[i].more, ways[i].n_sections);

        data = read_back("frame.fits");
        assert_near(total(image) / total(data), 1, ways[i].tolerance);
        sks_image_destroy(image);
        sks_image_destroy(data);
    }
}

static bool is_sky(size_t x, size_t y)
{
    for (size_t i = 0; i < N_STARS; i++)
        if (hypot((double)x - (double)stars[i].x, (double)y - (double)stars[i].y) <= 16)
            return false;
    return true;
}

/* Of the steps from column x - 1 to x, in rows of sky: their mean and root mean square. */
static void steps_at(const sks_image *image, size_t x, double *mean, double *rms)
{
    double sum = 0, sum2 = 0;
    size_t n = 0;

    for (size_t y = 0; y < image->ny; y++) {
        const float *pixel = image->data + y * image->nx + x;
        double step = (double)pixel[0] - (double)pixel[-1];

        if (!is_sky(x, y))
            continue;
        sum += step;
        sum2 += step * step;
        n++;
    }
    assert_true(n > 50);
    *mean = sum / (double)n;
    *rms = sqrt(sum2 / (double)n);
}

/* At the cuts the sky goes on as it does elsewhere: no step on average beyond a fifth of the data's
 * noise, no more scatter than at the other columns. */
static void seams_are_below_the_noise(void **state)
{
    static const char *const smooth[] = {"paste", "smooth", NULL};
    static const size_t cuts[] = {36, 60, 75}; /* pixels: sections begin at 0, 24, 48, 54 */
    double noise = sqrt(NOISE * NOISE / (GAIN * GAIN) + SKY / GAIN) / (SUBSAMPLE * SUBSAMPLE);
    sks_image *image = product(frame(), smooth, 12);
    double mean, rms, typical = 0;

    (void)state;
    for (size_t x = 1; x < image->nx; x++) {
        steps_at(image, x, &mean, &rms);
        typical += rms / (double)(image->nx - 1);
    }
    for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
        steps_at(image, SUBSAMPLE * cuts[c], &mean, &rms);
        assert_true(fabs(mean) < 0.2 * noise);
        assert_true(rms < 1.3 * typical);
    }
    sks_image_destroy(image);
}

/* ---- the same product always ---- */

static void schedules_give_the_same(void **state)
{
    static const char *const methods[] = {"mem", "rl"}, *const pastes[] = {"inner", "smooth"};
    static const char *const schedulers[] = {"static", "dynamic", "guided", "stealing"};
    char path[600];

    (void)state;
    snprintf(path, sizeof(path), "%s", frame());
    for (size_t m = 0; m < 2; m++) {
        const char *more[] = {"method",         methods[m], "paste", pastes[m],
                              "max-iterations", "6",        NULL};
        sks_digest first = {0};

        for (unsigned n = 1; n <= 8; n++)
            for (size_t s = 0; s < sizeof(schedulers) / sizeof(schedulers[0]); s++) {
                sks_record record;

                if (deconvolve_to(path, scratch_file("same.fits"), schedulers[s], n, more,
                                  &record) != SKS_OK)
                    fail_msg("%s", sks_message());
                if (first.hex[0] == '\0')
                    first = record.digest;
                assert_string_equal(record.digest.hex, first.hex);
                sks_record_clear(&record);
            }
    }
}

/* Wisdom is made once and then used: the same bits from then on. */
static void wisdom_is_kept(void **state)
{
    char wisdom[600];
    const char *const more[] = {"wisdom", wisdom, "max-iterations", "6", NULL};
    sks_record made, used;

    (void)state;
    snprintf(wisdom, sizeof(wisdom), "%s", scratch_file("wisdom"));
    assert_int_equal(deconvolve_to(frame(), scratch_file("out.fits"), "dynamic", 2, more, &made),
                     SKS_OK);
    assert_int_equal(access(wisdom, R_OK), 0);
    assert_int_equal(deconvolve_to(frame(), scratch_file("out.fits"), "dynamic", 1, more, &used),
                     SKS_OK);
    assert_string_equal(made.digest.hex, used.digest.hex);
    sks_record_clear(&made);
    sks_record_clear(&used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_keep_their_flux),
        cmocka_unit_test(flux_is_kept),
        cmocka_unit_test(seams_are_below_the_noise),
        cmocka_unit_test(schedules_give_the_same),
        cmocka_unit_test(wisdom_is_kept),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
