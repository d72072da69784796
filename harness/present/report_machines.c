/* The machines side by side: every fact of their descriptions, a column for each campaign. */
#include "harness/present/machine_text.h"
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <stdlib.h>
#include <string.h>

/* What the report shows elsewhere, or what is too long for a table. */
static bool is_left_out(const char *section)
{
    return strcmp(section, "warnings") == 0 || strcmp(section, "counters") == 0;
}

static const json_t *machine_of(const sks_report *report, size_t c)
{
    return json_object_get(report->campaigns[c].measures->facts.settings, "machine");
}

/* An entry's text, from malloc: arrays have a line for each element. NULL without memory. */
static char *text_of(const char *key, const json_t *value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    if (!json_is_array(value))
        sks_machine_value(key, value, out);
    for (size_t i = 0; i < json_array_size(value); i++) {
        fputs(i > 0 ? "; " : "", out);
        sks_machine_value(key, json_array_get(value, i), out);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static bool is_alike(const sks_report *report, const char *section, const char *key)
{
    const json_t *first = json_object_get(json_object_get(machine_of(report, 0), section), key);

    for (size_t c = 1; c < report->n_campaigns; c++) {
        const json_t *other = json_object_get(json_object_get(machine_of(report, c), section), key);

        if (other == NULL || first == NULL ? other != first : !json_equal(first, other))
            return false;
    }
    return true;
}

static sks_status put_row(const sks_report *report, const char *section, const char *key, FILE *out)
{
    bool alike = is_alike(report, section, key);
    sks_status status = SKS_OK;
    char words[64];

    sks_machine_words(key, words, sizeof(words));
    fputs(alike ? "<tr>" : "<tr class=\"differs\">", out);
    fputs("<th scope=\"row\">", out);
    sks_html_printf(out, "%s: %s%s", section, words, alike ? "" : " ≠");
    fputs("</th>", out);
    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++) {
        char *text =
            text_of(key, json_object_get(json_object_get(machine_of(report, c), section), key));

        if (text == NULL)
            status = sks_fail_nomem("the machine table");
        else
            sks_html_text_cell(out, text);
        free(text);
    }
    sks_html_row_end(out);
    return status;
}

/* Whether a campaign before this one has the entry, and so the table its row. */
static bool is_known(const sks_report *report, size_t c, const char *section, const char *key)
{
    for (size_t before = 0; before < c; before++)
        if (json_object_get(json_object_get(machine_of(report, before), section), key) != NULL)
            return true;
    return false;
}

static sks_status put_rows(const sks_report *report, size_t c, FILE *out)
{
    sks_status status = SKS_OK;
    const char *section, *key;
    json_t *entries, *value;

    json_object_foreach((json_t *)machine_of(report, c), section, entries)
    {
        if (is_left_out(section))
            continue;
        json_object_foreach(entries, key, value)
        {
            if (status == SKS_OK && !is_known(report, c, section, key))
                status = put_row(report, section, key, out);
        }
    }
    return status;
}

static bool is_any_described(const sks_report *report)
{
    for (size_t c = 0; c < report->n_campaigns; c++)
        if (json_object_size(machine_of(report, c)) > 0)
            return true;
    return false;
}

sks_status sks_report_machines(const sks_report *report, FILE *out)
{
    const char **heads;
    sks_status status = SKS_OK;

    if (!is_any_described(report)) {
        fputs("<p>No description of the machine came with the samples.</p>\n", out);
        return SKS_OK;
    }
    heads = calloc(report->n_campaigns + 1, sizeof(*heads));
    if (heads == NULL)
        return sks_fail_nomem("the machine table");
    heads[0] = "fact";
    for (size_t c = 0; c < report->n_campaigns; c++)
        heads[1 + c] = report->campaigns[c].name;
    sks_html_table_begin(out, "The machines and builds", heads, report->n_campaigns + 1);
    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++)
        status = put_rows(report, c, out);
    sks_html_table_end(out);
    if (report->n_campaigns > 1)
        fputs("<p class=\"note\">≠ marks what is not the same for all.</p>\n", out);
    free(heads);
    return status;
}
