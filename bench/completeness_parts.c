/* Times the parts of one iteration of the completeness test at the paper's parameters:
 *
 *     completeness_parts FRAME.fits[x1:x2,y1:y2] PSF.fits [ITERATIONS]
 *
 * Each line: least and median time over the iterations, ms. */
#include "kernels/astro/detect.h"
#include "kernels/astro/match.h"
#include "kernels/astro/photometry.h"
#include "kernels/astro/stars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_STARS = 50, MAX_ITERATIONS = 100000, SEED = 1 };
enum part { COPY, ADD, DETECT, PHOTOMETRY, MATCH, TOTAL, N_PARTS };

static const char *const part_names[N_PARTS] = {"copy",       "add stars", "detect",
                                                "photometry", "match",     "all"};

struct work {
    sks_image *image;
    sks_psf *psf;
    sks_star_adder *adder;
    sks_finder *finder;
    sks_photometer *photometer;
    float *data;
    sks_detections list;
};

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static sks_status open_work(const char *frame, const char *psf, struct work *w)
{
    sks_star_options stars = {.has_noise = true, .gain = 13.99, .seed = SEED};
    sks_detect_options detect = sks_detect_defaults();
    sks_phot_options phot = sks_phot_defaults();
    sks_status status = sks_image_read(frame, &w->image);

    if (status == SKS_OK)
        status = sks_psf_read(psf, &w->psf);
    if (status != SKS_OK)
        return status;
    sks_image_real(w->image, "EXPTIME", &phot.exposure);
    w->data = malloc(w->image->nx * w->image->ny * sizeof(*w->data));
    if (w->data == NULL)
        return sks_fail_nomem("an image");
    status = sks_star_adder_create(w->psf, &stars, w->image->nx, w->image->ny, &w->adder);
    if (status == SKS_OK)
        status = sks_finder_create(&detect, w->image->nx, w->image->ny, &w->finder);
    if (status == SKS_OK)
        status = sks_photometer_create(&phot, &w->photometer);
    return status;
}

/* One iteration; t receives the time of each part. */
static void iterate(struct work *w, uint64_t iteration, double t[N_PARTS])
{
    const sks_match_options rule = {.xy = 1, .mag = 0.5};
    size_t nx = w->image->nx, ny = w->image->ny;
    sks_view view = sks_image_view(w->image);
    sks_star inserted[N_STARS];
    sks_star *found;
    long match[N_STARS];
    double begin = now_ms(), at[N_PARTS];

    view.data = w->data;
    memcpy(w->data, w->image->data, nx * ny * sizeof(*w->data));
    at[COPY] = now_ms();
    sks_stars_random(SEED, iteration, nx, ny, 16, 26, N_STARS, inserted);
    sks_stars_add(w->adder, iteration, inserted, N_STARS, w->data);
    at[ADD] = now_ms();
    w->list.n = 0;
    sks_detect(w->finder, &view, 0, ny, &w->list);
    at[DETECT] = now_ms();
    found = calloc(w->list.n + 1, sizeof(*found));
    for (size_t i = 0; found != NULL && i < w->list.n; i++) {
        const sks_detection *d = &w->list.star[i];
        sks_phot phot = {.mag = NAN};

        if (sks_match_is_candidate(&rule, inserted, N_STARS, d->x, d->y))
            sks_phot_measure(w->photometer, &view, d->x, d->y, &phot);
        found[i] = (sks_star){d->x, d->y, phot.mag};
    }
    at[PHOTOMETRY] = now_ms();
    if (found != NULL)
        sks_match(&rule, inserted, N_STARS, found, w->list.n, NULL, 0, match);
    at[MATCH] = now_ms();
    free(found);
    t[COPY] = at[COPY] - begin;
    for (int p = ADD; p <= MATCH; p++)
        t[p] = at[p] - at[p - 1];
    t[TOTAL] = at[MATCH] - begin;
}

int main(int argc, char **argv)
{
    struct work w = {0};
    long n = argc > 3 ? strtol(argv[3], NULL, 10) : 300;
    double *times;

    if (argc < 3 || n < 1 || n > MAX_ITERATIONS) {
        fprintf(stderr,
                "usage: completeness_parts FRAME.fits[x1:x2,y1:y2] PSF.fits [ITERATIONS]\n");
        return 2;
    }
    if (open_work(argv[1], argv[2], &w) != SKS_OK) {
        fprintf(stderr, "completeness_parts: %s\n", sks_message());
        return 1;
    }
    times = calloc((size_t)n * N_PARTS, sizeof(*times));
    if (times == NULL)
        return 1;
    for (long i = 0; i < n; i++) {
        double t[N_PARTS];

        iterate(&w, (uint64_t)i, t);
        for (int p = 0; p < N_PARTS; p++)
            times[p * n + i] = t[p];
    }
    printf("%-12s %8s %8s\n", "part", "least", "median");
    for (int p = 0; p < N_PARTS; p++) {
        qsort(times + p * n, (size_t)n, sizeof(*times), compare);
        printf("%-12s %8.3f %8.3f\n", part_names[p], times[p * n], times[p * n + n / 2]);
    }
    free(times);
    free(w.data);
    sks_detections_free(&w.list);
    sks_photometer_destroy(w.photometer);
    sks_finder_destroy(w.finder);
    sks_star_adder_destroy(w.adder);
    sks_psf_destroy(w.psf);
    sks_image_destroy(w.image);
    return 0;
}
