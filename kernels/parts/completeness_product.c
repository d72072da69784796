/* What is made of the iterations: the table with its fitted function, and the list of stars. */
#include "kernels/astro/normal.h"
#include "kernels/parts/completeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const sks_product_column columns[] = {
    {"mag_mid", "mag", 'D', 7, 3},
    {"inserted", NULL, 'J', 8, 0},
    {"recovered", NULL, 'J', 9, 0},
    {"completeness", NULL, 'D', 12, 5},
    {"low", NULL, 'D', 7, 5},
    {"high", NULL, 'D', 7, 5},
    {"mean_offset", "mag", 'D', 11, 4},
    {"scatter", "mag", 'D', 7, 4},
    {"found_at_position", NULL, 'J', 7, 0},
    {"was_there", NULL, 'J', 7, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const sks_product_column list_columns[] = {
    {"iteration", NULL, 'J', 7, 0}, {"id", NULL, 'J', 7, 0},       {"x", "pix", 'D', 9, 3},
    {"y", "pix", 'D', 9, 3},        {"mag", "mag", 'D', 8, 4},     {"fate", NULL, 'J', 7, 0},
    {"found_x", "pix", 'D', 9, 3},  {"found_y", "pix", 'D', 9, 3}, {"found_mag", "mag", 'D', 8, 4},
    {"was_there", NULL, 'J', 7, 0},
};
enum { N_LIST_COLUMNS = sizeof(list_columns) / sizeof(list_columns[0]) };

/* Sums over the stars of a bin. */
struct bin {
    double n, n_recovered, n_found, n_was_there;
    double offset, offset2; /* of measured from inserted magnitude, recovered stars */
};

static size_t bin_of(const sks_completeness *c, double mag)
{
    double bin = floor((mag - c->mag_low) / c->mag_step);

    return bin <= 0 ? 0 : bin >= (double)c->n_bins ? c->n_bins - 1 : (size_t)bin;
}

static void count_star(const sks_star *star, const sks_fate *fate, struct bin *bin)
{
    bin->n++;
    bin->n_found += fate->fate != SKS_STAR_MISSED;
    bin->n_was_there += fate->was_there;
    if (fate->fate == SKS_STAR_RECOVERED) {
        double offset = fate->mag - star->mag;

        bin->n_recovered++;
        bin->offset += offset;
        bin->offset2 += offset * offset;
    }
}

static sks_status count_stars(const sks_completeness *c, const sks_fate *fates, struct bin *bins)
{
    sks_star *stars = malloc(c->n_stars * sizeof(*stars));

    if (stars == NULL)
        return sks_fail_nomem("the table");
    for (size_t task = 0; task < sks_completeness_n_tasks(c); task++) {
        sks_completeness_stars(c, task, stars);
        for (size_t i = 0; i < c->n_stars; i++) {
            /* Per bin the task says which one: a magnitude may be rounded up to the next. */
            size_t bin = c->is_per_bin ? task / c->n_iterations : bin_of(c, stars[i].mag);

            count_star(&stars[i], &fates[task * c->n_stars + i], &bins[bin]);
        }
    }
    free(stars);
    return SKS_OK;
}

static void fill_row(const sks_completeness *c, size_t i, const struct bin *bin, double *row)
{
    double k = bin->n_recovered;
    double mean = bin->offset / k, variance = (bin->offset2 - k * mean * mean) / (k - 1);
    double z = sks_normal_quantile((1 - c->confidence) / 2);

    row[0] = c->mag_low + ((double)i + 0.5) * c->mag_step;
    row[1] = bin->n;
    row[2] = k;
    row[3] = k / bin->n; /* NaN without stars */
    sks_wilson_interval(k, bin->n, z, &row[4], &row[5]);
    row[6] = k > 0 ? mean : NAN;
    row[7] = k > 1 ? sqrt(fmax(variance, 0)) : NAN;
    row[8] = bin->n_found;
    row[9] = bin->n_was_there;
}

static void describe_run(const sks_completeness *c, FILE *to)
{
    const sks_psf_info *psf = sks_psf_describe(c->psf);

    fprintf(
        to,
        "completeness: %zu x %zu pixels, %zu iterations%s of %zu stars, %s%g:%g mag, seed %llu\n",
        c->view.nx, c->view.ny, c->n_iterations, c->is_per_bin ? " per bin" : "", c->n_stars,
        c->is_per_bin ? "" : "spread over ", c->mag_low, c->mag_high, (unsigned long long)c->seed);
    fprintf(to, "PSF: %s, radius %g px, at coordinates of the %s; %s noise\n", psf->function,
            psf->radius, c->is_psf_of_chip ? "chip" : "section",
            c->add.has_noise ? "Poisson" : "no");
    sks_star_describe(&c->detect, &c->phot, to);
    fprintf(to, "match: %s rule, within %g px in x and y and %g mag\n",
            c->match.is_strict ? "strict" : "authors'", c->match.xy, c->match.mag);
    if (c->correction_kind == SKS_CORRECTION_NONE)
        fprintf(to, "aperture correction: none (0 mag)\n");
    else
        fprintf(to, "aperture correction: %+.4f mag, %s\n", c->correction,
                c->correction_kind == SKS_CORRECTION_GIVEN ? "as given" : "computed from the PSF");
    fprintf(to, "found in the image without added stars: %zu\n", c->n_before);
}

/* Where the counts themselves, joined by straight lines, last fall to `level`; NaN: nowhere. */
static double crossing(const sks_completeness *c, double level)
{
    for (size_t i = c->n_bins - 1; i > 0; i--) {
        const double *faint = c->rows + i * N_COLUMNS, *bright = faint - N_COLUMNS;

        if (bright[3] >= level && faint[3] < level)
            return bright[0] + (bright[3] - level) / (bright[3] - faint[3]) * c->mag_step;
    }
    return NAN;
}

static void describe_limit(const sks_completeness *c, const sks_completeness_fit *fit, int percent,
                           FILE *to)
{
    double mag, error, line = crossing(c, percent / 100.0);

    sks_completeness_limit(fit, percent / 100.0, &mag, &error);
    if (isnan(mag))
        fprintf(to, "limit %d %%: none by the function, whose plateau is not above it", percent);
    else
        fprintf(to, "limit %d %%: %.4f +- %.4f mag", percent, mag, error);
    if (isnan(line))
        fprintf(to, "; the counts do not cross it\n");
    else
        fprintf(to, "; the counts, joined by lines, cross it at %.4f mag\n", line);
}

static void describe_fit(const sks_completeness *c, const sks_completeness_fit *fit, FILE *to)
{
    if (!fit->is_fitted) {
        fprintf(to, "limits: no completeness function could be fitted: %s\n", fit->reason);
        return;
    }
    fprintf(to,
            "function: %.5f/2 [1 - t/sqrt(1 + t^2)], t = %.5f (m - %.5f) (Fleming et al. 1995%s), "
            "deviance %.2f for %zu degrees of freedom\n",
            fit->plateau, fit->steepness, fit->mag_half, fit->has_plateau ? ", with a plateau" : "",
            fit->deviance, fit->degrees_of_freedom);
    describe_limit(c, fit, 50, to);
    describe_limit(c, fit, 90, to);
}

static sks_status write_comments(sks_completeness *c, const sks_completeness_fit *fit)
{
    size_t size;
    FILE *to = open_memstream(&c->comments, &size);

    if (to == NULL)
        return sks_fail_nomem("the table's header");
    describe_run(c, to);
    describe_fit(c, fit, to);
    fprintf(to,
            "low, high: Wilson's interval of %g %% confidence; mean_offset, scatter: of measured "
            "from inserted magnitude; found_at_position: whatever the magnitude; was_there: would "
            "match a star of the image itself\n",
            100 * c->confidence);
    return fclose(to) == 0 ? SKS_OK : sks_fail_nomem("the table's header");
}

static void add_notes(const sks_completeness *c, const struct bin *bins,
                      const sks_completeness_fit *fit, sks_notes *notes)
{
    double inserted = 0, recovered = 0, mag, error;

    for (size_t i = 0; i < c->n_bins; i++) {
        inserted += bins[i].n;
        recovered += bins[i].n_recovered;
    }
    sks_notes_add(notes, "inserted", inserted);
    sks_notes_add(notes, "recovered", recovered);
    sks_notes_add(notes, "aperture_correction_mag", c->correction);
    sks_completeness_limit(fit, 0.5, &mag, &error);
    sks_notes_add(notes, "limit_50_mag", mag);
    sks_notes_add(notes, "limit_50_error_mag", error);
    sks_completeness_limit(fit, 0.9, &mag, &error);
    sks_notes_add(notes, "limit_90_mag", mag);
    sks_notes_add(notes, "limit_90_error_mag", error);
}

sks_status sks_completeness_tabulate(sks_completeness *c, const sks_fate *fates, sks_notes *notes)
{
    struct bin *bins = calloc(c->n_bins, sizeof(*bins));
    sks_bin_count *counts = calloc(c->n_bins, sizeof(*counts));
    sks_completeness_fit fit;
    sks_status status;

    c->rows = malloc(c->n_bins * N_COLUMNS * sizeof(*c->rows));
    status = bins != NULL && counts != NULL && c->rows != NULL ? count_stars(c, fates, bins)
                                                               : sks_fail_nomem("the table");
    if (status != SKS_OK)
        goto out;
    for (size_t i = 0; i < c->n_bins; i++) {
        double *row = c->rows + i * N_COLUMNS;

        fill_row(c, i, &bins[i], row);
        counts[i] = (sks_bin_count){.mag = row[0], .n = row[1], .k = row[2]};
    }
    sks_completeness_fit_counts(counts, c->n_bins, &fit);
    status = write_comments(c, &fit);
    if (status == SKS_OK)
        add_notes(c, bins, &fit, notes);
out:
    free(bins);
    free(counts);
    return status;
}

sks_product_table sks_completeness_table(const sks_completeness *c)
{
    return (sks_product_table){
        .name = "COMPLETENESS",
        .columns = columns,
        .n_columns = N_COLUMNS,
        .n_rows = c->n_bins,
        .values = c->rows,
        .comments = c->comments,
    };
}

sks_status sks_completeness_write_list(const sks_completeness *c, const sks_fate *fates)
{
    size_t n_tasks = sks_completeness_n_tasks(c), n = n_tasks * c->n_stars;
    sks_star *stars = malloc(c->n_stars * sizeof(*stars));
    double *values = malloc((n * N_LIST_COLUMNS + 1) * sizeof(*values));
    const sks_product_table table = {
        .name = "INSERTED",
        .columns = list_columns,
        .n_columns = N_LIST_COLUMNS,
        .n_rows = n,
        .values = values,
        .comments = "completeness: every inserted star\n"
                    "fate: 2 recovered, 1 found at its position but with another magnitude, 0 "
                    "missed; was_there: 1 would match a star of the image itself\n",
    };
    sks_status status = SKS_OK;

    if (stars == NULL || values == NULL)
        status = sks_fail_nomem("the list of stars");
    for (size_t task = 0; status == SKS_OK && task < n_tasks; task++) {
        sks_completeness_stars(c, task, stars);
        for (size_t i = 0; i < c->n_stars; i++) {
            const sks_fate *f = &fates[task * c->n_stars + i];
            const double row[N_LIST_COLUMNS] = {
                (double)(task + 1),
                (double)(i + 1),
                stars[i].x,
                stars[i].y,
                stars[i].mag,
                f->fate,
                f->x,
                f->y,
                f->mag,
                f->was_there,
            };

            memcpy(values + (task * c->n_stars + i) * N_LIST_COLUMNS, row, sizeof(row));
        }
    }
    if (status == SKS_OK)
        status = sks_product_table_write(&table, c->list_is_fits, c->list);
    free(stars);
    free(values);
    return status;
}
