#include "kernels/parts/star_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Margin that is read around a section: no detection box reaches farther (detect_map.c). */
enum { SURROUNDINGS = 64 };

const char *const sks_star_sky_rules[] = {"median", "mode", "mean", NULL};

/* The name of a larger section of the same frame: the text's two first axes replaced. */
static sks_status name_surroundings(const char *name, const sks_image *part, char **larger)
{
    const char *open = strrchr(name, '[');
    const char *rest = open;
    size_t size[2] = {part->nx, part->ny};
    size_t low[2], high[2];

    for (int i = 0; i < 2; i++) {
        size_t last = part->first[i] + size[i] - 1;

        low[i] = part->first[i] > SURROUNDINGS ? part->first[i] - SURROUNDINGS : 1;
        high[i] = last + SURROUNDINGS < part->frame[i] ? last + SURROUNDINGS : part->frame[i];
        rest += strcspn(rest + 1, ",]") + 1;
    }
    if (asprintf(larger, "%.*s[%zu:%zu,%zu:%zu%s", (int)(open - name), name, low[0], high[0],
                 low[1], high[1], rest) < 0) {
        *larger = NULL;
        return sks_fail_nomem("a file name");
    }
    return SKS_OK;
}

/* Reads the section again with its surroundings. */
static sks_status read_surroundings(const char *name, sks_image **image, sks_view *view)
{
    sks_image *part = *image;
    sks_image *larger = NULL;
    char *larger_name = NULL;
    sks_status status = name_surroundings(name, part, &larger_name);

    if (status == SKS_OK)
        status = sks_image_read(larger_name, &larger);
    free(larger_name);
    if (status != SKS_OK)
        return status;
    *view = sks_image_part(larger, part->first[0] - larger->first[0] + 1,
                           part->first[1] - larger->first[1] + 1, part->nx, part->ny);
    sks_image_destroy(part);
    *image = larger;
    return SKS_OK;
}

sks_status sks_star_image(const sks_values *values, bool has_surroundings, sks_image **image,
                          sks_view *view)
{
    const char *name = sks_values_text(values, "image");
    sks_image *new = NULL;
    sks_view part;
    sks_status status = sks_image_read(name, &new);

    if (status != SKS_OK)
        return status;
    part = sks_image_view(new);
    if (has_surroundings && (new->nx < new->frame[0] || new->ny < new->frame[1]))
        status = read_surroundings(name, &new, &part);
    if (status == SKS_OK && sks_values_has(values, "mask"))
        status = sks_image_mask(new, sks_values_text(values, "mask"),
                                (long)sks_values_int(values, "mask-bits"));
    if (status == SKS_OK && new->n_blank == new->nx *new->ny)
        status = sks_fail(SKS_ERR_INPUT, "%s: the mask leaves not one pixel", name);
    if (status != SKS_OK) {
        sks_image_destroy(new);
        return status;
    }
    *image = new;
    *view = part;
    return SKS_OK;
}

sks_detect_options sks_star_detect_options(const sks_values *values)
{
    bool has_min = sks_values_has(values, "datamin"), has_max = sks_values_has(values, "datamax");

    return (sks_detect_options){
        .fwhm = sks_values_real(values, "fwhm"),
        .sigma = sks_values_real(values, "sigma"),
        .threshold = sks_values_real(values, "threshold"),
        .nsigma = sks_values_real(values, "nsigma"),
        .read_noise = sks_values_real(values, "readnoise"),
        .gain = sks_values_real(values, "gain"),
        .sharp_low = sks_values_real(values, "sharplo"),
        .sharp_high = sks_values_real(values, "sharphi"),
        .round_low = sks_values_real(values, "roundlo"),
        .round_high = sks_values_real(values, "roundhi"),
        .data_min = has_min ? sks_values_real(values, "datamin") : NAN,
        .data_max = has_max ? sks_values_real(values, "datamax") : NAN,
    };
}

sks_phot_options sks_star_phot_options(const sks_values *values, const sks_image *image)
{
    sks_phot_options o = sks_phot_defaults();

    o.aperture = sks_values_real(values, "aperture");
    o.is_exact = sks_values_flag(values, "exact");
    o.annulus = sks_values_real(values, "annulus");
    o.dannulus = sks_values_real(values, "dannulus");
    o.sky = (sks_sky_rule)sks_values_choice(values, "sky");
    o.reject_low = o.reject_high = sks_values_real(values, "skyreject");
    o.gain = sks_values_real(values, "gain");
    o.zero_point = sks_values_real(values, "zeropoint");
    o.exposure = 1;
    if (sks_values_has(values, "exposure"))
        o.exposure = sks_values_real(values, "exposure");
    else
        sks_image_real(image, "EXPTIME", &o.exposure);
    return o;
}

sks_status sks_star_check(const sks_detect_options *detect, const sks_phot_options *phot, size_t nx)
{
    sks_finder *finder = NULL;
    sks_photometer *photometer = NULL;
    sks_status status = sks_finder_create(detect, nx, 1, &finder);

    if (status == SKS_OK)
        status = sks_photometer_create(phot, &photometer);
    sks_finder_destroy(finder);
    sks_photometer_destroy(photometer);
    return status;
}

void sks_star_describe(const sks_detect_options *detect, const sks_phot_options *phot, FILE *to)
{
    fprintf(to,
            "stars: FWHM %g px, background %g DN, threshold %g sigma, Gaussian cut at %g sigma, "
            "read noise %g e-, gain %g e-/DN, sharpness %g ... %g, roundness %g ... %g\n",
            detect->fwhm, detect->sigma, detect->threshold, detect->nsigma, detect->read_noise,
            detect->gain, detect->sharp_low, detect->sharp_high, detect->round_low,
            detect->round_high);
    if (!isnan(detect->data_min) || !isnan(detect->data_max))
        fprintf(to, "pixels from %g to %g DN\n", detect->data_min, detect->data_max);
    fprintf(to,
            "photometry: aperture %g px (%s), sky %s of %g ... %g px, rejection at %g sigma, "
            "zero point %g mag, exposure %g s\n",
            phot->aperture, phot->is_exact ? "exact overlap" : "IRAF's weights",
            sks_star_sky_rules[phot->sky], phot->annulus, phot->annulus + phot->dannulus,
            phot->reject_high, phot->zero_point, phot->exposure);
}

double sks_star_listed(double coordinate)
{
    return rint(coordinate * 1000) / 1000;
}
