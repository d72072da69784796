/* What the kernel `completeness` is told: its parameters, and what they come to. */
#include "kernels/parts/completeness.h"

#include "kernels/parts/psf_option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const rules[] = {"authors", "strict", NULL};
static const char *const frames[] = {"section", "chip", NULL};
static const char *const noises[] = {"none", "poisson", NULL};
static const char *const modes[] = {"spread", "per-bin", NULL};

const sks_param sks_completeness_params[] = {
    SKS_STAR_PARAMS,
    SKS_PSF_PARAMS,
    {.name = "psf-at",
     .type = SKS_CHOICE,
     .choices = frames,
     .default_text = "section",
     .help = "coordinates at which a spatially varying PSF is taken: of the section, as in the "
             "paper, or of the chip, where the stars really are"},
    {.name = "noise",
     .type = SKS_CHOICE,
     .choices = noises,
     .default_text = "poisson",
     .help = "of the added stars"},
    {.name = "mag",
     .type = SKS_TEXT,
     .unit = "mag",
     .default_text = "16:26:0.5",
     .help = "magnitudes of the added stars and width of the bins, MIN:MAX:STEP"},
    {.name = "mode",
     .type = SKS_CHOICE,
     .choices = modes,
     .default_text = "spread",
     .help = "each iteration spreads its stars over the whole range, or keeps to one bin"},
    {.name = "stars",
     .type = SKS_INT,
     .min = 1,
     .max = 100000,
     .default_text = "50",
     .unit = "stars",
     .help = "stars added in an iteration"},
    {.name = "iterations",
     .type = SKS_INT,
     .min = 1,
     .max = 1e8,
     .default_text = "100",
     .unit = "iterations",
     .help = "in all, or for each bin in mode per-bin"},
    {.name = "seed",
     .type = SKS_INT,
     .min = 0,
     .max = 9e15,
     .default_text = "1",
     .help = "of the random places, magnitudes and noise"},
    SKS_STAR_REAL("match-xy", "px", 0, 1e6, "1", "a found star is so near in x and in y"),
    SKS_STAR_REAL("match-mag", "mag", 0, 100, "0.5", "and in magnitude"),
    {.name = "match",
     .type = SKS_CHOICE,
     .choices = rules,
     .default_text = "authors",
     .help = "authors: any such star; strict: one to one, and none that was there before"},
    {.name = "aperture-correction",
     .type = SKS_TEXT,
     .unit = "mag",
     .default_text = "none",
     .help = "added to measured magnitudes: none, auto (computed from the PSF) or a value"},
    SKS_STAR_REAL("confidence", NULL, 0.01, 0.9999, "0.95", "of the intervals"),
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help = "the table; - is standard output"},
    {.name = "format",
     .type = SKS_CHOICE,
     .choices = sks_product_table_formats,
     .default_text = "auto",
     .help = "of the table and the list; auto: FITS when the name ends in .fits or .fit"},
    {.name = "stars-list",
     .type = SKS_OUTPUT,
     .help = "list of all added stars and what became of them"},
    {0},
};

static sks_status parse_mag(const char *text, sks_completeness *c)
{
    enum { MAX_BINS = 100000 };
    double value[3], bins;
    char copy[128];
    char *rest = copy, *field;
    size_t n = 0;
    bool is_good = strlen(text) < sizeof(copy);

    snprintf(copy, sizeof(copy), "%s", text);
    while (is_good && (field = strsep(&rest, ":")) != NULL)
        is_good = n < 3 && sks_parse_real(field, &value[n++]);
    if (!is_good || n < 3)
        return sks_fail(SKS_ERR_USAGE, "mag: \"%s\" is not MIN:MAX:STEP", text);
    if (!(value[0] < value[1]))
        return sks_fail(SKS_ERR_USAGE, "mag: %g:%g is upside down: the brighter limit comes first",
                        value[0], value[1]);
    bins = rint((value[1] - value[0]) / value[2]);
    if (!(value[2] > 0) || !(bins >= 1) || !(bins <= MAX_BINS) ||
        fabs(value[0] + bins * value[2] - value[1]) > 1e-6 * value[2])
        return sks_fail(SKS_ERR_USAGE, "mag: %g:%g is not a whole number (1 to %d) of steps of %g",
                        value[0], value[1], MAX_BINS, value[2]);
    c->mag_low = value[0];
    c->mag_high = value[1];
    c->n_bins = (size_t)bins;
    c->mag_step = (value[1] - value[0]) / bins;
    return SKS_OK;
}

sks_status sks_completeness_read_options(const sks_values *values, sks_completeness *c)
{
    c->detect = sks_star_detect_options(values);
    c->phot = sks_star_phot_options(values, c->image);
    c->is_psf_of_chip = sks_values_choice(values, "psf-at") == 1;
    c->seed = (uint64_t)sks_values_int(values, "seed");
    c->add = (sks_star_options){
        .has_noise = sks_values_choice(values, "noise") == 1,
        .gain = c->detect.gain,
        .psf_x0 = c->is_psf_of_chip ? c->image->x0 : 0,
        .psf_y0 = c->is_psf_of_chip ? c->image->y0 : 0,
        .seed = c->seed,
    };
    c->match = (sks_match_options){
        .xy = sks_values_real(values, "match-xy"),
        .mag = sks_values_real(values, "match-mag"),
        .is_strict = sks_values_choice(values, "match") == 1,
    };
    c->is_per_bin = sks_values_choice(values, "mode") == 1;
    c->n_stars = (size_t)sks_values_int(values, "stars");
    c->n_iterations = (size_t)sks_values_int(values, "iterations");
    c->confidence = sks_values_real(values, "confidence");
    return parse_mag(sks_values_text(values, "mag"), c);
}

sks_status sks_completeness_set_correction(const sks_values *values, sks_completeness *c)
{
    const char *text = sks_values_text(values, "aperture-correction");

    if (strcmp(text, "none") == 0)
        return SKS_OK;
    if (strcmp(text, "auto") == 0) {
        c->correction_kind = SKS_CORRECTION_COMPUTED;
        return sks_completeness_correction(c, &c->correction);
    }
    if (!sks_parse_real(text, &c->correction))
        return sks_fail(SKS_ERR_USAGE, "aperture-correction \"%s\": need none, auto or a value",
                        text);
    c->correction_kind = SKS_CORRECTION_GIVEN;
    return SKS_OK;
}
