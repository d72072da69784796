#include "harness/commands/campaign.h"

#include "harness/sweep/store.h"

const char *const sks_per_choices[] = {"total", "core", "parallel", NULL};
enum { PER_TOTAL, PER_CORE, PER_PARALLEL };

const char *const sks_oversubscribed_choices[] = {"leave-out", "include", NULL};
enum { LEAVE_OUT, INCLUDE };

const char *sks_campaign_time_name(const sks_values *options)
{
    static const char *const names[] = {"total time", "core time", "time of the parallel part"};

    return names[sks_values_choice(options, "per")];
}

/* Takes one time away from another, sample by sample. Both were read from the same rows in the
 * same order. */
static sks_status subtract(const char *path, sks_series *from, size_t n, const sks_series *what,
                           size_t n_what)
{
    bool is_alike = n == n_what;

    for (size_t i = 0; is_alike && i < n; i++) {
        is_alike = from[i].n_points == what[i].n_points;
        for (size_t j = 0; is_alike && j < from[i].n_points; j++) {
            sks_point *p = &from[i].points[j];
            const sks_point *q = &what[i].points[j];

            is_alike = p->n == q->n && p->n_workers == q->n_workers;
            for (size_t k = 0; is_alike && k < p->n; k++)
                p->seconds[k] -= q->seconds[k];
        }
    }
    if (!is_alike)
        return sks_fail(SKS_ERR_INPUT, "%s: some samples lack the time of their start-up", path);
    return SKS_OK;
}

static sks_status read_series(const char *path, int per, sks_series **series, size_t *n)
{
    sks_store *store = NULL;
    sks_series *times = NULL, *startup = NULL;
    size_t n_times = 0, n_startup = 0;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status =
            sks_store_series(store, per == PER_PARALLEL ? "parallel" : "total", &times, &n_times);
    if (status == SKS_OK && per == PER_CORE) {
        status = sks_store_series(store, "startup", &startup, &n_startup);
        if (status == SKS_OK)
            status = subtract(path, times, n_times, startup, n_startup);
    }
    sks_store_close(store);
    sks_series_free(startup, n_startup);
    if (status == SKS_OK && n_times == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no samples yet", path);
    if (status != SKS_OK) {
        sks_series_free(times, n_times);
        return status;
    }
    *series = times;
    *n = n_times;
    return SKS_OK;
}

sks_status sks_campaign_read(const char *path, const sks_values *options, sks_campaign *campaign)
{
    const sks_fit_options fit_options = {
        .include_oversubscribed = sks_values_choice(options, "oversubscribed") == INCLUDE,
        .confidence = sks_values_real(options, "confidence"),
        .n_replicates = (size_t)sks_values_int(options, "replicates"),
        .seed = (uint64_t)sks_values_int(options, "seed"),
    };
    sks_campaign made = {0};
    sks_status status = read_series(path, sks_values_choice(options, "per"), &made.series, &made.n);

    if (status == SKS_OK)
        status = sks_fit_all(made.series, made.n, &fit_options, &made.fits);
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
