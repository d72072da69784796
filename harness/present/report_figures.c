/* The figures that can be drawn from campaigns, inline. Several drawings on one page must not share
 * names for their parts, so each drawing's names begin with its own number. */
#include "harness/present/figure.h"
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a drawing into the page ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The next character that is inside a tag or begins one; NULL at the end. `at` is inside one when
 * *is_tag. */
static const char *next_in_tag(const char *at, bool *is_tag)
{
    for (; *at != '\0'; at++) {
        *is_tag = *at == '<' || (*is_tag && *at != '>');
        if (*is_tag)
            return at;
    }
    return NULL;
}

/* Whether no tag of the drawing runs or fetches something: nothing on the page does. Text may look
 * as if it did. */
static bool is_alone(const char *svg)
{
    bool is_tag = false;

    for (const char *at = svg; (at = next_in_tag(at, &is_tag)) != NULL; at++)
        if ((starts_with(at, "href=") && at[5] != '\0' && at[6] != '#') ||
            starts_with(at, "<script") || starts_with(at, "<foreignObject"))
            return false;
    return true;
}

/* What a tag has to have behind it for a name to begin there; 0 for nothing. */
static size_t name_begins(const char *at)
{
    static const char *const marks[] = {" id=\"", " id='",  "href=\"#", "href='#",
                                        "url(#",  "url('#", "url(\"#"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (starts_with(at, marks[i]))
            return strlen(marks[i]);
    return 0;
}

/* Names are changed inside tags only: text may look like one. */
static void put_svg(const char *svg, size_t number, const char *alternative, FILE *out)
{
    const char *at = strstr(svg, "<svg");
    bool is_tag = false;

    fprintf(out, "<svg role=\"img\" aria-label=\"");
    sks_html_text(out, alternative);
    fputc('"', out);
    for (at += strlen("<svg"), is_tag = true; *at != '\0';) {
        size_t length = is_tag ? name_begins(at) : 0;

        is_tag = *at == '<' || (is_tag && *at != '>');
        if (length == 0) {
            fputc(*at++, out);
            continue;
        }
        fwrite(at, 1, length, out);
        fprintf(out, "f%zu-", number);
        at += length;
    }
}

/* ---- drawing ---- */

/* A whole file, from malloc. */
static sks_status read_file(const char *path, char **text)
{
    FILE *file = fopen(path, "r");
    char *made = NULL;
    size_t size = 0;
    sks_status status = SKS_OK;

    if (file == NULL)
        return sks_fail(SKS_ERR_IO, "%s: %s", path, strerror(errno));
    if (getdelim(&made, &size, '\0', file) < 0)
        status = sks_fail(SKS_ERR_IO, "%s: cannot read the drawing", path);
    fclose(file);
    if (status != SKS_OK) {
        free(made);
        return status;
    }
    *text = made;
    return SKS_OK;
}

static sks_status draw(const sks_figure *figure, const sks_figure_input *input,
                       const char *directory, char **svg, bool *is_missing)
{
    char *path = NULL;
    sks_status status = SKS_OK;

    if (asprintf(&path, "%s/figure.svg", directory) < 0)
        return sks_fail_nomem("path");
    status = sks_figure_try(figure, input, path, is_missing);
    if (status == SKS_OK)
        status = read_file(path, svg);
    unlink(path);
    free(path);
    if (status == SKS_OK && (strstr(*svg, "<svg") == NULL || !is_alone(*svg))) {
        free(*svg);
        status = sks_fail(SKS_ERR_INPUT, "the drawing refers to other files");
    }
    return status;
}

static void put_figure(const sks_figure *figure, const char *svg, size_t number, FILE *out)
{
    char alternative[512];

    snprintf(alternative, sizeof(alternative),
             "Figure %zu, %s: %s. Its numbers are in the tables of this page.", number,
             figure->name, figure->summary);
    fprintf(out, "<figure>\n<div class=\"drawing\" role=\"group\" tabindex=\"0\" aria-label=\"");
    sks_html_printf(out, "Figure %zu", number);
    fputs("\">\n", out);
    put_svg(svg, number, alternative, out);
    fputs("</div>\n<figcaption>", out);
    sks_html_printf(out, "Figure %zu, %s: %s.", number, figure->name, figure->summary);
    fputs("</figcaption>\n</figure>\n", out);
}

/* Each figure, or a line that says why it is not there. Without gnuplot there is one such line. */
static sks_status put_figures(const sks_figure_input *input, const char *directory, FILE *out)
{
    size_t number = 0;

    for (size_t i = 0; sks_figure_table[i] != NULL; i++) {
        const sks_figure *figure = sks_figure_table[i];
        bool is_missing = false;
        char *svg = NULL;
        sks_status status;

        if (figure->reads != SKS_FIGURE_OF_CAMPAIGNS)
            continue;
        status = draw(figure, input, directory, &svg, &is_missing);
        if (status == SKS_ERR_NOMEM)
            return status;
        if (status == SKS_OK)
            put_figure(figure, svg, ++number, out);
        else
            sks_html_element(out, "p", "No figure \"%s\": %s.", figure->name, sks_message());
        free(svg);
        sks_clear(); /* told on the page, and no failure of the report */
        if (is_missing)
            break;
    }
    return SKS_OK;
}

/* ---- what is drawn ---- */

/* The fits of all campaigns one after the other; copies that share all with the campaigns'. */
static sks_status join(const sks_report *report, sks_fit **fits, const char ***sources, size_t *n)
{
    size_t total = 0, k = 0;

    for (size_t c = 0; c < report->n_campaigns; c++)
        total += report->campaigns[c].n;
    *fits = calloc(total + 1, sizeof(**fits));
    *sources = calloc(total + 1, sizeof(**sources));
    if (*fits == NULL || *sources == NULL)
        return sks_fail_nomem("fits");
    for (size_t c = 0; c < report->n_campaigns; c++)
        for (size_t i = 0; i < report->campaigns[c].n; i++, k++) {
            (*fits)[k] = report->campaigns[c].fits[i];
            (*sources)[k] = report->campaigns[c].name;
        }
    *n = total;
    return SKS_OK;
}

static sks_status name_files(const sks_report *report, const char ***files, const char ***names)
{
    *files = calloc(report->n_campaigns + 1, sizeof(**files));
    *names = calloc(report->n_campaigns + 1, sizeof(**names));
    if (*files == NULL || *names == NULL)
        return sks_fail_nomem("names");
    for (size_t c = 0; c < report->n_campaigns; c++) {
        (*files)[c] = report->campaigns[c].path;
        (*names)[c] = report->campaigns[c].name;
    }
    return SKS_OK;
}

sks_status sks_report_figures(const sks_report *report, FILE *out)
{
    sks_figure_input input = {.time_name = report->time_name,
                              .n_files = report->n_campaigns,
                              .confidence = report->confidence};
    const char **sources = NULL, **files = NULL, **names = NULL;
    char *directory = NULL;
    sks_fit *fits = NULL;
    sks_status status = join(report, &fits, &sources, &input.n);

    if (status == SKS_OK)
        status = name_files(report, &files, &names);
    if (status == SKS_OK)
        status = sks_figure_make_directory(&directory);
    if (status == SKS_OK) {
        input.fits = fits;
        input.sources = sources;
        input.files = files;
        input.names = names;
        status = put_figures(&input, directory, out);
    }
    if (directory != NULL)
        sks_figure_remove_directory(directory);
    free(fits);
    free(sources);
    free(files);
    free(names);
    return status;
}
