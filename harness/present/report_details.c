/* Where the time goes and what was counted: phases, imbalance, counters; a row for each
 * configuration. */
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One column of such a table. */
struct column {
    const char *head;
    sks_measure quantity;
    enum { TIME, PERCENT, NUMBER, SLOW_DOWN } kind;
};

static void put_cell(const struct column *column, sks_estimate e, FILE *out)
{
    switch (column->kind) {
    case TIME:
        sks_html_time_cell(out, e);
        break;
    case PERCENT:
    case SLOW_DOWN:
        sks_html_estimate_cell(out, e, 100.0, "");
        break;
    default:
        sks_html_estimate_cell(out, e, 1.0, "");
    }
}

/* The part of the workers' busy time that one worker alone would not have needed, relative to what
 * it needs: memory, hardware threads, frequency. A ratio of medians, without an interval. */
static sks_estimate slow_down(const sks_series_list *busy, const sks_series *series,
                              unsigned n_workers, double confidence)
{
    const double n_times = series->is_weak ? 1.0 : n_workers; /* weak: as much work for each */
    const double alone = sks_measures_median(busy, series, 1, confidence).value;
    sks_estimate e = sks_no_estimate;

    if (n_workers > 1 && alone > 0)
        e.value =
            n_times * sks_measures_median(busy, series, n_workers, confidence).value / alone - 1.0;
    return e;
}

static sks_estimate estimate(const sks_report *report, const sks_report_campaign *c,
                             const sks_series *series, unsigned n_workers,
                             const struct column *column)
{
    const sks_series_list *list = &c->measures->quantities[column->quantity];

    return column->kind == SLOW_DOWN
               ? slow_down(list, series, n_workers, report->confidence)
               : sks_measures_median(list, series, n_workers, report->confidence);
}

static void begin_row(const char *label, const sks_point_fit *p, FILE *out)
{
    sks_html_row_begin(out, label);
    fprintf(out, "<td class=\"n\" data-value=\"%u\">%u%s</td>", p->n_workers, p->n_workers,
            p->is_oversubscribed ? "*" : "");
}

static sks_status quantity_table(const sks_report *report, const sks_report_campaign *c,
                                 const char *what, const struct column *columns, size_t n,
                                 FILE *out)
{
    const char *heads[SKS_N_MEASURES + 2] = {"configuration", "workers"};
    char *caption = sks_report_caption(report, c, what);
    char **labels = NULL;
    sks_html_parts parts;
    sks_status status = caption != NULL ? sks_report_labels(c, &labels) : sks_fail_nomem("labels");

    for (size_t k = 0; k < n; k++)
        heads[2 + k] = columns[k].head;
    if (status == SKS_OK)
        sks_html_parts_begin(&parts, out, caption, heads, 2 + n, sks_report_rows(c));
    for (size_t i = 0; status == SKS_OK && i < c->n; i++)
        for (size_t j = 0; j < c->fits[i].n_points; j++) {
            const sks_point_fit *p = &c->fits[i].points[j];

            sks_html_parts_row(&parts, c->fits[i].series->kernel);
            begin_row(labels[i], p, out);
            for (size_t k = 0; k < n; k++)
                put_cell(&columns[k],
                         estimate(report, c, c->fits[i].series, p->n_workers, &columns[k]), out);
            sks_html_row_end(out);
        }
    if (status == SKS_OK)
        sks_html_parts_end(&parts);
    sks_report_labels_free(labels, c->n);
    free(caption);
    return status;
}

sks_status sks_report_phases(const sks_report *report, FILE *out)
{
    static const struct column columns[] = {{"start-up", SKS_MEASURE_STARTUP, TIME},
                                            {"prepare", SKS_MEASURE_PREPARE, TIME},
                                            {"parallel", SKS_MEASURE_PARALLEL, TIME},
                                            {"finish", SKS_MEASURE_FINISH, TIME},
                                            {"total", SKS_MEASURE_TOTAL, TIME}};
    sks_status status = SKS_OK;

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        sks_report_heading(report, &report->campaigns[c], out);
        status = quantity_table(report, &report->campaigns[c], "Median times of the phases",
                                columns, sizeof(columns) / sizeof(columns[0]), out);
    }
    return status;
}

sks_status sks_report_imbalance(const sks_report *report, FILE *out)
{
    static const struct column columns[] = {
        {"imbalance [%]", SKS_MEASURE_IMBALANCE, PERCENT},
        {"chunks", SKS_MEASURE_CHUNKS, NUMBER},
        {"overhead per chunk", SKS_MEASURE_OVERHEAD, TIME},
        {"start skew", SKS_MEASURE_START_SKEW, TIME},
        {"slow-down of the tasks [%]", SKS_MEASURE_CORE, SLOW_DOWN},
    };
    sks_status status = SKS_OK;

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        sks_report_heading(report, &report->campaigns[c], out);
        status = quantity_table(report, &report->campaigns[c], "Median imbalance and overhead",
                                columns, sizeof(columns) / sizeof(columns[0]), out);
    }
    return status;
}

/* ---- counters ---- */

static sks_status counter_table(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    const sks_measures *m = c->measures;
    const char **heads = calloc(m->n_events + 2, sizeof(*heads));
    char *caption = sks_report_caption(report, c, "Median counts, summed over the workers");
    char **labels = NULL;
    sks_html_parts parts;
    sks_status status =
        heads != NULL && caption != NULL ? sks_report_labels(c, &labels) : sks_fail_nomem("labels");

    if (status == SKS_OK) {
        heads[0] = "configuration";
        heads[1] = "workers";
        for (size_t k = 0; k < m->n_events; k++)
            heads[2 + k] = m->events[k];
        sks_html_parts_begin(&parts, out, caption, heads, m->n_events + 2, sks_report_rows(c));
    }
    for (size_t i = 0; status == SKS_OK && i < c->n; i++)
        for (size_t j = 0; j < c->fits[i].n_points; j++) {
            const sks_point_fit *p = &c->fits[i].points[j];

            sks_html_parts_row(&parts, c->fits[i].series->kernel);
            begin_row(labels[i], p, out);
            for (size_t k = 0; k < m->n_events; k++)
                sks_html_estimate_cell(out,
                                       sks_measures_median(&m->counters[k], c->fits[i].series,
                                                           p->n_workers, report->confidence),
                                       1.0, "");
            sks_html_row_end(out);
        }
    if (status == SKS_OK)
        sks_html_parts_end(&parts);
    sks_report_labels_free(labels, c->n);
    free(caption);
    free(heads);
    return status;
}

static const char *text_at(const json_t *row, size_t i)
{
    const char *text = json_string_value(json_array_get(row, i));

    return text != NULL ? text : "";
}

/* Missing is not zero: what could not be counted, or not exactly, and why. */
static void put_qualities(const json_t *rows, FILE *out)
{
    fputs("<ul>\n", out);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        fputs("<li>", out);
        sks_html_printf(out, "%s: %s", text_at(row, 0), text_at(row, 2));
        if (text_at(row, 1)[0] != '\0')
            sks_html_printf(out, " (source %s)", text_at(row, 1));
        sks_html_printf(out, ", %lld values",
                        (long long)json_integer_value(json_array_get(row, 3)));
        if (text_at(row, 4)[0] != '\0')
            sks_html_printf(out, "; %s", text_at(row, 4));
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

sks_status sks_report_counters(const sks_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        const sks_measures *m = report->campaigns[c].measures;
        const json_t *rows = json_object_get(m->circumstances, "counters");

        sks_report_heading(report, &report->campaigns[c], out);
        if (json_array_size(rows) == 0) {
            fputs("<p>No counter was asked for.</p>\n", out);
            continue;
        }
        if (m->n_events > 0)
            status = counter_table(report, &report->campaigns[c], out);
        else
            fputs("<p>Nothing could be counted:</p>\n", out);
        put_qualities(rows, out);
    }
    return status;
}
