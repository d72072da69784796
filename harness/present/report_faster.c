/* The summary of the comparison of campaigns: which machine is faster at what, by how much, and how
 * sure that is. */
#include "harness/present/report_html.h"
#include "harness/present/report_work.h"

#include <stdlib.h>

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* "1.87 times as fast" for a ratio of times, "takes 1.3 times as long" for the others. */
static void put_ratio(FILE *out, sks_estimate ratio)
{
    if (ratio.value <= 1.0)
        fprintf(out, "<strong>%.3g times as fast</strong>", 1.0 / ratio.value);
    else
        fprintf(out, "<strong>%.3g times as slow</strong>", ratio.value);
    fprintf(out, " in the geometric mean of the ratios of times, %.4f", ratio.value);
    if (sks_interval_is_known(ratio.interval))
        fprintf(out, " (interval %.4f..%.4f)", ratio.interval.low, ratio.interval.high);
}

static void put_verdicts(FILE *out, const sks_compare_summary *s)
{
    fprintf(out, ": of %zu configuration%s %zu faster, %zu slower, %zu without a difference shown",
            s->n, plural(s->n), s->count[SKS_FASTER], s->count[SKS_SLOWER],
            s->count[SKS_NO_DIFFERENCE_SHOWN]);
    if (s->count[SKS_TOO_FEW_SAMPLES] > 0)
        fprintf(out, ", %zu with too few samples to show one", s->count[SKS_TOO_FEW_SAMPLES]);
    fputs(".</li>\n", out);
}

/* "new.db is faster than base.db in all 8 configurations, " */
static void put_claim(FILE *out, const char *new, const char *base, const sks_compare_summary *s)
{
    const size_t n_faster = s->count[SKS_FASTER], n_slower = s->count[SKS_SLOWER];
    const size_t n_first = n_faster > 0 ? n_faster : n_slower;

    sks_html_printf(out, "%s is %s than %s in ", new, n_faster > 0 ? "faster" : "slower", base);
    if (n_first == s->n)
        fprintf(out, "all %zu configurations", s->n);
    else
        fprintf(out, "%zu of %zu configurations", n_first, s->n);
    if (n_faster > 0 && n_slower > 0)
        fprintf(out, " and slower in %zu", n_slower);
    fputs(", ", out);
}

static void put_comparison(FILE *out, const char *work, const char *new, const char *base,
                           const sks_compare_summary *s)
{
    if (s->n == 0)
        return;
    fputs("<li><strong>", out);
    sks_html_text(out, work);
    fputs("</strong>: ", out);
    if (s->count[SKS_FASTER] + s->count[SKS_SLOWER] == 0) {
        sks_html_printf(out, "no difference between %s and %s is shown", new, base);
    } else {
        put_claim(out, new, base, s);
        put_ratio(out, s->geometric_mean);
    }
    put_verdicts(out, s);
}

/* The same comparisons, summarised for each piece of work apart: group g of work w becomes group
 * g n_works + w. Copies share their labels with the report's. */
static sks_match *regroup(const sks_matches *matches, const sks_works *works)
{
    sks_match *regrouped = calloc(matches->n + 1, sizeof(*regrouped));

    for (size_t i = 0; regrouped != NULL && i < matches->n; i++) {
        size_t w = 0;

        regrouped[i] = matches->matches[i];
        while (w + 1 < works->n &&
               !sks_is_same_work(works->works[w].fits[0]->series, regrouped[i].base_series))
            w++;
        regrouped[i].group = regrouped[i].group * works->n + w;
    }
    return regrouped;
}

static sks_status compare_works(const sks_report *report, const sks_works *works, FILE *out)
{
    const sks_compare_report *all = report->comparison;
    sks_match *matches = regroup(&all->matches, works);
    sks_compare_result result = {0};
    sks_status status = matches == NULL
                            ? sks_fail_nomem("comparisons")
                            : sks_compare(matches, all->matches.n, all->matches.n_groups * works->n,
                                          &all->options, &result);

    if (status == SKS_OK)
        fputs("<ul>\n", out);
    for (size_t g = 0; status == SKS_OK && g < result.n_groups; g++)
        put_comparison(out, works->works[g % works->n].label,
                       report->campaigns[1 + g / works->n].name, report->campaigns[0].name,
                       &result.groups[g]);
    if (status == SKS_OK)
        fputs("</ul>\n", out);
    sks_compare_clear(&result);
    free(matches);
    return status;
}

sks_status sks_report_faster(const sks_report *report, const sks_works *works, FILE *out)
{
    if (report->n_campaigns < 2)
        return SKS_OK;
    fputs("<h3>Which is faster, and at what</h3>\n", out);
    if (report->comparison->is_same_campaign) {
        fputs("<p>The campaigns are one and the same: nothing to compare.</p>\n", out);
        return SKS_OK;
    }
    if (report->comparison->matches.n == 0) {
        fputs("<p>The campaigns have no configuration in common: nothing to compare.</p>\n", out);
        return SKS_OK;
    }
    sks_html_element(
        out, "p",
        "The same configurations on both sides, median %s; a verdict holds at %g %% "
        "confidence with Holm's correction over all %zu comparisons and takes at least "
        "%g %%.",
        report->time_name, 100.0 * report->comparison->options.confidence,
        report->comparison->matches.n, 100.0 * report->comparison->options.threshold);
    return compare_works(report, works, out);
}
