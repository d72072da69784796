/* Series for Extra-P and for gnuplot. */
#include "harness/analysis/statistics.h"
#include "harness/sweep/csv.h"
#include "harness/sweep/export.h"

#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

/* The name of series i among all. Both formats end a name at the line's end, so that control
 * characters become blanks. From malloc. */
static sks_status name_of(const sks_series *const *all, size_t n, size_t i, char **name)
{
    char *label = NULL;
    sks_status status = sks_series_label(all, n, i, true, &label);

    if (status != SKS_OK)
        return status;
    for (char *c = label; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    if (all[i]->is_weak && asprintf(name, "%s (weak)", label) < 0)
        status = sks_fail_nomem("the export");
    else if (!all[i]->is_weak)
        *name = strdup(label);
    free(label);
    return status == SKS_OK && *name == NULL ? sks_fail_nomem("the export") : status;
}

/* sks_series_label wants pointers. */
static const sks_series **point_at(const sks_series *series, size_t n)
{
    const sks_series **all = calloc(n + 1, sizeof(*all));

    for (size_t i = 0; all != NULL && i < n; i++)
        all[i] = &series[i];
    return all;
}

static const sks_point *find_point(const sks_series *s, unsigned n_workers)
{
    for (size_t j = 0; j < s->n_points; j++)
        if (s->points[j].n_workers == n_workers)
            return &s->points[j];
    return NULL;
}

static bool is_common(const sks_series *series, size_t n, unsigned n_workers)
{
    for (size_t i = 0; i < n; i++) {
        const sks_point *point = find_point(&series[i], n_workers);

        if (point == NULL || point->n == 0)
            return false;
    }
    return true;
}

/* A comment for every point that is left out. */
static void print_left_out(const char *name, const sks_series *series, size_t n, size_t i,
                           FILE *out)
{
    const sks_series *s = &series[i];

    for (size_t j = 0; j < s->n_points; j++)
        if (!is_common(series, n, s->points[j].n_workers))
            fprintf(out, "# left out, not measured in all regions: %u workers of %s\n",
                    s->points[j].n_workers, name);
}

static void print_region(const sks_series *series, size_t n, size_t i, FILE *out)
{
    const sks_series *s = &series[i];

    for (size_t j = 0; j < s->n_points; j++) {
        if (!is_common(series, n, s->points[j].n_workers))
            continue;
        fputs("DATA", out);
        for (size_t k = 0; k < s->points[j].n; k++) {
            putc(' ', out);
            sks_csv_put_real(s->points[j].seconds[k], out);
        }
        putc('\n', out);
    }
}

static sks_status print_extrap(const sks_series *series, size_t n, const char *metric, FILE *out)
{
    const sks_series **all = point_at(series, n);
    size_t n_common = 0;
    sks_status status = SKS_OK;

    if (all == NULL)
        return sks_fail_nomem("the export");
    for (size_t j = 0; n > 0 && j < series[0].n_points; j++)
        n_common += is_common(series, n, series[0].points[j].n_workers);
    if (n_common == 0)
        status = sks_fail(SKS_ERR_INPUT,
                          "Extra-P wants all series measured at the same worker counts, and none "
                          "is common to all");
    if (status == SKS_OK) {
        fputs("PARAMETER workers\nPOINTS", out);
        for (size_t j = 0; j < series[0].n_points; j++)
            if (is_common(series, n, series[0].points[j].n_workers))
                fprintf(out, " ( %u )", series[0].points[j].n_workers);
        fprintf(out, "\nMETRIC %s\n", metric);
    }
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        char *name = NULL;

        status = name_of(all, n, i, &name);
        if (status != SKS_OK)
            break;
        print_left_out(name, series, n, i, out);
        fprintf(out, "REGION %s\n", name);
        print_region(series, n, i, out);
        free(name);
    }
    free(all);
    return status;
}

/* One worker count makes no curve, but would leave the others none in common with it. */
static sks_status find_curves(const sks_series *series, size_t n, sks_series *curves,
                              size_t *n_curves, FILE *out)
{
    const sks_series **all = point_at(series, n);
    sks_status status = all != NULL ? SKS_OK : sks_fail_nomem("the export");

    *n_curves = 0;
    for (size_t i = 0; i < n; i++)
        if (series[i].n_points > 1)
            curves[(*n_curves)++] = series[i];
    for (size_t i = 0; *n_curves > 0 && status == SKS_OK && i < n; i++) {
        char *name = NULL;

        if (series[i].n_points > 1)
            continue;
        status = name_of(all, n, i, &name);
        if (status == SKS_OK)
            fprintf(out, "# left out, measured at one worker count only: %s\n", name);
        free(name);
    }
    free(all);
    return status;
}

sks_status sks_export_extrap(const sks_series *series, size_t n, const char *metric, FILE *out)
{
    sks_series *curves = calloc(n + 1, sizeof(*curves)); /* owns nothing */
    size_t n_curves = 0;
    sks_status status = curves != NULL ? SKS_OK : sks_fail_nomem("the export");

    if (status == SKS_OK)
        fputs("# skyscale export -f extrap\n", out);
    if (status == SKS_OK)
        status = find_curves(series, n, curves, &n_curves, out);
    if (status == SKS_OK)
        status = n_curves > 0 ? print_extrap(curves, n_curves, metric, out)
                              : print_extrap(series, n, metric, out);
    free(curves);
    return status;
}

/* gnuplot reads "?" as missing when told so, and NaN always. */
static void put_number(double value, FILE *out)
{
    putc(' ', out);
    if (value == value && value - value == 0)
        sks_csv_put_real(value, out);
    else
        fputs("NaN", out);
}

static sks_status print_point(const sks_point *p, double confidence, FILE *out)
{
    double *sorted = malloc(p->n * sizeof(*sorted));
    sks_interval interval;

    if (sorted == NULL)
        return sks_fail_nomem("the export");
    memcpy(sorted, p->seconds, p->n * sizeof(*sorted));
    gsl_sort(sorted, 1, p->n);
    interval = sks_median_interval(sorted, p->n, confidence, NULL);
    fprintf(out, "%u %zu", p->n_workers, p->n);
    put_number(sks_median(sorted, p->n), out);
    put_number(interval.low, out);
    put_number(interval.high, out);
    put_number(sorted[0], out);
    put_number(sks_quantile(sorted, p->n, 0.25), out);
    put_number(sks_quantile(sorted, p->n, 0.75), out);
    put_number(sorted[p->n - 1], out);
    fprintf(out, " %d\n", p->is_oversubscribed);
    free(sorted);
    return SKS_OK;
}

sks_status sks_export_gnuplot(const sks_series *series, size_t n, const char *metric,
                              double confidence, FILE *out)
{
    const sks_series **all = point_at(series, n);
    sks_status status = all != NULL ? SKS_OK : sks_fail_nomem("the export");

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        char *name = NULL;

        status = name_of(all, n, i, &name);
        if (status != SKS_OK)
            break;
        /* Two empty lines begin a new data set, to be picked with "index". */
        fprintf(out,
                "%s# %s\n# n_workers n_samples median_%s low_%g%% high_%g%% min q1 q3 max "
                "is_oversubscribed\n",
                i > 0 ? "\n\n" : "", name, metric, 100 * confidence, 100 * confidence);
        for (size_t j = 0; status == SKS_OK && j < series[i].n_points; j++)
            if (series[i].points[j].n > 0)
                status = print_point(&series[i].points[j], confidence, out);
        free(name);
    }
    free(all);
    return status;
}
