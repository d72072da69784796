/* Speedups and fitted laws: the numbers of `skyscale fit`, one row for each point and model. */
#include "harness/present/fit_table_parts.h"
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- speedups ---- */

static void speedup_row(const char *label, const sks_point_fit *p, FILE *out)
{
    char workers[64];

    snprintf(workers, sizeof(workers), "%u%s%s", p->n_workers, p->is_oversubscribed ? "*" : "",
             p->is_superlinear ? "^" : "");
    sks_html_row_begin(out, label);
    fprintf(out, "<td class=\"n\" data-value=\"%u\">%s</td>", p->n_workers, workers);
    sks_html_count_cell(out, p->n_samples);
    sks_html_time_cell(out, p->median);
    sks_html_ratio_cell(out, p->speedup, 2);
    sks_html_ratio_cell(out, p->efficiency, 3);
    sks_html_ratio_cell(out, p->karp_flatt, 3);
    sks_html_time_cell(out, p->serial);
    sks_html_row_end(out);
}

static sks_status speedup_table(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    static const char *const heads[] = {"configuration", "workers",    "samples",    "median time",
                                        "speedup",       "efficiency", "Karp-Flatt", "serial time"};
    char *caption = sks_report_caption(report, c, "Speedups");
    char **labels = NULL;
    sks_html_parts parts;
    sks_status status = caption != NULL ? sks_report_labels(c, &labels) : sks_fail_nomem("labels");

    if (status == SKS_OK) {
        sks_html_parts_begin(&parts, out, caption, heads, sizeof(heads) / sizeof(heads[0]),
                             sks_report_rows(c));
        for (size_t i = 0; i < c->n; i++)
            for (size_t j = 0; j < c->fits[i].n_points; j++) {
                sks_html_parts_row(&parts, c->fits[i].series->kernel);
                speedup_row(labels[i], &c->fits[i].points[j], out);
            }
        sks_html_parts_end(&parts);
    }
    sks_report_labels_free(labels, c->n);
    free(caption);
    return status;
}

sks_status sks_report_speedups(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    sks_html_element(
        out, "p",
        "Median %s with its order-statistic interval; speedup: the base's median over this one, "
        "the "
        "base being the fewest workers of the same configuration; efficiency: speedup per worker; "
        "Karp-Flatt: the serial fraction that this speedup alone points to; serial time: outside "
        "the parallel phase. Intervals of %g %% in small print.",
        report->time_name, 100.0 * report->confidence);
    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        sks_report_heading(report, &report->campaigns[c], out);
        status = speedup_table(report, &report->campaigns[c], out);
    }
    fputs("<p class=\"note\">* oversubscribed: more workers than places to run; ^ faster than in "
          "proportion to the workers (superlinear).</p>\n",
          out);
    return status;
}

/* ---- laws ---- */

static void put_parameter(const sks_model_fit *m, size_t k, FILE *out)
{
    const sks_model_parameter *p = &m->model->parameters[k];

    fprintf(out, "<data class=\"parameter\" value=\"%.12g\">", m->parameter[k].value);
    sks_html_printf(out, "%s = ", p->name);
    if (strcmp(p->unit, "s") == 0)
        sks_html_time_estimate(out, m->parameter[k]);
    else
        sks_html_estimate(out, m->parameter[k], 1.0);
    fputs(m->is_on_bound[k] ? " |</data>" : "</data>", out);
}

static void put_parameters(const sks_model_fit *m, FILE *out)
{
    fputs("<td>", out);
    for (size_t k = 0; k < m->model->n_parameters; k++)
        put_parameter(m, k, out);
    fputs("</td>", out);
}

static void model_row(const char *label, const sks_fit *fit, const sks_model_fit *m, FILE *out)
{
    sks_html_row_begin(out, label);
    fputs("<td>", out);
    sks_html_printf(out, "%s%s", m->model->name, m == fit->preferred ? " ✓" : "");
    fputs("</td>", out);
    put_parameters(m, out);
    sks_html_estimate_cell(out, m->serial_fraction, 1.0, "");
    sks_html_estimate_cell(out, m->optimum, 1.0, sks_fit_mark(fit, m->optimum.value));
    if (m->is_exact)
        sks_html_text_cell(out, "exact");
    else
        sks_html_number_cell(out, m->residual_rms, 100.0, "%");
    sks_html_number_cell(out, m->leave_one_out_rms, 100.0, "%");
    sks_html_number_cell(out, m->aicc, 1.0, "");
    sks_html_number_cell(out, m->akaike_weight, 1.0, "");
    sks_html_row_end(out);
}

/* A fit, and the one of its oversubscribed points where that was asked for. */
static void model_rows(const char *label, const sks_fit *fit, FILE *out)
{
    char *longer = NULL;

    for (size_t m = 0; m < fit->n_models; m++)
        if (fit->models[m].is_fitted)
            model_row(label, fit, &fit->models[m], out);
    if (fit->apart != NULL && asprintf(&longer, "%s, oversubscribed", label) >= 0) {
        model_rows(longer, fit->apart, out);
        free(longer);
    }
}

static size_t count_fitted(const sks_report_campaign *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        for (size_t m = 0; m < c->fits[i].n_models; m++)
            n += c->fits[i].models[m].is_fitted;
    return n;
}

static bool have_one_verdict(const sks_report_campaign *c)
{
    for (size_t i = 1; i < c->n; i++)
        if (strcmp(c->fits[i].verdict_text, c->fits[0].verdict_text) != 0)
            return false;
    return true;
}

enum { MOST_REMARKS = 12 }; /* beyond that they are folded away */

/* Where the fitted serial part is not the measured one. */
static void put_remarks(const sks_report_campaign *c, char **labels, FILE *out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        n += c->fits[i].serial_remark[0] != '\0';
    if (n == 0)
        return;
    if (n > MOST_REMARKS)
        fprintf(out,
                "<details><summary>%zu configurations whose fitted serial part is not the "
                "measured one</summary>\n",
                n);
    fputs("<ul>\n", out);
    for (size_t i = 0; i < c->n; i++)
        if (c->fits[i].serial_remark[0] != '\0')
            sks_html_element(out, "li", "%s: %s", labels[i], c->fits[i].serial_remark);
    fputs(n > MOST_REMARKS ? "</ul>\n</details>\n" : "</ul>\n", out);
}

/* The verdict once, where it is the same for all. */
static void put_conclusions(const sks_report_campaign *c, char **labels, FILE *out)
{
    const bool is_one = have_one_verdict(c);

    fputs("<ul>\n", out);
    if (is_one)
        sks_html_element(out, "li", "%s: %s", c->n > 1 ? "all configurations" : labels[0],
                         c->fits[0].verdict_text);
    for (size_t i = 0; !is_one && i < c->n; i++)
        sks_html_element(out, "li", "%s: %s", labels[i], c->fits[i].verdict_text);
    fputs("</ul>\n", out);
    put_remarks(c, labels, out);
}

static sks_status put_laws(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    static const char *const heads[] = {"configuration", "law",    "parameters",
                                        "serial part",   "best N", "residuals",
                                        "left-out",      "AICc",   "weight"};
    char *caption = sks_report_caption(report, c, "Fitted laws");
    const size_t n_fitted = count_fitted(c);
    char **labels = NULL;
    sks_html_parts parts;
    sks_status status = caption != NULL ? sks_report_labels(c, &labels) : sks_fail_nomem("labels");

    if (status == SKS_OK && n_fitted > 0) {
        sks_html_parts_begin(&parts, out, caption, heads, sizeof(heads) / sizeof(heads[0]),
                             n_fitted);
        for (size_t i = 0; i < c->n; i++) {
            sks_html_parts_row(&parts, c->fits[i].series->kernel);
            model_rows(labels[i], &c->fits[i], out);
        }
        sks_html_parts_end(&parts);
    }
    if (status == SKS_OK)
        put_conclusions(c, labels, out);
    sks_report_labels_free(labels, c->n);
    free(caption);
    return status;
}

sks_status sks_report_fits(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    fputs("<ul>\n", out);
    for (size_t m = 0; sks_model_table[m] != NULL; m++) {
        fputs("<li><strong>", out);
        sks_html_printf(out, "%s", sks_model_table[m]->name);
        fputs("</strong>: ", out);
        sks_html_printf(out, "%s", sks_model_table[m]->formula);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        sks_report_heading(report, &report->campaigns[c], out);
        status = put_laws(report, &report->campaigns[c], out);
    }
    fprintf(
        out,
        "<p class=\"note\">✓ the law of the conclusion; best N: the number of workers with the "
        "least time, as far as the law holds (+ outside the worker counts of the fit; ! beyond %g "
        "times their greatest: a guess); residuals: their root mean square, relative; left-out: "
        "the same for points predicted from all others; AICc: the least is best, by 2 at least; | "
        "at the end of its range.</p>\n",
        SKS_FAR_FACTOR);
    return status;
}
