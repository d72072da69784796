/* The transformation alone: skyscale's blocks against WCSLIB called on one big array.
 *
 *   transform_bench IMAGE [POSITIONS] [ROUNDS]
 *
 * Both get the same random positions of the image, already as numbers, in one thread; rounds
 * alternate, medians and the ratio are printed. WCSLIB's side is set up here, independently. */
#include "kernels/astro/wcs.h"

#include <fitsio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wcslib/wcs.h>
#include <wcslib/wcshdr.h>

enum { BLOCK = 1024, MAX_ROUNDS = 101 };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), ascending);
    return values[n / 2];
}

static struct wcsprm *read_directly(const char *image, int *n_wcs)
{
    fitsfile *fits = NULL;
    char *header = NULL;
    int n_cards, n_rejected, code = 0;
    struct wcsprm *wcs = NULL;

    if (fits_open_file(&fits, image, READONLY, &code) != 0 ||
        fits_hdr2str(fits, 1, NULL, 0, &header, &n_cards, &code) != 0 ||
        wcspih(header, n_cards, WCSHDR_all, 0, &n_rejected, n_wcs, &wcs) != 0 || wcs == NULL ||
        wcsset(wcs) != 0) {
        fprintf(stderr, "%s: no coordinate system\n", image);
        exit(1);
    }
    fits_free_memory(header, &code);
    fits_close_file(fits, &code);
    return wcs;
}

static void compare(const char *what, int n_rounds, size_t n, struct wcsprm *wcs,
                    sks_wcs_worker *worker, int is_to_sky, const double *from, double *to_array,
                    double *to_blocks)
{
    double *phi = malloc(n * sizeof(double)), *theta = malloc(n * sizeof(double));
    double *plane = malloc(2 * n * sizeof(double));
    int *stat = malloc(n * sizeof(int));
    double array_s[MAX_ROUNDS], blocks_s[MAX_ROUNDS], array, blocks, largest = 0.0;

    for (int r = -1; r < n_rounds; r++) { /* round -1 warms up */
        double t0 = now_s(), t1, t2;

        if (is_to_sky)
            wcsp2s(wcs, (int)n, 2, from, plane, phi, theta, to_array, stat);
        else
            wcss2p(wcs, (int)n, 2, from, phi, theta, plane, to_array, stat);
        t1 = now_s();
        if (is_to_sky)
            sks_wcs_pix2sky(worker, n, from, to_blocks);
        else
            sks_wcs_sky2pix(worker, n, from, to_blocks);
        t2 = now_s();
        if (r >= 0) {
            array_s[r] = t1 - t0;
            blocks_s[r] = t2 - t1;
        }
    }
    for (size_t i = 0; i < 2 * n; i++) {
        double d = to_array[i] - to_blocks[i];

        largest = d > largest ? d : -d > largest ? -d : largest;
    }
    array = 1e9 * median(array_s, n_rounds) / (double)n;
    blocks = 1e9 * median(blocks_s, n_rounds) / (double)n;
    printf("%s: WCSLIB one array %.1f ns, skyscale blocks %.1f ns a position, ratio %.3f; largest "
           "difference %.2g\n",
           what, array, blocks, blocks / array, largest);
    free(phi);
    free(theta);
    free(plane);
    free(stat);
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    int n_rounds = argc > 3 ? atoi(argv[3]) : 11;
    double *pixel = malloc(2 * n * sizeof(double)), *sky = malloc(2 * n * sizeof(double));
    double *other = malloc(2 * n * sizeof(double)), *another = malloc(2 * n * sizeof(double));
    int n_wcs = 0;
    struct wcsprm *wcs;
    sks_wcs *mine;
    sks_wcs_worker *worker;
    sks_wcs_info info;

    if (argc < 2 || n == 0 || n_rounds < 1 || n_rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: transform_bench IMAGE [POSITIONS] [ROUNDS, at most %d]\n",
                MAX_ROUNDS);
        return 2;
    }
    if (sks_wcs_read(argv[1], ' ', true, &mine) != SKS_OK ||
        sks_wcs_worker_create(mine, BLOCK, &worker) != SKS_OK) {
        fprintf(stderr, "%s\n", sks_message());
        return 1;
    }
    wcs = read_directly(argv[1], &n_wcs);
    info = sks_wcs_describe(mine);
    srand48(20130);
    for (size_t i = 0; i < n; i++) {
        pixel[2 * i] = 0.5 + info.size_x * drand48();
        pixel[2 * i + 1] = 0.5 + info.size_y * drand48();
    }
    printf("%s, %zu positions, %d rounds\n", info.projection, n, n_rounds);
    compare("pixel to sky", n_rounds, n, wcs, worker, 1, pixel, sky, other);
    compare("sky to pixel", n_rounds, n, wcs, worker, 0, sky, other, another);

    wcsvfree(&n_wcs, &wcs);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(mine);
    free(pixel);
    free(sky);
    free(other);
    free(another);
    return 0;
}
