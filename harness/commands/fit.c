/* skyscale fit CAMPAIGN.db: speedups, scaling laws and what can be concluded. */
#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/present/fit_table.h"

#include <jansson.h>
#include <stdio.h>

static const sks_param params[] = {
    SKS_ANALYSIS_PARAMS,
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

static sks_status print_json(const char *path, const char *per, const sks_campaign *campaign)
{
    json_t *groups = json_array();
    json_t *all = json_pack("{s:s, s:s, s:O?}", "campaign", path, "per", per, "groups", groups);
    sks_status status = all != NULL ? SKS_OK : sks_fail_nomem("JSON, or a name that is not UTF-8");

    for (size_t i = 0; status == SKS_OK && i < campaign->n; i++) {
        json_t *group = NULL;

        status = sks_fit_to_json(&campaign->fits[i], &group);
        if (status == SKS_OK && json_array_append_new(groups, group) != 0)
            status = sks_fail_nomem("JSON");
    }
    if (status == SKS_OK) {
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
        status = sks_flush_stdout();
    }
    json_decref(all);
    json_decref(groups);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const char *path = arguments->operands[0];
    sks_campaign campaign = {0};
    sks_status status = sks_campaign_read(path, arguments->options, &campaign);

    if (status == SKS_OK && sks_values_flag(arguments->options, "json")) {
        status = print_json(path, sks_values_text(arguments->options, "per"), &campaign);
    } else if (status == SKS_OK) {
        status = sks_fit_table_print(campaign.fits, campaign.n,
                                     sks_campaign_time_name(arguments->options), stdout);
        if (status == SKS_OK)
            status = sks_flush_stdout();
    }
    sks_campaign_clear(&campaign);
    return status;
}

const sks_command sks_command_fit = {
    .name = "fit",
    .summary = "Fit scaling laws to a campaign, with intervals and a verdict",
    .operands = "CAMPAIGN.db",
    .details =
        "For each group of configurations that differ in workers only: speedups, the laws of\n"
        "`skyscale list models` with intervals for their parameters, which one is best or\n"
        "whether that cannot be told, and the worker count at which time is least.\n"
        "\n"
        "  skyscale fit fig1.db\n"
        "  skyscale fit fig1.db --per parallel --json",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
