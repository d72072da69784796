/* Scenes that belong together: the picture of a PSF is the model's values and IRAF's seepsf, stars
 * of a list enter an image by addstar's rule, and a cluster's frame holds the light of its truth
 * list in the shape of the PSF that comes with it. Parts are skipped without the reference data. */
#include "kernels/astro/scene.h"

#include "kernels/astro/image.h"
#include "kernels/astro/psf.h"
#include "kernels/parts/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/reference.h"
#include "tests/unit/scratch_file.h"

enum { SECTION = 512, N_REFERENCE_STARS = 50 };

static const double gain = 13.99;

/* The path of a file in the folder. Several are in use at a time: more than scratch_file keeps. */
static const char *in_folder(const char *name)
{
    static char paths[32][1024];
    static unsigned turn;
    char *path = paths[turn++ % 32];

    snprintf(path, sizeof(paths[0]), "%s", scratch_file(name));
    return path;
}

/* Makes `file` from pairs of name and value, the last name NULL. */
static sks_status make(const char *scene_name, const char *file, const char *const *settings)
{
    const sks_scene *scene;
    sks_values *values;
    sks_status status;

    sks_clear();
    assert_int_equal(sks_scene_find(scene_name, &scene), SKS_OK);
    assert_int_equal(sks_values_create(scene->params, &values), SKS_OK);
    assert_int_equal(sks_values_set(values, "output", in_folder(file), ""), SKS_OK);
    for (; *settings != NULL; settings += 2)
        if (sks_values_set(values, settings[0], settings[1], settings[0]) != SKS_OK) {
            sks_values_destroy(values);
            return SKS_ERR_USAGE;
        }
    status = scene->make(values, NULL);
    sks_values_destroy(values);
    return status;
}

#define MAKE(scene, file, ...) make(scene, file, (const char *const[]){__VA_ARGS__, NULL})
#define MAKE_OK(...)                                                                               \
    do {                                                                                           \
        if (MAKE(__VA_ARGS__) != SKS_OK)                                                           \
            fail_msg("%s", sks_message());                                                         \
    } while (0)

static sks_image *image_of(const char *path)
{
    sks_image *image = NULL;

    if (sks_image_read(path, &image) != SKS_OK)
        fail_msg("%s", sks_message());
    return image;
}

static const char *write_text(const char *name, const char *text)
{
    const char *path = in_folder(name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Every pixel against the definition; single precision is 3e-7 of the peak. */
static void check_picture(const char *file, const sks_psf *psf, double x, double y, unsigned k,
                          size_t side)
{
    sks_image *image = image_of(in_folder(file));
    double peak = sks_psf_value(psf, x, y, 0, 0);

    assert_int_equal(image->nx, side);
    assert_int_equal(image->ny, side);
    for (size_t i = 0; i < side * side; i++) {
        double dx = ((double)(i % side) - (double)(side / 2)) / k;
        double dy = ((double)(i / side) - (double)(side / 2)) / k;

        assert_near((double)image->data[i], sks_psf_value(psf, x, y, dx, dy), 3e-7 * peak);
    }
    sks_image_destroy(image);
}

static void picture_is_the_model(void **state)
{
    sks_psf *psf = NULL;
    sks_image *image;
    double value = 0;

    (void)state;
    assert_int_equal(sks_psf_moffat(1.8, 2.5, 9.5, 25, &psf), SKS_OK);
    MAKE_OK("psf", "p.fits", "psf-model", "moffat:1.8:2.5:9.5", "at", "10,20.5");
    check_picture("p.fits", psf, 10, 20.5, 1, 19);
    MAKE_OK("psf", "p.fits", "psf-model", "moffat:1.8:2.5:9.5", "at", "10,20", "subsample", "3");
    check_picture("p.fits", psf, 10, 20, 3, 55);
    MAKE_OK("psf", "p.fits", "psf-model", "moffat:1.8:2.5:9.5", "at", "1,1", "subsample", "2",
            "size", "32");
    check_picture("p.fits", psf, 1, 1, 2, 32);
    image = image_of(in_folder("p.fits"));
    assert_true(sks_image_real(image, "CRPIX1", &value));
    assert_near(value, 17, 0);
    assert_true(sks_image_real(image, "CDELT2", &value));
    assert_near(value, 0.5, 0);
    assert_true(sks_image_real(image, "PSFMAG", &value));
    assert_near(value, 25, 0);
    sks_image_destroy(image);
    sks_psf_destroy(psf);
}

static void bad_pictures_are_refused(void **state)
{
    static const char *const places[] = {"", "3", "3,", ",3", "3,4,5", "x,4", "3 4"};

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        assert_int_equal(MAKE("psf", "x.fits", "psf-model", "gauss:2", "at", places[i]),
                         SKS_ERR_USAGE);
    assert_int_equal(MAKE("psf", "x.fits", "at", "3,4"), SKS_ERR_USAGE);
    assert_int_equal(MAKE("psf", "x.fits", "psf-model", "gauss:200", "at", "3,4"), SKS_OK);
    assert_int_equal(MAKE("psf", "x.fits", "psf-model", "gauss:300", "at", "3,4"), SKS_ERR_USAGE);
    assert_int_equal(MAKE("psf", "x.fits", "psf-model", "gauss:2:1e300", "at", "3,4"),
                     SKS_ERR_USAGE);
    assert_int_equal(MAKE("psf", "x.fits", "psf", in_folder("none.fits"), "at", "3,4"), SKS_ERR_IO);
    assert_int_equal(MAKE("psf", "x.fits", "psf-model", "gauss:2", "at", "3,4", "size", "0"),
                     SKS_ERR_USAGE);
}

/* seepsf's images at both of its steps, to 1e-6 of the peak. */
static void seepsf_is_reproduced(void **state)
{
    static const char *const fields[][2] = {
        {"m71", "data/m71_f555w_pc1.psf.fits"},
        {"ngc6293", "data/ngc6293_f814w_pc1.psf.fits"},
    };
    static const int places[3][2] = {{64, 64}, {400, 400}, {736, 128}};

    (void)state;
    if (!reference_is_there())
        skip();
    for (int f = 0; f < 2; f++)
        for (int k = 0; k < 6; k++) {
            const int *at = places[k / 2];
            char place[32], name[128];
            sks_image *image, *expected;
            double peak = 0;

            snprintf(place, sizeof(place), "%d,%d", at[0], at[1]);
            snprintf(name, sizeof(name), "reference/%s_seepsf%s_%d_%d.fits.gz", fields[f][0],
                     k % 2 == 0 ? "" : "253", at[0], at[1]);
            MAKE_OK("psf", "p.fits", "psf", reference_path(fields[f][1]), "at", place, "subsample",
                    k % 2 == 0 ? "1" : "2");
            image = image_of(in_folder("p.fits"));
            expected = image_of(reference_path(name));
            assert_int_equal(image->nx, expected->nx);
            assert_int_equal(image->ny, expected->ny);
            for (size_t i = 0; i < image->nx * image->ny; i++)
                peak = fmax(peak, (double)expected->data[i]);
            for (size_t i = 0; i < image->nx * image->ny; i++)
                assert_near((double)image->data[i], (double)expected->data[i], 1e-6 * peak);
            sks_image_destroy(image);
            sks_image_destroy(expected);
        }
}

/* A blank frame of 100 x 80 px. */
static const char *blank_frame(void)
{
    const char *path = in_folder("blank.fits");
    sks_image *image = NULL;

    assert_int_equal(sks_image_create(100, 80, &image), SKS_OK);
    assert_int_equal(sks_image_write(image, NULL, 0, path), SKS_OK);
    sks_image_destroy(image);
    return path;
}

static void stars_are_added(void **state)
{
    const char *list = write_text("list.txt", "# x y mag\n\n  20.25\t30.5 20 7 extra\r\n"
                                              "75 60 22.5 # faint\n-500 10 12");
    const char *blank = blank_frame();
    sks_psf *psf = NULL;
    sks_image *image;
    double sum = 0;

    (void)state;
    assert_int_equal(sks_psf_gauss(2, 9, 25, &psf), SKS_OK);
    MAKE_OK("stars", "s.fits", "image", blank, "list", list, "psf-model", "gauss:2:9");
    image = image_of(in_folder("s.fits"));
    assert_int_equal(image->nx, 100);
    for (size_t i = 0; i < image->nx * image->ny; i++) {
        double x = (double)(i % 100 + 1), y = (double)(i / 100 + 1);
        double expected = 100 * sks_psf_value(psf, 0, 0, x - 20.25, y - 30.5) +
                          10 * sks_psf_value(psf, 0, 0, x - 75, y - 60);

        assert_near((double)image->data[i], expected, 1e-4);
        sum += (double)image->data[i];
    }
    assert_near(sum, 110, 0.01);
    sks_image_destroy(image);
    sks_psf_destroy(psf);
}

static sks_digest digest_of(const char *file)
{
    sks_digest digest = {{0}};

    assert_int_equal(sks_file_digest(in_folder(file), &digest), SKS_OK);
    return digest;
}

static void noise_follows_the_seed(void **state)
{
    const char *list = write_text("list.txt", "20 30 15\n");
    const char *blank = blank_frame();
    sks_digest first, again, other;

    (void)state;
    MAKE_OK("stars", "n.fits", "image", blank, "list", list, "psf-model", "gauss:2", "noise",
            "poisson");
    first = digest_of("n.fits");
    MAKE_OK("stars", "n.fits", "image", blank, "list", list, "psf-model", "gauss:2", "noise",
            "poisson");
    again = digest_of("n.fits");
    MAKE_OK("stars", "n.fits", "image", blank, "list", list, "psf-model", "gauss:2", "noise",
            "poisson", "seed", "2");
    other = digest_of("n.fits");
    assert_string_equal(first.hex, again.hex);
    assert_string_not_equal(first.hex, other.hex);
}

static void bad_lists_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1 2 3\n\n4 5\n", "list.txt:3:"}, {"# x y mag\n1 2 INDEF\n", "list.txt:2:"},
        {"1 nan 3\n", "list.txt:1:"},      {"1 2 3x\n", "list.txt:1:"},
        {"# nothing\n\n", "no star"},      {"", "no star"},
    };
    const char *blank = blank_frame();

    (void)state;
    unlink(in_folder("x.fits"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *list = write_text("list.txt", cases[i].text);

        assert_int_equal(
            MAKE("stars", "x.fits", "image", blank, "list", list, "psf-model", "gauss:2"),
            SKS_ERR_INPUT);
        assert_non_null(strstr(sks_message(), cases[i].message));
    }
    assert_int_equal(
        MAKE("stars", "x.fits", "image", blank, "list", in_folder("none"), "psf-model", "gauss:2"),
        SKS_ERR_IO);
    assert_int_equal(
        MAKE("stars", "x.fits", "image", blank, "list", scratch_folder, "psf-model", "gauss:2"),
        SKS_ERR_IO);
    assert_int_not_equal(access(in_folder("x.fits"), F_OK), 0);
}

/* The reference's stars as a list. */
static const char *reference_stars(void)
{
    static char text[N_REFERENCE_STARS * 64];
    struct reference_table list;
    size_t length = 0;

    assert_true(reference_read("reference/m71_addstar_stars.tsv", &list));
    assert_int_equal(list.n_rows, N_REFERENCE_STARS);
    for (size_t i = 0; i < list.n_rows; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%.17g %.17g %.17g\n",
                                   list.row[i][1], list.row[i][2], list.row[i][3]);
    free(list.row);
    return write_text("reference.txt", text);
}

/* IRAF's addstar on the M71 section, the PSF at the section's and at the chip's coordinates. Its
 * files are differences of two single-precision images: 5e-4 DN. */
static void addstar_is_reproduced(void **state)
{
    static const struct {
        const char *psf_at, *name;
    } cases[] = {
        {"section", "reference/m71_addstar_noiseless_on_zero.fits.gz"},
        {"section", "reference/m71_addstar_on_section.fits.gz"},
        {"chip", "reference/m71_addstar_on_section_chippsf.fits.gz"},
    };
    char section[4200];
    const char *list;
    sks_image *before;

    (void)state;
    if (!reference_is_there())
        skip();
    list = reference_stars();
    snprintf(section, sizeof(section), "%s[200:711,200:711]",
             reference_path("data/m71_f555w_pc1.fits"));
    before = image_of(section);
    for (int k = 0; k < 3; k++) {
        sks_image *expected = image_of(reference_path(cases[k].name)), *after;
        double peak = 0, crpix = 0;

        MAKE_OK("stars", "a.fits", "image", section, "list", list, "psf",
                reference_path("data/m71_f555w_pc1.psf.fits"), "psf-at", cases[k].psf_at);
        after = image_of(in_folder("a.fits"));
        assert_true(sks_image_real(after, "CRPIX1", &crpix));
        assert_near(crpix, 425 - 199, 0);
        for (size_t i = 0; i < (size_t)SECTION * SECTION; i++)
            peak = fmax(peak, (double)expected->data[i]);
        for (size_t i = 0; i < (size_t)SECTION * SECTION; i++)
            assert_near((double)after->data[i] - (double)before->data[i], (double)expected->data[i],
                        2e-5 * peak);
        sks_image_destroy(after);
        sks_image_destroy(expected);
    }
    sks_image_destroy(before);
}

struct truth {
    size_t n;
    double star[20000][3];
};

static const struct truth *read_truth(const char *name)
{
    static struct truth t;
    FILE *file = fopen(in_folder(name), "r");
    char line[200];

    assert_non_null(file);
    t.n = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#')
            continue;
        assert_true(t.n < sizeof(t.star) / sizeof(t.star[0]));
        assert_int_equal(
            sscanf(line, "%lf %lf %lf", &t.star[t.n][0], &t.star[t.n][1], &t.star[t.n][2]), 3);
        t.n++;
    }
    fclose(file);
    return &t;
}

/* The frame is its truth list, inserted with its PSF file, plus sky and noise of the size the
 * header tells: pixel by pixel with unit variance, nowhere off by more than chance allows. */
static void check_cluster(const char *scene, double zero_point, double exposure, double sky,
                          double read_noise, double ceiling)
{
    char mag[64];
    sks_image *frame, *light;
    double n = 0, sum = 0, sum2 = 0, worst = 0;
    const char *psf = in_folder("c.psf.fits"), *blank = in_folder("zero.fits");
    sks_image *zero = NULL;

    snprintf(mag, sizeof(mag), "%.17g", zero_point + 2.5 * log10(exposure));
    MAKE_OK(scene, "c.fits", "size", "240", "truth", in_folder("c.txt"), "psf", psf);
    assert_int_equal(sks_image_create(240, 240, &zero), SKS_OK);
    assert_int_equal(sks_image_write(zero, NULL, 0, blank), SKS_OK);
    sks_image_destroy(zero);
    MAKE_OK("stars", "light.fits", "image", blank, "list", in_folder("c.txt"), "psf", psf,
            "psf-mag", mag);
    frame = image_of(in_folder("c.fits"));
    light = image_of(in_folder("light.fits"));
    for (size_t i = 0; i < frame->nx * frame->ny; i++) {
        double mean = (double)light->data[i] + sky;
        double sigma = sqrt(mean * gain + read_noise * read_noise) / gain;
        double z = ((double)frame->data[i] - mean) / sigma;

        if (mean + 6 * sigma > ceiling)
            continue;
        n++;
        sum += z;
        sum2 += z * z;
        worst = fmax(worst, fabs(z));
    }
    assert_true(n > 0.9 * 240 * 240);
    assert_near(sum / n, 0, 5 / sqrt(n));
    assert_near(sum2 / n, 1, 5 * sqrt(2 / n));
    assert_true(worst < 6.5);
    sks_image_destroy(frame);
    sks_image_destroy(light);
}

static void frames_are_their_truth(void **state)
{
    (void)state;
    check_cluster("m71", 21.80, 60, 0.25, 9.98, 2 * 4095);
    check_cluster("ngc6293", 20.89, 2860, 20, 15.7, 5 * 4095);
    check_cluster("wfpc2", 21.757, 60, 5, 9.98, 4095);
}

/* All the light of the list, apart from what falls off the frame: one bright star well inside. */
static void flux_is_that_of_the_list(void **state)
{
    const struct truth *truth;
    sks_image *frame;
    double sum = 0, flux, noise;

    (void)state;
    MAKE_OK("m71", "f.fits", "size", "200", "stars", "1", "sky", "0", "brightest", "15", "faintest",
            "15.001", "seed", "5", "truth", in_folder("f.txt"));
    truth = read_truth("f.txt");
    assert_int_equal(truth->n, 1);
    assert_true(fabs(truth->star[0][0] - 100) < 70 && fabs(truth->star[0][1] - 100) < 70);
    frame = image_of(in_folder("f.fits"));
    for (size_t i = 0; i < frame->nx * frame->ny; i++)
        sum += (double)frame->data[i];
    flux = 60 * pow(10, -0.4 * (truth->star[0][2] - 21.80));
    noise = sqrt(flux * gain + 200 * 200 * 9.98 * 9.98) / gain;
    assert_near(sum, flux, 5 * noise + 1e-3 * flux); /* the circle of the pictures */
    sks_image_destroy(frame);
}

/* The number of stars follows the frame's area; tracks only ever add light. */
static void options_do_what_they_say(void **state)
{
    sks_image *clean, *hit;
    double added = 0;
    size_t n_hit = 0;

    (void)state;
    MAKE_OK("m71", "d.fits", "size", "400", "truth", in_folder("d.txt"));
    assert_int_equal(read_truth("d.txt")->n, 1900 / 4);
    MAKE_OK("m71", "h.fits", "size", "400", "cosmic-rays", "300");
    clean = image_of(in_folder("d.fits"));
    hit = image_of(in_folder("h.fits"));
    for (size_t i = 0; i < clean->nx * clean->ny; i++) {
        double more = (double)hit->data[i] - (double)clean->data[i];

        assert_true(more >= 0);
        n_hit += more > 0;
        added += more;
    }
    assert_in_range(n_hit, 600, 3000);
    assert_true(added * gain > 300 * 1000 && added * gain < 300 * 4000);
    sks_image_destroy(clean);
    sks_image_destroy(hit);
}

static void sizes_have_limits(void **state)
{
    (void)state;
    unlink(in_folder("z.fits"));
    for (int i = 0; i < 2; i++) {
        const char *scene = i == 0 ? "m71" : "ngc6293";

        assert_int_equal(MAKE(scene, "z.fits", "size", "63"), SKS_ERR_USAGE);
        assert_int_equal(MAKE(scene, "z.fits", "size", "8193"), SKS_ERR_USAGE);
        assert_int_equal(MAKE(scene, "z.fits", "psf", "/nonexistent/psf.fits"), SKS_ERR_IO);
        assert_int_equal(MAKE(scene, "z.fits", "size", "64", "psf", "/dev/full"), SKS_ERR_IO);
        assert_int_not_equal(access(in_folder("z.fits"), F_OK), 0);
        MAKE_OK(scene, "z.fits", "size", "64", "fwhm", "20", "psf", in_folder("z.psf.fits"));
        unlink(in_folder("z.fits"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_is_the_model),
        cmocka_unit_test(bad_pictures_are_refused),
        cmocka_unit_test(seepsf_is_reproduced),
        cmocka_unit_test(stars_are_added),
        cmocka_unit_test(noise_follows_the_seed),
        cmocka_unit_test(bad_lists_are_named_with_their_line),
        cmocka_unit_test(addstar_is_reproduced),
        cmocka_unit_test(frames_are_their_truth),
        cmocka_unit_test(flux_is_that_of_the_list),
        cmocka_unit_test(options_do_what_they_say),
        cmocka_unit_test(sizes_have_limits),
    };
    int failed = cmocka_run_group_tests(tests, scratch_make, scratch_remove);

    return failed != 0 ? failed : reference_exit();
}
