/* How it was measured, and how to measure it again. */
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <stdlib.h>
#include <string.h>

/* Settings that have a place of their own. */
static bool is_shown_elsewhere(const char *key)
{
    return strcmp(key, "sweep") == 0 || strcmp(key, "machine") == 0;
}

static void put_setting(const char *name, const char *value, FILE *out)
{
    sks_html_row_begin(out, name);
    sks_html_text_cell(out, value);
    sks_html_row_end(out);
}

static void put_count(const char *name, size_t n, FILE *out)
{
    char text[32];

    snprintf(text, sizeof(text), "%zu", n);
    put_setting(name, text, out);
}

static sks_status put_settings(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    static const char *const heads[] = {"setting", "value"};
    const sks_facts *f = &c->measures->facts;
    char *caption = sks_report_caption(report, c, "Settings and counts");
    const char *key;
    json_t *value;

    if (caption == NULL)
        return sks_fail_nomem("a caption");
    sks_html_table_begin(out, caption, heads, 2);
    put_count("configurations", f->n_planned, out);
    put_count("of them without a good sample", f->n_without, out);
    put_count("samples", f->n_good, out);
    put_count("of them disturbed", f->n_disturbed, out);
    put_count("warm-ups, not used", f->n_warmups, out);
    put_count("failed runs", f->n_failed, out);
    json_object_foreach(f->settings, key, value)
    {
        if (!is_shown_elsewhere(key))
            put_setting(key, json_is_string(value) ? json_string_value(value) : "not known", out);
    }
    sks_html_table_end(out);
    free(caption);
    return SKS_OK;
}

static sks_status put_inputs(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    static const char *const heads[] = {"input", "XXH3 128 digest", "size"};
    const json_t *rows = json_object_get(c->measures->circumstances, "inputs");
    char *caption;

    if (json_array_size(rows) == 0) {
        fputs("<p>No kernel reads a file.</p>\n", out);
        return SKS_OK;
    }
    caption = sks_report_caption(report, c, "Inputs");
    if (caption == NULL)
        return sks_fail_nomem("a caption");
    sks_html_table_begin(out, caption, heads, 3);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *path = json_string_value(json_array_get(row, 0));
        const char *digest = json_string_value(json_array_get(row, 1));

        sks_html_row_begin(out, path != NULL ? path : "not UTF-8");
        sks_html_text_cell(out, digest != NULL ? digest : "not known");
        sks_html_number_cell(out, json_number_value(json_array_get(row, 2)), 1e-6, "MB");
        sks_html_row_end(out);
    }
    sks_html_table_end(out);
    free(caption);
    return SKS_OK;
}

/* Rows of texts, the last cell a count: "message (3 times)". */
static void put_list(const sks_report_campaign *c, const char *table, const char *title, FILE *out)
{
    const json_t *rows = json_object_get(c->measures->circumstances, table);

    if (json_array_size(rows) == 0)
        return;
    sks_html_element(out, "p", "%s:", title);
    fputs("<ul>\n", out);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        size_t n = json_array_size(row);

        fputs("<li>", out);
        for (size_t k = 0; k + 1 < n; k++) {
            const char *text = json_string_value(json_array_get(row, k));

            sks_html_printf(out, "%s%s", k > 0 ? ": " : "", text != NULL ? text : "not known");
        }
        sks_html_printf(out, " (%lld times)",
                        (long long)json_integer_value(json_array_get(row, n - 1)));
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

sks_status sks_report_method(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    sks_html_element(
        out, "p",
        "Every configuration is run again and again, in rounds whose order is drawn anew, so that "
        "drift hits all alike; warm-ups are not used. A run is timed by the monotonic clock as "
        "start-up, prepare, parallel, finish; the parallel part lasts from the common release of "
        "the workers to the end of the last one. Every product is verified and its digest "
        "compared. "
        "Centre: the median; intervals of %g %%: order statistics for medians, the bootstrap over "
        "rounds (%zu replicates) for speedups and laws; for ratios the bootstrap, of rounds where "
        "they pair the samples, BCa where not (%zu replicates).",
        100.0 * report->confidence, report->n_fit_replicates,
        report->comparison->options.n_replicates);
    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        const sks_report_campaign *campaign = &report->campaigns[c];

        sks_report_heading(report, campaign, out);
        status = put_settings(report, campaign, out);
        if (status == SKS_OK)
            status = put_inputs(report, campaign, out);
        put_list(campaign, "failures", "Runs that failed, and why", out);
        put_list(campaign, "decisions", "What schedulers decided by themselves", out);
    }
    return status;
}

/* ---- again ---- */

static void put_code(const char *label, const char *text, FILE *out)
{
    fputs("<pre role=\"group\" tabindex=\"0\" aria-label=\"", out);
    sks_html_text(out, label);
    fputs("\"><code>", out);
    sks_html_text(out, text);
    fputs("</code></pre>\n", out);
}

/* Which units they were is not kept. */
static void put_limit(const sks_report_campaign *c, FILE *out)
{
    const json_t *machine = json_object_get(c->measures->facts.settings, "machine");
    const json_t *processor = json_object_get(machine, "processor");
    const long long all =
        (long long)json_integer_value(json_object_get(processor, "hardware_threads"));
    const long long usable =
        (long long)json_integer_value(json_object_get(processor, "usable_hardware_threads"));

    if (usable > 0 && usable < all)
        fprintf(out,
                "<p>It might use %lld of the machine's %lld hardware threads. Where nothing else "
                "limits it so, put <code>taskset -c</code> and a list of %lld in front.</p>\n",
                usable, all, usable);
}

static sks_status put_again(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    const char *sweep = sks_facts_setting(&c->measures->facts, "sweep");
    char *caption;

    if (sweep[0] == '\0') {
        fputs("<p>The database holds no sweep file.</p>\n", out);
        return SKS_OK;
    }
    caption = sks_report_caption(report, c, "The sweep file");
    if (caption == NULL)
        return sks_fail_nomem("a caption");
    fputs("<p>Save the text below as <code>again.yaml</code>, beside its inputs, and run</p>\n",
          out);
    put_code("The command", "skyscale sweep again.yaml -d again.db", out);
    put_limit(c, out);
    put_code(caption, sweep, out);
    free(caption);
    return SKS_OK;
}

sks_status sks_report_again(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        sks_report_heading(report, &report->campaigns[c], out);
        status = put_again(report, &report->campaigns[c], out);
    }
    fputs("<h3>This page</h3>\n<p>It was made by</p>\n", out);
    put_code("The command for this page", report->command, out);
    return status;
}
