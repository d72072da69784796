#include "harness/commands/campaign.h"

#include "harness/sweep/store.h"

#include <stdio.h>
#include <string.h>

const char *const sks_per_choices[] = {"total", "core", "parallel", NULL};

const char *const sks_oversubscribed_choices[] = {"leave-out", "apart", "include",
                                                  NULL}; /* as sks_oversubscribed */

const char *const sks_disturbed_choices[] = {"keep", "drop", NULL};
enum { KEEP, DROP };

char *sks_default_database(const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    const size_t length = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
    char *database;

    return asprintf(&database, "%.*s.db", (int)length, name) < 0 ? NULL : database;
}

const char *sks_campaign_time_name(const sks_values *options)
{
    static const char *const names[] = {"total time", "time per core", "time of the parallel part"};

    return names[sks_values_choice(options, "per")];
}

static sks_status read_series(const char *path, const char *time_name, sks_series **series,
                              size_t *n)
{
    sks_store *store = NULL;
    sks_series *read = NULL;
    size_t n_read = 0;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_store_series(store, time_name, &read, &n_read);
    sks_store_close(store);
    if (status == SKS_OK && n_read == 0 && strcmp(time_name, "total") != 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no samples yet, or none that tell the %s time", path,
                          time_name);
    else if (status == SKS_OK && n_read == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no samples yet", path);
    if (status != SKS_OK) {
        sks_series_free(read, n_read);
        return status;
    }
    *series = read;
    *n = n_read;
    return SKS_OK;
}

size_t sks_campaign_drop_empty(sks_series *series, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        size_t n_samples = 0;

        for (size_t j = 0; j < series[i].n_points; j++)
            n_samples += series[i].points[j].n;
        if (n_samples == 0)
            continue;
        if (kept != i) {
            sks_series other = series[kept];

            series[kept] = series[i];
            series[i] = other; /* freed with the rest */
        }
        kept++;
    }
    for (size_t i = kept; i < n; i++)
        sks_series_clear(&series[i]);
    return kept;
}

/* Leaves out disturbed samples, and the series that have no others. */
static sks_status drop_disturbed(const char *path, sks_series *series, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        sks_series_drop_disturbed(&series[i]);
    *n = sks_campaign_drop_empty(series, *n);
    if (*n == 0)
        return sks_fail(SKS_ERR_INPUT, "%s: every sample is disturbed; see --disturbed keep", path);
    return SKS_OK;
}

sks_status sks_campaign_read_series(const char *path, const sks_values *options,
                                    sks_series **series, size_t *n)
{
    sks_series *read = NULL;
    size_t n_read = 0;
    sks_status status = read_series(path, sks_values_text(options, "per"), &read, &n_read);

    if (status == SKS_OK && sks_values_choice(options, "disturbed") == DROP)
        status = drop_disturbed(path, read, &n_read);
    if (status != SKS_OK) {
        sks_series_free(read, n_read);
        return status;
    }
    *series = read;
    *n = n_read;
    return SKS_OK;
}

sks_status sks_campaign_fit(const sks_values *options, sks_campaign *campaign)
{
    const sks_fit_options fit_options = {
        .oversubscribed = (sks_oversubscribed)sks_values_choice(options, "oversubscribed"),
        .confidence = sks_values_real(options, "confidence"),
        .n_replicates = (size_t)sks_values_int(options, "replicates"),
        .seed = (uint64_t)sks_values_int(options, "seed"),
    };

    return sks_fit_all(campaign->series, campaign->n, &fit_options, &campaign->fits);
}

sks_status sks_campaign_read(const char *path, const sks_values *options, sks_campaign *campaign)
{
    sks_campaign made = {0};
    sks_status status = sks_campaign_read_series(path, options, &made.series, &made.n);

    if (status == SKS_OK)
        status = sks_campaign_fit(options, &made);
    if (status == SKS_OK)
        *campaign = made;
    else
        sks_campaign_clear(&made);
    return status;
}

void sks_campaign_clear(sks_campaign *campaign)
{
    sks_fits_free(campaign->fits, campaign->n);
    sks_series_free(campaign->series, campaign->n);
    *campaign = (sks_campaign){0};
}

sks_status sks_campaign_percentage(const sks_values *options, const char *name, double *value)
{
    const char *text = sks_values_text(options, name);
    char number[64];
    double percent;
    size_t length;

    if (text == NULL)
        return SKS_OK;
    length = strlen(text);
    if (length > 1 && length < sizeof(number) && text[length - 1] == '%') {
        snprintf(number, sizeof(number), "%.*s", (int)length - 1, text);
        if (sks_parse_real(number, &percent) && percent >= 0.0 && percent <= 1000.0) {
            *value = percent / 100.0;
            return SKS_OK;
        }
    }
    return sks_fail(SKS_ERR_USAGE, "--%s: \"%s\" is not a percentage such as 5%%", name, text);
}
