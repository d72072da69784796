/* The tables of speedups and of serial fractions, one column for each worker count. */
#include "harness/present/fit_table_parts.h"

#include <math.h>

static const sks_point_fit *point_at(const sks_fit *fit, unsigned n_workers)
{
    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].n_workers == n_workers)
            return &fit->points[i];
    return NULL;
}

/* The least worker count above `after` in any series; 0 for none. */
static unsigned next_workers(const sks_fit_section *s, unsigned after)
{
    unsigned least = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->fits[i]->n_points; j++) {
            unsigned n = s->fits[i]->points[j].n_workers;

            if (n > after && (least == 0 || n < least))
                least = n;
        }
    return least;
}

/* Oversubscribed in every series that has it (all) or in at least one. */
static bool is_oversubscribed(const sks_fit_section *s, unsigned n_workers, bool all)
{
    for (size_t i = 0; i < s->n; i++) {
        const sks_point_fit *p = point_at(s->fits[i], n_workers);

        if (p != NULL && p->is_oversubscribed != all)
            return !all;
    }
    return all;
}

static bool have_one_base(const sks_fit_section *s)
{
    for (size_t i = 1; i < s->n; i++)
        if (s->fits[i]->points[0].n_workers != s->fits[0]->points[0].n_workers)
            return false;
    return true;
}

/* The worker counts that have a column: not the base, when it is the same for all. */
static unsigned next_column(const sks_fit_section *s, unsigned after)
{
    unsigned base = s->fits[0]->points[0].n_workers;
    unsigned n = next_workers(s, after);

    return n == base && have_one_base(s) ? next_workers(s, n) : n;
}

static void speedup_heads(const sks_fit_section *s, sks_table *table)
{
    sks_table_cell(table, "workers");
    if (have_one_base(s))
        sks_table_cell(table, "T(%u) [%s]", s->fits[0]->points[0].n_workers, s->unit);
    else
        sks_table_cell(table, "T(base) [%s]", s->unit);
    for (unsigned n = next_column(s, 0); n > 0; n = next_column(s, n))
        sks_table_cell(table, "%u%s", n, is_oversubscribed(s, n, true) ? "*" : "");
}

static void speedup_cell(const sks_fit_section *s, sks_table *table, const sks_fit *fit, unsigned n)
{
    const sks_point_fit *p = point_at(fit, n);
    char interval[64];
    const int places = p != NULL ? sks_speedup_places(p->speedup.value) : 0;

    if (p == NULL)
        sks_table_cell(table, "-");
    else if (p == &fit->points[0])
        sks_table_cell(table, "1");
    else
        sks_table_cell(table, "%.*f%s%s\n%s", places, p->speedup.value,
                       p->is_oversubscribed && !is_oversubscribed(s, n, true) ? "*" : "",
                       p->is_superlinear ? "^" : "",
                       sks_interval_text(p->speedup.interval, places, interval, sizeof(interval)));
}

static void speedup_remarks(const sks_fit_section *s)
{
    bool some_oversubscribed = false, some_superlinear = false, some_used = false;
    const size_t min_n = sks_median_min_n(s->fits[0]->options.confidence);
    size_t n_points = 0, n_few = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->fits[i]->n_points; j++) {
            const sks_point_fit *p = &s->fits[i]->points[j];

            some_oversubscribed |= p->is_oversubscribed;
            some_used |= p->is_oversubscribed && p->is_used;
            some_superlinear |= p->is_superlinear;
            n_few += p->n_samples < min_n;
            n_points++;
        }
    if (n_few > 0)
        fprintf(s->out,
                "%zu of %zu points have fewer than the %zu samples that an interval takes\n", n_few,
                n_points, min_n);
    if (some_oversubscribed)
        fprintf(s->out, "* oversubscribed: more workers than places to run; %s the fits\n",
                some_used ? "included in" : "left out of");
    if (some_superlinear)
        fprintf(s->out, "^ faster than in proportion to the workers (superlinear)\n");
}

static void disturbance_remarks(const sks_fit_section *s)
{
    size_t n_samples = 0, n_disturbed = 0, n_dropped = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->fits[i]->n_points; j++) {
            n_samples += s->fits[i]->points[j].n_samples;
            n_disturbed += s->fits[i]->points[j].n_disturbed;
            n_dropped += s->fits[i]->points[j].n_dropped;
        }
    if (n_disturbed > 0)
        fprintf(s->out, "%zu of %zu samples were disturbed and are kept; see --disturbed drop\n",
                n_disturbed, n_samples);
    if (n_dropped > 0)
        fprintf(s->out, "%zu disturbed samples are left out of %zu\n", n_dropped,
                n_samples + n_dropped);
}

static void print_speedup_title(const sks_fit_section *s)
{
    char base[32] = "base";

    if (have_one_base(s))
        snprintf(base, sizeof(base), "%u", s->fits[0]->points[0].n_workers);
    fprintf(s->out, "%speedup %sT(%s)/T(N) of the median %s, %g %% intervals underneath\n",
            s->fits[0]->series->is_weak ? "Scaled s" : "S", s->fits[0]->series->is_weak ? "N " : "",
            base, s->options->time_name, 100.0 * s->fits[0]->options.confidence);
    if (!have_one_base(s))
        fprintf(s->out, "base: the smallest worker count of each series, where the speedup is 1\n");
    fputc('\n', s->out);
}

sks_status sks_fit_print_speedups(const sks_fit_section *s)
{
    size_t n_columns = 2;
    sks_table *table;
    sks_status status;

    for (unsigned n = next_column(s, 0); n > 0; n = next_column(s, n))
        n_columns++;
    status = sks_table_create(n_columns, &table);
    if (status != SKS_OK)
        return status;
    print_speedup_title(s);
    speedup_heads(s, table);
    for (size_t i = 0; i < s->n; i++) {
        sks_table_cell(table, "%s", s->labels[i]);
        sks_estimate_cell(table, s->fits[i]->points[0].median, s->factor, "");
        for (unsigned n = next_column(s, 0); n > 0; n = next_column(s, n))
            speedup_cell(s, table, s->fits[i], n);
    }
    status = sks_table_print(table, s->out, SKS_FIT_PAGE);
    sks_table_destroy(table);
    speedup_remarks(s);
    disturbance_remarks(s);
    fputc('\n', s->out);
    return status;
}

/* ---- serial fractions ---- */

static bool has_serial_fractions(const sks_fit_section *s)
{
    if (s->fits[0]->series->is_weak)
        return false;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->fits[i]->n_points; j++)
            if (!isnan(s->fits[i]->points[j].karp_flatt.value) ||
                !isnan(s->fits[i]->measured_serial.value))
                return true;
    return false;
}

static void fraction_cell(sks_table *table, sks_estimate e)
{
    char interval[64];

    if (isnan(e.value))
        sks_table_cell(table, "-");
    else
        sks_table_cell(
            table, "%.*f\n%s", SKS_FRACTION_PLACES, e.value,
            sks_interval_text(e.interval, SKS_FRACTION_PLACES, interval, sizeof(interval)));
}

static void serial_row(const sks_fit_section *s, size_t i, sks_table *table)
{
    const sks_fit *fit = s->fits[i];

    sks_table_cell(table, "%s", s->labels[i]);
    fraction_cell(table, fit->measured_serial);
    fraction_cell(table,
                  fit->preferred != NULL ? fit->preferred->serial_fraction : sks_no_estimate);
    for (unsigned n = next_workers(s, 1); n > 0; n = next_workers(s, n)) {
        const sks_point_fit *p = point_at(fit, n);

        fraction_cell(table, p != NULL ? p->karp_flatt : sks_no_estimate);
    }
}

static void serial_remarks(const sks_fit_section *s)
{
    fprintf(s->out,
            "measured: outside the parallel phase, of one worker's run; fitted: by the "
            "model of the conclusion;\n2, 3, ...: Karp-Flatt metric at that many workers\n");
    for (size_t i = 0; i < s->n; i++)
        if (s->fits[i]->serial_remark[0] != '\0')
            sks_wrapped_line(s->out, s->labels[i], s->fits[i]->serial_remark);
}

sks_status sks_fit_print_serial(const sks_fit_section *s)
{
    size_t n_columns = 3;
    sks_table *table;
    sks_status status;

    if (!has_serial_fractions(s))
        return SKS_OK;
    for (unsigned n = next_workers(s, 1); n > 0; n = next_workers(s, n))
        n_columns++;
    status = sks_table_create(n_columns, &table);
    if (status != SKS_OK)
        return status;
    fprintf(s->out, "Serial fraction\n\n");
    sks_table_cell(table, "workers");
    sks_table_cell(table, "measured");
    sks_table_cell(table, "fitted");
    for (unsigned n = next_workers(s, 1); n > 0; n = next_workers(s, n))
        sks_table_cell(table, "%u%s", n, is_oversubscribed(s, n, true) ? "*" : "");
    for (size_t i = 0; i < s->n; i++)
        serial_row(s, i, table);
    status = sks_table_print(table, s->out, SKS_FIT_PAGE);
    sks_table_destroy(table);
    serial_remarks(s);
    fputc('\n', s->out);
    return status;
}
