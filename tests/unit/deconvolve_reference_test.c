/* The kernel `deconvolve` with the paper's parameters gives the sections of NGC 6293 that the
 * STSDAS task mem gave: the same iterations, chi-square within 0.1 %, the image within 1e-3 of its
 * range; and none of them converges, which the log says. */
#include "kernels/astro/image.h"
#include "tests/unit/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"

extern const sks_kernel sks_kernel_deconvolve;

/* Columns of our log, and of the task's. */
enum { CONVERGED = 6, ITERATIONS = 9, CONVOLUTIONS = 10, CHI_SQUARE = 12, N_READ = 13 };
enum { THEIR_CHI_SQUARE = 5, THEIR_CONVOLUTIONS = 16 };

static void read_log(const char *path, double column[N_READ])
{
    FILE *file = fopen(path, "r");
    char line[2048];
    char *at = line, *end;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL && line[0] == '#')
        continue;
    fclose(file);
    for (int c = 0; c < N_READ; c++) {
        column[c] = strtod(at, &end);
        assert_true(end != at);
        at = end;
    }
}

static sks_image *read_image(const char *path)
{
    sks_image *image = NULL;

    if (sks_image_read(path, &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

/* Root mean square of the difference over the range of `expected`. */
static double relative_rms(const sks_image *image, const sks_image *expected)
{
    size_t n = expected->nx * expected->ny;
    double sum = 0, max = -INFINITY, min = INFINITY;

    assert_int_equal(image->nx, expected->nx);
    assert_int_equal(image->ny, expected->ny);
    for (size_t i = 0; i < n; i++) {
        double difference = (double)image->data[i] - (double)expected->data[i];

        sum += difference * difference;
        max = fmax(max, (double)expected->data[i]);
        min = fmin(min, (double)expected->data[i]);
    }
    return sqrt(sum / (double)n) / (max - min);
}

static void compare_section(int x, int y)
{
    char only[32], output[600], log_path[600], name[256];
    const char *const parameters[] = {"image",
                                      reference_path("data/ngc6293_f814w_pc1.fits"),
                                      "psf",
                                      reference_path("data/ngc6293_f814w_pc1.psf.fits"),
                                      "only",
                                      only,
                                      "boundary",
                                      "wrap",
                                      "noise",
                                      "15.70",
                                      "gain",
                                      "13.99",
                                      "aim",
                                      "0.1",
                                      "max-iterations",
                                      "80",
                                      "output",
                                      output,
                                      "log",
                                      log_path,
                                      NULL};
    struct reference_table theirs;
    sks_image *image, *expected;
    sks_record record;
    double ours[N_READ], rms, chi_square;

    snprintf(only, sizeof(only), "%d,%d", x, y);
    snprintf(output, sizeof(output), "%s", scratch_file("section.fits"));
    snprintf(log_path, sizeof(log_path), "%s", scratch_file("log.txt"));
    if (run_kernel(&sks_kernel_deconvolve, "dynamic", 1, parameters, &record) != SKS_OK)
        fail_msg("%s", sks_message());
    sks_record_clear(&record);
    read_log(log_path, ours);
    snprintf(name, sizeof(name), "reference/ngc6293_mem_%d_%d_log.tsv", x, y);
    assert_true(reference_read(name, &theirs));
    snprintf(name, sizeof(name), "reference/ngc6293_mem_%d_%d.fits.gz", x, y);
    expected = read_image(reference_path(name));
    image = read_image(output);
    rms = relative_rms(image, expected);
    chi_square = theirs.row[theirs.n_rows - 1][THEIR_CHI_SQUARE];
    print_message("%s: %g iterations (%zu), chi-square off by %.1g, rms %.2g of the range\n", only,
                  ours[ITERATIONS], theirs.n_rows, ours[CHI_SQUARE] / chi_square - 1, rms);
    assert_near(ours[0], x, 0);
    assert_near(ours[1], y, 0);
    assert_near(ours[CONVERGED], 0, 0);
    assert_near(ours[ITERATIONS], (double)theirs.n_rows, 0);
    assert_near(ours[CONVOLUTIONS], theirs.row[theirs.n_rows - 1][THEIR_CONVOLUTIONS], 0);
    assert_near(ours[CHI_SQUARE], chi_square, 1e-3 * chi_square);
    assert_true(rms <= 1e-3);
    free(theirs.row);
    sks_image_destroy(image);
    sks_image_destroy(expected);
}

static void sections_are_those_of_the_task(void **state)
{
    (void)state;
    compare_section(128, 128);
#ifndef __SANITIZE_THREAD__ /* half a minute each there, and no thread does anything new */
    compare_section(384, 384);
    compare_section(640, 384);
    compare_section(384, 640);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_those_of_the_task),
    };

    if (!reference_is_there()) {
        print_message("skipped: no reference data at %s\n", reference_path(""));
        return REFERENCE_SKIPPED;
    }
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
