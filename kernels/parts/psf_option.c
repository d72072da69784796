#include "kernels/parts/psf_option.h"

#include <stdlib.h>
#include <string.h>

/* What lies beyond this many FWHM is left out when no radius is given: nothing of a Gaussian, 0.07
 * % of a Moffat function of exponent 2.5. */
static const double RADIUS_PER_FWHM = 10;

static sks_status bad_model(const char *text)
{
    return sks_fail(SKS_ERR_USAGE,
                    "psf-model \"%s\": need gauss:FWHM[:RADIUS] or moffat:FWHM:BETA[:RADIUS]",
                    text);
}

static sks_status make_model(const char *text, double mag, sks_psf **psf)
{
    bool is_gauss = strncmp(text, "gauss:", 6) == 0;
    bool is_moffat = strncmp(text, "moffat:", 7) == 0;
    size_t n_shape = is_gauss ? 1 : 2, n = 0;
    double value[3];
    char *copy, *rest, *field;
    bool is_good = is_gauss || is_moffat;

    copy = rest = strdup(text);
    if (copy == NULL)
        return sks_fail_nomem("a PSF");
    strsep(&rest, ":");
    while (is_good && (field = strsep(&rest, ":")) != NULL)
        is_good = n <= n_shape && sks_parse_real(field, &value[n++]);
    free(copy);
    if (!is_good || n < n_shape)
        return bad_model(text);
    if (n == n_shape)
        value[n] = RADIUS_PER_FWHM * value[0];
    return is_gauss ? sks_psf_gauss(value[0], value[1], mag, psf)
                    : sks_psf_moffat(value[0], value[1], value[2], mag, psf);
}

/* What is asked for counts more than what the file says of itself. */
static sks_status read_file(const sks_values *values, double mag, sks_psf **psf)
{
    const char *name = sks_values_text(values, "psf");
    unsigned sampling = 0;
    sks_status status = SKS_OK;

    if (sks_values_has(values, "psf-sampling"))
        sampling = (unsigned)sks_values_int(values, "psf-sampling");
    else
        status = sks_psf_stamp_sampling(name, &sampling);
    if (status != SKS_OK)
        return status;
    return sampling > 0 ? sks_psf_read_stamp(name, sampling, mag, psf) : sks_psf_read(name, psf);
}

sks_status sks_psf_from_values(const sks_values *values, double mag, sks_psf **psf)
{
    if (sks_values_has(values, "psf") == sks_values_has(values, "psf-model"))
        return sks_fail(SKS_ERR_USAGE, sks_values_has(values, "psf")
                                           ? "psf and psf-model exclude each other"
                                           : "a PSF is needed: psf FILE or psf-model FUNCTION");
    if (sks_values_has(values, "psf-model"))
        return make_model(sks_values_text(values, "psf-model"), mag, psf);
    return read_file(values, mag, psf);
}
