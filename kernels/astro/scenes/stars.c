/* Stars of a list added to an image, by the rule of IRAF's addstar (kernels/astro/stars.h).
 *
 * The list has one star a line: x, y and magnitude, separated by blanks; further columns are left
 * alone, empty lines and what follows a '#' count for nothing. Positions are pixels of the image
 * as it is read: of the section, when one is given. Stars may lie outside; what reaches into the
 * image is added. */
#include "kernels/astro/stars.h"
#include "kernels/astro/image.h"
#include "kernels/astro/scene.h"
#include "kernels/parts/psf_option.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct star_list {
    sks_star *star;
    size_t n, room;
};

/* The next number of a line, which moves on. */
static bool next_number(char **rest, double *value)
{
    char *field;

    do
        field = strsep(rest, " \t\r\n");
    while (field != NULL && *field == '\0');
    return field != NULL && sks_parse_real(field, value);
}

static sks_status append(struct star_list *list, const sks_star *star)
{
    if (list->n == list->room) {
        size_t room = 2 * list->room + 256;
        sks_star *more = realloc(list->star, room * sizeof(*more));

        if (more == NULL)
            return sks_fail_nomem("the list of stars");
        list->star = more;
        list->room = room;
    }
    list->star[list->n++] = *star;
    return SKS_OK;
}

static sks_status read_line(const char *name, size_t number, char *line, struct star_list *list)
{
    char *rest = line;
    sks_star star;

    line[strcspn(line, "#")] = '\0';
    if (line[strspn(line, " \t\r\n")] == '\0')
        return SKS_OK;
    if (!next_number(&rest, &star.x) || !next_number(&rest, &star.y) ||
        !next_number(&rest, &star.mag))
        return sks_fail(SKS_ERR_INPUT, "%s:%zu: need three numbers: x y magnitude", name, number);
    return append(list, &star);
}

static sks_status read_list(const char *path, struct star_list *list)
{
    bool is_standard = strcmp(path, "-") == 0;
    const char *name = is_standard ? "standard input" : path;
    FILE *file = is_standard ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t size = 0, number = 0;
    sks_status status = SKS_OK;

    if (file == NULL)
        return sks_fail(SKS_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    while (status == SKS_OK && getline(&line, &size, file) >= 0)
        status = read_line(name, ++number, line, list);
    if (status == SKS_OK && ferror(file))
        status = sks_fail(SKS_ERR_IO, "%s: cannot read: %s", name, strerror(errno));
    if (status == SKS_OK && list->n == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no star in the list", name);
    free(line);
    if (!is_standard)
        fclose(file);
    return status;
}

static sks_status write_image(const sks_values *values, const sks_image *image, size_t n_stars)
{
    enum { N_LINES = 2, LINE_SIZE = 8192 };
    char text[N_LINES][LINE_SIZE];
    const char *lines[N_LINES] = {text[0], text[1]};
    const char *psf = sks_values_text(values, "psf");
    bool has_noise = sks_values_choice(values, "noise") == 1;

    snprintf(text[0], LINE_SIZE, "skyscale synth stars: %zu stars of %s added to %s", n_stars,
             sks_values_text(values, "list"), sks_values_text(values, "image"));
    snprintf(text[1], LINE_SIZE, "PSF %s, taken at coordinates of the %s; noise: %s%s%s%s%s",
             psf != NULL ? psf : sks_values_text(values, "psf-model"),
             sks_values_text(values, "psf-at"), sks_values_text(values, "noise"),
             has_noise ? ", gain " : "", has_noise ? sks_values_text(values, "gain") : "",
             has_noise ? ", seed " : "", has_noise ? sks_values_text(values, "seed") : "");
    return sks_image_write(image, lines, N_LINES, sks_values_text(values, "output"));
}

static sks_status stars_make(const sks_values *values, const sks_watch *watch)
{
    struct star_list list = {0};
    sks_star_options options = {
        .has_noise = sks_values_choice(values, "noise") == 1,
        .gain = sks_values_real(values, "gain"),
        .seed = (uint64_t)sks_values_int(values, "seed"),
    };
    sks_image *image = NULL;
    sks_psf *psf = NULL;
    sks_star_adder *adder = NULL;
    sks_status status = read_list(sks_values_text(values, "list"), &list);

    if (status == SKS_OK)
        status = sks_psf_from_values(values, sks_values_real(values, "psf-mag"), &psf);
    if (status == SKS_OK)
        status = sks_image_read(sks_values_text(values, "image"), &image);
    if (status != SKS_OK)
        goto out;
    if (sks_values_choice(values, "psf-at") == 1) {
        options.psf_x0 = image->x0;
        options.psf_y0 = image->y0;
    }
    status = sks_star_adder_create(psf, &options, image->nx, image->ny, &adder);
    if (status != SKS_OK)
        goto out;
    sks_stars_add(adder, 0, list.star, list.n, image->data);
    status = sks_watch_tick(watch, 1);
    if (status == SKS_OK)
        status = write_image(values, image, list.n);
out:
    sks_star_adder_destroy(adder);
    sks_psf_destroy(psf);
    sks_image_destroy(image);
    free(list.star);
    return status;
}

static const char *const noises[] = {"none", "poisson", NULL};
static const char *const frames[] = {"section", "chip", NULL};

static const sks_param stars_params[] = {
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .is_required = true,
     .help = "the image with the stars, FITS; - is standard output"},
    {.name = "image",
     .type = SKS_INPUT,
     .is_required = true,
     .help = "FITS image, with a section if wanted: frame.fits[200:711,200:711]"},
    {.name = "list",
     .type = SKS_INPUT,
     .is_required = true,
     .help = "the stars, text: x y magnitude; - is standard input"},
    SKS_PSF_PARAMS,
    {.name = "psf-mag",
     .type = SKS_REAL,
     .unit = "mag",
     .default_text = "25",
     .min = -100,
     .max = 100,
     .help = "of a flux of 1 DN, for PSFs that do not come with a magnitude of their own"},
    {.name = "psf-at",
     .type = SKS_CHOICE,
     .choices = frames,
     .default_text = "section",
     .help = "coordinates at which a spatially varying PSF is taken: of the section, as IRAF "
             "does, or of the chip, where the stars really are"},
    {.name = "noise",
     .type = SKS_CHOICE,
     .choices = noises,
     .default_text = "none",
     .help = "of the stars' own light"},
    {.name = "gain",
     .type = SKS_REAL,
     .unit = "e-/DN",
     .default_text = "13.99",
     .min = 1e-9,
     .max = 1e30,
     .help = "electrons per DN, for the noise"},
    {.name = "seed",
     .type = SKS_INT,
     .default_text = "1",
     .min = 0,
     .max = 9007199254740992.0,
     .help = "another number gives other noise"},
    {.name = NULL},
};

const sks_scene sks_scene_stars = {
    .name = "stars",
    .summary = "an image with the stars of a list added to it",
    .citation = "IRAF help page noao.digiphot.daophot.addstar; Salmon et al. (2011), SC'11",
    .params = stars_params,
    .make = stars_make,
};
