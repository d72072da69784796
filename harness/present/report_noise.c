/* How far the samples are to be believed: noise, disturbed samples, warnings, the A/A self-check,
 * and the twelve rules of Hoefler & Belli (2015). */
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *text_at(const json_t *row, size_t i)
{
    const char *text = json_string_value(json_array_get(row, i));

    return text != NULL ? text : "";
}

static long long count_at(const json_t *row, size_t i)
{
    return (long long)json_integer_value(json_array_get(row, i));
}

/* ---- noise ---- */

static const struct noise {
    const char *name;
    sks_measure quantity;
    enum { TIME, HERTZ, NUMBER } kind;
} noises[] = {
    {"core-to-core latency before a run", SKS_MEASURE_LATENCY, TIME},
    {"start skew between workers", SKS_MEASURE_START_SKEW, TIME},
    {"processor time the host took away", SKS_MEASURE_STEAL, TIME},
    {"processor time other programs used", SKS_MEASURE_OTHER_LOAD, TIME},
    {"involuntary switches", SKS_MEASURE_SWITCHES, NUMBER},
    {"page faults that waited for a disk", SKS_MEASURE_MAJOR_FAULTS, NUMBER},
    {"frequency of the first processing unit", SKS_MEASURE_FREQUENCY, HERTZ},
};

static void noise_cell(int kind, double value, FILE *out)
{
    if (kind == TIME)
        sks_html_time_cell(out, (sks_estimate){value, sks_no_interval});
    else if (kind == HERTZ)
        sks_html_number_cell(out, value, 1e-9, "GHz");
    else
        sks_html_number_cell(out, value, 1.0, "");
}

static sks_status noise_row(const sks_measures *m, const struct noise *noise, FILE *out)
{
    static const double quantiles[] = {0.0, 0.5, 0.95, 1.0};
    double *values = NULL;
    size_t n = 0;
    sks_status status = sks_measures_all(&m->quantities[noise->quantity], &values, &n);

    if (status != SKS_OK)
        return status;
    sks_html_row_begin(out, noise->name);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
        noise_cell(noise->kind, n > 0 ? sks_quantile(values, n, quantiles[i]) : NAN, out);
    sks_html_count_cell(out, n);
    sks_html_row_end(out);
    free(values);
    return SKS_OK;
}

static sks_status noise_table(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    static const char *const heads[] = {"per sample",    "least",    "median",
                                        "95 % quantile", "greatest", "samples that tell"};
    char *caption = sks_report_caption(report, c, "Noise of all samples together");
    sks_status status = caption != NULL ? SKS_OK : sks_fail_nomem("a caption");

    if (status == SKS_OK)
        sks_html_table_begin(out, caption, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; status == SKS_OK && i < sizeof(noises) / sizeof(noises[0]); i++)
        status = noise_row(c->measures, &noises[i], out);
    if (status == SKS_OK)
        sks_html_table_end(out);
    free(caption);
    return status;
}

/* ---- what was found in the samples ---- */

static void put_diagnosis(const sks_report *report, const sks_compared *c, FILE *out)
{
    const sks_diagnosis_counts *d = &c->counts;
    char text[512];

    fputs("<ul>\n", out);
    sks_self_check_text(&c->self_check, &report->comparison->options, text, sizeof(text));
    sks_html_element(out, "li", "%s", text);
    if (c->self_check.n_configurations > 0)
        fprintf(out, "<li>A/A false-alarm rate: <data value=\"%.12g\">%.1f %%</data></li>\n",
                c->self_check.rate, 100.0 * c->self_check.rate);
    if (d->n_drift > 0)
        sks_html_element(out, "li",
                         "%zu of %zu configurations drift (Mann-Kendall), by %+.1f %% at most",
                         d->n_drift, d->n, 100.0 * d->greatest_drift);
    else
        sks_html_element(out, "li", "none of %zu configurations drifts (Mann-Kendall)", d->n);
    sks_html_element(out, "li", "%zu of %zu configurations have two peaks (dip test)", d->n_two,
                     d->n);
    sks_html_element(out, "li",
                     "%zu of %zu configurations have samples that depend on the one before; one in "
                     "twenty is by chance",
                     d->n_dependent, d->n);
    if (c->states.are_two)
        sks_html_element(out, "li",
                         "two states by the core-to-core latency: near %.3g ns, far %.3g ns "
                         "(%.0f %% of the time); the fits above take them together, "
                         "skyscale fit --state near and --state far each alone",
                         1e9 * c->states.near_s, 1e9 * c->states.far_s, 100.0 * c->states.far_part);
    else
        sks_html_element(out, "li", "one state by the core-to-core latency, of %zu probes",
                         c->states.n_known);
    fputs("</ul>\n", out);
}

static void put_disturbed_row(const json_t *row, FILE *out)
{
    sks_html_row_begin(out, text_at(row, 0));
    for (size_t i = 1; i < 5; i++)
        sks_html_text_cell(out, text_at(row, i));
    for (size_t i = 5; i < 7; i++)
        sks_html_count_cell(out, (size_t)count_at(row, i));
    sks_html_text_cell(out, text_at(row, 7));
    sks_html_text_cell(out, text_at(row, 8));
    sks_html_row_end(out);
}

static sks_status put_disturbed(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    static const char *const heads[] = {"kernel",    "parameters", "executor",
                                        "scheduler", "binding",    "workers",
                                        "round",     "started",    "disturbed by"};
    const json_t *reasons = json_object_get(c->measures->circumstances, "disturbances");
    const json_t *rows = json_object_get(c->measures->circumstances, "disturbed");
    const sks_facts *f = &c->measures->facts;
    char *caption;

    sks_html_element(out, "p", "%zu of %zu samples are flagged as disturbed.", f->n_disturbed,
                     f->n_good);
    if (json_array_size(rows) == 0)
        return SKS_OK;
    fputs("<ul>\n", out);
    for (size_t i = 0; i < json_array_size(reasons); i++)
        sks_html_element(out, "li", "%s: %lld", text_at(json_array_get(reasons, i), 0),
                         count_at(json_array_get(reasons, i), 1));
    fputs("</ul>\n", out);
    caption = sks_report_caption(report, c, "Disturbed samples");
    if (caption == NULL)
        return sks_fail_nomem("a caption");
    fputs("<details><summary>", out);
    sks_html_printf(out, "%s, the first %zu", caption, json_array_size(rows));
    fputs("</summary>\n", out);
    sks_html_table_begin(out, caption, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < json_array_size(rows); i++)
        put_disturbed_row(json_array_get(rows, i), out);
    sks_html_table_end(out);
    fputs("</details>\n", out);
    free(caption);
    return SKS_OK;
}

static void put_warnings(const sks_report_campaign *c, FILE *out)
{
    const json_t *machine = json_object_get(c->measures->facts.settings, "machine");
    const json_t *warnings = json_object_get(machine, "warnings");

    if (json_array_size(warnings) == 0)
        return;
    fputs("<p>Warnings when the campaign was begun:</p>\n<ul class=\"warnings\">\n", out);
    for (size_t i = 0; i < json_array_size(warnings); i++)
        sks_html_element(out, "li", "%s", text_at(warnings, i));
    fputs("</ul>\n", out);
}

sks_status sks_report_noise(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        const sks_report_campaign *campaign = &report->campaigns[c];

        sks_report_heading(report, campaign, out);
        put_warnings(campaign, out);
        put_diagnosis(report, campaign->compared, out);
        status = put_disturbed(report, campaign, out);
        if (status == SKS_OK)
            status = noise_table(report, campaign, out);
    }
    return status;
}

/* ---- the twelve rules ---- */

sks_status sks_report_rules(const sks_report *report, FILE *out)
{
    static const char *const heads[] = {"rule", "kept", "how, or why not"};
    static const char *const answers[] = {"yes", "no", "not applicable"};

    for (size_t c = 0; c < report->n_campaigns; c++) {
        const sks_report_campaign *campaign = &report->campaigns[c];
        const sks_compared *compared = campaign->compared;
        const sks_rules_input input = {compared->facts, compared->series, compared->n,
                                       report->confidence, &compared->counts};
        char *caption = sks_report_caption(report, campaign, "The twelve rules");
        sks_rule_answer rules[SKS_N_RULES];

        if (caption == NULL)
            return sks_fail_nomem("a caption");
        sks_report_heading(report, campaign, out);
        sks_rules_answer(&input, rules);
        sks_html_table_begin(out, caption, heads, sizeof(heads) / sizeof(heads[0]));
        for (int i = 0; i < SKS_N_RULES; i++) {
            char rule[256];

            snprintf(rule, sizeof(rule), "%d. %s", i + 1, rules[i].rule);
            sks_html_row_begin(out, rule);
            fprintf(out, "<td class=\"%s\">", sks_answer_name[rules[i].answer]);
            sks_html_printf(out, "%s", answers[rules[i].answer]);
            fputs("</td>", out);
            sks_html_text_cell(out, rules[i].reason);
            sks_html_row_end(out);
        }
        sks_html_table_end(out);
        free(caption);
    }
    return SKS_OK;
}
