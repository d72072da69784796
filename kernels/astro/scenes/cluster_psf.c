/* The PSF of the cluster scenes, as pictures on a grid over the frame. */
#include "kernels/astro/scenes/cluster.h"

#include <math.h>
#include <stdlib.h>

enum { GRID = 5 };

static const double moffat_exponent = 2.5;

/* The PSF at one place: q(dx, dy) = a dx^2 + b dx dy + c dy^2, light (1 + q)^-2.5. */
struct shape {
    double a, b, c;
};

static struct shape shape_at(const sks_cluster *s, double x, double y)
{
    double centre = 0.5 * (double)(s->size + 1);
    double u = (x - centre) / centre, v = (y - centre) / centre;
    double r2 = u * u + v * v; /* 2 in the corners */
    double cos2 = r2 > 0 ? u * u / r2 : 1, sin2 = 1 - cos2;
    double sin_cos = r2 > 0 ? u * v / r2 : 0;
    double alpha = 0.5 * s->fwhm_px / sqrt(pow(2, 1 / moffat_exponent) - 1);
    double across = alpha * (1 + 0.03 * r2);
    double along = alpha * (1 + 0.06 * r2);

    return (struct shape){
        .a = cos2 / (along * along) + sin2 / (across * across),
        .b = 2 * sin_cos * (1 / (along * along) - 1 / (across * across)),
        .c = sin2 / (along * along) + cos2 / (across * across),
    };
}

/* The light that falls into a square of `side` px about (dx, dy), up to a factor: n x n midpoints,
 * n falling with distance as the profile flattens. */
static double sample(const struct shape *shape, double side, double dx, double dy)
{
    double r2 = dx * dx + dy * dy;
    int n = r2 < 9 ? 8 : r2 < 64 ? 3 : 1;
    double sum = 0;

    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++) {
            double sx = dx + side * ((i + 0.5) / n - 0.5);
            double sy = dy + side * ((j + 0.5) / n - 0.5);
            double t = 1 + shape->a * sx * sx + shape->b * sx * sy + shape->c * sy * sy;

            sum += 1 / (t * t * sqrt(t)); /* exponent 2.5 */
        }
    return sum / (n * n);
}

/* Of unit flux. */
static void draw(const struct shape *shape, unsigned sampling, long reach, float *picture)
{
    size_t side = 2 * (size_t)reach + 1;
    double step = 1.0 / sampling, sum = 0;

    for (long j = -reach; j <= reach; j++)
        for (long i = -reach; i <= reach; i++) {
            size_t at = (size_t)(j + reach) * side + (size_t)(i + reach);
            bool is_inside = i * i + j * j <= reach * reach;
            double value = is_inside ? sample(shape, step, (double)i * step, (double)j * step) : 0;

            picture[at] = (float)value;
            sum += value;
        }
    for (size_t k = 0; k < side * side; k++)
        picture[k] = (float)((double)picture[k] / sum);
}

sks_status sks_cluster_psf_stamps(const sks_cluster *cluster, float **samples,
                                  sks_psf_stamps *stamps)
{
    /* Odd, so that the centre falls on a sample; a wide PSF needs no more than the pixels. */
    unsigned sampling = cluster->fwhm_px < 5 ? 3 : 1;
    /* 15 FWHM hold all but 1/5000 of the light. */
    long radius = lround(fmin(fmax(15 * cluster->fwhm_px, 12), 150));
    long reach = radius * (long)sampling;
    size_t side = 2 * (size_t)reach + 1;
    double step = (double)(cluster->size - 1) / (GRID - 1);
    float *pictures = malloc((size_t)GRID * GRID * side * side * sizeof(*pictures));

    if (pictures == NULL)
        return sks_fail_nomem("the PSF");
    for (size_t k = 0; k < (size_t)GRID * GRID; k++) {
        struct shape shape =
            shape_at(cluster, 1 + step * (double)(k % GRID), 1 + step * (double)(k / GRID));

        draw(&shape, sampling, reach, pictures + k * side * side);
    }
    *samples = pictures;
    *stamps = (sks_psf_stamps){
        .samples = pictures,
        .nx = side,
        .ny = side,
        .sampling = sampling,
        .grid = {GRID, GRID},
        .grid_first = {1, 1},
        .grid_step = {step, step},
    };
    return SKS_OK;
}

void sks_cluster_psf_header(sks_frame *frame, const sks_cluster *cluster,
                            const sks_psf_stamps *stamps)
{
    sks_frame_key_int(frame, "SAMPLING", (long)stamps->sampling, "samples per native pixel");
    sks_frame_key_int(frame, "GRIDNX", (long)stamps->grid[0], "stamps in x, fastest");
    sks_frame_key_int(frame, "GRIDNY", (long)stamps->grid[1], "stamps in y");
    sks_frame_key_real(frame, "GRIDX0", stamps->grid_first[0], "[px] place of the first");
    sks_frame_key_real(frame, "GRIDY0", stamps->grid_first[1], "[px] place of the first");
    sks_frame_key_real(frame, "GRIDDX", stamps->grid_step[0], "[px] step");
    sks_frame_key_real(frame, "GRIDDY", stamps->grid_step[1], "[px] step");
    sks_frame_history(frame, "PSF of skyscale synth %s --size %ld --fwhm %g",
                      cluster->preset->scene, cluster->size, cluster->fwhm_px);
}
