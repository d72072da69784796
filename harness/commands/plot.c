/* skyscale plot CAMPAIGN.db… -f FIGURE -o FILE: a figure of one campaign or of several. */
#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/present/figure.h"

#include <stdlib.h>

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
    SKS_ANALYSIS_PARAMS,
    {0},
};

/* The fits of all campaigns one after the other, each with the name of its campaign. The copies
 * share what they point to with the campaigns: they are not cleared. */
static sks_status join(const sks_campaign *campaigns, const sks_arguments *arguments,
                       sks_fit **fits, const char ***sources, size_t *n)
{
    size_t total = 0, k = 0;

    for (size_t c = 0; c < arguments->n_operands; c++)
        total += campaigns[c].n;
    *fits = calloc(total + 1, sizeof(**fits));
    *sources = calloc(total + 1, sizeof(**sources));
    if (*fits == NULL || *sources == NULL)
        return sks_fail_nomem("fits");
    for (size_t c = 0; c < arguments->n_operands; c++)
        for (size_t i = 0; i < campaigns[c].n; i++, k++) {
            (*fits)[k] = campaigns[c].fits[i];
            (*sources)[k] = arguments->operands[c];
        }
    *n = total;
    return SKS_OK;
}

static sks_status draw(const sks_figure *figure, const sks_campaign *campaigns,
                       const sks_arguments *arguments)
{
    sks_fit *fits = NULL;
    const char **sources = NULL;
    size_t n = 0;
    sks_status status = join(campaigns, arguments, &fits, &sources, &n);

    if (status == SKS_OK) {
        const sks_figure_input input = {.fits = fits,
                                        .n = n,
                                        .sources = sources,
                                        .time_name = sks_campaign_time_name(arguments->options)};

        status = sks_figure_draw(figure, &input, sks_values_text(arguments->options, "output"));
    }
    free(fits);
    free(sources);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_figure *figure = NULL;
    sks_campaign *campaigns = calloc(arguments->n_operands, sizeof(*campaigns));
    sks_status status = campaigns != NULL ? SKS_OK : sks_fail_nomem("campaigns");

    /* Wrong usage is found before anything is read. */
    if (status == SKS_OK)
        status = sks_figure_find(sks_values_text(arguments->options, "figure"), &figure);
    if (status == SKS_OK)
        status = sks_gnuplot_check_output(sks_values_text(arguments->options, "output"));
    for (size_t c = 0; status == SKS_OK && c < arguments->n_operands; c++)
        status = sks_campaign_read(arguments->operands[c], arguments->options, &campaigns[c]);
    if (status == SKS_OK)
        status = draw(figure, campaigns, arguments);
    for (size_t c = 0; campaigns != NULL && c < arguments->n_operands; c++)
        sks_campaign_clear(&campaigns[c]);
    free(campaigns);
    return status;
}

const sks_command sks_command_plot = {
    .name = "plot",
    .summary = "Draw a figure of one campaign or of several",
    .operands = "CAMPAIGN.db…",
    .details =
        "The figures are in `skyscale list figures`; what they look like is decided by gnuplot\n"
        "templates, which SKYSCALE_PLOTS can replace with others.\n"
        "\n"
        "  skyscale plot fig1.db -f speedup -o fig1.svg\n"
        "  skyscale plot old.db new.db -f speedup --per parallel -o both.png",
    .min_operands = 1,
    .max_operands = 64,
    .params = params,
    .run = run,
};
