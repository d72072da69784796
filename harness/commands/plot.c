/* skyscale plot FILE… -f FIGURE -o FILE: a figure of campaigns, or of tables and whatever else a
 * figure reads. */
#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/present/figure.h"

#include <stdlib.h>
#include <string.h>

static const sks_param params[] = {
    {.name = "figure",
     .short_name = 'f',
     .type = SKS_TEXT,
     .default_text = "speedup",
     .help = "which figure, see: skyscale list figures"},
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .is_required = true,
     .help = "where to; .svg, .pdf or .png chooses the format"},
    {.name = "labels",
     .type = SKS_TEXT,
     .help = "the files' names in the legend, separated by |; default: their file names"},
    {.name = "kernel",
     .type = SKS_TEXT,
     .help = "draw campaigns' samples of these kernels only, separated by commas"},
    {.name = "executor", .type = SKS_TEXT, .help = "of these executors only"},
    {.name = "scheduler",
     .type = SKS_TEXT,
     .help = "of these schedulers only, with any options or those given"},
    {.name = "peak-flops",
     .type = SKS_REAL,
     .unit = "Gflop/s",
     .min = 1e-3,
     .max = 1e12,
     .help = "of the machine, for the roof of the figure roofline; with --peak-bandwidth"},
    {.name = "peak-bandwidth",
     .type = SKS_REAL,
     .unit = "GB/s",
     .min = 1e-3,
     .max = 1e12,
     .help = "of the machine's memory, for the same"},
    SKS_ANALYSIS_PARAMS,
    {0},
};

/* What an operand is called in a legend: its file name, or the whole path where two files share
 * their name. */
static const char *name_of(const sks_arguments *arguments, size_t i)
{
    const char *name = basename(arguments->operands[i]);

    for (size_t j = 0; j < arguments->n_operands; j++)
        if (j != i && strcmp(basename(arguments->operands[j]), name) == 0)
            return arguments->operands[i];
    return name;
}

/* names[n_operands]; `labels` is cut into them and may be NULL. */
static sks_status name_operands(const sks_arguments *arguments, char *labels, const char **names)
{
    size_t n = 0;

    if (labels == NULL) {
        for (size_t i = 0; i < arguments->n_operands; i++)
            names[i] = name_of(arguments, i);
        return SKS_OK;
    }
    for (char *label; (label = strsep(&labels, "|")) != NULL; n++)
        if (n < arguments->n_operands)
            names[n] = label;
    if (n != arguments->n_operands)
        return sks_fail(SKS_ERR_USAGE, "--labels: %zu texts for %zu files; they are separated by |",
                        n, arguments->n_operands);
    return SKS_OK;
}

/* The fits of all campaigns one after the other, each with the name of its campaign. The copies
 * share what they point to with the campaigns: they are not cleared. */
static sks_status join(const sks_campaign *campaigns, const sks_figure_input *input, sks_fit **fits,
                       const char ***sources, size_t *n)
{
    size_t total = 0, k = 0;

    for (size_t c = 0; c < input->n_files; c++)
        total += campaigns[c].n;
    *fits = calloc(total + 1, sizeof(**fits));
    *sources = calloc(total + 1, sizeof(**sources));
    if (*fits == NULL || *sources == NULL)
        return sks_fail_nomem("fits");
    for (size_t c = 0; c < input->n_files; c++)
        for (size_t i = 0; i < campaigns[c].n; i++, k++) {
            (*fits)[k] = campaigns[c].fits[i];
            (*sources)[k] = input->names[c];
        }
    *n = total;
    return SKS_OK;
}

/* 0 where it was not given. */
static double peak(const sks_values *options, const char *name)
{
    return sks_values_has(options, name) ? 1e9 * sks_values_real(options, name) : 0;
}

/* Reads and fits what was chosen of a campaign. */
static sks_status read_chosen(const char *path, const sks_values *options,
                              const sks_selection *selection, sks_campaign *campaign)
{
    sks_campaign made = {0};
    sks_status status = sks_campaign_read_series(path, options, &made.series, &made.n);

    if (status == SKS_OK) {
        made.n = sks_selection_keep(selection, made.series, made.n);
        status =
            made.n > 0 ? sks_campaign_fit(options, &made) : sks_selection_is_empty(selection, path);
    }
    if (status == SKS_OK)
        *campaign = made;
    else
        sks_campaign_clear(&made);
    return status;
}

/* Reads and fits the campaigns, then draws. */
static sks_status draw_campaigns(const sks_figure *figure, const sks_values *options,
                                 sks_figure_input input, const char *output)
{
    sks_campaign *campaigns = calloc(input.n_files, sizeof(*campaigns));
    sks_fit *fits = NULL;
    const char **sources = NULL;
    sks_status status = campaigns != NULL ? SKS_OK : sks_fail_nomem("campaigns");

    for (size_t c = 0; status == SKS_OK && c < input.n_files; c++)
        status = read_chosen(input.files[c], options, &input.selection, &campaigns[c]);
    if (status == SKS_OK)
        status = join(campaigns, &input, &fits, &sources, &input.n);
    if (status == SKS_OK) {
        input.fits = fits;
        input.sources = sources;
        status = sks_figure_draw(figure, &input, output);
    }
    free(fits);
    free(sources);
    for (size_t c = 0; campaigns != NULL && c < input.n_files; c++)
        sks_campaign_clear(&campaigns[c]);
    free(campaigns);
    return status;
}

static sks_status draw(const sks_figure *figure, const sks_values *options,
                       const sks_figure_input *input)
{
    const char *output = sks_values_text(options, "output");

    return figure->reads == SKS_FIGURE_OF_CAMPAIGNS
               ? draw_campaigns(figure, options, *input, output)
               : sks_figure_draw(figure, input, output);
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    const sks_figure *figure = NULL;
    const char **names = calloc(arguments->n_operands, sizeof(*names));
    char *labels =
        sks_values_has(options, "labels") ? strdup(sks_values_text(options, "labels")) : NULL;
    sks_status status = names != NULL && (labels != NULL || !sks_values_has(options, "labels"))
                            ? SKS_OK
                            : sks_fail_nomem("names");

    /* Wrong usage is found before anything is read. */
    if (status == SKS_OK)
        status = sks_figure_find(sks_values_text(options, "figure"), &figure);
    if (status == SKS_OK)
        status = sks_gnuplot_check_output(sks_values_text(options, "output"));
    if (status == SKS_OK &&
        sks_values_has(options, "peak-flops") != sks_values_has(options, "peak-bandwidth"))
        status = sks_fail(SKS_ERR_USAGE, "a roof needs both --peak-flops and --peak-bandwidth");
    if (status == SKS_OK)
        status = name_operands(arguments, labels, names);
    if (status == SKS_OK)
        status = draw(
            figure, options,
            &(sks_figure_input){.time_name = sks_campaign_time_name(options),
                                .files = arguments->operands,
                                .names = names,
                                .n_files = arguments->n_operands,
                                .selection = {sks_values_text(options, "kernel"),
                                              sks_values_text(options, "executor"),
                                              sks_values_text(options, "scheduler")},
                                .peak_flop_per_s = peak(options, "peak-flops"),
                                .peak_byte_per_s = peak(options, "peak-bandwidth"),
                                .confidence = sks_values_real(options, "confidence"),
                                .drops_disturbed =
                                    strcmp(sks_values_text(options, "disturbed"), "drop") == 0});
    free(names);
    free(labels);
    return status;
}

const sks_command sks_command_plot = {
    .name = "plot",
    .summary = "Draw a figure of campaigns or of tables",
    .operands = "FILE…",
    .details =
        "The figures, and what each is drawn from, are in `skyscale list figures`; what they look\n"
        "like is decided by gnuplot templates, which SKYSCALE_PLOTS can replace with others.\n"
        "\n"
        "  skyscale plot fig1.db -f speedup -o fig1.svg\n"
        "  skyscale plot old.db new.db -f speedup --per parallel -o both.png\n"
        "  skyscale plot fig1.db -f schemes -o schemes.pdf\n"
        "  skyscale plot all.db -f phases --kernel pix2sky --executor threads,mpi -o phases.pdf\n"
        "  skyscale plot all.db -f timeline --kernel pix2sky -o timeline.pdf\n"
        "  skyscale plot 'm71.fits[200:711,200:711]' -f frame -o frame.png\n"
        "  skyscale plot m71.txt iraf.tsv -f completeness --labels 'M71|IRAF' -o m71.pdf",
    .min_operands = 1,
    .max_operands = 64,
    .params = params,
    .run = run,
};
