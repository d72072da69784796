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

/* gnuplot writes what it was told to plot as the <title> of each curve, which browsers show as a
 * tooltip; the figure's text says what it is. */
static const char *after_title(const char *at)
{
    static const char end[] = "</title>";
    const char *last = starts_with(at, "<title>") ? strstr(at, end) : NULL;

    return last != NULL ? last + strlen(end) : at;
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

        if (after_title(at) != at) {
            at = after_title(at);
            continue;
        }
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

/* `kernel` is NULL for a figure of all. */
static void put_figure(const sks_figure *figure, const char *kernel, const char *svg, size_t number,
                       FILE *out)
{
    const char *of = kernel != NULL ? ", of " : "", *whose = kernel != NULL ? kernel : "";
    char alternative[512];

    snprintf(alternative, sizeof(alternative),
             "Figure %zu, %s%s%s: %s. Its numbers are in the tables of this page.", number,
             figure->name, of, whose, figure->summary);
    fprintf(out, "<figure>\n<div class=\"drawing\" role=\"group\" tabindex=\"0\" aria-label=\"");
    sks_html_printf(out, "Figure %zu", number);
    fputs("\">\n", out);
    put_svg(svg, number, alternative, out);
    fputs("</div>\n<figcaption>", out);
    sks_html_printf(out, "Figure %zu, %s%s%s: %s.", number, figure->name, of, whose,
                    figure->summary);
    fputs("</figcaption>\n</figure>\n", out);
}

/* The same campaigns with the fits of one kernel only; `fits` and `sources` have room for all. */
static sks_figure_input select_kernel(const sks_figure_input *all, const char *kernel,
                                      sks_fit *fits, const char **sources)
{
    sks_figure_input one = *all;

    one.selection.kernels = kernel;
    one.fits = fits;
    one.sources = sources;
    one.n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->fits[i].series->kernel, kernel) == 0) {
            sources[one.n] = all->sources[i];
            fits[one.n++] = all->fits[i];
        }
    return one;
}

static bool is_first_of_kernel(const sks_figure_input *input, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(input->fits[j].series->kernel, input->fits[i].series->kernel) == 0)
            return false;
    return true;
}

/* What is drawn, and how far it has come. */
struct drawing {
    const char *directory;
    FILE *out;
    size_t number;   /* of the last figure that is there */
    bool is_missing; /* gnuplot */
};

/* Draws the figure, or says why it is not there; *is_too_much instead where it would be more than
 * people can read. */
static sks_status try_figure(struct drawing *d, const sks_figure *figure,
                             const sks_figure_input *input, const char *kernel, bool *is_too_much)
{
    char *svg = NULL;
    sks_status status = draw(figure, input, d->directory, &svg, &d->is_missing);

    if (status == SKS_ERR_NOMEM)
        return status;
    if (status == SKS_OK)
        put_figure(figure, kernel, svg, ++d->number, d->out);
    else if (is_too_much != NULL && status == SKS_ERR_USAGE)
        *is_too_much = true;
    else
        sks_html_element(d->out, "p", "No figure \"%s\"%s%s: %s%s.", figure->name,
                         kernel != NULL ? " of " : "", kernel != NULL ? kernel : "", sks_message(),
                         status == SKS_ERR_USAGE ? ", with skyscale plot" : "");
    free(svg);
    sks_clear(); /* told on the page, and no failure of the report */
    return SKS_OK;
}

/* Those of `figures`, a list that ends with NULL, for each kernel alone, folded away under its name
 * but for the first. */
static sks_status put_by_kernel(struct drawing *d, const sks_figure *const *figures,
                                const sks_figure_input *input)
{
    sks_fit *fits = calloc(input->n + 1, sizeof(*fits));
    const char **sources = calloc(input->n + 1, sizeof(*sources));
    sks_status status = fits != NULL && sources != NULL ? SKS_OK : sks_fail_nomem("fits");

    for (size_t i = 0; status == SKS_OK && i < input->n; i++) {
        const char *kernel = input->fits[i].series->kernel;
        sks_figure_input one;

        if (!is_first_of_kernel(input, i))
            continue;
        one = select_kernel(input, kernel, fits, sources);
        fprintf(d->out, "<details%s><summary>", i == 0 ? " open" : "");
        sks_html_printf(d->out, "Figures of %s", kernel);
        fputs("</summary>\n", d->out);
        for (size_t k = 0; status == SKS_OK && figures[k] != NULL; k++)
            status = try_figure(d, figures[k], &one, kernel, NULL);
        fputs("</details>\n", d->out);
    }
    free(fits);
    free(sources);
    return status;
}

static size_t count_figures(void)
{
    size_t n = 0;

    while (sks_figure_table[n] != NULL)
        n++;
    return n;
}

/* Each figure of all kernels; those that would be too much then of each kernel. Without gnuplot one
 * line that says so. */
static sks_status put_figures(const sks_figure_input *input, const char *directory, FILE *out)
{
    struct drawing d = {.directory = directory, .out = out};
    const sks_figure **later = calloc(count_figures() + 1, sizeof(*later));
    size_t n_later = 0;
    sks_status status = later != NULL ? SKS_OK : sks_fail_nomem("figures");

    for (size_t i = 0; status == SKS_OK && !d.is_missing && sks_figure_table[i] != NULL; i++) {
        bool is_too_much = false;

        if (sks_figure_table[i]->reads != SKS_FIGURE_OF_CAMPAIGNS)
            continue;
        status = try_figure(&d, sks_figure_table[i], input, NULL, &is_too_much);
        if (is_too_much)
            later[n_later++] = sks_figure_table[i];
    }
    if (status == SKS_OK && n_later > 0)
        status = put_by_kernel(&d, later, input);
    free(later);
    return status;
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
