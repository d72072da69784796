#include "harness/present/gnuplot.h"
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what the sections share ---- */

void sks_report_heading(const sks_report *report, const sks_report_campaign *campaign, FILE *out)
{
    if (report->n_campaigns > 1)
        sks_html_element(out, "h3", "%s", campaign->name);
}

char *sks_report_caption(const sks_report *report, const sks_report_campaign *campaign,
                         const char *what)
{
    bool is_alone = report->n_campaigns == 1;
    char *caption;

    return asprintf(&caption, "%s%s%s", what, is_alone ? "" : ": ",
                    is_alone ? "" : campaign->name) < 0
               ? NULL
               : caption;
}

size_t sks_report_rows(const sks_report_campaign *campaign)
{
    size_t n = 0;

    for (size_t i = 0; i < campaign->n; i++)
        n += campaign->fits[i].n_points;
    return n;
}

void sks_report_labels_free(char **labels, size_t n)
{
    for (size_t i = 0; labels != NULL && i < n; i++)
        free(labels[i]);
    free(labels);
}

/* sks_series_label names the kernel only where there are several. */
static sks_status label_series(const sks_series *const *series, size_t n, size_t i, char **label)
{
    bool is_alike = true;
    char *text = NULL;
    sks_status status = sks_series_label(series, n, i, true, &text);

    for (size_t j = 0; j < n; j++)
        is_alike = is_alike && strcmp(series[j]->kernel, series[i]->kernel) == 0;
    if (status != SKS_OK || !is_alike) {
        *label = text;
        return status;
    }
    if (asprintf(label, "%s, %s", series[i]->kernel, text) < 0) {
        *label = NULL;
        status = sks_fail_nomem("a label");
    }
    free(text);
    return status;
}

sks_status sks_report_labels(const sks_report_campaign *campaign, char ***labels)
{
    const sks_series **series = calloc(campaign->n + 1, sizeof(*series));
    char **made = calloc(campaign->n + 1, sizeof(*made));
    sks_status status = series != NULL && made != NULL ? SKS_OK : sks_fail_nomem("labels");

    for (size_t i = 0; status == SKS_OK && i < campaign->n; i++)
        series[i] = campaign->fits[i].series;
    for (size_t i = 0; status == SKS_OK && i < campaign->n; i++)
        status = label_series(series, campaign->n, i, &made[i]);
    free(series);
    if (status != SKS_OK) {
        sks_report_labels_free(made, campaign->n);
        return status;
    }
    *labels = made;
    return SKS_OK;
}

/* ---- short sections ---- */

static sks_status put_title(const sks_report *report, FILE *out)
{
    for (size_t c = 0; c < report->n_campaigns; c++)
        sks_html_printf(out, "%s%s", c > 0 ? " and " : "", report->campaigns[c].name);
    return SKS_OK;
}

static sks_status put_origin(const sks_report *report, FILE *out)
{
    char date[32] = "";
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc);
    sks_html_printf(out, "Made by skyscale %s, %s, from", SKS_VERSION, date);
    for (size_t c = 0; c < report->n_campaigns; c++) {
        const sks_facts *f = &report->campaigns[c].measures->facts;

        sks_html_printf(out, "%s %s (campaign “%s”, begun %s, %zu samples)", c > 0 ? ";" : "",
                        report->campaigns[c].path, sks_facts_setting(f, "name"),
                        sks_facts_setting(f, "created_at"), f->n_good);
    }
    return SKS_OK;
}

/* ---- the template ---- */

static const struct section {
    const char *name;
    sks_report_section *write;
} sections[] = {
    {"title", put_title},
    {"origin", put_origin},
    {"summary", sks_report_summary},
    {"machines", sks_report_machines},
    {"figures", sks_report_figures},
    {"speedups", sks_report_speedups},
    {"fits", sks_report_fits},
    {"comparison", sks_report_comparison},
    {"schedulers", sks_report_schedulers},
    {"phases", sks_report_phases},
    {"imbalance", sks_report_imbalance},
    {"counters", sks_report_counters},
    {"noise", sks_report_noise},
    {"rules", sks_report_rules},
    {"method", sks_report_method},
    {"again", sks_report_again},
};

static const struct section *find_section(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        if (strlen(sections[i].name) == length && strncmp(sections[i].name, name, length) == 0)
            return &sections[i];
    return NULL;
}

/* Copies the template with each {{NAME}} replaced by its section. */
static sks_status fill(const sks_report *report, const char *path, const char *template, FILE *out)
{
    const char *at = template, *mark;
    sks_status status = SKS_OK;

    while (status == SKS_OK && (mark = strstr(at, "{{")) != NULL) {
        const char *name = mark + 2, *end = strstr(name, "}}");
        const struct section *section =
            end != NULL ? find_section(name, (size_t)(end - name)) : NULL;

        if (section == NULL)
            return sks_fail(SKS_ERR_INPUT, "%s: there is no section \"%.*s\"", path,
                            end != NULL ? (int)(end - name) : 16, name);
        fwrite(at, 1, (size_t)(mark - at), out);
        status = section->write(report, out);
        at = end + 2;
    }
    fputs(at, out);
    return status;
}

static sks_status read_template(const char *path, char **text)
{
    FILE *file = fopen(path, "r");
    char *made = NULL;
    size_t size = 0;

    if (file == NULL)
        return sks_fail(SKS_ERR_IO, "%s: %s", path, strerror(errno));
    if (getdelim(&made, &size, '\0', file) < 0) {
        free(made);
        fclose(file);
        return sks_fail(SKS_ERR_IO, "%s: cannot be read, or is empty", path);
    }
    fclose(file);
    *text = made;
    return SKS_OK;
}

sks_status sks_report_write(const sks_report *report, FILE *out)
{
    char *path = NULL, *template = NULL;
    sks_status status = sks_plots_find("report.html", &path);

    if (status == SKS_OK)
        status = read_template(path, &template);
    if (status == SKS_OK)
        status = fill(report, path, template, out);
    free(template);
    free(path);
    return status;
}
