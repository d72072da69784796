/* Comparisons: of the campaigns, and of the schedulers within each. The numbers of `skyscale
 * compare`. */
#include "harness/present/compare_table.h"
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *verdict_text(const sks_comparison *c)
{
    static const char *const texts[SKS_N_CHANGES] = {
        [SKS_NO_DIFFERENCE_SHOWN] = "no difference shown",
        [SKS_FASTER] = "faster",
        [SKS_SLOWER] = "slower",
        [SKS_TOO_FEW_SAMPLES] = "too few samples",
    };

    return c->is_below_threshold ? "no difference that matters" : texts[c->change];
}

static void comparison_row(const sks_comparison *c, const char *new, FILE *out)
{
    char samples[64];

    if (c->is_paired)
        snprintf(samples, sizeof(samples), "%zu rounds", c->n_base);
    else
        snprintf(samples, sizeof(samples), "%zu, %zu", c->n_base, c->n_new);
    sks_html_row_begin(out, c->match->label);
    sks_html_text_cell(out, new);
    fprintf(out, "<td class=\"%s\">", sks_change_name[c->change]);
    sks_html_printf(out, "%s", verdict_text(c));
    fputs("</td>", out);
    sks_html_ratio_cell(out, c->ratio, c->ratio.value < 10.0 ? 3 : 1);
    sks_html_time_cell(out, c->base);
    sks_html_time_cell(out, c->new);
    sks_html_ratio_cell(out, c->shift, c->shift.value < 10.0 ? 3 : 1);
    sks_html_number_cell(out, c->cliffs_delta, 1.0, "");
    sks_html_number_cell(out, c->p_holm, 1.0, "");
    sks_html_text_cell(out, samples);
    sks_html_row_end(out);
}

/* names[group] instead of the report's own, or NULL. */
static const char *group_name(const sks_compare_report *report, const sks_report *page, size_t g)
{
    return report->by == NULL ? page->campaigns[1 + g].name : report->matches.group_names[g];
}

static const char *kernel_of(const sks_comparison *c)
{
    return c->match->base_series->kernel;
}

/* Kernel by kernel, as the other tables are, each in the order of the comparisons. */
static void put_result(const sks_report *page, const sks_compare_report *report,
                       const sks_compare_result *result, const char *caption, FILE *out)
{
    static const char *const heads[] = {"configuration", "compared", "verdict", "ratio of times",
                                        "base",          "new",      "shift",   "Cliff's delta",
                                        "p (Holm)",      "samples"};

    sks_html_parts parts;

    sks_html_parts_begin(&parts, out, caption, heads, sizeof(heads) / sizeof(heads[0]), result->n);
    for (size_t i = 0; i < result->n; i++) {
        const char *kernel = kernel_of(&result->comparisons[i]);
        bool is_done = false;

        for (size_t j = 0; !is_done && j < i; j++)
            is_done = strcmp(kernel_of(&result->comparisons[j]), kernel) == 0;
        for (size_t j = i; !is_done && j < result->n; j++) {
            const sks_comparison *c = &result->comparisons[j];

            if (strcmp(kernel_of(c), kernel) != 0)
                continue;
            sks_html_parts_row(&parts, kernel);
            comparison_row(c, group_name(report, page, c->match->group), out);
        }
    }
    sks_html_parts_end(&parts);
}

static void put_groups(const sks_report *page, const sks_compare_report *report, FILE *out)
{
    fputs("<ul>\n", out);
    for (size_t g = 0; g < report->result.n_groups; g++) {
        const sks_compare_summary *s = &report->result.groups[g];

        fputs("<li>", out);
        sks_html_printf(out,
                        "%s: %zu compared, %zu faster, %zu slower, %zu without a difference "
                        "shown, %zu with too few samples",
                        group_name(report, page, g), s->n, s->count[SKS_FASTER],
                        s->count[SKS_SLOWER], s->count[SKS_NO_DIFFERENCE_SHOWN],
                        s->count[SKS_TOO_FEW_SAMPLES]);
        if (!isnan(s->geometric_mean.value)) {
            fprintf(out, "; geometric mean of the ratios <data value=\"%.12g\">%.4f</data>",
                    s->geometric_mean.value, s->geometric_mean.value);
            if (sks_interval_is_known(s->geometric_mean.interval))
                fprintf(out, " (%.4f..%.4f)", s->geometric_mean.interval.low,
                        s->geometric_mean.interval.high);
        }
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

/* Why configurations have no partner. */
static void put_changed_inputs(const sks_matches *matches, FILE *out)
{
    for (size_t group = 0; group < json_array_size(matches->changed_inputs); group++) {
        const json_t *changed = json_array_get(matches->changed_inputs, group);

        for (size_t i = 0; i < json_array_size(changed); i++)
            sks_html_element(out, "p", "%s has other contents in %s: what reads it is other work.",
                             json_string_value(json_array_get(changed, i)),
                             matches->group_names[group]);
    }
}

static void put_unmatched(const sks_matches *matches, FILE *out)
{
    put_changed_inputs(matches, out);
    if (matches->n_unmatched == 0)
        return;
    fprintf(out, "<details><summary>%zu without a partner</summary><ul>\n", matches->n_unmatched);
    for (size_t i = 0; i < matches->n_unmatched; i++) {
        fputs("<li>only in ", out);
        sks_html_printf(out, "%s: %s", matches->unmatched[i].where, matches->unmatched[i].label);
        fputs("</li>\n", out);
    }
    fputs("</ul></details>\n", out);
}

static void put_legend(const sks_compare_report *report, FILE *out)
{
    const sks_compare_options *o = &report->options;
    const sks_compare_methods methods = sks_compare_methods_of(&report->result);

    sks_html_element(
        out, "p",
        "Ratio of times: new over base, below 1 is faster, with its %g %% interval, each for "
        "itself (%s, "
        "%zu replicates); shift: Hodges and Lehmann's estimate of the same; Cliff's delta: +1 when "
        "all of new is slower; p: %s, with Holm's correction for %zu comparisons. Faster and "
        "slower: p below %g and at least %g %% apart.",
        100.0 * o->confidence, methods.interval, o->n_replicates, methods.test, report->result.n,
        1.0 - o->confidence, 100.0 * o->threshold);
}

static sks_status put_comparison(const sks_report *page, const sks_compare_report *report,
                                 const char *what, FILE *out)
{
    char *caption = NULL;

    put_legend(report, out);
    put_result(page, report, &report->result, what, out);
    put_groups(page, report, out);
    put_unmatched(&report->matches, out);
    for (size_t k = 0; k < report->n_states; k++) {
        const sks_state_report *r = &report->states[k];

        if (asprintf(&caption, "%s, only samples taken while the cores were %s to each other", what,
                     sks_state_name[r->state]) < 0)
            return sks_fail_nomem("a caption");
        fputs("<details><summary>", out);
        sks_html_text(out, caption);
        fputs("</summary>\n", out);
        put_result(page, report, &r->result, caption, out);
        fputs("</details>\n", out);
        free(caption);
    }
    return SKS_OK;
}

sks_status sks_report_comparison(const sks_report *report, FILE *out)
{
    const sks_compare_report *comparison = report->comparison;

    if (report->n_campaigns < 2) {
        fputs("<p>One campaign only: there is no other machine to compare with.</p>\n", out);
        return SKS_OK;
    }
    if (comparison->is_same_campaign) {
        fputs("<p>The same campaign twice: nothing to compare.</p>\n", out);
        return SKS_OK;
    }
    sks_html_element(out, "p", "The base is %s.", report->campaigns[0].name);
    return put_comparison(report, comparison, "The campaigns compared", out);
}

sks_status sks_report_schedulers(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        const sks_report_campaign *campaign = &report->campaigns[c];
        char *caption;

        sks_report_heading(report, campaign, out);
        if (campaign->schedulers == NULL) {
            fputs("<p>One scheduler only: there is no other to compare with.</p>\n", out);
            continue;
        }
        caption = sks_report_caption(report, campaign, "The schedulers compared");
        if (caption == NULL)
            return sks_fail_nomem("a caption");
        sks_html_element(out, "p", "The base is %s.", campaign->schedulers->matches.base_name);
        status = put_comparison(report, campaign->schedulers, caption, out);
        free(caption);
    }
    return status;
}
