/* What the tests of `skyscale run pix2sky` and `sky2pix` share: a folder with a frame and lists of
 * positions in it, the program, rows of its products, and where a pixel of the frame is on the sky
 * by the closed formulae. Include after <cmocka.h>.
 *
 *   list.txt    N_POSITIONS positions over the frame
 *   few.txt     every STRIDE-th of them, N_FEW, as columns 4 and 2 of a table with names
 *   frame.fits  gnomonic, with SIP distortions
 *   all.fits    the whole sky (Aitoff), so that pixels in its corners are none
 */
#ifndef SKYSCALE_TESTS_TRANSFORM_CASE_H
#define SKYSCALE_TESTS_TRANSFORM_CASE_H

#include "tests/cli/spawn.h"

#include <fitsio.h>
#include <math.h>
#include <xxhash.h>

/* A sanitizer makes everything several times slower; what is looked for is the same. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_POSITIONS = 100000 };
#else
enum { N_POSITIONS = 1000000 };
#endif
enum { N_FEW = 5000, STRIDE = N_POSITIONS / N_FEW };

static const char *program; /* what the environment variable SKYSCALE names */
static char folder[] = "/tmp/skyscale-transform-XXXXXX";

/* The positions of list.txt. */
static inline double position(size_t i, int k)
{
    return k == 0 ? 0.5 + 0.7990021 * (double)(i % 1000)
                  : 0.5 + (double)(i / 1000) * 800.0 * 1000 / N_POSITIONS;
}

static inline void run(const char *arguments)
{
    int status = spawn(program, arguments, NULL, "out", "err");

    if (status != 0) {
        char *text = spawn_read_file("err", NULL);

        print_error("skyscale %s\n%s", arguments, text);
        free(text);
        fail_msg("exit status %d", status);
    }
}

/* XXH3-128 of a file as xxh128sum prints it. */
static inline void digest_of(const char *name, char hex[33])
{
    XXH128_canonical_t canonical;
    size_t size;
    char *bytes = spawn_read_file(name, &size);

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
    for (int i = 0; i < 16; i++)
        sprintf(hex + 2 * i, "%02x", canonical.digest[i]);
    free(bytes);
}

/* The next line of text as a string; NULL at the end. */
static inline char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");

    return line != NULL && (line[0] != '\0' || *rest != NULL) ? line : NULL;
}

/* The next row: the comments before it are skipped. */
static inline char *next_row(char **rest)
{
    char *line;

    while ((line = next_line(rest)) != NULL && line[0] == '#')
        ;
    return line;
}

static inline void check_near(const char *what, size_t row, double value, double expected,
                              double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s, row %zu: %.12f, expected %.12f", what, row, value, expected);
}

/* ---- The frame's own formulae: gnomonic projection and SIP (Shupe et al. 2005, ASP 347, 491). */

enum { MAX_TERMS = 16 };

static struct {
    double crpix[2], crval[2], cd[2][2];
    struct {
        int p, q;
        double value;
    } term[2][MAX_TERMS];
    int n_terms[2];
} frame;

static inline void read_frame(void)
{
    fitsfile *fits;
    int code = 0, n_cards = 0;

    fits_open_file(&fits, "frame.fits", READONLY, &code);
    fits_get_hdrspace(fits, &n_cards, NULL, &code);
    for (int i = 0; i < 2; i++) {
        char key[FLEN_KEYWORD];

        snprintf(key, sizeof(key), "CRPIX%d", i + 1);
        fits_read_key(fits, TDOUBLE, key, &frame.crpix[i], NULL, &code);
        snprintf(key, sizeof(key), "CRVAL%d", i + 1);
        fits_read_key(fits, TDOUBLE, key, &frame.crval[i], NULL, &code);
        for (int j = 0; j < 2; j++) {
            snprintf(key, sizeof(key), "CD%d_%d", i + 1, j + 1);
            fits_read_key(fits, TDOUBLE, key, &frame.cd[i][j], NULL, &code);
        }
    }
    for (int k = 1; k <= n_cards; k++) {
        char key[FLEN_KEYWORD], value[FLEN_VALUE];
        char letter;
        int p, q;

        fits_read_keyn(fits, k, key, value, NULL, &code);
        if (sscanf(key, "%c_%1d_%1d", &letter, &p, &q) == 3 && (letter == 'A' || letter == 'B')) {
            int axis = letter == 'B';

            assert_true(frame.n_terms[axis] < MAX_TERMS);
            frame.term[axis][frame.n_terms[axis]].p = p;
            frame.term[axis][frame.n_terms[axis]].q = q;
            frame.term[axis][frame.n_terms[axis]++].value = strtod(value, NULL);
        }
    }
    fits_close_file(fits, &code);
    assert_int_equal(code, 0);
    assert_true(frame.n_terms[0] > 3 && frame.n_terms[1] > 3);
}

static inline void expect_sky(const double pixel[2], double sky[2])
{
    const double degree = 3.14159265358979323846 / 180.0;
    double u[2], d[2] = {0.0, 0.0}, plane[2], depth, delta = frame.crval[1] * degree;

    for (int i = 0; i < 2; i++)
        u[i] = pixel[i] - frame.crpix[i];
    for (int i = 0; i < 2; i++)
        for (int t = 0; t < frame.n_terms[i]; t++)
            d[i] += frame.term[i][t].value * pow(u[0], frame.term[i][t].p) *
                    pow(u[1], frame.term[i][t].q);
    for (int i = 0; i < 2; i++)
        plane[i] = (frame.cd[i][0] * (u[0] + d[0]) + frame.cd[i][1] * (u[1] + d[1])) * degree;
    depth = cos(delta) - plane[1] * sin(delta);
    sky[0] = frame.crval[0] + atan2(plane[0], depth) / degree;
    sky[1] = atan2(plane[1] * cos(delta) + sin(delta), hypot(depth, plane[0])) / degree;
}

/* ---- The folder. */

static inline void make_lists(void)
{
    FILE *list = fopen("list.txt", "w"), *few = fopen("few.txt", "w");

    assert_true(list != NULL && few != NULL);
    for (size_t i = 0; i < N_POSITIONS; i++)
        fprintf(list, "%.6f %.6f\n", position(i, 0), position(i, 1));
    fprintf(few, "# name y note x\n");
    for (size_t i = 0; i < N_FEW; i++)
        fprintf(few, "star-%zu %.6f a;b %.6f # seen\n", i, position(STRIDE * i, 1),
                position(STRIDE * i, 0));
    assert_int_equal(fclose(list) | fclose(few), 0);
}

static inline int make_inputs(void **unused)
{
    (void)unused;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    make_lists();
    run("synth wfpc2 --size 800 --stars 0 -o frame.fits");
    run("synth wcs --projection AIT -o all.fits");
    read_frame();
    return 0;
}

static inline int remove_inputs(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

/* Finds the program; says why not where a test has to be skipped. */
static inline bool find_program(void)
{
    program = getenv("SKYSCALE");
    if (program == NULL)
        printf("skipped: SKYSCALE does not name the program\n");
    return program != NULL;
}

#endif
